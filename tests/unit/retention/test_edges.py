"""Odd businesses: every stage of retention gives a table or says what it needs; nothing crashes and nothing warns."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.errors import NotMeasured
from helpers.runs import Run

PROFILE = """
profile: shop
title: A small shop
currency: EUR
as_of: 2025-06-30
sources:
  - name: sales
    table: order_lines
    path: sales.csv
    date_order: YMD
    columns: {order_id: o, customer_id: c, order_date: d, amount: a}
"""
LAST, NEEDS = ("action_list", "not_served", "plan_summary", "play_summary", "owner_load", "planned_touches", "hour_allocation", "owner_accounts", "action_changes", "playbook_lint"), {
    "cadence_plan": "interactions", "cadence_coverage": "interactions", "channel_preferences": "touches", "contact_pressure": "touches",
}  # fmt: skip
OTHER = ("signal_catalogue", "signal_tests", "signal_verdicts", "customer_signals", "churn_backtest", "churn_calibration", "churn_threshold", "churn_scores", "churn_reasons", "return_odds", "winback_ranking", "member_points", "cause_summary", "trigger_hits")


def sales(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["c", "d", "a"]).assign(o=lambda f: [f"o{i}" for i in range(len(f))])


def many(customers: int, days: int, seed: int = 1) -> pd.DataFrame:
    dice = np.random.default_rng(seed)
    count = customers * 4
    day = pd.Timestamp("2025-06-30") - pd.to_timedelta(dice.integers(0, days, count), unit="D")
    return sales(*((f"k{n}", f"{d:%Y-%m-%d}", round(float(a), 2)) for n, d, a in zip(dice.integers(0, customers, count), day, dice.lognormal(3, 1, count), strict=True)))


CASES = {
    "one order": sales(("k1", "2025-06-01", 10.0)), "all alike": sales(*((f"k{n}", f"2025-0{m}-10", 10.0) for n in range(20) for m in range(1, 7))),
    "all returned": sales(*((f"k{n}", "2025-05-10", a) for n in range(5) for a in (10.0, -10.0))), "one day": sales(*((f"k{n}", "2025-06-30", 10.0 + n) for n in range(30))), "two months": many(60, 59),
}  # fmt: skip


@pytest.fixture
def run_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def call(rows: pd.DataFrame) -> Run:
        monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
        (tmp_path / "shop.yml").write_text(PROFILE, encoding="utf-8")
        rows.to_csv(tmp_path / "sales.csv", index=False)
        return Run.open(str(tmp_path / "shop.yml"), out=tmp_path / "run")

    return call


@pytest.mark.parametrize("name", CASES)
def test_orders_only_in_every_odd_shape(name, run_of):
    run = run_of(CASES[name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)  # files that readers leave to be closed are no matter of this room
        tables = {t: run.load(t) for t in (*OTHER, *LAST)}
    for table, need in NEEDS.items():
        with pytest.raises(NotMeasured, match=f"not measured.*{need}"):
            run.load(table)
    actions = tables["action_list"]
    assert actions["action_id"].is_unique and (actions["reason"] != "").all()
    assert actions["defaults"].str.contains("staff").all() and actions["defaults"].str.contains("consent not known").all()  # assumed, and said
    catalogue = tables["signal_catalogue"]
    assert (catalogue["needs"] == "order_lines").eq(catalogue["measured"]).all()
    if name in {"all alike", "two months"}:
        assert len(actions)
