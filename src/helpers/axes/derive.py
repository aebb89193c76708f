"""The axes table: measures of a day, judged by the yardsticks of a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.axes.activity import find_limits, judge_activity, judge_risk, judge_trend
from helpers.axes.bands import score_rfm_by, score_values
from helpers.axes.population import PART_BANDS, Yardsticks, own_parts
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings
from helpers.axes.states import assign_states

LETTERS = {1: "L", 2: "M", 3: "H"}
HIGH, MIDDLE = 200 / 3, 100 / 3  # a 0 to 100 score in the upper, middle or lower third of its scale


@dataclass(frozen=True)
class AxisSettings:
    """The settings sections that shape the axes."""

    rfm: RfmSettings = RfmSettings()
    activity: ActivitySettings = ActivitySettings()
    lifecycle: LifecycleSettings = LifecycleSettings()


def derive_axes(measures: pd.DataFrame, population: pd.DataFrame, settings: AxisSettings, *, as_of: dt.date) -> pd.DataFrame:
    """Return the seven axes of every customer.

    Parameters
    ----------
    measures : pandas.DataFrame
        From `measure_customers`.
    population : pandas.DataFrame
        From `fit_population`, of the same day or, to ask what would have been, of another.
    settings : AxisSettings
    as_of : datetime.date
        The day of the measures.

    Returns
    -------
    pandas.DataFrame
        The measures, then the columns that `helpers.axes.columns.AXIS_COLUMNS` describes, one row per customer, same order.

    Notes
    -----
    features.md section 3.2: compute seven axes once, every scheme is a view on them.
    """
    yardsticks = Yardsticks.of(population)
    axes = derive_scores(measures, yardsticks, settings.rfm)
    axes = axes.assign(**own_parts(axes))
    axes = axes.assign(**_value(axes, yardsticks), **_potential(axes, yardsticks))
    axes = derive_activity(axes, yardsticks, settings, as_of=as_of)
    return axes.assign(**_relationship(axes, yardsticks), **_strategic(axes))


def derive_scores(measures: pd.DataFrame, yardsticks: Yardsticks, settings: RfmSettings) -> pd.DataFrame:
    """Return `measures` with RFM scores, thirds and halves under the cut points of `yardsticks`."""
    named = {"recency_days": "r", "order_count": "f", "total_spend": "m"}
    scored = score_rfm_by(measures, {m: yardsticks.cut(f"score:{m}") for m in named}, settings.top_score)
    told = {c: scored[c] for c in ("r_score", "f_score", "m_score", "rfm_score")}
    buyers = measures["order_count"] > 0
    for measure, letter in named.items():
        values, better = measures[measure].where(buyers), measure != "recency_days"
        third = score_values(values, yardsticks.cut(f"tercile:{measure}"), bands=3, higher_is_better=better)
        half = score_values(values, yardsticks.cut(f"mean:{measure}"), bands=2, higher_is_better=better)
        told[f"{letter}_band"] = third.map(LETTERS).astype("str")
        told[f"{letter}_half"] = half.map({1: "L", 2: "H"}).astype("str")
    five = {letter: _on_five(told[f"{letter}_score"], settings.top_score) for letter in named.values()}
    both = np.floor((five["f"] + five["m"]) / 2 + 0.5)
    return measures.assign(**told, r_five=five["r"].astype("Int64"), fm_five=both.astype("Int64"))


def _on_five(scores: pd.Series, top: int) -> pd.Series:
    """A score on a scale of 1 to 5 whatever the number of bands, so that a scheme's grid means the same under 3, 5 or 10 bands."""
    return np.floor(1.5 + (scores.astype("Float64") - 1) * 4 / (top - 1))


def _value(axes: pd.DataFrame, yardsticks: Yardsticks) -> dict[str, pd.Series]:
    bought = axes["order_count"] > 0
    parts = {"spend": _part(axes["total_spend"].where(bought), "total_spend", yardsticks), "repeat": _part(axes["orders_per_month"], "orders_per_month", yardsticks)}
    score = pd.DataFrame(parts).mean(axis=1).where(bought)
    return {"value_score": score.round(1), "value_band": _letters(score)}


