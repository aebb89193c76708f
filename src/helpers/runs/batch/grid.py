"""From a grid to runs: every combination of the axes' values, each with a name of its own."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from helpers.cleaning.settings_filters import COLUMN_OF
from helpers.errors import UserError
from helpers.runs.batch.files import BatchFile, Every, Layer, Newest, RunSpec
from helpers.runs.settings import setting_names

EVERYTHING = "all"
PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
AXES = ("profile", "as_of", *COLUMN_OF, "settings", "notebooks")


@dataclass(frozen=True)
class Value:
    """One value of an axis: the part of a run's name it makes, and what it sets."""

    label: str
    sets: RunSpec


def expand(batch: BatchFile) -> list[RunSpec]:
    """Return the runs of a batch file: first those of the grid, then the listed ones; every run has a name.

    Raises
    ------
    UserError
        An axis or a value that is none.

    Examples
    --------
    >>> grid = {"as_of": ["2025-03-31", "2025-06-30"], "customer_kind": ["all", "business"]}
    >>> [r.name for r in expand(BatchFile(batch="b", grid=grid))]
    ['2025-03-31_all', '2025-03-31_business', '2025-06-30_all', '2025-06-30_business']
    """
    axes = [_axis(name, values, batch.until) for name, values in batch.grid.items()]
    named = [len(a) > 1 for a in axes]
    combined = list(product(*axes)) if axes else []
    grid = [_merge(batch.common, *(v.sets for v in values), RunSpec(name=_name(batch, values, named))) for values in combined]
    listed = [_merge(batch.common, run, RunSpec(name=run.name or f"run-{number}")) for number, run in enumerate(batch.runs, 1)]
    return [*grid, *listed] or [_merge(batch.common, RunSpec(name=batch.common.name or batch.batch))]


def _name(batch: BatchFile, values: tuple[Value, ...], named: list[bool]) -> str:
    parts = [v.label for v, several in zip(values, named, strict=True) if several] or [batch.batch]
    return "_".join(re.sub(r"[^\w.-]+", "-", p).strip("-.") or "x" for p in parts)


def _merge(*layers: RunSpec) -> RunSpec:
    """Later layers win, settings key by key."""
    settings: Layer = {}
    for layer in layers:
        for section, values in layer.settings.items():
            settings.setdefault(section, {}).update(values)
    filters = {k: v for layer in layers for k, v in layer.filters.items()}
    plain = {k: v for layer in layers for k in ("name", "profile", "as_of", "notebooks") if (v := getattr(layer, k)) not in ("", None)}
    return RunSpec(**plain, filters=filters, settings=settings)


def _axis(name: str, values: Any, until: dt.date | None) -> list[Value]:
    if name == "as_of":
        return [Value(d.isoformat(), RunSpec(as_of=d)) for d in _days(values, until)]
    if name == "settings" or name == "notebooks":
        return [Value(label, RunSpec(**{name: value})) for label, value in _labelled(name, values)]
    listed = _listed(name, values)
    if name == "profile":
        return [Value(str(v).rpartition("/")[2].removesuffix(".yml"), RunSpec(profile=str(v))) for v in listed]
    if name in COLUMN_OF:
        return [Value("+".join(names) or EVERYTHING, RunSpec(filters={name: list(names)})) for names in map(_filter, listed)]
    section, dot, key = name.partition(".")
    if name in setting_names():
        return [Value(f"{key}-{_short(v)}", RunSpec(settings={section: {key: v}})) for v in listed]
    raise UserError(f"grid.{name} is no axis: use {', '.join(AXES)} or a setting such as rfm.bands; crmkit settings lists all")


def _short(value: Any) -> str:
    return "-".join(map(str, value)) if isinstance(value, list) else str(value)


def _filter(value: Any) -> tuple[str, ...]:
    return () if value == EVERYTHING else tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _listed(name: str, values: Any) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise UserError(f"grid.{name} must be a list of values, not {values!r}")
    return values


def _labelled(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(values, dict) or not values:
        raise UserError(f"grid.{name} must name each value, for example {{strict: ..., loose: ...}}")
    for label, value in values.items():
        try:
            yield str(label), getattr(RunSpec(**{name: value}), name)
        except ValidationError as fault:
            raise UserError(f"grid.{name}.{label}: {fault.errors()[0]['msg']}, not {value!r}") from fault


def _days(values: Any, until: dt.date | None) -> list[dt.date]:
    kind = list[dt.date] if not isinstance(values, dict) else Newest if "newest" in values else Every
    try:
        told = TypeAdapter(kind).validate_python(values)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        raise UserError(f"grid.as_of: {first['msg']}, not {first['input']!r}: list days as YYYY-MM-DD, or give from, to and every, or newest and every") from fault
    days = list(told) if isinstance(told, list) else newest_ends(told, until) if isinstance(told, Newest) else period_ends(told)
    if not days:
        raise UserError("grid.as_of names no day")
    return days


def newest_ends(told: Newest, until: dt.date | None) -> list[dt.date]:
    """Return the last days of the newest complete periods, oldest first.

    Examples
    --------
    >>> [d.isoformat() for d in newest_ends(Newest(newest=2, every="quarter"), dt.date(2025, 7, 7))]
    ['2025-03-31', '2025-06-30']
    """
    if until is None:
        raise UserError("grid.as_of: newest needs a day to count back from: set until in the file, or call crmkit batch --until YYYY-MM-DD")
    now = pd.Period(until, freq=PERIODS[told.every])
    complete = now if now.end_time.date() == until else now - 1
    return [(complete - back).end_time.date() for back in reversed(range(told.newest))]


def period_ends(told: Every) -> list[dt.date]:
    """Return the last days of the weeks, months, quarters or years between two days.

    Examples
    --------
    >>> [d.isoformat() for d in period_ends(Every(**{"from": "2024-11-01", "to": "2025-06-30", "every": "quarter"}))]
    ['2024-12-31', '2025-03-31', '2025-06-30']
    """
    periods = pd.period_range(told.first, told.last, freq=PERIODS[told.every])
    return [d for d in (p.end_time.date() for p in periods) if told.first <= d <= told.last]
