"""Charts about what customers buy together, next and when.

Each title is the question that the chart answers; each `say_` function returns the answer in one sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.show.style import BLUE, DARK, GREY, ORANGE, PALE
from helpers.show.tables import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD_NAMES = {"popularity": "most bought", "buy_again": "buy again", "item_item": "similar products", "factors": "matrix factorisation"}
LONGEST = 46
ENOUGH_PAIRS = 6


def new_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the axes given, or new ones of a size in inches."""
    from matplotlib import pyplot as plt

    return ax or plt.subplots(figsize=size)[1]


def shorten(text: str) -> str:
    """Return a label that fits beside a chart."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def top_basket_rules(rules: pd.DataFrame, rows: int = 8) -> pd.DataFrame:
    """Return the rules that hold and tell something new, one per set of items, highest lift first; pairs alone where there are enough."""
    kept = rules[rules["holds"].fillna(False) & ~rules["is_redundant"].fillna(False)]
    kept = kept[kept["size"] == 2] if (kept["size"] == 2).sum() >= 2 * ENOUGH_PAIRS else kept
    parts = [frozenset([*a.split(" + "), c]) for a, c in zip(kept["antecedent"], kept["consequent"], strict=True)]
    once = kept.assign(_set=parts).sort_values(["lift", "confidence", "antecedent"], ascending=[False, False, True]).drop_duplicates("_set")
    return once.drop(columns="_set").head(rows).reset_index(drop=True)


def plot_basket_rules(rules: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how much more often baskets with the left side hold the right side than baskets do in general.

    Parameters
    ----------
    rules : pandas.DataFrame
        Table `basket_rules`.
    """
    shown = top_basket_rules(rules).iloc[::-1]
    ax = new_axes(ax, (8, 0.36 * len(shown) + 1.3))
    ax.barh(range(len(shown)), shown["confidence"] * 100, color=BLUE, height=0.6, label="of baskets with the left side")
    usual = shown["consequent_count"].astype(float) / shown["baskets"].astype(float) * 100
    ax.scatter(usual, range(len(shown)), color=ORANGE, zorder=3, s=30, label="of all baskets")
    for place, (confidence, lift) in enumerate(zip(shown["confidence"], shown["lift"], strict=True)):
        ax.text(confidence * 100 + 1, place, f"{lift:.1f} times as often", va="center", fontsize=8, color=DARK)
    ax.set_yticks(range(len(shown)), [shorten(f"{a} → {c}") for a, c in zip(shown["antecedent_name"], shown["consequent_name"], strict=True)], fontsize=8)
    ax.set(
        xlabel="baskets that hold the right side (%)",
        title="What goes into the same basket?",
        xlim=(0, min(100, float(shown["confidence"].max()) * 100 + 4) * 1.25),
    )
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def say_basket_rules(rules: pd.DataFrame) -> str:
    """Return what the basket chart shows, in one sentence."""
    top = top_basket_rules(rules, 1)
    if top.empty:
        return "No rule stands out from chance."
    best, held = top.iloc[0], int(rules["holds"].sum())
    return (
        f"{held:,} of {len(rules):,} rules hold after the control for chance; "
        f"baskets with {best['antecedent_name']} hold {best['consequent_name']} in {say_share(best['confidence'])} of cases, "
        f"{best['lift']:.1f} times as often as all baskets."
    )


def plot_sequences(rules: pd.DataFrame, *, rows: int = 8, ax: Axes | None = None) -> Axes:
    """Draw the rate of "A, then B" with its interval beside B's base rate.

    Parameters
    ----------
    rules : pandas.DataFrame
        Table `sequence_rules`.
    rows : int
        Surest first.
    """
    shown = rules.head(rows).iloc[::-1]
    ax = new_axes(ax, (8, 0.36 * len(shown) + 1.3))
    places = np.arange(len(shown))
    ends = np.vstack([shown["rate"] - shown["rate_low"], shown["rate_high"] - shown["rate"]]) * 100
    ax.errorbar(shown["rate"] * 100, places, xerr=ends, fmt="o", color=BLUE, capsize=3, label="after A (95 % interval)")
    ax.scatter(shown["base_rate"] * 100, places, color=ORANGE, marker="D", s=26, zorder=3, label="after any order (base rate)")
    ax.set_yticks(places, [shorten(f"{a} → {b}") for a, b in zip(shown["a_name"], shown["b_name"], strict=True)], fontsize=8)
    window = shown["window"].iloc[0] if len(shown) else "the window"
    ax.set(xlabel=f"customers who bought B within {window} (%)", title="Who bought A: what follows?", xlim=(0, None))
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def say_sequence(rule: pd.Series) -> str:
    """Return one sequence in words."""
    return (
        f"{say_share(rule['rate'])} of {int(rule['buyers']):,} buyers of {rule['a_name']} bought {rule['b_name']} within {rule['window']} "
        f"({say_share(rule['rate_low'])} to {say_share(rule['rate_high'])}), "
        f"half of them within {rule['median_gap_days']:.0f} days; after any order it is {say_share(rule['base_rate'])}."
    )


