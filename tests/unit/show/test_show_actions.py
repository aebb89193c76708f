"""The action list in people's hands: a workbook, a page, calendars; readable, safe to open, the same bytes on every run."""

from __future__ import annotations

import datetime as dt
import io

import icalendar
import openpyxl
import pandas as pd
import pytest

from helpers.show.action_book import ActionBook, action_book, sheet_name
from helpers.show.action_calendar import Entry, calendar_file
from helpers.show.action_pages import actions_page
from helpers.show.action_words import ACTIONS, CHANGES, NOT_SERVED, OWNERS, PRINTED, sum_owners, word_actions, word_changes, word_not_served

AS_OF = dt.date(2025, 6, 30)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")']


def action(number=1, **more):
    row = {
        "action_id": f"A-{number:03d}", "due_on": pd.Timestamp("2025-07-01"), "owner": "S01", "role": "account manager", "customer_id": f"00{number}", "who": "hotel, East", "what": "Speak with the decision maker", "reason": "no order for 42 days",
        "channel": "call", "worth": 1234.567, "cost": 12.5, "level": "severe", "tier": "Champions", "play": "talk", "play_label": "A talk", "step": 1, "steps": 2, "hours": 0.4, "chance": 0.5, "value_at_stake": 9000.0, "hold_out": "no hold-out",
        "hand_over_to": "", "script": "What should we do differently?", "stop": "Spoken", "what_zh": "致电决策人", "reason_zh": "已42天未下单", "play_label_zh": "沟通", "script_zh": "我们该怎样改进？", "stop_zh": "已沟通", "status": "open", "result": "",
        "first_listed_on": pd.Timestamp(AS_OF), "occasion": "x", "channel_note": "planned as email: not agreed to, or another is preferred", "defaults": "costs", "urgency": number,
    }  # fmt: skip
    return row | more


def frame(*rows):
    return pd.DataFrame(list(rows)).astype({"due_on": "datetime64[us]", "first_listed_on": "datetime64[us]"})


NOT_SERVED_ROWS = pd.DataFrame({"customer_id": ["007", "008"], "play": ["talk"] * 2, "group": ["no capacity", "left alone"], "why": ["S01 has 0.1 h left in week 1, it takes 0.4 h", "complained on 2025-06-20"], "reason": ["no order for 60 days"] * 2, "chance": [0.5] * 2, "value": [500.0, 900.0], "gain": [50.0, 90.0], "cost": [10.0] * 2, "net_lost": [40.0, 80.0], "owner": ["S01", "automatic"], "hours": [0.4, 0.0]})  # fmt: skip
LOAD = pd.DataFrame(
    {
        "owner": ["S01", "S02"],
        "job": ["sales", "sales"],
        "week": [0, 0],
        "week_from": [pd.Timestamp("2025-07-01")] * 2,
        "planned": [0.8, 0.0],
        "hours": [8.0, 8.0],
        "load": [0.1, 0.0],
    }
)
NO_CHANGES = pd.DataFrame(columns=[c.key for c in CHANGES])


def book(actions, language="en", changes=NO_CHANGES, **more):
    views = {tongue: word_actions(actions, tongue, {"Champions": "冠军客户"}) for tongue in ("en", "zh")}
    return ActionBook(**{
        "title": "Action list", "as_of": "2025-06-30", "currency": "CNY", "language": language, "views": views, "not_served": word_not_served(NOT_SERVED_ROWS, language, {"talk": ("A talk", "沟通")}), "owners": sum_owners(actions, LOAD),
        "changes": changes, "about": ["All money in CNY."], "pages": {"talk": "actions/plays/talk.html"},
    } | more)  # fmt: skip


def opened(content):
    return openpyxl.load_workbook(io.BytesIO(content))


def cells(sheet, number=2):
    return {h.value: c for h, c in zip(sheet[1], sheet[number], strict=True)}


def test_workbook_has_a_sheet_for_all_one_per_owner_and_those_left_out():
    told = opened(action_book(book(frame(action(1), action(2, owner="S02"), action(3, owner="automatic")))))
    assert told.sheetnames == ["Actions", "Owners", "Not served", "Explained", "S01", "S02", "Automatic messages", "行动清单"]
    assert [told[s].max_row for s in ("Actions", "S01", "S02", "Automatic messages", "行动清单")] == [3, 2, 2, 2, 4]


def test_a_person_can_work_with_a_sheet():
    sheet = opened(action_book(book(frame(action(1)))))["Actions"]
    assert sheet.freeze_panes == "F2" and sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(len(ACTIONS))}2"
    assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.fitToHeight == 0 and sheet.print_title_rows == "$1:$1"
    assert sheet.print_area.endswith(f"${openpyxl.utils.get_column_letter(PRINTED)}$2")
    row = cells(sheet)
    assert row["Due"].value == dt.datetime(2025, 7, 1) and row["Due"].number_format == "yyyy-mm-dd"
    assert row["Why now"].alignment.wrap_text and row["Why now"].value == "No order for 42 days"
    assert row["Worth (CNY)"].value == 1234.567 and "#,##0" in row["Worth (CNY)"].number_format
    assert row["Owner"].hyperlink.location == "'S01'!A1" and row["Play"].hyperlink.target == "actions/plays/talk.html"
    assert row["Please note"].value == "planned as e-mail: the customer has not agreed to it or prefers another way; default costs"
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"open,done,dropped"' and str(rule.sqref) == "K2"


