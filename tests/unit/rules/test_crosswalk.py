"""Crosswalks by hand: who is called what in the other scheme."""

from __future__ import annotations

import pandas as pd

from helpers.rules.crosswalk import COLUMNS, cross_all, cross_tiers
from helpers.rules.schemes import NOT_MEASURED

HELD = pd.DataFrame({
    "customer_id": list("abcdef"),
    "size": ["big", "big", "small", "small", "small", NOT_MEASURED],
    "age": ["old", "young", "young", "young", "old", "young"],
})  # fmt: skip


def both(make_scheme):
    size = make_scheme(("big", "spend >= 100"), fallback="small", scheme="size")
    age = make_scheme(("old", "tenure_days >= 100"), fallback="young", scheme="age")
    return size, age


def test_pairs_are_counted_in_the_order_of_the_tiers(make_scheme):
    told = cross_tiers(HELD, both(make_scheme))
    assert told[["tier_a", "tier_b", "customers"]].values.tolist() == [
        ["big", "old", 1], ["big", "young", 1], ["small", "old", 1], ["small", "young", 2], [NOT_MEASURED, "young", 1],
    ]  # fmt: skip
    assert told["share_of_a"].round(3).tolist() == [0.5, 0.5, 0.333, 0.667, 1.0] and told["share_of_b"].tolist() == [0.5, 0.25, 0.5, 0.5, 0.25]
    assert set(told["scheme_a"]) == {"size"} and set(told["scheme_b"]) == {"age"} and told.dtypes.astype(str).to_dict() == COLUMNS


def test_every_two_schemes_once_and_row_order_is_irrelevant(make_scheme):
    size, age = both(make_scheme)
    schemes = {"size": size, "age": age}
    told = cross_all(HELD, schemes)
    assert told[["scheme_a", "scheme_b"]].drop_duplicates().values.tolist() == [["age", "size"]] and told["customers"].sum() == 6
    pd.testing.assert_frame_equal(cross_all(HELD.sample(frac=1, random_state=2), schemes), told)


def test_one_scheme_alone_or_with_itself_or_without_customers(make_scheme):
    size, age = both(make_scheme)
    assert cross_all(HELD, {"size": size}).empty and cross_tiers(HELD.head(0), (size, age)).dtypes.astype(str).to_dict() == COLUMNS
    assert cross_tiers(HELD, (size, size))[["tier_a", "tier_b", "customers"]].values.tolist() == [["big", "big", 2], ["small", "small", 3], [NOT_MEASURED, NOT_MEASURED, 1]]
