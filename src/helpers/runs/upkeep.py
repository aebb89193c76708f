"""The stage cache grows with every export, setting and version of the code: what it holds, and what nobody has used for long."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from helpers.errors import UserError
from helpers.runs.files import DRAFT, draft_beside

DAY, GIGABYTE = 24 * 3600, 1e9
AGES = {"within a day": 1, "within a week": 7, "within 30 days": 30, "within 90 days": 90, "within a year": 365}
LONGER = "longer ago"
NO_TABLES = {"locks", "spill"}  # folders of the cache that hold something else


def read_days(told: str) -> int:
    """Return the days of `60d`.

    Examples
    --------
    >>> read_days("60d")
    60
    """
    days = re.fullmatch(r"([1-9]\d{0,4})d?", told.strip())
    if not days:
        raise UserError(f"--older-than {told} is no number of days: write it as 60d, at least 1d, because what a batch at work has used today must stay")
    return int(days[1])


def cached_files(folder: Path, now: float) -> pd.DataFrame:
    """Return what the cache holds, the longest unused first.

    Parameters
    ----------
    folder : pathlib.Path
    now : float
        Seconds since 1970.

    Returns
    -------
    pandas.DataFrame
        path (object), bytes (int64), unused_days (float64, since it was made or last read).
    """
    rows = [(p, f.st_size, (now - _used_at(f)) / DAY) for p, f in _files(folder)]
    frame = pd.DataFrame(rows, columns=["path", "bytes", "unused_days"]).astype({"bytes": "int64", "unused_days": "float64"})
    return frame.sort_values(["unused_days", "bytes"], ascending=False, ignore_index=True)


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.glob("*/*"):
        if path.suffix in {".parquet", ".json"} and not path.name.startswith(DRAFT) and path.parent.name not in NO_TABLES:
            try:
                yield path, path.stat()
            except FileNotFoundError:  # another prune has just removed it
                continue


def _used_at(facts: os.stat_result) -> float:
    return max(facts.st_atime, facts.st_mtime)


def sum_by_age(files: pd.DataFrame) -> pd.DataFrame:
    """Return last_used (str), tables (int64) and gb (float64, 10^9 bytes) of what `cached_files` returned."""
    edges = [-float("inf"), *AGES.values(), float("inf")]
    age = pd.cut(files["unused_days"], edges, labels=[*AGES, LONGER])
    summed = files.groupby(age, observed=False)["bytes"].agg(["size", "sum"]).reset_index()
    return pd.DataFrame({"last_used": summed["unused_days"].astype("str"), "tables": summed["size"].astype("int64"), "gb": (summed["sum"] / GIGABYTE).round(3)})


def prune(folder: Path, days: int, now: float | None = None) -> tuple[int, int]:
    """Remove what was not used for so many days, safely beside runs at work; return how many files and bytes.

    A file is put aside, looked at again, and put back when somebody has used it in between. A run that then misses a table makes it again.
    """
    now = time.time() if now is None else now
    files = cached_files(folder, now)
    removed = [_remove(p, now - days * DAY) for p in files.loc[files["unused_days"] > days, "path"]]
    gone = [n for n in removed if n is not None]
    return len(gone), sum(gone)


def _remove(path: Path, before: float) -> int | None:
    """Return the bytes of a removed file, None when it stays; what a killed prune had put aside is swept with drafts."""
    aside = draft_beside(path)
    try:
        path.rename(aside)
    except (FileNotFoundError, PermissionError):  # gone already, or open in a program on Windows
        return None
    facts = aside.stat()
    if _used_at(facts) > before:
        aside.replace(path)
        return None
    aside.unlink()
    return facts.st_size
