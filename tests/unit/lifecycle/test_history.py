"""Tiers at a series of dates: hysteresis, its price, and the balance of the pool, by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from helpers.axes.periods import snapshot_days
from helpers.axes.states import STATES
from helpers.lifecycle.history import COLUMNS, balance_states, build_history, hold_tiers, price_hysteresis

DAYS = [dt.date(2024, 6, 30), dt.date(2024, 9, 30), dt.date(2024, 12, 31), dt.date(2025, 3, 31), dt.date(2025, 6, 30)]


def history_of(tiers: dict[str, list[str | None]], min_snapshots=2, states=None) -> pd.DataFrame:
    """A history from each customer's tiers, None before the customer was known."""
    looks = []
    for i, day in enumerate(DAYS):
        known = {c: seen[i] for c, seen in tiers.items() if seen[i] is not None}
        looks.append((day, pd.DataFrame({"customer_id": list(known), "state": [(states or {}).get(c, ["mature"] * 5)[i] for c in known], "tier": list(known.values())})))
    return build_history(looks, min_snapshots)


@pytest.mark.parametrize(("seen", "wait", "held"), [
    ("ABABB", 1, "ABABB"), ("ABABB", 2, "AAAAB"), ("ABBCC", 2, "AABBC"), ("ABCDE", 2, "AAAAA"), ("ABBBA", 3, "AAABB"), ("AAAAA", 3, "AAAAA"), ("ABBAB", 2, "AABBB"),
    ("..ABB", 2, "..AAB"), ("....A", 3, "....A"), ("..AAB", 2, "..AAA"),
])  # fmt: skip
def test_a_new_tier_counts_when_it_was_seen_often_enough_in_a_row(seen, wait, held):
    told = hold_tiers(pd.DataFrame([[None if c == "." else c for c in seen]]), wait)
    assert "".join(v if isinstance(v, str) else "." for v in told.iloc[0]) == held


def test_a_history_knows_a_customer_from_his_first_date_on():
    history = history_of({"a": ["A", "B", "A", "B", "B"], "b": [None, None, "A", "B", "B"]})
    assert len(history) == 8 and history.dtypes.astype(str).to_dict() == COLUMNS
    assert history.loc[history["customer_id"] == "a", "held_tier"].tolist() == ["A", "A", "A", "A", "B"]
    assert history.loc[history["customer_id"] == "b", "held_tier"].tolist() == ["A", "A", "B"]
    assert history["snapshot"].is_monotonic_increasing


def test_the_price_of_waiting_by_hand():
    history = history_of({"flaps": ["A", "B", "A", "A", "A"], "moves": ["A", "B", "B", "B", "B"], "late": ["A", "A", "A", "A", "B"], "new": [None, None, "A", "B", "A"]})
    cost = price_hysteresis(history).set_index("min_snapshots")
    # changes: flaps 2, moves 1, late 1, new 2; undone at once: flaps and new; lasting three dates: moves, and flaps' way back (A A A)
    assert cost.loc[1].tolist() == [6, 2, 2, 0] and cost.loc[2, ["flaps", "real_changes"]].tolist() == [0, 2]
    assert cost.loc[2, "changes"] == 1 and cost.loc[3, "changes"] == 1
    delays = [(DAYS[2] - DAYS[1]).days, (DAYS[3] - DAYS[2]).days]
    assert cost.loc[2, "median_delay_days"] == sum(delays) / 2 and cost.loc[3, "median_delay_days"] == ((DAYS[3] - DAYS[1]).days + (DAYS[4] - DAYS[2]).days) / 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_date_or_two_have_no_change_that_lasts(count):
    looks = [(day, pd.DataFrame({"customer_id": ["a"], "state": ["new"], "tier": [t]})) for day, t in zip(DAYS[:count], "AB", strict=False)]
    cost = price_hysteresis(build_history(looks, 2))
    assert cost["real_changes"].eq(0).all() and cost["median_delay_days"].isna().all() and cost["changes"].iloc[0] == count - 1


def test_the_balance_counts_who_came_and_left_and_adds_up():
    states = {"a": ["new", "growing", "growing", "lapsed", "reactivated"], "b": ["new", "new", "mature", "mature", "mature"], "c": [None, None, "new", "new", "lapsed"]}
    balance = balance_states(history_of({"a": ["A"] * 5, "b": ["A"] * 5, "c": [None, None, "A", "A", "A"]}, states=states))
    assert len(balance) == 5 * len(STATES)
    at = balance.set_index(["snapshot", "state"])
    first, last = pd.Timestamp(DAYS[0]), pd.Timestamp(DAYS[-1])
    assert at.loc[first, "customers"]["new"] == 2 and at.loc[first, "came"].isna().all()
    assert at.loc[last].loc["lapsed", ["customers", "came", "left", "share"]].tolist() == [1, 1, 1, pytest.approx(1 / 3)]
    for before, now in zip(DAYS, DAYS[1:], strict=False):
        here, there = at.loc[pd.Timestamp(now)], at.loc[pd.Timestamp(before)]
        assert (there["customers"] + here["came"] - here["left"] == here["customers"]).all()
    assert balance.groupby("snapshot")["share"].sum().round(9).eq(1).all()


def test_dates_are_ends_of_quarters_and_the_day_itself():
    first = dt.date(2020, 1, 1)
    assert snapshot_days(dt.date(2025, 6, 30), every="quarter", count=3, first_day=first) == DAYS[2:]
    assert snapshot_days(dt.date(2025, 5, 15), every="half_year", count=3, first_day=first) == [dt.date(2024, 6, 30), dt.date(2024, 12, 31), dt.date(2025, 5, 15)]
    assert snapshot_days(dt.date(2025, 5, 15), every="quarter", count=9, first_day=dt.date(2025, 4, 1)) == [dt.date(2025, 5, 15)]
    assert snapshot_days(dt.date(2025, 6, 30), every="quarter", count=2, first_day=dt.date(2025, 3, 31)) == DAYS[3:]