def test_ids_stay_text_and_no_raw_column_name_is_shown():
    told = opened(action_book(book(frame(action(1)))))
    assert (cells(told["Actions"])["Customer"].value, cells(told["Actions"])["Customer"].data_type) == ("001", "s")
    heads = {c.value for s in told.worksheets for c in s[1] if c.value}
    assert not [h for h in heads if "_" in h]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_run_as_a_formula(text):
    rows = frame(action(1, what=text, reason=text, customer_id=text, script=text, what_zh=text, who=text, result=text))
    told = opened(action_book(book(rows)))
    types = {c.data_type for s in told.worksheets for row in s.iter_rows() for c in row}
    assert "f" not in types and cells(told["Actions"])["Customer"].value == f"'{text}"


def test_equal_lists_give_equal_bytes():
    assert action_book(book(frame(action(1), action(2)))) == action_book(book(frame(action(1), action(2))))


def test_chinese_by_setting_with_english_on_the_last_sheet():
    told = opened(action_book(book(frame(action(1, level="moderate")), "zh")))
    assert told.sheetnames == ["行动清单", "负责人", "未服务客户", "说明", "S01", "Actions"]
    row = cells(told["行动清单"])
    assert [row[h].value for h in ("做什么", "原因", "方式", "状态", "流失风险", "客户概况")] == [
        "致电决策人",
        "已42天未下单",
        "电话",
        "待办",
        "中度",
        "hotel, East；冠军客户",
    ]


def test_left_out_customers_stand_dearest_first_with_the_reason_in_words():
    sheet = opened(action_book(book(frame(action(1)))))["Not served"]
    assert [(cells(sheet, n)["Customer"].value, cells(sheet, n)["What that costs (CNY)"].value, cells(sheet, n)["Left out because"].value) for n in (2, 3)] == [
        ("008", 80, "a rule says leave alone"),
        ("007", 40, "no hours or money left"),
    ]


def test_where_nothing_is_for_people_the_messages_come_first():
    told = opened(action_book(book(frame(action(1, owner="automatic")))))
    assert told.sheetnames[:2] == ["Automatic messages", "Actions"]


def test_empty_list_is_a_workbook_all_the_same():
    told = opened(action_book(book(frame(action(1)).head(0))))
    assert told["Actions"].max_row == 1


def test_changes_have_their_own_sheet_work_of_people_first():
    rows = pd.DataFrame(
        {
            "change": ["added", "done"],
            "action_id": ["A", "B"],
            "customer_id": ["1", "2"],
            "play": ["talk"] * 2,
            "play_label": ["A talk"] * 2,
            "step": [1, 1],
            "owner": ["automatic", "S01"],
            "due_on": [pd.Timestamp("2025-07-01")] * 2,
            "why": ["first order", "marked done by its owner"],
        }
    )
    sheet = opened(action_book(book(frame(action(1)), changes=word_changes(rows, "en"))))["Changes"]
    assert [cells(sheet, n)["What became of it"].value for n in (2, 3)] == ["done", "new"]


@pytest.mark.parametrize("columns", [ACTIONS, NOT_SERVED, OWNERS, CHANGES])
def test_every_column_is_explained_in_both_languages(columns):
    for column in columns:
        assert column.en and column.says_en and any("\u4e00" <= ch <= "\u9fff" for ch in column.zh) and any("\u4e00" <= ch <= "\u9fff" for ch in column.says_zh)


def test_two_owners_whom_excel_takes_for_one_get_two_sheets():
    assert sheet_name("s01", ("S01",)) == "s01 2" and len(sheet_name("x" * 60)) <= 31 and sheet_name("Actions", ("Actions",)) == "Actions 2"


def entries():
    return [
        Entry("A-2", dt.date(2025, 7, 2), "Call", "no order; 42, days\nnext line", 5, "A talk"),
        Entry("A-1", dt.date(2025, 7, 1), "拜访客户" * 20, "x", 1, "A talk", True),
    ]


def test_calendar_is_valid_and_its_events_keep_their_names():
    told = calendar_file("S01", entries(), AS_OF)
    events = icalendar.Calendar.from_ical(told).walk("VEVENT")
    assert [str(e["UID"]) for e in events] == ["A-1@crmkit", "A-2@crmkit"] and [str(e["STATUS"]) for e in events] == ["CANCELLED", "CONFIRMED"]
    assert (
        events[1]["DTSTART"].dt == dt.date(2025, 7, 2)
        and events[1]["DTEND"].dt == dt.date(2025, 7, 3)
        and str(events[1]["DESCRIPTION"]) == "no order; 42, days\nnext line"
    )
    assert all(len(line) <= 75 for line in told.split(b"\r\n")) and not events[0].errors


def test_calendar_has_no_clock_and_a_later_list_goes_before_an_earlier():
    assert calendar_file("S01", entries(), AS_OF) == calendar_file("S01", entries()[::-1], AS_OF)
    first, second = (icalendar.Calendar.from_ical(calendar_file("S01", entries(), day)).walk("VEVENT")[0] for day in (AS_OF, dt.date(2025, 7, 7)))
    assert first["UID"] == second["UID"] and int(first["SEQUENCE"]) < int(second["SEQUENCE"])


def test_page_escapes_what_customers_are_called():
    rows = word_actions(frame(action(1, customer_id="<script>alert(1)</script>")), "en", {})
    page = actions_page(rows, title="List", about="All", notes=["costs are defaults"], currency="CNY", language="en", pages={"talk": "plays/talk.html"})
    assert "<script>alert" not in page and "&lt;script&gt;" in page and 'href="plays/talk.html"' in page and "costs are defaults" in page


def test_a_list_that_is_too_long_says_what_is_not_shown(monkeypatch):
    monkeypatch.setattr("helpers.show.action_book.MOST_ROWS", 2)
    sheet = opened(action_book(book(frame(*(action(n) for n in range(1, 6))))))["Actions"]
    assert sheet.max_row == 4 and sheet["A4"].value == "3 more rows are in the files of the folder actions"
