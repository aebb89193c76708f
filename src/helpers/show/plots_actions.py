"""The list as cards and charts: what to do first, where the hours go, who is not served, which contact is kept, who comes back by himself."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.retention.owners import AUTOMATIC
from helpers.show.action_words import WORDS
from helpers.show.plots import _axes
from helpers.show.style import BLUE, DARK, GREEN, GREY, ORANGE, PALE, RED, SKY
from helpers.show.tables import say_money, say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUP_SAYS = {"no capacity": "no hours or money left", "left alone": "left alone by a rule", "held out": "held out to measure", "not worth it": "would cost more than it brings"}
GROUP_COLOURS = {"no capacity": RED, "left alone": ORANGE, "held out": BLUE, "not worth it": GREY}
EVERYBODY = "all"
LINE = 110


def say_actions(actions: pd.DataFrame, currency: str, *, rows: int = 5) -> str:
    """Return the first rows of the list as cards that can be understood without a legend.

    Parameters
    ----------
    actions : pandas.DataFrame
        Table `action_list`.
    currency : str
    rows : int
    """
    if actions.empty:
        return "Nothing is worth doing this week: no signal, no occasion, no overdue contact."
    return "\n\n".join(_card(n, row, currency) for n, row in enumerate(actions.head(rows).itertuples(), 1))


def _card(number: int, row: object, currency: str) -> str:
    get = row.__getattribute__
    of = f", step {get('step')} of {get('steps')}" if get("steps") > 1 else ""
    who = f"{get('owner')} ({get('role')})" if get("owner") != AUTOMATIC else "sent automatically"
    how = WORDS["channel"].get(get("channel"), (get("channel"),))[0]
    lines = [
        f"{number}. {get('due_on'):%a %d %b}  {who}, {how}  {get('customer_id')}: {get('who')}",
        f"   do     {get('what')}",
        f"   why    {get('reason')}",
        f"   worth  {say_money(get('worth'), currency)} more than it costs; {get('play_label')}{of}",
    ]
    return "\n".join(line for long in lines for line in textwrap.wrap(long, LINE, subsequent_indent=" " * 10, drop_whitespace=True, break_on_hyphens=False))


def plot_hours_and_value(allocation: pd.DataFrame, *, rows: int = 5, ax: Axes | None = None) -> Axes:
    """Draw by tier the share of value in danger beside the share of hours, before and planned.

    Parameters
    ----------
    allocation : pandas.DataFrame
        Table `hour_allocation`.
    rows : int
        Tiers with the most value in danger.
    """
    shown = allocation.head(rows)
    places = np.arange(len(shown))
    ax = _axes(ax, (7, 0.5 * max(len(shown), 2) + 1.3))
    bars = [("value_in_danger_share", "value in danger", RED), ("hours_before_share", "hours of the last 90 days", PALE), ("hours_planned_share", "hours of this list", BLUE)]
    for shift, (column, label, colour) in enumerate(bars):
        share = shown[column].astype("float64")
        if share.notna().any():
            ax.barh(places + (shift - 1) * 0.26, share.fillna(0) * 100, height=0.24, color=colour, label=label)
    ax.set_yticks(places, shown["tier"])
    ax.invert_yaxis()
    ax.set(xlabel="share of all (%)", title="Do the hours go where value is in danger?")
    low = shown[[c for c, _, _ in bars]].tail(2).astype("float64").max().max() < 0.5
    ax.legend(frameon=False, fontsize=9, loc="lower right" if low else "upper right")
    return ax


def say_hours_and_value(allocation: pd.DataFrame) -> str:
    """Return where hours and value in danger differ most, before and in the plan, in one sentence."""
    if allocation.empty or not allocation["value_in_danger_share"].notna().any():
        return "Not measured: no value is in danger."
    before = allocation["hours_before_share"].astype("float64")
    if not before.notna().any():
        top = allocation.iloc[0]
        return f"'{top['tier']}' holds {say_share(top['value_in_danger_share'])} of the value in danger and gets {say_share(top['hours_planned_share']) or 'none'} of the hours; hours spent before are not measured: needs interactions."
    gap = (allocation["value_in_danger_share"] - before).abs()
    row = allocation.loc[gap.idxmax()]
    return (
        f"'{row['tier']}' holds {say_share(row['value_in_danger_share'])} of the value in danger, took {say_share(before[gap.idxmax()])} of the hours of the last 90 days, "
        f"and gets {say_share(row['hours_planned_share'])} of the planned ones."
    )


def plot_not_served(not_served: pd.DataFrame, currency: str, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers get nothing, why, and what that gives up.

    Parameters
    ----------
    not_served : pandas.DataFrame
        Table `not_served`.
    currency : str
    """
    told = not_served.groupby("group")["net_lost"].agg(["size", "sum"]).reindex(list(GROUP_SAYS)).fillna(0)
    ax = _axes(ax, (7, 2.3))
    ax.barh(range(len(told)), told["sum"], color=list(GROUP_COLOURS.values()), height=0.6)
    for place, row in enumerate(told.itertuples()):
        ax.text(row.sum, place, f"  {row.size:,.0f} customers, {row.sum:,.0f}", va="center", fontsize=9, color=DARK)
    ax.set_yticks(range(len(told)), list(GROUP_SAYS.values()))
    ax.invert_yaxis()
    ax.set_xlim(0, max(float(told["sum"].max()), 1) * 1.4)
    ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    ax.set(xlabel=f"expected gain given up ({currency})", title="Whom do we not serve, and what does that cost?")
    return ax


