"""The headline figures of a run: what the index page of a batch compares. One line each; a figure whose table is absent is not measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from helpers.engine import MONEY_SCALE
from helpers.runs.graph import stages
from helpers.runs.run import Run


@dataclass(frozen=True)
class Headline:
    """A figure: key, what people call it, its unit, the table it comes from, and how it is read from that table."""

    key: str
    title: str
    unit: Literal["count", "money"]
    table: str
    read: Callable[[pd.DataFrame, Run], float | None]
    says: str


def _sum(*columns: str) -> Callable[[pd.DataFrame, Run], float | None]:
    """Sum the first of the columns that the table has, exactly, in whole ten-thousandths."""

    def read(frame: pd.DataFrame, run: Run) -> float | None:
        found = [c for c in columns if c in frame]
        return float((frame[found[0]].dropna() * MONEY_SCALE).round().sum() / MONEY_SCALE) if found else None

    return read


def _rows(frame: pd.DataFrame, run: Run) -> float:
    return float(len(frame))


def _at_risk_value(tiers: pd.DataFrame, run: Run) -> float | None:
    held = tiers[at_risk(tiers, run.settings.rfm.top_score)]
    return _sum("total_spend")(held, run)


def at_risk(tiers: pd.DataFrame, top_score: int) -> pd.Series:
    """Return which customers are at risk: they came back, or spent much, and have been silent longer than most.

    By scores, not by the names of tiers, so that it holds for every tiering scheme: recency in the lower quarter of the scale, and more
    than one order or spend in the upper quarter (2 and less, 4 and more of 5).

    Examples
    --------
    >>> tiers = pd.DataFrame({"r_score": [1, 1, 5], "m_score": [5, 1, 5], "order_count": [1, 1, 9]})
    >>> at_risk(tiers, 5).tolist()
    [True, False, False]
    """
    silent = tiers["r_score"] <= 1 + 0.25 * (top_score - 1)
    worth = (tiers["m_score"] >= 1 + 0.75 * (top_score - 1)) | (tiers["order_count"] > 1)
    return (silent & worth & (tiers["order_count"] > 0)).fillna(False).astype(bool)


HEADLINES: tuple[Headline, ...] = (
    Headline("customers", "customers", "count", "customer_tiers", _rows, "with at least one order line"),
    Headline("revenue", "net revenue", "money", "orders", _sum("net_amount"), "sales less returns"),
    Headline("at_risk_value", "value at risk", "money", "customer_tiers", _at_risk_value, "spent so far by customers who came back or spent much and have gone quiet"),
    Headline("planned_actions", "planned actions", "count", "action_list", _rows, "rows of the action list"),
    Headline("expected_value", "expected value", "money", "customer_values", _sum("expected_value", "clv"), "what the customers are expected to bring"),
)


def headline_figures(run: Run) -> dict[str, Any]:
    """Return a run's headline figures and the share of its customers in each tier.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        One entry per headline (float, or None when it is not measured), and `tier_shares`: {tier: share of customers}, in the order
        of the tier summary.
    """
    told: dict[str, Any] = {h.key: _figure(h, run) for h in HEADLINES}
    return told | {"tier_shares": _tier_shares(run)}


def _figure(headline: Headline, run: Run) -> float | None:
    known = headline.table in stages() and run.measured(headline.table)
    return headline.read(run.load(headline.table), run) if known else None


def _tier_shares(run: Run) -> dict[str, float]:
    tiers = run.load("customer_tiers")["tier"].astype("str")
    counted = tiers.value_counts()
    order = [t for t in run.load("tier_summary")["tier"].astype("str") if t in counted.index] if run.measured("tier_summary") else []
    return {t: round(float(counted[t]) / len(tiers), 6) for t in dict.fromkeys([*order, *sorted(counted.index)])}
