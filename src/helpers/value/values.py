"""The table of customer values: historic, by formula and by model, with intervals, and nobody left out silently."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.value.clv import discounted_purchases, formula_value
from helpers.value.fitting import FittedModel, model_from, usable_models
from helpers.value.holdout import forecast
from helpers.value.predictive import expected_purchases
from helpers.value.segments import each_segment
from helpers.value.settings import PurchaseModelSettings
from helpers.value.spend import expected_spend, frequency_class
from helpers.value.units import DAYS_PER_MONTH, Discount, Horizon

YEAR = 365
NO_PURCHASE = "none: no purchase that stands"
NO_MODEL = "none: no model could be fitted"
MONEY = ["revenue", "historic_value", "last_year_value", "formula_value", "expected_spend", "expected_value", "expected_value_low", "expected_value_high"]
NUMBERS = [*MONEY, "margin_rate", "expected_purchases", "purchases_low", "purchases_high", "p_alive", "retention_a_year"]
VALUES = [
    "customer_id", "revenue", "historic_value", "last_year_value", "formula_value", "retention_a_year", "p_alive", "expected_purchases", "purchases_low", "purchases_high",
    "expected_spend", "expected_value", "expected_value_low", "expected_value_high", "horizon_months", "margin_rate", "value_basis", "predicted", "method", "note",
]  # fmt: skip


def pick_model(fits: pd.DataFrame, chosen: str, settings: PurchaseModelSettings) -> tuple[str, str]:
    """Return the model that predicts, and a note when it is not the one that the hold-out chose; no model and why, when none is usable in every segment.

    Parameters
    ----------
    fits : pandas.DataFrame
        Fits on all data, of all segments.
    chosen : str
        Short name of the model that the hold-out chose; empty without a hold-out.
    settings : PurchaseModelSettings
    """
    parts = [fits[fits["segment"] == s] for s in fits["segment"].unique()]
    usable = [m for m in settings.models if parts and all(usable_models(part, [m]) for part in parts)]
    if not usable:
        return "", next((n for n in fits["note"] if n), "")
    if chosen in usable:
        return chosen, ""
    why = f"{chosen} did not converge on all data" if chosen else "not judged: the history is too short for a hold-out"
    return min(usable, key=lambda m: float(fits.loc[fits["model"] == m, "bic"].sum())), why


def value_customers(
    money: pd.DataFrame, summary: pd.DataFrame, fits: pd.DataFrame, chosen: str, intervals: pd.DataFrame, before: pd.DataFrame, retention: pd.DataFrame, history_days: int,
    settings: PurchaseModelSettings,
) -> pd.DataFrame:  # fmt: skip
    """Return what every customer brought and is expected to bring; customers without a prediction stay, marked.

    Parameters
    ----------
    money : pandas.DataFrame
        From `add_margins`: every customer in the lines.
    summary : pandas.DataFrame
        Purchase summary of all data.
    fits : pandas.DataFrame
        Fits on all data.
    chosen : str
        The model that the hold-out chose; empty without a hold-out.
    intervals : pandas.DataFrame
        From `learn_intervals` on the hold-out.
    before : pandas.DataFrame
        customer_id, year_spend: the last 365 days.
    retention : pandas.DataFrame
        From `measure_retention`; may be empty.
    history_days : int
        Length of the history, to make a year of a shorter one.
    settings : PurchaseModelSettings

    Returns
    -------
    pandas.DataFrame
        One row per customer, sorted by customer_id. customer_id (str); revenue, historic_value, last_year_value (contribution of the last 365
        days), formula_value (all years to come, if nothing changes); retention_a_year (of the customer's frequency class); p_alive;
        expected_purchases, purchases_low, purchases_high (purchase days in the horizon); expected_spend (of a purchase day, before margin);
        expected_value, expected_value_low, expected_value_high (discounted contribution in the horizon); horizon_months (Int64); margin_rate; value_basis
        (str); predicted (boolean); method, note (str). Money is in currency units. Without a prediction the expected columns are missing, never zero.
    """
    table = money.merge(summary[["customer_id", "frequency"]], on="customer_id", how="left").merge(before[["customer_id", "year_spend"]], on="customer_id", how="left")
    table["last_year_value"] = table["year_spend"].fillna(0.0) * table["margin_rate"]
    model, note = pick_model(fits, chosen, settings)
    told = _predict(model, summary, fits, intervals, settings)
    table = table.merge(told, on="customer_id", how="left") if told is not None else table
    for column in (*NUMBERS, "method"):
        table[column] = table.get(column, None)
    table = table.astype(dict.fromkeys(NUMBERS, "float64"))
    for column in ("expected_value", "expected_value_low", "expected_value_high"):
        table[column] = table[column] * table["margin_rate"]
    table["predicted"] = np.isfinite(table["expected_value"].astype("float64"))
    standing = table["frequency"].notna()
    table["method"] = table["method"].fillna(NO_MODEL).where(standing, NO_PURCHASE).where(table["predicted"] | ~standing, NO_MODEL)
    table["note"] = _notes(table, note)
    table = _add_formula(table, retention, history_days, settings)
    rounded = table.assign(horizon_months=settings.horizon_months).astype(dict.fromkeys(NUMBERS, "float64") | {"horizon_months": "Int64", "predicted": "boolean", "method": "str", "note": "str"})
    return rounded.round(dict.fromkeys(MONEY, 4) | {"p_alive": 6, "expected_purchases": 6}).sort_values("customer_id", ignore_index=True)[VALUES]


def _predict(model_name: str, summary: pd.DataFrame, fits: pd.DataFrame, intervals: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame | None:
    if not model_name or summary.empty:
        return None
    parts = [_predict_segment(model_from(part, model_name), rows, part, intervals[intervals["segment"] == name], settings) for name, rows, part in each_segment(summary, fits)]
    return pd.concat(parts)


def _predict_segment(model: FittedModel | None, rows: pd.DataFrame, fits: pd.DataFrame, intervals: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    assert model is not None  # picked among models that are usable in every segment
    spend = expected_spend(rows, fits, settings)
    told = forecast(model, rows, spend, Horizon.of(settings.horizon_months, "month"), intervals)
    discounted = discounted_purchases(model, rows, settings.horizon_months, Discount.a_year(settings.discount_percent_a_year / 100), days_per_month=DAYS_PER_MONTH)
    share = discounted / np.maximum(told["expected_purchases"].to_numpy(), 1e-12)
    values = {"expected_value": discounted * spend.mean, "expected_value_low": told["total_low"] * share, "expected_value_high": told["total_high"] * share}
    return told.assign(customer_id=rows["customer_id"], method=f"{model.model} + {spend.method}", **values).drop(columns=["expected_total", "total_low", "total_high"])


def _notes(table: pd.DataFrame, note: str) -> pd.Series:
    once = table["frequency"].eq(0).fillna(False).astype(bool) & table["predicted"]
    notes = pd.Series(note, index=table.index, dtype="str")
    alone = "bought once: the usual spend of repeat buyers is assumed"
    return notes.mask(once, f"{note}; {alone}" if note else alone).mask(table["frequency"].isna(), "")


def _add_formula(table: pd.DataFrame, retention: pd.DataFrame, history_days: int, settings: PurchaseModelSettings) -> pd.DataFrame:
    rates = retention.set_index("frequency_class")["retention_a_year"] if len(retention) else pd.Series(dtype="float64")
    everyone = float(rates.get("all", float("nan")))
    classes = frequency_class(table["frequency"].fillna(0))
    stay = classes.map(rates).astype("float64").fillna(everyone).where(table["frequency"].notna())
    yearly = table["last_year_value"] * YEAR / min(max(history_days, 1), YEAR)
    return table.assign(retention_a_year=stay, formula_value=formula_value(yearly, stay, Discount.a_year(settings.discount_percent_a_year / 100)))


def reprice(customer_values: pd.DataFrame, summary: pd.DataFrame, fits: pd.DataFrame, *, months: int, discount_percent: float) -> pd.DataFrame:
    """Return expected purchases and value of every customer under another horizon and discount; model, margin and spend stay.

    Parameters
    ----------
    customer_values : pandas.DataFrame
        From `value_customers`.
    summary : pandas.DataFrame
        Purchase summary of all data.
    fits : pandas.DataFrame
        Fits on all data.
    months : int
        Months ahead.
    discount_percent : float
        Per cent a year.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), expected_purchases, expected_value (float64, currency units; missing without a prediction), in the order of `customer_values`.
    """
    told = customer_values[["customer_id", "expected_spend", "margin_rate", "predicted"]].copy()
    known = customer_values[customer_values["predicted"]]
    name = str(known["method"].iloc[0]).split(" + ")[0] if len(known) else ""
    parts = []
    for _, rows, part in each_segment(summary, fits):
        model = model_from(part, name) if name else None
        if model is not None:
            bought = {"expected_purchases": expected_purchases(model, rows, Horizon.of(months, "month")), "discounted": discounted_purchases(model, rows, months, Discount.a_year(discount_percent / 100))}
            parts.append(pd.DataFrame({"customer_id": rows["customer_id"], **bought}))
    merged = told.merge(pd.concat(parts) if parts else pd.DataFrame(columns=["customer_id", "expected_purchases", "discounted"]), on="customer_id", how="left")
    value = merged["discounted"].astype("float64") * merged["expected_spend"] * merged["margin_rate"]
    return merged.assign(expected_value=value.where(merged["predicted"].astype(bool)).round(4))[["customer_id", "expected_purchases", "expected_value"]]
