"""Where a batch's results live, elsewhere: any address that fsspec knows (s3://, gs://, abfs://, sftp://, memory://).

Runs are made in a working folder of this computer; a finished one is copied to the address file by file, its manifest last, so that a
run that was cut off while copying counts as unfinished.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from helpers.errors import UserError
from helpers.runs.batch.lease import Hold, lease, refuse_lost
from helpers.runs.batch.lock import only_batch
from helpers.runs.batch.store import MARKED, MARKER, Store, refuse_absent, refuse_foreign, refuse_unfinished
from helpers.runs.environment import how_to_install
from helpers.runs.files import DRAFT, write_whole
from helpers.runs.manifest import MANIFEST
from helpers.runs.paths import project_root
from helpers.runs.raw import fingerprint

PUBLISHED = ".crmkit-files"  # at an address, a list per run of what was copied there: nothing else is ever removed
PAUSES = (1.0, 4.0, 10.0)  # seconds before something is tried again at an address
FAULTS = (
    ("botocore.exceptions", "BotoCoreError"), ("aiohttp", "ClientError"), ("azure.core.exceptions", "AzureError"), ("google.auth.exceptions", "GoogleAuthError"),
    ("gcsfs.retry", "HttpError"), ("paramiko", "SSHException"),
)  # fmt: skip
BUCKETS = {"s3", "s3a", "gs", "gcs", "abfs", "az"}  # these have no folders, and a bucket that is not there is not ours to make


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
    def hold(self) -> Iterator[Hold]:
        """Keep other batches out, here and on other computers."""
        refuse_foreign(f"address {self.address}", "address", self._names_there())
        if not BUCKETS & set(_names(self._files.protocol)):
            self._try(lambda: self._files.makedirs(self._root, exist_ok=True))
        with only_batch(self.work), lease(self) as hold:
            self.write(MARKER, MARKED)
            yield hold

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

    def publish(self, run: str, token: str = "") -> None:
        """Copy a run: its old manifest goes first, its new one comes last, and what an earlier copy left and it no longer has is removed."""
        folder = self.work / run
        refuse_absent(folder)
        refuse_lost(self, token)
        new = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(DRAFT)}
        earlier = set(json.loads(self.read(f"{PUBLISHED}/{run}.json") or b"[]"))
        self.write(f"{PUBLISHED}/{run}.json", json.dumps(sorted(earlier | set(new)), indent=1))
        self.remove(f"{run}/{MANIFEST}")
        for name, file in new.items():
            if name != MANIFEST:
                self.write(f"{run}/{name}", file.read_bytes())
        for name in earlier - set(new):
            self.remove(f"{run}/{name}")
        refuse_unfinished(folder)
        refuse_lost(self, token)  # copying may have taken minutes
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


def _names(protocol: str | tuple[str, ...]) -> tuple[str, ...]:
    return (protocol,) if isinstance(protocol, str) else protocol
