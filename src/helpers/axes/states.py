"""The lifecycle as a state machine over a customer's own orders: prospect, new, growing, mature, declining, lapsed, reactivated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.axes.settings import ActivitySettings, LifecycleSettings

STATES = ("prospect", "new", "growing", "mature", "reactivated", "declining", "lapsed")


def assign_states(judged: pd.DataFrame, activity: ActivitySettings, lifecycle: LifecycleSettings) -> pd.Series:
    """Return the lifecycle state of each customer; tried in this order, the first that fits.

    prospect: no standing order. new: one order, and within `new_days` or not yet silent. lapsed: silent. reactivated: an order within
    `returned_days` ended a silence that counted as lapsed. declining: slowing, or a falling trend. growing: came back and within `growing_days`
    of the first order, or a rising trend, or spend of 12 months above the 12 before by `growth`. mature: everyone else.

    Parameters
    ----------
    judged : pandas.DataFrame
        Measures with usual_gap_days, activity and trend.
    activity : ActivitySettings
        `silent` says how long a silence must have been to be ended by a comeback.
    lifecycle : LifecycleSettings

    Returns
    -------
    pandas.Series
        str, one of `STATES`.

    Notes
    -----
    Rows 003-08 and 004-20 to 004-33; features.md section 3.1, row 11.
    """
    one = judged["order_count"] == 1
    young = (judged["tenure_days"] < lifecycle.new_days).fillna(False).astype("bool")
    silent = judged["activity"] == "silent"
    rules = {
        "prospect": judged["order_count"] == 0,
        "new": one & (young | ~silent),
        "lapsed": silent,
        "reactivated": came_back(judged, activity),
        "declining": (judged["activity"] == "slowing") | (judged["trend"] == "falling"),
        "growing": _grows(judged, lifecycle),
    }
    conditions = [rule.fillna(False).astype("bool").to_numpy() for rule in rules.values()]
    return pd.Series(np.select(conditions, list(rules), default="mature"), index=judged.index, dtype="str")


def came_back(judged: pd.DataFrame, activity: ActivitySettings) -> pd.Series:
    """Say whether a recent order ended a gap that was a lapse: longer than `silent` usual gaps and than any gap before it."""
    before = judged["longest_gap_before_days"].astype("float64").fillna(0.0)
    return (judged["comeback_gap_days"] > activity.silent * judged["usual_gap_days"]) & (judged["comeback_gap_days"] > before)


def _grows(judged: pd.DataFrame, lifecycle: LifecycleSettings) -> pd.Series:
    early = (judged["order_count"] >= 2) & (judged["tenure_days"] < lifecycle.growing_days)
    more = (judged["spend_12m"] > (1 + lifecycle.growth) * judged["spend_prior_12m"]) & (judged["tenure_days"] >= 730)
    return early.fillna(False) | (judged["trend"] == "rising") | more.fillna(False)
