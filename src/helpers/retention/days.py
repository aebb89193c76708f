"""What each customer did on which day: the one table that every signal, past or present, is read from.

A row says what happened (`stream`), on which day it counts, and since which day it is known. A return does not rewrite the past: it is a row
that counts on the day of its order and is known from the day of the return, so a look back at a day sees what was known then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.engine import MONEY_SCALE, lazy, settle, to_pandas, to_units

COLUMNS = {"customer_id": "str", "stream": "str", "day": "datetime64[us]", "known_on": "datetime64[us]", "amount": "float64"}
STREAM_TABLES = {
    "orders": "order_lines", "spend": "order_lines", "contacts": "interactions", "outbound": "interactions", "inbound": "interactions", "tickets": "tickets",
    "questions": "tickets", "complaints": "tickets", "answers": "surveys", "bad_answers": "surveys", "usage": "events", "content": "events", "departures": "contacts",
}  # fmt: skip
USAGE = ("login", "feature_use")
BAD_NPS, BAD_CSAT = 6, 2  # detractors (0 to 6) and the two lowest marks
KEY_ROLES = ("sponsor", "decision maker", "champion")


def build_customer_days(order_lines: object, tables: Mapping[str, object], *, as_of: dt.date) -> pd.DataFrame:
    """Return what every customer did, by stream and day.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
        Table `order_lines`.
    tables : mapping
        Any of interactions, tickets, surveys, contacts (pandas) and events (any frame); None when not measured.
    as_of : datetime.date
        Nothing that counts or became known later is read.

    Returns
    -------
    pandas.DataFrame
        customer_id, stream (str), day (datetime64, the day it counts for), known_on (datetime64, from when it was known), amount (float64: events, or currency
        units for `spend`). Streams: orders and spend (orders that stand), contacts, outbound, inbound (conversations by who began them), tickets,
        questions (tickets that are no complaint), complaints, answers and bad_answers (surveys), usage (log-ins and features used), content (articles read),
        departures (sponsor, decision maker or champion left). A stream is absent when its table is. Sorted.

    Examples
    --------
    >>> lines = pd.DataFrame({"order_id": ["1", "1"], "customer_id": "a", "amount": [10.0, -10.0], "order_date": pd.to_datetime(["2025-01-01", "2025-02-01"])})
    >>> told = build_customer_days(lines, {}, as_of=dt.date(2025, 6, 30))
    >>> told.loc[told["stream"] == "spend", ["day", "known_on", "amount"]].astype(str).values.tolist()
    [['2025-01-01', '2025-01-01', '10.0'], ['2025-01-01', '2025-02-01', '-10.0']]
    """
    until = dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)
    makers = {"interactions": _talks, "tickets": _requests, "surveys": _answers, "contacts": _departures}
    parts = [_purchases(order_lines, until)]
    parts += [make(_before(tables[name], until)) for name, make in makers.items() if tables.get(name) is not None]
    if tables.get("events") is not None:
        parts.append(_events(tables["events"], until))
    told = pd.concat(parts, ignore_index=True)
    told = told[told["customer_id"].notna() & (told["known_on"] < pd.Timestamp(until)) & (told["amount"] != 0)]
    summed = told.groupby(["stream", "customer_id", "day", "known_on"], sort=True)["amount"].sum().reset_index()
    return summed[list(COLUMNS)].astype(COLUMNS)


def _before(frame: object, until: dt.datetime) -> pd.DataFrame:
    assert isinstance(frame, pd.DataFrame)
    dated = [c for c in ("at", "opened_at", "answered_on", "left_on") if c in frame]
    return frame[frame[dated[0]] < pd.Timestamp(until)] if dated else frame.head(0)


def _purchases(order_lines: object, until: dt.datetime) -> pd.DataFrame:
    """Standing orders and what they are worth, as it became known."""
    steps = _order_steps(order_lines, until)
    plain, moved = steps[~steps["changed"]], _walk(steps[steps["changed"]])
    both = pd.concat([plain.assign(orders=plain["orders"].astype("float64")), moved], ignore_index=True)
    spend = both.assign(stream="spend", amount=both["net"] / MONEY_SCALE)
    return pd.concat([spend, both.assign(stream="orders", amount=both["orders"])], ignore_index=True)[list(COLUMNS)]


def _order_steps(order_lines: object, until: dt.datetime) -> pd.DataFrame:
    """One row per customer and day for orders that never changed, one per order and day of change for the others."""
    lines = lazy(order_lines)
    known = lines.collect_schema().names()
    order = nw.coalesce(nw.col("return_of"), nw.col("order_id")) if "return_of" in known else nw.col("order_id")
    read = lines.filter(nw.col("order_date") < until).select("customer_id", order.alias("order"), nw.col("order_date").dt.truncate("1d").alias("known_on"), to_units("amount").alias("net"))
    sale = nw.when(nw.col("net") >= 0).then(nw.col("known_on")).alias("sale_day")
    daily = settle(read.with_columns(sale).group_by("customer_id", "order", "known_on").agg(nw.col("net").sum(), nw.col("sale_day").min()))
    per_order = daily.group_by("customer_id", "order").agg(nw.len().alias("days"), nw.col("net").min().alias("least"), nw.col("sale_day").min().alias("day"))
    joined = daily.drop("sale_day").join(per_order, on=["customer_id", "order"], how="inner")
    steady = (nw.col("days") == 1) & (nw.col("least") > 0)
    whole = joined.filter(steady).group_by("customer_id", "day").agg(nw.col("net").sum(), nw.len().alias("orders"))
    first = to_pandas(whole).assign(changed=False)
    others = to_pandas(joined.filter(~steady & ~nw.col("day").is_null()).select("customer_id", "order", "day", "known_on", "net")).assign(changed=True)
    return pd.concat([first.assign(known_on=first["day"]), others], ignore_index=True)


def _walk(steps: pd.DataFrame) -> pd.DataFrame:
    """What each change did to what stood: an order stands while its net amount is above zero."""
    ordered = steps.sort_values(["customer_id", "order", "known_on"]).reset_index(drop=True)
    by = [ordered["customer_id"], ordered["order"]]
    total = ordered["net"].astype("float64").groupby(by).cumsum()
    stands, worth = (total > 0).astype("float64"), total.clip(lower=0)
    changes = {n: v - v.groupby(by).shift().fillna(0.0) for n, v in (("orders", stands), ("net", worth))}
    return ordered.assign(**changes, known_on=ordered[["day", "known_on"]].max(axis=1))


def _rows(frame: pd.DataFrame, dated: str, streams: Mapping[str, pd.Series]) -> pd.DataFrame:
    day = frame[dated].dt.normalize()
    base = pd.DataFrame({"customer_id": frame["customer_id"], "day": day, "known_on": day})
    parts = [base[chosen.fillna(False).astype("bool")].assign(stream=name, amount=1.0) for name, chosen in streams.items()]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _talks(interactions: pd.DataFrame) -> pd.DataFrame:
    every = pd.Series(True, index=interactions.index)
    if "direction" not in interactions or interactions["direction"].isna().all():
        return _rows(interactions, "at", {"contacts": every})
    began = interactions["direction"]
    return _rows(interactions, "at", {"contacts": every, "outbound": began == "outbound", "inbound": began == "inbound"})


def _requests(tickets: pd.DataFrame) -> pd.DataFrame:
    every = pd.Series(True, index=tickets.index)
    if "is_complaint" not in tickets or tickets["is_complaint"].isna().all():
        return _rows(tickets, "opened_at", {"tickets": every})
    complaint = tickets["is_complaint"].fillna(False).astype("bool")
    return _rows(tickets, "opened_at", {"tickets": every, "questions": ~complaint, "complaints": complaint})


def _answers(surveys: pd.DataFrame) -> pd.DataFrame:
    bad = pd.Series(False, index=surveys.index)
    for column, limit in (("nps", BAD_NPS), ("csat", BAD_CSAT)):
        if column in surveys:
            bad = bad | (surveys[column] <= limit).fillna(False).astype("bool")
    return _rows(surveys, "answered_on", {"answers": pd.Series(True, index=surveys.index), "bad_answers": bad})


def _departures(contacts: pd.DataFrame) -> pd.DataFrame:
    left = contacts[contacts["left_on"].notna()] if "left_on" in contacts else contacts.head(0).assign(left_on=pd.NaT)
    key = left["role"].isin(KEY_ROLES) if "role" in left else pd.Series(True, index=left.index)
    return _rows(left, "left_on", {"departures": key})


def _events(events: object, until: dt.datetime) -> pd.DataFrame:
    read = lazy(events).filter(nw.col("at") < until).select("customer_id", nw.col("at").dt.truncate("1d").alias("day"), "event")
    counted = to_pandas(read.group_by("customer_id", "day", "event").agg(nw.len().alias("amount"))).astype({"amount": "float64"})
    parts = [counted[counted["event"].isin(names)].assign(stream=stream, known_on=counted["day"]) for stream, names in (("usage", USAGE), ("content", ("content",)))]
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def cover_streams(days: pd.DataFrame, tables: Mapping[str, object]) -> pd.DataFrame:
    """Return which streams are measured at all, and since when: a stream that began last month says nothing about the year before.

    Parameters
    ----------
    days : pandas.DataFrame
        From `build_customer_days`.
    tables : mapping
        The tables it was made from; the columns that split tickets and conversations decide whether those streams exist.

    Returns
    -------
    pandas.DataFrame
        stream (str), needs (str, the table), measured (boolean), rows, customers (Int64), first_day, last_day (datetime64, missing without rows).
    """
    counted = days.groupby("stream").agg(rows=("amount", "size"), customers=("customer_id", "nunique"), first_day=("day", "min"), last_day=("day", "max"))
    told = pd.DataFrame({"stream": list(STREAM_TABLES), "needs": list(STREAM_TABLES.values())}).astype("str")
    told["measured"] = [_is_measured(s, tables) for s in told["stream"]]
    told = told.merge(counted, left_on="stream", right_index=True, how="left")
    return told.fillna({"rows": 0, "customers": 0}).astype({"measured": "boolean", "rows": "Int64", "customers": "Int64", "first_day": "datetime64[us]", "last_day": "datetime64[us]"})


SPLIT_BY = {"outbound": "direction", "inbound": "direction", "questions": "is_complaint", "complaints": "is_complaint", "departures": "left_on"}


def _is_measured(stream: str, tables: Mapping[str, object]) -> bool:
    table = tables.get(STREAM_TABLES[stream])
    if STREAM_TABLES[stream] == "order_lines":
        return True
    if table is None or stream not in SPLIT_BY:
        return table is not None
    return isinstance(table, pd.DataFrame) and SPLIT_BY[stream] in table and bool(table[SPLIT_BY[stream]].notna().any() or stream == "departures")
