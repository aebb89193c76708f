"""Exercise notebooks on disk: written from solutions, compared with them."""

from __future__ import annotations

from pathlib import Path

import nbformat

from helpers.runs.files import write_whole
from helpers.runs.paths import project_root
from helpers.teach.exercises import make_exercise


def _pairs() -> list[tuple[Path, Path]]:
    folder = project_root() / "notebooks"
    return [(s, folder / "exercises" / s.name.replace("_sol.ipynb", "_ex.ipynb")) for s in sorted((folder / "solutions").glob("*_sol.ipynb"))]


def _text(solution: Path) -> str:
    return nbformat.writes(make_exercise(nbformat.read(solution, as_version=4))) + "\n"


def write_exercises() -> list[str]:
    """Write every exercise from its solution; returns the names written."""
    for solution, exercise in _pairs():
        write_whole(exercise, _text(solution))
    return [exercise.name for _, exercise in _pairs()]


def stale_exercises() -> list[str]:
    """Return the exercises that differ from what their solution gives."""
    return [e.name for s, e in _pairs() if not e.exists() or e.read_text(encoding="utf-8") != _text(s)]
