"""Thresholds of the axes: scores, activity, trend, lifecycle."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RfmSettings(BaseModel):
    """How recency, order count and spend become scores.

    Examples
    --------
    >>> RfmSettings(bands=3).top_score, RfmSettings(method="mean_split").top_score
    (3, 2)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    bands: int = Field(5, ge=2, le=10, description="scores per measure; fewer are made when equal values allow no more")
    method: Literal["quantile", "fixed", "mean_split"] = Field("quantile", description="where the bands are cut")
    recency_cuts_days: tuple[float, ...] = Field(
        (), description="method fixed: days since the last order at which the score drops, ascending"
    )
    order_count_cuts: tuple[float, ...] = Field((), description="method fixed: order counts from which the score rises, ascending")
    total_spend_cuts: tuple[float, ...] = Field(
        (), description="method fixed: spend from which the score rises, ascending (currency units)"
    )

    @model_validator(mode="after")
    def _cuts_fit(self) -> RfmSettings:
        for name in ("recency_cuts_days", "order_count_cuts", "total_spend_cuts"):
            cuts = getattr(self, name)
            if list(cuts) != sorted(set(cuts)):
                raise ValueError(f"{name} must rise from one to the next")
            if self.method == "fixed" and not cuts:
                raise ValueError(f"method fixed needs {name}")
            if self.method == "fixed" and len(cuts) >= self.bands:
                raise ValueError(
                    f"{name} has {len(cuts)} cuts, which make {len(cuts) + 1} bands, but bands is {self.bands}: drop cuts or raise bands"
                )
        return self

    @property
    def top_score(self) -> int:
        """The best score there is: 2 when each measure is split at its mean, else the number of bands."""
        return 2 if self.method == "mean_split" else self.bands


PRESETS: dict[str, dict[str, object]] = {
    "own_rhythm": {},
    "restaurant_3m": {"method": "months", "slowing_months": 2, "silent_months": 3},  # row 004-37: no visit for three months
    "general_6m": {"method": "months", "slowing_months": 3, "silent_months": 6},  # row 002-26: no order for six months
    "grocery": {"slowing": 3.0, "silent": 6.0},  # many small, irregular visits: a gap of twice the median is nothing yet
    "durable": {"method": "population", "least_gap_days": 30},  # few orders per customer: the gaps of all are all there is
}


class ActivitySettings(BaseModel):
    """When a customer is silent, and when a falling trend counts. `preset` fills in what is not set itself.

    Examples
    --------
    >>> ActivitySettings(preset="general_6m").method, ActivitySettings(preset="grocery", silent=8).slowing
    ('months', 3.0)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Literal["own_rhythm", "restaurant_3m", "general_6m", "grocery", "durable"] = Field("own_rhythm", description="a trade's usual thresholds; keys that are set beside it go first")
    method: Literal["own_rhythm", "population", "months"] = Field("own_rhythm", description="what silence is compared with: the customer's own rhythm, the gaps of all customers, or fixed months")
    slowing: float = Field(1.5, gt=0, le=50, description="own_rhythm: slowing from this multiple of the customer's usual gap")
    silent: float = Field(2.5, gt=0, le=100, description="own_rhythm: silent beyond this multiple of the usual gap, and beyond the longest earlier gap")
    prior_gaps: float = Field(2.0, gt=0, le=100, description="own_rhythm: the population's gap weighs as much as this many gaps of the customer's own")
    least_gap_days: int = Field(7, ge=1, le=365, description="own_rhythm: a usual gap below this many days counts as this")
    slowing_share: float = Field(0.80, gt=0, lt=1, description="population: slowing beyond the usual gap that this share of customers stays below")
    silent_share: float = Field(0.95, gt=0, lt=1, description="population: silent beyond the usual gap that this share of customers stays below")
    slowing_months: int = Field(3, ge=1, le=60, description="months: slowing after this many calendar months without an order")
    silent_months: int = Field(6, ge=1, le=120, description="months: silent after this many calendar months without an order")
    trend_drop: float = Field(0.10, ge=0, le=1, description="a trend needs this change from the first to the last of three complete quarters")
    trend_orders: int = Field(3, ge=1, le=1000, description="a trend needs this many orders in the three quarters")
    complaint_days: int = Field(90, ge=1, le=3660, description="a complaint raises the risk for this many days")

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        preset = given.get("preset", "")
        return {**(PRESETS.get(preset, {}) if isinstance(preset, str) else {}), **given}

    @model_validator(mode="after")
    def _slowing_comes_first(self) -> ActivitySettings:
        for unit in ("", "_share", "_months"):
            first, then = getattr(self, f"slowing{unit}"), getattr(self, f"silent{unit}")
            if first >= then:
                raise ValueError(f"slowing{unit} must be below silent{unit}, not {first:g} and {then:g}")
        return self


class LifecycleSettings(BaseModel):
    """When a customer is new, growing or back again, and how tiers are followed over time.

    Examples
    --------
    >>> LifecycleSettings().new_days
    90
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    new_days: int = Field(90, ge=1, le=3660, description="a customer with one order is new for this many days")
    growing_days: int = Field(365, ge=1, le=3660, description="a customer who has come back is growing for this many days after the first order")
    growth: float = Field(0.20, ge=0, le=10, description="spend of the last 12 months above that of the 12 before by this share counts as growing")
    returned_days: int = Field(90, ge=1, le=3660, description="a customer who ended a silence counts as reactivated for this many days")
    view: str = Field("stages4", description="the scheme of lifecycle stages that is followed beside the primary one, a file in data/schemes")
    every: Literal["quarter", "half_year"] = Field("quarter", description="how often tiers and states are taken down")
    snapshots: int = Field(9, ge=2, le=40, description="how many of these dates are followed, the as-of date included")
    min_snapshots: int = Field(2, ge=1, le=8, description="hysteresis: a new tier counts when it was seen at this many dates in a row")
    dormant_months: int = Field(12, ge=1, le=120, description="pool review: silent for this many calendar months counts as dormant")
    low_value_share: float = Field(0.5, gt=0, lt=1, description="pool review: low value is below this share of all customers, by spend")
    park_odds: float = Field(0.10, ge=0, le=1, description="pool review: below this chance to come back within a year, dormant customers of low value are retired, else parked")


class TieringSettings(BaseModel):
    """Which scheme leads the reports and lists.

    Examples
    --------
    >>> TieringSettings().primary
    'champions11'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    primary: str = Field("champions11", description="the scheme that reports and lists use, a file in data/schemes")
    core_share: float = Field(0.8, gt=0, lt=1, description="value matrix: high value are the customers who together bring this share")
