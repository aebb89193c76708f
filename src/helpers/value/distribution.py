"""Numbers that describe each customer's distribution of purchases and of money: moments, quantiles, and where the truth fell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.special import gammainc, gammaincinv

from helpers.value.fitting import FittedModel, check_same_unit
from helpers.value.likelihood import probability_alive
from helpers.value.predictive import CELLS, Spread, exceed, top_count
from helpers.value.spend import Spend
from helpers.value.units import Horizon, as_horizon

TINY = 1e-12


def describe_counts(
    model: FittedModel, summary: pd.DataFrame, horizon: Horizon, spread: Spread, *, actual: np.ndarray | None = None, levels: np.ndarray | None = None
) -> pd.DataFrame:
    """Return what the distribution of purchases says of each row of a summary.

    Parameters
    ----------
    model : FittedModel
    summary : pandas.DataFrame
    horizon : Horizon
    spread : Spread
    actual : array of int, optional
        What really happened.
    levels : array of float, two columns, optional
        Per row the probabilities at which the interval begins and ends.

    Returns
    -------
    pandas.DataFrame
        With the index of `summary`: mean, square (second moment), none (P of no purchase); with `actual` pit_low, pit_high (probability of
        less than, and of at most, what happened) and log_score; with `levels` low and high (counts).
    """
    check_same_unit(model, summary)
    columns = {"x": summary["frequency"].to_numpy(float), "t_x": summary["recency"].to_numpy(float), "age": summary["T"].to_numpy(float)}
    if actual is not None:
        columns["actual"] = np.asarray(actual, dtype="float64")
    if levels is not None:
        columns |= {"from": levels[:, 0], "to": levels[:, 1]}
    frame = pd.DataFrame(columns, index=summary.index)
    different = frame.groupby(list(columns), sort=True)
    rows = different.size().index.to_frame(index=False)  # customers with one history share one answer
    t = as_horizon(horizon).in_unit(model.unit)
    parts = [_describe(model, rows.iloc[part], t, spread) for part in _pieces(model, rows, t, spread)]
    told = pd.concat(parts, ignore_index=True) if parts else _describe(model, rows, t, spread)
    return told.iloc[different.ngroup().to_numpy()].set_index(summary.index)


def _pieces(model: FittedModel, rows: pd.DataFrame, t: float, spread: Spread) -> Iterator[np.ndarray]:
    size = max(1, CELLS // (top_count(model, rows["x"].to_numpy(), rows["age"].to_numpy(), t, spread) + 1))
    return (np.arange(start, min(start + size, len(rows))) for start in range(0, len(rows), size))


def _describe(model: FittedModel, rows: pd.DataFrame, t: float, spread: Spread) -> pd.DataFrame:
    x, t_x, age = (rows[c].to_numpy() for c in ("x", "t_x", "age"))
    alive = probability_alive(model.model, model.array(), x, t_x, age)
    more = alive[:, None] * exceed(model, x, age, t, top_count(model, x, age, t, spread), spread)
    told = {"mean": more.sum(axis=1), "square": more @ (2 * np.arange(more.shape[1]) + 1), "none": 1 - more[:, 0] if more.shape[1] else np.ones(len(rows))}
    if "actual" in rows:
        at = np.minimum(rows["actual"].to_numpy(dtype="int64"), more.shape[1] - 1)
        line = np.arange(len(rows))
        most, less = 1 - more[line, at], np.where(at > 0, 1 - more[line, np.maximum(at - 1, 0)], 0.0)
        told |= {"pit_low": less, "pit_high": most, "log_score": np.log(np.maximum(most - less, TINY))}
    if "from" in rows:
        told |= {n: (1 - more < rows[c].to_numpy()[:, None] - TINY).sum(axis=1).astype("float64") for n, c in (("low", "from"), ("high", "to"))}
    return pd.DataFrame(told)


def describe_money(counts: pd.DataFrame, spend: Spend, *, actual: np.ndarray | None = None, levels: np.ndarray | None = None) -> pd.DataFrame:
    """Return what the distribution of all spend in a stretch of time says of each customer.

    Nothing with the probability of no purchase; else a gamma distribution with the mean and the variance that count, mean spend and
    single days together give.

    Parameters
    ----------
    counts : pandas.DataFrame
        From `describe_counts`.
    spend : Spend
    actual : array of float, optional
        Money that was really spent.
    levels : array of float, two columns, optional

    Returns
    -------
    pandas.DataFrame
        mean (currency units); with `actual` pit_low, pit_high; with `levels` low, high (currency units).
    """
    none = counts["none"].to_numpy()
    some = np.maximum(1 - none, TINY)
    mean = spend.mean * counts["mean"].to_numpy()
    square = spend.day_variance * counts["mean"].to_numpy() + (spend.mean_variance + spend.mean**2) * counts["square"].to_numpy()
    given, variance = mean / some, np.maximum(square / some - (mean / some) ** 2, TINY)
    shape, scale = given**2 / variance, variance / np.maximum(given, TINY)
    told = {"mean": mean}
    if actual is not None:
        money = np.maximum(np.asarray(actual, dtype="float64"), 0)
        upto = np.where(money > 0, none + some * gammainc(shape, money / scale), none)
        told |= {"pit_low": np.where(money > 0, upto, 0.0), "pit_high": upto}
    if levels is not None:
        for name, level in (("low", levels[:, 0]), ("high", levels[:, 1])):
            inside = np.clip((level - none) / some, 0, 1 - 1e-9)
            told[name] = np.where(level > none, gammaincinv(shape, inside) * scale, 0.0)
    return pd.DataFrame(told, index=counts.index)
