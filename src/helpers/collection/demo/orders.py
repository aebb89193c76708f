"""When each customer orders and when each one leaves: rhythm, seasons, late parcels, the price rise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, stream

SEASON = (0.95, 0.80, 1.0, 1.0, 1.0, 1.05, 0.95, 0.95, 1.0, 1.05, 1.30, 1.20)  # January to December: quiet new year, busy November


@dataclass
class History:
    """One customer's orders while they are being simulated."""

    orders: list[tuple[int, str, bool]] = field(default_factory=list)  # day, reason, arrived late
    planned: list[tuple[int, str]] = field(default_factory=list)  # orders that a plan puts on a day
    has_machine: bool = False
    refuses: tuple[int, int] | None = None  # days in which the customer does not buy product B
    left_on: int | None = None
    because: str | None = None


def make_orders(people: pd.DataFrame, plan: Plan, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all orders and, per customer, whether and when they left.

    Returns
    -------
    orders : pandas.DataFrame
        `customer` (row in `people`), `day`, `reason` (base, pair_a, pair_b), `late` (bool).
    lives : pandas.DataFrame
        One row per customer: `left_on` (day, null while active), `because`, `refuses_from`, `refuses_to`.
    """
    rng = stream(seed, "orders")
    seasons = np.array(SEASON)[plan.dates(np.arange(plan.day(plan.end) + 1)).dt.month - 1] / max(SEASON)
    histories = [_live(person, plan, rng, seasons) for person in people.to_dict("records")]
    rows = [(n, *order) for n, h in enumerate(histories) for order in h.orders]
    orders = pd.DataFrame(rows, columns=["customer", "day", "reason", "late"])
    lives = pd.DataFrame(
        [(h.left_on, h.because, *(h.refuses or (None, None))) for h in histories],
        columns=["left_on", "because", "refuses_from", "refuses_to"],
    )
    return orders, lives.astype({"left_on": "Int64", "refuses_from": "Int64", "refuses_to": "Int64"})


def _live(person: dict[str, Any], plan: Plan, rng: np.random.Generator, seasons: np.ndarray) -> History:
    history, day, last = History(), person["start"], plan.day(plan.end)
    if person["prospect"]:
        return history
    while day <= last:
        reason = _reason(person, history, plan, rng, day)
        late = bool(rng.random() < _late_share(person, plan, day))
        history.orders.append((day, reason, late))
        if _leaves(person, history, plan, rng, late):
            break
        following = _next_day(person, history, rng, day, seasons)
        if _leaves_for_price(person, plan, rng, day, following) and not history.planned:
            history.left_on, history.because = plan.day(plan.price_rise_on), "price rise"
            break
        day = following
    return history


def _reason(person: dict[str, Any], history: History, plan: Plan, rng: np.random.Generator, day: int) -> str:
    """Return why there is an order on this day; buying the machine plans what follows it."""
    if history.planned and history.planned[0][0] == day:
        return history.planned.pop(0)[1]
    share = 0.20 if not history.orders else 0.025
    if person["kind"] == "business" or history.has_machine or rng.random() >= share:
        return "base"
    history.has_machine = True
    if rng.random() < plan.pair_share:
        history.planned.append((day + 8 + int(80 * rng.random() ** 1.3), "pair_b"))
    else:
        history.refuses = (day, day + 93)
    return "pair_a"


def _late_share(person: dict[str, Any], plan: Plan, day: int) -> float:
    bad = plan.day(plan.incident_from) <= day <= plan.day(plan.incident_to) and person["region"] in plan.incident_regions
    return plan.late_incident if bad else plan.late_normal


def _leaves(person: dict[str, Any], history: History, plan: Plan, rng: np.random.Generator, late: bool) -> bool:
    """Decide after an order whether it was the last one; a planned follow-up keeps the customer until then."""
    ordinary = rng.random() < person["leave"] * (person["gap"] / 30 if person["kind"] == "business" else 1)
    annoyed = late and rng.random() < plan.leave_after_late
    if history.planned or person["decliner"] or not (ordinary or annoyed):
        return False
    history.left_on, history.because = history.orders[-1][0] + 1, "late delivery" if annoyed else "ordinary"
    return True


def _next_day(person: dict[str, Any], history: History, rng: np.random.Generator, day: int, seasons: np.ndarray) -> int:
    """Return the day of the next order: gaps by the customer's rhythm, fewer in quiet months."""
    following = day
    while True:
        gap = (
            rng.gamma(20 if person["decliner"] else 6, person["gap"] / (20 if person["decliner"] else 6))
            if person["kind"] == "business"
            else rng.exponential(person["gap"])
        )
        following += max(1, round(gap))
        if person["kind"] == "business" or following >= len(seasons) or rng.random() < seasons[following] + 0.1:
            break
    return min([following, *(d for d, _ in history.planned)])


def _leaves_for_price(person: dict[str, Any], plan: Plan, rng: np.random.Generator, day: int, following: int) -> bool:
    rise = plan.day(plan.price_rise_on)
    return (
        person["need_type"] == "cost_sensitive"
        and not person["decliner"]
        and day < rise <= following
        and bool(rng.random() < plan.leave_after_price_rise)
    )
