"""Signals as configuration: a signal is a row in a YAML file of `data/signals`, not code."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpers.retention.days import STREAM_TABLES
from helpers.rules.expression import Expression, parse_expression
from helpers.rules.schemes import Words

STRICT = ConfigDict(extra="forbid", frozen=True)
StreamName = Literal["orders", "spend", "contacts", "outbound", "inbound", "tickets", "questions", "complaints", "answers", "bad_answers", "usage", "content", "departures"]
PLACES = ("size", "seen", "usual", "limit", "base", "days", "since", "note")
SEVERITIES = ("mild", "moderate", "severe")


class Steps(BaseModel):
    """From which size a signal is moderate, and severe; below it is mild."""

    model_config = STRICT

    moderate: float
    severe: float

    @model_validator(mode="after")
    def _rise(self) -> Steps:
        if self.moderate > self.severe:
            raise ValueError(f"severity moderate ({self.moderate:g}) must not be above severe ({self.severe:g})")
        return self


class Row(BaseModel):
    """What every signal has, whatever its rule.

    `foretells` says what the back-test looks for: leaving, shrinking (spending clearly less than in the year before) or buying (more); `act` whether the list waits for proof (`proven`), a person's observation is enough (`always`), or it is shown but never acted
    on (`never`); `about` groups signals that say the same thing, so that they count once; signals of one `pool` are also judged together, because each is rare.
    """

    model_config = STRICT

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Words
    evidence: Words
    foretells: Literal["leaving", "shrinking", "buying"] = "leaving"
    about: str
    pool: str = ""
    act: Literal["proven", "always", "never"] = "proven"
    severity: Steps
    expires_days: int = Field(ge=1, le=3660)
    when: str = ""
    source: str = ""

    @property
    def streams(self) -> tuple[str, ...]:
        """Streams that the rule reads."""
        return tuple(dict.fromkeys(s for s in (getattr(self, "stream", ""), getattr(self, "per", "")) if s))

    @property
    def needs(self) -> tuple[str, ...]:
        """Canonical tables that the rule reads."""
        return tuple(dict.fromkeys(STREAM_TABLES[s] for s in self.streams))

    @property
    def condition(self) -> Expression | None:
        """Whom the signal is about, parsed; everybody when there is no `when`."""
        return parse_expression(self.when) if self.when else None


class Fall(Row):
    """Less than usual: the last window against the customer's own baseline before it."""

    rule: Literal["fall"]
    stream: StreamName
    window_days: int = Field(ge=7, le=366)
    baseline_days: int = Field(ge=14, le=1100)
    min_base: float = Field(gt=0, description="so much must be usual in a window")
    min_orders: int = Field(0, ge=0, description="so many orders must stand behind the baseline")
    drop: float = Field(gt=0, le=1)
    season: Literal["none", "everyone"] = "everyone"
    chance: float = Field(1.0, gt=0, le=1, description="the window must be this unlikely under the usual rate (Poisson)")
    still_buys: bool = Field(False, description="something must be left in the window: nothing at all is a silence, which another signal sees")


class Rise(Row):
    """More than usual: events by something (complaints by orders), against the higher of the own and the general rate."""

    rule: Literal["rise"]
    stream: StreamName
    per: StreamName
    window_days: int = Field(ge=7, le=366)
    baseline_days: int = Field(ge=14, le=1100)
    least: int = Field(ge=1)
    rise: float = Field(gt=0)
    chance: float = Field(1.0, gt=0, le=1)


class AverageFall(Row):
    """A smaller amount each time: mean of the last window against the mean before it."""

    rule: Literal["average_fall"]
    stream: StreamName
    per: StreamName
    window_days: int = Field(ge=7, le=366)
    baseline_days: int = Field(ge=14, le=1100)
    min_recent: int = Field(ge=1)
    min_base: int = Field(ge=1)
    drop: float = Field(gt=0, le=1)


class Count(Row):
    """At least so many events in the last window."""

    rule: Literal["count"]
    stream: StreamName
    window_days: int = Field(ge=1, le=366)
    least: int = Field(ge=1)


class Silence(Row):
    """Nothing for too long: by the customer's own rhythm, or by calendar months."""

    rule: Literal["silence"]
    stream: StreamName
    method: Literal["own_gap", "months"]
    multiple: float = Field(1.5, gt=0)
    months: int = Field(0, ge=0, le=120)
    min_orders: int = Field(1, ge=1)


class Quarters(Row):
    """Each complete quarter below the one before, and the last below the same quarter a year ago."""

    rule: Literal["quarters"]
    stream: StreamName
    periods: int = Field(2, ge=1, le=4)
    min_base: int = Field(ge=1, description="so many orders must stand in the quarters looked at")
    drop: float = Field(ge=0, le=1)
    season: Literal["none", "year_ago"] = "year_ago"


class Gap(Row):
    """Nobody of ours called of our own accord for too long, though there had been contact before."""

    rule: Literal["gap"]
    stream: StreamName
    days: int = Field(ge=1)
    contact_days: int = Field(ge=1, description="there must have been contact within this many days")


class Observed(Row):
    """A person saw it and wrote it down in the signals template."""

    rule: Literal["observed"]
    types: tuple[str, ...] = Field(min_length=1)

    @property
    def needs(self) -> tuple[str, ...]:
        """The template."""
        return ("signals",)


class Tenure(Row):
    """A partner since so many months."""

    rule: Literal["tenure"]
    stream: StreamName
    from_months: int = Field(ge=0)
    to_months: int = Field(ge=1)
    least: int = Field(1, ge=1)


Signal = Annotated[Fall | Rise | AverageFall | Count | Silence | Quarters | Gap | Observed | Tenure, Field(discriminator="rule")]
