"""Was the forecast right? Of those predicted to be back within two weeks, how many came?"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.cycles import customer_forecast
from helpers.needs.settings import CyclesSettings
from helpers.needs.stats import mean_interval, share_interval

BINS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
DRAWS = 500
FEATURES = ["log_odds", "late", "log_orders", "single", "log_waited"]


def describe_wait(forecast: pd.DataFrame, *, as_of: dt.date, horizon: int) -> pd.DataFrame:
    """Return what is known about each customer's wait at a day: raw probability to be back within `horizon` days, and its ingredients.

    Returns
    -------
    pandas.DataFrame
        customer_id, raw (probability from the rhythm alone), due (boolean, the naive rule: last order plus own median gap falls within the
        horizon), and the columns that the calibration reads: log_odds, late (waits so far, in spreads of the log gap), log_orders, single, log_waited.
    """
    from scipy.stats import norm

    waited = (pd.Timestamp(as_of) - forecast["last_order_on"]).dt.days.to_numpy(dtype="float64")
    mu, sd = forecast["mu"].to_numpy(), forecast["sd"].to_numpy()
    now, then = ((np.log(np.maximum(w, 0.5)) - mu) / sd for w in (waited, waited + horizon))
    raw = np.clip((norm.sf(now) - norm.sf(then)) / np.maximum(norm.sf(now), 1e-12), 1e-4, 1 - 1e-4)
    usual_gap = np.where(forecast["gaps"] > 0, forecast["own_gap_days"].fillna(0), forecast["group_gap_days"])
    return pd.DataFrame({
        "customer_id": forecast["customer_id"], "raw": raw, "due": (usual_gap >= waited) & (usual_gap < waited + horizon + 1),
        "log_odds": np.log(raw / (1 - raw)), "late": np.clip(now, -4, 6),
        "log_orders": np.log(forecast["orders"].to_numpy(dtype="float64")), "single": (forecast["orders"] == 1).astype("float64"),
        "log_waited": np.log1p(waited),
    })  # fmt: skip


def _window(order_days: pd.DataFrame, main_groups: pd.DataFrame | None, start: dt.date, settings: CyclesSettings) -> pd.DataFrame:
    """Return what was known at `start` and who came back within the horizon after it."""
    end = pd.Timestamp(start) + pd.Timedelta(days=settings.horizon_days)
    after = order_days[(order_days["order_date"] > pd.Timestamp(start)) & (order_days["order_date"] <= end)]
    forecast = customer_forecast(order_days, main_groups, as_of=start, settings=settings)
    if forecast["gaps"].sum() == 0:
        return pd.DataFrame()
    return describe_wait(forecast, as_of=start, horizon=settings.horizon_days).assign(back=lambda f: f["customer_id"].isin(after["customer_id"].unique()))


def learn_return(order_days: pd.DataFrame, main_groups: pd.DataFrame | None, *, until: dt.date, settings: CyclesSettings) -> object | None:
    """Return a calibration learnt from earlier windows that all ended by `until`; None when they hold too little.

    Notes
    -----
    Platt's (1999) logistic calibration, with the wait and the order count beside the raw log odds: a customer who has left
    never comes back, which no rhythm can know.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    starts = [until - dt.timedelta(days=settings.horizon_days * k) for k in range(1, settings.train_windows + 1)]
    parts = [_window(order_days, main_groups, s, settings) for s in starts]
    known = pd.concat([p for p in parts if len(p)], ignore_index=True) if any(len(p) for p in parts) else pd.DataFrame()
    if len(known) < 100 or known["back"].nunique() < 2:
        return None
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(known[FEATURES].to_numpy(), known["back"].to_numpy())


def predict_return(described: pd.DataFrame, calibration: object | None) -> np.ndarray:
    """Return the probability to be back within the horizon, rounded to four digits; the raw one without a calibration."""
    if calibration is None or described.empty:
        return described["raw"].round(4).to_numpy() if len(described) else np.array([])
    return calibration.predict_proba(described[FEATURES].to_numpy())[:, 1].round(4)  # type: ignore[attr-defined]


def add_return_probability(
    cycles: pd.DataFrame, order_days: pd.DataFrame, main_groups: pd.DataFrame | None, *, as_of: dt.date, settings: CyclesSettings
) -> pd.DataFrame:
    """Return `cycles` with return_probability (float64): the chance of an order within `horizon_days` after `as_of`."""
    read = order_days[order_days["order_date"] <= pd.Timestamp(as_of)]
    calibration = learn_return(read, main_groups, until=as_of, settings=settings)
    described = describe_wait(customer_forecast(read, main_groups, as_of=as_of, settings=settings), as_of=as_of, horizon=settings.horizon_days)
    chance = pd.Series(predict_return(described, calibration), index=described["customer_id"].to_numpy())
    return cycles.assign(return_probability=cycles["customer_id"].map(chance).astype("float64"))


