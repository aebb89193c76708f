"""The report: one page that a sales manager reads, and that opens without a network.

A page is a list of sections, a section a list of blocks. Each subject makes its own sections, so that a new lesson adds a part
to the report without touching the others.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.show.page_templates import template


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind = "text"


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    lines: tuple[str, ...]
    kind = "bullets"


@dataclass(frozen=True)
class Grid:
    """A table of texts that are ready to read.

    `numbers` names the columns set to the right, `dots` a column of green, amber and red; `caption` stands above the table.
    """

    frame: pd.DataFrame
    numbers: tuple[str, ...] = ()
    caption: str = ""
    dots: str = ""
    kind = "grid"


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that states its message."""

    picture: str
    message: str
    kind = "figure"


@dataclass(frozen=True)
class Links:
    """Addresses relative to the page: (text, address, note)."""

    links: tuple[tuple[str, str, str], ...]
    kind = "links"


Block = Text | Bullets | Grid | Figure | Links


@dataclass(frozen=True)
class Section:
    """A part of the page; a folded one opens on a click."""

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


@dataclass(frozen=True)
class Page:
    """Everything the page shows; `runs` fills it. Headlines are (value, what, note)."""

    title: str
    about: str
    as_of: str
    currency: str
    headlines: tuple[tuple[str, str, str], ...]
    sections: tuple[Section, ...]


def draw(plot: Callable[..., Any], *frames: Any, message: str, **options: Any) -> Figure:
    """Return a chart as a picture that stands inside the page."""
    from matplotlib import pyplot as plt

    axes = plot(*frames, **options)
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    plt.close(axes.figure)
    return Figure("data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii"), message)


def build_report(page: Page) -> str:
    """Return the page as HTML: self-contained, every text escaped."""
    return template("report.html.j2").render(p=page)
