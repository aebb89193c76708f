"""Where things are, whatever folder a notebook or a command was started in."""

from __future__ import annotations

import os
from pathlib import Path

import helpers
from helpers.errors import UserError


def project_root() -> Path:
    """Return the project's folder: `CRMKIT_HOME` when set, else the checkout that `helpers` was installed from.

    Raises
    ------
    UserError
        The folder found holds no `notebooks` and `data`.
    """
    told = os.environ.get("CRMKIT_HOME")
    root = Path(told) if told else Path(helpers.__file__).resolve().parents[2]
    if not (root / "notebooks").is_dir() or not (root / "data").is_dir():
        raise UserError(f"{root} is not a crmkit project: set CRMKIT_HOME to the folder that holds notebooks and data")
    return root.resolve()


def from_project(place: str | Path) -> str:
    """Tell a place inside the project from there, because another computer's checkout may lie elsewhere; any other place, or a name, stays as it is."""
    inside = "://" not in str(place) and Path(place).is_relative_to(project_root())
    return Path(place).relative_to(project_root()).as_posix() if inside else str(place)


def cache_folder() -> Path:
    """Return the folder of the stage cache, shared between runs (`CRMKIT_CACHE` moves it)."""
    return Path(os.environ.get("CRMKIT_CACHE") or project_root() / ".crmkit" / "cache")


def profile_file(profile: str) -> Path:
    """Return the file of a profile given by name (`demo`) or by path (`mine/shop.yml`)."""
    if profile.endswith((".yml", ".yaml")):
        path = Path(profile)
        return path.absolute() if path.is_absolute() or path.exists() else project_root() / path  # a notebook runs in another folder
    if not profile.replace("_", "").replace("-", "").isalnum():
        raise UserError(f"{profile!r} is not the name of a profile: use letters, digits, - and _, or the path of a .yml file")
    known = project_root() / "data" / "profiles"
    if not (known / f"{profile}.yml").exists():
        names = ", ".join(sorted(p.stem for p in known.glob("*.yml")))
        raise UserError(f"there is no profile {profile!r}: there are {names}; crmkit profile new FILE... drafts one")
    return known / f"{profile}.yml"


def out_folder(out: str | Path, profile: str) -> Path:
    """Return the run folder: `out`, relative to the project; by default `outputs/<profile>`.

    A folder that holds something else than a run is refused, so that nothing of the user's is overwritten.
    """
    folder = Path(out) if out else Path("outputs") / profile
    folder = folder if folder.is_absolute() else project_root() / folder
    if folder.is_file():
        raise UserError(f"{folder.name} is a file: name a folder for the run")
    foreign = folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).exists()
    if foreign:
        raise UserError(f"folder {folder.name} holds files that are not a run's: name an empty folder or an earlier run's")
    return folder


MARKER = ".crmkit-run"  # tells a run folder from a folder of the user's
