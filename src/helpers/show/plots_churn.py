"""Charts of the chance of leaving: model beside simple rules, does it keep its word, reasons, and the threshold that pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.axes.population import ALL
from helpers.show.plots import _axes
from helpers.show.plots_retention import NO_PAST, kinds_of, say_interval
from helpers.show.style import BLUE, DARK, GREY, ORANGE, PALE, RED, SKY
from helpers.show.tables import say_money, say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METHOD_COLOURS = {"model": BLUE, "recency": GREY, "rule": ORANGE}
METHOD_SAYS = {"model": "churn model", "recency": "days since the last order", "rule": "silence in own gaps"}
AT_RISK = "can still be lost"


def list_methods(backtest: pd.DataFrame) -> pd.DataFrame:
    """Return what each method was worth on later dates among customers who could still be lost, with intervals in words.

    Parameters
    ----------
    backtest : pandas.DataFrame
        Table `churn_backtest`.

    Returns
    -------
    pandas.DataFrame
        kind, method, auc, left_of_top_5_percent, lift_of_top_5_percent (str), used (bool).
    """
    rows = backtest[backtest["population"] == AT_RISK]
    top = [f"{left:.0f} of {n}" for left, n in zip(rows["top_left"], rows["top_n"], strict=True)]
    told = {"kind": rows["kind"], "method": rows["method"].map(METHOD_SAYS), "auc": say_interval(rows, "auc", ".2f"), "left_of_top_5_percent": top, "lift_of_top_5_percent": say_interval(rows, "lift", ".1f"), "used": rows["used"]}
    return pd.DataFrame(told)


def plot_churn_methods(backtest: pd.DataFrame, *, ax: Axes | None = None) -> Axes | None:
    """Draw how well model, recency and the simple rule ranked those who left above those who stayed, with intervals; None without any.

    Parameters
    ----------
    backtest : pandas.DataFrame
        Table `churn_backtest`; only customers who could still be lost are drawn.
    """
    rows = backtest[(backtest["population"] == AT_RISK) & backtest["auc"].notna()]
    kinds = [k for k in (ALL, "business", "consumer") if (rows["kind"] == k).any()]
    told = [(k, m) for k in kinds for m in METHOD_COLOURS if ((rows["kind"] == k) & (rows["method"] == m)).any()]
    if not told:
        return None
    shown = rows.set_index(["kind", "method"]).loc[told]
    places = [n + 0.6 * kinds.index(k) for n, (k, _) in enumerate(told)]
    colours = [METHOD_COLOURS[m] for _, m in told]
    ax = _axes(ax, (7, 0.23 * len(told) + 1.3))
    ax.hlines(places, shown["auc_low"], shown["auc_high"], color=colours, lw=3)
    ax.scatter(shown["auc"], places, color=colours, s=40, zorder=3)
    ax.axvline(0.5, color=DARK, lw=1, ls=":")
    ax.set_yticks(places, [f"{k}: {METHOD_SAYS[m]}" for k, m in told], fontsize=9)
    ax.invert_yaxis()
    ax.set_xlim(0.45, 1.0)
    ax.set(xlabel="how often a leaver is ranked above a stayer (AUC; 0.5: a coin toss)", title="Who foretells best which customers leave?")
    return ax


def say_churn_methods(backtest: pd.DataFrame) -> str:
    """Return the headline: which method wins on later dates, by how much, and what the list therefore uses."""
    rows = backtest[(backtest["population"] == AT_RISK) & (backtest["kind"] == ALL)].set_index("method")
    if rows.empty or not rows["used"].any():
        return f"Not measured: {NO_PAST}."
    used = rows[rows["used"]].iloc[0]
    simple = rows.drop(index="model", errors="ignore")["auc"].max()
    place = f"AUC {used['auc']:.2f} ({used['auc_low']:.2f} to {used['auc_high']:.2f})"
    tested = f"on {used['customers']:,.0f} look-backs at {used['tests']:.0f} later dates, {used['left']:,.0f} of which left"
    if used.name == "model":
        return f"The churn model wins: {place} against {simple:.2f} of the better simple rule, {tested}.{_say_top(rows)}"
    model = f", the model has {rows.loc['model', 'auc']:.2f} and is not surely better" if "model" in rows.index else ""
    return f"The simple rule '{METHOD_SAYS[str(used.name)]}' is used: {place}{model}, {tested}.{_say_top(rows)}"


def _say_top(rows: pd.DataFrame) -> str:
    """Where another method finds more leavers at the very top of the list, that is said too."""
    used, best = rows[rows["used"]].iloc[0], rows.loc[rows["top_left"].idxmax()]
    if not best["top_left"] > used["top_left"]:
        return ""
    return f" Yet in the top 5 % '{METHOD_SAYS[str(best.name)]}' found more who left: {best['top_left']:.0f} against {used['top_left']:.0f} of {used['top_n']}."


def plot_churn_calibration(calibration: pd.DataFrame, backtest: pd.DataFrame, *, kind: str = ALL, ax: Axes | None = None) -> Axes | None:
    """Draw chances that were said beside the shares that left, for the method in use; None without any.

    Parameters
    ----------
    calibration, backtest : pandas.DataFrame
        Tables `churn_calibration` and `churn_backtest`.
    kind : str
        Kind of customers.
    """
    shown = _in_use(calibration, backtest, kind)
    if shown.empty:
        return None
    ax = _axes(ax, (5.6, 3.4))
    top = min(max(10, np.ceil(float(shown[["said", "seen_high"]].max().max()) * 10) * 10), 100)
    ax.plot([0, top], [0, top], color=GREY, lw=1, ls=":")
    ax.vlines(shown["said"] * 100, shown["seen_low"] * 100, shown["seen_high"] * 100, color=SKY, lw=2.5)
    ax.scatter(shown["said"] * 100, shown["seen"] * 100, color=BLUE, zorder=3, s=40)
    ax.set(xlim=(-0.02 * top, 1.02 * top), ylim=(-0.02 * top, 1.02 * top), xlabel="chance of leaving that was said (%)", ylabel="share that left (%)", title="When it says 30 %, do 30 % leave?")
    return ax


def _in_use(calibration: pd.DataFrame, backtest: pd.DataFrame, kind: str) -> pd.DataFrame:
    used = backtest[(backtest["population"] == AT_RISK) & (backtest["kind"] == kind) & backtest["used"].fillna(False).astype("bool")]
    method = used["method"].iloc[0] if len(used) else ""
    return calibration[(calibration["kind"] == kind) & (calibration["method"] == method)]


def say_churn_calibration(calibration: pd.DataFrame, backtest: pd.DataFrame, *, kind: str = ALL) -> str:
    """Return how many tenths keep what was said, in one sentence."""
    shown = _in_use(calibration, backtest, kind)
    if shown.empty:
        return f"Not measured: {NO_PAST}."
    inside = int(((shown["said"] >= shown["seen_low"]) & (shown["said"] <= shown["seen_high"])).sum())
    people = shown["customers"].astype("float64")
    said, seen = ((shown[c] * people).sum() / people.sum() for c in ("said", "seen"))
    told = f"In {inside} of {len(shown)} groups the chance that was said lies within the interval of what happened; in all, {say_share(said)} were said to leave and {say_share(seen)} left."
    return told if inside * 2 > len(shown) else f"{told} Take the chances as an order, not as shares."


def plot_reasons(reasons: pd.DataFrame, customer_id: str, *, rows: int = 6, ax: Axes | None = None) -> Axes:
    """Draw what raises and what lowers one customer's odds of leaving; the parts multiply to the odds.

    Parameters
    ----------
    reasons : pandas.DataFrame
        Table `churn_reasons`.
    customer_id : str
    rows : int
        The strongest parts; the others are put together.
    """
    mine = reasons[(reasons["customer_id"] == customer_id) & (reasons["rank"] > 0)]
    order = mine["log_odds"].abs().sort_values(ascending=False, kind="stable").index
    strong, rest = mine.loc[order[:rows]], mine.loc[order[rows:], "log_odds"].sum()
    told = [*zip(strong["text"], strong["log_odds"], strict=True), *([(f"{len(order) - rows} others together", rest)] if len(order) > rows else [])]
    told = sorted(told, key=lambda t: t[1])
    ax = _axes(ax, (7.2, 0.28 * len(told) + 1.2))
    factor = np.exp([v for _, v in told])
    ax.barh(range(len(told)), factor - 1, left=1, color=[RED if f > 1 else BLUE for f in factor], height=0.6)
    ax.set_xscale("log")
    for place, f in enumerate(factor):
        ax.text(f, place, f" x {f:.2g} ", va="center", ha="left" if f >= 1 else "right", fontsize=8, color=DARK)
    ax.axvline(1, color=DARK, lw=1)
    wide = max(factor.max(initial=1.2), 1 / factor.min(initial=0.9), 2) * 1.6
    ticks = [t for t in ((0.25, 0.5, 1, 2, 4) if wide < 12 else (0.01, 0.1, 1, 10, 100)) if 1 / wide <= t <= wide]
    ax.set_xlim(1 / wide, wide)
    ax.set_xticks(ticks, [f"x {t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(range(len(told)), [t for t, _ in told], fontsize=9)
    ax.set(xlabel="odds of leaving against the average customer of the kind (red raises, blue lowers)", title=f"Why may {customer_id} leave?")
    return ax


def say_reasons(scores: pd.DataFrame, customer_id: str) -> str:
    """Return one customer's chance of leaving and what raises it, in one sentence."""
    row = scores.set_index("customer_id").loc[customer_id]
    why = f"; it is raised by: {row['reason']}" if row["reason"] else ""
    return f"{customer_id} leaves with a chance of {say_share(row['leave_chance'])} by the {row['method_says']}, against {say_share(row['base_chance'])} of an average customer of its kind{why}."


