"""When each product category is needed again."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.needs.cycles import forecast_gaps, predict_next, summarise_gaps
from helpers.needs.settings import CyclesSettings


def forecast_categories(category_days: pd.DataFrame, *, as_of: dt.date, settings: CyclesSettings) -> pd.DataFrame:
    """Return when each customer will need each product category again.

    Parameters
    ----------
    category_days : pandas.DataFrame
        customer_id, item (the category, str), order_date (day).
    as_of, settings
        As for `forecast_cycles`; categories with fewer than `category_min_days` purchase days of the customer are left out.

    Returns
    -------
    pandas.DataFrame
        customer_id, category (str), purchase_days (Int64), expected_gap_days, last_bought_on, next_on, next_low, next_high, overdue_days, is_overdue.
    """
    read = category_days[category_days["order_date"] <= pd.Timestamp(as_of)].rename(columns={"item": "category"})
    gaps = summarise_gaps(read, ["customer_id", "category"])
    gaps = gaps[gaps["gaps"] > 0].reset_index(drop=True)
    told = predict_next(forecast_gaps(gaps, gaps["category"].astype("str"), settings), as_of=as_of, settings=settings)
    told = told[told["orders"] >= settings.category_min_days]
    names = {
        "orders": "purchase_days",
        "last_order_on": "last_bought_on",
        "next_order_on": "next_on",
        "next_order_low": "next_low",
        "next_order_high": "next_high",
    }
    columns = [
        "customer_id",
        "category",
        "purchase_days",
        "expected_gap_days",
        "last_bought_on",
        "next_on",
        "next_low",
        "next_high",
        "overdue_days",
        "is_overdue",
    ]
    return (
        told.rename(columns=names)
        .round({"expected_gap_days": 2})
        .sort_values(["customer_id", "category"], ignore_index=True)[columns]
        .astype({"purchase_days": "Int64"})
    )
