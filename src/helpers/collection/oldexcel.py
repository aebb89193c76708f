"""Read the sheets of old .xls workbooks through xlrd, as the text a person sees."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.collection.opened import CellError, cell_text
from helpers.errors import UserError

if TYPE_CHECKING:
    import xlrd


@contextmanager
def _book(file: Path) -> Iterator[xlrd.Book]:
    """Open an old workbook; what xlrd calls its errors is a `ValueError` here."""
    try:
        import xlrd  # late: only the few who still have .xls files need it
        from xlrd.compdoc import CompDocError
    except ModuleNotFoundError as fault:
        raise UserError(f"{file.name}: old .xls files need the package xlrd: install it, or save the file as .xlsx") from fault
    try:
        # xlrd writes remarks on odd files to standard output unless it is given another place.
        with closing(io.StringIO()) as remarks, xlrd.open_workbook(str(file), logfile=remarks) as book:
            yield book
    except (xlrd.XLRDError, CompDocError) as fault:
        raise ValueError(str(fault)) from fault


def xls_sheet_names(file: Path) -> list[str]:
    """Return the sheets that can be seen, or all when none can."""
    with _book(file) as book:
        return [s.name for s in book.sheets() if s.visibility == 0] or book.sheet_names()


def read_xls(file: Path, sheet: str) -> Iterator[tuple[int, list[str | None]]]:
    """Give row number (from 1) and texts of every row; error values are `CellError`."""
    with _book(file) as book:
        found = book.sheet_by_name(sheet)
        for row in range(found.nrows):
            yield row + 1, [_text(cell, book.datemode) for cell in found.row(row)]


def _text(cell: xlrd.sheet.Cell, datemode: int) -> str | None:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_ERROR:
        return CellError(xlrd.error_text_from_code.get(cell.value, "#ERROR"))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return cell_text(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_DATE:
        return _date_text(cell.value, datemode)
    return cell_text(cell.value) if cell.value != "" else None


def _date_text(value: float, datemode: int) -> str | None:
    from xlrd import xldate_as_datetime

    try:
        moment = xldate_as_datetime(value, datemode)
    except (OverflowError, ValueError):
        return CellError("#VALUE!")
    return moment.time().isoformat(timespec="seconds") if 0 <= value < 1 else cell_text(moment)  # below 1: a time without a day
