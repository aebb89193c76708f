"""What other tables say about a customer at a day: contact, satisfaction, complaints, ratings, need type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.axes.judgements import keep_current
from helpers.axes.periods import months_before
from helpers.engine import lazy, lift, to_pandas

FACTS = ("kind", "member_level", "region", "industry", "size", "created_on")
STRATEGIC = ("strategic_fit", "reference_value", "influence", "test_feedback")


def summarise_evidence(tables: Mapping[str, pd.DataFrame | None], *, as_of: dt.date, complaint_days: int) -> pd.DataFrame:
    """Return what is known about each customer beside the orders.

    Parameters
    ----------
    tables : mapping
        Any of customers, interactions, surveys, tickets, ratings, need_types; None or absent when not measured.
    as_of : datetime.date
        Rows later than this day are not looked at.
    complaint_days : int
        How long a complaint counts.

    Returns
    -------
    pandas.DataFrame
        customer_id (str) and, for each table that exists: kind, member_level, region, industry, size (str), created_on (datetime64) from customers;
        contacts_12m (Int64, conversations in the last 12 calendar months, 0 when there were none); satisfaction (float64, 0 to 100, the latest answer of the
        last 12 months, null without one); complaints_recent (Int64, absent when no ticket says whether it is a complaint); fit_rating, strategic_rating, growth_rating (float64, 1 to 5, mean of the
        raters' latest ratings that have not expired); need_type (str). A column is absent when its table is: not measured is not zero.

    Notes
    -----
    Rows 000-15 (relationship), 004-63 (complaints), 001-03 and 002-41 (ratings expire).

    Examples
    --------
    >>> talks = pd.DataFrame({"customer_id": ["a", "a"], "at": pd.to_datetime(["2025-06-01", "2023-01-01"])})
    >>> summarise_evidence({"interactions": talks}, as_of=dt.date(2025, 6, 30), complaint_days=90).values.tolist()
    [['a', 1]]
    """
    known = {n: t for n, t in tables.items() if t is not None}
    makers = {
        "customers": lambda t: _facts(t, as_of), "interactions": lambda t: _contacts(t, as_of), "surveys": lambda t: _satisfaction(t, as_of),
        "tickets": lambda t: _complaints(t, as_of, complaint_days), "ratings": lambda t: _ratings(t, as_of),
        "need_types": lambda t: t[["customer_id", "need_type"]],
    }  # fmt: skip
    parts = [make(known[n]) for n, make in makers.items() if n in known]
    ids = pd.Series(sorted({i for p in parts for i in p["customer_id"].dropna()}), name="customer_id", dtype="str")
    told = ids.to_frame()
    for part in parts:
        told = told.merge(part, on="customer_id", how="left")
    zeros = {c: told[c].fillna(0).astype("Int64") for c in ("contacts_12m", "complaints_recent") if c in told}
    return told.assign(**zeros)


def _until(frame: pd.DataFrame, column: str, as_of: dt.date) -> pd.DataFrame:
    return frame[frame[column] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]


def _facts(customers: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """A customer of whom nobody knows since when stays; one entered after the day is not known yet."""
    entered = customers["created_on"] if "created_on" in customers else pd.Series(pd.NaT, index=customers.index)
    known = customers[~(entered > pd.Timestamp(as_of))]
    return known[["customer_id", *[f for f in FACTS if f in known]]]


def _contacts(interactions: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    known = _until(interactions, "at", as_of)
    recent = known["at"] >= months_before(as_of, 12) + pd.Timedelta(days=1)
    return known.assign(contacts_12m=recent.astype("Int64")).groupby("customer_id")["contacts_12m"].sum().reset_index()


def _satisfaction(surveys: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    known = _until(surveys, "answered_on", as_of)
    known = known[known["answered_on"] > months_before(as_of, 12)]
    scales = {"csat": (1.0, 5.0), "nps": (0.0, 10.0)}
    parts = pd.DataFrame({c: (known[c].astype("float64") - low) / (high - low) * 100 for c, (low, high) in scales.items() if c in known}, index=known.index)
    answers = known[["customer_id", "answered_on"]].assign(satisfaction=parts.mean(axis=1))
    daily = answers.dropna(subset=["satisfaction"]).groupby(["customer_id", "answered_on"])["satisfaction"].mean().reset_index()
    return daily.sort_values("answered_on").groupby("customer_id")["satisfaction"].last().reset_index()


def _complaints(tickets: pd.DataFrame, as_of: dt.date, days: int) -> pd.DataFrame:
    known = _until(tickets, "opened_at", as_of)
    if "is_complaint" not in known or (len(known) and not known["is_complaint"].notna().any()):
        return known[["customer_id"]].drop_duplicates()  # nobody says which tickets are complaints, so none is not the answer
    recent = known["opened_at"] >= pd.Timestamp(as_of) - pd.Timedelta(days=days - 1)
    complaint = known["is_complaint"].fillna(False).astype("bool")
    return known.assign(complaints_recent=(recent & complaint).astype("Int64")).groupby("customer_id")["complaints_recent"].sum().reset_index()


def _ratings(ratings: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    latest = keep_current(ratings, "ratings", as_of=as_of).astype({"score": "float64"})
    means = latest.groupby(["customer_id", "criterion"])["score"].mean().unstack("criterion")
    strategic = means[[c for c in STRATEGIC if c in means]].mean(axis=1)
    told = pd.DataFrame({"fit_rating": means.get("strategic_fit"), "strategic_rating": strategic, "growth_rating": means.get("growth_potential")}, index=means.index)
    return told.astype("float64").rename_axis("customer_id").reset_index().astype({"customer_id": "str"})


def count_categories(order_lines: object, products: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return in how many product categories each customer has bought.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`.
    products : pandas.DataFrame
        Table `products`; products without a category are not counted.
    as_of : datetime.date
        Later lines are not read.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), categories (Int64); customers who bought in none are absent.
    """
    lines = lazy(order_lines)
    named = products[["product_id", "category"]].dropna().drop_duplicates("product_id")
    until = dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)
    sold = lines.filter((nw.col("order_date") < until) & (nw.col("amount") > 0)).select("customer_id", "product_id").unique()
    bought = sold.join(lift(named, sold), on="product_id", how="inner").select("customer_id", "category").unique()
    return to_pandas(bought.group_by("customer_id").agg(nw.len().alias("categories"))).astype({"categories": "Int64"})
