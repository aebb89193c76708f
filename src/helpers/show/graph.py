"""A picture of the stage graph, drawn from the code, so that it is never out of date."""

from __future__ import annotations

from collections.abc import Mapping
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


def plot_stages(takes: Mapping[str, tuple[str, ...]], *, ax: Axes | None = None) -> Axes:
    """Draw which table is made from which: exports on the left, what people read on the right.

    Parameters
    ----------
    takes : mapping
        Stage name to the tables it takes (settings left out by the caller).
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    """
    from matplotlib import pyplot as plt

    levels = stage_levels(takes)
    exports = sorted({n for needs in takes.values() for n in needs} - set(takes))
    columns: dict[int, list[str]] = {0: exports}
    for name, level in levels.items():
        columns.setdefault(level, []).append(name)
    tallest = max(len(names) for names in columns.values())
    ax = ax or plt.subplots(figsize=(2.1 * len(columns), 0.4 * tallest + 1))[1]
    places = {n: (x, -(i + 0.5) * tallest / len(names)) for x, names in columns.items() for i, n in enumerate(names)}
    for name, needs in takes.items():
        for needed in needs:
            ax.annotate("", places[name], places[needed], arrowprops={"arrowstyle": "-", "color": "#b8c4ce", "lw": 0.7, "shrinkA": 30, "shrinkB": 30, "antialiased": False})  # smooth lines would fill the lesson's 400 KB
    for name, (x, y) in places.items():
        face = "#f3ead8" if x == 0 else "#dcebf5"
        ax.text(x, y, name.removeprefix("raw_"), ha="center", va="center", fontsize=8, bbox={"boxstyle": "round,pad=0.3", "fc": face, "ec": "#7a8a99", "lw": 0.6})
    ax.set(xlim=(-0.5, max(columns) + 0.5), ylim=(-tallest - 0.5, 0.5), title="Which table is made from which? Exports in sand, on the left")
    ax.axis("off")
    return ax
