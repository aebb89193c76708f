"""Why a customer changed tier: parts that add up, and the right cause for customers made for each."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.derive import AxisSettings
from helpers.axes.moves import CAUSES, COLUMNS, explain_moves, go_on_as_before
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings
from helpers.errors import UserError
from helpers.lifecycle.migration import describe_moves

PARTS = ["step_time", "step_behaviour", "step_cut_points", "step_rules"]
BEFORE, AFTER = dt.date(2025, 3, 31), dt.date(2025, 6, 30)


def check_parts(told):
    """The parts sum to the steps for everyone known before; the cause is the largest part in the direction of the move."""
    moves = told.moves
    known = moves.dropna(subset=["steps"])
    assert (known[PARTS].sum(axis=1) == known["steps"]).all()
    assert (known["steps"] == known["rank_before"] - known["rank_after"]).all()
    assert ((known["cause"] == "") == (known["steps"] == 0)).all() and ((known["sentence"] == "") == (known["steps"] == 0)).all()
    entered = moves[moves["steps"].isna()]
    assert entered["cause"].eq("entered").all() and entered["tier_before"].isna().all() and set(entered.index).isdisjoint(told.before.measures["customer_id"])
    assert set(moves.index) == set(told.after.measures["customer_id"]) and moves["tier_after"].notna().all()
    for row in known[known["steps"] != 0].itertuples():
        part = {v: getattr(row, f"step_{k}") for k, v in CAUSES.items()}
        assert abs(part[row.cause]) == max(p * (1 if row.steps > 0 else -1) for p in part.values())
        assert "nan" not in row.sentence and "NA" not in row.sentence and row.sentence.endswith(".")


@settings(max_examples=6, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from(["champions11", "rfm4", "types4", "value3", "stages4", "stages5", "zh8"]), st.dates(dt.date(2023, 6, 1), dt.date(2025, 6, 29)), st.integers(1, 400),
    st.sampled_from([AxisSettings(), AxisSettings(RfmSettings(bands=3), ActivitySettings(preset="general_6m"), LifecycleSettings(new_days=30)), AxisSettings(RfmSettings(method="mean_split"), ActivitySettings(silent=4))]),
)  # fmt: skip
def test_the_parts_add_up_for_every_customer_of_any_shop(make_lines, compare, schemes, seed, name, first, days, later_settings):
    told = compare(make_lines(seed=seed, customers=15), schemes[name], before=first, after=first + dt.timedelta(days=days), later_settings=later_settings)
    check_parts(told)


@pytest.mark.parametrize("name", ["champions11", "rfm4", "stages5"])
def test_the_parts_add_up_when_everything_changes_and_nothing_when_nothing_does(make_lines, compare, schemes, name):
    lines = make_lines(seed=3, customers=60)
    check_parts(compare(lines, schemes[name]))
    same = compare(lines, schemes[name], before=AFTER, after=AFTER)
    assert same.moves["steps"].eq(0).all() and same.moves[PARTS].eq(0).all(axis=None) and same.moves["direction"].eq("same").all()


def test_row_order_of_the_two_days_is_irrelevant(make_lines, compare, schemes, snapshot):
    lines = make_lines(seed=8, customers=30)
    told = compare(lines, schemes["champions11"])
    mixed = lines.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(compare(mixed, schemes["champions11"]).moves, told.moves)
    moves = explain_moves(told.before, told.after, told.idle.sample(frac=1, random_state=2))
    assert {c: str(t) for c, t in moves.dtypes.items()} == COLUMNS


def shop(lines_from, *own, others=14):
    """Customers with a rhythm of four weeks, each on a day of his own, some of whom left long ago, and the orders of those under test."""
    rows = [(f"z{n:02d}", day.strftime("%Y-%m-%d"), 20.0 + n) for n in range(others) for day in pd.date_range(pd.Timestamp("2024-01-01") + pd.Timedelta(days=2 * n), "2025-06-30", freq="28D")]
    gone = [(f"y{n:02d}", day.strftime("%Y-%m-%d"), 15.0 + n) for n in range(others // 2) for day in pd.date_range(f"2024-01-{n + 1:02d}", f"2024-0{n % 7 + 2}-20", freq="28D")]
    return lines_from(*rows, *gone, *own)


def every(name, days, first, last, amount):
    return [(name, day.strftime("%Y-%m-%d"), amount) for day in pd.date_range(first, last, freq=f"{days}D")]


def test_a_customer_who_stops_is_named_with_numbers(lines_from, compare, schemes):
    told = compare(shop(lines_from, *every("ann", 14, "2024-01-01", "2025-03-25", 90.0)), schemes["champions11"])
    ann = told.moves.loc["ann"]
    assert (ann["tier_before"], ann["tier_after"], ann["cause"], ann["step_behaviour"]) == ("champions", "cant_lose", "own behaviour", ann["steps"])
    assert ann["sentence"] == "From Champions to Can't lose them: stopped buying, no order for 98 days, usual gap 15 days."  # fourteen, pulled a little towards the others


def test_a_planted_decliner_is_named_with_the_numbers_of_the_decline(lines_from, compare, schemes):
    orders = [*every("ann", 10, "2023-09-01", "2024-09-30", 90.0), *every("ann", 10, "2024-10-01", "2024-12-31", 99.0), *every("ann", 10, "2025-01-01", "2025-03-31", 80.0), *every("ann", 10, "2025-04-01", "2025-06-28", 20.0)]
    ann = compare(shop(lines_from, *orders), schemes["stages4"]).moves.loc["ann"]
    assert (ann["tier_before"], ann["tier_after"], ann["cause"]) == ("maturity", "decline", "own behaviour")
    spent = [amount for _, day, amount in orders if day > "2025-03-31"]
    assert ann["sentence"].startswith(f"From Maturity to Decline: {len(spent)} orders for {sum(spent):,.0f} since 2025-03-31, the last ") and "12-month spend went from" in ann["sentence"]
    assert ann["orders_between"] == len(spent) and ann["spend_between"] == sum(spent)


def test_a_champion_who_comes_less_lately_is_told_which_score_fell(lines_from, compare, schemes):
    told = compare(shop(lines_from, *every("ann", 12, "2024-01-07", "2025-03-31", 90.0), *every("ann", 12, "2025-04-05", "2025-06-10", 90.0)), schemes["champions11"])
    ann = told.moves.loc["ann"]
    assert ann["cause"] == "own behaviour" and ann["direction"] == "down" and "recency score 5 to " in ann["sentence"]


def test_a_pure_drift_of_the_cut_points_is_called_that(lines_from, compare, schemes):
    """Everyone else spent forty times as much; this customer did exactly as before and fell. His orders add up, so by the old limits he would have risen."""
    steady = every("ann", 13, "2024-01-05", "2025-06-30", 25.0)  # 91 days are seven times thirteen: nine days since the last order on both days
    rows = [(f"z{n:02d}", day.strftime("%Y-%m-%d"), (10.0 + n) * (1 if day <= pd.Timestamp(BEFORE) else 40)) for n in range(30) for day in pd.date_range(f"2024-01-{n % 20 + 1:02d}", "2025-06-27", freq="28D")]
    for name in ("zh8", "champions11"):
        told = compare(lines_from(*rows, *steady), schemes[name])
        ann = told.moves.loc["ann"]
        assert (ann["cause"], ann["direction"], ann["step_time"]) == ("cut points moved", "down", 0) and ann["step_behaviour"] >= 0 > ann["step_cut_points"], name
        better = "better" if ann["step_behaviour"] else "the same"
        assert ann["sentence"].startswith(f"From {ann['label_before']} to {ann['label_after']}: by the limits of 2025-03-31 the tier would be {better}, but the others changed and the limits moved (limit of ")
        assert re.search(r"spend from [\d,]+ to [\d,]+", ann["sentence"])


def test_a_one_timer_who_stays_away_moves_by_time_alone(lines_from, compare, schemes):
    ann = compare(shop(lines_from, ("ann", "2025-03-20", 30.0)), schemes["champions11"]).moves.loc["ann"]
    assert (ann["tier_before"], ann["cause"], ann["step_behaviour"], ann["step_cut_points"]) == ("new", "time passing", 0, 0) and ann["step_time"] == ann["steps"] < 0
    assert ann["sentence"] == f"From New to {ann['label_after']}: no order since 2025-03-31, the silence grew to 102 days."


def test_customers_who_all_keep_their_rhythm_keep_their_stage(lines_from, compare, schemes):
    moves = compare(shop(lines_from), schemes["stages4"]).moves
    assert moves["steps"].eq(0).all() and moves[PARTS].eq(0).all(axis=None)


def test_who_was_not_there_entered(lines_from, compare, schemes):
    ann = compare(shop(lines_from, ("ann", "2025-05-20", 30.0)), schemes["champions11"]).moves.loc["ann"]
    assert (ann["cause"], ann["direction"], ann["tier_after"], ann["sentence"]) == ("entered", "entered", "new", "New to us since 2025-03-31: New.")
    assert pd.isna(ann[["tier_before", "steps", *PARTS]]).all() and ann["orders_between"] == 1


def test_two_days_that_share_no_customer_are_all_new(lines_from, snapshot, schemes):
    old, new = lines_from(("A", "2025-01-10", 10.0)), lines_from(("B", "2025-02-10", 10.0))
    start, end = snapshot(old, BEFORE, schemes["stages4"]), snapshot(new, AFTER, schemes["stages4"])
    idle = snapshot(new, AFTER, schemes["stages4"], known_until=BEFORE).measures
    told = describe_moves(explain_moves(start, end, idle), start, end)
    assert told["direction"].tolist() == ["entered"] and told["customer_id"].tolist() == ["B"]


def test_rules_that_changed_are_no_doing_of_the_customer(lines_from, compare, schemes):
    lines, scheme = shop(lines_from, *every("ann", 30, "2024-01-05", "2025-06-20", 20.0)), schemes["stages5"]
    strict = compare(lines, scheme, later_scheme=scheme.with_parameter("loyal_orders", 50)).moves.loc["ann"]
    assert (strict["tier_before"], strict["tier_after"], strict["cause"], strict["step_rules"]) == ("loyal", "repeat", "rules changed", -1)
    assert strict["sentence"] == "From Loyal to Repeat purchase: by the earlier rules the tier would be the same, but rules or settings were changed."
    tight = compare(lines, schemes["stages4"], later_settings=AxisSettings(activity=ActivitySettings(slowing=0.1, silent=2.5))).moves
    others = tight[tight.index.str.startswith("z") & tight["steps"].ne(0)]
    assert len(others) > 5 and others["cause"].eq("rules changed").all() and (others["step_rules"] == others["steps"]).all()


def test_schemes_with_other_tiers_cannot_be_compared(make_lines, compare, schemes):
    with pytest.raises(UserError, match="schemes stages4 and stages5 have different tiers.*compare within one scheme"):
        compare(make_lines(customers=5), schemes["stages4"], later_scheme=schemes["stages5"])


def test_going_on_as_before_keeps_the_rhythm_of_the_active_and_the_silence_of_the_silent(lines_from, compare, schemes):
    told = compare(shop(lines_from, ("one", "2025-03-20", 30.0), *every("gone", 30, "2024-01-01", "2024-08-01", 10.0)), schemes["champions11"])
    going = go_on_as_before(told.before, told.idle, AFTER).set_index("customer_id")
    start = told.before.measures.set_index("customer_id")
    assert list(going.index) == list(start.index) and going.reset_index().dtypes.equals(told.before.measures.dtypes)
    assert going.at["z00", "recency_days"] == start.at["z00", "recency_days"] and going.at["z00", "tenure_days"] == start.at["z00", "tenure_days"] + 91
    assert (going.loc[["one", "gone"], "recency_days"] == start.loc[["one", "gone"], "recency_days"] + 91).all()


def test_a_scheme_without_orders_says_that_other_evidence_changed(lines_from, compare, make_fit_scheme):
    """A prospect whose rating ends has no recency to speak of."""
    people = pd.DataFrame({"customer_id": ["p"], "created_on": pd.to_datetime(["2024-01-01"])})
    ratings = pd.DataFrame({"customer_id": ["p", "p"], "criterion": "strategic_fit", "rater": "Ann", "score": [5, 2], "rated_on": pd.to_datetime(["2025-03-01", "2025-05-01"]), "expires_on": pd.NaT})
    told = compare(shop(lines_from, others=2), make_fit_scheme, tables={"customers": people, "ratings": ratings}).moves.loc["p"]
    assert told["sentence"] == "From X to X: no order since 2025-03-31, but contact, answers, complaints or ratings changed." and told["cause"] == "own behaviour"


@pytest.fixture
def make_fit_scheme():
    from helpers.rules.schemes import read_scheme

    words = {"en": "X", "zh": "某"}
    tiers = [{"key": k, "label": words, "who": words, "objective": words} for k in ("fits", "other")]
    return read_scheme({"scheme": "fit", "title": words, "about": "", "codes": ["fit_band"], "tiers": tiers, "rules": [{"tier": "fits", "when": "fit_band == 'H'"}], "fallback": {"tier": "other"}}, "fit.yml")


def test_orders_that_came_back_and_complaints_are_told_as_such(lines_from, compare, schemes):
    lines = shop(lines_from, *every("ann", 14, "2024-12-20", "2025-03-25", 90.0))
    theirs = lines[lines["customer_id"] == "ann"]
    back = theirs.assign(order_id="r" + theirs["order_id"], return_of=theirs["order_id"], amount=-90.0, order_date=pd.Timestamp("2025-05-05"))
    ann = compare(pd.concat([lines, back], ignore_index=True), schemes["champions11"]).moves.loc["ann"]
    assert ann["tier_after"] == "not_measured" and ann["orders_between"] < 0 and ann["sentence"].endswith("orders were returned since 2025-03-31.")
    slow = shop(lines_from, *every("bob", 200, "2023-01-01", "2025-03-20", 500.0))
    tickets = pd.DataFrame({"customer_id": ["bob"] * 2, "opened_at": pd.to_datetime(["2025-06-01"] * 2), "is_complaint": True})
    bob = compare(slow, schemes["types4"], tables={"tickets": tickets}).moves.loc["bob"]
    assert "stopped buying" not in bob["sentence"]  # a hundred days are nothing for him
