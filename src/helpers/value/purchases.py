"""Order lines to the purchase summary that "buy till you die" models read, on any engine (feature F25).

The words are the models' own: `frequency` counts repeat purchases, `recency` is the customer's age at the last one, `T` the age now.
They mean something else in RFM tables.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import MONEY_SCALE, from_units, lazy, to_pandas, to_units
from helpers.errors import UserError
from helpers.value.units import UNIT_DAYS

SUMMARY = ("customer_id", "frequency", "recency", "T", "monetary_value", "monetary_sd", "first_purchase_on", "last_purchase_on", "unit", "observed_until")


def summarise_purchases(order_lines: object, *, observed_until: dt.date, unit: str = "week", count_free_days: bool = False) -> pd.DataFrame:
    """Return what purchase models need of each customer: repeat purchases, age at the last one, age, mean spend.

    A purchase is a day on which a customer's orders come to more than zero, with returns taken off the order they belong to; a return
    that was not yet known at the observation end is not used. Times are exact days divided by the days of the unit, never calendar
    weeks. The first purchase is not counted in `frequency`.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`: order_id, customer_id, order_date, amount and, where known, return_of.
    observed_until : datetime.date
        Last day on which a purchase could have been seen; later lines are not read.
    unit : {"day", "week"}
        Unit of recency and T.
    count_free_days : bool
        Count days that came to exactly zero, as the published CDNOW figures do.

    Returns
    -------
    pandas.DataFrame
        One row per customer with at least one purchase, sorted by customer_id: customer_id (str), frequency (Int64, repeat purchase days),
        recency, T (float64, units), monetary_value (float64, mean net spend of repeat purchase days, currency units; missing for customers
        without one), monetary_sd (float64, their standard deviation; missing below two), first_purchase_on, last_purchase_on
        (datetime64[us]), unit (str), observed_until (datetime64[us]).

    Raises
    ------
    UserError
        An unknown unit.

    Notes
    -----
    Fader, Hardie and Lee (2005). Known wrong answers avoided (anchors.md 1.1 and 5): calendar-week bins, first purchase in frequency,
    mean of order lines instead of days.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": ["1", "2", "3"], "customer_id": ["a", "a", "b"], "amount": [10.0, 30.0, 5.0],
    ...     "order_date": pd.to_datetime(["2025-01-01", "2025-01-15", "2025-01-08"])})
    >>> table = summarise_purchases(lines, observed_until=dt.date(2025, 1, 29))
    >>> table[["customer_id", "frequency", "recency", "T", "monetary_value"]].values.tolist()
    [['a', 1, 2.0, 4.0, 30.0], ['b', 0, 0.0, 3.0, nan]]
    """
    if unit not in ("day", "week"):
        raise UserError(f"the purchase summary cannot be made in {unit!r}: choose day or week")
    days = purchase_days(order_lines, until=observed_until, count_free_days=count_free_days)
    marked = days.with_columns(nw.col("_day").min().over("customer_id").alias("_first"))
    repeat = nw.when(nw.col("_day") > nw.col("_first"))
    cents = (nw.col("_net").cast(nw.Float64) / (MONEY_SCALE / 100)).round(0)  # squares of whole cents add up the same in any order
    marked = marked.with_columns(repeat.then(nw.col("_net")).alias("_repeat"), repeat.then(cents * cents).otherwise(nw.lit(0.0)).alias("_square"))
    table = marked.group_by("customer_id").agg(
        nw.len().alias("_days"), nw.col("_first").min(), nw.col("_day").max().alias("_last"), nw.col("_repeat").sum(), nw.col("_square").sum()
    )
    return _finish(to_pandas(table.with_columns(from_units("_repeat").alias("_spend"))), observed_until, unit)


def purchase_days(order_lines: object, *, until: dt.date, count_free_days: bool = False) -> nw.LazyFrame:
    """Return one row per customer and purchase day, lazily: customer_id, _day, _net (ten-thousandths, above zero).

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
    until : datetime.date
        Later lines are not read, returns among them.
    count_free_days : bool
        Keep days that came to exactly zero.
    """
    lines = lazy(order_lines)
    known = lines.collect_schema().names()
    order = nw.coalesce(nw.col("return_of"), nw.col("order_id")) if "return_of" in known else nw.col("order_id")
    end = dt.datetime.combine(until, dt.time()) + dt.timedelta(days=1)
    read = lines.filter(nw.col("order_date") < end).select("customer_id", order.alias("_order"), to_units("amount").alias("_net"), nw.col("order_date").dt.truncate("1d").alias("_day"))
    sale = nw.when(nw.col("_net") >= 0).then(nw.col("_day"))
    orders = read.with_columns(sale.alias("_day")).group_by("customer_id", "_order").agg(nw.col("_net").sum(), nw.col("_day").min())
    days = orders.filter(~nw.col("_day").is_null()).group_by("customer_id", "_day").agg(nw.col("_net").sum())
    return days.filter(nw.col("_net") >= 0 if count_free_days else nw.col("_net") > 0)


def _finish(table: pd.DataFrame, observed_until: dt.date, unit: str) -> pd.DataFrame:
    length, end = UNIT_DAYS[unit], pd.Timestamp(observed_until)
    first, last = (table[c].astype("datetime64[us]") for c in ("_first", "_last"))
    repeats = table["_days"].astype("int64") - 1
    mean = (table["_spend"].astype("float64") / repeats.where(repeats > 0)).round(10)
    spread = (table["_square"].astype("float64") / 1e4 - repeats * mean**2).clip(lower=0) / (repeats - 1).where(repeats > 1)
    made = table.assign(
        frequency=repeats.astype("Int64"), recency=(last - first).dt.days / length, T=(end - first).dt.days / length, monetary_value=mean, monetary_sd=(spread**0.5).round(4),
        first_purchase_on=first, last_purchase_on=last, unit=unit, observed_until=pd.Series(end, index=table.index).astype("datetime64[us]"),
    )  # fmt: skip
    return made.astype({"unit": "str"}).sort_values("customer_id", ignore_index=True)[list(SUMMARY)]


def count_window(order_lines: object, *, after: dt.date, until: dt.date, count_free_days: bool = False) -> pd.DataFrame:
    """Return what each customer bought in a later window: the truth that a forecast is judged by.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
    after, until : datetime.date
        The window: days after `after`, up to and including `until`.
    count_free_days : bool

    Returns
    -------
    pandas.DataFrame
        customer_id (str), purchases (Int64, purchase days), spend (float64, net spend of these days), sorted by customer_id; customers who
        bought nothing are absent.
    """
    start = dt.datetime.combine(after, dt.time()) + dt.timedelta(days=1)
    days = purchase_days(order_lines, until=until, count_free_days=count_free_days).filter(nw.col("_day") >= start)
    table = to_pandas(days.group_by("customer_id").agg(nw.len().alias("purchases"), nw.col("_net").sum()).with_columns(from_units("_net").alias("spend")).drop("_net"))
    return table.astype({"purchases": "Int64", "spend": "float64"}).sort_values("customer_id", ignore_index=True)[["customer_id", "purchases", "spend"]]
