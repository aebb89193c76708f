"""The list: chosen actions as rows that a person can work through, who is held out, and whom we will not serve and what that costs."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.retention.optimise import Chosen, Limits, optimise
from helpers.retention.owners import AUTOMATIC, stable_numbers
from helpers.retention.settings import ActionsSettings

WEEKS = 6
NOT_SERVED = {"customer_id": "str", "play": "str", "group": "str", "why": "str", "reason": "str", "chance": "float64", "value": "float64", "gain": "float64", "cost": "float64", "net_lost": "float64", "owner": "str", "hours": "float64"}
LOAD = {"owner": "str", "job": "str", "role": "str", "week": "Int64", "week_from": "datetime64[us]", "hours": "float64", "planned": "float64", "left": "float64", "load": "float64", "actions": "Int64", "is_default": "boolean"}
NO_CAPACITY, BY_RULE, NOT_WORTH, HELD_OUT = "no capacity", "left alone", "not worth it", "held out"
GROUP_OF = {"not_worth_it": NOT_WORTH, "offer_guard": NOT_WORTH}


@dataclass(frozen=True)
class Plan:
    """What was decided: `treated` and `held_out` are candidate ids; `first` and `second` are what the optimiser said of both passes."""

    treated: frozenset[str]
    held_out: frozenset[str]
    first: Chosen
    second: Chosen


def make_plan(candidates: pd.DataFrame, steps: pd.DataFrame, team: pd.DataFrame, tiers: pd.Series, recent: pd.Series, settings: ActionsSettings, *, as_of: dt.date) -> Plan:
    """Choose what to do: first as if everybody were treated, then draw the hold-out from those chosen, then use the hours that become free.

    Parameters
    ----------
    candidates, steps : pandas.DataFrame
        From `list_candidates`; blocked ones are left out.
    team : pandas.DataFrame
        From `build_team`.
    tiers : pandas.Series
        Tier per customer (index customer_id): the hold-out is drawn within each.
    recent : pandas.Series
        Contacts of the last seven days per customer.
    settings : ActionsSettings
    as_of : datetime.date

    Notes
    -----
    Treated and held-out customers were chosen by the same rule, so the difference between them is the effect of the play. Those who only come in because hours became free are not compared with anybody.
    """
    free = candidates[candidates["blocked_by"] == ""]
    uses = list_uses(steps, as_of)
    limits = Limits(team_hours(team, settings), settings.budget or None, settings.plays_per_customer, settings.contacts_per_week, recent.to_dict())
    first = optimise(free, uses, limits, seconds=settings.solver_seconds)
    chosen = free[free["candidate_id"].isin(first.ids)]
    held = frozenset(draw_hold_out(chosen, tiers))
    kept = chosen[~chosen["candidate_id"].isin(held)]
    rest = free[~free["customer_id"].isin(chosen["customer_id"])]
    second = optimise(rest, uses, _remaining(limits, uses, kept), seconds=settings.solver_seconds / 2) if held else Chosen(frozenset(), 0.0, 0.0, "nobody is held out")
    return Plan(frozenset(kept["candidate_id"]) | second.ids, held, first, second)


def list_uses(steps: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return what each candidate takes, for the optimiser: candidate_id, owner, week, hours, due (days), contact."""
    due = (steps["due_on"] - pd.Timestamp(as_of)).dt.days
    return pd.DataFrame({"candidate_id": steps["candidate_id"], "owner": steps["owner"], "week": steps["week"].astype("int64"), "hours": steps["hours"], "due": due, "contact": steps["planned_channel"] != "internal"})


def team_hours(team: pd.DataFrame, settings: ActionsSettings) -> dict[tuple[str, int], float]:
    """Return the hours of everybody in each of the coming weeks."""
    return {(m.staff_id, w): float(m.hours_per_week) * settings.hours_share for m in team.itertuples() for w in range(WEEKS)}


def _remaining(limits: Limits, uses: pd.DataFrame, kept: pd.DataFrame) -> Limits:
    used = uses[uses["candidate_id"].isin(kept["candidate_id"])].groupby(["owner", "week"])["hours"].apply(lambda h: (np.ceil(h * 60 - 1e-6) / 60).sum())
    hours = {k: max(h - float(used.get(k, 0.0)), 0.0) for k, h in limits.hours.items()}
    budget = None if limits.budget is None else max(limits.budget - float(kept["money"].sum()), 0.0)
    return Limits(hours, budget, limits.plays_per_customer, limits.contacts_per_week, limits.recent_contacts)


