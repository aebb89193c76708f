"""What a run promises: nothing after the as-of date, equal tables on every re-run, errors in one sentence."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers.cleaning.ledger import check_ledger
from helpers.errors import NotMeasured, UserError
from helpers.runs import Run
from helpers.runs.files import DRAFT, whole_file, write_whole
from helpers.runs.graph import make, stages
from helpers.runs.main_job import run_all
from helpers.runs.notebooks import parameters_of
from helpers.runs.tablefiles import read_table, table_facts, write_table

AS_OF = dt.date(2025, 6, 30)
PROFILE = """
profile: shop
title: A small shop
currency: EUR
as_of: 2025-06-30
sources:
  - name: sales
    table: order_lines
    path: sales.csv
    date_order: DMY
    columns: {order_id: Order, customer_id: Customer, order_date: Day, product_id: Item, quantity: Units, amount: Amount}
  - name: people
    table: customers
    path: people.csv
    columns: {customer_id: Id, name: Name, email: Mail, kind: Kind, created_on: Since}
    values: {kind: {P: consumer, F: business}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a profile, 200 order lines and 40 customers; the cache is its own."""
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "shop.yml").write_text(PROFILE, encoding="utf-8")
    make_sales(seed=1).to_csv(tmp_path / "sales.csv", index=False)
    people = [{"Id": f"K{n}", "Name": f"Person {n}", "Mail": f"p{n}@example.com", "Kind": "P" if n % 3 else "F", "Since": "2024-01-01"} for n in range(40)]
    pd.DataFrame(people).to_csv(tmp_path / "people.csv", index=False)
    return tmp_path


def make_sales(seed: int, rows: int = 200, first: str = "2024-01-01", days: int = 546) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = pd.Timestamp(first) + pd.to_timedelta(np.sort(rng.integers(0, days, rows)), unit="D")
    units = rng.choice([1, 2, 3, -1], rows, p=[0.6, 0.2, 0.1, 0.1])
    return pd.DataFrame(
        {"Order": [f"{first[:4]}-{seed}-{n // 2}" for n in range(rows)], "Customer": [f"K{n}" for n in rng.integers(0, 40, rows)], "Day": day.strftime("%d/%m/%Y"),
         "Item": rng.choice(["a", "b", "c"], rows), "Units": units, "Amount": np.round(units * rng.choice([4.5, 10.0, 19.99], rows), 2)}
    )  # fmt: skip


def hashes(folder: Path, out: str) -> dict[str, str]:
    run = Run.open(str(folder / "shop.yml"), AS_OF, out=folder / out)
    run.save(*run.tables())
    return {name: table_facts(run.table_file(name))["sha256"] for name in run.tables()}


def test_the_same_run_twice_gives_equal_tables_without_a_cache(known_shop, monkeypatch):
    first = hashes(known_shop, "one")
    monkeypatch.setenv("CRMKIT_CACHE", str(known_shop / "another cache"))
    assert hashes(known_shop, "two") == first
    assert len(first) > 12


@pytest.mark.parametrize("seed", [2, 3, 4, 5, 6])
def test_rows_added_or_altered_after_the_as_of_date_change_no_table(known_shop, seed):
    before = hashes(known_shop, "before")
    later = make_sales(seed=seed, rows=30 + seed, first="2025-07-01", days=60)
    later["Amount"] = later["Amount"] * 1000
    pd.concat([make_sales(seed=1), later]).to_csv(known_shop / "sales.csv", index=False)
    people = pd.read_csv(known_shop / "people.csv")
    new = people.tail(3).assign(Id=["N1", "N2", "N3"], Since="2025-07-02")
    pd.concat([people, new]).to_csv(known_shop / "people.csv", index=False)
    assert hashes(known_shop, "after") == before


def test_a_row_altered_before_the_as_of_date_does_change_tables(known_shop):
    before = hashes(known_shop, "before")
    sales = make_sales(seed=1)
    sales.loc[0, "Amount"] = sales.loc[0, "Amount"] + 1
    sales.to_csv(known_shop / "sales.csv", index=False)
    after = hashes(known_shop, "after")
    assert after["ledger"] != before["ledger"] and after["rfm"] != before["rfm"]


def test_file_order_does_not_matter_for_customers_tiers(shop):
    before = Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "a").load("customer_tiers")
    make_sales(seed=1).sample(frac=1, random_state=7).to_csv(shop / "sales.csv", index=False)
    after = Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "b").load("customer_tiers")
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_a_table_is_made_once_and_then_taken_from_the_cache(shop):
    made: list[str] = []
    Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "o", told=lambda name, _: made.append(name)).load("tier_summary")
    assert "customer_axes" in made
    again: list[str] = []
    Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "p", told=lambda name, _: again.append(name)).load("tier_summary")
    assert again == []


def test_another_threshold_makes_tiers_anew_but_reads_nothing_again(shop):
    Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "o").load("tier_summary")
    made: list[str] = []
    Run.open(str(shop / "shop.yml"), AS_OF, {"rfm": {"bands": 3}}, shop / "o", told=lambda name, _: made.append(name)).load("tier_summary")
    assert set(made) == {"axis_population", "customer_axes", "customer_tiers", "tier_summary"}


def test_the_main_job_writes_report_tables_and_manifest(known_shop):
    result = run_all(str(known_shop / "shop.yml"), out=known_shop / "job", tables_only=True, say=lambda line: None)
    manifest = json.loads((known_shop / "job" / "manifest.json").read_text(encoding="utf-8"))
    assert result.ok and "A small shop" in result.page.read_text(encoding="utf-8")
    assert manifest["inputs"][0]["rows"] == 200 and manifest["tables"]["ledger"]["rows"] == 2
    assert not list((known_shop / "job").rglob(f"{DRAFT}*"))
    check_ledger(read_table(known_shop / "job" / "tables" / "ledger.parquet"))


def test_rows_after_the_as_of_date_are_counted_in_the_manifest_only(known_shop):
    later = make_sales(seed=2, rows=25, first="2025-07-01", days=20)
    pd.concat([make_sales(seed=1), later]).to_csv(known_shop / "sales.csv", index=False)
    run_all(str(known_shop / "shop.yml"), out=known_shop / "job", tables_only=True, say=lambda line: None)
    manifest = json.loads((known_shop / "job" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["inputs"][0]["rows_after_as_of"] == 25
    assert read_table(known_shop / "job" / "tables" / "ledger.parquet")["rows_read"].tolist() == [40, 200]


def test_absent_evidence_is_named(shop):
    run = Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "o")
    assert run.why_not("tickets") == "not measured: needs tickets"
    with pytest.raises(NotMeasured, match="tickets is not measured: needs tickets"):
        run.load("tickets")


def test_outputs_hold_no_contact_data_and_no_raw_ids(known_shop):
    run = Run.open(str(known_shop / "shop.yml"), AS_OF, out=known_shop / "o")
    run.save(*run.tables())
    for file in (known_shop / "o" / "tables").glob("*.parquet"):
        text = read_table(file).astype("str").to_csv()
        assert "@example.com" not in text and "Person 1" not in text and ",K1," not in text


def test_the_key_of_the_codes_changes_them_and_stands_in_no_file(known_shop, monkeypatch):
    plain = Run.open(str(known_shop / "shop.yml"), AS_OF, out=known_shop / "o").load("rfm")["customer_id"]
    monkeypatch.setenv("CRMKIT_PSEUDONYM_KEY", "a very secret word")
    result = run_all(str(known_shop / "shop.yml"), out=known_shop / "p", tables_only=True, say=lambda line: None)
    assert set(result.run.load("rfm")["customer_id"]).isdisjoint(plain)
    for name in ("manifest.json", "report.html"):
        assert "a very secret word" not in (known_shop / "p" / name).read_text(encoding="utf-8")
    assert "a very secret word" not in str(parameters_of(result.run))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"profile": "no_such"}, "there is no profile 'no_such'"),
        ({"profile": "../../etc/passwd"}, "is not the name of a profile"),
        ({"as_of": "30.06.2025"}, "is not a day: write it as YYYY-MM-DD"),
        ({"settings": {"rfm": {"band": 3}}}, "unknown setting rfm.band: did you mean rfm.bands?"),
        ({"settings": {"rfm": {"bands": 11}}}, "setting rfm.bands = 11"),
        ({"settings": {"rfm": 5}}, "must hold keys and values"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(arguments, sentence):
    with pytest.raises(UserError) as fault:
        Run.open(**{"profile": "cdnow", **arguments})
    assert sentence in str(fault.value) and "\n" not in str(fault.value)


def test_a_folder_of_the_users_is_not_written_into(shop):
    (shop / "photos").mkdir()
    (shop / "photos" / "cat.txt").write_text("miaow", encoding="utf-8")
    with pytest.raises(UserError, match="holds files that are not a run's"):
        Run.open(str(shop / "shop.yml"), AS_OF, out=shop / "photos")


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "list.csv"
    with pytest.raises(RuntimeError), whole_file(target) as draft:
        draft.write_text("half", encoding="utf-8")
        raise RuntimeError("power cut")
    assert list(tmp_path.iterdir()) == []
    write_whole(target, "whole")
    assert target.read_text(encoding="utf-8") == "whole"


def test_tables_keep_their_types_also_when_empty(tmp_path):
    frame = pd.DataFrame({"id": ["a", None], "n": pd.array([1, None], dtype="Int64"), "on": pd.to_datetime(["2025-01-01", None]), "yes": pd.array([True, None], dtype="boolean")})
    for rows in (2, 0):
        write_table(tmp_path / "t.parquet", frame.head(rows))
        back = read_table(tmp_path / "t.parquet")
        assert [str(t) for t in back.dtypes] == ["str", "Int64", "datetime64[us]", "boolean"] and len(back) == rows


def test_a_fault_in_a_stage_sends_nobody_to_the_makers_of_a_library(caplog):
    with pytest.raises(TypeError):
        make("whitespace", dict.fromkeys(stages()["whitespace"].takes))
    assert caplog.text == ""
