"""What people write into the list comes back; the files beside it have a header that stays; an earlier list is found and never written over."""

from __future__ import annotations

import json

import openpyxl
import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.runs.action_files import CRM, crm_rows, file_names
from helpers.runs.action_status import STATUS_SHEET, WORKBOOK, read_status, with_status
from helpers.runs.playfiles import near_project, read_previous_history, read_previous_list
from helpers.runs.playlint import lint_plays, list_plays, list_signals
from helpers.runs.tablefiles import write_table
from helpers.show.export import safe_csv

DAY = pd.Timestamp("2025-06-30")


def workbook(folder, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / WORKBOOK)


HEAD = ["No.", "Status", "Result", "Action id"]


def test_what_people_entered_is_read_from_any_sheet_the_owners_own_goes_first(tmp_path):
    workbook(
        tmp_path,
        Actions=[HEAD, [1, "open", None, "A-1"], [2, "done", "spoken", "A-2"], [3, "open", "called back", "A-3"]],
        Owners=[["Owner", "Actions"], ["S01", 3]],
        S01=[HEAD, [1, "Dropped", "closed", "A-1"], [2, "open", None, "A-2"]],
    )
    assert read_status(tmp_path).values.tolist() == [["A-1", "dropped", "closed"], ["A-2", "done", "spoken"], ["A-3", "open", "called back"]]


def test_chinese_headers_and_words_are_understood(tmp_path):
    workbook(tmp_path, 行动清单=[["状态", "结果", "行动编号"], ["完成", "已沟通", "A-1"], ["待办", "", "A-2"]])
    assert read_status(tmp_path).values.tolist() == [["A-1", "done", "已沟通"]]


def test_csv_for_those_without_excel_and_the_workbook_goes_first(tmp_path):
    (tmp_path / "review").mkdir()
    (tmp_path / STATUS_SHEET).write_text("action_id;status;result\nA-1;done;by mail\nA-2;done;\n", encoding="utf-8-sig")
    workbook(tmp_path, Actions=[HEAD, [1, "dropped", "no", "A-2"]])
    assert read_status(tmp_path).values.tolist() == [["A-1", "done", "by mail"], ["A-2", "dropped", "no"]]


def test_an_untouched_folder_has_no_entries(tmp_path):
    assert read_status(tmp_path).empty
    rows = pd.DataFrame({"action_id": ["A-1"], "status": ["open"], "result": [""]}, dtype="str")
    pd.testing.assert_frame_equal(with_status(rows, read_status(tmp_path)), rows)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([HEAD, [1, "maybe", None, "A-1"]], "status 'maybe' of action A-1 is none: write open, done or dropped"),
        ([["Status", "Result"], ["done", "x"]], "has no column Action id: keep the header"),
        ([["a", "b"], [1, 2]], "has no sheet with the columns Status and Action id"),
    ],
)
def test_a_spoilt_workbook_is_named_in_one_sentence(tmp_path, rows, says):
    workbook(tmp_path, Actions=rows)
    with pytest.raises(UserError, match=says):
        read_status(tmp_path)


def test_a_file_that_is_no_workbook_is_named(tmp_path):
    (tmp_path / WORKBOOK).write_bytes(b"not a workbook")
    with pytest.raises(UserError, match="cannot be read as an Excel file"):
        read_status(tmp_path)


def actions(**more):
    row = {
        "action_id": "A-1", "due_on": DAY, "owner": "S01", "customer_id": "007", "what": "=cmd", "reason": "no order", "script": "Hello", "channel": "call", "level": "severe", "status": "open", "result": "", "play": "talk", "step": 1, "worth": 12.345,
        "cost": 1.0, "hold_out": "compared with held out", "first_listed_on": DAY,
    }  # fmt: skip
    return pd.DataFrame([row | more])


def test_crm_file_has_its_header_ids_as_text_and_the_mark_of_utf8():
    content = safe_csv(crm_rows(actions(), "CNY"))
    head, row = content.decode("utf-8-sig").splitlines()
    assert content.startswith(b"\xef\xbb\xbf") and head == ",".join(CRM)
    assert row == "A-1,2025-06-30,S01,007,'=cmd,no order,Hello,call,high,open,,talk,1,12.34,1.0,CNY,treated,2025-06-30"


