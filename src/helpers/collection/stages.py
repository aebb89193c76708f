"""Stages of collection: what the data allows."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from helpers.collection.doctor import examine, list_unlocks, measure_lines, measure_tables


def doctor(
    order_lines: nw.LazyFrame,
    customers: pd.DataFrame | None,
    products: pd.DataFrame | None,
    contracts: pd.DataFrame | None,
    equipment: pd.DataFrame | None,
    contacts: pd.DataFrame | None,
    interactions: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    surveys: pd.DataFrame | None,
    events: pd.DataFrame | None,
    touches: pd.DataFrame | None,
    current_ratings: pd.DataFrame | None,
    current_signals: pd.DataFrame | None,
    staff: pd.DataFrame | None,
    costs: pd.DataFrame | None,
) -> pd.DataFrame:
    """Which analyses the data allows, why, and what would unlock the next."""
    tables = {n.removeprefix("current_"): f for n, f in locals().items() if n != "order_lines"}  # an expired rating is no evidence
    return examine(measure_lines(order_lines) | measure_tables(tables))


def unlocks(doctor: pd.DataFrame) -> pd.DataFrame:
    """What to add to the data first, by the number of analyses that it lifts."""
    return list_unlocks(doctor)
