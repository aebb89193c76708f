"""The axes table: scores on one scale, evidence that stays missing, and edges where nobody differs from anybody."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.columns import AXIS_COLUMNS, axis_domains
from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.axes.settings import RfmSettings

AS_OF = dt.date(2025, 6, 30)


def derive(measures, **rfm):
    chosen = AxisSettings(rfm=RfmSettings(**rfm))
    return derive_axes(measures, fit_population(measures, chosen.rfm, chosen.activity), chosen, as_of=AS_OF)


def check_domains(axes, top=5):
    """Every value is one that the linter expects, and missing only where it may be."""
    for name, domain in axis_domains(top).items():
        if name not in axes:
            continue
        known = axes[name].dropna()
        assert domain.may_be_missing or len(known) == len(axes), name
        assert not domain.values or set(known) <= set(domain.values), name
        assert domain.values or domain.text or (known.astype("float64") >= domain.low).all(), name


@pytest.mark.parametrize("bands", range(2, 11))
def test_five_steps_mean_the_same_under_any_number_of_bands(make_lines, measure, bands):
    axes = derive(measure(make_lines(customers=60)), bands=bands)
    check_domains(axes, bands)
    by_score = axes.groupby("r_score")["r_five"].agg(["min", "max"])
    assert (by_score["min"] == by_score["max"]).all() and by_score["min"].is_monotonic_increasing
    assert by_score["min"].iloc[0] == 1 and by_score["min"].iloc[-1] == 5
    expected = [min(max(1 + int((s - 1) * 4 / (bands - 1) + 0.5), 1), 5) for s in by_score.index]
    assert by_score["min"].tolist() == expected


def test_fm_five_is_the_mean_rounded_up_at_the_half(make_lines, measure):
    axes = derive(measure(make_lines(customers=60)))
    mean = (axes["f_score"] + axes["m_score"]).astype("float64") / 2
    assert axes["fm_five"].tolist() == np.floor(mean + 0.5).tolist() and (mean % 1 == 0.5).any()


@pytest.mark.parametrize("method", ["quantile", "mean_split"])
def test_a_real_shop_stays_inside_the_domains(make_lines, measure, method):
    people = pd.DataFrame({"customer_id": ["c001", "c002", "p"], "kind": ["business", "consumer", "consumer"], "region": ["N", None, "S"]})
    surveys = pd.DataFrame({"customer_id": ["c001"], "answered_on": pd.to_datetime(["2025-03-01"]), "nps": [3]})
    axes = derive(measure(make_lines(customers=50), tables={"customers": people, "surveys": surveys}), method=method)
    check_domains(axes, 2 if method == "mean_split" else 5)
    named = {n for n in AXIS_COLUMNS if n in axes}
    assert named >= {"value_score", "potential_score", "silence", "activity", "trend", "risk", "state", "relationship_score", "fit_band", "kind", "region"}


def test_evidence_that_is_not_there_stays_missing(make_lines, measure):
    axes = derive(measure(make_lines(customers=30)))
    assert axes[["relationship_score", "relationship_band", "fit_band"]].isna().all(axis=None)  # tenure alone is no relationship
    assert {"satisfaction", "contacts_12m", "categories", "fit_rating", "complaints_recent"}.isdisjoint(axes)


def test_relationship_is_the_mean_of_what_is_known(lines_from, measure):
    lines = lines_from(*[(c, day, 10) for i, c in enumerate("abcde") for day in (f"202{i}-06-01", "2025-06-01")])
    surveys = pd.DataFrame({"customer_id": ["a", "e"], "answered_on": pd.to_datetime(["2025-03-01"] * 2), "nps": [10, 1]})
    axes = derive(measure(lines, tables={"surveys": surveys})).set_index("customer_id")
    assert axes.loc[["a", "e"], "relationship_score"].tolist() == [100, 5]  # longest there and 100; shortest (0) and 10
    assert axes.loc[["a", "e"], "relationship_parts"].tolist() == [2, 2] and axes.loc[["b", "c", "d"], "relationship_score"].isna().all()


def test_fit_bands_follow_the_anchors_of_the_ratings(lines_from, measure):
    scores = {"a": 5, "b": 4, "c": 3, "d": 2}
    ratings = pd.DataFrame({"customer_id": list(scores), "criterion": "strategic_fit", "rater": "Ann", "score": list(scores.values()), "rated_on": pd.to_datetime("2025-06-01"), "expires_on": pd.NaT})
    axes = derive(measure(lines_from(*[(c, "2025-06-01", 10) for c in "abcde"]), tables={"ratings": ratings}))
    assert axes["fit_band"].fillna("?").tolist() == ["H", "H", "M", "L", "?"]


def test_potential_is_growth_room_and_rating_of_those_known(lines_from, measure):
    lines = lines_from(*[("old", day, amount) for day, amount in (("2023-01-01", 10), ("2024-01-01", 10), ("2025-01-01", 90))], ("young", "2025-06-01", 10)).assign(product_id=["p", "q", "r", "p"])
    assert derive(measure(lines)).set_index("customer_id")["potential_parts"].to_dict() == {"old": 1, "young": 0}
    products = pd.DataFrame({"product_id": ["p", "q", "r"], "category": ["tea", "cups", "cake"]})
    axes = derive(measure(lines, tables={"products": products})).set_index("customer_id")
    assert axes["potential_parts"].to_dict() == {"old": 2, "young": 1}
    assert axes.at["young", "potential_score"] == pytest.approx(100 * (1 - 1 / 2.8), abs=0.05)  # the widest tenth buys in 2.8 categories
    young = derive(measure(lines.tail(1)))
    assert young["potential_parts"].tolist() == [1]  # no growth and no products: the pace of the last year is all there is


@pytest.mark.parametrize("case", ["nobody", "one", "all alike", "all returned", "one day"])
def test_edges(lines_from, measure, case):
    lines = {
        "nobody": lines_from(("a", "2025-07-01", 1)), "one": lines_from(("a", "2025-06-01", 10)), "all alike": lines_from(*[(c, day, 10) for c in "abcd" for day in ("2025-05-01", "2025-06-01")]),
        "all returned": lines_from(("a", "2025-06-01", 10), ("a", "2025-06-02", -10)).assign(order_id="o"), "one day": lines_from(*[(c, "2025-06-30", n) for n, c in enumerate("abc", 5)]),
    }[case]  # fmt: skip
    axes = derive(measure(lines))
    check_domains(axes)
    assert len(axes) == {"nobody": 0, "one": 1, "all alike": 4, "all returned": 1, "one day": 3}[case]
    if case in ("one", "all alike"):
        assert set(axes["rfm_score"]) == {"333"} and set(axes["fm_five"]) == {3} and set(axes["r_band"]) == {"M"} and set(axes["value_score"]) == {50}
        assert set(axes["r_half"]) == set(axes["m_half"]) == {"H"}  # nobody is below the mean
    if case == "all returned":
        assert axes["state"].tolist() == ["prospect"] and axes[["r_score", "value_score", "activity", "risk", "potential_score"]].isna().all(axis=None)
    if case in ("one", "one day"):
        assert axes["state"].eq("new").all() and axes["activity"].isna().all()  # nobody ever came back
    if case == "one day":
        assert axes["m_score"].tolist() == [1, 3, 5] and axes["r_score"].tolist() == [3, 3, 3]


@pytest.fixture(scope="module")
def shop(make_lines, measure):
    return measure(make_lines(customers=40))


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 10))
def test_row_order_is_irrelevant(shop, random, bands):
    mixed = shop.sample(frac=1, random_state=random.randrange(2**31))
    pd.testing.assert_frame_equal(derive(mixed, bands=bands).sort_index(), derive(shop, bands=bands))
