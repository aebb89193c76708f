"""What a fitted model says of each customer: P(alive), expected purchases, and the whole distribution behind them.

Given that a customer is alive, the rate of buying follows a Gamma(r + x, alpha + T) distribution, so purchases in a later time follow a negative
binomial one, cut short when the customer leaves. Sums of probabilities replace the hypergeometric forms, which give no number for
one-time buyers under a penalty and for very frequent customers (anchors.md 0.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaln, gammaln, hyp2f1

from helpers.value import likelihood
from helpers.value.fitting import FittedModel, check_same_unit
from helpers.value.units import UNIT_DAYS, Horizon, as_horizon

LIFE_NODES, LIFE_WEIGHTS = np.polynomial.legendre.leggauss(10)
LIFE_NODES, LIFE_WEIGHTS = (LIFE_NODES + 1) / 2, LIFE_WEIGHTS / 2
TAIL, LONGEST = 21.0, 50_000  # logarithm of a billion; counts that are summed at most
SAFE = 50.0  # shapes up to here keep the closed form exact to nine digits
CELLS = 4_000_000  # histories times counts that are held at once


@dataclass(frozen=True)
class Spread:
    """How much a customer's own rate of buying drifts: variance of its logarithm per unit of time; 0 means rates stay as they are.

    With `power` below 0 the rates of rare buyers drift more than those of frequent ones: the variance goes with expected purchases
    raised to that power.
    """

    drift: float = 0.0
    power: float = 0.0

    def variance(self, mean: np.ndarray, age: np.ndarray, t: float) -> np.ndarray:
        """Return the variance of the relative rate between the past that was seen and the time ahead.

        Two averages of a random walk over neighbouring stretches of lengths T and t differ with variance (T + t) / 3 steps.
        """
        return self.drift * mean**self.power * (age + t) / 3


def histories(summary: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return frequency, recency and T of a summary as arrays."""
    return tuple(summary[c].to_numpy(dtype="float64") for c in ("frequency", "recency", "T"))  # type: ignore[return-value]


def probability_alive(model: FittedModel, summary: pd.DataFrame) -> np.ndarray:
    """Return the probability that each customer has not left for good.

    Parameters
    ----------
    model : FittedModel
    summary : pandas.DataFrame
        From `summarise_purchases`, in the model's unit.

    Notes
    -----
    BG/NBD gives 1 to every one-time buyer by construction, because it lets nobody leave before a second purchase; MBG/NBD and Pareto/NBD do not.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [26], "recency": [30.857], "T": [31.0], "unit": "week", "observed_until": pd.Timestamp("1997-09-30")})
    >>> probability_alive(FittedModel("bg_nbd", (0.2426, 4.4136, 0.7929, 2.4259), "week"), one).round(3).tolist()
    [0.969]
    """
    check_same_unit(model, summary)
    return likelihood.probability_alive(model.model, model.array(), *histories(summary))


def expected_purchases(model: FittedModel, summary: pd.DataFrame, horizon: Horizon) -> np.ndarray:
    """Return how many purchases each customer is expected to make in a stretch of time; finite for every history.

    Parameters
    ----------
    model : FittedModel
    summary : pandas.DataFrame
    horizon : Horizon
        `Horizon.of(39, "week")`; a bare number is refused.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [26], "recency": [30.857142], "T": [31.0], "unit": "week", "observed_until": pd.Timestamp("1997-09-30")})
    >>> expected_purchases(FittedModel("bg_nbd", (0.2426, 4.4136, 0.7929, 2.4259), "week"), one, Horizon.of(52, "week")).round(2).tolist()
    [25.76]
    """
    check_same_unit(model, summary)
    t = as_horizon(horizon).in_unit(model.unit)
    rows, at = distinct_histories(summary)
    return _expected(model, *rows, t)[at]


def distinct_histories(summary: pd.DataFrame) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
    """Return the different histories (frequency, recency, T), and where each customer's stands among them.

    A million customers share some hundred thousand histories; every answer is computed once for each.
    """
    frame = summary[["frequency", "recency", "T"]].astype("float64")
    groups = frame.groupby(list(frame), sort=False)
    rows = groups.size().index
    return tuple(rows.get_level_values(n).to_numpy() for n in range(3)), groups.ngroup().to_numpy()  # type: ignore[return-value]


def _expected(model: FittedModel, x: np.ndarray, t_x: np.ndarray, age: np.ndarray, t: float) -> np.ndarray:
    params = model.array()
    alive = likelihood.probability_alive(model.model, params, x, t_x, age)
    rate = (params[0] + x) / (params[1] + age)
    if model.model == "nbd":
        return rate * t
    if model.model == "pareto_nbd":
        s, beta = params[2:]
        log_kept = np.log(beta + age) - np.log(beta + age + t)
        time = (beta + age) * (-log_kept if abs(s - 1) < 1e-9 else -np.expm1((s - 1) * log_kept) / (s - 1))
        return alive * rate * time
    return alive * _mean_alive(model, x, age, t)


