"""Calendar periods before an as-of date: months, complete quarters, snapshot dates."""

from __future__ import annotations

import datetime as dt

import pandas as pd

QUARTERS = 5  # three for a trend, and the same quarter of the year before the last of them


def months_before(as_of: dt.date, months: int) -> pd.Timestamp:
    """Return the same day some calendar months earlier, or the last day of that month where it is shorter.

    Examples
    --------
    >>> months_before(dt.date(2025, 5, 31), 3).date().isoformat()
    '2025-02-28'
    """
    return pd.Timestamp(as_of) - pd.DateOffset(months=months)


def complete_quarters(as_of: dt.date, count: int = QUARTERS) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Return the last complete calendar quarters as (first day, day after the last), latest first.

    A quarter that ends on the as-of date is complete; a quarter that goes on is left out, because it would always look like a fall.

    Examples
    --------
    >>> [str(first.date()) for first, _ in complete_quarters(dt.date(2025, 6, 30), 2)]
    ['2025-04-01', '2025-01-01']
    >>> [str(first.date()) for first, _ in complete_quarters(dt.date(2025, 6, 29), 2)]
    ['2025-01-01', '2024-10-01']
    """
    last = pd.Period(pd.Timestamp(as_of) + pd.Timedelta(days=1), freq="Q") - 1
    return [((last - i).start_time, (last - i + 1).start_time) for i in range(count)]


def snapshot_days(as_of: dt.date, *, every: str, count: int, first_day: dt.date) -> list[dt.date]:
    """Return the dates at which customers are looked at, oldest first, the as-of date last.

    Parameters
    ----------
    as_of : datetime.date
        The last of them; the others are ends of complete quarters (or half-years) before it.
    every : {"quarter", "half_year"}
    count : int
        How many at the most.
    first_day : datetime.date
        First day of the data; dates before it would show nobody and are left out.

    Examples
    --------
    >>> [str(d) for d in snapshot_days(dt.date(2025, 5, 15), every="quarter", count=3, first_day=dt.date(2024, 1, 1))]
    ['2024-12-31', '2025-03-31', '2025-05-15']
    """
    months = {"quarter": 3, "half_year": 6}[every]
    ends = [last.date() - dt.timedelta(days=1) for _, last in complete_quarters(as_of, count * months // 3 + 2)]
    past = [d for d in ends if d.month % months == 0 and first_day <= d < as_of]
    return sorted([*past[: count - 1], as_of])
