"""Scheme files: read safely, handed to the stages as plain contents, so that their text is part of the cache key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError
from helpers.runs.paths import project_root


def scheme_folder() -> Path:
    """Return the folder of the schemes: `data/schemes` of the project. A file put there is a scheme of every run."""
    return project_root() / "data" / "schemes"


def read_scheme_file(path: Path) -> Any:
    """Return the content of one scheme file.

    Raises
    ------
    UserError
        No such file, or no YAML in it; the message names the line.
    """
    try:
        return read_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise UserError(f"there is no scheme file {path.name}: data/schemes holds {', '.join(sorted(p.name for p in scheme_folder().glob('*.yml')))}") from fault
    except OSError as fault:  # a folder, or a file that may not be read
        raise UserError(f"{path.name} cannot be read: name a scheme file, for example data/schemes/rfm4.yml") from fault
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise UserError(f"{path.name} cannot be read as YAML: {' '.join(str(fault).split())}") from fault


def read_scheme_files() -> dict[str, Any]:
    """Return the contents of all scheme files by the name of the scheme, which is the name of its file."""
    contents: dict[str, Any] = {}
    for path in sorted(scheme_folder().glob("*.yml")):
        content = read_scheme_file(path)
        name = content.get("scheme") if isinstance(content, dict) else None
        if name != path.stem:
            raise UserError(f"{path.name} must begin with scheme: {path.stem}, not {name!r}: file and scheme have one name")
        contents[path.stem] = content
    return contents
