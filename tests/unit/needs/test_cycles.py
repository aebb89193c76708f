"""The next order: shrinkage, intervals, overdue flags by hand; calibration on simulated rhythms."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from helpers.needs.category_cycles import forecast_categories
from helpers.needs.cycles import fit_rhythms, forecast_cycles, summarise_gaps
from helpers.needs.judge_cycles import add_return_probability, judge_cycles
from helpers.needs.settings import CyclesSettings

AS_OF = dt.date(2025, 6, 30)
PLAIN = CyclesSettings()


def every(customer, gap, times, last="2025-06-20"):
    days = pd.Timestamp(last) - pd.to_timedelta(np.arange(times)[::-1] * gap, unit="D")
    return pd.DataFrame({"customer_id": customer, "order_date": days})


def shoppers(seed, customers=400, leave=0.0, spread=0.35):
    """Customers with a rhythm of their own between 8 and 60 days, who leave for good with a chance of `leave` after each order."""
    rng, parts = np.random.default_rng(seed), []
    for c in range(customers):
        mean, day, days = np.exp(rng.normal(3.1, 0.5)), float(rng.integers(0, 60)), []
        while day < 540:
            days.append(int(day))
            if rng.random() < leave:
                break
            day += max(1.0, mean * rng.lognormal(0, spread))
        parts.append(pd.DataFrame({"customer_id": f"c{c:03}", "order_date": pd.Timestamp("2024-01-07") + pd.to_timedelta(sorted(set(days)), unit="D")}))
    return pd.concat(parts, ignore_index=True)


def test_gaps_by_hand():
    days = pd.DataFrame({"customer_id": list("aaab"), "order_date": pd.to_datetime(["2025-01-01", "2025-01-11", "2025-02-10", "2025-03-01"])})
    gaps = summarise_gaps(days, ["customer_id"]).set_index("customer_id")
    assert gaps.loc["a", ["orders", "gaps", "own_gap_days"]].tolist() == [3, 2, 20.0]
    assert gaps.at["a", "mean_log"] == pytest.approx(np.log(300) / 2) and np.isnan(gaps.at["b", "own_gap_days"])


def test_one_gap_is_pulled_to_the_group_and_twenty_gaps_are_not():
    crowd = pd.concat([every(f"g{n:02}", 10 + n % 3, 8) for n in range(40)])
    days = pd.concat([crowd, every("few", 60, 2), every("many", 60, 21)])
    told = forecast_cycles(days, None, as_of=AS_OF, settings=PLAIN).set_index("customer_id")["expected_gap_days"]
    assert told["few"] < told["many"] and told["many"] == pytest.approx(60, rel=0.05)
    assert 11 < told["few"] < 58


def test_a_small_group_takes_the_rhythm_of_everybody():
    days = pd.concat([every(f"g{n:02}", 10, 5) for n in range(40)] + [every("odd", 50, 5)])
    groups = pd.DataFrame({"customer_id": [f"g{n:02}" for n in range(40)] + ["odd"], "group": ["beans"] * 40 + ["tea"]})
    told = forecast_cycles(days, groups, as_of=AS_OF, settings=PLAIN).set_index("customer_id")["group"]
    assert told["g00"] == "beans" and told["odd"] == "all customers"


def test_who_waits_longer_than_the_interval_is_overdue_and_nobody_else_has_a_date_in_the_past():
    days = pd.concat([every(f"g{n:02}", 10, 12) for n in range(40)] + [every("late", 10, 12, last="2025-04-01"), every("once", 10, 1)])
    told = forecast_cycles(days, None, as_of=AS_OF, settings=PLAIN).set_index("customer_id")
    assert bool(told.at["late", "is_overdue"]) and told.at["late", "overdue_days"] == (pd.Timestamp(AS_OF) - told.at["late", "next_order_on"]).days > 70
    assert pd.isna(told.at["once", "is_overdue"]) and pd.isna(told.at["once", "overdue_days"]) and "one order" in told.at["once", "reason"]
    calm = told[told["is_overdue"].fillna(True).eq(False)]
    assert len(calm) == 40 and (calm["next_order_on"] >= pd.Timestamp(AS_OF)).all() and (calm["overdue_days"] == 0).all()
    assert (calm["next_order_low"] <= calm["next_order_on"]).all() and (calm["next_order_on"] <= calm["next_order_high"]).all()


def test_the_interval_holds_the_share_it_promises():
    days = shoppers(1)
    cut = dt.date(2025, 1, 31)
    told = forecast_cycles(days[days["order_date"] <= pd.Timestamp(cut)], None, as_of=cut, settings=PLAIN).set_index("customer_id")
    following = days[days["order_date"] > pd.Timestamp(cut)].groupby("customer_id")["order_date"].min().reindex(told.index)
    fair = told[told["is_overdue"].fillna(True).eq(False) & following.notna()]
    inside = following[fair.index].between(fair["next_order_low"], fair["next_order_high"]).mean()
    assert 0.74 <= inside <= 0.86  # 80 % promised


def test_return_probabilities_are_calibrated_also_when_customers_leave():
    calibration, scores = judge_cycles(shoppers(2, customers=900, leave=0.06), None, as_of=AS_OF, settings=PLAIN)
    body = calibration.iloc[:-1]
    assert (body["predicted"].between(body["low"] - 0.03, body["high"] + 0.03)).all()
    assert scores["wins"].tolist() == [True, False, False] and scores["method"].iloc[0] == "cycle forecast"


def test_the_forecast_that_does_not_beat_the_naive_one_says_so():
    rng = np.random.default_rng(4)  # no rhythm at all: every customer orders on any day with the same chance
    days = pd.DataFrame(
        [(f"c{c:03}", pd.Timestamp("2025-06-30") - pd.Timedelta(days=int(d))) for c in range(300) for d in np.flatnonzero(rng.random(300) < 0.03)],
        columns=["customer_id", "order_date"],
    )
    _, scores = judge_cycles(days, None, as_of=AS_OF, settings=PLAIN)
    assert not scores["wins"].iloc[0]


@given(st.integers(0, 1000))
@limits(max_examples=4, deadline=None)
def test_neither_row_order_nor_what_comes_after_the_day_matters(seed):
    days = shoppers(seed, customers=40, leave=0.1)
    later = days.assign(order_date=days["order_date"] + pd.Timedelta(days=700))
    mixed = pd.concat([later[later["order_date"] > pd.Timestamp(AS_OF)], days]).sample(frac=1, random_state=seed)
    known = days[days["order_date"] <= pd.Timestamp(AS_OF)]
    pd.testing.assert_frame_equal(
        *(add_return_probability(forecast_cycles(d, None, as_of=AS_OF, settings=PLAIN), d, None, as_of=AS_OF, settings=PLAIN) for d in (known, mixed))
    )


def test_categories_have_rhythms_of_their_own():
    parts = [every("a", 30, 6).assign(item="beans"), every("a", 90, 3, last="2025-05-01").assign(item="filters"), every("a", 5, 2).assign(item="tea")]
    told = forecast_categories(pd.concat(parts), as_of=AS_OF, settings=PLAIN).set_index("category")
    assert list(told.index) == ["beans", "filters"] and told["purchase_days"].tolist() == [6, 3]
    assert told["is_overdue"].tolist() == [False, False] and told.at["beans", "next_on"] > pd.Timestamp(AS_OF)


@pytest.mark.parametrize(
    "days", [pd.DataFrame({"customer_id": pd.Series(dtype="str"), "order_date": pd.Series(dtype="datetime64[us]")}), every("a", 1, 1), every("a", 10, 2)]
)
def test_little_or_nothing_gives_a_table_and_no_test(days):
    told = add_return_probability(forecast_cycles(days, None, as_of=AS_OF, settings=PLAIN), days, None, as_of=AS_OF, settings=PLAIN)
    assert len(told) == days["customer_id"].nunique() and told["is_overdue"].dtype == "boolean"
    calibration, scores = judge_cycles(days, None, as_of=AS_OF, settings=PLAIN)
    assert calibration.empty and scores.empty
    assert fit_rhythms(summarise_gaps(days, ["customer_id"]), pd.Series("x", index=range(days["customer_id"].nunique())), PLAIN).index.tolist() == [
        "all customers"
    ]