def plot_threshold(threshold: pd.DataFrame, currency: str, *, ax: Axes | None = None) -> Axes | None:
    """Draw what contacting everybody above a chance of leaving would have brought, by kind of customers; None without any.

    Parameters
    ----------
    threshold : pandas.DataFrame
        Table `churn_threshold`.
    currency : str
    """
    if threshold.empty:
        return None
    kinds = kinds_of(threshold)
    ax = _axes(ax, (7, 2.7))
    ax.axhline(0, color=PALE, lw=1)
    for kind, colour in zip(kinds, (BLUE, ORANGE), strict=False):
        rows = threshold[threshold["kind"] == kind]
        ax.plot(rows["threshold"] * 100, rows["net"], color=colour, lw=2, label=f"{kind} customers")
        best = rows[rows["best"].fillna(False).astype("bool")]
        ax.scatter(best["threshold"] * 100, best["net"], color=colour, s=60, zorder=3)
        for row in best[best["contacted"] > 0].itertuples():
            ax.annotate(f"{row.threshold:.0%}".replace("%", " %"), (row.threshold * 100, row.net), textcoords="offset points", xytext=(8, 4), fontsize=9, color=DARK)
    ax.set(xlabel="everybody is called whose chance of leaving is at least (%)", ylabel=f"saved margin less cost ({currency})", title="From which chance on does a call pay?")
    ax.margins(y=0.15)
    ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
    ax.legend(frameon=False, fontsize=9, loc="upper right")
    return ax


def say_threshold(threshold: pd.DataFrame, currency: str, save_rate: float) -> str:
    """Return the threshold that would have brought most, by kind, and the assumption it rests on."""
    if threshold.empty:
        return f"Not measured: {NO_PAST}."
    told = []
    for kind in kinds_of(threshold):
        rows = threshold[threshold["kind"] == kind]
        best = rows[rows["best"].fillna(False).astype("bool")].iloc[0]
        everybody = rows.loc[rows["threshold"] == 0, "net"].iloc[0]
        if not best["contacted"] or best["net"] <= 0:
            told.append(f"{kind}: no threshold pays, calls cost more than they save (all {rows['contacted'].max():,.0f}: {say_money(everybody, currency)})")
            continue
        told.append(f"{kind}: from {best['threshold']:.0%} on, {best['contacted']:,.0f} calls bring {say_money(best['net'], currency)} net (all {rows['contacted'].max():,.0f}: {say_money(everybody, currency)})".replace("%", " %"))
    return f"{'; '.join(told)}. This assumes that a call keeps {say_share(save_rate)} of those about to leave."
