"""Tiers of every customer and their size and weight: sums, sentences, edges."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.rules.schemes import NOT_MEASURED
from helpers.tiering.assign import NUMBERS, assign_all, assign_tiers, say_customers
from helpers.tiering.summary import SIZES, summarise_schemes, summarise_tiers


def test_every_customer_gets_one_tier_with_labels_rank_and_numbers(make_axes, schemes):
    axes, scheme = make_axes(), schemes["champions11"]
    tiers = assign_tiers(axes, scheme)
    assert tiers["customer_id"].tolist() == axes["customer_id"].tolist() and tiers["tier"].notna().all() and (set(NUMBERS) <= set(tiers))
    assert (tiers["rank"] == tiers["tier"].map(scheme.rank)).all() and (tiers["label_zh"] == tiers["tier"].map(scheme.label("zh"))).all()
    assert (tiers["call_first"] == (tiers["tier"] == "cant_lose")).all() and tiers["reason"].str.contains("usual gap").all()
    plain = {"tier": "str", "label_en": "str", "label_zh": "str", "rank": "Int64", "call_first": "boolean", "reason": "str", "rule": "Int64"}
    assert {c: str(tiers[c].dtype) for c in plain} == plain


def test_all_schemes_hold_all_customers(make_axes, schemes):
    axes = make_axes(customers=25)
    held = assign_all(axes, schemes)
    assert list(held.columns) == ["customer_id", *schemes] and held.notna().all(axis=None)
    mixed = assign_all(axes.sample(frac=1, random_state=2), schemes).sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(mixed, held)
    shares = summarise_schemes(axes, held, schemes)
    by_scheme = shares.groupby("scheme")
    assert by_scheme["customers"].sum().eq(len(axes)).all() and by_scheme["share"].sum().round(9).eq(1).all() and by_scheme["revenue_share"].sum().round(9).eq(1).all()
    assert by_scheme["revenue"].sum().round(2).eq(round(axes["total_spend"].sum(), 2)).all()
    assert shares.groupby("scheme")["is_fallback"].sum().eq(1).all()


def test_a_tier_is_sized_by_hand(schemes):
    axes = pd.DataFrame({"customer_id": list("abcd"), "total_spend": [10.1, 20.2, 69.7, 0.0], "order_count": pd.array([1, 3, 4, 0], "Int64"), "recency_days": pd.array([5, 15, 9, None], "Int64")})
    told = summarise_tiers(axes, pd.Series(["loyal", "loyal", "repeat", "prospect"]), schemes["stages5"]).set_index("tier")
    assert list(told.index) == ["loyal", "repeat", "first", "prospect", "lost"] and told["rank"].tolist() == [1, 2, 3, 4, 5]  # empty tiers stay
    assert told.loc["loyal", [*SIZES]].tolist() == [2, 30.3, 0.5, pytest.approx(0.303), pytest.approx(7.575), 10.0, 2.0]
    assert told.loc["prospect", ["customers", "revenue"]].tolist() == [1, 0] and pd.isna(told.at["prospect", "average_order_value"]) and pd.isna(told.at["first", "median_recency_days"])
    assert told.at["first", "customers"] == 0 and told.at["first", "share"] == 0


def test_who_is_not_measured_stands_last_and_only_when_there_is_somebody(make_axes, schemes):
    axes = make_axes(customers=10)
    held = assign_all(axes, schemes)
    strategic = summarise_tiers(axes, held["strategic3"], schemes["strategic3"])
    assert strategic["tier"].iloc[-1] == NOT_MEASURED and strategic["customers"].iloc[-1] == 10 and pd.isna(strategic["rank"].iloc[-1])
    assert NOT_MEASURED not in set(summarise_tiers(axes, held["stages4"], schemes["stages4"])["tier"])


def test_no_share_of_a_revenue_that_is_not_positive(lines_from, make_axes, schemes):
    lines = lines_from(("a", "2025-06-01", 10), ("a", "2025-06-02", -30))
    told = summarise_tiers(make_axes(lines=lines), pd.Series(["new"]), schemes["champions11"])
    assert told["revenue"].sum() == -20 and told["revenue_share"].isna().all()


@pytest.mark.parametrize(("lines", "tier"), [([("a", "2025-06-01", 10)], "new"), ([(c, d, 10) for c in "abc" for d in ("2025-05-01", "2025-06-01")], "needs_attention")])
def test_one_customer_and_customers_all_alike(lines_from, make_axes, schemes, lines, tier):
    axes = make_axes(lines=lines_from(*lines))
    held = assign_all(axes, schemes)
    assert held["champions11"].unique().tolist() == [tier] and held["zh8"].unique().tolist() == ["champion"]
    assert summarise_schemes(axes, held, schemes).groupby("scheme")["customers"].sum().eq(len(axes)).all()


@pytest.mark.parametrize(("orders", "days", "gap", "spend", "says"), [
    (1, 1, 30.0, 5.5, "1 order, last 1 day ago (usual gap 30 days), 5.50 in all"), (1200, 0, None, 12345.678, "1,200 orders, last 0 days ago, 12,345.68 in all"),
    (0, None, None, 0.0, "no order that stands"),
])  # fmt: skip
def test_a_reason_is_a_sentence_with_numbers(orders, days, gap, spend, says):
    one = pd.DataFrame({"order_count": pd.array([orders], "Int64"), "recency_days": pd.array([days], "Int64"), "usual_gap_days": pd.array([gap], "Float64"), "total_spend": [spend]})
    assert say_customers(one).tolist() == [says]
