"""Who stands inside the window of a sequence now: bought A, not yet B."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.needs.sequences import window_ends
from helpers.needs.settings import SequencesSettings


def list_open_sequences(item_days: pd.DataFrame, sequences: pd.DataFrame, *, as_of: dt.date, settings: SequencesSettings, top: int = 50) -> pd.DataFrame:
    """Return who is inside the window of a sequence now: bought A, not yet B, and time is left.

    Parameters
    ----------
    item_days, as_of, settings
        As for `find_sequences`.
    sequences : pandas.DataFrame
        From `find_sequences`; only those that hold are used.
    top : int
        Sequences that are used, surest lift first.

    Returns
    -------
    pandas.DataFrame
        customer_id, a, b (str), bought_a_on, window_ends_on (datetime64[us]), rate, lift (float64), reason (str). Sorted by customer, then rate.
    """
    used = sequences[sequences["holds"].fillna(False)].head(top)
    read = item_days[item_days["order_date"] <= pd.Timestamp(as_of)]
    first = read.groupby(["customer_id", "item"], as_index=False)["order_date"].min().rename(columns={"item": "a", "order_date": "bought_a_on"})
    first = first.assign(window_ends_on=window_ends(first["bought_a_on"], settings)) if len(first) else first.assign(window_ends_on=first["bought_a_on"])
    inside = first[first["window_ends_on"] > pd.Timestamp(as_of)].merge(used[["a", "b", "rate", "lift", "median_gap_days"]], on="a")
    latest = read.groupby(["customer_id", "item"], as_index=False)["order_date"].max().rename(columns={"item": "b", "order_date": "bought_b_on"})
    waiting = inside.merge(latest, on=["customer_id", "b"], how="left")
    waiting = waiting[~(waiting["bought_b_on"] > waiting["bought_a_on"])].copy()
    days = [
        f"{row.rate:.0%} of buyers of {row.a} bought {row.b} within the window, half of them within {row.median_gap_days:.0f} days"
        for row in waiting.itertuples()
    ]
    told = waiting.assign(reason=pd.Series(days, index=waiting.index, dtype="str").str.replace("%", " %"))
    columns = ["customer_id", "a", "b", "bought_a_on", "window_ends_on", "rate", "lift", "reason"]
    return told.sort_values(["customer_id", "rate", "a", "b"], ascending=[True, False, True, True], ignore_index=True)[columns]
