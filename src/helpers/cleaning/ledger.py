"""The ledger: rows read = kept + merged + set aside, and the same for money, for every source, always."""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.cleaning.rows import PROBLEM_COLUMNS
from helpers.engine import from_units, to_pandas, to_units
from helpers.errors import UserError

ROW_COLUMNS = ("rows_read", "rows_kept", "rows_merged", "rows_set_aside")
MONEY_COLUMNS = ("money_read", "money_sales", "money_returns", "money_merged", "money_set_aside")


def line_counts(marked: nw.LazyFrame) -> pd.DataFrame:
    """Count marked order lines and their money, per source, fate and reason.

    Parameters
    ----------
    marked : narwhals.LazyFrame
        Marked order lines.

    Returns
    -------
    pandas.DataFrame
        table, source (str), fate, reason (str), is_return (boolean), rows (Int64), money (float64, currency units), without_money (Int64,
        rows whose amount could not be read). Sorted.
    """
    named = marked.with_columns(nw.col("read_from").alias("source"), nw.coalesce(nw.col("reason"), nw.lit("")).alias("reason"), to_units("amount").alias("_units"))
    named = named.with_columns(nw.col("_units").is_null().cast(nw.Int64).alias("_blind"), nw.col("_units").fill_null(0.0).alias("_units"))
    keys = ["source", "fate", "reason", "is_return"]
    counted = named.group_by(*keys).agg(nw.len().alias("rows"), nw.col("_units").sum().alias("_money"), nw.col("_blind").sum().alias("without_money"))
    frame = to_pandas(counted.select(*keys, nw.col("rows").cast(nw.Int64), from_units("_money").alias("money"), nw.col("without_money").cast(nw.Int64)).sort(*keys))
    return frame.assign(table=pd.Series("order_lines", index=frame.index, dtype="str"))


def row_counts(marked: pd.DataFrame, table_name: str) -> pd.DataFrame:
    """Count the marked rows of a table without money; same columns as `line_counts`."""
    counted = marked.assign(reason=marked["reason"].fillna(""), source=marked["read_from"]).groupby(["source", "fate", "reason"], as_index=False).size()
    counted = counted.rename(columns={"size": "rows"}).astype({"rows": "Int64"})
    return counted.assign(table=table_name, is_return=False, money=0.0, without_money=0).astype({"table": "str", "is_return": "boolean", "without_money": "Int64"})


def build_ledger(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger from the counts of all marked tables.

    Parameters
    ----------
    counts : pandas.DataFrame
        `line_counts` and `row_counts` of every marked table, one under the other.

    Returns
    -------
    pandas.DataFrame
        One row per source: table, source, rows_read, rows_kept, rows_merged, rows_set_aside (Int64), money_read, money_sales, money_returns,
        money_merged, money_set_aside (float64, currency units), rows_without_money (Int64). Sorted by table and source.

    Examples
    --------
    >>> counts = pd.DataFrame({"table": ["order_lines"] * 2, "source": ["erp"] * 2, "fate": ["kept", "set_aside"], "reason": ["", "test account"],
    ...     "is_return": [False, False], "rows": [3, 1], "money": [30.0, 5.0], "without_money": [0, 0]})
    >>> build_ledger(counts)[["rows_read", "rows_kept", "rows_set_aside", "money_read", "money_sales"]].values.tolist()
    [[4, 3, 1, 35.0, 30.0]]
    """
    kept = counts["fate"] == "kept"
    back = counts["is_return"].astype(bool)
    amounts = {
        "rows_read": counts["rows"], "rows_kept": counts["rows"].where(kept, 0), "rows_merged": counts["rows"].where(counts["fate"] == "merged", 0),
        "rows_set_aside": counts["rows"].where(counts["fate"] == "set_aside", 0), "money_read": counts["money"],
        "money_sales": counts["money"].where(kept & ~back, 0), "money_returns": counts["money"].where(kept & back, 0),
        "money_merged": counts["money"].where(counts["fate"] == "merged", 0), "money_set_aside": counts["money"].where(counts["fate"] == "set_aside", 0),
        "rows_without_money": counts["without_money"],
    }  # fmt: skip
    wide = pd.DataFrame({"table": counts["table"], "source": counts["source"], **amounts})
    ledger = wide.groupby(["table", "source"], as_index=False, sort=True).sum()
    money = [c for c in ledger if c.startswith("money")]
    whole = [c for c in ledger if c.startswith("rows")]
    return ledger.assign(**ledger[money].round(4)).astype({**dict.fromkeys(whole, "Int64"), "table": "str", "source": "str"})


def check_ledger(ledger: pd.DataFrame) -> None:
    """Raise when a source's rows or money do not add up; names the source and the difference.

    Examples
    --------
    >>> row = {"table": "orders", "source": "erp", "rows_read": 4, "rows_kept": 3, "rows_merged": 0, "rows_set_aside": 0}
    >>> check_ledger(pd.DataFrame([row | dict.fromkeys(MONEY_COLUMNS, 0.0)]))
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: the ledger of source erp does not close: 1 rows are unaccounted for
    """
    for entry in ledger.to_dict("records"):
        rows = entry["rows_read"] - sum(entry[c] for c in ROW_COLUMNS[1:])
        money = round(entry["money_read"] - sum(entry[c] for c in MONEY_COLUMNS[1:]), 3)
        if rows or money:
            lost = f"{rows} rows are" if rows else f"{money} of money is"
            raise UserError(f"the ledger of source {entry['source']} does not close: {lost} unaccounted for")


def summarise_reasons(counts: pd.DataFrame) -> pd.DataFrame:
    """Return why rows were not kept: table, source, fate, reason, rows (Int64), money (float64); most rows first."""
    gone = counts[counts["fate"] != "kept"]
    by = ["table", "source", "fate", "reason"]
    summed = gone.groupby(by, as_index=False)[["rows", "money"]].sum().round({"money": 4})
    return summed.sort_values(["rows", *by], ascending=[False] + [True] * 4, ignore_index=True)


def set_aside_lines(marked: nw.LazyFrame) -> pd.DataFrame:
    """Return the order lines that were not kept: table, source, row, column, value, reason."""
    gone = to_pandas(marked.filter(nw.col("fate") != "kept").select(nw.col("read_from").alias("source"), "row", "column", "value", "reason").sort("source", "row"))
    return gone.assign(table=pd.Series("order_lines", index=gone.index, dtype="str"))[list(PROBLEM_COLUMNS)]


def set_aside_rows(marked: Mapping[str, pd.DataFrame], cells: pd.DataFrame) -> pd.DataFrame:
    """Return rows not kept, and cells emptied, of the small tables: table, source, row, column, value, reason."""
    marks = ["read_from", "row", "column", "value", "reason"]
    parts = [m.loc[m["fate"] != "kept", marks].rename(columns={"read_from": "source"}).assign(table=name) for name, m in marked.items()]
    both = pd.concat([*parts, cells], ignore_index=True)[list(PROBLEM_COLUMNS)]
    return both.astype({"table": "str", "source": "str", "row": "Int64", "column": "str", "value": "str", "reason": "str"})