def test_no_two_owners_share_a_calendar():
    names = file_names(["A/B", "a:b", "..", "王芳"])
    assert len({n.lower() for n in names.values()}) == 4 and names["王芳"] == "王芳" and not any("/" in n or n.startswith(".") for n in names.values())


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A project with a finished run of 2025-06-23, with one entry."""
    for name in ("notebooks", "data"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("CRMKIT_HOME", str(tmp_path))
    folder = tmp_path / "outputs" / "old"
    (folder / "tables").mkdir(parents=True)
    told = actions(first_listed_on=pd.Timestamp("2025-06-16")).astype({"action_id": "str", "status": "str", "result": "str"})
    write_table(folder / "tables" / "action_list.parquet", told)
    touches = pd.DataFrame({"customer_id": ["h", "t"], "play": ["talk"] * 2, "group": ["held_out", "treated"]})
    write_table(folder / "tables" / "planned_touches.parquet", touches)
    (folder / "manifest.json").write_text(json.dumps({"as_of": "2025-06-23"}), encoding="utf-8")
    workbook(folder, S01=[HEAD, [1, "done", "spoken", "A-1"]])
    return tmp_path


def test_the_last_list_comes_with_its_day_and_what_was_entered(earlier):
    told = read_previous_list("outputs/old", DAY)
    assert told.loc[0, ["status", "result", "listed_on"]].tolist() == ["done", "spoken", pd.Timestamp("2025-06-23")]
    held = read_previous_history("outputs/old")
    assert held[["customer_id", "step", "what", "on"]].values.tolist() == [["h", 0, "held_out", pd.Timestamp("2025-06-23")]]
    assert read_previous_list("", DAY) is None and read_previous_history("") is None


@pytest.mark.parametrize(
    ("folder", "day", "says"),
    [("outputs/none", DAY, "run that day first"), ("..", DAY, "inside the project"), ("outputs/old", pd.Timestamp("2025-06-23"), "is not before 2025-06-23")],
)
def test_a_list_that_is_none_is_named_in_one_sentence(earlier, folder, day, says):
    with pytest.raises(UserError, match=says):
        read_previous_list(folder, day)


def test_a_run_does_not_write_over_the_list_that_it_goes_on_from(earlier):
    with pytest.raises(UserError, match="give the new run another one"):
        read_previous_list("outputs/old", DAY, earlier / "outputs" / "old")


def test_a_folder_is_named_from_where_one_stands(earlier, monkeypatch):
    monkeypatch.chdir(earlier / "outputs")
    from pathlib import Path

    assert near_project(Path("old")) == "outputs/old" and near_project(Path("outputs/old")) == "outputs/old"
    with pytest.raises(UserError, match="inside the project"):
        near_project(Path("/"))


def test_the_kits_own_plays_and_signals_are_in_order():
    found = lint_plays([])
    assert not (found["verdict"] == "fault").any() and found["play"].nunique() == len(list_plays()) + 1 and len(list_signals()) >= 21


def test_a_file_of_the_users_own_is_looked_at_with_the_others(tmp_path):
    mine = tmp_path / "mine.yml"
    mine.write_text(
        'plays:\n  - {key: wave, label: {en: Wave, zh: 挥手}, aim: {en: be kind, zh: 友善}, purpose: care, when: "shoe_size > 40", steps: [{day: 0, role: owner, channel: call, do: {en: Wave, zh: 挥手}, script: {en: Hi, zh: hi}}], cost_cap: 5, effect: {adds: 0.01}, stop: {says: {en: Done, zh: 完成}}}\n',
        encoding="utf-8",
    )
    faults = lint_plays([mine]).query("play == 'wave' and verdict == 'fault'").set_index("check")["detail"]
    assert faults["columns"] == "looks at column shoe_size, which nobody knows" and "step 1 script.zh holds no Chinese" in faults["languages"]
    (tmp_path / "bad.yml").write_text("plays: [", encoding="utf-8")
    with pytest.raises(UserError, match=r"bad.yml cannot be read as YAML"):
        lint_plays([tmp_path / "bad.yml"])
