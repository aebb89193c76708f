"""Visits to the web shop: logins, product pages before (and without) a purchase, articles, the reorder tool."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.people import LEVELS
from helpers.collection.demo.plan import Plan, pick, stream

ARTICLES = (
    "article/water-for-coffee",
    "article/clean-your-grinder",
    "article/brew-ratio",
    "whitepaper/office-coffee",
    "whitepaper/cafe-trends",
)

Rows = list[tuple[int, float, str, str]]  # customer, day with fraction, event, object


def make_events(
    people: pd.DataFrame, lives: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame, products: pd.DataFrame, plan: Plan, seed: int
) -> pd.DataFrame:
    """Return web events in true terms: `customer`, `at` (to the second), `event`, `object`."""
    rng, last = stream(seed, "events"), plan.day(plan.end)
    rows: Rows = []
    for number, (person, life) in enumerate(zip(people.to_dict("records"), lives.to_dict("records"), strict=True)):
        until = last if pd.isna(life["left_on"]) else int(life["left_on"])
        if person["kind"] == "business":
            rows += _logins(rng, number, person, until, not pd.isna(life["left_on"]), plan)
        else:
            rows += _readings(rng, number, person, plan)
        rows += _browsing(rng, number, person, until, products)
    rows += _views_before_orders(rng, people, orders, lines)
    events = pd.DataFrame(rows, columns=["customer", "day", "event", "object"])
    events = events[events["day"].between(0, last + 0.999)]
    at = pd.Timestamp(plan.start) + pd.to_timedelta((events["day"] * 86_400).astype("int64"), unit="s")
    events = events.assign(at=at.astype("datetime64[us]")).drop(columns="day")
    return events.drop_duplicates(["customer", "at", "event", "object"]).sort_values(
        ["at", "customer", "event", "object"], ignore_index=True
    )


def _clock(rng: np.random.Generator) -> float:
    return 0.36 + 0.58 * rng.random()


def _logins(rng: np.random.Generator, number: int, person: dict[str, Any], until: int, leaves: bool, plan: Plan) -> Rows:
    """Return a business's logins: about one a week, and hardly any in the weeks before it leaves."""
    rows: Rows = []
    day = person["start"]
    while (day := day + 2 + int(rng.exponential(9))) <= until:
        fading = leaves and until - day < plan.fade_days
        if fading and rng.random() < 0.7:
            continue
        at = day + _clock(rng)
        rows.append((number, at, "login", "shop"))
        if rng.random() < 0.5:
            rows.append((number, at + 0.002, "feature_use", pick(rng, ("reorder", "invoice download", "delivery tracking"))))
    return rows


def _readings(rng: np.random.Generator, number: int, person: dict[str, Any], plan: Plan) -> Rows:
    """Return readings of the planted article. Only the card level decides how often; not purchases, not leaving."""
    share, first = plan.read_monthly[LEVELS.index(person["level"])], max(person["created"], 0)
    months = range(first // 30 + 1, plan.day(plan.end) // 30 + 1)
    return [(number, m * 30 + rng.random() * 29 + 0.4 * rng.random(), "content", plan.article) for m in months if rng.random() < share]


def _browsing(rng: np.random.Generator, number: int, person: dict[str, Any], until: int, products: pd.DataFrame) -> Rows:
    """Return looking without buying: single articles, and now and then three or more views of one product in a week."""
    first, rows = max(person["created"], 0), []
    for _ in range(rng.poisson(max(until - first, 0) / 200)):
        rows.append((number, first + int(rng.random() * (until - first)) + _clock(rng), "content", pick(rng, ARTICLES)))
    if rng.random() < 0.25 and until > first:
        day, product = first + int(rng.random() * (until - first)), pick(rng, products["product_id"].tolist())
        rows += [(number, day + k + _clock(rng), "page_view", f"product/{product}") for k in range(3 + int(rng.random() * 3))]
    return rows


def _views_before_orders(rng: np.random.Generator, people: pd.DataFrame, orders: pd.DataFrame, lines: pd.DataFrame) -> Rows:
    """Return page views of what is then bought, in the week before; consumers look more than businesses."""
    share = people["kind"].map({"consumer": 0.6, "business": 0.12}).to_numpy()
    customers, days = orders["customer"].to_numpy(), orders["day"].to_numpy()
    rows: Rows = []
    for order, product in zip(lines["order"], lines["product_id"], strict=True):
        if rng.random() < share[customers[order]]:
            seen = 1 + int(rng.random() * 3)
            rows += [
                (int(customers[order]), days[order] - int(rng.random() * 7) + _clock(rng), "page_view", f"product/{product}")
                for _ in range(seen)
            ]
    return rows
