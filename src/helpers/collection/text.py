"""Read CSV and other delimited text row by row: every row keeps its number, every odd row says what is odd.

The rows are cut by Python's `csv`, strictly: a quote that is never closed or stands within a field is noticed,
and the lines it would have swallowed are read one by one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import pyarrow as pa

from helpers.collection.detect import find_delimiter, find_encoding, known_encoding
from helpers.collection.mapping import join_headers
from helpers.collection.opened import BAD, Opened, Record, text_tables
from helpers.collection.profiles import FileSpec
from helpers.collection.streams import open_characters, suffix_of
from helpers.errors import UserError

LONGEST = 10_000_000  # characters of one line or field
SAMPLE_ROWS, SAMPLE_CHARACTERS = 2_000, 4_000_000
MOST_BAD = 0.01  # share of sampled lines with bytes outside the encoding from which on the encoding is wrong
UNCLOSED = "a quote is opened and never closed"


@dataclass(frozen=True)
class Shape:
    """How a text file is cut: encoding, delimiter (None for runs of blanks), rows of the header, number of fields."""

    file: Path
    encoding: str
    delimiter: str | None
    header_rows: tuple[int, ...] = ()
    width: int | None = None


def open_text(file: Path, spec: FileSpec) -> Opened:
    """Open a delimited text file; what the profile leaves out is detected and told in `facts`.

    Parameters
    ----------
    file : pathlib.Path
        Text, or text packed by gzip or as the only member of a zip.
    spec : FileSpec

    Raises
    ------
    UserError
        Empty file, wrong or unknown encoding, no header, a line or field above 10 MB.
    """
    encoding, why = (known_encoding(spec.encoding, file.name), "said by the profile") if spec.encoding else find_encoding(file)
    lines = _sample(file, encoding)
    _check_encoding(lines, file, encoding)
    delimiter, cut = _delimiter(file, spec, lines)
    shape = Shape(file, encoding, delimiter)
    headers, rows = _headers(shape, spec, lines)
    shape = replace(shape, header_rows=rows, width=len(headers))
    facts = {"format": "text", "encoding": encoding, "encoding_because": why, "delimiter": delimiter or "blanks", "delimiter_because": cut}
    return Opened(file.name, headers, partial(_read, shape), facts | {"header_rows": list(rows)})


def _read(shape: Shape, wanted: Sequence[int]) -> Iterator[pa.Table]:
    with open_characters(shape.file, shape.encoding) as stream:
        yield from text_tables(_records(read_lines(stream, shape.file), shape), wanted, shape.encoding)


def read_lines(stream: Iterator[str], file: Path) -> Iterator[str]:
    """Give one physical line after the other, never more than the longest allowed one in memory."""
    try:
        for number, line in enumerate(iter(partial(stream.readline, LONGEST), ""), start=1):  # type: ignore[attr-defined]
            if len(line) >= LONGEST:
                raise UserError(
                    f"{file.name}, row {number}: the line is longer than {LONGEST:,} characters: check that the file is a table of text"
                )
            yield line
    except UnicodeError as fault:
        raise UserError(f"{file.name} does not follow its encoding ({fault}): set 'encoding:' in the profile") from fault


def _sample(file: Path, encoding: str) -> list[str]:
    kept: list[str] = []
    size = 0
    with open_characters(file, encoding) as stream:
        for line in islice(read_lines(stream, file), SAMPLE_ROWS):
            kept.append(line)
            size += len(line)
            if size > SAMPLE_CHARACTERS:
                break
    if not "".join(kept).strip("\ufeff\r\n \t\0"):
        raise UserError(f"{file.name} is empty: export it again")
    return kept


def _check_encoding(lines: Sequence[str], file: Path, encoding: str) -> None:
    bad = sum(BAD.search(line) is not None for line in lines)
    if bad <= max(len(lines) * MOST_BAD, 1):  # one bad row is a problem of that row
        return
    fits = find_encoding(file)[0]
    hint = f"it looks like {fits}" if fits != encoding else "try another"
    raise UserError(
        f"{file.name} is not {encoding}: {bad} of its first {len(lines)} lines hold other bytes: change 'encoding:' in the profile, {hint}"
    )


def _delimiter(file: Path, spec: FileSpec, lines: Sequence[str]) -> tuple[str | None, str]:
    if spec.fixed_width:
        return None, "said by the profile"
    if spec.delimiter is not None:
        name = {"tab": "\t", "\\t": "\t"}.get(spec.delimiter, spec.delimiter)
        if len(name) != 1 or name in '"\r\n':
            raise UserError(f"{file.name}: 'delimiter:' must be one character such as ',' or '\\t', not {spec.delimiter!r}")
        return name, "said by the profile"
    if suffix_of(file) in {".tsv", ".tab"}:
        return "\t", f"its name ends in {suffix_of(file)}"
    csv.field_size_limit(LONGEST)
    return find_delimiter(lines, spec.header_rows[0] if spec.header_rows else None)


def _headers(shape: Shape, spec: FileSpec, lines: Sequence[str]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the headers and the rows they stand in; a title above a wider table is passed over."""
    if spec.no_header is not None:
        return tuple(spec.no_header), ()
    rows = {row: fields for row, _, fields, _ in _records(iter(lines), shape)}
    asked = tuple(spec.header_rows or ())
    if asked:
        if missing := [r for r in asked if r not in rows]:
            raise UserError(
                f"{shape.file.name}: row {missing[0]} is blank or beyond the first {SAMPLE_ROWS:,} rows: correct 'header_rows:'"
            )
        return join_headers([rows[r] for r in asked]), asked
    if not rows:
        raise UserError(f"{shape.file.name} holds no header: check that it is a table, or give 'no_header:'")
    row = _header_row(rows)
    return join_headers([rows[row]]), (row,)


