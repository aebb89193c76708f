"""Keep, park or retire: a dry run that shows what would be given up. Nothing is deleted."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.axes.intervals import wilson
from helpers.axes.periods import months_before
from helpers.axes.settings import LifecycleSettings
from helpers.engine import MONEY_SCALE

DECISIONS = ("keep", "park", "retire")
COLUMNS = {
    "customer_id": "str", "decision": "str", "recency_days": "Int64", "order_count": "Int64", "total_spend": "float64", "odds": "float64", "odds_low": "float64",
    "odds_high": "float64", "odds_of": "Int64", "expected_return": "float64", "value_given_up": "float64", "reason": "str",
}  # fmt: skip


def dormant_days(as_of: dt.date, settings: LifecycleSettings) -> int:
    """Return from how many days without an order a customer is dormant: `dormant_months` calendar months."""
    return (pd.Timestamp(as_of) - months_before(as_of, settings.dormant_months)).days


def dormancy_class(measures: pd.DataFrame, days: int) -> pd.Series:
    """Return the class in which odds are counted: one order or more, dormant for up to twice the limit or longer; missing when not dormant."""
    orders = pd.cut(measures["order_count"].astype("float64"), [0, 1, 4, np.inf], labels=["1 order", "2 to 4 orders", "5 orders or more"]).astype("str")
    longer = np.where(measures["recency_days"].astype("float64") >= 2 * days, "dormant twice as long", "dormant")
    dormant = (measures["recency_days"] >= days).fillna(False).astype("bool")
    return (orders + ", " + pd.Series(longer, index=measures.index)).where(dormant).astype("str")


def count_comebacks(past: pd.DataFrame, later: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return how many dormant customers of a year ago came back within the year, per class, and what they then spent.

    Parameters
    ----------
    past : pandas.DataFrame
        Measures a year before the as-of date.
    later : pandas.DataFrame
        customer_id and spend (float64) of the year since, for who ordered.
    days : int
        From `dormant_days`.

    Returns
    -------
    pandas.DataFrame
        dormancy (str), customers, returned (Int64), odds, odds_low, odds_high (float64, Wilson 95 %), mean_spend (float64, of those who returned).
    """
    dormant = past.assign(dormancy=dormancy_class(past, days)).dropna(subset=["dormancy"]).merge(later, on="customer_id", how="left")
    rows = []
    for name, group in dormant.groupby("dormancy"):
        back = group["spend"].notna()
        low, high = wilson(int(back.sum()), len(group))
        units = (group.loc[back, "spend"] * MONEY_SCALE).round().sum() / MONEY_SCALE
        rows.append((name, len(group), int(back.sum()), back.mean(), low, high, units / back.sum() if back.any() else 0.0))
    names = {"dormancy": "str", "customers": "Int64", "returned": "Int64", "odds": "float64", "odds_low": "float64", "odds_high": "float64", "mean_spend": "float64"}
    return pd.DataFrame(rows, columns=list(names)).astype(names)


def review_pool(axes: pd.DataFrame, comebacks: pd.DataFrame, settings: LifecycleSettings, *, as_of: dt.date) -> pd.DataFrame:
    """Return for each buyer whether to keep, park or retire, with the odds of coming back and the value given up.

    keep: not dormant. retire: dormant, in the lower part by spend, and even the upper end of the odds' interval lies below
    `park_odds`; stop spending on them, delete nothing. park: every other dormant customer, automatic contact only. Where the odds are not known
    (less than a year of history before the dormancy), nobody is retired.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`.
    comebacks : pandas.DataFrame
        From `count_comebacks`.
    settings : LifecycleSettings
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        customer_id, decision (str), recency_days, order_count (Int64), total_spend (float64), odds, odds_low, odds_high (float64, of an order within a year), odds_of (Int64, customers behind the odds),
        expected_return (float64, spend within a year: odds times mean spend of those who came back; dormant customers), value_given_up (float64, the same where the decision is retire), reason (str). Sorted by customer_id.

    Notes
    -----
    Rows 004-71, 004-72, 002-61; features.md section 3.1, row 6; feature F43.
    """
    buyers = axes[axes["order_count"] > 0].reset_index(drop=True)
    days = dormant_days(as_of, settings)
    told = buyers.assign(dormancy=dormancy_class(buyers, days)).merge(comebacks, on="dormancy", how="left")
    low_value = told["total_spend"] <= told["total_spend"].quantile(settings.low_value_share)
    dormant = told["dormancy"].notna()
    hopeless = (told["odds_high"] < settings.park_odds).fillna(False)
    decision = np.where(~dormant, "keep", np.where(low_value & hopeless, "retire", "park"))
    expected = (told["odds"] * told["mean_spend"]).where(dormant).round(2)
    result = told.assign(decision=decision, odds_of=told["customers"], expected_return=expected, value_given_up=expected.where(decision == "retire"))
    return result.assign(reason=_reasons(result, settings)).astype(COLUMNS)[list(COLUMNS)].sort_values("customer_id", ignore_index=True)


def _reasons(told: pd.DataFrame, settings: LifecycleSettings) -> pd.Series:
    texts = []
    for row in told.itertuples():
        if row.decision == "keep":
            texts.append("not dormant")
        elif pd.isna(row.odds):
            texts.append(f"no order for {row.recency_days} days; the odds of coming back are not measured: nobody was dormant like this a year ago")
        else:
            seen = f"of {row.customers} like this ({row.dormancy}) {row.returned} ordered again within a year"
            texts.append(f"{seen}; {_why(row, settings)}")
    return pd.Series(texts, index=told.index, dtype="str")


def _why(row, settings: LifecycleSettings) -> str:  # type: ignore[no-untyped-def]
    if row.decision == "retire":
        return f"spend {row.total_spend:,.0f}"
    if row.odds_high < settings.park_odds:
        return f"a past spend of {row.total_spend:,.0f} is too much to give up"
    if row.odds < settings.park_odds:
        return f"too few to be sure that the odds are below {settings.park_odds:.0%}".replace("%", " %")
    return "the odds are too good to stop"


def summarise_pool(review: pd.DataFrame) -> pd.DataFrame:
    """Return per decision: customers (Int64), share (float64, of buyers), total_spend (float64), odds_unknown (Int64, dormant customers without odds), expected_return, value_given_up (float64, of the others)."""
    dormant = review["decision"] != "keep"
    grouped = review.assign(unknown=(dormant & review["odds"].isna()).astype("Int64"), units=(review["total_spend"] * MONEY_SCALE).round(), expected=(review["expected_return"] * 100).round(), given=(review["value_given_up"] * 100).round()).groupby("decision")
    sums = grouped.agg(customers=("customer_id", "size"), odds_unknown=("unknown", "sum"), units=("units", "sum"), expected=("expected", "sum"), given=("given", "sum")).reindex(list(DECISIONS), fill_value=0).reset_index()
    told = sums.assign(total_spend=sums["units"] / MONEY_SCALE, expected_return=sums["expected"] / 100, value_given_up=sums["given"] / 100, share=sums["customers"] / max(len(review), 1))
    columns = ["decision", "customers", "share", "total_spend", "odds_unknown", "expected_return", "value_given_up"]
    return told[columns].astype({"decision": "str", "customers": "Int64", "odds_unknown": "Int64"})
