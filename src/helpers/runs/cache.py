"""The stage cache: a table is made once per content of its sources, its settings and the code, whatever run asks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache as once
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd

import helpers
from helpers.errors import NotMeasured, UserError
from helpers.runs.files import made_once, mark_used, sweep_drafts
from helpers.runs.graph import make, missing_evidence, stages
from helpers.runs.raw import RawTables, fingerprint
from helpers.runs.tablefiles import read_table, scan_table, write_table
from helpers.runs.versions import library_fingerprint


@once
def code_files() -> dict[str, str]:
    """Return a short hash of every file of the package, so that a re-check can name what changed."""
    package = Path(helpers.__file__).parent
    files = sorted(p for p in package.rglob("*") if p.suffix in {".py", ".yml", ".j2"})
    return {p.relative_to(package).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()[:16] for p in files}


@once
def code_fingerprint() -> str:
    """Return a hash of the whole package: Hamilton's own cache would miss a change in a private function."""
    return fingerprint([helpers.__version__, code_files()])


@dataclass
class StageCache:
    """Makes stages on demand and keeps them as Parquet files under `folder`.

    Parameters
    ----------
    folder : pathlib.Path
    raw : RawTables
        The exports.
    inputs : dict
        Values of the graph's other inputs by name (as-of date, settings, hints).
    told : callable, optional
        Called with stage name and seconds after a stage was made.
    """

    folder: Path
    raw: RawTables
    inputs: dict[str, Any]
    told: Callable[[str, float], None] = lambda name, seconds: None
    _keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        sweep_drafts(self.folder)
        duckdb.execute("SET enable_progress_bar = false")  # in a notebook it would be an output that differs from run to run
        duckdb.execute("SET temp_directory = ?", [str(self.folder / "spill")])  # its default is the caller's folder

    def missing(self, name: str) -> tuple[str, ...]:
        """Return the canonical tables whose absence keeps a stage from being made."""
        if name not in stages() or stages()[name].is_input:
            made = ", ".join(sorted(s for s, stage in stages().items() if not stage.is_input))
            raise UserError(f"there is no table {name!r}: there are {made}")
        return missing_evidence(name, self.raw.names)

    def key(self, name: str) -> str:
        """Return the key of a stage: code, name, and the keys of everything it takes."""
        if name not in self._keys:
            stage = stages()[name]
            if stage.is_raw:
                self._keys[name] = self.raw.key(name) if name in self.raw.names else "absent"
            elif stage.is_input:
                self._keys[name] = fingerprint(content_of(self.inputs[name]))
            else:
                self._keys[name] = fingerprint([code_fingerprint(), library_fingerprint(), name, {n: self.key(n) for n in stage.takes}])
        return self._keys[name]

    def ensure(self, name: str) -> Path:
        """Return the file of a stage's table, made first when it is not there yet."""
        lacks = self.missing(name)
        if lacks:
            raise NotMeasured(name, lacks)
        path = self.path(name)
        if not mark_used(path):
            values = {n: self._value(n) for n in stages()[name].takes}
            with made_once(path) as needed:
                if needed:
                    started = time.perf_counter()
                    write_table(path, make(name, values))  # type: ignore[arg-type]
                    self.told(name, time.perf_counter() - started)
        return path

    def path(self, name: str) -> Path:
        """Return where a stage's table is, or will be once it is made."""
        return self.folder / name / f"{self.key(name)}.parquet"

    def _value(self, name: str) -> Any:
        stage = stages()[name]
        if stage.is_raw:
            if name not in self.raw.names:
                return None
            return self.raw.scan(name) if stage.lazy else self.raw.load(name)
        if stage.is_input:
            return self.inputs[name]
        if self.missing(name):
            return None
        return self.scan(name) if stage.lazy else self.load(name)

    def load(self, name: str) -> pd.DataFrame:
        """Return a stage's table as pandas."""
        return read_table(self.ensure(name))

    def scan(self, name: str) -> nw.LazyFrame:
        """Return a stage's table as a Narwhals lazy frame on DuckDB."""
        return scan_table(self.ensure(name))


def content_of(value: Any) -> Any:
    """Return what an input's key is made of: a frame's rows, a model's values, anything else as it is."""
    if isinstance(value, pd.DataFrame):
        return [list(map(str, value.columns)), value.astype(str).to_numpy().tolist()]
    if isinstance(value, dict):
        return {k: content_of(v) for k, v in value.items()}
    return {k: str(v) for k, v in vars(value).items()} if hasattr(value, "model_dump") else repr(value)
