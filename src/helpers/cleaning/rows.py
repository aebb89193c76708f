"""Small tables, row by row: typed values, one fate per row, and what was wrong in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.cleaning.dates import DateOrder
from helpers.cleaning.parse import parse_values
from helpers.tables import DTYPES, EXAMPLE_ROW, TEMPLATE_TABLES, Column, Table, table

MARKS = ("read_from", "row", "fate", "reason", "column", "value")
PROBLEM_COLUMNS = ("table", "source", "row", "column", "value", "reason")
MASK = "(contact data)"
# facts added to a row after it was made: on the as-of date nobody knew them yet
LEARNT_LATER = {"tickets": ("first_response_at", "resolved_at"), "contacts": ("left_on",)}


@dataclass(frozen=True)
class SourceHints:
    """What a profile says about how one source writes its values."""

    date_order: DateOrder | None = None
    decimal: str = "."
    negate: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    not_products: tuple[str, ...] = ()


def mark_rows(raw: pd.DataFrame, table_name: str, *, as_of: dt.date, hints: Mapping[str, SourceHints]) -> pd.DataFrame:
    """Type a raw table and give every row exactly one fate.

    Rows dated after `as_of` are left out entirely, so that nothing made from the result depends on them.

    Parameters
    ----------
    raw : pandas.DataFrame
        A raw table: `read_from`, `row`, `problem`, canonical columns as text or typed.
    table_name : str
        The canonical table.
    as_of : datetime.date
        Last day that is read.
    hints : mapping of str to SourceHints
        Per source.

    Returns
    -------
    pandas.DataFrame
        All canonical columns, then read_from, row, fate ("kept", "merged", "set_aside"), reason, column, value, and
        `cells` (str): optional cells that could not be read, as `column=why` separated by semicolons.
        Sorted by read_from and row. A second row with the same key is merged when it says the same, else set aside.

    Examples
    --------
    >>> raw = pd.DataFrame({"read_from": ["crm"] * 2, "row": [2, 3], "problem": [None] * 2, "play": ["call", " "], "hours": ["1", "2"]})
    >>> mark_rows(raw, "costs", as_of=dt.date(2025, 6, 30), hints={})[["row", "fate", "reason"]].values.tolist()
    [[2, 'kept', nan], [3, 'set_aside', 'play is blank']]
    """
    wanted = table(table_name)
    ordered = raw.sort_values(["read_from", "row"], kind="stable").reset_index(drop=True)
    typed, problems = _type_columns(ordered, wanted, hints)
    marked = _first_faults(typed, ordered, problems, wanted)
    after = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    if wanted.dated_by:
        marked = marked[~(marked[wanted.dated_by] >= after)].reset_index(drop=True)
    for column in LEARNT_LATER.get(table_name, ()):
        marked[column] = marked[column].mask(marked[column] >= after)
    return _mark_repeats(marked, wanted)


def _type_columns(raw: pd.DataFrame, wanted: Table, hints: Mapping[str, SourceHints]) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns, problems = {"read_from": raw["read_from"], "row": raw["row"].astype("int64")}, {}
    for column in wanted.columns:
        parts = [_type_column(part, column, hints.get(str(name).partition(":")[0], SourceHints())) for name, part in raw.groupby("read_from", sort=False)]
        both = pd.concat(parts).reindex(raw.index) if parts else _type_column(raw, column, SourceHints())
        columns[column.name], problems[column.name] = both["value"], both["problem"]
    return pd.DataFrame(columns), pd.DataFrame(problems)


def _type_column(part: pd.DataFrame, column: Column, hints: SourceHints) -> pd.DataFrame:
    dtype = DTYPES[column.kind]
    if column.name not in part.columns:
        return pd.DataFrame({"value": pd.Series(None, index=part.index, dtype=dtype), "problem": pd.Series(None, index=part.index, dtype="str")})
    texts = part[column.name]
    parsed = parse_values(texts.drop_duplicates(), column.kind, date_order=hints.date_order, decimal=hints.decimal, negate=column.name in hints.negate).set_index("text")
    parsed["problem"] = parsed["problem"].where(parsed["problem"].notna(), _not_allowed(parsed["value"], column))
    keys = texts.astype("str")
    found = parsed.reindex(keys).set_axis(part.index)
    value = found["value"].where(found["problem"].isna())
    return pd.DataFrame({"value": value.astype(dtype), "problem": found["problem"].astype("str")})


def _not_allowed(values: pd.Series, column: Column) -> pd.Series:
    wrong = pd.Series(None, index=values.index, dtype="str")
    if column.allowed:
        wrong = wrong.mask(values.notna() & ~values.isin(column.allowed), f"not one of {', '.join(column.allowed)}")
    if column.low is not None:
        wrong = wrong.mask((values < column.low).fillna(False), f"below {column.low}")
    return wrong if column.high is None else wrong.mask((values > column.high).fillna(False), f"above {column.high}")


def _first_faults(typed: pd.DataFrame, raw: pd.DataFrame, problems: pd.DataFrame, wanted: Table) -> pd.DataFrame:
    """The first fault of a row decides; faults in optional cells leave the row and empty the cell."""
    reason = raw["problem"].astype("str").copy()
    at = pd.Series(None, index=raw.index, dtype="str")
    value = pd.Series(None, index=raw.index, dtype="str")
    for name in wanted.required:
        fault = problems[name].where(problems[name].notna(), _blank(typed[name], name))
        new = reason.isna() & fault.notna()
        reason, at = reason.mask(new, f"{name}: " + fault.where(~fault.str.endswith("is blank", na=False), fault)), at.mask(new, name)
        reason = reason.mask(new & fault.str.endswith("is blank", na=False), f"{name} is blank")
        if name in raw.columns:
            shown = raw[name].astype("str")
            value = value.mask(new, MASK if wanted.column(name).contact else shown)
    example = _is_example(raw, wanted)
    reason, at, value = reason.mask(example, "the template's example row"), at.mask(example), value.mask(example)
    optional = [c.name for c in wanted.columns if c.name not in wanted.required]
    cells = _join_cells(problems[optional])
    return typed.assign(fate=reason.isna().map({True: "kept", False: "set_aside"}).astype("str"), reason=reason, column=at, value=value, cells=cells)


def _is_example(raw: pd.DataFrame, wanted: Table) -> pd.Series:
    """Say which rows are the example that every template carries; read through a profile it is a row like any other."""
    first = wanted.columns[0].name
    if wanted.name not in TEMPLATE_TABLES or first not in raw:
        return pd.Series(False, index=raw.index)
    return raw[first].astype("str").str.match(EXAMPLE_ROW).fillna(False).astype("bool")


def _blank(values: pd.Series, name: str) -> pd.Series:
    return pd.Series(None, index=values.index, dtype="str").mask(values.isna(), f"{name} is blank")


def _join_cells(problems: pd.DataFrame) -> pd.Series:
    cells = pd.Series("", index=problems.index, dtype="str")
    for name in problems:
        cells = cells.mask(problems[name].notna(), cells + f"{name}=" + problems[name].fillna("") + ";")
    return cells.str.removesuffix(";").mask(cells == "")


def _mark_repeats(marked: pd.DataFrame, wanted: Table) -> pd.DataFrame:
    """The first row of a key stands; a later one is merged when it says the same, else set aside."""
    kept = marked["fate"] == "kept"
    seen_first = wanted.dated_by if wanted.name == "customers" else None  # met again on a later day, a customer is the same customer
    key, says = list(wanted.key), [c.name for c in wanted.columns if c.name != seen_first]
    later = kept & marked[kept].duplicated(key, keep="first").reindex(marked.index, fill_value=False)
    same = later & marked[kept].duplicated(says, keep="first").reindex(marked.index, fill_value=False)
    if wanted.name == "events":  # two identical page views are two page views
        later, same = later & False, same & False
    fate = marked["fate"].mask(later, "set_aside").mask(same, "merged")
    named = " and ".join(key)
    reason = marked["reason"].mask(later, f"{named} stands twice with different content").mask(same, "repeats an earlier row")
    return marked.assign(fate=fate.astype("str"), reason=reason.astype("str"), column=marked["column"].mask(later, key[0]))


def cell_problems(marked: pd.DataFrame, raw: pd.DataFrame, table_name: str) -> pd.DataFrame:
    """Return the optional cells that could not be read: table, source, row, column, value, reason.

    The row stays; the cell is null. Contact data is masked. One row per cell, sorted by source, row, column.
    """
    wanted = table(table_name)
    held = marked.loc[marked["cells"].notna() & (marked["fate"] == "kept"), ["read_from", "row", "cells"]]
    split = held.assign(cells=held["cells"].str.split(";")).explode("cells")
    parts = split["cells"].astype("str").str.split("=", n=1)
    found = split.assign(column=parts.str[0].astype("str"), reason=parts.str[1].astype("str"), table=table_name)
    texts = raw.set_index(["read_from", "row"])
    seen = [_seen(texts, s, r, c, wanted) for s, r, c in found[["read_from", "row", "column"]].itertuples(index=False)]
    named = found.assign(value=pd.Series(seen, index=found.index, dtype="str")).rename(columns={"read_from": "source"})
    return named[list(PROBLEM_COLUMNS)].sort_values(["source", "row", "column"], ignore_index=True)


def _seen(texts: pd.DataFrame, source: str, row: int, column: str, wanted: Table) -> str:
    return MASK if wanted.column(column).contact else str(texts.at[(source, row), column])


def keep(marked: pd.DataFrame, table_name: str) -> pd.DataFrame:
    """Return the kept rows as the canonical table, sorted by its key."""
    wanted = table(table_name)
    columns = [c.name for c in wanted.columns]
    kept = marked.loc[marked["fate"] == "kept", columns]
    return kept.sort_values([*wanted.key], kind="stable", ignore_index=True)
