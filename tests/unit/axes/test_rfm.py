"""Recency, order count and spend: by hand, at the edges, and the same on every engine."""

from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.rfm import COLUMNS, summarise_rfm

AS_OF = dt.date(2025, 6, 30)


def make_lines(*rows: tuple[str, str, str, float, str | None]) -> pd.DataFrame:
    """Rows of (order, customer, day, amount, return of)."""
    frame = pd.DataFrame(list(rows), columns=["order_id", "customer_id", "order_date", "amount", "return_of"])
    types = {"order_id": "str", "customer_id": "str", "amount": "float64", "return_of": "str", "order_date": "datetime64[us]"}
    return frame.astype(types)


LINES = make_lines(
    ("o1", "ann", "2025-01-01", 40.10, None),
    ("o1", "ann", "2025-01-01", 9.90, None),
    ("o2", "ann", "2025-06-20", 30.00, None),
    ("r2", "ann", "2025-06-25", -30.00, "o2"),  # o2 came back whole: it does not stand
    ("o3", "bob", "2025-03-01", 20.00, None),
    ("r3", "bob", "2025-06-01", -5.00, "o3"),  # bob's order stands, on the day it was placed
    ("o4", "cat", "2025-02-01", 7.00, None),
    ("r4", "cat", "2025-02-02", -7.00, "o4"),
    ("o5", "dan", "2025-04-30", 12.00, None),
    ("r9", "dan", "2025-05-01", -20.00, None),  # a return that no order was found for lowers spend only
)


def by_customer(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("customer_id")


def test_returns_lower_spend_and_undo_orders() -> None:
    rfm = by_customer(summarise_rfm(LINES, as_of=AS_OF))
    assert rfm["order_count"].to_dict() == {"ann": 1, "bob": 1, "cat": 0, "dan": 1}
    assert rfm["total_spend"].to_dict() == {"ann": 50.0, "bob": 15.0, "cat": 0.0, "dan": -8.0}
    assert rfm.loc["ann", "recency_days"] == 180  # from o1: o2 was returned
    assert rfm.loc["bob", "recency_days"] == 121
    assert rfm.loc["dan", "average_order_value"] == -8.0


def test_customer_without_standing_order_stays_without_dates() -> None:
    cat = by_customer(summarise_rfm(LINES, as_of=AS_OF)).loc["cat"]
    assert cat[["first_order_date", "last_order_date", "recency_days", "tenure_days", "average_order_value"]].isna().all()


def test_nothing_after_the_as_of_date_is_read() -> None:
    rfm = by_customer(summarise_rfm(LINES, as_of=dt.date(2025, 6, 24)))
    assert rfm.loc["ann", "order_count"] == 2  # the return of o2 is not known yet
    assert rfm.loc["ann", "recency_days"] == 4
    assert "dan" not in by_customer(summarise_rfm(LINES, as_of=dt.date(2025, 4, 29))).index


def test_order_late_on_the_as_of_day_counts() -> None:
    rfm = summarise_rfm(make_lines(("o", "a", "2025-06-30 23:59:59", 1.0, None)), as_of=AS_OF)
    assert rfm.loc[0, "recency_days"] == 0


def test_return_of_is_optional() -> None:
    rfm = summarise_rfm(LINES.drop(columns="return_of"), as_of=AS_OF)
    assert by_customer(rfm).loc["cat", "order_count"] == 1  # nothing says that r4 belongs to o4


def test_empty_lines_give_an_empty_table_with_its_dtypes() -> None:
    rfm = summarise_rfm(LINES.head(0), as_of=AS_OF)
    assert list(rfm.columns) == list(COLUMNS)
    assert len(rfm) == 0
    assert (rfm["order_count"].dtype, rfm["recency_days"].dtype, rfm["last_order_date"].dtype) == (
        pd.Int64Dtype(),
        pd.Int64Dtype(),
        "datetime64[us]",
    )


def test_money_is_exact_where_floats_are_not() -> None:
    lines = make_lines(*[(f"o{i}", "a", "2025-01-01", 0.1, None) for i in range(10)])
    assert summarise_rfm(lines, as_of=AS_OF).loc[0, "total_spend"] == 1.0


@pytest.mark.parametrize("lines", [LINES, LINES.head(0), LINES.head(1), LINES[LINES["customer_id"] == "cat"]])
def test_duckdb_gives_the_same_table(lines: pd.DataFrame) -> None:
    with duckdb.connect() as connection:
        on_duckdb = summarise_rfm(connection.from_df(lines), as_of=AS_OF)
    pd.testing.assert_frame_equal(on_duckdb, summarise_rfm(lines, as_of=AS_OF))


amounts = st.decimals(min_value=-500, max_value=500, places=2).map(float)
days = st.dates(min_value=dt.date(2025, 1, 1), max_value=AS_OF).map(dt.date.isoformat)
rows = st.tuples(st.sampled_from(["o1", "o2", "o3"]), st.sampled_from(["a", "b", "c"]), days, amounts, st.sampled_from([None, "o1", "o2"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_row_order_is_irrelevant_and_nobody_is_lost(chosen: list[tuple[str, str, str, float, str | None]], random: object) -> None:
    lines = make_lines(*chosen)
    rfm = summarise_rfm(lines, as_of=AS_OF)
    shuffled = list(chosen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(summarise_rfm(make_lines(*shuffled), as_of=AS_OF), rfm)
    assert rfm["customer_id"].tolist() == sorted(set(lines["customer_id"]))
    assert round(rfm["total_spend"].sum(), 2) == round(lines["amount"].sum(), 2)
    assert ((rfm["order_count"] > 0) == rfm["recency_days"].notna()).all()
