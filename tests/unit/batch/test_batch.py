"""A batch: parallel, resumable, one bad run stops no other, two batches do not damage each other, one page compares all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from batch_project import LESSONS, write_lesson, write_shop

from helpers.errors import UserError
from helpers.runs.batch.child import Outcome
from helpers.runs.batch.driver import Options, dry_run, run_batch
from helpers.runs.batch.lock import only_batch
from helpers.runs.batch.store import Store
from helpers.runs.files import DRAFT
from helpers.runs.notebooks import lessons
from helpers.runs.paths import project_root

KINDS = "batch: b\ncommon: {profile: shop, notebooks: ['00']}\ngrid: {customer_kind: [all, business, consumer]}\nruns: [{name: earlier, as_of: 2025-03-31, notebooks: all}]\n"
TWO = "batch: b\ncommon: {profile: shop, notebooks: ['00']}\nruns: [{name: one}, {name: two, notebooks: none, settings: {rfm: {bands: 3}}}]\n"
ONE = "batch: b\nruns: [{name: one, profile: shop, notebooks: ['00']}]\n"


def quiet(line):
    """Nobody listens."""


def hashes(place):
    return {f.parent.name: {n: t["sha256"] for n, t in json.loads(f.read_text(encoding="utf-8"))["tables"].items()} for f in sorted(place.glob("*/manifest.json"))}


def test_the_index_has_a_row_per_run_and_kinds_add_up_to_all(project, batch_file):
    lines: list[str] = []
    done = run_batch(batch_file(KINDS), Options(jobs=2), say=lines.append)
    place = project / "outputs" / "batches" / "b"
    assert done.failed == {} and len(lines) == 5 and "left" in lines[1]
    index = pd.read_parquet(place / "index.parquet").set_index("run")
    assert index.index.tolist() == ["all", "business", "consumer", "earlier"]
    assert index["status"].eq("finished").all() and index["error"].eq("").all()
    assert index.at["all", "customers"] == 30 and index.at["business", "customers"] == 8
    assert index.at["business", "filters"] == "business" and index[["planned_actions", "planned_net"]].ge(0).all().all()
    for figure in ("revenue", "customers", "at_risk_value"):
        assert round(index.loc[["business", "consumer"], figure].sum(), 2) == round(index.at["all", figure], 2)
    shares = index.filter(like="share of ")
    assert ((shares.sum(axis=1) - 1).abs() < 1e-4).all()
    page = (place / "index.html").read_text(encoding="utf-8")
    assert page.count("<tr data-run=") == 4 and 'href="business/report.html"' in page and page.count("<figure>") >= 3
    assert "net revenue (EUR)" in page and all(f'href="{run}/actions/action_list.html"' in page for run in index.index)
    assert not list(place.rglob(f"{DRAFT}*"))
    manifest = json.loads((place / "business" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["filters"] == "only customer kind business" and [n["status"] for n in manifest["notebooks"]] == ["ok"]
    out = pd.read_parquet(place / "business" / "tables" / "filtered_out.parquet").set_index("source")
    ledger = pd.read_parquet(place / "business" / "tables" / "ledger.parquet").set_index("source")
    assert out.at["sales", "rows"] + ledger.at["sales", "rows_read"] == 600 and out.at["people", "rows"] == 22


def test_finished_runs_are_skipped_and_changed_ones_done_again(project, batch_file):
    file = batch_file(TWO)
    place = project / "outputs" / "batches" / "b"
    assert len(run_batch(file, Options(jobs=2), say=quiet).todo) == 0
    first = {p: p.stat().st_mtime_ns for p in place.glob("*/manifest.json")}
    lines: list[str] = []
    run_batch(file, Options(jobs=2), say=lines.append)
    assert lines == ["b: 2 runs, 2 finished before, 0 to do"]
    assert {p: p.stat().st_mtime_ns for p in place.glob("*/manifest.json")} == first
    batch_file(TWO.replace("bands: 3", "bands: 4"))
    assert dry_run(file, Options())[0].set_index("run")["state"].to_dict() == {"one": "finished", "two": "changed"}
    (place / "one" / "tables" / "rfm.parquet").unlink()
    assert dry_run(file, Options())[0].set_index("run")["state"].to_dict() == {"one": "unfinished", "two": "changed"}
    run_batch(file, Options(jobs=2), say=quiet)
    assert set(dry_run(file, Options())[0]["state"]) == {"finished"}
    write_lesson(project / "notebooks", "00_sizes", [*LESSONS["00_sizes"], "print('more')"])
    table, sentence = dry_run(file, Options(jobs=2))
    assert table.set_index("run")["state"].to_dict() == {"one": "changed", "two": "finished"} and "1 to do, 0 tables to make; about" in sentence
    write_shop(project / "data" / "shop", rows=610)
    assert set(dry_run(file, Options())[0]["state"]) == {"changed"}


def test_an_interrupted_run_goes_on_with_the_next_lesson(project, batch_file, monkeypatch):
    from helpers.runs import main_job

    file = batch_file("batch: b\nruns: [{name: one, profile: shop}]\n")
    place = project / "outputs" / "batches" / "b" / "one"
    real, started = main_job.execute_lesson, []

    def stop_at_second(lesson, *rest):
        started.append(lesson.stem)
        if lesson.stem == "01_money" and started.count("01_money") == 1:
            raise KeyboardInterrupt
        return real(lesson, *rest)

    monkeypatch.setattr(main_job, "execute_lesson", stop_at_second)
    work = {"profile": "shop", "as_of": "", "settings": {}, "out": str(place), "notebooks": ["00_sizes", "01_money"], "notebook_seconds": 0}
    from helpers.runs.batch.child import perform

    with pytest.raises(KeyboardInterrupt):
        perform(work)
    assert not (place / "manifest.json").exists() and (place / "progress.json").exists()
    assert perform(work)["status"] == "ok"
    assert started == ["00_sizes", "01_money", "01_money"] and not (place / "progress.json").exists()
    assert dry_run(file, Options())[0]["state"].tolist() == ["finished"]


def test_one_bad_setting_one_broken_file_one_endless_notebook_and_the_others_finish(project, batch_file):
    (project / "data" / "broken").mkdir()
    shutil.copy(project / "data" / "shop" / "people.csv", project / "data" / "broken")
    (project / "data" / "broken" / "sales.csv").write_bytes(b"\x00\x01\x02 no table at all")
    text = (project / "data" / "profiles" / "shop.yml").read_text(encoding="utf-8")
    (project / "data" / "profiles" / "broken.yml").write_text(text.replace("profile: shop", "profile: broken").replace("folder: ../shop", "folder: ../broken"), encoding="utf-8")
    write_lesson(project / "notebooks", "02_endless", [LESSONS["00_sizes"][0], "import time\ntime.sleep(600)"])
    file = batch_file(
        "batch: b\nnotebook_minutes: 0.1\ncommon: {profile: shop, notebooks: ['00', '01']}\nruns: [{name: good}, {name: setting, settings: {rfm: {bands: 99}}},"
        " {name: file, profile: broken}, {name: endless, notebooks: all}]\n"
    )
    with pytest.raises(UserError, match="run setting: setting rfm.bands = 99"):
        run_batch(file, Options(jobs=2), say=quiet)
    done = run_batch(file, Options(jobs=2, keep_going=True), say=quiet)
    assert set(done.failed) == {"setting", "file", "endless"}
    assert "rfm.bands = 99" in done.failed["setting"] and "sales.csv" in done.failed["file"]
    assert done.failed["endless"] == "02_endless, cell 4: stopped, because the notebook exceeded its time limit of 6 s"
    assert all("\n" not in error and error for error in done.failed.values())
    place = project / "outputs" / "batches" / "b"
    index = pd.read_parquet(place / "index.parquet").set_index("run")
    assert index["status"].to_dict() == {"good": "finished", "setting": "failed", "file": "failed", "endless": "failed"}
    page = (place / "index.html").read_text(encoding="utf-8")
    assert page.count('class="fault"') == 3 and "endless/notebooks/02_endless.html" in page
    kept = nbformat.read(place / "endless" / "notebooks" / "02_endless.ipynb", 4)
    assert any("2025-06-30" in o.get("text", "") for c in kept.cells for o in c.get("outputs", []))
    states = dry_run(file, Options(keep_going=True))[0].set_index("run")["state"].to_dict()
    assert states == {"good": "finished", "endless": "failed before", "file": "unfinished", "setting": "cannot start"}


def test_a_run_beyond_its_own_limit_is_stopped(project, batch_file):
    write_lesson(project / "notebooks", "02_endless", ["import time\ntime.sleep(600)"])
    done = run_batch(batch_file("batch: b\nrun_minutes: 0.25\nruns: [{name: one, profile: shop, notebooks: ['02']}]\n"), Options(), say=quiet)
    assert done.failed == {"one": "stopped, because the run exceeded its time limit of 15 s"}


def test_a_process_that_dies_fails_its_run_only(project, batch_file):
    write_lesson(project / "notebooks", "02_fatal", ["import os, signal\nos.kill(os.getppid(), 0)\nimport ctypes\nctypes.string_at(0)"])
    done = run_batch(batch_file("batch: b\ncommon: {profile: shop}\nruns: [{name: fatal, notebooks: ['02']}]\n"), Options(jobs=2), say=quiet)
    assert set(done.failed) == {"fatal"} and "the kernel died" in done.failed["fatal"]


def test_a_market_without_orders_up_to_the_day_is_one_sentence(project, batch_file):
    done = run_batch(batch_file("batch: b\nruns: [{name: early, profile: shop, as_of: 2024-01-01, filters: {market: North}}]\n"), Options(), say=quiet)
    assert done.failed == {"early": "no order up to 2024-01-01 is left with only market North: take a later day or another filter"}


def test_without_forking_a_batch_gives_the_same_tables(project, batch_file, monkeypatch):
    file = batch_file(ONE)
    run_batch(file, Options(jobs=2), say=quiet)
    warm = hashes(project / "outputs" / "batches" / "b")
    monkeypatch.setattr("helpers.runs.batch.driver.CAN_FORK", False)
    monkeypatch.setattr("helpers.runs.batch.child.CAN_FORK", False)
    monkeypatch.setenv("CRMKIT_CACHE", str(project / "another cache"))
    done = run_batch(file, Options(out=str(project / "cold"), jobs=2), say=quiet)
    assert done.failed == {} and hashes(project / "cold") == warm


def test_two_batches_in_one_folder_the_second_is_refused_and_told_why(project, batch_file):
    place = project / "outputs" / "batches" / "b"
    with Store(place).hold(), pytest.raises(UserError, match=rf"another batch is at work in b \(process {os.getpid()} on .*, since "):
        run_batch(batch_file(TWO), Options(), say=quiet)
    with Store(place).hold():
        pass


def test_the_lock_of_a_killed_batch_holds_nobody_up(project):
    place = project / "outputs" / "batches" / "b"
    program = "import sys, time\nfrom pathlib import Path\nfrom helpers.runs.batch.lock import only_batch\nwith only_batch(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(600)\n"
    holder = subprocess.Popen([sys.executable, "-c", program, str(place)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(UserError, match=f"process {holder.pid}"), only_batch(place):
        pass
    holder.kill()
    holder.wait()
    with only_batch(place):
        pass


def test_two_batches_at_once_in_two_folders_share_the_cache_and_agree(project, batch_file, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(project / "empty cache"))
    file = batch_file(ONE)
    outs = [project / "a", project / "b"]
    threads = [threading.Thread(target=run_batch, args=(file, Options(out=str(o), jobs=1)), kwargs={"say": quiet}) for o in outs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hashes(outs[0]) == hashes(outs[1]) and len(hashes(outs[0])) == 1


def test_a_folder_of_the_users_is_refused_and_left_as_it_was(project, batch_file):
    (project / "mine").mkdir()
    (project / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="folder mine holds files that are not a batch's"):
        run_batch(batch_file(TWO), Options(out=str(project / "mine")), say=quiet)
    assert [p.name for p in (project / "mine").iterdir()] == ["thesis.txt"]


def test_the_small_project_is_found(project):
    assert project_root() == project and [p.stem for p in lessons()] == ["00_sizes", "01_money"]


def test_the_command_ends_with_one_when_a_run_failed_and_says_which(project, batch_file):
    file = batch_file("batch: b\ncommon: {notebooks: none}\nruns: [{name: good, profile: shop}, {name: bad, profile: shop, as_of: 2020-01-01, filters: {market: South}}]\n")
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-c", "from helpers.cli import main; main()", "batch", str(file), "--jobs", "2"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "failed: bad: no order up to 2020-01-01" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr and time.monotonic() - started < 300


def test_an_export_replaced_while_the_batch_works_counts_from_the_next_call_on(project, batch_file):
    replace = f"import sys; sys.path.insert(0, {str(Path(__file__).parents[2])!r}); from pathlib import Path; from batch_project import write_shop; write_shop(Path({str(project / 'data' / 'shop')!r}), rows=612)"
    write_lesson(project / "notebooks", "00_sizes", [LESSONS["00_sizes"][0].replace("from helpers", f"{replace}\nfrom helpers"), 'print(len(run.load("order_lines")), "lines")'])
    file, place = batch_file(TWO.replace("notebooks: none", "notebooks: ['00']")), project / "outputs" / "batches" / "b"
    assert run_batch(file, Options(jobs=1), say=quiet).failed == {}
    for name in ("one", "two"):
        manifest = json.loads((place / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["tables"]["order_lines"]["rows"] == manifest["inputs"][0]["rows"] == 600
        assert "600 lines" in (place / name / "notebooks" / "00_sizes.ipynb").read_text(encoding="utf-8")
    assert set(dry_run(file, Options())[0]["state"]) == {"changed"}
    run_batch(file, Options(jobs=1), say=quiet)
    assert pd.read_parquet(place / "one" / "tables" / "order_lines.parquet").shape[0] == 612 and set(dry_run(file, Options())[0]["state"]) == {"finished"}


def test_a_run_is_finished_only_when_its_manifest_says_so(project, batch_file, monkeypatch):
    def other_code(name, work, address):
        """A worker with another checkout: it ends well, and what it leaves is not what was planned."""
        (project / work["out"]).mkdir(parents=True)
        (project / work["out"] / "manifest.json").write_text(json.dumps({"key": "another", "notebooks": [], "files": {}}))
        return Outcome(name, "ok", 1.0)

    monkeypatch.setattr("helpers.runs.batch.driver.supervise", other_code)
    lines: list[str] = []
    batch = run_batch(batch_file(ONE), Options(jobs=1), say=lines.append)
    assert set(batch.failed) == {"one"} and "not what was planned" in batch.failed["one"] and "failed" in lines[-1]
    assert pd.read_parquet(project / "outputs" / "batches" / "b" / "index.parquet")["status"].tolist() == ["failed"]


def test_what_people_fill_in_does_not_make_a_run_unfinished(project, batch_file):
    file, place = batch_file(ONE), project / "outputs" / "batches" / "b" / "one"
    run_batch(file, Options(jobs=1), say=quiet)
    with (place / "action_list.xlsx").open("ab") as book:
        book.write(b"filled in")
    assert set(dry_run(file, Options())[0]["state"]) == {"finished"}
    (place / "action_list.xlsx").unlink()
    assert set(dry_run(file, Options())[0]["state"]) == {"unfinished"}
