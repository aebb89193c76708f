"""`crmkit batch`: run what is planned and not finished, several at a time, and keep count."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Parallel, delayed, parallel_config

from helpers.errors import UserError
from helpers.runs.batch.child import Outcome, describe, supervise
from helpers.runs.batch.files import BatchFile, read_batch
from helpers.runs.batch.index import write_index
from helpers.runs.batch.lease import Hold
from helpers.runs.batch.nursery import CAN_FORK, Nursery
from helpers.runs.batch.places import open_store
from helpers.runs.batch.plan import Plan, Planned, make_plan
from helpers.runs.batch.progress import Countdown
from helpers.runs.batch.state import FINISHED, WRONG, look_ahead, state_of
from helpers.runs.batch.store import Store
from helpers.runs.environment import how_to_install
from helpers.runs.main_job import Say
from helpers.runs.paths import from_project

OUTCOMES = "outcomes.json"
NOT_AS_PLANNED = "what it left is not what was planned: exports, code or packages changed meanwhile, or a worker has another checkout; call the batch again"
WORKER_SECONDS = 60  # how long to wait for the first worker of a cluster


@dataclass(frozen=True)
class Options:
    """How a batch is run.

    `jobs` runs at a time (0: one per processor core, at most four); `scheduler` is the address of a Dask cluster, whose workers then do the
    runs; `keep_going` runs the good runs of a file in which others have a mistake;
    `until` is the day that the newest as-of dates are counted back from.
    """

    out: str = ""
    jobs: int = 0
    scheduler: str = ""
    keep_going: bool = False
    until: dt.date | None = None

    @property
    def at_once(self) -> int:
        return self.jobs or min(os.cpu_count() or 1, 4)


@dataclass
class Batch:
    """A batch that is open: its plan, its place, the state of every run, and what became of those that were run."""

    plan: Plan
    store: Store
    states: dict[str, str]
    records: dict[str, dict[str, Any]]
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def todo(self) -> list[Planned]:
        """Runs to do, in turn."""
        return [r for r in self.plan.runs if self.states[r.name] not in {FINISHED, WRONG}]

    @property
    def failed(self) -> dict[str, str]:
        """Runs that did not succeed, with their error in one sentence."""
        wrong = {r.name: r.fault for r in self.plan.runs if r.fault}
        return wrong | {n: o["error"] for n, o in self.outcomes.items() if o["status"] != "ok"}


def open_batch(file: Path, options: Options) -> Batch:
    """Read and check a batch file, and look at what is finished; nothing is started.

    Raises
    ------
    UserError
        A line per mistake.
    """
    store = place_of(read_batch(file, options.until), options)
    plan = make_plan(file, store.work, keep_going=options.keep_going, until=options.until)
    records = {r.name: store.record(r.name) for r in plan.runs}
    states = {r.name: state_of(r, records[r.name], store.sizes(r.name)) for r in plan.runs}
    kept = json.loads(store.read(OUTCOMES) or b"{}")
    known = {r.name: kept[r.name] for r in plan.runs if r.name in kept and states[r.name] != FINISHED and kept[r.name]["key"] == r.key}
    return Batch(plan, store, states, records, known)


def place_of(told: BatchFile, options: Options) -> Store:
    """Return where a batch's results go."""
    return open_store(options.out or told.out or f"outputs/batches/{told.batch}")


def read_until(file: Path, told: str) -> dt.date:
    """Return the day of a batch: the one given, else the file's, else today. The only place of a batch that looks at the clock."""
    if not told:
        return read_batch(file).until or dt.datetime.now().astimezone().date()
    try:
        return dt.date.fromisoformat(told)
    except ValueError as fault:
        raise UserError(f"--until {told} is not a day: write it as YYYY-MM-DD") from fault


def dry_run(file: Path, options: Options) -> tuple[pd.DataFrame, str]:
    """Return the table of runs, with what the cache holds and an estimate, and one sentence about it (see `look_ahead`)."""
    batch = open_batch(file, options)
    return look_ahead(batch.plan, batch.states, batch.records, options.at_once)