def _header_row(rows: dict[int, Sequence[str]]) -> int:
    first = next(iter(rows))
    widths = [len(fields) for fields in rows.values()]
    usual = max(set(widths), key=lambda w: (widths.count(w), w))
    if _filled(rows[first]) > 1 or usual < 2:
        return first
    return next(row for row, fields in rows.items() if len(fields) == usual and _filled(fields) > 1 or row == max(rows))


def _filled(fields: Sequence[str]) -> int:
    return sum(bool(f.strip()) for f in fields)


def _records(lines: Iterator[str], shape: Shape) -> Iterator[Record]:
    """Cut lines into rows below the header; a blank line is no row, but row numbers count it."""
    rows = _blank_separated(lines) if shape.delimiter is None else _delimited(lines, shape)
    after, width = max(shape.header_rows, default=0), shape.width
    for row, fault, fields, size in rows:
        if row <= after:
            continue
        if width is None or (len(fields) == width and fault is None):
            yield row, fault, fields, size
        else:
            yield _fit(row, fault, fields, width, size)


def _fit(row: int, fault: str | None, fields: Sequence[str], width: int, size: int) -> Record:
    """Bring a row to the header's width; delimiters at its end that add nothing are no fault."""
    if len(fields) < width or any(fields[width:]):
        fault = fault or f"{len(fields)} fields where {width} are expected"
    return row, fault, [*fields[:width], *[None] * (width - len(fields))], size


def _blank_separated(lines: Iterator[str]) -> Iterator[tuple[int, None, list[str], int]]:
    return ((row, None, fields, len(line)) for row, line in enumerate(lines, start=1) if (fields := line.split()))


def _delimited(lines: Iterator[str], shape: Shape) -> Iterator[tuple[int, str | None, list[str], int]]:
    csv.field_size_limit(LONGEST)  # the library's own limit of 131,072 would refuse long notes
    held: list[str] = []  # the lines of the row that is being read
    reader = csv.reader(_hold(lines, held, shape.file), delimiter=shape.delimiter or ",", strict=True)
    row = 1
    while True:
        held.clear()
        fault = None
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fields, fault = [], str(error)
        if fault is None and (len(held) == 1 or len(fields) == shape.width or (shape.width is None and len(held) < 20)):
            if len(fields) > 1 or (fields and fields[0].strip()):
                yield row, None, fields, len(held[0]) if len(held) == 1 else sum(map(len, held))
        else:
            yield from _one_by_one(row, held, shape, fault)
        row += len(held)


def _hold(lines: Iterator[str], held: list[str], file: Path) -> Iterator[str]:
    size = 0
    for number, line in enumerate(lines, start=1):
        held.append(line)
        size = len(line) if len(held) == 1 else size + len(line)
        if size > LONGEST:
            first = number - len(held) + 1
            raise UserError(
                f"{file.name}, row {first}: the row is longer than {LONGEST:,} characters: close the quote that is opened in it"
            )
        yield line


def _one_by_one(row: int, held: Sequence[str], shape: Shape, fault: str | None) -> Iterator[tuple[int, str | None, list[str], int]]:
    """Read lines that do not make a row together each as a row of its own, so that a stray quote swallows nothing."""
    for place, line in enumerate(held):
        fields = next(csv.reader([line.rstrip("\r\n")], delimiter=shape.delimiter or ","), [])
        unclosed = fault is not None and place == 0 and (len(held) > 1 or "end of data" in fault)
        if len(fields) > 1 or (fields and fields[0].strip()):
            yield row + place, UNCLOSED if unclosed else None, fields, len(line)
