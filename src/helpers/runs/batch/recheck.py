"""`crmkit verify` of a run, or of a whole batch: then the finished runs that its index names, one after the other."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import UserError
from helpers.runs.batch.places import local_copy, open_store
from helpers.runs.manifest import MANIFEST
from helpers.runs.verify import say_verdict, verify_run

INDEX = "index.parquet"


def recheck(place: str, say: Callable[[str], Any]) -> bool:
    """Re-check a run or the runs of a batch, and say what is no longer as it was.

    Runs that the index does not name, such as those of earlier weeks, are not of this batch any more and are passed over: their exports may well
    have changed. So are runs that are not finished; the batch has told of them.

    Parameters
    ----------
    place : str
        A run folder, the folder of a batch (it holds an `index.parquet`), or the address of one.
    say : callable
        Receives the lines.

    Returns
    -------
    bool
        Whether all is as it was.

    Raises
    ------
    UserError
        There is no such folder, it is neither a run nor a batch, or a batch without a finished run. A run of a batch that
        cannot be made again stops no other.
    """
    index = _index(place)
    if index is None:
        with local_copy(place) as folder:
            verdict = verify_run(folder)
        say("\n".join([*verdict.lines(), say_verdict(verdict)]))
        return not verdict.findings
    finished = index.loc[index["status"] == "finished", "run"].tolist()
    if not finished:
        raise UserError(f"the index of {place} names no finished run: run the batch first")
    same = [_one_of_many(place, name, say) for name in finished]
    say(f"{sum(same)} of {len(same)} runs are as they were" + (f"; not finished, so passed over: {len(index) - len(same)}" if len(index) > len(same) else ""))
    return all(same)


def _index(place: str) -> pd.DataFrame | None:
    """The index of a batch; None for a run."""
    if "://" not in place and not Path(place).is_dir():
        raise UserError(f"there is no folder {place}")
    store = open_store(place if "://" in place else str(Path(place).absolute()))
    told = None if store.read(MANIFEST) else store.read(INDEX)
    return None if told is None else pd.read_parquet(io.BytesIO(told))


def _one_of_many(place: str, name: str, say: Callable[[str], Any]) -> bool:
    try:
        with local_copy(f"{place.rstrip('/')}/{name}") as folder:
            verdict = verify_run(folder)
    except UserError as fault:
        say(f"{name}: cannot be made again: {fault}")
        return False
    say("\n".join([f"{name}: {say_verdict(verdict)}", *(f"  {line}" for line in verdict.lines())]))
    return not verdict.findings
