"""The action list as people read it, and what it writes for notebook 10 and for sending tools."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.retention.owners import AUTOMATIC
from helpers.retention.plan import Plan, action_id
from helpers.retention.playbook import ROLE_SAYS, Playbook

ACTIONS = {
    "action_id": "str", "due_on": "datetime64[us]", "owner": "str", "role": "str", "customer_id": "str", "who": "str", "what": "str", "reason": "str", "channel": "str", "worth": "float64", "cost": "float64", "level": "str", "tier": "str", "play": "str",
    "play_label": "str", "step": "Int64", "steps": "Int64", "hours": "float64", "chance": "float64", "value_at_stake": "float64", "hold_out": "str", "hand_over_to": "str", "script": "str", "stop": "str", "what_zh": "str", "reason_zh": "str",
    "play_label_zh": "str", "script_zh": "str", "stop_zh": "str", "status": "str", "result": "str", "first_listed_on": "datetime64[us]", "occasion": "str", "channel_note": "str", "defaults": "str", "urgency": "Int64",
}  # fmt: skip
TOUCHES = {"touch_id": "str", "customer_id": "str", "play": "str", "channel": "str", "sent_on": "datetime64[us]", "group": "str", "cost": "float64", "response": "boolean", "tier": "str"}
LEVEL_RANK = {"severe": 0, "moderate": 1, "mild": 2, "none": 3}
TREATED, FILL_IN, NO_GROUP = "compared with held out", "fills free hours, not compared", "no hold-out"
OPEN = "open"
FACTS = ("industry", "region", "size", "member_level")


def list_actions(candidates: pd.DataFrame, steps: pd.DataFrame, plan: Plan, situations: pd.DataFrame, playbook: Playbook, *, as_of: dt.date, hour_cost: float) -> pd.DataFrame:
    """Return one row per action of the plan, most urgent first.

    Parameters
    ----------
    candidates, steps : pandas.DataFrame
        From `list_candidates`.
    plan : Plan
        From `make_plan`.
    situations : pandas.DataFrame
        From `build_situations`.
    playbook : Playbook
    as_of : datetime.date
    hour_cost : float
        What a working hour costs.

    Returns
    -------
    pandas.DataFrame
        action_id (str, the same on every run), due_on (datetime64), owner, role, customer_id, who (str, what is known of the customer without names), what, reason (str, one sentence with numbers), channel (str), worth (float64, expected gain
        less cost of the whole play, currency units), cost (float64, money and work of this step), level, tier, play, play_label (str), step, steps (Int64), hours, chance, value_at_stake (float64), hold_out (str), hand_over_to (str, who does the
        next step, when it is somebody else), script, stop, what_zh, reason_zh, play_label_zh, script_zh, stop_zh (str), status (str: open), result (str, empty: for people to fill in), first_listed_on (datetime64), occasion, channel_note,
        defaults (str), urgency (Int64, 1 is the first).
    """
    chosen = candidates[candidates["candidate_id"].isin(plan.treated)].set_index("candidate_id")
    rows = steps[steps["candidate_id"].isin(plan.treated)].copy()
    rows = rows.join(chosen[["occasion", "reason", "reason_zh", "chance", "value", "net", "defaults", "hold_out"]], on="candidate_id")
    facts = situations.drop_duplicates("customer_id").set_index("customer_id")
    plays = playbook.plays
    following = rows.groupby("candidate_id")["owner"].shift(-1)
    compared = set(chosen.loc[chosen.index.isin(plan.first.ids), "play"]) & set(candidates.loc[candidates["candidate_id"].isin(plan.held_out), "play"])
    told = rows.assign(
        action_id=[action_id(*k) for k in zip(rows["customer_id"], rows["play"], rows["step"], rows["occasion"], strict=True)], who=rows["customer_id"].map(say_who(facts)), what=rows["do_en"], what_zh=rows["do_zh"],
        worth=rows["net"], cost=rows["money"] + rows["hours"] * hour_cost, level=rows["customer_id"].map(facts["level"]), tier=rows["customer_id"].map(facts["tier_label"]), role=rows["role"].map(ROLE_SAYS),
        play_label=rows["play"].map({k: p.label.en for k, p in plays.items()}), play_label_zh=rows["play"].map({k: p.label.zh for k, p in plays.items()}), steps=rows.groupby("candidate_id")["step"].transform("max"),
        value_at_stake=rows["value"], hold_out=_hold_out(rows, plan, compared), hand_over_to=following.where(following.notna() & (following != rows["owner"]), ""), script=rows["script_en"], script_zh=rows["script_zh"],
        stop=rows["play"].map({k: p.stop.says.en for k, p in plays.items()}), stop_zh=rows["play"].map({k: p.stop.says.zh for k, p in plays.items()}), status=OPEN, result="", first_listed_on=pd.Timestamp(as_of),
        channel_note=np.where(rows["channel"] != rows["planned_channel"], "planned as " + rows["planned_channel"] + ": not agreed to, or another is preferred", ""),
    )  # fmt: skip
    return _ranked(told)[list(ACTIONS)].astype(ACTIONS).reset_index(drop=True)


def _ranked(told: pd.DataFrame) -> pd.DataFrame:
    """People before machines, near before far, grave before light, dear before cheap."""
    machine = (told["owner"] == AUTOMATIC).astype(int)
    ordered = told.assign(_machine=machine, _level=told["level"].map(LEVEL_RANK).fillna(3), _worth=-told["worth"]).sort_values(["_machine", "due_on", "_level", "_worth", "customer_id", "play", "step"], kind="stable")
    return ordered.assign(urgency=range(1, len(ordered) + 1))


def _hold_out(rows: pd.DataFrame, plan: Plan, compared: set[str]) -> np.ndarray:
    first = rows["candidate_id"].isin(plan.first.ids)
    return np.select([~rows["play"].isin(compared), first], [NO_GROUP, TREATED], FILL_IN)


def say_who(facts: pd.DataFrame) -> pd.Series:
    """Return what is known of each customer in a few words, names left out.

    Examples
    --------
    >>> say_who(pd.DataFrame({"kind": ["business"], "industry": ["hotel"], "region": ["East"], "size": [None]}, index=["C-1"])).tolist()
    ['hotel, East']
    """
    known = [c for c in FACTS if c in facts]
    told = []
    for row in facts.to_dict("records"):
        words = [str(row[c]) for c in known if isinstance(row[c], str)]
        kind = row.get("kind")
        lead = [] if isinstance(row.get("industry"), str) else ["private customer" if kind == "consumer" else "business customer" if kind == "business" else "customer"]
        told.append(", ".join([*lead, *words]))
    return pd.Series(told, index=facts.index, dtype="str")


def list_touches(candidates: pd.DataFrame, steps: pd.DataFrame, plan: Plan, tiers: pd.Series, *, as_of: dt.date) -> pd.DataFrame:
    """Return treated and held-out customers in the shape of the table `touches`, to be joined to it when the list has been worked through.

    Returns
    -------
    pandas.DataFrame
        touch_id, customer_id, play, channel (str), sent_on (datetime64, when the first contact is due), group (str: treated, held_out), cost (float64), response (boolean, missing), tier (str, the stratum). Of plays with a hold-out only those who were
        chosen in the first pass are there, so that the two groups were chosen by one rule.
    """
    asked = plan.first.ids | plan.held_out
    rows = candidates[candidates["candidate_id"].isin(asked) & (candidates["candidate_id"].isin(plan.treated) | candidates["candidate_id"].isin(plan.held_out))]
    contact = steps[steps["planned_channel"] != "internal"].drop_duplicates("candidate_id").set_index("candidate_id")
    held = rows["candidate_id"].isin(plan.held_out)
    told = pd.DataFrame({
        "touch_id": [action_id(c, p, 0, o).replace("A-", "T-") for c, p, o in zip(rows["customer_id"], rows["play"], rows["occasion"], strict=True)], "customer_id": rows["customer_id"], "play": rows["play"],
        "channel": rows["candidate_id"].map(contact["channel"]), "sent_on": rows["candidate_id"].map(contact["due_on"]).fillna(pd.Timestamp(as_of)), "group": np.where(held, "held_out", "treated"), "cost": rows["cost"].where(~held, 0.0),
        "response": pd.Series(None, index=rows.index, dtype="boolean"), "tier": rows["customer_id"].map(tiers).fillna("none"),
    })  # fmt: skip
    return told.astype(TOUCHES).sort_values(["play", "group", "customer_id"], ignore_index=True)
