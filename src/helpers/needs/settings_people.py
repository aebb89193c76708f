"""Thresholds of needs mining that are about people: need types, links, texts, satisfaction, interviews."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class NeedsSettings(BaseModel):
    """From when evidence counts for a need type, a stated need or a signal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_orders: int = Field(3, ge=1, le=50, description="orders from which a need type is stated")
    min_confidence: float = Field(0.6, ge=0.25, le=1, description="probability of a need type from which it is stated")
    new_product_days: int = Field(180, ge=7, le=1100, description="a product is new for this many days after its launch")
    evidence_cap: int = Field(40, ge=5, le=1000, description="lines or orders at which evidence stops to grow, because a habit varies")
    min_ratio: float = Field(2.0, ge=1.2, description="how many times the usual rate a type must show; less is no type of its own")
    count_complaints: bool = Field(False, description="complaints count as need for service; off, because a complaint is about our fault")
    check_days: int = Field(182, ge=28, le=1100, description="the last days before the as-of date, on which types found before are tested")
    signal_days: int = Field(365, ge=28, le=3660, description="how far back stated needs and signals look")
    repeat_orders: int = Field(3, ge=2, description="orders of one product group within signal_days that count as a repeated need")


class LinksSettings(BaseModel):
    """How "who does this buys that" is tested for being more than a by-product."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_days: int = Field(60, ge=7, le=400, description="the purchase must follow the behaviour within this many days")
    match_on: tuple[str, ...] = Field(("kind", "member_level"), description="columns of customers in which compared customers must be equal")
    prior_days: int = Field(180, ge=28, le=1100, description="purchases within these days before the behaviour must be alike")
    min_exposed: int = Field(30, ge=10, description="customers who showed the behaviour and whose window is over")
    min_bought: int = Field(10, ge=3, description="of them, those who bought in the window or before, for a product group to be looked at")
    fdr: float = Field(0.05, gt=0, lt=1, description="share of the reported links that may be chance (false-discovery rate)")
    max_exposed: int = Field(1500, ge=50, description="most customers with the behaviour that are compared; a fixed choice by id")
    max_controls: int = Field(4000, ge=100, description="most customers that comparisons are drawn from; a fixed choice by id")
    controls_each: int = Field(60, ge=5, le=1000, description="most comparisons per customer with the behaviour")


class VoiceSettings(BaseModel):
    """How texts are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topics: int = Field(12, ge=2, le=40, description="themes that are looked for without a dictionary, per language")
    min_texts: int = Field(40, ge=10, description="texts in a language from which themes are looked for without a dictionary")
    min_labels: int = Field(60, ge=20, description="labelled texts from which a small model is trained and compared with the dictionary")
    folds: int = Field(5, ge=2, le=10, description="parts in which labelled texts are held back in turn")
    sample: int = Field(60, ge=10, le=1000, description="texts in the sample for human checking")
    bad_csat: int = Field(2, ge=1, le=4, description="csat up to which an answer is bad")
    bad_nps: int = Field(6, ge=0, le=8, description="nps up to which an answer is bad")
    good_csat: int = Field(5, ge=2, le=5, description="csat from which an answer is good")
    good_nps: int = Field(9, ge=7, le=10, description="nps from which an answer is good")
    follow_up_hours: int = Field(48, ge=1, le=2000, description="hours within which a bad answer should be followed up")
    open_days: int = Field(30, ge=1, le=400, description="days after which a bad answer without follow-up counts as never followed up")


class SatisfactionSettings(BaseModel):
    """How satisfaction is counted and linked to later orders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    repurchase_days: int = Field(90, ge=7, le=1100, description="an order within this many days after the answer counts as coming back")
    asked_days: int = Field(180, ge=7, le=1100, description="who ordered within these days before a wave could have answered")
    wave_gap_days: int = Field(30, ge=1, le=400, description="a wave of answers ends when none comes for this many days")
    min_group: int = Field(10, ge=3, description="answers from which a group's figure is printed")


class InterviewsSettings(BaseModel):
    """Whom to interview."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(24, ge=4, le=500, description="interviews to plan")
    pick: Literal["random", "value"] = Field("random", description="within a cell: a fixed random choice, or the largest spend first")
    second_coder: float = Field(0.1, gt=0, le=1, description="share of interviews that a second person codes too")
    lang: Literal["en", "zh"] = Field("en", description="language of the interview guide")
