"""What each customer did: gaps, windows and quarters by hand, at the edges of months, leap days and days."""

from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.behaviour import summarise_behaviour
from helpers.axes.rfm import settle_movements, summarise_rfm

AS_OF = dt.date(2025, 6, 30)
GAPS = ["purchase_days", "median_gap_days", "longest_gap_days", "comeback_gap_days", "longest_gap_before_days"]


def told(lines, as_of=AS_OF, returned_days=90):
    return summarise_behaviour(lines, as_of=as_of, returned_days=returned_days).set_index("customer_id")


def values(row, *names):
    return [None if pd.isna(row[n]) else float(row[n]) for n in names]


def test_gaps_are_between_days_and_split_where_the_comeback_begins(lines_from):
    lines = lines_from(("a", "2024-06-01", 10), ("a", "2024-06-11", 10), ("a", "2024-12-08", 10), ("a", "2025-06-01", 10), ("a", "2025-06-21", 10))
    # gaps 10, 180, 175, 20 days; those that ended within 90 days: 175 and 20
    assert values(told(lines).loc["a"], *GAPS) == [5, 97.5, 180, 175, 180]
    assert values(told(lines, returned_days=10).loc["a"], *GAPS) == [5, 97.5, 180, 20, 180]
    assert values(told(lines, returned_days=9).loc["a"], *GAPS) == [5, 97.5, 180, None, 180]


def test_one_order_has_no_gap_and_two_on_one_day_neither(lines_from):
    lines = lines_from(("a", "2025-06-01", 10), ("b", "2025-06-01 08:00", 10), ("b", "2025-06-01 23:59:59", 10), ("c", "2025-06-01 23:59", 5), ("c", "2025-06-02 00:01", 5))
    behaviour = told(lines)
    assert values(behaviour.loc["a"], *GAPS) == values(behaviour.loc["b"], *GAPS) == [1, None, None, None, None]
    assert behaviour.loc["b", ["order_count", "orders_12m"]].tolist() == [2, 2]
    assert values(behaviour.loc["c"], "purchase_days", "median_gap_days") == [2, 1]  # two minutes apart, but two days


@pytest.mark.parametrize(("as_of", "first_day", "day_before"), [
    ("2025-06-30", "2024-07-01", "2024-06-30"), ("2024-02-29", "2023-03-01", "2023-02-28"), ("2025-02-28", "2024-02-29", "2024-02-28"), ("2025-08-31", "2024-09-01", "2024-08-31"),
])  # fmt: skip
def test_twelve_months_begin_the_day_after_the_same_day_a_year_ago(lines_from, as_of, first_day, day_before):
    lines = lines_from(("in", first_day, 10), ("out", day_before, 10), ("last", f"{as_of} 23:59:59", 10))
    behaviour = told(lines, as_of=dt.date.fromisoformat(as_of))
    assert behaviour["orders_12m"].to_dict() == {"in": 1, "last": 1, "out": 0}
    assert behaviour["spend_prior_12m"].to_dict() == {"in": 0, "last": 0, "out": 10}


def test_quarters_are_complete_ones_on_the_last_day_of_a_quarter_and_one_day_before(lines_from):
    days = ["2024-04-01", "2024-06-30 23:59", "2024-07-01", "2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01", "2025-06-30 23:59"]
    lines = lines_from(*[("a", day, 2.0**i) for i, day in enumerate(days)])
    quarters = ["spend_q1", "spend_q2", "spend_q3", "spend_q4", "spend_q5", "orders_3q"]
    assert values(told(lines).loc["a"], *quarters) == [64 + 128, 16 + 32, 8, 4, 1 + 2, 5]
    assert values(told(lines, as_of=dt.date(2025, 6, 29)).loc["a"], *quarters) == [16 + 32, 8, 4, 1 + 2, 0, 4]  # the quarter that goes on is not looked at


