"""Whom to leave alone, and who is held out: whatever the playbooks say, no row of the list may break a rule."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.retention.candidates import join_candidates, list_candidates, split_candidates
from helpers.retention.ground import Ground
from helpers.retention.guards import count_recent_contacts, find_contact_rules, list_cooldowns
from helpers.retention.listing import list_actions, list_touches
from helpers.retention.owners import HOUR, price_of
from helpers.retention.plan import draw_hold_out, list_not_served, make_plan, measure_load, plan_of, record_plan
from helpers.retention.settings import ActionsSettings

AS_OF = dt.date(2025, 6, 30)
DAY = pd.Timestamp(AS_OF)
AGREED_BY = {"call": "phone", "sms": "phone", "email": "email", "wechat": "email", "chat": "email", "post": "post"}


@pytest.fixture(scope="module")
def ground(demo, playbook) -> Ground:
    """The demo company as it stands, without rules and without touches."""
    tables = [demo.load(n) for n in ("customer_situations", "trigger_hits", "cadence_plan", "winback_ranking", "team", "price_list")]
    situations, triggers, cadence, winback, team, prices = tables
    rules = find_contact_rules(None, None, None, ActionsSettings(), as_of=AS_OF)
    return Ground(situations, triggers, cadence, rules, list_cooldowns(None, as_of=AS_OF), pd.Series(dtype="int64"), demo.load("channel_preferences"), winback, team, prices, playbook, ActionsSettings(), AS_OF)


def some_trouble(dice: np.random.Generator, ids: pd.Index, plays: list[str]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tickets, touches and consents at random, close to every edge."""
    count = len(ids)
    opened = DAY - pd.to_timedelta(dice.integers(0, 40, count), unit="D") + pd.to_timedelta(dice.integers(0, 24, count), unit="h")
    tickets = pd.DataFrame({"customer_id": dice.choice(ids, count), "opened_at": opened, "severity": dice.choice(["high", "low"], count), "is_complaint": pd.array(dice.random(count) < 0.4, dtype="boolean")})
    tickets["resolved_at"] = (opened + pd.to_timedelta(dice.integers(1, 30, count), unit="D")).where(pd.Series(dice.random(count) < 0.6))
    sent = DAY - pd.to_timedelta(dice.integers(0, 200, 2 * count), unit="D")
    touches = pd.DataFrame({"customer_id": dice.choice(ids, 2 * count), "play": dice.choice(plays, 2 * count), "sent_on": sent, "group": dice.choice(["treated", "held_out"], 2 * count, p=[0.6, 0.4])})
    consent = {f"consent_{k}": pd.array(dice.choice([True, False, None], count, p=[0.6, 0.2, 0.2]), dtype="boolean") for k in ("email", "phone", "post")}
    return tickets, touches, pd.DataFrame({"customer_id": ids, **consent})


def some_of(ground: Ground, size: int = 500, **options: object) -> Ground:
    return replace(ground, situations=ground.situations.sample(size, random_state=1).reset_index(drop=True), settings=ActionsSettings(**options))


def with_trouble(ground: Ground, seed: int, size: int = 100, **options: object) -> tuple[Ground, tuple[pd.DataFrame, ...]]:
    dice = np.random.default_rng(seed)
    people = ground.situations.sample(size, random_state=seed).reset_index(drop=True)
    tickets, touches, customers = some_trouble(dice, pd.Index(people["customer_id"]), sorted(ground.playbook.plays))
    chosen = ActionsSettings(**options)
    rules = find_contact_rules(tickets, touches, customers, chosen, as_of=AS_OF)
    told = replace(ground, situations=people, rules=rules, cooldowns=list_cooldowns(touches, as_of=AS_OF), recent=count_recent_contacts(touches, as_of=AS_OF), settings=chosen)
    return told, (tickets, touches, customers)


def list_of(ground: Ground) -> tuple[pd.DataFrame, ...]:
    candidates, steps = list_candidates(ground)
    plan = make_plan(candidates, steps, ground.team, ground.situations.set_index("customer_id")["tier"], ground.recent, ground.settings, as_of=AS_OF)
    actions = list_actions(candidates, steps, plan, ground.situations, ground.playbook, as_of=AS_OF, hour_cost=ground.price[HOUR][0])
    return candidates, steps, actions, plan


