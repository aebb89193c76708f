"""What a warm process has imported before it is asked for anything: what lessons and stages import anyway."""

from __future__ import annotations

import ast
import contextlib
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import nbformat

from helpers.runs.cache import code_fingerprint
from helpers.runs.graph import stages
from helpers.runs.notebooks import lessons, warm_export
from helpers.runs.versions import library_fingerprint

ALWAYS = (
    "ipykernel.kernelapp", "papermill", "nbconvert", "matplotlib.pyplot", "matplotlib.font_manager", "seaborn", "pyarrow.parquet", "duckdb",
    "helpers.runs.main_job", "helpers.runs.reporting", "helpers.show.plots",
)  # fmt: skip
NEVER = ("lifetimes",)  # it changes a setting of pandas when it is imported; each kernel does that itself, where its lesson does
INLINE = "module://matplotlib_inline.backend_inline"  # what every kernel draws with; matplotlib looks only once, when it is imported


def preload() -> None:
    """Import what lessons and stages need, and build the graph of stages; a lesson's faulty import is left to the lesson to report."""
    os.environ["MPLBACKEND"] = INLINE
    for name in dict.fromkeys([*ALWAYS, *(n for lesson in lessons() for n in imported_by(lesson))]):
        if not name.startswith(NEVER):
            with contextlib.suppress(ImportError):
                import_module(name)
    stages()
    code_fingerprint()
    library_fingerprint()
    warm_export()


def imported_by(lesson: Path) -> list[str]:
    """Return the modules that a notebook's code cells import, in order, each once."""
    cells = [c.source for c in nbformat.read(lesson, as_version=4).cells if c.cell_type == "code"]
    return list(dict.fromkeys(name for source in cells for name in _imports(source)))


def _imports(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell may hold commands of the notebook itself, such as %timeit
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
