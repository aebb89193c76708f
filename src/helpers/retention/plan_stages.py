"""Stages of the list: what could be done, what will be done, by whom and when, what will not, and what became of the last list."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from helpers.retention.allocation import allocate_hours, propose_owners
from helpers.retention.cadence import PLAN
from helpers.retention.candidates import join_candidates, list_candidates, split_candidates
from helpers.retention.changes import CHANGES, carry_on, compare_lists
from helpers.retention.followup import Evidence, go_on
from helpers.retention.followup import list_history as build_history
from helpers.retention.ground import Ground
from helpers.retention.guards import count_recent_contacts, list_cooldowns
from helpers.retention.lint import lint_playbook
from helpers.retention.listing import list_actions, list_touches
from helpers.retention.owners import HOUR, build_prices, build_team, price_of
from helpers.retention.plan import list_not_served, make_plan, measure_load, plan_of, record_plan
from helpers.retention.playfiles import read_playbooks
from helpers.retention.settings import ActionsSettings
from helpers.retention.signalfiles import read_signals
from helpers.retention.summary import summarise_plan, summarise_plays


def team(playbook_files: dict[str, Any], staff: pd.DataFrame | None) -> pd.DataFrame:
    """Everybody who can be given an action; a default team where there is no staff table."""
    return build_team(staff, read_playbooks(playbook_files))


def price_list(playbook_files: dict[str, Any], costs: pd.DataFrame | None) -> pd.DataFrame:
    """What contacts and offers cost; defaults where the costs table lacks a row."""
    return build_prices(costs, read_playbooks(playbook_files))


def playbook_lint(playbook_files: dict[str, Any], signal_rows: dict[str, Any], price_list: pd.DataFrame, team: pd.DataFrame, actions_settings: ActionsSettings) -> pd.DataFrame:
    """What the linter finds in the playbooks."""
    return lint_playbook(read_playbooks(playbook_files), read_signals(signal_rows), price_list, team, actions_settings.contacts_per_week)


def list_history(
    customer_axes: pd.DataFrame, playbook_files: dict[str, Any], previous_list: pd.DataFrame | None, previous_history: pd.DataFrame | None, interactions: pd.DataFrame | None, touches: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """What earlier lists came to: steps done, plays called off, customers held out; empty without one."""
    evidence = Evidence(interactions, touches, customer_axes[["customer_id", "last_order_date"]])
    return build_history(previous_history, previous_list, evidence, read_playbooks(playbook_files), as_of=as_of)


def candidate_steps(
    customer_situations: pd.DataFrame, trigger_hits: pd.DataFrame, contact_rules: pd.DataFrame, winback_ranking: pd.DataFrame, team: pd.DataFrame, price_list: pd.DataFrame, playbook_files: dict[str, Any], cadence_plan: pd.DataFrame | None,
    channel_preferences: pd.DataFrame | None, touches: pd.DataFrame | None, list_history: pd.DataFrame, previous_list: pd.DataFrame | None, as_of: dt.date, actions_settings: ActionsSettings,
) -> pd.DataFrame:  # fmt: skip
    """Every play for every customer it fits, step by step, with price, gain, and what forbids it."""
    cadence = pd.DataFrame(columns=list(PLAN)).astype(PLAN) if cadence_plan is None else cadence_plan
    ground = Ground(
        customer_situations, trigger_hits, cadence, contact_rules, list_cooldowns(touches, as_of=as_of), count_recent_contacts(touches, as_of=as_of), channel_preferences, winback_ranking, team, price_list, read_playbooks(playbook_files),
        actions_settings, as_of,
    )  # fmt: skip
    rest = go_on(*list_candidates(ground), list_history, previous_list, ground.playbook, as_of=as_of, hour_cost=price_of(price_list)[HOUR][0], min_net=actions_settings.min_net)
    return join_candidates(*rest)


def candidate_actions(candidate_steps: pd.DataFrame) -> pd.DataFrame:
    """Every play for every customer it fits: gain, cost, and what forbids it."""
    return split_candidates(candidate_steps)[0]


def plan_decisions(candidate_steps: pd.DataFrame, customer_situations: pd.DataFrame, team: pd.DataFrame, touches: pd.DataFrame | None, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """What the optimiser decided about every candidate, and who is held out."""
    candidates, steps = split_candidates(candidate_steps)
    plan = make_plan(candidates, steps, team, _tiers(customer_situations), count_recent_contacts(touches, as_of=as_of), actions_settings, as_of=as_of)
    return record_plan(candidates, plan)


def action_list(
    candidate_steps: pd.DataFrame, plan_decisions: pd.DataFrame, customer_situations: pd.DataFrame, price_list: pd.DataFrame, playbook_files: dict[str, Any], previous_list: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """Who does what for whom, by when, why, and what it is worth: one row per action, most urgent first."""
    candidates, steps = split_candidates(candidate_steps)
    hour_cost = price_of(price_list)[HOUR][0]
    return carry_on(list_actions(candidates, steps, plan_of(plan_decisions), customer_situations, read_playbooks(playbook_files), as_of=as_of, hour_cost=hour_cost), previous_list)


def not_served(candidate_steps: pd.DataFrame, plan_decisions: pd.DataFrame, team: pd.DataFrame, actions_settings: ActionsSettings) -> pd.DataFrame:
    """For whom nothing will be done although something could, why, and what that costs."""
    candidates, steps = split_candidates(candidate_steps)
    return list_not_served(candidates, steps, plan_of(plan_decisions), team, actions_settings)


def owner_load(candidate_steps: pd.DataFrame, plan_decisions: pd.DataFrame, team: pd.DataFrame, as_of: dt.date, actions_settings: ActionsSettings) -> pd.DataFrame:
    """Hours had, planned and left of everybody in each of the coming weeks."""
    return measure_load(split_candidates(candidate_steps)[1], plan_of(plan_decisions), team, actions_settings, as_of)


def planned_touches(candidate_steps: pd.DataFrame, plan_decisions: pd.DataFrame, customer_situations: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Treated and held-out customers in the shape of the table `touches`, for lesson 10."""
    candidates, steps = split_candidates(candidate_steps)
    return list_touches(candidates, steps, plan_of(plan_decisions), _tiers(customer_situations), as_of=as_of)