def broken_rules(action: pd.Series, play: object, trouble: tuple[pd.DataFrame, ...], unknown: str) -> list[str]:
    """Every rule that a row of the list breaks, told once more from the plain tables."""
    tickets, touches, customers = (t[t["customer_id"] == action["customer_id"]] for t in trouble)
    told = []
    kind = AGREED_BY.get(action["channel"])
    if kind:
        agreed = customers[f"consent_{kind}"].iloc[0]
        told += ["consent"] if (pd.isna(agreed) and unknown == "block") or (not pd.isna(agreed) and not agreed) else []
    still_open = tickets["resolved_at"].isna() | (tickets["resolved_at"] >= DAY + pd.Timedelta(days=1))
    hits = {
        "open_ticket": (still_open & (tickets["severity"] == "high")).any(), "complaint": (tickets["is_complaint"] & (tickets["opened_at"] >= DAY - pd.Timedelta(days=13))).any(),
        "touched": ((touches["group"] == "treated") & (touches["sent_on"] >= DAY - pd.Timedelta(days=6))).any(),
    }  # fmt: skip
    told += [rule for rule, hit in hits.items() if hit and rule not in play.exempt]
    mine = touches[touches["play"] == play.key]
    told += ["held out"] if ((mine["group"] == "held_out") & (mine["sent_on"] > DAY - pd.Timedelta(days=180))).any() else []
    return told + (["cool-down"] if ((mine["group"] == "treated") & (mine["sent_on"] > DAY - pd.Timedelta(days=play.cooldown_days))).any() else [])


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), unknown=st.sampled_from(["allow", "block"]), plays=st.integers(1, 2))
def test_no_row_breaks_a_rule(ground, seed, unknown, plays):
    mine, trouble = with_trouble(ground, seed, unknown_consent=unknown, plays_per_customer=plays)
    candidates, steps, actions, plan = list_of(mine)
    assert len(actions)
    broken = {(r["action_id"], b) for _, r in actions.iterrows() for b in broken_rules(r, mine.playbook.plays[r["play"]], trouble, unknown)}
    assert not broken
    held = candidates[candidates["candidate_id"].isin(plan.held_out)]
    assert not set(zip(held["customer_id"], held["play"], strict=True)) & set(zip(actions["customer_id"], actions["play"], strict=True))
    assert plays > 1 or not set(held["customer_id"]) & set(actions["customer_id"])
    assert actions.groupby("customer_id")["play"].nunique().max() <= plays
    load = measure_load(steps, plan, mine.team, mine.settings, AS_OF)
    assert (load["planned"] <= load["hours"] + 1e-6).all()
    contacts = actions[actions["channel"] != "internal"]
    for customer, days in contacts.groupby("customer_id")["due_on"]:
        before = mine.recent.get(customer, 0)
        assert all(((days > d - pd.Timedelta(days=7)) & (days <= d)).sum() + (before if d <= DAY + pd.Timedelta(days=6) else 0) <= mine.settings.contacts_per_week for d in days), customer


def test_every_rule_blocks_somebody_and_every_exemption_lets_somebody_through(ground):
    mine, trouble = with_trouble(ground, 11, 700, unknown_consent="block")
    candidates, _ = list_candidates(mine)
    assert {"consent", "open_ticket", "complaint", "touched", "held_out", "cool_down"} <= set(candidates["blocked_by"])
    assert not ((candidates["blocked_by"] == "weekly_cap") & (candidates["contacts"] == 0)).any()
    free = candidates[candidates["blocked_by"] == ""]
    exempt = free[free["play"].map(lambda k: bool(mine.playbook.plays[k].exempt))]
    assert len(exempt)


def test_rules_at_their_edges():
    tickets = pd.DataFrame({"customer_id": list("abcd"), "opened_at": pd.to_datetime(["2025-06-17 09:00", "2025-06-16 23:59", "2025-06-30 23:00", "2025-07-01 08:00"]), "is_complaint": pd.array([True, True, True, True], dtype="boolean")})
    touches = pd.DataFrame({"customer_id": list("abc"), "play": "x", "sent_on": pd.to_datetime(["2025-06-24", "2025-06-23", "2025-07-01"])})
    told = find_contact_rules(tickets, touches, None, ActionsSettings(), as_of=AS_OF)
    assert told.loc[told["rule"] == "complaint", "customer_id"].tolist() == ["a", "c"]  # 14 days, this one included; nothing that has not happened yet
    assert told.loc[told["rule"] == "touched", "customer_id"].tolist() == ["a"]  # seven days, this one included
    assert count_recent_contacts(touches, as_of=AS_OF).to_dict() == {"a": 1}


