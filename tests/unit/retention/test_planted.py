"""What was planted in the made-up company is found, what was not is not, and nothing is known before it happened."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.axes.settings import ActivitySettings
from helpers.cleaning.privacy import pseudonym
from helpers.retention.backtest import backtest_signals
from helpers.retention.causes import code_causes
from helpers.retention.days import build_customer_days, cover_streams
from helpers.retention.features import build_sheet
from helpers.retention.guards import find_contact_rules
from helpers.retention.history import History
from helpers.retention.panel import build_panel
from helpers.retention.settings import ActionsSettings, SignalsSettings
from helpers.retention.signals import find_signals
from helpers.retention.triggers import Sight, find_triggers
from helpers.retention.warn import warning_counter
from helpers.runs.paths import project_root

TRUTH = project_root() / "data" / "demo" / "truth"
AS_OF, PAST = dt.date(2025, 6, 30), dt.date(2024, 12, 31)
BAD = ("meeting_cancelled", "case_removed", "competitor_seen", "contact_left", "budget_cut", "late_payment")
DAYS_FROM = ("interactions", "tickets", "surveys", "contacts", "events")
DATED = {"interactions": "at", "tickets": "opened_at", "surveys": "answered_on", "events": "at", "signals": "observed_on", "touches": "sent_on", "order_lines": "order_date"}


def truth(name: str, *dates: str) -> pd.DataFrame:
    table = pd.read_csv(TRUTH / f"{name}.csv", dtype={"customer_id": "str"}, parse_dates=list(dates))
    return table.assign(customer_id=table["customer_id"].map(lambda c: pseudonym(c, "crmkit")))


@pytest.fixture(scope="module")
def tables(demo) -> dict[str, pd.DataFrame]:
    return {n: demo.load(n) for n in ("order_lines", "customers", "signals", "touches", "products", *DAYS_FROM)}


@pytest.fixture(scope="module")
def history(tables) -> History:
    return history_at(tables, AS_OF)


def history_at(tables: dict[str, pd.DataFrame], as_of: dt.date) -> History:
    days = build_customer_days(tables["order_lines"], {n: tables[n] for n in DAYS_FROM}, as_of=as_of)
    return History.of(days, cover_streams(days, {n: tables[n] for n in DAYS_FROM}), tables["customers"], ActivitySettings())


def as_known(tables: dict[str, pd.DataFrame], day: dt.date) -> dict[str, pd.DataFrame]:
    """The same tables as they were at the end of a day."""
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    told = {n: t[t[DATED[n]] < end] if n in DATED else t for n, t in tables.items()}
    told["tickets"] = told["tickets"].assign(resolved_at=told["tickets"]["resolved_at"].where(told["tickets"]["resolved_at"] < end))
    told["contacts"] = told["contacts"].assign(left_on=told["contacts"]["left_on"].where(told["contacts"]["left_on"] < end))
    return told


@pytest.fixture(scope="module")
def panel(history, tables, signals):
    return build_panel(history, signals, tables["signals"], SignalsSettings(), as_of=AS_OF)


@pytest.fixture(scope="module")
def tests(panel, signals) -> pd.DataFrame:
    return backtest_signals(panel, signals, SignalsSettings()).query("kind == 'business' and severity_from == 'mild'").set_index("signal")


def test_customers_planted_to_buy_less_are_flagged_as_buying_less(demo):
    found = demo.load("customer_signals").groupby("signal")["customer_id"].agg(set)
    decliners = set(truth("decliners")["customer_id"])
    assert len(decliners & found["two_quarters_down"]) == len(decliners) == 24
    assert len(decliners & found["order_value_falls"]) >= 22
    levels = demo.load("response_levels").set_index("customer_id")["level"]
    assert levels.reindex(sorted(decliners)).isin(["moderate", "severe"]).sum() >= 22


def test_business_customers_planted_to_leave_are_flagged_in_time(demo):
    """Those who left within 75 days of the as-of date: fewer log-ins, fewer orders, or somebody saw it; those who stay are mostly left alone."""
    lives = truth("activity", "left_on").query("kind == 'business' and order_count > 0")
    leavers = lives[lives["left_on"] > pd.Timestamp(AS_OF) - pd.Timedelta(days=75)]
    levels, chance = (demo.load(n).set_index("customer_id") for n in ("response_levels", "churn_scores"))
    flagged = levels["level"].reindex(leavers["customer_id"]).isin(["moderate", "severe"])
    stays = lives.loc[~lives["has_left"], "customer_id"]
    severe = levels["level"].reindex(stays).eq("severe")
    assert len(leavers) >= 10 and flagged.mean() >= 0.8
    assert severe[~severe.index.isin(truth("decliners")["customer_id"])].mean() < 0.05
    said = chance["leave_chance"]
    assert said.reindex(leavers["customer_id"]).median() > 0.5 > 0.05 > said.reindex(stays).median()
    found = demo.load("customer_signals").groupby("signal")["customer_id"].agg(set)
    assert len(set(leavers["customer_id"]) & (found["usage_falls"] | found["interval_longer"])) >= 8


def test_the_back_test_finds_the_planted_lift_and_lead_of_what_people_saw(tests):
    """Planted: half of the business customers who left were noticed 15 to 80 days before; three in ten of the others once, for nothing."""
    row = tests.loc["seen_by_people"]
    seen = truth("signal_meaning", "observed_on").query("signal in @BAD")
    seen = seen[seen["observed_on"].between(row["first_date"], row["last_date"])]
    planted = (seen["means"] == "leaving").mean()
    assert row["lift_low"] < planted / row["base_rate"] < row["lift_high"]
    lives = truth("activity", "left_on").set_index("customer_id")["left_on"]
    leaving = seen[seen["means"] == "leaving"]
    lead = (leaving["customer_id"].map(lives) - leaving["observed_on"]).dt.days
    assert row["before_low"] <= lead.median() <= row["before_high"]
    assert row["verdict"] == "ship" and row["lift_low"] > 2


def test_the_back_test_finds_the_planted_fading_and_ships_it(tests):
    """Planted: log-ins fall from 75 days before the last order on."""
    row = tests.loc["usage_falls"]
    assert row["verdict"] == "ship" and row["lift_low"] > 1
    assert 0 < row["before_high"] <= 75 and row["coverage"] > 0.5


def test_signals_that_mean_nothing_in_the_made_up_company_do_not_ship(tests):
    nothing = ["communication_gap", "complaint_alert", "many_questions", "white_paper_read", "partner_3_to_6_months", "policy_change"]
    assert not tests.loc[nothing, "verdict"].eq("ship").any()


def test_shuffled_outcomes_leave_no_lift(panel, signals):
    rows = [backtest_signals(panel.shuffled(seed), signals, SignalsSettings()) for seed in range(4)]
    told = pd.concat(rows).query("kind == 'all' and severity_from == 'mild' and alerts >= 100")
    mean = told.groupby("signal")["lift"].mean()
    assert len(mean) >= 5 and mean.between(0.75, 1.25).all() and abs(mean.mean() - 1) < 0.08
    assert told["verdict"].eq("ship").mean() < 0.05


def test_a_signal_that_peeked_would_stand_out(panel, signals):
    """The leak test can fail: what is known only afterwards has a lift far above one, and loses it when outcomes are shuffled."""
    peeks = np.zeros_like(panel.steps["usage_falls"])
    gone = panel.rows[panel.rows["left"]]
    peeks[gone["who"].to_numpy("int64"), gone["at"].to_numpy("int64")] = 1
    told = backtest_signals(_with(panel, peeks), {"usage_falls": signals["usage_falls"]}, SignalsSettings()).iloc[0]
    mixed = backtest_signals(_with(panel.shuffled(), peeks), {"usage_falls": signals["usage_falls"]}, SignalsSettings()).iloc[0]
    assert told["precision"] == 1 and told["lift"] > 1.2 and mixed["lift"] == pytest.approx(1, abs=0.1)


def _with(panel, steps):
    from dataclasses import replace

    return replace(panel, steps={"usage_falls": steps}, applies={"usage_falls": panel.applies["usage_falls"]})


def test_a_look_back_sees_what_was_known_then(tables, history, signals, signal_files):
    """Signals and features of an earlier day are the same whether or not the half-year after it is in the tables."""
    then = as_known(tables, PAST)
    before = history_at(then, PAST)
    there = set(before.ids)
    known = {s.key: s for s in signals.values()}
    now, was = find_signals(known, history, tables["signals"], as_of=PAST), find_signals(known, before, then["signals"], as_of=PAST)
    pd.testing.assert_frame_equal(now[now["customer_id"].isin(there)].reset_index(drop=True), was)
    sheets = [build_sheet(h.at(PAST), warning_counter(t["signals"], signal_files)(h.at(PAST))) for h, t in ((history, tables), (before, then))]
    pd.testing.assert_frame_equal(sheets[0].x, sheets[1].x)


def test_tables_later_than_the_day_change_nothing(demo, tables, playbook):
    then = as_known(tables, PAST)
    days = [build_customer_days(t["order_lines"], {n: t[n] for n in DAYS_FROM}, as_of=PAST) for t in (tables, then)]
    pd.testing.assert_frame_equal(*days)
    rules = [find_contact_rules(t["tickets"], t["touches"], t["customers"], ActionsSettings(), as_of=PAST) for t in (tables, then)]
    pd.testing.assert_frame_equal(*rules)
    ids = tables["customers"][["customer_id"]]
    pd.testing.assert_frame_equal(*(code_causes(ids, {n: t[n] for n in ("interactions", "tickets", "surveys", "signals")}, as_of=PAST) for t in (tables, then)))
    axes = demo.load("customer_axes")
    axes = axes[axes["first_order_date"] <= pd.Timestamp(PAST)]
    used = ("order_lines", "customers", "products", "tickets", "surveys", "events")
    hits = [find_triggers(playbook.triggers, Sight(PAST, axes, {n: t[n] for n in used}, (100.0, 1000.0))) for t in (tables, then)]
    pd.testing.assert_frame_equal(*hits)


def test_shuffled_rows_give_equal_days(tables):
    mixed = {n: tables[n].sample(frac=1, random_state=3) for n in ("order_lines", *DAYS_FROM)}
    days = [build_customer_days(t["order_lines"], {n: t[n] for n in DAYS_FROM}, as_of=AS_OF) for t in (tables, mixed)]
    pd.testing.assert_frame_equal(*days)
