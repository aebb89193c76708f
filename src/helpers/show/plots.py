"""Charts. Each title is the question that the chart answers; each `say_` function returns the answer in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.show.style import BLUE, DARK, FATE_COLOURS, GREY, ORANGE
from helpers.show.tables import say_money

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    from matplotlib import pyplot as plt

    return ax or plt.subplots(figsize=size)[1]


def say_empty(ax: Axes, words: str) -> None:
    """Write in the middle of a chart why there is nothing in it."""
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color=DARK)


def plot_rfm_map(scored: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many customers hold each pair of recency and frequency scores, and what they spend on average.

    Parameters
    ----------
    scored : pandas.DataFrame
        From `score_rfm`.
    """
    import seaborn as sns

    buyers = scored.dropna(subset=["r_score", "f_score"])
    cells = buyers.groupby(["f_score", "r_score"])["total_spend"].agg(["size", "mean"])
    mean = cells["mean"].unstack().sort_index(ascending=False).astype(float)
    size = cells["size"].unstack().reindex_like(mean)
    words = [[f"{int(n):,}\nø {m:,.0f}" if pd.notna(n) else "" for n, m in zip(*row, strict=True)] for row in zip(size.to_numpy(float), mean.to_numpy(), strict=True)]
    ax = _axes(ax, (1.3 * len(mean.columns) + 2, 0.85 * len(mean) + 1.2))
    sns.heatmap(mean, annot=np.array(words), fmt="", cmap="Blues", linewidths=1, linecolor="white", cbar_kws={"label": "average spend (currency units)"}, ax=ax, annot_kws={"size": 9})
    ax.set(xlabel="recency score (right: bought lately)", ylabel="frequency score (top: buys often)", title="Where are the customers, and where is the money?")
    return ax


def say_rfm_map(scored: pd.DataFrame) -> str:
    """Return what the RFM map shows, in one sentence."""
    buyers = scored.dropna(subset=["r_score", "f_score"])
    if buyers.empty:
        return "No customer has an order that stands."
    best = buyers[(buyers["r_score"] == buyers["r_score"].max()) & (buyers["f_score"] == buyers["f_score"].max())]
    return (
        f"The upper right corner holds {len(best):,} customers who spent {best['total_spend'].mean():,.0f} each on average; "
        f"the average of all {len(buyers):,} buyers is {buyers['total_spend'].mean():,.0f}."
    )


def plot_ledger(ledger: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw, per source, the share of rows kept, merged and set aside.

    Parameters
    ----------
    ledger : pandas.DataFrame
        From `build_ledger`.
    """
    shown = ledger.iloc[::-1]
    ax = _axes(ax, (8, 0.45 * len(shown) + 1.3))
    left = pd.Series(0.0, index=shown.index)
    for fate, colour in FATE_COLOURS.items():
        share = (shown[f"rows_{fate.replace(' ', '_')}"] / shown["rows_read"].where(shown["rows_read"] > 0)).astype(float).fillna(0) * 100
        ax.barh(range(len(shown)), share, left=left, color=colour, label=fate, height=0.65)
        left = left + share
    for place, (rows, gone) in enumerate(zip(shown["rows_read"], shown["rows_merged"] + shown["rows_set_aside"], strict=True)):
        ax.text(101, place, f"{rows:,} rows, {gone:,} not kept", va="center", fontsize=8, color=DARK)
    ax.set(yticks=range(len(shown)), xlabel="share of rows (%)", xlim=(0, 140), xticks=range(0, 101, 20), title="What became of every row that was read?")
    ax.set_yticklabels(shown["source"])
    ax.figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    return ax


def say_ledger(ledger: pd.DataFrame, currency: str) -> str:
    """Return what the ledger shows, in one sentence."""
    rows = ledger[["rows_read", "rows_kept", "rows_merged", "rows_set_aside"]].sum()
    money = ledger[["money_read", "money_sales", "money_returns", "money_set_aside"]].sum()
    return (
        f"Of {rows['rows_read']:,} rows read, {rows['rows_kept']:,} were kept, {rows['rows_merged']:,} merged and {rows['rows_set_aside']:,} set aside; "
        f"{say_money(money['money_read'], currency)} read are {say_money(money['money_sales'], currency)} of sales, "
        f"{say_money(money['money_returns'], currency)} of returns and {say_money(money['money_set_aside'], currency)} set aside."
    )


def plot_orders_by_month(orders: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Draw net revenue per month of the order; the last month may be incomplete."""
    monthly = orders.groupby(orders["order_date"].dt.to_period("M"))["net_amount"].sum()
    monthly = monthly.reindex(pd.period_range(monthly.index.min(), monthly.index.max(), freq="M"), fill_value=0.0)
    ax = _axes(ax, (8, 3.2))
    ax.bar(range(len(monthly)), monthly / 1000, color=BLUE, width=0.8)
    step = max(1, len(monthly) // 10)
    ax.set_xticks(range(0, len(monthly), step), [str(m) for m in monthly.index[::step]], rotation=30, ha="right")
    ax.set(ylabel=f"net revenue (thousand {currency})", title="How did revenue develop, month by month?")
    return ax


def say_orders_by_month(orders: pd.DataFrame, currency: str) -> str:
    """Return what the monthly chart shows, in one sentence."""
    monthly = orders.groupby(orders["order_date"].dt.to_period("M"))["net_amount"].sum()
    best, worst = monthly.idxmax(), monthly.idxmin()
    return f"The strongest month was {best} with {say_money(monthly[best], currency)}, the weakest {worst} with {say_money(monthly[worst], currency)}."


def plot_recency(scored: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how long ago customers bought last, with the lines at which the score drops."""
    days = scored["recency_days"].dropna().astype(float)
    ax = _axes(ax, (8, 3))
    ax.hist(days, bins=min(40, max(5, int(days.nunique()))), color=GREY)
    for score, lowest in scored.groupby("r_score")["recency_days"].min().items():
        if lowest > days.min():
            ax.axvline(float(lowest), color=ORANGE, lw=1.2)
            ax.text(float(lowest), ax.get_ylim()[1] * 0.97, f" {score}", color=ORANGE, va="top", fontsize=9)
    ax.set(xlabel="days since the last order", ylabel="customers", title="How long ago did customers buy? Lines: from here on this recency score")
    return ax
