"""Customers after merging: one row each, the best-known value of every field, tests set aside."""

from __future__ import annotations

import re

import pandas as pd

from helpers.cleaning.rows import MASK
from helpers.cleaning.settings_customers import DuplicatesSettings
from helpers.tables import TABLES

FIELDS = tuple(c.name for c in TABLES["customers"].columns)


def mark_tests(marked: pd.DataFrame, settings: DuplicatesSettings) -> pd.DataFrame:
    """Set test accounts aside: customers whose name or e-mail address matches a pattern of the settings."""
    pattern = re.compile("|".join(settings.test_patterns), re.IGNORECASE) if settings.test_patterns else None
    looks = marked[["name", "email"]].fillna("").agg(lambda row: any(pattern.search(v) for v in row), axis=1) if pattern and len(marked) else pd.Series(False, index=marked.index)
    hit = (marked["fate"] == "kept") & looks.astype(bool)
    return marked.assign(
        fate=marked["fate"].mask(hit, "set_aside"), reason=marked["reason"].mask(hit, "test account"), column=marked["column"].mask(hit, "name"), value=marked["value"].mask(hit, MASK)
    )


def mark_merged(marked: pd.DataFrame, customer_map: pd.DataFrame) -> pd.DataFrame:
    """Mark the records that were merged into an earlier one of the same customer."""
    into = marked["customer_id"].map(customer_map.set_index("raw_id")["customer_id"])
    gone = (marked["fate"] == "kept") & into.notna() & (into != marked["customer_id"])
    return marked.assign(fate=marked["fate"].mask(gone, "merged"), reason=marked["reason"].mask(gone, "one customer with an earlier record"), column=marked["column"].mask(gone, "customer_id"), value=marked["value"].mask(gone, marked["customer_id"]))


def merge_customers(marked: pd.DataFrame, customer_map: pd.DataFrame) -> pd.DataFrame:
    """Return one row per customer: the latest record's value of each field, an earlier one's where that is empty.

    `created_on` is the earliest. Whoever withdrew consent in any record has withdrawn it.

    Parameters
    ----------
    marked : pandas.DataFrame
        Marked customers, with those merged.
    customer_map : pandas.DataFrame
        From `build_customer_map`.

    Returns
    -------
    pandas.DataFrame
        Table `customers`, with contact data; sorted by customer_id.
    """
    own = customer_map.set_index("raw_id")["customer_id"]
    used = marked[marked["fate"].isin(["kept", "merged"])]
    used = used.assign(customer_id=used["customer_id"].map(own)).dropna(subset=["customer_id"]).sort_values(["created_on", "read_from", "row"], na_position="first")
    latest = used.groupby("customer_id", as_index=False)[[f for f in FIELDS if f != "customer_id"]].last()
    earliest = used.groupby("customer_id")["created_on"].min()
    consent = {c: used.groupby("customer_id")[c].min() for c in FIELDS if c.startswith("consent")}
    keyed = latest.set_index("customer_id").assign(created_on=earliest, **consent)
    return keyed.reset_index().sort_values("customer_id", ignore_index=True)[list(FIELDS)]


def list_missing_fields(customers: pd.DataFrame) -> pd.DataFrame:
    """Return, per owner and field, how many customers lack it: the owner's list of what to ask (rows 000-49, 002-14).

    Returns
    -------
    pandas.DataFrame
        owner_id, field (str), customers, missing (Int64), share (float64); most missing first.
    """
    fields = ("industry", "region", "size", "source", "kind", "created_on")
    owner = customers["owner_id"].fillna("nobody")
    long = pd.concat([pd.DataFrame({"owner_id": owner, "field": f, "missing": customers[f].isna()}) for f in fields], ignore_index=True)
    counted = long.groupby(["owner_id", "field"], as_index=False)["missing"].agg(customers="size", missing="sum")
    counted = counted[counted["missing"] > 0].assign(share=lambda f: f["missing"] / f["customers"])
    typed = counted.astype({"owner_id": "str", "field": "str", "customers": "Int64", "missing": "Int64", "share": "float64"})
    return typed.sort_values(["missing", "owner_id", "field"], ascending=[False, True, True], ignore_index=True)
