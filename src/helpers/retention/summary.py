"""The list in a few numbers: by play, and as a whole."""

from __future__ import annotations

import pandas as pd

from helpers.retention.plan import BY_RULE, HELD_OUT, NO_CAPACITY, NOT_WORTH
from helpers.retention.playbook import Playbook

PLAYS = {
    "play": "str", "label_en": "str", "label_zh": "str", "purpose": "str", "version": "Int64", "file": "str", "candidates": "Int64", "blocked": "Int64", "blocked_mainly_by": "str", "listed": "Int64", "held_out": "Int64", "not_chosen": "Int64", "money": "float64",
    "hours": "float64", "gain": "float64", "net": "float64", "saves": "float64", "adds": "float64", "returns": "float64",
}  # fmt: skip
SUMMARY = {"figure": "str", "value": "float64", "unit": "str", "says": "str"}


def summarise_plays(candidates: pd.DataFrame, decisions: pd.DataFrame, playbook: Playbook) -> pd.DataFrame:
    """Return one row per play: whom it fits, what forbids it, who gets it, what it costs and is expected to bring.

    Returns
    -------
    pandas.DataFrame
        play, label_en, label_zh, purpose (str), version (Int64), file (str), candidates, blocked (Int64), blocked_mainly_by (str), listed, held_out, not_chosen (Int64), money, hours, gain, net (float64, of those listed), saves, adds, returns (float64, the assumptions). All plays
        are there, also those that fit nobody.
    """
    rows = candidates.merge(decisions[["candidate_id", "decision"]], on="candidate_id")
    told = []
    for key, play in playbook.plays.items():
        mine = rows[rows["play"] == key]
        listed, blocked = mine[mine["decision"] == "treated"], mine.loc[mine["decision"] == "blocked", "blocked_by"].value_counts()
        told.append({
            "play": key, "label_en": play.label.en, "label_zh": play.label.zh, "purpose": play.purpose, "version": play.version, "file": f"data/playbooks/{playbook.files[f'plays:{key}']}.yml", "candidates": len(mine), "blocked": int(blocked.sum()),
            "blocked_mainly_by": blocked.index[0] if len(blocked) else "", "listed": len(listed), "held_out": int((mine["decision"] == HELD_OUT).sum()), "not_chosen": int((mine["decision"] == "not chosen").sum()), "money": listed["money"].sum(),
            "hours": listed["hours"].sum(), "gain": listed["gain"].sum(), "net": listed["net"].sum(), "saves": play.effect.saves, "adds": play.effect.adds, "returns": play.effect.returns,
        })  # fmt: skip
    return pd.DataFrame(told, columns=list(PLAYS)).astype(PLAYS)


def summarise_plan(candidates: pd.DataFrame, decisions: pd.DataFrame, actions: pd.DataFrame, not_served: pd.DataFrame, load: pd.DataFrame) -> pd.DataFrame:
    """Return the list as a whole in figures that a manager asks for.

    Returns
    -------
    pandas.DataFrame
        figure (str), value (float64), unit (str: customers, actions, hours, money, share), says (str).
    """
    listed = candidates[candidates["candidate_id"].isin(decisions.loc[decisions["decision"] == "treated", "candidate_id"])]
    people, first = actions[actions["owner"] != "automatic"], load[load["week"] == 0]
    bound, value = (float(decisions[c].iloc[0]) if len(decisions) else 0.0 for c in ("bound", "value"))
    lost = not_served.groupby("group")["net_lost"].agg(["size", "sum"])
    rows = [
        ("customers served", listed["customer_id"].nunique(), "customers", "customers for whom something will be done"), ("actions by people", len(people), "actions", f"{people['customer_id'].nunique():,} customers"),
        ("automatic messages", len(actions) - len(people), "actions", "sent by a tool, no working time"), ("expected gain", listed["gain"].sum(), "money", "by the save rates that the playbooks assume"), ("money", listed["money"].sum(), "money", "contacts and offers"),
        ("work", listed["work_cost"].sum(), "money", "working hours at their price"), ("expected net", listed["net"].sum(), "money", "gain less money and work"), ("hours of the first week", first["planned"].sum(), "hours", f"of {first['hours'].sum():,.1f} that may be planned"),
        ("distance from optimal", (bound - value) / bound if bound > 0 else 0.0, "share", str(decisions["how"].iloc[0]) if len(decisions) else "nothing is worth doing"),
    ]  # fmt: skip
    names = {NO_CAPACITY: "no hours or money left", BY_RULE: "left alone by a rule", HELD_OUT: "held out on purpose", NOT_WORTH: "costs more than it brings"}
    for group, says in names.items():
        size, money = lost.loc[group] if group in lost.index else (0, 0.0)
        rows += [(f"not served: {group}", size, "customers", says), (f"given up: {group}", money, "money", says)]
    return pd.DataFrame(rows, columns=list(SUMMARY)).astype(SUMMARY)


def say_plan(summary: pd.DataFrame, currency: str) -> str:
    """Return the list in two sentences."""
    at = summary.set_index("figure")["value"]
    served, people, net, hours = int(at["customers served"]), int(at["actions by people"]), at["expected net"], at["hours of the first week"]
    missed, lost = int(at["not served: no capacity"]), at["given up: no capacity"]
    told = f"{served:,} customers are served, with {people:,} actions by people ({hours:,.0f} hours in the first week) and {int(at['automatic messages']):,} automatic messages; this is expected to bring {net:,.0f} {currency} more than it costs."
    if not missed:
        return told + " Nobody is left out for want of hours or money."
    who = "1 customer gets" if missed == 1 else f"{missed:,} customers get"
    return told + f" {who} nothing for want of hours or money; that gives up {lost:,.0f} {currency}."


def say_gap(summary: pd.DataFrame) -> str:
    """Return how far from the best possible plan the list is, in one sentence."""
    row = summary.set_index("figure").loc["distance from optimal"]
    gap = float(row["value"])
    return f"No plan within the same limits could bring more than {gap:.2%} above this one ({row['says']}).".replace("%", " %") if gap > 1e-6 else f"No plan within the same limits could bring more ({row['says']})."

