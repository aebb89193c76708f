"""Two tables, row by row, on DuckDB: how many rows came, went and changed, and in which columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from helpers.runs.tablefiles import table_facts
from helpers.tables import TABLES

NUMBERS = {"BIGINT", "INTEGER", "DOUBLE", "FLOAT"}  # compared by value: 1 and 1.0 are the same, as texts they are not


@dataclass(frozen=True)
class TableChange:
    """What differs between two versions of a table; rows without a key are counted as whole rows that only one side has.

    `retyped` holds the columns whose kind of value differs, such as `fit (DOUBLE, now VARCHAR)`; their values are compared as texts.
    """

    table: str
    rows_before: int
    rows_after: int
    came: int
    went: int
    changed: int
    columns: tuple[str, ...]
    retyped: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not (self.came or self.went or self.changed or self.columns or self.retyped)


def compare_tables(name: str, before: Path, after: Path) -> TableChange:
    """Compare two Parquet files of one table.

    Parameters
    ----------
    name : str
        The table; decides its key.
    before, after : pathlib.Path

    Returns
    -------
    TableChange
        `columns` holds the columns that changed, most rows first, then those that only one side has.
    """
    facts = [table_facts(p) for p in (before, after)]
    counts = facts[0]["rows"], facts[1]["rows"]
    if facts[0]["sha256"] == facts[1]["sha256"]:
        return TableChange(name, *counts, 0, 0, 0, ())
    with duckdb.connect() as asked:  # one for all questions about a table: opening takes longer than most answers
        return _compare(name, counts, before, after, asked)


def _compare(name: str, counts: tuple[int, int], before: Path, after: Path, asked: duckdb.DuckDBPyConnection) -> TableChange:
    kinds = _kinds(before, asked), _kinds(after, asked)
    shared = [c for c in kinds[0] if c in kinds[1]]
    other = [c for c in shared if kinds[0][c] != kinds[1][c]]
    retyped = tuple(f"{c} ({kinds[0][c]}, now {kinds[1][c]})" for c in other)
    lone = tuple(c for c in dict.fromkeys([*kinds[0], *kinds[1]]) if c not in shared)
    as_text = {c for c in other if not {kinds[0][c], kinds[1][c]} <= NUMBERS}
    one, two = (_Side(p, as_text) for p in (before, after))
    key = _key(name, shared, (before, after), asked)
    if not key:
        return TableChange(name, *counts, _only(two, one, shared, asked), _only(one, two, shared, asked), 0, lone, retyped)
    came, went, changed, by = _keyed(key, shared, (one, two), asked)
    return TableChange(name, *counts, came, went, changed, (*by, *lone), retyped)


@dataclass(frozen=True)
class _Side:
    """One of the files, and the columns to read as texts because they are texts, flags or dates in the other."""

    file: Path
    as_text: set[str]

    def listed(self, columns: Sequence[str]) -> str:
        return ", ".join(f"CAST({_quoted(c)} AS VARCHAR) AS {_quoted(c)}" if c in self.as_text else _quoted(c) for c in columns)


def _kinds(file: Path, asked: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the columns with DuckDB's names of their types."""
    return {name: kind for name, kind, *_ in asked.execute("DESCRIBE SELECT * FROM read_parquet($file)", {"file": str(file)}).fetchall()}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(name: str, shared: Sequence[str], files: tuple[Path, Path], asked: duckdb.DuckDBPyConnection) -> list[str]:
    """The table's own key, else the customer, else the first columns that together are unique on both sides."""
    own = list(TABLES[name].key) if name in TABLES else []
    leading = [list(shared[:n]) for n in (1, 2, 3)]
    for candidate in [own, ["customer_id"], *leading]:
        if candidate and set(candidate) <= set(shared) and all(_unique(p, candidate, asked) for p in files):
            return candidate
    return []


def _unique(file: Path, columns: Sequence[str], asked: duckdb.DuckDBPyConnection) -> bool:
    listed = ", ".join(map(_quoted, columns))
    query = f"SELECT count(*) = (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM read_parquet($file))) FROM read_parquet($file)"
    return bool(_ask(asked, query, file=file)[0])


def _ask(asked: duckdb.DuckDBPyConnection, query: str, **files: Path) -> tuple[Any, ...]:
    """Return the one row of an answer."""
    return asked.execute(query, {name: str(file) for name, file in files.items()}).fetchall()[0]


def _only(this: _Side, other: _Side, columns: Sequence[str], asked: duckdb.DuckDBPyConnection) -> int:
    query = f"""SELECT count(*) FROM (SELECT {this.listed(columns)} FROM read_parquet($this)
        EXCEPT ALL SELECT {other.listed(columns)} FROM read_parquet($other))"""
    return int(_ask(asked, query, this=this.file, other=other.file)[0])


def _keyed(key: Sequence[str], shared: Sequence[str], sides: tuple[_Side, _Side], asked: duckdb.DuckDBPyConnection) -> tuple[int, int, int, tuple[str, ...]]:
    before, after = sides
    rest = [c for c in shared if c not in key]
    on = " AND ".join(f"a.{_quoted(k)} IS NOT DISTINCT FROM b.{_quoted(k)}" for k in key)
    differs = [f"(a.{_quoted(c)} IS DISTINCT FROM b.{_quoted(c)})" for c in rest] or ["false"]
    both = "a._in AND b._in"
    sums = ", ".join(f"count(*) FILTER ({both} AND {d})" for d in differs)
    query = f"""SELECT count(*) FILTER (a._in IS NULL), count(*) FILTER (b._in IS NULL), count(*) FILTER ({both} AND ({" OR ".join(differs)})), {sums}
        FROM (SELECT {before.listed(shared)}, true AS _in FROM read_parquet($before)) a
        FULL JOIN (SELECT {after.listed(shared)}, true AS _in FROM read_parquet($after)) b ON {on}"""
    came, went, changed, *by = _ask(asked, query, before=before.file, after=after.file)
    ranked = sorted(((n, c) for n, c in zip(by, rest, strict=False) if n), key=lambda pair: (-pair[0], pair[1]))
    return came, went, changed, tuple(c for _, c in ranked)
