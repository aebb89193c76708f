"""Results at an address: the same batch on a real S3-compatible server on this computer (moto)."""

from __future__ import annotations

import json
import threading
import time

import fsspec
import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.runs.batch import driver
from helpers.runs.batch import lease as lease_module
from helpers.runs.batch import remote as remote_module
from helpers.runs.batch.driver import Options, dry_run, run_batch
from helpers.runs.batch.lease import NOTE, Hold
from helpers.runs.batch.places import local_copy, open_store
from helpers.runs.batch.remote import RemoteStore
from helpers.runs.batch.store import MARKER, Store
from helpers.runs.diff import diff_runs
from helpers.runs.files import DRAFT, write_whole
from helpers.runs.paths import from_project

TWO = "batch: b\ncommon: {profile: shop, notebooks: ['00']}\nruns: [{name: one}, {name: two, notebooks: none, settings: {rfm: {bands: 3}}}]\n"


def quiet(line):
    """Nobody listens."""


@pytest.fixture
def bucket(project, monkeypatch):
    """A bucket on a server of this test's own."""
    server_of = pytest.importorskip("moto.server", reason="needs moto, see the dev extra")
    s3 = pytest.importorskip("s3fs", reason="needs s3fs, see the s3 extra")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    s3.S3FileSystem.clear_instance_cache()
    s3.S3FileSystem().makedirs("reports", exist_ok=True)  # servers of one process share what they hold
    yield "s3://reports"
    s3.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def shared(project, monkeypatch):
    """An address in memory that other people use too; nobody waits there."""
    monkeypatch.setattr(lease_module, "SETTLE_SECONDS", 0)
    files = fsspec.filesystem("memory")
    files.pipe_file("/company/Germany/contracts/2024.pdf", b"signed")
    yield files
    files.rm("/company", recursive=True)


def made(store, run, **files):
    """A finished run in the working folder."""
    for name, content in {"manifest.json": "{}", **files}.items():
        write_whole(store.work / run / name.replace("__", "."), content)


def hashes(record):
    return {n: t["sha256"] for n, t in record["tables"].items()}


def test_a_batch_on_s3_gives_what_a_local_one_gives_and_resumes_from_there(bucket, project, batch_file):
    file = batch_file(TWO)
    run_batch(file, Options(out=str(project / "local"), jobs=2), say=quiet)
    done = run_batch(file, Options(out=f"{bucket}/weekly", jobs=2), say=quiet)
    assert done.failed == {}
    near, far = Store(project / "local"), RemoteStore(f"{bucket}/weekly")
    for run in ("one", "two"):
        assert hashes(far.record(run)) == hashes(near.record(run))
        sizes = far.sizes(run)
        assert all(sizes[name] == facts["bytes"] for name, facts in far.record(run)["files"].items())
    assert b"<tr data-run=" in far.read("index.html") and far.read(NOTE) is None
    lines: list[str] = []
    run_batch(file, Options(out=f"{bucket}/weekly"), say=lines.append)
    assert lines == ["b: 2 runs, 2 finished before, 0 to do"]
    far.remove("two/tables/rfm.parquet")
    assert dry_run(file, Options(out=f"{bucket}/weekly"))[0].set_index("run")["state"].to_dict() == {"one": "finished", "two": "unfinished"}
    with local_copy(f"{bucket}/weekly/one") as folder:
        assert pd.read_parquet(folder / "tables" / "rfm.parquet").equals(pd.read_parquet(project / "local" / "one" / "tables" / "rfm.parquet"))
        assert diff_runs(folder, project / "local" / "one").same


def test_a_run_cut_off_while_copying_is_unfinished(bucket, project):
    store = RemoteStore(f"{bucket}/cut")
    write_whole(store.work / "one" / "manifest.json", json.dumps({"key": "k"}))
    write_whole(store.work / "one" / "a.txt", "a")
    store.publish("one")
    assert store.record("one") == {"key": "k"}
    real, copied = store.write, []

    def break_off(name, content):
        copied.append(name)
        if name == "one/a.txt":
            raise UserError("the line is dead")
        real(name, content)

    store.write = break_off
    with pytest.raises(UserError):
        store.publish("one")
    store.write = real
    assert copied[-1] == "one/a.txt" and store.record("one") == {}
    (store.work / "one" / "a.txt").unlink()
    store.publish("one")
    assert set(store.sizes("one")) == {"manifest.json"}


def test_a_second_batch_at_an_address_is_refused_until_the_first_is_gone(bucket, project, monkeypatch):
    store = RemoteStore(f"{bucket}/held")
    elsewhere = {"token": "x", "process": 1, "computer": "another", "at": time.time()}
    store.write(NOTE, json.dumps(elsewhere))
    with pytest.raises(UserError, match="another batch is at work at s3://reports/held .process 1 on another"), store.hold():
        pass
    store.write(NOTE, json.dumps(elsewhere | {"at": time.time() - 600}))
    with store.hold():
        assert json.loads(store.read(NOTE))["computer"] != "another"
    assert store.read(NOTE) is None


