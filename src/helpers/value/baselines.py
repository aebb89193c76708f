"""Naive forecasts that every model must be compared with: as before, the last year's mean, the mean of the RFM class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.value.spend import frequency_class

BASELINES = {"same_as_before": "same as in the equally long time before", "last_year_mean": "last year's mean", "rfm_class_mean": "mean of the RFM class"}
YEAR = 365


def forecast_naively(known: pd.DataFrame, days: int, history_days: int, taught: pd.DataFrame | None, taught_days: int) -> pd.DataFrame:
    """Return the naive forecasts of purchases and spend for every customer known at the cut.

    Parameters
    ----------
    known : pandas.DataFrame
        Purchase summary at the cut, with before_purchases, before_spend, year_purchases, year_spend.
    days : int
        Length of the time to be forecast.
    history_days : int
        Length of the history before the cut.
    taught : pandas.DataFrame or None
        The same at an earlier cut, with the purchases and spend that followed; None when the history is too short, and then there are no class means.
    taught_days : int
        Length of the time that followed the earlier cut.

    Returns
    -------
    pandas.DataFrame
        With the index of `known`: per baseline `<name>_purchases` and `<name>_spend` (float64; class means missing without `taught`).
    """
    share = days / min(max(history_days, 1), YEAR)
    told = pd.DataFrame(index=known.index)
    for what in ("purchases", "spend"):
        told[f"same_as_before_{what}"] = known[f"before_{what}"].astype("float64")
        told[f"last_year_mean_{what}"] = known[f"year_{what}"].astype("float64") * share
        told[f"rfm_class_mean_{what}"] = _class_mean(known, what, days, taught, taught_days)
    return told


def _class_mean(known: pd.DataFrame, what: str, days: int, taught: pd.DataFrame | None, taught_days: int) -> pd.Series:
    if taught is None or taught.empty or taught_days <= 0:
        return pd.Series(np.nan, index=known.index)
    values, classes = taught[what].astype("float64"), rfm_classes(taught)
    means = values.groupby(classes).mean()
    return rfm_classes(known).map(means).astype("float64").fillna(float(values.mean())) * days / taught_days


def rfm_classes(known: pd.DataFrame) -> pd.Series:
    """Return the RFM class of each customer at the cut: third by silence, class of frequency, third by mean spend.

    Examples
    --------
    >>> table = pd.DataFrame({"frequency": [0, 3], "recency": [0.0, 9.0], "T": [10.0, 10.0], "monetary_value": [float("nan"), 8.0]})
    >>> rfm_classes(table).tolist()
    ['3 | 0 | 0', '1 | 2-3 | 2']
    """
    silence = known["T"].astype("float64") - known["recency"].astype("float64")
    parts = [_third(silence), frequency_class(known["frequency"]).replace({"8-15": "8+", "16-31": "8+", "32+": "8+"}), _third(known["monetary_value"].astype("float64"))]
    return parts[0].str.cat(parts[1:], sep=" | ")


def _third(values: pd.Series) -> pd.Series:
    """Return 1, 2 or 3 by the average rank, so equal values stay together; 0 where there is no value."""
    ranks = (values.rank(method="average") - 0.5) / max(values.notna().sum(), 1)
    return (np.floor(ranks * 3 + 1e-9) + 1).clip(upper=3).fillna(0).astype("int64").astype("str")
