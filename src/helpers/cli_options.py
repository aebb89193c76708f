"""Options that several commands of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

ProfileOption = Annotated[str, typer.Option(help="name in data/profiles, or the path of a .yml file")]
AsOfOption = Annotated[str, typer.Option(help="last day that is read, YYYY-MM-DD; default: the profile's")]
SetOption = Annotated[Optional[list[str]], typer.Option("--set", help="section.key=value; crmkit settings lists all")]  # noqa: UP045 typer reads it
OutOption = Annotated[Optional[Path], typer.Option(help="run folder; default: outputs/<profile>")]  # noqa: UP045


def near(path: Path) -> str:
    """The path as the user would type it from where they stand."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
