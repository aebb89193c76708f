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


AT_RISK = ("moderate", "severe")


def _at_risk_value(axes: pd.DataFrame, run: Run) -> float | None:
    """By each customer's own rhythm, not by tiers: so it holds for every tiering scheme, and groups of customers add up to the whole."""
    return _sum("spend_12m")(axes[axes["risk"].isin(AT_RISK)], run) if "risk" in axes else None


def _by_people(actions: pd.DataFrame, run: Run) -> float | None:
    return float((actions["owner"] != "automatic").sum()) if "owner" in actions else float(len(actions))


def _planned_net(summary: pd.DataFrame, run: Run) -> float | None:
    rows = summary.loc[summary["figure"] == "expected net", "value"]
    return float(rows.iloc[0]) if len(rows) else None


def _to_call(tiers: pd.DataFrame, run: Run) -> float | None:
    return float(tiers["call_first"].fillna(False).sum()) if "call_first" in tiers else None


def _expected(values: pd.DataFrame, run: Run) -> float | None:
    """Without any forecast there is no sum: not measured, never zero."""
    found = next((c for c in ("expected_value", "clv") if c in values), None)
    return _sum(found)(values, run) if found and values[found].notna().any() else None


def _no_forecast(values: pd.DataFrame, run: Run) -> float | None:
    return float((~values["predicted"]).sum()) if "predicted" in values else None


def _quiet_days(orders: pd.DataFrame, run: Run) -> float | None:
    """An export that has stopped makes everybody look silent: it must be seen before anybody is called."""
    return float((pd.Timestamp(run.as_of) - orders["order_date"].max().normalize()).days) if len(orders) else None


HEADLINES: tuple[Headline, ...] = (
    Headline("customers", "customers", "count", "rfm", _rows, "with at least one order line"),
    Headline("revenue", "net revenue", "money", "orders", _sum("net_amount"), "sales less returns, over all time"),
    Headline("at_risk_value", "value at risk", "money", "customer_axes", _at_risk_value, "what customers at moderate or severe risk spent in the last 12 months"),
    Headline("to_call", "to call first", "count", "customer_tiers", _to_call, "customers in the tiers that are called first"),
    Headline("planned_actions", "planned actions", "count", "action_list", _by_people, "actions by people on the action list, automatic messages not counted"),
    Headline("planned_net", "expected of the actions", "money", "plan_summary", _planned_net, "what the action list is expected to bring, automatic messages included, less its cost"),
    Headline("expected_value", "expected value", "money", "customer_values", _expected, "what the customers with a forecast are expected to bring"),
    Headline("quiet_days", "days since the newest order", "count", "orders", _quiet_days, "up to the as-of day; many: the export may have stopped"),
    Headline("no_forecast", "customers without a forecast", "count", "customer_values", _no_forecast, "not in the expected value: no purchase of theirs stands, or no model could be fitted"),
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
    """By the tiers' labels, best first; a tier that nobody is in has a share of 0."""
    summary = run.load("tier_summary")
    named = summary["label_en" if "label_en" in summary else "tier"].astype("str")
    return {t: round(float(s), 6) for t, s in zip(named, summary["share"], strict=True)}
