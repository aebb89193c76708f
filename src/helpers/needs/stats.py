"""Intervals and error control, in one place: every share has an interval, every search a false-discovery rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

LEVEL = 0.95
DIGITS = 6  # figures are rounded, so that the last bit of a processor is no difference


def share_interval(hits: Any, trials: Any, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the Wilson interval of shares; missing where nothing was tried.

    Parameters
    ----------
    hits, trials : array-like of int
    level : float
        Coverage.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends, rounded to six digits.

    Notes
    -----
    Wilson (1927), as in `statsmodels.stats.proportion`.

    Examples
    --------
    >>> [end.round(4).tolist() for end in share_interval([8], [10])]
    [[0.4902], [0.9433]]
    """
    from statsmodels.stats.proportion import proportion_confint

    successes, tried = np.asarray(hits, dtype="float64"), np.asarray(trials, dtype="float64")
    safe = np.where(tried > 0, tried, 1.0)
    low, high = proportion_confint(successes, safe, alpha=1 - level, method="wilson")
    gone = tried == 0
    return tuple(np.where(gone, np.nan, np.round(np.clip(end, 0, 1), DIGITS)) for end in (low, high))  # type: ignore[return-value]


def false_discovery(p_values: Any, tests: int) -> np.ndarray:
    """Return Benjamini-Hochberg q-values when `tests` were made and only the given p-values were worth keeping.

    The p-values that were not kept count as 1. Reporting what has q at or below 0.05 means: of what is reported, at most
    5 % is expected to be chance (when tests are independent or positively dependent).

    Parameters
    ----------
    p_values : array-like of float
    tests : int
        All tests that were made, at least as many as p-values.

    Notes
    -----
    Benjamini and Hochberg (1995), through `scipy.stats.false_discovery_control`.

    Examples
    --------
    >>> false_discovery([0.01, 0.02, 0.5], tests=3).round(3).tolist(), false_discovery([0.01], tests=10).tolist()
    ([0.03, 0.03, 0.5], [0.1])
    """
    from scipy.stats import false_discovery_control

    known = np.asarray(p_values, dtype="float64")
    if not len(known):
        return known
    return np.round(np.minimum(false_discovery_control(np.clip(known, 0, 1)) * (tests / len(known)), 1.0), DIGITS)


def mean_interval(values: Any, *, draws: int, seed: int = 0, level: float = LEVEL) -> tuple[float, float]:
    """Return the bootstrap interval of a mean over customers; missing for fewer than two values.

    Parameters
    ----------
    values : array-like of float
        One per customer.
    draws : int
        Samples with replacement; the same seed gives the same interval.

    Examples
    --------
    >>> mean_interval([1.0, 1.0, 1.0], draws=50)
    (1.0, 1.0)
    """
    known = np.asarray(values, dtype="float64")
    if len(known) < 2:
        return float("nan"), float("nan")
    rng = np.random.Generator(np.random.PCG64(seed))
    means = np.array([known[rng.integers(0, len(known), len(known))].mean() for _ in range(draws)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return round(float(low), DIGITS), round(float(high), DIGITS)


def stable_order(ids: pd.Series, salt: str) -> np.ndarray:
    """Return positions in an order that looks random but depends on nothing but the ids and a word.

    Examples
    --------
    >>> stable_order(pd.Series(["a", "b", "c"]), "x").tolist() == stable_order(pd.Series(["a", "b", "c"]), "x").tolist()
    True
    """
    keys = pd.util.hash_pandas_object(ids.astype("str") + "|" + salt, index=False, categorize=False).to_numpy()
    return np.lexsort((ids.astype("str").to_numpy(dtype=object).astype("U"), keys))


def say_interval(value: float, low: float, high: float) -> str:
    """Return a share with its interval in per cent, for example `81 % (76 to 85 %)`.

    Examples
    --------
    >>> say_interval(0.808, 0.757, 0.851)
    '81 % (76 to 85 %)'
    """
    return f"{value:.0%} ({low:.0%} to {high:.0%})".replace("%", " %").replace(" % to", " to")
