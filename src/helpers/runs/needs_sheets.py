"""Sheets for people: the text sample and the coding sheet, written once and never over what somebody has filled in."""

from __future__ import annotations

from helpers.needs.evidence import NEEDS, STANDS_FOR
from helpers.runs.files import write_whole
from helpers.runs.needs_inputs import CODING_SHEET, VOICE_SHEET, read_filled
from helpers.runs.run import Run
from helpers.show.export import safe_csv
from helpers.show.tables import as_text


def write_sheets(run: Run) -> None:
    """Write `review/voice.csv` and `review/interviews.csv` unless they hold entries; the next run reads what was entered."""
    filled = read_filled(run.folder)
    for table, name, path in (("voice_sample", "voice_checks", VOICE_SHEET), ("interview_sheet", "interview_coding", CODING_SHEET)):
        sheet = run.load(table) if run.measured(table) else None
        if sheet is not None and len(sheet) and filled[name] is None:
            write_whole(run.folder / path, safe_csv(sheet))


def why_empty(run: Run, table: str) -> str:
    """Return `not measured: needs ...` for a table of needs mining that this run's data cannot fill, else an empty text."""
    if not run.measured(table):
        return run.why_not(table)
    if table not in NEEDS and table not in STANDS_FOR:
        return ""
    evidence = run.load("needs_evidence").set_index("table")
    return str(evidence.at[table, "why"])


def needs_text(run: Run, table: str, *columns: str, rows: int | None = None) -> str:
    """Return a table of needs mining as plain text, or in one line why there is none.

    Parameters
    ----------
    run : Run
    table : str
    *columns : str
        Which columns, all when none is named.
    rows : int, optional
        Only the first rows.
    """
    lacking = why_empty(run, table)
    if lacking:
        return lacking
    frame = run.load(table)
    return as_text(frame[list(columns) or list(frame.columns)], rows=rows)
