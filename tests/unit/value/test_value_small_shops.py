"""Value where there is hardly anything to value: every table is made or says what it needs, no sentence tells a number that is none, no total hides that nobody has a forecast."""

from __future__ import annotations

import math
import re
import warnings

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers.runs import Run
from helpers.runs.figures import headline_figures
from helpers.runs.reports.value import value_sections
from helpers.show import plots_value
from helpers.show.report import Page, build_report

PROFILE = """
profile: small
title: A small shop
currency: EUR
as_of: 2025-06-30
settings: {privacy: {pseudonymise: false}}
sources:
  - {name: erp, table: order_lines, path: lines.csv, columns: {order_id: order, customer_id: customer, order_date: day, amount: amount}}
"""
SHOPS = {
    "one customer": ["1,a,2025-06-01,10"],
    "one customer, a year": [f"{m},a,2024-{m:02d}-01,10" for m in range(1, 13)],
    "four alike": [f"{c}{m},{c},2025-0{m}-01,10" for c in "abcd" for m in (2, 4, 6)],
    "sixty alike": [f"{c}-{m},K{c:02d},2025-0{m}-01,10" for c in range(60) for m in (1, 2, 4, 6)],
    "all returned": [f"{c},K{c:02d},2025-0{1 + c % 5}-{day},{sign}10" for c in range(60) for day, sign in (("01", ""), ("09", "-"))],
    "more returned than bought": [f"{c},K{c:02d},2025-0{1 + c % 5}-{day},{amount}" for c in range(60) for day, amount in (("01", 10), ("09", -25))],
    "one day": [f"{c},K{c:02d},2025-06-30,{5 + c}" for c in range(60)],
    "one day, long ago": [f"{c},K{c:02d},2025-01-30,{5 + c}" for c in range(60)],
    "nobody came back": [f"{c},K{c:03d},{2022 + c % 3}-{1 + c % 6:02d}-{1 + c % 28:02d},{5 + c}" for c in range(200)],
}
TABLES = (
    "observation_check", "holdout_plan", "btyd_splits", "btyd_summary", "purchase_outcomes", "model_fits", "holdout_predictions", "holdout_accuracy", "holdout_calibration", "model_choice", "interval_levels",
    "retention_rates", "customer_values", "cost_to_serve", "potential_scores", "value_parts", "value_scores", "core_customers", "value_stability", "value_agreement",
)  # fmt: skip
NO_NUMBER = {"nan", "NaN", "None", "NaT", "inf", "<NA>", "lt;NA&gt"}


def open_shop(tmp_path, monkeypatch, rows: list[str]) -> Run:
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "lines.csv").write_text("\n".join(["order,customer,day,amount", *rows]) + "\n", encoding="utf-8")
    (tmp_path / "small.yml").write_text(PROFILE, encoding="utf-8")
    return Run.open(str(tmp_path / "small.yml"), out=tmp_path / "out")


def told_by(run: Run) -> list[str]:
    values, calibration = run.load("customer_values"), run.load("holdout_calibration")
    return [
        plots_value.say_lorenz(values), plots_value.say_total(values, "EUR"), plots_value.say_stability(run.load("value_stability")), plots_value.say_calibration(calibration),
        plots_value.say_coverage(calibration), plots_value.say_predicted_actual(run.load("holdout_predictions")), plots_value.say_accuracy(run.load("model_choice")),
        plots_value.say_waterfall(run.load("value_scores"), values["customer_id"].iloc[0]), run.load("observation_check")["says"].item(), *run.load("value_scores")["reason"],
    ]  # fmt: skip


@pytest.mark.parametrize("shop", SHOPS)
def test_every_table_every_sentence_and_the_report(tmp_path, monkeypatch, shop):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ResourceWarning)  # of reading the file, not of value
        run = open_shop(tmp_path, monkeypatch, SHOPS[shop])
        tables = {name: run.load(name) for name in TABLES}
        told = told_by(run)
        sections = value_sections(run)
    customers = len({row.split(",")[1] for row in SHOPS[shop]})
    values, scores = tables["customer_values"], tables["value_scores"]
    assert len(values) == len(scores) == customers and scores["value_score"].between(0, 100).all()
    assert (values["predicted"] == values["expected_value"].notna()).all() and (values["predicted"] | values["method"].str.startswith("none: ")).all()
    page = re.sub(r'src="data:[^"]*"', "", build_report(Page("A small shop", "", "2025-06-30", "EUR", (), sections)))
    read = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL) + " ".join(told)
    assert not NO_NUMBER & set(re.findall(r"[A-Za-z<>&;]+", read)) and not re.search(r"\b1 customers\b|[2-9]\d\d %", read)
    plt.close("all")
    if shop != "sixty alike":  # the only shop with enough repeat purchases
        check_that_no_total_is_told(run, tables)


def check_that_no_total_is_told(run: Run, tables: dict[str, pd.DataFrame]) -> None:
    values, figures = tables["customer_values"], headline_figures(run)
    assert not values["predicted"].any() and plots_value.say_total(values, "EUR").startswith("Not measured: none of ")
    assert figures["expected_value"] is None and figures["no_forecast"] == len(values)
    agreement = tables["value_agreement"].set_index("compared_with")
    assert math.isnan(agreement.at["expected value", "in_both_share"]) and pd.isna(agreement.at["expected value", "in_both"])


def test_why_there_is_no_forecast_is_said(tmp_path, monkeypatch):
    run = open_shop(tmp_path, monkeypatch, SHOPS["nobody came back"])
    assert set(run.load("customer_values")["note"]) == {"not fitted: nobody bought again"}
    assert plots_value.say_total(run.load("customer_values"), "EUR") == "Not measured: none of 200 customers has a prediction (not fitted: nobody bought again), so there is no total."
    assert plots_value.say_lorenz(run.load("customer_values")).endswith("brought 80 % of the value so far; there is no forecast of the next 12 months.")


def test_customers_who_are_all_alike_share_rank_and_forecast(tmp_path, monkeypatch):
    run = open_shop(tmp_path, monkeypatch, SHOPS["sixty alike"])
    values, scores = run.load("customer_values"), run.load("value_scores")
    assert values["predicted"].all() and values["expected_value"].nunique() == 1 and set(scores["value_rank"]) == {1}
    assert plots_value.say_stability(run.load("value_stability")) == "All customers score alike, so there is no order that weights could change."
    assert "rank correlation" not in " ".join(run.load("model_choice")["headline"])


def test_a_shop_of_one_day_does_not_know_whether_its_feed_stopped(tmp_path, monkeypatch):
    check = open_shop(tmp_path, monkeypatch, SHOPS["one day, long ago"]).load("observation_check")
    assert check["verdict"].item() == "late" and pd.isna(check["usual_gap_days"].item())
    assert check["says"].item() == "All order lines are of one day, 2025-01-30, 151 days before the observation end: nothing says whether the feed stopped or nobody bought."
