"""Who the customers are: tiers, whom to call, other schemes, matrices, recency and frequency, revenue over time, cut points."""

from __future__ import annotations

import pandas as pd

from helpers.axes.bands import say_bands
from helpers.engine import to_pandas
from helpers.rules.schemes import schemes_of
from helpers.runs.run import Run
from helpers.runs.schemefiles import read_scheme_files
from helpers.show import plots, plots_tiers
from helpers.show.report import Block, Grid, Section, Text, draw
from helpers.show.tables import say_money, say_share
from helpers.tiering.matrices import place_customers

CALL_ROWS = 15


def tier_sections(run: Run) -> list[Section]:
    """Return the sections about tiers and RFM.

    Parameters
    ----------
    run : Run
    """
    currency, summary, tiers = run.profile.currency, run.load("tier_summary"), run.load("customer_tiers")
    bought = bool((tiers["order_count"] > 0).any())
    chart: list[Block] = [draw(plots_tiers.plot_tier_sizes, summary, message=plots_tiers.say_tier_sizes(summary))] if bought else []
    numbers = ("customers", "share", "revenue", "share of revenue", "typical days since last order", "average order")
    return [
        Section("Who our customers are", (*chart, Grid(_tier_rows(summary, currency), numbers))),
        Section("Whom to call first", _call_blocks(summary, tiers, currency)),
        *(_charts(run, currency) if bought else []),
    ]


def _call_blocks(summary: pd.DataFrame, tiers: pd.DataFrame, currency: str) -> tuple[Block, ...]:
    first = summary[summary["call_first"].fillna(False)]
    if first.empty:
        return (Text("The scheme in use marks no tier to call first."),)
    who = "; ".join(f"{t.label_en}: {t.who}" for t in first.itertuples())
    if not first["customers"].sum():
        return (Text(f"Nobody is in a tier to call first ({who})."),)
    return (Text(f"{who}. Sorted by what they spent."), Grid(_to_call(tiers, currency), ("spent", "orders", "days since last order", "usual gap in days")))


def scheme_sections(run: Run) -> list[Section]:
    """Return the sections about other schemes and thresholds, which stand near the end.

    Parameters
    ----------
    run : Run
    """
    return [_schemes(run), _cuts(run)]


def _charts(run: Run, currency: str) -> list[Section]:
    orders, scored = to_pandas(run.scan("orders").select("order_date", "net_amount")), run.load("rfm")
    axes, matrices = run.load("customer_axes"), run.load("value_matrices")
    placed = place_customers(axes, "value_potential", "median", run.settings.tiering.core_share)
    quadrants = matrices[(matrices["matrix"] == "value_potential") & (matrices["cut"] == "median")]
    matrix = [Section("Value and potential", (draw(plots_tiers.plot_matrix, placed, quadrants, message=plots_tiers.say_matrix(quadrants, currency)),))]
    return [
        *(matrix if len(placed) else []),
        Section("Recency and frequency", (
            draw(plots.plot_rfm_map, scored, message=plots.say_rfm_map(scored)),
            draw(plots.plot_recency, scored, message=f"Half of the buyers ordered within the last {scored['recency_days'].median():.0f} days."))),
        Section("Revenue over time", (draw(plots.plot_orders_by_month, orders, message=plots.say_orders_by_month(orders, currency), currency=currency),)),
    ]  # fmt: skip


def _tier_rows(summary: pd.DataFrame, currency: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tier": summary["label_en"], "who": summary["who"], "what to do": summary["objective"], "customers": summary["customers"].map("{:,}".format),
            "share": summary["share"].map(say_share), "revenue": summary["revenue"].map(lambda v: say_money(v, currency)),
            "share of revenue": summary["revenue_share"].map(say_share),
            "typical days since last order": summary["median_recency_days"].map("{:.0f}".format).replace("nan", ""),
            "average order": summary["average_order_value"].map(lambda v: say_money(v, currency), na_action="ignore").astype("object").fillna(""),
        }
    )  # fmt: skip


