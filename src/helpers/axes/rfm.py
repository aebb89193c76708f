"""Recency, order count and spend per customer, from order lines on any engine."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import from_units, lazy, settle, to_pandas, to_units

COLUMNS = (
    "customer_id",
    "first_order_date",
    "last_order_date",
    "recency_days",
    "order_count",
    "total_spend",
    "average_order_value",
    "tenure_days",
)


def summarise_rfm(order_lines: object, *, as_of: dt.date) -> pd.DataFrame:
    """Return how recently, how often and for how much each customer bought.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`: order_id, customer_id, order_date, amount and, where known, return_of.
    as_of : datetime.date
        The day from which recency is counted back; later lines are not read.

    Returns
    -------
    pandas.DataFrame
        One row per customer in the lines, sorted by customer_id: customer_id (str), first_order_date and last_order_date
        (datetime64[us], of orders that stand), recency_days (Int64, days from the last such order to as_of), order_count (Int64, orders whose
        net amount is above zero), total_spend (float64, currency units, net of all returns), average_order_value
        (float64, total_spend by order_count), tenure_days (Int64, days from the first such order).
        A customer whose every order was returned stays, with order_count 0 and no dates.

    Notes
    -----
    Row 002-20 and features.md section 3.3: returns reduce M, F counts orders with a positive net. Feature F10.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "a"], "amount": [10.0, 5.0],
    ...     "order_date": pd.to_datetime(["2025-01-01", "2025-06-20"])})
    >>> summarise_rfm(lines, as_of=dt.date(2025, 6, 30))[["recency_days", "order_count", "total_spend"]].values.tolist()
    [[10, 2, 15.0]]
    """
    per_order = net_orders(order_lines, as_of=as_of)
    stands = nw.when(nw.col("_net") > 0)
    marked = per_order.with_columns(
        stands.then(nw.col("_day")).alias("_stood_on"), stands.then(nw.lit(1)).otherwise(nw.lit(0)).alias("_stood")
    )
    per_customer = marked.group_by("customer_id").agg(
        nw.col("_stood_on").min().alias("first_order_date"),
        nw.col("_stood_on").max().alias("last_order_date"),
        nw.col("_stood").sum().alias("order_count"),
        nw.col("_net").sum(),
    )
    return _finish(to_pandas(per_customer.with_columns(from_units("_net").alias("total_spend")).drop("_net")), as_of)


def net_orders(order_lines: object, *, as_of: dt.date) -> nw.LazyFrame:
    """Return one row per customer and order known at `as_of`: `_net` in whole units after its returns, `_day` of its first sale.

    A return that names its order is counted with it, so an order that came back whole nets to zero and does not stand.
    """
    lines = lazy(order_lines)
    known = lines.collect_schema().names()
    order = nw.coalesce(nw.col("return_of"), nw.col("order_id")) if "return_of" in known else nw.col("order_id")
    until = dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)
    read = lines.filter(nw.col("order_date") < until).select("customer_id", order.alias("_order"), to_units("amount").alias("_net"), "order_date")
    sale_day = nw.when(nw.col("_net") >= 0).then(nw.col("order_date")).alias("_day")
    return read.with_columns(sale_day).group_by("customer_id", "_order").agg(nw.col("_net").sum(), nw.col("_day").min())


def settle_movements(order_lines: object) -> nw.LazyFrame:
    """Return order lines summed per customer, order, moment and sign: as good as the lines for every question of this module, and far fewer.

    Returns
    -------
    narwhals.LazyFrame
        customer_id, order_id (the order that a return belongs to), order_date, amount; held in memory.
    """
    lines = lazy(order_lines)
    known = lines.collect_schema().names()
    order = nw.coalesce(nw.col("return_of"), nw.col("order_id")) if "return_of" in known else nw.col("order_id")
    read = lines.select("customer_id", order.alias("_order"), to_units("amount").alias("_net"), "order_date", (nw.col("amount") >= 0).alias("_sale"))
    sums = read.group_by("customer_id", "_order", "order_date", "_sale").agg(nw.col("_net").sum())
    return settle(sums.select("customer_id", nw.col("_order").alias("order_id"), "order_date", from_units("_net").alias("amount")))


def _finish(summary: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    day = pd.Timestamp(as_of)
    last, first = (summary[c].astype("datetime64[us]").dt.normalize() for c in ("last_order_date", "first_order_date"))
    counts = summary["order_count"].astype("Int64")
    frame = summary.assign(
        first_order_date=first,
        last_order_date=last,
        recency_days=(day - last).dt.days.astype("Int64"),
        tenure_days=(day - first).dt.days.astype("Int64"),
        order_count=counts,
        average_order_value=(summary["total_spend"] / counts.where(counts > 0)).astype("float64").round(4),
    )
    return frame.sort_values("customer_id", ignore_index=True)[list(COLUMNS)]
