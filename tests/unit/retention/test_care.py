"""By hand: value at stake, levels of response, occasions, cadence, channels, pressure, win-back, causes, hours by tier."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.retention.allocation import allocate_hours, propose_owners
from helpers.retention.cadence import cover_cadence, plan_cadence
from helpers.retention.causes import code_causes, count_causes, find_cause
from helpers.retention.channels import measure_pressure, prefer_channels
from helpers.retention.levels import assign_levels
from helpers.retention.owners import assign_owners, build_prices, build_team
from helpers.retention.playbook import Cadence, Trigger
from helpers.retention.points import count_points, find_steps
from helpers.retention.situations import build_situations
from helpers.retention.triggers import Sight, find_triggers
from helpers.retention.values import STAKES, sum_years, value_stakes
from helpers.retention.winback import measure_returns, rank_winback

AS_OF = dt.date(2025, 6, 30)
DAY = pd.Timestamp(AS_OF)
WORDS = {"en": "x", "zh": "甲"}


def ago(*days: int) -> list[pd.Timestamp]:
    return [DAY - pd.Timedelta(days=d) for d in days]


def orders(*rows: tuple[str, int, float, float | None]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": [r[0] for r in rows], "order_date": pd.Series(ago(*(r[1] for r in rows)), dtype="datetime64[us]"), "net_amount": [r[2] for r in rows], "cost_amount": pd.Series([r[3] for r in rows], dtype="float64")})


# --- value at stake -----------------------------------------------------------------------------------------------------


def test_the_last_active_year_is_the_year_up_to_the_last_order_and_its_margin_the_own_one():
    told = sum_years(orders(("a", 0, 100, 60), ("a", 364, 100, 60), ("a", 365, 900, 1), ("b", 800, 50, None), ("b", 900, 50, None), ("b", -1, 7, 1)), as_of=AS_OF, default_rate=0.3).set_index("customer_id")
    assert told.loc["a", ["revenue_year", "margin_year", "margin_rate"]].tolist() == pytest.approx([200, 80, 0.4])  # 365 days, the one a year before is out
    assert told.loc["b", ["revenue_year", "margin_rate"]].tolist() == pytest.approx([100, 0.4])  # nobody knows b's costs: those of all
    assert not told["margin_is_default"].any()
    bare = sum_years(orders(("a", 0, 100, 60)).drop(columns="cost_amount"), as_of=AS_OF, default_rate=0.3)
    assert bare["margin_year"].tolist() == [30.0] and bare["margin_is_default"].all()


def test_money_of_many_small_amounts_is_exact():
    told = sum_years(orders(*(("a", i % 300, 0.1, 0.05) for i in range(1000))), as_of=AS_OF, default_rate=0.3)
    assert told["revenue_year"].iloc[0] == 100.0 and told["margin_year"].iloc[0] == 50.0


def values(**columns: object) -> pd.DataFrame:
    """The columns of `customer_values` that are read, as lesson 05 writes them."""
    base = {"customer_id": ["a"], "expected_value": [60.0], "p_alive": [0.5], "horizon_months": [12], "value_basis": ["contribution, own costs"], "predicted": [True]}
    return pd.DataFrame(base | columns)


@pytest.mark.parametrize(
    ("columns", "at_stake", "expected", "basis", "default"),
    [
        ({}, 120.0, 60.0, "value model", False),  # the forecast holds the chance of leaving already: if he stays he brings twice as much
        ({"horizon_months": [6]}, 240.0, 120.0, "value model", False), ({"horizon_months": [24]}, 60.0, 30.0, "value model", False),
        ({"p_alive": [np.nan]}, 60.0, 60.0, "value model", False), ({"p_alive": [0.01], "expected_value": [0.2]}, 40.0, 0.2, "own margin of the last active year", False),
        ({"expected_value": [np.nan], "predicted": [False]}, 40.0, 40.0, "own margin of the last active year", False),
        ({"value_basis": ["revenue, no costs known"]}, 48.0, 24.0, "value model", False),  # sales times the own margin rate of 0.4
    ],
)  # fmt: skip
def test_value_from_lesson_05_is_a_year_of_margin(columns, at_stake, expected, basis, default):
    told = value_stakes(sum_years(orders(("a", 10, 100, 60)), as_of=AS_OF, default_rate=0.3), None, values(**columns)).iloc[0]
    assert (told["value_at_stake"], told["expected_value"]) == pytest.approx((at_stake, expected))
    assert (told["value_basis"], bool(told["value_is_default"])) == (basis, default)


def test_sales_without_any_cost_are_valued_at_the_default_rate_and_say_so():
    years = sum_years(orders(("a", 10, 100, None)), as_of=AS_OF, default_rate=0.3)
    told = value_stakes(years, None, values(value_basis=["revenue, no costs known"])).iloc[0]
    assert told["value_at_stake"] == pytest.approx(36.0) and bool(told["value_is_default"]) and told["value_basis"] == "value model at the default margin rate"


def test_who_has_not_bought_yet_is_worth_a_typical_customer_of_the_kind():
    customers = pd.DataFrame({"customer_id": ["a", "b", "n"], "kind": ["consumer", "business", "business"]})
    told = value_stakes(sum_years(orders(("a", 1, 10, 5), ("b", 1, 1000, 400)), as_of=AS_OF, default_rate=0.3), customers, None).set_index("customer_id")
    assert told.loc["n", "value_at_stake"] == 600.0 and told.loc["n", "value_basis"] == "typical customer" and bool(told.loc["n", "value_is_default"])
    assert value_stakes(sum_years(orders(("a", 1, 10, 5)).head(0), as_of=AS_OF, default_rate=0.3), customers, None)["value_at_stake"].tolist() == [0.0, 0.0, 0.0]


def test_the_tables_of_lesson_05_have_the_columns_that_are_read(demo):
    customer_values, value_scores = demo.load("customer_values"), demo.load("value_scores")
    assert {"customer_id", "expected_value", "p_alive", "horizon_months", "value_basis"} <= set(customer_values) and {"customer_id", "is_core"} <= set(value_scores)
    stakes, situations = demo.load("customer_stakes"), demo.load("customer_situations").set_index("customer_id")
    assert list(stakes) == list(STAKES) and stakes["customer_id"].is_unique and (stakes[["value_at_stake", "expected_value", "margin_year"]] >= 0).all(axis=None)
    by_model = stakes[stakes["value_basis"] == "value model"].set_index("customer_id")
    model = customer_values.set_index("customer_id").loc[by_model.index]
    assert len(by_model) > 400 and np.allclose(by_model["expected_value"], model["expected_value"]) and np.allclose(by_model["value_at_stake"], model["expected_value"] / model["p_alive"])
    core = value_scores.set_index("customer_id")["is_core"]
    assert situations["is_core"].fillna(False).sum() == core.sum() > 0 and (situations.loc[core.index[core], "is_core"] == True).all()  # noqa: E712


# --- levels ---------------------------------------------------------------------------------------------------------------


def finding(customer: str, signal: str, severity: str, about: str, **more: object) -> dict[str, object]:
    base = {"customer_id": customer, "signal": signal, "severity": severity, "about": about, "foretells": "leaving", "acts": True, "size": 0.5, "chance": 0.4, "lift": 2.0, "since": DAY, "evidence_en": signal, "evidence_zh": signal}
    return base | more


def levels(rows: list[dict[str, object]], chances: dict[str, float] | None = None) -> pd.DataFrame:
    columns = list(finding("", "", "mild", ""))
    findings = pd.DataFrame(rows, columns=columns).astype({"acts": "boolean", "since": "datetime64[us]", "chance": "float64", "size": "float64"})
    scores = pd.DataFrame({"customer_id": list(chances or {}), "leave_chance": list((chances or {}).values()), "reason": "score", "reason_zh": "分"})
    return assign_levels(findings, scores, as_of=AS_OF, moderate_chance=0.33, severe_chance=0.66, clocks={"mild": 168, "moderate": 48, "severe": 24}).set_index("customer_id")


def test_three_levels_from_signals_and_from_chance():
    told = levels(
        [finding("a", "s", "mild", "x"), finding("b", "s", "moderate", "x"), finding("b", "t", "moderate", "y"), finding("c", "s", "moderate", "x"), finding("c", "t", "moderate", "x"),
         finding("d", "s", "severe", "x", acts=False), finding("e", "s", "severe", "x", foretells="shrinking", size=0.5), finding("f", "s", "severe", "x", foretells="buying")],
        {"a": 0.33, "g": 0.66, "h": 0.32},
    )  # fmt: skip
    assert told["level"].to_dict() == {"a": "moderate", "b": "severe", "c": "moderate", "e": "moderate", "g": "severe", "h": "none"}  # two that say one thing count once; who buys less is no case for management
    assert told["level_by"].to_dict() == {"a": "chance", "b": "signals", "c": "signals", "e": "signals", "g": "chance", "h": "both"}
    assert told.loc["b", "first_step_by"] == DAY + pd.Timedelta(hours=24) and told.loc["c", "first_step_by"] == DAY + pd.Timedelta(hours=48)


def test_what_is_at_stake_is_leaving_and_shrinking_together_and_what_nobody_knows_is_missing():
    told = levels([finding("a", "s", "mild", "x", chance=0.5), finding("a", "t", "mild", "y", foretells="shrinking", chance=0.5, size=0.4), finding("b", "t", "mild", "y", foretells="shrinking", chance=0.5, size=0.4)], {"a": 0.2})
    assert told.loc["a", ["leave_chance", "shrink_share", "loss_share"]].tolist() == pytest.approx([0.5, 0.2, 0.6])
    assert np.isnan(told.loc["b", "leave_chance"]) and told.loc["b", "loss_share"] == pytest.approx(0.2) and told.loc["b", "chance_basis"] == "not known"


def test_a_customer_of_whom_only_shrinking_is_known_is_not_safer_than_one_of_whom_nothing_is(history_of):
    axes = pd.DataFrame({"customer_id": ["a", "b", "c"], "activity": ["active", "active", "silent"], "order_count": [3, 3, 3]})
    stakes = pd.DataFrame({"customer_id": ["a", "b", "c"], "revenue_year": 1.0, "margin_year": 1.0, "margin_rate": 1.0, "value_at_stake": [1.0, 2.0, 3.0], "expected_value": 1.0, "value_basis": "x", "value_is_default": False})
    known = levels([finding("a", "t", "mild", "y", foretells="shrinking", chance=0.5, size=0.4)]).reset_index()
    lines = pd.DataFrame({"customer_id": ["a"], "order_id": ["1"], "order_date": ago(5), "amount": [1.0]}).astype({"order_date": "datetime64[us]"})
    told = build_situations(axes, stakes, known, pd.DataFrame({"customer_id": ["a"], "signal": ["t"], "acts": [True]}), {}, history_of(lines, AS_OF), as_of=AS_OF, unknown_chance=0.05).set_index("customer_id")
    assert told["leave_chance"].tolist() == [0.05, 0.05, 0.0] and told["loss_share"].tolist() == pytest.approx([0.05 + 0.95 * 0.2, 0.05, 0.0])
    assert told["chance_basis"].unique().tolist() == ["not known: setting actions.unknown_chance"] and told["value_class"].tolist() == ["L", "M", "H"]


# --- occasions ---------------------------------------------------------------------------------------------------------------


def hits(rule: str, tables: dict[str, pd.DataFrame], axes: pd.DataFrame | None = None, steps: tuple[float, ...] = (), as_of: dt.date = AS_OF, **options: object) -> list[str]:
    trigger = Trigger.model_validate({"key": "t", "rule": rule, "label": WORDS, "evidence": {"en": "{days}", "zh": "{days}"}} | options)
    known = pd.DataFrame({"customer_id": list("abcdefgh")}) if axes is None else axes
    return find_triggers({"t": trigger}, Sight(as_of, known, tables, steps))["customer_id"].tolist()


def frame(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


def views(*rows: tuple[str, int, str]) -> pd.DataFrame:
    return frame(customer_id=[r[0] for r in rows], at=pd.Series(ago(*(r[1] for r in rows)), dtype="datetime64[us]"), event="page_view", object=[r[2] for r in rows])


def test_three_views_without_a_purchase_of_that_product():
    seen = views(*[("a", d, "product/P1") for d in (0, 3, 6)], *[("b", d, "product/P1") for d in (0, 3, 7)], *[("c", d, "product/P1") for d in (0, 1, 2)], ("d", 0, "product/P1"), ("d", 0, "product/P2"), ("d", 1, "product/P1"))
    bought = frame(customer_id=["c", "a"], order_id=["1", "2"], order_date=pd.Series(ago(1, 1), dtype="datetime64[us]"), product_id=["P1", "P9"], amount=[5.0, 5.0])
    assert hits("views", {"events": seen, "order_lines": bought}, days=7, least=3) == ["a"]
    later = bought.assign(customer_id=["a", "a"], order_date=pd.Series(ago(-1, -2), dtype="datetime64[us]"), product_id="P1")
    assert "a" in hits("views", {"events": seen, "order_lines": later}, days=7, least=3)  # what is bought tomorrow is not known today


def test_dates_of_the_year():
    axes = frame(customer_id=list("abcd"), first_order_date=pd.to_datetime(["2023-01-01", "2024-07-05", "2024-07-14", "2025-07-05"]))
    assert hits("yearly", {"customers": frame(customer_id=["a"])}, axes, field="first_order_date", days=14) == ["b", "c"]
    assert hits("yearly", {"customers": frame(customer_id=["a"])}, axes, field="first_order_date", days=10) == ["b"]  # d came this year
    begin = frame(customer_id=list("ab"), first_order_date=pd.to_datetime(["2024-07-01", "2024-07-05"]))
    assert hits("yearly", {"customers": frame(customer_id=["a"])}, begin, field="first_order_date", days=14) == []  # the data begin then: nobody knows whether it was the first
    assert hits("yearly", {"customers": frame(customer_id=["b"], created_on=pd.to_datetime(["2024-07-03"]))}, begin, field="first_order_date", days=14) == ["b"]
    leap = frame(customer_id=["a"], founded_on=pd.to_datetime(["2024-02-29"]))
    assert hits("yearly", {"customers": leap}, field="founded_on", days=3, as_of=dt.date(2025, 2, 26)) == ["a"]
    assert hits("birthday", {"birthday_months": frame(customer_id=["a", "b"], birth_month=pd.array([6, 7], dtype="Int64"))}) == ["a"]


def test_occasions_after_something():
    axes = frame(customer_id=list("abc"), first_order_date=pd.Series(ago(7, 6, 22), dtype="datetime64[us]"))
    assert hits("after_first", {"order_lines": frame()}, axes, days=7, open_days=14) == ["a"]  # b tomorrow, c is over
    tickets = frame(customer_id=list("abc"), resolved_at=pd.to_datetime([ago(2)[0], None, ago(1)[0]]))
    assert hits("solved", {"tickets": tickets}, days=2) == ["a"]
    bad = frame(customer_id=list("abcd"), answered_on=pd.Series(ago(1, 1, 1, -1), dtype="datetime64[us]"), nps=pd.array([6, 7, None, 0], dtype="Int64"), csat=pd.array([None, 3, 2, 1], dtype="Int64"))
    assert hits("bad_answer", {"surveys": bad}) == ["a", "c"]
    contracts = frame(customer_id=list("abcd"), renews_on=pd.Series(ago(0, -90, -91, 1), dtype="datetime64[us]"))
    assert hits("renewal", {"contracts": contracts}, days=90) == ["a", "b"]
    assert hits("renewal", {"contracts": contracts.assign(status=["ended", "active", "active", "active"])}, days=90) == ["b"]
    machines = frame(customer_id=list("abc"), installed_on=pd.to_datetime(["2023-07-10", "2025-07-01", "2024-08-30"]), faults=pd.array([1, 0, 0], dtype="Int64"))
    assert hits("maintenance", {"equipment": machines}, days=30) == ["a"]


def test_near_the_next_level_and_about_to_order():
    axes = frame(customer_id=list("abcd"), spend_12m=[86.0, 84.0, 100.0, 500.0])
    assert hits("step", {"order_lines": frame()}, axes, (100.0, 400.0), share=0.15) == ["a"]  # exactly 100 has reached it; above the last there is none
    rhythm = frame(customer_id=list("abc"), purchase_days=[5, 5, 2], usual_gap_days=[30.0, 30.0, 30.0], last_order_date=pd.Series(ago(25, 10, 25), dtype="datetime64[us]"))
    assert hits("order_due", {"order_lines": frame()}, rhythm, least=3, open_days=7) == ["a"]


def test_a_trigger_without_its_table_finds_nobody_and_one_customer_has_one_occasion():
    assert hits("renewal", {}, days=90) == [] and find_triggers({}, Sight(AS_OF, frame(customer_id=["a"]), {})).empty
    twice = frame(customer_id=["a", "a"], answered_on=pd.Series(ago(3, 1), dtype="datetime64[us]"), nps=pd.array([1, 2], dtype="Int64"))
    assert hits("bad_answer", {"surveys": twice}) == ["a"]


def test_steps_and_points(history_of):
    assert find_steps(frame(spend_12m=[1.0, 2.0]), (5.0, 9.0)) == (5.0, 9.0) and find_steps(frame(spend_12m=[0.0]), ()) == ()
    lines = frame(customer_id=["a", "a", "a", "b"], order_id=list("1234"), order_date=pd.Series(ago(0, 280, 365, 400), dtype="datetime64[us]"), amount=[60.5, 30.0, 900.0, 10.0])
    told = count_points(history_of(lines, AS_OF), (80.0, 200.0), as_of=AS_OF)
    assert told[["customer_id", "points", "expiring_90_days", "level", "missing"]].values.tolist() == [["a", 90.0, 30.0, 1, 109.5]]


# --- cadence, channels, pressure ---------------------------------------------------------------------------------------------


def test_due_overdue_and_coverage():
    cadence = Cadence.model_validate({"key": "q", "label": WORDS, "when": "order_count >= 1", "kinds": ["call"], "every_days": 91})
    people = frame(customer_id=list("abcd"), owner_id=["s1", "s1", None, "s1"], order_count=[1, 1, 1, 0], first_order_date=pd.Series(ago(300, 300, 100, 10), dtype="datetime64[us]"))
    talks = frame(customer_id=["a", "b", "a", "b", "a"], kind=["call", "call", "email", "call", "call"], at=pd.Series([ago(90)[0] + pd.Timedelta(hours=20), *ago(95, 1, -1, 200)], dtype="datetime64[us]"))
    nobody = plan_cadence({"q": cadence}, people, talks.head(0), as_of=AS_OF)  # a group with whom nobody speaks: due from the first order on
    assert len(nobody) and nobody["last_on"].isna().all() and not nobody["covered"].any()
    told = plan_cadence({"q": cadence}, people, talks, as_of=AS_OF).set_index("customer_id")
    assert told["overdue_days"].to_dict() == {"a": 0, "b": 4, "c": 9}  # c was never spoken with: a period after the first order; tomorrow's call is not known
    assert told["covered"].to_dict() == {"a": True, "b": False, "c": False} and told.loc["a", "due_on"] == DAY + pd.Timedelta(days=1)
    cover = cover_cadence(told.reset_index())
    assert cover["owner_id"].tolist() == ["all", "no owner", "s1"] and cover["coverage"].tolist() == pytest.approx([1 / 3, 0.0, 0.5]) and cover["overdue"].tolist() == [2, 1, 1]
    boss = cadence.model_copy(update={"level": "executive"})
    assert plan_cadence({"q": boss}, people, talks, as_of=AS_OF).empty  # nobody writes down the level: not measured
    told = plan_cadence({"q": boss}, people, talks.assign(level=["executive", "front", "front", "front", "front"]), as_of=AS_OF).set_index("customer_id")
    assert told["covered"].to_dict() == {"a": True, "b": False, "c": False}


def sent(*rows: tuple[str, str, int | None, int]) -> pd.DataFrame:
    return frame(customer_id=[r[0] for r in rows], channel=[r[1] for r in rows], response=pd.array([None if r[2] is None else bool(r[2]) for r in rows], dtype="boolean"), sent_on=pd.Series(ago(*(r[3] for r in rows)), dtype="datetime64[us]"))


def test_the_channel_that_was_answered_among_those_agreed_to():
    touches = sent(*[("a", "email", 0, 9)] * 5, *[("a", "phone", 1, 9)] * 5, ("b", "email", 0, 9), ("b", "sms", 0, 9), *[("z", "sms", 1, 9)] * 5, ("n", "email", None, 9))
    told = prefer_channels(touches, None).set_index("customer_id")
    assert told["preferred"].to_dict() == {"a": "call", "b": "sms", "z": "sms"} and told["by"].to_dict() == {"a": "own answers", "b": "everybody's answers", "z": "own answers"}
    assert told.loc["a", "chance"] == pytest.approx(1.0) and told.loc["b", "chance"] == pytest.approx((0 + 5 * 5 / 6) / 6, abs=1e-4)
    refused = frame(customer_id=["a", "b"], consent_phone=pd.array([False, True], dtype="boolean"), consent_email=pd.array([True, True], dtype="boolean"))
    assert prefer_channels(touches, refused).set_index("customer_id")["preferred"].to_dict() == {"a": "email", "b": "sms"}  # z never agreed to anything
    assert prefer_channels(touches.assign(group="held_out"), None).empty


def test_pressure_counts_weeks_back_from_the_day():
    touches = sent(*[("a", "email", 0, d) for d in (0, 3, 6)], *[("b", "sms", 0, d) for d in (6, 7, 8)], ("c", "sms", 0, -1))
    told = measure_pressure(touches, as_of=AS_OF, cap=2, weeks=2).set_index("channel")
    assert told.loc["all", ["touches", "customers", "most_in_a_week", "weeks_over_cap", "customers_over_cap"]].tolist() == [6, 2, 3, 1, 1]
    assert told.loc["all", "per_customer_week"] == pytest.approx(1.5) and told.loc["sms", "weeks_over_cap"] == 0
    assert measure_pressure(touches.head(0), as_of=AS_OF, cap=2)["touches"].tolist() == [0]


# --- win-back, causes, hours ---------------------------------------------------------------------------------------------------


def test_odds_of_coming_back_and_the_rank_by_what_a_contact_adds(history_of, make_lines):
    lines = make_lines(seed=6, customers=400)
    history = history_of(lines, AS_OF)
    odds = measure_returns(history, as_of=AS_OF, value_share=0.5)
    assert (odds["natural_odds"] >= odds["odds_low"]).all() and (odds["natural_odds"] <= odds["odds_high"]).all()
    overall = odds["returned"].sum() / odds["customers"].sum()
    assert odds["natural_odds"].to_numpy() == pytest.approx(((odds["returned"] + 20 * overall) / (odds["customers"] + 20)).to_numpy(dtype=float))
    pace = history.at(AS_OF).pace
    lost = history.ids[(pace["recency_days"] > pace["silent_after_days"]).to_numpy()]
    stakes = frame(customer_id=history.ids, margin_year=np.arange(len(history.ids), dtype=float), value_at_stake=0.0)
    told = rank_winback(history, odds, stakes, as_of=AS_OF, returns=0.5)
    assert set(told["customer_id"]) == set(lost) and told["added_value"].is_monotonic_decreasing and told["rank"].tolist() == list(range(1, len(told) + 1))
    row = told.iloc[0]
    assert row["added_value"] == pytest.approx(min(row["natural_odds"] * 0.5, 1 - row["natural_odds"]) * row["value_if_back"])
    known = rank_winback(history, odds[odds["orders_class"] != "one order"], stakes, as_of=AS_OF, returns=0.5)
    assert set(known["customer_id"]) == set(lost)  # a class that was empty in the past has the odds of all, and nobody drops out
    assert rank_winback(history, odds.head(0), stakes, as_of=AS_OF, returns=0.5).empty


def test_causes_are_what_somebody_wrote_down_lately():
    assert [find_cause(t) for t in ("They cut the BUDGET", "Lieferung", "too late again", "价格太贵", "related")] == ["price or budget", None, "service", "price or budget", None]
    declining = frame(customer_id=["a", "b", "c"])
    talks = frame(customer_id=["a", "b", "x"], at=pd.Series(ago(119, 120, 1), dtype="datetime64[us]"), text=["the price is up", "the price is up", "the price is up"])
    tickets = frame(customer_id=["a", "a"], opened_at=pd.Series(ago(5, -1), dtype="datetime64[us]"), category=["machine", "product"])
    told = code_causes(declining, {"interactions": talks, "tickets": tickets, "surveys": None, "signals": None}, as_of=AS_OF)
    assert told[["customer_id", "cause", "source"]].values.tolist() == [["a", "price or budget", "interactions"], ["a", "service", "tickets"]]
    counted = count_causes(told, declining, pd.Series({"a": "H", "b": "H"})).set_index(["tier", "cause"])
    assert counted.loc[("all", "not known"), ["customers", "of"]].tolist() == [2, 3] and counted.loc[("H", "service"), "share"] == 0.5
    assert code_causes(declining, dict.fromkeys(("interactions", "tickets", "surveys", "signals")), as_of=AS_OF).empty


def test_hours_follow_value_in_danger_or_the_table_says_so(playbook):
    people = frame(customer_id=["a", "b", "c"], tier_label=["High", "Low", None], value_at_stake=[900.0, 100.0, 0.0], loss_share=[0.5, 0.5, 0.5], owner_id=["s1", None, "s1"], value_class=["H", "H", "L"])
    talks = frame(customer_id=["a", "b", "b", "b"], kind="call", at=pd.Series(ago(89, 90, 1, 1), dtype="datetime64[us]"))
    prices = build_prices(frame(play=["call"], unit_cost=[0.0], hours=[0.5]), playbook)
    actions = frame(customer_id=["a"], owner=["s1"], hours=[2.0])
    told = allocate_hours(actions, people, talks, prices, as_of=AS_OF).set_index("tier")
    assert told["hours_before"].to_dict() == {"High": 0.5, "Low": 1.0, "none": 0.0}  # 90 days, this one included
    assert told.loc["High", ["value_in_danger_share", "hours_planned_share"]].tolist() == [0.9, 1.0]
    assert told["advice"].str.split(":").str[0].to_dict() == {"High": "more hours", "Low": "fewer hours", "none": "about right"}
    assert allocate_hours(actions, people, None, prices, as_of=AS_OF)["advice"].eq("not measured: needs interactions").all()
    team = build_team(frame(staff_id=["s1", "s2"], role=["Account manager", "Account manager"], hours_per_week=[10.0, 5.0]), playbook)
    accounts = propose_owners(people, team, actions).set_index("staff_id")
    assert accounts["accounts"].to_dict() == {"nobody": 1, "s1": 2, "s2": 0} and accounts.loc["nobody", "high_value_accounts"] == 1 and accounts.loc["s1", "planned_hours"] == 2.0


def test_a_step_goes_to_the_account_manager_and_else_to_who_has_hours(playbook):
    team = build_team(frame(staff_id=["s1", "s2", "s3", "s4"], role=["Account manager", "Account manager", "Account manager", "Barista"], hours_per_week=[10.0, 30.0, 0.0, 40.0]), playbook)
    people = frame(customer_id=[f"c{i}" for i in range(1000)], owner_id=["s1"] * 10 + ["s3"] * 10 + [None] * 980)
    told = assign_owners(people, "owner", (), team)
    assert (told.head(10) == "s1").all() and told.isin(["s1", "s2"]).all()  # s3 has no hours, s4 is none of the roles
    assert told.tail(980).value_counts(normalize=True)["s2"] == pytest.approx(0.75, abs=0.05)
    grown = pd.concat([team, team.iloc[[1]].assign(staff_id="s5")], ignore_index=True)
    moved = assign_owners(people, "owner", (), grown)
    assert set(moved[moved != told]) == {"s5"}  # a new colleague takes only his own share
    assert assign_owners(people, "automatic", (), team).eq("automatic").all()
    assert build_team(None, playbook)["is_default"].all() and (build_team(frame(staff_id=["x"], role=["Wizard"], hours_per_week=[5.0]), playbook)["role"] == "owner").all()
