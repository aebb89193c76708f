"""Two matrices: value by potential, and frequency by order value; each cut at the median and where the core begins."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.engine import MONEY_SCALE

CUTS = ("median", "core")
QUADRANTS = {
    "value_potential": {("high", "high"): ("Core", "核心"), ("high", "low"): ("Keep", "维护"), ("low", "high"): ("Develop", "培育"), ("low", "low"): ("Standard", "标准化")},
    "frequency_order_value": {("high", "high"): ("Best", "最佳"), ("high", "low"): ("Frequent", "高频"), ("low", "high"): ("Spender", "大额"), ("low", "low"): ("Uncertain", "不确定")},
}
AXES_OF = {"value_potential": ("spend_12m", "potential_score"), "frequency_order_value": ("order_count", "average_order_value")}
COLUMNS = {
    "matrix": "str", "cut": "str", "x": "str", "y": "str", "quadrant_en": "str", "quadrant_zh": "str", "x_measure": "str", "x_cut": "float64",
    "y_measure": "str", "y_cut": "float64", "customers": "Int64", "share": "float64", "revenue": "float64", "revenue_share": "float64",
}  # fmt: skip


def core_cut(values: pd.Series, share: float) -> float:
    """Return the smallest value among the largest ones that together make `share` of the sum; equal values stay together.

    Examples
    --------
    >>> core_cut(pd.Series([50.0, 30.0, 15.0, 5.0]), 0.8)
    30.0
    """
    ordered = values.dropna().sort_values(ascending=False)
    total = float((ordered * MONEY_SCALE).round().sum())
    if total <= 0:
        return float("nan")
    reached = (ordered * MONEY_SCALE).round().cumsum() >= share * total - 0.5
    return float(ordered[reached].iloc[0])


def median_cut(values: pd.Series) -> float:
    """Return where the upper half begins: the median, or the next higher value where the lowest one is the median.

    Where half of all customers spent nothing, the median is nothing, and nothing is not high.

    Examples
    --------
    >>> median_cut(pd.Series([1.0, 2.0, 9.0])), median_cut(pd.Series([0.0, 0.0, 4.0])), median_cut(pd.Series([5.0, 5.0]))
    (2.0, 4.0, 5.0)
    """
    middle, lowest = float(values.median()), float(values.min())
    above = values[values > lowest]
    return float(above.min()) if middle == lowest and len(above) else middle


def place_customers(axes: pd.DataFrame, matrix: str, cut: str, core_share: float) -> pd.DataFrame:
    """Return where each customer stands in a matrix.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`; customers without a standing order, or without one of the two measures, are left out.
    matrix : {"value_potential", "frequency_order_value"}
        Spend of the last 12 months by potential score, or order count by average order value.
    cut : {"median", "core"}
        Where high begins: at the median of each measure (see `median_cut`), or, for the first measure, with the customers who together bring
        `core_share` of its sum (the second stays at its median: a score does not add up).
    core_share : float

    Returns
    -------
    pandas.DataFrame
        customer_id (str), x, y (float64), x_cut, y_cut (float64), x_side, y_side (str: high, low), total_spend (float64).

    Notes
    -----
    Rows 002-17 to 002-19, 004-40; feature F12. A value equal to a cut is high; when all customers are equal, all are high.
    """
    first, second = AXES_OF[matrix]
    known = axes[(axes["order_count"] > 0) & axes[first].notna() & axes[second].notna()]
    x, y = known[first].astype("float64"), known[second].astype("float64")
    x_cut = core_cut(x, core_share) if cut == "core" else median_cut(x)
    y_cut = median_cut(y)
    return pd.DataFrame({
        "customer_id": known["customer_id"], "x": x, "y": y, "x_cut": x_cut, "y_cut": y_cut,
        "x_side": np.where(x >= x_cut, "high", "low"), "y_side": np.where(y >= y_cut, "high", "low"), "total_spend": known["total_spend"],
    }).astype({"x_side": "str", "y_side": "str"})  # fmt: skip


def build_matrices(axes: pd.DataFrame, core_share: float) -> pd.DataFrame:
    """Return the four quadrants of both matrices under both cuts.

    Returns
    -------
    pandas.DataFrame
        matrix, cut, x, y (str: high, low), quadrant_en, quadrant_zh, x_measure, y_measure (str), x_cut, y_cut (float64, in the measure's unit), customers (Int64), share (float64, of those
        placed), revenue (float64, currency units), revenue_share (float64).

    Examples
    --------
    >>> axes = pd.DataFrame({"customer_id": ["a", "b"], "order_count": [4, 1], "average_order_value": [9.0, 5.0], "total_spend": [36.0, 5.0],
    ...     "spend_12m": [36.0, 5.0], "potential_score": [50.0, None]})
    >>> told = build_matrices(axes, 0.8)
    >>> told[(told["matrix"] == "frequency_order_value") & (told["cut"] == "median")][["quadrant_en", "customers"]].values.tolist()
    [['Best', 1], ['Frequent', 0], ['Spender', 0], ['Uncertain', 1]]
    """
    rows = [row for matrix in AXES_OF for cut in CUTS for row in _quadrants(place_customers(axes, matrix, cut, core_share), matrix, cut)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _quadrants(placed: pd.DataFrame, matrix: str, cut: str) -> list[tuple[object, ...]]:
    total = placed["total_spend"].sum()
    rows: list[tuple[object, ...]] = []
    for (x, y), (en, zh) in QUADRANTS[matrix].items():
        inside = placed[(placed["x_side"] == x) & (placed["y_side"] == y)]
        revenue = round(float((inside["total_spend"] * MONEY_SCALE).round().sum()) / MONEY_SCALE, 4)
        x_cut, y_cut = (float(placed[c].iloc[0]) if len(placed) else None for c in ("x_cut", "y_cut"))
        share = len(inside) / max(len(placed), 1)
        rows.append((matrix, cut, x, y, en, zh, AXES_OF[matrix][0], x_cut, AXES_OF[matrix][1], y_cut, len(inside), share, revenue, revenue / total if total > 0 else None))
    return rows
