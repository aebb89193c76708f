"""Stages of purchase models: summaries, fits, and the proof on a hold-out."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.value.accuracy import calibrate, judge_models, measure_accuracy
from helpers.value.clv import measure_retention
from helpers.value.fitting import FIT_COLUMNS, fit_purchase_models
from helpers.value.holdout import gather_split, learn_intervals, predict_holdout
from helpers.value.segments import EVERYBODY, assign_segments
from helpers.value.settings import PurchaseModelSettings
from helpers.value.splits import check_observation_end, count_outcomes, first_order_day, observation_end, plan_splits, summarise_splits, take_split


def observation_check(order_lines: nw.LazyFrame, as_of: dt.date, purchase_model_settings: PurchaseModelSettings) -> pd.DataFrame:
    """Whether the observation end is later than the data: silence at the end looks like mass churn."""
    return check_observation_end(order_lines, observation_end(as_of, purchase_model_settings))


def holdout_plan(order_lines: nw.LazyFrame, as_of: dt.date, purchase_model_settings: PurchaseModelSettings) -> pd.DataFrame:
    """Where the history is cut to judge forecasts by what came later."""
    end = observation_end(as_of, purchase_model_settings)
    return plan_splits(first_order_day(order_lines, end), end, purchase_model_settings)


def btyd_splits(order_lines: nw.LazyFrame, holdout_plan: pd.DataFrame, customers: pd.DataFrame | None, purchase_model_settings: PurchaseModelSettings) -> pd.DataFrame:
    """Purchase summaries at every cut of the history, each blind to what came later, with the segment that is fitted apart."""
    apart = purchase_model_settings.fit_by == "kind" and customers is not None and customers["kind"].notna().any()
    kinds = customers.dropna(subset="kind").set_index("customer_id")["kind"] if apart and customers is not None else None
    return assign_segments(summarise_splits(order_lines, holdout_plan, purchase_model_settings), kinds)


def btyd_summary(btyd_splits: pd.DataFrame) -> pd.DataFrame:
    """Repeat purchases, age at the last one, age and mean spend of every customer: what purchase models read."""
    return take_split(btyd_splits, "now")


def purchase_outcomes(order_lines: nw.LazyFrame, holdout_plan: pd.DataFrame, purchase_model_settings: PurchaseModelSettings) -> pd.DataFrame:
    """What customers bought before and after every cut."""
    return count_outcomes(order_lines, holdout_plan, purchase_model_settings)


def model_fits(btyd_splits: pd.DataFrame, holdout_plan: pd.DataFrame, purchase_model_settings: PurchaseModelSettings) -> pd.DataFrame:
    """Parameters, standard errors, log-likelihood and convergence of every model at every cut."""
    groups = [(split, name, rows) for split in holdout_plan["split"] for name, rows in take_split(btyd_splits, split).groupby("segment")]
    parts = [fit_purchase_models(rows, purchase_model_settings).assign(split=split, segment=name) for split, name, rows in groups]
    if not parts:
        parts = [fit_purchase_models(take_split(btyd_splits, "now"), purchase_model_settings).assign(split="now", segment=EVERYBODY)]
    return pd.concat(parts, ignore_index=True).astype({"split": "str", "segment": "str"})[["split", "segment", *FIT_COLUMNS]]


def holdout_predictions(
    btyd_splits: pd.DataFrame, purchase_outcomes: pd.DataFrame, model_fits: pd.DataFrame, holdout_plan: pd.DataFrame, purchase_model_settings: PurchaseModelSettings
) -> pd.DataFrame:
    """Every customer's forecasts for the hold-out beside what happened."""
    return predict_holdout(btyd_splits, purchase_outcomes, model_fits, holdout_plan, purchase_model_settings)


def holdout_accuracy(holdout_predictions: pd.DataFrame) -> pd.DataFrame:
    """How good each model and each naive forecast was on the hold-out."""
    return measure_accuracy(holdout_predictions)


def holdout_calibration(holdout_predictions: pd.DataFrame) -> pd.DataFrame:
    """Forecast against truth, and coverage of intervals, by tenths and by frequency."""
    return calibrate(holdout_predictions)


def model_choice(holdout_accuracy: pd.DataFrame, holdout_predictions: pd.DataFrame) -> pd.DataFrame:
    """The chosen model beside the best naive forecast, a grade, and the headline."""
    return judge_models(holdout_accuracy, holdout_predictions)


def interval_levels(
    btyd_splits: pd.DataFrame, purchase_outcomes: pd.DataFrame, model_fits: pd.DataFrame, holdout_plan: pd.DataFrame, model_choice: pd.DataFrame, purchase_model_settings: PurchaseModelSettings
) -> pd.DataFrame:
    """How wide intervals of the forecast from today must be, learnt on the hold-out."""
    chosen = str(model_choice["model"].iloc[0]) if len(model_choice) else ""
    known = gather_split("holdout", btyd_splits, purchase_outcomes, model_fits, holdout_plan) if chosen else None
    segments = sorted(take_split(btyd_splits, "now")["segment"].unique())
    return learn_intervals(chosen, known, segments or [EVERYBODY], purchase_model_settings)


def retention_rates(btyd_splits: pd.DataFrame, purchase_outcomes: pd.DataFrame, model_fits: pd.DataFrame, holdout_plan: pd.DataFrame) -> pd.DataFrame:
    """Which share of active customers bought again, by class of frequency."""
    known = gather_split("holdout", btyd_splits, purchase_outcomes, model_fits, holdout_plan)
    nobody = pd.DataFrame({c: pd.Series(dtype="Int64") for c in ("frequency", "before_purchases", "purchases")})
    return measure_retention(nobody, 0) if known is None else measure_retention(known.rows, known.days)
