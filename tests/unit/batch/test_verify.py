"""`verify` passes on an untouched run and names one altered output, table, input and package version; `diff` tells who moved and why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from batch_project import make_project, write_shop

from helpers.errors import UserError
from helpers.runs.batch.recheck import recheck
from helpers.runs.diff import diff_page, diff_runs, say_difference, table_frame
from helpers.runs.main_job import run_all
from helpers.runs.manifest import read_manifest
from helpers.runs.moves import OTHER_DATA
from helpers.runs.verify import open_again, verify_run
from helpers.runs.verify_inputs import find_inputs


def quiet(line):
    """Nobody listens."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with three finished runs, made once: two dates, and other thresholds."""
    folder = tmp_path_factory.mktemp("verify")
    home = make_project(folder / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRMKIT_HOME", str(home))
        patch.setenv("CRMKIT_CACHE", str(folder / "cache"))
        run_all("shop", out=home / "now", say=quiet)
        run_all("shop", "2025-03-31", out=home / "before", tables_only=True, say=quiet)
        run_all("shop", settings={"rfm": {"bands": 3}}, out=home / "bands", tables_only=True, say=quiet)
    return home


@pytest.fixture
def home(made, tmp_path, monkeypatch):
    """A copy of the project that a test may spoil."""
    own = Path(shutil.copytree(made, tmp_path / "home"))
    for name in ("now", "before", "bands"):
        manifest = own / name / "manifest.json"
        manifest.write_text(manifest.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("CRMKIT_HOME", str(own))
    monkeypatch.setenv("CRMKIT_CACHE", str(made.parent / "cache"))  # by content, so what a test spoils has keys of its own; verify has an empty one anyway
    return own


def found(verdict) -> set[tuple[str, str]]:
    return {(f.kind, f.name) for f in verdict.findings}


def test_an_untouched_run_is_verified(home):
    before = {p: p.read_bytes() for p in (home / "now").rglob("*") if p.is_file()}
    verdict = verify_run(home / "now")
    assert verdict.findings == () and verdict.tables > 30 and verdict.cells == 9 and verdict.files > 40
    assert {p: p.read_bytes() for p in (home / "now").rglob("*") if p.is_file()} == before


def test_one_altered_output_one_altered_table_one_changed_file_and_one_version_are_each_named(home):
    notebook = nbformat.read(home / "now" / "notebooks" / "00_sizes.ipynb", 4)
    cell = next(c for c in notebook.cells if c.get("outputs") and "customers" in c.outputs[0].get("text", ""))
    cell.outputs[0].text = cell.outputs[0].text.replace("30", "31")
    nbformat.write(notebook, home / "now" / "notebooks" / "00_sizes.ipynb")
    table = home / "now" / "tables" / "rfm.parquet"
    frame = pd.read_parquet(table)
    frame.loc[0, "total_spend"] += 1
    frame.to_parquet(table, index=False)
    people = home / "data" / "shop" / "people.csv"
    people.write_text(people.read_text(encoding="utf-8") + "\n", encoding="utf-8")  # says the same, is another file
    manifest = json.loads((home / "now" / "manifest.json").read_text(encoding="utf-8"))
    manifest["versions"]["pandas"] = "2.9.9"
    (home / "now" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    verdict = verify_run(home / "now")
    assert found(verdict) == {("file", "notebooks/00_sizes.ipynb"), ("table", "rfm"), ("input", "people.csv"), ("version", "pandas"), ("output", "00_sizes, cell 4")}
    says = {f.kind: f.says for f in verdict.findings}
    assert says["output"] == "said '31 customers' when the run was made, says '30 customers' now"
    assert "SHA-256 was" in says["input"] and "source people" in says["input"]
    assert says["version"].startswith("was 2.9.9 when the run was made, is ") and not verdict.same_results


def test_changed_orders_change_tables_and_outputs(home):
    write_shop(home / "data" / "shop", rows=604)
    verdict = verify_run(home / "now")
    assert {("input", "sales.csv"), ("table", "orders"), ("table", "rfm"), ("output", "01_money, cell 4")} <= found(verdict)
    assert ("table", "customers") not in found(verdict)


def test_another_key_of_the_codes_is_named(home, monkeypatch):
    monkeypatch.setenv("CRMKIT_PSEUDONYM_KEY", "another secret")
    assert ("key", "CRMKIT_PSEUDONYM_KEY") in found(verify_run(home / "bands"))


def test_a_changed_scheme_and_a_lost_file_are_named(home):
    scheme = home / "data" / "schemes" / "champions11.yml"
    scheme.write_text(scheme.read_text(encoding="utf-8").replace("Champions", "Stars", 1), encoding="utf-8")
    (home / "bands" / "report.html").unlink()
    assert {("input", "champions11.yml"), ("file", "report.html")} <= found(verify_run(home / "bands"))


def rewrite(file: Path, old: str, new: str):
    """Change the first occurrence, which must be there."""
    text = file.read_text(encoding="utf-8-sig")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def changed_inputs(tmp_path_factory):
    """Open a run again and say which of its inputs changed, by name, without making its tables."""

    def call(folder: Path) -> dict[str, str]:
        record = read_manifest(folder)
        return {f.name: f.says for f in find_inputs(open_again(folder, record, tmp_path_factory.mktemp("again")), record)}

    return call


def test_changed_maps_playbooks_signals_and_profile_are_each_named(home, changed_inputs):
    rewrite(home / "data" / "playbooks" / "winback.yml", "cost_cap: 330", "cost_cap: 331")
    rewrite(home / "data" / "signals" / "common.yml", "en: Purchases down", "en: Purchases fell")
    rewrite(home / "data" / "needs" / "themes.yml", "en: Late delivery", "en: Too late")
    rewrite(home / "data" / "needs" / "stages.yml", "# Where", "# Look where")  # a remark is no change
    rewrite(home / "data" / "profiles" / "shop.yml", "region: region, kind: kind", "region: kind, kind: kind")
    (home / "data" / "playbooks" / "own.yml").write_text("plays: []\n", encoding="utf-8")
    says = changed_inputs(home / "bands")
    assert set(says) == {"playbook winback.yml", "playbook own.yml", "signal file common.yml", "needs map themes.yml", "profile shop: source people"}
    assert says["playbook own.yml"] == "was not there when the run was made" and says["needs map themes.yml"] == "has changed since the run was made"
    assert not diff_runs(home / "before", home / "bands").inputs["what"].str.contains("playbook|profile").any()


def test_a_manifest_from_before_the_ingredients_names_no_input(home, changed_inputs):
    file = home / "bands" / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    assert manifest.pop("ingredients")["duplicate_decisions"] == ""
    file.write_text(json.dumps(manifest), encoding="utf-8")
    rewrite(home / "data" / "playbooks" / "winback.yml", "cost_cap: 330", "cost_cap: 331")
    assert changed_inputs(home / "bands") == {}


def fill(sheet: Path, code: str):
    rows = pd.read_csv(sheet, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    rows.loc[0, "code"] = code
    rows.to_csv(sheet, index=False)


def test_sheets_filled_in_after_the_run_are_no_alteration_and_those_filled_before_are_read_again(home, changed_inputs):
    sheets = home / "bands" / "review"
    fill(sheets / "interviews.csv", "price")
    rewrite(sheets / "duplicates.csv", "why,note", "why,note\nsame,K1,,K2,,,,")
    assert verify_run(home / "bands").findings == ()
    run_all("shop", settings={"rfm": {"bands": 3}}, out=home / "bands", tables_only=True, say=quiet)
    assert verify_run(home / "bands").findings == ()
    fill(sheets / "interviews.csv", "waiting")
    rewrite(sheets / "duplicates.csv", "same,", "different,")
    assert {"codes of the interviews (review/interviews.csv)", "decisions about duplicates"} == set(changed_inputs(home / "bands"))


def test_entries_in_the_earlier_list_that_came_later_are_named(home, changed_inputs):
    run_all("shop", settings={"actions": {"previous": "before"}}, out=home / "next", tables_only=True, say=quiet)
    assert changed_inputs(home / "next") == {}
    action = pd.read_parquet(home / "before" / "tables" / "action_list.parquet")["action_id"].iloc[0]
    (home / "before" / "review" / "actions.csv").write_text(f"action_id,status,result\n{action},done,ordered\n", encoding="utf-8")
    assert set(changed_inputs(home / "next")) == {"previous action list, with what people entered in it"}


def test_a_folder_that_is_no_run_is_one_sentence(home):
    with pytest.raises(UserError, match="data has no manifest.json"):
        verify_run(home / "data")
    with pytest.raises(UserError, match="data has no manifest.json"):
        diff_runs(home / "data", home / "now")


def test_the_command_ends_with_one_and_names_what_differs(home):
    (home / "bands" / "tables" / "customer_tiers.csv").write_text("x", encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", "from helpers.cli import main; main()", "verify", str(home / "bands")], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "tables/customer_tiers.csv: was altered after the run" in done.stdout, done.stdout + done.stderr


def test_two_dates_the_customers_that_moved_and_why(home):
    told = diff_runs(home / "now", home / "before")  # whatever their order, the earlier day comes first
    assert told.names == ("before", "now") and told.note == ""
    assert told.settings.values.tolist() == [["as_of", "2025-03-31", "2025-06-30"]]
    assert len(told.moves) and set(told.moves["cause"]) <= {"own behaviour", "time passing", "cut points moved", "rules changed"}
    one, two = (pd.read_parquet(home / n / "tables" / "customer_tiers.parquet").set_index("customer_id")["tier"] for n in ("before", "now"))
    assert set(told.moves["customer_id"]) == set(two.index[two != one.reindex(two.index)]) & set(one.index)
    changes = {t.table: t for t in told.tables}
    orders = [pd.read_parquet(home / n / "tables" / "orders.parquet") for n in ("before", "now")]
    assert changes["orders"].came == len(orders[1]) - len(orders[0]) and changes["orders"].went == changes["orders"].changed == 0
    assert "customers changed tier: " in say_difference(told)[2]
    page = diff_page(told)
    assert "Customers that changed tier" in page and told.moves["customer_id"].iloc[0] in page


def test_other_thresholds_are_rules_and_leave_the_orders_alone(home):
    told = diff_runs(home / "now", home / "bands")
    assert ["rfm.bands", "5", "3"] in told.settings.values.tolist()
    assert set(told.moves["cause"]) <= {"rules changed"}
    changed = set(table_frame(told)["table"])
    assert "rfm" in changed and not {"orders", "order_lines", "customers", "ledger"} & changed


def test_a_run_equals_itself(home):
    told = diff_runs(home / "now", home / "now")
    assert told.same and say_difference(told) == ["All tables of now and now are equal."]


def test_runs_with_other_keys_share_no_customer_and_the_difference_says_so(home, monkeypatch):
    monkeypatch.setenv("CRMKIT_PSEUDONYM_KEY", "another secret")
    run_all("shop", out=home / "coded", tables_only=True, say=quiet)
    told = diff_runs(home / "before", home / "coded")
    assert not len(told.moves) and "code customers with different keys" in told.note
    assert "cannot be compared customer by customer" in say_difference(told)[1]
    assert "different keys" in diff_page(told)


def correct(home: Path) -> None:
    """Orders of three customers were a tenth of what was booked, and one customer's of this year never took place."""
    file = home / "data" / "shop" / "sales.csv"
    sales = pd.read_csv(file)
    sales.loc[sales["c"].isin(["K1", "K2", "K3"]), "a"] *= 0.1
    sales[~((sales["c"] == "K5") & (sales["d"] > "2025-01-01"))].to_csv(file, index=False)


def test_corrected_exports_between_two_days_are_told_from_what_customers_did(home):
    correct(home)
    run_all("shop", out=home / "corrected", tables_only=True, say=quiet)
    run_all("shop", "2025-03-31", out=home / "again", tables_only=True, say=quiet)  # the earlier day by the later exports
    told, plain = diff_runs(home / "before", home / "corrected"), diff_runs(home / "again", home / "corrected")
    known, again, after = (pd.read_parquet(home / n / "tables" / "customer_tiers.parquet").set_index("customer_id")["label_en"] for n in ("before", "again", "corrected"))
    other = known.index[known != again.reindex(known.index)]
    assert len(other) and told.note == f"later exports correct earlier ones: by them {len(other)} customers were in another tier on 2025-03-31" and plain.note == ""
    moves, alone = (d.moves.set_index("customer_id") for d in (told, plain))
    blamed = moves[moves["cause"] == "data"]
    assert len(blamed) and set(blamed.index) <= set(other)
    for customer, move in blamed.iterrows():
        was = f"by the later exports, which correct earlier records, it was {again[customer]} already on 2025-03-31."
        assert move["sentence"] == f"From {known[customer]} to {after[customer]}: {was}"
    assert set(moves.index.intersection(other)[again[moves.index.intersection(other)] == after[moves.index.intersection(other)]]) <= set(blamed.index)
    rest = moves.index.difference(other)
    assert len(rest) and moves.loc[rest, "cause"].equals(alone.loc[rest, "cause"])  # the others moved as they did
    touched = moves.index.intersection(other).difference(blamed.index)
    assert moves.loc[touched, "sentence"].str.startswith("By the later exports, which correct earlier records, it was ").all()


def test_corrected_exports_of_the_same_day_are_nobodys_doing(home):
    correct(home)
    run_all("shop", out=home / "corrected", tables_only=True, say=quiet)
    told = diff_runs(home / "now", home / "corrected")
    assert len(told.moves) and set(told.moves["cause"]) == {"data"}
    assert told.moves["sentence"].str.endswith(f": {OTHER_DATA}.").all()
    assert say_difference(told)[2].endswith(f": data {len(told.moves)} ({OTHER_DATA}).")
    assert "sales: sales.csv" in told.inputs["what"].tolist()
    both = diff_runs(home / "bands", home / "corrected")
    assert set(both.moves["cause"]) == {"data"} and both.note == f"{OTHER_DATA}; rules or settings of the tiers differ too"


def test_of_a_batch_the_finished_runs_of_its_index_are_verified_and_older_folders_are_left_alone(home):
    place = home / "weekly"
    for run in ("bands", "before"):
        shutil.copytree(home / run, place / run)
    shutil.copytree(home / "now", place / "last_year")  # no longer in the index; its exports have changed since
    (place / "last_year" / "report.html").unlink()
    (place / "bands" / "report.html").unlink()
    index = pd.DataFrame({"run": ["bands", "before", "broken"], "status": ["finished", "finished", "failed"]})
    index.to_parquet(place / "index.parquet")
    said: list[str] = []
    assert not recheck(str(place), said.append)
    assert said[0].startswith("bands: not as it was: 1 finding (") and said[0].endswith("\n  file    report.html: is gone")
    assert said[1].startswith("before: verified: ") and said[2] == "1 of 2 runs are as they were; not finished, so passed over: 1"
    index.iloc[1:2].to_parquet(place / "index.parquet")
    (home / "data" / "shop" / "people.csv").unlink()
    assert not recheck(str(place), said.append) and said[3].startswith("before: cannot be made again: profile shop: no file 'people.csv'")
    index.iloc[2:].to_parquet(place / "index.parquet")
    with pytest.raises(UserError, match="names no finished run: run the batch first"):
        recheck(str(place), said.append)
    with pytest.raises(UserError, match="there is no folder"):
        recheck(str(home / "nowhere"), said.append)
