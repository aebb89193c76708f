"""The report: one page that a sales manager reads, and that opens without a network."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, select_autoescape


@dataclass(frozen=True)
class Figure:
    """A chart with the sentence that states its message."""

    picture: str
    message: str


@dataclass(frozen=True)
class ReportContext:
    """Everything the page shows; `runs` fills it.

    Tables are frames of texts that are ready to read; `links` are (text, address) pairs relative to the page.
    """

    title: str
    about: str
    as_of: str
    currency: str
    headlines: list[tuple[str, str, str]]
    first_look: list[str]
    tiers: pd.DataFrame
    figures: dict[str, Figure]
    to_call: pd.DataFrame
    cut_points: pd.DataFrame
    notes: list[str]
    ledger: pd.DataFrame
    reasons: pd.DataFrame
    doctor: pd.DataFrame
    not_measured: pd.DataFrame
    settings: pd.DataFrame
    inputs: pd.DataFrame
    versions: pd.DataFrame
    links: list[tuple[str, str, str]] = field(default_factory=list)


def draw(plot: Callable[..., Any], *frames: Any, message: str, **options: Any) -> Figure:
    """Return a chart as a picture that stands inside the page."""
    from matplotlib import pyplot as plt

    axes = plot(*frames, **options)
    buffer = io.BytesIO()
    axes.figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    plt.close(axes.figure)
    return Figure("data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii"), message)


def build_report(context: ReportContext) -> str:
    """Return the page as HTML: self-contained, every text escaped."""
    pages = Environment(loader=PackageLoader("helpers.show", "templates"), autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True)
    return pages.get_template("report.html.j2").render(c=context)
