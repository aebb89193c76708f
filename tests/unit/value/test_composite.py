"""Composite value: points add up, missing parts are renormalised and flagged, one rating moves one customer, the core list is cut as told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.value.composite import combine_parts, score_parts, score_values, shifted_weights
from helpers.value.potential import COMPONENTS, anchored_scores, percentile_scores, rate_criteria, score_potential, score_strategic, weigh
from helpers.value.ranking import compare_ranks, measure_stability
from helpers.value.settings import ValueSettings

SETTINGS = ValueSettings()


def make_parts(**columns: list[float]) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    base = {"customer_id": [f"c{n}" for n in range(count)], "historic_score": [50.0] * count, "potential_score": [50.0] * count, "strategic_score": [50.0] * count, "potential_measured": [1.0] * count,
            "strategic_measured": [1.0] * count, "historic_value": [10.0] * count, "expected_value": [5.0] * count, "rating": [3.0] * count, "value": [15.0] * count}  # fmt: skip
    return pd.DataFrame(base | columns)


def rated(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["customer_id", "criterion", "score"]).assign(rater="S01").astype({"score": "Int64"})


def test_40_40_20_by_hand():
    parts = make_parts(historic_score=[90.0, 80.0], potential_score=[60.0, 40.0], strategic_score=[50.0, np.nan], strategic_measured=[2 / 3, np.nan], rating=[3.0, np.nan])
    told = score_values(parts, SETTINGS).set_index("customer_id")
    assert told.loc["c0", ["historic_points", "potential_points", "strategic_points", "value_score"]].tolist() == pytest.approx([36, 24, 10, 70])
    assert told.loc["c0", "weight_measured"] == pytest.approx(0.4 + 0.4 + 0.2 * 2 / 3) and told.loc["c0", "not_measured"] == ""
    assert told.loc["c1", "value_score"] == pytest.approx(60) and told.loc["c1", "weight_measured"] == pytest.approx(0.8) and told.loc["c1", "not_measured"] == "strategic"
    assert pd.isna(told.loc["c1", "strategic_points"]) and "no rating" in told.loc["c1", "reason"]
    assert told.loc["c1", ["score_low", "score_high"]].tolist() == pytest.approx([48, 68]) and told.loc["c0", "score_low"] == told.loc["c0", "score_high"] == 70


def test_a_missing_part_may_give_no_points_instead():
    parts = make_parts(historic_score=[80.0, 80.0], potential_score=[40.0, 40.0], strategic_score=[np.nan, 10.0], strategic_measured=[np.nan, 1.0])
    proven = score_values(parts, ValueSettings(missing_part="no_points")).set_index("customer_id")
    assert proven["value_score"].tolist() == pytest.approx([48, 50]) and proven.loc["c0", "not_measured"] == "strategic"  # now a rating can only help
    assert proven.loc["c0", "value_score"] == pytest.approx(proven.loc["c0", "score_low"])
    renormalised = score_values(parts, SETTINGS).set_index("customer_id")
    assert renormalised["value_score"].tolist() == pytest.approx([60, 50])


def test_a_customer_of_whom_nothing_is_measured_has_no_score():
    parts = make_parts(historic_score=[np.nan, 10.0], potential_score=[np.nan, 10.0], strategic_score=[np.nan, 10.0], potential_measured=[np.nan, 1.0], strategic_measured=[np.nan, 1.0])
    told = score_values(parts, SETTINGS).set_index("customer_id")
    assert pd.isna(told.loc["c0", "value_score"]) and pd.isna(told.loc["c0", "value_rank"]) and not told.loc["c0", "is_core"] and told.loc["c0", "weight_measured"] == 0
    assert told.loc["c0", "reason"] == "no part is measured" and told.loc["c1", "value_rank"] == 1


scores = st.one_of(st.none(), st.floats(0, 100))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(scores, scores, scores), min_size=1, max_size=12), st.tuples(*[st.floats(0, 1)] * 3).filter(lambda w: sum(w) > 0.05))
def test_points_add_up_to_the_score_and_stay_within_bounds(rows, raw):
    parts = make_parts(historic_score=[r[0] for r in rows], potential_score=[r[1] for r in rows], strategic_score=[r[2] for r in rows]).astype({"historic_score": float, "potential_score": float, "strategic_score": float})
    weights = ValueSettings(historic_weight=raw[0], potential_weight=raw[1], strategic_weight=raw[2]).weights
    told = combine_parts(parts, weights)
    points = told[["historic_points", "potential_points", "strategic_points"]].sum(axis=1, min_count=1)
    known = told["value_score"].notna()
    assert points[known].to_numpy() == pytest.approx(told.loc[known, "value_score"].to_numpy(), abs=1e-4)
    assert told.loc[known, "value_score"].between(-1e-6, 100 + 1e-6).all() and told["weight_measured"].between(0, 1 + 1e-6).all()
    assert (told["score_low"] <= told["score_high"] + 1e-6).all()


def test_equal_scores_share_a_rank_and_row_order_changes_nothing():
    parts = make_parts(historic_score=[10.0, 90.0, 90.0, 50.0], value=[1.0, 2.0, 9.0, 4.0])
    told = score_values(parts, SETTINGS)
    assert told["value_rank"].tolist() == [4, 1, 1, 3] and told["core_rank"].fillna(0).tolist() == [0, 2, 1, 3]
    pd.testing.assert_frame_equal(told, score_values(parts.sample(frac=1, random_state=2), SETTINGS))


def test_core_by_share_of_value_and_by_count():
    parts = make_parts(historic_score=[90.0, 80.0, 70.0, 60.0], value=[50.0, 25.0, 20.0, 5.0])
    assert score_values(parts, SETTINGS)["is_core"].tolist() == [True, True, True, False]  # 75 % after two is not yet 80 %
    assert score_values(parts, ValueSettings(core_share=0.5))["is_core"].tolist() == [True, False, False, False]
    assert score_values(parts, ValueSettings(core_by="count", core_count=2))["is_core"].tolist() == [True, True, False, False]
    assert not score_values(make_parts(value=[0.0, 0.0]), SETTINGS)["is_core"].any()


def test_one_rating_moves_exactly_one_customers_strategic_part():
    ratings = rated(("a", "strategic_fit", 3), ("a", "reference_value", 4), ("b", "strategic_fit", 5), ("c", "test_feedback", 2))
    changed = ratings.assign(score=ratings["score"].mask((ratings["customer_id"] == "a") & (ratings["criterion"] == "strategic_fit"), 5))
    values = pd.DataFrame({"customer_id": list("abcd"), "historic_value": [10.0, 20.0, 30.0, 40.0], "expected_value": [4.0, 3.0, 2.0, 1.0]})

    def all_of(table: pd.DataFrame) -> pd.DataFrame:
        potential = score_potential(values, pd.Series(dtype="float64"), None, None, rate_criteria(table, SETTINGS.potential_criteria), SETTINGS)
        return score_values(score_parts(values, None, potential, score_strategic(table, SETTINGS)), SETTINGS).set_index("customer_id")

    before, after = all_of(ratings), all_of(changed)
    assert before.loc["a", "strategic_score"] == 62.5 and after.loc["a", "strategic_score"] == 87.5
    same = [c for c in before if c not in ("value_rank", "rank_best", "rank_worst", "core_rank", "is_core", "reason")]
    pd.testing.assert_frame_equal(before.drop(index="a")[same], after.drop(index="a")[same], check_exact=True)
    parts = ["historic_score", "potential_score"]
    pd.testing.assert_series_equal(before.loc["a", parts], after.loc["a", parts])


def test_ratings_are_averaged_over_raters_then_criteria_and_strange_scores_ignored():
    two = pd.concat([rated(("a", "strategic_fit", 2), ("a", "reference_value", 5)), rated(("a", "strategic_fit", 4), ("a", "trust", 1), ("b", "strategic_fit", 9)).assign(rater="CS01")])
    told = score_strategic(two, SETTINGS)
    assert told["customer_id"].tolist() == ["a"] and told["rating"].item() == 4 and told["rated"].item() == 2 and told["raters"].item() == 2
    assert told["strategic_measured"].item() == pytest.approx(2 / 3)
    assert score_strategic(None, SETTINGS).empty and score_strategic(two.head(0), SETTINGS).empty


def test_potential_renormalises_what_is_missing():
    values = pd.DataFrame({"customer_id": ["a", "b"], "expected_value": [10.0, 20.0]})
    told = score_potential(values, pd.Series({"a": 0.5}), pd.Series({"a": 3.0, "b": 0.0}), None, rate_criteria(rated(("b", "influence", 5)), SETTINGS.potential_criteria), SETTINGS).set_index("customer_id")
    assert told.loc["a", "potential_score"] == pytest.approx((0.4 * 25 + 0.2 * 50 + 0.2 * 75) / 0.8) and told.loc["a", "potential_measured"] == pytest.approx(0.8)
    assert told.loc["b", "potential_score"] == pytest.approx((0.4 * 75 + 0.2 * 25 + 0.1 * 100) / 0.7) and told.loc["b", "rating"] == 5
    assert set(COMPONENTS) == {c.removesuffix("_score") for c in told if c.endswith("_score") and c != "potential_score"} - {"referred_value"}


def test_scales():
    assert percentile_scores(pd.Series([3.0, 1.0, 3.0, 9.0])).tolist() == [50.0, 12.5, 50.0, 87.5]
    assert anchored_scores(pd.Series([1, 3, 5])).tolist() == [0, 50, 100]
    score, measured = weigh({"a": pd.Series([np.nan])}, {"a": 1.0})
    assert score.isna().all() and measured.tolist() == [0.0]


def test_shifts_never_make_a_weight_negative():
    for weights in ({"historic": 0.4, "potential": 0.4, "strategic": 0.2}, {"historic": 1.0, "potential": 0.0, "strategic": 0.0}):
        for shifted in shifted_weights(weights, 0.1).values():
            assert min(shifted.values()) >= 0 and sum(shifted.values()) == pytest.approx(1)


def test_stability_says_how_many_stay_core():
    rng = np.random.default_rng(1)
    parts = make_parts(historic_score=list(rng.uniform(0, 100, 200)), potential_score=list(rng.uniform(0, 100, 200)), strategic_score=list(rng.uniform(0, 100, 200)), value=list(rng.gamma(1, 50, 200)))
    told = measure_stability(parts, SETTINGS)
    assert len(told) == 7 and told["shift"].iloc[0] == "as set" and told["rank_correlation"].iloc[0] == 1 and told["core_kept"].iloc[0] == 1
    assert (told["rank_correlation"].iloc[1:] > 0.9).all() and told["core_kept"].between(0, 1).all() and (told["largest_move"].iloc[1:] > 0).all()
    same = measure_stability(make_parts(historic_score=[90.0, 10.0], potential_score=[90.0, 10.0], strategic_score=[90.0, 10.0]), SETTINGS)
    assert (same["largest_move"] == 0).all() and (same["core_kept"] == 1).all()


def test_ranks_hold_for_scores_that_agree_and_reason_names_the_range():
    told = score_values(make_parts(historic_score=[90.0, 40.0, 10.0], potential_score=[20.0, 60.0, 10.0], strategic_score=[50.0, 50.0, 10.0]), SETTINGS).set_index("customer_id")
    assert told.loc["c2", "rank_best"] == told.loc["c2", "rank_worst"] == 3
    assert told.loc["c0", "rank_best"] == 1 and told.loc["c0", "rank_worst"] == 2 and "(1 to 2 under other weights)" in told.loc["c0", "reason"]


def test_agreement_with_simpler_orders():
    scored = score_values(make_parts(historic_score=[90.0, 80.0, 20.0, 10.0], value=[1.0, 1.0, 1.0, 1.0]), ValueSettings(core_by="count", core_count=2))
    told = compare_ranks(scored, {"revenue": pd.Series({"c0": 9.0, "c1": 1.0, "c2": 5.0, "c3": 0.0})})
    assert told[["core", "in_both", "in_both_share"]].values.tolist() == [[2, 1, 0.5]]
