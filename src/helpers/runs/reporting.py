"""Fills the report from a run's tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.engine import to_pandas
from helpers.runs.run import Run
from helpers.runs.settings import list_settings
from helpers.show import plots
from helpers.show.report import Figure, ReportContext, build_report, draw
from helpers.show.style import set_style
from helpers.show.tables import say_money, say_share
from helpers.tiering.bands import say_bands

CALL_ROWS, REASON_ROWS = 15, 25


def report_page(run: Run, manifest: dict[str, Any]) -> str:
    """Return the report of a run as one HTML page.

    Parameters
    ----------
    run : Run
        Its tables are read, none is made anew.
    manifest : dict
        From `build_manifest`.
    """
    set_style()
    currency = run.profile.currency
    summary, tiers, ledger = run.load("tier_summary"), run.load("customer_tiers"), run.load("ledger")
    orders = to_pandas(run.scan("orders").select("order_date", "net_amount", "gross_amount", "returned_amount", "status"))
    points = run.load("rfm_cut_points")
    context = ReportContext(
        title=run.profile.title,
        about=run.profile.about,
        as_of=run.as_of.isoformat(),
        currency=currency,
        headlines=_headlines(tiers, orders, summary, currency),
        first_look=_first_look(summary, ledger, tiers, currency),
        tiers=_tier_rows(summary, currency),
        figures=_figures(tiers, summary, ledger, orders, currency),
        to_call=_to_call(tiers, currency),
        cut_points=_cut_rows(points),
        notes=say_bands(points),
        ledger=_ledger_rows(ledger),
        reasons=_reason_rows(run.load("set_aside_reasons"), currency),
        doctor=run.load("doctor"),
        not_measured=pd.DataFrame([{"table": n, "why": w} for n, w in run.not_measured().items()]),
        settings=list_settings(run.settings),
        inputs=_input_rows(manifest),
        versions=pd.DataFrame(list(manifest["versions"].items()), columns=["what", "version"]),
        links=[(e["notebook"].replace("_", " "), f"notebooks/{e['notebook']}.html", f"{e['status']}, {e['seconds']} s. {e['error']}") for e in manifest["notebooks"]],
    )
    return build_report(context)


def _headlines(tiers: pd.DataFrame, orders: pd.DataFrame, summary: pd.DataFrame, currency: str) -> list[tuple[str, str, str]]:
    sold, back = orders["gross_amount"].sum(), abs(orders["returned_amount"].sum())
    lapsing = summary.set_index("tier").loc["Lapsing best"]
    again = (tiers["order_count"] > 1).sum() / max(int((tiers["order_count"] > 0).sum()), 1)
    return [
        (f"{len(tiers):,}", "customers", "with at least one order line"),
        (f"{(orders['status'] == 'sale').sum():,}", "orders", f"{orders['order_date'].min():%Y-%m-%d} to {orders['order_date'].max():%Y-%m-%d}"),
        (say_money(orders["net_amount"].sum(), currency), "net revenue", "sales less returns"),
        (say_share(back / sold if sold else 0), "of sales came back", say_money(back, currency)),
        (say_share(float(again)), "of buyers bought again", "two orders or more"),
        (f"{int(lapsing['customers']):,}", "customers to call first", f"they spent {say_money(lapsing['revenue'], currency)} so far"),
    ]


def _first_look(summary: pd.DataFrame, ledger: pd.DataFrame, tiers: pd.DataFrame, currency: str) -> list[str]:
    by = summary.set_index("tier")
    ordered = tiers["total_spend"].sort_values(ascending=False)
    needed = int((ordered.cumsum() < 0.8 * ordered.sum()).sum()) + 1
    lines = [
        plots.say_tier_sizes(summary),
        f"{needed:,} customers ({say_share(needed / max(len(tiers), 1))}) bring 80 % of the revenue.",
        f"{int(by.at['New', 'customers']):,} customers are new; their second order decides whether they stay.",
        plots.say_ledger(ledger, currency),
    ]
    missing = int(ledger["rows_without_money"].sum())
    return lines + ([f"{missing:,} rows that were set aside have an amount that could not be read; their money is unknown."] if missing else [])


def _figures(tiers: pd.DataFrame, summary: pd.DataFrame, ledger: pd.DataFrame, orders: pd.DataFrame, currency: str) -> dict[str, Figure]:
    figures = {"ledger": draw(plots.plot_ledger, ledger, message=plots.say_ledger(ledger, currency))}
    if (tiers["order_count"] > 0).any():
        figures |= {
            "tiers": draw(plots.plot_tier_sizes, summary, message=plots.say_tier_sizes(summary)),
            "map": draw(plots.plot_rfm_map, tiers, message=plots.say_rfm_map(tiers)),
            "recency": draw(plots.plot_recency, tiers, message=f"Half of the buyers ordered within the last {tiers['recency_days'].median():.0f} days."),
            "months": draw(plots.plot_orders_by_month, orders, message=plots.say_orders_by_month(orders, currency), currency=currency),
        }
    return figures


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


def _ledger_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    wanted = [c for c in ledger if not c.startswith("money") or ledger[c].any()]
    money = {c: ledger[c].map(lambda v: f"{v:,.2f}" if v else "") for c in wanted if c.startswith("money")}
    text = money | {c: ledger[c].map("{:,}".format) for c in wanted if c.startswith("rows")}
    return ledger[wanted].assign(**text).rename(columns=lambda c: c.replace("_", " "))


def _reason_rows(reasons: pd.DataFrame, currency: str) -> pd.DataFrame:
    top = reasons.head(REASON_ROWS)
    money = top["money"].map(lambda v: say_money(v, currency) if v else "")
    return top.assign(rows=top["rows"].map("{:,}".format), money=money, fate=top["fate"].str.replace("_", " "))


def _input_rows(manifest: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {"source": e["source"], "table": e["table"], "rows": f"{e['rows']:,}", "rows later than the as-of date": f"{e['rows_after_as_of']:,}",
         "file": f["file"], "bytes": f"{f['bytes']:,}", "SHA-256": f["sha256"]}
        for e in manifest["inputs"] for f in (e["files"] or [{"file": "database", "bytes": 0, "sha256": ""}])
    ]  # fmt: skip
    return pd.DataFrame(rows)
