"""The passport of every threshold: where its value comes from, where it lies in the data, and who would change class if it moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd
from pydantic import ValidationError

from helpers.axes.derive import AxisSettings, derive_activity, derive_scores
from helpers.axes.population import Yardsticks, fit_population
from helpers.axes.settings import PRESETS
from helpers.rules.schemes import Scheme, assign_scheme

Moved = tuple[pd.DataFrame, Mapping[str, Scheme], frozenset[str]] | None  # axes and schemes as they would be, and the columns that may differ; None when the step cannot be made
ACTIVITY_COLUMNS = frozenset({"usual_gap_days", "slowing_after_days", "silent_after_days", "activity", "silence", "trend", "trend_change", "risk", "state"})
SCORE_COLUMNS = frozenset({"r_score", "f_score", "m_score", "r_five", "fm_five"})


@dataclass(frozen=True)
class Threshold:
    """A threshold of the settings: section and key, the measure it cuts, its unit, one step, and what others use."""

    section: str
    key: str
    measure: str
    unit: str
    step: float
    preset: str
    peers: str
    method: str = ""  # only in use under this activity method


THRESHOLDS = (
    Threshold("activity", "slowing", "silence", "usual gaps", 0.25, "1.5", "growth in the own gap (distributor tools)", "own_rhythm"),
    Threshold("activity", "silent", "silence", "usual gaps", 0.5, "2.5", "longer than the longest gap so far (distributors)", "own_rhythm"),
    Threshold("activity", "slowing_months", "recency_days", "months", 1, "3 (guide item 004-37)", "30, 60, 90 days ladder (small CRMs)", "months"),
    Threshold("activity", "silent_months", "recency_days", "months", 1, "6 (guide item 002-26)", "30 days (Dynamics example), 90 days (Klaviyo)", "months"),
    Threshold("activity", "slowing_share", "median_gap_days", "share of gaps", 0.05, "0.80", "80th percentile of gaps (OpenRetailScience)", "population"),
    Threshold("activity", "silent_share", "median_gap_days", "share of gaps", 0.02, "0.95", "80th percentile of gaps (OpenRetailScience)", "population"),
    Threshold("activity", "trend_drop", "trend_change", "share", 0.05, "0.10", "two periods in a row (Fieldpine)"),
    Threshold("lifecycle", "new_days", "tenure_days", "days", 15, "90 (guide item 002-24)", "first order or N days (Klaviyo, Shopify)"),
    Threshold("lifecycle", "growing_days", "tenure_days", "days", 60, "365", "onboarding period (Totango: 30 days)"),
    Threshold("lifecycle", "growth", "growth", "share", 0.1, "0.20", "own growth rate (guide item 001-04)"),
)
CUT_PRESET = {"quantile": "equal shares", "fixed": "set by hand", "mean_split": "mean (Chinese platforms)"}
COLUMNS = {
    "threshold": "str", "measure": "str", "value": "float64", "unit": "str", "preset": "str", "peers": "str", "percentile": "float64", "step": "float64",
    "changed_if_lower": "Int64", "changed_if_higher": "Int64", "primary_if_lower": "Int64", "primary_if_higher": "Int64",
}  # fmt: skip


def build_passport(
    axes: pd.DataFrame, population: pd.DataFrame, schemes: Mapping[str, Scheme], settings: AxisSettings, *, primary: str, as_of: dt.date
) -> pd.DataFrame:
    """Return one row per threshold: its value beside preset and peers, its place in the data, and what one step would change.

    Parameters
    ----------
    axes, population : pandas.DataFrame
        Tables `customer_axes` and `axis_population`.
    schemes : mapping of str to Scheme
    settings : AxisSettings
    primary : str
        The scheme of the reports.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        threshold (str, setting, cut point or scheme parameter), measure (str), value (float64), unit, preset, peers (str), percentile (float64, share of buyers below
        the value, missing where it is not on the measure's scale), step (float64), changed_if_lower, changed_if_higher (Int64, customers whose tier in any scheme would be
        another with the threshold one step lower or higher; missing where that step leads out of what is allowed), primary_if_lower, primary_if_higher (Int64, the same for the
        primary scheme).

    Notes
    -----
    features.md section 9, row 6.
    """
    yardsticks = Yardsticks.of(population)
    before = {n: assign_scheme(axes, s)["tier"] for n, s in schemes.items()}
    jobs = [*_setting_jobs(axes, yardsticks, schemes, settings, as_of), *_cut_jobs(axes, yardsticks, schemes, settings), *_parameter_jobs(axes, schemes)]
    rows = []
    for head, move in jobs:
        changed = {side: _changed(before, move(sign), schemes) for side, sign in (("lower", -1), ("higher", 1))}
        any_scheme = {f"changed_if_{side}": None if c is None else int(c.any(axis=1).sum()) for side, c in changed.items()}
        rows.append(head | any_scheme | {f"primary_if_{side}": None if c is None else int(c[primary].sum()) for side, c in changed.items()})
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


Job = tuple[dict[str, object], Callable[[int], Moved]]


def _changed(before: Mapping[str, pd.Series], moved: Moved, schemes: Mapping[str, Scheme]) -> pd.DataFrame | None:
    if moved is None:
        return None
    axes, now, columns = moved
    same = pd.Series(False, index=axes.index)
    touched = {n for n, s in now.items() if s is not schemes[n] or columns & set(s.rule_columns)}  # the others need not be judged again
    return pd.DataFrame({n: (assign_scheme(axes, s)["tier"].array != before[n].array) if n in touched else same for n, s in now.items()}, index=axes.index)


def _head(name: str, measure: str, value: float, unit: str, preset: str, peers: str, step: float, axes: pd.DataFrame) -> dict[str, object]:
    return {"threshold": name, "measure": measure, "value": value, "unit": unit, "preset": preset, "peers": peers, "percentile": _percentile(axes, measure, value, unit), "step": step}


def _percentile(axes: pd.DataFrame, measure: str, value: float, unit: str) -> float | None:
    """Share of buyers below the value; months are counted as 365.25 / 12 days, shares of gaps are percentiles already."""
    if unit == "share of gaps":
        return value
    known = axes.loc[axes["order_count"] > 0, measure].dropna().astype("float64") if measure in axes else pd.Series(dtype="float64")
    limit = value * 365.25 / 12 if unit == "months" else -value if measure == "trend_change" else value
    return float((known < limit).mean()) if len(known) else None


def _setting_jobs(axes: pd.DataFrame, yardsticks: Yardsticks, schemes: Mapping[str, Scheme], settings: AxisSettings, as_of: dt.date) -> Iterator[Job]:
    for t in THRESHOLDS:
        if t.method in ("", settings.activity.method):
            value = float(getattr(getattr(settings, t.section), t.key))
            yield (
                _head(f"{t.section}.{t.key}", t.measure, value, t.unit, _preset_of(t, settings.activity.preset), t.peers, t.step, axes),
                lambda sign, t=t: _with_setting(axes, yardsticks, schemes, settings, t, sign, as_of),
            )


def _preset_of(t: Threshold, preset: str) -> str:
    """What the preset in use says; the general one where it says nothing."""
    said = PRESETS[preset].get(t.key) if t.section == "activity" else None
    return t.preset if said is None else f"{said:g} ({preset})"


def _with_setting(axes: pd.DataFrame, yardsticks: Yardsticks, schemes: Mapping[str, Scheme], settings: AxisSettings, t: Threshold, sign: int, as_of: dt.date) -> Moved:
    section = getattr(settings, t.section)
    value = getattr(section, t.key) + sign * t.step
    try:
        moved = type(section)(**(section.model_dump() | {t.key: type(getattr(section, t.key))(round(value, 10))}))
    except ValidationError:  # out of range, or slowing would come after silent
        return None
    wanted = AxisSettings(**{**vars(settings), t.section: moved})
    if t.unit == "share of gaps":  # shares are read off the population
        fresh = Yardsticks.of(fit_population(axes, wanted.rfm, wanted.activity))
        yardsticks = Yardsticks(yardsticks.cuts, fresh.by_kind)
    return derive_activity(axes, yardsticks, wanted, as_of=as_of), schemes, ACTIVITY_COLUMNS


def _cut_jobs(axes: pd.DataFrame, yardsticks: Yardsticks, schemes: Mapping[str, Scheme], settings: AxisSettings) -> Iterator[Job]:
    named = {"recency_days": ("recency", "days"), "order_count": ("orders", "orders"), "total_spend": ("spend", "currency units")}
    for measure, (name, unit) in named.items():
        cuts = yardsticks.cut(f"score:{measure}")
        for place, value in enumerate(cuts):
            step = _cut_step(measure, value)
            yield (
                _head(f"{name} cut {place + 1}", measure, value, unit, CUT_PRESET[settings.rfm.method], "own cut points wanted (R rfm 57, 58)", step, axes),
                lambda sign, m=measure, i=place, s=step: (_with_cut(axes, yardsticks, settings, m, i, sign * s), schemes, SCORE_COLUMNS),
            )


def _cut_step(measure: str, value: float) -> float:
    """A tenth of the cut, for orders one, for days whole ones: nobody ordered half a day ago."""
    if measure == "order_count":
        return 1.0
    return max(1.0, float(round(0.1 * value))) if measure == "recency_days" else abs(round(0.1 * value, 2)) or 1.0


def _with_cut(axes: pd.DataFrame, yardsticks: Yardsticks, settings: AxisSettings, measure: str, place: int, by: float) -> pd.DataFrame:
    cuts = list(yardsticks.cut(f"score:{measure}"))
    cuts[place] += by
    moved = Yardsticks(dict(yardsticks.cuts) | {f"score:{measure}": sorted(cuts)}, yardsticks.by_kind)
    return derive_scores(axes, moved, settings.rfm)


def _parameter_jobs(axes: pd.DataFrame, schemes: Mapping[str, Scheme]) -> Iterator[Job]:
    for name, scheme in schemes.items():
        for key, p in scheme.parameters.items():
            yield (
                _head(f"{name}.{key}", _measure_of(scheme, key), p.value, p.unit, p.source, "", p.step, axes),
                lambda sign, n=name, k=key, p=p: (axes, {**schemes, n: schemes[n].with_parameter(k, p.value + sign * p.step)}, frozenset()),
            )


def _measure_of(scheme: Scheme, parameter: str) -> str:
    """Return the first column that a rule compares with a parameter, found by moving it; the parameter's name when no rule uses it."""
    p = scheme.parameters[parameter]
    moved = scheme.with_parameter(parameter, p.value + p.step)
    pairs = ((t, u) for e, f in zip(scheme.conditions, moved.conditions, strict=True) for t, u in zip(e.tests, f.tests, strict=True))
    return next((t.column for t, u in pairs if t != u), parameter)
