"""What a customer spends on a purchase day: Gamma-Gamma where its assumption holds, shrinkage within frequency classes where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.value.fitting import FittedModel, model_from
from helpers.value.settings import PurchaseModelSettings

CLASS_EDGES = (0, 1, 2, 4, 8, 16, 32)  # lowest frequency of each class
CLASS_NAMES = ("0", "1", "2-3", "4-7", "8-15", "16-31", "32+")
FEWEST = 20  # customers below which a class joins the next lower one


@dataclass(frozen=True)
class Spend:
    """Per customer: the expected spend of a purchase day, its uncertainty, and how much single days differ (currency units)."""

    mean: np.ndarray
    mean_variance: np.ndarray
    day_variance: np.ndarray
    method: str
    why: str


def frequency_class(frequency: pd.Series) -> pd.Series:
    """Return the class of each frequency, as text: 0, 1, 2-3, 4-7, 8-15, 16-31, 32+.

    Examples
    --------
    >>> frequency_class(pd.Series([0, 3, 40])).tolist()
    ['0', '2-3', '32+']
    """
    places = np.searchsorted(CLASS_EDGES, frequency.to_numpy(dtype="float64"), side="right") - 1
    return pd.Series(np.array(CLASS_NAMES)[places], index=frequency.index, dtype="str")


def spend_correlations(summary: pd.DataFrame) -> dict[str, float]:
    """Return how frequency and mean spend of repeat buyers go together: pearson, spearman, customers.

    The Gamma-Gamma model assumes that they do not. Both coefficients matter: on CDNOW they are .11 and .21 (anchors.md 5).
    """
    used = summary.loc[(summary["frequency"] > 0) & summary["monetary_value"].notna(), ["frequency", "monetary_value"]].astype("float64")
    if len(used) < 3 or used.nunique().min() < 2:
        return {"pearson": float("nan"), "spearman": float("nan"), "customers": float(len(used))}
    return {m: float(used.corr(method=m).iloc[0, 1]) for m in ("pearson", "spearman")} | {"customers": float(len(used))}


def expected_spend(summary: pd.DataFrame, fits: pd.DataFrame, settings: PurchaseModelSettings) -> Spend:
    """Return the expected spend of a purchase day per customer, by the method that the data allows.

    Parameters
    ----------
    summary : pandas.DataFrame
        From `summarise_purchases`.
    fits : pandas.DataFrame
        From `fit_purchase_models`.
    settings : PurchaseModelSettings
        `largest_correlation` decides.

    Notes
    -----
    A one-time buyer gets the mean of all, because nothing is known of his repeat spend; so he can come out above a repeat buyer of small
    sums. This is shrinkage, not an error (lifetimes issues 81 and 315).
    """
    told, model = spend_correlations(summary), model_from(fits, "gamma_gamma")
    strength = max(abs(told["pearson"]), abs(told["spearman"])) if told["customers"] >= 3 else float("nan")
    sound = model is not None and model.params[1] > 2.05  # below 2 the model's spend has no finite variance, below 1 no mean
    if model is not None and sound and not strength > settings.largest_correlation:
        return _gamma_gamma(model, summary, f"frequency and mean spend hardly go together (correlation {strength:.2f})" if strength == strength else "")
    reason = f"frequency and mean spend go together (correlation {strength:.2f}, limit {settings.largest_correlation:.2f})" if strength > settings.largest_correlation else "Gamma-Gamma could not be fitted"
    return _shrink(summary, reason)


def _gamma_gamma(model: FittedModel, summary: pd.DataFrame, why: str) -> Spend:
    p, q, v = model.params
    x = summary["frequency"].to_numpy(dtype="float64")
    mean = summary["monetary_value"].fillna(0.0).to_numpy(dtype="float64")
    shape, scale = q + p * x, v + x * mean
    expected = p * scale / (shape - 1)
    return Spend(expected, expected**2 / (shape - 2), p * scale**2 / ((shape - 1) * (shape - 2)), "gamma_gamma", why)


def conditional_spend(model: FittedModel, frequency: pd.Series, monetary_value: pd.Series) -> np.ndarray:
    """Return Gamma-Gamma's expected spend given frequency and mean spend (Fader and Hardie 2013, note 25, equation 5).

    Examples
    --------
    >>> conditional_spend(FittedModel("gamma_gamma", (6.25, 3.744, 15.444), "week"), pd.Series([2, 0]), pd.Series([22.345, float("nan")])).round(1).tolist()
    [24.7, 35.2]
    """
    return _gamma_gamma(model, pd.DataFrame({"frequency": frequency, "monetary_value": monetary_value}), "").mean


def _shrink(summary: pd.DataFrame, why: str) -> Spend:
    """Bühlmann credibility within frequency classes: a customer's own mean, drawn towards the mean of customers who buy as often.

    How far depends on how much days of one customer differ, compared with how much customers of the class differ.
    """
    known = summary[(summary["frequency"] > 0) & summary["monetary_value"].notna()]
    if known.empty:
        nothing = np.full(len(summary), np.nan)
        return Spend(nothing, nothing, nothing, "none", "nobody bought again")
    classes = _classes(known, summary)
    x, own = summary["frequency"].to_numpy(dtype="float64"), summary["monetary_value"].to_numpy(dtype="float64")
    mean, within, between = (classes[c].to_numpy(dtype="float64") for c in ("mean", "within", "between"))
    trust = np.where(x > 0, x * between / (x * between + within), 0.0)
    drawn = np.where(x > 0, trust * np.nan_to_num(own) + (1 - trust) * mean, mean)
    size = (drawn / mean) ** 2  # days of big spenders differ more, in proportion
    return Spend(drawn, between * (1 - trust) * size, within * size, "shrinkage", why)


def _classes(known: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """Return, for every row of `summary`, mean, within and between variance of its frequency class (one-time buyers: of class 1)."""
    named = known.assign(order=_class_order(known["frequency"]))
    sizes = named.groupby("order").size()
    large = [int(c) for c in sizes.index if sizes[c] >= FEWEST] or [int(sizes.idxmax())]
    named["order"] = [_nearest(int(c), large) for c in named["order"]]
    squares = (named["monetary_sd"].astype("float64") ** 2).where(named["frequency"] > 1)
    freedom = (named["frequency"].astype("float64") - 1).where(squares.notna(), 0.0)
    pooled = float((squares.fillna(0.0) * freedom).sum() / freedom.sum()) if freedom.sum() > 0 else float(known["monetary_value"].var(ddof=0) or 0.0)
    rows = {}
    for order, group in named.assign(squares=squares.fillna(0.0), freedom=freedom).groupby("order"):
        within = float((group["squares"] * group["freedom"]).sum() / group["freedom"].sum()) if group["freedom"].sum() > FEWEST else pooled
        mean = float(group["monetary_value"].mean())
        between = max(float(group["monetary_value"].var(ddof=0)) - within * float((1 / group["frequency"].astype("float64")).mean()), 0.01 * mean**2)
        rows[int(order)] = {"mean": mean, "within": max(within, 1e-12), "between": between}
    table = pd.DataFrame.from_dict(rows, orient="index")
    return table.loc[[_nearest(int(c), sorted(rows)) for c in _class_order(summary["frequency"].clip(lower=1))]].reset_index(drop=True)


def _class_order(frequency: pd.Series) -> np.ndarray:
    return np.searchsorted(CLASS_EDGES, frequency.to_numpy(dtype="float64"), side="right") - 1


def _nearest(order: int, known: list[int]) -> int:
    return min(known, key=lambda k: (abs(k - order), k))
