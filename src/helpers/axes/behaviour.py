"""What each customer did, from order lines on any engine: rhythm, windows, quarters. Nothing here depends on other customers."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.axes.periods import complete_quarters, months_before
from helpers.axes.rfm import net_orders, summarise_rfm
from helpers.engine import from_units, settle, to_pandas

DAY_SECONDS = 86_400
GAPS = ("purchase_days", "median_gap_days", "longest_gap_days", "comeback_gap_days", "longest_gap_before_days")
WINDOWS = ("orders_12m", "spend_12m", "orders_prior_12m", "spend_prior_12m", "orders_3q")
QUARTER_SPEND = ("spend_q1", "spend_q2", "spend_q3", "spend_q4", "spend_q5")


def summarise_behaviour(order_lines: object, *, as_of: dt.date, returned_days: int) -> pd.DataFrame:
    """Return what each customer did until a day: recency, count and spend, rhythm, windows and quarters.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`.
    as_of : datetime.date
        Nothing later is read; all windows end here.
    returned_days : int
        How far back a gap may have ended to count as a comeback.

    Returns
    -------
    pandas.DataFrame
        The columns of `summarise_rfm`, then, one row per customer, sorted:
        purchase_days (Int64, days with a standing order), median_gap_days, longest_gap_days (float64, days between such days, null below two),
        comeback_gap_days (float64, the longest gap that ended within the last `returned_days` days), longest_gap_before_days (float64, the longest
        that ended earlier), orders_12m, orders_prior_12m (Int64, orders in the last 12 calendar months and in the 12 before), spend_12m,
        spend_prior_12m (float64, net of orders that stand), orders_3q (Int64, orders in the last three complete quarters), spend_q1 to spend_q5 (float64, complete calendar
        quarters, q1 the latest, q5 the same quarter a year before), history_days (Int64, from the first order of all customers to as_of).

    Notes
    -----
    Rows 004-65 (interval), 001-34 (quarters: complete ones only), 002-19 (repurchase).

    Examples
    --------
    >>> days = pd.to_datetime(["2025-01-01", "2025-01-11", "2025-02-10"])
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": "a", "amount": 10.0, "order_date": days})
    >>> told = summarise_behaviour(lines, as_of=dt.date(2025, 6, 30), returned_days=180)
    >>> told[["median_gap_days", "longest_gap_days", "spend_q2"]].values.tolist()
    [[20.0, 30.0, 30.0]]
    """
    rfm = summarise_rfm(order_lines, as_of=as_of)
    days = _purchase_days(order_lines, as_of)
    gaps, sums = to_pandas(_gaps(days, as_of, returned_days)), to_pandas(_windows(days, as_of))
    told = rfm.merge(gaps, on="customer_id", how="left").merge(sums, on="customer_id", how="left")
    counts = ("purchase_days", "orders_12m", "orders_prior_12m", "orders_3q")
    money = ("spend_12m", "spend_prior_12m", *QUARTER_SPEND)
    whole = {c: told[c].fillna(0).astype("Int64") for c in counts}
    first = told["first_order_date"].min()
    history = (pd.Timestamp(as_of) - first).days if pd.notna(first) else None
    return told.assign(
        **whole, **{c: told[c].fillna(0.0).astype("float64") for c in money},
        **{c: told[c].astype("float64") for c in GAPS[1:]}, history_days=pd.Series(history, index=told.index, dtype="Int64"),
    )  # fmt: skip


def _purchase_days(order_lines: object, as_of: dt.date) -> nw.LazyFrame:
    """One row per customer and day with an order that stands after its returns: net in whole units, orders."""
    standing = net_orders(order_lines, as_of=as_of).filter(nw.col("_net") > 0).with_columns(nw.col("_day").dt.truncate("1d"))
    return settle(standing.group_by("customer_id", "_day").agg(nw.col("_net").sum(), nw.len().alias("_orders")))


def _gaps(days: nw.LazyFrame, as_of: dt.date, returned_days: int) -> nw.LazyFrame:
    before = days.with_columns(nw.col("_day").shift(1).over("customer_id", order_by="_day").alias("_before"))
    gap = (nw.col("_day") - nw.col("_before")).dt.total_seconds() / DAY_SECONDS
    recent = nw.col("_day") > dt.datetime.combine(as_of, dt.time()) - dt.timedelta(days=returned_days)
    parted = before.with_columns(gap.alias("_gap")).with_columns(
        nw.when(recent).then(nw.col("_gap")).alias("_late"), nw.when(~recent).then(nw.col("_gap")).alias("_early")
    )
    return parted.group_by("customer_id").agg(
        nw.len().alias("purchase_days"), nw.col("_gap").median().alias("median_gap_days"), nw.col("_gap").max().alias("longest_gap_days"),
        nw.col("_late").max().alias("comeback_gap_days"), nw.col("_early").max().alias("longest_gap_before_days"),
    )  # fmt: skip


def _windows(days: nw.LazyFrame, as_of: dt.date) -> nw.LazyFrame:
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    year, prior = (months_before(as_of, m) + pd.Timedelta(days=1) for m in (12, 24))
    quarters = complete_quarters(as_of)
    spans = {"12m": (year, end), "prior_12m": (prior, year)}
    sums = [_within("_net", *span).alias(f"spend_{name}") for name, span in spans.items()]
    sums += [_within("_net", *span).alias(f"spend_q{i}") for i, span in enumerate(quarters, 1)]
    counts = [_within("_orders", *span).alias(f"orders_{name}") for name, span in (*spans.items(), ("3q", (quarters[2][0], quarters[0][1])))]
    marked = days.with_columns(*sums, *counts)
    spend = [f"spend_{n}" for n in spans] + list(QUARTER_SPEND)
    orders = ["orders_12m", "orders_prior_12m", "orders_3q"]
    totals = marked.group_by("customer_id").agg(*(nw.col(c).sum() for c in spend + orders))
    return totals.with_columns(*(from_units(c).alias(c) for c in spend), *(nw.col(c).cast(nw.Int64) for c in orders))


def _within(column: str, first: pd.Timestamp, end: pd.Timestamp) -> nw.Expr:
    inside = (nw.col("_day") >= first.to_pydatetime()) & (nw.col("_day") < end.to_pydatetime())
    return nw.when(inside).then(nw.col(column)).otherwise(nw.lit(0))
