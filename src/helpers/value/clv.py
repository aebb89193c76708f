"""What a customer is worth: what came in so far, what a formula says, and what the chosen model expects of the next months."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import from_units, lazy, to_pandas, to_units
from helpers.value.fitting import FittedModel
from helpers.value.predictive import distinct_histories, expected_purchases
from helpers.value.settings import PurchaseModelSettings
from helpers.value.spend import CLASS_NAMES, frequency_class
from helpers.value.units import DAYS_PER_MONTH, Discount, Horizon, as_discount, unit_of

OWN_DAYS = 3  # purchase days from which a customer's own margin counts; below, the company's
KNOWN = 0.8  # share of sales with a cost from which a margin is known
YEAR = 365
HIGHEST_RETENTION = 0.98  # above it the formula's sum over all years says more about the formula than about the customer


def discounted_purchases(
    model: FittedModel, summary: pd.DataFrame, months: int, discount: Discount, *, days_per_month: float = DAYS_PER_MONTH
) -> np.ndarray:
    """Return expected purchases of the next months, each month's discounted to today at its end.

    Parameters
    ----------
    model : FittedModel
    summary : pandas.DataFrame
        From `summarise_purchases`, in the model's unit.
    months : int
        How many months ahead.
    discount : Discount
        `Discount.a_year(0.10)`; a bare number is refused.
    days_per_month : float
        365.25 / 12; lifetimes counts 4.345 weeks, which published figures rest on.

    Notes
    -----
    Known wrong answer avoided (anchors.md 0.3): the day factor on weekly data makes 12 months 360 weeks.
    """
    rate = as_discount(discount)
    columns, at = distinct_histories(summary)
    rows = pd.DataFrame(dict(zip(("frequency", "recency", "T"), columns, strict=True))).assign(unit=unit_of(summary), observed_until=summary["observed_until"].max())
    total, before = np.zeros(len(rows)), np.zeros(len(rows))
    for month in range(1, months + 1):
        upto = expected_purchases(model, rows, Horizon(month * days_per_month))
        total += (upto - before) * (1 + rate.per_year) ** (-month / 12)
        before = upto
    return total[at]


def sum_money(order_lines: nw.LazyFrame, *, until: dt.date) -> pd.DataFrame:
    """Return revenue and cost of every customer in the lines, returns taken off.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    until : datetime.date
        Later lines are not read.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), revenue (float64, net of all returns), cost (float64, of the lines that state one), costed (float64, revenue of these
        lines), sorted by customer_id.
    """
    lines = lazy(order_lines)
    known = "cost" in lines.collect_schema().names()
    end = dt.datetime.combine(until, dt.time()) + dt.timedelta(days=1)
    cost = to_units("cost") if known else nw.lit(None, nw.Float64)
    read = lines.filter(nw.col("order_date") < end).select("customer_id", to_units("amount").alias("_amount"), cost.alias("_cost"))
    read = read.with_columns(nw.when(~nw.col("_cost").is_null()).then(nw.col("_amount")).otherwise(nw.lit(0.0)).alias("_costed"))
    sums = read.group_by("customer_id").agg(nw.col("_amount").sum(), nw.col("_cost").sum(), nw.col("_costed").sum())
    money = sums.select("customer_id", from_units("_amount").alias("revenue"), from_units("_cost").alias("cost"), from_units("_costed").alias("costed"))
    return to_pandas(money).fillna({"cost": 0.0, "costed": 0.0}).sort_values("customer_id", ignore_index=True)


def add_margins(money: pd.DataFrame, purchase_days: pd.Series, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return money with margin_rate, value_basis and historic_value per customer.

    Parameters
    ----------
    money : pandas.DataFrame
        From `sum_money`.
    purchase_days : pandas.Series
        Per row of `money`, how many purchase days the customer has.
    settings : PurchaseModelSettings

    Returns
    -------
    pandas.DataFrame
        `money` with margin_rate (float64, share of sales; own from three purchase days on, else the company's), value_basis (str: "contribution, own
        costs", "contribution, company margin", "contribution, assumed margin" or "revenue, no costs known"), historic_value (float64).
    """
    total, costed = float(money["revenue"].sum()), float(money["costed"].sum())
    company = 1 - float(money["cost"].sum()) / costed if total > 0 and costed >= KNOWN / 2 * total else None
    own_known = (money["costed"] >= KNOWN * money["revenue"]) & (money["costed"] > 0) & (purchase_days >= OWN_DAYS)
    if company is not None:
        own = (1 - money["cost"] / money["costed"].where(money["costed"] > 0)).clip(-1, 1)
        rate = own.where(own_known, company).astype("float64")
        basis = own_known.map({True: "contribution, own costs", False: "contribution, company margin"})
    elif settings.assumed_margin_percent is not None:
        rate, basis = pd.Series(settings.assumed_margin_percent / 100, index=money.index), pd.Series("contribution, assumed margin", index=money.index)
    else:
        rate, basis = pd.Series(1.0, index=money.index), pd.Series("revenue, no costs known", index=money.index)
    uncosted = money["revenue"] - money["costed"]
    historic = money["costed"] - money["cost"] + uncosted * (company if company is not None else rate)
    return money.assign(margin_rate=rate.round(6), value_basis=basis.astype("str"), historic_value=historic.round(4))


