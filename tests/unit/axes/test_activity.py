"""Activity, trend and risk by hand: three methods, five presets, season and minimum base."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from pydantic import ValidationError

from helpers.axes.activity import expect_gaps, find_limits, judge_activity, judge_risk, judge_trend
from helpers.axes.population import Yardsticks
from helpers.axes.settings import PRESETS, ActivitySettings

AS_OF = dt.date(2025, 6, 30)
PACE = Yardsticks({}, {("gap:usual", "all"): 40.0, ("gap:slowing", "all"): 60.0, ("gap:silent", "all"): 120.0, ("gap:usual", "business"): 90.0})
TWO = pd.DataFrame({"median_gap_days": [10.0, None], "longest_gap_days": [15.0, None], "purchase_days": pd.array([3, 1], "Int64")})


def limits(settings, measures=TWO, pace=PACE):
    return find_limits(measures, pace, settings, AS_OF)[["usual_gap_days", "slowing_after_days", "silent_after_days"]].values.tolist()


def test_own_gaps_weigh_as_many_as_they_are_against_those_of_all():
    assert expect_gaps(TWO, PACE, ActivitySettings()).round(2).tolist() == [20.0, 40.0]  # two own, two of all: the geometric mean of 10 and 40
    assert expect_gaps(TWO.assign(purchase_days=pd.array([1001, 1], "Int64")), PACE, ActivitySettings()).round(1).tolist() == [10.0, 40.0]
    assert expect_gaps(TWO, PACE, ActivitySettings(least_gap_days=30)).tolist() == [30.0, 40.0]
    assert expect_gaps(TWO.assign(kind=["business", "consumer"]), PACE, ActivitySettings()).round(2).tolist() == [30.0, 40.0]  # pulled towards 90
    assert expect_gaps(TWO.assign(median_gap_days=[0.0, None]), PACE, ActivitySettings(least_gap_days=1)).round(2).tolist() == [6.32, 40.0]
    assert expect_gaps(TWO, Yardsticks({}, {}), ActivitySettings()).isna().all()  # nobody ever came back


def test_limits_under_the_three_methods():
    assert limits(ActivitySettings()) == [[20, 30, 50], [40, 60, 100]]
    assert limits(ActivitySettings(), TWO.assign(longest_gap_days=[75.0, None])) == [[20, 30, 75], [40, 60, 100]]  # not silent before the longest gap he ever ended
    assert limits(ActivitySettings(method="population")) == [[20, 60, 120], [40, 60, 120]]
    assert limits(ActivitySettings(method="months")) == [[20, 92, 182], [40, 92, 182]]  # from 30 March and from 30 December
    assert find_limits(TWO, PACE, ActivitySettings(method="months"), dt.date(2025, 5, 31))["silent_after_days"].tolist() == [182, 182]  # 30 November


@pytest.mark.parametrize(("preset", "expected"), [
    ("own_rhythm", [[20, 30, 50], [40, 60, 100]]), ("restaurant_3m", [[20, 61, 92], [40, 61, 92]]), ("general_6m", [[20, 92, 182], [40, 92, 182]]),
    ("grocery", [[20, 60, 120], [40, 120, 240]]), ("durable", [[30, 60, 120], [40, 60, 120]]),
])  # fmt: skip
def test_presets_fill_in_what_is_not_set(preset, expected):
    assert limits(ActivitySettings(preset=preset)) == expected


def test_what_is_set_beside_a_preset_goes_first_and_nonsense_is_refused():
    assert set(PRESETS) == {"own_rhythm", "restaurant_3m", "general_6m", "grocery", "durable"}
    assert ActivitySettings(preset="restaurant_3m", silent_months=5).model_dump(include={"slowing_months", "silent_months", "method"}) == {"method": "months", "slowing_months": 2, "silent_months": 5}
    for wrong in ({"preset": "hotel"}, {"preset": ["grocery"]}, {"slowing": 3}, {"slowing_share": 0.95}, {"slowing_months": 6}, {"preset": "grocery", "silent": 2}, {"silnet": 3}):
        with pytest.raises(ValidationError):
            ActivitySettings(**wrong)


def test_a_limit_is_reached_the_day_after_it():
    days = pd.array([30, 31, 50, 51, None], "Int64")
    cut = pd.DataFrame({"slowing_after_days": [30.0] * 5, "silent_after_days": [50.0] * 5})
    assert judge_activity(pd.Series(days), cut).fillna("?").tolist() == ["active", "slowing", "slowing", "silent", "?"]
    assert judge_activity(pd.Series([5, 500]), pd.DataFrame({"slowing_after_days": [None, None], "silent_after_days": [None, None]}, dtype="float64")).isna().all()


def trend(q1, q2, q3, year_ago=0.0, *, orders=5, first="2024-01-01", as_of=AS_OF, **settings):
    one = {"spend_q1": [q1], "spend_q2": [q2], "spend_q3": [q3], "spend_q5": [year_ago], "orders_3q": pd.array([orders], "Int64"), "first_order_date": pd.to_datetime([first])}
    row = judge_trend(pd.DataFrame(one), ActivitySettings(**settings), as_of).iloc[0]
    return None if pd.isna(row["trend"]) else row["trend"]


@pytest.mark.parametrize(("q1", "q2", "q3", "year_ago", "says"), [
    (80, 90, 100, 200, "falling"), (91, 95, 100, 200, "steady"), (90, 95, 100, 200, "falling"), (80, 100, 100, 200, "steady"), (80, 70, 100, 200, "steady"), (0, 50, 100, 10, "falling"),
    (80, 90, 100, 80, "steady"), (80, 90, 100, 79, "steady"),  # it was no better a year ago: the season
    (120, 110, 100, 50, "rising"), (109, 105, 100, 50, "steady"), (120, 110, 100, 120, "steady"), (50, 20, 0, 0, "rising"), (100, 100, 100, 100, "steady"), (0, 0, 0, 0, "steady"),
])  # fmt: skip
def test_three_quarters_decide_and_the_season_is_looked_at(q1, q2, q3, year_ago, says):
    assert trend(q1, q2, q3, year_ago) == says


def test_a_year_ago_counts_only_for_who_was_there_and_three_quarters_and_orders_are_needed():
    assert trend(80, 90, 100, 0, first="2024-04-01") == "falling"  # the quarter of a year ago began on that day: not there when it began
    assert trend(80, 90, 100, 0, first="2024-03-31") == "steady"
    assert trend(80, 90, 100, orders=2, first="2024-07-01") is None and trend(80, 90, 100, orders=2, first="2024-07-01", trend_orders=2) == "falling"
    assert trend(80, 90, 100, first="2024-12-31") == "falling" and trend(80, 90, 100, first="2025-01-01") is None
    assert trend(120, 110, 100, first="2024-09-30") == "rising" and trend(120, 110, 100, first="2024-10-01") == "steady"  # he started in the first of them
    assert trend(80, 90, 100, first="2024-12-31", as_of=dt.date(2025, 6, 29)) is None  # the quarter that goes on is none
    assert trend(50, 60, 100, trend_drop=0.6, first="2024-07-01") == "steady"


@pytest.mark.parametrize(("activity", "falls", "complaints", "says"), [
    ("active", "steady", 0, "none"), ("active", "falling", 0, "mild"), ("active", "steady", 1, "mild"), ("active", "falling", 3, "moderate"), ("slowing", "steady", 0, "mild"),
    ("slowing", None, 0, "mild"), ("slowing", "falling", 0, "moderate"), ("slowing", "falling", 1, "severe"), ("silent", "steady", 0, "moderate"), ("silent", "falling", 0, "severe"),
    ("silent", None, 5, "severe"), ("silent", "falling", 1, "severe"), (None, "falling", 1, None), ("silent", "rising", None, "moderate"),
])  # fmt: skip
def test_points_of_risk(activity, falls, complaints, says):
    told = judge_risk(pd.Series([activity], dtype="str"), pd.Series([falls], dtype="str"), pd.Series([complaints], dtype="Int64"))
    assert told.fillna("?").tolist() == [says or "?"]
    if complaints == 0:
        assert judge_risk(pd.Series([activity], dtype="str"), pd.Series([falls], dtype="str"), None).tolist() == told.tolist()
