"""Charts, controls and report of value: every chart asks a question, controls compute nothing of their own, nothing breaks on empty tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers.runs import Run
from helpers.runs.reports.value import value_sections
from helpers.show import plots_value as p
from helpers.show.report import Bullets, Grid, Text
from helpers.show.style import set_style
from helpers.show.widgets_value import core_list, horizon_controls, horizon_table, weight_controls
from helpers.value.resources import rank_resources


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return Run.open("demo", out=tmp_path_factory.mktemp("demo"))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_chart_asks_a_question_and_names_units(run):
    set_style()
    accuracy, calibration, values = (run.load(t) for t in ("holdout_accuracy", "holdout_calibration", "customer_values"))
    axes = [
        p.plot_accuracy(accuracy), p.plot_accuracy(accuracy, measure="spend"), p.plot_calibration(calibration), p.plot_calibration(calibration, by="frequency"),
        p.plot_predicted_actual(run.load("holdout_predictions")), p.plot_coverage(calibration), p.plot_lorenz(values), p.plot_waterfall(run.load("value_scores"), values["customer_id"].iloc[0]),
    ]  # fmt: skip
    for ax in axes:
        assert ax.get_title(loc="left").endswith("?") and ax.get_xlabel()
    assert all(ax.get_ylabel() for ax in axes[2:7])
    assert "currency units" in axes[1].get_xlabel() and "purchase days" in axes[0].get_xlabel()


def test_sentences_quote_the_tables(run):
    values = run.load("customer_values")
    total = values.loc[values["predicted"], "expected_value"].sum()
    assert f"{total:,.0f} CNY of contribution in 12 months" in p.say_total(values, "CNY") and "3 of them have no prediction" in p.say_total(values, "CNY")
    assert p.say_accuracy(run.load("model_choice")).count("beats every naive forecast") == 2
    calibration = run.load("holdout_calibration")
    tenths = calibration[calibration["by"] == "decile"]
    assert f"held {tenths['held'].mean() * 100:.0f} % for purchases" in p.say_coverage(calibration)
    assert p.say_waterfall(run.load("value_scores"), values["customer_id"].iloc[5]).startswith(values["customer_id"].iloc[5])


def test_empty_tables_are_said_and_drawn(run):
    accuracy, calibration, predictions = (run.load(t).head(0) for t in ("holdout_accuracy", "holdout_calibration", "holdout_predictions"))
    for said in (p.say_accuracy(run.load("model_choice").head(0)), p.say_calibration(calibration), p.say_coverage(calibration), p.say_predicted_actual(predictions)):
        assert said == "Not measured: no hold-out: the history is too short, or no model could be fitted."
    p.plot_accuracy(accuracy), p.plot_calibration(calibration), p.plot_coverage(calibration), p.plot_predicted_actual(predictions)
    assert p.say_stability(run.load("value_stability").head(1)).startswith("One part holds all the weight")


def test_lorenz_by_hand():
    values = pd.DataFrame({"historic_value": [80.0, 10.0, 10.0, 0.0], "expected_value": [5.0, 5.0, 5.0, np.nan], "horizon_months": 12})
    assert p.say_lorenz(values) == "25 % of customers brought 80 % of the value so far; 100 % are expected to bring 80 % of the next 12 months."


def test_weight_sliders_show_what_the_plain_call_gives(run):
    parts, settings = run.load("value_parts"), run.settings.value
    box = weight_controls(parts, settings)
    *sliders, output = box.children
    assert [s.value for s in sliders] == [40, 40, 20]
    first = core_list(parts, settings, historic=40, potential=40, strategic=20)["customer_id"].iloc[0]
    assert first in output.value
    sliders[0].value, sliders[1].value, sliders[2].value = 100, 0, 0
    top = core_list(parts, settings, historic=100, potential=0, strategic=0)["customer_id"].iloc[0]
    assert top in output.value and top != first
    sliders[0].value = 0
    assert "give at least one part some weight" in output.value


def test_the_core_list_of_the_run_is_the_one_of_the_control(run):
    shown = core_list(run.load("value_parts"), run.settings.value, historic=0.4, potential=0.4, strategic=0.2, rows=20)
    assert shown["customer_id"].tolist() == run.load("core_customers")["customer_id"].head(20).tolist()


def test_horizon_sliders_show_what_the_plain_call_gives(run):
    fits = run.load("model_fits").query("split == 'now'")
    given = run.load("customer_values"), run.load("btyd_summary"), fits
    *sliders, output = horizon_controls(*given, run.settings.purchase_model).children
    assert f"{run.load('customer_values')['expected_value'].sum():,.2f}"[:9] in output.value
    sliders[0].value = 6
    half = horizon_table(*given, months=6, discount_percent=10)
    assert f"{half['value'].item():,.2f}" in output.value and half["without_prediction"].item() == 3


def test_the_report_says_worth_core_offers_and_proof(run):
    sections = {s.title: s for s in value_sections(run)}
    assert list(sections) == ["What our customers are worth", "Core customers", "Where effort pays", "What core customers do not buy yet", "How good is the forecast"]
    bullets = next(b for b in sections["What our customers are worth"].blocks if isinstance(b, Bullets))
    assert any("no rating that counts: rate them first" in line for line in bullets.lines) and any("graded A" in line for line in bullets.lines)
    grid = next(b for b in sections["Core customers"].blocks if isinstance(b, Grid))
    assert grid.frame["proven"].astype(float).is_monotonic_decreasing and len(grid.frame) == 15
    assert sections["How good is the forecast"].folded
    effort, known = next(b for b in sections["Where effort pays"].blocks if isinstance(b, Grid)).frame, run.load("resource_values").dropna(subset=["resource_value"])
    assert effort["customer"].tolist() == known["customer_id"].head(8).tolist() and effort["rank"].iloc[0] == "1"


def test_the_report_on_orders_only(tmp_path):
    cdnow = Run.open("cdnow", "1997-09-30", out=tmp_path)
    sections = {s.title: s for s in value_sections(cdnow)}
    assert list(sections) == ["What our customers are worth", "Core customers", "Where effort pays", "How good is the forecast"]
    bullets = next(b for b in sections["What our customers are worth"].blocks if isinstance(b, Bullets))
    assert any("revenue (no costs are known)" in line for line in bullets.lines) and not any("rate them" in line for line in bullets.lines)
    assert isinstance(sections["Core customers"].blocks[0], Text)


def test_resource_value_by_hand_and_missing_matches_stay_missing():
    values = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "revenue": [10.0, 90.0, 50.0, 5.0], "expected_value": [50.0, 80.0, np.nan, 60.0]})
    match = pd.DataFrame({"customer_id": ["a", "b", "c"], "match": [0.9, 1.2, 0.5], "reason": ["fits", "fits well", "half"]})
    told = rank_resources(match, values).set_index("customer_id")
    assert told["resource_value"].fillna(-1).tolist() == [80.0, 45.0, -1, -1] and told.index.tolist() == ["b", "a", "c", "d"]
    assert told.loc["a", ["resource_rank", "revenue_rank", "rank_difference"]].tolist() == [2, 3, 1]
    assert told.loc["d", "reason"] == "no need is known" and pd.isna(told.loc["d", "resource_rank"]) and pd.isna(told.loc["c", "rank_difference"])
