"""A run: opened with care, repeatable to the byte, blind to what happened after its day."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from helpers.errors import NotMeasured, UserError
from helpers.runs import Run
from helpers.runs.files import whole_file, write_whole
from helpers.runs.paths import MARKER
from helpers.runs.settings import build_settings, list_settings, read_assignments
from helpers.runs.tablefiles import table_facts

PROFILE = """
profile: shop
title: A shop
currency: EUR
as_of: 2025-06-30
settings: {rfm: {bands: 3}, lifecycle: {new_days: 30}}
sources:
  - name: erp
    table: order_lines
    path: lines.csv
    columns: {order_id: order, customer_id: customer, order_date: day, product_id: product, quantity: units, amount: amount}
  - name: crm
    table: customers
    path: customers.csv
    columns: {customer_id: id, name: name, email: email, created_on: since}
  - name: desk
    table: tickets
    path: tickets.csv
    columns: {ticket_id: no, customer_id: customer, opened_at: opened}
"""
LINES = [
    "order,customer,day,product,units,amount", "1,a,2025-01-05,P,2,20.00", "1,a,2025-01-05,Q,1,5.50", "2,b,2025-02-01,P,1,10.00", "3,a2,2025-03-01,P,1,9.90",
    "4,c,2025-06-30,Q,1,5.00", "9,a,2025-05-01,P,-1,-10.00", "5,,2025-05-02,P,1,7.00", "6,b,never,P,1,7.00",
]  # fmt: skip
CUSTOMERS = [
    "id,name,email,since", "a,Mei Lin,mei@example.com,2024-01-01", "a2,MEI LIN,mei@example.com,2024-02-01", "b,Tom Anders,,2024-03-01",
    "c,Ana Ruiz,,", "t,Test account,,2024-01-01",
]  # fmt: skip
TICKETS = ["no,customer,opened", "1,a,2025-05-01 10:00", "2,b,2025-06-30 23:59"]
FUTURE = {
    "lines.csv": ["7,b,2025-07-01,P,1,99.00", "8,zoe,2025-08-01,Q,3,15.00", "9,a,2025-07-04,P,-1,-10.00", "1,a,2025-09-01,P,5,50.00", "10,,2026-01-01,Ω,x,y"],
    "customers.csv": ["z,Mei Lin,mei@example.com,2025-07-01", "y,Zoë Ωmega,,2025-12-01", "b,Other Name,,2025-07-02"],
    "tickets.csv": ["3,a,2025-07-01 00:00", "1,a,2025-08-01 09:00"],
}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A profile with three small exports; the cache is empty."""
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    write_exports(tmp_path)
    return tmp_path


def write_exports(folder, future=None):
    (folder / "shop.yml").write_text(PROFILE, encoding="utf-8")
    for name, rows in {"lines.csv": LINES, "customers.csv": CUSTOMERS, "tickets.csv": TICKETS}.items():
        (folder / name).write_text("\n".join([*rows, *(future or {}).get(name, [])]) + "\n", encoding="utf-8")


def open_shop(folder, **options):
    return Run.open(str(folder / "shop.yml"), out=folder / "out", **options)


def hashes(run):
    return {name: table_facts(run.cache.ensure(name))["sha256"] for name in run.tables()}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"profile": "nowhere"}, "there is no profile 'nowhere': there are .*demo"),
        ({"profile": "../demo"}, "is not the name of a profile"),
        ({"as_of": "30.06.2025"}, "as_of '30.06.2025' is not a day: write it as YYYY-MM-DD"),
        ({"settings": {"rfm": {"band": 3}}}, "unknown setting rfm.band: did you mean rfm.bands"),
        ({"settings": {"rmf": {"bands": 3}}}, "unknown setting rmf"),
        ({"settings": {"rfm": {"bands": 99}}}, r"setting rfm.bands = 99: .*less than or equal to 10 \(allowed: whole number, at least 2, at most 10\)"),
        ({"settings": {"rfm": {"method": "guess"}}}, "allowed: 'quantile' or 'fixed' or 'mean_split'"),
        ({"settings": {"rfm": 3}}, "settings section rfm must hold keys and values"),
    ],
)
def test_opening_with_a_mistake_is_one_sentence(options, says):
    with pytest.raises(UserError, match=says):
        Run.open(**{"profile": "demo", **options})


def test_a_folder_of_the_users_is_refused_and_left_as_it_was(shop):
    mine = shop / "out"
    mine.mkdir()
    (mine / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="folder out holds files that are not a run's"):
        open_shop(shop)
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]


def test_saving_marks_the_folder_so_that_the_next_run_may_write(shop):
    open_shop(shop).save("orders")
    assert (shop / "out" / MARKER).exists()
    again = open_shop(shop)
    again.save("orders")
    assert again.table_file("orders").exists()


def test_the_run_overrides_the_profile_and_the_profile_the_defaults(shop):
    run = open_shop(shop, settings={"rfm": {"bands": 4}})
    assert (run.settings.rfm.bands, run.settings.lifecycle.new_days, run.settings.rfm.method) == (4, 30, "quantile")
    listed = list_settings(run.settings).set_index("setting")
    assert listed.loc["rfm.bands", ["value", "default"]].tolist() == ["4", "5"]
    assert listed["meaning"].str.len().gt(0).all()