def test_a_request_of_high_severity_counts_until_it_is_solved():
    tickets = pd.DataFrame({
        "customer_id": list("abcde"), "severity": ["high", "high", "high", "low", "high"], "opened_at": pd.to_datetime(["2025-05-01", "2025-05-01", "2025-05-01", "2025-05-01", "2025-07-01"]),
        "resolved_at": pd.to_datetime([None, "2025-06-30", "2025-07-01", None, None]),
    })  # fmt: skip
    told = find_contact_rules(tickets, None, None, ActionsSettings(), as_of=AS_OF)
    assert told["customer_id"].tolist() == ["a", "c"]  # solved tomorrow is open today


def test_without_tables_nobody_is_protected_and_nobody_asked():
    assert find_contact_rules(None, None, None, ActionsSettings(), as_of=AS_OF).empty
    assert find_contact_rules(pd.DataFrame({"customer_id": ["a"], "opened_at": [DAY]}), pd.DataFrame({"customer_id": [], "play": [], "sent_on": pd.to_datetime([])}), pd.DataFrame({"customer_id": ["a"]}), ActionsSettings(), as_of=AS_OF).empty


def test_a_channel_that_the_company_does_not_have_is_never_planned(ground):
    absent = ("wechat", "sms")
    usual, without = (set(list_candidates(some_of(ground, no_channels=no))[1]["channel"]) for no in ((), absent))
    assert usual >= set(absent) and not without & set(absent) and "email" in without


def test_the_guard_blocks_an_offer_that_costs_more_than_it_saves(ground, playbook):
    free = replace(ground, settings=ActionsSettings(hold_out=False))
    candidates, _ = list_candidates(free)
    offers = candidates[candidates["play"].map(lambda k: bool(playbook.plays[k].offer))]
    stopped = offers[offers["blocked_by"] == "offer_guard"]
    assert len(stopped) and (stopped["cost"] >= stopped["gain"]).all()
    assert not ((candidates["blocked_by"] == "") & (candidates["gain"] - candidates["cost"] <= 0)).any()
    assert stopped["blocked_says"].str.fullmatch(r"costs [\d,.]+, is expected to bring [\d,.]+").all()


def test_a_dearer_waiver_is_blocked_for_more_customers(ground, playbook):
    play = max((p for p in playbook.plays.values() if p.offer and p.purpose == "save"), key=lambda p: ground.price[p.offer][0])
    counts = []
    for factor in (1.0, 1000.0):
        prices = ground.prices.assign(unit_cost=ground.prices["unit_cost"].mask(ground.prices["row"] == play.offer, ground.price[play.offer][0] * factor))
        plays = {play.key: play.model_copy(update={"cost_cap": 1e9})}
        told, _ = list_candidates(replace(ground, prices=prices, playbook=replace(playbook, plays=plays)))
        counts.append(int((told.loc[told["play"] == play.key, "blocked_by"] == "offer_guard").sum()))
        mine = told[(told["play"] == play.key) & (told["blocked_by"] == "")]
        assert (mine["gain"] > mine["money"] + mine["work_cost"]).all()
    assert counts[0] < counts[1]


def test_hold_out_takes_the_share_of_each_play_from_every_tier():
    dice = np.random.default_rng(4)
    count = 2000
    chosen = pd.DataFrame({"candidate_id": [f"x{i}" for i in range(count)], "customer_id": [f"c{i}" for i in range(count)], "play": dice.choice(["p", "q"], count, p=[0.7, 0.3])})
    chosen["hold_out"] = chosen["play"].map({"p": 0.1, "q": 0.3})
    tiers = pd.Series(dice.choice(["H", "M", "L"], count, p=[0.02, 0.2, 0.78]), index=chosen["customer_id"])
    held = chosen[chosen["candidate_id"].isin(draw_hold_out(chosen, tiers))]
    sizes, taken = (f.groupby(["play", f["customer_id"].map(tiers)]).size() for f in (chosen, held))
    share = sizes.index.get_level_values(0).map({"p": 0.1, "q": 0.3})
    assert ((taken.reindex(sizes.index).fillna(0) - sizes * share).abs() < 1).all()
    assert held["play"].value_counts().to_dict() == {p: round(n * {"p": 0.1, "q": 0.3}[p]) for p, n in chosen["play"].value_counts().items()}


