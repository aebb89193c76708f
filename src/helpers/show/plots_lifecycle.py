"""Charts of lifecycle, migration, lapse rules and the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.show.plots import _axes, say_empty
from helpers.show.style import BLUE, DARK, GREEN, GREY, ORANGE, PALE, PURPLE, RED, SKY, STATE_COLOURS
from helpers.show.tables import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CAUSE_COLOURS = {"own behaviour": BLUE, "time passing": GREY, "cut points moved": ORANGE, "rules changed": PURPLE}
STACK = ("mature", "growing", "reactivated", "new", "declining", "lapsed", "prospect")


def plot_balance(balance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers each lifecycle state holds at each date.

    Parameters
    ----------
    balance : pandas.DataFrame
        Table `lifecycle_balance`.
    """
    wide = balance.pivot(index="snapshot", columns="state", values="customers")[list(STACK)].astype(float)
    ax = _axes(ax, (8, 4.2))
    places, bottom = np.arange(len(wide)), np.zeros(len(wide))
    for state in STACK:
        ax.bar(places, wide[state], bottom=bottom, color=STATE_COLOURS[state], width=0.75, label=state)
        for x, n, y in zip(places, wide[state], bottom, strict=True):
            if n >= 0.05 * wide.sum(axis=1).max():
                ax.text(x, y + n / 2, f"{n:,.0f}", ha="center", va="center", fontsize=8, color="white" if state in ("lapsed", "mature") else DARK)
        bottom += wide[state].to_numpy()
    ax.set_xticks(places, [f"{d:%Y-%m-%d}" for d in wide.index], rotation=30, ha="right")
    ax.set(xlabel="date", ylabel="customers", title="Does the pool stay alive? Customers by lifecycle state")
    ax.figure.legend(*[list(reversed(part)) for part in ax.get_legend_handles_labels()], loc="outside center right", frameon=False, fontsize=9)
    return ax


def say_balance(balance: pd.DataFrame) -> str:
    """Return what the balance shows, in one sentence."""
    days = sorted(balance["snapshot"].unique())
    last = balance[balance["snapshot"] == days[-1]].set_index("state")
    alive = last.loc[["new", "growing", "mature", "reactivated"], "customers"].sum()
    told = f"At {pd.Timestamp(days[-1]):%Y-%m-%d} {int(alive):,} customers were new, growing, mature or back, {int(last.at['declining', 'customers']):,} declining and {int(last.at['lapsed', 'customers']):,} lapsed"
    if len(days) < 2:
        return f"{told}."
    return f"{told}; since the date before {int(last.at['lapsed', 'came']):,} lapsed and {int(last.at['reactivated', 'came']):,} came back."


def plot_migration(migration: pd.DataFrame, labels: dict[str, str], *, ax: Axes | None = None) -> Axes:
    """Draw how many customers went from which tier (rows) to which (columns); who stayed is grey.

    Parameters
    ----------
    migration : pandas.DataFrame
        Table `tier_migration` or `stage_migration`.
    labels : dict
        Tier key to label in the order of the tiers, best first.
    """
    import seaborn as sns

    known = migration[migration["tier_before"] != "entered"]
    table = known.pivot(index="tier_before", columns="tier_after", values="customers").astype("float64")
    keys = [k for k in labels if k in table.index or k in table.columns]
    table = table.reindex(index=keys, columns=keys)
    stayed = np.eye(len(keys), dtype=bool)
    words = table.map(lambda n: f"{n:,.0f}" if n == n else "").to_numpy()
    ax = _axes(ax, (0.85 * len(keys) + 2.6, 0.5 * len(keys) + 2))
    look: dict[str, Any] = {"cbar": False, "linewidths": 1, "linecolor": "white", "ax": ax}
    for part, colours, told in ((table.where(stayed) * 0, [PALE], None), (np.log10(table.mask(stayed)), "Oranges", words)):
        if part.notna().any(axis=None):  # all may have stayed, or all moved
            sns.heatmap(part, annot=told, fmt="", cmap=colours, annot_kws={"size": 9}, **look)
    for i in range(len(keys)):
        ax.text(i + 0.5, i + 0.5, words[i][i], ha="center", va="center", fontsize=9, color=DARK)
    ax.set_xticklabels([labels[k] for k in keys], rotation=35, ha="right")
    ax.set_yticklabels([labels[k] for k in keys], rotation=0)
    ax.set(xlabel="tier now (right of the grey diagonal: worse)", ylabel="tier before", title="Who moved, and where to? Customers; grey: stayed")
    return ax


def say_migration(moves: pd.DataFrame) -> str:
    """Return what the migration shows, in one sentence."""
    up, down = moves[moves["direction"] == "up"], moves[moves["direction"] == "down"]
    known = int((moves["direction"] != "entered").sum())
    told = f"Of {known:,} customers {len(up):,} moved up and {len(down):,} moved down"
    if len(down) == 0:
        return f"{told}."
    own = down["cause"].value_counts()
    return f"{told}; the downs are mainly {own.index[0]} ({own.iloc[0]:,} of {len(down):,})."


