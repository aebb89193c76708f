"""Stages of lifecycle and migration. Each looks at earlier days with what was known then."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.axes.derive import AxisSettings
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings, TieringSettings
from helpers.lifecycle.history import balance_states, build_history, price_hysteresis
from helpers.lifecycle.lapses import judge_lapses
from helpers.lifecycle.migration import build_flows, build_migration
from helpers.lifecycle.past import Past
from helpers.lifecycle.pool import count_comebacks, dormant_days, review_pool, summarise_pool
from helpers.lifecycle.sources import judge_sources
from helpers.rules.schemes import primary_scheme


def tier_history(
    order_lines: nw.LazyFrame, customers: pd.DataFrame | None, products: pd.DataFrame | None, interactions: pd.DataFrame | None, surveys: pd.DataFrame | None,
    tickets: pd.DataFrame | None, ratings: pd.DataFrame | None, tier_schemes: dict[str, Any], as_of: dt.date,
    rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings, tiering_settings: TieringSettings,
) -> pd.DataFrame:  # fmt: skip
    """State and tier of every customer at the ends of the last quarters, before and after hysteresis."""
    tables = {"customers": customers, "products": products, "interactions": interactions, "surveys": surveys, "tickets": tickets, "ratings": ratings}
    past = Past(order_lines, tables, AxisSettings(rfm_settings, activity_settings, lifecycle_settings))
    scheme = primary_scheme(tier_schemes, tiering_settings.primary)
    return build_history([(day, past.judge(day, scheme)) for day in past.days(as_of)], lifecycle_settings.min_snapshots)


def lifecycle_balance(tier_history: pd.DataFrame) -> pd.DataFrame:
    """How many customers each lifecycle state holds at each date, and how many came and left."""
    return balance_states(tier_history)


def hysteresis_cost(tier_history: pd.DataFrame) -> pd.DataFrame:
    """What waiting for a second look saves in flaps and costs in days."""
    return price_hysteresis(tier_history)


def tier_moves(
    order_lines: nw.LazyFrame, customers: pd.DataFrame | None, products: pd.DataFrame | None, interactions: pd.DataFrame | None, surveys: pd.DataFrame | None,
    tickets: pd.DataFrame | None, ratings: pd.DataFrame | None, tier_schemes: dict[str, Any], as_of: dt.date,
    rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings, tiering_settings: TieringSettings,
) -> pd.DataFrame:  # fmt: skip
    """Every customer's tier at the date before and now, with the cause of each move in parts that add up, and a sentence."""
    tables = {"customers": customers, "products": products, "interactions": interactions, "surveys": surveys, "tickets": tickets, "ratings": ratings}
    past = Past(order_lines, tables, AxisSettings(rfm_settings, activity_settings, lifecycle_settings))
    return past.moves(as_of, primary_scheme(tier_schemes, tiering_settings.primary))


def stage_moves(
    order_lines: nw.LazyFrame, customers: pd.DataFrame | None, products: pd.DataFrame | None, interactions: pd.DataFrame | None, surveys: pd.DataFrame | None,
    tickets: pd.DataFrame | None, ratings: pd.DataFrame | None, tier_schemes: dict[str, Any], as_of: dt.date,
    rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings,
) -> pd.DataFrame:  # fmt: skip
    """Every customer's lifecycle stage at the date before and now, with the cause of each move in parts that add up, and a sentence."""
    tables = {"customers": customers, "products": products, "interactions": interactions, "surveys": surveys, "tickets": tickets, "ratings": ratings}
    past = Past(order_lines, tables, AxisSettings(rfm_settings, activity_settings, lifecycle_settings))
    return past.moves(as_of, primary_scheme(tier_schemes, lifecycle_settings.view, "setting lifecycle.view"))


def tier_migration(tier_moves: pd.DataFrame, tier_schemes: dict[str, Any], tiering_settings: TieringSettings) -> pd.DataFrame:
    """How many customers went from which tier to which since the date before, and mainly why."""
    return build_migration(tier_moves, primary_scheme(tier_schemes, tiering_settings.primary))


def tier_flows(tier_moves: pd.DataFrame, tier_schemes: dict[str, Any], tiering_settings: TieringSettings) -> pd.DataFrame:
    """Per tier: who was there, who came, who left, who is there now."""
    return build_flows(tier_moves, primary_scheme(tier_schemes, tiering_settings.primary))


def stage_migration(stage_moves: pd.DataFrame, tier_schemes: dict[str, Any], lifecycle_settings: LifecycleSettings) -> pd.DataFrame:
    """How many customers went from which lifecycle stage to which since the date before, and mainly why."""
    return build_migration(stage_moves, primary_scheme(tier_schemes, lifecycle_settings.view, "setting lifecycle.view"))


def lapse_check(
    order_lines: nw.LazyFrame, customers: pd.DataFrame | None, as_of: dt.date, rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings
) -> pd.DataFrame:
    """The rule for "lapsed" beside others, flat months among them, judged by what the last quarter showed."""
    past = Past(order_lines, {"customers": customers}, AxisSettings(rfm_settings, activity_settings, lifecycle_settings))
    day = (pd.Timestamp(as_of) - pd.DateOffset(months=3)).date()
    return judge_lapses(past.measure(day), past.orders_between(day, as_of), activity_settings, rfm_settings, as_of=day)


def comeback_odds(
    order_lines: nw.LazyFrame, customers: pd.DataFrame | None, as_of: dt.date, rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings
) -> pd.DataFrame:
    """How many of the customers who were dormant a year ago came back since, by class, and what they spent."""
    past = Past(order_lines, {"customers": customers}, AxisSettings(rfm_settings, activity_settings, lifecycle_settings))
    day = (pd.Timestamp(as_of) - pd.DateOffset(months=12)).date()
    return count_comebacks(past.measure(day), past.spend_between(day, as_of), dormant_days(day, lifecycle_settings))


def pool_review(customer_axes: pd.DataFrame, comeback_odds: pd.DataFrame, as_of: dt.date, lifecycle_settings: LifecycleSettings) -> pd.DataFrame:
    """Keep, park or retire, as a dry run: the odds of coming back and the value that would be given up."""
    return review_pool(customer_axes, comeback_odds, lifecycle_settings, as_of=as_of)


def pool_summary(pool_review: pd.DataFrame) -> pd.DataFrame:
    """Customers, past spend and value given up per decision."""
    return summarise_pool(pool_review)


def source_quality(customer_axes: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Which source brings customers who buy again and stay."""
    return judge_sources(customer_axes, customers)
