"""How well what we sell answers what a customer needs: the match that, times lifetime value, gives resource value (row 004-01)."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.settings_people import NeedsSettings

PARTS = {"rhythm": "still orders in own rhythm", "range": "comes back for the groups tried", "help": "requests solved", "mood": "satisfied"}


def score_match(
    purchase_cycles: pd.DataFrame,
    item_days: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    surveys: pd.DataFrame | None,
    *,
    as_of: dt.date,
    settings: NeedsSettings,
) -> pd.DataFrame:
    """Return each customer's need match from 0 to 1: the mean of the parts that are measured.

    Parameters
    ----------
    purchase_cycles : pandas.DataFrame
        Expected gap and last order: the part `rhythm`, min(1, expected gap by days since the last order); not measured with one order.
    item_days : pandas.DataFrame or None
        customer_id, item (product group), order_date: the part `range`, the share of groups tried before the last expected gap that were bought again.
    tickets : pandas.DataFrame or None
        The part `help`: share of requests within `signal_days` that were solved.
    surveys : pandas.DataFrame or None
        The part `mood`: the latest csat (1 to 5) or nps (0 to 10) on a scale from 0 to 1.
    as_of : datetime.date
    settings : NeedsSettings

    Returns
    -------
    pandas.DataFrame
        customer_id (str), match (float64, 0 to 1; missing when no part is measured), rhythm, range, help, mood (float64 or missing), parts (Int64), reason
        (str). Sorted by customer.

    Notes
    -----
    Feature F28. A missing part is left out of the mean and never counted as a middle value; `parts` says how much stands behind the figure.
    """
    told = purchase_cycles[["customer_id"]].copy()
    waited = (pd.Timestamp(as_of) - purchase_cycles["last_order_on"]).dt.days.to_numpy(dtype="float64")
    rhythm = np.minimum(purchase_cycles["expected_gap_days"].to_numpy(dtype="float64") / np.maximum(waited, 1.0), 1.0)
    told["rhythm"] = np.where(purchase_cycles["orders"].to_numpy(dtype="float64") > 1, rhythm, np.nan)
    start = pd.Timestamp(as_of) - pd.Timedelta(days=settings.signal_days)
    own = told["customer_id"]
    told["range"] = own.map(_range(item_days, purchase_cycles, as_of)) if item_days is not None else np.nan
    told["help"] = own.map(_help(tickets, start, as_of)) if tickets is not None else np.nan
    told["mood"] = own.map(_mood(surveys, as_of)) if surveys is not None else np.nan
    parts = told[list(PARTS)].astype("float64").round(4)
    match = parts.mean(axis=1).round(4)
    words = [
        ", ".join(f"{PARTS[p]} {v:.2f}" for p, v in zip(PARTS, row, strict=True) if v == v) or "nothing measured yet" for row in parts.itertuples(index=False)
    ]
    return told.assign(**parts, match=match, parts=parts.notna().sum(axis=1).astype("Int64"), reason=pd.Series(words, index=told.index, dtype="str"))[
        ["customer_id", "match", *PARTS, "parts", "reason"]
    ].sort_values("customer_id", ignore_index=True)


def _range(item_days: pd.DataFrame, cycles: pd.DataFrame, as_of: dt.date) -> pd.Series:
    """Groups first bought less than an expected gap ago had no chance to be bought again and are left out."""
    if item_days.empty:
        return pd.Series(dtype="float64")
    per = item_days.groupby(["customer_id", "item"])["order_date"].agg(["size", "min"]).reset_index()
    gap = per["customer_id"].map(cycles.set_index("customer_id")["expected_gap_days"])
    known = per[(pd.Timestamp(as_of) - per["min"]).dt.days >= gap]
    return known.assign(again=known["size"] > 1).groupby("customer_id")["again"].mean()


def _help(tickets: pd.DataFrame, start: pd.Timestamp, as_of: dt.date) -> pd.Series:
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    recent = tickets[(tickets["opened_at"] > start) & (tickets["opened_at"] < end)]
    solved = recent["resolved_at"].notna() & (recent["resolved_at"] < end) if "resolved_at" in recent else pd.Series(np.nan, index=recent.index)
    return recent.assign(solved=solved.astype("float64")).groupby("customer_id")["solved"].mean()


def _mood(surveys: pd.DataFrame, as_of: dt.date) -> pd.Series:
    latest = (
        surveys[surveys["answered_on"] <= pd.Timestamp(as_of)]
        .sort_values(["customer_id", "answered_on"])
        .drop_duplicates("customer_id", keep="last")
        .set_index("customer_id")
    )
    csat = (latest["csat"].astype("Float64").astype("float64") - 1) / 4 if "csat" in latest else pd.Series(np.nan, index=latest.index)
    nps = latest["nps"].astype("Float64").astype("float64") / 10 if "nps" in latest else pd.Series(np.nan, index=latest.index)
    return csat.fillna(nps)
