"""Texts to values, rows to fates: what is read, what is refused and what is never guessed."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.cleaning.contacts import normalise_email, normalise_name, normalise_phone
from helpers.cleaning.dates import AMBIGUOUS, NOT_A_DATE, read_date
from helpers.cleaning.parse import parse_values, read_flag, read_number
from helpers.cleaning.rows import SourceHints, cell_problems, keep, mark_rows
from helpers.tables import TABLES, check_table

AS_OF = dt.date(2025, 6, 30)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1200", ".", 1200.0), ("1,234,567.8", ".", 1234567.8), ("1.234.567,8", ",", 1234567.8), ("12,5", ",", 12.5), ("RMB 5", ".", 5.0),
        ("5元", ".", 5.0), ("HK$ 7.50", ".", 7.5), ("(3.20)", ".", -3.2), ("3.20-", ".", -3.2), ("-3.20", ".", -3.2), ("1 234", ".", 1234.0),
        ("1'234.5", ".", 1234.5), (".5", ".", 0.5), ("1e3", ".", 1000.0),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, decimal, number):
    assert read_number(text, decimal=decimal) == (number, None)


@pytest.mark.parametrize("text", ["about 5", "5 6x", "", "--", "1e999", "nan", "inf", "1.2.3", "0x10", "1_000"])
def test_what_is_no_number_is_a_problem(text):
    number, fault = read_number(text)
    assert number is None
    assert fault.startswith("not a number")


@pytest.mark.parametrize("text", ["12,5", "1,23", "1,2345", "12,34,567"])
def test_comma_where_no_thousands_can_be_is_never_guessed(text):
    assert read_number(text) == (None, "a comma where no thousands separator can be: set decimal in the profile")


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2025-03-04", None, (2025, 3, 4)), ("2025/3/4", None, (2025, 3, 4)), ("20250304", None, (2025, 3, 4)), ("2025年3月4日", None, (2025, 3, 4)),
        ("4 Mar 2025", None, (2025, 3, 4)), ("March 4, 2025", None, (2025, 3, 4)), ("03/04/2025", "DMY", (2025, 4, 3)), ("03/04/2025", "MDY", (2025, 3, 4)),
        ("13/04/2025", None, (2025, 4, 13)), ("04/13/2025", None, (2025, 4, 13)), ("05.05.2025", None, (2025, 5, 5)), ("45720", None, (2025, 3, 4)),
        ("29.02.2024", "DMY", (2024, 2, 29)), ("2025-03-04 12:30 am", None, (2025, 3, 4, 0, 30)), ("2025-03-04T14:05:06Z", None, (2025, 3, 4, 14, 5, 6)),
    ],
)  # fmt: skip
def test_dates_are_read_as_people_write_them(text, order, day):
    assert read_date(text, order=order) == (dt.datetime(*day), None)


@pytest.mark.parametrize(
    ("text", "order", "says"),
    [
        ("03/04/2025", None, AMBIGUOUS), ("03/04/25", "DMY", NOT_A_DATE), ("soon", None, NOT_A_DATE), ("12345", None, NOT_A_DATE),
        ("29.02.2025", "DMY", "no such day in the calendar"), ("04/13/2025", "DMY", "no such day in the calendar"),
        ("2025-03-04 25:00", None, "no such day in the calendar"), ("4 Foo 2025", None, NOT_A_DATE),
    ],
)  # fmt: skip
def test_what_is_no_date_is_a_problem(text, order, says):
    assert read_date(text, order=order) == (None, says)


@settings(max_examples=40, deadline=None)
@given(st.dates(min_value=dt.date(1960, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_every_day_comes_back_however_it_was_written(day):
    moment = dt.datetime.combine(day, dt.time())
    serial = str((day - dt.date(1899, 12, 30)).days)
    for text, order in ((day.isoformat(), None), (f"{day:%d.%m.%Y}", "DMY"), (f"{day:%m/%d/%Y}", "MDY"), (f"{day:%Y%m%d}", None), (serial, None)):
        assert read_date(text, order=order) == (moment, None)


def test_placeholders_and_far_years_are_no_dates():
    parsed = parse_values(pd.Series(["1900-01-01", "1899-12-31", "2101-01-01", "NULL", "无"]), "date")
    assert parsed["value"].isna().all()
    assert parsed["problem"].fillna("").tolist() == ["1900-01-01 stands for no date", "year 1899 is not plausible", "year 2101 is not plausible", "", ""]


def test_flags_and_counts():
    assert [read_flag(t)[0] for t in ("Yes", "是", "0", "否", "maybe")] == [True, True, False, False, None]
    counts = parse_values(pd.Series(["3", "3.0", "2.5", "1e20", None]), "count")
    assert counts["value"].tolist()[:2] == [3, 3]
    assert counts["problem"].tolist()[2:] == ["not a whole number", "not a whole number"]
    assert counts["value"].dtype == pd.Int64Dtype()


def test_ids_keep_leading_zeros_and_lose_what_a_spreadsheet_added():
    assert parse_values(pd.Series(["007", "12.0", " A-1 ", "１２"]), "id")["value"].tolist() == ["007", "12", "A-1", "12"]


def test_names_lose_legal_form_width_script_and_pinyin_but_keep_branches():
    assert normalise_name("廣州茶業有限公司") == normalise_name("广州 茶业")
    assert normalise_name("ＡＢＣ Ltd.") == normalise_name("abc limited") == "abc"
    assert normalise_name("重點(diǎn)客戶") == normalise_name("重点客户")
    assert normalise_name("有限公司")  # nothing but a legal form is still a name
    assert normalise_name("Cafe North") != normalise_name("Cafe South")


def test_contacts_have_one_form_or_none():
    assert normalise_phone("１３８-0013-8000", "CN") == normalise_phone("+86 13800138000", "CN")
    assert normalise_phone("call me", "CN") is None
    assert normalise_email("A.B@Example.com ") == "a.b@example.com"
    assert [normalise_email(t) for t in ("a@", "none", "a b@example.com")] == [None, None, None]


def make_raw(table, *rows, source="desk"):
    frame = pd.DataFrame(list(rows))
    return frame.assign(read_from=source, row=range(2, len(rows) + 2), problem=None)


def test_first_fault_of_a_row_decides_and_contact_data_is_masked():
    raw = make_raw("tickets", {"ticket_id": "1", "customer_id": "", "opened_at": "never"}, {"ticket_id": "2", "customer_id": "a", "opened_at": "never"})
    marked = mark_rows(raw, "tickets", as_of=AS_OF, hints={})
    assert marked["reason"].tolist() == ["customer_id is blank", f"opened_at: {NOT_A_DATE}"]
    assert marked["column"].tolist() == ["customer_id", "opened_at"]


def test_unreadable_optional_cell_empties_the_cell_and_is_listed():
    raw = make_raw("tickets", {"ticket_id": "1", "customer_id": "a", "opened_at": "2025-01-01", "severity": "awful", "is_complaint": "yes"})
    marked = mark_rows(raw, "tickets", as_of=AS_OF, hints={})
    assert marked.loc[0, "fate"] == "kept"
    assert pd.isna(marked.loc[0, "severity"])
    cells = cell_problems(marked, raw, "tickets")
    assert cells[["source", "row", "column", "value", "reason"]].values.tolist() == [["desk", 2, "severity", "awful", "not one of low, medium, high"]]
    people = make_raw("customers", {"customer_id": "a", "birthday": "spring"})
    hidden = cell_problems(mark_rows(people, "customers", as_of=AS_OF, hints={}), people, "customers")
    assert hidden["value"].tolist() == ["(contact data)"]


def test_score_out_of_range_is_named():
    raw = make_raw("ratings", {"customer_id": "a", "criterion": "fit", "score": "6", "rater": "x", "rated_on": "2025-01-01"})
    assert mark_rows(raw, "ratings", as_of=AS_OF, hints={}).loc[0, "reason"] == "score: above 5"


def test_repeated_key_is_merged_when_equal_and_set_aside_when_not():
    first = {"ticket_id": "1", "customer_id": "a", "opened_at": "2025-01-01"}
    raw = make_raw("tickets", first, first, {**first, "customer_id": "b"})
    marked = mark_rows(raw, "tickets", as_of=AS_OF, hints={})
    assert marked["fate"].tolist() == ["kept", "merged", "set_aside"]
    assert marked.loc[2, "reason"] == "ticket_id stands twice with different content"
    pd.testing.assert_frame_equal(mark_rows(raw.sample(frac=1, random_state=2), "tickets", as_of=AS_OF, hints={}), marked)


def test_two_equal_page_views_are_two():
    view = {"customer_id": "a", "at": "2025-01-01 10:00", "event": "page_view", "object": "/"}
    assert mark_rows(make_raw("events", view, view), "events", as_of=AS_OF, hints={})["fate"].tolist() == ["kept", "kept"]


def test_rows_after_the_day_are_absent_and_those_without_day_stay():
    raw = make_raw(
        "customers",
        {"customer_id": "a", "created_on": "2025-07-01"},
        {"customer_id": "b", "created_on": "2025-06-30"},
        {"customer_id": "c", "created_on": None},
    )
    assert mark_rows(raw, "customers", as_of=AS_OF, hints={})["customer_id"].tolist() == ["b", "c"]


def test_each_source_is_read_in_its_own_way():
    rows = [{"ticket_id": str(n), "customer_id": "a", "opened_at": "03/04/2025"} for n in range(2)]
    raw = pd.concat([make_raw("tickets", rows[0], source="uk:may.csv"), make_raw("tickets", rows[1], source="us")], ignore_index=True)
    marked = mark_rows(raw, "tickets", as_of=AS_OF, hints={"uk": SourceHints(date_order="DMY"), "us": SourceHints(date_order="MDY")})
    assert marked["opened_at"].tolist() == [pd.Timestamp("2025-04-03"), pd.Timestamp("2025-03-04")]


def test_a_number_without_its_sign_is_turned_round_before_it_is_judged():
    raw = make_raw("costs", {"play": "call", "hours": "-1.5"})
    told = [mark_rows(raw, "costs", as_of=AS_OF, hints={"desk": SourceHints(negate=turned)}) for turned in ((), ("hours",))]
    assert [t["hours"].fillna(0).tolist() for t in told] == [[0], [1.5]]


@pytest.mark.parametrize("name", [n for n in TABLES if n not in {"orders", "order_lines"}])
def test_no_rows_give_a_valid_empty_table(name):
    columns = ["read_from", "row", "problem", *TABLES[name].required]
    raw = pd.DataFrame(columns=columns).astype({"row": "int64"} | {c: "str" for c in columns if c != "row"})
    kept = keep(mark_rows(raw, name, as_of=AS_OF, hints={}), name)
    assert len(check_table(name, kept)) == 0
