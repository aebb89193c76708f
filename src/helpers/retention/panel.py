"""Everybody at many past dates, with what happened next: what signals and model are judged on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers.retention.catalogue import Observed, Row
from helpers.retention.history import History, Look, Whole, day_number
from helpers.retention.settings import SignalsSettings
from helpers.retention.signals import fire

SLOWEST = 1.5  # who usually needs more than away_days / 1.5 for the next order cannot be called away after away_days
GROWTH = 1.2  # buying more: spend of the horizon a fifth above that of as many days before
RARE = {"complaints", "bad_answers", "departures"}  # that nobody has any says nothing about whether they are collected
SHRUNK = 0.7  # shrinking: spend of the horizon below 70 % of the pace of the year before
COLLECTED = 0.05  # evidence that fewer than a twentieth of a kind of customers have is not collected for it
YEAR = 365
OUTCOMES = ["left", "shrank", "bought_more"]
FEW, SOME = 1, 4  # classes of customers by orders so far: one, two to four, five and more


@dataclass(frozen=True)
class Panel:
    """Customers at risk at past dates.

    `rows`: who (number of the customer in the history), at (number of the date), stratum (kind, class by orders so far, date), left, shrank, bought_more (boolean). `departures`: who, last_order,
    silent_on (day numbers) of everybody who left in the period. `steps`: per signal, customers by dates, how severely it fires (0 not at all, 1 mild, 2 moderate, 3 severe). `cuts`: the dates as day numbers, the first only to see what had been
    firing before. `applies`: per signal, whom it could see at all: customers of the kinds in which the evidence is collected.
    """

    history: History
    cuts: Whole
    rows: pd.DataFrame
    departures: pd.DataFrame
    steps: Mapping[str, Whole]
    applies: Mapping[str, Whole]
    unjudged: int

    def shuffled(self, seed: int = 1) -> Panel:
        """Return the panel with outcomes dealt anew among customers of the same kind on the same date: any lift left is a leak."""
        dice = np.random.default_rng(seed)
        rows = self.rows.copy()
        for places in rows.groupby("stratum").indices.values():
            mixed = dice.permutation(places)
            rows.loc[rows.index[places], OUTCOMES] = rows.loc[rows.index[mixed], OUTCOMES].to_numpy()
        return replace(self, rows=rows)


    def of_group(self, group: str) -> Panel:
        """Return the panel of one kind of customers."""
        inside = self.history.groups == group
        rows, gone = (f[inside[f["who"].to_numpy("int64")]].reset_index(drop=True) for f in (self.rows, self.departures))
        return replace(self, rows=rows, departures=gone)


def past_dates(history: History, as_of: dt.date, *, horizon: int, every: int, count: int, history_days: int) -> Whole:
    """Return the dates that can be judged as day numbers, oldest first: a whole horizon lies between the last and `as_of`.

    Parameters
    ----------
    history : History
        Its first order decides how far back dates may go.
    as_of : datetime.date
    horizon : int
        Days after a date that are looked at to judge it.
    every, count, history_days : int
        Days between dates, how many at the most, and days of orders that the first has before it.

    Examples
    --------
    >>> from helpers.retention.history import Stream
    >>> first = day_number(dt.date(2025, 1, 1))
    >>> history = History(pd.Index([]), pd.Series(dtype="str"), {"orders": Stream(*[np.array([])] * 4, first_day=first)})
    >>> dates = past_dates(history, dt.date(2025, 12, 31), horizon=90, every=30, count=3, history_days=200)
    >>> (dates - first).tolist()
    [214, 244, 274]
    """
    last = day_number(as_of) - horizon
    first = history.streams["orders"].first_day + history_days
    days = np.arange(last, first - 1, -every)[:count]
    return days[::-1].astype("int64")


def build_panel(history: History, signals: Mapping[str, Row], observed: pd.DataFrame | None, settings: SignalsSettings, *, as_of: dt.date) -> Panel:
    """Return everybody who could still be lost at each past date, which signals fired, and who left or bought more.

    Parameters
    ----------
    history : History
    signals : mapping
        From `read_signals`.
    observed : pandas.DataFrame, optional
        Table `signals`.
    settings : SignalsSettings
    as_of : datetime.date
        Outcomes are read until here, signals only until their date.
    """
    follow = settings.horizon_days + settings.away_days
    cuts = past_dates(history, as_of, horizon=follow, every=settings.every_days, count=settings.dates + 1, history_days=settings.history_days)
    gone = list_departures(history, settings.away_days, as_of=as_of)
    parts, columns, unjudged = [], [], 0
    for number, cut in enumerate(cuts):
        look = history.at(_date(cut))
        columns.append(fire(signals, look, observed))
        if number:
            rows, slow = _judge(look, number, settings, gone, history.at(as_of))
            parts, unjudged = [*parts, rows], unjudged + slow
    steps = {k: np.column_stack([c[k] for c in columns]) for k in columns[0]} if columns else {}
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["who", "at", "stratum", *OUTCOMES])
    return Panel(history, cuts, rows, _within(gone, cuts, settings), steps, {k: _applies(signals[k], history, observed) for k in steps}, unjudged)


def _applies(signal: Row, history: History, observed: pd.DataFrame | None) -> Whole:
    if isinstance(signal, Observed):
        seen = [] if observed is None else [history.ids.isin(observed["customer_id"])]
    else:
        seen = [np.bincount(history.streams[s].who, minlength=history.count) > 0 for s in signal.streams if s not in RARE]
    told = np.ones(history.count, dtype=bool)
    for has in seen:
        share = pd.Series(has).groupby(history.groups).mean()
        told &= np.isin(history.groups, share.index[share >= COLLECTED])
    return told


def list_departures(history: History, away_days: int, *, as_of: dt.date) -> pd.DataFrame:
    """Return every departure as it is seen in hindsight: a last order that no other followed for `away_days`, and for longer than the own rhythm allows.

    Parameters
    ----------
    history : History
    away_days : int
        Days without an order that make a departure.
    as_of : datetime.date
        How far hindsight reaches.

    Returns
    -------
    pandas.DataFrame
        who (number of the customer), last_order, silent_on (int64, day numbers; from `silent_on` on silence alone tells, by the gaps that the customer had until then). A customer
        who comes back and leaves again is there twice.
    """
    now = history.at(as_of)
    who, day = history.streams["orders"].standing_days(now.cut)
    frame = pd.DataFrame({"who": who, "last_order": day})
    frame["gap"] = (frame.groupby("who")["last_order"].shift(-1).fillna(now.cut + 1) - frame["last_order"]).astype("int64")
    frame["longest"] = frame.groupby("who")["last_order"].diff().groupby(frame["who"]).cummax()
    usual = now.pace["usual_gap_days"].to_numpy()[who]
    limit = np.fmax(history.activity.silent * usual, frame["longest"]) if history.activity.method == "own_rhythm" else now.pace["silent_after_days"].to_numpy()[who]
    frame["silent_on"] = frame["last_order"] + np.ceil(np.nan_to_num(limit)).astype("int64")
    return frame.loc[(frame["gap"] > away_days) & (frame["gap"] > limit), ["who", "last_order", "silent_on"]].reset_index(drop=True)


def _within(gone: pd.DataFrame, cuts: Whole, settings: SignalsSettings) -> pd.DataFrame:
    """Departures that the dates could have announced: the last order lies after the first date, and not after the last horizon."""
    if len(cuts) < 2:  # noqa: PLR2004
        return gone.head(0)
    return gone[(gone["last_order"] >= cuts[1]) & (gone["last_order"] <= cuts[-1] + settings.horizon_days)].reset_index(drop=True)


def _date(cut: int) -> dt.date:
    return (pd.Timestamp(0) + pd.Timedelta(days=int(cut))).date()


def _judge(then: Look, number: int, settings: SignalsSettings, gone: pd.DataFrame, now: Look) -> tuple[pd.DataFrame, int]:
    cut, horizon = then.cut, settings.horizon_days
    pace, at_risk = then.pace, then.at_risk
    slow = at_risk & (pace["usual_gap_days"] * SLOWEST > settings.away_days).to_numpy()
    who = np.flatnonzero(at_risk & ~slow)
    later, before = now.total("spend", cut + 1, cut + horizon), then.recent("spend", horizon)
    left = np.zeros(then.history.count, dtype=bool)
    near = gone[(gone["last_order"] >= then.rhythm["last"].to_numpy()[gone["who"]]) & (gone["last_order"] <= cut + horizon)]
    left[near["who"]] = True
    orders = pd.cut(then.total("orders", 0, cut), [-1, FEW, SOME, np.inf], labels=["one", "few", "many"]).astype(str)
    pace_of_year = then.recent("spend", YEAR) / np.clip(cut - then.rhythm["first"].to_numpy() + 1, horizon, YEAR) * horizon
    stratum = then.history.groups[who] + "|" + np.asarray(orders)[who] + f"|{number}"
    rows = pd.DataFrame({"who": who, "at": number, "stratum": stratum, "left": left[who], "shrank": (later < SHRUNK * pace_of_year)[who], "bought_more": ((later >= GROWTH * before) & (later > 0))[who]})
    return rows, int(slow.sum())
