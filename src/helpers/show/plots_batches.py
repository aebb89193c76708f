"""Small multiples of a batch: how groups of runs develop over as-of dates, a panel per group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from helpers.show.style import BLUE, tier_colours
from helpers.show.tables import say_share

PANELS = 7  # charts of headline figures
MOST_GROUPS = 12
WIDE = 4  # panels side by side
NARROWEST = 7.2  # inches that a title needs


def largest_groups(frame: pd.DataFrame, by: str) -> list[str]:
    """Return the groups to draw, in the order in which they come; when there are more than fit, those with the highest last values."""
    groups = list(dict.fromkeys(frame["group"]))
    if len(groups) <= MOST_GROUPS:
        return groups
    last = frame.sort_values("as_of").groupby("group")[by].last().sort_values(ascending=False)
    return [g for g in groups if g in set(last.index[:MOST_GROUPS])]


def _panels(groups: Sequence[str], height: float) -> tuple[Any, list[Any]]:
    from matplotlib import pyplot as plt

    columns = min(WIDE, len(groups))
    rows = math.ceil(len(groups) / columns)
    figure, axes = plt.subplots(rows, columns, figsize=(max(2.6 * columns, NARROWEST), height * rows + 0.7), sharex=True, squeeze=False)
    flat = [a for row in axes for a in row]
    for unused in flat[len(groups) :]:
        unused.set_visible(False)
    return figure, flat


def _dates(axes: Any, days: pd.Series) -> None:
    """Mark the first and the last day only: panels are narrow."""
    ends = [days.min(), days.max()]
    axes.set_xticks(ends, [f"{d:%Y-%m}" for d in ends], fontsize=8)
    axes.tick_params(axis="y", labelsize=8)


def plot_figure_by_group(frame: pd.DataFrame, key: str, *, title: str, unit: str) -> Any:
    """Draw one headline figure over as-of dates, a panel per group, each with zero in it; a group in which it was not measured says so.

    Parameters
    ----------
    frame : pandas.DataFrame
        group (str), as_of (datetime), and the figure.
    key, title, unit : str
        Column, what it is called, and its unit.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    groups = largest_groups(frame, key)
    figure, panels = _panels(groups, 1.7)
    for axes, group in zip(panels, groups, strict=False):
        own = frame[frame["group"] == group].dropna(subset=[key]).sort_values("as_of")
        axes.plot(own["as_of"], own[key], color=BLUE, marker="o", markersize=3)
        axes.set_ylim(min(0, own[key].min() * 1.15) if len(own) else 0, max(own[key].max() * 1.15, 1) if len(own) else 1)
        if own.empty:
            axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", fontsize=8)
            axes.set_yticks([])
        axes.set_title(_short(group), fontsize=9)
        axes.yaxis.set_major_formatter(lambda v, _: _thousands(v))
        _dates(axes, frame["as_of"])
    asked = f"how does each group develop? ({unit})" if len(groups) > 1 else f"how does it develop? ({unit})"
    figure.suptitle(f"{title[0].upper()}{title[1:]}: {asked}", x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.supxlabel("as-of date" + ("; scales differ" if len(groups) > 1 else ""), fontsize=9)
    return panels[0]


def say_figure_by_group(frame: pd.DataFrame, key: str, title: str) -> str:
    """Return where a figure rose and fell most between the first and the last as-of date, of the groups measured at both."""
    both = _ends(frame, key)
    if both.empty:
        return f"{title[0].upper()}{title[1:]}: no group was measured at the first and at the last date."
    since = f"From {frame['as_of'].min():%Y-%m-%d} to {frame['as_of'].max():%Y-%m-%d}, {title}"
    changes = _changes(both)
    if changes.empty:  # nothing to take a share of
        group = both["last"].idxmax()
        return f"{since} in {group}: {both.at[group, 'first']:,.0f}, then {both.at[group, 'last']:,.0f}."
    (most, up), (least, down) = (changes.idxmax(), changes.max()), (changes.idxmin(), changes.min())
    if up == down:
        return f"{since} in {' and in '.join(changes.index[:3]) if len(changes) <= 3 else 'every group'}: {_signed(up)}."
    if down >= 0:
        return f"{since} rose most in {most} ({_signed(up)}) and least in {least} ({_signed(down)})."
    if up <= 0:
        return f"{since} fell most in {least} ({_signed(down)}) and least in {most} ({_signed(up)})."
    return f"{since} rose most in {most} ({_signed(up)}) and fell most in {least} ({_signed(down)})."


def _ends(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """The figure at the first and at the last as-of date, for groups that were measured at both."""
    days = [frame["as_of"].min(), frame["as_of"].max()]
    first, last = (frame[frame["as_of"] == day].groupby("group", sort=False)[key].first() for day in days)
    both = pd.DataFrame({"first": first, "last": last}).dropna()
    return both if days[0] < days[1] else both.iloc[:0]


def _changes(both: pd.DataFrame) -> pd.Series:
    some = both[both["first"] > 0]
    return (some["last"] / some["first"] - 1).round(6)  # 0.9 - 1 is no tenth for a computer


def _signed(share: float) -> str:
    return ("+" if share > 0 else "-" if share < 0 else "") + (say_share(abs(share)) or "0 %")


def plot_tiers_by_group(shares: pd.DataFrame) -> Any:
    """Draw the share of customers in each tier over as-of dates, a panel per group.

    Parameters
    ----------
    shares : pandas.DataFrame
        group, tier (str), as_of (datetime), share (float, 0 to 1).

    Returns
    -------
    matplotlib.axes.Axes
        The first panel.
    """
    tiers = list(dict.fromkeys(shares["tier"]))
    colours = tier_colours(tiers)
    groups = largest_groups(shares.groupby(["group", "as_of"], as_index=False, sort=False)["share"].count(), "share")
    figure, panels = _panels(groups, 1.9)
    for axes, group in zip(panels, groups, strict=False):
        own = shares[shares["group"] == group].pivot_table(index="as_of", columns="tier", values="share", aggfunc="first").reindex(columns=tiers).fillna(0)
        axes.stackplot(own.index, own.T.to_numpy() * 100, colors=[colours[t] for t in tiers], labels=tiers)
        axes.set_ylim(0, 100)
        axes.set_title(_short(group), fontsize=9)
        _dates(axes, shares["as_of"])
    figure.suptitle("How do the tiers of each group shift?" if len(groups) > 1 else "How do the tiers shift?", x=0.01, ha="left", fontsize=12, fontweight="bold")
    figure.supylabel("share of customers (%)", fontsize=9)
    figure.supxlabel("as-of date", fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles[::-1], labels[::-1], loc="outside right upper", fontsize=8, frameon=False)
    return panels[0]


def say_tiers_by_group(shares: pd.DataFrame) -> str:
    """Return the largest shift of a tier's share between the first and the last as-of date."""
    ordered = shares.fillna({"share": 0}).sort_values("as_of").groupby(["group", "tier"])["share"].agg(["first", "last"])
    shift = ordered["last"] - ordered["first"]
    group, tier = shift.abs().idxmax()
    told = ordered.loc[(group, tier)]
    return f"The largest shift: {tier} went from {say_share(told['first'])} to {say_share(told['last'])} of the customers in {group}."


def _short(group: str) -> str:
    return group if len(group) <= 24 else f"{group[:23]}…"


def _thousands(value: float) -> str:
    return f"{value / 1e6:.1f} M" if abs(value) >= 1e6 else f"{value / 1e3:.0f} k" if abs(value) >= 1e4 else f"{value:,.0f}"