def draw_hold_out(chosen: pd.DataFrame, tiers: pd.Series) -> list[str]:
    """Return the candidates that are left untreated: of each play its share, spread over the tiers, by a hash that is the same on every run.

    Parameters
    ----------
    chosen : pandas.DataFrame
        candidate_id, customer_id, play, hold_out (share).
    tiers : pandas.Series
        Tier per customer.

    Notes
    -----
    Feature F56. Within a play and tier those with the lowest hash of customer and play are held out; the places of a play are shared out by the largest remainder, so that ten customers in five tiers with a
    share of 10 % give one and not none.
    """
    told: list[str] = []
    for play, rows in chosen[chosen["hold_out"] > 0].groupby("play", sort=True):
        share = float(rows["hold_out"].iloc[0])
        tier = rows["customer_id"].map(tiers).fillna("none")
        sizes = tier.value_counts().sort_index()
        wanted = sizes * share
        places = np.floor(wanted).astype(int)
        spare = int(round(wanted.sum())) - int(places.sum())
        order = (wanted - places).sort_values(ascending=False, kind="stable").index[: max(spare, 0)]
        places[order] += 1
        ranked = rows.assign(_tier=tier.to_numpy(), _hash=stable_numbers(list(rows["customer_id"]), str(play))).sort_values(["_tier", "_hash"])
        told += [i for t, part in ranked.groupby("_tier") for i in part["candidate_id"].head(int(places[t]))]
    return told


def action_id(customer: str, play: str, step: int, occasion: str) -> str:
    """Return the name of an action: the same customer, play, step and occasion have one on every run.

    Examples
    --------
    >>> action_id("C-1", "manager_call", 1, "2025-05-02")
    'A-94b99b0516'
    """
    return "A-" + hashlib.sha256(f"{customer}|{play}|{step}|{occasion}".encode()).hexdigest()[:10]


def list_not_served(candidates: pd.DataFrame, steps: pd.DataFrame, plan: Plan, team: pd.DataFrame, settings: ActionsSettings) -> pd.DataFrame:
    """Return the customers for whom something could be done and nothing will be, with the best of it, why not, and what that costs.

    Returns
    -------
    pandas.DataFrame
        customer_id, play (str, the best that could be done), group (str: no capacity, left alone, held out, not worth it), why (str), reason (str, why the customer calls for it), chance, value, gain, cost, net_lost (float64, currency units: what is
        given up; nothing where the action would not have paid), owner (str, who would have done the first step), hours (float64). Dearest first.
    """
    served = set(candidates.loc[candidates["candidate_id"].isin(plan.treated), "customer_id"])
    settled = set(candidates.loc[candidates["blocked_by"] == "done", "customer_id"])  # served by the last list, or called off by the owner
    rest = candidates[~candidates["customer_id"].isin(served | settled)]
    group = rest["blocked_by"].map(lambda b: "" if b == "" else GROUP_OF.get(b, BY_RULE)).mask(rest["candidate_id"].isin(plan.held_out), HELD_OUT).replace("", NO_CAPACITY)
    rank = group.map({HELD_OUT: 0, NO_CAPACITY: 1, BY_RULE: 2, NOT_WORTH: 3})
    best = rest.assign(group=group, _rank=rank).sort_values(["customer_id", "_rank", "net", "candidate_id"], ascending=[True, True, False, True]).drop_duplicates("customer_id")
    first = steps.drop_duplicates("candidate_id").set_index("candidate_id")["owner"]
    best = best.assign(owner=best["candidate_id"].map(first), net_lost=best["net"].clip(lower=0))
    best["why"] = np.where(best["group"] == NO_CAPACITY, _why_full(best, candidates, steps, plan, team, settings), best["blocked_says"])
    best.loc[best["group"] == HELD_OUT, "why"] = "held out on purpose, so that the effect of the play can be measured"
    return best.sort_values(["_rank", "net_lost", "customer_id"], ascending=[True, False, True])[list(NOT_SERVED)].astype(NOT_SERVED).reset_index(drop=True)


