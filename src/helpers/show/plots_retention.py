"""Charts of signals and their proof. Each title is the question that the chart answers; each `say_` function returns the answer in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.axes.population import ALL
from helpers.show.plots import _axes
from helpers.show.style import DARK, GREEN, GREY, ORANGE
from helpers.show.tables import say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VERDICT_COLOURS = {"ship": GREEN, "watch": ORANGE, "reject": GREY}
LEAST_ALERTS = 20
NO_PAST = "the history is too short for a look back, or too few customers left"


def kinds_of(table: pd.DataFrame) -> list[str]:
    """Return the kinds of customers that a table tells apart, `all` alone where it tells none apart.

    Examples
    --------
    >>> kinds_of(pd.DataFrame({"kind": ["all", "business", "consumer"]})), kinds_of(pd.DataFrame({"kind": ["all", "not known"]}))
    (['business', 'consumer'], ['all'])
    """
    known = [k for k in ("business", "consumer") if (table["kind"] == k).any()]
    return known or [ALL]


def with_pools(verdicts: pd.DataFrame, tests: pd.DataFrame) -> pd.DataFrame:
    """Return verdicts with the rows of signals that are too rare to be judged alone and were judged together.

    Parameters
    ----------
    verdicts, tests : pandas.DataFrame
        Tables `signal_verdicts` and `signal_tests`.

    Returns
    -------
    pandas.DataFrame
        The verdicts, and is_pool (bool).
    """
    pools = tests[~tests["signal"].isin(verdicts["signal"])]
    return pd.concat([verdicts.assign(is_pool=False), pools.assign(is_pool=True)], ignore_index=True)


def plot_signal_lift(verdicts: pd.DataFrame, kind: str = ALL, *, ax: Axes | None = None) -> Axes | None:
    """Draw how much more often customers with a warning left (or shrank, or bought more) than comparable ones, with the verdict as colour; None without any.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From `with_pools`; signals with too few alerts for an interval are left out.
    kind : str
        Kind of customers.
    """
    shown = _judged(verdicts, kind).sort_values(["_rank", "lift"], ascending=[False, True])
    if shown.empty:
        return None
    ax = _axes(ax, (7.2, 0.28 * max(len(shown), 2) + 1.3))
    places = np.arange(len(shown))
    low, high = (shown[c].clip(lower=0.2).to_numpy("float64") for c in ("lift_low", "lift_high"))
    ax.hlines(places, low, high, color=[VERDICT_COLOURS[v] for v in shown["verdict"]], lw=2.5)
    ax.scatter(shown["lift"].clip(lower=0.2), places, color=[VERDICT_COLOURS[v] for v in shown["verdict"]], s=36, zorder=3)
    ax.scatter(shown["needed_lift"], places, marker="|", color=DARK, s=60, zorder=2)
    ax.axvline(1, color=DARK, lw=1)
    ax.set_xscale("log")
    ticks = [t for t in (0.25, 0.5, 1, 2, 4, 8) if 0.15 <= t <= max(high.max(initial=2.0), 2)]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.minorticks_off()
    ax.set_yticks(places, shown["label_en"] + ": " + shown["verdict"], fontsize=9)
    who = "" if kind == ALL else f", {kind} customers"
    ax.set(xlabel="came true so many times as often as among comparable customers (tick: what is asked)", title=f"Which signals are worth acting on{who}?")
    return ax


def _judged(verdicts: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = verdicts[(verdicts["kind"] == kind) & verdicts["verdict"].isin(list(VERDICT_COLOURS)) & (verdicts["alerts"].fillna(0) >= LEAST_ALERTS)]
    return rows.assign(_rank=rows["verdict"].map({v: i for i, v in enumerate(VERDICT_COLOURS)}))


def say_signal_lift(verdicts: pd.DataFrame, kind: str = ALL) -> str:
    """Return how many warnings are proven, and which is the strongest, in one sentence."""
    of_kind = verdicts[verdicts["kind"] == kind]
    rows = of_kind[~of_kind["is_pool"]]
    counts = rows["verdict"].value_counts()
    if not sum(int(counts.get(v, 0)) for v in VERDICT_COLOURS):
        return f"Not measured: {NO_PAST}."
    who = "All customers" if kind == ALL else f"{kind.capitalize()} customers"
    rare = int((rows["verdict"].isin(list(VERDICT_COLOURS)) & (rows["alerts"].fillna(0) < LEAST_ALERTS)).sum())
    head = f"{who}: {counts.get('ship', 0)} signals ship, {counts.get('watch', 0)} are watched, {counts.get('reject', 0)} rejected ({rare} of these fired fewer than {LEAST_ALERTS} times and are not drawn)"
    head += f", {counts['not measured']} are not measured" if "not measured" in counts else ""
    proven = _judged(verdicts, kind).query("verdict == 'ship'").sort_values("lift", ascending=False)
    if proven.empty:
        return head + "; none is proven on the own past, so the list leans on the churn model and on what people saw."
    best = proven.iloc[0]
    return f"{head}; the strongest is '{best['label_en'].lower()}', {best['lift']:.1f} times ({best['lift_low']:.1f} to {best['lift_high']:.1f})."


def plot_warning_time(verdicts: pd.DataFrame, kind: str = ALL, *, ax: Axes | None = None) -> Axes:
    """Draw how many days before silence alone would have told a warning came, how many departures it announced, and how often it was wrong.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From `with_pools`.
    kind : str
        Kind of customers.
    """
    shown = _early(verdicts, kind).sort_values("lead_days")
    ax = _axes(ax, (8, 0.32 * max(len(shown), 2) + 1.2))
    places = np.arange(len(shown))
    colours = [VERDICT_COLOURS[v] for v in shown["verdict"]]
    ax.barh(places, shown["lead_days"], color=colours, height=0.55, alpha=0.55)
    ax.hlines(places, shown["lead_low"], shown["lead_high"], color=DARK, lw=1.5)
    top = float(shown["lead_high"].max()) if len(shown) else 1.0
    for place, row in zip(places, shown.itertuples(), strict=True):
        ax.text(top * 1.03, place, f"warned of {say_share(row.coverage)}; {row.false_alarms_per_week:.1f} false alarms a week", va="center", fontsize=8, color=DARK)
    ax.set(xlim=(0, top * 1.8), ylim=(-0.6, max(len(shown), 2) - 0.4))
    ax.set_xticks([t for t in range(0, int(top) + 1, 30)])
    ax.set_yticks(places, shown["label_en"] + ": " + shown["verdict"], fontsize=9)
    ax.set(xlabel="days from the warning until silence alone would have told (median, 95 % interval)", title="How early do warnings come, and how often are they wrong?")
    return ax


def _early(verdicts: pd.DataFrame, kind: str) -> pd.DataFrame:
    rows = _judged(verdicts, kind)
    return rows[(rows["foretells"] == "leaving") & rows["lead_days"].notna()]


def list_early_warnings(verdicts: pd.DataFrame, kinds: list[str]) -> pd.DataFrame:
    """Return the warnings of leaving that fired often enough to be judged, with intervals in words, proven ones first.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        From `with_pools`.
    kinds : list of str
        From `kinds_of`.

    Returns
    -------
    pandas.DataFrame
        kind, signal, verdict, lift, days_ahead, warned_of (str), false_a_week (float64, false alarms).
    """
    rows = pd.concat([_early(verdicts, k).sort_values(["_rank", "lift"], ascending=[True, False]) for k in kinds], ignore_index=True)
    told = {
        "kind": rows["kind"], "signal": rows["label_en"], "verdict": rows["verdict"], "lift": say_interval(rows, "lift", ".1f"), "days_ahead": say_interval(rows, "lead", ".0f", "lead_days"),
        "warned_of": [f"{say_share(c)} of {d:.0f}" for c, d in zip(rows["coverage"], rows["departures"], strict=True)], "false_a_week": rows["false_alarms_per_week"],
    }  # fmt: skip
    return pd.DataFrame(told)


def say_interval(rows: pd.DataFrame, name: str, form: str, value: str = "") -> list[str]:
    """Return a column with its interval in words, `name_low` and `name_high` being the bounds.

    Examples
    --------
    >>> say_interval(pd.DataFrame({"lift": [2.24], "lift_low": [1.8], "lift_high": [2.8]}), "lift", ".1f")
    ['2.2 (1.8 to 2.8)']
    """
    return [f"{v:{form}} ({low:{form}} to {high:{form}})" for v, low, high in zip(rows[value or name], rows[f"{name}_low"], rows[f"{name}_high"], strict=True)]


def say_warning_time(verdicts: pd.DataFrame, kind: str = ALL) -> str:
    """Return lead time, reach and false alarms of the proven warnings of leaving, in one sentence."""
    shown = _early(verdicts, kind)
    if shown.empty:
        judged = len(_judged(verdicts, kind))
        return "Not measured: no departure was long enough ago to say how early a warning came." if judged else f"Not measured: {NO_PAST}."
    proven = shown[shown["verdict"] == "ship"].sort_values("coverage", ascending=False)
    if proven.empty:
        best = shown.sort_values("coverage", ascending=False).iloc[0]
        return f"No warning of leaving is proven; the one that reaches most departures, '{best['label_en'].lower()}', warns of {say_share(best['coverage'])} and {best['lead_days']:.0f} days ahead."
    row = proven.iloc[0]
    return (
        f"'{row['label_en']}' announced {say_share(row['coverage'])} of {row['departures']:.0f} departures, {row['lead_days']:.0f} days ({row['lead_low']:.0f} to {row['lead_high']:.0f}) before silence told; "
        f"the price is {row['false_alarms_per_week']:.1f} false alarms a week."
    )
