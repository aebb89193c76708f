"""Rule tags: which rule said what about a customer, on which day, and until when it holds (F07, row 002-15)."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.cleaning.settings_customers import TagsSettings

COLUMNS = ("customer_id", "tag", "rule_id", "tagged_on", "expires_on", "because")


def assign_tags(profile: pd.DataFrame, tickets: pd.DataFrame | None, *, as_of: dt.date, settings: TagsSettings) -> pd.DataFrame:
    """Tag customers by rules over the customer-360 table.

    A tag is cleared when its rule no longer holds: it is simply not given again, and the old one ends on `expires_on`.

    Parameters
    ----------
    profile : pandas.DataFrame
        From `build_customer_360`.
    tickets : pandas.DataFrame or None
        Table `tickets`; without it nobody is tagged complaint_risk.
    as_of : datetime.date
        Day of tagging.
    settings : TagsSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, tag, rule_id (str), tagged_on, expires_on (datetime64), because (str with the numbers). Sorted by customer and tag.
    """
    parts = [_high_value(profile, settings), _silent(profile, as_of, settings)]
    if tickets is not None:
        parts.append(_complaints(tickets, as_of, settings))
    tags = pd.concat(parts, ignore_index=True)
    day = pd.Timestamp(as_of)
    tags = tags.assign(tagged_on=day, expires_on=day + pd.Timedelta(days=settings.expire_after_days))
    typed = tags.astype({"customer_id": "str", "tag": "str", "rule_id": "str", "because": "str", "tagged_on": "datetime64[us]", "expires_on": "datetime64[us]"})
    return typed.sort_values(["customer_id", "tag"], ignore_index=True)[list(COLUMNS)]


def _tagged(ids: pd.Series, tag: str, rule: str, because: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids.to_numpy(), "tag": tag, "rule_id": rule, "because": because})


def _high_value(profile: pd.DataFrame, settings: TagsSettings) -> pd.DataFrame:
    spend = profile["orders_net"].fillna(0.0)
    line = spend[spend > 0].quantile(1 - settings.high_value_share) if (spend > 0).any() else float("inf")
    top = profile[spend >= line]
    return _tagged(top["customer_id"], "high_value", f"top_{settings.high_value_share:.0%}_by_spend", [f"spent {v:,.2f}, the line is {line:,.2f}" for v in top["orders_net"]])


def _silent(profile: pd.DataFrame, as_of: dt.date, settings: TagsSettings) -> pd.DataFrame:
    line = pd.Timestamp(as_of) - pd.DateOffset(months=settings.silent_months)
    quiet = profile[profile["orders_last"] <= line]
    return _tagged(quiet["customer_id"], "silent", f"no_order_for_{settings.silent_months}_months", [f"last order on {d.date().isoformat()}" for d in quiet["orders_last"]])


def _complaints(tickets: pd.DataFrame, as_of: dt.date, settings: TagsSettings) -> pd.DataFrame:
    year = tickets[(tickets["opened_at"] > pd.Timestamp(as_of) - pd.DateOffset(years=1)) & tickets["is_complaint"].fillna(False)]
    counts = year.groupby("customer_id").size()
    hit = counts[counts >= settings.complaint_count]
    return _tagged(hit.index.to_series(), "complaint_risk", f"{settings.complaint_count}_complaints_a_year", [f"{n} complaints within a year" for n in hit])
