"""The action list as a workbook: one sheet for all, one per owner, whom we leave out, what changed, and what every column means."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xlsxwriter

from helpers.show.action_words import ACTIONS, CHANGES, NOT_SERVED, OTHER, OWNERS, PRINTED, WORDS, Column, Language
from helpers.show.export import CREATED, RISKY

NAMES = {
    "actions": ("Actions", "行动清单"), "owners": ("Owners", "负责人"), "not_served": ("Not served", "未服务客户"), "changes": ("Changes", "变化"), "automatic": ("Automatic messages", "自动消息"), "explained": ("Explained", "说明"),
}  # fmt: skip
AUTOMATIC = "automatic"
EXTERNAL = re.compile(rb'Target="[^"]*" TargetMode="External"')
FORMATS: Mapping[str, Mapping[str, Any]] = {
    "text": {"text_wrap": True, "num_format": "@"}, "day": {"num_format": "yyyy-mm-dd", "align": "left"}, "money": {"num_format": "[<100]#,##0.00;#,##0"}, "number": {"num_format": "0.0"}, "whole": {"num_format": "#,##0", "align": "center"}, "share": {"num_format": "0 %"},
}  # fmt: skip
GRAVE = {"severe": "#F7D9C4", "moderate": "#FDF1CF"}
LINE, MOST_LINES = 15.0, 12  # points of a line of text, and lines of a row
MORE = ("{:,} more rows are in the files of the folder actions", "另有{:,}行见actions文件夹")
MOST_ROWS = 20_000  # of a sheet; more belongs in the CSV files beside it


@dataclass(frozen=True)
class ActionBook:
    """What the workbook shows, already in words: `views` is the list by language, `pages` the address of each play's page."""

    title: str
    as_of: str
    currency: str
    language: Language
    views: Mapping[str, pd.DataFrame]
    not_served: pd.DataFrame
    owners: pd.DataFrame
    changes: pd.DataFrame
    about: Sequence[str]
    pages: Mapping[str, str] = field(default_factory=dict)


