"""One table that says how good each forecast was, with naive forecasts beside the models (features F25; anchors.md 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.value.baselines import BASELINES
from helpers.value.fitting import TITLES
from helpers.value.spend import CLASS_NAMES, frequency_class

METHODS = {**TITLES, **BASELINES}
ACCURACY = [
    "measure", "method", "title", "kind", "customers", "without_prediction", "actual_total", "predicted_total", "bias", "mae", "rmse", "wape", "rank_correlation", "top_decile_lift", "log_score",
]  # fmt: skip
SURE = 0.995  # P(alive) of everybody from which on a model knows of nobody who has left
CLEAR = 0.1  # a model is clearly better when its mean error is this much smaller than that of the best naive forecast


def measure_accuracy(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the accuracy of every model and every naive forecast on the hold-out.

    Parameters
    ----------
    predictions : pandas.DataFrame
        From `predict_holdout`.

    Returns
    -------
    pandas.DataFrame
        One row per measure ("purchases", "spend") and method, best mean error first: measure, method, title, kind ("model" or "naive"; str),
        customers, without_prediction (Int64), actual_total, predicted_total, bias (predicted over actual total, less one), mae, rmse, wape (all errors
        over all purchases), rank_correlation (Spearman), top_decile_lift (mean outcome of the tenth with the highest forecasts over the
        mean of all), log_score (mean per customer; models and purchases only; float64).

    Notes
    -----
    A customer without a forecast is left out of a method's errors and counted in without_prediction, never read as zero.

    Examples
    --------
    >>> told = pd.DataFrame({"purchases": [0, 4], "spend": [0.0, 40.0], "nbd_purchases": [1.0, 3.0], "nbd_spend": [8.0, 30.0]})
    >>> measure_accuracy(told)[["measure", "mae", "bias"]].round(2).values.tolist()
    [['purchases', 1.0, 0.0], ['spend', 9.0, -0.05]]
    """
    rows = [_measure(predictions, method, what) for what in ("purchases", "spend") for method in METHODS if f"{method}_{what}" in predictions]
    table = pd.DataFrame(rows, columns=ACCURACY)
    kinds = {**dict.fromkeys(("measure", "method", "title", "kind"), "str"), "customers": "Int64", "without_prediction": "Int64"}
    return table.astype(kinds | dict.fromkeys(ACCURACY[6:], "float64")).dropna(subset=["mae"]).sort_values(["measure", "mae", "method"], ignore_index=True)


def _measure(predictions: pd.DataFrame, method: str, what: str) -> dict[str, object]:
    predicted, actual = predictions[f"{method}_{what}"].astype("float64"), predictions[what].astype("float64")
    known = np.isfinite(predicted)
    told, truth = predicted[known], actual[known]
    error = told - truth
    log = predictions.get(f"{method}_log") if what == "purchases" else None
    return {
        "measure": what, "method": method, "title": METHODS[method], "kind": "naive" if method in BASELINES else "model", "customers": len(actual), "without_prediction": int((~known).sum()),
        "actual_total": truth.sum(), "predicted_total": told.sum(), "bias": _ratio(told.sum(), truth.sum()) - 1, "mae": error.abs().mean(), "rmse": (error**2).mean() ** 0.5,
        "wape": _ratio(error.abs().sum(), truth.abs().sum()), "rank_correlation": told.corr(truth, method="spearman") if min(told.nunique(), truth.nunique()) > 1 else np.nan,
        "top_decile_lift": top_decile_lift(told, truth), "log_score": np.nan if log is None else float(log.mean()),
    }  # fmt: skip


def _ratio(top: float, below: float) -> float:
    return float(top / below) if below else float("nan")


def top_decile_lift(predicted: pd.Series, actual: pd.Series) -> float:
    """Return the mean outcome of the tenth with the highest forecasts, over the mean of all.

    Where equal forecasts straddle the border, they share the places that are left, so the order of rows does not matter.

    Examples
    --------
    >>> top_decile_lift(pd.Series([1.0] * 10), pd.Series([0.0] * 9 + [10.0]))
    1.0
    """
    overall = actual.mean()
    if not len(actual) or not overall:
        return float("nan")
    groups = pd.DataFrame({"predicted": predicted, "actual": actual}).groupby("predicted")["actual"].agg(["size", "sum"]).sort_index(ascending=False)
    places = len(actual) / 10
    before = groups["size"].cumsum().shift(fill_value=0)
    used = (places - before).clip(lower=0, upper=groups["size"])
    return float((groups["sum"] / groups["size"] * used).sum() / places / overall)


