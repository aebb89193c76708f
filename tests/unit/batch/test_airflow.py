"""The worked Airflow DAG does what it says, without Airflow: its tasks are recorded by stand-ins, rendered as Airflow would, and done on the little project."""

from __future__ import annotations

import runpy
import subprocess
import sys
from types import ModuleType

import jinja2
import pandas as pd
import papermill
import pytest

from helpers.runs.paths import project_root

DAG_FILE = project_root() / "docs" / "airflow" / "crmkit_weekly.py"
BATCH_FILE = project_root() / "data" / "batches" / "weekly.yml"  # the project's own, read before a test puts another project in its place


class Task:
    """Stands in for an operator: keeps what it was told, and what comes after it."""

    def __init__(self, **told):
        self.told, self.after = told, []

    def __rshift__(self, other):
        self.after += other if isinstance(other, list) else [other]
        return other


class Dag(Task):
    """Stands in for the DAG, which is a context too."""

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        """Nothing to close."""


@pytest.fixture
def tasks(project, monkeypatch):
    """The DAG's tasks by id, and their texts rendered for the little project and one Monday."""
    stand_ins = {"airflow.sdk": {"DAG": Dag}, "airflow.providers.standard.operators.bash": {"BashOperator": Task}, "airflow.providers.papermill.operators.papermill": {"PapermillOperator": Task}}
    for name, members in stand_ins.items():
        parts = name.split(".")
        for package in (".".join(parts[:n]) for n in range(1, len(parts))):
            monkeypatch.setitem(sys.modules, package, ModuleType(package))
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        vars(sys.modules[name]).update(members)
    known = {"var": {"value": {"crmkit_home": str(project), "crmkit_profile": "shop"}}, "data_interval_end": pd.Timestamp("2025-06-30"), "ds": "2025-06-23"}
    made = jinja2.Environment()
    made.filters["ds"] = lambda day: f"{day:%Y-%m-%d}"

    def render(value):
        if isinstance(value, dict):
            return {k: render(v) for k, v in value.items()}
        return made.from_string(value).render(known) if isinstance(value, str) else value

    found = [v for v in runpy.run_path(str(DAG_FILE)).values() if type(v) is Task]
    for task in found:
        task.told = render(task.told)
    return {t.told["task_id"]: t for t in found}


@pytest.mark.skipif(sys.platform == "win32", reason="Airflow and its bash tasks run on Linux and macOS")
def test_the_papermill_task_runs_in_folders_that_the_tasks_before_it_made_also_when_it_is_repeated(tasks, project):
    (project / "notebooks" / "00_sizes.ipynb").rename(project / "notebooks" / "03_rfm_tiering.ipynb")
    assert tasks["tiers"] in tasks["folder"].after and tasks["folder"] in tasks["batch"].after
    told = tasks["tiers"].told
    for _ in range(2):
        subprocess.run(["bash", "-c", tasks["folder"].told["bash_command"]], check=True)
        papermill.execute_notebook(told["input_nb"], told["output_nb"], told["parameters"], kernel_name=told["kernel_name"], progress_bar=False)
    run = project / "outputs" / "weekly" / "2025-06-30"
    assert (run / "tables" / "customer_tiers.parquet").exists() and not (run / "notebooks").exists()
    assert (project / "outputs" / "weekly_notebooks" / "2025-06-30" / "03_rfm_tiering.ipynb").exists()


def test_the_verify_task_checks_the_batch_that_the_batch_task_does(tasks):
    assert tasks["batch"].told["bash_command"] == "python3 kit.py batch data/batches/weekly.yml --until 2025-06-30 --keep-going"
    assert "batch: weekly" in BATCH_FILE.read_text(encoding="utf-8").splitlines()
    assert tasks["verify"].told["bash_command"] == "python3 kit.py verify outputs/batches/weekly" and tasks["verify"] in tasks["batch"].after
