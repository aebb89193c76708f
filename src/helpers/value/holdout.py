"""Forecast a period that is already over, customer by customer, and set it beside what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.value.baselines import BASELINES, forecast_naively
from helpers.value.distribution import describe_counts, describe_money
from helpers.value.fitting import FittedModel, model_from, usable_models
from helpers.value.intervals import GROUPS, covered, learn_drift, learn_levels, level_horizon, nominal_levels, value_groups
from helpers.value.predictive import Spread, expected_purchases, probability_alive
from helpers.value.segments import each_segment
from helpers.value.settings import PurchaseModelSettings
from helpers.value.spend import Spend, expected_spend
from helpers.value.splits import take_split
from helpers.value.units import Horizon

NOISE = 2.0  # standard errors within which two models cannot be told apart
TRIFLE = 0.001  # difference of mean log scores that nobody would notice: a tenth of a per cent in probability


@dataclass(frozen=True)
class Known:
    """One split: the summary with what came before and after the cut, the fits, and how long it was judged and known."""

    rows: pd.DataFrame
    fits: pd.DataFrame
    days: int
    history_days: int

    @property
    def horizon(self) -> Horizon:
        return Horizon.of(self.days, "day")


def gather_split(split: str, summaries: pd.DataFrame, outcomes: pd.DataFrame, fits: pd.DataFrame, plan: pd.DataFrame) -> Known | None:
    """Return everything that is known at one cut, or None when the history is too short for it."""
    cut = plan[plan["split"] == split]
    rows = take_split(summaries, split)
    if cut.empty or rows.empty:
        return None
    seen = outcomes[outcomes["split"] == split].drop(columns=["split", "is_new"])
    merged = rows.merge(seen, on="customer_id", how="left")
    filled = {c: 0 for c in seen.columns if c != "customer_id"}
    return Known(merged.fillna(filled), fits[fits["split"] == split], int(cut["days_judged"].iloc[0]), int(cut["days_fitted"].iloc[0]))


def choose_model(known: Known, settings: PurchaseModelSettings) -> tuple[str | None, dict[str, pd.Series]]:
    """Return the model under which what happened was most probable, and the log score of every customer under each.

    Models within two standard errors of the best (paired by customer) cannot be told apart; the first of them in the settings is taken.
    """
    scores = {name: score for name in settings.models if (score := _scores(name, known)) is not None}
    if not scores:
        return None, scores
    best = max(scores, key=lambda n: float(scores[n].mean()))
    for name, score in scores.items():
        gap = scores[best] - score
        if gap.mean() <= max(TRIFLE, NOISE * gap.std(ddof=0) / np.sqrt(len(gap))):
            return name, scores
    return best, scores


def _scores(name: str, known: Known) -> pd.Series | None:
    """Return the log score of each customer, or None when the model is not usable in every segment."""
    parts = []
    for _, rows, fits in each_segment(known.rows, known.fits):
        model = model_from(fits, name) if usable_models(fits, [name]) else None
        if model is None:
            return None
        parts.append(describe_counts(model, rows, known.horizon, Spread(), actual=rows["purchases"].to_numpy(dtype="float64"))["log_score"])
    return pd.concat(parts).reindex(known.rows.index)


def learn_intervals(model_name: str, known: Known | None, segments: list[str], settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return how wide intervals must be, learnt from a split whose outcome is known.

    Returns
    -------
    pandas.DataFrame
        One row per segment, measure (purchases, spend; str) and group (Int64, 0 to 4, fifths by expected purchases): drift, power, level_low, level_high
        (float64), learnt (boolean, false: the model's own levels, because there is no earlier period).
    """
    taught = {} if known is None else {name: (rows, fits) for name, rows, fits in each_segment(known.rows, known.fits)}
    parts = [_learn(model_name, *taught[s], known.horizon, settings) if s in taught and known is not None else _unlearnt(settings) for s in segments]
    return pd.concat([p.assign(segment=s) for p, s in zip(parts, segments, strict=True)], ignore_index=True).astype({"segment": "str"})


def _learn(model_name: str, rows: pd.DataFrame, fits: pd.DataFrame, horizon: Horizon, settings: PurchaseModelSettings) -> pd.DataFrame:
    model, share, actual = model_from(fits, model_name), settings.interval_percent / 100, rows["purchases"].to_numpy(dtype="float64")
    if model is None:
        return _unlearnt(settings)
    level = level_horizon(model, rows, horizon, actual)
    spread = learn_drift(model, rows, level, actual)
    counts = describe_counts(model, rows, level, spread, actual=actual)
    groups = value_groups(counts["mean"].to_numpy())
    money = describe_money(counts, expected_spend(rows, fits, settings), actual=rows["spend"].to_numpy(float))
    return _interval_rows(spread, learn_levels(counts, groups, share), learn_levels(money.dropna(), groups[money.notna().all(axis=1)], share), learnt=True)


def _unlearnt(settings: PurchaseModelSettings) -> pd.DataFrame:
    plain = np.tile(nominal_levels(settings.interval_percent / 100), (GROUPS, 1))
    return _interval_rows(Spread(), plain, plain, learnt=False)


