"""The same batch on a Dask cluster of two worker processes that the test starts: the same tables."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from helpers.errors import UserError
from helpers.runs.batch.driver import Options, run_batch

KINDS = "batch: b\ncommon: {profile: shop, notebooks: ['00']}\ngrid: {customer_kind: [business, consumer]}\n"


def quiet(line):
    """Nobody listens."""


@pytest.fixture
def scheduler(project):
    """A scheduler and two workers as processes of their own, as an operator starts them."""
    pytest.importorskip("distributed", reason="needs Dask, see the dask extra")
    environment = os.environ | {"DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__STATUS__TASK_STREAM_LENGTH": "10"}
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    processes = [subprocess.Popen(start, stderr=subprocess.PIPE, text=True, env=environment, cwd=project)]
    address = next(found[0] for line in processes[0].stderr if (found := re.search(r"tcp://127\.0\.0\.1:\d+", line)))
    for _ in range(2):
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1"]
        processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment, cwd=project))
    yield address
    for process in reversed(processes):
        process.terminate()
    for process in processes:
        process.wait(30)


def hashes(place):
    return {f.parent.name: {n: t["sha256"] for n, t in json.loads(f.read_text(encoding="utf-8"))["tables"].items()} for f in sorted(place.glob("*/manifest.json"))}


def test_a_cluster_gives_the_same_tables(project, batch_file, scheduler, monkeypatch):
    file = batch_file(KINDS)
    done = run_batch(file, Options(out=str(project / "cluster"), scheduler=scheduler), say=quiet)
    assert done.failed == {} and len(hashes(project / "cluster")) == 2
    monkeypatch.setenv("CRMKIT_CACHE", str(project / "another cache"))
    run_batch(file, Options(out=str(project / "local"), jobs=2), say=quiet)
    assert hashes(project / "cluster") == hashes(project / "local")


def test_no_scheduler_is_one_sentence(project, batch_file, monkeypatch):
    pytest.importorskip("distributed", reason="needs Dask, see the dask extra")
    monkeypatch.setattr("helpers.runs.batch.driver.WORKER_SECONDS", 2)
    with pytest.raises(UserError, match="no Dask scheduler answers at tcp://127.0.0.1:9"):
        run_batch(batch_file(KINDS), Options(scheduler="tcp://127.0.0.1:9"), say=quiet)


def test_without_dask_the_sentence_installs_from_the_checkout(project, batch_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r'--scheduler needs Dask: .*python -m pip install -e "\.\[dask\]"'):
        run_batch(batch_file(KINDS), Options(scheduler="tcp://127.0.0.1:9"), say=quiet)
