"""Lessons as steps of a run: parameters checked, executed by papermill, kept with their HTML."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from helpers.errors import UserError
from helpers.runs.files import whole_file, write_whole
from helpers.runs.paths import project_root
from helpers.runs.run import Run

KERNEL = "python3"
START_SECONDS = 120  # a cold laptop needs long for its first kernel


@dataclass(frozen=True)
class Executed:
    """What became of one notebook."""

    notebook: str
    status: str
    seconds: float
    error: str = ""

    def record(self) -> dict[str, Any]:
        """Return the entry for the manifest."""
        return asdict(self)


def lessons() -> list[Path]:
    """Return the numbered notebooks in order."""
    return sorted((project_root() / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def parameters_of(run: Run) -> dict[str, Any]:
    """Return the parameters that make a lesson read this run instead of its own example."""
    return {
        "profile": str(run.profile._file) if run.profile._file.parent != project_root() / "data" / "profiles" else run.profile.profile,
        "as_of": run.as_of.isoformat(),
        "settings": run.settings.model_dump(mode="json", exclude_defaults=True),
        "out": run.folder.as_posix(),
    }


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not have: papermill would only log it and go on."""
    import papermill

    known = papermill.inspect_notebook(str(notebook))
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise UserError(f"{notebook.name} has no parameter {', '.join(unknown)}: it has {', '.join(known)}")


def execute_lesson(notebook: Path, parameters: dict[str, Any], folder: Path) -> Executed:
    """Run one lesson with its parameters; the executed notebook is kept even when it failed half-way.

    Parameters
    ----------
    notebook : pathlib.Path
        The lesson.
    parameters : dict
        Values for its parameters cell.
    folder : pathlib.Path
        Where `<lesson>.ipynb` and `<lesson>.html` are put.
    """
    import papermill
    from papermill.exceptions import PapermillExecutionError

    check_parameters(notebook, parameters)
    _quiet()
    started, error = time.perf_counter(), ""
    with whole_file(folder / notebook.name) as draft:
        try:
            papermill.execute_notebook(
                str(notebook), f"{draft}", parameters=parameters, kernel_name=KERNEL, progress_bar=False,
                start_timeout=START_SECONDS, cwd=str(notebook.parent), extra_arguments=["--log-level=ERROR"],
            )  # fmt: skip
        except PapermillExecutionError as fault:
            error = f"cell {fault.exec_count}: {fault.ename}: {' '.join(str(fault.evalue).split())}"
    _write_html(folder / notebook.name)
    return Executed(notebook.stem, "failed" if error else "ok", round(time.perf_counter() - started, 1), error)


def _quiet() -> None:
    """papermill tells of every cell; the debugger of a missing module that nobody needs here."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def _write_html(executed: Path) -> None:
    import nbformat
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(embed_images=True, mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="")
    body, _ = exporter.from_notebook_node(nbformat.read(executed, as_version=4), resources={"metadata": {"name": executed.stem}})
    write_whole(executed.with_suffix(".html"), body)
