"""Open the place of a batch or of a run, whatever its address."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.errors import UserError
from helpers.runs.batch.remote import RemoteStore
from helpers.runs.batch.store import Store
from helpers.runs.paths import project_root


def open_store(address: str) -> Store:
    """Return the store at an address: a folder, relative to the project, or anything with `://`."""
    if "://" in address and not address.startswith("file://"):
        return RemoteStore(address)
    folder = Path(address.removeprefix("file://"))
    return Store(folder if folder.is_absolute() else project_root() / folder)


@contextmanager
def local_copy(run: str) -> Iterator[Path]:
    """Give a run as a folder of this computer: the folder itself, or a copy of what lies at an address."""
    if "://" not in run:
        folder = Path(run).absolute()
        if not folder.is_dir():
            raise UserError(f"there is no folder {run}")
        yield folder
        return
    parent, _, name = run.rstrip("/").rpartition("/")
    with tempfile.TemporaryDirectory(prefix="crmkit-") as place:
        yield RemoteStore(parent).fetch(name, Path(place) / name)
