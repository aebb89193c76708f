"""Order lines: every row has one fate, returns find their order, and the money adds up, on both engines."""

from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cleaning.ledger import build_ledger, check_ledger, line_counts, set_aside_lines, summarise_reasons
from helpers.cleaning.lines import keep_order_lines, mark_order_lines
from helpers.cleaning.orders import build_orders, match_returns
from helpers.cleaning.rows import SourceHints
from helpers.cleaning.settings import CleaningSettings
from helpers.engine import lazy, to_pandas
from helpers.errors import UserError

AS_OF = dt.date(2025, 6, 30)
HINTS = {"erp": SourceHints(date_order="DMY", cancelled=("Cancelled",), not_products=("SHIP",))}
BASIC = ("order_id", "customer_id", "order_date", "product_id", "quantity", "amount")


def make_raw(columns: tuple[str, ...], *rows: tuple[object, ...], source: str = "erp") -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(columns)).astype("str")
    marks = pd.DataFrame({"read_from": source, "row": range(2, len(frame) + 2), "problem": None}, index=frame.index)
    return pd.concat([marks.astype({"read_from": "str", "row": "int64", "problem": "str"}), frame], axis=1)


def mark(raw: pd.DataFrame, as_of: dt.date = AS_OF, **options: object) -> pd.DataFrame:
    chosen = {"hints": HINTS, "settings": CleaningSettings(), **options}
    return to_pandas(mark_order_lines(lazy(raw), as_of=as_of, **chosen).sort("read_from", "row"))


def lines_of(raw: pd.DataFrame, **options: object) -> pd.DataFrame:
    return to_pandas(match_returns(keep_order_lines(lazy(mark(raw, **options)))).sort("order_id", "line_no", "customer_id"))


def orders_of(raw: pd.DataFrame, **options: object) -> pd.DataFrame:
    return to_pandas(build_orders(lazy(lines_of(raw, **options))))


def all_tables(frame: object) -> dict[str, pd.DataFrame]:
    """Everything that comes of raw lines, on whatever engine they are."""
    marked = mark_order_lines(lazy(frame), as_of=AS_OF, hints=HINTS, settings=CleaningSettings())
    lines = match_returns(keep_order_lines(marked))
    return {
        "marked": to_pandas(marked.sort("read_from", "row")),
        "lines": to_pandas(lines.sort("order_id", "line_no", "customer_id", "product_id", "amount", "return_of")),
        "orders": to_pandas(build_orders(lines)),
        "counts": line_counts(marked),
        "set_aside": set_aside_lines(marked),
    }


def test_typed_values_come_out_of_texts():
    marked = mark(make_raw(BASIC, ("7.0", "00123", "05/03/2025 14:30", "P1", "２", "¥1,200.50"))).loc[0]
    assert (marked["order_id"], marked["customer_id"], marked["order_date"]) == ("7", "00123", pd.Timestamp("2025-03-05"))  # DMY, day only
    assert (marked["quantity"], marked["amount"], marked["fate"]) == (2.0, 1200.5, "kept")


@pytest.mark.parametrize(
    ("row", "reason", "column", "value"),
    [
        (("1", " ", "2025-01-01", "P", "1", "5"), "customer_id is blank", "customer_id", " "),
        (("1", "a", "31.02.2025", "P", "1", "5"), "order_date: no such day in the calendar", "order_date", "31.02.2025"),
        (("1", "a", None, "P", "1", "5"), "order_date is blank", "order_date", None),
        (("1", "a", "2025-01-01", "P", "1", "about 5"), "amount: not a number", "amount", "about 5"),
        (("1", "a", "2025-01-01", "P", "1", "N/A"), "amount is blank", "amount", "N/A"),
        (("1", "a", "2025-01-01", "P", "1", "1e12"), "amount is not plausible", "amount", "1e12"),
        (("", "a", "2025-01-01", "P", "1", "5"), "order_id is blank", "order_id", ""),
        (("1", "a", "2025-01-01", "SHIP", "1", "5"), "not a product: postage, fee or adjustment", "product_id", "SHIP"),
    ],
)
def test_a_fault_is_named_with_its_column_and_value(row, reason, column, value):
    found = mark(make_raw(BASIC, row)).loc[0, ["fate", "reason", "column", "value"]]
    assert found["fate"] == "set_aside"
    assert found["reason"] == reason
    assert found["column"] == column
    assert pd.isna(found["value"]) if value is None else found["value"] == value


