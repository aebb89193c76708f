"""Order lines, lazily: written once against Narwhals, the same tables on pandas and on DuckDB.

Only distinct texts and small maps ever reach pandas; the lines themselves stay on their engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.cleaning.parse import parse_values
from helpers.cleaning.rows import SourceHints
from helpers.cleaning.settings import CleaningSettings
from helpers.engine import lift, plain, to_pandas
from helpers.tables import TABLES, Column

LINES = TABLES["order_lines"]
DTYPE = {"money": nw.Float64, "number": nw.Float64, "count": nw.Int64, "date": nw.Datetime("us"), "time": nw.Datetime("us"), "flag": nw.Boolean}
NULL_TEXT = nw.lit(None, nw.String)


def mark_order_lines(
    raw: nw.LazyFrame,
    *,
    as_of: dt.date,
    hints: Mapping[str, SourceHints],
    settings: CleaningSettings,
    customer_map: pd.DataFrame | None = None,
) -> nw.LazyFrame:
    """Type raw order lines and give every row exactly one fate.

    Decisions: `amount` is quantity times unit price where the export has no amount, and a missing quantity counts
    as one. Without an order id, one customer's lines of one day are one order. Without a line number, lines are numbered in
    the order of the file. Rows that are equal in every column are merged only when the export numbers its lines; otherwise two
    equal lines are two purchases. A negative amount is a return. Rows dated after `as_of` are left out entirely.

    Parameters
    ----------
    raw : narwhals.LazyFrame
        The raw table: read_from, row, problem, canonical columns as text or typed.
    as_of : datetime.date
        Last day that is read.
    hints : mapping of str to SourceHints
        Per source: date order, decimal mark, statuses that mean cancelled, product ids that are no products.
    settings : CleaningSettings
    customer_map : pandas.DataFrame, optional
        raw_id, customer_id and optionally fate: whose customer record was merged into whose; a customer whose record was
        set aside as a test takes its lines along.

    Returns
    -------
    narwhals.LazyFrame
        The columns of `order_lines`, then read_from, row, fate, reason, column, value. Not sorted.
    """
    if raw.implementation.is_pandas():
        raw = nw.from_native(plain(raw.collect().to_native())).lazy()  # whole numbers that may be null, as on every other engine
    present = set(raw.collect_schema().names())
    lines = raw.select(
        nw.col("read_from"),
        nw.col("read_from").str.replace_all(":.*$", "").alias("_hint"),  # several files of one source are read alike
        nw.col("row"),
        nw.col("problem"),
        *[nw.col(c.name) if c.name in present else NULL_TEXT.alias(c.name) for c in LINES.columns],
    )
    for column in LINES.columns:
        lines = _typed(lines, column, hints) if column.name in present else _absent(lines, column)
    lines = _filled(lines, has_amount="amount" in present, has_order="order_id" in present)
    lines = _mapped(lines, customer_map, settings)
    lines = lines.filter(nw.col("order_date").is_null() | (nw.col("order_date") < dt.datetime.combine(as_of, dt.time()) + dt.timedelta(days=1)))
    marked = _with_fates(lines, hints, settings)
    return _numbered(_merged(marked) if "line_no" in present else marked, has_number="line_no" in present)


def _absent(lines: nw.LazyFrame, column: Column) -> nw.LazyFrame:
    nothing = nw.when(nw.col("row") < 0).then(nw.col("row")) if column.kind == "count" else nw.lit(None, DTYPE.get(column.kind, nw.String))
    return lines.with_columns(nothing.alias(column.name), NULL_TEXT.alias(f"_text_{column.name}"), NULL_TEXT.alias(f"_fault_{column.name}"))


def _typed(lines: nw.LazyFrame, column: Column, hints: Mapping[str, SourceHints]) -> nw.LazyFrame:
    """Read a text column through the table of its distinct values; typed columns pass."""
    name = column.name
    dtype = lines.collect_schema()[name]
    if dtype != nw.String and not isinstance(dtype, nw.Unknown) and DTYPE.get(column.kind) is not None:
        value = nw.col(name).cast(DTYPE[column.kind])
        if turned := [source for source, how in hints.items() if name in how.negate]:
            value = nw.when(nw.col("_hint").is_in(turned)).then(0 - value).otherwise(value)
        value = value.round(4) if column.kind == "money" else value.dt.truncate("1d") if column.kind == "date" else value
        return lines.with_columns(value.alias(name), nw.col(name).cast(nw.String).alias(f"_text_{name}"), NULL_TEXT.alias(f"_fault_{name}"))
    lines = lines.with_columns(nw.col(name).cast(nw.String).alias(f"_text_{name}")).drop(name)
    distinct = to_pandas(lines.select("_hint", f"_text_{name}").unique())
    parts = []
    for hint, part in distinct.groupby("_hint"):
        how = hints.get(str(hint), SourceHints())
        read = parse_values(part[f"_text_{name}"], column.kind, date_order=how.date_order, decimal=how.decimal, negate=name in how.negate)
        parts.append(read.rename(columns={"text": f"_text_{name}", "value": name, "problem": f"_fault_{name}"}).assign(_hint=str(hint)))
    if not parts:
        return _absent(lines.drop(f"_text_{name}"), column)
    values = pd.concat(parts, ignore_index=True)
    values["_hint"] = values["_hint"].astype("str")
    return lines.join(lift(values, lines), on=["_hint", f"_text_{name}"], how="left")


def _filled(lines: nw.LazyFrame, *, has_amount: bool, has_order: bool) -> nw.LazyFrame:
    if not has_amount:
        units = nw.when(nw.col("_text_quantity").is_null()).then(nw.lit(1.0)).otherwise(nw.col("quantity"))
        fault = nw.coalesce(nw.col("_fault_quantity"), nw.col("_fault_unit_price"))
        lines = lines.with_columns((units * nw.col("unit_price")).round(4).alias("amount"), fault.alias("_fault_amount"))
        lines = lines.with_columns(nw.coalesce(nw.col("_text_quantity"), nw.lit("1")).alias("_q"), nw.coalesce(nw.col("_text_unit_price"), nw.lit("")).alias("_p"))
        lines = lines.with_columns(nw.concat_str([nw.col("_q"), nw.col("_p")], separator=" x ").alias("_text_amount")).drop("_q", "_p")
    if not has_order:
        day = nw.col("order_date").dt.to_string("%Y-%m-%d")
        lines = lines.with_columns(nw.concat_str([nw.col("customer_id"), day], separator=" ").alias("order_id"))
    return lines


def _mapped(lines: nw.LazyFrame, customer_map: pd.DataFrame | None, settings: CleaningSettings) -> nw.LazyFrame:
    """Give merged customers their one id; remember whose record was set aside."""
    known = customer_map if customer_map is not None else pd.DataFrame({"raw_id": [], "customer_id": []}, dtype="str")
    fate = known["fate"] if "fate" in known else pd.Series("kept", index=known.index, dtype="str")
    small = pd.DataFrame({"customer_id": known["raw_id"], "_mapped": known["customer_id"], "_test": (fate == "set_aside").map({True: "yes", False: "no"})}).astype("str")
    tests = pd.DataFrame({"customer_id": list(settings.test_ids), "_mapped": list(settings.test_ids), "_test": "yes"}).astype("str")
    small = pd.concat([tests, small], ignore_index=True).drop_duplicates("customer_id")
    if small.empty:
        return lines.with_columns(nw.lit("no").alias("_test"))
    joined = lines.join(lift(small, lines), on="customer_id", how="left")
    return joined.with_columns(nw.coalesce(nw.col("_mapped"), nw.col("customer_id")).alias("customer_id"), nw.coalesce(nw.col("_test"), nw.lit("no")).alias("_test"))


def _in(column: str, hints: Mapping[str, SourceHints], what: str) -> nw.Expr:
    """True where a value is one of those that the row's own source lists."""
    found = nw.lit(False)
    for source, how in hints.items():
        listed = list(getattr(how, what))
        if listed:
            found = found | ((nw.col("_hint") == source) & nw.col(column).is_in(listed).fill_null(False))
    return found


