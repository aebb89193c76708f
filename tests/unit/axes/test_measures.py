"""One row per customer: who is one, what is known on a day, and what the day before could not know."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.measures import measure_customers
from helpers.axes.rfm import settle_movements
from helpers.axes.settings import ActivitySettings, LifecycleSettings

AS_OF, DEFAULTS = dt.date(2025, 6, 30), {"activity": ActivitySettings(), "lifecycle": LifecycleSettings()}


def people(*ids, created="2024-01-01"):
    return pd.DataFrame({"customer_id": list(ids), "kind": "consumer", "created_on": pd.to_datetime(created)})


def test_prospects_are_customers_and_strangers_in_tickets_are_not(lines_from, measure):
    tickets = pd.DataFrame({"customer_id": ["a", "stranger"], "opened_at": pd.to_datetime(["2025-06-01"] * 2), "is_complaint": True})
    told = measure(lines_from(("a", "2025-06-01", 10), ("c", "2025-06-01", 10)), tables={"customers": people("a", "p"), "tickets": tickets}).set_index("customer_id")
    assert list(told.index) == ["a", "c", "p"]
    assert told.loc["p", ["order_count", "total_spend", "orders_12m", "spend_q1", "complaints_recent", "history_days"]].tolist() == [0, 0, 0, 0, 0, 29]
    assert told.loc["p", ["recency_days", "tenure_days", "median_gap_days", "first_order_date"]].isna().all()
    assert pd.isna(told.at["c", "kind"])  # bought, but nobody entered him


def test_without_a_customer_list_there_are_no_prospects(lines_from, measure):
    talks = pd.DataFrame({"customer_id": ["a", "z"], "at": pd.to_datetime(["2025-06-01"] * 2)})
    assert measure(lines_from(("a", "2025-06-01", 10)), tables={"interactions": talks})["customer_id"].tolist() == ["a"]


def test_categories_are_measured_only_where_products_have_some(lines_from, measure):
    lines = lines_from(("a", "2025-06-01", 10)).assign(product_id="p")
    products = pd.DataFrame({"product_id": ["p"], "category": ["tea"]})
    assert measure(lines, tables={"products": products})["categories"].tolist() == [1]
    assert "categories" not in measure(lines, tables={"products": products.assign(category=None)})
    assert measure(lines, tables={"products": products, "customers": people("p")}).set_index("customer_id")["categories"].to_dict() == {"a": 1, "p": 0}


def test_known_until_lets_the_clock_run_on_while_nothing_happens(lines_from):
    lines = lines_from(("a", "2025-03-01", 10), ("a", "2025-05-01", 10), ("b", "2025-05-01", 10))
    talks = pd.DataFrame({"customer_id": ["a", "a"], "at": pd.to_datetime(["2025-03-01", "2025-05-01"])})
    idle = measure_customers(lines, {"interactions": talks}, as_of=AS_OF, known_until=dt.date(2025, 3, 31), **DEFAULTS)
    assert idle["customer_id"].tolist() == ["a"]  # nobody knew b
    assert idle[["order_count", "recency_days", "tenure_days", "contacts_12m"]].values.tolist() == [[1, 121, 121, 1]]


def test_movements_read_once_give_the_same_as_the_lines(make_lines):
    lines, tables = make_lines(seed=4, customers=20), {"customers": people("c001", "c019", "zz")}
    moved = settle_movements(lines)
    for day in (AS_OF, dt.date(2024, 2, 29)):
        pd.testing.assert_frame_equal(measure_customers(lines, tables, as_of=day, movements=moved, **DEFAULTS), measure_customers(lines, tables, as_of=day, **DEFAULTS))


def test_no_order_at_all_is_no_fault(lines_from, measure):
    none = lines_from(("a", "2025-07-01", 10))
    assert measure(none).empty
    told = measure(none, tables={"customers": people("a", "b")})
    assert told["order_count"].tolist() == [0, 0] and told["history_days"].tolist() == [0, 0]


stamps = st.datetimes(dt.datetime(2025, 7, 1), dt.datetime(2026, 7, 1))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abz"), stamps, st.integers(0, 5)), min_size=1, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_rows_after_the_day_change_nothing_in_any_table(later, random):
    lines = pd.DataFrame({"customer_id": ["a", "a", "b"], "order_id": ["1", "2", "3"], "amount": [5.0, 6.0, 7.0], "product_id": ["p", "q", "p"],
                          "order_date": pd.to_datetime(["2025-01-01", "2025-06-01", "2025-06-30"])})  # fmt: skip
    tables = {
        "customers": people("a", "b", "c"), "products": pd.DataFrame({"product_id": ["p", "q"], "category": ["tea", "cups"]}),
        "interactions": pd.DataFrame({"customer_id": ["a"], "at": pd.to_datetime(["2025-06-01"])}),
        "surveys": pd.DataFrame({"customer_id": ["a"], "answered_on": pd.to_datetime(["2025-06-01"]), "csat": [4.0]}),
        "tickets": pd.DataFrame({"customer_id": ["b"], "opened_at": pd.to_datetime(["2025-06-01"]), "is_complaint": [True]}),
        "ratings": pd.DataFrame({"customer_id": ["a"], "criterion": ["strategic_fit"], "rater": ["Ann"], "score": [4], "rated_on": pd.to_datetime(["2025-06-01"]), "expires_on": pd.to_datetime([None])}),
    }  # fmt: skip
    expected = measure_customers(lines, tables, as_of=AS_OF, **DEFAULTS)

    def more(frame, **columns):
        new = pd.DataFrame({k: [f(*row) for row in later] for k, f in columns.items()})
        both = pd.concat([frame, new.astype({c: t for c, t in frame.dtypes.items() if c in new})], ignore_index=True)
        return both.sample(frac=1, random_state=random.randrange(2**31))

    def who(c, t, n):
        return c

    def when(c, t, n):
        return t

    changed = {
        "customers": more(tables["customers"], customer_id=lambda c, t, n: f"new{c}{t}{n}", created_on=when), "products": tables["products"],
        "interactions": more(tables["interactions"], customer_id=who, at=when), "surveys": more(tables["surveys"], customer_id=who, answered_on=when, csat=lambda c, t, n: max(n, 1)),
        "tickets": more(tables["tickets"], customer_id=who, opened_at=when, is_complaint=lambda c, t, n: n > 2),
        "ratings": more(tables["ratings"], customer_id=who, criterion=lambda c, t, n: "strategic_fit", rater=lambda c, t, n: "Ann", score=lambda c, t, n: max(n, 1), rated_on=when),
    }  # fmt: skip
    orders = more(lines, customer_id=who, order_id=lambda c, t, n: f"9{c}{t}", amount=lambda c, t, n: n - 2.0, order_date=when, product_id=lambda c, t, n: "q")
    pd.testing.assert_frame_equal(measure_customers(orders, changed, as_of=AS_OF, **DEFAULTS), expected)
