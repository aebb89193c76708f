"""Read JSON and JSON lines; numbers stay the text that stands in the file, nested values get dotted names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from helpers.collection.detect import find_encoding, known_encoding
from helpers.collection.opened import Opened, Record, text_tables
from helpers.collection.profiles import FileSpec
from helpers.collection.streams import open_bytes, open_characters
from helpers.collection.text import read_lines
from helpers.errors import UserError

SAMPLE_RECORDS = 10_000  # records whose names make the list of headers
LARGEST = 500_000_000  # bytes of a JSON document, which must be read whole
NO_LINE, NO_OBJECT = "the line is not a JSON record", "the record is not an object"


def open_json(file: Path, spec: FileSpec) -> Opened:
    """Open a JSON document: a list of records, found at `records` or as the only list of records in it.

    Parameters
    ----------
    file : pathlib.Path
        Read whole; larger than 500 MB is refused (JSON lines have no such limit).
    spec : FileSpec

    Raises
    ------
    UserError
        Not JSON, cut off, too large, or no list of records at `records`.
    """
    encoding = known_encoding(spec.encoding, file.name) if spec.encoding else find_encoding(file)[0]
    rows, place = _rows_at(_load(file, encoding), spec.records, file)
    headers = _names(r for r in rows if isinstance(r, dict))
    if not headers:
        raise UserError(f"{file.name} holds no records: export it again, or correct 'records:'")
    facts = {"format": "json", "encoding": encoding, "records": place or "(the document itself)"}
    records = ((n, r if isinstance(r, dict) else None, 0) for n, r in enumerate(rows, start=1))
    return Opened(file.name, headers, partial(_tables, list(records), headers, NO_OBJECT), facts)


def open_jsonl(file: Path, spec: FileSpec) -> Opened:
    """Open JSON lines: one record a line; a line that is no record, such as a cut last one, is a row with a problem.

    Parameters
    ----------
    file : pathlib.Path
        JSON lines, packed or not.
    spec : FileSpec

    Raises
    ------
    UserError
        Empty, or none of the first lines is a record.
    """
    encoding = known_encoding(spec.encoding, file.name) if spec.encoding else find_encoding(file)[0]
    first = list(islice(_parsed_lines(file, encoding), SAMPLE_RECORDS))
    if not first:
        raise UserError(f"{file.name} is empty: export it again")
    headers = _names(r for _, r, _ in first if r is not None)
    if not headers:
        raise UserError(f"{file.name} is not JSON lines: its first line is no record {{...}}; check 'format:'")
    return Opened(file.name, headers, partial(_lines_tables, file, encoding, headers), {"format": "jsonl", "encoding": encoding})


def _load(file: Path, encoding: str) -> Any:
    with open_bytes(file) as stream:
        content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UserError(f"{file.name} is larger than {LARGEST // 1_000_000} MB: export it as JSON lines")
    try:
        return _parse(content.decode(encoding))
    except RecursionError as fault:
        raise UserError(f"{file.name} is nested too deeply: export a list of records") from fault
    except UnicodeDecodeError as fault:
        raise UserError(f"{file.name} is not {encoding}: set 'encoding:' in the profile") from fault
    except json.JSONDecodeError as fault:
        raise UserError(f"{file.name}, line {fault.lineno}: not JSON ({fault.msg}): export it again, or set 'format: jsonl'") from fault


def _parse(text: str) -> Any:
    """Parse JSON with numbers as they are written, so that 10.50 and 00042 style ids keep their digits."""
    return json.loads(text, parse_float=str, parse_int=str)


def _rows_at(content: Any, records: str | None, file: Path) -> tuple[list[Any], str]:
    if records is not None:
        found = _value(content, records) if isinstance(content, dict) else None
        if not isinstance(found, list):
            raise UserError(f"{file.name} has no list at {records!r}: correct 'records:'; lists are at {_told(content)}")
        return found, records
    if isinstance(content, list):
        return content, ""
    lists = _lists(content)
    if len(lists) != 1:
        raise UserError(f"{file.name} is no list of records: say where it is with 'records:'; lists are at {_told(content)}")
    return next(iter(lists.values())), next(iter(lists))


def _lists(content: Any, at: str = "") -> dict[str, list[Any]]:
    """Return the lists of records in a document, by dotted path."""
    if isinstance(content, list):
        return {at: content} if not content or isinstance(content[0], dict) else {}
    found: dict[str, list[Any]] = {}
    for name, value in content.items() if isinstance(content, dict) else ():
        found |= _lists(value, f"{at}.{name}" if at else name)
    return found


def _told(content: Any) -> str:
    return ", ".join(repr(p) for p in list(_lists(content))[:5]) or "no place"


def _names(records: Iterator[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names of all fields in the order of first appearance; those of nested records are dotted."""
    names: dict[str, None] = {}
    for record in islice(records, SAMPLE_RECORDS):
        names |= dict.fromkeys(_dotted(record))
    return tuple(names)


def _dotted(record: dict[str, Any], at: str = "") -> Iterator[str]:
    for name, value in record.items():
        if isinstance(value, dict) and value:
            yield from _dotted(value, f"{at}{name}.")
        else:
            yield f"{at}{name}"


def _parsed_lines(file: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any] | None, int]]:
    with open_characters(file, encoding) as stream:
        for row, line in enumerate(read_lines(stream, file), start=1):
            if not line.strip("\ufeff \t\r\n"):
                continue
            try:
                record = _parse(line)
            except (json.JSONDecodeError, RecursionError):
                record = None
            yield row, record if isinstance(record, dict) else None, len(line)


def _lines_tables(file: Path, encoding: str, headers: Sequence[str], wanted: Sequence[int]) -> Iterator[pa.Table]:
    return _tables(_parsed_lines(file, encoding), headers, NO_LINE, wanted)


def _tables(records: Any, headers: Sequence[str], fault: str, wanted: Sequence[int]) -> Iterator[pa.Table]:
    names = [headers[place] for place in wanted]
    yield from text_tables(_cells(records, names, fault), range(len(names)))


def _cells(records: Any, names: Sequence[str], fault: str) -> Iterator[Record]:
    for row, record, size in records:
        if record is None:
            yield row, fault, [None] * len(names), size
        else:
            yield row, None, [_text(record[n]) if n in record else _text(_value(record, n)) for n in names], size


def _value(record: Any, path: str) -> Any:
    for part in path.split("."):
        record = record.get(part) if isinstance(record, dict) else None
    return record


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)  # true, false, and lists as they are written
