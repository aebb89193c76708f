"""Charts of customer value. Each title is the question that the chart answers; each `say_` function returns the answer in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.show.plots import _axes
from helpers.show.style import BLUE, DARK, GREEN, GREY, ORANGE, PALE, SKY
from helpers.show.tables import say_money, say_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PART_COLOURS = {"historic": BLUE, "potential": GREEN, "strategic": ORANGE}
PART_SAYS = {"historic": "brought so far", "potential": "may bring", "strategic": "means to us"}
ALLOWED = 0.05  # by how much coverage may miss the promise in a tenth of the customers
NOTHING = "no hold-out: the history is too short, or no model could be fitted"


def plot_accuracy(accuracy: pd.DataFrame, *, measure: str = "purchases", ax: Axes | None = None) -> Axes:
    """Draw the mean error of every model beside that of naive forecasts.

    Parameters
    ----------
    accuracy : pandas.DataFrame
        Table `holdout_accuracy`.
    measure : {"purchases", "spend"}
    """
    shown = accuracy[accuracy["measure"] == measure].sort_values("mae", ascending=False)
    ax = _axes(ax, (8, 0.42 * max(len(shown), 2) + 1.2))
    colours = [GREY if kind == "naive" else BLUE for kind in shown["kind"]]
    ax.barh(range(len(shown)), shown["mae"], color=colours, height=0.65)
    for place, (error, bias) in enumerate(zip(shown["mae"], shown["bias"], strict=True)):
        ax.text(error, place, f"  {error:,.3g}, total {bias * 100:+.0f} %", va="center", fontsize=8, color=DARK)
    unit = "purchase days" if measure == "purchases" else "currency units"
    ax.set(yticks=range(len(shown)), xlabel=f"mean error per customer in the hold-out ({unit}); blue: models, grey: naive", title="Which forecast came closest?")
    ax.set_yticklabels(shown["title"])
    ax.set_xlim(0, float(shown["mae"].max() or 1) * 1.3 if len(shown) else 1)
    return ax


def say_accuracy(choice: pd.DataFrame) -> str:
    """Return the headline of the hold-out: which forecast wins."""
    if choice.empty:
        return f"Not measured: {NOTHING}."
    return " ".join(choice["headline"])


def plot_calibration(calibration: pd.DataFrame, *, by: str = "decile", ax: Axes | None = None) -> Axes:
    """Draw forecast beside truth: mean purchases per tenth of expected purchases, or per class of frequency.

    Parameters
    ----------
    calibration : pandas.DataFrame
        Table `holdout_calibration`.
    by : {"decile", "frequency"}
    """
    shown = calibration[calibration["by"] == by]
    ax = _axes(ax, (8, 3.4))
    places = np.arange(len(shown))
    ax.bar(places - 0.2, shown["predicted"], width=0.38, color=SKY, label="expected")
    ax.bar(places + 0.2, shown["actual"], width=0.38, color=BLUE, label="happened")
    label = "tenth of customers by expected purchases (10: highest)" if by == "decile" else "repeat purchases before the hold-out"
    ax.set_xticks(places, shown["group"])
    ax.set(xlabel=label, ylabel="purchase days per customer", title="Did customers buy as much as expected?")
    ax.legend(frameon=False, fontsize=9, loc="upper left")
    return ax


def say_calibration(calibration: pd.DataFrame) -> str:
    """Return how forecast and truth agree, in one sentence."""
    tenths = calibration[calibration["by"] == "decile"]
    if tenths.empty:
        return f"Not measured: {NOTHING}."
    top, total = tenths.iloc[-1], (tenths["predicted"] * tenths["customers"].astype(float)).sum() / max((tenths["actual"] * tenths["customers"].astype(float)).sum(), 1e-9)
    return f"All together bought {abs(1 - 1 / total) * 100:.0f} % {'less' if total > 1 else 'more'} than expected; the top tenth was expected to buy {top['predicted']:.1f} times each and bought {top['actual']:.1f} times."


def plot_predicted_actual(predictions: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw every customer's expected purchases against what happened, with the line on which both agree.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Table `holdout_predictions`.
    """
    ax = _axes(ax, (6, 4.6))
    expected, happened = predictions["expected_purchases"].astype("float64"), predictions["purchases"].astype("float64")
    jitter = ((np.arange(len(happened)) * 0.618034) % 1 - 0.5) * 0.6  # counts are whole numbers and would hide each other
    ax.scatter(expected, happened + jitter, s=8, alpha=0.35, color=BLUE, edgecolors="none")
    top = float(max(expected.max(), happened.max(), 1)) * 1.05 if len(expected) else 1.0
    ax.plot([0, top], [0, top], color=ORANGE, lw=1.2)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_yscale("symlog", linthresh=1)
    ax.set(xlim=(-0.05, top), ylim=(-0.5, top), xlabel="expected purchase days in the hold-out", ylabel="what happened (purchase days)", title="How far is each customer from the forecast?")
    for axis in (ax.xaxis, ax.yaxis):
        ticks = [t for t in (0, 1, 2, 5, 10, 20, 50, 100, 200) if t <= top]
        axis.set_ticks(ticks, [str(t) for t in ticks])
    return ax