def _interval_rows(spread: Spread, purchases: np.ndarray, spend: np.ndarray, *, learnt: bool) -> pd.DataFrame:
    made = [
        {"measure": measure, "group": group, "drift": spread.drift, "power": spread.power, "level_low": low, "level_high": high, "learnt": learnt}
        for measure, levels in (("purchases", purchases), ("spend", spend)) for group, (low, high) in enumerate(levels)
    ]  # fmt: skip
    return pd.DataFrame(made).astype({"measure": "str", "group": "Int64", "learnt": "boolean"})


def forecast(model: FittedModel, rows: pd.DataFrame, spend: Spend, horizon: Horizon, intervals: pd.DataFrame, actual: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the forecast of every customer with its interval, and where the truth fell when it is known.

    Parameters
    ----------
    model : FittedModel
    rows : pandas.DataFrame
        Purchase summary.
    spend : Spend
        For the same rows.
    horizon : Horizon
    intervals : pandas.DataFrame
        From `learn_intervals`.
    actual : pandas.DataFrame, optional
        purchases and spend that happened, one row per row of `rows`.

    Returns
    -------
    pandas.DataFrame
        With the index of `rows`: p_alive, expected_purchases, purchases_low, purchases_high, expected_spend (of a purchase day), expected_total,
        total_low, total_high (money in the horizon); with `actual` purchases_held, spend_held (share of the outcome's step that the interval
        holds, see `covered`).
    """
    spread = Spread(float(intervals["drift"].iloc[0]), float(intervals["power"].iloc[0]))
    expected = expected_purchases(model, rows, horizon)
    groups = value_groups(expected)
    levels = {m: part.sort_values("group")[["level_low", "level_high"]].to_numpy(float)[groups] for m, part in intervals.groupby("measure")}
    happened = None if actual is None else actual["purchases"].to_numpy(dtype="float64")
    counts = describe_counts(model, rows, horizon, spread, actual=happened, levels=levels["purchases"])
    money = describe_money(counts, spend, actual=None if actual is None else actual["spend"].to_numpy(float), levels=levels["spend"])
    told = pd.DataFrame({
        "p_alive": probability_alive(model, rows), "expected_purchases": expected, "purchases_low": counts["low"], "purchases_high": counts["high"], "expected_spend": spend.mean,
        "expected_total": expected * spend.mean, "total_low": money["low"], "total_high": money["high"],
    }, index=rows.index)  # fmt: skip
    if actual is None:
        return told
    return told.assign(purchases_held=covered(counts, levels["purchases"]), spend_held=covered(money, levels["spend"]))


def predict_holdout(summaries: pd.DataFrame, outcomes: pd.DataFrame, fits: pd.DataFrame, plan: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return, per customer known at the cut, every forecast of the hold-out period beside what happened.

    Interval widths are learnt from the earlier split only.

    Parameters
    ----------
    summaries : pandas.DataFrame
        Purchase summaries of all splits, with segments.
    outcomes : pandas.DataFrame
        From `count_outcomes`.
    fits : pandas.DataFrame
        Fits of all splits and segments.
    plan : pandas.DataFrame
        From `plan_splits`.
    settings : PurchaseModelSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, segment (str), frequency (Int64), purchases, spend (what happened), model (str, the chosen one), the columns of `forecast`, then
        `<method>_purchases`, `<method>_spend` for every model and baseline, `<model>_log` (log score); sorted by customer_id. Empty when the history is
        too short for a hold-out or no model could be fitted.
    """
    known, earlier = (gather_split(s, summaries, outcomes, fits, plan) for s in ("holdout", "earlier"))
    if known is None:
        return _nothing()
    chosen, scores = choose_model(known, settings)
    if chosen is None:
        return _nothing()
    intervals = learn_intervals(chosen, earlier, sorted(known.rows["segment"].unique()), settings)
    parts = [_predict(chosen, list(scores), rows, fits, known.horizon, intervals[intervals["segment"] == name], settings) for name, rows, fits in each_segment(known.rows, known.fits)]
    told = known.rows[["customer_id", "segment", "frequency", "purchases", "spend"]].assign(model=chosen).join(pd.concat(parts))
    told = told.assign(**{f"{name}_log": score for name, score in scores.items()})
    naive = forecast_naively(known.rows, known.days, known.history_days, earlier.rows if earlier else None, earlier.days if earlier else 0)
    return told.join(naive).astype({"model": "str"}).sort_values("customer_id", ignore_index=True)


def _predict(chosen: str, names: list[str], rows: pd.DataFrame, fits: pd.DataFrame, horizon: Horizon, intervals: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    spend, model = expected_spend(rows, fits, settings), model_from(fits, chosen)
    assert model is not None  # chosen among models that are usable in every segment
    told = forecast(model, rows, spend, horizon, intervals, rows[["purchases", "spend"]])
    for name in names:
        expected = expected_purchases(model_from(fits, name), rows, horizon)  # type: ignore[arg-type]
        told = told.assign(**{f"{name}_purchases": expected, f"{name}_spend": expected * spend.mean})
    return told


def _nothing() -> pd.DataFrame:
    texts, numbers = ("customer_id", "segment", "model"), ("purchases", "spend", "p_alive", "expected_purchases", "expected_total")
    frame = pd.DataFrame({**{c: pd.Series(dtype="str") for c in texts}, **{c: pd.Series(dtype="float64") for c in numbers}})
    return frame.assign(**{f"{b}_{w}": pd.Series(dtype="float64") for b in BASELINES for w in ("purchases", "spend")})
