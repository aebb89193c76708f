"""Charts about what customers say, need and do: themes, need types, links, satisfaction. Each title is the question it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.show.plots_needs import new_axes, shorten
from helpers.show.style import BLUE, DARK, GREEN, GREY, ORANGE, PALE, RED, SKY
from helpers.show.tables import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TYPE_COLOURS = {"cost_sensitive": ORANGE, "service_dependent": BLUE, "innovation_driven": GREEN, "none": GREY, "not_enough_data": PALE}
TYPE_NAMES = {
    "cost_sensitive": "cost-sensitive",
    "service_dependent": "service-dependent",
    "innovation_driven": "innovation-driven",
    "none": "none of these",
    "not_enough_data": "not enough data",
}


def plot_links(links: pd.DataFrame, *, rows: int = 6, ax: Axes | None = None) -> Axes:
    """Draw, per link, the difference against anybody else and against like customers.

    Parameters
    ----------
    links : pandas.DataFrame
        Table `behaviour_links`; links that hold and those that vanish, the largest first.
    """
    shown = top_links(links, rows).iloc[::-1]
    ax = new_axes(ax, (9, 0.5 * len(shown) + 1.4))
    places = np.arange(len(shown))
    for difference, low, high, colour, shift, label in (
        ("crude_difference", "crude_low", "crude_high", ORANGE, 0.14, "against anybody else"),
        ("difference", "low", "high", BLUE, -0.14, "against like customers"),
    ):
        ends = np.vstack([shown[difference] - shown[low], shown[high] - shown[difference]]) * 100
        ax.errorbar(shown[difference] * 100, places + shift, xerr=ends, fmt="o", color=colour, capsize=3, label=label)
    ax.axvline(0, color=GREY, lw=1)
    ax.set_yticks(places, [f"{shorten(b)}\n→ {o} ({v})" for b, o, v in zip(shown["behaviour"], shown["outcome"], shown["verdict"], strict=True)], fontsize=8)
    ax.set(
        xlabel="more buyers among those who showed the behaviour (percentage points, 95 % interval)",
        title="Does the behaviour lead to the purchase, or do the same people do both?",
    )
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def top_links(links: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return links worth a look: those that hold, then those that doubled the rate and vanished most, one per behaviour; not "any order"."""
    named = links[links["outcome"] != "any order"]
    holds = named[named["verdict"] == "holds"]
    gone = named[(named["verdict"] == "confounded") & (named["rate"] >= 2 * named["crude_others"])].assign(
        left=lambda f: f["difference"] / f["crude_difference"]
    )
    gone = gone.sort_values(["left", "behaviour", "outcome"]).drop_duplicates("behaviour").drop(columns="left")
    return pd.concat([holds.head(rows), gone.head(max(rows - len(holds), 2))], ignore_index=True)


def say_links(links: pd.DataFrame) -> str:
    """Return how many links stand, in one sentence."""
    named = links[links["outcome"] != "any order"]
    count = named["verdict"].value_counts()
    return (
        f"Of {len(named):,} links between a behaviour and a later purchase, "
        f"{int(count.get('holds', 0))} hold{'s' if count.get('holds', 0) == 1 else ''} among like customers; {int(count.get('confounded', 0))} looked real and vanish, "
        f"{int(count.get('active', 0))} only say that those customers order more of everything."
    )


