"""How people and systems write things: dates, money, phones and flags in several forms, all of them readable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.names import REGION_SPELLINGS
from helpers.collection.demo.plan import pick
from helpers.collection.demo.records import wide

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATE_FORMS: dict[str, Callable[[pd.Timestamp], str]] = {
    "iso": lambda d: f"{d.year}-{d.month:02d}-{d.day:02d}",
    "slash": lambda d: f"{d.year}/{d.month}/{d.day}",
    "compact": lambda d: f"{d.year}{d.month:02d}{d.day:02d}",
    "chinese": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "dmy": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    "words": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
}
MONEY_FORMS: tuple[Callable[[float], str], ...] = (
    lambda m: f"¥{m:,.2f}",
    lambda m: f"CNY {m:,.2f}",
    lambda m: f"{m:,.2f}元",
    lambda m: f"¥{m:,.2f}",
    lambda m: wide(f"{m:.2f}"),
)
FLAG_FORMS = {True: ("Y", "yes", "是", "1"), False: ("N", "no", "否", "0")}


def write_dates(dates: pd.Series, weights: dict[str, float], rng: np.random.Generator) -> list[str | None]:
    """Return dates as text in mixed forms; `weights` says how often each form of `DATE_FORMS` is used.

    Examples
    --------
    >>> from helpers.collection.demo.plan import stream
    >>> write_dates(pd.Series(pd.to_datetime(["2024-03-05"])), {"chinese": 1.0}, stream(7, "doc"))
    ['2024年3月5日']
    """
    forms, shares = tuple(weights), tuple(weights.values())
    return [None if pd.isna(d) else DATE_FORMS[pick(rng, forms, shares)](d) for d in dates]


def write_phone(phone: str | None, rng: np.random.Generator) -> str | None:
    """Return a number in international form as somebody would type it.

    Examples
    --------
    >>> from helpers.collection.demo.plan import stream
    >>> write_phone(None, stream(7, "doc")) is None
    True
    """
    if phone is None or pd.isna(phone):
        return None
    code = next(c for c in ("+86", "+852", "+44") if phone.startswith(c))
    rest = phone.removeprefix(code)
    parts = (rest[:3], rest[3:7], rest[7:]) if len(rest) > 8 else (rest[:4], rest[4:])
    forms = [f"{code} {' '.join(parts)}", f"{code}{rest}", f"00{code[1:]} {rest}", f"{code}-{'-'.join(parts)}"]
    at_home = [rest, rest, "-".join(parts), " ".join(parts), wide(rest)] if code == "+86" else []
    return pick(rng, forms + at_home)


def write_flags(flags: pd.Series, rng: np.random.Generator) -> list[str]:
    """Return true and false in mixed forms."""
    return [pick(rng, FLAG_FORMS[bool(f)], (5, 2, 2, 1)) for f in flags]


def write_regions(regions: pd.Series, rng: np.random.Generator) -> list[str]:
    """Return regions in the spellings that different colleagues use."""
    return [pick(rng, REGION_SPELLINGS[r]) for r in regions]


def write_money(amount: float, rng: np.random.Generator) -> str:
    """Return an amount as text: currency sign, thousands separators or full-width digits."""
    return pick(rng, MONEY_FORMS)(amount) if amount >= 0 else f"-{abs(amount):,.2f}"


def spoil(values: pd.Series, share: float, how: Callable[[Any], Any], rng: np.random.Generator) -> pd.Series:
    """Return values of which about `share` went through `how`; the rest, and the empty ones, are as they were."""
    hit = rng.random(len(values)) < share
    return pd.Series([how(v) if h and not pd.isna(v) else v for v, h in zip(values, hit, strict=True)], index=values.index, dtype=object)


def repeat_rows(frame: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return the frame with `count` of its rows exported twice, the second directly below the first."""
    at = np.sort(rng.permutation(len(frame))[:count])
    return pd.concat([frame, frame.iloc[at]]).sort_index(kind="stable").reset_index(drop=True)
