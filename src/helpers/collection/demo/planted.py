"""Orders that exist because of something: training that leads to a care plan, a campaign that leads to an order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, stream


def make_trainings(orders: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return one row per online training attended: who, when, and whether a care plan follows because of it.

    Attendance is a matter of chance among active customers, so the link is a cause and not a by-product.

    Returns
    -------
    pandas.DataFrame
        `customer` (row in people), `day`, `care_day` (day of the care plan's order, null when none follows).
    """
    rng = stream(seed, "trainings")
    days = orders.groupby("customer")["day"].agg(["min", "max"])
    rows: list[tuple[int, int, int | None]] = []
    for customer, (first, last) in zip(days.index, days.to_numpy(), strict=True):
        left = lives["left_on"][customer]
        until = plan.day(plan.end) if pd.isna(left) else last
        attends, when, buys, wait = rng.random(4)
        if until - first < 20 or attends >= plan.training_share:
            continue
        day = int(first + 5 + (until - first - 10) * when)
        care = day + 4 + int(wait * (plan.care_days - 8))
        wanted = buys < plan.care_after_training and care <= plan.day(plan.end)
        rows.append((int(customer), day, care if wanted else None))
    return pd.DataFrame(rows, columns=["customer", "day", "care_day"]).astype({"care_day": "Int64"})


def make_campaigns(people: pd.DataFrame, orders: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return one row per customer of each past campaign: group, and the extra order the campaign caused.

    Returns
    -------
    pandas.DataFrame
        `customer`, `play`, `group` (treated, held_out), `day`, `would_order` (bool: orders within the window without
        the campaign), `extra_day` (day of the order that the campaign caused, null when none).
    """
    rng = stream(seed, "campaigns")
    voucher = _reach(people, orders, plan, plan.day(plan.campaign_on), 365)
    spring = _split(voucher, plan.campaign, plan.day(plan.campaign_on), plan.campaign_held_out, orders, plan, rng)
    gone = lives["left_on"].fillna(10_000).reindex(spring["customer"]).to_numpy() <= plan.day(plan.campaign_on)
    moved = (spring["group"] == "treated") & ~spring["would_order"] & ~gone & (rng.random(len(spring)) < plan.campaign_extra)
    wait = 2 + (rng.random(len(spring)) * (plan.campaign_days - 4)).astype(int)
    spring["extra_day"] = pd.Series(spring["day"] + wait).where(moved).astype("Int64")
    calendar = _reach(people, orders, plan, plan.day(plan.null_campaign_on), 365)
    null = _split(calendar, plan.null_campaign, plan.day(plan.null_campaign_on), plan.null_campaign_held_out, orders, plan, rng)
    sorry_day = plan.day(plan.selected_campaign_on)
    annoyed = orders.loc[orders["late"] & orders["day"].between(plan.day(plan.incident_from), sorry_day), "customer"].unique()
    sorry = _split(np.sort(annoyed), plan.selected_campaign, sorry_day, 0.0, orders, plan, rng)
    return pd.concat([spring, null, sorry], ignore_index=True).astype({"extra_day": "Int64"})


def _reach(people: pd.DataFrame, orders: pd.DataFrame, plan: Plan, day: int, back: int) -> np.ndarray:
    """Return the consumers and small businesses who ordered within `back` days before `day`."""
    recent = orders.loc[orders["day"].between(day - back, day - 1), "customer"].unique()
    small = (people["kind"] == "consumer") | (people["size"] == "small")
    return np.sort(recent[small.loc[recent].to_numpy()])


def _split(
    customers: np.ndarray, play: str, day: int, held_out: float, orders: pd.DataFrame, plan: Plan, rng: np.random.Generator
) -> pd.DataFrame:
    """Return treated and held-out customers, at random within blocks of ten who ordered about equally often before."""
    before = orders[orders["day"].between(day - 180, day - 1)].groupby("customer").size().reindex(customers, fill_value=0)
    ranked = np.lexsort((rng.random(len(customers)), before.to_numpy()))
    held = np.zeros(len(customers), dtype=bool)
    for first in range(0, len(customers), 10):
        block = ranked[first : first + 10]
        held[rng.permutation(block)[: round(held_out * len(block))]] = True
    window = orders.loc[orders["day"].between(day + 1, day + plan.campaign_days), "customer"].unique()
    group = np.where(held, "held_out", "treated")
    return pd.DataFrame({"customer": customers, "play": play, "group": group, "day": day, "would_order": np.isin(customers, window)})


def add_planted(
    orders: pd.DataFrame, lives: pd.DataFrame, trainings: pd.DataFrame, campaigns: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return orders with those that trainings and campaigns caused, and lives that do not end before them."""
    care = trainings.dropna(subset="care_day").rename(columns={"care_day": "on"}).assign(reason="training")
    extra = campaigns.dropna(subset="extra_day").rename(columns={"extra_day": "on"}).assign(reason="campaign")
    more = pd.concat([care, extra])[["customer", "on", "reason"]].rename(columns={"on": "day"}).astype({"day": "int64"}).assign(late=False)
    every = pd.concat([orders, more], ignore_index=True).sort_values(["day", "customer", "reason"], ignore_index=True)
    latest = every.groupby("customer")["day"].max().reindex(lives.index)
    return every, lives.assign(left_on=lives["left_on"].where(~(lives["left_on"] <= latest).fillna(False), latest.astype("Int64") + 1))
