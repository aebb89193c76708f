"""Do the values of a filter stand in the data at all? A misspelt market would make an empty run, so it is refused before the start."""

from __future__ import annotations

import difflib
from functools import cache

import narwhals as nw

from helpers.cleaning.parse import parse_values
from helpers.cleaning.settings_filters import COLUMN_OF
from helpers.engine import to_pandas
from helpers.errors import UserError
from helpers.runs.raw import RawTables
from helpers.runs.run import Run

SHOWN = 12  # values that a message lists


def unknown_values(run: Run) -> str:
    """Return one sentence about the first filter value that stands nowhere in the sources, whatever their date; empty when all do."""
    for key, (table, column) in COLUMN_OF.items():
        wanted = getattr(run.settings.filters, key)
        known = _known(run, table, column) if wanted else ()
        for value in wanted:
            if known is not None and value not in known:
                return _say(key, value, f"{table}.{column}", known)
    return ""


def _say(key: str, value: str, where: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(value, known, 1, 0.6)
    listed = ", ".join(known[:SHOWN]) + (f" and {len(known) - SHOWN} more" if len(known) > SHOWN else "")
    return f"filters.{key}: {value!r} stands in no row of {where}{f': did you mean {close[0]!r}?' if close else ';'} there are {listed or 'none'}"


def _known(run: Run, table: str, column: str) -> tuple[str, ...] | None:
    """The values of a column in all sources; None when they cannot be read, which is the run's own fault to tell."""
    try:
        return _values(run.cache.raw.key(f"raw_{table}"), column, _Scan(run.cache.raw, f"raw_{table}"))
    except UserError:
        return None


class _Scan:
    """Gives the raw table when it is asked for; all scans count as equal, because the key says what is read."""

    def __init__(self, raw: RawTables, name: str) -> None:
        self._raw, self._name = raw, name

    def __call__(self) -> nw.LazyFrame:
        return self._raw.scan(self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Scan)

    def __hash__(self) -> int:
        return 0


@cache
def _values(key: str, column: str, scan: _Scan) -> tuple[str, ...]:
    texts = to_pandas(scan().select(nw.col(column).cast(nw.String)).unique())[column].dropna()
    return tuple(sorted(parse_values(texts, "text")["value"].dropna().astype("str").unique()))
