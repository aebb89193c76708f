"""Every customer has exactly one tier, whatever the scores."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from helpers.tiering.settings import RfmSettings
from helpers.tiering.tiers import TIER_NAMES, TIERS, assign_tiers, summarise_tiers


def make_scored(*rows: tuple[str, int, int | None, int | None, int | None, int | None, int | None, float]) -> pd.DataFrame:
    """Rows of (customer, orders, recency, tenure, r, f, m, spend)."""
    columns = ["customer_id", "order_count", "recency_days", "tenure_days", "r_score", "f_score", "m_score", "total_spend"]
    whole = dict.fromkeys(columns[1:7], "Int64")
    return pd.DataFrame(list(rows), columns=columns).astype({"customer_id": "str", "total_spend": "float64", **whole})


EXAMPLES = {
    "No standing order": ("a", 0, None, None, None, None, None, 0.0),
    "New": ("b", 1, 89, 89, 5, 1, 5, 900.0),  # tested first: a first order can be large
    "Best": ("c", 9, 5, 400, 5, 5, 4, 500.0),
    "Lapsing best": ("d", 3, 300, 900, 2, 3, 5, 800.0),
    "Loyal": ("e", 4, 100, 500, 3, 4, 2, 90.0),
    "Promising": ("f", 1, 95, 95, 4, 1, 3, 40.0),
    "Lapsing": ("g", 2, 400, 700, 1, 3, 2, 30.0),
    "Sleeping": ("h", 1, 800, 800, 1, 1, 1, 9.0),
    "Occasional": ("i", 1, 200, 200, 3, 1, 2, 20.0),
}


@pytest.mark.parametrize("name", TIER_NAMES)
def test_each_tier_has_its_customer(name: str) -> None:
    assert assign_tiers(make_scored(EXAMPLES[name]), RfmSettings())["tier"].tolist() == [name]


def test_every_rule_is_shown_and_every_shown_tier_has_a_rule() -> None:
    assert sorted(TIER_NAMES) == sorted(t.name for t in TIERS)


@pytest.mark.parametrize("bands", [2, 3, 4, 5, 7, 10])
def test_rules_are_total_and_exclusive_over_all_codes(bands: int) -> None:
    scale = [None, *range(1, bands + 1)]
    codes = itertools.product(scale, scale, scale, [0, 1, 3], [None, 5, 500])
    everyone = make_scored(*[(str(i), n, 30, t, r, f, m, 1.0) for i, (r, f, m, n, t) in enumerate(codes)])
    tiers = assign_tiers(everyone, RfmSettings(bands=bands))
    assert tiers["tier"].isin(TIER_NAMES).all()
    assert len(tiers) == len(everyone)
    pd.testing.assert_frame_equal(tiers[everyone.columns], everyone)
    assert tiers.loc[tiers["order_count"] == 0, "tier"].eq("No standing order").all()
    assert tiers.loc[(tiers["order_count"] == 1) & (tiers["tenure_days"] == 5), "tier"].eq("New").all()


def test_new_ends_on_the_day_the_setting_says() -> None:
    one = make_scored(EXAMPLES["New"])
    assert assign_tiers(one, RfmSettings(new_days=89))["tier"].tolist() == ["Promising"]


def test_reasons_state_the_numbers() -> None:
    rows = make_scored(("x", 1, 1, 1, 5, 1, 1, 1234.5), EXAMPLES["Loyal"], EXAMPLES["No standing order"])
    assert assign_tiers(rows, RfmSettings())["reason"].tolist() == [
        "1 order, last 1 day ago, 1,234.50 in all",
        "4 orders, last 100 days ago, 90.00 in all",
        "no order that stands",
    ]


def test_summary_weighs_every_tier() -> None:
    tiers = assign_tiers(make_scored(*EXAMPLES.values()), RfmSettings())
    summary = summarise_tiers(tiers).set_index("tier")
    assert summary.index.tolist() == list(TIER_NAMES)
    assert summary["customers"].sum() == len(EXAMPLES)
    assert summary["share"].sum() == pytest.approx(1)
    assert summary["revenue_share"].sum() == pytest.approx(1)
    assert summary.loc["Lapsing best", ["revenue", "average_order_value", "median_recency_days"]].tolist() == [
        800.0,
        pytest.approx(266.6667),
        300.0,
    ]


def test_summary_of_nobody_has_all_tiers_with_zero() -> None:
    summary = summarise_tiers(assign_tiers(make_scored(), RfmSettings()))
    assert summary["customers"].tolist() == [0] * len(TIER_NAMES)
    assert summary["revenue_share"].isna().all()


def test_share_of_a_loss_is_unknown() -> None:
    lost = make_scored(("a", 1, 500, 500, 1, 1, 1, -50.0), ("b", 1, 500, 500, 1, 1, 1, 20.0))
    summary = summarise_tiers(assign_tiers(lost, RfmSettings()))
    assert summary["revenue"].sum() == -30.0
    assert summary["revenue_share"].isna().all()
    assert summary["share"].sum() == pytest.approx(1)


def test_row_order_is_irrelevant() -> None:
    tiers = assign_tiers(make_scored(*[(str(i), 2, 30, 300, 3, 3, 3, 0.1 * i) for i in range(50)]), RfmSettings())
    pd.testing.assert_frame_equal(summarise_tiers(tiers.sample(frac=1, random_state=3)), summarise_tiers(tiers))
