"""`crmkit verify`: does a run still give the numbers it gave? Everything is made again from the exports, in an empty cache, and compared."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from helpers.errors import UserError
from helpers.runs.files import sha256_of
from helpers.runs.manifest import FILLED_IN, MANIFEST, read_manifest
from helpers.runs.paths import MARKER, project_root
from helpers.runs.run import Run
from helpers.runs.tablefiles import table_facts
from helpers.runs.verify_inputs import SHOWN, Finding, find_inputs, find_versions, sheets_read
from helpers.runs.verify_plugin import TARGET

CELL_SECONDS = 1800


@dataclass(frozen=True)
class Verdict:
    """What a re-check found, and how much it compared."""

    findings: tuple[Finding, ...]
    tables: int
    cells: int
    files: int

    @property
    def same_results(self) -> bool:
        """Whether tables, files and outputs are what they were, whatever else changed."""
        return not any(f.kind in {"table", "output", "file"} for f in self.findings)

    def lines(self) -> list[str]:
        """Return a line per finding."""
        return [f"{f.kind:<8}{f.name}: {f.says}" for f in self.findings]


def say_verdict(verdict: Verdict) -> str:
    """Return in one sentence whether a run is as it was, and how much was compared.

    Examples
    --------
    >>> say_verdict(Verdict((), tables=3, cells=9, files=12))
    'verified: 12 files, 3 tables and 9 cells compared, all as they were'
    """
    compared = f"{verdict.files} files, {verdict.tables} tables and {verdict.cells} cells compared"
    if not verdict.findings:
        return f"verified: {compared}, all as they were"
    kept = "; tables and outputs are the same all the same" if verdict.same_results else ""
    count = "1 finding" if len(verdict.findings) == 1 else f"{len(verdict.findings)} findings"
    return f"not as it was: {count} ({compared}){kept}"


def verify_run(folder: Path) -> Verdict:
    """Re-check a run: its files, its inputs, versions and code, its tables made again, its notebooks executed again under nbval.

    Parameters
    ----------
    folder : pathlib.Path
        A run folder with a manifest. Nothing in it is changed.

    Returns
    -------
    Verdict

    Raises
    ------
    UserError
        No manifest, or the run cannot be made again at all (a source is gone).
    """
    if not (folder / MANIFEST).exists():
        raise UserError(f"{folder.name} has no {MANIFEST}: it is no run, or one that was not finished")
    record = read_manifest(folder)
    findings = [*_files(folder, record), *_tables_on_disk(folder, record), *find_versions(record)]
    with tempfile.TemporaryDirectory(prefix="crmkit-verify-") as place, _empty_cache(Path(place)):
        run = open_again(folder, record, Path(place))
        findings += [*find_inputs(run, record), *_tables(run, record)]
        cells, outputs = _notebooks(folder, record, Path(place))
    return Verdict(tuple([*findings, *outputs]), len(record["tables"]), cells, len(record.get("files", {})))


@contextmanager
def _empty_cache(place: Path) -> Iterator[None]:
    """A table from the cache would prove nothing."""
    before = os.environ.get("CRMKIT_CACHE")
    os.environ["CRMKIT_CACHE"] = str(place / "cache")
    try:
        yield
    finally:
        os.environ.pop("CRMKIT_CACHE")
        if before is not None:
            os.environ["CRMKIT_CACHE"] = before


def open_again(folder: Path, record: Mapping[str, Any], place: Path) -> Run:
    """Open the same run in a scratch folder `run` under `place`, with the sheets that people had filled in when it read them."""
    scratch = place / "run"
    scratch.mkdir()
    (scratch / MARKER).write_text("scratch", encoding="utf-8")
    for name in sheets_read(folder, record):
        (scratch / name).parent.mkdir(exist_ok=True)
        shutil.copy(folder / name, scratch / name)
    return Run.open(record["profile_file"] or record["profile"], record["as_of"], record["settings"], scratch)


def _files(folder: Path, record: Mapping[str, Any]) -> Iterator[Finding]:
    """What people fill in after the run, the sheets of `review` and the workbook of the action list, only has to be there."""
    for name, facts in record.get("files", {}).items():
        if not (folder / name).exists():
            yield Finding("file", name, "is gone")
        elif not name.endswith(".parquet") and not name.startswith(FILLED_IN) and sha256_of(folder / name) != facts["sha256"]:
            yield Finding("file", name, "was altered after the run")


def _tables_on_disk(folder: Path, record: Mapping[str, Any]) -> Iterator[Finding]:
    for name, facts in record["tables"].items():
        file = folder / "tables" / f"{name}.parquet"
        if file.exists() and table_facts(file)["sha256"] != facts["sha256"]:
            yield Finding("table", name, "the file was altered after the run: its content is not what the manifest states")


def _tables(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    for name, facts in record["tables"].items():
        if not run.measured(name):
            yield Finding("table", name, f"can no longer be made: {run.why_not(name)}")
        elif (again := table_facts(run.cache.ensure(name)))["sha256"] != facts["sha256"]:
            yield Finding("table", name, f"made again, its content differs ({facts['rows']:,} rows then, {again['rows']:,} now)")


def _notebooks(folder: Path, record: Mapping[str, Any], place: Path) -> tuple[int, list[Finding]]:
    """Execute copies of the notebooks under nbval; they write into the scratch folder."""
    failed = [Finding("output", n["notebook"], f"failed when the run was made: {n['error']}") for n in record["notebooks"] if n["status"] != "ok"]
    names = [n["notebook"] for n in record["notebooks"] if n["status"] == "ok" and (folder / "notebooks" / f"{n['notebook']}.ipynb").exists()]
    if not names:
        return 0, failed
    copies = place / "notebooks"
    copies.mkdir()
    shutil.copy(project_root() / "notebooks" / "conftest.py", copies)
    for name in names:
        nbformat.write(_redirected(folder / "notebooks" / f"{name}.ipynb", place / "run"), copies / f"{name}.ipynb")
    told = _nbval(copies, names)
    unseen = [Finding("output", n, "nbval compared no cell of it") for n in names if not told["cells"].get(n)]
    return sum(told["cells"].values()), [*failed, *unseen, *_outputs(told["faults"])]


def _redirected(file: Path, out: Path) -> nbformat.NotebookNode:
    """The same notebook with the run folder's place taken by a scratch folder."""
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            kept = [ast.unparse(s) for s in ast.parse(cell.source).body if not (isinstance(s, ast.Assign) and ast.unparse(s.targets[0]) == "out")]
            cell.source = "\n".join([*kept, f"out = {out.as_posix()!r}"])
    return notebook


