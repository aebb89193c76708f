"""Excel sheets for what no export holds: judgements, signals, staff, costs, contacts (features F03, F04).

`build_template` writes an empty one with anchors in words, `read_template` reads a filled one. Columns have the names that
header synonyms know, so a filled template can also stand in a profile as a normal source.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import xlsxwriter
from openpyxl.utils.exceptions import InvalidFileException

from helpers.collection.headers import match_headers
from helpers.collection.template_sheets import write_anchor_sheet, write_readme_sheet, write_rows_sheet
from helpers.collection.template_text import Lang, check_lang, check_template
from helpers.errors import UserError
from helpers.tables import EXAMPLE_ROW, table

HEADER_ROWS = 10  # a header may have moved down by this many rows
_EPOCH = dt.datetime(2020, 1, 1)  # fixed, so that the same template is the same bytes


def build_template(table_name: str, lang: Lang = "en", rows: pd.DataFrame | None = None) -> bytes:
    """Make an Excel workbook to be filled in by people; the same arguments give the same bytes on one machine.

    The first sheet has a frozen header, notes on the columns, one marked example row and drop-down lists; `ratings` has
    a sheet that says in words what the scores 1 to 5 mean; the last sheet lists columns and rules.

    Parameters
    ----------
    table_name : {"ratings", "signals", "staff", "costs", "contacts"}
    lang : {"en", "zh"}
    rows : pandas.DataFrame, optional
        Rows to write below the example: the table's columns, cells of text, numbers, days or nothing.

    Raises
    ------
    UserError
        There is no template for the table, or not in this language.

    Examples
    --------
    >>> build_template("staff") == build_template("staff")
    True
    """
    check_template(table_name)
    check_lang(lang)
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"created": _EPOCH, "title": table_name})
        write_rows_sheet(book, table_name, lang, rows)
        if table_name == "ratings":
            write_anchor_sheet(book, lang)
        write_readme_sheet(book, table_name, lang)
    return target.getvalue()


def read_template(path: Path, table_name: str, *, source: str | None = None) -> pd.DataFrame:
    """Read a filled template as a raw table: text as it stands, the example row and empty rows left out.

    Nothing is judged here: a score of 7 comes through as text, and cleaning sets the row aside with its reason.

    Parameters
    ----------
    path : pathlib.Path
        The workbook.
    table_name : str
        Which template it is.
    source : str, optional
        Name of the source in the raw table; the table's name when left out.

    Returns
    -------
    pandas.DataFrame
        `source` (str), `row` (int64, as Excel counts), `problem` (str, null), then every column of the table (str, null when empty).

    Raises
    ------
    UserError
        No such file, no workbook, no sheet with the columns, a required column missing or twice.
    """
    check_template(table_name)
    title, rows = _find_sheet(path, table_name)
    columns = [c.name for c in table(table_name).columns]
    number, places = _find_header(path, title, rows, table_name)
    records = []
    for row, cells in enumerate(rows[number:], start=number + 1):
        first = next((c for c in cells if c is not None), None)
        if first is not None and not EXAMPLE_ROW.match(first):
            values = {c: cells[places[c]] if c in places and places[c] < len(cells) else None for c in columns}
            records.append({"read_from": source or table_name, "row": row, "problem": None} | values)
    frame = pd.DataFrame(records, columns=["read_from", "row", "problem", *columns])
    return frame.astype({"row": "int64"} | {c: "str" for c in frame.columns if c != "row"})


def _find_sheet(path: Path, table_name: str) -> tuple[str, list[list[str | None]]]:
    if not path.is_file():
        raise UserError(f"there is no file {path.name}: fill in the template of {table_name} and name that file")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError, ValueError) as fault:
        raise UserError(f"{path.name} is no Excel workbook (.xlsx): save it as one") from fault
    try:
        titles = [s.title for s in book.worksheets]
        if not titles:
            raise UserError(f"{path.name} has no sheet with cells: start again from the template of {table_name}")
        title = table_name if table_name in titles else titles[0]
        return title, [[_text(cell) for cell in row] for row in book[title].iter_rows(values_only=True)]
    finally:
        book.close()


def _find_header(path: Path, title: str, rows: list[list[str | None]], table_name: str) -> tuple[int, dict[str, int]]:
    """Return the number of the header row, from 1, and where each column stands."""
    best: tuple[int, dict[str, int]] = (1, {})
    for number, cells in enumerate(rows[:HEADER_ROWS], start=1):
        headers = [c or "" for c in cells]
        matches = match_headers(headers, table_name)["column"].tolist()
        places = {c: i for i, c in enumerate(matches) if isinstance(c, str)}
        best = max(best, (number, places), key=lambda b: len(b[1]))
    missing = [c for c in table(table_name).required if c not in best[1]]
    if missing:
        raise UserError(f"{path.name}, sheet {title}: no column is {missing[0]}: keep the headers of the template of {table_name}")
    return best


def _text(value: object) -> str | None:
    """Return a cell as a person sees it: days as 2025-06-30, whole numbers without .0."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)