def run_batch(file: Path, options: Options, *, say: Say) -> Batch:
    """Run a batch, or what is left of it.

    Parameters
    ----------
    file : pathlib.Path
    options : Options
    say : callable
        Receives a line per finished run, with the time left.

    Returns
    -------
    Batch
        `failed` is empty when all went well. The index page and `index.parquet` are written in any case.

    Raises
    ------
    UserError
        Mistakes in the file, a folder that is not a batch's, or another batch at work there.
    """
    with ExitStack() as stack:
        warm = stack.enter_context(Nursery()) if CAN_FORK and not options.scheduler else None  # imports while the file is checked
        hold = stack.enter_context(place_of(read_batch(file, options.until), options).hold())
        batch = open_batch(file, options)
        todo = batch.todo
        done = sum(s == FINISHED for s in batch.states.values())
        say(f"{batch.plan.batch.title or batch.plan.batch.batch}: {len(batch.plan.runs)} runs, {done} finished before, {len(todo)} to do")
        clock = Countdown(len(todo), options.at_once)
        for ended in _do(todo, batch, options, warm, hold):
            outcome = _note(batch, ended)
            say(clock.line(outcome))
            if clock.page_is_due():
                write_index(batch, pictures=False)
        write_index(batch, pictures=True)
    return batch


def _note(batch: Batch, outcome: Outcome) -> Outcome:
    """Keep what became of a run; well is only what its manifest bears out, whatever the process that made it says."""
    run = next(r for r in batch.plan.runs if r.name == outcome.name)
    record = batch.store.record(run.name)
    if outcome.status == "ok" and state_of(run, record, batch.store.sizes(run.name)) != FINISHED:
        outcome = replace(outcome, status="failed", error=NOT_AS_PLANNED)
    batch.outcomes[run.name] = describe(outcome) | {"key": run.key}
    batch.records[run.name] = record
    batch.states[run.name] = FINISHED if outcome.status == "ok" else "failed"
    batch.store.write(OUTCOMES, json.dumps(batch.outcomes, indent=1, ensure_ascii=False))
    return outcome


def _do(todo: Sequence[Planned], batch: Batch, options: Options, warm: Nursery | None, hold: Hold) -> Iterator[Outcome]:
    """Have runs done in parallel; yields each as it ends. The threads here only wait: every run is a process of its own.

    When another batch has taken over the place, no further run is started and no outcome is told.
    """
    if not todo:
        return
    with ExitStack() as stack:
        address = warm.ready().address if warm else ""
        jobs = _backend(stack, options)
        work = ((r.name, _work(r, batch, options), address, (from_project(batch.store.address), hold.token)) for r in todo if not hold.lost.is_set())
        outcomes = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")(delayed(do_one)(*w) for w in work)
        yield from (o for o in outcomes if not hold.lost.is_set())
    if hold.lost.is_set():
        raise UserError(f"another batch has taken over {batch.store.address}, because this one was not heard of for two minutes: this one stops, the other goes on")


def _backend(stack: ExitStack, options: Options) -> int:
    if not options.scheduler:
        stack.enter_context(parallel_config(backend="threading"))
        return options.at_once
    try:
        from distributed import Client
    except ImportError as fault:
        raise UserError(f"--scheduler needs Dask: {how_to_install('dask')}, in the project's folder") from fault
    try:
        client = stack.enter_context(Client(options.scheduler, timeout=WORKER_SECONDS))
    except OSError as fault:
        raise UserError(f"no Dask scheduler answers at {options.scheduler}: start one with dask scheduler, and workers with dask worker") from fault
    stack.enter_context(parallel_config(backend="dask", wait_for_workers_timeout=WORKER_SECONDS))
    return options.jobs or sum(client.nthreads().values()) or 1


def _work(run: Planned, batch: Batch, options: Options) -> dict[str, Any]:
    told = batch.plan.batch
    threads = max((os.cpu_count() or 1) // options.at_once, 1) if not options.scheduler else 0
    return {
        "profile": from_project(run.profile), "as_of": run.as_of, "settings": run.settings, "out": from_project(run.folder),
        "notebooks": list(run.notebooks), "threads": threads, "pins": run.pins,
        "notebook_seconds": told.notebook_minutes * 60, "run_seconds": told.run_minutes * 60,
    }  # fmt: skip


def do_one(name: str, work: dict[str, Any], address: str, place: tuple[str, str]) -> Outcome:
    """Do one run and bring its results to the batch's place, an address and the token by which it is held; on a cluster this happens on a worker."""
    outcome = supervise(name, work, address)
    try:
        open_store(place[0]).publish(name, place[1])
    except UserError as fault:
        return Outcome(name, "failed", outcome.seconds, outcome.error or str(fault))
    return outcome
