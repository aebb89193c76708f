"""`Run`: what a notebook, a batch and a test hold in their hands."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.cleaning.rows import SourceHints
from helpers.cleaning.settings_filters import COLUMN_OF, FiltersSettings
from helpers.collection.profiles import Profile, load_profile
from helpers.errors import UserError
from helpers.runs.cache import StageCache, code_fingerprint
from helpers.runs.decisions import REVIEW_FILE, decided_pairs
from helpers.runs.files import copy_whole, write_whole
from helpers.runs.graph import is_published, stages
from helpers.runs.needs_inputs import read_filled, read_maps
from helpers.runs.paths import MARKER, cache_folder, out_folder, profile_file
from helpers.runs.pins import Seen, read_pins
from helpers.runs.playfiles import read_folder, read_previous_history, read_previous_list
from helpers.runs.raw import RawTables
from helpers.runs.schemefiles import read_scheme_files
from helpers.runs.settings import KEY_VARIABLE, Settings, build_settings
from helpers.show.tables import as_text


@dataclass
class Run:
    """A profile at an as-of date under given settings, with a folder for what comes out.

    Open one with `Run.open`; the tables are made when they are asked for and shared between runs.
    """

    profile: Profile
    as_of: dt.date
    settings: Settings
    folder: Path
    cache: StageCache

    @classmethod
    def open(
        cls,
        profile: str = "demo",
        as_of: str | dt.date = "",
        settings: dict[str, dict[str, Any]] | None = None,
        out: str | Path = "",
        *,
        told: Callable[[str, float], None] = lambda name, seconds: None,
        pins: Mapping[str, Seen] | None = None,
    ) -> Run:
        """Open a run; nothing is computed yet.

        Parameters
        ----------
        profile : str
            Name of a profile in `data/profiles`, or the path of a profile's YAML file.
        as_of : str or datetime.date
            Last day that is read, `YYYY-MM-DD`; empty: the profile's.
        settings : dict, optional
            `{section: {key: value}}`, on top of the profile's and the defaults.
        out : str or pathlib.Path
            Run folder, relative to the project; empty: `outputs/<profile>`.
        told : callable, optional
            Called with name and seconds after each table that had to be made.
        pins : mapping, optional
            What the sources held when a batch was planned; left out: what the run at work in the folder has seen, else the sources are looked at.

        Raises
        ------
        UserError
            No such profile, wrong settings, a date that is none, or a folder that is not a run's.

        Examples
        --------
        >>> run = Run.open("demo", settings={"rfm": {"bands": 3}})
        >>> run.settings.rfm.bands
        3
        """
        known = load_profile(profile_file(profile))
        day = _read_day(as_of) if as_of else known.as_of
        secret = {"privacy": {"key": os.environ[KEY_VARIABLE]}} if os.environ.get(KEY_VARIABLE) else {}
        chosen = build_settings(known.settings, settings or {}, secret)
        check_filters(known, chosen.filters)
        folder = out_folder(out, known.profile)
        raw = RawTables(known, cache_folder(), code_fingerprint(), read_pins(folder) if pins is None else pins)
        cache = StageCache(cache_folder(), raw, _graph_inputs(known, day, chosen, folder), told)
        return cls(known, day, chosen, folder, cache)

    def load(self, table: str) -> pd.DataFrame:
        """Return a table as pandas: canonical, cleaned, nothing later than `as_of`.

        Raises
        ------
        NotMeasured
            The evidence that the table needs is absent; the message names it.
        """
        return self.cache.load(table)

    def scan(self, table: str) -> nw.LazyFrame:
        """Return a table as a Narwhals lazy frame on DuckDB; for order lines, which may be larger than memory."""
        return self.cache.scan(table)

    def measured(self, table: str) -> bool:
        """Say whether the profile's sources allow a table."""
        return not self.cache.missing(table)

    def why_not(self, table: str) -> str:
        """Return `not measured: needs ...` for a table that the sources do not allow, else an empty text."""
        lacks = self.cache.missing(table)
        return f"not measured: needs {', '.join(lacks)}" if lacks else ""

    def text(self, table: str, *columns: str, rows: int | None = None) -> str:
        """Return a table as plain text for a lesson, or why it is not measured.

        Parameters
        ----------
        table : str
        *columns : str
            Which columns, all when none is named; those that this run's data lacks are left out.
        rows : int, optional
            Only the first rows.
        """
        if not self.measured(table):
            return self.why_not(table)
        frame = self.load(table)
        wanted = [c for c in columns if c in frame] or list(frame.columns)
        return as_text(frame[wanted], rows=rows)

    def sources(self) -> pd.DataFrame:
        """Return what each source is and how it is read: source, table, file, read_as, columns_used, columns_unused (all str)."""
        told = [self.cache.raw.describe(s) for s in self.profile.sources]
        rows = [(t["source"], t["table"], *_file_facts(f)) for t in told for f in t["files"]]
        return pd.DataFrame(rows, columns=["source", "table", "file", "read_as", "columns_used", "columns_unused"]).astype("str")

    def tables(self) -> list[str]:
        """Return the names of all tables that this run can give out, in the order of the graph."""
        return [n for n, s in stages().items() if not s.is_input and is_published(n) and self.measured(n)]

    def not_measured(self) -> dict[str, str]:
        """Return the tables that cannot be made, with what they need."""
        return {n: self.why_not(n) for n, s in stages().items() if not s.is_input and is_published(n) and not self.measured(n)}

    def save(self, *tables: str) -> None:
        """Write tables into the run folder as `tables/<name>.parquet`, whole or not at all."""
        self.claim_folder()
        for name in tables:
            copy_whole(self.cache.ensure(name), self.table_file(name))

    def table_file(self, table: str) -> Path:
        """Return where `save` puts a table."""
        return self.folder / "tables" / f"{table}.parquet"

    def claim_folder(self) -> None:
        """Make the run folder and mark it as one, so that a later run may write into it."""
        if not (self.folder / MARKER).exists():
            write_whole(self.folder / MARKER, "A run folder of crmkit. Safe to delete as a whole.\n")

    @property
    def review_file(self) -> Path:
        """The file of duplicate pairs that a person decides on and the next run in this folder obeys."""
        return self.folder / REVIEW_FILE


