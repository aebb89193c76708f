"""What every reader gives: headers, decisions, and batches of rows with row number and problem."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

BATCH_ROWS = 100_000
BATCH_CHARACTERS = 64_000_000  # a batch ends earlier when its rows are long, so that memory stays bounded
BAD = re.compile("[\ud800-\udfff]")  # half characters, which mark bytes that the encoding does not know

Record = tuple[int, str | None, Sequence[Any], int]  # row, problem, cells (one per header), characters


class CellError(str):
    """The error value of a spreadsheet cell, kept apart from a text that only looks like one."""


@dataclass(frozen=True)
class Opened:
    """One file, sheet or query whose headers are known and whose rows wait to be read.

    `read(positions)` yields tables with `row`, `problem` and one column per position, named `0`, `1`, ...
    `types` are the types of all columns when the source has types; None means that all is text.
    """

    label: str
    headers: tuple[str, ...]
    read: Callable[[Sequence[int]], Iterator[pa.Table]] = field(repr=False)
    facts: dict[str, Any]
    types: tuple[pa.DataType, ...] | None = None

    def type_of(self, position: int) -> pa.DataType:
        """Return the type that `read` gives the column at `position`."""
        return pa.string() if self.types is None else self.types[position]


def text_tables(records: Iterable[Record], wanted: Sequence[int], encoding: str = "its encoding") -> Iterator[pa.Table]:
    """Gather records into tables of text; empty cells are null, cells with bad bytes give the row a problem."""
    rows: list[int] = []
    problems: list[str | None] = []
    cells: list[Sequence[Any]] = []
    size = 0
    for row, problem, values, characters in records:
        rows.append(row)
        problems.append(problem)
        cells.append(values)
        size += characters
        if len(rows) >= BATCH_ROWS or size >= BATCH_CHARACTERS:
            yield _table(rows, problems, cells, wanted, encoding)
            rows, problems, cells, size = [], [], [], 0
    yield _table(rows, problems, cells, wanted, encoding)


def _table(rows: list[int], problems: list[str | None], cells: list[Sequence[Any]], wanted: Sequence[int], encoding: str) -> pa.Table:
    columns = {}
    for name, position in enumerate(wanted):
        values = [values[position] for values in cells]
        try:
            column = pa.array(values, pa.string())
        except UnicodeEncodeError:
            column = pa.array(_mark_bad(values, problems, encoding), pa.string())
        columns[str(name)] = empty_to_null(column)
    return pa.table({"row": pa.array(rows, pa.int64()), "problem": pa.array(problems, pa.string()), **columns})


def _mark_bad(values: list[str | None], problems: list[str | None], encoding: str) -> list[str | None]:
    """Replace bytes outside the encoding and note it as the row's problem (`problems` is this batch's own list)."""
    clean: list[str | None] = []
    for place, value in enumerate(values):
        if value is not None and BAD.search(value):
            problems[place] = problems[place] or f"bytes that are not in {encoding}"
            value = BAD.sub("\ufffd", value)
        clean.append(value)
    return clean


def empty_to_null(column: pa.Array) -> pa.Array:
    """Return text with null where it is empty; blanks are kept."""
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def cell_text(value: Any) -> str | None:
    """Return a typed cell as the text that a person sees: ISO dates, whole numbers without `.0`.

    Examples
    --------
    >>> cell_text(12.0), cell_text(0.1 + 0.2), cell_text(True), cell_text(dt.datetime(2024, 2, 29))
    ('12', '0.3', 'TRUE', '2024-02-29')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, dt.datetime):
        return _time_text(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _number_text(value: float) -> str | None:
    if value != value:  # not a number: nothing was stored
        return None
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = format(value, ".15g")  # spreadsheets keep 15 digits: 0.30000000000000004 is shown as 0.3
    return format(Decimal(text), "f") if "e" in text and "inf" not in text else text


def _time_text(value: dt.datetime) -> str:
    """Return ISO text to the second; spreadsheets store days as fractions, so the last digits are noise."""
    rounded = (
        (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0, tzinfo=None)
        if value.microsecond
        else value.replace(tzinfo=None)
    )
    if rounded.time() == dt.time():
        return rounded.date().isoformat()
    return rounded.isoformat(sep=" ")
