"""The nine rules that a signal may have, each for all customers at once, at any day of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import pdtr

from helpers.axes.periods import complete_quarters, months_before
from helpers.retention.catalogue import AverageFall, Count, Fall, Gap, Observed, Quarters, Rise, Row, Silence, Tenure
from helpers.retention.history import NEVER, Look, Whole, day_number

LEAST_SEASON, MOST_SEASON = 0.5, 2.0  # what everybody does may halve or double what is usual for one, not more
YEAR_QUARTERS = 4


@dataclass
class Found:
    """What a rule found, one value per customer: whether it fires, how strongly, since when, and the numbers behind it."""

    fires: Whole
    size: Whole
    since: Whole
    seen: Whole
    usual: Whole
    base: Whole
    days: int
    limit: float = float("nan")
    noticed: Whole | None = None  # the day from which anybody could see it, from where it expires; the day of the look when it is seen anew each day
    strength: Whole | None = None  # severity steps given by a person: 0 mild, 1 moderate, 2 severe
    until: Whole | None = None  # last day it counts, where a person said so
    note: list[str] = field(default_factory=list)


def measure_signal(signal: Row, look: Look, observed: pd.DataFrame | None) -> Found:
    """Return what a signal's rule finds at a day.

    Parameters
    ----------
    signal : Row
        From `read_signals`; its streams must be measured.
    look : Look
        The day.
    observed : pandas.DataFrame, optional
        Table `signals`, for the rule `observed`.
    """
    return RULES[type(signal)](signal, look, observed)


def usual_per_window(look: Look, stream: str, window: int, baseline: int) -> tuple[Whole, Whole, Whole]:
    """Return what was seen in the window, what is usual in one, and what the baseline before it held."""
    end = look.cut - window
    started = np.maximum(look.rhythm["first"].to_numpy(), look.history.streams[stream].first_day)
    length = np.minimum(end - started + 1, baseline).astype("float64")
    before = look.total(stream, end - baseline + 1, end)
    usual = np.where((length >= window) & (started > NEVER), before / np.maximum(length, 1) * window, np.nan)
    return look.recent(stream, window), usual, before


def _season(look: Look, seen: Whole, usual: Whole, enough: Whole) -> Whole:
    """How everybody else of the same kind moved, so that a quiet season is nobody's fault; the customer's own fall is no season."""
    factor = np.ones(len(seen))
    for kind in np.unique(look.history.groups):
        group = look.history.groups == kind
        alike = enough & group
        others_seen, others_usual = (v[alike].sum() - np.where(alike, v, 0.0)[group] for v in (seen, np.nan_to_num(usual)))
        told = others_usual > 1e-9 * max(float(usual[alike].sum()), 1.0)
        factor[group] = np.where(told, np.clip(others_seen / np.where(told, others_usual, 1.0), LEAST_SEASON, MOST_SEASON), 1.0)
    return factor


def _fall(s: Fall, look: Look, _: object) -> Found:
    seen, usual, before = usual_per_window(look, s.stream, s.window_days, s.baseline_days)
    enough = np.nan_to_num(usual) >= s.min_base
    end = look.cut - s.window_days
    if s.min_orders:
        enough &= look.total("orders", end - s.baseline_days + 1, end) >= s.min_orders
    if s.season == "everyone":
        usual = usual * _season(look, seen, usual, enough)
    drop = 1 - seen / np.where(usual > 0, usual, np.nan)
    fires = enough & (np.nan_to_num(drop) >= s.drop)
    if s.still_buys:
        fires &= seen > 0
    if s.chance < 1:
        fires &= pdtr(np.maximum(seen, 0), np.maximum(np.nan_to_num(usual), 1e-9)) <= s.chance
    return Found(fires, drop, np.full(len(seen), end + 1), seen, usual, before, s.window_days)


def _rise(s: Rise, look: Look, _: object) -> Found:
    """The rate that counts as usual is the customer's own or that of the kind, whichever is higher."""
    end = look.cut - s.window_days
    events, per = look.recent(s.stream, s.window_days), np.maximum(look.recent(s.per, s.window_days), 1)
    base_events, base_per = (look.total(x, end - s.baseline_days + 1, end) for x in (s.stream, s.per))
    own = base_events / np.maximum(base_per, 1)
    everyone = np.zeros(len(own))
    for kind in np.unique(look.history.groups):
        alike = look.history.groups == kind
        everyone[alike] = base_events[alike].sum() / max(base_per[alike].sum(), 1)
    usual = np.maximum(own, everyone) * per
    rise = events / np.where(usual > 0, usual, np.nan) - 1
    fires = (events >= s.least) & ((np.nan_to_num(rise) >= s.rise) | (usual == 0))
    if s.chance < 1:
        fires &= 1 - pdtr(np.maximum(events - 1, 0), np.maximum(usual, 1e-9)) <= s.chance
    return Found(fires, rise, np.full(len(own), end + 1), events, usual, base_events, s.window_days)


