"""Points and levels by spend: what was earned, what expires, how far the next level is."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.retention.history import History

POINTS = {"customer_id": "str", "points": "float64", "expiring_90_days": "float64", "level": "Int64", "next_level_from": "float64", "missing": "float64"}
YEAR, SOON = 365, 90
SHARES = (0.5, 0.8, 0.95)


def find_steps(axes: pd.DataFrame, given: tuple[float, ...]) -> tuple[float, ...]:
    """Return the spend of 12 months from which each level is reached: as set, or the median, the upper fifth and the upper twentieth of all buyers, rounded to two digits.

    Examples
    --------
    >>> find_steps(pd.DataFrame({"spend_12m": [100.0, 200.0, 300.0, 400.0, 512.0]}), ())
    (300.0, 420.0, 490.0)
    """
    if given:
        return tuple(given)
    spend = axes.loc[axes["spend_12m"] > 0, "spend_12m"]
    steps = {_round(float(spend.quantile(s))) for s in SHARES} if len(spend) else set()
    return tuple(sorted(s for s in steps if s > 0))


def _round(value: float) -> float:
    if value <= 0:
        return 0.0
    size = 10 ** (int(np.floor(np.log10(value))) - 1)
    return float(np.round(value / size) * size)


def count_points(history: History, steps: tuple[float, ...], *, as_of: dt.date) -> pd.DataFrame:
    """Return points of every customer who has any: one per currency unit, gone after a year.

    Returns
    -------
    pandas.DataFrame
        customer_id, points (float64, earned in the last 365 days, net of returns; what was spent of them no export holds), expiring_90_days (float64, those of them that are older than 275 days), level (Int64, steps reached), next_level_from,
        missing (float64, spend of 12 months, missing at the top). Sorted.

    Notes
    -----
    Rows 003-29, 004-43, 002-52.
    """
    look = history.at(as_of)
    year, old = look.recent("spend", YEAR), look.total("spend", look.cut - YEAR + 1, look.cut - YEAR + SOON)
    level = np.searchsorted(np.array(steps), year, side="right")
    following = np.array([*steps, np.nan])[level]
    told = pd.DataFrame({"customer_id": history.ids, "points": np.floor(year), "expiring_90_days": np.floor(old), "level": level, "next_level_from": following, "missing": following - year})
    return told[told["points"] > 0].astype(POINTS).reset_index(drop=True)
