"""What is done and what is to do: finished runs by their key, tables by the cache, an estimate by earlier runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import UserError
from helpers.runs.batch.plan import Plan, Planned
from helpers.runs.manifest import FILLED_IN

FINISHED, CHANGED, NEW, UNFINISHED, WRONG, FAILED = "finished", "changed", "new", "unfinished", "cannot start", "failed before"
REPORT_SECONDS = 4.0  # report and manifest of a run, when nothing like it was run before


def state_of(run: Planned, record: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """Say whether a planned run is finished, and if it is not, why it will be run.

    Finished means: the manifest carries the run's key, every notebook succeeded, and every file is there with its size
    (sheets that people fill in: is there).

    Parameters
    ----------
    run : Planned
    record : mapping
        The manifest of the run's folder, empty when there is none.
    sizes : mapping of str to int
        Bytes of the files in the run's folder.
    """
    if run.fault:
        return WRONG
    if not record:
        return UNFINISHED if sizes else NEW
    if not run.key or record.get("key") != run.key:
        return CHANGED
    if any(n["status"] != "ok" for n in record["notebooks"]):
        return FAILED
    whole = all(name in sizes and (name.startswith(FILLED_IN) or sizes[name] == facts["bytes"]) for name, facts in record["files"].items())
    return FINISHED if whole else UNFINISHED


def missing_tables(run: Planned) -> list[Path]:
    """Return the cache files that a run still needs; those that cannot be told, because a source cannot be read, are left out."""
    if run.cache is None:
        return []
    try:
        return [p for p in map(run.cache.path, run.tables) if not p.exists()]
    except UserError:
        return []


def typical_seconds(records: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the middle time of each notebook and each stage over earlier runs, by name."""
    seen: dict[str, list[float]] = {}
    for record in records:
        for entry in record.get("notebooks", []):
            seen.setdefault(entry["notebook"], []).append(entry["seconds"])
        for name, seconds in record.get("stage_seconds", {}).items():
            seen.setdefault(name, []).append(seconds)
    return {name: statistics.median(times) for name, times in seen.items()}


def look_ahead(plan: Plan, states: Mapping[str, str], records: Mapping[str, Mapping[str, Any]], jobs: int) -> tuple[pd.DataFrame, str]:
    """Return the table of runs and one sentence about what is ahead.

    Returns
    -------
    frame : pandas.DataFrame
        run, profile, as_of, filters, settings, state (str), tables_cached (str, such as `31 of 40`), seconds (float64, estimate, missing when
        nothing like it was run before).
    sentence : str
    """
    typical = typical_seconds([r for r in records.values() if r])
    claimed: set[Path] = set()
    frame = pd.DataFrame([_row(run, states[run.name], typical, claimed) for run in plan.runs])
    ahead = frame[~frame["state"].isin([FINISHED, WRONG])]
    known = ahead["seconds"].dropna()
    minutes = known.mean() * len(ahead) / max(jobs, 1) / 60 if len(known) else 0.0
    when = f"about {max(minutes, 0.1):.1f} minutes with {jobs} jobs" if len(known) else "no estimate, because nothing like it was run here before"
    return frame, f"{len(frame)} runs, {len(ahead)} to do, {len(claimed)} tables to make; {when if len(ahead) else 'nothing to do'}"


def _row(run: Planned, state: str, typical: Mapping[str, float], claimed: set[Path]) -> dict[str, Any]:
    lacks = missing_tables(run) if state not in {FINISHED, WRONG} else []
    own = [p for p in lacks if p not in claimed]  # what an earlier run of the batch makes, this one finds
    claimed.update(own)
    times = [typical.get(n) for n in [*run.notebooks, *(p.parent.name for p in own)]]
    known = [t for t in times if t is not None]
    seconds = sum(known) + REPORT_SECONDS if typical and state not in {FINISHED, WRONG} else None
    cached = f"{len(run.tables) - len(lacks)} of {len(run.tables)}" if run.tables else ""
    return {"run": run.name, **run.what, "state": state, "tables_cached": cached, "seconds": seconds}
