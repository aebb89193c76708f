"""Signal and playbook files, and the last list: read safely, handed to the stages as plain contents, so that their text is part of the cache key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError
from helpers.runs.action_status import read_status, with_status
from helpers.runs.paths import project_root
from helpers.runs.tablefiles import read_table

LIST_TABLE, MANIFEST = Path("tables") / "action_list.parquet", "manifest.json"
HISTORY_TABLE, TOUCHES_TABLE = "list_history.parquet", "planned_touches.parquet"


def read_folder(name: str) -> dict[str, Any]:
    """Return the contents of all YAML files of a folder in `data` by file name without ending.

    Raises
    ------
    UserError
        A file is no YAML; the message names file and line.
    """
    return {path.stem: read_yaml_file(path, f"data/{name}/") for path in sorted((project_root() / "data" / name).glob("*.yml"))}


def read_yaml_file(path: Path, place: str = "") -> Any:
    """Return the content of a YAML file; `place` is what a message says before its name."""
    try:
        return read_yaml(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError as fault:
        raise UserError(f"there is no file {place}{path.name}") from fault
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise UserError(f"{place}{path.name} cannot be read as YAML: {' '.join(str(fault).split())}") from fault


def read_previous_list(previous: str, as_of: pd.Timestamp, folder: Path | None = None) -> pd.DataFrame | None:
    """Return the list of an earlier run with what people entered in its `action_list.xlsx` or `review/actions.csv`; None when none is named.

    Parameters
    ----------
    previous : str
        Run folder, relative to the project (setting `actions.previous`, `crmkit run --previous`); empty: no earlier list.
    as_of : pandas.Timestamp
        Day of the present run.
    folder : pathlib.Path, optional
        Folder of the present run, which would be written over the earlier one.

    Returns
    -------
    pandas.DataFrame or None
        The columns of `action_list` and listed_on (datetime64, the day of that list).

    Raises
    ------
    UserError
        The folder lies outside the project, is that of the present run, holds no list, or holds one that is not earlier.
    """
    if not previous:
        return None
    where = f"setting actions.previous = {previous!r}"
    earlier = (project_root() / previous).resolve()
    if not earlier.is_relative_to(project_root().resolve()):
        raise UserError(f"{where}: name a run folder inside the project, for example outputs/demo")
    if not (earlier / LIST_TABLE).exists():
        raise UserError(f"{where}: there is no {LIST_TABLE.as_posix()} in it; run that day first")
    if folder is not None and earlier == folder.resolve():
        raise UserError(f"{where} is the folder of this run itself: give the new run another one (--out), so that the earlier list stays")
    told = read_table(earlier / LIST_TABLE)
    listed_on = _day_of(earlier, told)
    if listed_on is not None and listed_on >= as_of:
        raise UserError(f"{where}: its list is of {listed_on:%Y-%m-%d}, which is not before {as_of:%Y-%m-%d}")
    return with_status(told, read_status(earlier)).assign(listed_on=listed_on)


def read_previous_history(previous: str) -> pd.DataFrame | None:
    """Return what the lists before came to, as the earlier run left it, with those whom it held out itself; None when there is none."""
    if not previous:
        return None
    tables = (project_root() / previous).resolve() / "tables"
    parts = [read_table(tables / HISTORY_TABLE)] if (tables / HISTORY_TABLE).exists() else []
    if (tables / TOUCHES_TABLE).exists():
        touches, listed_on = read_table(tables / TOUCHES_TABLE), _day_of(tables.parent, read_table(tables / LIST_TABLE.name))
        held = touches[touches["group"] == "held_out"]
        parts.append(
            pd.DataFrame(
                {"customer_id": held["customer_id"], "play": held["play"], "step": 0, "what": "held_out", "on": listed_on, "why": "held out on purpose"}
            )
        )
    return pd.concat([p for p in parts if len(p)], ignore_index=True) if any(len(p) for p in parts) else None


def _day_of(folder: Path, told: pd.DataFrame) -> pd.Timestamp | None:
    """The as-of date of the earlier run; of a run that was broken off, the newest day on its list."""
    if (folder / MANIFEST).exists():
        return pd.Timestamp(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["as_of"])
    return told["first_listed_on"].max() if len(told) else None


def near_project(folder: Path) -> str:
    """Return a folder as the setting `actions.previous` names it: relative to the project, wherever the command was given.

    Raises
    ------
    UserError
        It lies outside the project.
    """
    here, root = folder.absolute().resolve(), project_root().resolve()
    there = here if here.exists() else (root / folder).resolve()
    if not there.is_relative_to(root):
        raise UserError(f"--previous {folder}: name a run folder inside the project, for example outputs/demo")
    return there.relative_to(root).as_posix()
