"""The measures of every customer at a day: all that is the customer's own, before anybody is compared with anybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.axes.behaviour import summarise_behaviour
from helpers.axes.evidence import count_categories, summarise_evidence
from helpers.axes.settings import ActivitySettings, LifecycleSettings
from helpers.engine import lazy

COUNTS = ("order_count", "purchase_days", "orders_12m", "orders_prior_12m", "orders_3q")
MONEY = ("total_spend", "spend_12m", "spend_prior_12m")


def measure_customers(
    order_lines: object,
    tables: Mapping[str, pd.DataFrame | None],
    *,
    as_of: dt.date,
    activity: ActivitySettings,
    lifecycle: LifecycleSettings,
    known_until: dt.date | None = None,
    movements: nw.LazyFrame | None = None,
) -> pd.DataFrame:
    """Return one row per customer with everything the axes are made of.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`.
    tables : mapping
        Any of customers, products, interactions, surveys, tickets, ratings, need_types; None when not measured.
    as_of : datetime.date
        Nothing later is looked at.
    activity : ActivitySettings
        `complaint_days` is used.
    lifecycle : LifecycleSettings
        `returned_days` is used.
    known_until : datetime.date, optional
        Look at `as_of` as if nothing had happened after this earlier day: everybody fell silent, the clock ran on.
    movements : narwhals.LazyFrame, optional
        From `settle_movements`, when several days are measured: the lines are then read once.

    Returns
    -------
    pandas.DataFrame
        The columns of `summarise_behaviour` and `summarise_evidence`, and categories (Int64) where products have any. Customers without an
        order (prospects) are there too, with an order count of 0 and a recency that is missing. Sorted by customer_id.
    """
    known = known_until or as_of
    until = dt.datetime.combine(known, dt.time()) + dt.timedelta(days=1)
    lines, moved = (lazy(f).filter(nw.col("order_date") < until) for f in (order_lines, order_lines if movements is None else movements))
    told = summarise_behaviour(moved, as_of=as_of, returned_days=lifecycle.returned_days)
    evidence = summarise_evidence(tables, as_of=known, complaint_days=activity.complaint_days)
    products = tables.get("products")
    if products is not None and "category" in products and products["category"].notna().any():
        told = told.merge(count_categories(lines, products, as_of=as_of), on="customer_id", how="left")
    # tickets, ratings and the like may name people who are neither in the orders nor in the customer list: those are no customers
    listed = tables.get("customers")
    known_ids = pd.Index(told["customer_id"]) if listed is None else pd.Index(told["customer_id"]).union(pd.Index(listed["customer_id"]))
    evidence = evidence[known_ids.get_indexer(evidence["customer_id"]) >= 0]
    both = told.merge(evidence, on="customer_id", how="outer") if len(evidence) or len(evidence.columns) > 1 else told
    return _without_orders(both).sort_values("customer_id", ignore_index=True)


def _without_orders(measures: pd.DataFrame) -> pd.DataFrame:
    """A prospect has ordered nothing and spent nothing; who has no row in a table that exists has no contact and no complaint."""
    counted = [c for c in (*COUNTS, "contacts_12m", "complaints_recent", "categories") if c in measures]
    zeros = {c: measures[c].fillna(0).astype("Int64") for c in counted}
    money = [c for c in measures if c in MONEY or c.startswith("spend_q")]
    zeros |= {c: measures[c].fillna(0.0) for c in money}
    history = measures["history_days"].dropna()
    zeros["history_days"] = measures["history_days"].fillna(history.iloc[0] if len(history) else 0).astype("Int64")
    return measures.assign(**zeros).astype({"customer_id": "str"})
