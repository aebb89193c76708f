"""Which versions of Python and of the packages that crmkit builds on are installed."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version

from packaging.requirements import Requirement


def direct_versions() -> dict[str, str]:
    """Return the version of every package that crmkit names as its own requirement, by name."""
    needed = [Requirement(r) for r in distribution("crmkit").requires or []]
    direct = sorted({r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})})
    return {name: _version(name) for name in direct}


def _version(package: str) -> str:
    """A package that is declared but absent only matters to who needs it; the manifest says so and the run goes on."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


@cache
def library_fingerprint() -> str:
    """Return a hash of Python and package versions: a table made by other versions may differ, so it is made again."""
    told = [platform.python_version(), *(f"{n} {v}" for n, v in direct_versions().items())]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:32]
