"""Text to values: each distinct text is read once, by one implementation, for small and for line-level tables."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pandas as pd

from helpers.cleaning.dates import DateOrder, read_date

EARLIEST, LATEST = 1900, 2100  # years; birthdays reach far back
PLACEHOLDER = dt.date(1900, 1, 1)  # what many systems write for an unknown day
DECIMALS = 4  # money is kept to 1/10,000 of the currency unit
NULLS = frozenset({"", "-", "--", "na", "n/a", "nan", "null", "none", "nil", "nat", "#n/a", "\\n", "空", "无", "無"})
TRUE = frozenset({"1", "true", "t", "yes", "y", "on", "x", "是", "有", "对", "對"})
FALSE = frozenset({"0", "false", "f", "no", "n", "off", "否", "无", "無", "没有", "沒有"})
_CURRENCY = re.compile(r"(?i)(RMB|CNY|USD|EUR|GBP|HKD|HK|US|NT|JPY|[¥￥$€£]|元|圆|港币|块)")
_PLAIN = re.compile(r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$")
Reader = Callable[[str], tuple[Any, str | None]]


def tidy(text: str) -> str:
    """Return text half-width and without outer or doubled blanks (`１２` becomes `12`).

    Examples
    --------
    >>> tidy("　ＡＢ　 12 ")
    'AB 12'
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def parse_values(values: pd.Series, kind: str, *, date_order: DateOrder | None = None, decimal: str = ".", negate: bool = False) -> pd.DataFrame:
    """Read distinct texts as values of one kind.

    Parameters
    ----------
    values : pandas.Series
        Distinct texts, nulls allowed; anything that is not text is read by its text.
    kind : str
        A kind of `helpers.tables`: id, text, date, time, money, number, count, flag.
    date_order : {"DMY", "MDY", "YMD"}, optional
        How an ambiguous date is meant; without it such a date is a problem.
    decimal : {".", ","}
        Decimal mark of the source.
    negate : bool
        Whether the source writes these numbers with the other sign (a refund as 12.50).

    Returns
    -------
    pandas.DataFrame
        text (str, as given), value (dtype of the kind; null where unread), problem (str or null).
        A text that stands for nothing (blank, NA, NULL, -) is null without a problem.

    Examples
    --------
    >>> parse_values(pd.Series(["¥1,200.50", "about 5"]), "money")[["value", "problem"]].to_dict("list")
    {'value': [1200.5, nan], 'problem': [nan, 'not a number']}
    """
    texts = values.dropna().astype(str).drop_duplicates().tolist()
    reader = _reader(kind, date_order, decimal)
    results = [_read(text, reader) for text in texts]
    numbers = _typed([r[0] for r in results], kind)
    frame = pd.DataFrame({"text": pd.Series(texts, dtype="str"), "value": 0 - numbers if negate else numbers})  # 0 - x: no minus zero
    return frame.assign(problem=pd.Series([r[1] for r in results], dtype="str"))


def _read(text: str, reader: Reader) -> tuple[Any, str | None]:
    clean = tidy(text)
    return (None, None) if clean.lower() in NULLS else reader(clean)


def _typed(values: list[Any], kind: str) -> pd.Series:
    dtype = {"money": "float64", "number": "float64", "count": "Int64", "flag": "boolean", "date": "datetime64[us]", "time": "datetime64[us]"}.get(kind, "str")
    return pd.Series(values, dtype=dtype)


def _reader(kind: str, date_order: DateOrder | None, decimal: str) -> Reader:
    readers: dict[str, Reader] = {
        "id": lambda text: (re.sub(r"^(\d+)\.0+$", r"\1", text), None),
        "text": lambda text: (text, None),
        "flag": read_flag,
        "number": lambda text: read_number(text, decimal=decimal),
        "money": lambda text: _read_money(text, decimal),
        "count": lambda text: _read_count(text, decimal),
        "time": lambda text: _read_time(text, date_order),
        "date": lambda text: _read_day(text, date_order),
    }
    return readers[kind]


def read_flag(text: str) -> tuple[bool | None, str | None]:
    """Read yes or no in English or Chinese."""
    low = text.lower()
    return (True, None) if low in TRUE else (False, None) if low in FALSE else (None, "not a yes or no")


def read_number(text: str, *, decimal: str = ".") -> tuple[float | None, str | None]:
    """Read a number with currency signs, thousands separators, brackets or a trailing minus.

    A comma that stands where thousands never do (`12,5` with decimal point) is a problem, not a guess.

    Examples
    --------
    >>> read_number("(1.234,50 €)", decimal=",")
    (-1234.5, None)
    >>> read_number("12,5")
    (None, 'a comma where no thousands separator can be: set decimal in the profile')
    """
    bare = _CURRENCY.sub("", text).replace(" ", "").replace("'", "").replace("’", "")
    negative = (bare.startswith("(") and bare.endswith(")")) or bare.endswith("-")
    bare = bare.strip("()").rstrip("-").removesuffix("-")
    if decimal == ",":
        bare = bare.replace(".", "\0").replace(",", ".").replace("\0", ",")
    if "," in bare:
        if not _GROUPED.match(bare):
            wrong = "a comma where no thousands separator can be: set decimal in the profile"
            return None, wrong if re.fullmatch(r"[+-]?[\d.,]+", bare) else "not a number"
        bare = bare.replace(",", "")
    if not _PLAIN.match(bare):
        return None, "not a number"
    number = float(bare)
    return (None, "not a number of finite size") if abs(number) == float("inf") else (-number if negative else number, None)


def _read_money(text: str, decimal: str) -> tuple[float | None, str | None]:
    number, fault = read_number(text, decimal=decimal)
    return (None if number is None else round(number, DECIMALS) + 0.0), fault


def _read_count(text: str, decimal: str) -> tuple[int | None, str | None]:
    number, fault = read_number(text, decimal=decimal)
    if number is None:
        return None, fault
    return (int(number), None) if number == int(number) and abs(number) < 2**53 else (None, "not a whole number")


def _read_time(text: str, order: DateOrder | None) -> tuple[Any, str | None]:
    moment, fault = read_date(text, order=order)
    if moment is None:
        return None, fault
    if moment.date() == PLACEHOLDER:
        return None, "1900-01-01 stands for no date"
    return (moment, None) if EARLIEST <= moment.year <= LATEST else (None, f"year {moment.year} is not plausible")


def _read_day(text: str, order: DateOrder | None) -> tuple[Any, str | None]:
    moment, fault = _read_time(text, order)
    return (moment.replace(hour=0, minute=0, second=0, microsecond=0) if moment else None), fault
