"""The sixteen canonical tables: every room reads and returns these, whatever the export was called.

A column's *kind* fixes its dtype. Dates and times are timezone-naive local time; money is in the run's one
currency; ids are text. `check_table` validates with pandera; `data_dictionary` is where docs come from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from helpers.errors import UserError

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

DTYPES = {
    "id": "str",
    "text": "str",
    "date": "datetime64[us]",
    "time": "datetime64[us]",
    "money": "float64",
    "number": "float64",
    "count": "Int64",
    "flag": "boolean",
}
TEMPLATE_TABLES = ("ratings", "signals", "staff", "costs", "contacts")  # filled in by people, on the kit's own sheets
EXAMPLE_ROW = re.compile(r"^\s*(EXAMPLE|示例)(\s|$)", re.IGNORECASE)  # how the first cell of a template's example row begins
KIND_SAYS = {
    "id": "identifier, text",
    "text": "text",
    "date": "local calendar day",
    "time": "local date and time, no time zone",
    "money": "amount in the run's currency",
    "number": "number",
    "count": "whole number",
    "flag": "true or false",
}


@dataclass(frozen=True)
class Column:
    """One column of a canonical table: its name, kind, meaning and what is allowed in it."""

    name: str
    kind: str
    says: str
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    contact: bool = False  # direct contact data: never in an output unless asked for


@dataclass(frozen=True)
class Table:
    """One canonical table: what a row is, which columns identify it and which date places it in time."""

    name: str
    says: str
    key: tuple[str, ...]
    dated_by: str | None
    columns: tuple[Column, ...] = field(repr=False)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.required)

    def column(self, name: str) -> Column:
        """Return the column called `name`; an unknown name is a `UserError` that lists the known ones."""
        for found in self.columns:
            if found.name == name:
                return found
        known = ", ".join(c.name for c in self.columns)
        raise UserError(f"table {self.name} has no column {name!r}: it has {known}")


def _id(name: str, says: str, required: bool = False) -> Column:
    return Column(name, "id", says, required)


def _text(name: str, says: str, *allowed: str, contact: bool = False) -> Column:
    return Column(name, "text", says, allowed=allowed, contact=contact)


_CUSTOMER = _id("customer_id", "the customer, after duplicates were merged", True)
_SEVERITY = _text("severity", "how bad it is", "low", "medium", "high")

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table("orders", "one row per order, built from order lines; matched returns reduce the order they belong to", ("order_id",), "order_date", (
            _id("order_id", "the order", True), _CUSTOMER,
            Column("order_date", "date", "day of the order", True),
            Column("net_amount", "money", "sales less matched returns, as known at the as-of date", True),
            Column("gross_amount", "money", "sales before returns"),
            Column("returned_amount", "money", "returns booked against the order, negative or zero"),
            Column("discount_amount", "money", "discount given on the order, positive"),
            Column("cost_amount", "money", "what the goods cost us"),
            Column("line_count", "count", "order lines that stand behind the row", low=1),
            _text("channel", "where it was ordered"), _text("status", "sale, or return when nothing it could be matched to was found", "sale", "return"))),
        Table("order_lines", "one row per product on an order; returns are negative", ("order_id", "line_no"), "order_date", (
            _id("order_id", "the order; customer and day when the export has none", True),
            Column("line_no", "count", "line within the order, from 1", low=1), _CUSTOMER,
            Column("order_date", "date", "day of the order or of the return", True), _id("product_id", "the product"),
            Column("quantity", "number", "units, negative for returns"), Column("unit_price", "money", "price of one unit"),
            Column("amount", "money", "what the line adds to the ledger, negative for returns", True),
            Column("cost", "money", "what the goods on the line cost us"), Column("discount", "money", "discount on the line, positive"),
            _text("channel", "where it was ordered"), _text("status", "status as the source names it"),
            Column("is_return", "flag", "true when the line gives money back"),
            _id("return_of", "order that a return belongs to, given by the source or matched"))),
        Table("products", "one row per product", ("product_id",), "launched_on", (
            _id("product_id", "the product", True), _text("name", "what it is called"), _text("category", "main group"),
            _text("subcategory", "group within the category"), Column("launched_on", "date", "first day on sale"),
            _text("tags", "labels separated by semicolons"))),
        Table("customers", "one row per customer, after duplicates were merged", ("customer_id",), "created_on", (
            _CUSTOMER, _text("name", "person or company", contact=True), _text("kind", "who buys", "consumer", "business"),
            _text("industry", "branch of a business"), _text("region", "where the customer is"), _text("size", "size class of a business"),
            _text("source", "how the customer found us"), _id("referred_by", "customer who recommended us"),
            _id("owner_id", "member of staff who looks after the customer"), _text("member_level", "level in the loyalty programme"),
            Column("created_on", "date", "first day in our systems"), Column("birthday", "date", "birthday of a person", contact=True),
            Column("anniversary", "date", "day the relationship is celebrated"), _text("email", "e-mail address", contact=True),
            _text("phone", "telephone number", contact=True), Column("consent_email", "flag", "may we write"),
            Column("consent_phone", "flag", "may we call"), Column("consent_post", "flag", "may we send post"))),
        Table("contracts", "one row per contract", ("contract_id",), "starts_on", (
            _id("contract_id", "the contract", True), _CUSTOMER, Column("starts_on", "date", "first day", True),
            Column("renews_on", "date", "day it ends unless renewed"), Column("annual_amount", "money", "value of a year", low=0),
            _text("status", "state of the contract", "active", "ended", "cancelled"))),
        Table("equipment", "one row per machine at a customer's", ("equipment_id",), "installed_on", (
            _id("equipment_id", "the machine", True), _CUSTOMER, _text("model", "type of machine"), Column("installed_on", "date", "first day in use"),
            Column("hours_used", "number", "running hours so far", low=0), Column("faults", "count", "faults so far", low=0),
            Column("energy_use", "number", "kWh a day", low=0))),
        Table("contacts", "one row per person at a business customer", ("contact_id",), None, (
            _id("contact_id", "the person", True), _CUSTOMER, _text("name", "name", contact=True), _text("level", "rank", "executive", "middle", "front"),
            _text("role", "part in our relationship", "sponsor", "decision maker", "champion", "user"), _text("email", "e-mail address", contact=True),
            _text("phone", "telephone number", contact=True), Column("left_on", "date", "day the person left the post"))),
        Table("interactions", "one row per conversation or visit", ("interaction_id",), "at", (
            _id("interaction_id", "the conversation", True), _CUSTOMER, Column("at", "time", "when", True),
            _text("kind", "what it was", "visit", "call", "interview", "meeting", "training", "email", "chat"),
            _text("direction", "who began it", "inbound", "outbound"), _text("level", "rank of the person met", "executive", "middle", "front"),
            _text("topic", "what it was about"), _text("text", "notes"), _text("outcome", "what came of it"))),
        Table("tickets", "one row per request for help or complaint", ("ticket_id",), "opened_at", (
            _id("ticket_id", "the request", True), _CUSTOMER, Column("opened_at", "time", "when it was opened", True),
            Column("first_response_at", "time", "when we first answered"), Column("resolved_at", "time", "when it was solved"),
            _text("category", "what it was about"), _SEVERITY, Column("is_complaint", "flag", "was it a complaint"), _text("text", "what was written"))),
        Table("surveys", "one row per answered questionnaire", ("customer_id", "answered_on"), "answered_on", (
            _CUSTOMER, Column("answered_on", "date", "day of the answer", True),
            Column("nps", "count", "would you recommend us, 0 to 10", low=0, high=10),
            Column("csat", "count", "how satisfied are you, 1 to 5", low=1, high=5), _text("text", "comment"))),
        Table("events", "one row per thing done on our web site or product", ("customer_id", "at", "event", "object"), "at", (
            _CUSTOMER, Column("at", "time", "when", True), _text("event", "what", "page_view", "login", "feature_use", "content"),
            _text("object", "page, feature or article"))),
        Table("touches", "one row per message or offer sent, or held back on purpose", ("touch_id",), "sent_on", (
            _id("touch_id", "the message", True), _CUSTOMER, _text("play", "campaign or play it belongs to"), _text("channel", "how it was sent"),
            Column("sent_on", "date", "day of sending", True), _text("group", "treated, or held out for comparison", "treated", "held_out"),
            Column("cost", "money", "cost of this one message or offer", low=0), Column("response", "flag", "did the customer react"))),
        Table("ratings", "one row per judgement by a person, with an anchor for every score", ("customer_id", "criterion", "rater", "rated_on"), "rated_on", (
            _CUSTOMER, Column("criterion", "text", "what is judged", True), Column("score", "count", "1 to 5, see the template's anchors", True, low=1, high=5),
            Column("rater", "text", "who judged", True), Column("rated_on", "date", "day of the judgement", True),
            Column("expires_on", "date", "day after which it no longer counts"))),
        Table("signals", "one row per fact seen outside our systems", ("customer_id", "signal", "observed_on"), "observed_on", (
            _CUSTOMER, Column("signal", "text", "what was seen", True), Column("observed_on", "date", "day it was seen", True),
            _text("source", "where it was seen"), _SEVERITY, _text("note", "in words"), Column("expires_on", "date", "day after which it no longer counts"))),
        Table("staff", "one row per person who looks after customers", ("staff_id",), None, (
            _id("staff_id", "the person", True), _text("name", "name", contact=True), _text("role", "job"), _text("team", "team"),
            Column("hours_per_week", "number", "hours for customers in a week", low=0, high=168), _text("skills", "labels separated by semicolons"))),
        Table("costs", "one row per play, contact or offer", ("play",), None, (
            _id("play", "play, contact or offer", True), Column("unit_cost", "money", "cost of doing it once", low=0),
            Column("hours", "number", "working hours of doing it once", low=0))),
    )
}  # fmt: skip


def table(name: str) -> Table:
    """Return a canonical table by name; an unknown name is a `UserError` that lists the sixteen."""
    if name not in TABLES:
        raise UserError(f"there is no table {name!r}: the tables are {', '.join(TABLES)}")
    return TABLES[name]


@cache
def schema(name: str) -> DataFrameSchema:
    """Return the pandera schema of a canonical table: dtypes, allowed values, unique key."""
    import pandera.pandas as pa  # imported late: half a second that most commands do not need

    columns = {}
    for c in table(name).columns:
        checks = [pa.Check.isin(c.allowed)] if c.allowed else []
        checks += [pa.Check.ge(c.low)] if c.low is not None else []
        checks += [pa.Check.le(c.high)] if c.high is not None else []
        columns[c.name] = pa.Column(DTYPES[c.kind], checks, nullable=not c.required, required=c.required, description=c.says)
    return pa.DataFrameSchema(columns, strict=True, name=name, description=table(name).says)


def check_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` when it is a valid canonical table; otherwise a `UserError` names the first fault.

    Examples
    --------
    >>> check_table("costs", pd.DataFrame({"play": ["call"], "unit_cost": [-4.0]}))
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: table costs, column unit_cost: greater_than_or_equal_to(0) fails for -4.0
    """
    from pandera.errors import SchemaError

    try:
        return schema(name).validate(frame)
    except SchemaError as fault:
        cases = fault.failure_cases
        seen = cases["failure_case"].iloc[0] if isinstance(cases, pd.DataFrame) and len(cases) else cases
        where = f"column {fault.schema.name}" if fault.schema.name != name else "columns"
        raise UserError(f"table {name}, {where}: {fault.check.error if hasattr(fault.check, 'error') else fault.check} fails for {seen}") from fault


def data_dictionary() -> pd.DataFrame:
    """Return one row per column of every canonical table: table, column, kind, required, allowed, says."""
    rows = [
        {"table": t.name, "column": c.name, "type": KIND_SAYS[c.kind], "required": "yes" if c.required else "",
         "allowed": ", ".join(c.allowed) or _span(c), "meaning": c.says, "contact data": "yes" if c.contact else ""}
        for t in TABLES.values() for c in t.columns
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _span(column: Column) -> str:
    if column.low is None and column.high is None:
        return ""
    return f"at least {column.low}" if column.high is None else f"{column.low} to {column.high}"