def test_a_fault_of_the_row_itself_comes_before_all_others():
    raw = make_raw(BASIC, ("1", None, None, "P", "1", "x")).assign(problem="9 fields where 6 are expected")
    assert mark(raw).loc[0, "reason"] == "9 fields where 6 are expected"


def test_cancelled_orders_of_the_source_that_says_so_are_set_aside():
    columns = ("order_id", "customer_id", "order_date", "amount", "status")
    rows = [("1", "a", "2025-01-01", "5", "Cancelled"), ("2", "a", "2025-01-01", "5", "Paid"), ("3", "a", "2025-01-01", "5", None)]
    both = pd.concat([make_raw(columns, *rows), make_raw(columns, rows[0], source="shop:may.csv")], ignore_index=True)
    marked = mark(both)
    assert marked["fate"].tolist() == ["set_aside", "kept", "kept", "kept"]  # to the shop the word means nothing
    assert marked.loc[0, "reason"] == "cancelled order"


def test_all_files_of_one_source_are_read_by_its_hints():
    columns = ("order_id", "customer_id", "order_date", "amount")
    raw = make_raw(columns, ("1", "a", "03/04/2025", "5"), source="erp:may.csv")
    assert mark(raw).loc[0, "order_date"] == pd.Timestamp("2025-04-03")
    assert mark(raw.assign(read_from="other")).loc[0, "reason"] == "order_date: day and month cannot be told apart: set date_order in the profile"


@pytest.mark.parametrize("typed", [False, True], ids=["text", "typed"])
def test_a_source_that_writes_refunds_without_a_sign_is_turned_round_and_no_other(typed):
    hints = {"refunds": SourceHints(date_order="DMY", negate=("amount",)), "erp": SourceHints(date_order="DMY")}
    row = ("1", "c", "03/02/2025", "p", "1", "12.50")
    raw = pd.concat([make_raw(BASIC, row, ("2", *row[1:5], "0"), source="refunds:2025.csv"), make_raw(BASIC, row)], ignore_index=True)
    raw = raw.astype({"amount": "float64"}) if typed else raw
    marked = mark(raw, hints=hints)
    assert marked.set_index("read_from")["amount"].astype("str").tolist() == ["12.5", "-12.5", "0.0"]
    assert set(marked["fate"]) == {"kept"}


def test_rows_after_the_as_of_day_are_left_out_and_its_last_minute_is_in():
    columns = ("order_id", "customer_id", "order_date", "amount")
    raw = make_raw(columns, ("1", "a", "2025-06-30 23:59:59", "5"), ("2", "a", "2025-07-01", "6"), ("3", "", "2025-07-02", "x"))
    assert mark(raw)["order_id"].tolist() == ["1"]


def test_without_amount_it_is_quantity_times_price_and_no_quantity_is_one():
    columns = ("order_id", "customer_id", "order_date", "quantity", "unit_price")
    day = "2025-01-01"
    raw = make_raw(
        columns, ("1", "a", day, "3", "2.50"), ("2", "a", day, None, "4"), ("3", "a", day, "-2", "1.25"), ("4", "a", day, "2", None), ("5", "a", day, "x", "4")
    )
    marked = mark(raw)
    assert marked["amount"].tolist()[:3] == [7.5, 4.0, -2.5]
    assert marked["is_return"].tolist()[:3] == [False, False, True]
    assert marked["reason"].tolist()[3:] == ["amount is blank", "amount: not a number"]
    assert marked["value"].tolist()[3:] == ["2 x ", "x x 4"]


def test_without_order_id_a_customers_day_is_one_order():
    columns = ("customer_id", "order_date", "amount")
    raw = make_raw(columns, ("a", "2025-01-01 09:00", "5"), ("a", "2025-01-01 17:00", "6"), ("a", "2025-01-02", "7"), ("b", "2025-01-01", "8"))
    lines, orders = lines_of(raw), orders_of(raw)
    assert lines[["order_id", "line_no"]].values.tolist() == [["a 2025-01-01", 1], ["a 2025-01-01", 2], ["a 2025-01-02", 1], ["b 2025-01-01", 1]]
    assert orders["net_amount"].tolist() == [11.0, 7.0, 8.0]


def test_equal_lines_merge_only_when_the_export_numbers_them():
    row = ("1", "a", "2025-01-01", "P", "1", "5")
    assert mark(make_raw(BASIC, row, row))["fate"].tolist() == ["kept", "kept"]
    numbered = make_raw((*BASIC, "line_no"), (*row, "1"), (*row, "1"), (*row, "2"))
    marked = mark(numbered)
    assert marked["fate"].tolist() == ["kept", "merged", "kept"]
    assert marked.loc[1, "reason"] == "repeats an earlier row"


