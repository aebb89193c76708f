"""Delimited text: nothing is lost, every odd row says what is odd, and decisions come with evidence."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.collection.detect import find_delimiter, judge_encoding, known_encoding
from helpers.collection.profiles import Profile, Source
from helpers.collection.readers import describe_source, read_source
from helpers.errors import UserError

COLUMNS = {"order_id": "order", "customer_id": "customer", "amount": "sum"}
Rows = list[dict[str, Any]]
Read = Callable[..., Rows]


def shop(folder: Path, **spec: Any) -> tuple[Source, Profile]:
    source = Source(**({"name": "shop", "table": "order_lines", "path": "orders.csv", "columns": COLUMNS} | spec))
    return source, Profile(profile="p", title="P", currency="EUR", as_of="2025-06-30", folder=str(folder), sources=[source])


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def run(content: bytes | str | None = None, *, file: str = "orders.csv", **spec: Any) -> Rows:
        if content is not None:
            (tmp_path / file).write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return [row for batch in read_source(*shop(tmp_path, **({"path": file} | spec))) for row in batch.to_pylist()]

    return run


def values(rows: Rows, column: str) -> list[Any]:
    return [row[column] for row in rows]


def test_a_plain_file_keeps_its_text_and_row_numbers(read: Read) -> None:
    assert read("order,customer,sum\n007, C1 ,10.50\n8,,\n") == [
        {"read_from": "shop", "row": 2, "problem": None, "order_id": "007", "customer_id": " C1 ", "amount": "10.50"},
        {"read_from": "shop", "row": 3, "problem": None, "order_id": "8", "customer_id": None, "amount": None},
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_detected_even_with_decimal_commas(read: Read, delimiter: str) -> None:
    lines = [["order", "customer", "sum"]] + [[str(n), f"C{n}", f"{n},50"] for n in range(300)]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(lines)
    assert values(read(out.getvalue()), "amount") == [f"{n},50" for n in range(300)]


def test_two_columns_with_decimal_commas_are_cut_at_the_semicolon() -> None:
    assert find_delimiter(["no;amount\n", *["1;2,50\n"] * 1999])[0] == ";"


def test_one_column_needs_no_delimiter() -> None:
    assert find_delimiter(["name\n", "Anna\n"]) == (",", "one column")


ZH = "订单,客户,金额\n" + "".join(f"{n},张三丰公司{n},{n}元\n" for n in range(20))
TW = "訂單,客戶,金額\n" + "".join(f"{n},臺灣貿易公司{n},{n}元\n" for n in range(20))
WEST = "Commande,Prénom,Général\n" + "".join(f"{n},Zoë Müller,{n} €\n" for n in range(20))


@pytest.mark.parametrize(
    ("text", "written", "read_as"),
    [
        (ZH, "utf-8", "utf-8"),
        (ZH, "utf-8-sig", "utf-8-sig"),
        (ZH, "gbk", "gb18030"),
        (ZH, "gb18030", "gb18030"),
        (ZH, "utf-16", "utf-16"),
        (TW, "big5", "cp950"),
        (TW, "utf-8", "utf-8"),
        (WEST, "cp1252", "cp1252"),
        (WEST, "utf-8", "utf-8"),
        (WEST, "utf-16-le", "utf-16-le"),
    ],
)
def test_the_encoding_is_detected_with_its_evidence(tmp_path: Path, text: str, written: str, read_as: str) -> None:
    (tmp_path / "orders.csv").write_bytes(text.encode(written))
    lines = list(csv.reader(io.StringIO(text)))
    source, profile = shop(tmp_path, columns=dict(zip(COLUMNS, lines[0], strict=True)))
    told = describe_source(source, profile)["files"][0]
    assert (told["encoding"], bool(told["encoding_because"])) == (read_as, True)
    assert [list(r.values())[3:] for b in read_source(source, profile) for r in b.to_pylist()] == lines[1:]


def test_latin_1_is_read_when_the_profile_says_so(read: Read) -> None:
    assert values(read("order,customer,sum\n1,Crème Brûlée,5\n".encode("latin-1"), encoding="latin-1"), "customer_id") == ["Crème Brûlée"]


def test_chinese_first_met_far_down_decides_the_encoding(tmp_path: Path) -> None:
    head = "order,customer,sum\n" + "1,Anna,5\n" * 150_000
    (tmp_path / "orders.csv").write_bytes((head + "2,北京贸易公司,7\n" * 3).encode("gbk"))
    last = list(read_source(*shop(tmp_path)))[-1].to_pylist()[-1]
    assert last == {"read_from": "shop", "row": 150_004, "problem": None, "order_id": "2", "customer_id": "北京贸易公司", "amount": "7"}


@pytest.mark.parametrize("name", ["张三", "上海", "Café", "naïve Straße", "ÜBER", "订单编号"])
def test_short_evidence_is_enough_for_common_words(name: str) -> None:
    encoding = "gb18030" if ord(name[0]) > 0x3000 else "cp1252"
    assert judge_encoding(name.encode(encoding))[0] == encoding


def test_bytes_that_fit_nothing_are_asked_about() -> None:
    with pytest.raises(UserError, match=r"odd.csv: the encoding cannot be told .*set 'encoding:'"):
        judge_encoding(bytes([0x81, 0x20, 0x8D, 0x20, 0x8F, 0x20, 0x9D, 0x20]) * 50, "odd.csv")


def test_a_row_with_bytes_outside_the_encoding_has_a_problem_and_stays(read: Read) -> None:
    content = "order,customer,sum\n" + "1,Zoë,5\n" * 300
    rows = read(content.encode() + b"2,M\xfcller,6\n" + b"3,ok,7\n")
    assert [(r["row"], r["problem"]) for r in rows if r["problem"]] == [(302, "bytes that are not in utf-8")]
    assert (len(rows), rows[300]["customer_id"], rows[300]["amount"]) == (302, "M\ufffdller", "6")


def test_bad_bytes_in_a_column_that_is_not_used_are_no_problem(read: Read) -> None:
    rows = read(b"order,customer,sum,note\n" + b"1,C1,5,x\n" * 200 + b"2,C2,6,\xff\n", encoding="utf-8")
    assert not any(values(rows, "problem"))


@pytest.mark.parametrize("said", ["utf-8", "big5"])
def test_a_wrong_encoding_in_the_profile_is_refused_with_the_likely_one(read: Read, said: str) -> None:
    with pytest.raises(UserError, match=r"orders.csv is not .*: \d+ of its first 21 lines hold other bytes: .*looks like gb18030"):
        read(ZH.replace("丰", "镕").encode("gbk"), encoding=said)


def test_half_a_character_at_the_end_of_utf_16_is_a_problem_of_the_last_row(read: Read) -> None:
    rows = read("order,customer,sum\n1,C1,5\n2,C2,6".encode("utf-16") + b"7")
    assert values(rows, "problem") == [None, "bytes that are not in utf-16"]


@pytest.mark.parametrize("name", ["klingon", "zlib", "rot13"])
def test_an_encoding_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=f"x.csv: there is no encoding '{name}'"):
        known_encoding(name, "x.csv")


def test_rows_of_another_width_stay_with_a_problem(read: Read) -> None:
    rows = read("order,customer,sum\n1,C1,5\n2,C2\n3,C3,7,8\n4,C4,9,,\n")
    assert values(rows, "problem") == [None, "2 fields where 3 are expected", "4 fields where 3 are expected", None]
    assert values(rows, "amount") == ["5", None, "7", "9"]


def test_blank_lines_are_no_rows_but_count(read: Read) -> None:
    assert values(read("order,customer,sum\r\n\r\n1,C1,5\r\n   \r\n\r\n2,C2,6\r\n\r\n"), "row") == [3, 6]


def test_a_field_may_hold_line_ends_and_quotes(read: Read) -> None:
    rows = read('order,customer,sum\n1,"A ""B""\nC, D",5\n2,E,6\n')
    assert (values(rows, "customer_id"), values(rows, "row")) == (['A "B"\nC, D', "E"], [2, 4])


def test_a_stray_quote_swallows_no_row(read: Read) -> None:
    rows = read('order,customer,sum\n1,C1,5\n2,"C2,6\n3,C3,7\n4,C4,8\n')
    assert values(rows, "row") == [2, 3, 4, 5]
    assert values(rows, "problem") == [None, "a quote is opened and never closed", None, None]
    assert values(rows, "amount") == ["5", None, "7", "8"]


def test_two_stray_quotes_swallow_no_row_between_them(read: Read) -> None:
    rows = read('order,customer,sum\n1,"C1,5\n2,C2,6\n3,"C3,7\n4,C4,8\n')
    assert (values(rows, "row"), [r["amount"] for r in rows if r["problem"] is None]) == ([2, 3, 4, 5], ["6", "8"])


def test_inches_within_a_field_are_no_quotes(read: Read) -> None:
    assert values(read('order,customer,sum\n1,screen 15",5\n2,"15"" wide" x,6\n'), "problem") == [None, None]


def test_a_last_line_that_was_cut_has_a_problem(read: Read) -> None:
    assert values(read("order,customer,sum\n1,C1,5\n2,C"), "problem") == [None, "2 fields where 3 are expected"]


def test_title_lines_are_passed_over(read: Read) -> None:
    rows = read("Sales report\nMade by ERP\n\norder,customer,sum\n1,C1,5\n2,C2,6\n")
    assert (values(rows, "row"), values(rows, "amount")) == ([5, 6], ["5", "6"])


def test_two_header_rows_are_joined(read: Read) -> None:
    rows = read("Order,,Money\nNo,Customer,Sum\n1,C1,5\n", header_rows=[1, 2], columns={"order_id": "Order / No", "amount": "Money / Sum"})
    assert rows[0]["order_id"] == "1" and rows[0]["amount"] == "5" and rows[0]["row"] == 3


def test_a_file_without_header_takes_names_from_the_profile(read: Read) -> None:
    rows = read("1,C1,5\n2,C2,6\n", no_header=["order", "customer", "sum"])
    assert (values(rows, "row"), values(rows, "order_id")) == ([1, 2], ["1", "2"])


def test_columns_separated_by_blanks(read: Read) -> None:
    rows = read(" 1   C1    5\n\n 22  C2\n", fixed_width=True, no_header=["order", "customer", "sum"])
    assert [(r["row"], r["order_id"], r["problem"]) for r in rows] == [(1, "1", None), (3, "22", "2 fields where 3 are expected")]


@pytest.mark.parametrize("header", [" Order ,CUSTOMER,sum", "\uff2frder,customer,\uff33um", '"or' + 'der","customer",sum'])
def test_headers_are_found_without_regard_to_case_width_and_blanks(read: Read, header: str) -> None:
    assert read(f"{header}\n1,C1,5\n")[0]["order_id"] == "1"


def test_an_exact_header_wins_over_a_look_alike(read: Read) -> None:
    assert read("Order,order,customer,sum\nwrong,1,C1,5\n")[0]["order_id"] == "1"


def test_a_missing_header_names_the_nearest(read: Read) -> None:
    with pytest.raises(UserError, match=r"^orders.csv has no header 'sum': correct 'columns:' .* nearest headers are 'summe'"):
        read("order,customer,summe\n1,C1,5\n")


def test_a_header_that_stands_twice_is_refused_only_when_it_is_used(read: Read) -> None:
    with pytest.raises(UserError, match="the header 'sum' stands 2 times"):
        read("order,customer,sum,sum\n1,C1,5,6\n")
    assert read("order,customer,sum,x,x,,\n1,C1,5,6,7,,\n")[0]["problem"] is None


def test_header_only_gives_no_rows_but_columns(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order,customer,sum\n", encoding="utf-8")
    batches = list(read_source(*shop(tmp_path)))
    assert [b.num_rows for b in batches] == [0]
    assert batches[0].column_names == ["read_from", "row", "problem", "order_id", "customer_id", "amount"]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(read: Read, content: bytes) -> None:
    with pytest.raises(UserError, match=r"^orders.csv is empty"):
        read(content)


def packed(content: bytes, *names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


PLAIN = b"order,customer,sum\n" + b"".join(b"%d,C%d,%d\n" % (n, n * 7919 % 1000, n * 104729 % 977) for n in range(5000))


@pytest.mark.parametrize(
    ("file", "content"), [("orders.csv.gz", gzip.compress(PLAIN)), ("orders.zip", packed(PLAIN, "a.csv", "__MACOSX/a.csv"))]
)
def test_packed_files_are_read_as_they_are(read: Read, file: str, content: bytes) -> None:
    assert len(read(content, file=file)) == 5000


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("orders.csv.gz", gzip.compress(PLAIN)[:-2000], "cut off or damaged"),
        ("orders.csv.gz", gzip.compress(PLAIN)[:-4], "cut off or damaged"),
        ("orders.csv.zip", packed(PLAIN, "a.csv")[:-400], "cut off or damaged"),
        ("orders.zip", packed(PLAIN, "a.csv", "b.csv"), r"holds 2 files \(a.csv, b.csv\)"),
        ("orders.zip", packed(PLAIN), "holds 0 files"),
        ("orders.csv.gz", PLAIN, "is not a gz file"),
    ],
)
def test_damaged_packages_are_refused(read: Read, file: str, content: bytes, says: str) -> None:
    with pytest.raises(UserError, match=says):
        read(content, file=file)


def test_a_giant_line_is_refused_without_being_held(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "orders.csv.gz", "wb", compresslevel=1) as out:
        for _ in range(60):
            out.write(b"x" * 1_000_000)
    tracemalloc.start()
    with pytest.raises(UserError, match=r"orders.csv.gz, row 1: the line is longer than 10,000,000 characters"):
        list(read_source(*shop(tmp_path, path="orders.csv.gz")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 45_000_000


def test_a_quote_that_would_swallow_a_large_file_is_named_by_its_row(read: Read) -> None:
    with pytest.raises(UserError, match=r"orders.csv, row 3: the row is longer than 10,000,000 characters: close the quote"):
        read('order,customer,sum\n1,C1,5\n2,"C2,6\n' + "3,CCCCCCCCCCCCC,70000\n" * 600_000)


def test_a_long_note_is_no_fault(read: Read) -> None:
    assert len(read(f"order,customer,sum\n1,{'x' * 1_000_000},5\n")[0]["customer_id"]) == 1_000_000


def test_many_columns(read: Read) -> None:
    names = [f"c{n}" for n in range(300)]
    rows = read(",".join([*names, "order", "customer", "sum"]) + "\n" + ",".join(["x"] * 300 + ["1", "C1", "5"]) + "\n")
    assert (rows[0]["order_id"], rows[0]["problem"]) == ("1", None)


def test_several_files_are_read_in_order_and_named(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text(f"sum,customer,order\n5,C1,{name}\n", encoding="utf-8")
    rows = [r for b in read_source(*shop(tmp_path, path="*.csv")) for r in b.to_pylist()]
    assert [(r["read_from"], r["row"], r["order_id"]) for r in rows] == [("shop:a.csv", 2, "a"), ("shop:b.csv", 2, "b")]


def test_every_file_is_checked_before_a_row_is_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("order,customer,sum\n1,C1,5\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("order,customer,total\n1,C1,5\n", encoding="utf-8")
    with pytest.raises(UserError, match="b.csv has no header 'sum'"):
        read_source(*shop(tmp_path, path="*.csv"))


def test_batches_cut_nothing(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order,customer,sum\n" + "".join(f"{n},C,1\n" for n in range(250_001)), encoding="utf-8")
    batches = list(read_source(*shop(tmp_path)))
    assert [b.num_rows for b in batches] == [100_000, 100_000, 50_001]
    assert [batches[n]["row"][0].as_py() for n in range(3)] == [2, 100_002, 200_002]


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
def test_a_delimiter_is_one_character(read: Read, delimiter: str) -> None:
    with pytest.raises(UserError, match="'delimiter:' must be one character"):
        read("order,customer,sum\n1,C1,5\n", delimiter=delimiter)


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(',;"\n\t|客'), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=12), delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_is_read_back(tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, end: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("order", "customer", "sum"), *rows])
    (tmp_path / "orders.csv").write_bytes(out.getvalue().encode("utf-8"))
    got = [r for b in read_source(*shop(tmp_path, encoding="utf-8", delimiter=delimiter)) for r in b.to_pylist()]
    assert [(r["order_id"] or "", r["customer_id"] or "", r["amount"] or "") for r in got] == rows
    assert not any(values(got, "problem"))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text('ab,;"\n\r\t 客é', max_size=300).map(lambda t: t.encode("utf-8")))
def test_no_content_gives_a_traceback_or_loses_a_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.csv").write_bytes(b"order,customer,sum\n" + content)
    try:
        rows = [r for b in read_source(*shop(tmp_path, encoding="latin-1", delimiter=",")) for r in b.to_pylist()]
    except UserError as fault:
        assert str(fault).startswith("orders.csv")
        return
    lines = [line for line in content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    several = b'"' in content  # a quoted field may hold line ends, and quoted blanks are no row
    assert len(rows) <= len(lines) if several else len(rows) == len(lines)
    assert values(rows, "row") == sorted(set(values(rows, "row")))