def _mean_alive(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float) -> np.ndarray:
    """Return expected purchases of customers who are alive: the published closed form where it is safe, else the sum of probabilities."""
    found = _closed_form(model, x, age, t)
    open_rows = np.flatnonzero(np.isnan(found))
    for part in _parts(model, x[open_rows], age[open_rows], t):
        rows = open_rows[part]
        found[rows] = exceed(model, x[rows], age[rows], t, _unbounded_top(model, x[rows], age[rows], t), Spread()).sum(axis=1)
    return found


def _closed_form(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float) -> np.ndarray:
    """Return equation 10 of Fader, Hardie and Lee (2005), missing where its hypergeometric function or its difference loses digits."""
    r, alpha, a, b = model.params
    k, stays, scale = r + x, b + x + (model.model == "mbg_nbd"), alpha + age
    c = a + stays - 1
    with np.errstate(all="ignore"):
        shrunk = hyp2f1(k, stays, c, t / (scale + t)) * (scale / (scale + t)) ** k
        told = c / (a - 1) * (1 - shrunk)
    safe = (k < SAFE) & (stays < SAFE) & (c > 0.05) & (a < SAFE) & (abs(a - 1) > 0.01) & (np.abs(1 - shrunk) > 1e-6)
    return np.where(safe & np.isfinite(told) & (told > 0), told, np.nan)


def _unbounded_top(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float, spread: Spread | None = None) -> int:
    """Return a count that is practically never exceeded by the widest history: its chance is below one in a billion.

    Mean plus twelve standard deviations is enough for frequent buyers. The tail of a rare one falls like a power of t / (scale + t), slowly.
    """
    if not len(x):
        return 20
    r, alpha = model.params[:2]
    mean = (r + x) / (alpha + age) * t
    shape = 1 / (1 / (r + x) + (spread.variance(mean, age, t) if spread else 0.0))
    deviation = np.sqrt(mean + mean**2 / shape)
    slow = TAIL / np.log1p(shape * (alpha + age) / (r + x) / t)
    return int(min(np.ceil((mean + np.maximum(12 * deviation, slow)).max()) + 20, LONGEST))


def top_count(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float, spread: Spread) -> int:
    """Return a count that is practically never exceeded; never more than one purchase a day, because a purchase is a day."""
    days = int(t * UNIT_DAYS[model.unit]) + 1
    return min(_unbounded_top(model, x, age, t, spread), days)


def _parts(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float) -> list[np.ndarray]:
    """Return the rows in pieces that fit into memory, those with similar rates together."""
    order = np.argsort((model.params[0] + x) / (model.params[1] + age), kind="stable")
    size = max(1, min(len(x), CELLS // (_unbounded_top(model, x, age, t) + 1)))
    return [order[start : start + size] for start in range(0, len(x), size)]


def exceed(model: FittedModel, x: np.ndarray, age: np.ndarray, t: float, top: int, spread: Spread) -> np.ndarray:
    """Return P(purchases > n | alive) for n below `top`, one row per history.

    More than n purchases need more than n chances to buy and that the customer stays through the first n of them; the two are independent.
    A drifting rate keeps its mean and becomes less certain.
    """
    r, alpha = model.params[:2]
    shape = 1 / (1 / (r + x) + spread.variance((r + x) / (alpha + age) * t, age, t))
    scale = shape * (alpha + age) / (r + x)
    n = np.arange(top)
    if model.model == "pareto_nbd":
        return _exceed_pareto(model, shape, scale, age, t, n)
    more = _nbd_exceed(shape, scale, np.full(len(x), t), n)
    if model.model == "nbd":
        return more
    a, b = model.params[2:]
    stays = (b + x + (model.model == "mbg_nbd"))[:, None]
    return more * np.exp(betaln(a, stays + n) - betaln(a, stays))


def _exceed_pareto(model: FittedModel, shape: np.ndarray, scale: np.ndarray, age: np.ndarray, t: float, n: np.ndarray) -> np.ndarray:
    """Average over when the customer leaves: after the whole time, or at one of some moments within it."""
    s, beta = model.params[2:]
    whole = np.exp(s * (np.log(beta + age) - np.log(beta + age + t)))
    total = whole[:, None] * _nbd_exceed(shape, scale, np.full(len(age), t), n)
    for node, weight in zip(LIFE_NODES, LIFE_WEIGHTS, strict=True):
        life = (beta + age) * np.expm1(-np.log1p(-node * (1 - whole)) / s)
        total += (weight * (1 - whole))[:, None] * _nbd_exceed(shape, scale, life, n)
    return total


def _nbd_exceed(shape: np.ndarray, scale: np.ndarray, time: np.ndarray, n: np.ndarray) -> np.ndarray:
    k, q = shape[:, None], (scale / (scale + time))[:, None]
    with np.errstate(divide="ignore"):  # no time, no purchase: log(0) times n
        logs = gammaln(k + n) - gammaln(k) - gammaln(n + 1) + k * np.log(q) + np.where(n > 0, n * np.log1p(-q), 0.0)
    return np.clip(1 - np.cumsum(np.exp(logs), axis=1), 0.0, 1.0)
