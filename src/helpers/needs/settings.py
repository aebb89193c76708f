"""Thresholds of needs mining that are about purchases: baskets, sequences, recommendations, cycles."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Level = Literal["auto", "product_id", "name", "subcategory", "category"]
LEVEL_SAYS = "what counts as one item; auto: the finest of product_id, name, subcategory and category that has at most max_items"


class BasketsSettings(BaseModel):
    """Which rules "who buys this also buys that" are looked for in one order.

    Examples
    --------
    >>> BasketsSettings(min_support=0.001, fdr=0.01).max_size
    3
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level = Field("auto", description=LEVEL_SAYS)
    max_items: int = Field(500, ge=2, le=5000, description="with level auto: most items that a level may have")
    min_support: float = Field(0.01, gt=0, le=1, description="share of all baskets that must hold the whole rule")
    min_count: int = Field(20, ge=1, description="baskets that must hold the whole rule, whatever their share")
    min_confidence: float = Field(0.1, ge=0, le=1, description="share of the baskets with the left side that must hold the right side too")
    max_size: int = Field(3, ge=2, le=12, description="items in a rule, both sides together")
    fdr: float = Field(0.05, gt=0, lt=1, description="share of the reported rules that may be chance (false-discovery rate, Benjamini-Hochberg)")


class SequencesSettings(BaseModel):
    """Which sequences "A, then B within the window" are looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level = Field("auto", description=LEVEL_SAYS)
    max_items: int = Field(500, ge=2, le=2000, description="with level auto: most items that a level may have; and the most that are compared, the most bought first")
    window_months: int = Field(3, ge=1, le=36, description="B must follow within this many calendar months of A")
    window_days: int = Field(0, ge=0, le=1100, description="B must follow within this many days of A; 0: window_months counts")
    min_buyers: int = Field(30, ge=5, description="buyers of A with the full window behind them; fewer are not judged")
    min_followed: int = Field(10, ge=1, description="of them, those who bought B within the window; fewer make no sequence that is worth acting on")
    min_lift: float = Field(1.2, ge=1, description="rate after A, as a multiple of B's base rate, from which a sequence is reported")
    fdr: float = Field(0.05, gt=0, lt=1, description="share of the reported sequences that may be chance (false-discovery rate)")


class RecommendSettings(BaseModel):
    """How products are recommended and how the methods are compared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    top: int = Field(10, ge=1, le=50, description="products per customer, and the length at which methods are judged")
    test_days: int = Field(56, ge=7, le=400, description="the last days before the as-of date, on which methods are judged")
    on_sale_days: int = Field(180, ge=7, le=1100, description="a product sold within these days counts as still on sale")
    neighbours: int = Field(100, ge=5, le=1000, description="item-item: similar products kept per product")
    factors: int = Field(32, ge=2, le=256, description="matrix factorisation: factors")
    iterations: int = Field(15, ge=1, le=100, description="matrix factorisation: passes")
    min_customers: int = Field(25, ge=5, description="customers who bought before and in the test period; with fewer, no method is judged")
    draws: int = Field(500, ge=50, le=5000, description="bootstrap samples of customers behind each interval")


class CyclesSettings(BaseModel):
    """How the next order's date is forecast."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    horizon_days: int = Field(14, ge=1, le=400, description="the forecast that is tested: back within this many days")
    interval: float = Field(0.8, gt=0.1, lt=1, description="share of next orders that the interval is meant to hold; later than its end is overdue")
    min_group: int = Field(30, ge=5, description="customers with a rhythm that a product group needs for a rhythm of its own")
    train_windows: int = Field(6, ge=1, le=24, description="earlier windows of horizon_days from which return probabilities are learnt")
    category_min_days: int = Field(3, ge=2, le=50, description="purchase days within a category from which its next date is forecast")
    likely: float = Field(0.5, gt=0, lt=1, description="return probability from which a customer is predicted to be back")


class ShiftSettings(BaseModel):
    """When the mix of what a customer buys has moved, and how products describe a customer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_days: int = Field(182, ge=28, le=1100, description="length of the two periods that are compared; the second ends at the as-of date")
    min_lines: int = Field(5, ge=2, description="order lines that each of the two periods needs")
    min_share: float = Field(0.3, gt=0, le=1, description="share of the mix that must have moved (total variation distance)")
    fdr: float = Field(0.05, gt=0, lt=1, description="share of the reported shifts that may be chance (false-discovery rate)")
    min_style_lines: int = Field(3, ge=1, description="lines with product tags from which a style is stated")
    budget_cuts: tuple[float, float] = Field((0.35, 0.65), description="price position within the product group at which low ends and high begins, 0 to 1")

    @model_validator(mode="after")
    def _cuts_rise(self) -> ShiftSettings:
        low, high = self.budget_cuts
        if not 0 < low < high < 1:
            raise ValueError("budget_cuts must rise between 0 and 1")
        return self
