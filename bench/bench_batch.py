"""`crmkit batch --jobs 2` against the same notebooks run one after another by plain papermill, in one run.

python bench/bench_batch.py thresholds 6          # six runs that differ only in a threshold
python bench/bench_batch.py quarters 6            # six runs that differ in their quarter
python bench/bench_batch.py quarters 6 complete_journey
python bench/bench_batch.py data/batches/demo_quarters.yml   # the runs of a batch file
python bench/bench_batch.py data/batches/demo_quarters.yml --plain-every 5   # plain papermill does every fifth run only
CRMKIT_BENCH_FOLDER=... python bench/bench_batch.py ...      # keep the batch's folder there for a look

Each side begins with an empty cache. Plain papermill only executes notebooks; the batch also writes tables, HTML, report, manifest and
the index page. Half of the plain runs come before the batch and half after it, so that a computer that others use as well treats both
alike. Plain papermill takes minutes per run, so of a long batch it may do a part: its time is then that part's mean times all runs, and the
line says how many it did. The share of kernel start-up and imports is measured with notebooks that hold nothing but the import lines of each lesson.
"""

from __future__ import annotations

import argparse
import ast
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import papermill
import yaml

from helpers.runs.batch.files import Every
from helpers.runs.batch.grid import period_ends
from helpers.runs.batch.plan import make_plan
from helpers.runs.notebooks import KERNEL, lessons

LAST_DAY = {"demo": "2025-06-30", "complete_journey": "2017-12-31"}
JOBS = 2


def plan(scenario: str, count: int, profile: str) -> list[dict[str, Any]]:
    """Return the parameters of each run, without its folder."""
    last = LAST_DAY[profile]
    if scenario == "thresholds":
        return [{"profile": profile, "as_of": last, "settings": {"lifecycle": {"new_days": 30 + 15 * n}}} for n in range(count)]
    every = "quarter" if profile == "demo" else "month"
    days = period_ends(Every(**{"from": "2016-01-01", "to": last, "every": every}))[-count:]
    return [{"profile": profile, "as_of": d.isoformat(), "settings": {}} for d in days]


def plan_of(file: Path) -> list[dict[str, Any]]:
    """Return the parameters of each run of a batch file."""
    with tempfile.TemporaryDirectory() as folder:
        return [{"profile": r.profile, "as_of": r.as_of, "settings": r.settings} for r in make_plan(file, Path(folder)).runs]


def run_plain(runs: list[dict[str, Any]], scratch: Path) -> float:
    """Execute every lesson of every run by plain papermill; returns seconds."""
    started = time.perf_counter()
    for place, parameters in enumerate(runs):
        out = scratch / f"plain{place}-{parameters['as_of']}-{abs(hash(json.dumps(parameters)))}"
        out.mkdir()
        for lesson in lessons():
            target = out / "notebooks" / lesson.name
            target.parent.mkdir(exist_ok=True)
            papermill.execute_notebook(
                str(lesson), str(target), parameters=parameters | {"out": str(out / "run")}, kernel_name=KERNEL, progress_bar=False, cwd=str(lesson.parent)
            )
    return time.perf_counter() - started


def run_batch(runs: list[dict[str, Any]], scratch: Path) -> float:
    """Do the same runs with `crmkit batch`; returns seconds, Python's own start included."""
    file = scratch / "bench.yml"
    listed = [{"name": f"run-{n}", "profile": r["profile"], "as_of": r["as_of"], "settings": r["settings"]} for n, r in enumerate(runs)]
    place = os.environ.get("CRMKIT_BENCH_FOLDER", str(scratch / "batch"))
    file.write_text(yaml.safe_dump({"batch": "bench", "out": place, "runs": listed}), encoding="utf-8")
    command = [sys.executable, "-c", "from helpers.cli import main; main()", "batch", str(file), "--jobs", str(JOBS)]
    started = time.perf_counter()
    subprocess.run(command, check=True, env=os.environ | {"CRMKIT_CACHE": str(scratch / "batch cache")}, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def imports_only(scratch: Path) -> float:
    """Seconds that plain papermill takes for one run's lessons when nothing is left in them but their import lines."""
    started = time.perf_counter()
    for lesson in lessons():
        notebook = nbformat.read(lesson, as_version=4)
        cells = [c for c in notebook.cells if c.cell_type == "code"]
        lines = [ast.unparse(n) for c in cells for n in ast.parse(c.source).body if isinstance(n, ast.Import | ast.ImportFrom)]
        load = "import helpers.runs.graph as _g; _ = _g.stages()"  # the first table that a lesson asks for imports the stages
        notebook.cells = [nbformat.v4.new_code_cell("\n".join([*lines, load]))]
        probe = scratch / f"probe_{lesson.name}"
        nbformat.write(notebook, probe)
        papermill.execute_notebook(str(probe), str(probe), kernel_name=KERNEL, progress_bar=False)
    return time.perf_counter() - started


def main(scenario: str, count: int, profile: str, every: int) -> None:
    """Measure and print one line of the table in README.md."""
    logging.getLogger("papermill").setLevel(logging.ERROR)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every plain kernel would compile the kit anew
    runs = plan_of(Path(scenario)) if scenario.endswith(".yml") else plan(scenario, count, profile)
    profile, count = runs[0]["profile"], len(runs)
    sample = runs[::every]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        os.environ["CRMKIT_CACHE"] = str(scratch / "plain cache")
        half = (len(sample) + 1) // 2
        before, floor = run_plain(sample[:half], scratch), imports_only(scratch)
        batch = run_batch(runs, scratch)
        after = run_plain(sample[half:], scratch) if sample[half:] else 0.0
        floor = (floor + imports_only(scratch)) / 2
    plain = (before + after) / len(sample) * count
    did = f"{plain:.0f}" if every == 1 else f"{plain:.0f}, from {len(sample)} runs"
    print(f"| {profile} | {Path(scenario).stem} | {count} x {len(lessons())} | {did} | {batch:.0f} | {batch / plain:.2f} | {floor * count / plain:.0%} |", flush=True)


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("scenario")
    words.add_argument("count", type=int, nargs="?", default=0)
    words.add_argument("profile", nargs="?", default="demo")
    words.add_argument("--plain-every", type=int, default=1)
    told = words.parse_args()
    print("| profile | what differs | runs x lessons | plain papermill (s) | crmkit batch --jobs 2 (s) | ratio | kernel start-up and imports in plain |\n|---|---|---|---|---|---|---|", flush=True)
    main(told.scenario, told.count, told.profile, told.plain_every)