def measure_retention(known: pd.DataFrame, days: int) -> pd.DataFrame:
    """Return which share of active customers bought again, by class of frequency.

    Parameters
    ----------
    known : pandas.DataFrame
        Customers at a cut: frequency, before_purchases (in an equally long time before) and purchases (after).
    days : int
        Length of the time after the cut.

    Returns
    -------
    pandas.DataFrame
        frequency_class (str), customers, retained (Int64), retention (float64, within `days`), retention_a_year (float64, retention raised to 365 / days),
        days (Int64). Classes without customers are left out; the last row is "all".

    Examples
    --------
    >>> known = pd.DataFrame({"frequency": [0, 0], "before_purchases": [1, 1], "purchases": [0, 2]})
    >>> measure_retention(known, 365)[["frequency_class", "retention_a_year"]].values.tolist()
    [['0', 0.5], ['all', 0.5]]
    """
    active = known[known["before_purchases"] > 0]
    marked = pd.DataFrame({"frequency_class": frequency_class(active["frequency"]), "retained": active["purchases"] > 0})
    groups = marked.groupby("frequency_class")["retained"].agg(["size", "sum"]).reindex([c for c in CLASS_NAMES if c in set(marked["frequency_class"])])
    if len(marked):
        groups.loc["all"] = [len(marked), int(marked["retained"].sum())]
    rate = (groups["sum"] / groups["size"]).astype("float64")
    table = pd.DataFrame({"customers": groups["size"], "retained": groups["sum"], "retention": rate, "retention_a_year": (rate ** (YEAR / max(days, 1))).round(6), "days": days})
    kinds = {"frequency_class": "str", "customers": "Int64", "retained": "Int64", "days": "Int64"}
    return table.rename_axis("frequency_class").reset_index().astype(kinds)


def formula_value(yearly_contribution: pd.Series, retention: pd.Series, discount: Discount) -> pd.Series:
    """Return margin x retention / (1 + discount - retention): the value of all years to come if nothing changes (row 003-04).

    Parameters
    ----------
    yearly_contribution : pandas.Series
        Contribution of a year, currency units.
    retention : pandas.Series
        Share of customers who stay from one year to the next; capped at 0.98.
    discount : Discount

    Examples
    --------
    >>> formula_value(pd.Series([100.0]), pd.Series([0.8]), Discount.a_year(0.10)).round(2).tolist()
    [266.67]
    """
    rate = retention.clip(upper=HIGHEST_RETENTION)
    return yearly_contribution * rate / (1 + as_discount(discount).per_year - rate)
