"""The threshold passport against brute force: every threshold is really moved and everything judged again."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from pydantic import ValidationError

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings
from helpers.tiering.assign import assign_all
from helpers.tiering.passport import COLUMNS, build_passport

AS_OF, CUTS = dt.date(2025, 6, 30), {"recency": "recency_days", "orders": "order_count", "spend": "total_spend"}
CASES = {
    "defaults": AxisSettings(),
    "months": AxisSettings(RfmSettings(method="mean_split"), ActivitySettings(preset="restaurant_3m"), LifecycleSettings(new_days=10)),
    "gaps of all": AxisSettings(
        RfmSettings(method="fixed", bands=3, recency_cuts_days=(30, 120), order_count_cuts=(3, 9), total_spend_cuts=(200, 900)), ActivitySettings(method="population", silent_share=0.99)
    ),
}


@pytest.fixture(scope="module")
def few(schemes):
    return {n: schemes[n] for n in ("champions11", "stages5")}


@pytest.fixture(scope="module")
def shop(make_lines, measure):
    return make_lines(seed=5, customers=60)


def judge_again(measures, settings, schemes, cut=None):
    population = fit_population(measures, settings.rfm, settings.activity)
    if cut is not None:
        name, place, by = cut
        row = (population["parameter"] == f"score:{name}") & (population["position"] == place)
        population.loc[row, "value"] += by
        moved = population["parameter"] == f"score:{name}"
        population.loc[moved, "value"] = sorted(population.loc[moved, "value"])
    return assign_all(derive_axes(measures, population, settings, as_of=AS_OF), schemes)


def moved_by_hand(row, sign, measures, settings, schemes):
    """Every customer's tiers with one threshold moved one step, or None where that is not allowed."""
    head, _, key = row.threshold.partition(".")
    if head in ("activity", "lifecycle"):
        section = getattr(settings, head)
        old = getattr(section, key)
        try:
            changed = type(section)(**(section.model_dump() | {key: type(old)(round(old + sign * row.step, 10))}))
        except ValidationError:
            return None
        return judge_again(measures, replace(settings, **{head: changed}), schemes)
    if head in schemes:
        other = schemes | {head: schemes[head].with_parameter(key, row.value + sign * row.step)}
        return judge_again(measures, settings, other)
    name, _, place = row.threshold.split()
    return judge_again(measures, settings, schemes, (CUTS[name], int(place), sign * row.step))


@pytest.mark.parametrize("case", CASES)
def test_every_row_counts_who_would_really_change(shop, measure, few, case):
    settings, chosen = CASES[case], few
    measures = measure(shop, activity=settings.activity, lifecycle=settings.lifecycle)
    population = fit_population(measures, settings.rfm, settings.activity)
    axes = derive_axes(measures, population, settings, as_of=AS_OF)
    passport = build_passport(axes, population, chosen, settings, primary="champions11", as_of=AS_OF)
    before, moves = assign_all(axes, chosen), 0
    for row in passport.itertuples():
        for side, sign in (("lower", -1), ("higher", 1)):
            after = moved_by_hand(row, sign, measures, settings, chosen)
            told = getattr(row, f"changed_if_{side}"), getattr(row, f"primary_if_{side}")
            if after is None:
                assert pd.isna(told[0]) and pd.isna(told[1]), (row.threshold, side)
                continue
            assert told == ((after != before).any(axis=1).sum(), (after["champions11"] != before["champions11"]).sum()), (row.threshold, side)
            moves += told[0]
    assert moves > 0 and passport.dtypes.astype(str).to_dict() == COLUMNS


def rows_of(make_axes, few, settings, lines=None, **chosen):
    axes = make_axes(lines=lines, settings=settings, **chosen)
    return build_passport(axes, fit_population(axes, settings.rfm, settings.activity), few, settings, primary="champions11", as_of=AS_OF).set_index("threshold")


def test_thresholds_of_other_methods_are_left_out_and_a_step_that_is_not_allowed_is_missing(make_axes, few):
    months = rows_of(make_axes, few, CASES["months"])
    assert {"activity.slowing_months", "activity.silent_months"} <= set(months.index) and "activity.silent" not in months.index
    assert months.loc["activity.silent_months", ["changed_if_lower", "primary_if_lower"]].isna().all()  # 2 would not come after slowing
    assert months.at["lifecycle.new_days", "changed_if_lower"] is pd.NA  # 10 less 15 days
    gaps = rows_of(make_axes, few, CASES["gaps of all"], customers=60)
    assert gaps.loc[["activity.slowing_share", "activity.silent_share"], "percentile"].tolist() == [0.8, 0.99]
    assert pd.isna(gaps.at["activity.silent_share", "changed_if_higher"])  # beyond all gaps there is none
    assert gaps.at["activity.silent_share", "changed_if_lower"] > 0


def test_a_threshold_stands_where_it_lies_in_the_data(make_axes, few):
    axes = make_axes(customers=60)
    told = rows_of(make_axes, few, AxisSettings(), customers=60)
    buyers = axes[axes["order_count"] > 0]
    assert told.at["activity.silent", "percentile"] == (buyers["silence"].dropna() < 2.5).mean()
    assert told.at["recency cut 1", "percentile"] == (buyers["recency_days"] < told.at["recency cut 1", "value"]).mean()
    assert told.at["stages5.loyal_orders", "measure"] == "order_count" and told.at["stages5.loyal_days", "measure"] == "tenure_days"
    assert told.at["stages5.loyal_orders", "percentile"] == (buyers["order_count"] < 5).mean()
    assert told["preset"].str.len().gt(0).all()


def test_one_customer_and_all_alike_have_no_cuts_and_nobody_changes(lines_from, make_axes, few):
    for lines in (lines_from(("a", "2025-06-01", 10)), lines_from(*[(c, d, 10) for c in "abc" for d in ("2025-06-13", "2025-06-25")])):
        told = rows_of(make_axes, few, AxisSettings(), lines=lines)
        assert not [t for t in told.index if " cut " in t] and told["changed_if_lower"].sum() == told["changed_if_higher"].sum() == 0
