"""Which channel a customer answers on, and how much we have been on to him lately."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.retention.playbook import CONSENT

SAME = {"phone": "call", "telephone": "call", "parcel": "post", "letter": "post", "mail": "email", "mailing": "post", "e-mail": "email", "text": "sms"}
PREFERENCES = {"customer_id": "str", "preferred": "str", "chance": "float64", "sent": "Int64", "answered": "Int64", "by": "str", "allowed": "str"}
PRESSURE = {"channel": "str", "touches": "Int64", "customers": "Int64", "per_customer_week": "float64", "most_in_a_week": "Int64", "weeks_over_cap": "Int64", "customers_over_cap": "Int64"}
PRIOR = 5.0  # the answers of everybody on a channel weigh as much as this many of the customer's own
ALL_CHANNELS = "all"


def channel_of(names: pd.Series) -> pd.Series:
    """Return channels by the names that plays use: phone is call, parcel is post."""
    plain = names.str.strip().str.lower()
    return plain.map(SAME).fillna(plain)


def prefer_channels(touches: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Return the channel on which each customer has answered best.

    Parameters
    ----------
    touches : pandas.DataFrame
        Table `touches`; rows of held-out customers say nothing about a channel.
    customers : pandas.DataFrame, optional
        For consent.

    Returns
    -------
    pandas.DataFrame
        customer_id, preferred (str, a channel that the customer allows), chance (float64, of an answer, drawn towards that of everybody on the channel), sent, answered (Int64, on that channel), by
        (str: own answers, everybody's answers), allowed (str, channels allowed where consent is known). Only customers who were sent something. Sorted.

    Notes
    -----
    Rows 002-62, 002-63. Who was sent only e-mail is not known to prefer it; `by` says whose answers decided.
    """
    sent = touches[(touches["group"].fillna("treated") == "treated") & touches["response"].notna() & touches["channel"].notna()] if "group" in touches else touches[touches["response"].notna() & touches["channel"].notna()]
    rows = sent.assign(channel=channel_of(sent["channel"]), response=sent["response"].astype("float64"))
    everyone = rows.groupby("channel")["response"].mean()
    own = rows.groupby(["customer_id", "channel"])["response"].agg(["size", "sum"]).reset_index()
    own["chance"] = (own["sum"] + PRIOR * own["channel"].map(everyone).astype("float64")) / (own["size"] + PRIOR)
    allowed = _allowed(customers)
    if allowed is not None:
        own = own[np.array([c in allowed.get(i, set()) or c not in CONSENT for i, c in zip(own["customer_id"], own["channel"], strict=True)], dtype=bool)]
    best = own.sort_values(["customer_id", "chance", "channel"], ascending=[True, False, True], kind="stable").drop_duplicates("customer_id")
    told = pd.DataFrame({
        "customer_id": best["customer_id"], "preferred": best["channel"], "chance": best["chance"].round(4), "sent": best["size"], "answered": best["sum"],
        "by": np.where(best["size"] >= PRIOR, "own answers", "everybody's answers"),
        "allowed": ["" if allowed is None else ", ".join(sorted(allowed.get(i, set()))) for i in best["customer_id"]],
    })  # fmt: skip
    return told.astype(PREFERENCES).reset_index(drop=True)


def _allowed(customers: pd.DataFrame | None) -> dict[str, set[str]] | None:
    if customers is None or not any(f"consent_{c}" in customers for c in set(CONSENT.values())):
        return None
    told: dict[str, set[str]] = {}
    for channel, kind in CONSENT.items():
        if f"consent_{kind}" in customers:
            for customer in customers.loc[customers[f"consent_{kind}"].fillna(False).astype("bool"), "customer_id"]:
                told.setdefault(customer, set()).add(channel)
    return told


def measure_pressure(touches: pd.DataFrame, *, as_of: dt.date, cap: int, weeks: int = 26) -> pd.DataFrame:
    """Return how much customers were written to and called, by channel, and how often the weekly cap was broken.

    Parameters
    ----------
    touches : pandas.DataFrame
        Table `touches`.
    as_of : datetime.date
    cap : int
        Contacts per customer and week.
    weeks : int
        How far back.

    Returns
    -------
    pandas.DataFrame
        channel (str, `all` first), touches, customers (Int64), per_customer_week (float64, mean over customers and weeks), most_in_a_week, weeks_over_cap (Int64, customer-weeks above the cap), customers_over_cap (Int64).

    Notes
    -----
    Row 002-65.
    """
    start = pd.Timestamp(as_of) - pd.Timedelta(days=7 * weeks - 1)
    rows = touches[touches["sent_on"].between(start, pd.Timestamp(as_of))]
    rows = rows[rows["group"].fillna("treated") == "treated"] if "group" in rows else rows
    rows = rows.assign(channel=channel_of(rows["channel"].fillna("not known")), week=(rows["sent_on"] - start).dt.days // 7)
    told = [_pressure(ALL_CHANNELS, rows, cap, weeks), *(_pressure(str(c), g, cap, weeks) for c, g in rows.groupby("channel"))]
    return pd.DataFrame(told, columns=list(PRESSURE)).astype(PRESSURE)


def _pressure(channel: str, rows: pd.DataFrame, cap: int, weeks: int) -> dict[str, object]:
    weekly = rows.groupby(["customer_id", "week"]).size()
    over = weekly[weekly > cap]
    people = rows["customer_id"].nunique()
    return {
        "channel": channel, "touches": len(rows), "customers": people, "per_customer_week": len(rows) / (people * weeks) if people else 0.0, "most_in_a_week": int(weekly.max()) if len(weekly) else 0,
        "weeks_over_cap": len(over), "customers_over_cap": over.index.get_level_values(0).nunique() if len(over) else 0,
    }  # fmt: skip
