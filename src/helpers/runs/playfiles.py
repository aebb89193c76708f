"""Signal and playbook files, and the last list: read safely, handed to the stages as plain contents, so that their text is part of the cache key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.errors import UserError
from helpers.runs.paths import project_root
from helpers.runs.tablefiles import read_table

LIST_TABLE, STATUS_SHEET = Path("tables") / "action_list.parquet", Path("review") / "actions.csv"


def read_folder(name: str) -> dict[str, Any]:
    """Return the contents of all YAML files of a folder in `data` by file name without ending.

    Raises
    ------
    UserError
        A file is no YAML; the message names file and line.
    """
    return {path.stem: _read_yaml(path, name) for path in sorted((project_root() / "data" / name).glob("*.yml"))}


def _read_yaml(path: Path, folder: str) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise UserError(f"data/{folder}/{path.name} cannot be read as YAML: {' '.join(str(fault).split())}") from fault


def read_previous_list(previous: str, as_of: pd.Timestamp) -> pd.DataFrame | None:
    """Return the list of an earlier run with what people wrote into its sheet `review/actions.csv`; None when none is named.

    Parameters
    ----------
    previous : str
        Run folder, relative to the project (setting `actions.previous`); empty: no earlier list.
    as_of : pandas.Timestamp
        Day of the present run.

    Raises
    ------
    UserError
        The folder lies outside the project, holds no list, or holds one that is not earlier.
    """
    if not previous:
        return None
    folder = (project_root() / previous).resolve()
    if not folder.is_relative_to(project_root().resolve()):
        raise UserError(f"setting actions.previous = {previous!r}: name a run folder inside the project, for example outputs/demo")
    if not (folder / LIST_TABLE).exists():
        raise UserError(f"setting actions.previous = {previous!r}: there is no {LIST_TABLE.as_posix()} in it; run that day first")
    told = read_table(folder / LIST_TABLE)
    listed_on = told["first_listed_on"].max() if len(told) else pd.NaT
    if len(told) and listed_on >= as_of:
        raise UserError(f"setting actions.previous = {previous!r}: its list is of {listed_on:%Y-%m-%d}, which is not before {as_of:%Y-%m-%d}")
    return _with_status(told.assign(listed_on=listed_on), folder / STATUS_SHEET)


def _with_status(told: pd.DataFrame, sheet: Path) -> pd.DataFrame:
    """What people wrote goes first; a sheet that lacks a column is ignored in it."""
    if not sheet.exists():
        return told
    try:
        written = pd.read_csv(sheet, dtype="str", encoding="utf-8-sig", sep=None, engine="python", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as fault:
        raise UserError(f"{sheet.name} in the folder review cannot be read as a CSV file in UTF-8: save it as CSV UTF-8") from fault
    if "action_id" not in written:
        raise UserError(f"{sheet.name} in the folder review has no column action_id: keep the header as it was written")
    by = written.drop_duplicates("action_id", keep="last").set_index("action_id")
    for column in ("status", "result"):
        if column in by:
            told[column] = told["action_id"].map(by[column]).fillna(told[column])
    return told
