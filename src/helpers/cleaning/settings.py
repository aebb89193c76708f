"""Thresholds of cleaning."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CleaningSettings(BaseModel):
    """What counts as a plausible value, and whose rows are tests."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest_amount: float = Field(1e10, gt=0, le=1e11, description="an amount beyond this is set aside (currency units)")
    test_ids: tuple[str, ...] = Field((), description="customer ids that belong to tests; their rows are set aside")
