"""Controls for JupyterLab: a view over parameters, never a second way to compute."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from helpers.show.tables import as_text
from helpers.tiering.bands import score_rfm
from helpers.tiering.settings import RfmSettings
from helpers.tiering.tiers import assign_tiers, summarise_tiers

if TYPE_CHECKING:
    from ipywidgets import VBox

SHOWN = ["tier", "customers", "share", "revenue", "revenue_share"]


def tier_table(rfm: pd.DataFrame, *, bands: int, method: str, new_days: int) -> pd.DataFrame:
    """Return the size and weight of tiers under given thresholds: what the control shows, as a plain call.

    Parameters
    ----------
    rfm : pandas.DataFrame
        Recency, order count and spend per customer.
    bands : int
        Scores per measure.
    method : {"quantile", "mean_split"}
        Where bands are cut.
    new_days : int
        Days for which a customer with one order is new.

    Returns
    -------
    pandas.DataFrame
        tier, customers, share, revenue, revenue_share; tiers with customers only.
    """
    settings = RfmSettings(bands=bands, method=method, new_days=new_days)  # type: ignore[arg-type]
    plain = rfm.drop(columns=[c for c in rfm if c.endswith("_score")])
    summary = summarise_tiers(assign_tiers(score_rfm(plain, settings), settings))
    return summary.loc[summary["customers"] > 0, SHOWN].reset_index(drop=True)


def tier_controls(rfm: pd.DataFrame, settings: RfmSettings) -> VBox:
    """Return sliders for bands, method and new_days above a live table of tier sizes.

    The sliders start at the run's settings; batch runs and readers without a kernel use `tier_table` instead.
    """
    import ipywidgets as widgets

    words = {"description_width": "130px"}
    bands = widgets.IntSlider(settings.bands, min=2, max=10, description="bands", continuous_update=False, style=words)
    method = widgets.Dropdown(options=["quantile", "mean_split"], value=settings.method if settings.method != "fixed" else "quantile", description="method", style=words)
    new_days = widgets.IntSlider(settings.new_days, min=1, max=365, description="new for (days)", continuous_update=False, style=words)
    output = widgets.HTML()

    def update(_: object = None) -> None:
        table = tier_table(rfm, bands=bands.value, method=method.value, new_days=new_days.value)
        output.value = f"<pre>{as_text(table)}</pre>"

    for control in (bands, method, new_days):
        control.observe(update, names="value")
    update()
    return widgets.VBox([bands, method, new_days, output])
