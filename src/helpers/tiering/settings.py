"""Thresholds of tiering."""

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
    new_days: int = Field(90, ge=1, le=3660, description="a customer with one order is new for this many days")

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
