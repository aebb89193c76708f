"""How close is "lapsed" to the truth, where somebody knows it: precision, recall, and how many days late."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.axes.activity import find_limits
from helpers.axes.derive import AxisSettings
from helpers.axes.population import Yardsticks, fit_population
from helpers.lifecycle.lapses import lapse_rules

COLUMNS = {"rule": "str", "flagged": "Int64", "left": "Int64", "precision": "float64", "recall": "float64", "median_delay_days": "float64"}


def judge_departures(measures: pd.DataFrame, truth: pd.DataFrame, settings: AxisSettings, *, as_of: dt.date) -> pd.DataFrame:
    """Return, per rule for "lapsed", how often it is right, how many of the departed it finds, and how long it takes.

    Parameters
    ----------
    measures : pandas.DataFrame
        Table `customer_measures`.
    truth : pandas.DataFrame
        customer_id, has_left (bool), left_on (datetime64): who had really left at the as-of date, and since when.
    settings : AxisSettings
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        rule (str), flagged, left (Int64), precision, recall (float64), median_delay_days (float64, from the day a customer left to the day the rule first says so, of those
        who left and were flagged). Buyers in both tables.
    """
    buyers = measures[measures["order_count"] > 0].merge(truth[["customer_id", "has_left", "left_on"]], on="customer_id").reset_index(drop=True)
    left = buyers["has_left"].astype("bool")
    rows = []
    for name, rule in lapse_rules(settings.activity).items():
        limits = find_limits(buyers, Yardsticks.of(fit_population(measures, settings.rfm, rule)), rule, as_of)["silent_after_days"]
        flagged = (buyers["recency_days"].astype("float64") > limits).fillna(False)
        right = flagged & left
        shown_on = buyers["last_order_date"] + pd.to_timedelta(limits + 1, unit="D")
        delay = (shown_on - buyers["left_on"]).dt.days[right].median()
        rows.append((name, int(flagged.sum()), int(left.sum()), right.sum() / max(int(flagged.sum()), 1), right.sum() / max(int(left.sum()), 1), delay))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
