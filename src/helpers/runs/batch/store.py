"""Where a batch's results live: a folder, or any address that fsspec knows (s3://, gs://, abfs://, sftp://, memory://).

Runs always work in a local folder, because notebooks and DuckDB need one; a finished run is copied to the address file by file, its
manifest last, so that a run that was cut off while copying counts as unfinished. A place is a batch's when it was empty or carries the
marker; other people's files are never removed.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from helpers.errors import UserError
from helpers.runs.batch.lease import NOTE, lease
from helpers.runs.batch.lock import LOCK, OWNER, only_batch
from helpers.runs.environment import how_to_install
from helpers.runs.files import DRAFT, sweep_drafts, write_whole
from helpers.runs.manifest import MANIFEST
from helpers.runs.paths import project_root
from helpers.runs.raw import fingerprint

MARKER = ".crmkit-batch"
MARKED = "Results of a batch of crmkit. Safe to delete as a whole.\n"
OWN = {MARKER, LOCK, OWNER, NOTE}  # with drafts, what a batch may leave that was killed before it had marked its place
PUBLISHED = ".crmkit-files"  # at an address, a list per run of what was copied there: nothing else is ever removed
PAUSES = (1.0, 4.0, 10.0)  # seconds before something is tried again at an address
FAULTS = (
    ("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError"), ("azure.core.exceptions", "AzureError"), ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"), ("paramiko", "SSHException"),
)  # fmt: skip
BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "az"}  # these have no folders, and a bucket that is not there is not ours to make


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
    def hold(self) -> Iterator[threading.Event]:
        """Keep other batches out while this one works; the event is set when the place was lost to another, which only happens at an address."""
        _refuse_foreign(f"folder {self.work.name}", "folder", [p.name for p in self.work.iterdir()] if self.work.is_dir() else [])
        with only_batch(self.work):
            write_whole(self.work / MARKER, MARKED)
            sweep_drafts(self.work)
            yield threading.Event()

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

    def publish(self, run: str) -> None:
        """Bring a finished run to where it belongs; here it is there already.

        Raises
        ------
        UserError
            There is no run, or none that was finished. At an address a run is copied as far as it came, and counts as unfinished there.
        """
        _refuse_absent(self.work / run)
        _refuse_unfinished(self.work / run)

    def record(self, run: str) -> dict[str, Any]:
        """Return a run's manifest, empty when there is none or it cannot be read."""
        content = self.read(f"{run}/{MANIFEST}")
        try:
            return json.loads(content) if content else {}
        except json.JSONDecodeError:
            return {}


