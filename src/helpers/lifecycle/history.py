"""Tiers and states at a series of dates: what hysteresis holds back, and how the pool is balanced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.axes.states import STATES

COLUMNS = {"snapshot": "datetime64[us]", "customer_id": "str", "state": "str", "tier": "str", "held_tier": "str"}


def hold_tiers(tiers: pd.DataFrame, min_snapshots: int) -> pd.DataFrame:
    """Return tiers after hysteresis: a new tier counts when it was seen at `min_snapshots` dates in a row.

    Parameters
    ----------
    tiers : pandas.DataFrame
        One row per customer, one column of tier keys per date, oldest first; missing before a customer was known.
    min_snapshots : int
        1 changes nothing. The first tier of a customer counts at once.

    Returns
    -------
    pandas.DataFrame
        The same shape.

    Notes
    -----
    Row 002-29, feature F42.

    Examples
    --------
    >>> seen = pd.DataFrame([["low", "high", "low", "high", "high"]])
    >>> hold_tiers(seen, 2).values.tolist()
    [['low', 'low', 'low', 'low', 'high']]
    """
    seen = tiers.astype(object).where(tiers.notna(), None).to_numpy()
    held = seen.copy()
    run = np.ones(len(seen), dtype="int64")  # dates in a row with the tier of this date
    for i in range(1, seen.shape[1]):
        run = np.where(seen[:, i] == seen[:, i - 1], run + 1, 1)
        first = np.array([v is None for v in held[:, i - 1]], dtype=bool)
        held[:, i] = np.where(first | (run >= min_snapshots), seen[:, i], held[:, i - 1])
    return pd.DataFrame(held, index=tiers.index, columns=tiers.columns)


def build_history(snapshots: Sequence[tuple[dt.date, pd.DataFrame]], min_snapshots: int) -> pd.DataFrame:
    """Return state and tier of every customer at every date.

    Parameters
    ----------
    snapshots : sequence of (date, frame)
        Oldest first; each frame has customer_id, state, tier.
    min_snapshots : int
        For the tier after hysteresis.

    Returns
    -------
    pandas.DataFrame
        snapshot (datetime64), customer_id, state, tier, held_tier (str), sorted by date and customer. A customer appears from the first date at which
        the data know of him.
    """
    wide = pd.concat([f.set_index("customer_id")["tier"].rename(day) for day, f in snapshots], axis=1).sort_index()
    held = hold_tiers(wide, min_snapshots)
    parts = [f.assign(snapshot=pd.Timestamp(day), held_tier=held.loc[f["customer_id"], day].to_numpy()) for day, f in snapshots]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)].astype(COLUMNS).sort_values(["snapshot", "customer_id"], ignore_index=True)


def balance_states(history: pd.DataFrame) -> pd.DataFrame:
    """Return, per date and state, how many customers it holds and how many came and left since the date before.

    Parameters
    ----------
    history : pandas.DataFrame
        From `build_history`.

    Returns
    -------
    pandas.DataFrame
        snapshot (datetime64), state (str), customers, came, left (Int64; missing at the first date), share (float64). All states at all dates.

    Notes
    -----
    Row 004-75 (vitality of the pool), feature F40.
    """
    wide = history.pivot(index="customer_id", columns="snapshot", values="state")
    rows = []
    for i, day in enumerate(wide.columns):
        now, before = wide[day], wide[wide.columns[i - 1]] if i else None
        for state in STATES:
            here = now == state
            came = int((here & (before != state)).sum()) if before is not None else None
            left = int(((before == state) & ~here).sum()) if before is not None else None
            rows.append((day, state, int(here.sum()), came, left, float(here.sum() / max(int(now.notna().sum()), 1))))
    return pd.DataFrame(rows, columns=["snapshot", "state", "customers", "came", "left", "share"]).astype(
        {"snapshot": "datetime64[us]", "state": "str", "customers": "Int64", "came": "Int64", "left": "Int64", "share": "float64"}
    )


def price_hysteresis(history: pd.DataFrame, most: int = 3) -> pd.DataFrame:
    """Return what holding tiers back saves and costs: flaps avoided, and how many days later a real change shows.

    A flap is a change that is undone at the very next date. A real change is one that lasts for at least `most` dates; its delay is
    the time from the date at which it was first seen to the date at which it counts.

    Parameters
    ----------
    history : pandas.DataFrame
        From `build_history`.
    most : int
        Hysteresis of 1 to this many dates is compared.

    Returns
    -------
    pandas.DataFrame
        min_snapshots, changes, flaps, real_changes (Int64), median_delay_days (float64). One row per number of dates.
    """
    wide = history.pivot(index="customer_id", columns="snapshot", values="tier")
    days = [pd.Timestamp(d) for d in wide.columns]
    rows = [(n, *_count_changes(hold_tiers(wide, n).to_numpy(object)), *_delays(wide.to_numpy(object), days, n, most)) for n in range(1, most + 1)]
    return pd.DataFrame(rows, columns=["min_snapshots", "changes", "flaps", "real_changes", "median_delay_days"]).astype(
        {"min_snapshots": "Int64", "changes": "Int64", "flaps": "Int64", "real_changes": "Int64", "median_delay_days": "float64"}
    )


def _known(values: np.ndarray) -> np.ndarray:
    return np.array([[v == v and v is not None for v in row] for row in values], dtype=bool).reshape(values.shape)


def _count_changes(held: np.ndarray) -> tuple[int, int]:
    known = _known(held)
    changed = known[:, 1:] & known[:, :-1] & (held[:, 1:] != held[:, :-1])
    undone = changed[:, :-1] & changed[:, 1:] & (held[:, 2:] == held[:, :-2])
    return int(changed.sum()), int(undone.sum())


def _delays(seen: np.ndarray, days: list[pd.Timestamp], min_snapshots: int, lasting: int) -> tuple[int, float | None]:
    """Every change that lasts counts at the date at which it was seen for the `min_snapshots`-th time."""
    known = _known(seen)
    delays = []
    for i in range(1, seen.shape[1] - lasting + 1):
        new = known[:, i] & known[:, i - 1] & (seen[:, i] != seen[:, i - 1])
        lasts = new & (seen[:, i : i + lasting] == seen[:, [i]]).all(axis=1)
        delays += [(days[i + min_snapshots - 1] - days[i]).days] * int(lasts.sum())
    return len(delays), float(np.median(delays)) if delays else None
