"""Open a file that no profile describes yet, with the same readers that a run uses, and say what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from helpers.collection.excel import open_excel
from helpers.collection.mapping import plain_header
from helpers.collection.opened import Opened
from helpers.collection.profiles import FileSpec
from helpers.collection.readers import DATABASES, FORMATS, OPENERS
from helpers.collection.streams import OLE, PARQUET, first_bytes, suffix_of
from helpers.collection.text import open_text
from helpers.errors import UserError

MOST_ROWS = 1_000_000  # evidence is counted on this many rows of each file, and says so when there are more
REGULAR = 0.95  # share of rows that must fit before runs of blanks are taken for separators
UNREAD = {".ods": "save it as .xlsx", ".xlsb": "save it as .xlsx", ".numbers": "export it as .xlsx", ".pdf": "export the table as CSV"}


@dataclass(frozen=True)
class Sample:
    """What was found in one file or sheet: profile keys with their evidence, and the rows as text."""

    path: Path
    spec: dict[str, Any]
    why: dict[str, str]
    frame: pd.DataFrame = field(repr=False)
    more: bool = False  # the file holds more rows than were looked at
    faults: int = 0  # rows that do not fit the header or the encoding
    twice: tuple[str, ...] = ()  # headers that cannot be named because they stand twice


def sample_file(path: Path, *, most_rows: int = MOST_ROWS) -> list[Sample]:
    """Look into a file and return one sample per table in it (an Excel workbook may hold several).

    Parameters
    ----------
    path : pathlib.Path
        CSV or other delimited text, Excel, JSON, JSON lines or Parquet; text may be packed with gzip or zip.
    most_rows : int
        Rows of each table to look at.

    Raises
    ------
    UserError
        The file is missing, empty, damaged, or of a kind that cannot be read.
    """
    if not path.is_file():
        raise UserError(f"there is no file {path.name}: check the name and the folder")
    kind = _format_of(path)
    if kind == "excel":
        return _sheets(path, most_rows)
    opened = OPENERS[kind](path, FileSpec(path=path.name))
    spec: dict[str, Any] = {"format": kind}
    if kind == "csv" and len(opened.headers) == 1 and (blanks := _by_blanks(path)) is not None:
        return [_sample(path, spec | {"fixed_width": True}, blanks, most_rows)]
    return [_sample(path, spec, opened, most_rows)]


def _format_of(path: Path) -> str:
    suffix, mark = suffix_of(path), first_bytes(path)
    if suffix in DATABASES:
        raise UserError(f"{path.name} is a database: write a source with 'url: sqlite:///{path.name}' and 'query:' into the profile")
    if suffix in UNREAD:
        raise UserError(f"{path.name}: {suffix} files are not read: {UNREAD[suffix]}")
    if suffix not in FORMATS and mark.startswith(OLE):
        return "excel"
    return FORMATS.get(suffix, "parquet" if mark.startswith(PARQUET) else "csv")


def _sheets(path: Path, most_rows: int) -> list[Sample]:
    """Return the sheets that are tables; the others are passed over unless none is."""
    sheets = open_excel(path, FileSpec(path=path.name, sheet=1, no_header=["any"])).facts["sheets"]
    found: list[Sample] = []
    faults: list[UserError] = []
    for sheet in sheets:
        spec = {"format": "excel", "sheet": sheet}
        try:
            found.append(_sample(path, spec, open_excel(path, FileSpec(path=path.name, sheet=sheet)), most_rows))
        except UserError as fault:
            faults.append(fault)
    if not found:
        raise faults[0]
    return found


def _by_blanks(path: Path) -> Opened | None:
    """Return a text as columns between runs of blanks when its rows agree on their number, else None."""
    opened = open_text(path, FileSpec(path=path.name, fixed_width=True))
    first = next(opened.read([0]))
    regular = first.num_rows > 1 and first["problem"].null_count >= REGULAR * first.num_rows
    return opened if len(opened.headers) > 1 and regular else None


def _sample(path: Path, spec: dict[str, Any], opened: Opened, most_rows: int) -> Sample:
    counts = Counter(plain_header(h) for h in opened.headers)
    kept = [n for n, h in enumerate(opened.headers) if h.strip() and counts[plain_header(h)] == 1]
    if not kept:
        raise UserError(f"{opened.label} has no header that stands once: check that its first row names the columns")
    rows = pa.concat_tables(_first(opened, kept, most_rows + 1)).slice(0, most_rows + 1)
    if rows.num_rows == 0:
        raise UserError(f"{opened.label} has a header but no rows: export it again")
    shown = rows.slice(0, most_rows)
    frame = pd.DataFrame({opened.headers[n]: _texts(shown[str(place)]) for place, n in enumerate(kept)})
    faults = shown.num_rows - shown["problem"].null_count
    twice = tuple(dict.fromkeys(h for h in opened.headers if h.strip() and counts[plain_header(h)] > 1))
    spec, why = _decided(spec, opened.facts)
    return Sample(path, spec, why, frame, rows.num_rows > most_rows, faults, twice)


def _first(opened: Opened, places: list[int], most: int) -> Iterator[pa.Table]:
    seen = 0
    for batch in opened.read(places):
        yield batch
        seen += batch.num_rows
        if seen >= most:
            return


def _texts(column: pa.ChunkedArray) -> pd.Series:
    return column.cast(pa.string()).to_pandas().astype("str")


def _decided(spec: dict[str, Any], facts: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the keys to write into a profile and the evidence for them."""
    keys = {k: facts[k] for k in ("encoding", "delimiter", "header_rows", "records") if facts.get(k)}
    if keys.get("header_rows") == [1]:
        del keys["header_rows"]
    if spec.get("fixed_width"):
        del keys["delimiter"]
    if spec["format"] == "json" and str(keys.get("records", "(")).startswith("("):
        keys.pop("records", None)
    why = {k: str(facts[f"{k}_because"]) for k in keys if f"{k}_because" in facts}
    return spec | keys, why
