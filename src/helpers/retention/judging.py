"""How good are scores of leaving: ranking, the top of the list, calibration, each with an interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from helpers.axes.intervals import wilson

DRAWS, MOST = 400, 4_000_000


def auc(score: np.ndarray, left: np.ndarray) -> float:
    """Return the chance that one who left scores above one who stayed, ties counted half; missing when one class is empty.

    Examples
    --------
    >>> float(auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0, 0, 1, 1])))
    0.875
    """
    gone = left.sum()
    if not gone or gone == len(left):
        return float("nan")
    return float((rankdata(score)[left.astype(bool)].sum() - gone * (gone + 1) / 2) / (gone * (len(left) - gone)))


def auc_intervals(scores: dict[str, np.ndarray], left: np.ndarray, customers: np.ndarray, best: str = "", seed: int = 1) -> dict[str, tuple[float, float]]:
    """Return 95 % intervals of the AUC of each score, by drawing customers again; with `best` also of each score's lead over it, as `name - best`.

    Parameters
    ----------
    scores : dict
        Name to scores, row by row.
    left : numpy.ndarray
    customers : numpy.ndarray
        Who each row is about: a customer who is there at several dates is drawn with all of them.
    best : str
        Name of the score that the others are compared with.
    seed : int
    """
    names, number = np.unique(customers, return_inverse=True)
    dice, happened = np.random.default_rng(seed), np.asarray(left, dtype="float64")
    drawn: dict[str, list[np.ndarray]] = {n: [] for n in scores}
    for size in _portions(len(left)):
        weights = dice.multinomial(len(names), np.full(len(names), 1 / len(names)), size=size)[:, number].astype("float64")
        for n, score in scores.items():
            drawn[n].append(_weighted_auc(score, happened, weights))
    values = {n: np.concatenate(v) for n, v in drawn.items()}
    values |= {f"{n} - {best}": v - values[best] for n, v in list(values.items()) if best and n != best}
    return {n: _middle(v) for n, v in values.items()}


def _portions(rows: int) -> list[int]:
    """How many draws fit into memory at a time."""
    size = int(min(max(MOST // max(rows, 1), 1), DRAWS))
    return [size] * (DRAWS // size) + ([DRAWS % size] if DRAWS % size else [])


def _weighted_auc(score: np.ndarray, left: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The AUC of each draw, a row of weights, from one sort of the scores."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    gone, stayed = (np.add.reduceat(weights[:, order] * mark[order], starts, axis=1) for mark in (left, 1 - left))
    below = np.cumsum(stayed, axis=1) - stayed / 2
    pairs = gone.sum(axis=1) * stayed.sum(axis=1)
    return np.where(pairs > 0, (gone * below).sum(axis=1) / np.where(pairs > 0, pairs, 1), np.nan)


def _middle(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
    return float(low), float(high)


def top_lift(score: np.ndarray, left: np.ndarray, share: float = 0.05) -> dict[str, float]:
    """Return how many of the top `share` left, against everybody: top_n, top_left, top_share, lift and its 95 % interval (Wilson).

    Ties at the border are shared out: each of those who tie counts by the part of them that fits.
    """
    count = max(int(np.ceil(share * len(left))), 1)
    border = np.sort(score)[::-1][count - 1]
    above, tied = score > border, score == border
    hits = left[above].sum() + (left[tied].mean() if tied.any() else 0) * (count - above.sum())
    base = left.mean()
    low, high = wilson(int(round(hits)), count)
    lifts = [v / base if base else np.nan for v in (hits / count, low, high)]
    return {"top_n": count, "top_left": float(hits), "top_share": float(hits / count), "lift": lifts[0], "lift_low": lifts[1], "lift_high": lifts[2]}


def calibration_bins(probability: np.ndarray, left: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Return said against seen in bins of equal size.

    Returns
    -------
    pandas.DataFrame
        bin (Int64), customers, left (Int64), said, seen, seen_low, seen_high (float64). Equal probabilities share a bin.
    """
    place = np.floor((rankdata(probability, method="average") - 0.5) / max(len(left), 1) * bins).astype(int)
    frame = pd.DataFrame({"bin": place, "said": probability, "left": left.astype("int64")})
    told = frame.groupby("bin").agg(customers=("left", "size"), left=("left", "sum"), said=("said", "mean")).reset_index()
    ends = [wilson(int(k), int(n)) for k, n in zip(told["left"], told["customers"], strict=True)]
    told = told.assign(bin=range(1, len(told) + 1), seen=told["left"] / told["customers"], seen_low=[e[0] for e in ends], seen_high=[e[1] for e in ends])
    return told.astype({"bin": "Int64", "customers": "Int64", "left": "Int64"})


def brier(probability: np.ndarray, left: np.ndarray) -> float:
    """Return the mean squared distance of probability and outcome; less is better."""
    return float(np.mean((probability - left) ** 2)) if len(left) else float("nan")
