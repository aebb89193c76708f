"""Numbers as people read them, and tables as plain text that stays the same from run to run."""

from __future__ import annotations

from html import escape

import pandas as pd


def say_money(amount: float, currency: str) -> str:
    """Return an amount with thousands separators and its currency, cents only below 1,000.

    Examples
    --------
    >>> say_money(1234567.8, "CNY"), say_money(12.5, "USD"), say_money(-5, "USD")
    ('1,234,568 CNY', '12.50 USD', '-5.00 USD')
    """
    return f"{amount:,.0f} {currency}" if abs(amount) >= 1000 else f"{amount:,.2f} {currency}"


def say_amount(amount: float) -> str:
    """Return an amount for a column whose header names the currency: thousands separators, cents only below 100.

    Examples
    --------
    >>> say_amount(1234.5), say_amount(9.9), say_amount(float("nan"))
    ('1,234', '9.90', '')
    """
    if amount != amount:
        return ""
    return f"{amount:,.2f}" if abs(amount) < 100 else f"{amount:,.0f}"


def say_share(share: float) -> str:
    """Return a share as per cent: whole numbers, one decimal below 10 %.

    Examples
    --------
    >>> say_share(0.256), say_share(0.0312), say_share(0)
    ('26 %', '3.1 %', '0 %')
    """
    if share != share:  # a share of nothing is no number
        return ""
    if abs(share) < 0.0005:
        return "0 %"
    return f"{share:.0%}".replace("%", " %") if abs(share) >= 0.1 else f"{share:.1%}".replace("%", " %")


def as_text(frame: pd.DataFrame, *, rows: int | None = None, width: int = 60) -> str:
    """Return a table as aligned plain text: days as dates, fractions rounded, nothing cut silently.

    Parameters
    ----------
    frame : pandas.DataFrame
    rows : int, optional
        Show only the first rows and say how many there are.
    width : int
        Longest text in a cell; longer ones end in an ellipsis.

    Examples
    --------
    >>> print(as_text(pd.DataFrame({"tier": ["New", "Best"], "share": [0.25, 0.75]}), rows=1))
    tier share
     New  0.25
    (1 of 2 rows)
    """
    if frame.empty:
        return f"(no rows; columns: {', '.join(map(str, frame.columns))})"
    shown = frame.head(rows) if rows is not None else frame
    texts = shown.apply(lambda column: _column_text(column, width))
    note = f"\n({len(shown)} of {len(frame):,} rows)" if len(shown) < len(frame) else ""
    return texts.to_string(index=False) + note


def as_pre(told: pd.DataFrame | str) -> str:
    """Return a table or a sentence as HTML for below a control: aligned, never wrapped, and nothing in it is taken for HTML.

    Examples
    --------
    >>> as_pre("a < b")
    '<pre style="white-space: pre; overflow-x: auto">a &lt; b</pre>'
    """
    return f'<pre style="white-space: pre; overflow-x: auto">{escape(told if isinstance(told, str) else as_text(told), quote=False)}</pre>'


def _column_text(column: pd.Series, width: int) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column):
        bare = (column.dropna() == column.dropna().dt.normalize()).all()
        return column.dt.strftime("%Y-%m-%d" if bare else "%Y-%m-%d %H:%M").fillna("")
    if pd.api.types.is_bool_dtype(column):
        return column.map({True: "yes", False: "no"}).astype(object).fillna("")
    if pd.api.types.is_numeric_dtype(column):
        return column.map(_number_text, na_action="ignore").astype(object).fillna("")
    return column.fillna("").astype("str").map(lambda t: t if len(t) <= width else t[: width - 1] + "…")


def _number_text(value: float) -> str:
    if float(value).is_integer() or abs(value) < 0.00005:
        return f"{round(value) + 0:,.0f}"  # plus 0 turns -0 into 0
    return f"{value:,.2f}" if abs(value) >= 0.01 else f"{value:.4f}"
