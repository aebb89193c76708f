"""The sheets of a template: rows to fill in, what scores mean, what the columns are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from helpers.collection.template_text import Lang, anchors, content, template_headers
from helpers.tables import Column, table

CHECKED_ROWS = 2000  # rows below the header that get drop-down lists and date formats
LONGEST_LIST = 255  # characters that Excel takes in a list of a drop-down
HEADER = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"}
EXAMPLE = {"italic": True, "font_color": "#7F7F7F"}


def write_rows_sheet(book: Workbook, table_name: str, lang: Lang, rows: pd.DataFrame | None = None) -> None:
    """Write the sheet to fill in: frozen header with notes, the marked example, drop-down lists, and rows that are known already."""
    sheet = book.add_worksheet(table_name)
    header, example = book.add_format(HEADER), book.add_format(EXAMPLE)
    formats = {"date": book.add_format({"num_format": "yyyy-mm-dd"}), "id": book.add_format({"num_format": "@"})}
    said, headers = content()["tables"][table_name], template_headers(table_name, lang)
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(table(table_name).columns):
        sheet.set_column(place, place, _width(column), formats.get(column.kind))
        sheet.write_string(0, place, headers[column.name], header)
        sheet.write_comment(0, place, _note(column, said["notes"][column.name][lang], lang), {"x_scale": 2})
        value = said["example"][column.name]
        mark = f"{content()['words'][lang]['example']} " if place == 0 else ""
        if isinstance(value, int | float):
            sheet.write_number(1, place, value, example)
        else:
            sheet.write_string(1, place, mark + str(value), example)
        _add_list(sheet, place, column, said)
        if rows is not None:
            _write_cells(sheet, place, rows[column.name].tolist(), formats["date"])


def _write_cells(sheet: Worksheet, place: int, values: list[Any], date: Any) -> None:
    for number, value in enumerate(values, start=2):
        if value is None or pd.isna(value):
            continue
        if isinstance(value, str):
            sheet.write_string(number, place, value)
        elif isinstance(value, dt.date):
            sheet.write_datetime(number, place, dt.datetime(value.year, value.month, value.day), date)
        else:
            sheet.write_number(number, place, value)


def write_anchor_sheet(book: Workbook, lang: Lang) -> None:
    """Write the sheet that says in words what each score of each criterion means."""
    words = content()["words"][lang]
    sheet = book.add_worksheet(words["anchors"])
    header, wrap = book.add_format(HEADER), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.freeze_panes(1, 0)
    for place, (width, key) in enumerate(((20, "criterion"), (48, "meaning"), (8, "score"), (80, "meaning"))):
        sheet.set_column(place, place, width, wrap)
        sheet.write_string(0, place, words["about"] if place == 1 else words[key], header)
    for number, row in enumerate(anchors(lang).itertuples(index=False), start=1):
        sheet.write_row(number, 0, [row.criterion, row.title, row.score, row.meaning], wrap)


def write_readme_sheet(book: Workbook, table_name: str, lang: Lang) -> None:
    """Write the sheet that says what the template is for, how to fill it in, and what each column means."""
    words, said = content()["words"][lang], content()["tables"][table_name]
    sheet = book.add_worksheet(words["readme"])
    header, wrap = book.add_format(HEADER), book.add_format({"text_wrap": True, "valign": "top"})
    for place, width in enumerate((20, 80, 10, 40)):
        sheet.set_column(place, place, width, wrap)
    lines = [said["about"][lang], *content()["rules"][lang]]
    for number, line in enumerate(lines):
        sheet.write_string(number, 1, line, wrap)
    start = len(lines) + 1
    for place, key in enumerate(("column", "meaning", "required", "allowed")):
        sheet.write_string(start, place, words[key], header)
    headers = template_headers(table_name, lang)
    for number, column in enumerate(table(table_name).columns, start=start + 1):
        required = words["required"] if column.required else ""
        sheet.write_row(
            number, 0, [headers[column.name], said["notes"][column.name][lang], required, ", ".join(_choices(column, said)[0])], wrap
        )


def _note(column: Column, note: str, lang: Lang) -> str:
    required = f"[{content()['words'][lang]['required']}] " if column.required else ""
    return required + note + (f" ({', '.join(column.allowed)})" if column.allowed else "")


def _choices(column: Column, said: dict[str, Any]) -> tuple[list[str], bool]:
    """Return what may be chosen, and whether anything else is refused."""
    if column.name == "criterion":
        return list(content()["anchors"]), False
    if column.allowed:
        return list(column.allowed), True
    return list(said.get("suggestions", {}).get(column.name, ())), False


def _add_list(sheet: Worksheet, place: int, column: Column, said: dict[str, Any]) -> None:
    choices, strict = _choices(column, said)
    if choices and len(",".join(choices)) <= LONGEST_LIST:
        rule: dict[str, Any] = {"validate": "list", "source": choices, "error_type": "stop" if strict else "information"}
    elif column.low is not None:
        kind = "integer" if column.kind == "count" else "decimal"
        rule = {"validate": kind, "criteria": ">=", "value": column.low, "error_type": "stop"}
        if column.high is not None:
            rule |= {"criteria": "between", "minimum": column.low, "maximum": column.high}
            del rule["value"]
    else:
        return
    sheet.data_validation(2, place, CHECKED_ROWS, place, rule)


def _width(column: Column) -> int:
    return {"text": 24, "id": 20, "date": 14}.get(column.kind, 10)