def _average_fall(s: AverageFall, look: Look, _: object) -> Found:
    end = look.cut - s.window_days
    counts, base_counts = look.recent(s.per, s.window_days), look.total(s.per, end - s.baseline_days + 1, end)
    seen = look.recent(s.stream, s.window_days) / np.where(counts > 0, counts, np.nan)
    usual = look.total(s.stream, end - s.baseline_days + 1, end) / np.where(base_counts > 0, base_counts, np.nan)
    drop = 1 - seen / np.where(usual > 0, usual, np.nan)
    fires = (counts >= s.min_recent) & (base_counts >= s.min_base) & (np.nan_to_num(drop) >= s.drop)
    return Found(fires, drop, np.full(len(seen), end + 1), seen, usual, base_counts, s.window_days)


def _count(s: Count, look: Look, _: object) -> Found:
    seen = look.recent(s.stream, s.window_days)
    last = look.last(s.stream)
    return Found(seen >= s.least, seen, last, seen, np.full(len(seen), np.nan), seen, s.window_days, limit=float(s.least), noticed=last)


def _silence(s: Silence, look: Look, _: object) -> Found:
    pace, rhythm = look.pace, look.rhythm
    recency = pace["recency_days"].to_numpy()
    if s.method == "months":
        limit = due = np.full(len(recency), float(look.cut - day_number(months_before(look.date, s.months))))
    else:
        due = pace["usual_gap_days"].to_numpy()
        limit = s.multiple * due
    since, noticed = (rhythm["last"].to_numpy() + np.nan_to_num(days).round().astype("int64") for days in (due, limit))
    enough = (rhythm["purchase_days"] >= s.min_orders).to_numpy()
    size = recency / limit
    return Found(enough & (np.nan_to_num(size) > 1), size, since, recency, pace["usual_gap_days"].to_numpy(), rhythm["purchase_days"].to_numpy("float64"), 0, noticed=noticed)


def _quarters(s: Quarters, look: Look, _: object) -> Found:
    """Complete quarters only; with `year_ago` the last must also be below the same quarter a year before, where the customer was there."""
    spans = [(day_number(a), day_number(b) - 1) for a, b in complete_quarters(look.date, max(s.periods + 1, YEAR_QUARTERS + 1))]
    sums = [look.total(s.stream, a, b) for a, b in spans]
    falling = np.all([sums[i] < sums[i + 1] for i in range(s.periods)], axis=0)
    start = sums[s.periods]
    drop = 1 - sums[0] / np.where(start > 0, start, np.nan)
    first = look.rhythm["first"].to_numpy()
    orders = look.total("orders", spans[s.periods][0], spans[0][1])
    fires = falling & (np.nan_to_num(drop) >= s.drop) & (orders >= s.min_base) & (first > NEVER) & (first <= spans[s.periods][0] + 45)
    if s.season == "year_ago":
        there = (first > NEVER) & (first < spans[YEAR_QUARTERS][0])
        fires &= ~there | (sums[0] < sums[YEAR_QUARTERS])
    return Found(fires, drop, np.full(len(drop), spans[s.periods - 1][0]), sums[0], start, orders, spans[0][1] - spans[s.periods - 1][0] + 1, noticed=np.full(len(drop), spans[0][1] + 1))


