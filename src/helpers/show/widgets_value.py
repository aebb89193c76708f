"""Controls of lesson 05: weights with a live core list, horizon and discount. A view over parameters, never a second way to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.show.tables import as_pre
from helpers.value.composite import score_values
from helpers.value.settings import PurchaseModelSettings, ValueSettings
from helpers.value.values import reprice

if TYPE_CHECKING:
    from ipywidgets import VBox

SHOWN = ["core_rank", "customer_id", "value_score", "historic_points", "potential_points", "strategic_points", "weight_measured", "rank_best", "rank_worst"]
SHORT = dict(zip(SHOWN, ("rank", "customer", "score", "historic", "potential", "strategic", "measured", "best", "worst"), strict=True))  # so that a row fits on a line


def core_list(parts: pd.DataFrame, settings: ValueSettings, *, historic: float, potential: float, strategic: float, rows: int = 10) -> pd.DataFrame:
    """Return the head of the core list under given weights: what the sliders show, as a plain call.

    Parameters
    ----------
    parts : pandas.DataFrame
        Table `value_parts`.
    settings : ValueSettings
        Everything but the weights.
    historic, potential, strategic : float
        Weights of any size; their proportion counts.
    rows : int
        How many customers.

    Returns
    -------
    pandas.DataFrame
        core_rank, customer_id, value_score, points of each part, weight_measured, rank_best, rank_worst.
    """
    weights = {"historic_weight": historic, "potential_weight": potential, "strategic_weight": strategic}
    scored = score_values(parts, settings.model_copy(update=weights))
    return scored[scored["is_core"]].sort_values("core_rank").head(rows)[SHOWN].reset_index(drop=True)


def horizon_table(values: pd.DataFrame, summary: pd.DataFrame, fits: pd.DataFrame, *, months: int, discount_percent: float) -> pd.DataFrame:
    """Return totals of the forecast under a horizon and a discount: what the sliders show, as a plain call.

    Parameters
    ----------
    values, summary, fits : pandas.DataFrame
        Tables `customer_values`, `btyd_summary`, and `model_fits` of all data.
    months : int
        Months ahead.
    discount_percent : float
        Per cent a year.

    Returns
    -------
    pandas.DataFrame
        One row: months, discount_percent, customers, without_prediction, purchases, value, value_per_customer.
    """
    told = reprice(values, summary, fits, months=months, discount_percent=discount_percent)
    known = told["expected_value"].notna()
    total = float(told["expected_value"].sum())
    row = {"months": months, "discount_percent": discount_percent, "customers": len(told), "without_prediction": int((~known).sum())}
    return pd.DataFrame([row | {"purchases": float(told["expected_purchases"].sum()), "value": total, "value_per_customer": total / max(int(known.sum()), 1)}])


def weight_controls(parts: pd.DataFrame, settings: ValueSettings) -> VBox:
    """Return three sliders for the weights above a live core list; they start at the run's settings."""
    import ipywidgets as widgets

    style = {"description_width": "130px"}
    sliders = {n: widgets.IntSlider(round(w * 100), min=0, max=100, step=5, description=f"{n} (points)", continuous_update=False, style=style) for n, w in settings.weights.items()}
    output = widgets.HTML()

    def update(_: object = None) -> None:
        chosen = {n: s.value for n, s in sliders.items()}
        told = core_list(parts, settings, **chosen).rename(columns=SHORT) if sum(chosen.values()) else "give at least one part some weight"
        output.value = as_pre(told)

    for slider in sliders.values():
        slider.observe(update, names="value")
    update()
    return widgets.VBox([*sliders.values(), output])


def horizon_controls(values: pd.DataFrame, summary: pd.DataFrame, fits: pd.DataFrame, settings: PurchaseModelSettings) -> VBox:
    """Return sliders for horizon and discount above live totals; they start at the run's settings."""
    import ipywidgets as widgets

    style = {"description_width": "160px"}
    months = widgets.IntSlider(settings.horizon_months, min=1, max=36, description="horizon (months)", continuous_update=False, style=style)
    percent = widgets.FloatSlider(settings.discount_percent_a_year, min=0, max=30, step=0.5, description="discount (% a year)", continuous_update=False, style=style)
    output = widgets.HTML()

    def update(_: object = None) -> None:
        output.value = as_pre(horizon_table(values, summary, fits, months=months.value, discount_percent=percent.value))

    for control in (months, percent):
        control.observe(update, names="value")
    update()
    return widgets.VBox([months, percent, output])
