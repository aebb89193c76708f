"""What became of the last list: what is new, what goes on, what is done, what was dropped and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.retention.followup import DONE, DROPPED, ordered_since
from helpers.retention.playbook import Playbook

CHANGES = {
    "change": "str",
    "action_id": "str",
    "customer_id": "str",
    "play": "str",
    "play_label": "str",
    "step": "Int64",
    "owner": "str",
    "due_on": "datetime64[us]",
    "why": "str",
}
ADDED, KEPT = "added", "kept"
KEY = ["customer_id", "play", "step"]


def carry_on(actions: pd.DataFrame, previous: pd.DataFrame | None) -> pd.DataFrame:
    """Return the list with ids and first day of actions that the last list already held, so that a task in somebody's calendar keeps its name.

    Parameters
    ----------
    actions : pandas.DataFrame
        From `list_actions`.
    previous : pandas.DataFrame, optional
        The last list.
    """
    if previous is None or previous.empty:
        return actions
    before = previous.drop_duplicates(KEY).set_index(KEY)
    keys = pd.MultiIndex.from_frame(actions[KEY])
    known = keys.isin(before.index)
    old = before.reindex(keys)
    told = actions.copy()
    for column in ("action_id", "first_listed_on"):
        told[column] = actions[column].where(~known, pd.Series(old[column].to_numpy(), index=actions.index))
    return told.astype({"action_id": "str", "first_listed_on": "datetime64[us]"})


def compare_lists(
    previous: pd.DataFrame,
    actions: pd.DataFrame,
    history: pd.DataFrame,
    evidence: Mapping[str, pd.DataFrame | None],
    playbook: Playbook,
    *,
    before: dt.date,
    as_of: dt.date,
) -> pd.DataFrame:
    """Return what became of every action of the last list, and which are new.

    Parameters
    ----------
    previous : pandas.DataFrame
        The last list.
    actions : pandas.DataFrame
        The list of today.
    history : pandas.DataFrame
        From `list_history`: what was done or called off, by a word of its owner, by what is on record, or by an order.
    evidence : mapping
        candidates (of today, with what forbids them), last_orders (customer_id, last_order_date); None when not measured.
    playbook : Playbook
        A play that is no longer in it has gone.
    before, as_of : datetime.date
        Days of the two lists.

    Returns
    -------
    pandas.DataFrame
        change (str: added, kept, done, dropped), action_id, customer_id, play, play_label, step, owner, due_on, why (str). Sorted by change, due day and id. An action that is kept has the owner and day of today's list.
    """
    now = pd.MultiIndex.from_frame(actions[KEY])
    fresh = actions[~now.isin(pd.MultiIndex.from_frame(previous[KEY]))].assign(change=ADDED, why=lambda f: f["reason"])
    today = actions.drop_duplicates(KEY).set_index(KEY)[["owner", "due_on"]]
    closed = history[history["on"] == pd.Timestamp(as_of)].drop_duplicates(KEY, keep="last").set_index(KEY)[["what", "why"]].to_dict("index")
    judged = [_judge(row, closed, today.index, evidence, playbook, before, as_of) for row in previous.to_dict("records")]
    gone = previous.assign(change=[c for c, _ in judged], why=[w for _, w in judged])
    same = today.reindex(pd.MultiIndex.from_frame(gone[KEY]))
    for column in ("owner", "due_on"):
        gone[column] = gone[column].mask((gone["change"] == KEPT).to_numpy(), pd.Series(same[column].to_numpy(), index=gone.index))
    told = pd.concat([fresh, gone], ignore_index=True)[list(CHANGES)].astype(CHANGES)
    rank = {ADDED: 0, DONE: 1, DROPPED: 2, KEPT: 3}
    return told.assign(_rank=told["change"].map(rank)).sort_values(["_rank", "due_on", "action_id"], ignore_index=True).drop(columns="_rank")


def _judge(
    row: Mapping[str, object],
    closed: Mapping[object, Mapping[str, str]],
    today: pd.Index,
    evidence: Mapping[str, pd.DataFrame | None],
    playbook: Playbook,
    before: dt.date,
    as_of: dt.date,
) -> tuple[str, str]:
    key = tuple(row[c] for c in KEY)
    if key in today:
        late = pd.Timestamp(row["due_on"]) <= pd.Timestamp(as_of)
        return KEPT, f"not done yet, was due on {row['due_on']:%Y-%m-%d}" if late else "still to do"
    if key in closed:
        return closed[key]["what"], closed[key]["why"]
    others = [w["why"] for (customer, play, _), w in closed.items() if (customer, play) == key[:2] and w["what"] == DROPPED]
    if others:
        return DROPPED, others[0]
    return DROPPED, _why_dropped(row, evidence, str(row["play"]) in playbook.plays, ordered_since(str(row["customer_id"]), evidence.get("last_orders"), before))


def _why_dropped(row: Mapping[str, object], evidence: Mapping[str, pd.DataFrame | None], known: bool, ordered: str) -> str:
    if not known:
        return "the play is no longer in the playbooks"
    candidates = evidence.get("candidates")
    mine = candidates[(candidates["customer_id"] == row["customer_id"]) & (candidates["play"] == row["play"])] if candidates is not None else None
    if mine is not None and len(mine):
        rule, says = mine["blocked_by"].iloc[0], mine["blocked_says"].iloc[0]
        return f"{rule.replace('_', ' ')}: {says}" if rule else "others bring more for the same hours, or another play goes first for this customer"
    return f"the reason is gone: ordered on {ordered}" if ordered else "the reason is gone: signal, trigger or due date no longer holds"