def _gap(s: Gap, look: Look, _: object) -> Found:
    last = look.last(s.stream)
    days = np.where(last > NEVER, look.cut - last, np.nan)
    known = look.recent("contacts", s.contact_days) > 0
    fires = known & (look.rhythm["purchase_days"] > 0).to_numpy() & ((days > s.days) | (last == NEVER))
    days = np.where(last > NEVER, days, float(s.contact_days))
    return Found(fires, days / s.days, np.where(last > NEVER, last + s.days, look.cut), days, np.full(len(days), float(s.days)), look.recent("contacts", s.contact_days), s.contact_days)


def _observed(s: Observed, look: Look, observed: pd.DataFrame | None) -> Found:
    """A fact that a person wrote down, known from the day it was seen, for as long as it is said to count (two quarters unless stated)."""
    nothing = np.full(look.history.count, np.nan)
    found = Found(np.zeros(look.history.count, dtype=bool), nothing.copy(), np.full(look.history.count, NEVER), nothing.copy(), nothing.copy(), nothing.copy(), 0)
    found.strength = np.zeros(look.history.count)
    found.note, found.until = [""] * look.history.count, np.full(look.history.count, NEVER)
    if observed is None or observed.empty:
        return found
    rows = current_notes(s, look, observed)
    who = rows["who"].to_numpy("int64")
    strength = rows["severity"].map({"low": 0, "medium": 1, "high": 2}).fillna(1).to_numpy("float64") if "severity" in rows else np.ones(len(rows))
    found.fires[who] = True
    np.maximum.at(found.strength, who, strength)
    for column, into in (("observed_on", found.since), ("until", found.until)):
        np.maximum.at(into, who, ((rows[column] - pd.Timestamp(0)).dt.days).to_numpy("int64"))
    found.size = np.where(found.fires, found.strength, np.nan)
    for number, row in zip(who, rows.itertuples(), strict=True):  # rows come oldest first: the newest note stays
        note = getattr(row, "note", None)
        found.note[number] = str(note) if isinstance(note, str) and note else str(row.signal).replace("_", " ")
    return found


def current_notes(s: Observed, look: Look, observed: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of table `signals` that a signal is about and that count on a day, oldest first, with who (number of the customer) and until (last day)."""
    rows = observed[observed["signal"].isin(s.types) & (observed["observed_on"] < pd.Timestamp(look.date) + pd.Timedelta(days=1))]
    until = rows["observed_on"] + pd.Timedelta(days=s.expires_days)
    until = rows["expires_on"].fillna(until) if "expires_on" in rows else until
    rows = rows.assign(until=until, who=look.history.ids.get_indexer(rows["customer_id"]))
    return rows[(until >= pd.Timestamp(look.date)) & (rows["who"] >= 0)].sort_values(["observed_on", "signal"], kind="stable")


def _tenure(s: Tenure, look: Look, _: object) -> Found:
    first = look.rhythm["first"].to_numpy()
    young, old = (day_number(months_before(look.date, m)) for m in (s.from_months, s.to_months))
    bought = look.total("orders", 0, look.cut)
    fires = (first > NEVER) & (first <= young) & (first > old) & (bought >= s.least)
    days = np.where(first > NEVER, look.cut - first, np.nan)
    return Found(fires, days, first, bought, np.full(len(days), np.nan), bought, 0)


RULES: dict[type, Callable[..., Found]] = {
    Fall: _fall, Rise: _rise, AverageFall: _average_fall, Count: _count, Silence: _silence, Quarters: _quarters, Gap: _gap, Observed: _observed, Tenure: _tenure,
}  # fmt: skip
