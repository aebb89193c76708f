"""How large and how weighty each tier is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.engine import MONEY_SCALE
from helpers.rules.schemes import NOT_MEASURED, Scheme

SIZES = {"customers": "Int64", "revenue": "float64", "share": "float64", "revenue_share": "float64", "average_order_value": "float64",
         "median_recency_days": "float64", "median_order_count": "float64"}  # fmt: skip


def summarise_tiers(axes: pd.DataFrame, tiers: pd.Series, scheme: Scheme) -> pd.DataFrame:
    """Return the size and weight of each tier of a scheme, best first; empty tiers stay with zero.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`.
    tiers : pandas.Series
        Tier key of each row of `axes`.
    scheme : Scheme

    Returns
    -------
    pandas.DataFrame
        scheme, tier, label_en, label_zh, who, objective (str, English), rank (Int64), call_first, is_fallback (boolean), customers (Int64), share (float64, of customers),
        revenue (float64, currency units), revenue_share (float64; missing when all revenue together is not positive, because then a share
        means nothing), average_order_value, median_recency_days, median_order_count (float64). Who is not measured stands last, when there are any.
    """
    units = (axes["total_spend"] * MONEY_SCALE).round()  # whole numbers add up the same in any order
    held = pd.DataFrame({"tier": tiers.array, "units": units.array, "orders": axes["order_count"].array, "days": axes["recency_days"].array})
    grouped = held.groupby("tier").agg(customers=("units", "size"), units=("units", "sum"), orders=("orders", "sum"), median_recency_days=("days", "median"), median_order_count=("orders", "median"))
    named = _named(scheme)
    sized = named.merge(grouped.reset_index(), on="tier", how="left")
    return _weigh(sized[(sized["tier"] != NOT_MEASURED) | sized["customers"].notna()].reset_index(drop=True))


def _named(scheme: Scheme) -> pd.DataFrame:
    rows = [(t.key, t.label.en, t.label.zh, t.who.en, t.objective.en, i, t.call_first, t.key == scheme.fallback.tier) for i, t in enumerate(scheme.tiers, 1)]
    unmeasured = scheme.unmeasured
    rows.append((NOT_MEASURED, unmeasured.en, unmeasured.zh, "nothing to judge them by in this scheme", "collect the evidence, or leave out", None, False, False))
    named = pd.DataFrame(rows, columns=["tier", "label_en", "label_zh", "who", "objective", "rank", "call_first", "is_fallback"])
    texts = dict.fromkeys(("tier", "label_en", "label_zh", "who", "objective"), "str")
    return named.assign(scheme=scheme.scheme).astype(texts | {"scheme": "str", "rank": "Int64", "call_first": "boolean", "is_fallback": "boolean"})


def _weigh(sizes: pd.DataFrame) -> pd.DataFrame:
    customers = sizes["customers"].fillna(0).astype("Int64")
    revenue = sizes["units"].astype("float64").fillna(0.0) / MONEY_SCALE
    orders, total = sizes["orders"].astype("Float64").astype("float64"), revenue.sum()
    told = sizes.assign(
        customers=customers, revenue=revenue, share=(customers / max(int(customers.sum()), 1)).astype("float64"),
        revenue_share=revenue / (total if total > 0 else float("nan")), average_order_value=(revenue / orders.where(orders > 0)).round(4),
        **{c: sizes[c].astype("Float64").astype("float64") for c in ("median_recency_days", "median_order_count")},
    )  # fmt: skip
    return told[["scheme", "tier", "label_en", "label_zh", "who", "objective", "rank", "call_first", "is_fallback", *SIZES]].astype(SIZES)


def summarise_schemes(axes: pd.DataFrame, tiers: pd.DataFrame, schemes: Mapping[str, Scheme]) -> pd.DataFrame:
    """Return `summarise_tiers` of every scheme, one below the other, schemes by name."""
    return pd.concat([summarise_tiers(axes, tiers[n], s) for n, s in schemes.items()], ignore_index=True)
