"""Excel: the text a person sees, the right sheet and header, and no formula or error value lost in silence."""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from helpers.collection.profiles import Profile, Source
from helpers.collection.readers import describe_source, read_source
from helpers.errors import UserError

COLUMNS = {"order_id": "order", "order_date": "day", "amount": "sum"}
Rows = list[dict[str, Any]]
Read = Callable[..., Rows]
HEADER = ["order", "day", "sum"]


def shop(folder: Path, **spec: Any) -> tuple[Source, Profile]:
    source = Source(**({"name": "shop", "table": "order_lines", "path": "book.xlsx", "columns": COLUMNS} | spec))
    return source, Profile(profile="p", title="P", currency="EUR", as_of="2025-06-30", folder=str(folder), sources=[source])


def save(file: Path, sheets: dict[str, list[list[Any]]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(file)
    return book


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def run(sheets: dict[str, list[list[Any]]] | None = None, **spec: Any) -> Rows:
        if sheets is not None:
            save(tmp_path / "book.xlsx", sheets)
        return [r for b in read_source(*shop(tmp_path, **spec)) for r in b.to_pylist()]

    return run


def test_cells_become_the_text_a_person_sees(read: Read) -> None:
    rows = read(
        {
            "S": [
                HEADER,
                [12345.0, dt.date(2025, 2, 28), 0.1 + 0.2],
                ["007", dt.datetime(2025, 2, 28, 13, 5, 9), 1e15],
                [True, dt.time(8, 30), " x "],
            ]
        }
    )
    assert [(r["order_id"], r["order_date"], r["amount"]) for r in rows] == [
        ("12345", "2025-02-28", "0.3"),
        ("007", "2025-02-28 13:05:09", "1000000000000000"),
        ("TRUE", "08:30:00", " x "),
    ]
    assert [(r["read_from"], r["row"], r["problem"]) for r in rows] == [("shop", n, None) for n in (2, 3, 4)]


def test_ids_that_are_shown_with_zeros_keep_them(tmp_path: Path, read: Read) -> None:
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append([42, "2025-01-01", 5])
    book.active["A2"].number_format = "00000"
    book.save(tmp_path / "book.xlsx")
    assert read()[0]["order_id"] == "00042"


def test_serial_dates_of_the_1904_calendar(tmp_path: Path, read: Read) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["1"])
        sheet.write_datetime(1, 1, dt.datetime(2025, 2, 28), book.add_format({"num_format": "dd/mm/yyyy"}))
    assert read()[0]["order_date"] == "2025-02-28"


def test_titles_and_empty_rows_are_passed_over_and_counted(read: Read) -> None:
    rows = read(
        {"S": [["Orders 2025"], ["made", "by ERP"], [], HEADER, ["1", "2025-01-01", 5], [], [None, "", None], ["2", "2025-01-02", 6]]}
    )
    assert [r["row"] for r in rows] == [5, 8]


def test_merged_headers_are_joined(tmp_path: Path, read: Read) -> None:
    book = save(
        tmp_path / "book.xlsx",
        {"S": [["Orders"], ["No", "Order", None, "Money"], [None, "day", "channel", "sum"], ["1", "2025-01-01", "web", 5]]},
    )
    for cells in ("A2:A3", "B2:C2", "A1:D1"):
        book["S"].merge_cells(cells)
    book.save(tmp_path / "book.xlsx")
    columns = {"order_id": "No", "order_date": "Order / day", "channel": "order / CHANNEL", "amount": "Money / sum"}
    rows = read(header_rows=[2, 3], columns=columns)
    assert [list(r.values())[1:] for r in rows] == [[4, None, "1", "2025-01-01", "web", "5"]]


DATA = [HEADER, ["1", "2025-01-01", 5]]


def test_the_only_sheet_with_data_is_found(tmp_path: Path, read: Read) -> None:
    assert len(read({"Cover": [], "Data": DATA, "Notes": [[None], [""]]})) == 1
    assert describe_source(*shop(tmp_path))["files"][0]["sheet"] == "Data"


def test_several_sheets_with_data_need_a_name(read: Read) -> None:
    sheets = {"May": DATA, "June": [HEADER, ["2", "2025-06-01", 6]], "2024": [HEADER, ["3", "2024-06-01", 7]]}
    with pytest.raises(UserError, match=r"book.xlsx has several sheets with data \(May, June, 2024\): name one with 'sheet:'"):
        read(sheets)
    assert [read(sheet=s)[0]["order_id"] for s in ("June", 1, 2, 2024)] == ["2", "1", "2", "3"]
    with pytest.raises(UserError, match="has no sheet 'July': its sheets are May, June, 2024"):
        read(sheet="July")


def test_hidden_sheets_are_not_taken_for_data(tmp_path: Path, read: Read) -> None:
    book = save(tmp_path / "book.xlsx", {"Data": DATA, "Lists": DATA})
    book["Lists"].sheet_state = "hidden"
    book.save(tmp_path / "book.xlsx")
    assert len(read()) == 1


def test_error_values_are_null_with_a_problem_only_in_used_columns(read: Read) -> None:
    rows = read({"S": [[*HEADER, "note"], ["1", "2025-01-01", "#REF!", 1], ["2", "#N/A", "#DIV/0!", 1], ["3", "2025-01-03", 5, "#REF!"]]})
    assert [r["problem"] for r in rows] == ["#REF! in column C", "#N/A in column B; #DIV/0! in column C", None]
    assert [r["amount"] for r in rows] == [None, None, "5"]


def test_formulas_give_their_stored_result(tmp_path: Path, read: Read) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["1", "2025-01-01"])
        sheet.write_formula(1, 2, "=2+3", value=5)
    assert [(r["amount"], r["problem"]) for r in read()] == [("5", None)]


