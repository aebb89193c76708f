"""The index of a batch as one page: sortable, compared with a run of the reader's choice, opens without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from helpers.show.page_templates import template
from helpers.show.report import Figure


@dataclass(frozen=True)
class Cell:
    """A column of numbers: key in `values`, title, unit (count, money, share), and what it means."""

    key: str
    title: str
    unit: str
    says: str


@dataclass(frozen=True)
class Row:
    """A run: name, address of its report (empty when there is none), texts of the columns that vary, status, error, seconds, partly executed notebooks.

    `lists` are names and addresses of what people work with: the action list as a page and as a workbook.
    """

    name: str
    report: str
    texts: tuple[str, ...]
    status: str
    error: str
    seconds: str
    notebooks: tuple[tuple[str, str], ...] = ()
    lists: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class IndexPage:
    """Everything the page shows.

    `varied` names the text columns, `same` what all runs have in common, `values` holds the numbers by run and column key (missing: None) with the
    run's `currency`, `notes` are sentences for the reader.
    """

    title: str
    base: str
    varied: tuple[str, ...]
    same: tuple[tuple[str, str], ...]
    columns: tuple[Cell, ...]
    rows: tuple[Row, ...]
    values: dict[str, dict[str, Any]]
    notes: tuple[str, ...]
    figures: tuple[Figure, ...]

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(r for r in self.rows if r.status == "failed")

    @property
    def has_lists(self) -> bool:
        return any(r.lists for r in self.rows)

    @property
    def finished(self) -> int:
        return sum(r.status == "finished" for r in self.rows)


def say_number(value: float | None, unit: str) -> str:
    """Return a number for the table; a dash when it was not measured.

    Examples
    --------
    >>> say_number(1234567.8, "money"), say_number(0.25, "share"), say_number(None, "count")
    ('1,234,568', '25.0 %', '–')
    """
    if value is None:
        return "–"
    return f"{value * 100:.1f} %" if unit == "share" else f"{value:,.0f}"


def say_difference(value: float | None, base: float | None, unit: str) -> str:
    """Return the difference to the base run: points for shares, per cent for amounts; empty when there is none to tell.

    Examples
    --------
    >>> say_difference(110, 100, "count"), say_difference(0.2, 0.25, "share"), say_difference(None, 1, "count"), say_difference(50, -100, "money")
    ('+10.0 %', '-5.0 pts', '', '+150.0 %')
    """
    if value is None or base is None or value == base:
        return ""
    if unit == "share":
        return f"{(value - base) * 100:+.1f} pts"
    return f"{(value - base) / abs(base) * 100:+.1f} %" if base else f"{value - base:+,.0f}"


def build_index(page: IndexPage) -> str:
    """Return the page as HTML: self-contained, every text escaped."""
    return template("index.html.j2").render(p=page, say_number=say_number, say_difference=say_difference, units={c.key: c.unit for c in page.columns})