def _to_call(tiers: pd.DataFrame, currency: str) -> pd.DataFrame:
    top = tiers[tiers["call_first"]].sort_values(["total_spend", "customer_id"], ascending=[False, True]).head(CALL_ROWS)
    return pd.DataFrame(
        {
            "customer": top["customer_id"], "spent": top["total_spend"].map(lambda v: say_money(v, currency)), "orders": top["order_count"],
            "last order": top["last_order_date"].dt.strftime("%Y-%m-%d"), "days since last order": top["recency_days"],
            "usual gap in days": top["usual_gap_days"].map("{:.0f}".format, na_action="ignore").astype("object").fillna(""), "tier": top["label_en"],
        }
    )  # fmt: skip


def _schemes(run: Run) -> Section:
    """One row per scheme: what its tiers hold, and what the linter says."""
    shares, lint = run.load("scheme_shares"), run.load("scheme_lint")
    schemes = schemes_of(read_scheme_files())
    rows = [_scheme_row(name, schemes[name].title.en, part, lint[lint["scheme"] == name]) for name, part in shares.groupby("scheme")]
    told = "Every scheme is a view on the same seven axes (table customer_axes). The file of each says whose it is and where it was completed (data/schemes)."
    return Section("The same customers in other schemes", (Text(told), Grid(pd.DataFrame(rows))))


def _scheme_row(name: str, title: str, part: pd.DataFrame, lint: pd.DataFrame) -> dict[str, str]:
    measured = part[part["customers"] > 0]
    tiers = "; ".join(f"{t.label_en} {say_share(t.share)}" for t in measured.itertuples())
    faults = lint[lint["verdict"] == "fault"]
    verdict = "; ".join(f"{f.check}: {f.found}" for f in faults.itertuples()) or "no holes, no overlaps"
    return {"scheme": name, "what it is": title, "customers per tier": tiers, "linter": verdict}


def _cuts(run: Run) -> Section:
    points, passport, customers = run.load("rfm_cut_points"), run.load("threshold_passport"), len(run.load("customer_tiers"))
    moved = passport[(passport["primary_if_lower"] > 0) | (passport["primary_if_higher"] > 0)]
    blocks: list[Block] = [Text("Each score with the lowest and highest value that holds it. Equal values always share a score."), Grid(_cut_rows(points), ("score", "from", "to", "customers", "share"))]
    blocks += [Text(f"{note}.") for note in say_bands(points)]
    if len(moved):
        blocks.append(draw(plots_tiers.plot_thresholds, passport, message=plots_tiers.say_thresholds(passport, customers)))
    numbers = ("value", "buyers below it", "step", "other tier if lower", "other tier if higher")
    blocks.append(Grid(_passport_rows(passport), numbers, "Passport of the thresholds"))
    return Section("How the scores were cut", tuple(blocks))


def _cut_rows(points: pd.DataFrame) -> pd.DataFrame:
    named = {"recency_days": "days since last order", "order_count": "orders", "total_spend": "spend"}
    return pd.DataFrame(
        {
            "measure": points["measure"].map(named), "score": points["score"], "from": points["lowest"].map("{:,.2f}".format).astype("str").str.removesuffix(".00"),
            "to": points["highest"].map("{:,.2f}".format).astype("str").str.removesuffix(".00"), "customers": points["customers"].map("{:,}".format), "share": points["share"].map(say_share),
        }
    )  # fmt: skip


def _passport_rows(passport: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "threshold": passport["threshold"], "value": passport["value"].map("{:,.4g}".format) + " " + passport["unit"], "preset": passport["preset"],
            "what others use": passport["peers"], "buyers below it": passport["percentile"].map(say_share, na_action="ignore").astype("object").fillna(""),
            "step": passport["step"].map("{:,.4g}".format),
            **{f"other tier if {side}": passport[f"changed_if_{side}"].map("{:,}".format, na_action="ignore").astype("object").fillna("") for side in ("lower", "higher")},
        }
    )  # fmt: skip
