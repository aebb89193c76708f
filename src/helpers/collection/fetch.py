"""Download the one file a profile names, and keep it only when size and SHA-256 are those that the profile states."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from helpers.collection.profiles import Profile
from helpers.errors import UserError

BLOCK = 1 << 20
SECONDS_OF_SILENCE = 60.0
UNPACKED = {".xlsx", ".xlsm", ".xls", ".parquet"}  # kinds that are not read from within a zip
Opener = Callable[[str], IO[bytes]]


def open_url(url: str) -> IO[bytes]:
    """Open an http or https address for reading; a redirect to anything else is refused.

    Raises
    ------
    UserError
        Another kind of address, or the server refuses or cannot be reached.
    """
    _check_address(url)
    request = Request(url, headers={"User-Agent": "crmkit"})
    try:
        return build_opener(_WebOnly).open(request, timeout=SECONDS_OF_SILENCE)
    except HTTPError as fault:
        fault.close()
        raise UserError(f"{_shown(url)} answered {fault.code} {fault.reason}: open it in a browser, or look for its new address") from fault
    except (URLError, OSError, http.client.HTTPException) as fault:
        said = getattr(fault, "reason", fault)
        raise UserError(f"{_shown(url)} cannot be reached ({said}): check the connection, or put the file in place by hand") from fault


def fetch_profile(profile: Profile, *, trust_first_download: bool = False, opener: Opener = open_url) -> str:
    """Download the file of a profile and say in one sentence what is there now; see `fetch`.

    When the profile states no size or checksum and the download was trusted, the sentence gives the lines to write into it.
    """
    file = fetch(profile, opener=opener, trust_first_download=trust_first_download)
    wanted = profile.fetch
    if wanted is None or wanted.size is None or wanted.sha256 is None:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        return f"{file.name} was taken on trust: write 'size: {file.stat().st_size}' and 'sha256: {digest}' into the profile"
    return f"{file.name} is there and whole: {wanted.size:,} bytes, SHA-256 as stated, licence {wanted.licence}"


def fetch(profile: Profile, folder: Path | None = None, opener: Opener = open_url, *, trust_first_download: bool = False) -> Path:
    """Download the file of a profile unless it is already there and whole.

    The download goes to a temporary name beside its place and is renamed when size and SHA-256 agree with the profile.
    Whatever goes wrong leaves no file behind, and a good file that was there stays. A zip that holds one workbook or Parquet
    file, which readers do not open packed, is unpacked beside itself.

    Parameters
    ----------
    profile : Profile
        With `fetch:` filled in.
    folder : pathlib.Path, optional
        Where `fetch.path` starts; the profile's own folder when left out.
    opener : callable
        Opens an address for reading; tests pass their own.
    trust_first_download : bool
        Accept a file whose size or SHA-256 the profile does not state. What it does state is checked all the same.

    Returns
    -------
    pathlib.Path
        The file, whole.

    Raises
    ------
    UserError
        Nothing to fetch, a path that leaves the folder, an address that is not http or https, a refused, short, too long or
        changed download, a checksum that is not stated and not waived, no room on the disk.

    Examples
    --------
    >>> import io, tempfile
    >>> from helpers.collection.profiles import Fetch, Source
    >>> digest = hashlib.sha256(b"a,b").hexdigest()
    >>> what = Fetch(url="https://example.com/x.csv", path="x.csv", size=3, sha256=digest, licence="CC0")
    >>> where = Source(name="x", table="costs", path="x.csv", columns={"play": "a"})
    >>> mine = Profile(profile="x", title="x", currency="EUR", as_of="2025-01-31", fetch=what, sources=[where])
    >>> with tempfile.TemporaryDirectory() as place:
    ...     fetch(mine, Path(place), lambda url: io.BytesIO(b"a,b")).read_bytes()
    b'a,b'
    """
    wanted = profile.fetch
    if wanted is None:
        raise UserError(f"profile {profile.profile} names nothing to fetch: its files must be put in place by hand")
    target = _place(profile, profile.base if folder is None else folder)
    if target.is_file() and is_whole(target, wanted.size, wanted.sha256):
        _unpack(target)
        return target
    _check_address(wanted.url)
    if (wanted.size is None or wanted.sha256 is None) and not trust_first_download:
        raise UserError(f"profile {profile.profile} states no size or SHA-256: pass --trust-first-download to take the file as it comes")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as fault:
        raise UserError(f"{target.name} cannot be written ({fault.strerror}): check the folder {target.parent.name}") from fault
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            size, digest = _download(wanted.url, opener, out, wanted.size)
        _check_content(wanted.url, (size, digest), (wanted.size, wanted.sha256))
        part.chmod(0o644)
        part.replace(target)
    except OSError as fault:
        raise UserError(f"{target.name} cannot be written ({fault.strerror}): free some space or check the folder") from fault
    finally:
        part.unlink(missing_ok=True)
    _unpack(target)
    return target


def is_whole(file: Path, size: int | None, sha256: str | None) -> bool:
    """Say whether a file has this size and this SHA-256; unknown ones never agree."""
    if sha256 is None or file.stat().st_size != size:
        return False
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == sha256


def _unpack(archive: Path) -> None:
    """Write the only file of a verified zip beside it, under its bare name, when readers need it unpacked."""
    if archive.suffix.lower() != ".zip":
        return
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [m for m in packed.infolist() if not m.is_dir()]
            if len(members) != 1 or Path(members[0].filename).suffix.lower() not in UNPACKED:
                return
            target = archive.parent / Path(members[0].filename).name
            if target.is_file() and target.stat().st_size == members[0].file_size:
                return
            part = target.with_name(f".{target.name}.part")
            try:
                with packed.open(members[0]) as source, part.open("wb") as out:
                    shutil.copyfileobj(source, out, BLOCK)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
    except (zipfile.BadZipFile, OSError) as fault:
        raise UserError(f"{archive.name} cannot be unpacked ({fault}): free some space or unpack it by hand") from fault


class _WebOnly(HTTPRedirectHandler):
    """Follow redirects within http and https only, and never from https down to http."""

    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        _check_address(newurl)
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise UserError(f"{_shown(req.full_url)} leads from https to http, which anybody could change on the way: find another address")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UserError(f"{_shown(url)} is not an http or https address: only such files are fetched")


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"  # without user, password and query, which may be secret


def _place(profile: Profile, folder: Path) -> Path:
    path = profile.fetch.path if profile.fetch else ""
    target, base = (folder / path).resolve(), folder.resolve()
    if base not in target.parents:
        raise UserError(f"profile {profile.profile}: fetch path {path!r} leaves its folder: keep it inside")
    return target


def _download(url: str, opener: Opener, out: IO[bytes], most: int | None) -> tuple[int, str]:
    """Copy to `out`, stopping as soon as more than `most` bytes came, if given; return size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    with closing(opener(url)) as source:
        for block in _blocks(url, source):
            size += len(block)
            digest.update(block)
            if most is not None and size > most:
                raise UserError(
                    f"{_shown(url)} sends more than the {most:,} bytes that the profile states: it has changed, so check it and the profile"
                )
            out.write(block)
    return size, digest.hexdigest()


def _blocks(url: str, source: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            block = source.read(BLOCK)
        except (OSError, http.client.HTTPException) as fault:
            raise UserError(f"{_shown(url)} broke off while it was read ({fault}): try again") from fault
        if not block:
            return
        yield block


def _check_content(url: str, got: tuple[int, str], wanted: tuple[int | None, str | None]) -> None:
    if wanted[0] is not None and got[0] < wanted[0]:
        raise UserError(f"{_shown(url)} sent {got[0]:,} of {wanted[0]:,} bytes: the download broke off, so try again")
    if wanted[1] is not None and got[1] != wanted[1]:
        raise UserError(
            f"{_shown(url)} has SHA-256 {got[1]}, the profile states {wanted[1]}: the file has changed, so nothing was kept; check it and the profile"
        )
