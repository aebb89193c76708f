"""JSON, JSON lines, Parquet, lookups, values and constants: the same raw table from each."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.collection.profiles import Profile, Source, load_profile
from helpers.collection.readers import describe_source, read_source
from helpers.errors import UserError

COLUMNS = {"order_id": "order", "customer_id": "customer", "amount": "sum"}
Rows = list[dict[str, Any]]
Read = Callable[..., Rows]
PROFILES = Path(__file__).parents[3] / "data" / "profiles"


def shop(folder: Path, **spec: Any) -> tuple[Source, Profile]:
    source = Source(**({"name": "shop", "table": "order_lines", "path": "orders.csv", "columns": COLUMNS} | spec))
    return source, Profile(profile="p", title="P", currency="EUR", as_of="2025-06-30", folder=str(folder), sources=[source])


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def run(files: dict[str, str | bytes], **spec: Any) -> Rows:
        for name, content in files.items():
            (tmp_path / name).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return [r for b in read_source(*shop(tmp_path, **({"path": next(iter(files))} | spec))) for r in b.to_pylist()]

    return run


def bare(rows: Rows) -> list[list[Any]]:
    return [list(r.values())[1:] for r in rows]


def test_json_keeps_numbers_as_they_are_written(read: Read) -> None:
    assert bare(
        read({"o.json": '[{"order": 7, "customer": "C1", "sum": 10.50}, {"order": 123456789012345678901, "sum": 1e3, "customer": null}]'})
    ) == [
        [1, None, "7", "C1", "10.50"],
        [2, None, "123456789012345678901", None, "1e3"],
    ]


@pytest.mark.parametrize("records", [None, "data.items"])
def test_json_records_may_lie_deeper(read: Read, records: str | None) -> None:
    content = json.dumps({"page": 1, "data": {"items": [{"order": "1", "buyer": {"id": "C1"}, "sum": True}]}})
    assert bare(read({"o.json": content}, records=records, columns=COLUMNS | {"customer_id": "buyer.id"})) == [[1, None, "1", "C1", "true"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": [{"x": 1}], "b": {"c": [{"x": 1}]}}', r"say where it is with 'records:'; lists are at 'a', 'b.c'"),
        ('[{"order": 1}, {"ord', "line 1: not JSON"),
        ("[" * 200_000, "nested too deeply"),
        ("[]", "holds no records"),
        ("7", "is no list of records"),
        ("", "is empty"),
        ('[{"order": 1, "customer": 2}]', "has no header 'sum'"),
    ],
)
def test_json_that_is_no_table_is_refused(read: Read, content: str, says: str) -> None:
    with pytest.raises(UserError, match=f"^o.json.*{says}"):
        read({"o.json": content})


def test_a_record_that_is_none_has_a_problem(read: Read) -> None:
    assert [r["problem"] for r in read({"o.json": '[{"order": 1, "customer": 2, "sum": 3}, 5]'})] == [None, "the record is not an object"]


def test_json_lines_keep_line_numbers_and_a_cut_last_line(read: Read) -> None:
    line = '{"order": 1, "customer": "C1", "sum": 5.0}'
    rows = read({"o.jsonl": f'\ufeff{line}\n\n[1]\n{line}\n{{"order": 2, "cust'})
    assert bare(rows) == [
        [1, None, "1", "C1", "5.0"],
        [3, "the line is not a JSON record", None, None, None],
        [4, None, "1", "C1", "5.0"],
        [5, "the line is not a JSON record", None, None, None],
    ]


def test_json_lines_read_a_column_that_comes_late(read: Read) -> None:
    rows = read({"o.jsonl": '{"order": 1, "customer": 1}\n' * 50 + '{"order": 2, "customer": 1, "sum": 7}\n'})
    assert (rows[0]["amount"], rows[50]["amount"]) == (None, "7")


def test_half_a_character_in_json_is_a_problem(read: Read) -> None:
    rows = read({"o.jsonl": '{"order": 1, "customer": "\\ud83d", "sum": 7}\n'})
    assert (rows[0]["customer_id"], rows[0]["problem"] is not None) == ("\ufffd", True)


@pytest.mark.parametrize("content", ["order,customer,sum\n1,2,3\n", '{\n  "order": 1\n}\n', "[1]\n"])
def test_what_is_not_json_lines_is_refused(read: Read, content: str) -> None:
    with pytest.raises(UserError, match="o.jsonl is not JSON lines"):
        read({"o.jsonl": content})


def parquet(folder: Path, name: str, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / name, row_group_size=2)


def test_parquet_keeps_types_but_ids_are_text(tmp_path: Path) -> None:
    parquet(
        tmp_path, "o.parquet", order=pa.array([7, None, 9], pa.int32()), customer=pa.array([1.0, float("nan"), 3.0]),
        sum=pa.array([Decimal("1.10"), None, Decimal("3.30")]), day=pa.array([dt.date(2025, 1, 2)] * 3), units=pa.array([1, 2, 3], pa.uint8()),
        at=pa.array(["web", "shop", "web"]).dictionary_encode(),
    )  # fmt: skip
    columns = COLUMNS | {"order_date": "day", "quantity": "units", "channel": "at"}
    table = pa.concat_tables(read_source(*shop(tmp_path, path="o.parquet", columns=columns)))
    assert [str(f.type) for f in table.schema][3:] == ["string", "string", "double", "timestamp[us]", "int64", "string"]
    assert bare(table.to_pylist())[:2] == [
        [1, None, "7", "1", 1.1, dt.datetime(2025, 1, 2), 1, "web"],
        [2, None, None, None, None, dt.datetime(2025, 1, 2), 2, "shop"],
    ]


def test_times_with_a_zone_become_local_times(tmp_path: Path) -> None:
    at = pa.array([dt.datetime(2025, 1, 1, 23, 30, tzinfo=dt.UTC)]).cast(pa.timestamp("ns", "Asia/Shanghai"))
    parquet(tmp_path, "o.parquet", at=at)
    rows = pa.concat_tables(read_source(*shop(tmp_path, path="o.parquet", columns={"order_date": "at"}))).to_pylist()
    assert rows[0]["order_date"] == dt.datetime(2025, 1, 2, 7, 30)


def test_files_that_differ_in_type_agree_on_one(tmp_path: Path) -> None:
    parquet(tmp_path, "a.parquet", customer=[1], sum=[5], units=[1])
    parquet(tmp_path, "b.parquet", customer=["x"], sum=[5.5], units=["two"])
    columns = {"customer_id": "customer", "amount": "sum", "quantity": "units"}
    table = pa.concat_tables(read_source(*shop(tmp_path, path="*.parquet", columns=columns)))
    assert bare(table.to_pylist()) == [[1, None, "1", 5.0, "1"], [1, None, "x", 5.5, "two"]]


def test_nested_columns_of_parquet_are_refused_only_when_used(tmp_path: Path) -> None:
    parquet(tmp_path, "o.parquet", order=["1"], tags=[["a"]])
    assert next(read_source(*shop(tmp_path, path="o.parquet", columns={"order_id": "order"}))).num_rows == 1
    with pytest.raises(UserError, match="the column 'tags' holds nested values"):
        list(read_source(*shop(tmp_path, path="o.parquet", columns={"order_id": "tags"})))


@pytest.mark.parametrize("keep", [0, 10, -40, -2])
def test_damaged_parquet_is_refused(tmp_path: Path, keep: int) -> None:
    parquet(tmp_path, "o.parquet", order=["1"])
    whole = (tmp_path / "o.parquet").read_bytes()
    (tmp_path / "o.parquet").write_bytes(whole[: keep % len(whole)])
    with pytest.raises(UserError, match="^o.parquet is (empty|cut off or damaged)"):
        list(read_source(*shop(tmp_path, path="o.parquet", columns={"order_id": "order"})))


def test_parquet_without_rows_has_columns(tmp_path: Path) -> None:
    parquet(tmp_path, "o.parquet", order=pa.array([], pa.int64()))
    batches = list(read_source(*shop(tmp_path, path="o.parquet", columns={"order_id": "order"})))
    assert [(b.num_rows, str(b["order_id"].type)) for b in batches] == [(0, "string")]


LINES = "order,customer,sum\n1,C1,5\n2,C2,6\n3, C1 ,7\n,C9,8\n"


def test_a_lookup_adds_columns_and_loses_no_row(read: Read) -> None:
    heads = "No;Day;State\n1;2025-01-01;paid\n2 ;2025-01-02;\n9;2025-01-09;paid\n"
    lookup = {"path": "heads.csv", "on": {"order": "No"}, "take": ["Day", "State"]}
    rows = read({"orders.csv": LINES, "heads.csv": heads}, lookups=[lookup], columns=COLUMNS | {"order_date": "Day", "status": "State"})
    assert [(r["order_id"], r["order_date"], r["status"]) for r in rows] == [
        ("1", "2025-01-01", "paid"), ("2", "2025-01-02", None), ("3", None, None), (None, None, None),
    ]  # fmt: skip


def test_lookups_may_follow_each_other_and_have_other_formats(tmp_path: Path, read: Read) -> None:
    parquet(tmp_path, "people.parquet", Id=[1, 2], Shop=["north", "south"])
    lookups = [{"path": "heads.csv", "on": "order", "take": ["who"]}, {"path": "people.parquet", "on": {"who": "Id"}, "take": ["Shop"]}]
    rows = read({"orders.csv": LINES, "heads.csv": "order,who\n1,2\n2,1\n"}, lookups=lookups, columns=COLUMNS | {"channel": "Shop"})
    assert [r["channel"] for r in rows] == ["south", "north", None, None]


def test_a_lookup_by_two_columns(read: Read) -> None:
    lookup = {"path": "h.csv", "on": {"order": "o", "customer": "c"}, "take": ["Day"]}
    rows = read({"orders.csv": LINES, "h.csv": "o,c,Day\n1,C1,a\n1,C2,b\n3,C1,c\n"}, lookups=[lookup], columns=COLUMNS | {"status": "Day"})
    assert [r["status"] for r in rows] == ["a", None, "c", None]


def test_a_lookup_whose_key_stands_twice_is_refused(read: Read) -> None:
    with pytest.raises(UserError, match=r"heads.csv: the key '1' stands 2 times: a lookup needs one row per order"):
        read(
            {"orders.csv": LINES, "heads.csv": "order,day\n1,a\n2,b\n1,a\n"},
            lookups=[{"path": "heads.csv", "on": "order", "take": ["day"]}],
        )


def test_a_fault_in_a_lookup_row_follows_to_the_rows_that_use_it(read: Read) -> None:
    lookup = {"path": "heads.csv", "on": "order", "take": ["day"]}
    rows = read({"orders.csv": LINES, "heads.csv": "order,day,x\n1,a,b\n2,b\n"}, lookups=[lookup], columns=COLUMNS | {"order_date": "day"})
    assert [r["problem"] for r in rows] == [None, "heads.csv, row 3: 2 fields where 3 are expected", None, None]


def test_a_column_that_both_files_have_is_refused(read: Read) -> None:
    with pytest.raises(UserError, match="'sum' stands in the file and is taken from a lookup too"):
        read({"orders.csv": LINES, "heads.csv": "order,sum\n1,a\n"}, lookups=[{"path": "heads.csv", "on": "order", "take": ["sum"]}])


def test_values_are_mapped_and_others_pass(read: Read) -> None:
    content = "order,customer,sum,state\n1,C1,5,V\n2,C2,6, R \n3,C3,7,?\n4,C4,8,\n5,C5,9,-\n"
    rows = read({"o.csv": content}, columns=COLUMNS | {"status": "state"}, values={"status": {"V": "sale", "R": "return", "-": None}})
    assert [r["status"] for r in rows] == ["sale", "return", "?", None, None]


def test_constants_fill_every_row_and_headers_combine(read: Read) -> None:
    rows = read({"o.csv": LINES}, columns={"amount": "sum"}, combine={"order_id": ["order", "customer"]}, constants={"channel": "web"})
    assert [(r["order_id"], r["channel"]) for r in rows] == [("1-C1", "web"), ("2-C2", "web"), ("3- C1 ", "web"), (None, "web")]


def test_numbers_combine_by_adding(tmp_path: Path) -> None:
    parquet(tmp_path, "o.parquet", a=[1.5, None, None], b=[2.0, 3.0, None])
    rows = pa.concat_tables(read_source(*shop(tmp_path, path="o.parquet", columns={}, combine={"discount": ["a", "b"]}))).to_pylist()
    assert [r["discount"] for r in rows] == [3.5, 3.0, None]


def test_texts_are_not_added(read: Read) -> None:
    with pytest.raises(UserError, match="source shop: discount cannot be added up from text"):
        read({"o.csv": LINES}, columns={}, combine={"discount": ["sum", "order"]})


def test_what_was_decided_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order;customer;sum;note;\n1;C1;5;x;\n", encoding="utf-8")
    (tmp_path / "h.csv").write_text("order,day,x\n1,2025-01-01,y\n", encoding="utf-8")
    told = describe_source(
        *shop(tmp_path, lookups=[{"path": "h.csv", "on": "order", "take": ["day"]}], columns=COLUMNS | {"order_date": "day"})
    )
    assert {k: told[k] for k in ("source", "table")} == {"source": "shop", "table": "order_lines"}
    assert {k: told["files"][0][k] for k in ("file", "delimiter", "header_rows", "columns_used", "columns_unused")} == {
        "file": "orders.csv", "delimiter": ";", "header_rows": [1], "columns_used": ["order", "customer", "sum"], "columns_unused": ["note"],
    }  # fmt: skip
    assert told["lookups"][0]["columns_unused"] == ["x"]


def test_a_database_file_is_not_read_by_path(read: Read) -> None:
    with pytest.raises(UserError, match="a database is read by 'url: sqlite:///shop.db'"):
        read({"shop.db": b"SQLite format 3\0"})


@pytest.mark.parametrize("name", ["cdnow", "complete_journey", "template"])
def test_shipped_profiles_are_valid(name: str) -> None:
    assert load_profile(PROFILES / f"{name}.yml").profile == name


def test_cdnow_is_read_whole() -> None:
    profile = load_profile(PROFILES / "cdnow.yml")
    table = pa.concat_tables(read_source(profile.sources[0], profile))
    amounts = [Decimal(a) for a in table["amount"].to_pylist()]
    assert (table.num_rows, len(set(table["customer_id"].to_pylist())), table["problem"].null_count, sum(amounts)) == (
        6919,
        2357,
        6919,
        Decimal("244091.94"),
    )


def test_complete_journey_is_read_whole() -> None:
    profile = load_profile(PROFILES / "complete_journey.yml")
    rows = {s.name: pa.concat_tables(read_source(s, profile)) for s in profile.sources}
    assert {n: t.num_rows for n, t in rows.items()} == {
        "transactions": 1_469_307,
        "products": 92_331,
        "demographics": 801,
        "campaigns": 6_589,
    }
    assert rows["transactions"]["discount"].null_count == rows["campaigns"]["sent_on"].null_count == 0
    assert len(rows["transactions"]["customer_id"].unique()) == 2_469


BASE = "profile: x\ntitle: X\ncurrency: EUR\nas_of: 2025-06-30\nsources:\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  - {name: a, table: order_lines, path: a.csv, columns: {amount: a, amount: b}}", "the key 'amount' stands twice"),
        ("  - {name: a, table: order_lines, path: a.csv, columns: {amount: a}, constants: {amount: 1}}", "amount is filled twice"),
        ("  - {name: a, table: order_lines, path: a.csv, columns: {order_id: a}, negate: [order_id]}", "order_id is no number"),
        (
            "  - {name: a, table: order_lines, path: a.csv, columns: {}, lookups: [{on: x, take: [y]}]}",
            "a lookup needs exactly one of path and url",
        ),
        ("  - {name: a, table: order_lines, path: a.csv, columns: {amount: true}}", "YAML reads this as true: put it in quotes"),
    ],
)
def test_profiles_that_say_two_things_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "x.yml").write_text(BASE + text, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        load_profile(tmp_path / "x.yml")


def test_words_that_yaml_takes_for_flags_stay_words(tmp_path: Path) -> None:
    text = "  - name: a\n    table: touches\n    path: a.csv\n    columns: {response: 2024}\n    values: {response: {yes: true, no: false, 007: x}}\n"
    (tmp_path / "x.yml").write_text(BASE + text + "    lookups: [{path: b.csv, on: no, take: [off]}]\n", encoding="utf-8")
    source = load_profile(tmp_path / "x.yml").sources[0]
    assert (source.columns, source.values) == ({"response": "2024"}, {"response": {"yes": True, "no": False, "007": "x"}})
    assert (source.lookups[0].on, source.lookups[0].take) == ("no", ["off"])
