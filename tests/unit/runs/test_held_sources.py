"""An export that is replaced while a run is at work: no false cache, no manifest of another file, no lesson on other data than the tables."""

import sqlite3
from pathlib import Path

import pytest

from helpers.collection.profiles import load_profile
from helpers.errors import UserError
from helpers.runs import Run, pins
from helpers.runs.files import sha256_of
from helpers.runs.pins import PINS, hold_pins, read_pins
from helpers.runs.raw import RawTables

OLD = "o,c,d,a\nO1,K1,2025-01-01,10\nO2,K2,2025-01-02,20\n"
NEW = OLD + "O3,K3,2025-01-03,30\n"
LINES = "{{name: sales, table: order_lines, {where}, columns: {{order_id: o, customer_id: c, order_date: d, amount: a}}}}"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    write_profile(tmp_path, "path: sales.csv")
    (tmp_path / "sales.csv").write_text(OLD)
    return tmp_path


def write_profile(folder: Path, where: str) -> None:
    told = f"profile: shop\ntitle: t\ncurrency: EUR\nas_of: 2025-06-30\nsources:\n  - {LINES.format(where=where)}\n"
    (folder / "shop.yml").write_text(told)


def look(folder: Path, **seen) -> RawTables:
    return RawTables(load_profile(folder / "shop.yml"), folder / "cache", "code", **seen)


def test_rows_of_a_new_file_are_never_kept_under_the_key_of_the_old_one(shop: Path):
    raw = look(shop)
    raw.key("raw_order_lines")
    (shop / "sales.csv").write_text(NEW)
    with pytest.raises(UserError, match="source sales changed while it was read"):
        raw.load("raw_order_lines")
    assert len(look(shop).load("raw_order_lines")) == 3
    (shop / "sales.csv").write_text(OLD)
    assert len(look(shop).load("raw_order_lines")) == 2
    assert not list((shop / "cache").rglob(".draft-*"))


def test_the_manifest_names_the_file_that_was_read(shop: Path):
    raw, was = look(shop), sha256_of(shop / "sales.csv")
    raw.load("raw_order_lines")
    (shop / "sales.csv").write_text(NEW)
    told = raw.inputs()[0]
    assert (told["rows"], told["files"][0]["sha256"], told["files"][0]["bytes"]) == (2, was, len(OLD))


def test_lessons_see_what_the_run_has_read_until_it_ends(shop: Path):
    run = Run.open(str(shop / "shop.yml"), out=shop / "run")
    run.claim_folder()
    assert len(run.load("rfm")) == 2
    with hold_pins(run.folder, run.cache.raw.seen()):
        (shop / "sales.csv").write_text(NEW)
        assert len(Run.open(str(shop / "shop.yml"), out=shop / "run").load("rfm")) == 2
        assert len(Run.open(str(shop / "shop.yml"), out=shop / "another").load("rfm")) == 3
    assert not (run.folder / PINS).exists() and len(Run.open(str(shop / "shop.yml"), out=shop / "run").load("rfm")) == 3


def test_what_a_killed_run_has_seen_counts_no_more(shop: Path, monkeypatch: pytest.MonkeyPatch):
    seen = look(shop).seen()
    with hold_pins(shop, seen):
        assert read_pins(shop) == seen
        monkeypatch.setattr(pins, "_owner", lambda process: ["here", process, None])
        assert read_pins(shop) == {}


def test_runs_of_a_batch_read_what_was_there_when_it_was_planned(shop: Path):
    planned = look(shop)
    planned.load("raw_order_lines")
    (shop / "sales.csv").write_text(NEW)
    later = look(shop, pins=planned.seen())
    assert later.key("raw_order_lines") == planned.key("raw_order_lines") and len(later.load("raw_order_lines")) == 2
    (shop / "cache" / "source_sales" / f"{planned.source_key(planned.profile.sources[0])}.parquet").unlink()
    with pytest.raises(UserError, match="changed while it was read"):
        look(shop, pins=planned.seen()).load("raw_order_lines")


def test_a_database_is_asked_once_and_its_answer_kept(shop: Path, monkeypatch: pytest.MonkeyPatch):
    with sqlite3.connect(shop / "shop.db") as database:
        database.execute("create table sales (o, c, d, a)")
        database.executemany("insert into sales values (?, ?, ?, ?)", [("O1", "K1", "2025-01-01", "10"), ("O2", "K2", "2025-01-02", "20")])
    database.close()
    write_profile(shop, f"url: 'sqlite:///{shop / 'shop.db'}', query: 'select * from sales'")
    raw, asked = look(shop), []
    monkeypatch.setattr(RawTables, "_batches", lambda self, source, real=RawTables._batches: (asked.append(source.name), real(self, source))[1])
    key = raw.key("raw_order_lines")
    assert len(raw.load("raw_order_lines")) == 2 and asked == ["sales"]
    assert look(shop, pins=raw.seen()).key("raw_order_lines") == key and asked == ["sales"]
    with sqlite3.connect(shop / "shop.db") as database:
        database.execute("insert into sales values ('O3', 'K3', '2025-01-03', '30')")
    database.close()
    assert len(look(shop, pins=raw.seen()).load("raw_order_lines")) == 2 and asked == ["sales"]
    assert len(look(shop).load("raw_order_lines")) == 3 and asked == ["sales", "sales"]


def test_a_file_that_may_not_be_read_is_said_in_a_sentence(shop: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(file: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("helpers.runs.raw.sha256_of", refused)
    with pytest.raises(UserError, match=r"sales.csv cannot be read \(Permission denied\)"):
        look(shop).key("raw_order_lines")