def test_returns_undo_orders_and_lower_the_spend_of_the_quarter_of_the_order(lines_from):
    sold = lines_from(("a", "2025-01-10", 100), ("a", "2025-02-10", 50), ("a", "2025-05-10", 40))
    back = lines_from(("a", "2025-05-20", -30), ("a", "2025-05-21", -50)).assign(order_id=["r0", "r1"], return_of=["o0", "o1"])
    row = told(pd.concat([sold, back], ignore_index=True)).loc["a"]
    assert values(row, "order_count", "purchase_days", "spend_q2", "spend_q1", "spend_12m", "orders_12m", "total_spend") == [2, 2, 70, 40, 110, 2, 110]
    assert values(row, "median_gap_days") == [120]


def test_who_returned_everything_stays_with_nothing(lines_from):
    back = lines_from(("a", "2025-05-20", -10)).assign(order_id="r", return_of="o0")
    row = told(pd.concat([lines_from(("a", "2025-05-10", 10)), back], ignore_index=True)).loc["a"]
    assert values(row, "order_count", "purchase_days", "orders_12m", "spend_12m", "spend_q1", "total_spend") == [0] * 6
    assert pd.isna(row[["first_order_date", "recency_days", "median_gap_days", "tenure_days"]]).all()


def test_history_counts_from_the_first_order_of_all(lines_from):
    lines = lines_from(("old", "2025-01-01", 10), ("young", "2025-06-29", 10))
    assert told(lines)["history_days"].tolist() == [180, 180]
    assert told(lines, as_of=dt.date(2025, 1, 1))["history_days"].tolist() == [0]


@pytest.mark.parametrize("seed", [1, 2])
def test_pandas_and_duckdb_agree_and_so_do_settled_movements(make_lines, seed):
    lines = make_lines(seed=seed, customers=25)
    lines.loc[::7, "amount"] *= -1
    lines.loc[lines["amount"] < 0, "return_of"] = lines["order_id"].shift(1)
    expected = summarise_behaviour(lines, as_of=AS_OF, returned_days=90)
    with duckdb.connect() as connection:
        pd.testing.assert_frame_equal(summarise_behaviour(connection.from_df(lines), as_of=AS_OF, returned_days=90), expected)
        pd.testing.assert_frame_equal(summarise_behaviour(settle_movements(connection.from_df(lines)), as_of=AS_OF, returned_days=90), expected)
    pd.testing.assert_frame_equal(summarise_behaviour(settle_movements(lines), as_of=AS_OF, returned_days=90), expected)
    pd.testing.assert_frame_equal(summarise_rfm(lines, as_of=AS_OF), expected[summarise_rfm(lines, as_of=AS_OF).columns])


@pytest.mark.parametrize("lines", ["none", "one"])
def test_no_lines_and_one_line_keep_the_dtypes(lines_from, lines):
    full = lines_from(("a", "2025-06-01", 10), ("a", "2025-06-09", 10))
    some = summarise_behaviour(full.head(0 if lines == "none" else 1), as_of=AS_OF, returned_days=90)
    pd.testing.assert_series_equal(some.dtypes, summarise_behaviour(full, as_of=AS_OF, returned_days=90).dtypes)
    assert len(some) == (lines == "one")


orders = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 1200), st.integers(-40, 90)), min_size=1, max_size=15)


@settings(max_examples=20, deadline=None)
@given(orders, orders, st.integers(0, 1100), st.randoms(use_true_random=False))
def test_nothing_later_matters_and_no_order_of_rows(past, later, day, random):
    as_of = dt.date(2023, 1, 1) + dt.timedelta(days=day)

    def frame(rows):
        made = pd.DataFrame(rows, columns=["customer_id", "days", "amount"]).assign(order_id=[f"o{i}" for i in range(len(rows))])
        return made.assign(order_date=(pd.Timestamp("2023-01-01") + pd.to_timedelta(made["days"], unit="D")).astype("datetime64[us]"), amount=made["amount"].astype("float64"))

    known = frame([row for row in past if row[1] <= day] or [("a", 0, 5)])
    after = frame([(c, day + 1 + n, a) for c, n, a in later]).assign(order_id=lambda f: "n" + f["order_id"], return_of=known["order_id"].iloc[0])
    mixed = pd.concat([known.assign(return_of=None), after], ignore_index=True).sample(frac=1, random_state=random.randrange(2**31))
    pd.testing.assert_frame_equal(summarise_behaviour(mixed, as_of=as_of, returned_days=90), summarise_behaviour(known, as_of=as_of, returned_days=90))
