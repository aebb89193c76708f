"""The matrix and the flows of a migration: everybody is counted once, before and after agree."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.lifecycle.migration import build_flows, build_migration

MOVES = pd.DataFrame({
    "customer_id": list("abcdefg"),
    "tier_before": ["growth", "growth", "growth", "decline", "decline", None, "maturity"],
    "tier_after": ["maturity", "decline", "growth", "growth", "decline", "acquisition", "decline"],
    "label_before": ["Growth", "Growth", "Growth", "Decline", "Decline", None, "Maturity"],
    "label_after": ["Maturity", "Decline", "Growth", "Growth", "Decline", "Acquisition", "Decline"],
    "direction": ["up", "down", "same", "up", "same", "entered", "down"],
    "cause": ["own behaviour", "time passing", "", "own behaviour", "", "entered", "cut points moved"],
    "total_spend": [10.1, 20.2, 30.3, 40.4, 50.5, 60.6, 70.7],
})  # fmt: skip


def test_the_matrix_counts_pairs_in_the_order_of_the_tiers_with_the_most_common_cause(schemes):
    told = build_migration(MOVES, schemes["stages4"])
    assert told[["tier_before", "tier_after", "customers", "mainly"]].values.tolist() == [
        ["maturity", "decline", 1, "cut points moved"], ["growth", "maturity", 1, "own behaviour"], ["growth", "growth", 1, ""], ["growth", "decline", 1, "time passing"],
        ["decline", "growth", 1, "own behaviour"], ["decline", "decline", 1, ""], ["entered", "acquisition", 1, "entered"],
    ]  # fmt: skip
    assert told["share_of_before"].round(3).tolist() == [1, 0.333, 0.333, 0.333, 0.5, 0.5, 1] and told["total_spend"].tolist() == [70.7, 10.1, 30.3, 20.2, 40.4, 50.5, 60.6]


def test_flows_by_hand_and_their_identity(schemes):
    told = build_flows(MOVES, schemes["stages4"]).set_index("tier")
    assert list(told.index) == ["maturity", "growth", "acquisition", "decline", "not_measured"]
    assert told.loc["growth"].tolist()[1:] == [3, 0, 0, 1, 1, 1, 2]  # before, entered, came from better, from worse, left to better, to worse, after
    assert told.loc["decline"].tolist()[1:] == [2, 0, 2, 0, 1, 0, 3] and told.loc["acquisition"].tolist()[1:] == [0, 1, 0, 0, 0, 0, 1]
    assert balanced(told)


def balanced(flows) -> bool:
    came, left = flows["came_from_better"] + flows["came_from_worse"], flows["left_to_better"] + flows["left_to_worse"]
    return bool((flows["before"] + flows["entered"] + came - left == flows["after"]).all())


@pytest.mark.parametrize(("name", "seed"), [("champions11", 1), ("zh8", 2), ("relationship3", 3)])
def test_flows_of_any_shop_balance_and_the_matrix_holds_everybody(make_lines, compare, schemes, name, seed):
    told = compare(make_lines(seed=seed, customers=40), schemes[name])
    moves = told.moves.reset_index()
    flows, migration = build_flows(moves, schemes[name]), build_migration(moves, schemes[name])
    assert balanced(flows) and flows["after"].sum() == len(told.after.measures) and flows["before"].sum() == len(told.before.measures)
    assert migration["customers"].sum() == len(moves) and round(migration["total_spend"].sum(), 2) == round(told.after.measures["total_spend"].sum(), 2)
    pd.testing.assert_frame_equal(build_migration(moves.sample(frac=1, random_state=1), schemes[name]), migration)
