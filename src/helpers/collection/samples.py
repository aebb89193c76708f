"""Open a file that no profile describes yet: what is it, which sheet, which row is the header, what stands in it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import UserError

MOST_ROWS = 1_000_000  # evidence is counted on this many rows of each file, and says so when there are more
CHINESE = {"gb18030": ("gb2312", 0xB0, 0xD7), "big5": ("big5", 0xA4, 0xC6)}  # lead bytes of the common characters
DELIMITERS = (",", ";", "\t", "|")
HEAD_BYTES = 1 << 20
TITLE_ROWS = 20  # a header is looked for among this many rows
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Sample:
    """What was found in one file or sheet: profile keys with their evidence, and the rows as text."""

    path: Path
    spec: dict[str, Any]
    why: dict[str, str]
    frame: pd.DataFrame = field(repr=False)
    more: bool = False  # the file holds more rows than were looked at


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
    try:
        head = _head(path)
        if not head.strip():
            raise UserError(f"{path.name} is empty: export it again")
        suffix = _suffix(path)
        if suffix in {".xlsx", ".xlsm"} or (head.startswith(_ZIP) and suffix != ".zip"):
            return _excel(path, most_rows)
        if head.startswith(_OLE) or suffix == ".xls":
            raise UserError(f"{path.name} is an old .xls workbook: save it as .xlsx in Excel and use that")
        if suffix == ".parquet" or head.startswith(b"PAR1"):
            return [_parquet(path, most_rows)]
        if suffix in {".json", ".jsonl", ".ndjson"}:
            return [_json(path, head, most_rows)]
        return [_delimited(path, head, most_rows)]
    except (OSError, EOFError, zipfile.BadZipFile, pd.errors.ParserError, pd.errors.EmptyDataError, ValueError, KeyError) as fault:
        raise UserError(f"{path.name} cannot be read ({' '.join(str(fault).split())}): export it again") from fault


def _suffix(path: Path) -> str:
    names = [s.lower() for s in path.suffixes]
    packed = len(names) > 1 and names[-1] in {".gz", ".zip"}
    return names[-2] if packed else (names[-1] if names else "")


def _head(path: Path) -> bytes:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            return file.read(HEAD_BYTES)
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as packed:
            names = [n for n in packed.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")]
            if len(names) != 1:
                raise UserError(f"{path.name} holds {len(names)} files: unpack it and name the one to read")
            with packed.open(names[0]) as file:
                return file.read(HEAD_BYTES)
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def find_encoding(head: bytes) -> tuple[str, str]:
    """Return the encoding of a text that begins with `head`, and the evidence for it.

    Examples
    --------
    >>> find_encoding("客户编号,金额".encode("gb18030"))
    ('gb18030', 'not utf-8; 100% of the characters are common Chinese ones')
    >>> find_encoding("訂單編號,金額".encode("big5"))[0]
    'big5'
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return name, "byte order mark"
    if _decode(head, "utf-8") is not None:
        return "utf-8", "reads without a fault"
    shares = {name: _common_share(head, name) for name in CHINESE}
    best = max(CHINESE, key=lambda name: shares[name])
    if shares[best] > 0.5:
        return best, f"not utf-8; {shares[best]:.0%} of the characters are common Chinese ones"
    western = "latin-1" if _decode(head, "cp1252") is None else "cp1252"
    return western, "not utf-8, not Chinese; CHECK accented letters"


def find_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter and its evidence: the one that cuts the most lines into the same number of fields.

    Examples
    --------
    >>> find_delimiter("a;b;c\\n1,5;2;3\\n2,5;2;3\\n")
    (';', '3 fields on 3 of the first 3 lines')
    """
    best = (0, 1, ",", 0)
    for delimiter in DELIMITERS:
        rows = [r for r in _rows(text, delimiter) if r]
        width, lines = Counter(len(r) for r in rows).most_common(1)[0] if rows else (1, 0)
        best = max(best, (lines if width > 1 else 0, width, delimiter, len(rows)), key=lambda b: b[:2])
    lines, width, delimiter, seen = best
    return delimiter, f"{width} fields on {lines} of the first {seen} lines" if lines else "one column, so any delimiter fits"


def find_header_row(rows: list[list[str]]) -> int:
    """Return the number (from 1) of the first row that is as wide as the table and holds words, not values.

    Examples
    --------
    >>> find_header_row([["Orders of 2024", "", ""], ["Order no.", "Date", "Amount"], ["1", "2024-01-31", "12.5"]])
    2
    """
    filled = [sum(bool(c.strip()) for c in r) for r in rows]
    usual = Counter(n for n in filled if n > 0).most_common(1)[0][0] if any(filled) else 0
    for number, (row, width) in enumerate(zip(rows, filled, strict=True), start=1):
        words = sum(bool(c.strip()) and not c.strip().replace(".", "", 1).replace("-", "").isdigit() for c in row)
        if width >= max(0.8 * usual, 1) and words >= 0.6 * width:
            return number
    return 1


def _decode(head: bytes, encoding: str) -> str | None:
    for cut in range(4):  # the head may end within a character
        try:
            return head[: len(head) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _common_share(head: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII that stand in the part of the code table kept for common characters."""
    text, (table, first, last) = _decode(head, encoding) or "", CHINESE[encoding]
    leads = [c.encode(table, errors="replace")[0] for c in text if "\u4e00" <= c <= "\u9fa5"]
    beyond = sum(ord(c) > 127 and c not in "，。、；：？！（）《》“”" for c in text)
    return sum(first <= lead <= last for lead in leads) / beyond if beyond else 0.0