def test_two_that_begin_at_one_moment_do_not_both_go_on(bucket, project, monkeypatch):
    begun, refused = [], []

    def begin(number):
        store = RemoteStore(f"{bucket}/race")
        store.work = project / f"work{number}"
        try:
            with store.hold():
                begun.append(number)
                time.sleep(2)
        except UserError:
            refused.append(number)

    threads = [threading.Thread(target=begin, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 1 and len(refused) == 1


def test_an_address_that_cannot_be_used_is_one_sentence(bucket, project):
    with pytest.raises(UserError, match=r'address nowhere://x cannot be opened.*python -m pip install -e "\.\[s3\]"'):
        open_store("nowhere://x")
    with pytest.raises(UserError, match="address s3://no-such-bucket-here/x cannot be used"), RemoteStore("s3://no-such-bucket-here/x").hold():
        pass


def test_an_address_with_other_peoples_files_is_refused_and_left_as_it_was(shared):
    store = RemoteStore("memory://company")
    with pytest.raises(UserError, match="address memory://company holds files that are not a batch's, such as Germany: name an empty address"), store.hold():
        pass
    assert shared.find("/company") == ["/company/Germany/contracts/2024.pdf"]


def test_publishing_removes_only_what_an_earlier_copy_left(shared):
    store = RemoteStore("memory://company/reports")
    with store.hold():
        made(store, "Germany", a__csv="1", b__csv="2", progress__json="{}")
        write_whole(store.work / "Germany" / ".draft-1-x-c.csv", "half")
        store.publish("Germany")
        assert set(store.sizes("Germany")) == {"manifest.json", "a.csv", "b.csv", "progress.json"}
        shared.pipe_file("/company/reports/Germany/notes.txt", b"of a person")
        (store.work / "Germany" / "b.csv").unlink()
        (store.work / "Germany" / "progress.json").unlink()
        store.publish("Germany")
    assert set(store.sizes("Germany")) == {"manifest.json", "a.csv", "notes.txt"}
    with store.hold():  # the marker lets the next batch in, whatever lies beside the runs
        assert store.read(MARKER)


@pytest.mark.parametrize("address", ["memory://company/reports", "outputs/b"])
def test_a_run_that_is_not_there_is_no_success(shared, monkeypatch, address):
    store = open_store(address)
    store.write("one/manifest.json", '{"key": "old"}') if "://" in address else None
    ended = driver.Outcome("one", "ok", 1.0)
    monkeypatch.setattr(driver, "supervise", lambda name, work, address: ended)
    done = driver.do_one("one", {}, "", (address, ""))
    assert done.status == "failed" and done.error.startswith("there is no folder of run one on ")
    assert store.record("one") == ({"key": "old"} if "://" in address else {})  # what lies there was not touched
    write_whole(store.work / "one" / "half.txt", "1")
    done = driver.do_one("one", {}, "", (address, ""))
    assert done.status == "failed" and done.error.startswith("run one left no manifest.json on ")
    assert store.record("one") == {} and store.sizes("one") == {"half.txt": 1}
    ended = driver.Outcome("one", "failed", 1.0, "no file sales.csv")
    assert driver.do_one("one", {}, "", (address, "")).error == "no file sales.csv"  # why it failed is not hidden by what follows from it


def test_workers_are_told_places_from_the_project(project, batch_file, tmp_path):
    for out, told in (("outputs/x", "outputs/x/one"), (str(tmp_path / "y"), str(tmp_path / "y" / "one")), ("memory://z", ".crmkit/batches/")):
        batch = driver.open_batch(batch_file(TWO), Options(out=out))
        work = driver._work(batch.todo[0], batch, Options())
        assert work["out"].startswith(told)
    assert from_project("s3://reports/x") == "s3://reports/x" and from_project(project / "outputs") == "outputs"


def test_a_network_fault_is_tried_again_and_then_one_sentence(shared, monkeypatch):
    pauses = []
    monkeypatch.setattr(remote_module.time, "sleep", pauses.append)
    store, begun = RemoteStore("memory://company/reports"), []

    def act(times, fault):
        begun.append(1)
        if len(begun) <= times:
            raise fault
        return "done"

    assert store._try(lambda: act(2, TimeoutError("slow"))) == "done" and pauses == [1.0, 4.0]
    begun.clear(), pauses.clear()
    with pytest.raises(UserError, match="address memory://company/reports cannot be used: slow line"):
        store._try(lambda: act(9, TimeoutError("slow\nline")))
    assert len(begun) == 4 and pauses == [1.0, 4.0, 10.0]
    begun.clear(), pauses.clear()
    with pytest.raises(UserError, match="forbidden"):
        store._try(lambda: act(9, PermissionError("forbidden")))
    assert len(begun) == 1 and pauses == []  # asking again would not help


def test_a_server_that_is_gone_is_one_sentence(bucket, monkeypatch):
    monkeypatch.setattr(remote_module, "PAUSES", ())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    with pytest.raises(UserError, match="address s3://reports/x cannot be used: Could not connect"):
        RemoteStore(f"{bucket}/x").read("a")


@pytest.fixture
def beats(monkeypatch):
    """A lease that is renewed every few milliseconds."""
    monkeypatch.setattr(lease_module, "FRESHEN_SECONDS", 0.02)
    monkeypatch.setattr(remote_module, "PAUSES", ())


def until(true, seconds=10.0):
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def test_a_lease_outlives_a_network_fault(shared, beats, monkeypatch):
    store, broken = RemoteStore("memory://company/reports"), []
    with store.hold() as hold:
        real = store._files.pipe_file

        def pipe(*args):
            broken.append(1)
            if len(broken) < 3:
                raise TimeoutError("slow")
            real(*args)

        monkeypatch.setattr(type(store._files), "pipe_file", lambda self, *args: pipe(*args))
        before = json.loads(store.read(NOTE))["at"]
        assert until(lambda: json.loads(store.read(NOTE))["at"] > before) and len(broken) >= 3 and not hold.lost.is_set()
    assert store.read(NOTE) is None


def test_a_lease_that_another_took_over_is_known_as_lost_and_left_alone(shared, beats):
    store, other = RemoteStore("memory://company/reports"), json.dumps({"token": "other", "process": 1, "computer": "c", "at": time.time()})
    with store.hold() as hold:
        store.write(NOTE, other)
        until(hold.lost.is_set) or store.write(NOTE, other)  # the first may have met a renewal half way
        assert until(hold.lost.is_set)
    assert json.loads(store.read(NOTE))["token"] == "other"


def test_a_run_that_ends_after_its_batch_lost_the_place_is_not_copied_there(shared):
    store = RemoteStore("memory://company/reports")
    made(store, "Germany", **{"report.html": "mine"})
    with store.hold() as hold:
        store.publish("Germany", hold.token)
        store.write("Germany/report.html", "of the other batch")
        store.write(NOTE, json.dumps({"token": "other", "process": 1, "computer": "c", "at": time.time()}))
        with pytest.raises(UserError, match="another batch has taken over memory://company/reports: what this one made stays on this computer"):
            store.publish("Germany", hold.token)
    assert store.read("Germany/report.html") == b"of the other batch"


def test_a_place_lost_while_a_run_was_copied_leaves_it_unfinished(shared, monkeypatch):
    store = RemoteStore("memory://company/reports")
    made(store, "Germany", **{"report.html": "mine"})
    with store.hold() as hold:
        write = RemoteStore.write

        def lose(self, name, content):
            write(self, name, content)
            if name == "Germany/report.html":
                write(self, NOTE, json.dumps({"token": "other", "process": 1, "computer": "c", "at": time.time()}))

        monkeypatch.setattr(RemoteStore, "write", lose)
        with pytest.raises(UserError, match="has taken over"):
            store.publish("Germany", hold.token)
    assert store.record("Germany") == {} and store.sizes("Germany")


def test_a_batch_that_lost_its_place_starts_no_further_run(shared, project, batch_file, monkeypatch):
    begun, hold = [], Hold()

    def supervise(name, work, address):
        begun.append(name)
        made(RemoteStore("memory://company/reports"), name)
        if len(begun) == 2:
            hold.lost.set()
        return driver.Outcome(name, "ok", 0.1)

    monkeypatch.setattr(driver, "supervise", supervise)
    many = "batch: b\ncommon: {profile: shop, notebooks: none}\ngrid: {rfm.bands: [2, 3, 4, 5, 6]}\n"
    batch = driver.open_batch(batch_file(many), Options(out="memory://company/reports"))
    told = []
    with pytest.raises(UserError, match="another batch has taken over memory://company/reports"):
        told.extend(o.name for o in driver._do(batch.todo, batch, Options(jobs=1), None, hold))
    assert len(begun) == 2 and len(batch.todo) == 5


def test_a_batch_killed_before_it_had_marked_its_address_can_be_called_again(shared):
    store = RemoteStore("memory://company/new")
    store.write(NOTE, json.dumps({"token": "x", "process": 1, "computer": "another", "at": time.time() - 600}))
    with store.hold():
        assert store.read(MARKER)


def test_a_batch_killed_before_it_had_marked_its_folder_can_be_called_again(project):
    store = Store(project / "outputs" / "b")
    for name in (".batch.lock", ".batch-owner.json", f"{DRAFT}1-abcdef-2-{MARKER}"):
        store.work.mkdir(parents=True, exist_ok=True)
        (store.work / name).write_text("{}", encoding="utf-8")
    with store.hold():
        assert store.read(MARKER)
    (store.work / MARKER).unlink()
    write_whole(store.work / "mine.txt", "of a person")
    with pytest.raises(UserError, match="folder b holds files that are not a batch's, such as mine.txt"), store.hold():
        pass


def test_local_addresses_are_folders(project):
    assert open_store("outputs/x").work == project / "outputs" / "x"
    assert type(open_store((project / "y").as_uri())) is Store
