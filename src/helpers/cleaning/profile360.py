"""One row per customer from whatever tables there are, with the freshness of each block (F08)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.tables import TABLES

BLOCKS = ("interactions", "tickets", "surveys", "events", "touches", "contracts", "equipment", "contacts")
FACTS = ("kind", "industry", "region", "size", "source", "owner_id", "member_level", "created_on")


def build_customer_360(orders: pd.DataFrame, tables: Mapping[str, pd.DataFrame | None], *, as_of: dt.date) -> pd.DataFrame:
    """Return everything that is known per customer, on one row, and how old it is.

    Parameters
    ----------
    orders : pandas.DataFrame
        Table `orders`.
    tables : mapping
        Other canonical tables by name; None or absent when not measured.
    as_of : datetime.date
        Reference day of all ages.

    Returns
    -------
    pandas.DataFrame
        customer_id (str); facts from the customer table; orders_count (Int64), orders_net (float64), orders_last (datetime64), orders_age_days (Int64, days
        from the last row to as_of); for each other table that exists <table>_count, <table>_last, <table>_age_days; blocks_known (Int64, blocks
        with at least one row), blocks_measured (Int64). A block without its table has no columns: not measured is not zero. Sorted.

    Notes
    -----
    Rows 001-50, 004-52, 003-14, 000-49.
    """
    day = pd.Timestamp(as_of)
    blocks = {"orders": orders, **{n: t for n in BLOCKS if (t := tables.get(n)) is not None}}
    customers = tables.get("customers")
    ids = pd.concat([t["customer_id"] for t in [*blocks.values(), *([customers] if customers is not None else [])]]).dropna().drop_duplicates()
    profile = pd.DataFrame({"customer_id": ids.sort_values(ignore_index=True)})
    if customers is not None:
        profile = profile.merge(customers[["customer_id", *[f for f in FACTS if f in customers]]], on="customer_id", how="left")
    for name, frame in blocks.items():
        profile = profile.merge(_block(name, frame, day), on="customer_id", how="left")
        profile[f"{name}_count"] = profile[f"{name}_count"].fillna(0).astype("Int64")
    known = sum((profile[f"{n}_count"] > 0).astype("Int64") for n in blocks)
    return profile.assign(blocks_known=known, blocks_measured=pd.Series(len(blocks), index=profile.index, dtype="Int64"))


def _block(name: str, frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    dated = TABLES[name].dated_by
    grouped = frame.groupby("customer_id")
    block = pd.DataFrame({f"{name}_count": grouped.size().astype("Int64")})
    if name == "orders":
        block["orders_net"] = grouped["net_amount"].sum().round(4)
    if dated:
        last = grouped[dated].max()
        block[f"{name}_last"] = last
        block[f"{name}_age_days"] = (day - last.dt.normalize()).dt.days.astype("Int64")
    return block.rename_axis("customer_id").reset_index().astype({"customer_id": "str"})


def summarise_freshness(profile: pd.DataFrame) -> pd.DataFrame:
    """Return per block how many customers it covers and how old its latest rows are.

    Returns
    -------
    pandas.DataFrame
        block (str), customers (Int64), share (float64), median_age_days, oldest_age_days (float64).
    """
    blocks = [c.removesuffix("_count") for c in profile if c.endswith("_count")]
    rows = []
    for name in blocks:
        ages = profile.get(f"{name}_age_days", pd.Series(dtype="Int64")).dropna().astype("float64")
        covered = int((profile[f"{name}_count"] > 0).sum())
        rows.append((name, covered, covered / max(len(profile), 1), ages.median() if len(ages) else None, ages.max() if len(ages) else None))
    types = {"block": "str", "customers": "Int64", "share": "float64", "median_age_days": "float64", "oldest_age_days": "float64"}
    return pd.DataFrame(rows, columns=list(types)).astype(types)
