"""Whom to interview, what signals hint at, what purchases say about a customer, how well needs are met."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.needs.coding import SHEET, build_coding_sheet, check_coding, count_codes, judge_coders
from helpers.needs.explicit import list_explicit_needs, summarise_explicit_needs
from helpers.needs.interviews import plan_interviews, share_out, write_guide
from helpers.needs.manual import measure_gaps, score_engagement, weigh_votes
from helpers.needs.maps import build_maps
from helpers.needs.match import score_match
from helpers.needs.scenario import bundle_by_style, describe_scenarios, find_shifts, list_affinities
from helpers.needs.settings import ShiftSettings
from helpers.needs.settings_people import InterviewsSettings, NeedsSettings
from helpers.needs.signals import find_pain_points, summarise_pain_points
from helpers.runs.needs_inputs import read_maps

AS_OF = dt.date(2025, 6, 30)
MAPS = read_maps()


def tiers(n=200):
    return pd.DataFrame(
        {
            "customer_id": [f"c{k:03}" for k in range(n)],
            "tier": ["Best" if k % 10 == 0 else "Sleeping" for k in range(n)],
            "total_spend": np.arange(n) * 10.0,
            "order_count": 2,
        }
    )


def cycles(n=200):
    return pd.DataFrame({"customer_id": [f"c{k:03}" for k in range(n)], "is_overdue": pd.array([k % 4 == 0 for k in range(n)], dtype="boolean")})


def test_every_cell_is_heard_and_the_count_is_kept():
    plan = plan_interviews(tiers(), cycles(), None, InterviewsSettings(count=20))
    cells = plan.groupby(["tier", "risk"])[["cell_customers", "cell_interviews"]].first()
    assert len(plan) == 20 and len(cells) == 4 and (cells["cell_interviews"] >= 1).all()
    assert plan["second_coder"].sum() == 2 and plan["customer_id"].is_unique


def test_the_choice_is_fixed_and_not_the_largest_unless_asked():
    first, again = (plan_interviews(tiers().sample(frac=1, random_state=s), cycles(), None, InterviewsSettings()) for s in (1, 2))
    assert set(first["customer_id"]) == set(again["customer_id"])
    value = plan_interviews(tiers(), None, None, InterviewsSettings(count=4, pick="value"))
    assert set(value["risk"]) == {"risk unknown"} and "c199" in set(value["customer_id"])
    assert share_out(np.array([1, 1]), 10).tolist() == [1, 1]  # no more than there are


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_guide_names_facts_and_leaves_out_what_is_not_known(lang):
    plan = plan_interviews(tiers(2), None, None, InterviewsSettings(count=4))
    facts = pd.DataFrame(
        {"customer_id": plan["customer_id"], "orders": "7", "last_order": "2025-06-01", "overdue": "", "score": None, "pains": None, "main_group": "beans"}
    )
    guide = write_guide(plan, facts, MAPS, InterviewsSettings(lang=lang))
    own = guide[guide["customer_id"] == plan["customer_id"].iloc[0]]["question"]
    assert "7" in own.iloc[0] and "2025-06-01" in own.iloc[0] and own.str.contains("beans").sum() == 1
    assert not own.str.contains(r"[{}]|None|nan").any()


def test_the_coding_sheet_comes_back_and_both_tracks_meet():
    plan = pd.DataFrame({"customer_id": ["a", "b"], "second_coder": [True, False]})
    sheet = build_coding_sheet(plan)
    assert list(sheet) == list(SHEET) and len(sheet) == 9 and check_coding(sheet).empty
    filled = sheet.assign(
        code=["price", "", "range", "Price", "", "training", "price", "delivery", ""],
        strength=["4", "", "", "5", "", "", "2", "", ""],
        quote=["too dear", *[""] * 8],
    )
    coding = check_coding(filled)
    needs = pd.DataFrame({"customer_id": ["a", "b"], "need_type": ["cost_sensitive", "none"]})
    told = count_codes(coding, needs, None).set_index(["theme", "code"])
    price = told.loc[("current_pain", "price")]
    assert price[["interviews", "share", "strength", "also_in_behaviour", "quote"]].tolist() == [2, 1.0, 3.0, 1, "too dear"]
    assert pd.isna(told.at[("future_expectation", "delivery"), "also_in_behaviour"]) or told.at[("future_expectation", "delivery"), "also_in_behaviour"] == 0
    agreed = judge_coders(coding).iloc[0]
    # coded twice: customer a; pain: both price; unmet: range against training; codes used there: price, range, training; 2 places x 3 codes
    assert agreed["codes"] == 3 and agreed["agreement"] == pytest.approx(4 / 6, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"theme": "pain"}, "line 2: theme 'pain' is none of"),
        ({"strength": "9"}, "line 2: strength '9' is no number from 1 to 5"),
        ({"strength": "much"}, "line 2: strength 'much'"),
    ],
)
def test_a_wrong_entry_is_one_sentence_with_its_line(change, sentence):
    row = {"customer_id": "a", "interviewed_on": "", "coder": "first", "theme": "current_pain", "code": "price", "quote": "", "strength": "3", **change}
    with pytest.raises(UserError, match=sentence):
        check_coding(pd.DataFrame([row]))
    with pytest.raises(UserError, match="has no column theme, code"):
        check_coding(pd.DataFrame({"customer_id": ["a"]}))


def test_a_signal_needs_as_many_rows_as_the_map_says_and_names_them():
    tickets = pd.DataFrame(
        {
            "ticket_id": ["T1", "T2", "T3", "T4"],
            "customer_id": ["a", "a", "b", "a"],
            "category": "usage",
            "opened_at": pd.to_datetime(["2025-05-01", "2025-06-01", "2025-06-01", "2023-01-01"]),
        }
    )
    feedback = pd.DataFrame({"source": "ticket", "record": ["T1", "T2", "T3", "T4"], "theme": "how_to_use"})
    events = pd.DataFrame({"customer_id": ["d"] * 7, "at": pd.date_range("2025-01-01", periods=7), "event": "feature_use", "object": "reorder"})
    equipment = pd.DataFrame(
        {
            "equipment_id": ["E1", "E2", "E3", "E4"],
            "customer_id": list("wxyz"),
            "installed_on": pd.to_datetime(["2024-01-01"] * 4),
            "faults": [0, 1, 0, 12],
            "energy_use": [9.0, 9.0, 9.0, 14.0],
        }
    )
    found = find_pain_points(
        {"tickets": tickets, "events": events, "equipment": equipment}, feedback, None, MAPS, as_of=AS_OF, settings=NeedsSettings()
    ).set_index(["customer_id", "signal"])
    how = found.loc[("a", "asks_how_to_use")]
    assert how["times"] == 2 and how["evidence"] == "T1, T2" and how["pain_zh"] == "产品使用不熟练"
    assert ("b", "asks_how_to_use") not in found.index
    assert "7 times until 2025-01-07, then nothing" in found.at[("d", "stopped_using_features"), "evidence"]
    assert found.at[("z", "machine_fails_often"), "evidence"] == "E4: 12, usual 3.2" and ("z", "machine_uses_much_energy") in found.index
    assert summarise_pain_points(found.reset_index(), None)["customers"].tolist() == [1, 1, 1, 1]


def test_looking_without_buying_needs_the_same_product_and_no_purchase_after_it():
    views = pd.DataFrame(
        {
            "customer_id": ["a"] * 3 + ["b"] * 3 + ["c"] * 3,
            "at": pd.to_datetime(["2025-06-01", "2025-06-02", "2025-06-03"] * 3),
            "event": "page_view",
            "object": ["product/x"] * 6 + ["product/x", "product/y", "product/z"],
        }
    )
    bought = pd.DataFrame({"customer_id": ["b"], "item": ["x"], "order_date": pd.to_datetime(["2025-06-05"])})
    found = find_pain_points({"events": views}, None, bought, MAPS, as_of=AS_OF, settings=NeedsSettings())
    assert found.loc[found["signal"] == "looks_but_does_not_buy", "customer_id"].tolist() == ["a"]


def test_an_edited_map_changes_what_is_found():
    changed = MAPS.model_dump(mode="json")
    changed["pain_points"] = [
        {
            "signal": "any_ticket",
            "table": "tickets",
            "where": {"category": "us*"},
            "at_least": 1,
            "pain": {"en": "p", "zh": "p"},
            "answer": {"en": "a", "zh": "a"},
        }
    ]
    tickets = pd.DataFrame({"ticket_id": ["T1"], "customer_id": ["a"], "category": ["usage"], "opened_at": pd.to_datetime(["2025-05-01"])})
    assert find_pain_points({"tickets": tickets}, None, None, build_maps(changed), as_of=AS_OF, settings=NeedsSettings())["signal"].tolist() == ["any_ticket"]


def test_stated_needs_with_quotes_and_repeated_purchases():
    feedback = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "theme_kind": ["question", "question", "praise"],
            "theme": ["how_to_use", "how_to_use", "praise"],
            "at": pd.to_datetime(["2025-05-01", "2025-06-01", "2025-06-01"]),
            "record": ["1", "2", "3"],
            "text": ["old", "new", "fine"],
        }
    )
    days = pd.DataFrame(
        {
            "customer_id": ["a"] * 3 + ["b"] * 2,
            "item": "beans",
            "order_date": pd.to_datetime(["2025-01-01", "2025-02-01", "2025-03-01", "2025-01-01", "2025-02-01"]),
        }
    )
    told = list_explicit_needs(feedback, days, MAPS, as_of=AS_OF, settings=NeedsSettings())
    assert told[["customer_id", "need", "times"]].values.tolist() == [["a", "repeat_purchase", 3], ["a", "question", 2]]
    assert told.set_index("need").at["question", "quote"] == "new" and summarise_explicit_needs(told)["customers"].tolist() == [1, 1]


def test_budget_style_and_stage_by_hand():
    products = pd.DataFrame(
        {
            "product_id": ["p1", "p2", "p3", "m"],
            "subcategory": ["beans", "beans", "beans", "home"],
            "category": ["beans"] * 3 + ["machines"],
            "tags": ["filter", "filter;eco", "milk", None],
        }
    )
    lines = pd.DataFrame(
        {
            "customer_id": ["a"] * 4 + ["b"],
            "product_id": ["p3", "p3", "p2", "m", "p1"],
            "order_date": pd.to_datetime(["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04", "2025-01-01"]),
            "unit_price": [30.0, 30.0, 20.0, 900.0, 10.0],
        }
    )
    told = describe_scenarios(lines, products, MAPS.stages, settings=ShiftSettings()).set_index("customer_id")
    assert told.at["a", "budget_band"] == "high" and told.at["b", "budget_band"] == "low" and told.at["b", "price_position"] == pytest.approx(1 / 6, abs=1e-4)
    assert told.at["a", "style"] == "milk" and told.at["a", "style_share"] == pytest.approx(2 / 3, abs=1e-4) and pd.isna(told.at["b", "style"])
    assert told.at["a", "stage"] == "running" and bundle_by_style(lines, products).empty


def test_a_map_of_another_trade_states_no_stage():
    products = pd.DataFrame({"product_id": ["p"], "subcategory": ["soup"], "category": ["grocery"]})
    lines = pd.DataFrame({"customer_id": ["a"], "product_id": ["p"], "order_date": pd.to_datetime(["2025-01-01"]), "unit_price": [np.nan]})
    told = describe_scenarios(lines, products, MAPS.stages, settings=ShiftSettings())
    assert told[["stage", "style", "budget_band"]].isna().all(axis=None)


def test_affinity_is_the_own_share_by_the_usual_share():
    days = pd.DataFrame(
        [("a", "tea", d) for d in pd.date_range("2025-01-01", periods=3)]
        + [("a", "jam", pd.Timestamp("2025-01-01"))]
        + [("b", "jam", d) for d in pd.date_range("2025-01-01", periods=4)],
        columns=["customer_id", "item", "order_date"],
    )
    told = list_affinities(days)
    assert told[["customer_id", "category", "lift"]].values.tolist() == [["a", "tea", 2.0], ["b", "jam", 1.6]]


def test_a_shift_is_found_and_a_small_mix_that_wobbles_is_not():
    early, late = pd.date_range("2024-08-01", periods=20), pd.date_range("2025-03-01", periods=20)
    rows = [("moved", "tea", d) for d in early] + [("moved", "jam", d) for d in late]
    rows += [("same", "tea" if k % 2 else "jam", d) for k, d in enumerate([*early, *late])]
    rows += [("small", "tea" if k < 3 else "jam", d) for k, d in enumerate([*early[:5], *late[:5]])]
    told = find_shifts(pd.DataFrame(rows, columns=["customer_id", "item", "order_date"]), as_of=AS_OF, settings=ShiftSettings()).set_index("customer_id")
    assert told["is_shift"].to_dict() == {"moved": True, "small": False, "same": False}
    assert told.loc["moved", ["moved", "main_before", "main_now", "grew", "shrank"]].tolist() == [1.0, "tea", "jam", "jam", "tea"]


def test_match_is_the_mean_of_what_is_measured():
    known = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c"],
            "orders": [5, 5, 1],
            "expected_gap_days": [20.0, 20.0, 20.0],
            "last_order_on": pd.to_datetime(["2025-06-25", "2025-05-21", "2025-01-01"]),
        }
    )
    days = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "a"],
            "item": ["tea", "tea", "jam", "new"],
            "order_date": pd.to_datetime(["2025-01-01", "2025-02-01", "2025-01-01", "2025-06-25"]),
        }
    )
    tickets = pd.DataFrame(
        {"customer_id": ["a", "a"], "opened_at": pd.to_datetime(["2025-05-01", "2025-05-02"]), "resolved_at": pd.to_datetime(["2025-05-03", None])}
    )
    answers = pd.DataFrame(
        {"customer_id": ["a"], "answered_on": pd.to_datetime(["2025-05-01"]), "csat": pd.array([4], dtype="Int64"), "nps": pd.array([9], dtype="Int64")}
    )
    told = score_match(known, days, tickets, answers, as_of=AS_OF, settings=NeedsSettings()).set_index("customer_id")
    assert told.loc["a", ["rhythm", "range", "help", "mood", "match", "parts"]].tolist() == [1.0, 0.5, 0.5, 0.75, 0.6875, 4]
    assert told.loc["b", ["rhythm", "match", "parts"]].tolist() == [0.5, 0.5, 1] and np.isnan(told.at["c", "match"]) and told.at["c", "parts"] == 0


def test_votes_weigh_by_spend_and_expire():
    seen = pd.DataFrame(
        {
            "customer_id": ["c001", "c001", "c199", "c002", "c003"],
            "signal": ["vote: App", "vote: app", "vote: refill", "policy_change", "vote: app"],
            "observed_on": pd.to_datetime(["2025-05-01"] * 5),
            "expires_on": pd.to_datetime([None, None, None, None, "2025-06-01"]),
        }
    )
    told = weigh_votes(seen, tiers(), as_of=AS_OF)
    assert told[["feature", "votes", "voters_spend", "rank_by_votes", "rank_by_spend"]].values.tolist() == [["refill", 1, 1990.0, 1, 1], ["app", 1, 10.0, 1, 2]]


def test_expectation_gaps_pair_the_two_ratings():
    rated = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "b", "c"],
            "criterion": ["expected: delivery", "perceived: delivery", "expected: delivery", "perceived: delivery", "expected: delivery"],
            "score": [5, 2, 4, 4, 1],
            "rated_on": pd.to_datetime(["2025-05-01"] * 5),
        }
    )
    assert measure_gaps(rated, as_of=AS_OF)[["touchpoint", "customers", "expected", "perceived", "gap"]].values.tolist() == [["delivery", 2, 4.5, 3.0, -1.5]]


def test_engagement_ranks_what_is_measured():
    talks = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "at": pd.to_datetime(["2025-06-01"] * 3),
            "direction": ["inbound", "inbound", "outbound"],
            "kind": ["call", "call", "training"],
        }
    )
    told = score_engagement(None, talks, None, as_of=AS_OF, days=90).set_index("customer_id")
    assert told["talks"].to_dict() == {"a": 2, "b": 1} and told["active_days"].isna().all() and told.at["a", "engagement"] == 100
