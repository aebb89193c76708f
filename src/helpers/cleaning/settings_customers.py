"""Thresholds of what is done to customers: duplicates, privacy, tags."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class DuplicatesSettings(BaseModel):
    """When two records are one customer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    merge_at: float = Field(0.9, ge=0, le=1, description="pairs with at least this confidence are merged without asking")
    review_at: float = Field(0.6, ge=0, le=1, description="pairs with at least this confidence are put before a person")
    phone_region: str = Field("CN", pattern="^[A-Z]{2}$", description="country of telephone numbers that do not say theirs")
    neighbours: int = Field(10, ge=1, le=50, description="how many of the most similar names each record is compared with")
    test_patterns: tuple[str, ...] = Field(
        (r"\btest(ing)?\b", "测试", "測試", r"\bdo not use\b", r"^x{3,}$"), description="names and e-mail addresses that tell a test account (regular expressions)"
    )

    @model_validator(mode="after")
    def _in_order(self) -> DuplicatesSettings:
        if self.review_at > self.merge_at:
            raise ValueError("review_at must not be above merge_at")
        return self


class PrivacySettings(BaseModel):
    """What outputs may show of a person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pseudonymise: bool = Field(True, description="replace customer ids in outputs by stable codes")
    show_contacts: bool = Field(False, description="let names, e-mail addresses, telephone numbers and birthdays into outputs")
    key: str = Field("crmkit", min_length=1, exclude=True, repr=False, description="secret of the codes; the default only keeps casual readers out, set your own")


class TagsSettings(BaseModel):
    """How long a rule tag holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expire_after_days: int = Field(90, ge=1, le=3660, description="a tag holds for this many days after the as-of date")
    high_value_share: float = Field(0.2, gt=0, lt=1, description="top share of customers by spend that is tagged high_value")
    complaint_count: int = Field(2, ge=1, description="complaints within a year from which a customer is tagged complaint_risk")
    silent_months: int = Field(6, ge=1, le=60, description="months without an order from which a customer is tagged silent")
