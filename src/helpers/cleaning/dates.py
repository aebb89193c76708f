"""Dates as people and systems write them; what could mean two days is never guessed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

DateOrder = Literal["DMY", "MDY", "YMD"]
AMBIGUOUS = "day and month cannot be told apart: set date_order in the profile"
NOT_A_DATE = "not a date"
SERIAL_FROM, SERIAL_TO = 20_000, 80_000  # Excel day numbers of 1954 to 2119
EXCEL_EPOCH = dt.datetime(1899, 12, 30)
MONTHS = {m: i for i, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}

_TIME = re.compile(r"[T\s]*(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ampm>[AaPp]\.?[Mm]\.?)?\s*(?:Z|[+-]\d{2}:?\d{2})?$")
_YEAR_FIRST = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$")
_NAMED = re.compile(r"^(\d{1,2})[-/. ]+([A-Za-z]{3,9})\.?[-/., ]+(\d{4})$")
_NAMED_FIRST = re.compile(r"^([A-Za-z]{3,9})\.?[-/ ]+(\d{1,2}),?[-/ ]+(\d{4})$")
_NUMBER = re.compile(r"^\d{5}(\.\d+)?$")


def read_date(text: str, *, order: DateOrder | None = None) -> tuple[dt.datetime | None, str | None]:
    """Read one date or time of day.

    Understands ISO, `20240305`, `2024年3月5日`, `5 Mar 2024`, `Mar 5, 2024`, `05.03.2024` (with `order`, or when one
    number is above 12), Excel day numbers, and a time behind any of them. A year of two digits is not read.

    Parameters
    ----------
    text : str
        Trimmed text, half-width.
    order : {"DMY", "MDY", "YMD"}, optional
        How `03/04/2025` is meant in this source.

    Returns
    -------
    tuple
        The time and None, or None and what is wrong in words.

    Examples
    --------
    >>> read_date("2024年3月5日")
    (datetime.datetime(2024, 3, 5, 0, 0), None)
    >>> read_date("03/04/2025")
    (None, 'day and month cannot be told apart: set date_order in the profile')
    >>> read_date("31.02.2024", order="DMY")
    (None, 'no such day in the calendar')
    """
    if _NUMBER.match(text):
        return _from_serial(float(text))
    clock = _TIME.search(text)
    day = text[: clock.start()].strip() if clock else text
    parts, fault = _day_parts(day, order)
    if parts is None:
        return None, fault
    try:
        return dt.datetime(*parts, *_clock_parts(clock)), None
    except ValueError:
        return None, "no such day in the calendar"


def _from_serial(number: float) -> tuple[dt.datetime | None, str | None]:
    if not SERIAL_FROM <= number <= SERIAL_TO:
        return None, NOT_A_DATE
    return EXCEL_EPOCH + dt.timedelta(seconds=round(number * 86_400)), None


def _clock_parts(clock: re.Match[str] | None) -> tuple[int, int, int, int]:
    if clock is None:
        return 0, 0, 0, 0
    hour, half = int(clock["h"]), (clock["ampm"] or "").lower().replace(".", "")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour, int(clock["m"]), int(clock["s"] or 0), int((clock["f"] or "0").ljust(6, "0")[:6])


def _day_parts(day: str, order: DateOrder | None) -> tuple[tuple[int, int, int] | None, str | None]:
    if found := _YEAR_FIRST.match(day) or _COMPACT.match(day):
        return (int(found[1]), int(found[2]), int(found[3])), None
    if found := _NAMED.match(day):
        return _named(found[2], found[1], found[3])
    if found := _NAMED_FIRST.match(day):
        return _named(found[1], found[2], found[3])
    if found := _YEAR_LAST.match(day):
        return _year_last(int(found[1]), int(found[2]), int(found[3]), order)
    return None, NOT_A_DATE


def _named(month: str, day: str, year: str) -> tuple[tuple[int, int, int] | None, str | None]:
    number = MONTHS.get(month[:3].lower())
    return ((int(year), number, int(day)), None) if number else (None, NOT_A_DATE)


def _year_last(first: int, second: int, year: int, order: DateOrder | None) -> tuple[tuple[int, int, int] | None, str | None]:
    if order == "DMY":
        return (year, second, first), None
    if order == "MDY":
        return (year, first, second), None
    if first > 12 >= second:
        return (year, second, first), None
    if second > 12 >= first:
        return (year, first, second), None
    return ((year, first, second), None) if first == second else (None, AMBIGUOUS)
