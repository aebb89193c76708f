"""What the values of a column say about it: numbers, decimal sign, currency, date order, last day, odd codes.

Everything counts rows through the distinct texts of a column, so a million lines cost as much as their different
values. Nothing here converts data; that is cleaning's work. A count that decides nothing is reported as such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

SIGNS = {  # the longer signs first: NT$ is not $
    "NT$": ("TWD",), "HK$": ("HKD",), "US$": ("USD",), "A$": ("AUD",), "C$": ("CAD",), "S$": ("SGD",),
    "RMB": ("CNY",), "CNY": ("CNY",), "TWD": ("TWD",), "HKD": ("HKD",), "USD": ("USD",), "EUR": ("EUR",), "GBP": ("GBP",),
    "CHF": ("CHF",), "JPY": ("JPY",), "人民币": ("CNY",), "€": ("EUR",), "£": ("GBP",), "$": ("USD", "TWD", "HKD", "AUD", "CAD"),
    "¥": ("CNY", "JPY"), "元": ("CNY", "TWD"),
}  # fmt: skip
_NUMBER = re.compile(r"^[+-]?\d[\d.,']*$|^[+-]?[.,]\d+$|^[+-]?\d+(?:\.\d+)?[eE][+-]?\d+$")
_COMMA_DECIMAL = re.compile(r"^[+-]?\d{1,3}(?:\.\d{3})+,\d+$|^[+-]?\d+,(?:\d{1,2}|\d{4,})$")
_POINT_DECIMAL = re.compile(
    r"^[+-]?\d{1,3}(?:,\d{3})+\.\d+$|^[+-]?\d*\.(?:\d{1,2}|\d{4,})$|^[+-]?\d{1,3}(?:,\d{3}){2,}$|^[+-]?0\.\d+$|^[+-]?\d{4,}\.\d+$"
)
_THREE = re.compile(r"^[+-]?\d{1,3},\d{3}$")
_DATE = re.compile(
    r"^(?:(?P<y1>\d{4})[-/.年](?P<m1>\d{1,2})[-/.月](?P<d1>\d{1,2})日?"
    r"|(?P<y2>(?:19|20)\d{2})(?P<m2>0[1-9]|1[0-2])(?P<d2>0[1-9]|[12]\d|3[01])"
    r"|(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y3>\d{4}|\d{2}))"
    r"(?:[T\s]*(?P<time>\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[AaPp][Mm])?|\d{2}时\d{2}分.*)(?:Z|[+-]\d{2}:?\d{2})?)?$"
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5}


@dataclass(frozen=True)
class Numbers:
    """What stands in a column of numbers; every field but `signs` is a count of rows."""

    filled: int
    numbers: int
    negative: int
    whole: int
    comma_decimal: int  # 1.234,56 or 12,5
    point_decimal: int  # 1,234.56 or 12.5
    unclear: int  # 1,234 may be 1234 or 1.234
    signs: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Dates:
    """What stands in a column of dates; the counts are of rows."""

    filled: int
    dates: int
    year_first: int
    day_first: int  # first number above 12: DMY decides
    month_first: int  # second number above 12: MDY decides
    unclear: int  # both 12 or less, and not equal

    @property
    def order(self) -> str | None:
        """DMY or MDY when values decide it and none contradicts; else None."""
        if bool(self.day_first) == bool(self.month_first):
            return None
        return "DMY" if self.day_first else "MDY"


def value_counts(values: pd.Series) -> pd.DataFrame:
    """Count the rows of every distinct text: `text` (str) and `rows` (int), blanks left out, sorted by text.

    Examples
    --------
    >>> value_counts(pd.Series(["b", " a", "b", None, ""])).to_dict("list")
    {'text': ['a', 'b'], 'rows': [1, 2]}
    """
    counts = values.dropna().value_counts()
    texts = counts.index.astype("str").to_series().str.translate(_FULL_WIDTH).str.strip()
    table = pd.DataFrame({"text": texts.to_numpy(), "rows": counts.to_numpy()}).astype({"text": "str", "rows": "int64"})
    return table[table["text"] != ""].groupby("text", as_index=False)["rows"].sum()


def number_evidence(counts: pd.DataFrame) -> Numbers:
    """Count what the texts of a column of numbers look like.

    Parameters
    ----------
    counts : pandas.DataFrame
        From `value_counts`.

    Examples
    --------
    >>> number_evidence(value_counts(pd.Series(["1.234,50 €", "-2,5", "free"])))
    Numbers(filled=3, numbers=2, negative=1, whole=0, comma_decimal=2, point_decimal=0, unclear=0, signs=(('€', 1),))
    """
    bare, signs = strip_signs(counts)
    minus = bare.str.startswith("-") | bare.str.startswith("(") | bare.str.endswith("-")
    bare = bare.str.replace(r"[()\s]|-$", "", regex=True)
    rows, number = counts["rows"], bare.str.match(_NUMBER)

    def count(mask: pd.Series) -> int:
        return int(rows[mask.astype(bool)].sum())

    return Numbers(
        filled=int(rows.sum()),
        numbers=count(number),
        negative=count(number & minus),
        whole=count(bare.str.match(r"^[+-]?\d+(?:[.,]0+)?$")),
        comma_decimal=count(bare.str.match(_COMMA_DECIMAL)),
        point_decimal=count(bare.str.match(_POINT_DECIMAL)),
        unclear=count(bare.str.match(_THREE)),
        signs=signs,
    )


def strip_signs(counts: pd.DataFrame) -> tuple[pd.Series, tuple[tuple[str, int], ...]]:
    """Take currency signs off the texts; also return which signs stood in how many rows, most frequent first."""
    bare, seen = counts["text"].astype("str"), []
    for sign in SIGNS:
        holds = bare.str.contains(sign, regex=False)
        if holds.any():
            seen.append((sign, int(counts.loc[holds, "rows"].sum())))
            bare = bare.str.replace(sign, "", regex=False)
    return bare.str.strip(), tuple(sorted(seen, key=lambda s: (-s[1], s[0])))


def date_evidence(counts: pd.DataFrame) -> Dates:
    """Count how many rows hold a date, and how many of them decide the order of day and month.

    Examples
    --------
    >>> seen = date_evidence(value_counts(pd.Series(["25/12/2024", "03/04/2025", "2025-01-31", "soon"])))
    >>> (seen.dates, seen.day_first, seen.month_first, seen.unclear, seen.order)
    (3, 1, 0, 1, 'DMY')
    """
    parts, rows = counts["text"].astype("str").str.extract(_DATE), counts["rows"]
    first, second = pd.to_numeric(parts["a"]), pd.to_numeric(parts["b"])
    year_first = parts["y1"].notna() | parts["y2"].notna()
    day_first, month_first = (first > 12) & (first <= 31) & (second <= 12), (second > 12) & (second <= 31) & (first <= 12)
    either = (first <= 12) & (second <= 12)
    return Dates(
        filled=int(rows.sum()),
        dates=int(rows[year_first | day_first | month_first | either].sum()),
        year_first=int(rows[year_first].sum()),
        day_first=int(rows[day_first].sum()),
        month_first=int(rows[month_first].sum()),
        unclear=int(rows[either & (first != second)].sum()),
    )


def rows_per_day(counts: pd.DataFrame, order: str | None) -> pd.DataFrame:
    """Count rows per calendar day: `day` (datetime64) and `rows` (int), sorted; texts that are no sure date are left out.

    Parameters
    ----------
    counts : pandas.DataFrame
        From `value_counts`.
    order : {"DMY", "MDY"} or None
        How 03/04/2025 is read; without it only dates that read one way count.
    """
    parts = counts["text"].astype("str").str.extract(_DATE)
    a, b = pd.to_numeric(parts["a"]), pd.to_numeric(parts["b"])
    day_first = a > 12 if order is None else pd.Series(order == "DMY", index=a.index)
    sure = parts["a"].isna() | (a > 12) | (b > 12) | (a == b) if order is None else pd.Series(True, index=a.index)
    short = pd.to_numeric(parts["y3"])
    dates = pd.DataFrame(
        {
            "year": _first(parts, "y1", "y2").fillna(short.where(short >= 100, short + 2000)),
            "month": _first(parts, "m1", "m2").fillna(b.where(day_first, a)),
            "day": _first(parts, "d1", "d2").fillna(a.where(day_first, b)),
        }
    )
    days = pd.to_datetime(dates.where(sure), errors="coerce")
    per_day = counts["rows"].groupby(days).sum()
    return per_day.rename_axis("day").rename("rows").reset_index()


def last_plausible_day(days: pd.DataFrame, gap_days: int = 366) -> pd.Timestamp | None:
    """Return the last day that follows the one before by at most a year; a lone 2099-12-31 is not plausible.

    Examples
    --------
    >>> days = pd.DataFrame({"day": pd.to_datetime(["2025-06-29", "2025-06-30", "2099-12-31"]), "rows": [7, 6, 1]})
    >>> str(last_plausible_day(days))
    '2025-06-30 00:00:00'
    """
    if days.empty:
        return None
    # leaps are judged from the day in the middle of the rows onwards, so an early typing mistake does no harm
    middle = days["day"].iloc[int((days["rows"].cumsum() * 2 < days["rows"].sum()).sum())]
    late = days.loc[days["day"] >= middle, "day"].reset_index(drop=True)
    leaps = late.diff().dt.days > gap_days
    return late.iloc[int(leaps.idxmax()) - 1] if leaps.any() else late.iloc[-1]


def _first(parts: pd.DataFrame, one: str, other: str) -> pd.Series:
    return pd.to_numeric(parts[one]).fillna(pd.to_numeric(parts[other]))