def test_hold_out_is_the_same_in_any_order_and_does_not_follow_the_name():
    chosen = pd.DataFrame({"candidate_id": [f"x{i:03d}" for i in range(400)], "customer_id": [f"c{i:03d}" for i in range(400)], "play": "p", "hold_out": 0.25})
    tiers = pd.Series("H", index=chosen["customer_id"])
    first = set(draw_hold_out(chosen, tiers))
    assert first == set(draw_hold_out(chosen.sample(frac=1, random_state=1), tiers))
    halves = [sum(i < "x200" for i in first), sum(i >= "x200" for i in first)]
    assert sum(halves) == 100 and min(halves) > 30
    other = set(draw_hold_out(chosen.assign(play="q"), tiers))
    assert len(first & other) < 50  # another play is another draw
    grown = pd.concat([chosen, chosen.head(40).assign(candidate_id=lambda f: "y" + f["candidate_id"], customer_id=lambda f: "z" + f["customer_id"])], ignore_index=True)
    kept = first & set(draw_hold_out(grown, pd.Series("H", index=grown["customer_id"])))
    assert len(kept) > 85  # who joins changes the draw only where the border moves
    assert draw_hold_out(chosen.assign(hold_out=0.0), tiers) == []


def test_the_list_is_the_same_on_a_second_run_and_in_any_order_of_rows(ground):
    mine, _ = with_trouble(ground, 5)
    mixed = replace(mine, situations=mine.situations.sample(frac=1, random_state=9), triggers=mine.triggers.sample(frac=1, random_state=8), rules=mine.rules.sample(frac=1, random_state=7), winback=mine.winback.sample(frac=1, random_state=6))
    first, again = list_of(mine)[2], list_of(mixed)[2]
    pd.testing.assert_frame_equal(first, again)
    assert first["action_id"].is_unique


def test_tables_tell_the_plan_back(ground):
    candidates, steps, _, plan = list_of(with_trouble(ground, 3)[0])
    told = split_candidates(join_candidates(candidates, steps))
    pd.testing.assert_frame_equal(told[0], candidates)
    pd.testing.assert_frame_equal(told[1], steps)
    again = plan_of(record_plan(candidates, plan))
    assert (again.treated, again.held_out, again.first.ids & plan.treated) == (plan.treated, plan.held_out, plan.first.ids & plan.treated)


def test_touches_of_the_list_compare_only_who_was_chosen_by_one_rule(ground):
    candidates, steps, actions, plan = list_of(some_of(ground, 700, hours_share=0.05))
    touches = list_touches(candidates, steps, plan, ground.situations.set_index("customer_id")["tier"], as_of=AS_OF)
    assert touches["touch_id"].is_unique and set(touches["group"]) == {"treated", "held_out"}
    assert len(touches[touches["group"] == "held_out"]) == len(plan.held_out)
    fill_in = candidates[candidates["candidate_id"].isin(plan.second.ids)]
    assert len(fill_in) and not set(zip(fill_in["customer_id"], fill_in["play"], strict=True)) & set(zip(touches["customer_id"], touches["play"], strict=True))
    assert (touches.loc[touches["group"] == "held_out", "cost"] == 0).all() and touches["response"].isna().all()
    asked = candidates[candidates["candidate_id"].isin(plan.first.ids)]
    for play, rows in asked.groupby("play"):
        held = rows["candidate_id"].isin(plan.held_out).sum()
        assert abs(held - len(rows) * rows["hold_out"].iloc[0]) <= 0.5 + 1e-9, play


def test_who_is_not_served_is_told_with_what_it_costs(ground):
    tight = some_of(ground, hours_share=0.01, budget=200.0)
    candidates, steps, actions, plan = list_of(tight)
    told = list_not_served(candidates, steps, plan, tight.team, tight.settings)
    assert told["customer_id"].is_unique
    assert not set(told["customer_id"]) & set(actions["customer_id"])
    assert set(told["customer_id"]) | set(actions["customer_id"]) == set(candidates["customer_id"])
    full = told[told["group"] == "no capacity"]
    assert len(full) and (full["net_lost"] > 0).all() and (full["why"] != "").all()
    assert candidates.loc[candidates["candidate_id"].isin(plan.treated), "money"].sum() <= 200.0 + 0.005
    assert (told.loc[told["group"] == "not worth it", "net_lost"] == 0).all()
    best = candidates[candidates["blocked_by"] == ""].groupby("customer_id")["net"].max()
    assert np.allclose(full["net_lost"], best.reindex(full["customer_id"]))


def test_gain_of_a_customer_is_counted_once(ground):
    _, _, actions, plan = list_of(some_of(ground, hold_out=False))
    assert actions.groupby("customer_id")["play"].nunique().max() == 1
    once = actions.drop_duplicates(["customer_id", "play"])["worth"].sum()
    assert once == pytest.approx(plan.first.value, rel=1e-9)
    assert price_of(ground.prices)[HOUR][0] > 0
