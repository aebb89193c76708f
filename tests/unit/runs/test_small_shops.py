"""Orders only, one customer, customers all alike, everything returned: every table is made and the report is written."""

from __future__ import annotations

import re

import duckdb
import pytest

from helpers.runs import Run
from helpers.runs.reports.lifecycle import lifecycle_sections
from helpers.runs.reports.tiers import scheme_sections, tier_sections
from helpers.show.report import Page, build_report

PROFILE = """
profile: small
title: A small shop
currency: EUR
as_of: 2025-06-30
settings: {tiering: {primary: %s}, lifecycle: {snapshots: 3}, privacy: {pseudonymise: false}}
sources:
  - {name: erp, table: order_lines, path: lines.csv, columns: {order_id: order, customer_id: customer, order_date: day, amount: amount}}
"""
SHOPS = {
    "one customer": ("champions11", ["1,a,2025-06-01,10"]),
    "all alike": ("zh8", [f"{c}{d},{c},2025-0{d}-01,10" for c in "abcd" for d in (2, 4, 6)]),
    "all returned": ("relationship3", ["1,a,2025-05-01,10", "1,a,2025-05-09,-10"]),
}
TABLES = ("customer_axes", "customer_tiers", "tier_summary", "scheme_tiers", "scheme_shares", "scheme_lint", "scheme_crosswalk", "threshold_passport", "value_matrices", "tier_history", "lifecycle_balance",
          "hysteresis_cost", "tier_moves", "tier_migration", "tier_flows", "stage_moves", "stage_migration", "lapse_check", "comeback_odds", "pool_review", "pool_summary")  # fmt: skip


@pytest.mark.parametrize("shop", SHOPS)
def test_every_table_and_the_report(tmp_path, monkeypatch, shop):
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    primary, rows = SHOPS[shop]
    (tmp_path / "lines.csv").write_text("\n".join(["order,customer,day,amount", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "small.yml").write_text(PROFILE % primary, encoding="utf-8")
    run = Run.open(str(tmp_path / "small.yml"), out=tmp_path / "out")
    customers = len({row.split(",")[1] for row in rows})
    made = {name: run.load(name) for name in TABLES}
    assert len(made["customer_tiers"]) == len(made["scheme_tiers"]) == customers and made["scheme_tiers"].notna().all(axis=None)
    assert made["tier_summary"]["customers"].sum() == customers and not (made["scheme_lint"]["verdict"] == "fault").any()
    assert made["tier_flows"]["after"].sum() == customers and made["tier_migration"]["customers"].sum() == customers
    assert "source_quality" in run.not_measured()
    sections = (*tier_sections(run), *lifecycle_sections(run), *scheme_sections(run))
    page = re.sub(r'src="data:[^"]*"', "", build_report(Page("A small shop", "", "2025-06-30", "EUR", (), sections)))
    words = set(re.findall(r"[A-Za-z<>&;]+", re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)))
    assert not {"nan", "NaN", "None", "&lt;NA&gt;", "NaT"} & words
    if primary == "relationship3":
        assert "marks no tier to call first" in page


def test_a_slow_query_writes_no_progress_bar_into_a_notebook(tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    duckdb.execute("SET enable_progress_bar = true")
    Run.open("cdnow", out=tmp_path / "out").measured("orders")
    assert duckdb.sql("SELECT current_setting('enable_progress_bar')").fetchall() == [(False,)]
