"""Bands never split equal values, whatever the order of the rows."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from helpers.axes.bands import find_cuts, list_cut_points, quantile_cuts, say_bands, score_rfm, score_values
from helpers.axes.settings import RfmSettings
from helpers.errors import UserError


def make_rfm(recency: list[int | None], count: list[int], spend: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"customer_id": [f"c{i}" for i in range(len(count))], "recency_days": recency, "order_count": count, "total_spend": spend}
    )
    return frame.astype({"customer_id": "str", "recency_days": "Int64", "order_count": "Int64", "total_spend": "float64"})


TEN = make_rfm(list(range(1, 11)), list(range(1, 11)), [10.0 * n for n in range(1, 11)])
FIXED = {"recency_cuts_days": (30, 90), "order_count_cuts": (2, 5), "total_spend_cuts": (100, 500)}


def test_ten_different_values_fill_five_equal_bands() -> None:
    scored = score_rfm(TEN, RfmSettings())
    assert scored["f_score"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert scored["r_score"].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert scored["rfm_score"].iloc[[0, 9]].tolist() == ["511", "155"]


def test_many_one_time_buyers_share_one_score_and_the_rest_spread() -> None:
    counts = [1] * 52 + [2] * 17 + [3] * 10 + [4] * 8 + [5] * 5 + list(range(6, 14))
    scored = score_rfm(make_rfm([1] * 100, counts, [1.0] * 100), RfmSettings())
    assert scored.groupby("order_count")["f_score"].nunique().eq(1).all()
    assert scored.loc[scored["order_count"] == 1, "f_score"].eq(1).all()
    assert scored["f_score"].max() == 5
    points = list_cut_points(scored, RfmSettings())
    made = points[points["measure"] == "order_count"]["bands_made"].iloc[0]
    assert made < 5
    assert f"Number of orders: {made} bands instead of 5, because equal values stay together and fill no more" in say_bands(points)


def test_equal_customers_get_the_middle_score() -> None:
    scored = score_rfm(make_rfm([7] * 4, [2] * 4, [5.0] * 4), RfmSettings())
    assert scored["rfm_score"].tolist() == ["333"] * 4
    assert say_bands(list_cut_points(scored, RfmSettings()))[0].startswith("Days since the last order: 1 band instead of 5")


def test_no_standing_order_no_score_and_no_weight_in_the_bands() -> None:
    more = make_rfm([*range(1, 11), None, None], [*range(1, 11), 0, 0], [*(10.0 * n for n in range(1, 11)), 0.0, -90.0])
    assert find_cuts(more, RfmSettings()) == find_cuts(TEN, RfmSettings())
    assert score_rfm(more, RfmSettings()).loc[10:, ["r_score", "f_score", "m_score", "rfm_score"]].isna().all(axis=None)


def test_mean_split_cuts_at_the_mean() -> None:
    scored = score_rfm(make_rfm([1, 2, 9], [1, 1, 4], [5.0, 10.0, 15.0]), RfmSettings(method="mean_split"))
    assert scored["rfm_score"].tolist() == ["211", "212", "122"]  # a spend of exactly the mean is in the upper half


def test_fixed_cuts_belong_to_the_band_above() -> None:
    scored = score_rfm(make_rfm([29, 30, 90], [1, 2, 5], [99.9, 100.0, 500.0]), RfmSettings(method="fixed", bands=3, **FIXED))
    assert scored["rfm_score"].tolist() == ["311", "222", "133"]
    assert say_bands(list_cut_points(scored, RfmSettings(method="fixed", bands=5, **FIXED))) == []


def test_ten_bands_keep_scores_apart() -> None:
    assert score_rfm(TEN, RfmSettings(bands=10))["rfm_score"].iloc[9] == "1-10-10"


def test_cut_points_cover_all_buyers_once_and_do_not_overlap() -> None:
    points = list_cut_points(score_rfm(TEN, RfmSettings()), RfmSettings())
    assert points.groupby("measure")["customers"].sum().eq(10).all()
    assert points[points["measure"] == "recency_days"][["score", "lowest", "highest"]].values.tolist() == [
        [5, 1, 2],
        [4, 3, 4],
        [3, 5, 6],
        [2, 7, 8],
        [1, 9, 10],
    ]


@pytest.mark.parametrize("count", [[], [0], [3]])
def test_no_buyers_or_one_are_no_fault(count: list[int]) -> None:
    scored = score_rfm(make_rfm([4 if n else None for n in count], count, [1.0] * len(count)), RfmSettings())
    buyers = sum(n > 0 for n in count)
    assert scored["r_score"].notna().sum() == buyers
    assert list_cut_points(scored, RfmSettings())["customers"].sum() == 3 * buyers


def test_falling_cuts_are_refused() -> None:
    with pytest.raises(UserError, match="must rise"):
        score_values(pd.Series([1.0]), [3, 2], bands=3, higher_is_better=True)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"method": "fixed"}, "needs recency_cuts_days"),
        ({"method": "fixed", **FIXED, "bands": 2}, "drop cuts or raise bands"),
        ({"total_spend_cuts": (5, 5)}, "must rise"),
        ({"bands": 11}, "less than or equal to 10"),
        ({"band": 5}, "Extra inputs"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        RfmSettings(**wrong)  # type: ignore[arg-type]


values = st.lists(st.integers(1, 12), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None)
@given(values, st.integers(2, 10), st.sampled_from(["quantile", "mean_split"]), st.randoms(use_true_random=False))
def test_scores_follow_values_alone(counts: list[int], bands: int, method: str, random: object) -> None:
    chosen = RfmSettings(bands=bands, method=method)  # type: ignore[arg-type]
    rfm = make_rfm([365 - n for n in counts], counts, [n / 3 for n in counts])
    scored = score_rfm(rfm, chosen)
    ordered = scored.groupby("order_count")["f_score"].agg(["min", "max"])
    assert (ordered["min"] == ordered["max"]).all()  # no tie is split
    assert ordered["min"].is_monotonic_increasing
    assert scored["f_score"].between(1, chosen.top_score).all()
    assert len(quantile_cuts(rfm["order_count"], bands)) < bands
    mixed = rfm.sample(frac=1, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    pd.testing.assert_frame_equal(score_rfm(mixed, chosen).sort_index(), scored)
