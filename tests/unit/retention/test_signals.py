"""Each shipped signal on a hand-made history: it fires, it does not fire just short of it, and it is not measured without its table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from helpers.axes.intervals import wilson
from helpers.errors import UserError
from helpers.retention.backtest import _median, judge, needed_lift
from helpers.retention.days import build_customer_days, cover_streams
from helpers.retention.settings import SignalsSettings
from helpers.retention.signalfiles import list_signals, read_signals
from helpers.retention.signals import find_signals, measured_signals
from helpers.retention.verdicts import decide_signals, weigh_findings

AS_OF = dt.date(2025, 6, 30)
DAY = pd.Timestamp(AS_OF)


def ago(*days: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([DAY - pd.Timedelta(days=d) for d in days]).astype("datetime64[us]")


def lines(*orders: tuple[int, float], customer: str = "a") -> pd.DataFrame:
    """Orders from (days ago, amount)."""
    return pd.DataFrame({"customer_id": customer, "order_id": [f"{customer}{i}" for i in range(len(orders))], "order_date": ago(*(d for d, _ in orders)), "amount": [float(m) for _, m in orders]})


def steady(window: int, count: int, amount: float = 100.0, span: int = 365) -> list[tuple[int, float]]:
    """Orders spread over the baseline before a window, the first on its first day."""
    return [(int(d), amount) for d in np.linspace(window + span - 1, window, count).round()]


def talks(*days: int, direction: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": "a", "at": ago(*days), "direction": direction})


def events(kind: str, days: Sequence[int]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": "a", "at": ago(*days), "event": kind})


def tickets(*days: int, complaint: bool) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": "a", "opened_at": ago(*days), "is_complaint": pd.array([complaint] * len(days), dtype="boolean")})


def answers(*given: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": "a", "answered_on": ago(*(d for d, _ in given)), "nps": pd.array([n for _, n in given], dtype="Int64")})


def seen(signal: str, days: int) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ["a"], "signal": [signal], "observed_on": ago(days)})


def on(*orders: tuple[str, float]) -> pd.DataFrame:
    return lines(*(((DAY - pd.Timestamp(d)).days, m) for d, m in orders))


ANY = lines((500, 100), (400, 100))
BUYER = lines(*steady(90, 12), (10, 100), (40, 100), (70, 100))
CASES = {
    "two_quarters_down": (on(("2024-10-05", 100), ("2024-11-05", 100), ("2025-02-01", 150), ("2025-05-01", 140)), {}, on(("2024-10-05", 100), ("2024-11-05", 100), ("2025-02-01", 150), ("2025-05-01", 150)), {}),
    "volume_falls": (lines(*steady(60, 12), (5, 118)), {}, lines(*steady(60, 12), (5, 119)), {}),  # usual 1,200 / 365 x 60 = 197
    "frequency_falls": (lines(*steady(90, 12)), {}, lines(*steady(90, 12), (5, 100)), {}),  # usual 2.96: none has a chance of 5 %, one of 20 %
    "order_value_falls": (lines(*steady(60, 5), (9, 70), (5, 70)), {}, lines(*steady(60, 5), (9, 70), (5, 71)), {}),
    "interval_longer": (lines(*((31 + 20 * i, 100) for i in range(8))), {}, lines(*((30 + 20 * i, 100) for i in range(8))), {}),
    "absent_3_months": (on(("2025-03-29", 100)), {}, on(("2025-03-30", 100)), {}),
    "absent_6_months": (on(("2024-12-29", 100)), {}, on(("2024-12-30", 100)), {}),
    "usage_falls": (ANY, {"events": events("login", [*range(45, 405, 9), 5])}, ANY, {"events": events("login", [*range(45, 405, 9), 5, 9])}),  # usual 4.9: one has a chance of 4 %, two of 13 %
    "interactions_fewer": (ANY, {"interactions": talks(*range(90, 450, 45), direction="inbound")}, ANY, {"interactions": talks(*range(90, 450, 45), 3, direction="inbound")}),
    "communication_gap": (ANY, {"interactions": talks(121, direction="outbound")}, ANY, {"interactions": talks(120, direction="outbound")}),
    "complaint_alert": (ANY, {"tickets": tickets(29, complaint=True)}, ANY, {"tickets": tickets(30, complaint=True)}),
    "complaint_rate_up": (BUYER, {"tickets": tickets(3, 5, 200, complaint=True)}, BUYER, {"tickets": tickets(3, 200, complaint=True)}),
    "negative_feedback_up": (ANY, {"surveys": answers((5, 6), (200, 6), (210, 9), (220, 9))}, ANY, {"surveys": answers((5, 7), (200, 6), (210, 9), (220, 9))}),
    "many_questions": (ANY, {"tickets": tickets(1, 50, 89, complaint=False)}, ANY, {"tickets": tickets(1, 50, 90, complaint=False)}),
    "decision_maker_left": (
        ANY, {"contacts": pd.DataFrame({"customer_id": ["a"], "role": ["decision maker"], "left_on": ago(119)})}, ANY,
        {"contacts": pd.DataFrame({"customer_id": ["a", "a"], "role": ["decision maker", "user"], "left_on": ago(120, 5)})},
    ),
    "strategy_meeting_cancelled": (ANY, {"signals": seen("meeting_cancelled", 183)}, ANY, {"signals": seen("meeting_cancelled", 184)}),
    "case_removed": (ANY, {"signals": seen("case_removed", 0)}, ANY, {"signals": seen("case_removed", -1)}),
    "competitor_poaching": (ANY, {"signals": seen("competitor_seen", 10)}, ANY, {"signals": seen("good_press", 10)}),
    "policy_change": (ANY, {"signals": seen("policy_change", 365)}, ANY, {"signals": seen("policy_change", 366)}),
    "partner_3_to_6_months": (on(("2025-03-30", 100), ("2025-06-01", 50)), {}, on(("2025-03-31", 100), ("2025-06-01", 50)), {}),
    "white_paper_read": (ANY, {"events": events("content", [59])}, ANY, {"events": events("content", [60])}),
}  # fmt: skip


def found(history_of, signals, order_lines: pd.DataFrame, tables: dict[str, pd.DataFrame], as_of: dt.date = AS_OF) -> pd.DataFrame:
    observed = tables.get("signals")
    history = history_of(order_lines, as_of, **{n: t for n, t in tables.items() if n != "signals"})
    return find_signals(signals, history, observed, as_of=as_of).set_index("signal")


@pytest.mark.parametrize("key", CASES)
def test_a_signal_fires_and_just_short_of_it_does_not(key, history_of, signals):
    fires, with_tables, short, short_tables = CASES[key]
    told = found(history_of, signals, fires, with_tables)
    assert key in told.index
    row = told.loc[key]
    assert row["severity"] in {"mild", "moderate", "severe"} and row["since"] <= DAY <= row["expires_on"]
    for text in (row["evidence_en"], row["evidence_zh"]):
        assert text and "{" not in text and "?" not in text.replace("？", "")
    assert key not in found(history_of, signals, short, short_tables).index


@pytest.mark.parametrize("key", CASES)
def test_without_its_table_a_signal_is_not_measured_which_is_not_the_same_as_quiet(key, history_of, signals):
    signal = signals[key]
    history = history_of(ANY, AS_OF)
    needs = set(signal.needs) - {"order_lines"}
    assert (key in measured_signals(signals, history, None)) == (not needs)
    days = build_customer_days(ANY, {}, as_of=AS_OF)
    row = list_signals(signals, cover_streams(days, {}), observed=False).set_index("signal").loc[key]
    assert bool(row["measured"]) == (not needs) and (row["why_not"] == "") == (not needs)
    if needs:
        assert row["why_not"] == f"not measured: needs {', '.join(sorted(needs))}"


def test_all_twenty_one_signals_of_the_guides_are_shipped_and_tried_here(signals):
    assert set(CASES) == {k for k, s in signals.items() if k not in {"late_payment", "budget_cut", "contact_moved", "expansion_plan"}}
    assert len(CASES) == 21


def test_a_quarter_below_the_one_before_is_no_signal_when_last_year_was_lower_still(history_of, signals):
    old = (("2023-01-05", 100.0), ("2024-05-01", 100.0))
    fires, _, _, _ = CASES["two_quarters_down"]
    assert "two_quarters_down" not in found(history_of, signals, pd.concat([on(*old), fires]).assign(order_id=lambda f: range(len(f))).astype({"order_id": str}), {}).index
    assert "two_quarters_down" not in found(history_of, signals, fires, {}, dt.date(2025, 6, 29)).index  # the running quarter always looks like a fall


def test_a_quiet_season_of_everybody_is_nobody_s_fall(history_of, signals):
    quiet = [lines(*steady(60, 12), (5, 100), customer=f"c{i}") for i in range(6)]  # everybody halves
    alone = lines(*steady(60, 12), (5, 40), customer="low")
    told = find_signals(signals, history_of(pd.concat([*quiet, alone], ignore_index=True), AS_OF), None, as_of=AS_OF)
    assert told.loc[told["signal"] == "volume_falls", "customer_id"].tolist() == ["low"]
    single = find_signals(signals, history_of(quiet[0], AS_OF), None, as_of=AS_OF)
    assert "volume_falls" in set(single["signal"])  # a customer alone is no season of its own


def test_what_a_return_took_back_was_there_until_the_return_was_known(history_of, signals):
    orders = lines((80, 100), (60, 100))
    back = pd.DataFrame({"customer_id": ["a"], "order_id": ["r"], "order_date": ago(10), "amount": [-100.0], "return_of": ["a1"]})
    history = history_of(pd.concat([orders.assign(return_of=None), back], ignore_index=True), AS_OF)
    assert history.at(AS_OF).total("orders", 0, 10**6).tolist() == [1.0]
    assert history.at((DAY - pd.Timedelta(days=11)).date()).total("orders", 0, 10**6).tolist() == [2.0]
    assert history.at((DAY - pd.Timedelta(days=10)).date()).recent("spend", 365).tolist() == [100.0]


def test_a_silence_expires(history_of, signals):
    last = [DAY - pd.Timedelta(days=d) for d in (184, 185)]  # three months are 92 days here, and the signal counts for 92 more
    assert ["absent_3_months" in found(history_of, signals, on((f"{d:%Y-%m-%d}", 100)), {}).index for d in last] == [True, False]


def test_severity_and_expiry_that_a_person_gave_hold(history_of, signals):
    rows = seen("competitor_seen", 30).assign(severity="high", expires_on=ago(0), note="sample bags")
    row = found(history_of, signals, ANY, {"signals": rows}).loc["competitor_poaching"]
    assert (row["severity"], row["expires_on"]) == ("severe", DAY) and "sample bags" in row["evidence_en"]
    assert "competitor_poaching" not in found(history_of, signals, ANY, {"signals": rows.assign(expires_on=ago(1))}).index


@pytest.mark.parametrize(("hits", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)])
def test_wilson_intervals_are_the_published_ones(hits, count, low, high):
    """81 of 263: Newcombe (1998), Statistics in Medicine 17, table I, score method."""
    assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_of_a_median_is_made_of_days_that_were_seen():
    assert _median(np.arange(1, 101)) == (50.5, 41.0, 61.0)
    assert _median(np.array([7])) == (7.0, 7.0, 7.0)
    assert all(np.isnan(v) for v in _median(np.array([])))


BASE = {"alerts": 100, "base_rate": 0.1, "lift": 3.0, "lift_low": 2.2, "lift_high": 4.0, "lead_days": 40.0, "coverage": 0.5}


@pytest.mark.parametrize(
    ("change", "verdict", "why"),
    [
        ({}, "ship", "lift 3.0 (2.2 to 4.0)"), ({"alerts": 0}, "watch", "never fired for a customer who could still be lost"), ({"alerts": 1}, "watch", "only 1 alert"),
        ({"alerts": 19}, "watch", "only 19 alerts"), ({"alerts": 20}, "ship", "lift 3.0 (2.2 to 4.0)"), ({"lift_high": 1.9, "lift": 1.5, "lift_low": 1.1}, "reject", "lift 1.5, surely below 2.0"),
        ({"lift": 0.9, "lift_low": 0.2, "lift_high": 2.5}, "reject", "lift 0.9: worse than chance"), ({"lift_low": 0.9}, "watch", "lift 3.0 is not surely above 1"),
        ({"lift": 1.9, "lift_low": 1.2}, "watch", "lift 1.9 below 2.0"), ({"lead_days": 29.0}, "watch", "lead of 29 days, 30 are asked"), ({"lead_days": 30.0}, "ship", "lift 3.0 (2.2 to 4.0)"),
        ({"coverage": 0.24}, "watch", "warned of 24 % of departures, 25 % are asked"), ({"coverage": 0.25}, "ship", "lift 3.0 (2.2 to 4.0)"),
        ({"base_rate": 0.8, "lift": 1.15, "lift_low": 1.05, "lift_high": 1.24}, "ship", "lift 1.1 (1.1 to 1.2)"),
    ],
)  # fmt: skip
def test_verdicts(change, verdict, why):
    assert judge(BASE | change, "leaving", SignalsSettings()) == (verdict, why)


def test_lead_and_coverage_are_asked_of_leaving_only():
    assert judge(BASE | {"lead_days": 1.0, "coverage": 0.0}, "shrinking", SignalsSettings())[0] == "ship"
    assert needed_lift(0.0, 2.0) == 2.0 and needed_lift(0.5, 2.0) == 1.5


def verdict_rows(**changes: object) -> pd.DataFrame:
    rows = [{"signal": "usage_falls", "kind": k, "severity_from": s, "verdict": v, "chance": 0.2, "lift": 2.0, "alerts": n} for k, s, v, n in (
        ("all", "mild", "watch", 90), ("all", "moderate", "ship", 60), ("business", "mild", "ship", 50), ("consumer", "mild", "reject", 5))]
    return pd.DataFrame(rows).astype({"alerts": "Int64"}).assign(**changes)


def test_the_list_acts_from_the_mildest_severity_that_ships(signals):
    told = decide_signals(verdict_rows(), signals, SignalsSettings()).set_index("kind")
    assert told.loc["all", ["severity_from", "verdict", "acts"]].tolist() == ["moderate", "ship", True]
    assert told.loc["consumer", "acts"] == False and told.loc["consumer", "acts_why"] == "verdict reject"  # noqa: E712
    watching = decide_signals(verdict_rows(verdict="watch"), signals, SignalsSettings(use="ship_and_watch"))
    assert watching["acts"].all() and (watching["severity_from"] == "mild").all()


def test_a_finding_takes_the_verdict_of_its_own_kind_when_that_was_judged(signals):
    decided = decide_signals(verdict_rows(), signals, SignalsSettings())
    rows = pd.DataFrame({"customer_id": ["b", "c", "c2"], "signal": "usage_falls", "severity": ["mild", "mild", "moderate"], "act": "proven"})
    told = weigh_findings(rows, decided, pd.Series({"b": "business", "c": "consumer", "c2": "consumer"}), SignalsSettings())
    assert told["acts"].tolist() == [True, False, True]  # five alerts are no verdict of their own: consumers take that of all, from moderate on
    assert told["acts_why"].tolist()[1] == "proven only from severity moderate"


def shipped(**changes: object) -> dict[str, object]:
    row = {"key": "x", "rule": "count", "label": {"en": "X", "zh": "甲"}, "evidence": {"en": "{seen}", "zh": "{seen}"}, "about": "x", "stream": "tickets", "window_days": 30, "least": 1, "severity": {"moderate": 2, "severe": 3}, "expires_days": 30}
    return {k: v for k, v in (row | changes).items() if v is not None}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (shipped(label=None), "label is missing"), (shipped(colour="red"), "unknown key colour"), (shipped(rule="guess"), "Input tag 'guess'"), (shipped(window_days=0), "window_days"),
        (shipped(stream="weather"), "stream"), (shipped(severity={"moderate": 3, "severe": 2}), r"moderate \(3\) must not be above severe \(2\)"),
        (shipped(evidence={"en": "{who}", "zh": "{seen}"}), r"evidence.en has \{who\}"), (shipped(when="order_count >>"), "order_count"), (shipped(key="Not A Key"), "key"), ("a word", "signal 1"),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_plain_sentence_with_its_place(row, says):
    with pytest.raises(UserError, match=says) as fault:
        read_signals({"mine": {"signals": [row]}})
    assert str(fault.value).startswith("data/signals/mine.yml") and "\n" not in str(fault.value)


@pytest.mark.parametrize("content", [None, [], "words", {"signals": "none"}, {}])
def test_a_file_without_signals_says_how_it_must_begin(content):
    with pytest.raises(UserError, match=r"data/signals/mine.yml holds no signals: it must begin with signals: and a list"):
        read_signals({"mine": content})
    with pytest.raises(UserError, match="signal x is there twice"):
        read_signals({"a": {"signals": [shipped()]}, "b": {"signals": [shipped()]}})
