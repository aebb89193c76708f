"""The closed loop: what became of every bad score."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.settings_people import VoiceSettings


def close_loop(
    surveys: pd.DataFrame,
    interactions: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    customers: pd.DataFrame | None,
    *,
    as_of: dt.date,
    settings: VoiceSettings,
) -> pd.DataFrame:
    """Return every bad answer with what we did about it.

    Parameters
    ----------
    surveys : pandas.DataFrame
    interactions : pandas.DataFrame or None
        Outbound ones to the customer count as follow-up, and so do first responses to tickets. Without both tables nobody knows: status is missing.
    tickets, customers : pandas.DataFrame or None
        `customers.owner_id` names who should call.
    as_of : datetime.date
    settings : VoiceSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, answered_on, nps, csat, text, owner_id, followed_up_at (datetime64[us]), hours (float64), status: in time (within `follow_up_hours` of
        the end of the
        day of the answer), late, open (no contact yet, answer younger than `open_days`), never (older). Open ones first, latest first.

    Notes
    -----
    Row 003-26; features.md section 6: detractor follow-up within 48 hours.
    """
    nps, csat = (surveys[c].astype("Float64") if c in surveys else pd.Series(pd.NA, index=surveys.index, dtype="Float64") for c in ("nps", "csat"))
    bad = ((nps <= settings.bad_nps) | (csat <= settings.bad_csat)).fillna(False)
    answers = surveys[bad & (surveys["answered_on"] <= pd.Timestamp(as_of))].reset_index(drop=True)
    contacts = _contacts(interactions, tickets, as_of)
    told = answers.assign(row=answers.index, followed_up_at=pd.NaT)
    if contacts is not None:
        pairs = told[["row", "customer_id", "answered_on"]].merge(contacts, on="customer_id")
        first = pairs[pairs["at"] > pairs["answered_on"]].groupby("row")["at"].min()
        told["followed_up_at"] = first.reindex(told["row"]).to_numpy()  # unlike map, it also holds when nobody was dissatisfied
    told["followed_up_at"] = told["followed_up_at"].astype("datetime64[us]")
    hours = (told["followed_up_at"] - told["answered_on"]).dt.total_seconds() / 3600
    young = (pd.Timestamp(as_of) - told["answered_on"]).dt.days < settings.open_days
    lapsed = hours > 24 * settings.open_days  # a contact a season later answers something else
    status = pd.Series(
        np.where(hours <= settings.follow_up_hours + 24, "in time", np.where(hours.notna() & ~lapsed, "late", np.where(young, "open", "never"))),
        index=told.index,
        dtype="str",
    )
    told = told.assign(hours=hours.round(1), status=status if contacts is not None else pd.Series(np.nan, index=told.index, dtype="str"))
    owner = customers.set_index("customer_id")["owner_id"] if customers is not None and "owner_id" in customers else pd.Series(dtype="str")
    told = told.assign(owner_id=told["customer_id"].map(owner).astype("str"), _order=told["status"].map({"open": 0, "never": 1, "late": 2, "in time": 3}))
    columns = ["customer_id", "answered_on", "nps", "csat", "text", "owner_id", "followed_up_at", "hours", "status"]
    return told.sort_values(["_order", "answered_on", "customer_id"], ascending=[True, False, True], ignore_index=True).reindex(columns=columns)


def _contacts(interactions: pd.DataFrame | None, tickets: pd.DataFrame | None, as_of: dt.date) -> pd.DataFrame | None:
    parts = []
    if interactions is not None:
        parts.append(interactions.loc[interactions["direction"] == "outbound", ["customer_id", "at"]])
    if tickets is not None and "first_response_at" in tickets:
        parts.append(tickets[["customer_id", "first_response_at"]].rename(columns={"first_response_at": "at"}).dropna())
    if not parts:
        return None
    every = pd.concat(parts, ignore_index=True)
    return every[every["at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