def _potential(axes: pd.DataFrame, yardsticks: Yardsticks) -> dict[str, pd.Series]:
    parts = {"growth": _part(axes["growth"], "growth", yardsticks)}
    if "categories" in axes:
        kinds = axes["kind"] if "kind" in axes else pd.Series(None, index=axes.index, dtype="str")
        wide = yardsticks.per_customer("categories:wide", kinds).clip(lower=1)
        room = (1 - axes["categories"].astype("float64") / wide).clip(0, 1)
        parts["room"] = room.where(axes["order_count"] > 0) * 100
    if "growth_rating" in axes:
        parts["rating"] = (axes["growth_rating"] - 1) * 25
    if not any(p.notna().any() for p in parts.values()):  # orders of less than two years and no products: the pace of the last year is all there is
        parts = {"repeat": _part(axes["orders_per_month"], "orders_per_month", yardsticks)}
    frame = pd.DataFrame(parts)
    score = frame.mean(axis=1)
    return {"potential_score": score.round(1), "potential_band": _letters(score), "potential_parts": frame.notna().sum(axis=1).astype("Int64")}


def _part(values: pd.Series, measure: str, yardsticks: Yardsticks) -> pd.Series:
    """A measure as 0 to 100 by its fifths; equal values stay equal."""
    return ((score_values(values, yardsticks.cut(f"part:{measure}"), bands=PART_BANDS, higher_is_better=True) - 1) * 25).astype("float64")


def _letters(score: pd.Series) -> pd.Series:
    told = pd.Series("L", index=score.index, dtype="object").mask(score >= MIDDLE, "M").mask(score >= HIGH, "H")
    return told.where(score.notna(), None).astype("str")


def derive_activity(axes: pd.DataFrame, yardsticks: Yardsticks, settings: AxisSettings, *, as_of: dt.date) -> pd.DataFrame:
    """Return `axes` with limits of silence, activity, trend, risk and lifecycle state."""
    limits = find_limits(axes, yardsticks, settings.activity, as_of)
    limits = limits.apply(lambda column: column.where(axes["order_count"] > 0))
    activity = judge_activity(axes["recency_days"], limits)
    trend = judge_trend(axes, settings.activity, as_of)
    risk = judge_risk(activity, trend["trend"], axes.get("complaints_recent"))
    silence = (axes["recency_days"].astype("float64") / limits["usual_gap_days"]).round(2)
    judged = axes.assign(**{c: limits[c] for c in limits}, silence=silence, activity=activity, **{c: trend[c] for c in trend}, risk=risk)
    return judged.assign(state=assign_states(judged, settings.activity, settings.lifecycle))


def _relationship(axes: pd.DataFrame, yardsticks: Yardsticks) -> dict[str, pd.Series]:
    """Depth from tenure, contact and satisfaction (row 000-15); tenure alone is no relationship, so it is then not measured."""
    bought = axes["order_count"] > 0
    parts = {"tenure": _part(axes["tenure_days"].where(bought), "tenure_days", yardsticks)}
    if "contacts_12m" in axes:
        parts["contact"] = _part(axes["contacts_12m"].where(bought), "contacts_12m", yardsticks)
    if "satisfaction" in axes:
        parts["satisfaction"] = axes["satisfaction"]
    frame = pd.DataFrame(parts)
    asked = frame.drop(columns="tenure").notna().any(axis=1) & bought
    score = frame.mean(axis=1).where(asked)
    return {"relationship_score": score.round(1), "relationship_band": _letters(score), "relationship_parts": frame.notna().sum(axis=1).where(asked).astype("Int64")}


def _strategic(axes: pd.DataFrame) -> dict[str, pd.Series]:
    """Fit is high from 4 and low below 3 of 5: the anchors of the ratings template say so in words."""
    fit = axes["fit_rating"] if "fit_rating" in axes else pd.Series(np.nan, index=axes.index)
    told = pd.Series("L", index=axes.index, dtype="object").mask(fit >= 3, "M").mask(fit >= 4, "H")
    return {"fit_band": told.where(fit.notna(), None).astype("str")}

