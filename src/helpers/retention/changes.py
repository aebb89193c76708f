"""What became of the last list: what is new, what goes on, what is done, what was dropped and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.retention.channels import channel_of
from helpers.retention.playbook import Playbook

CHANGES = {"change": "str", "action_id": "str", "customer_id": "str", "play": "str", "play_label": "str", "step": "Int64", "owner": "str", "due_on": "datetime64[us]", "why": "str"}
ADDED, KEPT, DONE, DROPPED = "added", "kept", "done", "dropped"
CLOSED = {"done": DONE, "erledigt": DONE, "完成": DONE, "dropped": DROPPED, "cancelled": DROPPED, "取消": DROPPED}
KEY = ["customer_id", "play", "step"]
CONTACT_KINDS = ("call", "visit", "meeting", "interview", "training", "email", "chat")


def carry_on(actions: pd.DataFrame, previous: pd.DataFrame | None, changes: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the list with ids and first day of actions that the last list already held, so that a task in somebody's calendar keeps its name.

    Parameters
    ----------
    actions : pandas.DataFrame
        From `list_actions`.
    previous : pandas.DataFrame, optional
        The last list.
    changes : pandas.DataFrame, optional
        From `compare_lists`; actions that are done do not go on.
    """
    if previous is None or previous.empty:
        return actions
    still = previous if changes is None else previous[~previous["action_id"].isin(changes.loc[changes["change"] == DONE, "action_id"])]
    before = still.drop_duplicates(KEY).set_index(KEY)
    keys = pd.MultiIndex.from_frame(actions[KEY])
    known = keys.isin(before.index)
    old = before.reindex(keys)
    told = actions.copy()
    for column in ("action_id", "first_listed_on"):
        told[column] = actions[column].where(~known, pd.Series(old[column].to_numpy(), index=actions.index))
    return told.astype({"action_id": "str", "first_listed_on": "datetime64[us]"})


def compare_lists(previous: pd.DataFrame, actions: pd.DataFrame, evidence: Mapping[str, pd.DataFrame | None], playbook: Playbook, *, before: dt.date, as_of: dt.date) -> pd.DataFrame:
    """Return what became of every action of the last list, and which are new.

    Parameters
    ----------
    previous : pandas.DataFrame
        The last list; a `status` that somebody wrote into it (done, dropped) is believed.
    actions : pandas.DataFrame
        The list of today.
    evidence : mapping
        Any of interactions, touches, candidates (of today, with what forbids them), last_orders (customer_id, last_order_date), findings (customer_signals of today); None when not measured.
    playbook : Playbook
        For stop rules.
    before, as_of : datetime.date
        Days of the two lists.

    Returns
    -------
    pandas.DataFrame
        change (str: added, kept, done, dropped), action_id, customer_id, play, play_label, step, owner, due_on, why (str). Sorted by change, due day and id.
    """
    now = pd.MultiIndex.from_frame(actions[KEY])
    then = pd.MultiIndex.from_frame(previous[KEY])
    fresh = actions[~now.isin(then)].assign(change=ADDED, why=lambda f: f["reason"])
    old = previous.assign(going=then.isin(now))
    judged = [_judge(row, evidence, playbook, before, as_of) for row in old.to_dict("records")]
    gone = old.assign(change=[c for c, _ in judged], why=[w for _, w in judged])
    told = pd.concat([fresh, gone], ignore_index=True)[list(CHANGES)].astype(CHANGES)
    rank = {ADDED: 0, DONE: 1, DROPPED: 2, KEPT: 3}
    return told.assign(_rank=told["change"].map(rank)).sort_values(["_rank", "due_on", "action_id"], ignore_index=True).drop(columns="_rank")


def _judge(row: Mapping[str, object], evidence: Mapping[str, pd.DataFrame | None], playbook: Playbook, before: dt.date, as_of: dt.date) -> tuple[str, str]:
    written = CLOSED.get(str(row.get("status", "")).strip().lower())
    if written:
        result = str(row.get("result") or "").strip()
        return written, f"marked {row['status']} by its owner" + (f": {result}" if result else "")
    logged = _logged(row, evidence, before, as_of)
    if logged:
        return DONE, logged
    play = playbook.plays.get(str(row["play"]))
    ordered = _ordered(row, evidence.get("last_orders"), before)
    if play is not None and play.stop.ordered and ordered:
        return DROPPED, f"ordered on {ordered}: {play.stop.says.en}"
    if row["going"]:
        return KEPT, "still due"
    return DROPPED, _why_dropped(row, evidence, play is not None, ordered)


def _logged(row: Mapping[str, object], evidence: Mapping[str, pd.DataFrame | None], before: dt.date, as_of: dt.date) -> str:
    """A conversation or message on record after the last list, on the channel of the action, counts as done."""
    channel, customer = row["channel"], row["customer_id"]
    start, end = pd.Timestamp(before) + pd.Timedelta(days=1), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    talks, touches = evidence.get("interactions"), evidence.get("touches")
    if talks is not None and channel in CONTACT_KINDS:
        hits = talks[(talks["customer_id"] == customer) & (talks["kind"] == channel) & (talks["at"] >= start) & (talks["at"] < end)]
        if len(hits):
            return f"{channel} on record on {hits['at'].min():%Y-%m-%d}"
    if touches is not None:
        hits = touches[(touches["customer_id"] == customer) & (touches["play"] == row["play"]) & (channel_of(touches["channel"].astype("str")) == channel) & (touches["sent_on"] >= start) & (touches["sent_on"] < end)]
        if len(hits):
            return f"sent on {hits['sent_on'].min():%Y-%m-%d}"
    return ""


def _ordered(row: Mapping[str, object], last_orders: pd.DataFrame | None, before: dt.date) -> str:
    if last_orders is None:
        return ""
    last = last_orders.loc[last_orders["customer_id"] == row["customer_id"], "last_order_date"]
    return f"{last.iloc[0]:%Y-%m-%d}" if len(last) and pd.notna(last.iloc[0]) and last.iloc[0] > pd.Timestamp(before) else ""


def _why_dropped(row: Mapping[str, object], evidence: Mapping[str, pd.DataFrame | None], known: bool, ordered: str) -> str:
    if not known:
        return "the play is no longer in the playbooks"
    candidates = evidence.get("candidates")
    mine = candidates[(candidates["customer_id"] == row["customer_id"]) & (candidates["play"] == row["play"])] if candidates is not None else None
    if mine is not None and len(mine):
        rule, says = mine["blocked_by"].iloc[0], mine["blocked_says"].iloc[0]
        return f"{rule.replace('_', ' ')}: {says}" if rule else "others bring more for the same hours, or another play goes first for this customer"
    return f"the reason is gone: ordered on {ordered}" if ordered else "the reason is gone: signal, trigger or due date no longer holds"