def play_summary(candidate_actions: pd.DataFrame, plan_decisions: pd.DataFrame, playbook_files: dict[str, Any]) -> pd.DataFrame:
    """Each play: whom it fits, what forbids it, who gets it, what it costs and is expected to bring."""
    return summarise_plays(candidate_actions, plan_decisions, read_playbooks(playbook_files))


def plan_summary(candidate_actions: pd.DataFrame, plan_decisions: pd.DataFrame, action_list: pd.DataFrame, not_served: pd.DataFrame, owner_load: pd.DataFrame) -> pd.DataFrame:
    """The list as a whole: served, cost, gain, hours, and what is given up."""
    return summarise_plan(candidate_actions, plan_decisions, action_list, not_served, owner_load)


def hour_allocation(action_list: pd.DataFrame, customer_situations: pd.DataFrame, price_list: pd.DataFrame, interactions: pd.DataFrame | None, as_of: dt.date) -> pd.DataFrame:
    """Where the hours went and go, beside the value in danger, by tier."""
    return allocate_hours(action_list, customer_situations, interactions, price_list, as_of=as_of)


def owner_accounts(customer_situations: pd.DataFrame, team: pd.DataFrame, action_list: pd.DataFrame) -> pd.DataFrame:
    """Accounts and hours per member of staff, and valuable customers without anybody."""
    return propose_owners(customer_situations, team, action_list)


def action_changes(
    action_list: pd.DataFrame, candidate_actions: pd.DataFrame, list_history: pd.DataFrame, customer_axes: pd.DataFrame, playbook_files: dict[str, Any], previous_list: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """What became of the last list: added, kept, done, dropped, each with the reason; empty without one."""
    if previous_list is None or previous_list.empty:
        return pd.DataFrame(columns=list(CHANGES)).astype(CHANGES)
    evidence = {"candidates": candidate_actions, "last_orders": customer_axes[["customer_id", "last_order_date"]]}
    before = previous_list["listed_on"].max().date()
    return compare_lists(previous_list, action_list, list_history, evidence, read_playbooks(playbook_files), before=before, as_of=as_of)


def _tiers(situations: pd.DataFrame) -> pd.Series:
    return situations.drop_duplicates("customer_id").set_index("customer_id")["tier"].fillna("none")
