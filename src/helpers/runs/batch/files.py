"""The batch file: which runs, given as a grid, as a list, or both. Its form is checked here, its runs in `plan`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.collection.profiles import Text
from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError

Layer = dict[str, dict[str, Any]]


class Strict(BaseModel):
    """A part of a batch file: unknown keys are errors, so that a typing mistake is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Period = Literal["week", "month", "quarter", "year"]


class Every(Strict):
    """A row of as-of dates: the last day of each week (Sunday), month, quarter or year from one day to another."""

    first: dt.date = Field(alias="from", description="the first day; its own period counts when it ends on or after it")
    last: dt.date = Field(alias="to", description="no day lies after this one")
    every: Period


class Newest(Strict):
    """The newest as-of dates: the last days of so many complete periods up to the day of the batch (`until`)."""

    newest: int = Field(ge=1, le=120)
    every: Period


class RunSpec(Strict):
    """One run, or what all runs have in common; what is left out comes from `common`, then from the profile."""

    name: Text = ""
    profile: str = ""
    as_of: dt.date | None = None
    filters: dict[str, Any] = Field(default_factory=dict)
    settings: Layer = Field(default_factory=dict)
    notebooks: Literal["all", "none"] | list[Text] | None = None


class BatchFile(Strict):
    """A batch: what it is called, where it goes, and which runs there are.

    `grid` maps an axis to its values, and every combination is a run: `profile`, `as_of` (days, or `{from, to, every}`, or `{newest, every}`), `market`,
    `channel`, `customer_kind` (each value a name, a list of names, or `all`), `settings` and `notebooks` (`{label: value}`), or any
    setting as `section.key`. `runs` lists further runs one by one.
    """

    batch: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="short name, also of the folder")
    title: Text = ""
    out: str = Field("", description="folder, or an address such as s3://bucket/path; outputs/batches/<batch> when left out")
    base: Text = Field("", description="name of the run that the others are compared with; the first when left out")
    until: dt.date | None = Field(None, description="the day that `newest` counts back from; today when left out")
    notebook_minutes: float = Field(30, ge=0, description="a notebook that takes longer is stopped; 0: no limit")
    run_minutes: float = Field(0, ge=0, description="a run that takes longer is stopped; 0: no limit")
    common: RunSpec = RunSpec()
    grid: dict[str, Any] = Field(default_factory=dict)
    runs: list[RunSpec] = Field(default_factory=list)


def read_batch(file: Path, until: dt.date | None = None) -> BatchFile:
    """Read a batch file; `until` takes the place of the file's own.

    Raises
    ------
    UserError
        No such file, no YAML, or keys and values that are none: one line per fault.
    """
    try:
        content = read_yaml(file.read_text(encoding="utf-8-sig"))
        told = BatchFile.model_validate(content)
        return told.model_copy(update={"until": until}) if until else told
    except FileNotFoundError as fault:
        raise UserError(f"there is no batch file {file.name}: data/batches holds examples") from fault
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise UserError(f"{file.name} is not a YAML file in UTF-8: {' '.join(str(fault).split())}") from fault
    except ValidationError as fault:
        raise UserError(say_all([f"{file.name}: {_say(e)}" for e in fault.errors(include_url=False)])) from fault


def _say(error: Any) -> str:
    place = ".".join(str(p) for p in error["loc"]) or "the whole file"
    if error["type"] == "extra_forbidden":
        return f"unknown key {place}"
    if error["type"] == "missing":
        return f"{place} is missing"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}, not {error['input']!r}"


def say_all(sentences: list[str]) -> str:
    """Return several mistakes as one text, a sentence per line; a single one stands alone."""
    return sentences[0] if len(sentences) == 1 else f"{len(sentences)} mistakes:\n" + "\n".join(f"  {s}" for s in sentences)
