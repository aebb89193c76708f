"""What the templates say: headers, notes, rules, examples and anchors, in English and Chinese (`templates.yml`)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Literal

import pandas as pd

from helpers.collection.headers import synonyms
from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError
from helpers.tables import table

Lang = Literal["en", "zh"]


def template_tables() -> tuple[str, ...]:
    """Return the tables that have a template.

    Examples
    --------
    >>> template_tables()
    ('ratings', 'signals', 'staff', 'costs', 'contacts')
    """
    return tuple(content()["tables"])


def anchors(lang: Lang = "en") -> pd.DataFrame:
    """Return what each score means in words: `criterion`, `title`, `score` (1 to 5), `meaning`.

    Examples
    --------
    >>> anchors().query("criterion == 'trust' and score == 2")["meaning"].item()
    'Shares only what the contract asks for'
    """
    rows = [
        {"criterion": criterion, "title": said[check_lang(lang)]["title"], "score": score, "meaning": said[lang][score]}
        for criterion, said in content()["anchors"].items()
        for score in range(1, 6)
    ]
    return pd.DataFrame(rows)


def template_headers(table_name: str, lang: Lang = "en") -> dict[str, str]:
    """Return the header that a template has for each column of its table.

    Examples
    --------
    >>> template_headers("costs", "zh")
    {'play': '方案', 'unit_cost': '单位成本', 'hours': '工时'}
    """
    check_template(table_name)
    if check_lang(lang) == "en":
        return {c.name: c.name.replace("_", " ") for c in table(table_name).columns}
    known = synonyms()[table_name]
    return {c: next(w for w in words if not w.isascii()) for c, words in known.items()}


@cache
def content() -> dict[str, Any]:
    """Return all of `templates.yml`."""
    return read_yaml(resources.files("helpers.collection").joinpath("templates.yml").read_text(encoding="utf-8"))


def check_template(table_name: str) -> None:
    """Raise a `UserError` when there is no template for the table."""
    if table_name not in template_tables():
        raise UserError(f"there is no template for {table_name!r}: there are {', '.join(template_tables())}")


def check_lang(lang: str) -> str:
    """Return the language; an unknown one is a `UserError`."""
    if lang not in content()["words"]:
        raise UserError(f"there are no templates in {lang!r}: choose en or zh")
    return lang
