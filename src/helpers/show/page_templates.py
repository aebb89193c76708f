"""The page templates of this folder: every text escaped, each compiled once."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, Template, select_autoescape


@cache
def _pages() -> Environment:
    return Environment(loader=PackageLoader("helpers.show", "templates"), autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)


def template(name: str) -> Template:
    """Return a template by the name of its file; the environment keeps what it has compiled."""
    return _pages().get_template(name)