def plot_causes(moves: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers moved up and down, by cause.

    Parameters
    ----------
    moves : pandas.DataFrame
        Table `tier_moves` or `stage_moves`.
    """
    counts = moves[moves["direction"].isin(["up", "down"])].groupby(["cause", "direction"]).size().unstack(fill_value=0)
    counts = counts.reindex(index=[c for c in CAUSE_COLOURS if c in counts.index], columns=["down", "up"], fill_value=0).iloc[::-1]
    ax = _axes(ax, (8, 0.5 * max(len(counts), 1) + 1.3))
    colours = [CAUSE_COLOURS[c] for c in counts.index]
    places = range(len(counts))
    ax.barh(places, -counts["down"], color=colours, height=0.6)
    ax.barh(places, counts["up"], color=colours, height=0.6)
    for p, (down, up) in zip(places, counts.to_numpy(), strict=True):
        ax.text(-down, p, f"{down:,} ", ha="right", va="center", fontsize=9)
        ax.text(up, p, f" {up:,}", ha="left", va="center", fontsize=9)
    if counts.empty:
        say_empty(ax, "nobody changed tier")
    ax.axvline(0, color=DARK, lw=0.8)
    ax.margins(x=0.12)
    ax.set_yticks(list(places), counts.index)
    ax.xaxis.set_major_formatter(lambda v, _: f"{abs(v):,.0f}")
    ax.set(xlabel="customers: moved down (left), moved up (right)", title="Why did customers change tier?")
    return ax


def plot_lapse_rules(judged: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw, per rule, of how many flagged customers it was true, and how many of those who stayed away it found.

    Parameters
    ----------
    judged : pandas.DataFrame
        Table `lapse_check`.
    """
    shown = judged.dropna(subset=["precision"]).iloc[::-1]
    ax = _axes(ax, (8, 0.6 * max(len(shown), 1) + 1.5))
    places = np.arange(len(shown))
    error = np.array([shown["precision"] - shown["precision_low"], shown["precision_high"] - shown["precision"]]).clip(min=0) * 100  # rounding may leave a hair below zero
    ax.barh(places + 0.19, shown["precision"] * 100, height=0.36, color=BLUE, xerr=error, error_kw={"lw": 1, "ecolor": DARK}, label="of those flagged, stayed away (precision)")
    ax.barh(places - 0.19, shown["recall"] * 100, height=0.36, color=SKY, label="of those who stayed away, flagged (recall)")
    if shown.empty:
        say_empty(ax, "no rule flagged anybody")
    else:
        ax.axvline(float(shown["base_rate"].iloc[0]) * 100, color=RED, lw=1, ls="--", label="of all customers, stayed away")
    ax.set(xlim=(0, 105), xlabel="per cent", title='Is "lapsed" true? Judged by the quarter that followed')
    ax.set_yticks(list(places), shown["rule"])
    ax.figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    return ax


def plot_pool(summary: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers to keep, park and retire, and what the dormant ones are still expected to bring.

    Parameters
    ----------
    summary : pandas.DataFrame
        Table `pool_summary`.
    """
    shown = summary.iloc[::-1]
    ax = _axes(ax, (8, 2.4))
    colours = {"keep": GREEN, "park": SKY, "retire": GREY}
    ax.barh(shown["decision"], shown["customers"].astype(float), color=[colours[d] for d in shown["decision"]], height=0.6)
    for place, row in enumerate(shown.itertuples()):
        ax.text(row.customers, place, f" {row.customers:,} ({say_share(row.share)}){_say_expected(row)}", va="center", fontsize=9)
    ax.set_xlim(0, float(summary["customers"].max()) * 1.75 + 1)
    ax.set(xlabel="customers", title="Whom to keep, park or retire? A dry run, nothing is deleted")
    return ax


def _say_expected(row) -> str:  # type: ignore[no-untyped-def]
    known = row.customers - row.odds_unknown
    if row.decision == "keep" or not known:
        return ""
    who = f"{known:,} of them" if row.odds_unknown else ""
    return f", {who + ' ' if who else ''}expected to bring {row.expected_return:,.0f} within a year"


def say_pool(summary: pd.DataFrame, currency: str) -> str:
    """Return what the pool review says, in one sentence."""
    by = summary.set_index("decision")
    unknown = int(summary["odds_unknown"].sum())
    tail = f"; for {unknown:,} dormant customers the odds of coming back are not known" if unknown else ""
    if not by.loc[["park", "retire"], "customers"].sum():
        return "Nobody is dormant, so there is nobody to park or to retire."
    if not by.at["retire", "customers"]:
        return f"Nobody is to be retired; {int(by.at['park', 'customers']):,} dormant customers are parked on automatic contact{tail}."
    return (
        f"{int(by.at['retire', 'customers']):,} customers could be retired; that would give up {by.at['retire', 'value_given_up']:,.0f} {currency} of expected spend within a year. "
        f"{int(by.at['park', 'customers']):,} are parked on automatic contact{tail}."
    )


