"""Playbooks as YAML: who it is for, which steps, whose, when, in which words, what it may cost, when to stop, what it is expected to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.retention.settings import Channel
from helpers.rules.expression import Expression, parse_expression
from helpers.rules.schemes import Words

STRICT = ConfigDict(extra="forbid", frozen=True)
KEY = r"^[a-z][a-z0-9_]*$"
ROLES = ("owner", "success", "care", "executive", "automatic")
ROLE_SAYS = {"owner": "account manager", "success": "customer success manager", "care": "customer care", "executive": "management", "automatic": "automatic"}
CHANNELS: tuple[str, ...] = get_args(Channel)
CONSENT = {"call": "phone", "sms": "phone", "email": "email", "wechat": "email", "chat": "email", "post": "post"}
Level = Literal["mild", "moderate", "severe"]
Rule = Literal["open_ticket", "complaint", "touched"]


class Variant(BaseModel):
    """Other words for some customers: the first `when` that fits."""

    model_config = STRICT

    when: str
    script: Words


class Step(BaseModel):
    """One thing that one person does on one day."""

    model_config = STRICT

    day: int = Field(ge=0, le=366)
    role: Literal["owner", "success", "care", "executive", "automatic"]
    channel: Channel
    cost: str = Field("", description="row of the costs table; the channel's when empty")
    do: Words
    script: Words
    variants: tuple[Variant, ...] = ()

    @property
    def cost_row(self) -> str:
        """The row of the costs table."""
        return self.cost or self.channel

    @property
    def conditions(self) -> tuple[tuple[Variant, Expression], ...]:
        """The variants with whom they are for, parsed."""
        return tuple((v, parse_expression(v.when)) for v in self.variants)


class Effect(BaseModel):
    """What a play is expected to do; assumptions until they have been measured."""

    model_config = STRICT

    saves: float = Field(0.0, ge=0, le=1, description="share of those about to leave (or to shrink) whom it keeps")
    adds: float = Field(0.0, ge=0, le=1, description="share of a year's margin that it adds")
    returns: float = Field(0.0, ge=0, le=10, description="how much it raises the odds that a lost customer comes back: 0.5 is half as many again")

    @model_validator(mode="after")
    def _does_something(self) -> Effect:
        if not (self.saves or self.adds or self.returns):
            raise ValueError("effect needs saves, adds or returns above 0: what is the play for?")
        return self


class Stop(BaseModel):
    """When to stop."""

    model_config = STRICT

    says: Words
    ordered: bool = True
    attempts: int = Field(2, ge=1, le=20)
    after_days: int = Field(30, ge=1, le=366)


class Play(BaseModel):
    """A play. Whoever fits `kinds`, `levels`, `signals` (any of them), `trigger`, `cadence` and `when` is a candidate."""

    model_config = STRICT

    key: str = Field(pattern=KEY)
    version: int = Field(1, ge=1)
    label: Words
    aim: Words
    purpose: Literal["save", "grow", "care", "winback"]
    kinds: tuple[Literal["business", "consumer"], ...] = ("business", "consumer")
    levels: tuple[Level, ...] = ()
    signals: tuple[str, ...] = ()
    trigger: str = ""
    cadence: str = ""
    when: str = ""
    steps: tuple[Step, ...] = Field(min_length=1)
    offer: str = Field("", description="row of the costs table that the customer is given; the guard weighs it")
    cost_cap: float = Field(gt=0, description="money per customer, working time not counted (currency units)")
    effect: Effect
    stop: Stop
    hold_out: float = Field(0.1, ge=0, le=0.9)
    cooldown_days: int = Field(60, ge=0, le=1100)
    exempt: tuple[Rule, ...] = ()
    skills: tuple[str, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _hangs_together(self) -> Play:
        days = [s.day for s in self.steps]
        if days != sorted(days):
            raise ValueError(f"steps must come in the order of their days, not {days}")
        if not (self.levels or self.signals or self.trigger or self.cadence or self.when):
            raise ValueError("nothing says whom the play is for: give levels, signals, trigger, cadence or when")
        return self

    @property
    def condition(self) -> Expression | None:
        """Whom it is for, parsed."""
        return parse_expression(self.when) if self.when else None


class Trigger(BaseModel):
    """An event that calls for a dated task."""

    model_config = STRICT

    key: str = Field(pattern=KEY)
    rule: Literal["views", "birthday", "yearly", "after_first", "trial", "renewal", "step", "order_due", "maintenance", "solved", "bad_answer"]
    label: Words
    evidence: Words
    days: int = Field(0, ge=0, le=366, description="window, lead or delay in days, as the rule needs it")
    least: int = Field(1, ge=1)
    field: str = ""
    words: tuple[str, ...] = ()
    share: float = Field(0.15, gt=0, le=1)
    open_days: int = Field(14, ge=1, le=120, description="for how long the occasion is open")
    source: str = ""


class Cadence(BaseModel):
    """How often somebody of ours should speak with whom."""

    model_config = STRICT

    key: str = Field(pattern=KEY)
    label: Words
    when: str
    kinds: tuple[str, ...] = Field(min_length=1, description="kinds of interaction that count")
    level: Literal["", "executive", "middle", "front"] = ""
    every_days: int = Field(ge=1, le=1100)
    role: Literal["owner", "success", "care", "executive", "automatic"] = "owner"
    source: str = ""

    @property
    def condition(self) -> Expression:
        """Whom it is about, parsed."""
        return parse_expression(self.when)


class Person(BaseModel):
    """A member of staff who stands in when no staff table is there."""

    model_config = STRICT

    staff_id: str
    role: str
    hours_per_week: float = Field(ge=0)
    skills: tuple[str, ...] = ()


class Price(BaseModel):
    """A cost that stands in when no costs table is there, or lacks the row."""

    model_config = STRICT

    unit_cost: float = Field(ge=0)
    hours: float = Field(0.0, ge=0)


@dataclass(frozen=True)
class Playbook:
    """All plays, triggers, cadences, roles and defaults of `data/playbooks`."""

    plays: Mapping[str, Play]
    triggers: Mapping[str, Trigger]
    cadences: Mapping[str, Cadence]
    roles: Mapping[str, tuple[str, ...]]
    clocks: Mapping[str, int]
    instead: Mapping[str, tuple[str, ...]]
    staff: tuple[Person, ...]
    prices: Mapping[str, Price]
    files: Mapping[str, str]
