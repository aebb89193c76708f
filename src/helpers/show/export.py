"""Files for spreadsheets: safe to open, because no cell is run as a formula."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping

import pandas as pd

RISKY = ("=", "+", "-", "@", "\t", "\r")
CREATED = dt.datetime(2025, 1, 1)  # a fixed day, so that equal tables give equal files
WIDEST = 60


def neutralise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with text cells that a spreadsheet would run as a formula put behind an apostrophe.

    Examples
    --------
    >>> neutralise(pd.DataFrame({"name": ["=1+1", "Mei"], "net": [-5.0, 2.0]})).values.tolist()
    [["'=1+1", -5.0], ['Mei', 2.0]]
    """
    texts = [c for c in frame if isinstance(frame[c].dtype, pd.StringDtype) or frame[c].dtype == object]
    guarded = {c: frame[c].map(lambda v: f"'{v}" if isinstance(v, str) and v.startswith(RISKY) else v) for c in texts}
    return frame.assign(**guarded)


def safe_csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 with the mark that Excel needs to see Chinese, formulas neutralised."""
    return neutralise(frame).to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d").encode("utf-8-sig")


def safe_excel(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Return tables as one workbook: frozen header, filters, column widths, formulas neutralised, equal bytes for equal tables."""
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer, engine="xlsxwriter", engine_kwargs={"options": {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}}) as writer:
        writer.book.set_properties({"created": CREATED})
        for name, frame in sheets.items():
            neutralise(frame).to_excel(writer, sheet_name=name[:31], index=False, freeze_panes=(1, 0))
            sheet = writer.sheets[name[:31]]
            sheet.autofilter(0, 0, max(len(frame), 1), max(len(frame.columns) - 1, 0))
            for place, column in enumerate(frame):
                longest = int(frame[column].astype("str").str.len().max()) if len(frame) else 0
                sheet.set_column(place, place, min(max(longest, len(str(column))) + 2, WIDEST))
    return buffer.getvalue()