def test_formulas_without_a_result_are_a_problem(read: Read) -> None:
    rows = read({"S": [HEADER, ["1", "2025-01-01", "=2+3"], ["2", "2025-01-02", 6]]})
    assert [(r["amount"], r["problem"]) for r in rows] == [(None, "a formula without a stored result in column C"), ("6", None)]


def test_header_only_gives_no_rows(tmp_path: Path) -> None:
    save(tmp_path / "book.xlsx", {"S": [HEADER]})
    assert [(b.num_rows, b.column_names[:3]) for b in read_source(*shop(tmp_path))] == [(0, ["read_from", "row", "problem"])]


def test_a_missing_header_names_sheet_and_nearest(read: Read) -> None:
    with pytest.raises(UserError, match=r"book.xlsx, sheet S has no header 'sum': .* 'summe'"):
        read({"S": [["order", "day", "summe"], ["1", "2025-01-01", 5]]})


def test_a_sheet_of_numbers_has_no_header(read: Read) -> None:
    with pytest.raises(UserError, match=r"no header in the first 50 rows: say where with 'header_rows"):
        read({"S": [[1, 2, 3], [4, 5, 6]]})
    assert read(no_header=HEADER)[1]["amount"] == "6"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"order\tday\tsum\n1\t2025-01-01\t5\n", "is text, not an Excel file"),
        (b"<html><table><tr><td>order</td></tr></table></html>", "is a web page, not an Excel file"),
        (b"PK\x03\x04 and then nothing", "damaged, or locked by a password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "damaged, or locked by a password"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, read: Read, content: bytes, says: str) -> None:
    (tmp_path / "book.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=f"^book.xlsx.*{says}"):
        read()


def test_a_cut_workbook_is_refused(tmp_path: Path, read: Read) -> None:
    save(tmp_path / "book.xlsx", {"S": DATA})
    whole = (tmp_path / "book.xlsx").read_bytes()
    for share in (0.3, 0.6, 0.95):
        (tmp_path / "book.xlsx").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UserError, match="cannot be read as an Excel file"):
            read()


def test_a_damaged_sheet_within_a_whole_package_is_refused(tmp_path: Path, read: Read) -> None:
    save(tmp_path / "good.xlsx", {"S": DATA})
    with zipfile.ZipFile(tmp_path / "good.xlsx") as old, zipfile.ZipFile(tmp_path / "book.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[: len(content) * 2 // 3] if "sheet1" in name else content)
    with pytest.raises(UserError, match="book.xlsx"):
        read()


def test_a_package_without_a_workbook_is_refused(tmp_path: Path, read: Read) -> None:
    save(tmp_path / "good.xlsx", {"S": DATA})
    with zipfile.ZipFile(tmp_path / "good.xlsx") as old, zipfile.ZipFile(tmp_path / "book.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"sheet.main+xml", b"sheet.other+xml"))
    with pytest.raises(UserError, match="cannot be read as an Excel file"):
        read()


def biff2(rows: list[list[Any]]) -> bytes:
    """Return the smallest old workbook that Excel 2 would have written; an exception class stands for #REF!."""
    out = struct.pack("<HHHH", 0x0009, 4, 2, 0x0010)
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            at = struct.pack("<HH3x", r, c)
            if isinstance(value, str):
                body, kind = at + bytes([len(value)]) + value.encode("cp1252"), 0x0004
            elif value is KeyError:
                body, kind = at + bytes([23, 1]), 0x0005
            elif isinstance(value, bool):
                body, kind = at + bytes([value, 0]), 0x0005
            else:
                body, kind = at + struct.pack("<d", value), 0x0003
            out += struct.pack("<HH", kind, len(body)) + body
    return out + struct.pack("<HH", 0x000A, 0)


def test_old_workbooks(tmp_path: Path, read: Read) -> None:
    (tmp_path / "old.xls").write_bytes(
        biff2([["Orders"], HEADER, [12.0, "2025-01-01", 5.5], ["A7", "2025-01-02", KeyError], ["A8", True, 6.0]])
    )
    rows = read(path="old.xls")
    assert [list(r.values())[1:] for r in rows] == [
        [3, None, "12", "2025-01-01", "5.5"],
        [4, "#REF! in column C", "A7", "2025-01-02", None],
        [5, None, "A8", "TRUE", "6"],
    ]