def _with_fates(lines: nw.LazyFrame, hints: Mapping[str, SourceHints], settings: CleaningSettings) -> nw.LazyFrame:
    """The first fault in this order decides: the row itself, customer, date, amount, status, product."""
    rules = [
        ("", ~nw.col("problem").is_null(), nw.col("problem")),
        ("customer_id", nw.col("customer_id").is_null(), nw.lit("customer_id is blank")),
        ("order_date", ~nw.col("_fault_order_date").is_null(), nw.concat_str([nw.lit("order_date: "), nw.col("_fault_order_date")])),
        ("order_date", nw.col("order_date").is_null(), nw.lit("order_date is blank")),
        ("amount", ~nw.col("_fault_amount").is_null(), nw.concat_str([nw.lit("amount: "), nw.col("_fault_amount")])),
        ("amount", nw.col("amount").is_null(), nw.lit("amount is blank")),
        ("amount", nw.col("amount").abs() > settings.largest_amount, nw.lit("amount is not plausible")),
        ("order_id", nw.col("order_id").is_null(), nw.lit("order_id is blank")),
        ("status", _in("status", hints, "cancelled"), nw.lit("cancelled order")),
        ("product_id", _in("product_id", hints, "not_products"), nw.lit("not a product: postage, fee or adjustment")),
        ("customer_id", nw.col("_test") == "yes", nw.lit("test account")),
    ]
    reason, at, value = NULL_TEXT, NULL_TEXT, NULL_TEXT
    for column, when, says in reversed(rules):
        reason = nw.when(when).then(says).otherwise(reason)
        at = nw.when(when).then(nw.lit(column) if column else NULL_TEXT).otherwise(at)
        value = nw.when(when).then(nw.col(f"_text_{column}") if column else NULL_TEXT).otherwise(value)
    lines = lines.with_columns(reason.alias("reason"), at.alias("column"), value.alias("value"), (nw.col("amount") < 0).fill_null(False).alias("is_return"))
    return lines.with_columns(nw.when(nw.col("reason").is_null()).then(nw.lit("kept")).otherwise(nw.lit("set_aside")).alias("fate"))


