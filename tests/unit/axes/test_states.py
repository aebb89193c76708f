"""The seven lifecycle states, from orders made by hand and at the edges of each rule."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.axes.settings import ActivitySettings, LifecycleSettings
from helpers.axes.states import STATES, assign_states

AS_OF = dt.date(2025, 6, 30)


def every(days, first, last, amount=10.0):
    return [(d.strftime("%Y-%m-%d"), amount) for d in pd.date_range(first, last, freq=f"{days}D")]


ORDERS = {
    "new": [("2025-06-01", 10)],
    "growing": every(30, "2025-01-01", "2025-06-25"),  # came back, and within a year of the first order
    "mature": every(30, "2023-01-01", "2025-06-25"),
    "declining": every(30, "2023-01-01", "2025-05-10"),  # 51 days: beyond one and a half gaps, not beyond two and a half
    "lapsed": every(30, "2023-01-01", "2025-01-31"),
    "reactivated": [*every(30, "2023-01-01", "2024-06-30"), ("2025-06-10", 10)],
    "background 1": every(30, "2023-01-01", "2025-06-20"), "background 2": every(30, "2023-02-01", "2025-06-20"),
    "old and new": [("2023-05-01", 10)],  # one order, long silent
    "rising": [*every(30, "2023-01-01", "2024-09-30"), *every(30, "2024-10-01", "2024-12-31", 20.0), *every(30, "2025-01-01", "2025-03-31", 40.0), *every(30, "2025-04-01", "2025-06-25", 90.0)],
    "falling": [*every(30, "2023-01-01", "2024-09-30", 90.0), *every(30, "2024-10-01", "2024-12-31", 80.0), *every(30, "2025-01-01", "2025-03-31", 40.0), *every(30, "2025-04-01", "2025-06-25")],
    "returned": [("2025-06-01", 10)],
}  # fmt: skip


@pytest.fixture
def axes(lines_from, measure):
    lines = lines_from(*[(name, day, amount) for name, orders in ORDERS.items() for day, amount in orders])
    back = lines[lines["customer_id"] == "returned"].assign(amount=-10.0, return_of=lambda f: f["order_id"], order_id="back")
    people = pd.DataFrame({"customer_id": [*ORDERS, "prospect"]})
    measures = measure(pd.concat([lines, back], ignore_index=True), tables={"customers": people})
    return derive_axes(measures, fit_population(measures, AxisSettings().rfm, ActivitySettings()), AxisSettings(), as_of=AS_OF).set_index("customer_id")


def test_customers_made_for_each_state_are_in_it(axes):
    for state in STATES:
        assert axes.at[state, "state"] == state
    assert axes.loc[["old and new", "rising", "falling", "returned"], "state"].tolist() == ["lapsed", "growing", "declining", "prospect"]
    assert axes.loc[["rising", "falling"], "trend"].tolist() == ["rising", "falling"] and axes.loc[["rising", "falling"], "activity"].tolist() == ["active", "active"]


def judged(**changes):
    """One mature customer, changed."""
    plain = {"order_count": 9, "tenure_days": 800, "activity": "active", "trend": "steady", "comeback_gap_days": None, "longest_gap_before_days": None, "usual_gap_days": 30.0,
             "spend_12m": 100.0, "spend_prior_12m": 100.0}  # fmt: skip
    types = {"order_count": "Int64", "tenure_days": "Int64", "activity": "str", "trend": "str", "comeback_gap_days": "float64", "longest_gap_before_days": "float64", "usual_gap_days": "float64"}
    return pd.DataFrame([plain | changes]).astype(types)


@pytest.mark.parametrize(("changes", "state"), [
    ({}, "mature"), ({"order_count": 0, "activity": None}, "prospect"), ({"order_count": 1, "tenure_days": 89, "activity": "silent"}, "new"), ({"order_count": 1, "tenure_days": 90, "activity": "silent"}, "lapsed"),
    ({"order_count": 1, "tenure_days": 200, "activity": "slowing"}, "new"), ({"order_count": 1, "tenure_days": 900, "activity": None}, "new"),  # nobody came back, so nobody is silent
    ({"activity": "silent", "trend": "rising"}, "lapsed"), ({"activity": "slowing"}, "declining"), ({"trend": "falling"}, "declining"), ({"trend": "rising"}, "growing"), ({"trend": None}, "mature"),
    ({"order_count": 2, "tenure_days": 364}, "growing"), ({"order_count": 2, "tenure_days": 365}, "mature"), ({"spend_12m": 120.0}, "mature"), ({"spend_12m": 120.1}, "growing"),
    ({"spend_12m": 500.0, "tenure_days": 729}, "mature"),  # the year before is not all there
    ({"comeback_gap_days": 75.0}, "mature"), ({"comeback_gap_days": 75.1}, "reactivated"), ({"comeback_gap_days": 80.0, "longest_gap_before_days": 80.0}, "mature"),
    ({"comeback_gap_days": 80.0, "longest_gap_before_days": 79.0}, "reactivated"), ({"comeback_gap_days": 80.0, "activity": "slowing"}, "reactivated"), ({"comeback_gap_days": 80.0, "activity": "silent"}, "lapsed"),
    ({"comeback_gap_days": 80.0, "usual_gap_days": None}, "mature"),
])  # fmt: skip
def test_edges_and_order_of_the_rules(changes, state):
    assert assign_states(judged(**changes), ActivitySettings(), LifecycleSettings()).tolist() == [state]


def test_settings_move_the_edges():
    assert assign_states(judged(order_count=1, tenure_days=89, activity="silent"), ActivitySettings(), LifecycleSettings(new_days=30)).tolist() == ["lapsed"]
    assert assign_states(judged(tenure_days=400), ActivitySettings(), LifecycleSettings(growing_days=500)).tolist() == ["growing"]
    assert assign_states(judged(comeback_gap_days=100.0), ActivitySettings(silent=4), LifecycleSettings()).tolist() == ["mature"]
    assert assign_states(judged(spend_12m=120.0), ActivitySettings(), LifecycleSettings(growth=0.1)).tolist() == ["growing"]
