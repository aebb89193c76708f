"""Thresholds of cleaning."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CleaningSettings(BaseModel):
    """What counts as a plausible value, and how rows that look alike are treated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    earliest_year: int = Field(1970, ge=1900, le=2100, description="a date before this year is not believed")
    latest_year: int = Field(2100, ge=1970, le=2200, description="a date after this year is not believed")
    largest_amount: float = Field(1e12, gt=0, le=1e13, description="an amount beyond this is set aside (currency units)")
    outlier_times_median: float = Field(1000.0, gt=1, description="an order line this many times the median line is reported, not removed")
    test_ids: tuple[str, ...] = Field((), description="customer ids that belong to tests, set aside")
