"""Kernels forked from a warm process: what they leave is what papermill leaves with ordinary kernels, and nothing outlives who asked."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers.runs import Run
from helpers.runs.batch.nursery import CAN_FORK, Child, Nursery
from helpers.runs.batch.preload import imported_by
from helpers.runs.notebooks import Execution, execute_lesson, lessons, parameters_of

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="kernels are only forked on Linux")
ALL = bool(os.environ.get("CRMKIT_ALL_LESSONS"))  # by hand; each costs as much as its lesson twice
SOME = [p for p in lessons() if ALL or p.name[:2] in {"00", "03", "07"}]  # the smallest, one with controls, one that makes its tables anew


@pytest.fixture(scope="module")
def nursery():
    with Nursery() as warm:
        yield warm.ready()


def execution(nursery, **options):
    from helpers.runs.batch.kernels import warm_manager

    return Execution(warm_manager(nursery.address), **options)


def told(path: Path) -> list:
    """Everything a reader or nbval sees of an executed notebook: no times, and no random names of widgets."""
    notebook = copy.deepcopy(nbformat.read(path, as_version=4))
    cells = []
    for cell in notebook.cells:
        outputs = [copy.deepcopy(o) for o in cell.get("outputs", [])]
        merged: list = []
        for output in outputs:  # a text may come in one piece or several, with every kernel
            if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
                merged[-1].text += output.text
            else:
                merged.append(output)
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
        status = cell.metadata.papermill["status"]
        cells.append((cell.cell_type, cell.source, cell.metadata.get("tags"), cell.get("execution_count"), status, merged))
    return cells


def note(folder: Path, *sources: str) -> Path:
    parameters = nbformat.v4.new_code_cell('profile: str = "demo"  # a\nas_of: str = ""  # b\nsettings: dict = {}  # c\nout: str = ""  # d', metadata={"tags": ["parameters"]})
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    notebook = nbformat.v4.new_notebook(cells=[parameters, *map(nbformat.v4.new_code_cell, sources)], metadata=kernel)
    nbformat.write(notebook, folder / "note.ipynb")
    return folder / "note.ipynb"


@pytest.mark.parametrize("lesson", SOME, ids=lambda p: p.stem)
def test_a_lesson_looks_as_papermill_leaves_it(lesson, nursery, tmp_path):
    parameters = parameters_of(Run.open("demo", out=tmp_path / "run"))
    cold = execute_lesson(lesson, parameters, tmp_path / "cold")
    warm = execute_lesson(lesson, parameters, tmp_path / "warm", execution(nursery))
    assert (cold.status, warm.status, warm.error) == ("ok", "ok", "")
    assert told(tmp_path / "warm" / lesson.name) == told(tmp_path / "cold" / lesson.name)
    assert nbformat.read(tmp_path / "warm" / lesson.name, 4).metadata.papermill.output_path.endswith(f"/{lesson.name}")


def test_kernels_share_nothing(nursery, tmp_path):
    notebook = note(tmp_path, "import helpers\nprint(getattr(helpers, 'left', 'clean'))\nhelpers.left = 'dirty'", "import os\nprint(os.getcwd() == os.environ['PWD_WANTED'])")
    outputs = []
    for turn in ("one", "two"):
        os.environ["PWD_WANTED"] = str(tmp_path)
        done = execute_lesson(notebook, {}, tmp_path / turn, execution(nursery))
        assert done.status == "ok"
        outputs.append([o["text"] for c in nbformat.read(tmp_path / turn / "note.ipynb", 4).cells for o in c.get("outputs", [])])
    assert outputs == [["clean\n", "True\n"], ["clean\n", "True\n"]]


def test_random_numbers_differ_between_kernels_that_set_no_seed(nursery, tmp_path):
    notebook = note(tmp_path, "import random, numpy as np\nprint(random.random(), np.random.rand())")
    for turn in ("one", "two"):
        execute_lesson(notebook, {}, tmp_path / turn, execution(nursery))
    one, two = ([c for c in nbformat.read(tmp_path / t / "note.ipynb", 4).cells][1].outputs[0].text.split() for t in ("one", "two"))
    assert one[0] != two[0] and one[1] != two[1]


def test_a_notebook_beyond_its_time_is_stopped_and_kept(nursery, tmp_path):
    notebook = note(tmp_path, "print('first')", "import time\ntime.sleep(60)", "print('never')")
    started = time.monotonic()
    done = execute_lesson(notebook, {}, tmp_path / "out", execution(nursery, limit_seconds=2))
    assert time.monotonic() - started < 30
    assert done.status == "failed" and done.error == "cell 3: stopped, because the notebook exceeded its time limit of 2 s"
    cells = nbformat.read(tmp_path / "out" / "note.ipynb", 4).cells
    assert cells[1].outputs[0].text == "first\n" and not cells[3].outputs
    assert (tmp_path / "out" / "note.html").exists()


def test_a_kernel_that_dies_is_one_sentence(nursery, tmp_path):
    notebook = note(tmp_path, "print('first')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = execute_lesson(notebook, {}, tmp_path / "out", execution(nursery))
    assert done.status == "failed" and "the kernel died" in done.error
    assert nbformat.read(tmp_path / "out" / "note.ipynb", 4).cells[1].outputs[0].text == "first\n"


def test_what_looks_for_a_kernel_at_import_is_not_imported_before_there_is_one(nursery, tmp_path):
    notebook = note(
        tmp_path, "import sys\nprint('lifetimes' in sys.modules, 'pandas' in sys.modules)", "import matplotlib\nprint(matplotlib.get_backend())",
        "import pandas as pd\nprint(pd.get_option('display.max_rows'))",
        "import ipywidgets, comm\nprint('jupyter.widget' in comm.get_comm_manager().targets)",
    )  # fmt: skip
    for turn, how in (("warm", execution(nursery)), ("cold", Execution())):
        execute_lesson(notebook, {}, tmp_path / turn, how)
    warm, cold = (nbformat.read(tmp_path / t / "note.ipynb", 4).cells for t in ("warm", "cold"))
    assert warm[1].outputs[0].text == "False True\n" and cold[1].outputs[0].text == "False False\n"
    assert [c.outputs for c in warm[2:]] == [c.outputs for c in cold[2:]] and "True" in warm[4].outputs[0].text


def test_imports_of_a_lesson_are_read_from_its_cells(tmp_path):
    assert imported_by(note(tmp_path, "import a.b as c\nfrom d import e", "%magic\nimport lost", "import a.b")) == ["a.b", "d"]


def test_children_end_with_who_asked_also_after_kill(tmp_path):
    program = (
        "import sys, time\nfrom helpers.runs.batch.nursery import Nursery, Child\n"
        "warm = Nursery().ready()\nwork = {'do': 'kernel', 'argv': ['-f', sys.argv[1]]}\nchild = Child(warm.address, work)\n"
        "print(warm._server.pid, child.pid, flush=True)\ntime.sleep(600)\n"
    )
    asker = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "kernel.json")], stdout=subprocess.PIPE, text=True)
    server, child = map(int, asker.stdout.readline().split())
    assert psutil.pid_exists(server) and psutil.pid_exists(child)
    os.kill(asker.pid, signal.SIGKILL)
    asker.wait()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE for p in (server, child)):
        time.sleep(0.1)
    assert not [p for p in (server, child) if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]


def test_a_fault_in_a_child_is_told_in_one_sentence(nursery):
    child = Child(nursery.address, {"do": "run", "work": {}, "address": ""})
    line = child.read_line(60)
    assert line == {"fault": "KeyError: 'notebooks'"}
    child.close()