def plot_themes(themes: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many texts each theme has, and how many of them blame.

    Parameters
    ----------
    themes : pandas.DataFrame
        Table `voice_themes`.
    """
    shown = themes.head(10).iloc[::-1]
    ax = new_axes(ax, (8, 0.36 * len(shown) + 1.4))
    texts = shown["texts"].astype(float)
    blame = texts * shown["negative_share"]
    ax.barh(range(len(shown)), blame, color=RED, height=0.6, label="blame")
    ax.barh(range(len(shown)), texts - blame, left=blame, color=SKY, height=0.6, label="neutral or praise")
    ax.set_yticks(range(len(shown)), [f"{e} {z}" for e, z in zip(shown["name_en"], shown["name_zh"], strict=True)], fontsize=9)
    ax.set(xlabel="texts", title="What do customers write about?")
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def say_themes(themes: pd.DataFrame) -> str:
    """Return what the theme chart shows, in one sentence."""
    if themes.empty:
        return "There are no texts."
    top, angry = themes.iloc[0], themes[themes["texts"] >= 20].sort_values("negative_share", ascending=False)
    worst = (
        f"; {angry.iloc[0]['name_en'].lower()} is blamed most ({say_share(angry.iloc[0]['negative_share'])} of {int(angry.iloc[0]['texts'])} texts)"
        if len(angry)
        else ""
    )
    return f"Most texts are about {top['name_en'].lower()} ({say_share(top['share'])} of {int(themes['texts'].sum()):,}){worst}."


def plot_repurchase(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many came back after each score, with interval, beside everybody.

    Parameters
    ----------
    curve : pandas.DataFrame
        Table `satisfaction_repurchase`.
    """
    from matplotlib import pyplot as plt

    measures = [m for m in ("nps", "csat") if (curve["measure"] == m).any()]
    axes = [ax] if ax is not None else plt.subplots(1, len(measures), figsize=(4.2 * len(measures), 3.4), sharey=True, squeeze=False)[1][0]
    for own, measure in zip(axes, measures, strict=False):
        part = curve[curve["measure"] == measure]
        ends = np.vstack([part["share"] - part["low"], part["high"] - part["share"]]) * 100
        own.errorbar(range(len(part)), part["share"] * 100, yerr=ends, fmt="o-", color=BLUE, capsize=3)
        own.axhline(float(part["share_of_all"].iloc[0]) * 100, color=ORANGE, lw=1.2, ls="--")
        own.set_xticks(range(len(part)), [f"{a}–{b}" if a != b else f"{a}" for a, b in zip(part["score_from"], part["score_to"], strict=True)])
        own.set(xlabel=f"{measure.upper()} score", ylim=(0, 100))
    axes[0].set(ylabel="came back in the window (%)", title="Do satisfied customers come back? (dashed: all who answered)")
    return axes[0]


def say_repurchase(curve: pd.DataFrame) -> str:
    """Return what the curve shows, in one sentence."""
    part = curve[(curve["measure"] == curve["measure"].iloc[0]) & (curve["answers"] > 0)] if len(curve) else curve
    if len(part) < 2:
        return "Too few answers with a score."
    low, high = part.iloc[0], part.iloc[-1]
    apart = high["low"] > low["high"]
    verdict = "the intervals lie apart" if apart else "the intervals overlap, so the score does not tell who comes back"
    return (
        f"After the lowest {part['measure'].iloc[0].upper()} scores {say_share(low['share'])} of {int(low['answers'])} came back, "
        f"after the highest {say_share(high['share'])} of {int(high['answers'])}: {verdict}."
    )


def plot_need_types(types: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers each need type has.

    Parameters
    ----------
    types : pandas.DataFrame
        Table `need_types`.
    """
    counts = types["need_type"].value_counts().reindex(list(TYPE_COLOURS), fill_value=0).iloc[::-1]
    ax = new_axes(ax, (8, 2.6))
    ax.barh(range(len(counts)), counts, color=[TYPE_COLOURS[t] for t in counts.index], height=0.65)
    for place, number in enumerate(counts):
        ax.text(number + counts.max() * 0.01, place, f"{number:,} ({say_share(number / max(counts.sum(), 1))})", va="center", fontsize=8, color=DARK)
    ax.set_yticks(range(len(counts)), [TYPE_NAMES[t] for t in counts.index])
    ax.set(xlabel="customers", title="What do customers need most?", xlim=(0, counts.max() * 1.15 + 1))
    return ax


def say_need_types(types: pd.DataFrame) -> str:
    """Return what the need-type chart shows, in one sentence."""
    counts = types["need_type"].value_counts()
    told = int(len(types) - counts.get("not_enough_data", 0))
    if not told:
        return f"For none of {len(types):,} customers does the data show a need type."
    named = ", ".join(f"{int(counts.get(t, 0)):,} {TYPE_NAMES[t]}" for t in ("cost_sensitive", "service_dependent", "innovation_driven"))
    return f"For {told:,} of {len(types):,} customers there is enough evidence: {named}, {int(counts.get('none', 0)):,} with no marked need."
