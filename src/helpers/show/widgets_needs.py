"""Controls of lesson 04: a view over parameters of the sequence search, never a second way to compute."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pandas as pd

from helpers.needs.sequences import find_sequences
from helpers.needs.settings import SequencesSettings
from helpers.show.tables import as_pre

if TYPE_CHECKING:
    from ipywidgets import VBox

SHOWN = ["a", "b", "buyers", "buyers_left_out", "rate", "base_rate", "lift"]


def sequence_table(item_days: pd.DataFrame, *, as_of: dt.date, window_months: int, min_buyers: int, rows: int = 8) -> pd.DataFrame:
    """Return the surest sequences under given thresholds: what the control shows, as a plain call.

    Parameters
    ----------
    item_days : pandas.DataFrame
        customer_id, item, order_date (day).
    as_of : datetime.date
    window_months : int
        B must follow within this many calendar months of A.
    min_buyers : int
        Buyers of A with the whole window behind them.
    rows : int

    Returns
    -------
    pandas.DataFrame
        a, b, buyers, buyers_left_out, rate, base_rate, lift; sequences that hold only.
    """
    found = find_sequences(item_days, as_of=as_of, settings=SequencesSettings(window_months=window_months, min_buyers=min_buyers))
    return found.loc[found["holds"].fillna(False), SHOWN].head(rows).reset_index(drop=True)


def sequence_controls(item_days: pd.DataFrame, *, as_of: dt.date, settings: SequencesSettings) -> VBox:
    """Return sliders for the window and the least number of buyers above a live table of sequences.

    The sliders start at the run's settings; batch runs and readers without a kernel use `sequence_table` instead.
    """
    import ipywidgets as widgets

    words = {"description_width": "150px"}
    months = widgets.IntSlider(settings.window_months, min=1, max=12, description="window (months)", continuous_update=False, style=words)
    buyers = widgets.IntSlider(settings.min_buyers, min=5, max=200, description="buyers of A at least", continuous_update=False, style=words)
    output = widgets.HTML()

    def update(_: object = None) -> None:
        table = sequence_table(item_days, as_of=as_of, window_months=months.value, min_buyers=buyers.value)
        output.value = as_pre(table)

    for control in (months, buyers):
        control.observe(update, names="value")
    update()
    return widgets.VBox([months, buyers, output])
