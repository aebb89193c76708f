"""What people entered into the action list: read from the workbook itself, or from `review/actions.csv`, and never lost by a re-run."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from helpers.errors import UserError
from helpers.show.action_words import ACTIONS, STATUS_WORDS

WORKBOOK, STATUS_SHEET = "action_list.xlsx", Path("review") / "actions.csv"
ENTRIES = ["action_id", "status", "result"]
OPEN = "open"
NAMES = {name: c.key for c in ACTIONS if c.key in ENTRIES for name in (c.key, c.en, c.zh)}


def read_status(folder: Path) -> pd.DataFrame:
    """Return what people entered for the actions of a run folder.

    Parameters
    ----------
    folder : pathlib.Path
        Holds `action_list.xlsx` with status and result filled in, on the sheet of all actions or on an owner's own, or `review/actions.csv` with the columns action_id, status, result.

    Returns
    -------
    pandas.DataFrame
        action_id, status (str: open, done, dropped), result (str), only rows in which somebody entered something; the workbook goes before the CSV file, an owner's own sheet before the one of all. Sorted by action_id.

    Raises
    ------
    UserError
        A file that cannot be read, a header that was changed, or a status that is none.
    """
    parts = [_read_csv(folder / STATUS_SHEET), *_read_book(folder / WORKBOOK)]
    told = pd.concat([p for p in parts if p is not None and len(p)] or [pd.DataFrame(columns=ENTRIES)], ignore_index=True)
    told = told[(told["status"] != OPEN) | (told["result"] != "")]
    return told.drop_duplicates("action_id", keep="last").astype(dict.fromkeys(ENTRIES, "str")).sort_values("action_id", ignore_index=True)


def with_status(actions: pd.DataFrame, entered: pd.DataFrame) -> pd.DataFrame:
    """Return the list with what people entered; nothing else changes."""
    by = entered.set_index("action_id")
    if by.empty:
        return actions
    return actions.assign(**{c: actions["action_id"].map(by[c]).fillna(actions[c]).astype("str") for c in ("status", "result")})


def _read_csv(file: Path) -> pd.DataFrame | None:
    if not file.exists():
        return None
    try:
        written = pd.read_csv(file, dtype="str", encoding="utf-8-sig", sep=None, engine="python", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as fault:
        raise UserError(f"{file.name} in the folder review cannot be read as a CSV file in UTF-8: save it as CSV UTF-8") from fault
    return _entries(written, f"review/{file.name}")


def _read_book(file: Path) -> list[pd.DataFrame]:
    if not file.exists():
        return []
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError) as fault:
        raise UserError(f"{file.name} cannot be read as an Excel file: save it again as .xlsx") from fault
    try:
        sheets = [(s.title, [[_text(c) for c in row] for row in s.iter_rows(values_only=True)]) for s in book.worksheets]
    finally:
        book.close()
    lists = [(t, pd.DataFrame(rows[1:], columns=rows[0])) for t, rows in sheets if rows and "status" in {NAMES.get(n) for n in rows[0]}]
    if not lists:
        raise UserError(f"{file.name} has no sheet with the columns Status and Action id: keep the headers as they were written")
    return [_entries(frame, f"{file.name}, sheet {title}") for title, frame in lists]


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _entries(written: pd.DataFrame, where: str) -> pd.DataFrame:
    """Ids, statuses and results, whatever language the header is in."""
    found = written.rename(columns=NAMES)
    if "action_id" not in found:
        raise UserError(f"{where} has no column Action id: keep the header as it was written")
    told = pd.DataFrame({c: found[c].astype("str").str.strip() if c in found else "" for c in ENTRIES})
    told = told[told["action_id"] != ""]
    lower = told["status"].str.lower()
    unknown = told[~lower.isin(STATUS_WORDS) & (lower != "")]
    if len(unknown):
        row = unknown.iloc[0]
        raise UserError(f"{where}: status {row['status']!r} of action {row['action_id']} is none: write open, done or dropped")
    return told.assign(status=lower.map(STATUS_WORDS).fillna(OPEN), result=told["result"].str.removeprefix("'"))
