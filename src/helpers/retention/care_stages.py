"""Stages of the ground that the list stands on: value at stake, levels of response, occasions, cadence, channels, rules, win-back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.axes.settings import ActivitySettings
from helpers.retention.cadence import cover_cadence, plan_cadence
from helpers.retention.causes import code_causes, count_causes
from helpers.retention.channels import measure_pressure, prefer_channels
from helpers.retention.followup import held_out_touches
from helpers.retention.guards import find_contact_rules
from helpers.retention.history import History
from helpers.retention.levels import NO_LEVEL, assign_levels
from helpers.retention.playfiles import read_playbooks
from helpers.retention.points import count_points, find_steps
from helpers.retention.settings import ActionsSettings
from helpers.retention.situations import build_situations
from helpers.retention.triggers import Sight, find_triggers
from helpers.retention.values import sum_years, value_stakes
from helpers.retention.winback import measure_returns, rank_winback

LOST_LATELY = 183


def customer_stakes(orders: nw.LazyFrame, customers: pd.DataFrame | None, customer_values: pd.DataFrame | None, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """What each customer is worth in a year, and on what that rests."""
    return value_stakes(sum_years(orders, as_of=as_of, default_rate=actions_settings.margin_rate), customers, customer_values)


def response_levels(customer_signals: pd.DataFrame, churn_scores: pd.DataFrame, playbook_files: dict[str, Any], as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """At which of three levels each customer is responded to, why, and until when the first step is due."""
    return assign_levels(
        customer_signals, churn_scores, as_of=as_of, moderate_chance=actions_settings.moderate_chance, severe_chance=actions_settings.severe_chance, clocks=read_playbooks(playbook_files).clocks
    )


def customer_situations(
    customer_axes: pd.DataFrame, customer_stakes: pd.DataFrame, response_levels: pd.DataFrame, customer_signals: pd.DataFrame, customer_tiers: pd.DataFrame, customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, customers: pd.DataFrame | None,
    need_types: pd.DataFrame | None, tickets: pd.DataFrame | None, value_scores: pd.DataFrame | None, as_of: dt.date, activity_settings: ActivitySettings, actions_settings: ActionsSettings,
) -> pd.DataFrame:  # fmt: skip
    """Everything that a play may look at, one row per customer."""
    extras = {"customers": customers, "customer_tiers": customer_tiers, "tickets": tickets, "need_types": need_types, "value_scores": value_scores}
    history = History.of(customer_days, stream_coverage, customers, activity_settings)
    return build_situations(customer_axes, customer_stakes, response_levels, customer_signals, extras, history, as_of=as_of, unknown_chance=actions_settings.unknown_chance)


def trigger_hits(
    customer_axes: pd.DataFrame, order_lines: nw.LazyFrame, playbook_files: dict[str, Any], customers: pd.DataFrame | None, birthday_months: pd.DataFrame | None, products: pd.DataFrame | None, contracts: pd.DataFrame | None,
    equipment: pd.DataFrame | None, tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, events: pd.DataFrame | None, as_of: dt.date, actions_settings: ActionsSettings,
) -> pd.DataFrame:  # fmt: skip
    """Occasions that are open: three views without purchase, birthday, anniversary, a week after first use, renewal, and more."""
    tables = {"order_lines": order_lines, "customers": customers, "birthday_months": birthday_months, "products": products, "contracts": contracts, "equipment": equipment, "tickets": tickets, "surveys": surveys, "events": events}
    sight = Sight(as_of, customer_axes, {n: t for n, t in tables.items() if t is not None}, find_steps(customer_axes, actions_settings.spend_steps))
    return find_triggers(read_playbooks(playbook_files).triggers, sight)


def cadence_plan(customer_situations: pd.DataFrame, interactions: pd.DataFrame, playbook_files: dict[str, Any], as_of: dt.date) -> pd.DataFrame:
    """Who is due for which regular contact, and how overdue."""
    return plan_cadence(read_playbooks(playbook_files).cadences, customer_situations, interactions, as_of=as_of)


def cadence_coverage(cadence_plan: pd.DataFrame) -> pd.DataFrame:
    """How much of the promised contact is kept, by cadence and owner."""
    return cover_cadence(cadence_plan)


def channel_preferences(touches: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """On which channel each customer has answered best, among those he allows."""
    known = "response" in touches and "channel" in touches
    return prefer_channels(touches if known else touches.head(0).assign(response=pd.Series(dtype="boolean"), channel=pd.Series(dtype="str")), customers)


def contact_pressure(touches: pd.DataFrame, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """How often customers were contacted by channel, and how often the weekly cap was broken."""
    return measure_pressure(touches if "channel" in touches else touches.assign(channel="not known"), as_of=as_of, cap=actions_settings.contacts_per_week)


def contact_rules(orders: nw.LazyFrame, tickets: pd.DataFrame | None, touches: pd.DataFrame | None, customers: pd.DataFrame | None, list_history: pd.DataFrame, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """Whom to leave alone, from what, and until when."""
    return find_contact_rules(tickets, held_out_touches(list_history, touches), customers, actions_settings, as_of=as_of)


def return_odds(customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, customers: pd.DataFrame | None, as_of: dt.date, activity_settings: ActivitySettings, actions_settings: ActionsSettings) -> pd.DataFrame:
    """How often lost customers came back by themselves within 60 days, by class."""
    return measure_returns(History.of(customer_days, stream_coverage, customers, activity_settings), as_of=as_of, value_share=actions_settings.winback_value)


def winback_ranking(
    customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, return_odds: pd.DataFrame, customer_stakes: pd.DataFrame, customers: pd.DataFrame | None, playbook_files: dict[str, Any], as_of: dt.date, activity_settings: ActivitySettings
) -> pd.DataFrame:
    """Lost customers, those first with whom a contact adds most beyond natural return."""
    strongest = max((p.effect.returns for p in read_playbooks(playbook_files).plays.values()), default=0.0)
    return rank_winback(History.of(customer_days, stream_coverage, customers, activity_settings), return_odds, customer_stakes, as_of=as_of, returns=strongest)


def member_points(customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, customer_axes: pd.DataFrame, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """Points by spend of a year, what expires soon, and how far the next level is."""
    return count_points(History.of(customer_days, stream_coverage), find_steps(customer_axes, actions_settings.spend_steps), as_of=as_of)


def decline_causes(
    customer_situations: pd.DataFrame, interactions: pd.DataFrame | None, tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, signals: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """What may have caused each decline, as far as anybody wrote it down."""
    return code_causes(_declining(customer_situations), {"interactions": interactions, "tickets": tickets, "surveys": surveys, "signals": signals}, as_of=as_of)


def cause_summary(decline_causes: pd.DataFrame, customer_situations: pd.DataFrame) -> pd.DataFrame:
    """How many declining customers each cause was found for, by tier."""
    return count_causes(decline_causes, _declining(customer_situations), customer_situations.set_index("customer_id")["tier_label"])


def _declining(situations: pd.DataFrame) -> pd.DataFrame:
    lost = (situations["activity"] == "silent") & (situations["recency_days"] <= LOST_LATELY).fillna(False)
    return situations.loc[(situations["level"] != NO_LEVEL) | lost, ["customer_id"]]
