"""Read what a profile names, whatever its format, as one stream of raw tables (features F01; rows 002-09, 004-51).

The raw table is the contract of `docs/design.md`: `read_from`, `row`, `problem`, then canonical columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from helpers.collection.columnar import open_parquet
from helpers.collection.distinct import distinct_rows
from helpers.collection.excel import open_excel
from helpers.collection.jsonfiles import open_json, open_jsonl
from helpers.collection.lookups import Joined, index_lookup, join
from helpers.collection.mapping import find_header, plain_header, to_canonical, wanted_headers
from helpers.collection.opened import Opened
from helpers.collection.profiles import FileSpec, Lookup, Profile, Source
from helpers.collection.sql import open_sql
from helpers.collection.streams import suffix_of
from helpers.collection.text import open_text
from helpers.errors import UserError
from helpers.tables import table

FORMATS = {
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
OPENERS = {"csv": open_text, "excel": open_excel, "json": open_json, "jsonl": open_jsonl, "parquet": open_parquet}
DATABASES = {".db", ".sqlite", ".sqlite3"}


@dataclass(frozen=True)
class Part:
    """One opened file of a source: where its wanted headers stand and what its rows say in `read_from`."""

    opened: Opened
    positions: dict[str, int]
    read_from: str


@dataclass(frozen=True)
class Plan:
    """A source that is ready to be read: its files, its lookups, and one type per header for all files."""

    parts: tuple[Part, ...]
    lookups: tuple[Joined, ...]
    types: dict[str, pa.DataType]


def read_source(source: Source, profile: Profile) -> Iterator[pa.Table]:
    """Read one source of a profile as batches of its raw table; memory does not grow with the file.

    Headers, sheets and lookups are checked before the first row is read.

    Parameters
    ----------
    source : Source
        One of `profile.sources`.
    profile : Profile
        Says where paths start.

    Returns
    -------
    iterator of pyarrow.Table
        At least one table, all of one schema: `read_from` str (the source's name; with several files `name:file`), `row`
        int64 (the row a person sees; from 1 in Parquet, SQL and JSON), `problem` str (fault of the row, else null), then the
        columns of the profile. Text stays as it stands in the file; empty cells are null; numbers, dates and flags of Parquet
        files and of databases keep their type unless the column is an id, a text or mapped by `values`.

    Raises
    ------
    UserError
        Anything in a file or in the profile that stops the reading, in one sentence.

    Examples
    --------
    >>> from helpers.collection.profiles import Profile, Source
    >>> cdnow = Source(name="cdnow", table="order_lines", path="datasets/CDNOW_sample.txt", fixed_width=True,
    ...                no_header=["master", "id", "day", "units", "dollars"], columns={"customer_id": "id", "amount": "dollars"})
    >>> shop = Profile(profile="shop", title="Shop", currency="USD", as_of="1997-09-30", package="lifetimes", sources=[cdnow])
    >>> next(read_source(cdnow, shop)).slice(0, 2).to_pylist()[1]
    {'read_from': 'cdnow', 'row': 2, 'problem': None, 'customer_id': '0001', 'amount': '29.73'}
    """
    batches = _batches(_plan(source, profile), source)
    dates = [c.name for c in table(source.table).columns if c.kind in {"date", "time"}]
    return distinct_rows(batches, dates) if source.distinct else batches


def describe_source(source: Source, profile: Profile) -> dict[str, Any]:
    """Say what was decided about a source before its rows are read: encoding, delimiter, header row, sheet, columns.

    Parameters
    ----------
    source : Source
    profile : Profile

    Returns
    -------
    dict
        `source`, `table`, `files` and `lookups`: lists with one dict per file: `file`, `format`, what was decided (for text
        `encoding`, `delimiter` with the evidence, `header_rows`; for Excel `sheet`, `sheets`), `columns_used`, `columns_unused`.

    Raises
    ------
    UserError
        As `read_source`.
    """
    wanted = wanted_headers(source)
    lookups = [
        f for spec in source.lookups for f in (_facts(o, [*spec.keys.values(), *spec.take]) for o in _open_all(spec, profile, source.name))
    ]
    own = _own_headers(source)
    files = [_facts(opened, own) for opened in _open_all(source, profile, source.name)]
    return {"source": source.name, "table": source.table, "columns": len(wanted), "files": files, "lookups": lookups}


def _facts(opened: Opened, wanted: Sequence[str]) -> dict[str, Any]:
    used = {find_header(h, opened.headers, opened.label) for h in wanted}
    unused = [h for place, h in enumerate(opened.headers) if place not in used and h.strip()]
    return {"file": opened.label, **opened.facts, "columns_used": [opened.headers[p] for p in sorted(used)], "columns_unused": unused}


def _plan(source: Source, profile: Profile) -> Plan:
    opened = _open_all(source, profile, source.name)
    own = _own_headers(source)
    for each in opened:
        _check_clashes(each, source)
    texts = [f"{source.name}:{o.label.split(', sheet ')[0]}" if len(opened) > 1 else source.name for o in opened]
    parts = tuple(Part(o, {h: find_header(h, o.headers, o.label) for h in own}, t) for o, t in zip(opened, texts, strict=True))
    types = {h: _one_type([p.opened.type_of(p.positions[h]) for p in parts]) for h in own}
    return Plan(parts, tuple(_read_lookup(spec, profile, source.name) for spec in source.lookups), types)


def _own_headers(source: Source) -> list[str]:
    """Return the headers that the source's own files must have: what is mapped or is a key, unless a lookup brings it."""
    brought: set[str] = set()
    own: dict[str, None] = {}
    for lookup in source.lookups:
        own |= dict.fromkeys(h for h in lookup.keys if h not in brought)
        brought |= set(lookup.take)
    return list(own | dict.fromkeys(h for h in wanted_headers(source) if h not in brought))


def _check_clashes(opened: Opened, source: Source) -> None:
    mapped = {plain_header(h) for h in wanted_headers(source)}
    for taken in (h for lookup in source.lookups for h in lookup.take):
        if plain_header(taken) in mapped and plain_header(taken) in {plain_header(h) for h in opened.headers}:
            raise UserError(
                f"{opened.label}: {taken!r} stands in the file and is taken from a lookup too: rename one of them or drop it from 'take:'"
            )


def _open_all(spec: FileSpec, profile: Profile, name: str) -> list[Opened]:
    if spec.url is not None:
        return [open_sql(spec, profile, f"source {name}")]
    return [_open(file, spec) for file in profile.files(spec)]


def _open(file: Path, spec: FileSpec) -> Opened:
    suffix = suffix_of(file)
    if spec.format == "sql" or suffix in DATABASES:
        raise UserError(f"{file.name}: a database is read by 'url: sqlite:///{file.name}' and 'query:', not by 'path:'")
    if suffix in {".ods", ".xlsb", ".numbers"}:
        raise UserError(f"{file.name}: {suffix} files are not read: save it as .xlsx")
    return OPENERS[spec.format or FORMATS.get(suffix, "csv")](file, spec)


def _read_lookup(spec: Lookup, profile: Profile, name: str) -> Joined:
    wanted = list(dict.fromkeys([*spec.keys.values(), *spec.take]))
    opened = _open_all(spec, profile, name)
    parts = [Part(o, {h: find_header(h, o.headers, o.label) for h in wanted}, o.label) for o in opened]
    types = {h: _one_type([p.opened.type_of(p.positions[h]) for p in parts]) for h in wanted}
    rows = pa.concat_tables([batch for part in parts for batch in _named(part, types)])
    return index_lookup(spec, rows, opened[0].label if len(opened) == 1 else f"lookup {spec.path}")


def _one_type(types: Sequence[pa.DataType]) -> pa.DataType:
    """Return the type that holds the column in all files: numbers agree on float64, anything else on text."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    return pa.float64() if kinds == {pa.int64(), pa.float64()} else pa.string()


def _named(part: Part, types: dict[str, pa.DataType]) -> Iterator[pa.Table]:
    for batch in part.opened.read(list(part.positions.values())):
        columns = {h: batch[str(n)].cast(types[h]) for n, h in enumerate(part.positions)}
        yield pa.table({"row": batch["row"], "problem": batch["problem"], **columns})


def _batches(plan: Plan, source: Source) -> Iterator[pa.Table]:
    for part in plan.parts:
        for rows in _named(part, plan.types):
            for lookup in plan.lookups:
                rows = join(rows, lookup)
            yield to_canonical(rows, source, part.read_from)
