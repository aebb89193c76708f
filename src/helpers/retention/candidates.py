"""Everything that could be done: each play for each customer it fits, with its steps, owners, price, gain, and what forbids it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.retention.playbook import CONSENT, Play, Playbook, Step
from helpers.retention.owners import AUTOMATIC, HOUR, assign_owners, price_of
from helpers.retention.settings import ActionsSettings
from helpers.rules.schemes import with_columns

CANDIDATES = {
    "candidate_id": "str", "customer_id": "str", "play": "str", "purpose": "str", "occasion": "str", "reason": "str", "reason_zh": "str", "chance": "float64", "value": "float64", "gain": "float64", "money": "float64",
    "hours": "float64", "work_cost": "float64", "cost": "float64", "net": "float64", "contacts": "Int64", "hold_out": "float64", "blocked_by": "str", "blocked_says": "str", "defaults": "str",
}  # fmt: skip
STEPS = {
    "candidate_id": "str", "customer_id": "str", "play": "str", "step": "Int64", "due_on": "datetime64[us]", "week": "Int64", "owner": "str", "role": "str", "channel": "str", "planned_channel": "str", "hours": "float64",
    "money": "float64", "do_en": "str", "do_zh": "str", "script_en": "str", "script_zh": "str",
}  # fmt: skip
IN_PERSON = ("visit", "meeting", "interview", "training")  # only at business customers
DIGITAL = ("wechat", "sms", "email")
RULE_SAYS = {"open_ticket": "open_ticket", "complaint": "complaint", "touched": "touched"}
WEEK = 7
SHARED = {"hours": "play_hours", "money": "play_money"}  # columns that both a candidate and a step have


@dataclass(frozen=True)
class Ground:
    """What candidates stand on: who is in which situation, on which occasions, under which rules, with which people at which prices."""

    situations: pd.DataFrame
    triggers: pd.DataFrame
    cadence: pd.DataFrame
    rules: pd.DataFrame
    cooldowns: pd.Series
    recent: pd.Series
    preferences: pd.DataFrame | None
    winback: pd.DataFrame
    team: pd.DataFrame
    prices: pd.DataFrame
    playbook: Playbook
    settings: ActionsSettings
    as_of: dt.date


def join_candidates(candidates: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return candidates and steps as one table, a row per step; `split_candidates` takes it apart again."""
    return steps.merge(candidates.drop(columns=["customer_id", "play"]).rename(columns=SHARED), on="candidate_id", how="left")


