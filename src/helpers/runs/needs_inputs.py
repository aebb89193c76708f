"""What needs mining reads from files: the editable maps of `data/needs`, and sheets that people fill in the run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError
from helpers.needs.checking import read_checks
from helpers.needs.coding import check_coding
from helpers.needs.maps import FILES, NeedsMaps, build_maps
from helpers.runs.paths import project_root

VOICE_SHEET, CODING_SHEET = Path("review") / "voice.csv", Path("review") / "interviews.csv"


def read_maps(folder: Path | None = None) -> NeedsMaps:
    """Return the maps of `data/needs`, checked; a fault names file and place."""
    where = folder or project_root() / "data" / "needs"
    return build_maps({name: _read_yaml(where / f"{name}.yml") for name in FILES})


def _read_yaml(file: Path) -> Any:
    if not file.exists():
        raise UserError(f"there is no file data/needs/{file.name}: restore it from the project")
    try:
        return read_yaml(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        raise UserError(f"data/needs/{file.name}{f', line {mark.line + 1}' if mark else ''} is no valid YAML: check indents, quotes and colons") from fault


def read_filled(folder: Path) -> dict[str, pd.DataFrame | None]:
    """Return the sheets of a run folder that people have filled in, None where there is none."""
    return {
        "voice_checks": _read_sheet(folder / VOICE_SHEET, read_checks),
        "interview_coding": _read_sheet(folder / CODING_SHEET, check_coding),
    }


def _read_sheet(file: Path, read: Any) -> pd.DataFrame | None:
    if not file.exists():
        return None
    try:
        content = pd.read_csv(file, dtype="str", encoding="utf-8-sig", sep=None, engine="python", keep_default_na=False)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as fault:
        raise UserError(f"{file.name} in the folder review cannot be read as a CSV file in UTF-8: save it as CSV UTF-8") from fault
    filled = read(content, file.name)
    return filled if len(filled) else None