def test_lines_are_numbered_in_file_order_and_set_aside_rows_take_no_number():
    rows = [("1", "a", "2025-01-01", "P", "1", "5"), ("1", "a", "2025-01-01", "P", "1", "bad"), ("1", "a", "2025-01-01", "Q", "1", "6")]
    kept = mark(make_raw(BASIC, *rows)).query("fate == 'kept'")
    assert kept[["product_id", "line_no"]].values.tolist() == [["P", 1], ["Q", 2]]


def test_merged_customers_get_one_id_and_tests_take_their_lines_along():
    day = "2025-01-01"
    raw = make_raw(
        BASIC,
        ("1", "a", day, "P", "1", "5"),
        ("2", "a2", day, "P", "1", "5"),
        ("3", "t", day, "P", "1", "5"),
        ("4", "z", day, "P", "1", "5"),
        ("5", "q", day, "P", "1", "5"),
    )
    known = pd.DataFrame({"raw_id": ["a", "a2", "t"], "customer_id": ["a", "a", "t"], "fate": ["kept", "merged", "set_aside"]}, dtype="str")
    marked = mark(raw, customer_map=known, settings=CleaningSettings(test_ids=("q",)))
    assert marked["customer_id"].tolist() == ["a", "a", "t", "z", "q"]
    assert marked["reason"].fillna("").tolist() == ["", "", "test account", "", "test account"]


def test_a_return_that_names_its_order_reduces_it():
    columns = (*BASIC, "return_of")
    raw = make_raw(
        columns, ("1", "a", "2025-01-01", "P", "2", "20", None), ("2", "a", "2025-02-01", "P", "1", "10", None), ("9", "a", "2025-03-01", "P", "-1", "-10", "1")
    )
    orders = orders_of(raw).set_index("order_id")
    assert orders["net_amount"].to_dict() == {"1": 10.0, "2": 10.0}
    assert orders.loc["1", ["gross_amount", "returned_amount", "line_count"]].tolist() == [20.0, -10.0, 2]
    assert orders.loc["1", "order_date"] == pd.Timestamp("2025-01-01")


def test_a_return_that_names_another_customers_order_is_matched_anew():
    columns = (*BASIC, "return_of")
    raw = make_raw(
        columns, ("1", "b", "2025-01-01", "P", "2", "20", None), ("2", "a", "2025-02-01", "P", "1", "10", None), ("9", "a", "2025-03-01", "P", "-1", "-10", "1")
    )
    assert lines_of(raw).set_index("order_id").loc["9", "return_of"] == "2"


def test_a_return_without_name_goes_to_the_latest_earlier_order_with_enough_of_the_product():
    raw = make_raw(
        BASIC,
        ("1", "a", "2025-01-01", "P", "3", "30"),
        ("2", "a", "2025-02-01", "P", "1", "10"),  # too few for a return of two
        ("3", "a", "2025-05-01", "P", "9", "90"),  # after the return
        ("4", "b", "2025-02-02", "P", "9", "90"),  # another customer's
        ("8", "a", "2025-03-01", "P", "-2", "-20"),
        ("9", "a", "2025-03-02", "Q", "-1", "-4"),  # never bought
    )
    found = lines_of(raw).set_index("order_id")["return_of"]
    assert found["8"] == "1"
    assert pd.isna(found["9"])
    status = orders_of(raw).set_index("order_id")["status"].to_dict()
    assert status == {"1": "sale", "2": "sale", "3": "sale", "4": "sale", "9": "return"}


def test_no_more_comes_back_than_was_sold():
    raw = make_raw(
        BASIC,
        ("1", "a", "2025-01-01", "P", "2", "20"),
        ("7", "a", "2025-02-01", "P", "-1", "-10"),
        ("8", "a", "2025-02-02", "P", "-1", "-10"),
        ("9", "a", "2025-02-03", "P", "-1", "-10"),
    )
    assert lines_of(raw)["return_of"].fillna("").tolist() == ["", "1", "1", ""]


def test_a_return_on_an_order_that_also_sells_stays_there():
    raw = make_raw(BASIC, ("1", "a", "2025-01-01", "P", "5", "50"), ("2", "a", "2025-02-01", "Q", "1", "8"), ("2", "a", "2025-02-01", "P", "-1", "-10"))
    assert lines_of(raw)["return_of"].isna().all()
    assert orders_of(raw)["net_amount"].tolist() == [50.0, -2.0]