class RemoteStore(Store):
    """A batch's place at an address; runs are made in a working folder of this computer and copied.

    Parameters
    ----------
    address : str
    """

    def __init__(self, address: str) -> None:
        super().__init__(project_root() / ".crmkit" / "batches" / fingerprint(address))
        self.address = address.rstrip("/")
        try:
            self._files, self._root = fsspec.core.url_to_fs(self.address)
        except (ImportError, ValueError) as fault:
            raise UserError(f"address {address} cannot be opened: {fault}; s3:// needs {how_to_install('s3')}, in the project's folder") from fault

    @contextmanager
    def hold(self) -> Iterator[threading.Event]:
        """Keep other batches out, here and on other computers."""
        _refuse_foreign(f"address {self.address}", "address", self._names_there())
        if not BUCKETS & set(_names(self._files.protocol)):
            self._try(lambda: self._files.makedirs(self._root, exist_ok=True))
        with only_batch(self.work), lease(self) as lost:
            self.write(MARKER, MARKED)
            yield lost

    def _names_there(self) -> list[str]:
        """What lies directly at the address; a bucket may also tell of the address itself, as an empty file."""
        self._files.invalidate_cache()
        root = self._root.strip("/")
        found = [n.strip("/") for n in self._try(lambda: self._files.ls(self._root, detail=False), absent=[])]
        return [n.rpartition("/")[2] for n in found if n != root]

    def read(self, name: str) -> bytes | None:
        self._files.invalidate_cache()
        return self._try(lambda: self._files.cat_file(f"{self._root}/{name}"), absent=None)

    def write(self, name: str, content: bytes | str) -> None:
        data = content.encode("utf-8") if isinstance(content, str) else content
        self._try(lambda: self._files.pipe_file(f"{self._root}/{name}", data))

    def remove(self, name: str) -> None:
        """Remove a file, when it is there."""
        self._files.invalidate_cache()
        if self._try(lambda: self._files.exists(f"{self._root}/{name}")):
            self._try(lambda: self._files.rm_file(f"{self._root}/{name}"))

    def sizes(self, run: str) -> dict[str, int]:
        self._files.invalidate_cache()
        root = f"{self._root}/{run}"
        found: Mapping[str, Any] = self._try(lambda: self._files.find(root, detail=True), absent={})
        return {name.partition(f"{root.lstrip('/')}/")[2]: int(facts["size"]) for name, facts in found.items()}

    def publish(self, run: str) -> None:
        """Copy a run: its old manifest goes first, its new one comes last, and what an earlier copy left and it no longer has is removed."""
        folder = self.work / run
        _refuse_absent(folder)
        new = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(DRAFT)}
        earlier = set(json.loads(self.read(f"{PUBLISHED}/{run}.json") or b"[]"))
        self.write(f"{PUBLISHED}/{run}.json", json.dumps(sorted(earlier | set(new)), indent=1))
        self.remove(f"{run}/{MANIFEST}")
        for name, file in new.items():
            if name != MANIFEST:
                self.write(f"{run}/{name}", file.read_bytes())
        for name in earlier - set(new):
            self.remove(f"{run}/{name}")
        _refuse_unfinished(folder)
        self.write(f"{run}/{MANIFEST}", new[MANIFEST].read_bytes())

    def fetch(self, run: str, target: Path) -> Path:
        """Copy a run from the address into a folder of this computer."""
        for name in self.sizes(run):
            write_whole(target / name, self.read(f"{run}/{name}") or b"")
        return target

    def _try(self, act: Callable[[], Any], **answer: Any) -> Any:
        """Do something at the address, again when the network fails.

        What stays wrong is the user's to mend; that a file is not there is an answer where `absent` gives one.
        """
        pauses = iter(PAUSES)
        while True:
            try:
                return act()
            except faults() as fault:
                if isinstance(fault, FileNotFoundError) and "absent" in answer:
                    return answer["absent"]
                pause = next(pauses, None)
                if pause is None or isinstance(fault, (FileNotFoundError, PermissionError)):
                    raise UserError(f"address {self.address} cannot be used: {' '.join(str(fault).split())}") from fault
                time.sleep(pause)


def faults() -> tuple[type[BaseException], ...]:
    """Return what can be raised when an address is used: libraries of some stores do not say it with an OSError."""
    loaded = [getattr(sys.modules[m], n) for m, n in FAULTS if m in sys.modules]
    return (OSError, *loaded)


def _refuse_foreign(place: str, kind: str, names: Iterable[str]) -> None:
    """Results are replaced and removed, so a place with files of somebody else is refused."""
    there = set(names)
    foreign = sorted(n for n in there if n not in OWN and not n.startswith(DRAFT))
    if foreign and MARKER not in there:
        raise UserError(f"{place} holds files that are not a batch's, such as {foreign[0]}: name an empty {kind} or an earlier batch's")


def _refuse_absent(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"there is no folder of run {folder.name} on {platform.node()}: the results were made elsewhere; give every worker the same checkout and shared folder")


def _refuse_unfinished(folder: Path) -> None:
    if not (folder / MANIFEST).is_file():
        raise UserError(f"run {folder.name} left no {MANIFEST} on {platform.node()}, so it counts as unfinished: call the batch again")


def _names(protocol: str | tuple[str, ...]) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else protocol


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