def say_sequences(rules: pd.DataFrame) -> str:
    """Return what the sequence chart shows, in one sentence."""
    return say_sequence(rules.iloc[0]) if len(rules) else "No sequence stands out from chance."


def plot_recommendation_test(test: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw NDCG at 10 of every method with its interval, for anything and for new products only; the one in use is coloured.

    Parameters
    ----------
    test : pandas.DataFrame
        Table `recommendation_test`.
    """
    shown = test.iloc[::-1].reset_index(drop=True)
    ax = new_axes(ax, (8, 0.42 * len(shown) + 1.3))
    ends = np.vstack([shown["ndcg"] - shown["ndcg_low"], shown["ndcg_high"] - shown["ndcg"]])
    ax.barh(
        range(len(shown)),
        shown["ndcg"],
        color=[BLUE if u else PALE for u in shown["used"]],
        height=0.6,
        xerr=ends,
        error_kw={"ecolor": DARK, "capsize": 3, "lw": 1},
    )
    words = {"next": "anything", "new": "new to the customer"}
    ax.set_yticks(range(len(shown)), [f"{words[t]}: {METHOD_NAMES[m]}" for t, m in zip(shown["target"], shown["method"], strict=True)], fontsize=9)
    for place, (high, hit) in enumerate(zip(shown["ndcg_high"], shown["hit_rate"], strict=True)):
        ax.text(high + 0.01, place, f"hit for {say_share(hit)}", va="center", fontsize=8, color=DARK)
    ax.set(
        xlabel="NDCG at 10 (1 = the ten products in the best order), dark: in use",
        title="Which list names what customers bought next?",
        xlim=(0, float(shown["ndcg_high"].max()) * 1.25),
    )
    return ax


def say_recommendation_test(test: pd.DataFrame) -> str:
    """Return who won, in one sentence per target."""
    if test.empty:
        return "Too few customers bought before and in the test period to judge a method."
    parts = []
    for target, words in (("next", "For anything a customer buys next"), ("new", "For products new to the customer")):
        part = test[test["target"] == target]
        if part.empty:
            continue
        used, naive = part[part["used"]].iloc[0], part[part["method"].isin(["popularity", "buy_again"])].sort_values("ndcg").iloc[-1]
        verdict = "no model beat it" if used["method"] == naive["method"] else f"it beat {METHOD_NAMES[naive['method']]} (NDCG {naive['ndcg']:.2f})"
        parts.append(
            f"{words}, {METHOD_NAMES[used['method']]} is used: NDCG {used['ndcg']:.2f}, "
            f"a hit for {say_share(used['hit_rate'])} of {int(used['customers']):,} customers; {verdict}."
        )
    return " ".join(parts)


def plot_cycle_calibration(calibration: pd.DataFrame, *, horizon_days: int, ax: Axes | None = None) -> Axes:
    """Draw, per predicted chance to be back, the share who really came.

    Parameters
    ----------
    calibration : pandas.DataFrame
        Table `cycle_calibration`.
    horizon_days : int
    """
    shown = calibration.iloc[:-1]
    ax = new_axes(ax, (6.5, 4.2))
    ax.plot([0, 100], [0, 100], color=GREY, lw=1, ls="--", label="perfect forecast")
    ends = np.vstack([shown["share"] - shown["low"], shown["high"] - shown["share"]]) * 100
    ax.errorbar(shown["predicted"] * 100, shown["share"] * 100, yerr=ends, fmt="o", color=BLUE, capsize=3, label="customers (95 % interval)")
    for x, y, n in zip(shown["predicted"], shown["share"], shown["customers"], strict=True):
        ax.annotate(f"{n:,}", (x * 100, y * 100), textcoords="offset points", xytext=(7, -10), fontsize=8, color=DARK)
    ax.set(
        xlabel=f"predicted chance of an order within {horizon_days} days (%)",
        ylabel="customers who ordered (%)",
        title="Did those come who were predicted to?",
        xlim=(0, 100),
        ylim=(0, 102),
    )
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def say_cycles(calibration: pd.DataFrame, scores: pd.DataFrame, horizon_days: int) -> str:
    """Return how the next-order forecast did on the last days before the as-of date, in one sentence."""
    if calibration.empty or scores.empty:
        return "Too little history to test the forecast."
    last, own = calibration.iloc[-1], scores.iloc[0]
    naive = scores.iloc[1:].sort_values("brier").iloc[0]
    verdict = "better than" if own["wins"] else "not surely better than"
    said = (
        f"Of {int(last['customers']):,} customers predicted to be back within {horizon_days} days, "
        f"{int(last['returned']):,} came ({say_share(last['share'])}, {say_share(last['low'])} to {say_share(last['high'])})"
        if own["predicted_back"] else f"Nobody reached the chance from which a customer is predicted to be back within {horizon_days} days"
    )  # fmt: skip
    return f'{said}; the forecast\'s squared error of {own["brier"]:.3f} is {verdict} that of the naive forecast "{naive["method"]}" ({naive["brier"]:.3f}).'