def test_assignments_are_read_as_yaml_and_mistakes_are_named():
    assert build_settings(read_assignments(["rfm.bands=3", "cleaning.test_ids=[a, b]"])).cleaning.test_ids == ("a", "b")
    for wrong in ("rfm.bands", "bands=3"):
        with pytest.raises(UserError, match="write section.key=value"):
            read_assignments([wrong])


def test_tables_of_the_shop_are_those_computed_by_hand(shop):
    run = open_shop(shop, settings={"privacy": {"pseudonymise": False}})
    orders = run.load("orders").set_index("order_id")
    assert orders["net_amount"].to_dict() == {"1": 25.5, "2": 10.0, "3": -0.1, "4": 5.0}  # the return found order 3, the latest with P, once a2 is a
    assert orders["customer_id"].to_dict() == {"1": "a", "2": "b", "3": "a", "4": "c"}  # a2 is a
    ledger = run.load("ledger").set_index("source")
    assert ledger.loc["erp", ["rows_read", "rows_kept", "rows_set_aside"]].tolist() == [8, 6, 2]
    assert ledger.loc["crm", ["rows_read", "rows_kept", "rows_merged", "rows_set_aside"]].tolist() == [5, 3, 1, 1]


def test_what_is_missing_is_not_measured(shop):
    run = open_shop(shop)
    assert not run.measured("surveys")
    assert run.why_not("surveys") == run.text("surveys") == "not measured: needs surveys"
    assert run.not_measured()["surveys"] == "not measured: needs surveys"
    with pytest.raises(NotMeasured, match="surveys is not measured: needs surveys"):
        run.load("surveys")
    with pytest.raises(UserError, match="there is no table 'order': there are"):
        run.load("order")


def test_second_run_in_an_empty_cache_gives_equal_tables_and_a_full_cache_makes_none(shop, monkeypatch):
    made: list[str] = []
    first = hashes(open_shop(shop, told=lambda name, seconds: made.append(name)))
    assert {"orders", "rfm", "ledger"} <= set(made)
    made.clear()
    assert hashes(open_shop(shop, told=lambda name, seconds: made.append(name))) == first
    assert made == []
    monkeypatch.setenv("CRMKIT_CACHE", str(shop / "other"))
    assert hashes(open_shop(shop)) == first


def test_changed_setting_remakes_only_what_depends_on_it(shop):
    hashes(open_shop(shop))
    made: list[str] = []
    hashes(open_shop(shop, settings={"rfm": {"bands": 2}}, told=lambda name, seconds: made.append(name)))
    assert "rfm" in made
    assert not {"orders", "order_lines", "ledger", "customers"} & set(made)


def test_rows_added_after_the_day_change_no_table(known_shop):
    expected = hashes(open_shop(known_shop))
    write_exports(known_shop, FUTURE)
    assert hashes(open_shop(known_shop)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_rows_altered_after_the_day_change_no_table(known_shop, seed):
    chance = random.Random(seed)
    write_exports(known_shop, FUTURE)
    expected = hashes(open_shop(known_shop))
    altered = {}
    for name, rows in FUTURE.items():
        some = [row.replace("2025-0", f"202{chance.randint(6, 9)}-0").replace("P", "Q" * chance.randint(1, 3)) for row in rows if chance.random() < 0.8]
        altered[name] = chance.sample(some, len(some)) * chance.randint(1, 2)
    write_exports(known_shop, altered)
    assert hashes(open_shop(known_shop)) == expected


def test_a_later_day_sees_what_an_earlier_one_did_not(shop):
    write_exports(shop, FUTURE)
    now, later = (
        open_shop(shop, settings={"privacy": {"pseudonymise": False}}),
        open_shop(shop, as_of="2025-08-31", settings={"privacy": {"pseudonymise": False}}),
    )
    assert now.load("orders")["order_date"].max().date() == now.as_of  # the as-of day itself is in
    assert "zoe" in set(later.load("orders")["customer_id"]) - set(now.load("orders")["customer_id"])


def test_pseudonymised_tables_hold_no_id_of_the_export(known_shop):
    run = open_shop(known_shop)
    assert run.load("orders")["customer_id"].str.startswith("C-").all()
    assert not {"name", "email"} & set(run.load("customers").columns)
    with_ids = {"a", "a2", "b", "c"}
    for name in run.tables():
        frame = run.load(name)
        for column in ("customer_id", "record_a", "record_b"):
            assert column not in frame or not with_ids & set(frame[column].dropna()), f"{name}.{column}"


def test_whole_file_leaves_nothing_when_writing_fails(tmp_path):
    target = tmp_path / "deep" / "a.txt"
    with pytest.raises(RuntimeError, match="disk"), whole_file(target) as draft:
        draft.write_text("half")
        raise RuntimeError("disk")
    assert list(target.parent.iterdir()) == []
    write_whole(target, "old\n")
    with pytest.raises(RuntimeError, match="disk"), whole_file(target) as draft:
        draft.write_text("half")
        raise RuntimeError("disk")
    assert Path(target).read_bytes() == b"old\n"