def test_all_returns_are_orders_of_status_return():
    orders = orders_of(make_raw(BASIC, ("1", "a", "2025-01-01", "P", "-1", "-10.10"), ("2", "b", "2025-01-02", "P", "-1", "-0.20")))
    assert orders["status"].tolist() == ["return", "return"]
    assert orders["net_amount"].tolist() == orders["returned_amount"].tolist() == [-10.1, -0.2]
    assert orders["gross_amount"].tolist() == [0.0, 0.0]


def test_cost_and_discount_are_added_only_where_they_are_known():
    columns = ("order_id", "customer_id", "order_date", "amount", "cost", "discount", "channel")
    raw = make_raw(
        columns,
        ("1", "a", "2025-01-01", "5", "2", None, "web"),
        ("1", "a", "2025-01-01", "5", "2.5", None, "shop"),
        ("2", "a", "2025-01-01", "5", None, "1", None),
    )
    orders = orders_of(raw)
    assert orders["cost_amount"].fillna(-1).tolist() == [4.5, -1.0]
    assert orders["discount_amount"].fillna(-1).tolist() == [-1.0, 1.0]
    assert orders["channel"].fillna("").tolist() == ["shop", ""]


def test_ten_times_ten_cents_is_one():
    raw = make_raw(BASIC, *[("1", "a", "2025-01-01", "P", "1", "0.1")] * 10)
    assert orders_of(raw)["net_amount"].tolist() == [1.0]


def test_two_returns_that_share_a_line_number_stay_two_rows():
    columns = (*BASIC, "return_of", "line_no")
    sale = ("1", "a", "2025-01-01", "P", "5", "50", None, "1")
    raw = make_raw(columns, sale, ("9", "a", "2025-02-01", "P", "-1", "-10", "1", "1"), ("9", "a", "2025-02-02", "P", "-2", "-20", "1", "1"))
    assert lines_of(raw)["amount"].tolist() == [50.0, -10.0, -20.0]
    assert orders_of(raw)["net_amount"].tolist() == [20.0]


def test_returns_without_line_number_in_a_numbered_export_are_matched_on_both_engines():
    columns = (*BASIC, "return_of", "line_no")
    raw = make_raw(
        columns,
        ("1", "a", "2025-01-01", "P", "5", "50", None, "1"),
        ("9", "a", "2025-02-01", "P", "-1", "-10", "1", None),
        ("9", "a", "2025-02-01", "Q", "-1", "-7", "1", ""),
    )
    on_duckdb = all_tables(duckdb.from_df(raw))
    for name, table in all_tables(raw).items():
        pd.testing.assert_frame_equal(on_duckdb[name], table, check_exact=True, obj=name)
    assert on_duckdb["orders"]["net_amount"].tolist() == [33.0]


def test_ledger_counts_every_row_and_all_money():
    day = "2025-01-01"
    rows = [
        ("1", "a", day, "P", "1", "10.10", "1"), ("1", "a", day, "P", "1", "10.10", "1"), ("2", "a", day, "P", "-1", "-4", "1"),
        ("3", "", day, "P", "1", "7", "1"), ("4", "a", day, "P", "1", "x", "1"), ("5", "a", "2025-07-01", "P", "1", "99", "1"),
    ]  # fmt: skip
    counts = line_counts(lazy(mark(make_raw((*BASIC, "line_no"), *rows))))
    ledger = build_ledger(counts)
    check_ledger(ledger)
    assert ledger[["rows_read", "rows_kept", "rows_merged", "rows_set_aside", "rows_without_money"]].values.tolist() == [[5, 2, 1, 2, 1]]
    # 10.10 + 10.10 - 4 + 7; the row after as_of was never read
    assert ledger[["money_read", "money_sales", "money_returns", "money_merged", "money_set_aside"]].values.tolist() == [[23.2, 10.1, -4.0, 10.1, 7.0]]
    reasons = summarise_reasons(counts)
    assert reasons[["reason", "rows", "money"]].values.tolist() == [
        ["repeats an earlier row", 1, 10.1],
        ["amount: not a number", 1, 0.0],
        ["customer_id is blank", 1, 7.0],
    ]


@pytest.mark.parametrize(("column", "says"), [("rows_kept", "1 rows are unaccounted"), ("money_sales", "-2.0 of money is unaccounted")])
def test_ledger_that_does_not_close_is_an_error(column, says):
    ledger = build_ledger(line_counts(lazy(mark(make_raw(BASIC, ("1", "a", "2025-01-01", "P", "1", "5"))))))
    ledger[column] = ledger[column] + (-1 if column == "rows_kept" else 2)
    with pytest.raises(UserError, match=says):
        check_ledger(ledger)


