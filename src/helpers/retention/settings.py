"""Thresholds of retention: how signals are proven, the churn model, the list, the cadence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

STRICT = ConfigDict(extra="forbid", frozen=True)


class SignalsSettings(BaseModel):
    """How signals are tested on the own past, and from when they are good enough for the list.

    Examples
    --------
    >>> SignalsSettings().horizon_days
    90
    """

    model_config = STRICT

    horizon_days: int = Field(90, ge=14, le=730, description="back-test: a signal is right when the customer's last order falls within so many days of it")
    away_days: int = Field(90, ge=14, le=730, description="back-test: no order for so many days, and for longer than the own rhythm allows, is a departure")
    every_days: int = Field(14, ge=1, le=92, description="back-test: days between the past dates at which everybody is looked at")
    dates: int = Field(26, ge=2, le=120, description="back-test: how many past dates at the most")
    history_days: int = Field(120, ge=30, le=1100, description="back-test: the first date has at least so many days of orders before it")
    lookback_days: int = Field(180, ge=30, le=730, description="back-test: a signal has announced a departure when it fired within so many days before the last order, or after it until silence told")
    min_lift: float = Field(2.0, ge=1, le=20, description="ship: leaving must be so many times as frequent as among the same kind of customers (less where nearly everybody leaves)")
    min_lead_days: int = Field(30, ge=0, le=365, description="ship: so many days before silence alone would have told")
    min_coverage: float = Field(0.25, ge=0, le=1, description="ship: so many of those who left had been flagged")
    min_alerts: int = Field(20, ge=1, le=1000, description="fewer alerts than this are no proof of anything")
    use: Literal["ship", "ship_and_watch", "all"] = Field("ship", description="which verdicts the list acts on; what a person saw is always acted on")
