"""Stages of signals: what happened when, what each signal finds, what it is worth."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.axes.settings import ActivitySettings
from helpers.retention.backtest import backtest_signals
from helpers.retention.days import build_customer_days, cover_streams
from helpers.retention.history import History
from helpers.retention.panel import build_panel
from helpers.retention.settings import SignalsSettings
from helpers.retention.signalfiles import list_signals, read_signals
from helpers.retention.signals import find_signals
from helpers.retention.verdicts import decide_signals, weigh_findings


def customer_days(
    order_lines: nw.LazyFrame, interactions: pd.DataFrame | None, tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, contacts: pd.DataFrame | None, events: pd.DataFrame | None, as_of: dt.date
) -> pd.DataFrame:
    """What each customer did on which day, and since when it was known: what every signal is read from."""
    return build_customer_days(order_lines, {"interactions": interactions, "tickets": tickets, "surveys": surveys, "contacts": contacts, "events": events}, as_of=as_of)


def stream_coverage(
    customer_days: pd.DataFrame, interactions: pd.DataFrame | None, tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, contacts: pd.DataFrame | None, events: pd.DataFrame | None
) -> pd.DataFrame:
    """Which kinds of evidence there are at all, and since when."""
    return cover_streams(customer_days, {"interactions": interactions, "tickets": tickets, "surveys": surveys, "contacts": contacts, "events": events})


def signal_catalogue(stream_coverage: pd.DataFrame, signal_rows: dict[str, Any], signals: pd.DataFrame | None) -> pd.DataFrame:
    """Every signal with its thresholds, and whether its evidence is there."""
    return list_signals(read_signals(signal_rows), stream_coverage, observed=signals is not None)


def signal_tests(
    customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, customers: pd.DataFrame | None, signals: pd.DataFrame | None, signal_rows: dict[str, Any], as_of: dt.date,
    activity_settings: ActivitySettings, signals_settings: SignalsSettings,
) -> pd.DataFrame:  # fmt: skip
    """Each signal judged by the own past, for each kind of customers and severity: lift, lead time, coverage, false alarms, verdict."""
    rows = read_signals(signal_rows)
    history = History.of(customer_days, stream_coverage, customers, activity_settings)
    return backtest_signals(build_panel(history, rows, signals, signals_settings, as_of=as_of), rows, signals_settings)


def signal_verdicts(signal_tests: pd.DataFrame, signal_rows: dict[str, Any], signals_settings: SignalsSettings) -> pd.DataFrame:
    """From which severity each signal ships, and whether the list acts on it."""
    return decide_signals(signal_tests, read_signals(signal_rows), signals_settings)


def customer_signals(
    customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, signal_verdicts: pd.DataFrame, customers: pd.DataFrame | None, signals: pd.DataFrame | None, signal_rows: dict[str, Any], as_of: dt.date,
    activity_settings: ActivitySettings, signals_settings: SignalsSettings,
) -> pd.DataFrame:  # fmt: skip
    """What the signals find today: size, start, evidence, severity, and what each finding is worth."""
    history = History.of(customer_days, stream_coverage, customers, activity_settings)
    found = find_signals(read_signals(signal_rows), history, signals, as_of=as_of)
    return weigh_findings(found, signal_verdicts, pd.Series(history.groups, index=history.ids), signals_settings)
