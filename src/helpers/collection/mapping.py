"""From the export's headers to our columns: find headers, map values, fill constants (feature F01, row 002-09)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process

from helpers.collection.profiles import Source
from helpers.errors import UserError
from helpers.tables import table

NEAREST = 5  # headers that an error proposes


def plain_header(header: str) -> str:
    """Return a header without case, width of characters, and blanks or line ends that do not count.

    Examples
    --------
    >>> plain_header(" Ｏrder\\n No. ")
    'order no.'
    """
    return " ".join(unicodedata.normalize("NFKC", header).replace("\ufeff", "").split()).casefold()


def join_headers(rows: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    """Join header rows that stand above each other to `Top / Sub`; a merged top cell holds for the cells after it.

    Examples
    --------
    >>> join_headers([["No", "Order", ""], ["", "Day", "Sum"]])
    ('No', 'Order / Day', 'Order / Sum')
    """
    width = max(map(len, rows))
    cells = [["" if c is None else str(c).strip("\ufeff") for c in row] + [""] * (width - len(row)) for row in rows]
    for above, below in zip(cells, cells[1:], strict=False):
        for place in range(1, width):
            if not above[place].strip() and below[place].strip():
                above[place] = above[place - 1] if below[place - 1].strip() else ""
    return tuple(_joined([row[place] for row in cells]) for place in range(width))


def _joined(parts: Sequence[str]) -> str:
    if len(parts) == 1:
        return parts[0]
    kept = dict.fromkeys(p.strip() for p in parts)  # a cell merged downwards may be repeated
    return " / ".join(p for p in kept if p)


def find_header(name: str, headers: Sequence[str], label: str) -> int:
    """Return the position of a header: spelled exactly, or else without regard to case, width and blanks.

    Raises
    ------
    UserError
        The header is missing (the nearest ones are named) or stands twice.

    Examples
    --------
    >>> find_header("Order No", ["Day", "order no "], "orders.csv")
    1
    """
    exact = [place for place, h in enumerate(headers) if h == name]
    found = exact or [place for place, h in enumerate(headers) if plain_header(h) == plain_header(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{label}: the header {name!r} stands {len(found)} times: rename all but one of them in the file")
    told = ", ".join(repr(h) for h in nearest(name, headers)) or "none"
    raise UserError(f"{label} has no header {name!r}: correct 'columns:' in the profile; the nearest headers are {told}")


def nearest(name: str, headers: Sequence[str]) -> list[str]:
    """Return the headers that are spelled most like `name`, nearest first."""
    named = [h for h in headers if h.strip()]
    hits = process.extract(name, named, scorer=fuzz.WRatio, processor=plain_header, limit=NEAREST)
    return [str(hit[0]) for hit in hits]


def wanted_headers(source: Source) -> list[str]:
    """Return every header that a source needs, from its own files or from lookups, each once."""
    named = [*source.columns.values(), *(h for parts in source.combine.values() for h in parts)]
    return list(dict.fromkeys(named))


def to_canonical(rows: pa.Table, source: Source, read_from: str) -> pa.Table:
    """Turn columns named by headers into the raw table: `read_from`, `row`, `problem`, canonical columns.

    Parameters
    ----------
    rows : pyarrow.Table
        `row`, `problem` and one column per header of `wanted_headers`.
    source : Source
    read_from : str
        What stands in the column `read_from`.

    Returns
    -------
    pyarrow.Table
        `read_from` str, `row` int64, `problem` str, then the columns in the order of the profile.
    """
    out = {"read_from": pa.repeat(pa.scalar(read_from), rows.num_rows), "row": rows["row"], "problem": rows["problem"]}
    for name, header in source.columns.items():
        out[name] = _prepared(rows[header], name, source)
    for name, parts in source.combine.items():
        out[name] = _combined([rows[h] for h in parts], name, source)
    for name, value in source.constants.items():
        out[name] = pa.repeat(pa.scalar(value, pa.string()), rows.num_rows)
    return pa.table(out)


def _prepared(column: pa.ChunkedArray, name: str, source: Source) -> pa.ChunkedArray:
    """Ids and texts are always text, so that sources with and without types agree; so is what `values` maps."""
    if name in source.values:
        return map_values(column.cast(pa.string()), source.values[name])
    return column.cast(pa.string()) if table(source.table).column(name).kind in {"id", "text"} else column


def map_values(column: pa.ChunkedArray, values: Mapping[str, Any]) -> pa.ChunkedArray:
    """Replace the texts that `values` lists, blanks around them aside; all others pass through.

    Examples
    --------
    >>> map_values(pa.chunked_array([["Y", " N ", "?"]]), {"Y": True, "N": False}).to_pylist()
    ['true', 'false', '?']
    """
    told = [None if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in values.values()]
    place = pc.index_in(pc.utf8_trim_whitespace(column), pa.array(list(values), pa.string()))
    return pc.if_else(pc.is_valid(place), pc.take(pa.array(told, pa.string()), place), column)


def _combined(parts: Sequence[pa.ChunkedArray], name: str, source: Source) -> pa.ChunkedArray:
    """Several headers make one column: text parts are joined by `-`, numbers are added."""
    if table(source.table).column(name).kind in {"id", "text"}:
        return pc.binary_join_element_wise(*[p.cast(pa.string()) for p in parts], "-")
    total = parts[0]
    if any(pa.types.is_string(p.type) for p in parts):
        raise UserError(f"source {source.name}: {name} cannot be added up from text: combine numbers only from Parquet files or databases")
    known = [pc.is_valid(p) for p in parts]
    for part in parts[1:]:
        total = pc.add(pc.fill_null(total, 0), pc.fill_null(part, 0))
    some = known[0]
    for each in known[1:]:
        some = pc.or_(some, each)
    return pc.if_else(some, total, pa.scalar(None, total.type))
