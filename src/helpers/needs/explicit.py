"""What customers say they need, and what their shopping says: questions, requests, complaints, repeated purchases; with quotes."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.needs.maps import NeedsMaps
from helpers.needs.settings_people import NeedsSettings

COLUMNS = {
    "customer_id": "str",
    "need": "str",
    "what": "str",
    "name_en": "str",
    "name_zh": "str",
    "times": "Int64",
    "first_on": "datetime64[us]",
    "last_on": "datetime64[us]",
    "quote": "str",
}
STATED = ("question", "request", "complaint")


def list_explicit_needs(
    feedback: pd.DataFrame | None, item_days: pd.DataFrame | None, maps: NeedsMaps, *, as_of: dt.date, settings: NeedsSettings
) -> pd.DataFrame:
    """Return each customer's stated needs and repeated purchases within `signal_days`.

    Parameters
    ----------
    feedback : pandas.DataFrame or None
        From `read_feedback`.
    item_days : pandas.DataFrame or None
        customer_id, item (product group), order_date (day).
    maps : NeedsMaps
        For names; a theme called custom_request is a wish for something made to measure.
    as_of : datetime.date
    settings : NeedsSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, need (question, request, complaint, repeat_purchase), what (theme or product group), name_en, name_zh, times (Int64), first_on, last_on
        (days), quote
        (str, the latest text; missing for purchases). Sorted by customer, most frequent first.

    Notes
    -----
    Rows 002-31 and 002-32; feature F15.
    """
    start, end = pd.Timestamp(as_of) - pd.Timedelta(days=settings.signal_days), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    parts = []
    if feedback is not None:
        said = feedback[(feedback["at"] > start) & (feedback["at"] < end) & feedback["theme_kind"].isin(STATED)].sort_values(["at", "record"])
        named = said.groupby(["customer_id", "theme_kind", "theme"], as_index=False).agg(
            times=("text", "size"), first_on=("at", "min"), last_on=("at", "max"), quote=("text", "last")
        )
        names = {n: (t.en, t.zh) for n, t in maps.themes.items()}
        parts.append(
            named.rename(columns={"theme_kind": "need", "theme": "what"}).assign(
                name_en=named["theme"].map(lambda t: names[t][0]), name_zh=named["theme"].map(lambda t: names[t][1])
            )
        )
    if item_days is not None:
        bought = item_days[(item_days["order_date"] > start) & (item_days["order_date"] < end)]
        again = bought.groupby(["customer_id", "item"], as_index=False).agg(
            times=("order_date", "size"), first_on=("order_date", "min"), last_on=("order_date", "max")
        )
        again = again[again["times"] >= settings.repeat_orders].rename(columns={"item": "what"})
        parts.append(again.assign(need="repeat_purchase", name_en=again["what"], name_zh=again["what"]))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    every = every.reindex(columns=list(COLUMNS)).assign(
        first_on=lambda f: pd.to_datetime(f["first_on"]).dt.normalize(), last_on=lambda f: pd.to_datetime(f["last_on"]).dt.normalize()
    )
    return every.astype(COLUMNS).sort_values(["customer_id", "times", "need", "what"], ascending=[True, False, True, True], ignore_index=True)


def summarise_explicit_needs(explicit: pd.DataFrame) -> pd.DataFrame:
    """Return what is needed by how many: need, what, name_en, name_zh, customers, times (Int64), quote (the latest); most customers first."""
    ordered = explicit.sort_values(["last_on", "customer_id"])
    table = ordered.groupby(["need", "what"], as_index=False).agg(
        name_en=("name_en", "first"), name_zh=("name_zh", "first"), customers=("customer_id", "nunique"), times=("times", "sum"), quote=("quote", "last")
    )
    return table.astype({"customers": "Int64", "times": "Int64", "quote": "str"}).sort_values(
        ["customers", "need", "what"], ascending=[False, True, True], ignore_index=True
    )
