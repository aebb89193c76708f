"""What became of earlier lists, as far as it binds this one: steps that are done, plays that were called off, customers who are held out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.retention.channels import channel_of
from helpers.retention.owners import AUTOMATIC
from helpers.retention.playbook import Playbook
from helpers.retention.stepping import WEEK, due_day

HISTORY = {"customer_id": "str", "play": "str", "step": "Int64", "what": "str", "on": "datetime64[us]", "why": "str"}
DONE, DROPPED, HELD_OUT = "done", "dropped", "held_out"
CLOSED = {"done": DONE, "完成": DONE, "dropped": DROPPED, "cancelled": DROPPED, "取消": DROPPED}
CONTACT_KINDS = ("call", "visit", "meeting", "interview", "training", "email", "chat")
KEPT_DAYS = 1100  # the longest cool-down that a play may have
FREED = ("cool_down", "touched", "cost_cap", "not_worth_it", "offer_guard")  # what a play that is under way is not held back by, as long as the rest of it pays
RULE, UNDER_WAY = "done", "under_way"


@dataclass(frozen=True)
class Evidence:
    """What is on record since the last list: any of interactions, touches, last_orders (customer_id, last_order_date); None when not measured."""

    interactions: pd.DataFrame | None = None
    touches: pd.DataFrame | None = None
    last_orders: pd.DataFrame | None = None


def list_history(earlier: pd.DataFrame | None, previous: pd.DataFrame | None, evidence: Evidence, playbook: Playbook, *, as_of: dt.date) -> pd.DataFrame:
    """Return what earlier lists came to.

    Parameters
    ----------
    earlier : pandas.DataFrame, optional
        This table as the last run left it, with those whom it held out.
    previous : pandas.DataFrame, optional
        The last list with what people entered, and listed_on.
    evidence : Evidence
    playbook : Playbook
        For stop rules.
    as_of : datetime.date
        Nothing later counts.

    Returns
    -------
    pandas.DataFrame
        customer_id, play (str), step (Int64, 0: the whole play), what (str: done, dropped, held_out), on (datetime64), why (str). Sorted by customer, play, step.
    """
    parts = [pd.DataFrame(columns=list(HISTORY))] if earlier is None else [earlier[list(HISTORY)]]
    if previous is not None and len(previous):
        judged = find_closed(previous, evidence, playbook, before=previous["listed_on"].max().date(), as_of=as_of)
        now = previous.assign(what=[w for w, _ in judged], why=[y for _, y in judged], on=pd.Timestamp(as_of))
        parts.append(now.loc[now["what"] != "", list(HISTORY)])
    told = pd.concat([p for p in parts if len(p)] or parts[:1], ignore_index=True).astype(HISTORY)
    young = told[(told["on"] <= pd.Timestamp(as_of)) & (told["on"] > pd.Timestamp(as_of) - pd.Timedelta(days=KEPT_DAYS))]
    return (
        young.sort_values(["customer_id", "play", "step", "on"], kind="stable")
        .drop_duplicates(["customer_id", "play", "step", "what"], keep="last")
        .reset_index(drop=True)
    )


def find_closed(previous: pd.DataFrame, evidence: Evidence, playbook: Playbook, *, before: dt.date, as_of: dt.date) -> list[tuple[str, str]]:
    """Return for each action of a list what ended it (done, dropped, or an empty text) and why.

    A word of its owner goes first; an automatic message whose day has passed counts as sent, because to send it twice is worse than not to send it; then a conversation or message on record since, of which each closes one action only, the earliest on its channel; then an order, where the play stops at one.
    """
    logged = _log(evidence, before, as_of)
    order = previous.sort_values(["due_on", "step", "action_id"], kind="stable").index
    told = {place: _close(previous.loc[place].to_dict(), logged, evidence.last_orders, playbook, before, pd.Timestamp(as_of)) for place in order}
    return [told[place] for place in previous.index]


def _close(
    row: Mapping[str, object],
    logged: dict[tuple[str, ...], Iterator[str]],
    last_orders: pd.DataFrame | None,
    playbook: Playbook,
    before: dt.date,
    as_of: pd.Timestamp,
) -> tuple[str, str]:
    written = CLOSED.get(str(row.get("status", "")).strip().lower())
    if written:
        result = str(row.get("result") or "").strip()
        return written, f"marked {written} by its owner" + (f": {result}" if result else "")
    customer, channel, play = (str(row[c]) for c in ("customer_id", "channel", "play"))
    for key in ((customer, channel), (customer, channel, play)):
        on_record = next(logged.get(key, iter(())), "")
        if on_record:
            return DONE, on_record
    if row["owner"] == AUTOMATIC and pd.Timestamp(row["due_on"]) <= as_of:
        return DONE, f"taken as sent on {row['due_on']:%Y-%m-%d}: automatic, and nobody said otherwise"
    known, ordered = playbook.plays.get(play), ordered_since(customer, last_orders, before)
    return (DROPPED, f"ordered on {ordered}: {known.stop.says.en}") if known is not None and known.stop.ordered and ordered else ("", "")


def _log(evidence: Evidence, before: dt.date, as_of: dt.date) -> dict[tuple[str, ...], Iterator[str]]:
    """What is on record after the day of the last list: conversations by customer and channel, messages also by play, the earliest first."""
    start, end = pd.Timestamp(before) + pd.Timedelta(days=1), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    told: dict[tuple[str, ...], list[str]] = {}
    if evidence.interactions is not None:
        talks = evidence.interactions
        talks = talks[talks["kind"].isin(CONTACT_KINDS) & (talks["at"] >= start) & (talks["at"] < end)].sort_values("at")
        for r in talks.itertuples():
            told.setdefault((r.customer_id, r.kind), []).append(f"{r.kind} on record on {r.at:%Y-%m-%d}")
    if evidence.touches is not None and {"channel", "play"} <= set(evidence.touches):
        sent = evidence.touches
        if "group" in sent:
            sent = sent[sent["group"].fillna("treated") == "treated"]
        sent = sent[(sent["sent_on"] >= start) & (sent["sent_on"] < end)].sort_values("sent_on")
        for customer, channel, play, on in zip(sent["customer_id"], channel_of(sent["channel"].astype("str")), sent["play"], sent["sent_on"], strict=True):
            told.setdefault((customer, channel, play), []).append(f"sent on {on:%Y-%m-%d}")
    return {key: iter(hits) for key, hits in told.items()}


def ordered_since(customer: str, last_orders: pd.DataFrame | None, before: dt.date) -> str:
    """Return the day of a customer's last order when it came after the last list, else an empty text."""
    if last_orders is None:
        return ""
    last = last_orders.loc[last_orders["customer_id"] == customer, "last_order_date"]
    return f"{last.iloc[0]:%Y-%m-%d}" if len(last) and pd.notna(last.iloc[0]) and last.iloc[0] > pd.Timestamp(before) else ""


