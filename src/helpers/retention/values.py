"""What is at stake with each customer: the margin of a year, by model where there is one, else by the own orders, and it says which."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import from_units, lazy, to_pandas, to_units

STAKES = {
    "customer_id": "str", "revenue_year": "float64", "margin_year": "float64", "margin_rate": "float64", "value_at_stake": "float64", "expected_value": "float64", "value_basis": "str",
    "value_is_default": "boolean",
}  # fmt: skip
YEAR = 365
MONTHS = 12
LEAST_ALIVE = 0.2  # divided by a smaller chance of being alive, a forecast says nothing about what a customer brought; the last active year does
REVENUE_ONLY = "revenue, no costs known"  # value_basis of customer_values where its money is sales and not margin


def sum_years(orders: object, *, as_of: dt.date, default_rate: float) -> pd.DataFrame:
    """Return revenue and margin of each customer's last active year: the 365 days up to the last order.

    Parameters
    ----------
    orders : pandas, DuckDB or Narwhals frame
        Table `orders`: customer_id, order_date, net_amount and, where known, cost_amount.
    as_of : datetime.date
        Later orders are not read.
    default_rate : float
        Share of revenue that counts as margin where no cost is known.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), revenue_year, margin_year, margin_rate (float64), margin_is_default (boolean). Someone who left two years ago has the year before he left: that is what would come back.
    """
    frame = lazy(orders)
    known = frame.collect_schema().names()
    until = dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)
    cost = to_units("cost_amount") if "cost_amount" in known else nw.lit(None).cast(nw.Float64)
    read = frame.filter((nw.col("order_date") < until) & (nw.col("net_amount") > 0)).select("customer_id", "order_date", to_units("net_amount").alias("net"), cost.alias("cost"))
    last = read.group_by("customer_id").agg(nw.col("order_date").max().alias("last"))
    year = read.join(last, on="customer_id", how="inner").filter(nw.col("order_date") > nw.col("last").dt.offset_by(f"-{YEAR}d"))
    costed = nw.when(~nw.col("cost").is_null())
    parts = year.with_columns(costed.then(nw.col("net")).otherwise(nw.lit(0.0)).alias("costed"), costed.then(nw.col("net") - nw.col("cost")).otherwise(nw.lit(0.0)).alias("earned"))
    sums = parts.group_by("customer_id").agg(nw.col("net").sum(), nw.col("costed").sum(), nw.col("earned").sum())
    told = to_pandas(sums.select("customer_id", *(from_units(c).alias(c) for c in ("net", "costed", "earned"))))
    return _rates(told, default_rate)


def _rates(sums: pd.DataFrame, default_rate: float) -> pd.DataFrame:
    """Own rate where costs are known, that of all customers where only others' are, the default where nobody's are."""
    total = sums["costed"].sum()
    everyone = sums["earned"].sum() / total if total > 0 else default_rate
    own = sums["earned"] / sums["costed"].where(sums["costed"] > 0)
    rate = own.fillna(everyone)
    told = pd.DataFrame({"customer_id": sums["customer_id"], "revenue_year": sums["net"], "margin_year": (rate * sums["net"]).clip(lower=0), "margin_rate": rate})
    return told.assign(margin_is_default=not total > 0).astype({"customer_id": "str", "margin_is_default": "boolean"}).sort_values("customer_id", ignore_index=True)


def value_stakes(years: pd.DataFrame, customers: pd.DataFrame | None, customer_values: pd.DataFrame | None) -> pd.DataFrame:
    """Return what each customer is worth to us in a year, and on what that rests.

    Parameters
    ----------
    years : pandas.DataFrame
        From `sum_years`.
    customers : pandas.DataFrame, optional
        Customers without an order are worth what the median customer's first year was: see `value_basis`.
    customer_values : pandas.DataFrame, optional
        Table `customer_values` of lesson 05: expected_value (missing without a forecast) of the next horizon_months, p_alive, value_basis.

    Returns
    -------
    pandas.DataFrame
        customer_id, revenue_year, margin_year, margin_rate, value_at_stake (float64, margin of a year if the customer stays), expected_value (float64, margin of the next 12 months as things stand), value_basis (str:
        value model, value model at the default margin rate, own margin of the last active year, default margin rate, typical customer), value_is_default (boolean). Currency units. Sorted by customer_id. Who is most probably lost has at stake
        what he brought in his last active year, whatever is expected of him now.
    """
    told = years.rename(columns={"margin_is_default": "value_is_default"})
    told = told.assign(value_at_stake=told["margin_year"], expected_value=told["margin_year"], value_basis=np.where(told["value_is_default"], "default margin rate", "own margin of the last active year"))
    if customer_values is not None:
        told = _by_model(told, customer_values)
    if customers is not None:
        told = pd.concat([told, _without_orders(told, customers)], ignore_index=True)
    return told[list(STAKES)].astype(STAKES).sort_values("customer_id", ignore_index=True)


def _by_model(told: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """A forecast already holds the chance of leaving; divided by the chance of being alive it is what is at stake."""
    model = values.drop_duplicates("customer_id").set_index("customer_id").reindex(told["customer_id"]).reset_index()
    sales = model["value_basis"].eq(REVENUE_ONLY).fillna(False).astype("bool")
    a_year = model["expected_value"].astype("float64") * MONTHS / model["horizon_months"].astype("float64") * told["margin_rate"].where(sales, 1.0)
    alive, known = model["p_alive"].astype("float64").fillna(1.0), a_year.notna()
    lives = known & (alive >= LEAST_ALIVE)
    basis = np.where(sales & told["value_is_default"].astype("bool"), "value model at the default margin rate", "value model")
    return told.assign(
        expected_value=told["expected_value"].where(~known, a_year), value_at_stake=told["value_at_stake"].where(~lives, a_year / alive),
        value_basis=pd.Series(told["value_basis"]).where(~lives, basis), value_is_default=told["value_is_default"].where(~lives | sales, False),
    )  # fmt: skip


def _without_orders(told: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    prospects = customers.loc[~customers["customer_id"].isin(told["customer_id"]), ["customer_id"]]
    kinds = customers.drop_duplicates("customer_id").set_index("customer_id")["kind"] if "kind" in customers else pd.Series(dtype="str")
    typical = told.groupby(told["customer_id"].map(kinds))["margin_year"].median()
    worth = prospects["customer_id"].map(kinds).map(typical).astype("float64").fillna(told["margin_year"].median() if len(told) else 0.0).fillna(0.0)
    return prospects.assign(revenue_year=0.0, margin_year=0.0, margin_rate=np.nan, value_at_stake=worth, expected_value=worth, value_basis="typical customer", value_is_default=True)
