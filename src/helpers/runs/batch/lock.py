"""One batch at a time in a folder: a lock that the system drops when its owner dies, and a note that says who the owner is."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from helpers.errors import UserError
from helpers.runs.files import write_whole

LOCK, OWNER = ".batch.lock", ".batch-owner.json"


@contextmanager
def only_batch(folder: Path) -> Iterator[None]:
    """Hold a folder for one batch.

    The lock is the operating system's: it goes when the process goes, also after `kill -9` or a power cut, so there is nothing to clear
    away and no moment at which two could take it over. The note beside it only tells people who holds it.

    Raises
    ------
    UserError
        Another batch is at work there; says which process, on which computer, since when.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as fault:
        raise UserError(f"another batch is at work in {folder.name}{_owner(folder)}: wait for it, or give this one another folder with --out") from fault
    try:
        write_whole(folder / OWNER, json.dumps(_self()))
        yield
        (folder / OWNER).unlink(missing_ok=True)
    finally:
        lock.release()


def _self() -> dict[str, str | int]:
    return {"process": os.getpid(), "computer": platform.node(), "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}


def _owner(folder: Path) -> str:
    try:
        told = json.loads((folder / OWNER).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return ""
    here = told["computer"] == platform.node()
    alive = "" if not here or psutil.pid_exists(told["process"]) else ", which is ending"
    return f" (process {told['process']} on {told['computer']}, since {told['since']}{alive})"
