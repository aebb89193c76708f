"""All signals at a day: one row per customer and signal, with size, start, evidence and severity."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.retention.catalogue import SEVERITIES, AverageFall, Fall, Observed, Quarters, Row
from helpers.retention.history import NEVER, History, Look, day_of
from helpers.retention.measure import Found, measure_signal

COLUMNS = {
    "customer_id": "str", "signal": "str", "about": "str", "foretells": "str", "act": "str", "severity": "str", "size": "float64", "since": "datetime64[us]", "seen": "float64", "usual": "float64",
    "base": "float64", "expires_on": "datetime64[us]", "evidence_en": "str", "evidence_zh": "str",
}  # fmt: skip
SHARES = (Fall, AverageFall, Quarters)  # their size is a share


def measured_signals(signals: Mapping[str, Row], history: History, observed: pd.DataFrame | None) -> dict[str, Row]:
    """Return the signals whose evidence exists; the others are not measured, which is not the same as quiet."""
    there = set(history.streams)
    return {k: s for k, s in signals.items() if (observed is not None if isinstance(s, Observed) else set(s.streams) <= there)}


def find_signals(signals: Mapping[str, Row], history: History, observed: pd.DataFrame | None, *, as_of: dt.date) -> pd.DataFrame:
    """Return what every measured signal finds on a day.

    Parameters
    ----------
    signals : mapping
        From `read_signals`.
    history : History
        Nothing that became known after `as_of` is looked at, even where the history goes on.
    observed : pandas.DataFrame, optional
        Table `signals`, what people saw.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        customer_id, signal, about, foretells, act (str), severity (str: mild, moderate, severe), size (float64; a share for falls, a multiple for silence, a count or a ratio for the others), since (datetime64, from
        when), seen, usual, base (float64, the numbers behind it), expires_on (datetime64), evidence_en, evidence_zh (str). Sorted by customer and signal.

    Notes
    -----
    Feature F29; rows 000-29, 000-34 to 000-36, 001-34, 002-26, 004-37, 004-63, 004-65 and those that `data/signals` names.
    """
    look = history.at(as_of)
    known = measured_signals(signals, history, observed)
    parts = [_rows(s, _limited(s, measure_signal(s, look, observed), look), look) for s in known.values()]
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    return told.astype(COLUMNS).sort_values(["customer_id", "signal"], ignore_index=True)


def fire(signals: Mapping[str, Row], look: Look, observed: pd.DataFrame | None) -> dict[str, np.ndarray]:
    """Return how severely each measured signal fires: 0 not at all, 1 mild, 2 moderate, 3 severe (int8), per customer of the history."""
    told = {}
    for key, signal in measured_signals(signals, look.history, observed).items():
        found = _limited(signal, measure_signal(signal, look, observed), look)
        told[key] = np.where(found.fires, 1 + _step(signal, found.size if found.strength is None else found.strength), 0).astype("int8")
    return told


def _limited(signal: Row, found: Found, look: Look) -> Found:
    """A signal with `when` is about some customers only, and every signal expires: a silence of a year is no warning any more."""
    if found.until is None:
        noticed = np.full(len(found.fires), look.cut) if found.noticed is None else found.noticed
        found.until = np.maximum(noticed, NEVER) + signal.expires_days
    found.fires = found.fires & (found.until >= look.cut)
    condition = signal.condition
    if condition is not None:
        who = pd.DataFrame({"kind": look.history.kinds.to_numpy(), "order_count": look.total("orders", 0, look.cut), "tenure_days": look.cut - look.rhythm["first"].to_numpy()})
        found.fires = found.fires & condition.matches(who).to_numpy()
    return found


def _rows(signal: Row, found: Found, look: Look) -> pd.DataFrame:
    at = np.flatnonzero(found.fires)
    since = np.minimum(found.since[at], look.cut)
    frame = pd.DataFrame({"customer_id": look.history.ids[at], "size": found.size[at], "since": day_of(since), "seen": found.seen[at], "usual": found.usual[at], "base": found.base[at]})
    note = [found.note[i] for i in at] if found.note else [""] * len(at)
    texts = {lang: _say(getattr(signal.evidence, lang), signal, frame, found, note) for lang in ("en", "zh")}
    strength = found.strength[at] if found.strength is not None else found.size[at]
    return frame.assign(
        signal=signal.key, about=signal.about, foretells=signal.foretells, act=signal.act, severity=np.array(SEVERITIES, dtype=object)[_step(signal, strength)], expires_on=day_of(found.until[at]),  # type: ignore[index]
        evidence_en=texts["en"], evidence_zh=texts["zh"],
    )[list(COLUMNS)]  # fmt: skip


def _step(signal: Row, size: np.ndarray) -> np.ndarray:
    return (size >= signal.severity.moderate).astype(int) + (size >= signal.severity.severe).astype(int)


def _say(template: str, signal: Row, rows: pd.DataFrame, found: Found, note: list[str]) -> list[str]:
    """Fill a sentence with numbers as people read them: nothing in it is ever run."""
    share = isinstance(signal, SHARES)
    told = []
    for row, words in zip(rows.itertuples(), note, strict=True):
        values = {
            "size": f"{row.size:.0%}".replace("%", " %") if share else f"{row.size:,.1f}", "seen": number(row.seen), "usual": number(row.usual), "base": number(row.base),
            "limit": number(found.limit), "days": f"{found.days:,}", "since": f"{row.since:%Y-%m-%d}" if pd.notna(row.since) else "?", "note": words,
        }  # fmt: skip
        told.append(re.sub(r"\{(\w+)\}", lambda place, v=values: v[place[1]], template))
    return told


def number(value: float) -> str:
    """Return a number without needless digits: whole from 10 on, one decimal below.

    Examples
    --------
    >>> number(1234.6), number(3.25), number(3.0), number(float("nan"))
    ('1,235', '3.2', '3', '?')
    """
    if value != value:
        return "?"
    return f"{value:,.0f}" if abs(value) >= 10 or float(value).is_integer() else f"{value:,.1f}"