def judge_cycles(order_days: pd.DataFrame, main_groups: pd.DataFrame | None, *, as_of: dt.date, settings: CyclesSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return calibration and scores of the forecast on the last `horizon_days`, made from what was known before them.

    Parameters
    ----------
    order_days, main_groups, as_of, settings
        As for `forecast_cycles`.

    Returns
    -------
    calibration : pandas.DataFrame
        predicted_from, predicted_to, predicted (mean), customers (Int64), returned (Int64), share with its 95 % interval. The last row is
        everybody predicted at or above `likely`.
    scores : pandas.DataFrame
        method (cycle forecast, own usual gap, share of all), brier (mean squared error; lower is better) with bootstrap interval, predicted_back,
        of_them_back (Int64), precision with interval, gain over the best naive method (brier, positive is better) with interval, wins (boolean).
    """
    read = order_days[order_days["order_date"] <= pd.Timestamp(as_of)]
    start = as_of - dt.timedelta(days=settings.horizon_days)
    known = read[read["order_date"] <= pd.Timestamp(start)]
    calibration = learn_return(known, main_groups, until=start, settings=settings)
    test = _window(read, main_groups, start, settings)
    if test.empty or calibration is None:
        return _no_calibration(), _no_scores()
    test = test.assign(chance=predict_return(test, calibration))
    share, rule = _naive(known, main_groups, start, settings)
    methods = {
        "cycle forecast": test["chance"],
        "own usual gap": test["due"].map({True: rule[0], False: rule[1]}),
        "share of all": pd.Series(share, index=test.index),
    }
    return _calibrate(test, settings), _score(methods, test["back"].astype("float64"), settings)


def _naive(known: pd.DataFrame, main_groups: pd.DataFrame | None, start: dt.date, settings: CyclesSettings) -> tuple[float, tuple[float, float]]:
    """Return what the naive methods learn from the window before: the share of all who came, and of those due and not due."""
    before = _window(known, main_groups, start - dt.timedelta(days=settings.horizon_days), settings)
    shares = before.groupby("due")["back"].mean()
    overall = float(before["back"].mean())
    return overall, (float(shares.get(True, overall)), float(shares.get(False, overall)))


def _calibrate(test: pd.DataFrame, settings: CyclesSettings) -> pd.DataFrame:
    parts = [(low, high, test[(test["chance"] >= low) & ((test["chance"] < high) | (high == 1.0))]) for low, high in zip(BINS, BINS[1:], strict=False)]
    parts.append((settings.likely, 1.0, test[test["chance"] >= settings.likely]))
    rows = [(low, high, part["chance"].mean(), len(part), int(part["back"].sum())) for low, high, part in parts if len(part)]
    told = pd.DataFrame(rows, columns=["predicted_from", "predicted_to", "predicted", "customers", "returned"])
    low, high = share_interval(told["returned"], told["customers"])
    return told.assign(share=(told["returned"] / told["customers"]).round(6), low=low, high=high, predicted=told["predicted"].round(4)).astype(
        {"customers": "Int64", "returned": "Int64"}
    )


def _score(methods: dict[str, pd.Series], back: pd.Series, settings: CyclesSettings) -> pd.DataFrame:
    errors = {m: ((p - back) ** 2).to_numpy(dtype="float64") for m, p in methods.items()}
    naive = min((m for m in methods if m != "cycle forecast"), key=lambda m: errors[m].mean())
    rows = []
    for method, chance in methods.items():
        low, high = mean_interval(errors[method], draws=DRAWS)
        gain_low, gain_high = mean_interval(errors[naive] - errors[method], draws=DRAWS) if method != naive else (0.0, 0.0)
        said = chance >= settings.likely
        rows.append(
            (
                method,
                errors[method].mean(),
                low,
                high,
                int(said.sum()),
                int(back[said].sum()),
                (errors[naive] - errors[method]).mean(),
                gain_low,
                gain_high,
                gain_low > 0,
            )
        )
    told = pd.DataFrame(rows, columns=["method", "brier", "brier_low", "brier_high", "predicted_back", "of_them_back", "gain", "gain_low", "gain_high", "wins"])
    ends = share_interval(told["of_them_back"], told["predicted_back"])
    precision = (told["of_them_back"] / told["predicted_back"].where(told["predicted_back"] > 0)).astype("float64")
    return (
        told.assign(precision=precision.round(6), precision_low=ends[0], precision_high=ends[1])
        .round({"brier": 6, "gain": 6})
        .astype({"predicted_back": "Int64", "of_them_back": "Int64", "wins": "boolean", "method": "str"})
    )


def _no_calibration() -> pd.DataFrame:
    whole = {c: pd.Series(dtype="Int64") for c in ("customers", "returned")}
    return pd.DataFrame(
        {
            **{c: pd.Series(dtype="float64") for c in ("predicted_from", "predicted_to", "predicted")},
            **whole,
            **{c: pd.Series(dtype="float64") for c in ("share", "low", "high")},
        }
    )


def _no_scores() -> pd.DataFrame:
    numbers = ("brier", "brier_low", "brier_high", "gain", "gain_low", "gain_high", "precision", "precision_low", "precision_high")
    return pd.DataFrame(
        {
            "method": pd.Series(dtype="str"),
            **{c: pd.Series(dtype="float64") for c in numbers},
            **{c: pd.Series(dtype="Int64") for c in ("predicted_back", "of_them_back")},
            "wins": pd.Series(dtype="boolean"),
        }
    )