def _nbval(copies: Path, names: list[str]) -> dict[str, Any]:
    report = copies / "report.json"
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "helpers.runs.verify_plugin", "--nbval", "--nbval-current-env",
        "--nbval-sanitize-with", str(project_root() / "tests" / "notebooks" / "sanitize.cfg"), "--nbval-cell-timeout", str(CELL_SECONDS),
        "-c", os.devnull, "--rootdir", str(copies), *[f"{n}.ipynb" for n in names],
    ]  # fmt: skip
    done = subprocess.run(command, cwd=copies, env=os.environ | {TARGET: str(report)}, capture_output=True, text=True, check=False)
    if not report.exists():
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise UserError(f"nbval could not be run: {''.join(last)}: run crmkit check-env")
    return json.loads(report.read_text(encoding="utf-8"))


def _outputs(faults: list[dict[str, Any]]) -> Iterator[Finding]:
    by: dict[str, list[dict[str, Any]]] = {}
    for fault in faults:
        by.setdefault(fault["notebook"], []).append(fault)
    for notebook, own in by.items():
        for fault in own[:SHOWN]:
            yield Finding("output", f"{notebook}, cell {fault['cell']}", _first_difference(fault))
        if len(own) > SHOWN:
            yield Finding("output", notebook, f"and {len(own) - SHOWN} more cells")


def _first_difference(fault: Mapping[str, Any]) -> str:
    """What stood there and what comes now, by the first line that differs; else what nbval says."""
    if fault["was"] or fault["now"]:
        return f"said {fault['was'][:100]!r} when the run was made, says {fault['now'][:100]!r} now"
    return " ".join([f"{fault['says']}:", *fault["last"]])[:240]