def check_filters(profile: Profile, filters: FiltersSettings) -> None:
    """Refuse a filter on a column that no source of the profile gives: the run would be empty."""
    for key, (table, column) in COLUMN_OF.items():
        gives = any(column in {*s.columns, *s.combine, *s.constants} for s in profile.sources_of(table))
        if getattr(filters, key) and not gives:
            raise UserError(f"filters.{key} needs {table}.{column}, which no source of profile {profile.profile} gives: map it in the profile or take the filter out")


def _file_facts(facts: dict[str, Any]) -> tuple[str, str, int, str]:
    shape = [f"{k} {facts[k]}" if k != "format" else str(facts[k]) for k in ("format", "encoding", "delimiter", "sheet") if facts.get(k)]
    return facts.get("file", ""), ", ".join(shape), len(facts["columns_used"]), ", ".join(map(str, facts["columns_unused"]))


def _read_day(text: str | dt.date) -> dt.date:
    try:
        return text if isinstance(text, dt.date) else dt.date.fromisoformat(text)
    except ValueError as fault:
        raise UserError(f"as_of {text!r} is not a day: write it as YYYY-MM-DD") from fault


def _graph_inputs(profile: Profile, as_of: dt.date, settings: Settings, folder: Path) -> dict[str, Any]:
    hints = {
        s.name: SourceHints(date_order=s.date_order, decimal=s.decimal, negate=tuple(s.negate), cancelled=tuple(s.cancelled), not_products=tuple(s.not_products))
        for s in profile.sources
    }
    sections = {f"{name}_settings": getattr(settings, name) for name in Settings.model_fields}
    return {
        "as_of": as_of,
        "source_hints": hints,
        "tier_schemes": read_scheme_files(),
        "duplicate_decisions": decided_pairs(profile, folder),
        "needs_maps": read_maps(),
        **read_filled(folder),
        "signal_rows": read_folder("signals"),
        "playbook_files": read_folder("playbooks"),
        "previous_history": read_previous_history(settings.actions.previous),
        "previous_list": read_previous_list(settings.actions.previous, pd.Timestamp(as_of), folder),
        **sections,
    }