def held_out_touches(history: pd.DataFrame, touches: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return the table `touches` with those whom earlier lists held out, so that nobody is held out on one list and contacted on the next."""
    held = history.loc[history["what"] == HELD_OUT]
    if held.empty:
        return touches
    rows = pd.DataFrame({"customer_id": held["customer_id"], "play": held["play"], "sent_on": held["on"], "group": HELD_OUT})
    return rows if touches is None else pd.concat([touches, rows], ignore_index=True)


def go_on(
    candidates: pd.DataFrame,
    steps: pd.DataFrame,
    history: pd.DataFrame,
    previous: pd.DataFrame | None,
    playbook: Playbook,
    *,
    as_of: dt.date,
    hour_cost: float,
    min_net: float,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return candidates and steps as the history leaves them: a play that was called off or is done rests for its cool-down, of one under way only the rest is to do.

    Parameters
    ----------
    candidates, steps : pandas.DataFrame
        From `list_candidates`.
    history : pandas.DataFrame
        From `list_history`.
    previous : pandas.DataFrame, optional
        The last list: days that it gave to later steps hold.
    playbook : Playbook
    as_of : datetime.date
    hour_cost, min_net : float
        Price of a working hour; what a play must bring at least beyond its cost (currency units).
    """
    if previous is not None and len(candidates):  # whoever stood on a list is under treatment: the draw is over
        listed = candidates["candidate_id"].isin(previous["customer_id"] + "|" + previous["play"])
        candidates = candidates.assign(hold_out=candidates["hold_out"].mask(listed, 0.0))
    cooldown = history["play"].map({k: p.cooldown_days for k, p in playbook.plays.items()}).astype("float64").fillna(0.0)
    binding = history[((pd.Timestamp(as_of) - history["on"]).dt.days < cooldown) & history["what"].isin([DONE, DROPPED])]
    if binding.empty or candidates.empty:
        return candidates, steps
    name = binding["customer_id"] + "|" + binding["play"]
    last, off = binding[binding["what"] == DONE].groupby(name)["step"].max(), binding[binding["what"] == DROPPED].groupby(name)["why"].last()
    why = binding.groupby(name)["why"].last()
    ids, most = candidates["candidate_id"], candidates["candidate_id"].map(steps.groupby("candidate_id")["step"].max())
    over = ids.isin(off.index) | (ids.map(last) >= most).fillna(False)
    under_way = ids.isin(last.index) & ~over
    rest = steps[~(steps["candidate_id"].isin(ids[under_way]) & (steps["step"] <= steps["candidate_id"].map(last).fillna(0)).fillna(False))]
    rest = _keep_days(rest, set(ids[under_way]), previous, as_of)
    told = candidates.assign(blocked_by=candidates["blocked_by"].mask(over, RULE), blocked_says=candidates["blocked_says"].mask(over, ids.map(why)))
    priced = _price_rest(told, rest, under_way, hour_cost, min_net)
    return _finish_first(priced, under_way, playbook), rest.sort_values(["candidate_id", "step"], ignore_index=True)


def _keep_days(steps: pd.DataFrame, running: set[str], previous: pd.DataFrame | None, as_of: dt.date) -> pd.DataFrame:
    """Later steps keep the days that the last list gave them; when the next one is overdue it is due at once, and the others move with it, so that nobody is called three times in a week."""
    mine = steps["candidate_id"].isin(running)
    known = {} if previous is None else dict(zip(zip(previous["customer_id"] + "|" + previous["play"], previous["step"], strict=True), previous["due_on"], strict=True))
    soon, rows = due_day(as_of, 1), steps[mine]
    before = pd.Series([known.get(key, soon) for key in zip(rows["candidate_id"], rows["step"], strict=True)], index=rows.index, dtype="datetime64[us]")
    late = (soon - before.groupby(rows["candidate_id"]).transform("min")).clip(lower=pd.Timedelta(0))
    due = steps["due_on"].copy()
    due.loc[mine] = [due_day(as_of, (day - pd.Timestamp(as_of)).days) for day in before + late]
    return steps.assign(due_on=due, week=(((due - pd.Timestamp(as_of)).dt.days - 1).clip(lower=0) // WEEK).astype("Int64"))


def _price_rest(candidates: pd.DataFrame, steps: pd.DataFrame, under_way: pd.Series, hour_cost: float, min_net: float) -> pd.DataFrame:
    """What was spent is spent: only the steps that are left cost anything, and nobody under way is held out."""
    by = (
        steps.assign(contact=((steps["week"] == 0) & (steps["planned_channel"] != "internal")).astype("int64"))
        .groupby("candidate_id")[["money", "hours", "contact"]]
        .sum()
    )
    left = by.reindex(candidates["candidate_id"]).reset_index(drop=True).set_axis(candidates.index)
    money, hours = (candidates[c].where(~under_way, left[c]) for c in ("money", "hours"))
    work = hours * hour_cost
    net = candidates["gain"] - money - work
    free = under_way & candidates["blocked_by"].isin(FREED) & (net > min_net)
    return candidates.assign(
        money=money, hours=hours, work_cost=work, cost=money + work, net=net, contacts=candidates["contacts"].where(~under_way, left["contact"].astype("Int64")), hold_out=candidates["hold_out"].where(~under_way, 0.0),
        blocked_by=candidates["blocked_by"].mask(free, ""), blocked_says=candidates["blocked_says"].mask(free, ""),
    )  # fmt: skip


def _finish_first(candidates: pd.DataFrame, under_way: pd.Series, playbook: Playbook) -> pd.DataFrame:
    """One voice at a time: while a play is under way for a customer, no other one is begun."""
    running = candidates[under_way & (candidates["blocked_by"] == "")].drop_duplicates("customer_id").set_index("customer_id")["play"]
    other = candidates["customer_id"].isin(running.index) & ~under_way & (candidates["blocked_by"] == "")
    says = candidates["customer_id"].map(running).map({k: f"{p.label.en} is under way" for k, p in playbook.plays.items()})
    return candidates.assign(blocked_by=candidates["blocked_by"].mask(other, UNDER_WAY), blocked_says=candidates["blocked_says"].mask(other, says))