def calibrate(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return forecast against truth by tenths of expected purchases and by class of frequency, with the coverage of the intervals.

    Parameters
    ----------
    predictions : pandas.DataFrame
        From `predict_holdout`.

    Returns
    -------
    pandas.DataFrame
        by ("decile", "frequency"), group (str; decile 10 has the highest forecasts), customers (Int64), predicted, actual (mean purchases), predicted_spend,
        actual_spend (mean money), covered (share of customers whose purchases lie in the interval), held (the same with each outcome spread
        evenly over its step, which can reach the promise exactly), spend_covered, spend_held (float64).
    """
    if predictions.empty:
        columns = ["by", "group", "customers", "predicted", "actual", "predicted_spend", "actual_spend", "covered", "held", "spend_covered", "spend_held"]
        return pd.DataFrame({c: pd.Series(dtype="str" if c in ("by", "group") else "float64") for c in columns}).astype({"customers": "Int64"})
    marked = predictions.assign(
        decile=deciles(predictions["expected_purchases"]).astype("str"), frequency_class=frequency_class(predictions["frequency"]),
        inside=predictions["purchases"].astype("float64").between(predictions["purchases_low"], predictions["purchases_high"]),
        spend_inside=predictions["spend"].between(predictions["total_low"] - 0.005, predictions["total_high"] + 0.005),
    )  # fmt: skip
    return pd.concat([_by(marked, "decile", "decile", [str(d) for d in range(1, 11)]), _by(marked, "frequency", "frequency_class", list(CLASS_NAMES))], ignore_index=True)


def deciles(values: pd.Series) -> pd.Series:
    """Return the tenth of each value, 10 the highest; ties are broken by position in a table sorted by customer, so that tenths have equal size."""
    ranks = values.rank(method="first") - 0.5
    return np.ceil(ranks / max(len(values), 1) * 10).clip(1, 10).astype("int64")


def _by(marked: pd.DataFrame, by: str, column: str, order: list[str]) -> pd.DataFrame:
    grouped = marked.groupby(column).agg(
        customers=("purchases", "size"), predicted=("expected_purchases", "mean"), actual=("purchases", "mean"), predicted_spend=("expected_total", "mean"),
        actual_spend=("spend", "mean"), covered=("inside", "mean"), held=("purchases_held", "mean"), spend_covered=("spend_inside", "mean"), spend_held=("spend_held", "mean"),
    ).reindex([g for g in order if g in set(marked[column])])  # fmt: skip
    table = grouped.rename_axis("group").reset_index()
    table.insert(0, "by", by)
    return table.astype({"by": "str", "group": "str", "customers": "Int64"} | dict.fromkeys(table.columns[3:], "float64"))


def judge_models(accuracy: pd.DataFrame, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return, per measure, the chosen model beside the best naive forecast, a grade, and what to say about it first.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        From `measure_accuracy`.
    predictions : pandas.DataFrame
        From `predict_holdout`; names the chosen model, and p_alive says whether it knows of anybody who left.

    Returns
    -------
    pandas.DataFrame
        measure, model, naive (str), model_mae, naive_mae, model_rank, naive_rank, gain (share of the naive error that the model saves; float64), grade
        ("A" clearly better, "B" better, "C" a naive forecast wins), headline (str). Empty without a hold-out.

    Examples
    --------
    >>> told = pd.DataFrame({"model": "nbd", "p_alive": 1.0, "purchases": [0, 4], "spend": [0.0, 4.0], "nbd_purchases": [1.0, 4.0], "nbd_spend": [0.0, 3.0]})
    >>> told = told.assign(last_year_mean_purchases=[0.0, 4.0], last_year_mean_spend=[2.0, 2.0])
    >>> judge_models(measure_accuracy(told), told)[["measure", "naive", "grade"]].values.tolist()
    [['purchases', 'last_year_mean', 'C'], ['spend', 'last_year_mean', 'A']]
    """
    columns = ["measure", "model", "naive", "model_mae", "naive_mae", "model_rank", "naive_rank", "gain", "grade", "headline"]
    rows = []
    chosen = str(predictions["model"].iloc[0]) if len(predictions) else ""
    use = "P(alive) and intervals" if len(predictions) and predictions["p_alive"].min() < SURE else "intervals only: under it nobody has left"
    for what, part in accuracy.groupby("measure"):
        ours, naive = part[part["method"] == chosen], part[part["kind"] == "naive"]
        if ours.empty or naive.empty:
            continue
        us, them = ours.iloc[0], naive.iloc[0]
        gain = 1 - us["mae"] / them["mae"] if them["mae"] else 0.0
        grade = "C" if gain <= 0 else "A" if gain >= CLEAR and not us["rank_correlation"] < them["rank_correlation"] - 0.005 else "B"
        rows.append((what, chosen, them["method"], us["mae"], them["mae"], us["rank_correlation"], them["rank_correlation"], gain, grade, _headline(str(what), us, them, gain, use)))
    return pd.DataFrame(rows, columns=columns).astype({c: "str" for c in ("measure", "model", "naive", "grade", "headline")} | dict.fromkeys(columns[3:8], "float64"))


def _headline(what: str, us: pd.Series, them: pd.Series, gain: float, use: str) -> str:
    facts = f"mean error {_few_digits(us['mae'])} with the model and {_few_digits(them['mae'])} without"
    if np.isfinite([us["rank_correlation"], them["rank_correlation"]]).all():
        facts += f", rank correlation {us['rank_correlation']:.2f} and {them['rank_correlation']:.2f}"
    if gain <= 0:
        return f"A naive forecast wins for {what}: {them['title']} is at least as good as {us['title']} ({facts}). Use that for who buys how much, and the model for {use}."
    saved = f"{gain * 100:.0f} %" if gain >= 0.01 else f"{gain * 100:.1f} %"
    return f"{us['title']} beats every naive forecast for {what}: it saves {saved} of the error of the best one, {them['title']} ({facts})."


def _few_digits(error: float) -> str:
    return f"{error:,.0f}" if error >= 100 else f"{error:.3g}" if error >= 0.001 else "0"
