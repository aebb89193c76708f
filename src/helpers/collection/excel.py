"""Read Excel sheets as the text a person sees: .xlsx row by row through openpyxl, old .xls through xlrd.

Formula cells give their stored result. An error value (`#REF!`) and a formula without a stored result give null and
a problem of the row. python-calamine is faster but gives both as empty cells, which would lose the evidence.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
import openpyxl.utils
import pyarrow as pa
from openpyxl.utils.exceptions import InvalidFileException

from helpers.collection.mapping import join_headers
from helpers.collection.oldexcel import read_xls, xls_sheet_names
from helpers.collection.opened import CellError, Opened, Record, cell_text, text_tables
from helpers.collection.profiles import FileSpec
from helpers.collection.streams import OLE, ZIP, first_bytes
from helpers.errors import UserError

HEADER_SOUGHT_IN = 50  # rows among which the header is looked for
NO_RESULT = "a formula without a stored result"
# What openpyxl and xlrd are seen to raise on damaged files (found by changing bytes at random); the cause stays chained.
_DAMAGE = (
    zipfile.BadZipFile,
    LookupError,
    OSError,
    ValueError,
    ParseError,
    EOFError,
    InvalidFileException,
    AssertionError,
    TypeError,
    AttributeError,
    struct.error,
    zlib.error,
    NotImplementedError,
    RuntimeError,
)
_XLS_MARKS = (OLE, b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")
_UNSTORED = re.compile(rb"<f[^>]*>(?:[^<]*</f>)?\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def open_excel(file: Path, spec: FileSpec) -> Opened:
    """Open one sheet of an Excel workbook; the sheet and the header row are found when the profile leaves them out.

    Parameters
    ----------
    file : pathlib.Path
        .xlsx, .xlsm or .xls.
    spec : FileSpec
        `sheet` is a name or a number from 1; `header_rows` are row numbers as Excel shows them.

    Raises
    ------
    UserError
        Not an Excel file, damaged, a password, several sheets with data and none named, no header.
    """
    try:
        sheets = _sheet_names(file)
        sheet = _choose_sheet(file, spec, sheets)
        headers, rows = _headers(file, sheet, spec)
    except _DAMAGE as fault:
        raise UserError(
            f"{file.name} cannot be read as an Excel file (damaged, or locked by a password): save it again as .xlsx"
        ) from fault
    facts = {"format": "excel", "sheet": sheet, "sheets": sheets, "header_rows": list(rows)}
    return Opened(f"{file.name}, sheet {sheet}", headers, partial(_read, file, sheet, max(rows, default=0), len(headers)), facts)


def _read(file: Path, sheet: str, after: int, width: int, wanted: Sequence[int]) -> Iterator[pa.Table]:
    try:
        yield from text_tables(_records(file, sheet, after, width, wanted), wanted)
    except _DAMAGE as fault:
        raise UserError(f"{file.name}, sheet {sheet} is damaged: save it again as .xlsx") from fault


def _records(file: Path, sheet: str, after: int, width: int, wanted: Sequence[int]) -> Iterator[Record]:
    """Give the rows below the header; empty rows are no rows, faults count only in columns that are wanted."""
    for row, cells in _rows(file, sheet):
        if row <= after or not any(c is not None and c != "" for c in cells):
            continue
        values: list[str | None] = [*cells[:width], *[None] * (width - len(cells))]
        faults = []
        for place in wanted:
            if isinstance(values[place], CellError):
                faults.append(f"{values[place]} in column {openpyxl.utils.get_column_letter(place + 1)}")
                values[place] = None
        yield row, "; ".join(faults) or None, values, 0


def _rows(file: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    return read_xls(file, sheet) if _is_xls(file) else _xlsx_rows(file, sheet)


def _is_xls(file: Path) -> bool:
    mark = first_bytes(file)
    if not mark:
        raise UserError(f"{file.name} is empty: export it again")
    if not mark.startswith((ZIP, *_XLS_MARKS)):
        kind = "a web page" if b"<" in mark else "text"
        raise UserError(f"{file.name} is {kind}, not an Excel file: open it in Excel and save it as .xlsx, or set 'format: csv'")
    return not mark.startswith(ZIP)


def _sheet_names(file: Path) -> list[str]:
    """Return the sheets that can be seen, or all when none can; charts are no sheets."""
    if _is_xls(file):
        return xls_sheet_names(file)
    with closing(openpyxl.load_workbook(file, read_only=True)) as book:
        seen = [s.title for s in book.worksheets if s.sheet_state == "visible"]
        return seen or [s.title for s in book.worksheets]


def _choose_sheet(file: Path, spec: FileSpec, sheets: Sequence[str]) -> str:
    told = ", ".join(sheets)
    if spec.sheet is not None and str(spec.sheet) in sheets:
        return str(spec.sheet)
    if isinstance(spec.sheet, int) and 1 <= spec.sheet <= len(sheets):
        return sheets[spec.sheet - 1]
    if spec.sheet is not None:
        raise UserError(f"{file.name} has no sheet {spec.sheet!r}: its sheets are {told}")
    filled = [s for s in sheets if len(sheets) == 1 or _has_data(file, s)]
    if len(filled) > 1:
        raise UserError(f"{file.name} has several sheets with data ({', '.join(filled)}): name one with 'sheet:'")
    if not filled:
        raise UserError(f"{file.name} holds no data in its sheets ({told}): export it again")
    return filled[0]


def _has_data(file: Path, sheet: str) -> bool:
    return any(any(c for c in cells) for _, cells in _rows(file, sheet))


def _headers(file: Path, sheet: str, spec: FileSpec) -> tuple[tuple[str, ...], tuple[int, ...]]:
    if spec.no_header is not None:
        return tuple(spec.no_header), ()
    last = max(spec.header_rows or [HEADER_SOUGHT_IN])
    first = dict(islice(_rows(file, sheet), last))
    if spec.header_rows:
        asked = tuple(spec.header_rows)
        if missing := [r for r in asked if not any(first.get(r, []))]:
            raise UserError(f"{file.name}, sheet {sheet}: row {missing[0]} is empty: correct 'header_rows:'")
        return join_headers([first[r] for r in asked]), asked
    row = find_header_row(first)
    if row is None:
        raise UserError(f"{file.name}, sheet {sheet}: no header in the first {HEADER_SOUGHT_IN} rows: say where with 'header_rows: [n]'")
    return join_headers([first[row]]), (row,)


def find_header_row(rows: dict[int, list[str | None]]) -> int | None:
    """Return the first row with at least two words in which most cells of the table's width are filled.

    Examples
    --------
    >>> find_header_row({1: ["Orders 2024", None, None], 2: [], 3: ["No", "Day", "Sum"], 4: ["1", "2024-01-31", "5"]})
    3
    """
    filled = {row: cells for row, cells in rows.items() if _filled(cells)}
    width = max(map(_filled, filled.values()), default=0)
    found = None
    for row, cells in filled.items():
        if found is None and _words(cells) >= min(2, width) and _filled(cells) > width / 2:
            found = row
        elif found is not None and (_words(cells) < _filled(cells) or _filled(cells) <= _filled(filled[found])):
            return found
        elif found is not None:  # a wider row of nothing but words below: what was found is a title
            found = row
    return found


def _words(cells: Sequence[str | None]) -> int:
    return sum(c is not None and re.search(r"[^\W\d_]", c) is not None and not re.search(r"\d", c) for c in cells)


def _filled(cells: Sequence[str | None]) -> int:
    return sum(c is not None and bool(c.strip()) for c in cells)


def _xlsx_rows(file: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    with closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as book:
        rows = _cells(book, sheet)
        if not _has_unstored(file):
            yield from ((n, [_xlsx_text(c) for c in cells]) for n, cells in enumerate(rows, start=1))
            return
        with closing(openpyxl.load_workbook(file, read_only=True)) as told:  # a second look at the formulas themselves
            for n, (cells, formulas) in enumerate(zip_longest(rows, _cells(told, sheet), fillvalue=()), start=1):
                pairs = zip_longest(cells, formulas)
                yield (
                    n,
                    [CellError(NO_RESULT) if f is not None and f.data_type == "f" and c.value is None else _xlsx_text(c) for c, f in pairs],
                )


def _cells(book: Any, sheet: str) -> Iterator[tuple[Any, ...]]:
    found = book[sheet]
    found.reset_dimensions()  # some programs write a wrong size, which would cut the sheet
    return iter(found.iter_rows())


def _xlsx_text(cell: Any) -> str | None:
    value = cell.value
    if value is None or isinstance(value, str):
        return CellError(value) if cell.data_type == "e" else value
    text = cell_text(value)
    if isinstance(value, int) and set(cell.number_format) == {"0"}:
        return str(text).zfill(len(cell.number_format))  # 00042 is an id shown with its zeros
    return text


def _has_unstored(file: Path) -> bool:
    """Tell whether some formula has no stored result: a script wrote the file and Excel never opened it."""
    with zipfile.ZipFile(file) as packed:
        for name in packed.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with packed.open(name) as stream:
                    tail = b""
                    while chunk := stream.read(1 << 20):
                        if _UNSTORED.search(tail + chunk):
                            return True
                        tail = chunk[-10_000:]
    return False
