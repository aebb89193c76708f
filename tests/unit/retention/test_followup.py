"""What the last list came to binds the next one: nothing is asked for twice, a play under way goes on, who is held out stays held out."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from helpers.retention.changes import compare_lists
from helpers.retention.followup import HISTORY, Evidence, find_closed, go_on, held_out_touches, list_history
from helpers.retention.playfiles import read_playbooks

AS_OF, BEFORE = dt.date(2025, 6, 30), dt.date(2025, 6, 23)
WORDS = {"en": "x", "zh": "甲"}


def play(key, *, ordered=True, days=(0, 7), cooldown=30):
    steps = [{"day": d, "role": "owner", "channel": "call", "do": WORDS, "script": WORDS} for d in days]
    return {
        "key": key,
        "label": {"en": f"Play {key}", "zh": "甲"},
        "aim": WORDS,
        "purpose": "save",
        "levels": ["mild"],
        "steps": steps,
        "cost_cap": 10,
        "effect": {"saves": 0.1},
        "stop": {"says": {"en": "they order", "zh": "甲"}, "ordered": ordered},
        "cooldown_days": cooldown,
    }


BOOK = read_playbooks({"mine": {"plays": [play("talk"), play("visit", ordered=False)]}})


def action(customer, step=1, **more):
    row = {
        "action_id": f"A-{customer}{step}",
        "customer_id": customer,
        "play": "talk",
        "play_label": "Talk",
        "step": step,
        "owner": "S01",
        "channel": "call",
        "due_on": pd.Timestamp("2025-06-24"),
        "status": "open",
        "result": "",
        "reason": "why",
        "listed_on": pd.Timestamp(BEFORE),
    }
    return row | more


def closed(*rows, **evidence):
    return find_closed(pd.DataFrame(list(rows)), Evidence(**evidence), BOOK, before=BEFORE, as_of=AS_OF)


def test_owners_word_goes_first_in_both_languages():
    assert closed(action("a", status="done", result="spoken"), action("b", status="取消"), action("c")) == [
        ("done", "marked done by its owner: spoken"),
        ("dropped", "marked dropped by its owner"),
        ("", ""),
    ]


def test_one_conversation_closes_one_action_only_the_earliest():
    talks = pd.DataFrame({"customer_id": ["a"], "kind": ["call"], "at": [pd.Timestamp("2025-06-25 10:00")]})
    later = action("a", 2, due_on=pd.Timestamp("2025-07-01"))
    assert closed(later, action("a"), interactions=talks) == [("", ""), ("done", "call on record on 2025-06-25")]


@pytest.mark.parametrize("day", ["2025-06-23 12:00", "2025-07-01 00:00"])
def test_what_is_on_record_before_the_last_list_or_after_this_day_does_not_count(day):
    talks = pd.DataFrame({"customer_id": ["a"], "kind": ["call"], "at": [pd.Timestamp(day)]})
    assert closed(action("a"), interactions=talks) == [("", "")]


def test_an_order_stops_a_play_that_stops_at_one():
    orders = pd.DataFrame({"customer_id": ["a"], "last_order_date": [pd.Timestamp("2025-06-26")]})
    assert closed(action("a"), action("a", play="visit"), last_orders=orders) == [("dropped", "ordered on 2025-06-26: they order"), ("", "")]


def test_automatic_messages_whose_day_has_passed_count_as_sent():
    told = closed(action("a", owner="automatic"), action("b", owner="automatic", due_on=pd.Timestamp("2025-07-03")))
    assert [what for what, _ in told] == ["done", ""]


def candidates(*rows):
    base = {
        "gain": 100.0,
        "money": 20.0,
        "hours": 2.0,
        "work_cost": 20.0,
        "cost": 40.0,
        "net": 60.0,
        "contacts": 1,
        "hold_out": 0.1,
        "blocked_by": "",
        "blocked_says": "",
    }
    frame = pd.DataFrame([{"candidate_id": f"{c}|{p}", "customer_id": c, "play": p} | base | more for c, p, more in rows])
    steps = pd.DataFrame(
        [
            {
                "candidate_id": f"{c}|{p}",
                "customer_id": c,
                "play": p,
                "step": s,
                "due_on": pd.Timestamp("2025-07-01") + pd.Timedelta(days=7 * (s - 1)),
                "week": s - 1,
                "planned_channel": "call",
                "hours": 1.0,
                "money": 10.0,
            }
            for c, p, _ in rows
            for s in (1, 2)
        ]
    )
    return frame.astype({"contacts": "Int64"}), steps.astype({"step": "Int64", "week": "Int64"})


def history(*rows):
    return pd.DataFrame(list(rows), columns=list(HISTORY)).astype(HISTORY)


def going(rows, past, previous=None):
    return go_on(*candidates(*rows), past, previous, BOOK, as_of=AS_OF, hour_cost=10.0, min_net=0.0)


def test_of_a_play_under_way_only_the_rest_is_to_do_at_its_own_price_and_nobody_is_held_out():
    previous = pd.DataFrame([action("a", 2, due_on=pd.Timestamp("2025-07-04"))])
    found, steps = going(
        [("a", "talk", {"blocked_by": "cool_down"}), ("a", "visit", {}), ("b", "talk", {})], history(("a", "talk", 1, "done", "2025-06-30", "spoken")), previous
    )
    mine = found.set_index("candidate_id").loc["a|talk"]
    assert (mine["money"], mine["hours"], mine["cost"], mine["net"], mine["hold_out"], mine["blocked_by"]) == (10.0, 1.0, 20.0, 80.0, 0.0, "")
    assert steps.loc[steps["candidate_id"] == "a|talk", ["step", "due_on", "week"]].values.tolist() == [[2, pd.Timestamp("2025-07-04"), 0]]
    other = found.set_index("candidate_id").loc["a|visit"]
    assert (other["blocked_by"], other["blocked_says"]) == ("under_way", "Play talk is under way")
    assert found.set_index("candidate_id").loc["b|talk", "hold_out"] == 0.1


def test_what_is_done_or_called_off_rests_for_its_cooldown_and_then_comes_back():
    for what, step in (("done", 2), ("dropped", 1)):
        found, _ = going([("a", "talk", {})], history(("a", "talk", step, what, "2025-06-30", "told so")))
        assert found.loc[0, ["blocked_by", "blocked_says"]].tolist() == ["done", "told so"]
        found, steps = going([("a", "talk", {})], history(("a", "talk", step, what, "2025-05-31", "told so")))
        assert found.loc[0, "blocked_by"] == "" and len(steps) == 2


def test_without_an_earlier_list_nothing_changes():
    before, steps = candidates(("a", "talk", {}))
    after, rest = going([("a", "talk", {})], history())
    pd.testing.assert_frame_equal(after, before)
    pd.testing.assert_frame_equal(rest, steps)


def test_history_goes_on_from_list_to_list_and_forgets_nothing_early():
    earlier = history(
        ("a", "talk", 1, "done", "2025-06-23", "spoken"),
        ("h", "talk", 0, "held_out", "2025-06-23", "held out"),
        ("z", "talk", 1, "done", "2099-01-01", "later"),
    )
    told = list_history(earlier, pd.DataFrame([action("b", status="done")]), Evidence(), BOOK, as_of=AS_OF)
    assert told[["customer_id", "what"]].values.tolist() == [["a", "done"], ["b", "done"], ["h", "held_out"]]
    assert held_out_touches(told, None)[["customer_id", "group"]].values.tolist() == [["h", "held_out"]]


def test_every_action_of_the_last_list_is_accounted_for_once_and_none_is_both_listed_and_closed():
    previous = pd.DataFrame([action("a"), action("b"), action("c"), action("d", play="gone")])
    today = pd.DataFrame([action("a", due_on=pd.Timestamp("2025-07-01")), action("n", due_on=pd.Timestamp("2025-07-02"))])
    past = history(("b", "talk", 1, "done", AS_OF, "spoken"))
    told = compare_lists(previous, today, past, {}, BOOK, before=BEFORE, as_of=AS_OF)
    assert told[["change", "customer_id"]].values.tolist() == [["added", "n"], ["done", "b"], ["dropped", "c"], ["dropped", "d"], ["kept", "a"]]
    kept = told.iloc[-1]
    assert kept["due_on"] == pd.Timestamp("2025-07-01") and kept["why"] == "not done yet, was due on 2025-06-24"
    assert told.iloc[3]["why"] == "the play is no longer in the playbooks"