def say_not_served(not_served: pd.DataFrame, currency: str) -> str:
    """Return how many customers get nothing and what that costs, in one sentence."""
    if not_served.empty:
        return "Everybody for whom something could be done is served."
    told = not_served.groupby("group")["net_lost"].agg(["size", "sum"]).reindex(list(GROUP_SAYS)).fillna(0)
    full, held = told.loc["no capacity"], told.loc["held out"]
    lack = f"{full['size']:,.0f} for want of hours or money, which gives up {say_money(full['sum'], currency)}" if full["size"] else "none of them for want of hours or money"
    test = f"; the hold-out groups cost {say_money(held['sum'], currency)}, the price of knowing what works" if held["size"] else ""
    return f"{len(not_served):,} customers get nothing although something could be done: {lack}{test}."


def plot_cadence(coverage: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw which share of customers had the regular contact that was promised, with intervals.

    Parameters
    ----------
    coverage : pandas.DataFrame
        Table `cadence_coverage`.
    """
    shown = coverage[coverage["owner_id"] == EVERYBODY].sort_values("coverage")
    places = np.arange(len(shown))
    ax = _axes(ax, (7, 0.36 * max(len(shown), 2) + 1.2))
    ax.barh(places, shown["coverage"] * 100, color=SKY, height=0.6)
    ax.hlines(places, shown["coverage_low"] * 100, shown["coverage_high"] * 100, color=DARK, lw=1.5)
    for place, row in zip(places, shown.itertuples(), strict=True):
        ax.text(102, place, f"{row.covered:,} of {row.customers:,}; {row.overdue:,} overdue", va="center", fontsize=8, color=DARK)
    ax.set_yticks(places, shown["label_en"])
    ax.set(xlim=(0, 135), xticks=range(0, 101, 20), xlabel="customers whose contact is up to date (%, 95 % interval)", title="Do we speak with customers as often as we promised?")
    return ax


def say_cadence(coverage: pd.DataFrame) -> str:
    """Return the contact that is kept worst, in one sentence."""
    shown = coverage[coverage["owner_id"] == EVERYBODY]
    if shown.empty:
        return "Not measured: nobody falls under a cadence."
    row = shown.loc[shown["coverage"].astype("float64").idxmin()]
    late = f", half of them by more than {row['median_overdue_days']:.0f} days" if row["median_overdue_days"] == row["median_overdue_days"] else ""
    return f"Worst kept is '{row['label_en'].lower()}': {row['covered']:,} of {row['customers']:,} customers ({say_share(row['coverage'])}) are up to date, {row['overdue']:,} are overdue{late}."


def plot_return_odds(odds: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how often lost customers came back by themselves, by how long they had been silent and how often they had ordered.

    Parameters
    ----------
    odds : pandas.DataFrame
        Table `return_odds`.
    """
    order = {"silent up to twice the limit": 0, "up to four times": 1, "longer": 2}
    shown = odds.assign(_rank=odds["silence_class"].map(order)).sort_values(["_rank", "orders_class"], ascending=[False, True])
    places = np.arange(len(shown))
    ax = _axes(ax, (8, 0.3 * max(len(shown), 2) + 1.2))
    ax.hlines(places, shown["odds_low"] * 100, shown["odds_high"] * 100, color=SKY, lw=3)
    ax.scatter(shown["natural_odds"] * 100, places, color=BLUE, s=36, zorder=3)
    ax.set_yticks(places, shown["silence_class"] + ", " + shown["orders_class"])
    ax.set_xlim(left=0)
    ax.set(xlabel="came back within 60 days without being asked (%, 95 % interval)", title="Who comes back by himself?")
    return ax


def say_winback(ranking: pd.DataFrame, currency: str) -> str:
    """Return how few lost customers hold most of what a win-back can add, in one sentence."""
    gain = ranking["added_value"].clip(lower=0)
    if ranking.empty or not gain.sum():
        return "Not measured: nobody is lost, or nobody has come back so far."
    few = int((gain.cumsum() < gain.sum() * 0.8).sum()) + 1
    return f"{few:,} of {len(ranking):,} lost customers hold 80 % of the {say_money(float(gain.sum()), currency)} that asking them may add beyond those who come back anyway."


def plot_load(load: pd.DataFrame, *, week: int = 0, ax: Axes | None = None) -> Axes:
    """Draw hours planned and hours had, of everybody in one week.

    Parameters
    ----------
    load : pandas.DataFrame
        Table `owner_load`.
    week : int
        0 is the week after the as-of date.
    """
    shown = load[(load["week"] == week) & (load["hours"] > 0)].sort_values("load", ascending=False, kind="stable")
    places = np.arange(len(shown))
    ax = _axes(ax, (8, 0.25 * max(len(shown), 2) + 1.2))
    ax.barh(places, shown["hours"], color=PALE, height=0.7, label="hours that may be planned")
    ax.barh(places, shown["planned"], color=[RED if x > 0.95 else GREEN for x in shown["load"]], height=0.4, label="planned (red: full)")
    ax.set_yticks(places, shown["owner"] + " " + shown["job"], fontsize=8)
    ax.invert_yaxis()
    ax.set(xlabel="hours in the week", title="Who is full next week?")
    return ax
