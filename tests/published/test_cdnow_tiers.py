"""CDNOW in tiers: the published shares (features.md 3.1 and 10), and every scheme whole on real data.

The published figures count a purchase of nothing as one; ours count orders with money, so here the free lines get a trifle.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from helpers.axes.activity import find_limits, judge_activity
from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.measures import measure_customers
from helpers.axes.population import Yardsticks, fit_population
from helpers.axes.settings import ActivitySettings
from helpers.engine import to_pandas
from helpers.rules.schemes import NOT_MEASURED, assign_scheme, read_scheme, schemes_of
from helpers.runs import Run
from helpers.runs.schemefiles import read_scheme_file, read_scheme_files, scheme_folder
from helpers.tiering.assign import assign_all

END, YEAR_END = dt.date(1998, 6, 30), dt.date(1997, 12, 31)


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    return to_pandas(Run.open("cdnow", END.isoformat(), out=tmp_path_factory.mktemp("cdnow")).scan("order_lines"))


@pytest.fixture(scope="module")
def judged(lines):
    """Axes by day, each computed once."""
    known: dict[tuple[dt.date, bool], pd.DataFrame] = {}

    def call(day: dt.date, *, count_free: bool = True) -> pd.DataFrame:
        if (day, count_free) not in known:
            read = lines.assign(amount=lines["amount"].where(lines["amount"] != 0, 0.0001)) if count_free else lines
            known[(day, count_free)] = axes_of(read, day)
        return known[(day, count_free)]

    return call


def axes_of(lines, day):
    settings = AxisSettings()
    measures = measure_customers(lines, {}, as_of=day, activity=settings.activity, lifecycle=settings.lifecycle)
    return derive_axes(measures, fit_population(measures, settings.rfm, settings.activity), settings, as_of=day)


def silent_after(axes, months, day):
    rule = ActivitySettings(method="months", slowing_months=1, silent_months=months)
    return judge_activity(axes["recency_days"], find_limits(axes, Yardsticks({}, {}), rule, day)) == "silent"


def test_thirds_of_the_order_count_are_52_17_and_31_per_cent(judged):
    shares = judged(END)["f_band"].value_counts(normalize=True)
    assert [round(shares[b] * 100) for b in "LMH"] == [52, 17, 31]


@pytest.mark.parametrize(("day", "unnamed"), [(END, 0.5465), (YEAR_END, 0.5906)])
def test_four_rules_of_a_guide_leave_more_than_half_of_the_customers_without_a_name(judged, day, unnamed):
    guide = read_scheme(read_scheme_file(scheme_folder() / "public" / "guide_four_rules.yml"), "guide")
    axes = judged(day)
    shares = assign_scheme(axes.assign(r=axes["r_band"], f=axes["f_band"], m=axes["m_band"]), guide)["tier"].value_counts(normalize=True)
    assert round(shares["unnamed"], 4) == unnamed
    if day == END:
        assert [round(shares.get(t, 0.0), 3) for t in ("high", "churn_risk", "potential", "low")] == [0.221, 0.183, 0.05, 0.0]


def test_flat_rules_flag_most_customers_and_much_of_the_revenue(judged):
    axes = judged(END)
    six, three = silent_after(axes, 6, END), silent_after(axes, 3, END)
    assert (round(six.mean(), 3), round(three.mean(), 3)) == (0.781, 0.87)
    assert round(axes.loc[six, "total_spend"].sum() / axes["total_spend"].sum(), 2) == 0.46
    assert round(silent_after(judged(YEAR_END), 6, YEAR_END).mean(), 3) == 0.734


def test_of_those_silent_for_six_months_11_per_cent_bought_again_and_of_all_22(judged, lines):
    axes = judged(YEAR_END)
    later = set(lines.loc[(lines["order_date"] > pd.Timestamp(YEAR_END)) & (lines["order_date"] <= pd.Timestamp(END)), "customer_id"])
    back = axes["customer_id"].isin(later)
    assert round(back[silent_after(axes, 6, YEAR_END)].mean(), 3) == 0.111 and round(back.mean(), 3) == 0.218


@pytest.mark.parametrize("day", [dt.date(1997, 9, 30), END])
def test_every_customer_has_a_tier_in_every_scheme_and_few_fall_to_the_last(judged, lines, day):
    schemes, axes = schemes_of(read_scheme_files()), judged(day, count_free=False)
    held = assign_all(axes, schemes)
    assert len(held) == 2357 and held.notna().all(axis=None)
    for name, scheme in schemes.items():
        told = assign_scheme(axes, scheme)
        measured = told[told["tier"] != NOT_MEASURED]
        assert (measured["rule"] == 0).sum() <= scheme.fallback.max_share * len(measured) and scheme.fallback.max_share <= 0.10
        assert set(held[name]) <= {*scheme.rank, NOT_MEASURED}
    mixed = lines.sample(frac=1, random_state=7)
    pd.testing.assert_frame_equal(axes_of(mixed, day), axes)
    assert (held["champions11"] == NOT_MEASURED).sum() == (axes["order_count"] == 0).sum() == (8 if day == END else (axes["order_count"] == 0).sum())
