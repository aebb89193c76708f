"""Keep, park or retire: classes, odds and decisions by hand; nobody is retired without odds."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from helpers.axes.settings import LifecycleSettings
from helpers.lifecycle.lapses import wilson
from helpers.lifecycle.pool import count_comebacks, dormancy_class, dormant_days, review_pool, summarise_pool
from helpers.lifecycle.sources import judge_sources

AS_OF, YEAR = dt.date(2025, 6, 30), 365


def people(*rows):
    """Customers from (recency, orders, spend)."""
    frame = pd.DataFrame(rows, columns=["recency_days", "order_count", "total_spend"]).astype({"recency_days": "Int64", "order_count": "Int64", "total_spend": "float64"})
    return frame.assign(customer_id=[f"c{i:03d}" for i in range(len(frame))])


def odds(name="1 order, dormant", customers=100, returned=2, spend=50.0):
    low, high = wilson(returned, customers)
    return pd.DataFrame([{"dormancy": name, "customers": customers, "returned": returned, "odds": returned / customers, "odds_low": low, "odds_high": high, "mean_spend": spend}]).astype({"customers": "Int64", "returned": "Int64"})


def test_a_year_is_twelve_calendar_months():
    assert dormant_days(AS_OF, LifecycleSettings()) == 365 and dormant_days(dt.date(2024, 6, 30), LifecycleSettings()) == 366
    assert dormant_days(dt.date(2025, 5, 31), LifecycleSettings(dormant_months=3)) == 92  # to the last day of February


def test_classes_by_orders_and_length_of_silence():
    told = dormancy_class(people((364, 1, 1), (365, 1, 1), (729, 2, 1), (730, 4, 1), (9999, 5, 1), (None, 0, 0)), YEAR)
    assert told.fillna("-").tolist() == ["-", "1 order, dormant", "2 to 4 orders, dormant", "2 to 4 orders, dormant twice as long", "5 orders or more, dormant twice as long", "-"]


def test_comebacks_by_hand():
    past = people((400, 1, 1), (500, 1, 1), (600, 1, 1), (400, 7, 1), (10, 1, 1))
    later = pd.DataFrame({"customer_id": ["c001", "c004"], "orders": [1, 3], "spend": [30.1, 500.0]})
    told = count_comebacks(past, later, YEAR).set_index("dormancy")
    assert told.loc["1 order, dormant"].tolist() == [3, 1, pytest.approx(1 / 3), *wilson(1, 3), 30.1]
    assert told.loc["5 orders or more, dormant"].tolist() == [1, 0, 0, *wilson(0, 1), 0]
    assert count_comebacks(past.head(0), later, YEAR).empty and count_comebacks(past.tail(1), later, YEAR).empty


def review(axes, known, **settings):
    return review_pool(axes, known, LifecycleSettings(**settings), as_of=AS_OF).set_index("customer_id")


CUSTOMERS = people((10, 5, 900), (400, 1, 10), (400, 1, 800), (400, 3, 20), (20, 2, 700), (30, 1, 600))


def test_only_the_hopeless_of_low_value_are_retired_and_each_is_told_why():
    told = review(CUSTOMERS, odds())
    assert told["decision"].tolist() == ["keep", "retire", "park", "park", "keep", "keep"]
    assert told.loc["c001", ["odds", "odds_of", "expected_return", "value_given_up"]].tolist() == [0.02, 100, 1.0, 1.0] and told["value_given_up"].notna().sum() == 1
    assert told["reason"].tolist() == [
        "not dormant", "of 100 like this (1 order, dormant) 2 ordered again within a year; spend 10",
        "of 100 like this (1 order, dormant) 2 ordered again within a year; a past spend of 800 is too much to give up",
        "no order for 400 days; the odds of coming back are not measured: nobody was dormant like this a year ago", "not dormant", "not dormant",
    ]  # fmt: skip


@pytest.mark.parametrize(("returned", "customers", "why"), [(0, 10, "too few to be sure that the odds are below 10 %"), (20, 100, "the odds are too good to stop"), (9, 100, "too few to be sure that the odds are below 10 %")])
def test_good_odds_and_few_customers_behind_them_park(returned, customers, why):
    told = review(CUSTOMERS, odds(customers=customers, returned=returned))
    assert told.at["c001", "decision"] == "park" and told.at["c001", "reason"].endswith(why)


@pytest.mark.parametrize("spend", [5, 100_000])
def test_nobody_is_retired_without_odds(spend):
    told = review(people(*[(900, 1, spend)] * 30), odds("5 orders or more, dormant"))
    assert told["decision"].eq("park").all() and told["odds"].isna().all() and told["reason"].str.contains("not measured").all()
    assert review(people(*[(900, 1, spend)] * 30), odds().head(0))["decision"].eq("park").all()


def test_settings_move_the_limits():
    assert review(CUSTOMERS, odds(), park_odds=0.01)["decision"].tolist()[1] == "park"
    assert review(CUSTOMERS, odds(), low_value_share=0.99)["decision"].tolist() == ["keep", "retire", "retire", "park", "keep", "keep"]
    assert review(CUSTOMERS, odds(), dormant_months=24)["decision"].eq("keep").all()


def test_the_summary_adds_up_and_names_the_unknown():
    told = summarise_pool(review(CUSTOMERS, odds()).reset_index()).set_index("decision")
    assert told["customers"].to_dict() == {"keep": 3, "park": 2, "retire": 1} and told["total_spend"].to_dict() == {"keep": 2200, "park": 820, "retire": 10}
    assert told["odds_unknown"].to_dict() == {"keep": 0, "park": 1, "retire": 0} and told["expected_return"].to_dict() == {"keep": 0, "park": 1, "retire": 1} and told["share"].sum() == pytest.approx(1)
    nobody = summarise_pool(review(CUSTOMERS.head(0), odds()).reset_index())
    assert nobody["customers"].tolist() == [0, 0, 0] and nobody["decision"].tolist() == ["keep", "park", "retire"]


def test_prospects_are_not_in_the_pool_and_row_order_is_irrelevant():
    axes = pd.concat([CUSTOMERS, people((None, 0, 0)).assign(customer_id="zz")], ignore_index=True)
    told = review(axes, odds())
    assert "zz" not in told.index
    pd.testing.assert_frame_equal(review(axes.sample(frac=1, random_state=1), odds()), told)


def test_sources_by_hand():
    axes = pd.DataFrame({"customer_id": list("abcdef"), "order_count": pd.array([1, 3, 0, 2, 2, 1], "Int64"), "activity": ["silent", "active", None, "slowing", "silent", "active"], "total_spend": [10.0, 20.5, 0.0, 5.0, 5.0, 7.0]})
    customers = pd.DataFrame({"customer_id": list("abcdez"), "source": ["fair", "fair", "fair", "web", None, "web"]})
    told = judge_sources(axes, customers).set_index("source")
    assert list(told.index) == ["fair", "not known", "web"]
    assert told.loc["fair", ["customers", "buyers", "repeat_share", "repeat_low", "repeat_high", "still_active", "spend_per_buyer"]].tolist() == [3, 2, 0.5, *wilson(1, 2), 0.5, 15.25]
    assert told["note"].eq("too few to compare").all()
    many = pd.DataFrame({"customer_id": [f"c{i}" for i in range(20)], "source": "web"})
    assert judge_sources(pd.DataFrame({"customer_id": many["customer_id"], "order_count": 2, "activity": "active", "total_spend": 1.0}), many)["note"].tolist() == [""]
