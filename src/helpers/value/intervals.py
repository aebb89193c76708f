"""Intervals that hold what they promise: how wide they must be is learnt from an earlier period, never from the one they are judged on.

Two things are learnt where the outcome is already known. First, how much a customer's own rate of buying drifts, by the likelihood of
what happened. Second, per fifth of customers by expected purchases, at which probabilities of the forecast an interval must begin and end
to hold its share (conformal calibration on the probability scale). A common shift, which is season or trend, is taken out, and an interval
never becomes narrower than the model's own: the next period may be less kind.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri

from helpers.value.distribution import describe_counts
from helpers.value.fitting import FittedModel
from helpers.value.predictive import Spread, expected_purchases
from helpers.value.units import Horizon

GROUPS = 5
SAMPLE = 3000  # customers that are enough to learn the drift from
POWERS = (0.0, -0.5, -1.0)  # frequent buyers drift as much as rare ones, less, or much less
LEAST, MOST = 1e-6, 1.0  # variance of the logarithm of a rate per unit of time
GAIN = 2.0  # log-likelihood that a drift must add before it is believed
EDGE = 1e-6


def level_horizon(model: FittedModel, summary: pd.DataFrame, horizon: Horizon, actual: np.ndarray) -> Horizon:
    """Return the horizon under which as many purchases are expected as happened.

    A season or a trend moves all customers together. Stretching time takes it out, so that what is learnt is how customers differ.
    """
    happened, days = float(np.sum(actual)), horizon.days
    for _ in range(6 if happened > 0 else 0):
        days *= float(np.clip(happened / max(expected_purchases(model, summary, Horizon(days)).sum(), EDGE), 0.2, 5.0))
    return Horizon(days)


def learn_drift(model: FittedModel, summary: pd.DataFrame, horizon: Horizon, actual: np.ndarray) -> Spread:
    """Return the drift of rates under which what really happened was most probable; none when it explains nothing more.

    Parameters
    ----------
    model : FittedModel
        Fitted before the period.
    summary : pandas.DataFrame
        Made before the period.
    horizon : Horizon
        Length of the period.
    actual : array of int
        Purchases in it.
    """
    step = max(1, len(summary) // SAMPLE)
    some, seen = summary.iloc[::step], np.asarray(actual)[::step]
    if not len(some):
        return Spread()

    def loss(log_drift: float, power: float) -> float:
        return -float(describe_counts(model, some, horizon, Spread(float(np.exp(log_drift)), power), actual=seen)["log_score"].sum())

    tried = [(p, minimize_scalar(loss, bounds=(np.log(LEAST), np.log(MOST)), args=(p,), method="bounded", options={"xatol": 0.1})) for p in POWERS]
    power, best = min(tried, key=lambda pair: pair[1].fun)
    plain = -float(describe_counts(model, some, horizon, Spread(), actual=seen)["log_score"].sum())
    return Spread(float(np.exp(best.x)), power) if plain - best.fun > GAIN else Spread()


def value_groups(expected: np.ndarray) -> np.ndarray:
    """Return the fifth of each customer by expected purchases, 0 to 4; equal values stay together.

    Examples
    --------
    >>> value_groups(np.array([0.1, 0.2, 0.2, 5.0, 9.0])).tolist()
    [0, 2, 2, 3, 4]
    """
    ranks = (pd.Series(expected).rank(method="average").to_numpy() - 0.5) / max(len(expected), 1)
    return np.minimum((ranks * GROUPS + EDGE).astype(int), GROUPS - 1)


def nominal_levels(share: float) -> tuple[float, float]:
    """Return the probabilities at which a central interval with a given share begins and ends.

    Examples
    --------
    >>> nominal_levels(0.8)
    (0.1, 0.9)
    """
    return round((1 - share) / 2, 6), round((1 + share) / 2, 6)


def learn_levels(described: pd.DataFrame, groups: np.ndarray, share: float) -> np.ndarray:
    """Return, per group, at which probabilities an interval must begin and end to hold `share` of what happened.

    Parameters
    ----------
    described : pandas.DataFrame
        pit_low and pit_high of each customer in a period whose outcome is known.
    groups : array of int
        From `value_groups`.
    share : float
        0.8 for intervals that should hold 80 % of customers.

    Returns
    -------
    array of float
        One row per group: level_low, level_high.
    """
    wanted = nominal_levels(share)
    normal = ndtri(np.array(wanted))
    if described.empty:
        return np.tile(wanted, (GROUPS, 1))
    everyone = ndtri([_level(described, w) for w in wanted])
    shift = (everyone - normal).mean()
    found = np.tile(normal, (GROUPS, 1))
    for group in range(GROUPS):
        part = described[groups == group]
        if len(part) >= 30:  # a tenth of fewer is one or two customers
            levels = ndtri([_level(part, w) for w in wanted]) - shift
            found[group] = min(levels[0], normal[0]), max(levels[1], normal[1])
    return ndtr(found)


def _level(described: pd.DataFrame, wanted: float) -> float:
    """Return the probability below which the share `wanted` of outcomes fell; counts are spread evenly over their step."""
    low, high = described["pit_low"].to_numpy(), described["pit_high"].to_numpy()
    left, right = EDGE, 1 - EDGE
    for _ in range(40):
        middle = (left + right) / 2
        reached = _fallen(low, high, middle).mean()
        left, right = (middle, right) if reached < wanted else (left, middle)
    return (left + right) / 2


def _fallen(low: np.ndarray, high: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    width = high - low
    return np.where(width > 1e-12, np.clip((level - low) / np.where(width > 1e-12, width, 1.0), 0, 1), (high <= level).astype(float))


def covered(described: pd.DataFrame, levels: np.ndarray) -> np.ndarray:
    """Return, per customer, how much of the outcome the interval holds: 1, 0, or a part of a step of a count.

    Counts come in steps: where 88 % buy nothing, the interval from 0 to 0 holds at least 88 % and cannot hold 80 %. Spreading an outcome evenly
    over its step (the randomised, or mid-p, coverage) can be compared with the promise in every group.

    Parameters
    ----------
    described : pandas.DataFrame
        pit_low and pit_high of each customer.
    levels : array of float, two columns
        Per customer, where the interval begins and ends on the probability scale.
    """
    low, high = described["pit_low"].to_numpy(), described["pit_high"].to_numpy()
    return _fallen(low, high, levels[:, 1]) - _fallen(low, high, levels[:, 0])
