"""Where a batch's results live, on this computer: a folder.

Runs always work in a local folder, because notebooks and DuckDB need one. A place is a batch's when it was empty or carries the marker;
other people's files are never removed.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.errors import UserError
from helpers.runs.batch.lease import NOTE, Hold
from helpers.runs.batch.lock import LOCK, OWNER, only_batch
from helpers.runs.files import DRAFT, sweep_drafts, write_whole
from helpers.runs.manifest import MANIFEST

MARKER = ".crmkit-batch"
MARKED = "Results of a batch of crmkit. Safe to delete as a whole.\n"
OWN = {MARKER, LOCK, OWNER, NOTE}  # with drafts, what a batch may leave that was killed before it had marked its place


class Store:
    """A batch's folder on this computer.

    Parameters
    ----------
    work : pathlib.Path
        Where run folders are made.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self.address = work.as_posix()

    @contextmanager
    def hold(self) -> Iterator[Hold]:
        """Keep other batches out while this one works; only an address can be lost to another."""
        refuse_foreign(f"folder {self.work.name}", "folder", [p.name for p in self.work.iterdir()] if self.work.is_dir() else [])
        with only_batch(self.work):
            write_whole(self.work / MARKER, MARKED)
            sweep_drafts(self.work)
            yield Hold()

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None when it is not there."""
        file = self.work / name
        return file.read_bytes() if file.is_file() else None

    def write(self, name: str, content: bytes | str) -> None:
        """Write a file whole or not at all."""
        write_whole(self.work / name, content)

    def sizes(self, run: str) -> dict[str, int]:
        """Return the bytes of each file in a run's folder."""
        folder = self.work / run
        return {p.relative_to(folder).as_posix(): p.stat().st_size for p in folder.rglob("*") if p.is_file()}

    def publish(self, run: str, token: str = "") -> None:
        """Bring a finished run to where it belongs; here it is there already. The token is that of the batch's hold.

        Raises
        ------
        UserError
            There is no run, or none that was finished. At an address a run is copied as far as it came, and counts as unfinished there;
            and nothing is copied when another batch holds the address by now.
        """
        refuse_absent(self.work / run)
        refuse_unfinished(self.work / run)

    def record(self, run: str) -> dict[str, Any]:
        """Return a run's manifest, empty when there is none or it cannot be read."""
        content = self.read(f"{run}/{MANIFEST}")
        try:
            return json.loads(content) if content else {}
        except json.JSONDecodeError:
            return {}


def refuse_foreign(place: str, kind: str, names: Iterable[str]) -> None:
    """Results are replaced and removed, so a place with files of somebody else is refused."""
    there = set(names)
    foreign = sorted(n for n in there if n not in OWN and not n.startswith(DRAFT))
    if foreign and MARKER not in there:
        raise UserError(f"{place} holds files that are not a batch's, such as {foreign[0]}: name an empty {kind} or an earlier batch's")


def refuse_absent(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"there is no folder of run {folder.name} on {platform.node()}: the results were made elsewhere; give every worker the same checkout and shared folder")


def refuse_unfinished(folder: Path) -> None:
    if not (folder / MANIFEST).is_file():
        raise UserError(f"run {folder.name} left no {MANIFEST} on {platform.node()}, so it counts as unfinished: call the batch again")
