"""The cache says what it holds, and removes what nobody has used for long, beside runs that are at work."""

from __future__ import annotations

import os
import time

import pytest
from typer.testing import CliRunner

from helpers.cli import app
from helpers.errors import UserError
from helpers.runs import upkeep
from helpers.runs.files import DRAFT, mark_used
from helpers.runs.run import Run
from helpers.runs.upkeep import DAY, cached_files, prune, read_days, sum_by_age


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of three tables, used now, ten days and a hundred days ago, and of things that are no tables."""
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    for name, days in {"rfm/a.parquet": 0, "rfm/b.parquet": 10, "source_sales/c.json": 100, "locks/00.lock": 100, "spill/x.parquet": 100, f"rfm/{DRAFT}1-x-d.parquet": 100}.items():
        file = tmp_path / "cache" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * 1000)
        os.utime(file, (time.time() - days * DAY,) * 2)
    return tmp_path / "cache"


def names(folder):
    return sorted(p.name for p in cached_files(folder, time.time())["path"])


def test_tables_are_counted_by_when_they_were_last_used(cache):
    told = sum_by_age(cached_files(cache, time.time())).set_index("last_used")
    assert told["tables"].to_dict() == {"within a day": 1, "within a week": 0, "within 30 days": 1, "within 90 days": 0, "within a year": 1, "longer ago": 0}
    assert told["tables"].sum() == 3


def test_pruning_removes_what_was_not_used_for_so_long_and_nothing_else(cache):
    assert prune(cache, 60) == (1, 1000) and names(cache) == ["a.parquet", "b.parquet"]
    assert (cache / "locks" / "00.lock").exists() and (cache / "spill" / "x.parquet").exists()
    assert prune(cache, 60) == (0, 0)


def test_a_table_used_at_the_last_moment_is_put_back(cache, monkeypatch):
    real = cached_files

    def then_used(folder, now):
        files = real(folder, now)
        assert mark_used(cache / "rfm" / "b.parquet")
        return files

    monkeypatch.setattr(upkeep, "cached_files", then_used)
    assert prune(cache, 5) == (1, 1000)
    assert names(cache) == ["a.parquet", "b.parquet"] and not list(cache.glob(f"*/{DRAFT}{os.getpid()}-*"))


def test_using_a_table_is_noted_without_changing_when_it_was_made(cache):
    file = cache / "rfm" / "b.parquet"
    made = file.stat().st_mtime_ns
    assert mark_used(file) and file.stat().st_mtime_ns == made and time.time() - file.stat().st_atime < 60
    assert not mark_used(cache / "rfm" / "gone.parquet")


def test_a_run_notes_what_it_uses_and_makes_again_what_was_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    run = Run.open("demo", out=tmp_path / "run")
    before = run.load("customer_map")
    path = run.cache.path("customer_map")
    os.utime(path, (time.time() - 90 * DAY,) * 2)
    run.load("customer_map")
    assert prune(tmp_path / "cache", 60) == (0, 0)  # the read counts
    os.utime(path, (time.time() - 90 * DAY,) * 2)
    assert prune(tmp_path / "cache", 60)[0] == 1 and not path.exists()
    assert run.load("customer_map").equals(before)


def test_the_command_says_where_how_many_and_how_old(cache):
    said = CliRunner().invoke(app, ["cache"]).output
    assert ": 3 tables, 0.000 GB" in said and "within 30 days" in said
    said = CliRunner().invoke(app, ["cache", "--older-than", "60d"]).output
    assert said.startswith("removed 1 tables, 0.000 GB, not used for 60 days\n") and ": 2 tables" in said
    for wrong in ("0d", "soon", "-3d"):
        with pytest.raises(UserError, match=f"--older-than {wrong} is no number of days: write it as 60d"):
            read_days(wrong)


def test_an_empty_cache_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "none"))
    assert ": 0 tables, 0.000 GB" in CliRunner().invoke(app, ["cache"]).output
