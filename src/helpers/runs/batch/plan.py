"""A batch as a whole: every run opened and checked before anything starts; what is done, what is to do, and what the cache holds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.errors import UserError
from helpers.runs.batch.files import BatchFile, RunSpec, read_batch, say_all
from helpers.runs.batch.grid import expand
from helpers.runs.batch.values import unknown_values
from helpers.runs.cache import StageCache
from helpers.runs.graph import stages
from helpers.runs.keys import run_key
from helpers.runs.notebooks import lessons
from helpers.runs.pins import Seen
from helpers.runs.run import Run

NAME = re.compile(r"\w[\w.-]*\Z")
LONGEST = 120  # letters of a run's name: it is a folder's name


@dataclass(frozen=True)
class Planned:
    """One run of a batch.

    `fault` says in one sentence why it cannot start, and is empty when it can; then `key` says what it is made of, and `pins` what its sources held.
    """

    name: str
    spec: RunSpec
    folder: Path
    profile: str
    as_of: str
    settings: dict[str, dict[str, Any]]
    notebooks: tuple[str, ...]
    key: str = ""
    fault: str = ""
    cache: StageCache | None = field(default=None, compare=False, repr=False)
    tables: tuple[str, ...] = ()
    pins: Mapping[str, Seen] | None = field(default=None, compare=False, repr=False)

    @property
    def what(self) -> dict[str, str]:
        """What the run is about, in words, column by column."""
        own = {k: v for k, v in self.settings.items() if k != "filters"}
        told = "; ".join(f"{s}.{k}={_plain(v)}" for s, values in own.items() for k, v in values.items())
        part = "; ".join(_plain(v) for v in self.settings.get("filters", {}).values() if v) or "all"
        return {"profile": self.profile, "as_of": self.as_of, "filters": part, "settings": told}


def _plain(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class Plan:
    """A checked batch: what it is called and its runs, in the order in which they are started."""

    batch: BatchFile
    runs: tuple[Planned, ...]
    base: str

    @property
    def good(self) -> tuple[Planned, ...]:
        return tuple(r for r in self.runs if not r.fault)


def make_plan(file: Path, folder: Path, *, keep_going: bool = False, until: dt.date | None = None) -> Plan:
    """Read and check a batch file as a whole.

    Parameters
    ----------
    file : pathlib.Path
    folder : pathlib.Path
        Where run folders are made (for a remote address, the working folder on this computer).
    keep_going : bool
        Plan the good runs although others have a mistake; theirs are kept as `fault`.
    until : datetime.date, optional
        Takes the place of the file's own.

    Raises
    ------
    UserError
        A line per mistake, each with the run it is in; nothing has been started.
    """
    batch = read_batch(file, until)
    specs = expand(batch)
    mistakes = _whole_mistakes(batch, specs)
    runs = [_open(spec, folder, file.absolute().parent) for spec in specs] if not mistakes else []
    mistakes += _merge_mistakes(runs) if not keep_going else []
    if mistakes:
        hint = "" if keep_going or not runs else "\nNothing was started; --keep-going runs the others."
        raise UserError(say_all([f"{file.name}: {m}" for m in mistakes]) + hint)
    return Plan(batch, tuple(in_turn(runs)), batch.base or specs[0].name)


def _whole_mistakes(batch: BatchFile, specs: list[RunSpec]) -> list[str]:
    """What can be wrong with names: none, not usable as a folder's, or twice (also where case does not count, as on Windows)."""
    names = [s.name for s in specs]
    wrong = [f"{n!r} is no name for a run: use letters, digits, - and _, at most {LONGEST}" for n in names if not NAME.match(n) or len(n) > LONGEST or n == "index"]
    folded = [n.casefold() for n in names]
    twice = sorted({n for n in names if folded.count(n.casefold()) > 1})
    wrong += [f"two runs would write the folder {n}: give one of them another name" for n in twice]
    if batch.base and batch.base not in names:
        wrong.append(f"base: there is no run {batch.base!r}: there are {', '.join(names[:8])}{' ...' if len(names) > 8 else ''}")
    return wrong


def _merge_mistakes(runs: list[Planned]) -> list[str]:
    """One mistake of many runs is said once."""
    by: dict[str, list[str]] = {}
    for run in runs:
        if run.fault:
            by.setdefault(run.fault, []).append(run.name)
    return [f"run {names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {fault}" for fault, names in by.items()]


def _profile(named: str, beside: Path) -> str:
    """A profile's path may start at the batch file's folder."""
    own = beside / named
    return str(own) if named.endswith((".yml", ".yaml")) and own.exists() else named or "demo"


def _open(spec: RunSpec, folder: Path, beside: Path) -> Planned:
    as_of = spec.as_of.isoformat() if spec.as_of else ""
    filters = {k: v for k, v in spec.filters.items() if v not in ("all", ["all"])}
    settings = {**spec.settings, **({"filters": {**spec.settings.get("filters", {}), **filters}} if filters else {})}
    planned = Planned(spec.name, spec, folder / spec.name, _profile(spec.profile, beside), as_of, settings, ())
    try:
        chosen = _lessons(spec)
        run = Run.open(planned.profile, as_of, settings, planned.folder)
        if unknown := unknown_values(run):
            raise UserError(unknown)
    except UserError as fault:
        return _with(planned, fault=str(fault))
    known = _with(planned, as_of=run.as_of.isoformat(), notebooks=tuple(p.stem for p in chosen), cache=run.cache, tables=_needed(run))
    try:
        return _with(known, key=run_key(run, chosen), pins=run.cache.raw.seen())
    except UserError:  # data that cannot be read stops only its own run, which then says why
        return known


def _needed(run: Run) -> tuple[str, ...]:
    """Every stage that has to be made for the run's tables, in order."""
    known = stages()
    wanted = set(run.tables())
    for name in reversed(known):
        if name in wanted:
            wanted.update(n for n in known[name].takes if not known[n].is_input and run.measured(n))
    return tuple(n for n in known if n in wanted)


def _with(planned: Planned, **changes: Any) -> Planned:
    return Planned(**{f: getattr(planned, f) for f in planned.__dataclass_fields__} | changes)


def _lessons(spec: RunSpec) -> list[Path]:
    every = lessons()
    if spec.notebooks in (None, "all"):
        return every
    wanted = [] if spec.notebooks == "none" else list(spec.notebooks or [])
    by = {p.stem: p for p in every} | {p.stem[:2]: p for p in every}
    unknown = [w for w in wanted if w not in by]
    if unknown:
        raise UserError(f"there is no lesson {', '.join(unknown)}: there are {', '.join(p.stem for p in every)}, or their numbers in quotes")
    return sorted({by[w] for w in wanted})


def lesson_files(names: tuple[str, ...]) -> list[Path]:
    """Return the notebooks of a planned run."""
    return [p for p in lessons() if p.stem in names]


def in_turn(runs: list[Planned]) -> Iterator[Planned]:
    """Order runs so that neighbours read different days: what two runs share is then made by one and found by the other."""
    groups: dict[tuple[str, str], list[Planned]] = {}
    for run in runs:
        groups.setdefault((run.profile, run.as_of), []).append(run)
    for place in range(max(map(len, groups.values()), default=0)):
        yield from (g[place] for g in groups.values() if place < len(g))
