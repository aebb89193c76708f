"""A batch file is checked as a whole before anything starts; each mistake is one sentence."""

from __future__ import annotations

import datetime as dt

import pytest

from helpers.errors import UserError
from helpers.runs.batch.driver import Options, dry_run, read_until
from helpers.runs.batch.files import BatchFile, RunSpec, read_batch
from helpers.runs.batch.grid import expand
from helpers.runs.batch.plan import in_turn, make_plan


def mistakes(file, **options):
    with pytest.raises(UserError) as caught:
        make_plan(file, file.parent / "out", **options)
    return str(caught.value)


def test_a_grid_is_every_combination_and_names_tell_what_differs(project, batch_file):
    grid = "{as_of: {from: 2024-09-30, to: 2025-06-30, every: quarter}, customer_kind: [all, business], rfm.bands: [3, 5], channel: [web]}"
    plan = make_plan(batch_file(f"batch: b\ngrid: {grid}\ncommon: {{profile: shop}}\n"), project / "out")
    names = {r.name for r in plan.runs}
    assert len(names) == 16 and "2025-06-30_business_bands-3" in names and not any("web" in n for n in names)
    one = next(r for r in plan.runs if r.name == "2024-12-31_business_bands-5")
    assert one.settings == {"rfm": {"bands": 5}, "filters": {"customer_kind": ["business"], "channel": ["web"]}} and one.as_of == "2024-12-31"
    assert one.what == {"profile": "shop", "as_of": "2024-12-31", "filters": "business; web", "settings": "rfm.bands=5"}
    assert len({r.key for r in plan.runs}) == 16 and plan.base == "2024-09-30_all_bands-3"


def test_the_newest_weeks_are_counted_back_from_the_day_of_the_batch(project, batch_file):
    file = batch_file("batch: b\ncommon: {profile: shop}\ngrid: {as_of: {newest: 2, every: week}}\n")
    with pytest.raises(UserError, match="newest needs a day to count back from: set until in the file"):
        make_plan(file, project / "out")
    plan = make_plan(file, project / "out", until=dt.date(2025, 6, 30))  # a Monday
    assert [r.as_of for r in plan.runs] == ["2025-06-22", "2025-06-29"]
    assert read_until(file, "2025-06-29") == dt.date(2025, 6, 29)
    with pytest.raises(UserError, match="--until soon is not a day"):
        read_until(file, "soon")


def test_neighbours_in_turn_read_different_days(project, batch_file):
    plan = make_plan(batch_file("batch: b\ncommon: {profile: shop}\ngrid: {as_of: [2024-12-31, 2025-06-30], customer_kind: [all, business, consumer]}\n"), project / "out")
    days = [r.as_of for r in plan.runs]
    assert all(a != b for a, b in zip(days, days[1:], strict=False))
    assert list(in_turn([])) == []


def test_listed_runs_take_what_is_common_and_change_what_they_say():
    told = BatchFile(batch="b", common={"profile": "shop", "settings": {"rfm": {"bands": 3}}}, runs=[{"name": "x", "settings": {"rfm": {"new_days": 30}}}, {"as_of": "2025-01-31"}])
    one, two = expand(told)
    assert one.settings == {"rfm": {"bands": 3, "new_days": 30}} and one.profile == "shop"
    assert two == RunSpec(name="run-2", profile="shop", as_of=dt.date(2025, 1, 31), settings={"rfm": {"bands": 3}})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("batch: b\nrun: []\n", "batch.yml: unknown key run"),
        ("title: x\n", "batch.yml: batch is missing"),
        ("batch: ../b\n", "batch: String should match pattern"),
        ("batch: b\ngrid: {colour: [red]}\n", "grid.colour is no axis: use profile, as_of, market"),
        ("batch: b\ngrid: {rfm.band: [3]}\n", "grid.rfm.band is no axis"),
        ("batch: b\ngrid: {as_of: [2025-02-30]}\n", "'2025-02-30' is no day"),
        ("batch: b\ngrid: {as_of: [yesterday]}\n", "grid.as_of: .*list days as YYYY-MM-DD"),
        ("batch: b\ngrid: {as_of: {from: 2025-01-02, to: 2025-01-05, every: month}}\n", "grid.as_of names no day"),
        ("batch: b\ngrid: {market: North}\n", "grid.market must be a list of values, not 'North'"),
        ("batch: b\ngrid: {settings: [1]}\n", "grid.settings must name each value"),
        ("batch: b\ncommon: {profile: shop}\nruns: [{name: a}, {name: A}]\n", "two runs would write the folder A|two runs would write the folder a"),
        ("batch: b\nruns: [{name: ../a, profile: shop}]\n", "'../a' is no name for a run"),
        ("batch: b\nbase: z\nruns: [{name: a, profile: shop}]\n", "base: there is no run 'z': there are a"),
        ("batch: b\nruns: [{name: a, profile: nowhere}]\n", "run a: there is no profile 'nowhere'"),
        ("batch: b\nruns: [{name: a, profile: shop, settings: {rfm: {bands: 99}}}]\n", "run a: setting rfm.bands = 99: .*at most 10"),
        ("batch: b\nruns: [{name: a, profile: shop, settings: {rfm: {band: 3}}}]\n", "run a: unknown setting rfm.band: did you mean rfm.bands"),
        ("batch: b\nruns: [{name: a, profile: shop, filters: {market: Nort}}]\n", "run a: filters.market: 'Nort' stands in no row of customers.region: did you mean 'North'\\?"),
        ("batch: b\nruns: [{name: a, profile: shop, filters: {customer_kind: firm}}]\n", "run a: setting filters.customer_kind = 'firm'"),
        ("batch: b\nruns: [{name: a, profile: shop, filters: {colour: red}}]\n", "run a: unknown setting filters.colour"),
        ("batch: b\nruns: [{name: a, profile: shop, notebooks: ['09']}]\n", "run a: there is no lesson 09: there are 00_sizes, 01_money"),
    ],
)
def test_each_mistake_is_one_sentence_and_nothing_is_made(project, batch_file, text, says):
    file = batch_file(text)
    with pytest.raises(UserError, match=says):
        make_plan(file, project / "out")
    assert not (project / "out").exists()