def say_predicted_actual(predictions: pd.DataFrame) -> str:
    """Return what the scatter shows, in one sentence."""
    if predictions.empty:
        return f"Not measured: {NOTHING}."
    near = ((predictions["expected_purchases"] - predictions["purchases"].astype("float64")).abs() <= 1).mean()
    return f"{say_share(float(near))} of {len(predictions):,} customers bought within one purchase day of the forecast; dots on the line are exact."


def plot_coverage(calibration: pd.DataFrame, *, promised: float = 0.8, ax: Axes | None = None) -> Axes:
    """Draw which share of customers the intervals really held, per tenth, against what they promise.

    Parameters
    ----------
    calibration : pandas.DataFrame
        Table `holdout_calibration`.
    promised : float
        0.8 for intervals that should hold 80 %.
    """
    shown = calibration[calibration["by"] == "decile"]
    ax = _axes(ax, (8, 3.2))
    places = range(len(shown))
    ax.axhspan((promised - ALLOWED) * 100, (promised + ALLOWED) * 100, color=PALE, alpha=0.6)
    ax.axhline(promised * 100, color=GREY, lw=1)
    ax.plot(places, shown["held"] * 100, "o-", color=BLUE, label="purchases, steps of counts shared out")
    ax.plot(places, shown["covered"] * 100, "o", color=SKY, mfc="none", label="purchases, plain")
    ax.plot(places, shown["spend_held"] * 100, "s--", color=GREEN, ms=4, label="money")
    ax.set_xticks(list(places), shown["group"])
    ax.set(ylim=(50, 101), xlabel="tenth of customers by expected purchases (10: highest)", ylabel="inside the interval (%)", title=f"Do intervals of {promised * 100:.0f} % hold {promised * 100:.0f} % of the customers?")
    ax.legend(frameon=False, fontsize=8, loc="lower left", ncols=3)
    return ax


def say_coverage(calibration: pd.DataFrame, *, promised: float = 0.8) -> str:
    """Return how many tenths keep the promise, in one sentence."""
    shown = calibration[calibration["by"] == "decile"]
    if shown.empty:
        return f"Not measured: {NOTHING}."
    good = {c: int(shown[c].between(promised - ALLOWED, promised + ALLOWED).sum()) for c in ("held", "spend_held")}
    error = float(np.sqrt(promised * (1 - promised) / shown["customers"].astype(float).mean()))
    return (
        f"Intervals that promise {promised * 100:.0f} % held {shown['held'].mean() * 100:.0f} % for purchases and {shown['spend_held'].mean() * 100:.0f} % for money; "
        f"{good['held']} and {good['spend_held']} of {len(shown)} tenths lie within {ALLOWED * 100:.0f} points of the promise, chance alone moves a tenth by {error * 100:.1f}."
    )


