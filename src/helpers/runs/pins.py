"""What the exports held when a run began, so that its tables, its lessons and its manifest all tell of the same content.

An export may be replaced while a run is at work, and a database changes all the time. Lessons run in processes of their own: they find here what
the run has read, and do not look again. When the run ends, or its process is gone, the exports are looked at anew.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from helpers.runs.files import HOST, write_whole

PINS = ".sources.json"
Seen = dict[str, Any]  # content (what a source's key is made of) and files (name, bytes, sha256) of one source


def read_pins(folder: Path) -> dict[str, Seen]:
    """Return what the run at work in a folder has seen, by source and description; empty when none is at work there."""
    try:
        told = json.loads((folder / PINS).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return told["seen"] if told["owner"] == _owner(told["owner"][1]) else {}


@contextlib.contextmanager
def hold_pins(folder: Path, seen: Mapping[str, Seen]) -> Iterator[None]:
    """Let lessons find what this process has seen, until the block ends."""
    write_whole(folder / PINS, json.dumps({"owner": _owner(os.getpid()), "seen": dict(seen)}, ensure_ascii=False))
    try:
        yield
    finally:
        (folder / PINS).unlink(missing_ok=True)


def _owner(process: int) -> list[Any]:
    """Name a process for good: numbers of processes are used again; none that is alive has no time of start."""
    try:
        return [HOST, process, psutil.Process(process).create_time()]
    except psutil.NoSuchProcess:
        return [HOST, process, None]
