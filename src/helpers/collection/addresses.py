"""Addresses of databases: environment variables filled in, secrets kept out of profiles and messages."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from helpers.collection.profiles import Profile
from helpers.errors import UserError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def address(raw: str, profile: Profile, label: str) -> URL:
    """Return the database's address with environment variables filled in.

    Raises
    ------
    UserError
        Not an address, an unset variable, a password in plain text, or a SQLite file outside the profile's folder.
    """
    try:
        url = make_url(raw)
        secrets = [url.password, *(v for k, v in url.query.items() if k.lower() in {"password", "passwd", "pwd"})]
        if any(secret and not _VARIABLE.search(str(secret)) for secret in secrets):
            raise UserError(f"{label}: a password stands in the profile: put it into an environment variable and write ${{NAME}} instead")
        filled = {part: _fill(getattr(url, part), label) for part in ("username", "password", "host", "database")}
        url = url.set(**{k: v for k, v in filled.items() if v is not None})
        url = url.set(query={k: _fill(v, label) for k, v in url.query.items()})
    except ArgumentError:
        url = _address_from_variable(raw, label)
    return _sqlite_inside(url, profile, label) if url.get_backend_name() == "sqlite" else url


def _address_from_variable(raw: str, label: str) -> URL:
    try:
        return make_url(_fill(raw, label))
    except (ArgumentError, ValueError):
        # The cause is not chained: it would show the address with its password.
        raise UserError(
            f"{label}: 'url:' is not a database address: write for example postgresql+psycopg://user:${{PASSWORD}}@host/database"
        ) from None


def _fill(value: Any, label: str) -> Any:
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in os.environ:
            raise UserError(f"{label} needs the environment variable {name}: set it before the run")
    return _VARIABLE.sub(lambda m: os.environ[m[1]], value)


def _sqlite_inside(url: URL, profile: Profile, label: str) -> URL:
    base = profile.base
    file = (base / (url.database or "")).resolve()
    if base not in file.parents:
        raise UserError(
            f"{label}: the SQLite file {Path(url.database or '').name!r} is outside the folder {profile.folder!r}: set 'folder:' to where it is"
        )
    if not file.is_file():
        raise UserError(f"{label}: there is no SQLite file {file.name} in {profile.folder!r}: check 'folder:' and 'url:'")
    return url.set(database=str(file))


def safe_text(url: URL) -> str:
    """Return an address fit for a message: kind, host and database, nothing secret.

    Examples
    --------
    >>> safe_text(make_url("postgresql+psycopg://me:secret@db.example.com/shop?sslkey=x"))
    'postgresql at db.example.com/shop'
    """
    name = Path(url.database).name if url.get_backend_name() == "sqlite" and url.database else url.database
    return f"{url.get_backend_name()} at {url.host}/{name}" if url.host else f"{url.get_backend_name()} {name}"