def test_all_mistakes_are_told_at_once_and_one_of_many_runs_only_once(project, batch_file):
    told = mistakes(batch_file("batch: b\ncommon: {profile: shop}\ngrid: {rfm.bands: [1, 3, 99]}\nruns: [{name: a, profile: no}, {name: b, filters: {channel: fax}}, {name: c, filters: {channel: fax}}]\n"))
    lines = told.splitlines()
    assert lines[0] == "4 mistakes:" and len(lines) == 6
    assert "and 1 more: filters.channel: 'fax'" in told and "Nothing was started" in lines[-1]


def test_faults_of_the_whole_file_are_all_told(batch_file):
    with pytest.raises(UserError) as caught:
        read_batch(batch_file("batch: b\nruns: [{nam: a}, {name: b, as_of: never}]\nnotebook_minutes: -1\n"))
    assert str(caught.value).startswith("3 mistakes:") and "runs.0.nam" in str(caught.value)


def test_keep_going_plans_the_good_runs(project, batch_file):
    plan = make_plan(batch_file("batch: b\nruns: [{name: a, profile: shop}, {name: z, profile: shop, settings: {rfm: {bands: 99}}}]\n"), project / "out", keep_going=True)
    assert [r.name for r in plan.good] == ["a"] and "rfm.bands = 99" in next(r.fault for r in plan.runs if r.name == "z")


def test_data_that_cannot_be_read_do_not_stop_the_plan(project, batch_file):
    (project / "data" / "shop" / "people.csv").unlink()
    plan = make_plan(batch_file("batch: b\nruns: [{name: a, profile: shop, filters: {market: North}}]\n"), project / "out")
    assert plan.runs[0].fault == "" and plan.runs[0].key == ""


def test_a_filter_without_evidence_is_refused_before_the_start(project, batch_file):
    profile = project / "data" / "profiles" / "shop.yml"
    profile.write_text("\n".join(line for line in profile.read_text(encoding="utf-8").splitlines() if "people" not in line), encoding="utf-8")
    told = mistakes(batch_file("batch: b\nruns: [{name: a, profile: shop, filters: {market: North}}]\n"))
    assert "filters.market needs customers.region, which no source of profile shop gives" in told


def test_dry_run_starts_nothing_and_says_what_the_cache_holds(project, batch_file, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(project / "empty cache"))
    file = batch_file("batch: b\ncommon: {profile: shop}\ngrid: {customer_kind: [all, business]}\n")
    table, sentence = dry_run(file, Options(jobs=2))
    assert table["state"].tolist() == ["new", "new"] and table["tables_cached"].str.startswith("0 of ").all()
    assert sentence.startswith("2 runs, 2 to do, ") and "no estimate" in sentence
    assert not (project / "outputs").exists()


def test_an_example_of_each_kind_is_shipped_and_sound():
    from helpers.runs.paths import project_root

    files = sorted((project_root() / "data" / "batches").glob("*.yml"))
    assert len(files) >= 5
    for file in files:
        told = read_batch(file)
        names = [s.name for s in expand(told)]
        assert told.batch == file.stem and len(names) == len(set(names)) and (not told.base or told.base in names)
