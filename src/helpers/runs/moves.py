"""Customers whose tier differs between two runs, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pandas as pd

MEASURES = {"recency_days": "last order {} days ago", "order_count": "{} orders", "total_spend": "spent {}"}
SCORES = ("r_score", "f_score", "m_score")
CAUSES = ("own behaviour", "time passed without an order", "other thresholds", "cut points moved with the other customers")


def list_moves(before: pd.DataFrame, after: pd.DataFrame, *, days: int, rules_differ: bool) -> pd.DataFrame:
    """Return the customers that are in both runs and changed tier.

    Parameters
    ----------
    before, after : pandas.DataFrame
        `customer_tiers` of the two runs; any tiering scheme.
    days : int
        Days from the first run's as-of date to the second's.
    rules_differ : bool
        Whether settings of the two runs differ.

    Returns
    -------
    pandas.DataFrame
        customer_id, tier_before, tier_after, cause (one of `CAUSES`), says (str): one sentence with the numbers that changed. By spend, highest first.

    Examples
    --------
    >>> one = pd.DataFrame({"customer_id": ["a"], "tier": ["Best"], "recency_days": [5], "order_count": [9], "total_spend": [900.0]})
    >>> two = one.assign(tier="Lapsing best", recency_days=95)
    >>> list_moves(one, two, days=90, rules_differ=False)[["cause", "says"]].values.tolist()
    [['time passed without an order', 'a went from Best to Lapsing best: last order 5, now 95 days ago']]
    """
    both = before.merge(after, on="customer_id", suffixes=("_before", "_after"))
    moved = both[both["tier_before"].astype("str") != both["tier_after"].astype("str")]
    moved = moved.sort_values(["total_spend_after", "customer_id"], ascending=[False, True], ignore_index=True) if "total_spend_after" in moved else moved
    causes = [cause_of(row, days=days, rules_differ=rules_differ) for row in moved.to_dict("records")]
    says = [_sentence(row) for row in moved.to_dict("records")]
    kept = moved[["customer_id", "tier_before", "tier_after"]].astype("str")
    return kept.assign(cause=pd.Series(causes, index=kept.index, dtype="str"), says=pd.Series(says, index=kept.index, dtype="str"))


def cause_of(row: Mapping[str, Any], *, days: int, rules_differ: bool) -> str:
    """Return the first cause that explains a move: the one place where a finer split of causes is to be called.

    The customer ordered or sent back something; else only days went by; else the rules are others; else the others moved the cut points.
    """
    same = [_same(row, m) for m in ("order_count", "total_spend")]
    if not all(same) or not _only_aged(row, days):
        return CAUSES[0]
    if days and not _same(row, "recency_days") and not rules_differ:
        return CAUSES[1]
    return CAUSES[2] if rules_differ else CAUSES[3]


def _same(row: Mapping[str, Any], measure: str) -> bool:
    before, after = row.get(f"{measure}_before"), row.get(f"{measure}_after")
    return (pd.isna(before) and pd.isna(after)) or before == after


def _only_aged(row: Mapping[str, Any], days: int) -> bool:
    before, after = row.get("recency_days_before"), row.get("recency_days_after")
    return _same(row, "recency_days") if pd.isna(before) or pd.isna(after) else after - before == days


def _sentence(row: Mapping[str, Any]) -> str:
    changed = [_change(row, m, form) for m, form in MEASURES.items() if f"{m}_before" in row and not _same(row, m)]
    scores = [s for s in SCORES if f"{s}_before" in row and not _same(row, s)]
    codes = ["-".join(_plain(row.get(f"{s}_{side}")) for s in SCORES) for side in ("before", "after")]
    told = [*changed, *([f"scores {codes[0]}, now {codes[1]}"] if scores else [])]
    return f"{row['customer_id']} went from {row['tier_before']} to {row['tier_after']}: {'; '.join(told) or 'by its own numbers nothing changed'}"


def _change(row: Mapping[str, Any], measure: str, form: str) -> str:
    return form.format(f"{_plain(row[f'{measure}_before'])}, now {_plain(row[f'{measure}_after'])}")


def _plain(value: Any) -> str:
    return "none" if pd.isna(value) else f"{value:,.2f}" if isinstance(value, float) and not float(value).is_integer() else f"{value:,.0f}"


def days_between(before: str, after: str) -> int:
    """Return the days from one as-of date to another.

    Examples
    --------
    >>> days_between("2025-03-31", "2025-06-30")
    91
    """
    return (dt.date.fromisoformat(after) - dt.date.fromisoformat(before)).days
