"""Schemes: named tiers found by an ordered list of rules, with a last tier that takes everyone who is left."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from helpers.errors import UserError
from helpers.rules.expression import Expression, parse_expression

NOT_MEASURED = "not_measured"  # the tier of who lacks the evidence that a scheme needs; never a neutral one
STRICT = ConfigDict(extra="forbid", frozen=True)


class Words(BaseModel):
    """A text in English and Chinese."""

    model_config = STRICT

    en: str
    zh: str


class Tier(BaseModel):
    """A tier: its key, its names, who is in it and what is to be done."""

    model_config = STRICT

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Words
    who: Words
    objective: Words
    call_first: bool = Field(False, description="the tier whose members are worth a call this week")


class Parameter(BaseModel):
    """A threshold of a scheme: its value, unit, meaning, and where it comes from."""

    model_config = STRICT

    value: float = Field(allow_inf_nan=False)
    unit: str
    says: str
    source: str = ""
    step: float = Field(gt=0, description="one step up or down in the threshold passport")


class Rule(BaseModel):
    """A rule: who it takes. A guard is meant to come before all others, so that it may overlap them."""

    model_config = STRICT

    tier: str
    when: str
    guard: bool = False
    why: str = ""


class Fallback(BaseModel):
    """The tier of everyone whom no rule takes, and the share of customers above which that is a fault."""

    model_config = STRICT

    tier: str
    max_share: float = Field(0.10, ge=0, le=1)


class Scheme(BaseModel):
    """An ordered rule list; the first rule that fits decides, the fallback takes the rest.

    `codes` are the columns whose every combination must be covered, `needs` the columns without which a customer is not measured
    (`unmeasured` says how that is called), `better` the columns in which a higher value is better (for priority inversions), `columns` values of columns that the kit does not know.
    Tiers stand best first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))

    scheme: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    about: str
    codes: tuple[str, ...] = Field(min_length=1)
    needs: tuple[str, ...] = ()
    unmeasured: Words = Words(en="Not measured", zh="未评估")
    better: tuple[str, ...] = ()
    columns: dict[str, tuple[float | str, ...]] = {}
    parameters: dict[str, Parameter] = {}
    tiers: tuple[Tier, ...] = Field(min_length=2)
    rules: tuple[Rule, ...] = Field(min_length=1)
    fallback: Fallback

    @model_validator(mode="after")
    def _hangs_together(self) -> Scheme:
        keys = [t.key for t in self.tiers]
        twice = sorted({k for k in keys if keys.count(k) > 1})
        unknown = [r.tier for r in (*self.rules, self.fallback) if r.tier not in keys]
        if twice or NOT_MEASURED in keys:
            raise ValueError(f"tier {(twice or [NOT_MEASURED])[0]} {'is there twice' if twice else 'is made by the kit: choose another key'}")
        if unknown:
            raise ValueError(f"rule for tier {unknown[0]!r}, but the tiers are {', '.join(keys)}")
        return self

    @cached_property
    def constants(self) -> dict[str, float]:
        """The parameters by name, for the rules."""
        return {name: p.value for name, p in self.parameters.items()}

    @cached_property
    def conditions(self) -> tuple[Expression, ...]:
        """The rules' parsed `when:` texts, in order."""
        return tuple(_parse(self.scheme, i, r.when, self.constants) for i, r in enumerate(self.rules, 1))

    @property
    def rule_columns(self) -> tuple[str, ...]:
        """Every column that a rule or the list of needs looks at."""
        return tuple(sorted({c for e in self.conditions for c in e.columns} | set(self.needs) | set(self.codes)))

    @property
    def rank(self) -> dict[str, int]:
        """Tier key to its place, 1 is best; who is not measured has none."""
        return {t.key: i for i, t in enumerate(self.tiers, 1)}

    @property
    def call_first(self) -> tuple[str, ...]:
        """Keys of the tiers whose members are worth a call this week."""
        return tuple(t.key for t in self.tiers if t.call_first)

    def label(self, language: str = "en") -> dict[str, str]:
        """Tier key to its name in `en` or `zh`, the not measured included."""
        return {t.key: getattr(t.label, language) for t in self.tiers} | {NOT_MEASURED: getattr(self.unmeasured, language)}

    def with_parameter(self, name: str, value: float) -> Scheme:
        """Return the scheme with one threshold moved, rules parsed anew."""
        moved = self.parameters | {name: self.parameters[name].model_copy(update={"value": value})}
        return Scheme.model_validate(self.model_dump() | {"parameters": {k: p.model_dump() for k, p in moved.items()}})


