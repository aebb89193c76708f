"""Thresholds of value scoring. Every time and every rate names its unit."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ModelName = Literal["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd"]


class PurchaseModelSettings(BaseModel):
    """How purchases are counted, fitted, judged and carried into the future."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: Literal["day", "week"] = Field("week", description="unit of frequency, recency and T in the purchase summary")
    observed_until: dt.date | None = Field(
        None, description="last day on which purchases could have been seen; empty: the as-of date. Name the last full day when the feed stopped earlier"
    )
    count_free_days: bool = Field(False, description="count a day whose purchases came to exactly zero as a purchase, as the published CDNOW figures do")
    models: tuple[ModelName, ...] = Field(("mbg_nbd", "bg_nbd", "pareto_nbd", "nbd"), description="models that are fitted and judged on the hold-out; of two that cannot be told apart the first one is used")
    fit_by: Literal["kind", "none"] = Field("kind", description="fit consumers and businesses apart where customers says which is which; none: everybody together")
    penalties: tuple[float, ...] = Field((0.001, 0.01, 0.1), description="penalties tried in turn when a model does not converge without one; a penalty is always reported")
    most_rows: int = Field(5000, ge=100, description="different rows beyond which Pareto/NBD is fitted on whole units of time, because its likelihood is slow")
    horizon_months: int = Field(12, ge=1, le=60, description="months ahead for which purchases and value are predicted")
    discount_percent_a_year: float = Field(10.0, ge=0, le=100, description="discount of money that comes later, per cent a year")
    interval_percent: float = Field(80.0, ge=50, le=99, description="per cent of customers that an interval should hold")
    holdout_days: int | None = Field(None, ge=7, le=3660, description="length of the hold-out period in days; empty: a third of the history, at most a year")
    assumed_margin_percent: float | None = Field(None, gt=0, le=100, description="margin in per cent of sales where no costs are known; empty: value is revenue and says so")
    largest_correlation: float = Field(
        0.3, ge=0, le=1, description="correlation of frequency and mean spend beyond which Gamma-Gamma is replaced by shrinkage within frequency classes"
    )

    @model_validator(mode="after")
    def _some_model(self) -> PurchaseModelSettings:
        if not self.models:
            raise ValueError("models must name at least one of bg_nbd, mbg_nbd, pareto_nbd, nbd")
        return self


class CostToServeSettings(BaseModel):
    """What contacts cost where the table costs does not say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hour_cost: float = Field(40.0, ge=0, description="cost of a working hour in currency units, used (and flagged) when costs has no row working_hour")
    default_hours: dict[str, float] = Field(
        {"call": 0.4, "visit": 3.0, "meeting": 2.5, "interview": 1.5, "email": 0.1, "chat": 0.15, "training": 0.5, "ticket": 0.6, "complaint": 1.5, "order": 0.05},
        description="working hours of a contact, used (and flagged) when costs has no row for it",
    )


class ValueSettings(BaseModel):
    """How historic, potential and strategic value become one score.

    Examples
    --------
    >>> ValueSettings().weights
    {'historic': 0.4, 'potential': 0.4, 'strategic': 0.2}
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    historic_weight: float = Field(0.4, ge=0, description="weight of what the customer brought (row 002-42: 40 %)")
    potential_weight: float = Field(0.4, ge=0, description="weight of what the customer may bring (row 002-42: 40 %)")
    strategic_weight: float = Field(0.2, ge=0, description="weight of what the customer means to us by ratings (row 002-42: 20 %)")
    missing_part: Literal["renormalise", "no_points"] = Field(
        "renormalise", description="a part without evidence: its weight goes to the other parts and the score is flagged, or it gives no points and the score is what is proven"
    )
    potential_shares: dict[str, float] = Field(
        {"expected_value": 0.4, "growth": 0.2, "whitespace": 0.2, "referral": 0.1, "rating": 0.1}, description="shares of the components of the potential part"
    )
    strategic_criteria: tuple[str, ...] = Field(
        ("strategic_fit", "reference_value", "test_feedback"), description="rating criteria of the strategic part (rows 001-03, 002-41)"
    )
    potential_criteria: tuple[str, ...] = Field(
        ("growth_potential", "influence"), description="rating criteria of the potential part (rows 001-04, 002-40)"
    )
    core_by: Literal["share", "count"] = Field("share", description="how the core list is cut: by share of value or by number of customers")
    core_share: float = Field(0.8, gt=0, lt=1, description="core_by share: the highest scores that together bring this share of all value")
    core_count: int = Field(50, ge=1, description="core_by count: how many customers are core")
    weight_step: float = Field(0.1, gt=0, le=0.3, description="by how much weights are moved to see whether ranks hold (10 points)")
    neighbours: int = Field(25, ge=5, le=200, description="how many similar customers a look-alike comparison uses")
    whitespace_share: float = Field(0.3, gt=0, le=1, description="a category is whitespace when at least this share of similar customers buys it")
    window_days: int = Field(365, ge=30, le=3660, description="days of purchases that growth and whitespace look at")

    @model_validator(mode="after")
    def _weights_fit(self) -> ValueSettings:
        if not sum(self.weights.values()) > 0:
            raise ValueError("at least one of historic_weight, potential_weight and strategic_weight must be above zero")
        known = {"expected_value", "growth", "whitespace", "referral", "rating"}
        if wrong := sorted(set(self.potential_shares) - known):
            raise ValueError(f"potential_shares has no component {wrong[0]!r}: there are {', '.join(sorted(known))}")
        if min(self.potential_shares.values(), default=0) < 0 or not sum(self.potential_shares.values()) > 0:
            raise ValueError("potential_shares must be zero or above, and one of them above zero")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """The three weights, adding up to one."""
        raw = {"historic": self.historic_weight, "potential": self.potential_weight, "strategic": self.strategic_weight}
        total = sum(raw.values())
        return {k: round(w / total, 12) if total else w for k, w in raw.items()}
