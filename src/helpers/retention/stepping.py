"""The steps of a play for the customers it fits: who, when, on which channel, in which words, at what price."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.retention.ground import Ground, is_business
from helpers.retention.owners import AUTOMATIC, assign_owners
from helpers.retention.playbook import CONSENT, Play, Step
from helpers.rules.schemes import with_columns

STEPS = {
    "candidate_id": "str", "customer_id": "str", "play": "str", "step": "Int64", "due_on": "datetime64[us]", "week": "Int64", "owner": "str", "role": "str", "channel": "str", "planned_channel": "str", "hours": "float64",
    "money": "float64", "do_en": "str", "do_zh": "str", "script_en": "str", "script_zh": "str",
}  # fmt: skip
IN_PERSON = ("visit", "meeting", "interview", "training")  # only at business customers
DIGITAL = ("wechat", "sms", "email")
WEEK, OFFER_DAYS = 7, 14


def lay_out_steps(play: Play, rows: pd.DataFrame, ids: pd.Series, ground: Ground) -> list[pd.DataFrame]:
    """Return one table per step, a row per customer in the order of `rows`: the columns of `STEPS`."""
    return [_step(play, number, step, rows, ids, ground) for number, step in enumerate(play.steps, 1)]


def _step(play: Play, number: int, step: Step, rows: pd.DataFrame, ids: pd.Series, ground: Ground) -> pd.DataFrame:
    channel = choose_channels(step, rows, ground, play.cost_cap)
    own_row = np.where(channel == step.channel, step.cost_row, channel)
    money, hours = (np.array([ground.price.get(r, (0.0, 0.0, True))[i] for r in own_row], dtype="float64") for i in (0, 1))
    if number == 1 and play.offer and step.role != AUTOMATIC:
        hours = hours + ground.price.get(play.offer, (0.0, 0.0, True))[1]
    due = due_day(ground.as_of, step.day)
    script = {lang: _scripts(step, rows, lang, due) for lang in ("en", "zh")}
    return pd.DataFrame({
        "candidate_id": ids, "customer_id": rows["customer_id"], "play": play.key, "step": number, "due_on": due, "week": max((due - pd.Timestamp(ground.as_of)).days - 1, 0) // WEEK,
        "owner": assign_owners(rows, step.role, play.skills, ground.team), "role": step.role, "channel": channel, "planned_channel": step.channel, "hours": 0.0 if step.role == AUTOMATIC else hours, "money": money, "do_en": step.do.en,
        "do_zh": step.do.zh, "script_en": script["en"], "script_zh": script["zh"],
    })  # fmt: skip


def due_day(as_of: dt.date, days: int) -> pd.Timestamp:
    """Return the working day on which a step is due: at the earliest the day after the as-of date, and never on a weekend.

    Examples
    --------
    >>> str(due_day(dt.date(2025, 6, 27), 1).date())
    '2025-06-30'
    """
    day = pd.Timestamp(as_of) + pd.Timedelta(days=max(days, 1))
    return day + pd.Timedelta(days={5: 2, 6: 1}.get(day.day_of_week, 0))


def choose_channels(step: Step, rows: pd.DataFrame, ground: Ground, cost_cap: float) -> np.ndarray:
    """Return the channel of a step for each customer: as planned where he agreed, a preferred one for automatic messages, else the first that stands in and fits the cap; empty when none is left. A channel that the company does not have is never chosen."""
    instead = (c for c in ground.playbook.instead.get(step.channel, ()) if ground.price.get(c, (0.0,))[0] <= cost_cap)
    tries = [c for c in (step.channel, *instead) if c not in ground.settings.no_channels]
    told, business = np.full(len(rows), "", dtype=object), is_business(rows)
    if step.role == AUTOMATIC and step.channel in DIGITAL:
        for channel in (c for c in DIGITAL if c not in ground.settings.no_channels):
            told = np.where((rows["_liked"] == channel) & _allowed(channel, rows, business), channel, told)
    for channel in tries:
        told = np.where((told == "") & _allowed(channel, rows, business), channel, told)
    return told


def _allowed(channel: str, rows: pd.DataFrame, business: np.ndarray) -> np.ndarray:
    agreed = ~rows[f"_no_{CONSENT[channel]}"].to_numpy(dtype=bool) if channel in CONSENT else np.ones(len(rows), dtype=bool)
    return agreed & (business | (channel not in IN_PERSON))


def _scripts(step: Step, rows: pd.DataFrame, language: str, due: pd.Timestamp) -> list[str]:
    """The words of the first variant that fits, with reason and date filled in."""
    words, taken = np.full(len(rows), getattr(step.script, language), dtype=object), np.zeros(len(rows), dtype=bool)
    for variant, condition in step.conditions:
        fits = condition.matches(with_columns(rows, condition.columns)).to_numpy() & ~taken
        words[fits], taken = getattr(variant.script, language), taken | fits
    if not any("{" in w for w in set(words)):
        return list(words)
    reason, because = (rows[f"{c}_zh" if language == "zh" else c] for c in ("reason", "because"))
    until = rows["until"].fillna(due + pd.Timedelta(days=OFFER_DAYS)).dt.strftime("%Y-%m-%d")
    return [w.replace("{reason}", r or b).replace("{trigger}", b or r).replace("{until}", u) for w, r, b, u in zip(words, reason, because, until, strict=True)]
