"""Exports as they were read: one Parquet file per source in the cache, joined per canonical table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

from helpers.collection.profiles import FileSpec, Profile, Source
from helpers.collection.readers import describe_source, read_source
from helpers.errors import UserError
from helpers.runs.files import draft_beside, made_once, mark_used, sha256_of, whole_file, write_whole
from helpers.runs.pins import Seen
from helpers.runs.tablefiles import read_table, scan_table, table_facts, write_table


@dataclass
class RawTables:
    """The sources of a profile, read at most once per content and kept in `folder`.

    Parameters
    ----------
    profile : Profile
    folder : pathlib.Path
        The cache.
    code : str
        Fingerprint of the code, part of every key.
    pins : mapping, optional
        What the sources held when the run began (see `runs.pins`); a source that is not in it is looked at.
    """

    profile: Profile
    folder: Path
    code: str
    pins: Mapping[str, Seen] = field(default_factory=dict)
    _seen: dict[str, tuple[str, Seen]] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Names of the raw tables that the profile provides, such as `raw_order_lines`."""
        return frozenset(f"raw_{s.table}" for s in self.profile.sources)

    def key(self, name: str) -> str:
        """Return what the raw table is made of, as one hash: sources, their files' content, the code."""
        return fingerprint([self.source_key(s) for s in self._sources(name)])

    def scan(self, name: str) -> nw.LazyFrame:
        """Return a raw table lazily; columns that a source lacks are null."""
        frames = [scan_table(self._file(s)) for s in self._sources(name)]
        columns = list(dict.fromkeys(c for f in frames for c in f.collect_schema().names()))
        return nw.concat([f.select(_column_or_null(f, c) for c in columns) for f in frames], how="vertical") if len(frames) > 1 else frames[0]

    def load(self, name: str) -> pd.DataFrame:
        """Return a raw table as pandas; columns that a source lacks are null."""
        frames = [read_table(self._file(s)) for s in self._sources(name)]
        return pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]

    def inputs(self) -> list[dict[str, Any]]:
        """Return, per source, what was read: files with size and SHA-256, and rows."""
        return [
            {"source": s.name, "table": s.table, "rows": table_facts_rows(self._file(s)), "files": self._look(s)[1]["files"]}
            for s in self.profile.sources
        ]

    def seen(self) -> dict[str, Seen]:
        """Return what each source held when it was looked at, for `pins`."""
        return {self._told(s): self._look(s)[1] for s in self.profile.sources}

    def describe(self, source: Source) -> dict[str, Any]:
        """Return what was decided about a source before its rows were read (see `describe_source`); kept beside its rows."""
        path = self.folder / f"source_{source.name}" / f"{self.source_key(source)}.json"
        if not path.exists():
            write_whole(path, json.dumps(describe_source(source, self.profile), ensure_ascii=False))
        return json.loads(path.read_text(encoding="utf-8"))

    def _sources(self, name: str) -> list[Source]:
        return self.profile.sources_of(name.removeprefix("raw_"))

    def source_key(self, source: Source) -> str:
        """Return one source's key; a database has no file to hash, so its answer is read first and hashed."""
        return self._look(source)[0]

    def _look(self, source: Source) -> tuple[str, Seen]:
        """Return a source's key and what it held, looked at once."""
        if source.name not in self._seen:
            told = self._told(source)
            seen = self.pins.get(told)
            answer = None
            if seen is None:
                answer = self._ask(source) if source.url else None
                files = self._files_of(source)
                seen = {"content": table_facts(answer)["sha256"] if answer else [f["sha256"] for f in files], "files": files}
            key = fingerprint([self.code, told, seen["content"]])
            if answer:
                answer.replace(self._path(source, key))
            self._seen[source.name] = key, seen
        return self._seen[source.name]

    def _told(self, source: Source) -> str:
        """Return how a source is read, as one hash."""
        told = json.loads(source.model_dump_json())
        told.pop("cancelled"), told.pop("not_products")  # used by cleaning, not by reading
        return fingerprint(told)

    def _files_of(self, source: Source) -> list[dict[str, Any]]:
        specs: list[FileSpec] = [source, *source.lookups]
        files = [p for spec in specs if spec.path for p in self.profile.files(spec)]
        return [_file_facts(p, self.profile.base) for p in dict.fromkeys(files)]

    def _ask(self, source: Source) -> Path:
        """Keep a database's answer under a name of its own."""
        draft = draft_beside(self._path(source, "answer"))
        write_table(draft, self._batches(source))
        return draft

    def _path(self, source: Source, key: str) -> Path:
        return self.folder / f"source_{source.name}" / f"{key}.parquet"

    def _file(self, source: Source) -> Path:
        key, seen = self._look(source)
        path = self._path(source, key)
        if not mark_used(path):
            with made_once(path) as needed, whole_file(path) if needed else nullcontext(path) as draft:
                if needed:
                    write_table(draft, self._batches(source))
                    self._check_unchanged(source, seen, draft)
        return path

    def _check_unchanged(self, source: Source, seen: Seen, draft: Path) -> None:
        """Refuse rows that are not of the content that was looked at: they would stand under a false key for good."""
        now = table_facts(draft)["sha256"] if source.url else [f["sha256"] for f in self._files_of(source)]
        if now != seen["content"]:
            raise UserError(f"source {source.name} changed while it was read: run again when the export is finished")

    def _batches(self, source: Source) -> Iterator[pa.Table]:
        return read_source(source, self.profile)


def _file_facts(file: Path, base: Path) -> dict[str, Any]:
    try:
        return {"file": file.relative_to(base).as_posix(), "bytes": file.stat().st_size, "sha256": sha256_of(file)}
    except OSError as fault:
        raise UserError(f"{file.name} cannot be read ({fault.strerror}): close it in other programs, or check its permissions and the network") from fault


def _column_or_null(frame: nw.LazyFrame, column: str) -> nw.Expr:
    known = frame.collect_schema()
    if column not in known.names():
        return nw.lit(None, nw.String).alias(column)
    return nw.col(column) if column in {"row"} or known[column] == nw.String else nw.col(column).cast(nw.String)


def table_facts_rows(path: Path) -> int:
    """Return the number of rows of a stored table without reading it."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def fingerprint(parts: Any) -> str:
    """Return a short hash of anything that JSON can hold; equal parts, equal hash.

    Examples
    --------
    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