def _parse(scheme: str, number: int, when: str, constants: Mapping[str, float]) -> Expression:
    try:
        return parse_expression(when, constants)
    except UserError as fault:
        raise UserError(f"scheme {scheme}, rule {number}: {fault}") from fault


def read_scheme(content: Any, name: str) -> Scheme:
    """Return a scheme from the content of a YAML file.

    Parameters
    ----------
    content : Any
        What a safe YAML reader returned.
    name : str
        File name, for messages.

    Returns
    -------
    Scheme

    Raises
    ------
    UserError
        A key that is unknown or missing, a rule for a tier that does not exist, a rule that cannot be read.

    Examples
    --------
    >>> read_scheme({"scheme": "mine"}, "mine.yml")
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: mine.yml: title is missing
    """
    if not isinstance(content, dict):
        raise UserError(f"{name} holds no scheme: it must begin with scheme: and a name")
    try:
        scheme = Scheme.model_validate(content)
    except ValidationError as fault:
        raise UserError(f"{name}: {_say(fault)}") from fault
    _ = scheme.conditions  # a rule that cannot be read is refused now, not in the middle of a run
    return scheme


def _say(fault: ValidationError) -> str:
    first = fault.errors(include_url=False)[0]
    key = ".".join(str(p) for p in first["loc"])
    if first["type"] == "missing":
        return f"{key} is missing"
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key.split(".")[-1], list(Scheme.model_fields) + ["tier", "when", "guard", "why", "max_share"], 1)
        return f"unknown key {key}" + (f": did you mean {close[0]}?" if close else "")
    return f"{key + ': ' if key else ''}{re.sub('^Value error, ', '', first['msg'])}"


def schemes_of(contents: Mapping[str, Any]) -> dict[str, Scheme]:
    """Return the schemes of a run by name, from the contents of their files; a scheme that does not hang together is a `UserError`."""
    return {name: read_scheme(content, f"{name}.yml") for name, content in sorted(contents.items())}


def primary_scheme(contents: Mapping[str, Any], name: str, named_by: str = "setting tiering.primary") -> Scheme:
    """Return the scheme that a setting or a person names; a name without a file is a `UserError` that lists the names."""
    if name not in contents:
        raise UserError(f"there is no scheme {name!r} ({named_by}): data/schemes holds {', '.join(sorted(contents))}")
    return read_scheme(contents[name], f"{name}.yml")


def assign_scheme(customers: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Give every customer the tier of the first rule that fits.

    Parameters
    ----------
    customers : pandas.DataFrame
        One row per customer with customer_id and the columns that the rules look at.
    scheme : Scheme

    Returns
    -------
    pandas.DataFrame
        customer_id (str), tier (str, a key of the scheme or `not_measured`), rule (Int64, number of the rule that decided, 0 the fallback, -1
        not measured), in the order of `customers`. A column that the frame lacks counts as missing for everyone.

    Examples
    --------
    >>> words = {"en": "x", "zh": "x"}
    >>> tiers = [{"key": k, "label": words, "who": words, "objective": words} for k in ("big", "small")]
    >>> scheme = read_scheme({"scheme": "size", "title": words, "about": "", "codes": ["spend"], "needs": ["spend"], "tiers": tiers,
    ...     "rules": [{"tier": "big", "when": "spend >= 100"}], "fallback": {"tier": "small"}}, "size.yml")
    >>> assign_scheme(pd.DataFrame({"customer_id": ["a", "b", "c"], "spend": [120.0, 5.0, None]}), scheme)["tier"].tolist()
    ['big', 'small', 'not_measured']
    """
    frame = with_columns(customers, scheme.rule_columns)
    rule = np.zeros(len(frame), dtype="int64")
    for number, condition in reversed(list(enumerate(scheme.conditions, 1))):
        rule[condition.matches(frame).to_numpy()] = number
    if scheme.needs:
        rule[frame[list(scheme.needs)].isna().any(axis=1).to_numpy()] = -1
    names = np.array([scheme.fallback.tier, *(r.tier for r in scheme.rules), NOT_MEASURED], dtype=object)
    return pd.DataFrame({"customer_id": customers["customer_id"].to_numpy(), "tier": names[rule], "rule": rule}).astype({"customer_id": "str", "tier": "str", "rule": "Int64"})


def with_columns(customers: pd.DataFrame, wanted: tuple[str, ...]) -> pd.DataFrame:
    """Return `customers` with the wanted columns that it lacks as missing: evidence that was never collected is not a fault."""
    lacking = {c: pd.Series(np.nan, index=customers.index, dtype="float64") for c in wanted if c not in customers}
    return customers.assign(**lacking) if lacking else customers
