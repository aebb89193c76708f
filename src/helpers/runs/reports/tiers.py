"""Who the customers are: tiers, whom to call, recency and frequency, revenue over time, cut points."""

from __future__ import annotations

import pandas as pd

from helpers.engine import to_pandas
from helpers.runs.run import Run
from helpers.show import plots
from helpers.show.report import Block, Grid, Section, Text, draw
from helpers.show.tables import say_money, say_share
from helpers.tiering.bands import say_bands

CALL_ROWS = 15


def tier_sections(run: Run) -> list[Section]:
    """Return the sections about tiers and RFM.

    Parameters
    ----------
    run : Run
    """
    currency, summary, tiers, points = run.profile.currency, run.load("tier_summary"), run.load("customer_tiers"), run.load("rfm_cut_points")
    bought = bool((tiers["order_count"] > 0).any())
    chart: list[Block] = [draw(plots.plot_tier_sizes, summary, message=plots.say_tier_sizes(summary))] if bought else []
    numbers = ("customers", "share", "revenue", "share of revenue", "typical days since last order", "average order")
    cuts = [Text("Each score with the lowest and highest value that holds it. Equal values always share a score."), Grid(_cut_rows(points), ("score", "from", "to", "customers", "share"))]
    return [
        Section("Who our customers are", (*chart, Grid(_tier_rows(summary, currency), numbers))),
        Section("Whom to call first", (
            Text("Lapsing best customers by what they spent. They bought much and have gone quiet."),
            Grid(_to_call(tiers, currency), ("spent", "orders", "days since last order")))),
        *(_charts(run, tiers, currency) if bought else []),
        Section("How the scores were cut", (*cuts, *(Text(f"{note}.") for note in say_bands(points)))),
    ]  # fmt: skip


def _charts(run: Run, tiers: pd.DataFrame, currency: str) -> list[Section]:
    orders = to_pandas(run.scan("orders").select("order_date", "net_amount"))
    return [
        Section("Recency and frequency", (
            draw(plots.plot_rfm_map, tiers, message=plots.say_rfm_map(tiers)),
            draw(plots.plot_recency, tiers, message=f"Half of the buyers ordered within the last {tiers['recency_days'].median():.0f} days."))),
        Section("Revenue over time", (draw(plots.plot_orders_by_month, orders, message=plots.say_orders_by_month(orders, currency), currency=currency),)),
    ]  # fmt: skip


def _tier_rows(summary: pd.DataFrame, currency: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tier": summary["tier"], "who": summary["who"], "what to do": summary["objective"], "customers": summary["customers"].map("{:,}".format),
            "share": summary["share"].map(say_share), "revenue": summary["revenue"].map(lambda v: say_money(v, currency)),
            "share of revenue": summary["revenue_share"].map(say_share),
            "typical days since last order": summary["median_recency_days"].map("{:.0f}".format).replace("nan", ""),
            "average order": summary["average_order_value"].map(lambda v: say_money(v, currency), na_action="ignore").fillna(""),
        }
    )  # fmt: skip


def _to_call(tiers: pd.DataFrame, currency: str) -> pd.DataFrame:
    top = tiers[tiers["tier"] == "Lapsing best"].sort_values(["total_spend", "customer_id"], ascending=[False, True]).head(CALL_ROWS)
    return pd.DataFrame(
        {
            "customer": top["customer_id"], "spent": top["total_spend"].map(lambda v: say_money(v, currency)), "orders": top["order_count"],
            "days since last order": top["recency_days"], "last order": top["last_order_date"].dt.strftime("%Y-%m-%d"),
        }
    )  # fmt: skip


def _cut_rows(points: pd.DataFrame) -> pd.DataFrame:
    named = {"recency_days": "days since last order", "order_count": "orders", "total_spend": "spend"}
    return pd.DataFrame(
        {
            "measure": points["measure"].map(named), "score": points["score"], "from": points["lowest"].map("{:,.2f}".format).str.removesuffix(".00"),
            "to": points["highest"].map("{:,.2f}".format).str.removesuffix(".00"), "customers": points["customers"].map("{:,}".format), "share": points["share"].map(say_share),
        }
    )  # fmt: skip
