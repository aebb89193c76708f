"""Charts of tiers, schemes and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.show.plots import _axes, say_empty
from helpers.show.style import BLUE, DARK, GREY, ORANGE, PALE, tier_colours
from helpers.show.tables import say_money, say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 3000  # more dots than this hide each other


def plot_tier_sizes(summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw each tier's share of customers beside its share of revenue.

    Parameters
    ----------
    summary : pandas.DataFrame
        Table `tier_summary`, or one scheme's rows of `scheme_shares`.
    """
    colours = tier_colours(summary["tier"].tolist(), set(summary.loc[summary["call_first"].fillna(False), "tier"]))
    shown = summary[summary["customers"] > 0].iloc[::-1]
    ax = _axes(ax, (8, 0.55 * len(shown) + 1.2))
    places = range(len(shown))
    ax.barh([p - 0.19 for p in places], shown["share"].astype(float) * 100, height=0.36, color=PALE, label="customers")
    ax.barh([p + 0.19 for p in places], shown["revenue_share"] * 100, height=0.36, color=[colours[t] for t in shown["tier"]], label="revenue")
    for p, customers, revenue in zip(places, shown["share"], shown["revenue_share"], strict=True):
        ax.text(customers * 100 + 0.5, p - 0.19, f"{say_share(customers)} of customers", va="center", fontsize=8, color=DARK)
        ax.text(max(revenue, 0) * 100 + 0.5, p + 0.19, f"{say_share(revenue)} of revenue", va="center", fontsize=8, color=DARK)
    ax.set(yticks=list(places), xlabel="share (%)", title="Who are our customers, and who brings the revenue?")
    ax.set_yticklabels(shown["label_en"])
    reached = pd.concat([shown["revenue_share"], shown["share"]]).fillna(0).astype("float64") * 100  # no share of a revenue that is not positive
    ax.set_xlim(min(0, reached.min()), reached.max() * 1.25 + 1)
    return ax


def say_tier_sizes(summary: pd.DataFrame) -> str:
    """Return what the tier chart shows, in one sentence."""
    if not summary["revenue_share"].notna().any():
        return "There is no revenue to share out."
    top = summary.sort_values("revenue_share", ascending=False).iloc[0]
    call = summary[summary["call_first"].fillna(False)]
    told = f"{top['label_en']}: {say_share(top['share'])} of all customers bring {say_share(top['revenue_share'])} of the revenue"
    if call.empty or not call["customers"].sum():
        return f"{told}."
    return f"{told}; to call first: {int(call['customers'].sum()):,} in {' and '.join(call['label_en'])}, who stand for {say_share(call['revenue_share'].sum())}."


