"""Stages of the churn model: what it said on later dates beside simple rules, today's chances with their reasons, the threshold."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from helpers.axes.population import ALL
from helpers.axes.settings import ActivitySettings
from helpers.retention.churn import AT_RISK, EVERYBODY, Past, calibrate_said, judge_churn
from helpers.retention.history import History, day_number
from helpers.retention.owners import contact_cost
from helpers.retention.scores import explain_churn, price_threshold, score_churn
from helpers.retention.settings import ChurnSettings
from helpers.retention.warn import warning_counter

SAID = {"population": "str", "customer_id": "str", "kind": "str", "date": "datetime64[us]", "left": "boolean", "recency": "float64", "rule": "float64", "model": "float64", "spend_year": "float64"}


def churn_said(
    customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, customers: pd.DataFrame | None, signals: pd.DataFrame | None, signal_rows: dict[str, Any], as_of: dt.date, activity_settings: ActivitySettings, churn_settings: ChurnSettings
) -> pd.DataFrame:
    """What model and simple rules said at past dates about customers they had not learnt from, and what happened."""
    past = _past(customer_days, stream_coverage, customers, signals, signal_rows, as_of, activity_settings, churn_settings)
    parts = [past.tested(p).assign(population=p) for p in (AT_RISK, EVERYBODY)]
    told = pd.concat(parts, ignore_index=True)
    spend = [past.history.at((pd.Timestamp(0) + pd.Timedelta(days=int(d))).date()).recent("spend", 365) for d in sorted(told["date"].unique())]
    year = {(w, d): v for d, values in zip(sorted(told["date"].unique()), spend, strict=True) for w, v in enumerate(values)}
    told = told.assign(customer_id=past.history.ids[told["who"].astype("int64")], kind=told["group"], spend_year=[year[k] for k in zip(told["who"], told["date"], strict=True)], date=pd.Timestamp(0) + pd.to_timedelta(told["date"].astype("int64"), unit="D"))
    return told[list(SAID)].astype(SAID).sort_values(["population", "date", "customer_id"], ignore_index=True)


def churn_backtest(churn_said: pd.DataFrame) -> pd.DataFrame:
    """How well model, recency and the rule of k own gaps foretold who left: ranking, top of the list, calibration, with intervals, and which is used."""
    said = _numbered(churn_said)
    told = [judge_churn(said[said["population"] == p], p) for p in (AT_RISK, EVERYBODY)]
    return pd.concat(told, ignore_index=True)


def churn_calibration(churn_said: pd.DataFrame, churn_backtest: pd.DataFrame) -> pd.DataFrame:
    """Probabilities that were said beside the shares that left, in tenths."""
    said = _numbered(churn_said)
    return calibrate_said(said[said["population"] == AT_RISK], churn_backtest[churn_backtest["population"] == AT_RISK])


def churn_threshold(churn_said: pd.DataFrame, churn_backtest: pd.DataFrame, customer_stakes: pd.DataFrame, price_list: pd.DataFrame, churn_settings: ChurnSettings) -> pd.DataFrame:
    """From which chance of leaving on a contact pays, by cost of the contact, margin saved and save rate."""
    said = _numbered(churn_said)
    rate = float(customer_stakes["margin_year"].sum() / customer_stakes["revenue_year"].sum()) if customer_stakes["revenue_year"].sum() else 0.0
    judged = churn_backtest[churn_backtest["population"] == AT_RISK]
    return price_threshold(said[said["population"] == AT_RISK], judged, margin_rate=rate, contact_cost=contact_cost(price_list, churn_settings.contact), settings=churn_settings)


def churn_reasons(
    customer_days: pd.DataFrame, stream_coverage: pd.DataFrame, churn_backtest: pd.DataFrame, customers: pd.DataFrame | None, signals: pd.DataFrame | None, signal_rows: dict[str, Any], as_of: dt.date,
    activity_settings: ActivitySettings, churn_settings: ChurnSettings,
) -> pd.DataFrame:  # fmt: skip
    """The parts of every customer's chance of leaving; they add up."""
    past = _past(customer_days, stream_coverage, customers, signals, signal_rows, as_of, activity_settings, churn_settings)
    return explain_churn(past, churn_backtest[churn_backtest["population"] == AT_RISK])


def churn_scores(churn_reasons: pd.DataFrame, churn_settings: ChurnSettings) -> pd.DataFrame:
    """The chance that each customer orders nothing within the horizon, with what raises it."""
    return score_churn(churn_reasons, churn_settings.reasons)


def _past(
    days: pd.DataFrame, coverage: pd.DataFrame, customers: pd.DataFrame | None, signals: pd.DataFrame | None, rows: dict[str, Any], as_of: dt.date, activity: ActivitySettings, settings: ChurnSettings
) -> Past:
    history = History.of(days, coverage, customers, activity)
    return Past(history, settings, as_of, warning_counter(signals, rows))


def _numbered(said: pd.DataFrame) -> pd.DataFrame:
    codes = pd.factorize(said["customer_id"], sort=True)[0]
    days = said["date"].map(day_number) if len(said) else pd.Series(dtype="int64")
    return said.assign(who=codes, group=said["kind"].fillna(ALL), date=days)
