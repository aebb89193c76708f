"""A picture of the stage graph by lesson, drawn from the code, so that it is never out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def stage_levels(takes: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return for each stage how many steps it stands behind the raw exports.

    Parameters
    ----------
    takes : mapping
        Stage name to the names of what it takes; names that are no key count as level 0.

    Examples
    --------
    >>> stage_levels({"orders": ("order_lines",), "order_lines": ("raw_order_lines",)})
    {'order_lines': 1, 'orders': 2}
    """
    levels: dict[str, int] = {}

    def level(name: str) -> int:
        if name not in takes:
            return 0
        if name not in levels:
            levels[name] = 1 + max((level(n) for n in takes[name]), default=0)
        return levels[name]

    for name in takes:
        level(name)
    return dict(sorted(levels.items(), key=lambda item: (item[1], item[0])))


LESSONS = {
    "exports": "exports", "collection": "01 data collection", "cleaning": "02 data cleaning", "tiering": "03 tiering", "needs": "04 needs", "value": "05 value", "retention": "06 retention", "lifecycle": "07 lifecycle", "accounts": "08 key accounts",
    "dashboard": "09 dashboard", "impact": "10 impact",
}  # fmt: skip
NAMED = 9  # tables named in a box; all are in docs/data_dictionary.md
LINE, WIDE = 0.19, 1.9  # inches


def plot_stages(tables: Mapping[str, Sequence[str]], links: Mapping[str, Sequence[str]], *, ax: Axes | None = None) -> Axes:
    """Draw which lesson's tables are made from those of which: exports on the left, what people read on the right.

    Parameters
    ----------
    tables : mapping
        Room (`exports` for what is read) to its tables, the most used first.
    links : mapping
        Room to the rooms whose tables it takes.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    from matplotlib import pyplot as plt

    levels = {"exports": 0} | stage_levels({r: tuple(links.get(r, ())) for r in tables if r != "exports"})
    texts = {room: [*names[:NAMED], *([f"and {len(names) - NAMED} more"] if len(names) > NAMED else [])] for room, names in tables.items()}
    columns = [[r for r in sorted(tables) if levels[r] == n] for n in range(max(levels.values()) + 1)]
    high = {r: LINE * (len(t) + 2.2) for r, t in texts.items()}
    tallest = max(sum(high[r] + LINE for r in rooms) for rooms in columns)
    ax = ax or plt.subplots(figsize=(WIDE * len(columns), tallest + 0.6))[1]
    places: dict[str, tuple[float, float]] = {}
    for x, rooms in enumerate(columns):
        top = (tallest + sum(high[r] + LINE for r in rooms)) / 2
        for room in rooms:
            places[room] = (x * WIDE, top - high[room] / 2)
            top -= high[room] + LINE
    for room, taken in links.items():
        for other in taken:
            _arrow(ax, places[other], places[room])
    for room, (x, y) in places.items():
        _box(ax, x, y, high[room], LESSONS.get(room, room), texts[room], "#f3ead8" if room == "exports" else "#dcebf5")
    ax.set(xlim=(-WIDE / 2, (len(columns) - 0.5) * WIDE), ylim=(0, tallest), title="Which lesson's tables are made from which?")
    ax.axis("off")
    return ax


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    half = WIDE * 0.39
    ax.annotate("", (end[0] - half, end[1]), (start[0] + half, start[1]), arrowprops={"arrowstyle": "->", "color": "#7a8a99", "lw": 1, "shrinkA": 0, "shrinkB": 0}, zorder=1)


def _box(ax: Axes, x: float, y: float, high: float, title: str, names: Sequence[str], face: str) -> None:
    from matplotlib.patches import Rectangle

    wide = WIDE * 0.78
    ax.add_patch(Rectangle((x - wide / 2, y - high / 2), wide, high, facecolor=face, edgecolor="#7a8a99", lw=0.8, zorder=2))
    ax.text(x, y + high / 2 - LINE * 0.9, title, ha="center", va="center", fontsize=9, fontweight="bold", zorder=3)
    for n, name in enumerate(names):
        ax.text(x, y + high / 2 - LINE * (n + 2), name, ha="center", va="center", fontsize=7.5, zorder=3)