def plot_lorenz(values: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw which share of the value the best customers hold: what came in, and what is expected.

    Parameters
    ----------
    values : pandas.DataFrame
        Table `customer_values`.
    """
    ax = _axes(ax, (6, 4.2))
    for column, label, colour in (("historic_value", "brought so far", BLUE), ("expected_value", f"expected in {_months(values)} months", GREEN)):
        share = _lorenz(values[column])
        if share[-1]:  # else nothing came in, or there is no forecast: a line along zero would say that customers bring nothing
            ax.plot(np.linspace(0, 100, len(share)), share * 100, color=colour, label=label, lw=2)
    ax.plot([0, 100], [0, 100], color=GREY, lw=1, ls=":", label="if all were equal")
    ax.axhline(80, color=PALE, lw=1)
    ax.set(xlim=(0, 100), ylim=(0, 102), xlabel="customers, most valuable first (%)", ylabel="share of all value (%)", title="How few customers hold the value?")
    ax.legend(frameon=False, fontsize=9, loc="lower right")
    return ax


def _months(values: pd.DataFrame) -> int:
    return int(values["horizon_months"].iloc[0]) if len(values) else 12


def _lorenz(values: pd.Series) -> np.ndarray:
    ordered = np.sort(values.dropna().clip(lower=0).to_numpy(float))[::-1]
    total = ordered.sum()
    return np.concatenate([[0.0], ordered.cumsum() / total]) if total > 0 else np.array([0.0, 0.0])


def say_lorenz(values: pd.DataFrame) -> str:
    """Return how few customers hold four fifths of the value, in one sentence."""
    shares = {c: _four_fifths(_lorenz(values[c])) for c in ("historic_value", "expected_value")}
    past = "Nobody brought value so far" if shares["historic_value"] is None else f"{say_share(shares['historic_value'])} of customers brought 80 % of the value so far"
    ahead = "there is no forecast of" if shares["expected_value"] is None else f"{say_share(shares['expected_value'])} are expected to bring 80 % of"
    return f"{past}; {ahead} the next {_months(values)} months."


def _four_fifths(curve: np.ndarray) -> float | None:
    return float((curve < 0.8).sum()) / max(len(curve) - 1, 1) if curve[-1] else None


def say_total(values: pd.DataFrame, currency: str) -> str:
    """Return the total expected value and how many customers have no prediction: a total never leaves anybody out silently."""
    known, count = values["predicted"].astype(bool), len(values)
    missing = int((~known).sum())
    kind = "contribution" if not values["value_basis"].str.startswith("revenue").any() else "revenue (no costs are known)"
    if missing == count:
        why = next((n for n in values["note"] if n), next(iter(values["method"]), ""))
        return f"Not measured: none of {count:,} {'customer' if count == 1 else 'customers'} has a prediction ({why}), so there is no total."
    rest = f"{missing:,} of them {'has' if missing == 1 else 'have'} no prediction and {'is' if missing == 1 else 'are'} not in the sum" if missing else "every one has a prediction"
    return f"{count:,} customers are expected to bring {say_money(float(values.loc[known, 'expected_value'].sum()), currency)} of {kind} in {_months(values)} months; {rest}."


def plot_waterfall(scores: pd.DataFrame, customer_id: str, *, ax: Axes | None = None) -> Axes:
    """Draw how the three parts add up to one customer's value score.

    Parameters
    ----------
    scores : pandas.DataFrame
        Table `value_scores`.
    customer_id : str
    """
    row = scores.set_index("customer_id").loc[customer_id]
    ax = _axes(ax, (8, 3))
    left = 0.0
    for place, part in enumerate(PART_COLOURS):
        points = row[f"{part}_points"]
        if pd.isna(points):
            ax.text(left + 1, place, "not measured; its weight goes to the others", va="center", fontsize=8, color=DARK)
            continue
        ax.barh(place, points, left=left, color=PART_COLOURS[part], height=0.6)
        ax.text(left + points + 1, place, f"{points:.1f} points (part {row[f'{part}_score']:.0f} of 100)", va="center", fontsize=8, color=DARK)
        left += points
    ax.barh(3, row["value_score"], color=DARK, height=0.6)
    ax.text(row["value_score"] + 1, 3, f"{row['value_score']:.1f}; {row['weight_measured'] * 100:.0f} % of the weight is measured", va="center", fontsize=8, color=DARK)
    ax.set(yticks=range(4), xlim=(0, 150), xticks=range(0, 101, 20), xlabel="points", title=f"What makes the value of {customer_id}?")
    ax.set_yticklabels([*PART_SAYS.values(), "value score"])
    ax.invert_yaxis()
    return ax


def say_waterfall(scores: pd.DataFrame, customer_id: str) -> str:
    """Return one customer's score and its reason, in one sentence."""
    row = scores.set_index("customer_id").loc[customer_id]
    return f"{customer_id} scores {row['value_score']:.1f}: {row['reason']}."


def say_stability(stability: pd.DataFrame) -> str:
    """Return whether ranks hold when weights move, in one sentence."""
    moved = stability.iloc[1:]
    if moved.empty:
        return "One part holds all the weight, so there is nothing to move."
    for column, why in (("core_kept", "There is no core list: no customer has a value above zero."), ("rank_correlation", "All customers score alike, so there is no order that weights could change.")):
        if moved[column].isna().all():
            return why
    worst = moved.loc[moved["core_kept"].idxmin()]
    return (
        f"Moving weight by one step keeps rank correlations between {moved['rank_correlation'].min():.2f} and {moved['rank_correlation'].max():.2f}; "
        f"at worst ({worst['shift']}) {say_share(float(worst['core_kept']))} of the core list stays."
    )