def _rows(text: str, delimiter: str) -> list[list[str]]:
    lines = text.splitlines()[:200]
    return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))


def _delimited(path: Path, head: bytes, most_rows: int) -> Sample:
    encoding, why_encoding = find_encoding(head)
    text = head.decode(encoding, errors="replace")
    text = text[: text.rfind("\n") + 1] or text
    delimiter, why_delimiter = find_delimiter(text)
    header = find_header_row(_rows(text, delimiter)[:TITLE_ROWS])
    frame = pd.read_csv(
        path, sep=delimiter, encoding=encoding, encoding_errors="replace", dtype="str", keep_default_na=False, na_values=[""],
        skiprows=header - 1, nrows=most_rows + 1, on_bad_lines="skip", low_memory=False,
    )  # fmt: skip
    spec = {"format": "csv", "encoding": encoding, "delimiter": delimiter} | ({} if header == 1 else {"header_rows": [header]})
    why = {"encoding": why_encoding, "delimiter": why_delimiter}
    return _sample(path, spec, why, frame, most_rows)


def _excel(path: Path, most_rows: int) -> list[Sample]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        found = [_sheet(path, sheet, most_rows) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()
    tables = [s for s in found if s is not None]
    if not tables:
        raise UserError(f"{path.name} has no sheet with a header and rows: fill one in")
    return tables


def _sheet(path: Path, sheet: Any, most_rows: int) -> Sample | None:
    rows = [[_cell_text(v) for v in row] for row in sheet.iter_rows(max_row=most_rows + TITLE_ROWS + 1, values_only=True)]
    if sum(any(r) for r in rows) < 2:
        return None
    header = find_header_row(rows[:TITLE_ROWS])
    names = [h or f"Unnamed: {i}" for i, h in enumerate(rows[header - 1])]
    frame = pd.DataFrame([r for r in rows[header:] if any(r)], columns=names, dtype="str").replace("", None)
    spec = {"format": "excel", "sheet": sheet.title} | ({} if header == 1 else {"header_rows": [header]})
    return _sample(path, spec, {}, frame, most_rows)


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def _parquet(path: Path, most_rows: int) -> Sample:
    import pyarrow.parquet as pq

    batch = next(pq.ParquetFile(path).iter_batches(batch_size=most_rows + 1), None)
    frame = pd.DataFrame() if batch is None else batch.to_pandas()
    return _sample(path, {"format": "parquet"}, {}, _texts(frame), most_rows)


def _json(path: Path, head: bytes, most_rows: int) -> Sample:
    first = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if first.startswith(b"{") and b"\n{" in first:
        frame = pd.read_json(path, lines=True, dtype=False, nrows=most_rows + 1)
        return _sample(path, {"format": "jsonl"}, {}, _texts(frame), most_rows)
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    spec, records = {"format": "json"}, content
    if isinstance(content, dict):
        key = next((k for k, v in content.items() if isinstance(v, list) and v and isinstance(v[0], dict)), None)
        if key is None:
            raise UserError(f"{path.name} holds no list of records: export a list of objects")
        spec, records = spec | {"records": key}, content[key]
    return _sample(path, spec, {}, _texts(pd.json_normalize(records[: most_rows + 1])), most_rows)


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.apply(lambda c: c.map(_cell_text, na_action="ignore")).astype("str")


def _sample(path: Path, spec: dict[str, Any], why: dict[str, str], frame: pd.DataFrame, most_rows: int) -> Sample:
    if frame.shape[1] == 0 or len(frame) == 0:
        raise UserError(f"{path.name} has a header but no rows: export it again")
    return Sample(path, spec, why, frame.head(most_rows), more=len(frame) > most_rows)