def _why_full(best: pd.DataFrame, candidates: pd.DataFrame, steps: pd.DataFrame, plan: Plan, team: pd.DataFrame, settings: ActionsSettings) -> list[str]:
    load = measure_load(steps, plan, team, settings)
    left = {(r.owner, int(r.week)): r.left for r in load.itertuples()}
    money = settings.budget - candidates.loc[candidates["candidate_id"].isin(plan.treated), "money"].sum() if settings.budget else np.inf
    needs = steps[steps["candidate_id"].isin(best["candidate_id"]) & (steps["owner"] != AUTOMATIC)].groupby(["candidate_id", "owner", "week"])["hours"].sum()
    short: dict[str, str] = {}
    for (candidate, owner, week), hours in needs.items():
        spare = left.get((owner, int(week)), 0.0)
        if hours > spare + 1e-9 and candidate not in short:
            short[candidate] = f"{owner} has {spare:.1f} h left in week {int(week) + 1}, it takes {hours:.1f} h"
    return [short.get(i, f"money: {max(money, 0):,.0f} left, it takes {m:,.0f}" if m > money else "others bring more for the same hours") for i, m in zip(best["candidate_id"], best["money"], strict=True)]


def measure_load(steps: pd.DataFrame, plan: Plan, team: pd.DataFrame, settings: ActionsSettings, as_of: dt.date = dt.date(1970, 1, 1)) -> pd.DataFrame:
    """Return hours had, planned and left of everybody in each of the coming weeks.

    Returns
    -------
    pandas.DataFrame
        owner, job, role (str), week (Int64, 0 is the first), week_from (datetime64), hours, planned, left (float64, hours), load (float64, share), actions (Int64), is_default (boolean). Planned never exceeds hours: a property test holds it.
    """
    mine = steps[steps["candidate_id"].isin(plan.treated)]
    by = mine.groupby(["owner", "week"]).agg(planned=("hours", "sum"), actions=("step", "size"))
    rows = [(m.staff_id, m.job, m.role, w, m.hours_per_week * settings.hours_share, m.is_default) for m in team.itertuples() for w in range(WEEKS)]
    told = pd.DataFrame(rows, columns=["owner", "job", "role", "week", "hours", "is_default"]).merge(by, left_on=["owner", "week"], right_index=True, how="left")
    told = told.fillna({"planned": 0.0, "actions": 0})
    start = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    told = told.assign(week_from=start + pd.to_timedelta(told["week"] * 7, unit="D"), left=(told["hours"] - told["planned"]).clip(lower=0), load=told["planned"] / told["hours"].where(told["hours"] > 0))
    return told[list(LOAD)].astype(LOAD)


DECISIONS = {"candidate_id": "str", "customer_id": "str", "play": "str", "decision": "str", "chosen_in": "Int64", "value": "float64", "bound": "float64", "how": "str"}
BLOCKED, CHOSEN, NOT_CHOSEN = "blocked", "treated", "not chosen"


def record_plan(candidates: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return what was decided about every candidate, so that everything else can be told from it.

    Returns
    -------
    pandas.DataFrame
        candidate_id, customer_id, play, decision (str: treated, held out, not chosen, blocked), chosen_in (Int64, 1: by the first pass, 2: for hours that became free), value, bound (float64: what the first pass brings, and what no plan can exceed), how (str, both
        passes in words). Sorted by candidate_id.
    """
    ids = candidates["candidate_id"]
    decision = np.select([ids.isin(plan.treated), ids.isin(plan.held_out), candidates["blocked_by"] != ""], [CHOSEN, HELD_OUT, BLOCKED], NOT_CHOSEN)
    which = pd.Series(pd.NA, index=candidates.index, dtype="Int64").mask(ids.isin(plan.second.ids), 2).mask(ids.isin(plan.first.ids), 1)
    how = f"{plan.first.how}; then for free hours: {plan.second.how}"
    told = candidates[["candidate_id", "customer_id", "play"]].assign(decision=decision, chosen_in=which, value=plan.first.value, bound=plan.first.bound, how=how)
    return told.astype(DECISIONS).sort_values("candidate_id", ignore_index=True)


def plan_of(decisions: pd.DataFrame) -> Plan:
    """Return the plan that a table `plan_decisions` tells of."""
    ids = {d: frozenset(decisions.loc[decisions["decision"] == d, "candidate_id"]) for d in (CHOSEN, HELD_OUT)}
    passes = [frozenset(decisions.loc[(decisions["chosen_in"] == n).fillna(False), "candidate_id"]) for n in (1, 2)]
    value, bound, how = (decisions[c].iloc[0] for c in ("value", "bound", "how")) if len(decisions) else (0.0, 0.0, "nothing is worth doing")
    return Plan(ids[CHOSEN], ids[HELD_OUT], Chosen(passes[0], float(value), float(bound), str(how)), Chosen(passes[1], 0.0, 0.0, ""))
