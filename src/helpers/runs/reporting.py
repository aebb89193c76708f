"""Fills the report from a run's tables: headlines and a first look, then the parts of every subject."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from helpers.cleaning.settings_filters import say_filters
from helpers.engine import to_pandas
from helpers.runs.reports.actions import actions_sections
from helpers.runs.reports.lifecycle import lifecycle_sections
from helpers.runs.reports.needs import needs_sections
from helpers.runs.reports.tiers import scheme_sections, tier_sections
from helpers.runs.reports.trust import trust_sections
from helpers.runs.reports.value import value_sections
from helpers.runs.run import Run
from helpers.show import plots, plots_tiers
from helpers.show.report import Bullets, Page, Section, build_report
from helpers.show.style import set_style
from helpers.show.tables import say_money, say_share

PARTS: tuple[Callable[[Run], list[Section]], ...] = (actions_sections, tier_sections, lifecycle_sections, needs_sections, value_sections, scheme_sections)  # in the order in which they are read


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
    summary, tiers = run.load("tier_summary"), run.load("customer_tiers")
    to_do, *others = (part(run) for part in PARTS)
    sections = [
        *to_do,
        Section("The customers at a glance", (Bullets(_first_look(run, summary, tiers)),)),
        *(section for part in others for section in part),
        *trust_sections(run, manifest),
    ]
    page = Page(
        title=run.profile.title, about=_about(run), as_of=run.as_of.isoformat(), currency=run.profile.currency,
        headlines=_headlines(run, summary, tiers), sections=tuple(sections),
    )  # fmt: skip
    return build_report(page)


def _about(run: Run) -> str:
    """A report about a part of the data says so before anything else."""
    part = say_filters(run.settings.filters)
    return f"This report is about a part of the data: {part}. {run.profile.about}" if part else run.profile.about


def _headlines(run: Run, summary: pd.DataFrame, tiers: pd.DataFrame) -> tuple[tuple[str, str, str], ...]:
    currency = run.profile.currency
    orders = to_pandas(run.scan("orders").select("order_date", "net_amount", "gross_amount", "returned_amount", "status"))
    sold, back = orders["gross_amount"].sum(), abs(orders["returned_amount"].sum())
    call = summary[summary["call_first"].fillna(False)]
    buyers = len(run.load("rfm"))
    again = (tiers["order_count"] > 1).sum() / max(int((tiers["order_count"] > 0).sum()), 1)
    return (
        (f"{buyers:,}", "customers", f"with at least one order line; {len(tiers) - buyers:,} more without" if len(tiers) > buyers else "with at least one order line"),
        (f"{(orders['status'] == 'sale').sum():,}", "orders", f"{orders['order_date'].min():%Y-%m-%d} to {orders['order_date'].max():%Y-%m-%d}"),
        (say_money(orders["net_amount"].sum(), currency), "net revenue", "sales less returns"),
        (say_share(back / sold if sold else 0), "of sales came back", say_money(back, currency)),
        (say_share(float(again)), "of buyers bought again", "two orders or more"),
        (f"{int(call['customers'].sum()):,}", "customers to call first", f"they spent {say_money(call['revenue'].sum(), currency)} so far"),
    )


def _first_look(run: Run, summary: pd.DataFrame, tiers: pd.DataFrame) -> tuple[str, ...]:
    ledger = run.load("ledger")
    ordered = tiers["total_spend"].sort_values(ascending=False)
    needed = int((ordered.cumsum() < 0.8 * ordered.sum()).sum()) + 1
    new = int((run.load("customer_axes")["state"] == "new").sum())
    missing = int(ledger["rows_without_money"].sum())
    return (
        plots_tiers.say_tier_sizes(summary),
        f"{needed:,} customers ({say_share(needed / max(len(tiers), 1))}) bring 80 % of the revenue.",
        *([f"{new:,} customers are new; their second order decides whether they stay."] if new else []),
        plots.say_ledger(ledger, run.profile.currency),
        *([f"{missing:,} rows that were set aside have an amount that could not be read; their money is unknown."] if missing else []),
    )
