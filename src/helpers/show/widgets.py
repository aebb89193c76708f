"""Controls for JupyterLab: a view over parameters, never a second way to compute."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings
from helpers.rules.schemes import Scheme, assign_scheme
from helpers.show.tables import as_pre
from helpers.tiering.summary import summarise_tiers

if TYPE_CHECKING:
    from ipywidgets import VBox

SHOWN = ["label_en", "customers", "share", "revenue", "revenue_share"]


def tier_table(
    measures: pd.DataFrame, scheme: Scheme, *, as_of: dt.date, bands: int, method: str, new_days: int, slowing: float, silent: float, settings: AxisSettings | None = None
) -> pd.DataFrame:  # fmt: skip
    """Return the size and weight of tiers under given thresholds: what the control shows, as a plain call.

    Parameters
    ----------
    measures : pandas.DataFrame
        Table `customer_measures`.
    scheme : Scheme
        Whose tiers are counted.
    as_of : datetime.date
        The day of the measures.
    bands : int
        Scores per measure.
    method : {"quantile", "mean_split"}
        Where bands are cut.
    new_days : int
        Days for which a customer with one order is new.
    slowing, silent : float
        Multiples of the usual gap from which a customer is slowing, and silent.
    settings : AxisSettings, optional
        Everything that is not named above; the defaults when absent.

    Returns
    -------
    pandas.DataFrame
        label_en, customers, share, revenue, revenue_share; tiers with customers only.
    """
    base = settings or AxisSettings()
    moved = AxisSettings(
        RfmSettings(**(base.rfm.model_dump() | {"bands": bands, "method": method})),
        ActivitySettings(**(base.activity.model_dump() | {"slowing": min(slowing, silent - 0.01), "silent": silent})),
        LifecycleSettings(**(base.lifecycle.model_dump() | {"new_days": new_days})),
    )
    axes = derive_axes(measures, fit_population(measures, moved.rfm, moved.activity), moved, as_of=as_of)
    summary = summarise_tiers(axes, assign_scheme(axes, scheme)["tier"], scheme)
    return summary.loc[summary["customers"] > 0, SHOWN].reset_index(drop=True)


def tier_controls(measures: pd.DataFrame, schemes: dict[str, Scheme], settings: AxisSettings, *, primary: str, as_of: dt.date) -> VBox:
    """Return controls for scheme, bands, method, new_days and silence above a live table of tier sizes.

    They start at the run's settings, which also say what the controls do not; fixed cut points start as quantiles. Batch runs and readers without a kernel use `tier_table` instead.
    """
    import ipywidgets as widgets

    words = {"description_width": "160px"}
    late: dict[str, Any] = {"continuous_update": False, "style": words}
    start, rhythm = settings.lifecycle, settings.activity
    controls = {
        "bands": widgets.IntSlider(settings.rfm.bands, min=2, max=10, description="bands", **late),
        "new_days": widgets.IntSlider(start.new_days, min=1, max=max(365, start.new_days), description="new for (days)", **late),
        "slowing": widgets.FloatSlider(rhythm.slowing, min=min(1, rhythm.slowing), max=max(10, rhythm.slowing), step=0.25, description="slowing from (usual gaps)", **late),
        "silent": widgets.FloatSlider(rhythm.silent, min=min(1.25, rhythm.silent), max=max(15, rhythm.silent), step=0.25, description="silent from (usual gaps)", **late),
        "method": widgets.Dropdown(options=["quantile", "mean_split"], value="mean_split" if settings.rfm.method == "mean_split" else "quantile", description="bands cut by", style=words),
    }
    scheme = widgets.Dropdown(options=[(s.title.en, n) for n, s in schemes.items()], value=primary, description="scheme", style=words)
    output = widgets.HTML()

    def update(_: object = None) -> None:
        table = tier_table(measures, schemes[scheme.value], as_of=as_of, settings=settings, **{n: c.value for n, c in controls.items()})
        output.value = as_pre(table)

    for control in (scheme, *controls.values()):
        control.observe(update, names="value")
    update()
    return widgets.VBox([*controls.values(), scheme, output])
