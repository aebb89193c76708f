"""Bands that do not depend on the order of rows and never split equal values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.axes.settings import RfmSettings
from helpers.errors import UserError

MEASURES = {"recency_days": ("r_score", False), "order_count": ("f_score", True), "total_spend": ("m_score", True)}
SAYS = {"recency_days": "Days since the last order", "order_count": "Number of orders", "total_spend": "Spend"}


def quantile_cuts(values: pd.Series, bands: int) -> list[float]:
    """Return the lowest value of each band after the first, at most `bands - 1` of them, ascending.

    The band of a value is fixed by the average rank of all customers with that value: the middle of the crowd decides, not its edge.
    So equal values share a band and shuffled rows change nothing. When many customers are equal, fewer bands come out: half of all
    customers with one order each fill one band, and the rest share the others.

    Parameters
    ----------
    values : pandas.Series
        Numbers; missing ones are left out.
    bands : int
        How many bands are wanted.

    Returns
    -------
    list of float
        In the unit of `values`; empty when all values are equal or missing.

    Examples
    --------
    >>> quantile_cuts(pd.Series([1, 1, 1, 1, 1, 1, 2, 3, 4, 5]), 5)
    [2.0, 4.0]
    """
    known = values.dropna().astype("float64")
    if known.empty:
        return []
    ranks = (known.rank(method="average") - 0.5) / len(known)
    band = np.minimum(np.floor(ranks * bands + 1e-12), bands - 1)  # a rank on the border belongs to the upper band
    lowest = known.groupby(band).min().sort_index()
    return [float(v) for v in lowest.iloc[1:]]


def find_cuts(rfm: pd.DataFrame, settings: RfmSettings) -> dict[str, list[float]]:
    """Return the cut points of the three measures under the settings' method.

    Parameters
    ----------
    rfm : pandas.DataFrame
        From `summarise_rfm`; customers without a standing order do not shape the bands.
    settings : RfmSettings

    Returns
    -------
    dict of str to list of float
        Ascending; a value equal to a cut belongs to the band above it.
    """
    buyers = rfm[rfm["order_count"] > 0]
    if settings.method == "fixed":
        return {
            "recency_days": list(settings.recency_cuts_days),
            "order_count": list(settings.order_count_cuts),
            "total_spend": list(settings.total_spend_cuts),
        }
    if settings.method == "mean_split":
        return {m: mean_cut(buyers[m]) for m in MEASURES}
    return {m: quantile_cuts(buyers[m], settings.bands) for m in MEASURES}


def mean_cut(values: pd.Series) -> list[float]:
    """Return the mean as the one cut; summed exactly, so that the order of rows cannot move anybody across it."""
    known = values.dropna().astype("float64")
    return [math.fsum(known) / len(known)] if known.nunique() > 1 else []


def score_values(values: pd.Series, cuts: Sequence[float], *, bands: int, higher_is_better: bool) -> pd.Series:
    """Return scores from 1 (worst) to `bands` (best); a missing value has no score.

    With fewer real bands than asked the scores still span 1 to `bands`, evenly: of two real bands in five, 1 and 5; a single
    band gets the middle score, because nobody is better than anybody else, and of two middle ones the upper: who is equal to the
    mean is not below it.

    Parameters
    ----------
    values : pandas.Series
        Numbers in the unit of the cuts.
    cuts : sequence of float
        Ascending; a value equal to a cut belongs to the band above it.
    bands : int
        The best score.
    higher_is_better : bool
        False for recency, where few days are good.

    Returns
    -------
    pandas.Series
        Int64, with the index of `values`.

    Examples
    --------
    >>> score_values(pd.Series([3.0, 10.0, 40.0]), [10, 30], bands=5, higher_is_better=False).tolist()
    [5, 3, 1]
    """
    if list(cuts) != sorted(cuts):
        raise UserError(f"cut points must rise, not {list(cuts)}")
    real = len(cuts) + 1
    position = pd.Series(
        np.searchsorted(np.asarray(cuts, dtype="float64"), values.astype("float64").to_numpy(na_value=np.nan), side="right"),
        index=values.index,
    )
    position = position if higher_is_better else real - 1 - position
    spread = (
        1 + np.floor(position * (bands - 1) / max(real - 1, 1) + 0.5)
        if real > 1
        else pd.Series(float(bands // 2 + 1), index=values.index)
    )
    return spread.astype("Int64").mask(values.isna())


def score_rfm(rfm: pd.DataFrame, settings: RfmSettings) -> pd.DataFrame:
    """Return `rfm` with scores: 5 is best, most recent, most orders, most spend.

    Parameters
    ----------
    rfm : pandas.DataFrame
        From `summarise_rfm`.
    settings : RfmSettings

    Returns
    -------
    pandas.DataFrame
        The same rows and columns, then r_score, f_score, m_score (Int64, null without a standing order) and rfm_score (str such as `543`, `10-9-9` beyond 9).

    Notes
    -----
    Known wrong answers avoided (anchors.md 1.3 to 1.6): ties split by row order or id, quantile edges dropped and relabelled.

    Examples
    --------
    >>> buyers = pd.DataFrame({"order_count": [1, 1, 4], "recency_days": [3, 90, 5], "total_spend": [5.0, 8.0, 70.0]})
    >>> score_rfm(buyers, RfmSettings(bands=3))["rfm_score"].tolist()
    ['311', '112', '233']
    """
    return score_rfm_by(rfm, find_cuts(rfm, settings), settings.top_score)


def score_rfm_by(rfm: pd.DataFrame, cuts: Mapping[str, Sequence[float]], top: int) -> pd.DataFrame:
    """Return `rfm` with scores under cut points that are given, for example those of an earlier day.

    Parameters
    ----------
    rfm : pandas.DataFrame
        recency_days, order_count, total_spend.
    cuts : mapping
        Ascending cut points per measure.
    top : int
        The best score.

    Returns
    -------
    pandas.DataFrame
        As from `score_rfm`.
    """
    buyers = rfm["order_count"] > 0
    scores = {
        score: score_values(rfm[measure].where(buyers), cuts[measure], bands=top, higher_is_better=better)
        for measure, (score, better) in MEASURES.items()
    }
    joiner = "" if top < 10 else "-"
    first, *others = (score.astype("str") for score in scores.values())
    return rfm.assign(**scores, rfm_score=first.str.cat(others, sep=joiner).astype("str"))


def list_cut_points(scored: pd.DataFrame, settings: RfmSettings) -> pd.DataFrame:
    """Return, per measure and score, from which to which value it reaches and how many customers hold it.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `score_rfm`.
    settings : RfmSettings

    Returns
    -------
    pandas.DataFrame
        measure (str), score (Int64), lowest, highest (float64, in the measure's unit: days, orders, currency units), customers (Int64),
        share (float64, of customers with a standing order), bands_asked, bands_made (Int64). Best score first.

    Examples
    --------
    >>> buyers = pd.DataFrame({"order_count": [1, 1, 4], "recency_days": [3, 90, 5], "total_spend": [5.0, 8.0, 70.0]})
    >>> settings = RfmSettings(bands=2)
    >>> list_cut_points(score_rfm(buyers, settings), settings).loc[2:3, ["measure", "score", "lowest", "highest"]].values.tolist()
    [['order_count', 2, 4.0, 4.0], ['order_count', 1, 1.0, 1.0]]
    """
    buyers = scored[scored["order_count"] > 0]
    cuts = find_cuts(scored, settings)
    parts = []
    for measure, (score, _) in MEASURES.items():
        values = buyers.assign(value=buyers[measure].astype("float64")).groupby(score)["value"]
        part = values.agg(lowest="min", highest="max", customers="size").reset_index(names="score").sort_values("score", ascending=False)
        made = min(len(part), len(cuts[measure]) + 1)
        asked = len(cuts[measure]) + 1 if settings.method == "fixed" else settings.top_score
        parts.append(part.assign(measure=measure, share=part["customers"] / max(len(buyers), 1), bands_asked=asked, bands_made=made))
    points = pd.concat(parts, ignore_index=True).astype(
        {"score": "Int64", "customers": "Int64", "bands_asked": "Int64", "bands_made": "Int64", "measure": "str"}
    )
    return points[["measure", "score", "lowest", "highest", "customers", "share", "bands_asked", "bands_made"]]


def say_bands(points: pd.DataFrame) -> list[str]:
    """Return one sentence, without full stop, per measure that has fewer bands than asked.

    Examples
    --------
    >>> say_bands(pd.DataFrame({"measure": ["order_count"], "bands_made": [3], "bands_asked": [5]}))
    ['Number of orders: 3 bands instead of 5, because equal values stay together and fill no more']
    """
    short = points[points["bands_made"] < points["bands_asked"]].drop_duplicates("measure")
    bands = [("1 band" if p.bands_made == 1 else f"{p.bands_made} bands", p) for p in short.itertuples()]
    return [
        f"{SAYS[p.measure]}: {made} instead of {p.bands_asked}, because equal values stay together and fill no more" for made, p in bands
    ]
