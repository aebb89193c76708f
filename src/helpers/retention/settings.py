"""Thresholds of retention: how signals are proven, the churn model, the list, the cadence."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True)
Channel = Literal["call", "visit", "meeting", "interview", "training", "email", "sms", "wechat", "post", "chat", "internal"]


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


class ChurnSettings(BaseModel):
    """The model of leaving, and what a contact is worth.

    Examples
    --------
    >>> ChurnSettings().horizon_days
    90
    """

    model_config = STRICT

    horizon_days: int = Field(90, ge=14, le=730, description="who orders nothing within so many days counts as having left")
    every_days: int = Field(14, ge=1, le=92, description="days between the past dates that the model learns from")
    train_dates: int = Field(12, ge=1, le=60, description="how many such dates at the most")
    tests: int = Field(3, ge=1, le=8, description="at how many later dates, a horizon apart, model and simple rules are judged")
    history_days: int = Field(90, ge=30, le=1100, description="the first date has at least so many days of orders before it")
    least_left: int = Field(30, ge=5, le=10000, description="fewer customers who left than this are not learnt from")
    strength: float = Field(0.3, gt=0, le=100, description="how freely the model may follow the data (scikit-learn's C)")
    save_rate: float = Field(0.15, gt=0, le=1, description="share of those about to leave whom a contact keeps; an assumption until lesson 10 has measured it")
    contact: str = Field("call", description="the contact whose cost sets the threshold, a row of the costs table")
    reasons: int = Field(3, ge=1, le=10, description="how many reasons are given per customer")


class ActionsSettings(BaseModel):
    """The list: how much time and money there is, whom to leave alone, and what is worth doing.

    Examples
    --------
    >>> ActionsSettings().contacts_per_week
    2
    """

    model_config = STRICT

    hours_share: float = Field(0.4, ge=0, le=10, description="share of everybody's hours in the staff table that the list may plan; the rest belongs to what customers ask for")
    budget: float = Field(0.0, ge=0, description="money for the list, working time not counted (currency units); 0 is no limit")
    min_net: float = Field(0.0, description="an action must be expected to bring at least this much more than it costs (currency units)")
    contacts_per_week: int = Field(2, ge=1, le=20, description="contacts per customer in any seven days, those on record included")
    plays_per_customer: int = Field(1, ge=1, le=5, description="plays begun per customer in one list: one voice at a time; with more than one, what both would save is counted twice")
    touched_days: int = Field(7, ge=0, le=90, description="nothing is begun for so many days after a message or offer was sent")
    complaint_days: int = Field(14, ge=0, le=180, description="nothing but repair is begun for so many days after a complaint")
    no_channels: tuple[Channel, ...] = Field((), description="channels that this company does not have, for example wechat or sms: the next one in the playbook's `instead` stands in")
    unknown_consent: Literal["allow", "block"] = Field("allow", description="what to do where nobody knows whether the customer agreed; the list says so")
    hold_out: bool = Field(True, description="leave the hold-out share of each play untreated, so that its effect can be measured")
    moderate_chance: float = Field(0.33, gt=0, lt=1, description="chance of leaving from which the response is at least moderate")
    severe_chance: float = Field(0.66, gt=0, lt=1, description="chance of leaving from which the response is severe")
    unknown_chance: float = Field(0.05, ge=0, le=1, description="chance of leaving of a customer who still buys and of whom no score or signal says anything")
    margin_rate: float = Field(0.30, gt=0, le=1, description="share of revenue that is margin where no cost is known")
    spend_steps: tuple[float, ...] = Field((), description="spend of 12 months at which a customer reaches the next level, ascending (currency units); empty: quantiles of all buyers")
    winback_value: float = Field(0.5, gt=0, le=2, description="share of the former yearly margin that a customer who comes back brings, where the own past does not tell")
    solver_seconds: float = Field(40.0, gt=0, le=3600, description="time for the optimiser; when it runs out the list says how far from optimal it may be")
    language: Literal["en", "zh"] = Field("en", description="language of workbook, page and calendars of the action list; the workbook has the other one on its last sheet")
    previous: str = Field("", description="run folder of an earlier list, in the project: what was added, done or dropped since is told, and ids go on")

    @model_validator(mode="after")
    def _steps_rise(self) -> ActionsSettings:
        if list(self.spend_steps) != sorted(set(self.spend_steps)):
            raise ValueError("spend_steps must rise from one to the next")
        if self.moderate_chance >= self.severe_chance:
            raise ValueError(f"moderate_chance must be below severe_chance, not {self.moderate_chance:g} and {self.severe_chance:g}")
        return self
