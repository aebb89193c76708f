"""The action list and the plays as pages that open without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.show.action_words import ACTIONS, Column, Language
from helpers.show.page_templates import template
from helpers.show.tables import say_amount

ON_PAGE = ("urgency", "due_on", "owner", "customer_id", "about", "what", "reason", "channel", "script", "worth", "play_label", "of")
MARKS = {"customer_id": "nw", "of": "nw", "channel": "nw", "reason": "w", "script": "w", "what": "m", "about": "m"}
MOST_ROWS = 3000
WORDS = {"en": {"owner": "Owner", "all": "everybody", "find": "Find"}, "zh": {"owner": "负责人", "all": "全部", "find": "查找"}}


@dataclass(frozen=True)
class Cell:
    """A cell: its text, its CSS classes, and where a click leads."""

    text: str
    mark: str = ""
    link: str = ""


def actions_page(
    rows: pd.DataFrame, *, title: str, about: str, notes: Sequence[str], currency: str, language: Language, pages: Mapping[str, str], more: str = ""
) -> str:
    """Return the list as a page with a choice of owner and a search field.

    Parameters
    ----------
    rows : pandas.DataFrame
        From `word_actions`; at most 3,000 are shown.
    title, about : str
        Heading, and the line below it.
    notes : sequence of str
        What must be known first, for example that costs are defaults.
    currency : str
    language : str
        en or zh.
    pages : mapping
        Address of each play's page.
    more : str
        What is not shown, and where it is.
    """
    columns = [c for c in ACTIONS if c.key in ON_PAGE]
    told = [{"owner": r["owner"], "cells": [_cell(c, r, pages) for c in columns]} for r in rows.head(MOST_ROWS).to_dict("records")]
    page = {
        "title": title, "about": about, "notes": notes, "language": language, "words": WORDS[language], "headers": [(c.header(language, currency), c.form == "money") for c in columns], "rows": told, "owners": sorted(rows["owner"].unique()), "more": more,
    }  # fmt: skip
    return template("actions.html.j2").render(p=page)


def _cell(column: Column, row: Mapping[str, Any], pages: Mapping[str, str]) -> Cell:
    value = row[column.key]
    if column.form == "day":
        return Cell(f"{value:%Y-%m-%d}", f"nw {row['grave']}")
    if column.form == "money":
        return Cell(say_amount(value), "n")
    link = pages.get(row["play"], "") if column.key == "play_label" else ""
    return Cell(str(value), MARKS.get(column.key, ""), link)


def play_page(page: Mapping[str, Any]) -> str:
    """Return the page of one play: who it is for, steps with words, limits, and who has it on the list."""
    return template("play.html.j2").render(p=page)


def plays_page(page: Mapping[str, Any]) -> str:
    """Return the page that lists all plays by purpose."""
    return template("plays.html.j2").render(p=page)
