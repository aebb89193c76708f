"""Whom to leave alone, from what, and until when."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.retention.playbook import CONSENT
from helpers.retention.settings import ActionsSettings

RULES = {"customer_id": "str", "rule": "str", "play": "str", "until": "datetime64[us]", "says": "str"}
HELD_OUT_DAYS = 180  # who was held out of a play stays out of it for half a year
CAP_DAYS = 7


def find_contact_rules(
    tickets: pd.DataFrame | None, touches: pd.DataFrame | None, customers: pd.DataFrame | None, settings: ActionsSettings, *, as_of: dt.date
) -> pd.DataFrame:
    """Return every reason not to contact a customer.

    Parameters
    ----------
    tickets, touches, customers : pandas.DataFrame, optional
        A rule whose table is absent holds for nobody.
    settings : ActionsSettings
        touched_days, complaint_days, unknown_consent.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        customer_id, rule (str: open_ticket, a request of high severity is open; complaint; touched; no_consent_email, no_consent_phone, no_consent_post; held_out), play (str, the play that a rule is about; empty: all), until
        (datetime64, missing when it has no end), says (str). Sorted by customer, rule, play.

    Notes
    -----
    features.md section 9, row 9.
    """
    day = pd.Timestamp(as_of)
    parts = [pd.DataFrame(columns=list(RULES))]
    if tickets is not None:
        parts += [_open_tickets(tickets, day), _complaints(tickets, day, settings.complaint_days)]
    if touches is not None:
        parts += [_touched(touches, day, settings.touched_days), _held_out(touches, day)]
    if customers is not None:
        parts.append(_consent(customers, settings.unknown_consent))
    told = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
    last = told.sort_values(["customer_id", "rule", "play", "until"], kind="stable").drop_duplicates(["customer_id", "rule", "play"], keep="last")
    return last[list(RULES)].astype(RULES).reset_index(drop=True)


def _rows(frame: pd.DataFrame, rule: str, until: object, says: object, play: object = "") -> pd.DataFrame:
    return pd.DataFrame({"customer_id": frame["customer_id"], "rule": rule, "play": play, "until": until, "says": says})


def _open_tickets(tickets: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    solved = tickets["resolved_at"] if "resolved_at" in tickets else pd.Series(pd.NaT, index=tickets.index)
    grave = tickets["severity"] == "high" if "severity" in tickets else pd.Series(False, index=tickets.index)
    rows = tickets[(solved.isna() | (solved >= day + pd.Timedelta(days=1))) & grave.fillna(False) & (tickets["opened_at"] < day + pd.Timedelta(days=1))]
    return _rows(rows, "open_ticket", pd.NaT, "a request of high severity is open since " + rows["opened_at"].dt.strftime("%Y-%m-%d"))


def _complaints(tickets: pd.DataFrame, day: pd.Timestamp, days: int) -> pd.DataFrame:
    complaint = tickets["is_complaint"].fillna(False).astype("bool") if "is_complaint" in tickets else pd.Series(False, index=tickets.index)
    opened = tickets["opened_at"].dt.normalize()
    rows = tickets[complaint & (opened > day - pd.Timedelta(days=days)) & (opened <= day)]
    return _rows(rows, "complaint", rows["opened_at"].dt.normalize() + pd.Timedelta(days=days), "complained on " + rows["opened_at"].dt.strftime("%Y-%m-%d"))


def _sent(touches: pd.DataFrame, group: str) -> pd.DataFrame:
    return touches[touches["group"].fillna("treated") == group] if "group" in touches else touches if group == "treated" else touches.head(0)


def _touched(touches: pd.DataFrame, day: pd.Timestamp, days: int) -> pd.DataFrame:
    rows = _sent(touches, "treated")
    rows = rows[(rows["sent_on"] > day - pd.Timedelta(days=days)) & (rows["sent_on"] <= day)]
    return _rows(rows, "touched", rows["sent_on"] + pd.Timedelta(days=days), "was sent something on " + rows["sent_on"].dt.strftime("%Y-%m-%d"))


def _held_out(touches: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    rows = _sent(touches, "held_out")
    rows = rows[(rows["sent_on"] > day - pd.Timedelta(days=HELD_OUT_DAYS)) & (rows["sent_on"] <= day) & rows["play"].notna()]
    return _rows(rows, "held_out", rows["sent_on"] + pd.Timedelta(days=HELD_OUT_DAYS), "held out of " + rows["play"].astype("str") + " on " + rows["sent_on"].dt.strftime("%Y-%m-%d"), rows["play"])


def _consent(customers: pd.DataFrame, unknown: str) -> pd.DataFrame:
    parts = [pd.DataFrame(columns=list(RULES))]
    for kind in sorted(set(CONSENT.values())):
        if f"consent_{kind}" not in customers:
            continue
        given = customers[f"consent_{kind}"].astype("boolean")
        rows = customers[~given.fillna(unknown == "allow").astype("bool")]
        parts.append(_rows(rows, f"no_consent_{kind}", pd.NaT, f"has not agreed to {'calls' if kind == 'phone' else kind}"))
    return pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)


def count_recent_contacts(touches: pd.DataFrame | None, *, as_of: dt.date) -> pd.Series:
    """Return how often each customer was written to or called in the last seven days, by the table `touches`; what an account manager talks about with his customer is no pressure."""
    if touches is None:
        return pd.Series(dtype="int64")
    day, sent = pd.Timestamp(as_of), _sent(touches, "treated")
    return sent.loc[(sent["sent_on"] > day - pd.Timedelta(days=CAP_DAYS)) & (sent["sent_on"] <= day), "customer_id"].value_counts()


def list_cooldowns(touches: pd.DataFrame | None, *, as_of: dt.date) -> pd.Series:
    """Return the last day on which each (customer, play) was treated."""
    if touches is None or touches.empty:
        return pd.Series(dtype="datetime64[us]", index=pd.MultiIndex.from_arrays([[], []]))
    rows = _sent(touches, "treated")
    return rows[rows["sent_on"] <= pd.Timestamp(as_of)].groupby(["customer_id", "play"])["sent_on"].max()