def plot_matrix(placed: pd.DataFrame, matrix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw every customer in a matrix with its two cuts, and each quadrant's name, size and revenue.

    Parameters
    ----------
    placed : pandas.DataFrame
        From `place_customers`.
    matrix : pandas.DataFrame
        The four rows of `value_matrices` for the same matrix and cut.
    """
    ax = _axes(ax, (8, 5))
    shown = placed if len(placed) <= MOST_POINTS else placed.sample(MOST_POINTS, random_state=1)
    x = shown["x"].clip(lower=0) + 1 if shown["x"].max() > 50 else shown["x"]
    spread = x.max() > 50
    ax.scatter(x, shown["y"], s=9, color=GREY, alpha=0.35, linewidths=0)
    first = matrix.iloc[0]
    ax.axvline(first["x_cut"] + (1 if spread else 0), color=DARK, lw=1)
    ax.axhline(first["y_cut"], color=DARK, lw=1)
    ax.set_xscale("log" if spread else "linear")
    if shown["y"].max() > 200:
        ax.set_yscale("symlog", linthresh=10)
    for _, q in matrix.iterrows():
        left, bottom = q["x"] == "low", q["y"] == "low"
        words = f"{q['quadrant_en']}: {int(q['customers']):,}\n{say_share(q['revenue_share'])} of revenue"
        ax.text(0.02 if left else 0.98, 0.03 if bottom else 0.97, words, transform=ax.transAxes, ha="left" if left else "right", va="bottom" if bottom else "top",
                fontsize=10, weight="bold", color=BLUE, bbox={"fc": "white", "alpha": 0.85, "lw": 0})  # fmt: skip
    named = {"spend_12m": "spend of the last 12 months (currency units)", "potential_score": "potential score (0 to 100)", "order_count": "orders", "average_order_value": "average order value (currency units)"}
    titles = {"value_potential": "Where is value, and where is room to grow?", "frequency_order_value": "Who comes often, and who spends much at a time?"}
    ax.set(xlabel=named[first["x_measure"]], ylabel=named[first["y_measure"]], title=titles[first["matrix"]])
    return ax


def say_matrix(matrix: pd.DataFrame, currency: str) -> str:
    """Return what a matrix shows, in one sentence."""
    by = matrix.set_index(["x", "y"])
    best, develop = by.loc[("high", "high")], by.loc[("low", "high")]
    return (
        f"{int(best['customers']):,} customers are {best['quadrant_en']} and stand for {say_money(best['revenue'], currency)}; "
        f"{int(develop['customers']):,} are {develop['quadrant_en']} with {say_money(develop['revenue'], currency)} so far."
    )


def plot_crosswalk(crosswalk: pd.DataFrame, labels: tuple[dict[str, str], dict[str, str]], names: tuple[str, str], *, ax: Axes | None = None) -> Axes:
    """Draw how many customers hold each pair of tiers of two schemes.

    Parameters
    ----------
    crosswalk : pandas.DataFrame
        From `cross_tiers`.
    labels : tuple of dict
        Tier key to label, per scheme.
    names : tuple of str
        What the two schemes are called.
    """
    import seaborn as sns

    table = crosswalk.pivot(index="tier_a", columns="tier_b", values="customers")
    table = table.reindex(index=[t for t in labels[0] if t in table.index], columns=[t for t in labels[1] if t in table.columns]).astype("float64")
    ax = _axes(ax, (1.25 * len(table.columns) + 2.5, 0.5 * len(table) + 1.6))
    words = table.map(lambda n: f"{n:,.0f}" if n == n else "")
    sns.heatmap(np.log10(table), annot=words.to_numpy(), fmt="", cmap="Blues", cbar=False, linewidths=1, linecolor="white", ax=ax, annot_kws={"size": 9})
    ax.set_xticklabels([labels[1][t] for t in table.columns], rotation=30, ha="right")
    ax.set_yticklabels([labels[0][t] for t in table.index], rotation=0)
    ax.set(xlabel=names[1], ylabel=names[0], title="Who is called what in the other scheme? Customers per pair")
    return ax


def plot_thresholds(passport: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw, for each threshold, how many customers would change their primary tier if it moved one step.

    Parameters
    ----------
    passport : pandas.DataFrame
        Table `threshold_passport`.
    """
    shown = passport[(passport["primary_if_lower"] > 0) | (passport["primary_if_higher"] > 0)].iloc[::-1]
    ax = _axes(ax, (8, 0.36 * max(len(shown), 1) + 1.4))
    places = range(len(shown))
    ax.barh(places, -shown["primary_if_lower"].astype(float), color=ORANGE, height=0.65, label="one step lower")
    ax.barh(places, shown["primary_if_higher"].astype(float), color=BLUE, height=0.65, label="one step higher")
    ax.axvline(0, color=DARK, lw=0.8)
    if shown.empty:
        say_empty(ax, "no threshold would change anybody's tier")
    ax.set(yticks=list(places), xlabel="customers who would change tier", title="Which threshold matters, and for how many customers?")
    ax.set_yticklabels([f"{t.threshold} = {t.value:,.4g}" for t in shown.itertuples()])
    ax.xaxis.set_major_formatter(lambda v, _: f"{abs(v):,.0f}")
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def say_thresholds(passport: pd.DataFrame, customers: int) -> str:
    """Return what the chart of thresholds shows, in one sentence."""
    moved = passport.assign(most=passport[["primary_if_lower", "primary_if_higher"]].max(axis=1))
    top = moved.sort_values(["most", "threshold"], ascending=[False, True]).iloc[0]
    if not top["most"]:
        return "No threshold would change anybody's tier if it moved one step."
    return f"The threshold \"{top['threshold']}\" matters most: one step of {top['step']:,.4g} ({top['unit']}) would give {int(top['most']):,} of {customers:,} customers another tier."


