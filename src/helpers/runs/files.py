"""Files that are either whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock

CHUNK = 1 << 20
DRAFT = ".draft-"  # what a temporary name starts with; the ending stays, because some writers look at it
HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:6]  # a cache on a shared disk has writers on several computers
MARK_SECONDS = 3600  # how exactly it is known when a file of the cache was last used
ABANDONED_SECONDS = 2 * 24 * 3600  # a draft of another computer is swept when nobody can still be writing it


def draft_beside(path: Path) -> Path:
    """Return a temporary name beside a file, of this thread alone; `sweep_drafts` knows by it whose it was."""
    return path.with_name(f"{DRAFT}{os.getpid()}-{HOST}-{threading.get_ident()}-{path.name}")


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to `path` when the block ends well.

    A killed process leaves the temporary file at most, never a half file under the real name.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with whole_file(target) as draft:
    ...     _ = draft.write_text("done")
    >>> target.read_text()
    'done'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_beside(path)
    try:
        yield draft
        with draft.open("rb+") as handle:
            os.fsync(handle.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file that is whole or absent; text in UTF-8 with plain line ends."""
    with whole_file(path) as draft:
        draft.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that the copy is whole or absent."""
    with whole_file(target) as draft, source.open("rb") as reader, draft.open("wb") as writer:
        while chunk := reader.read(CHUNK):
            writer.write(chunk)


@contextmanager
def made_once(path: Path) -> Iterator[bool]:
    """Give true to the one process that shall make a file of the cache; others wait and then find it.

    The system drops the lock of a process that dies, so a killed run holds up nobody. What the file is made of must be there
    before: a process holds one lock at a time, so two never wait for each other. There are 256 locks, shared by all files.
    """
    locks = path.parents[1] / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{hashlib.sha256(str(path).encode()).hexdigest()[:2]}.lock"):
        yield not path.exists()


def mark_used(path: Path) -> bool:
    """Say whether a file is there, and note that it was used: in its time of access, which many file systems do not keep by themselves."""
    try:
        facts = path.stat()
        if time.time() - facts.st_atime > MARK_SECONDS:
            os.utime(path, ns=(time.time_ns(), facts.st_mtime_ns))
    except FileNotFoundError:
        return False
    except PermissionError:  # a cache that others keep and this run may only read
        return True
    return True


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sweep_drafts(folder: Path) -> None:
    """Remove temporary files of processes that are gone: what a killed run left behind, and nothing that another run is writing."""
    for draft in folder.rglob(f"{DRAFT}*"):
        writer, _, rest = draft.name.removeprefix(DRAFT).partition("-")
        ours = rest.startswith(f"{HOST}-") and writer.isdigit()
        if not psutil.pid_exists(int(writer)) if ours else _age_seconds(draft) > ABANDONED_SECONDS:
            draft.unlink(missing_ok=True)


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:  # its writer has just finished
        return 0.0
