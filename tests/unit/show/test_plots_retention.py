"""Charts, cards and controls of lesson 06: every chart asks a question, sentences quote their tables, controls compute nothing of their own."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers.errors import UserError
from helpers.retention.history import History
from helpers.retention.leaks import measure_leaks, say_leaks
from helpers.retention.panel import build_panel
from helpers.retention.signalfiles import read_signals
from helpers.runs import Run
from helpers.runs.desk import gather
from helpers.runs.graph import room_links, room_tables, table_links
from helpers.runs.truth_retention import NO_TRUTH, judge_levels, say_levels
from helpers.show import plots_actions as a
from helpers.show import plots_churn as c
from helpers.show import plots_retention as p
from helpers.show.graph import plot_stages, stage_levels
from helpers.show.style import set_style
from helpers.show.tables import as_pre
from helpers.show.widgets_retention import DESK, plan_controls, plan_totals


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    set_style()
    return Run.open("demo", "2025-06-30", out=tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def desk(run):
    return gather(run, DESK)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_chart_asks_a_question_and_names_its_axis(run):
    verdicts, backtest, reasons = p.with_pools(run.load("signal_verdicts"), run.load("signal_tests")), run.load("churn_backtest"), run.load("churn_reasons")
    axes = [
        *(p.plot_signal_lift(verdicts, kind) for kind in p.kinds_of(verdicts)), p.plot_warning_time(verdicts, "business"), c.plot_churn_methods(backtest),
        c.plot_churn_calibration(run.load("churn_calibration"), backtest), c.plot_reasons(reasons, reasons["customer_id"].iloc[0]), c.plot_threshold(run.load("churn_threshold"), "CNY"), a.plot_hours_and_value(run.load("hour_allocation")),
        a.plot_not_served(run.load("not_served"), "CNY"), a.plot_cadence(run.load("cadence_coverage")), a.plot_return_odds(run.load("return_odds")), a.plot_load(run.load("owner_load")),
    ]  # fmt: skip
    assert all(ax.get_title(loc="left").endswith("?") and ax.get_xlabel() for ax in axes)
    assert "CNY" in axes[6].get_ylabel() and "CNY" in axes[8].get_xlabel()


def test_sentences_quote_their_tables(run):
    verdicts = p.with_pools(run.load("signal_verdicts"), run.load("signal_tests"))
    shipped = run.load("signal_verdicts").query("kind == 'business' and verdict == 'ship'")
    assert p.say_signal_lift(verdicts, "business").startswith(f"Business customers: {len(shipped)} signals ship")
    best = run.load("churn_backtest").query("population == 'can still be lost' and kind == 'all' and used")
    assert f"AUC {best['auc'].item():.2f}" in c.say_churn_methods(run.load("churn_backtest"))
    missed = run.load("not_served")
    assert f"{len(missed):,} customers get nothing" in a.say_not_served(missed, "CNY")
    worst = run.load("cadence_coverage").query("owner_id == 'all'").sort_values("coverage").iloc[0]
    assert f"{worst['covered']:,} of {worst['customers']:,} customers" in a.say_cadence(run.load("cadence_coverage"))


def test_lists_put_intervals_into_words(run):
    verdicts, backtest = p.with_pools(run.load("signal_verdicts"), run.load("signal_tests")), run.load("churn_backtest")
    early = p.list_early_warnings(verdicts, p.kinds_of(verdicts))
    usage = run.load("signal_verdicts").query("kind == 'business' and signal == 'usage_falls'").iloc[0]
    row = early[(early["kind"] == "business") & (early["signal"] == usage["label_en"])].iloc[0]
    assert row["lift"] == f"{usage['lift']:.1f} ({usage['lift_low']:.1f} to {usage['lift_high']:.1f})" and row["warned_of"].endswith(f"of {usage['departures']:.0f}")
    assert early.groupby("kind")["verdict"].first().eq("ship").any() and len(c.list_methods(backtest)) == 3 * len(backtest.query("population == 'can still be lost'")["kind"].unique())
    assert p.list_early_warnings(verdicts.head(0), ["all"]).empty and c.list_methods(backtest.head(0)).empty


@pytest.mark.parametrize(
    ("say", "table", "more"),
    [
        (c.say_churn_methods, "churn_backtest", ()), (c.say_threshold, "churn_threshold", ("CNY", 0.15)), (a.say_not_served, "not_served", ("CNY",)), (a.say_cadence, "cadence_coverage", ()),
        (a.say_hours_and_value, "hour_allocation", ()), (a.say_winback, "winback_ranking", ("CNY",)), (a.say_actions, "action_list", ("CNY",)),
    ],
)  # fmt: skip
def test_sentences_about_nothing_are_sentences(run, say, table, more):
    said = say(run.load(table).head(0), *more)
    assert said.endswith(".") and "nan" not in said


def test_charts_of_nothing_are_not_drawn(run):
    verdicts, backtest = p.with_pools(run.load("signal_verdicts"), run.load("signal_tests")).head(0), run.load("churn_backtest").head(0)
    assert p.plot_signal_lift(verdicts) is None and c.plot_churn_methods(backtest) is None and c.plot_threshold(run.load("churn_threshold").head(0), "CNY") is None
    assert c.plot_churn_calibration(run.load("churn_calibration").head(0), backtest) is None
    assert p.say_signal_lift(verdicts).startswith("Not measured") and p.say_warning_time(verdicts).startswith("Not measured")


def test_a_simple_rule_that_wins_is_the_headline():
    rows = [("recency", 0.80, True), ("rule", 0.78, False), ("model", 0.81, False)]
    table = pd.DataFrame([{"population": c.AT_RISK, "kind": "all", "method": m, "auc": auc, "auc_low": auc - 0.02, "auc_high": auc + 0.02, "used": u, "customers": 900, "tests": 3, "left": 90, "top_left": 30.0, "top_n": 45} for m, auc, u in rows])
    assert c.say_churn_methods(table) == (
        "The simple rule 'days since the last order' is used: AUC 0.80 (0.78 to 0.82), the model has 0.81 and is not surely better, on 900 look-backs at 3 later dates, 90 of which left."
    )


def test_who_is_better_at_the_very_top_is_said_too(run):
    table = run.load("churn_backtest").copy()
    best = table.query("population == 'can still be lost' and kind == 'all'")
    assert "Yet in the top 5 %" not in c.say_churn_methods(table)
    table.loc[best.index[best["method"] == "recency"], "top_left"] = 69.0
    assert c.say_churn_methods(table).endswith(f"Yet in the top 5 % 'days since the last order' found more who left: 69 against {best.loc[best['used'], 'top_left'].item():.0f} of {best['top_n'].iloc[0]}.")


def test_chances_that_do_not_keep_their_word_are_called_an_order(run):
    calibration, backtest = run.load("churn_calibration"), run.load("churn_backtest")
    assert not c.say_churn_calibration(calibration, backtest).endswith("not as shares.")
    assert c.say_churn_calibration(calibration.assign(said=0.999), backtest).endswith("Take the chances as an order, not as shares.")


def test_no_threshold_pays_where_calls_are_dear():
    table = pd.DataFrame({"kind": "all", "threshold": [0.0, 0.5, 1.0], "contacted": [100, 10, 0], "net": [-500.0, -40.0, 0.0], "best": [False, False, True]})
    assert c.say_threshold(table, "USD", 0.15) == "all: no threshold pays, calls cost more than they save (all 100: -500.00 USD). This assumes that a call keeps 15 % of those about to leave."
    assert c.plot_threshold(table, "USD") is not None


def test_a_card_says_who_what_why_and_worth(run):
    actions = run.load("action_list").query("owner != 'automatic'")
    first, cards = actions.iloc[0], a.say_actions(actions, "CNY", rows=2).split("\n\n")
    assert len(cards) == 2 and all(part in " ".join(cards[0].split()) for part in (first["owner"], first["customer_id"], first["what"], " ".join(first["reason"].split()), f"{first['worth']:,.0f} CNY"))
    assert max(len(line) for card in cards for line in card.splitlines()) <= a.LINE
    assert "sent automatically" in a.say_actions(run.load("action_list").query("owner == 'automatic'"), "CNY", rows=1)


def test_the_plain_call_without_a_change_is_the_plan_of_the_run(run, desk):
    told, plan = plan_totals(desk).iloc[0], run.load("plan_summary").set_index("figure")["value"]
    pairs = {
        "customers": "customers served", "gain": "expected gain", "net": "expected net", "hours_first_week": "hours of the first week", "no_capacity": "not served: no capacity", "given_up": "given up: no capacity", "held_out": "not served: held out",
    }  # fmt: skip
    assert {k: round(float(told[k]), 4) for k in pairs} == {k: round(float(plan[f]), 4) for k, f in pairs.items()}
    assert round(float(told["cost"]), 4) == round(float(plan["money"] + plan["work"]), 4)


def test_a_budget_and_hours_are_kept_and_less_of_them_brings_no_more(run, desk):
    free, tight, nobody = plan_totals(desk).iloc[0], plan_totals(desk, budget=2000).iloc[0], plan_totals(desk, hours=dict.fromkeys(run.load("team")["staff_id"], 0.0)).iloc[0]
    assert tight["gain"] < free["gain"] and nobody["gain"] < free["gain"]
    assert nobody["hours_first_week"] == 0 and nobody["no_capacity"] > free["no_capacity"] and nobody["given_up"] > free["given_up"]


def test_thresholds_act_as_in_a_run_with_that_setting(run, desk):
    wanted = {"moderate_chance": 0.2, "min_net": 50.0}
    other = Run.open("demo", "2025-06-30", {"actions": wanted}, run.folder).load("plan_summary").set_index("figure")["value"]
    told = plan_totals(desk, **wanted).iloc[0]
    assert round(float(told["net"]), 4) == round(float(other["expected net"]), 4) and told["customers"] == other["customers served"]


def test_what_does_not_act_here_is_refused(desk):
    with pytest.raises(UserError, match="complaint_days cannot be moved here"):
        plan_totals(desk, complaint_days=3)


def test_boxes_start_at_the_settings_and_show_what_the_plain_call_gives(run, desk):
    grid, budget, net, moderate, severe, output = plan_controls(desk).children
    assert len(grid.children) == len(run.load("team")) and budget.value == 0 and moderate.value == run.settings.actions.moderate_chance
    assert f"{plan_totals(desk)['net'].item():,.2f}" in output.value
    budget.value = 2000
    assert f"{plan_totals(desk, budget=2000)['net'].item():,.2f}" in output.value
    moderate.value = 0.9
    assert output.value == as_pre("moderate must begin below severe")


def test_orders_alone_can_be_moved_too(tmp_path):
    cdnow = Run.open("cdnow", "1997-09-30", out=tmp_path)
    told = gather(cdnow, DESK)
    assert told["tickets"] is None and plan_totals(told)["customers"].item() == cdnow.load("plan_summary").set_index("figure").loc["customers served", "value"]
    assert judge_levels(cdnow) is None and say_levels(cdnow) == NO_TRUTH


def test_levels_are_right_more_often_the_severer_they_are(run):
    right = judge_levels(run).set_index(["kind", "level"])["right"]
    for kind in ("business", "consumer"):
        assert right[kind]["severe"] > right[kind]["moderate"] > right[kind]["none"]
    assert "business customers" in say_levels(run)


def test_dealt_anew_outcomes_leave_no_lift(run):
    given = gather(run, ("customer_days", "stream_coverage", "customers", "signals", "signal_rows"))
    rows = read_signals(given["signal_rows"])
    panel = build_panel(History.of(given["customer_days"], given["stream_coverage"], given["customers"], run.settings.activity), rows, given["signals"], run.settings.signals, as_of=run.as_of)
    leaks = measure_leaks(panel, rows, run.settings.signals, shuffles=3)
    weight = leaks["alerts"].astype("float64")
    assert len(leaks) >= 10 and 0.95 < (leaks["lift_shuffled"] * weight).sum() / weight.sum() < 1.05
    assert leaks["inside"].sum() >= 0.85 * leaks["shuffles"].sum() and leaks["lift"].max() > 2
    assert say_leaks(leaks).startswith("With outcomes dealt anew the mean lift is") and say_leaks(leaks.head(0)).startswith("Not measured")


def test_the_map_of_lessons_holds_every_table_once_and_points_from_left_to_right():
    set_style()
    tables, links = room_tables(), room_links()
    named = [n for room, names in tables.items() if room != "exports" for n in names]
    assert sorted(named) == sorted(table_links()) and "action_list" in tables["retention"] and "order_lines" in tables["exports"]
    assert links["cleaning"] == ("exports",) and set().union(*map(set, links.values())) <= set(tables)
    ax = plot_stages(tables, links)
    assert ax.get_title(loc="left").endswith("?") and {"06 retention", "exports"} <= {t.get_text() for t in ax.texts}
    levels = stage_levels(links)
    assert all(levels.get(other, 0) < levels[room] for room, taken in links.items() for other in taken)
