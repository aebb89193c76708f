"""First tiers: an ordered rule list with a last rule that takes everyone, in words a sales manager uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from helpers.tiering.settings import RfmSettings

Rule = Callable[[pd.DataFrame, RfmSettings], pd.Series]


@dataclass(frozen=True)
class Tier:
    """A tier: its name, who is in it, what to do with them, and the rule that finds them."""

    name: str
    who: str
    objective: str
    rule: Rule


def _upper(scores: pd.Series, settings: RfmSettings) -> pd.Series:
    """Scores in the upper two fifths of the scale (4 and 5 of 5)."""
    return scores >= 1 + 0.75 * (_top(settings) - 1)


def _lower(scores: pd.Series, settings: RfmSettings) -> pd.Series:
    """Scores in the lower two fifths of the scale (1 and 2 of 5)."""
    return scores <= 1 + 0.25 * (_top(settings) - 1)


def _top(settings: RfmSettings) -> int:
    return 2 if settings.method == "mean_split" else settings.bands


TIERS: tuple[Tier, ...] = (
    Tier("No standing order", "every order was returned or free of charge", "find out what went wrong", lambda f, s: f["order_count"] == 0),
    Tier("New", "one order so far, and that not long ago", "win the second order", lambda f, s: (f["order_count"] == 1) & (f["tenure_days"] < s.new_days)),
    Tier("Best", "bought recently, often and for much", "keep: a personal contact, first choice of everything", lambda f, s: _upper(f["r_score"], s) & _upper(f["f_score"], s) & _upper(f["m_score"], s)),
    Tier("Lapsing best", "spent much, silent longer than most", "call: nobody is worth more to win back", lambda f, s: _lower(f["r_score"], s) & _upper(f["m_score"], s)),
    Tier("Loyal", "comes back, recently enough", "grow: the next category, a larger order", lambda f, s: ~_lower(f["r_score"], s) & (f["order_count"] > 1) & (_upper(f["f_score"], s) | _upper(f["m_score"], s))),
    Tier("Promising", "bought recently, not yet often or for much", "bring back for the next order", lambda f, s: _upper(f["r_score"], s)),
    Tier("Lapsing", "came back at least once, silent longer than most", "remind, with a reason to return", lambda f, s: _lower(f["r_score"], s) & (f["order_count"] > 1)),
    Tier("Sleeping", "bought once, long ago", "low-cost contact only", lambda f, s: _lower(f["r_score"], s)),
    Tier("Occasional", "everyone else: neither recent nor lost", "standard programme", lambda f, s: pd.Series(True, index=f.index)),
)  # fmt: skip
TIER_NAMES = tuple(t.name for t in TIERS)


def assign_tiers(scored: pd.DataFrame, settings: RfmSettings) -> pd.DataFrame:
    """Give every customer one tier and the numbers behind it.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `score_rfm`.
    settings : RfmSettings
        `new_days` decides who is new; a new customer is tested first, so that nobody is called low value for being young.

    Returns
    -------
    pandas.DataFrame
        The same rows and columns, then tier (str, one of `TIER_NAMES`; the first rule that fits decides), reason (str).

    Notes
    -----
    features.md section 3.1, rows 2 and 3: new customers and lapsing best customers have a place of their own.
    """
    tier = pd.Series(TIERS[-1].name, index=scored.index, dtype="str")
    for candidate in reversed(TIERS):
        tier = tier.mask(candidate.rule(scored, settings).fillna(False).astype(bool), candidate.name)
    return scored.assign(tier=tier.astype("str"), reason=_reasons(scored))


def _reasons(scored: pd.DataFrame) -> pd.Series:
    texts = [
        "no order that stands" if not row.order_count else f"{row.order_count} order{'s' if row.order_count > 1 else ''}, last {row.recency_days} days ago, {row.total_spend:,.2f} in all"
        for row in scored[["order_count", "recency_days", "total_spend"]].itertuples()
    ]
    return pd.Series(texts, index=scored.index, dtype="str")


def summarise_tiers(tiers: pd.DataFrame) -> pd.DataFrame:
    """Return the size and weight of each tier, in the order of the rules; empty tiers stay with zero.

    Parameters
    ----------
    tiers : pandas.DataFrame
        From `assign_tiers`.

    Returns
    -------
    pandas.DataFrame
        tier, who, objective (str), customers (Int64), share (float64), revenue (float64, currency units), revenue_share (float64), median_recency_days,
        median_order_count (float64), average_order_value (float64, revenue by orders).
    """
    grouped = tiers.groupby("tier").agg(
        customers=("customer_id", "size"), revenue=("total_spend", "sum"), orders=("order_count", "sum"),
        median_recency_days=("recency_days", "median"), median_order_count=("order_count", "median"),
    )  # fmt: skip
    named = pd.DataFrame({"tier": [t.name for t in TIERS], "who": [t.who for t in TIERS], "objective": [t.objective for t in TIERS]})
    summary = named.merge(grouped.reset_index(), on="tier", how="left")
    customers, revenue = summary["customers"].fillna(0).astype("Int64"), summary["revenue"].astype("float64").fillna(0.0).round(4)
    orders = summary["orders"].astype("Float64").astype("float64")
    return summary.assign(
        customers=customers,
        share=(customers / max(int(customers.sum()), 1)).astype("float64"),
        revenue=revenue,
        revenue_share=(revenue / revenue.sum() if revenue.sum() else 0.0 * revenue).astype("float64"),
        average_order_value=(revenue / orders.where(orders > 0)).round(4),
        median_recency_days=summary["median_recency_days"].astype("Float64").astype("float64"),
        median_order_count=summary["median_order_count"].astype("Float64").astype("float64"),
    ).drop(columns="orders").astype({"tier": "str", "who": "str", "objective": "str"})
