"""Times and discount rates that carry their unit, so that 12 months cannot become 12 weeks (anchors.md 0.3, 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from helpers.errors import UserError

DAYS_PER_MONTH = 365.25 / 12
UNIT_DAYS = {"day": 1.0, "week": 7.0, "month": DAYS_PER_MONTH, "year": 365.25}
LARGEST_RATE = 2.0  # 200 % a year: beyond it somebody wrote per cent as a number


@dataclass(frozen=True)
class Horizon:
    """A stretch of time ahead, held in days; made by `Horizon.of`, never from a bare number.

    Examples
    --------
    >>> Horizon.of(39, "week") == Horizon.of(273, "day")
    True
    >>> Horizon.of(1, "year").in_unit("month")
    12.0
    """

    days: float

    @classmethod
    def of(cls, length: float, unit: str) -> Horizon:
        """Return a stretch of `length` units; a month is 365.25 / 12 days.

        Raises
        ------
        UserError
            An unknown unit, or a length that is not above zero.
        """
        if unit not in UNIT_DAYS:
            raise UserError(f"there is no unit {unit!r} of time: write {', '.join(UNIT_DAYS)}")
        if not (math.isfinite(length) and length > 0):
            raise UserError(f"a horizon of {length} {unit}s is none: give a length above zero")
        return cls(length * UNIT_DAYS[unit])

    def in_unit(self, unit: str) -> float:
        """Return the length in another unit."""
        return self.days / UNIT_DAYS[unit]


@dataclass(frozen=True)
class Discount:
    """What a year's waiting costs, as a share; made by `Discount.a_year` or `Discount.a_month`.

    Examples
    --------
    >>> round(Discount.a_month(0.01).per_year, 6)
    0.126825
    >>> Discount.a_year(10)
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: a discount of 1000 % a year is no rate: write 10 % as 0.10
    """

    per_year: float

    @classmethod
    def a_year(cls, rate: float) -> Discount:
        """Return a yearly rate: 0.10 is 10 % a year."""
        if not 0 <= rate <= LARGEST_RATE:
            raise UserError(f"a discount of {rate * 100:.0f} % a year is no rate: write 10 % as 0.10")
        return cls(float(rate))

    @classmethod
    def a_month(cls, rate: float) -> Discount:
        """Return a monthly rate as a yearly one, with interest on interest: 0.01 is 1 % a month."""
        if not 0 <= rate <= LARGEST_RATE / 12:
            raise UserError(f"a discount of {rate * 100:.0f} % a month is no rate: write 1 % as 0.01")
        return cls((1 + float(rate)) ** 12 - 1)

    def factor(self, after: Horizon) -> float:
        """Return what one unit of money is worth when it comes after a stretch of time."""
        return (1 + self.per_year) ** -(after.in_unit("year"))


def as_horizon(value: object) -> Horizon:
    """Return a horizon as it is; a bare number is refused, because its unit would be a guess.

    Examples
    --------
    >>> as_horizon(52)
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: a horizon of 52 has no unit: write Horizon.of(52, 'week'), or day, month, year
    """
    if isinstance(value, Horizon):
        return value
    raise UserError(f"a horizon of {value} has no unit: write Horizon.of({value}, 'week'), or day, month, year")


def as_discount(value: object) -> Discount:
    """Return a discount as it is; a bare number is refused, because per month and per year differ twelvefold."""
    if isinstance(value, Discount):
        return value
    raise UserError(f"a discount of {value} has no unit: write Discount.a_year({value}) or Discount.a_month({value})")


def unit_of(summary: pd.DataFrame) -> str:
    """Return the time unit that a purchase summary was made in.

    Raises
    ------
    UserError
        The summary says nothing about its unit, or mixes units or observation ends.
    """
    lacking = [c for c in ("unit", "observed_until") if c not in summary]
    if lacking:
        raise UserError(f"the purchase summary has no column {lacking[0]}: make it with summarise_purchases, which writes unit and observation end into it")
    for column, name in (("unit", "time units"), ("observed_until", "observation ends")):
        found = summary[column].dropna().unique()
        if len(found) > 1:
            raise UserError(f"the purchase summary mixes {name} ({', '.join(str(f)[:10] for f in found[:3])}): summarise all customers in one call")
    return str(summary["unit"].iloc[0]) if len(summary) else "week"
