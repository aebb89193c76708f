"""Activity and risk: how long is a silence for this customer, is the trend falling, is there trouble."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.axes.periods import QUARTERS, complete_quarters, months_before
from helpers.axes.population import Yardsticks
from helpers.axes.settings import ActivitySettings

ACTIVITY = ("active", "slowing", "silent")
TREND = ("falling", "steady", "rising")
RISK = ("none", "mild", "moderate", "severe")


def expect_gaps(measures: pd.DataFrame, yardsticks: Yardsticks, settings: ActivitySettings) -> pd.Series:
    """Return the gap in days that is usual for each customer.

    The median of the customer's own gaps and that of the population, weighted in logarithms by the number of gaps: gaps are skewed, and
    a customer with one order has no rhythm of his own yet.

    Parameters
    ----------
    measures : pandas.DataFrame
        median_gap_days, purchase_days and, where known, kind.
    yardsticks : Yardsticks
    settings : ActivitySettings
        `prior_gaps`, `least_gap_days`.

    Returns
    -------
    pandas.Series
        float64, days; missing when nobody in the population ever came back.

    Examples
    --------
    >>> pace = Yardsticks({}, {("gap:usual", "all"): 40.0})
    >>> told = pd.DataFrame({"median_gap_days": [10.0, None], "purchase_days": [3, 1]})
    >>> expect_gaps(told, pace, ActivitySettings(prior_gaps=2)).round(1).tolist()
    [20.0, 40.0]
    """
    kinds = measures["kind"] if "kind" in measures else pd.Series(None, index=measures.index, dtype="str")
    usual = yardsticks.per_customer("gap:usual", kinds)
    count = (measures["purchase_days"] - 1).clip(lower=0).astype("float64")
    own = np.log(measures["median_gap_days"].astype("float64").clip(lower=1)).fillna(0.0)
    shrunk = np.exp((count * own + settings.prior_gaps * np.log(usual.clip(lower=1))) / (count + settings.prior_gaps))
    return shrunk.clip(lower=settings.least_gap_days)


def find_limits(measures: pd.DataFrame, yardsticks: Yardsticks, settings: ActivitySettings, as_of: dt.date) -> pd.DataFrame:
    """Return from how many days without an order each customer is slowing and silent.

    Returns
    -------
    pandas.DataFrame
        usual_gap_days, slowing_after_days, silent_after_days (float64). Under `own_rhythm` silence must also be longer than any gap that the customer
        ended before: a rule of distributors, features.md section 4.
    """
    usual = expect_gaps(measures, yardsticks, settings)
    kinds = measures["kind"] if "kind" in measures else pd.Series(None, index=measures.index, dtype="str")
    if settings.method == "population":
        slowing, silent = yardsticks.per_customer("gap:slowing", kinds), yardsticks.per_customer("gap:silent", kinds)
    elif settings.method == "months":
        slowing, silent = (pd.Series(float((pd.Timestamp(as_of) - months_before(as_of, m)).days), index=usual.index) for m in (settings.slowing_months, settings.silent_months))
    else:
        longest = measures["longest_gap_days"].astype("float64")
        slowing, silent = settings.slowing * usual, np.fmax(settings.silent * usual, longest)
    return pd.DataFrame({"usual_gap_days": usual.round(1), "slowing_after_days": slowing.round(1), "silent_after_days": silent.round(1)})


def judge_activity(recency_days: pd.Series, limits: pd.DataFrame) -> pd.Series:
    """Return active, slowing or silent; missing without a standing order or when nobody ever came back."""
    days = recency_days.astype("float64")
    told = pd.Series("active", index=days.index, dtype="object")
    told = told.mask(days > limits["slowing_after_days"], "slowing").mask(days > limits["silent_after_days"], "silent")
    return told.where(days.notna() & limits["silent_after_days"].notna(), None).astype("str")


def judge_trend(measures: pd.DataFrame, settings: ActivitySettings, as_of: dt.date) -> pd.DataFrame:
    """Return whether spend falls or rises over three complete quarters, season looked at where a year is known.

    Falling: each quarter below the one before, the last at least `trend_drop` below the first, `trend_orders` orders in the three, and the last
    below the same quarter a year ago when the customer was there by then. Rising is the mirror image, for customers who were there when the first
    of the three quarters began: a quarter in which somebody starts is always small.

    Returns
    -------
    pandas.DataFrame
        trend (str: falling, steady, rising; missing below `trend_orders` orders or without three quarters of history), trend_change (float64, last quarter
        over the first, less one), season_checked (boolean).

    Notes
    -----
    Row 001-34, features.md section 3.3. The quarter that goes on is never used.
    """
    q1, q2, q3, year_ago = (measures[f"spend_q{i}"].astype("float64") for i in (1, 2, 3, QUARTERS))
    quarters = complete_quarters(as_of)
    first = measures["first_order_date"]
    season = (first < quarters[QUARTERS - 1][0]).fillna(False).astype("bool")
    enough = (measures["orders_3q"] >= settings.trend_orders).fillna(False).astype("bool") & (first < quarters[2][1]).fillna(False).astype("bool")
    whole = (first < quarters[2][0]).fillna(False).astype("bool")
    falling = (q1 < q2) & (q2 < q3) & (q1 <= q3 * (1 - settings.trend_drop)) & (~season | (q1 < year_ago))
    rising = whole & (q1 > q2) & (q2 > q3) & (q1 >= q3 * (1 + settings.trend_drop)) & (~season | (q1 > year_ago))
    trend = pd.Series("steady", index=measures.index, dtype="object").mask(falling, "falling").mask(rising, "rising")
    change = (q1 / q3.where(q3 > 0) - 1).where(enough)
    return pd.DataFrame({"trend": trend.where(enough, None).astype("str"), "trend_change": change.round(4), "season_checked": (season & enough).astype("boolean")})


def judge_risk(activity: pd.Series, trend: pd.Series, complaints: pd.Series | None) -> pd.Series:
    """Return the risk that a customer leaves: none, mild, moderate, severe.

    One point for slowing, two for silent, one for a falling trend, one for a recent complaint; three or more are severe. Missing where the
    activity is not known. Row 004-65, three classes as in rows 004-66 to 004-69; the points are ours and plain on purpose.

    Examples
    --------
    >>> judge_risk(pd.Series(["active", "silent"]), pd.Series(["falling", None], dtype="str"), pd.Series([0, 2])).tolist()
    ['mild', 'severe']
    """
    points = activity.map({"active": 0, "slowing": 1, "silent": 2}).astype("float64") + (trend == "falling").astype("float64")
    if complaints is not None:
        points = points + (complaints > 0).fillna(False).astype("float64")
    return points.clip(upper=3).map(dict(enumerate(RISK))).astype("str")
