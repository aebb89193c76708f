"""Matrices by hand: where high begins, ties, customers of nothing."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.tiering.matrices import COLUMNS, build_matrices, core_cut, median_cut, place_customers


def axes_of(spend, potential, orders=None, average=None):
    count = len(spend)
    return pd.DataFrame({
        "customer_id": [f"c{i}" for i in range(count)], "spend_12m": spend, "potential_score": potential, "order_count": pd.array(orders or [3] * count, "Int64"),
        "average_order_value": average or [10.0] * count, "total_spend": spend,
    }).astype({"spend_12m": "float64", "potential_score": "float64", "total_spend": "float64"})  # fmt: skip


def counts(axes, matrix="value_potential", cut="median", share=0.8):
    told = build_matrices(axes, share)
    return told[(told["matrix"] == matrix) & (told["cut"] == cut)].set_index("quadrant_en")["customers"].to_dict()


def test_each_quadrant_has_its_customers_and_their_revenue():
    axes = axes_of([100, 90, 20, 10, 0], [80, 10, 90, 5, None])
    told = build_matrices(axes, 0.8)
    median = told[(told["matrix"] == "value_potential") & (told["cut"] == "median")]
    assert median[["quadrant_en", "x_cut", "y_cut", "customers", "revenue"]].values.tolist() == [
        ["Core", 55, 45, 1, 100], ["Keep", 55, 45, 1, 90], ["Develop", 55, 45, 1, 20], ["Standard", 55, 45, 1, 10],
    ]  # the customer without a potential score is not placed
    assert median["share"].tolist() == [0.25] * 4 and median["revenue_share"].sum() == pytest.approx(1) and told.dtypes.astype(str).to_dict() == COLUMNS
    core = told[(told["matrix"] == "value_potential") & (told["cut"] == "core")]
    assert core["x_cut"].tolist() == [90] * 4 and core["customers"].sum() == 4  # 100 alone is less than 80 % of 220


def test_the_core_is_the_smallest_group_of_the_largest_and_never_splits_equals():
    assert core_cut(pd.Series([50.0, 30.0, 15.0, 5.0]), 0.8) == 30 and core_cut(pd.Series([50.0, 30.0, 15.0, 5.0]), 0.81) == 15
    assert core_cut(pd.Series([10.0] * 10), 0.8) == 10  # all of them
    assert core_cut(pd.Series([0.1] * 3 + [0.2]), 0.4) == 0.2 and pd.isna(core_cut(pd.Series([0.0, 0.0]), 0.8)) and pd.isna(core_cut(pd.Series([-5.0]), 0.8))
    assert core_cut(pd.Series([50.0, None, -20.0, 30.0]), 0.8) == 50  # returns lower the sum: 80 % of 60


def test_a_median_of_nothing_is_not_high():
    """CDNOW: half of the buyers spent nothing in twelve months and ordered once; all of them were Core and Frequent."""
    assert counts(axes_of([0, 0, 0, 5, 90], [50] * 5)) == {"Core": 2, "Keep": 0, "Develop": 3, "Standard": 0}
    rare = axes_of([1] * 4, [1] * 4, orders=[1, 1, 1, 2], average=[4.0, 3.0, 2.0, 1.0])
    assert counts(rare, "frequency_order_value") == {"Best": 0, "Frequent": 1, "Spender": 2, "Uncertain": 1}
    assert (median_cut(pd.Series([2.0, 2.0, 2.0])), median_cut(pd.Series([1.0, 2.0, 2.0, 3.0]))) == (2, 2)


@pytest.mark.parametrize("count", [1, 4])
def test_one_customer_and_customers_all_alike_are_all_high(count):
    axes = axes_of([10] * count, [50] * count)
    for matrix, best in (("value_potential", "Core"), ("frequency_order_value", "Best")):
        for cut in ("median", "core"):
            assert counts(axes, matrix, cut)[best] == count


def test_nobody_who_bought_is_no_fault_and_prospects_are_not_placed():
    nobody = axes_of([0], [None], orders=[0])
    told = build_matrices(nobody, 0.8)
    assert told["customers"].sum() == 0 and told[["x_cut", "revenue_share"]].isna().all(axis=None) and len(told) == 16
    assert len(build_matrices(nobody.head(0), 0.8)) == 16


def test_row_order_is_irrelevant_and_every_placed_customer_is_in_one_quadrant(make_axes):
    axes = make_axes()
    pd.testing.assert_frame_equal(build_matrices(axes.sample(frac=1, random_state=3), 0.8), build_matrices(axes, 0.8))
    told = build_matrices(axes, 0.8).groupby(["matrix", "cut"])["customers"].sum()
    placed = place_customers(axes, "frequency_order_value", "median", 0.8)
    assert told["frequency_order_value"].eq(len(placed)).all() and len(placed) == (axes["order_count"] > 0).sum()