def action_book(book: ActionBook) -> bytes:
    """Return the workbook: filters, frozen header, links, printed landscape at page width; equal bytes for equal tables.

    Every cell of text is written as text, so nothing is run as a formula and no id loses a zero; a text that begins as a formula gets an apostrophe, because it may be copied into another file.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as file:
        file.set_properties({"title": book.title, "created": CREATED})
        _Writer(file, book).write()
    return _turn_slashes(buffer.getvalue())


def _turn_slashes(workbook: bytes) -> bytes:
    """The writer turns the slashes of relative links round, which only Windows reads; every system reads them the right way."""
    told = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(told, "w", zipfile.ZIP_DEFLATED) as after:
        for part in before.infolist():
            content = before.read(part)
            if part.filename.endswith(".rels"):
                content = EXTERNAL.sub(lambda link: link[0].replace(b"\\", b"/"), content)
            after.writestr(part, content)
    return told.getvalue()


def sheet_name(owner: str, taken: Sequence[str] = ()) -> str:
    """Return a name that Excel accepts for an owner's sheet.

    Examples
    --------
    >>> sheet_name("Li/Wang [East]"), sheet_name("S01", ("s01",))
    ('Li Wang  East', 'S01 2')
    """
    name = re.sub(r"[\[\]:*?/\\]", " ", owner).strip("' ")[:28] or "owner"
    lower, number, told = {t.lower() for t in taken} | {"history"}, 2, name
    while told.lower() in lower:
        told, number = f"{name} {number}", number + 1
    return told


class _Writer:
    def __init__(self, file: Any, book: ActionBook) -> None:
        self.file, self.book, self.place = file, book, 1 if book.language == "zh" else 0
        common = {"valign": "top", "border": 1, "border_color": "#D5DDE2"}
        self.cells = {form: file.add_format({**common, **own}) for form, own in FORMATS.items()}
        self.link = file.add_format({**common, "font_color": "#0072B2", "underline": 1, "text_wrap": True})
        self.entry = file.add_format({**common, "text_wrap": True, "num_format": "@", "indent": 1, "bg_color": "#FFFBE6"})
        self.head = file.add_format({**common, "bold": True, "text_wrap": True, "bg_color": "#0B4F71", "font_color": "#FFFFFF", "valign": "vcenter"})
        self.bold, self.plain = file.add_format({"bold": True, "font_size": 13}), file.add_format({"text_wrap": True, "valign": "top"})
        self.grave = {level: file.add_format({"bg_color": colour}) for level, colour in GRAVE.items()}
        self.sheets: dict[str, str] = {}

    def write(self) -> None:
        """All sheets, in the order in which they are read."""
        book, rows = self.book, self.book.views[self.book.language]
        people, machine = rows[rows["owner"] != self._word("owner", AUTOMATIC)], rows[rows["owner"] == self._word("owner", AUTOMATIC)]
        taken = [n for pair in NAMES.values() for n in pair]
        for owner in sorted(people["owner"].unique()):
            self.sheets[owner] = sheet_name(owner, taken)
            taken.append(self.sheets[owner])
        if len(machine) and people.empty:  # nothing that a person does pays: the messages are the list
            self._actions(self._name("automatic"), machine)
        self._actions(self._name("actions"), people)
        self._sheet(self._name("owners"), OWNERS, book.owners, links={"owner": self._to_sheet})
        self._sheet(self._name("not_served"), NOT_SERVED, book.not_served)
        if len(book.changes):
            self._sheet(self._name("changes"), CHANGES, book.changes)
        self._explained()
        for owner, name in self.sheets.items():
            self._actions(name, people[people["owner"] == owner])
        if len(machine) and len(people):
            self._actions(self._name("automatic"), machine)
        other = OTHER[book.language]
        if other in book.views:
            self._actions(NAMES["actions"][1 - self.place], book.views[other], other)

    def _name(self, sheet: str) -> str:
        return NAMES[sheet][self.place]

    def _word(self, kind: str, key: str) -> str:
        return WORDS[kind][key][self.place]

    def _to_sheet(self, row: Mapping[str, Any]) -> str:
        name = self.sheets.get(row["owner"])
        return f"internal:'{name}'!A1" if name else ""

    def _to_page(self, row: Mapping[str, Any]) -> str:
        return f"external:{self.book.pages[row['play']]}" if row["play"] in self.book.pages else ""

    def _actions(self, name: str, rows: pd.DataFrame, language: Language | None = None) -> None:
        tongue = language or self.book.language
        sheet = self._sheet(
            name, ACTIONS, rows, language=tongue, printed=PRINTED, links={"owner": self._to_sheet, "play_label": self._to_page}, entries=("status", "result")
        )
        keys, last, place = [c.key for c in ACTIONS], max(len(rows), 1), 1 if tongue == "zh" else 0
        choices = [pair[place] for pair in WORDS["status"].values()]
        sheet.data_validation(1, keys.index("status"), last, keys.index("status"), {"validate": "list", "source": choices, "error_message": ", ".join(choices)})
        for level, shade in self.grave.items():
            for key in ("due_on", "level"):
                formula = f'=${_letter(keys.index("level"))}2="{WORDS["level"][level][place]}"'
                sheet.conditional_format(1, keys.index(key), last, keys.index(key), {"type": "formula", "criteria": formula, "format": shade})

    def _sheet(
        self,
        name: str,
        columns: Sequence[Column],
        rows: pd.DataFrame,
        *,
        language: Language | None = None,
        printed: int = 0,
        links: Mapping[str, Any] | None = None,
        entries: Sequence[str] = (),
    ) -> Any:
        """One table: header, cells, filter, frozen header, page set-up."""
        sheet, tongue = self.file.add_worksheet(name), language or self.book.language
        shown = rows.head(MOST_ROWS)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.header(tongue, self.book.currency), self.head)
            sheet.set_column(place, place, column.width)
        sheet.set_row(0, LINE * 3)
        for number, row in enumerate(shown.to_dict("records"), 1):
            for place, column in enumerate(columns):
                to = (links or {}).get(column.key, _nowhere)(row)
                self._cell(sheet, number, place, row[column.key], column.form, to, column.key in entries)
            sheet.set_row(number, LINE * min(max(_lines(row[c.key], c.width) for c in columns if c.form == "text"), MOST_LINES))
        last = max(len(shown), 1)
        if len(rows) > len(shown):
            sheet.write_string(last + 1, 0, MORE[1 if tongue == "zh" else 0].format(len(rows) - len(shown)))
        sheet.autofilter(0, 0, last, len(columns) - 1)
        sheet.freeze_panes(1, 5 if printed else 1)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{_letter(len(columns) - 1)}{last + 1}"})
        self._page(sheet, name, printed or len(columns), last)
        return sheet

    def _cell(self, sheet: Any, number: int, place: int, value: Any, form: str, to: str, entry: bool) -> None:
        style = self.entry if entry else self.cells[form]
        if form == "text":
            text = "" if pd.isna(value) else str(value)
            safe = f"'{text}" if text.startswith(RISKY) else text
            if to:
                sheet.write_url(number, place, to, self.link, safe)
            else:
                sheet.write_string(number, place, safe, style) if safe else sheet.write_blank(number, place, None, style)
        elif pd.isna(value):
            sheet.write_blank(number, place, None, style)
        elif form == "day":
            sheet.write_datetime(number, place, pd.Timestamp(value).to_pydatetime(), style)
        else:
            sheet.write_number(number, place, round(float(value), 4), style)

    def _page(self, sheet: Any, name: str, columns: int, last: int) -> None:
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.repeat_rows(0)
        sheet.print_area(0, 0, last, columns - 1)
        sheet.set_header(f"&L{_plain(self.book.title)}&C{_plain(name)}&R{self.book.as_of}")
        sheet.set_footer("&R&P / &N")

    def _explained(self) -> None:
        book = self.book
        sheet = self.file.add_worksheet(self._name("explained"))
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 110, self.plain)
        sheet.write_string(0, 0, book.title, self.bold)
        for row, line in enumerate(book.about, 1):
            sheet.merge_range(row, 0, row, 1, line, self.plain)
            sheet.set_row(row, 15 * (1 + len(line) // 125))
        row = len(book.about) + 2
        parts = (("actions", ACTIONS), ("not_served", NOT_SERVED), ("owners", OWNERS), *((("changes", CHANGES),) if len(book.changes) else ()))
        for part, columns in parts:
            sheet.write_url(row, 0, f"internal:'{self._name(part)}'!A1", self.link, self._name(part))
            for column in columns:
                row += 1
                sheet.write_string(row, 0, column.header(book.language, book.currency), self.plain)
                sheet.write_string(row, 1, column.says(book.language), self.plain)
            row += 2
        self._page(sheet, self._name("explained"), 2, row)


def _lines(value: Any, width: int) -> int:
    """Lines that a text takes in a column: words are not cut, and a Chinese character is as wide as two others."""
    room, lines, used = width - 2, 1, 0
    for word in re.findall(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s?", "" if pd.isna(value) else str(value)):
        size = 2 if word >= "\u2e80" else len(word)
        lines, used = (lines + 1, size) if used and used + size > room + 1 else (lines, used + size)
    return lines


def _nowhere(row: Mapping[str, Any]) -> str:
    return ""


def _letter(place: int) -> str:
    return xlsxwriter.utility.xl_col_to_name(place)


def _plain(text: str) -> str:
    return text.replace("&", "&&")[:80]