def split_candidates(joined: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return candidates and steps from the table that `join_candidates` makes."""
    back = {v: k for k, v in SHARED.items()}
    first = joined.drop_duplicates("candidate_id")[["candidate_id", "customer_id", "play", *(SHARED.get(c, c) for c in CANDIDATES if c not in ("candidate_id", "customer_id", "play"))]]
    return first.rename(columns=back)[list(CANDIDATES)].astype(CANDIDATES).reset_index(drop=True), joined[list(STEPS)].astype(STEPS)


def list_candidates(ground: Ground) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every play for every customer it fits, and the steps of each.

    Returns
    -------
    candidates : pandas.DataFrame
        candidate_id, customer_id, play, purpose, occasion (str, what makes it the same action on another run), reason, reason_zh (str), chance (float64, part of the value that is in danger, or odds of coming back), value (float64, margin of a
        year at stake), gain (float64, expected), money, hours, work_cost, cost, net (float64, currency units; net is gain less cost), contacts (Int64, in the first seven days), hold_out (float64, share), blocked_by (str, empty when nothing
        forbids it), blocked_says (str), defaults (str, what was assumed).
    steps : pandas.DataFrame
        candidate_id, customer_id, play, step (Int64), due_on (datetime64, no Saturday or Sunday), week (Int64, 0 is the week after the as-of date), owner, role, channel, planned_channel (str, before consent was looked at), hours, money (float64),
        do_en, do_zh, script_en, script_zh.

    Notes
    -----
    Features F32, F33, F37, F38. The reasons that forbid are looked at in this order: consent, open ticket, complaint, touched, held out, cool-down, weekly cap, cost cap, guard.
    """
    made = [_play(p, ground) for p in ground.playbook.plays.values()]
    kept = [m for m in made if m is not None]
    if not kept:
        return pd.DataFrame(columns=list(CANDIDATES)).astype(CANDIDATES), pd.DataFrame(columns=list(STEPS)).astype(STEPS)
    candidates = pd.concat([c for c, _ in kept], ignore_index=True)[list(CANDIDATES)].astype(CANDIDATES)
    steps = pd.concat([s for _, s in kept], ignore_index=True)[list(STEPS)].astype(STEPS)
    return candidates.sort_values("candidate_id", ignore_index=True), steps.sort_values(["candidate_id", "step"], ignore_index=True)


def eligible(play: Play, ground: Ground) -> pd.DataFrame:
    """Return the situations that a play is for, with occasion, reason and what triggered it."""
    rows = ground.situations.assign(occasion="", because="", because_zh="", until=pd.NaT)
    fits = pd.Series(True, index=rows.index)
    if "kind" in rows and len(play.kinds) == 1:
        fits &= rows["kind"] == play.kinds[0] if rows["kind"].notna().any() else play.kinds[0] == "consumer"  # of whom nothing is known is treated as a private customer
    if play.levels:
        fits &= rows["level"].isin(play.levels)
    if play.signals:
        acting = [c for c in (f"acts_{s}" for s in play.signals) if c in rows]
        fits &= (rows[acting].max(axis=1) == 1).fillna(False) if acting else False
    if play.condition is not None:
        fits &= play.condition.matches(with_columns(rows, play.condition.columns))
    rows = rows[fits.astype("bool")]
    for table, key, wanted in ((ground.triggers, "trigger", play.trigger), (ground.cadence, "cadence", play.cadence)):
        if wanted:
            rows = _on_occasion(rows, table, key, wanted)
    return rows


def _on_occasion(rows: pd.DataFrame, table: pd.DataFrame, key: str, wanted: str) -> pd.DataFrame:
    hits = table[table[key] == wanted].drop_duplicates("customer_id").set_index("customer_id")
    if key == "cadence":
        hits = hits[hits["overdue_days"] > 0]
        last = hits["last_on"].dt.strftime("%Y-%m-%d").fillna("never")
        hits = hits.assign(occasion_on=hits["due_on"], open_until=pd.NaT, evidence_en=hits["label_en"] + ": last on " + last + ", " + hits["overdue_days"].astype("str") + " days overdue",
                           evidence_zh=hits["label_zh"] + "：上次" + last + "，逾期" + hits["overdue_days"].astype("str") + "天")  # fmt: skip
    inside = rows[rows["customer_id"].isin(hits.index)]
    hit = hits.reindex(inside["customer_id"])
    return inside.assign(occasion=hit["occasion_on"].dt.strftime("%Y-%m-%d").to_numpy(), because=hit["evidence_en"].to_numpy(), because_zh=hit["evidence_zh"].to_numpy(), until=hit["open_until"].to_numpy())


def _play(play: Play, ground: Ground) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    rows = eligible(play, ground).reset_index(drop=True)
    if rows.empty:
        return None
    ids = rows["customer_id"] + "|" + play.key
    steps = [_step(play, n, s, rows, ids, ground) for n, s in enumerate(play.steps, 1)]
    chance, gain = _gain(play, rows, ground)
    offer, offer_hours, _ = price_of(ground.prices).get(play.offer, (0.0, 0.0, False))
    money, hours = sum(s["money"] for s in steps) + offer, sum(s["hours"] for s in steps)
    money, hours = money.to_numpy(), hours.to_numpy()
    work = hours * price_of(ground.prices)[HOUR][0]
    contacts = sum(((s["week"] == 0) & (s["planned_channel"] != "internal")).astype(int) for s in steps)
    reason = {lang: _reason(rows, play, lang) for lang in ("en", "zh")}
    frame = pd.DataFrame({
        "candidate_id": ids, "customer_id": rows["customer_id"], "play": play.key, "purpose": play.purpose, "occasion": _occasion(rows), "reason": reason["en"], "reason_zh": reason["zh"], "chance": chance, "value": rows["value_at_stake"],
        "gain": gain, "money": money, "hours": hours, "work_cost": work, "cost": money + work, "net": gain - money - work, "contacts": contacts.to_numpy(), "hold_out": play.hold_out if ground.settings.hold_out else 0.0,
        "defaults": _defaults(play, rows, ground),
    })  # fmt: skip
    by, says = _blocked(play, rows, frame, steps, ground)
    if offer_hours and len(steps):
        steps[0] = steps[0].assign(hours=steps[0]["hours"] + offer_hours)
    return frame.assign(blocked_by=by, blocked_says=says), pd.concat(steps, ignore_index=True)


def _occasion(rows: pd.DataFrame) -> pd.Series:
    """The day that makes an action the same on another run: of the trigger, else since when the signal holds, else the last order."""
    since = rows["since"].dt.strftime("%Y-%m-%d") if "since" in rows else pd.Series(None, index=rows.index, dtype="str")
    last = rows["last_order_date"].dt.strftime("%Y-%m-%d") if "last_order_date" in rows else since
    return rows["occasion"].where(rows["occasion"] != "", since.fillna(last).fillna("first order"))


def _gain(play: Play, rows: pd.DataFrame, ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    """Saved: the part of the value in danger times the share kept. Added: a share of what is expected. Won back: what the play adds to the odds of coming back."""
    if play.effect.returns:
        odds = rows["customer_id"].map(ground.winback.set_index("customer_id")["natural_odds"]).fillna(0.0).to_numpy("float64")
        worth = rows["customer_id"].map(ground.winback.set_index("customer_id")["value_if_back"]).fillna(0.0).to_numpy("float64")
        return odds, np.minimum(odds * play.effect.returns, 1 - odds) * worth
    danger, value, expected = (rows[c].to_numpy("float64") for c in ("loss_share", "value_at_stake", "expected_value"))
    return danger, danger * play.effect.saves * value + play.effect.adds * expected


def _reason(rows: pd.DataFrame, play: Play, language: str) -> list[str]:
    zh = language == "zh"
    because, signals = (rows["because_zh"], rows["reason_zh"]) if zh else (rows["because"], rows["reason"])
    danger = play.purpose == "save" or bool(play.signals)
    told = []
    for r, why, seen in zip(rows.itertuples(), because, signals, strict=True):
        told.append(why or (seen if danger and seen else _plain(r, zh)))
    return told


def _plain(row: object, zh: bool) -> str:
    """Orders and silence, where nothing else is to be said."""
    orders, recency = getattr(row, "order_count", 0), getattr(row, "recency_days", None)
    if not orders or recency is pd.NA or recency != recency:
        return "已登记，尚未下单" if zh else "registered, no order yet"
    spend = getattr(row, "spend_12m", 0.0)
    return f"{orders}单，上次{recency}天前，近12个月消费{spend:,.0f}" if zh else f"{orders} order{'s' if orders > 1 else ''}, the last {recency} days ago, {spend:,.0f} spent in 12 months"


def _defaults(play: Play, rows: pd.DataFrame, ground: Ground) -> list[str]:
    """What was assumed and not known, so that nobody takes it for a fact."""
    prices = price_of(ground.prices)
    used = sorted({s.cost_row for s in play.steps} | ({play.offer} if play.offer else set()) | ({HOUR} if any(s.role != AUTOMATIC for s in play.steps) else set()))
    common = ["staff"] if bool(ground.team["is_default"].any()) else []
    common += ["costs"] if all(prices[u][2] for u in used if u in prices) else [f"cost of {u}" for u in used if u in prices and prices[u][2]]
    value = rows["value_basis"].where(rows["value_is_default"].fillna(True).astype("bool"), "")
    consent = "" if any(r.startswith("no_consent") for r in ground.rules["rule"]) else "consent not known"
    return ["; ".join([*common, *([v] if v else []), *([consent] if consent else [])]) for v in value]


def _step(play: Play, number: int, step: Step, rows: pd.DataFrame, ids: pd.Series, ground: Ground) -> pd.DataFrame:
    channel = choose_channels(step, rows, ground, play.cost_cap)
    owner = assign_owners(rows, step.role, play.skills, ground.team)
    prices = price_of(ground.prices)
    own_row = pd.Series(np.where(channel == step.channel, step.cost_row, channel))
    money, hours = (own_row.map({n: p[i] for n, p in prices.items()}).fillna(0.0).to_numpy() for i in (0, 1))
    due = due_days(ground.as_of, step.day)
    script = {lang: _scripts(step, rows, lang, due) for lang in ("en", "zh")}
    return pd.DataFrame({
        "candidate_id": ids, "customer_id": rows["customer_id"], "play": play.key, "step": number, "due_on": due, "week": max((due - pd.Timestamp(ground.as_of)).days - 1, 0) // WEEK, "owner": owner, "role": step.role, "channel": channel,
        "planned_channel": step.channel, "hours": 0.0 if step.role == AUTOMATIC else hours, "money": money, "do_en": step.do.en, "do_zh": step.do.zh, "script_en": script["en"], "script_zh": script["zh"],
    })  # fmt: skip


def due_days(as_of: dt.date, days: int) -> pd.Timestamp:
    """Return the working day on which a step is due: at the earliest the day after the as-of date, and never on a weekend.

    Examples
    --------
    >>> str(due_days(dt.date(2025, 6, 27), 1).date())
    '2025-06-30'
    """
    day = pd.Timestamp(as_of) + pd.Timedelta(days=max(days, 1))
    return day + pd.Timedelta(days={5: 2, 6: 1}.get(day.dayofweek, 0))


def choose_channels(step: Step, rows: pd.DataFrame, ground: Ground, cost_cap: float) -> np.ndarray:
    """Return the channel of a step for each customer: as planned where he agreed, a preferred one for automatic messages, else the first that stands in and fits the cap; empty when none is left."""
    prices = price_of(ground.prices)
    tries = [step.channel, *(c for c in ground.playbook.instead.get(step.channel, ()) if prices.get(c, (0.0,))[0] <= cost_cap)]
    told = np.full(len(rows), "", dtype=object)
    business = (rows["kind"] == "business").to_numpy() if "kind" in rows else np.zeros(len(rows), dtype=bool)
    forbidden = {kind: rows["customer_id"].isin(ground.rules.loc[ground.rules["rule"] == f"no_consent_{kind}", "customer_id"]).to_numpy() for kind in set(CONSENT.values())}
    if step.role == AUTOMATIC and step.channel in DIGITAL and ground.preferences is not None:
        liked = rows["customer_id"].map(ground.preferences.set_index("customer_id")["preferred"])
        told = np.where(liked.isin(DIGITAL) & ~_refused(liked, forbidden), liked, "")
    for channel in tries:
        fine = np.ones(len(rows), dtype=bool) if channel not in CONSENT else ~forbidden[CONSENT[channel]]
        fine &= business | (channel not in IN_PERSON)
        told = np.where((told == "") & fine, channel, told)
    return told


def _refused(channels: pd.Series, forbidden: Mapping[str, np.ndarray]) -> np.ndarray:
    kind = channels.map(CONSENT)
    return np.any([(kind == k).to_numpy() & no for k, no in forbidden.items()], axis=0)


def _scripts(step: Step, rows: pd.DataFrame, language: str, due: pd.Timestamp) -> list[str]:
    """The words of the first variant that fits, with reason and date filled in."""
    words = np.full(len(rows), getattr(step.script, language), dtype=object)
    taken = np.zeros(len(rows), dtype=bool)
    for variant, condition in step.conditions:
        fits = condition.matches(with_columns(rows, condition.columns)).to_numpy() & ~taken
        words[fits], taken = getattr(variant.script, language), taken | fits
    zh = language == "zh"
    reason, because = rows["reason_zh" if zh else "reason"], rows["because_zh" if zh else "because"]
    until = pd.Series(rows["until"]).fillna(due + pd.Timedelta(days=14)).dt.strftime("%Y-%m-%d")
    return [w.replace("{reason}", r or b).replace("{trigger}", b or r).replace("{until}", u) for w, r, b, u in zip(words, reason, because, until, strict=True)]


def _blocked(play: Play, rows: pd.DataFrame, frame: pd.DataFrame, steps: list[pd.DataFrame], ground: Ground) -> tuple[np.ndarray, np.ndarray]:
    by, says = np.full(len(rows), "", dtype=object), np.full(len(rows), "", dtype=object)

    def block(rule: str, hit: np.ndarray, words: object) -> None:
        free = hit & (by == "")
        by[free] = rule
        says[free] = np.broadcast_to(np.asarray(words, dtype=object), len(rows))[free]

    ids = rows["customer_id"]
    block("consent", np.any([(s["channel"] == "").to_numpy() for s in steps], axis=0), "no channel that the customer has agreed to")
    block("nobody", np.any([s["owner"].isna().to_numpy() for s in steps], axis=0), "nobody in the team has hours for it")
    for rule in ("open_ticket", "complaint", "touched"):
        known = ground.rules[ground.rules["rule"] == rule].drop_duplicates("customer_id", keep="last").set_index("customer_id")["says"]
        if rule not in play.exempt:
            block(rule, ids.isin(known.index).to_numpy(), ids.map(known).to_numpy(dtype=object))
    held = ground.rules[(ground.rules["rule"] == "held_out") & (ground.rules["play"] == play.key)].drop_duplicates("customer_id").set_index("customer_id")["says"]
    block("held_out", ids.isin(held.index).to_numpy(), ids.map(held).to_numpy(dtype=object))
    last = ground.cooldowns.xs(play.key, level=1) if play.key in ground.cooldowns.index.get_level_values(1) else pd.Series(dtype="datetime64[us]")
    days = (pd.Timestamp(ground.as_of) - last.astype("datetime64[us]").reindex(ids).reset_index(drop=True)).dt.days
    block("cool_down", (days < play.cooldown_days).fillna(False).to_numpy(), [f"was treated {d:.0f} days ago, cool-down {play.cooldown_days} days" for d in days])
    recent = ids.map(ground.recent).fillna(0).to_numpy()
    block("weekly_cap", recent + frame["contacts"].to_numpy("int64") > ground.settings.contacts_per_week, [f"{r:.0f} contacts in the last seven days" for r in recent])
    money, cost, gain = (frame[c].to_numpy("float64") for c in ("money", "cost", "gain"))
    block("cost_cap", money > play.cost_cap, [f"costs {m:,.0f}, the cap is {play.cost_cap:,.0f}" for m in money])
    poor = gain - cost <= ground.settings.min_net
    block("offer_guard" if play.offer else "not_worth_it", poor, [f"costs {c:,.0f}, is expected to bring {g:,.0f}" for c, g in zip(cost, gain, strict=True)])
    return by, says
