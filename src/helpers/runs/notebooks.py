"""Lessons as steps of a run: parameters checked, executed by papermill, kept with their HTML."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
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


@dataclass(frozen=True)
class Execution:
    """How notebooks are executed.

    Parameters
    ----------
    manager : type, optional
        Kernel manager for papermill; none: an ordinary kernel per notebook.
    limit_seconds : float
        A notebook that takes longer is stopped; 0: no limit.
    """

    manager: type | None = None
    limit_seconds: float = 0

    def options(self) -> dict[str, Any]:
        """Return what papermill hands to its client; a kernel says of every orderly end that it was interrupted."""
        level = ["--log-level=ERROR"] if self.manager is None else ["--log-level=CRITICAL"]
        return {"extra_arguments": level} | ({"kernel_manager_class": self.manager} if self.manager else {})


@dataclass
class Clock:
    """Gives each cell what is left of a notebook's time, and remembers which cell that was."""

    limit_seconds: float
    cell: int = 0
    started: float = field(default_factory=time.monotonic)

    def __call__(self, cell: Any) -> float | None:
        self.cell += 1
        return max(self.limit_seconds - (time.monotonic() - self.started), 0.1) if self.limit_seconds else None


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


@cache
def _parameter_names(notebook: Path, changed: float) -> tuple[str, ...]:
    import papermill

    return tuple(papermill.inspect_notebook(str(notebook)))


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuse a parameter that the notebook does not have: papermill would only log it and go on."""
    known = _parameter_names(notebook, notebook.stat().st_mtime)
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise UserError(f"{notebook.name} has no parameter {', '.join(unknown)}: it has {', '.join(known)}")


def execute_lesson(notebook: Path, parameters: dict[str, Any], folder: Path, execution: Execution = Execution()) -> Executed:
    """Run one lesson with its parameters; the executed notebook is kept even when it failed half-way.

    Parameters
    ----------
    notebook : pathlib.Path
        The lesson.
    parameters : dict
        Values for its parameters cell.
    folder : pathlib.Path
        Where `<lesson>.ipynb` and `<lesson>.html` are put.
    execution : Execution, optional
        Kernels and time limit.
    """
    check_parameters(notebook, parameters)
    _quiet()
    started = time.perf_counter()
    with whole_file(folder / notebook.name) as draft:
        error = _papermill(notebook, draft, parameters, execution)
        _name_output(draft, folder / notebook.name)
    _write_html(folder / notebook.name)
    return Executed(notebook.stem, "failed" if error else "ok", round(time.perf_counter() - started, 1), error)


def _papermill(notebook: Path, draft: Path, parameters: dict[str, Any], execution: Execution) -> str:
    """Execute and return what went wrong in one sentence, empty when nothing did."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    clock = Clock(execution.limit_seconds)
    try:
        papermill.execute_notebook(
            str(notebook), f"{draft}", parameters=parameters, kernel_name=KERNEL, progress_bar=False, engine_name=_engine(),
            start_timeout=START_SECONDS, cwd=str(notebook.parent), timeout_func=clock, **execution.options(),
        )  # fmt: skip
    except PapermillExecutionError as fault:
        return f"cell {fault.exec_count}: {fault.ename}: {' '.join(str(fault.evalue).split())}"
    except CellTimeoutError:
        return f"cell {clock.cell}: stopped, because the notebook exceeded its time limit of {execution.limit_seconds:g} s"
    except DeadKernelError:
        return f"cell {clock.cell}: the kernel died, perhaps because the memory was full"
    except RuntimeError as fault:
        return f"the kernel did not start: {' '.join(str(fault).split())}"
    return ""


@cache
def _engine() -> str:
    """Register papermill's own engine with fewer saves: it writes the whole notebook twice per cell, which takes as long as the cells."""
    from papermill.engines import NBClientEngine, papermill_engines

    class SparingEngine(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
            nb_man.save = _now_and_then(nb_man.save)
            try:
                return super().execute_managed_notebook(nb_man, kernel_name, **options)
            finally:
                del nb_man.save  # the last save, by papermill itself, is always made

    papermill_engines.register("crmkit", SparingEngine)
    return "crmkit"


def _now_and_then(save: Callable[[], None], every_seconds: float = 5) -> Callable[..., None]:
    last = time.monotonic()

    def sparing(**_: Any) -> None:
        nonlocal last
        if time.monotonic() - last >= every_seconds:
            save()
            last = time.monotonic()

    return sparing


def _name_output(draft: Path, final: Path) -> None:
    """papermill notes where it wrote; the draft's name means nothing to a reader."""
    text = draft.read_text(encoding="utf-8")
    write_whole(draft, text.replace(draft.name, final.name))


def _quiet() -> None:
    """papermill tells of every cell; the debugger of a missing module that nobody needs here."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")


@cache
def _exporter() -> Any:
    from nbconvert import HTMLExporter

    plain = {"mathjax_url": "", "require_js_url": "", "jquery_url": "", "mermaid_js_url": ""}
    return HTMLExporter(embed_images=True, filters={"highlight_code": _highlight}, **plain)


def _highlight(source: str, language: str | None = None, metadata: Any = None) -> str:
    return _highlighted(source, language or "ipython3")


@cache
def _highlighted(source: str, language: str) -> str:
    """Colour a cell's code; the same cells come again in every run."""
    from nbconvert.filters.highlight import Highlight2HTML

    return Highlight2HTML(pygments_lexer=language)(source, language)


def warm_export() -> None:
    """Do what all exports have in common once: compile the templates, colour the lessons' code."""
    import nbformat

    _exporter().from_notebook_node(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("a"), nbformat.v4.new_code_cell("1")]))
    for lesson in lessons():
        for cell in nbformat.read(lesson, as_version=4).cells:
            if cell.cell_type == "code":
                _highlight(cell.source)


def _write_html(executed: Path) -> None:
    import nbformat

    body, _ = _exporter().from_notebook_node(nbformat.read(executed, as_version=4), resources={"metadata": {"name": executed.stem}})
    write_whole(executed.with_suffix(".html"), body)
