"""Files that are either whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

CHUNK = 1 << 20
DRAFT = ".draft-"  # what a temporary name starts with; the ending stays, because some writers look at it


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
    draft = path.with_name(f"{DRAFT}{os.getpid()}-{path.name}")
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


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal text."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sweep_drafts(folder: Path) -> None:
    """Remove temporary files of processes that are gone: what a killed run left behind, and nothing that another run is writing."""
    for draft in folder.rglob(f"{DRAFT}*"):
        writer = draft.name.removeprefix(DRAFT).split("-")[0]
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            draft.unlink(missing_ok=True)
