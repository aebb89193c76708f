"""Open a file for reading, packed or not; damage and refused access become one sentence."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from helpers.errors import UserError

GZIP, ZIP, OLE, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)
PACKED = {".gz", ".zip"}


@contextmanager
def open_bytes(file: Path) -> Iterator[IO[bytes]]:
    """Open a file as bytes; gzip and a zip that holds one file are unpacked while they are read.

    Parameters
    ----------
    file : pathlib.Path

    Raises
    ------
    UserError
        Nobody may read the file, it is cut off or damaged, or a zip holds several files or wants a password.
    """
    try:
        with ExitStack() as stack:
            yield _unpacked(file, stack)
    except _DAMAGE as fault:
        raise UserError(f"{file.name} is cut off or damaged and cannot be unpacked: copy or export it again") from fault
    except PermissionError as fault:
        raise UserError(f"{file.name} may not be read: close it in other programs or change its permissions") from fault


def _unpacked(file: Path, stack: ExitStack) -> IO[bytes]:
    mark = first_bytes(file)
    if mark.startswith(GZIP):
        return stack.enter_context(gzip.open(file, "rb"))
    if mark.startswith(b"PK"):
        return stack.enter_context(_only_member(file, stack.enter_context(zipfile.ZipFile(file))))
    if mark and file.suffix.lower() in PACKED:
        raise UserError(f"{file.name} is not a {file.suffix[1:]} file: rename it or pack it again")
    return stack.enter_context(file.open("rb"))


def _only_member(file: Path, packed: zipfile.ZipFile) -> IO[bytes]:
    members = [m for m in packed.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        names = ", ".join(m.filename for m in members[:5]) or "nothing"
        raise UserError(f"{file.name} holds {len(members)} files ({names}): unpack it and name the one to read")
    if members[0].flag_bits & 1:
        raise UserError(f"{file.name} wants a password: unpack it first")
    return packed.open(members[0])


def first_bytes(file: Path, count: int = 8) -> bytes:
    """Return the first bytes of the file as it lies on the disk, packed or not."""
    try:
        with file.open("rb") as stream:
            return stream.read(count)
    except OSError as fault:
        raise UserError(f"{file.name} cannot be opened ({fault.strerror}): check its name and permissions") from fault


def suffix_of(file: Path) -> str:
    """Return the suffix that tells the format, without `.gz` or `.zip`.

    Examples
    --------
    >>> suffix_of(Path("orders.CSV.gz")), suffix_of(Path("orders.zip"))
    ('.csv', '')
    """
    names = [s.lower() for s in file.suffixes]
    kept = names[:-1] if names and names[-1] in PACKED else names
    return kept[-1] if kept else ""


def mark_bad_bytes(fault: UnicodeError) -> tuple[str, int]:
    """Put one lone surrogate, which no file can hold, where bytes are not in the encoding; see `opened.BAD`.

    Examples
    --------
    >>> [hex(ord(c)) for c in bytes([0x4D, 0xFC]).decode("utf-8", "crmkit_bad_bytes")]
    ['0x4d', '0xdcff']
    """
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return "\udcff", fault.end


codecs.register_error("crmkit_bad_bytes", mark_bad_bytes)


@contextmanager
def open_characters(file: Path, encoding: str) -> Iterator[io.TextIOWrapper]:
    """Open a file as text with line ends untouched; bytes outside the encoding are marked by `mark_bad_bytes`.

    Parameters
    ----------
    file : pathlib.Path
    encoding : str

    Raises
    ------
    UserError
        As `open_bytes`.
    """
    with open_bytes(file) as stream, io.TextIOWrapper(stream, encoding=encoding, errors="crmkit_bad_bytes", newline="") as text:  # type: ignore[type-var]
        yield text
