"""`crmkit run`: tables, lessons, report, manifest, in that order, into one folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.cleaning.ledger import check_ledger
from helpers.runs.files import sweep_drafts, write_whole
from helpers.runs.manifest import build_manifest, write_manifest
from helpers.runs.needs_sheets import write_sheets
from helpers.runs.notebooks import Executed, execute_lesson, lessons, parameters_of
from helpers.runs.reporting import report_page
from helpers.runs.run import Run
from helpers.show.export import safe_csv

LISTS = (
    "customer_tiers", "scheme_tiers", "tier_moves", "pool_review", "set_aside",
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


def run_all(
    profile: str, as_of: str = "", settings: dict[str, dict[str, Any]] | None = None, out: str | Path = "", *, tables_only: bool = False, say: Say
) -> Result:
    """Make everything a profile allows, at one as-of date, in one folder.

    Parameters
    ----------
    profile, as_of, settings, out
        As for `Run.open`.
    tables_only : bool
        Make tables, report and manifest, but run no notebooks.
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
    run = Run.open(profile, as_of, settings, out, told=lambda name, seconds: say(f"  {name:<28}{seconds:7.1f} s"))
    say(f"{run.profile.title}, as of {run.as_of.isoformat()}")
    run.claim_folder()
    sweep_drafts(run.folder)
    check_ledger(run.load("ledger"))
    run.save(*run.tables())
    write_lists(run)
    write_sheets(run)
    executed = () if tables_only else tuple(_lesson_line(run, lesson, say) for lesson in lessons())
    manifest = build_manifest(run, notebooks=[e.record() for e in executed])
    page = run.folder / "report.html"
    write_whole(page, report_page(run, manifest))
    write_manifest(run.folder, manifest)
    return Result(run, page, executed)


def _lesson_line(run: Run, lesson: Path, say: Say) -> Executed:
    done = execute_lesson(lesson, parameters_of(run), run.folder / "notebooks")
    say(f"{done.notebook:<30}{done.seconds:7.1f} s  {done.status}{'  ' + done.error if done.error else ''}")
    return done


def write_lists(run: Run) -> None:
    """Write the CSV lists and the file of duplicate pairs that wait for a person's decision."""
    for name in LISTS:
        if run.measured(name):
            write_whole(run.folder / "tables" / f"{name}.csv", safe_csv(run.load(name)))
    if run.measured("duplicate_review_identified"):
        write_whole(run.review_file, safe_csv(run.load("duplicate_review_identified")))
