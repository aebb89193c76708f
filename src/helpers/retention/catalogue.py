"""Signals as configuration: a signal is a row in a YAML file of `data/signals`, not code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from helpers.errors import UserError
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
SIGNAL: TypeAdapter[Any] = TypeAdapter(Signal)


def read_signals(contents: Mapping[str, Any]) -> dict[str, Row]:
    """Return the signals of all files by key.

    Parameters
    ----------
    contents : mapping
        File name without ending to what a safe YAML reader returned: `{signals: [...]}`.

    Raises
    ------
    UserError
        A row that does not hang together, or two rows with one key; names file, signal and fault.

    Examples
    --------
    >>> read_signals({"mine": {"signals": [{"key": "x", "rule": "rise"}]}})
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: data/signals/mine.yml, signal x: label is missing
    """
    found: dict[str, Row] = {}
    for file, content in sorted(contents.items()):
        if not isinstance(content, dict) or not isinstance(content.get("signals"), list):
            raise UserError(f"data/signals/{file}.yml holds no signals: it must begin with signals: and a list")
        for number, row in enumerate(content["signals"], 1):
            signal = _read(row, f"data/signals/{file}.yml, signal {row.get('key', number) if isinstance(row, dict) else number}")
            if signal.key in found:
                raise UserError(f"data/signals/{file}.yml: signal {signal.key} is there twice")
            found[signal.key] = signal
    return found


def _read(row: Any, where: str) -> Row:
    try:
        signal = SIGNAL.validate_python(row)
        _ = signal.condition
    except ValidationError as fault:
        raise UserError(f"{where}: {say_fault(fault)}") from fault
    except UserError as fault:
        raise UserError(f"{where}: {fault}") from fault
    for language in ("en", "zh"):
        unknown = [p for p in re.findall(r"\{(.*?)\}", getattr(signal.evidence, language)) if p not in PLACES]
        if unknown:
            raise UserError(f"{where}: evidence.{language} has {{{unknown[0]}}}; it may hold {', '.join(f'{{{p}}}' for p in PLACES)}")
    return signal


def say_fault(fault: ValidationError) -> str:
    """Return the first fault of a model in words."""
    first = fault.errors(include_url=False)[0]
    key = ".".join(str(p) for p in first["loc"] if p not in {"fall", "rise", "average_fall", "count", "silence", "quarters", "gap", "observed", "tenure"} or len(first["loc"]) == 1)
    if first["type"] == "missing":
        return f"{key} is missing"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}"
    return f"{key + ': ' if key else ''}{re.sub('^Value error, ', '', first['msg'])}"


def list_signals(signals: Mapping[str, Row], coverage: pd.DataFrame, *, observed: bool) -> pd.DataFrame:
    """Return the catalogue: one row per signal, measured or not, with everything that is configured.

    Parameters
    ----------
    signals : mapping
        From `read_signals`.
    coverage : pandas.DataFrame
        From `cover_streams`.
    observed : bool
        Whether the template of observed signals is there.

    Returns
    -------
    pandas.DataFrame
        signal, label_en, label_zh, about, foretells, rule, act, needs (str), measured (boolean), why_not (str), setting (str, the thresholds in words), expires_days (Int64), source (str).
    """
    measured = set(coverage.loc[coverage["measured"], "stream"]) | ({"signals"} if observed else set())
    rows = []
    for s in signals.values():
        lacking = [s.needs[0]] if isinstance(s, Observed) and not observed else [STREAM_TABLES[x] for x in s.streams if x not in measured]
        rows.append({
            "signal": s.key, "label_en": s.label.en, "label_zh": s.label.zh, "about": s.about, "foretells": s.foretells, "rule": s.rule, "act": s.act, "needs": ", ".join(s.needs),  # type: ignore[attr-defined]
            "measured": not lacking, "why_not": f"not measured: needs {', '.join(dict.fromkeys(lacking))}" if lacking else "", "setting": _setting(s), "expires_days": s.expires_days, "source": s.source,
        })  # fmt: skip
    kinds = {"measured": "boolean", "expires_days": "Int64"}
    return pd.DataFrame(rows).astype({c: kinds.get(c, "str") for c in rows[0]})


def _setting(signal: Row) -> str:
    own = [f for f in type(signal).model_fields if f not in Row.model_fields and f != "rule"]
    values = {f: getattr(signal, f) for f in own}
    return ", ".join(f"{n} {' '.join(v) if isinstance(v, tuple) else v}" for n, v in values.items())
