"""Two tables, row by row, on DuckDB: how many rows came, went and changed, and in which columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from helpers.runs.tablefiles import table_facts
from helpers.tables import TABLES


@dataclass(frozen=True)
class TableChange:
    """What differs between two versions of a table; rows without a key are counted as whole rows that only one side has."""

    table: str
    rows_before: int
    rows_after: int
    came: int
    went: int
    changed: int
    columns: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not (self.came or self.went or self.changed or self.columns)


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
    columns = [list(pq.read_schema(p).names) for p in (before, after)]
    shared = [c for c in columns[0] if c in columns[1]]
    lone = tuple(c for c in dict.fromkeys([*columns[0], *columns[1]]) if c not in shared)
    key = _key(name, shared, before, after)
    if not key:
        went, came = (_only(a, b, shared) for a, b in ((before, after), (after, before)))
        return TableChange(name, *counts, came, went, 0, lone)
    came, went, changed, by = _keyed(key, shared, before, after)
    return TableChange(name, *counts, came, went, changed, (*by, *lone))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _key(name: str, shared: Sequence[str], before: Path, after: Path) -> list[str]:
    """The table's own key, else the customer, else the first columns that together are unique on both sides."""
    own = list(TABLES[name].key) if name in TABLES else []
    leading = [list(shared[:n]) for n in (1, 2, 3)]
    for candidate in [own, ["customer_id"], *leading]:
        if candidate and set(candidate) <= set(shared) and all(_unique(p, candidate) for p in (before, after)):
            return candidate
    return []


def _unique(file: Path, columns: Sequence[str]) -> bool:
    listed = ", ".join(map(_quoted, columns))
    query = f"SELECT count(*) = (SELECT count(*) FROM (SELECT DISTINCT {listed} FROM read_parquet($file))) FROM read_parquet($file)"
    return bool(_ask(query, file=file)[0])


def _ask(query: str, **files: Path) -> tuple[Any, ...]:
    """Return the one row of an answer, on a connection of its own."""
    with duckdb.connect() as own:
        return own.execute(query, {name: str(file) for name, file in files.items()}).fetchall()[0]


def _only(this: Path, other: Path, columns: Sequence[str]) -> int:
    listed = ", ".join(map(_quoted, columns))
    query = f"SELECT count(*) FROM (SELECT {listed} FROM read_parquet($this) EXCEPT ALL SELECT {listed} FROM read_parquet($other))"
    return int(_ask(query, this=this, other=other)[0])


def _keyed(key: Sequence[str], shared: Sequence[str], before: Path, after: Path) -> tuple[int, int, int, tuple[str, ...]]:
    rest = [c for c in shared if c not in key]
    on = " AND ".join(f"a.{_quoted(k)} IS NOT DISTINCT FROM b.{_quoted(k)}" for k in key)
    differs = [f"(a.{_quoted(c)} IS DISTINCT FROM b.{_quoted(c)})" for c in rest] or ["false"]
    both = "a._in AND b._in"
    sums = ", ".join(f"count(*) FILTER ({both} AND {d})" for d in differs)
    query = f"""SELECT count(*) FILTER (a._in IS NULL), count(*) FILTER (b._in IS NULL), count(*) FILTER ({both} AND ({" OR ".join(differs)})), {sums}
        FROM (SELECT *, true AS _in FROM read_parquet($before)) a FULL JOIN (SELECT *, true AS _in FROM read_parquet($after)) b ON {on}"""
    came, went, changed, *by = _ask(query, before=before, after=after)
    ranked = sorted(((n, c) for n, c in zip(by, rest, strict=False) if n), key=lambda pair: (-pair[0], pair[1]))
    return came, went, changed, tuple(c for _, c in ranked)
