"""One run of a batch in a process of its own: what it does, and how it is watched from outside.

A process per run means that a crash, a full memory or a time limit ends one run and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from helpers.errors import UserError
from helpers.runs.batch.nursery import CAN_FORK, Child, Nursery

STARTING = threading.Lock()
FAULT_OF_OURS = "(a fault of crmkit: run it alone with crmkit --debug run ... and report it)"


@dataclass(frozen=True)
class Outcome:
    """What became of one run of a batch."""

    name: str
    status: str
    seconds: float
    error: str = ""


def perform(work: dict[str, Any], address: str = "") -> dict[str, str]:
    """Do one run, in this process.

    Parameters
    ----------
    work : dict
        profile, as_of, settings, out, notebooks (names), notebook_seconds, threads, pins (what the sources held when the batch was planned).
    address : str
        Socket of a warm process for kernels; without it notebooks get ordinary kernels.

    Returns
    -------
    dict
        status (ok, failed) and error (one sentence, empty when all went well).
    """
    from helpers.runs.batch.plan import lesson_files
    from helpers.runs.main_job import Work, run_all
    from helpers.runs.notebooks import Execution

    if work.get("threads"):
        duckdb.execute("SET threads = ?", [work["threads"]])
    manager = None
    if address:
        from helpers.runs.batch.kernels import warm_manager

        manager = warm_manager(address)
    how = Work(lesson_files(tuple(work["notebooks"])), Execution(manager, work["notebook_seconds"]), resume=True, pins=work.get("pins"))
    try:
        result = run_all(work["profile"], work["as_of"], work["settings"], work["out"], work=how, say=lambda line: None)
    except UserError as fault:
        return {"status": "failed", "error": str(fault)}
    wrong = [f"{n.notebook}, {n.error}" for n in result.notebooks if n.status != "ok"]
    more = f" (and {len(wrong) - 1} more notebooks)" if len(wrong) > 1 else ""
    return {"status": "failed" if wrong else "ok", "error": f"{wrong[0]}{more}" if wrong else ""}


def supervise(name: str, work: dict[str, Any], address: str = "") -> Outcome:
    """Have one run done in a process of its own, and stop it when it takes too long.

    Parameters
    ----------
    name : str
        The run's name.
    work : dict
        As for `perform`, and run_seconds (0: no limit).
    address : str
        Socket of a warm process on this computer; without one this process starts its own, once.
    """
    started = time.monotonic()
    limit = work["run_seconds"] or None
    told = _forked(work, address, limit) if CAN_FORK else _spawned(work, limit)
    return Outcome(name, told["status"], round(time.monotonic() - started, 1), told["error"])


def _forked(work: dict[str, Any], address: str, limit: float | None) -> dict[str, str]:
    try:
        where = address if address and Path(address).exists() else _own_nursery().address
        child = Child(where, {"do": "run", "work": work, "address": where})
    except (UserError, OSError) as fault:
        return _failed(f"no process could be started: {fault}")
    try:
        return _listen(child, limit)
    finally:
        child.close()


def _listen(child: Child, limit: float | None) -> dict[str, str]:
    line = child.read_line(limit)
    if line is None:
        return _failed("its process ended without a word, perhaps because the memory was full") if child.ended() else _too_long(limit)
    return line["result"] if "result" in line else _failed(f"{line['fault']} {FAULT_OF_OURS}")


def _spawned(work: dict[str, Any], limit: float | None) -> dict[str, str]:
    """Where processes cannot be forked: a new Python per run, and ordinary kernels."""
    command = [sys.executable, "-m", "helpers.runs.batch.child"]
    try:
        done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return _too_long(limit)
    last = (done.stdout.strip().splitlines() or [""])[-1]
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(last)
    said = (done.stderr.strip().splitlines() or ["its process ended without a word, perhaps because the memory was full"])[-1]
    return _failed(f"{said} {FAULT_OF_OURS}")


def _failed(sentence: str) -> dict[str, str]:
    return {"status": "failed", "error": sentence}


def _too_long(limit: float | None) -> dict[str, str]:
    return _failed(f"stopped, because the run exceeded its time limit of {limit:g} s")


def _own_nursery() -> Nursery:
    with STARTING:  # the threads of a Dask worker share one
        found = _nursery(os.getpid())
        if not found.alive():
            _nursery.cache_clear()
            found = _nursery(os.getpid())
        return found.ready()


@cache
def _nursery(process: int) -> Nursery:
    return Nursery()


def describe(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain values."""
    return asdict(outcome)


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(perform(json.loads(sys.stdin.read()))) + "\n")