def test_no_rows_at_all_give_empty_tables_with_their_columns():
    tables = all_tables(make_raw(BASIC))
    assert all(len(t) == 0 for t in tables.values())
    assert {"order_id", "net_amount", "status"} <= set(tables["orders"].columns)
    assert build_ledger(tables["counts"]).empty


EXAMPLES = {
    "nothing": make_raw(BASIC),
    "one row": make_raw(BASIC, ("1", "a", "2025-01-01", "P", "1", "5")),
    "all set aside": make_raw(BASIC, ("1", "", "2025-01-01", "P", "1", "5"), ("2", "a", "never", "P", "1", "5")),
    "all after as_of": make_raw(BASIC, ("1", "a", "2025-12-01", "P", "1", "5")),
    "all returns": make_raw(BASIC, ("1", "a", "2025-01-01", "P", "-1", "-5"), ("2", "a", "2025-01-01", "P", "-1", "-5")),
    "one day, no order id": make_raw(("customer_id", "order_date", "amount"), ("a", "2025-01-01", "5"), ("a", "2025-01-01", "-5"), ("b", "2025-01-01", "3")),
    "no amount": make_raw(
        ("order_id", "customer_id", "order_date", "quantity", "unit_price"), ("1", "a", "2025-01-01", None, "2.5"), ("2", "a", "2025-01-01", "3", "0.1")
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_duckdb_gives_the_same_tables(name):
    on_duckdb = all_tables(duckdb.from_df(EXAMPLES[name]))
    for table, frame in all_tables(EXAMPLES[name]).items():
        pd.testing.assert_frame_equal(on_duckdb[table], frame, check_exact=True, obj=table)


dates = st.sampled_from(["2025-01-01", "02/01/2025", "2025-06-30 23:00", "2025-07-01", "20250105", "when", None])
amounts = st.sampled_from(["5", "0.10", "-5", "-0.10", "12.34", "0", "x", "1,000", None])
quantities = st.sampled_from(["1", "2", "-1", "-2", "", None])
any_row = st.tuples(
    st.sampled_from(["1", "2", "3", None]), st.sampled_from(["a", "b", " ", None]), dates, st.sampled_from(["P", "Q", "SHIP", None]), quantities, amounts,
    st.sampled_from(["Paid", "Cancelled", None]), st.sampled_from(["1", "2", "9", None]), st.sampled_from(["1", "2", None]),
)  # fmt: skip
COLUMNS = (*BASIC, "status", "return_of", "line_no")


@settings(max_examples=30, deadline=None)
@given(st.lists(any_row, min_size=1, max_size=10), st.booleans())
def test_rows_and_money_are_accounted_for(rows, numbered):
    raw = make_raw(COLUMNS, *rows)
    tables = all_tables(raw if numbered else raw.drop(columns="line_no"))
    marked, lines, orders = tables["marked"], tables["lines"], tables["orders"]
    future = sum(row[2] == "2025-07-01" for row in rows)
    assert len(marked) == len(rows) - future
    assert marked["fate"].isin(["kept", "merged", "set_aside"]).all()
    assert ((marked["fate"] == "kept") == marked["reason"].isna()).all()
    assert len(lines) == (marked["fate"] == "kept").sum()
    check_ledger(build_ledger(tables["counts"]))
    assert round(orders["net_amount"].sum(), 4) == round(lines["amount"].sum(), 4) == round(marked.loc[marked["fate"] == "kept", "amount"].sum(), 4)
    assert ((orders["gross_amount"] + orders["returned_amount"] - orders["net_amount"]).abs() < 1e-9).all()
    assert orders["line_count"].sum() == len(lines)
    assert not orders.duplicated(["order_id", "customer_id"]).any()


@settings(max_examples=8, deadline=None)
@given(st.lists(any_row, min_size=1, max_size=8), st.booleans(), st.randoms(use_true_random=False))
def test_engine_and_row_order_are_irrelevant(rows, numbered, random):
    raw = make_raw(COLUMNS, *rows)
    raw = raw if numbered else raw.drop(columns="line_no")
    expected = all_tables(raw)
    mixed = raw.sample(frac=1, random_state=random.randrange(2**31))
    on_duckdb = all_tables(duckdb.from_df(mixed))
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(on_duckdb[name], frame, check_exact=True, obj=name)
