"""First tiers: an ordered rule list with a last rule that takes everyone, in words a sales manager uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from helpers.engine import MONEY_SCALE
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
    """Scores in the upper part of the scale (4 and 5 of 5, 3 of 3, 2 of 2)."""
    return scores >= 1 + 0.75 * (settings.top_score - 1)


def _lower(scores: pd.Series, settings: RfmSettings) -> pd.Series:
    """Scores in the lower part of the scale (1 and 2 of 5, 1 of 3, 1 of 2)."""
    return scores <= 1 + 0.25 * (settings.top_score - 1)


TIERS: tuple[Tier, ...] = (
    Tier("No standing order", "every order was returned or free of charge", "find out what went wrong", lambda f, s: f["order_count"] == 0),
    Tier("New", "one order so far, and that not long ago", "win the second order", lambda f, s: (f["order_count"] == 1) & (f["tenure_days"] < s.new_days)),
    Tier("Best", "bought recently, often and for much", "keep: a personal contact, first choice of everything", lambda f, s: _upper(f["r_score"], s) & _upper(f["f_score"], s) & _upper(f["m_score"], s)),
    Tier("Lapsing best", "spent much, silent longer than most", "call: nobody is worth more to win back", lambda f, s: _lower(f["r_score"], s) & _upper(f["m_score"], s)),
    Tier("Loyal", "comes back, recently enough", "grow: the next category, a larger order", lambda f, s: ~_lower(f["r_score"], s) & (f["order_count"] > 1) & (_upper(f["f_score"], s) | _upper(f["m_score"], s))),
    Tier("Promising", "bought recently, not yet often", "bring back for the next order", lambda f, s: _upper(f["r_score"], s)),
    Tier("Lapsing", "came back at least once, silent longer than most", "remind, with a reason to return", lambda f, s: _lower(f["r_score"], s) & (f["order_count"] > 1)),
    Tier("Sleeping", "bought once, long ago", "low-cost contact only", lambda f, s: _lower(f["r_score"], s)),
    Tier("Occasional", "everyone else: neither recent nor lost", "standard programme", lambda f, s: pd.Series(True, index=f.index)),
)  # fmt: skip
# TIER_NAMES is best first: the order in which people read them, which is not the order in which the rules are tried
SUMMARY = [
    "tier",
    "who",
    "objective",
    "customers",
    "revenue",
    "median_recency_days",
    "median_order_count",
    "share",
    "revenue_share",
    "average_order_value",
]
TIER_NAMES = ("Best", "Loyal", "Promising", "New", "Occasional", "Lapsing best", "Lapsing", "Sleeping", "No standing order")


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

    Examples
    --------
    >>> scored = pd.DataFrame({"order_count": [6], "recency_days": [9], "tenure_days": [700], "total_spend": [80.0],
    ...     "r_score": [5], "f_score": [5], "m_score": [5]})
    >>> assign_tiers(scored, RfmSettings())[["tier", "reason"]].values.tolist()
    [['Best', '6 orders, last 9 days ago, 80.00 in all']]
    """
    tier = pd.Series(TIERS[-1].name, index=scored.index, dtype="str")
    for candidate in reversed(TIERS):
        tier = tier.mask(candidate.rule(scored, settings).fillna(False).astype(bool), candidate.name)
    return scored.assign(tier=tier.astype("str"), reason=_reasons(scored))


def _reasons(scored: pd.DataFrame) -> pd.Series:
    texts = [
        f"{_count(row.order_count, 'order')}, last {_count(row.recency_days, 'day')} ago, {row.total_spend:,.2f} in all"
        if row.order_count
        else "no order that stands"
        for row in scored[["order_count", "recency_days", "total_spend"]].itertuples()
    ]
    return pd.Series(texts, index=scored.index, dtype="str")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def summarise_tiers(tiers: pd.DataFrame) -> pd.DataFrame:
    """Return the size and weight of each tier, best first (`TIER_NAMES`); empty tiers stay with zero.

    Parameters
    ----------
    tiers : pandas.DataFrame
        From `assign_tiers`.

    Returns
    -------
    pandas.DataFrame
        tier, who, objective (str), customers (Int64), revenue (float64, currency units), median_recency_days (float64, days),
        median_order_count (float64), share (float64, of customers), revenue_share (float64; missing when all revenue together is not
        positive, because then a share means nothing), average_order_value (float64, revenue by orders).

    Examples
    --------
    >>> rfm = pd.DataFrame({"customer_id": ["a"], "tier": ["Best"], "total_spend": [90.0], "order_count": [3], "recency_days": [4]})
    >>> summarise_tiers(rfm)[["tier", "customers", "revenue_share", "average_order_value"]].head(1).values.tolist()
    [['Best', 1, 1.0, 30.0]]
    """
    units = (tiers["total_spend"] * MONEY_SCALE).round()  # whole numbers add up the same in any order
    grouped = (
        tiers.assign(units=units)
        .groupby("tier")
        .agg(
            customers=("customer_id", "size"), units=("units", "sum"), orders=("order_count", "sum"),
            median_recency_days=("recency_days", "median"), median_order_count=("order_count", "median"),
        )
    )  # fmt: skip
    return _weigh(_named().merge(grouped.reset_index(), on="tier", how="left"))


def _named() -> pd.DataFrame:
    by_name = {t.name: t for t in TIERS}
    return pd.DataFrame(
        {"tier": TIER_NAMES, "who": [by_name[n].who for n in TIER_NAMES], "objective": [by_name[n].objective for n in TIER_NAMES]}
    ).astype("str")


def _weigh(sizes: pd.DataFrame) -> pd.DataFrame:
    customers = sizes["customers"].fillna(0).astype("Int64")
    revenue = sizes["units"].astype("float64").fillna(0.0) / MONEY_SCALE
    orders, total = sizes["orders"].astype("Float64").astype("float64"), revenue.sum()
    return sizes.assign(
        customers=customers,
        revenue=revenue,
        median_recency_days=sizes["median_recency_days"].astype("Float64").astype("float64"),
        median_order_count=sizes["median_order_count"].astype("Float64").astype("float64"),
        share=(customers / max(int(customers.sum()), 1)).astype("float64"),
        revenue_share=(revenue / (total if total > 0 else float("nan"))),
        average_order_value=(revenue / orders.where(orders > 0)).round(4),
    )[SUMMARY]
