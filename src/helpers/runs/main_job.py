"""`crmkit run`: tables, lessons, report, manifest, in that order, into one folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.cleaning.ledger import check_ledger
from helpers.cleaning.settings_filters import say_filters
from helpers.errors import UserError
from helpers.runs.action_files import write_actions
from helpers.runs.decisions import review_rows
from helpers.runs.files import sha256_of, sweep_drafts, write_whole
from helpers.runs.keys import run_key
from helpers.runs.manifest import MANIFEST, PROGRESS, build_manifest, file_facts, write_manifest
from helpers.runs.needs_sheets import write_sheets
from helpers.runs.notebooks import Executed, Execution, execute_lesson, lessons, parameters_of
from helpers.runs.pins import Seen, hold_pins
from helpers.runs.reporting import report_page
from helpers.runs.run import Run
from helpers.show.export import safe_csv

LISTS = (
    "customer_tiers", "scheme_tiers", "tier_moves", "pool_review", "core_customers", "whitespace", "set_aside",
    "need_types", "purchase_cycles", "cross_sell", "sequence_offers", "closed_loop", "interview_list", "interview_guide",
)  # tables that people open in a spreadsheet  # fmt: skip
Say = Callable[[str], Any]


@dataclass(frozen=True)
class Result:
    """A finished run, the page to open, and whether every notebook succeeded."""

    run: Run
    page: Path
    notebooks: tuple[Executed, ...]

    @property
    def ok(self) -> bool:
        return all(n.status == "ok" for n in self.notebooks)


@dataclass(frozen=True)
class Work:
    """What is to be done besides the tables.

    Parameters
    ----------
    lessons : sequence of pathlib.Path, optional
        Which notebooks; none given: all.
    execution : Execution
        Kernels and time limit.
    resume : bool
        Keep lessons that an interrupted run of the same key has behind it.
    pins : mapping, optional
        What the sources held when a batch was planned (see `runs.pins`), so that all its runs read the same.
    """

    lessons: Sequence[Path] | None = None
    execution: Execution = field(default_factory=Execution)
    resume: bool = False
    pins: Mapping[str, Seen] | None = None

    @property
    def notebooks(self) -> list[Path]:
        return list(self.lessons) if self.lessons is not None else lessons()


def run_all(
    profile: str, as_of: str = "", settings: dict[str, dict[str, Any]] | None = None, out: str | Path = "",
    *, tables_only: bool = False, work: Work | None = None, say: Say,
) -> Result:  # fmt: skip
    """Make everything a profile allows, at one as-of date, in one folder.

    Parameters
    ----------
    profile, as_of, settings, out
        As for `Run.open`.
    tables_only : bool
        Make tables, report and manifest, but run no notebooks.
    work : Work, optional
        Which notebooks, and how; all of them in ordinary kernels when left out.
    say : callable
        Receives one line per table made and per notebook.

    Returns
    -------
    Result
        With the path of `report.html`.

    Raises
    ------
    UserError
        Anything the user can mend; nothing half-written stays behind.
    """
    work = Work(lessons=()) if tables_only else work or Work()
    seconds: dict[str, float] = {}
    run = Run.open(profile, as_of, settings, out, told=lambda name, took: (seconds.update({name: round(took, 3)}), say(f"  {name:<28}{took:7.1f} s")), pins=work.pins)
    say(f"{run.profile.title}, as of {run.as_of.isoformat()}")
    run.claim_folder()
    sweep_drafts(run.folder)
    (run.folder / MANIFEST).unlink(missing_ok=True)  # from here on the folder is no finished run until its new manifest stands
    _sweep_others(run, work.notebooks)
    key = run_key(run, work.notebooks)
    with hold_pins(run.folder, run.cache.raw.seen()):
        _make_tables(run)
        executed = _execute(run, work, key, say)
    manifest = build_manifest(run, notebooks=[e.record() for e in executed], key=key, stage_seconds=seconds)
    page = run.folder / "report.html"
    write_whole(page, report_page(run, manifest))
    write_manifest(run.folder, manifest | {"files": file_facts(run.folder)})
    (run.folder / PROGRESS).unlink(missing_ok=True)
    return Result(run, page, executed)


def _make_tables(run: Run) -> None:
    check_ledger(run.load("ledger"))
    _check_not_empty(run)
    run.save(*run.tables())
    write_lists(run)
    write_sheets(run)
    write_actions(run)


def _sweep_others(run: Run, notebooks: Sequence[Path]) -> None:
    """Remove what an earlier run left in the folder and this one will not make anew: a folder tells of one run."""
    tables, stems = set(run.tables()), {n.stem for n in notebooks}
    for file in [*(run.folder / "tables").glob("*"), *(run.folder / "notebooks").glob("*")]:
        if file.is_file() and file.stem not in (tables if file.parent.name == "tables" else stems):
            file.unlink()


def _check_not_empty(run: Run) -> None:
    if run.settings.filters.active and not int(run.load("ledger").query("table == 'order_lines'")["rows_kept"].sum()):
        raise UserError(f"no order up to {run.as_of.isoformat()} is left with {say_filters(run.settings.filters)}: take a later day or another filter")


def _execute(run: Run, work: Work, key: str, say: Say) -> tuple[Executed, ...]:
    progress = Progress(run.folder, key, work.resume)
    return tuple(progress.kept(lesson) or progress.add(_lesson_line(run, lesson, work.execution, say)) for lesson in work.notebooks)


def _lesson_line(run: Run, lesson: Path, execution: Execution, say: Say) -> Executed:
    done = execute_lesson(lesson, parameters_of(run), run.folder / "notebooks", execution)
    say(f"{done.notebook:<30}{done.seconds:7.1f} s  {done.status}{'  ' + done.error if done.error else ''}")
    return done


class Progress:
    """Which lessons a run has behind it, so that an interrupted run goes on instead of beginning again.

    Parameters
    ----------
    folder : pathlib.Path
        The run folder.
    key : str
        Lessons of another key are not taken over.
    resume : bool
        Whether to take over any.
    """

    def __init__(self, folder: Path, key: str, resume: bool) -> None:
        self._file, self._folder, self._key = folder / PROGRESS, folder / "notebooks", key
        told = json.loads(self._file.read_text(encoding="utf-8")) if resume and self._file.exists() else {}
        self._done: dict[str, dict[str, Any]] = told["lessons"] if told.get("key") == key else {}

    def kept(self, lesson: Path) -> Executed | None:
        """Return what a lesson came to, when its files are still as they were left."""
        done = self._done.get(lesson.stem)
        if done is None or done["record"]["status"] != "ok" or done["files"] != self._files(lesson.stem):
            return None
        return Executed(**done["record"])

    def add(self, executed: Executed) -> Executed:
        """Note that a lesson is done."""
        self._done[executed.notebook] = {"record": executed.record(), "files": self._files(executed.notebook)}
        write_whole(self._file, json.dumps({"key": self._key, "lessons": self._done}, indent=1))
        return executed

    def _files(self, lesson: str) -> dict[str, str]:
        both = [self._folder / f"{lesson}{ending}" for ending in (".ipynb", ".html")]
        return {p.name: sha256_of(p) for p in both if p.exists()}


def write_lists(run: Run) -> None:
    """Write the CSV lists and the file of duplicate pairs that wait for a person's decision."""
    for name in LISTS:
        if run.measured(name):
            write_whole(run.folder / "tables" / f"{name}.csv", safe_csv(run.load(name)))
    write_review(run)


def write_review(run: Run) -> None:
    """Write the pairs that wait for a person's decision into the run's own folder, with what people have entered there."""
    if run.measured("duplicate_review_identified"):
        write_whole(run.review_file, safe_csv(review_rows(run.load("duplicate_review_identified"), run.profile, run.folder)))