def _merged(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Equal lines with the same number are one line, read twice: the first stands."""
    alike = ["fate", *[c.name for c in LINES.columns]]
    keys = {c: f"_key_{c}" for c in alike}
    texts = lines.with_columns(*[nw.coalesce(nw.col(c).cast(nw.String), nw.lit("\0")).alias(k) for c, k in keys.items()])
    ranked = _nth(texts, list(keys.values()))
    again = (nw.col("fate") == "kept") & (nw.col("_nth") > 1)
    return ranked.with_columns(
        nw.when(again).then(nw.lit("repeats an earlier row")).otherwise(nw.col("reason")).alias("reason"),
        nw.when(again).then(nw.lit("merged")).otherwise(nw.col("fate")).alias("fate"),
    ).drop("_nth", *keys.values())


def _nth(lines: nw.LazyFrame, within: list[str]) -> nw.LazyFrame:
    """Number rows from 1 within groups, in the order of source and row."""
    return lines.with_columns(nw.lit(1).alias("_one")).with_columns(nw.col("_one").cum_sum().over(*within, order_by=["read_from", "row"]).alias("_nth")).drop("_one")


def _numbered(lines: nw.LazyFrame, *, has_number: bool) -> nw.LazyFrame:
    if not has_number:
        lines = _nth(lines.with_columns(nw.coalesce(nw.col("order_id"), nw.lit("")).alias("_order")), ["_order", "fate"])
        lines = lines.with_columns(nw.col("_nth").cast(nw.Int64).alias("line_no"))
    return lines.select(*[c.name for c in LINES.columns], "read_from", "row", "fate", "reason", "column", "value")


def keep_order_lines(marked: nw.LazyFrame) -> nw.LazyFrame:
    """Return the kept lines as the canonical table, sorted by order and line."""
    return only_line_columns(keep_with_origin(marked))


def keep_with_origin(marked: nw.LazyFrame) -> nw.LazyFrame:
    """Return the kept lines with source and row, sorted by order and line."""
    columns = [c.name for c in LINES.columns]
    return marked.filter(nw.col("fate") == "kept").sort("order_id", "line_no", "read_from", "row").select(*columns, "read_from", "row")


def only_line_columns(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Return the columns of the canonical table, without those of its origin."""
    return lines.select(*[c.name for c in LINES.columns])
