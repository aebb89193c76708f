"""Signals judged by the own past: lift, lead time, coverage, false alarms, and a verdict that small numbers cannot buy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.axes.intervals import wilson
from helpers.axes.population import ALL
from helpers.retention.catalogue import SEVERITIES, Row
from helpers.retention.history import UNKNOWN
from helpers.retention.panel import Panel
from helpers.retention.settings import SignalsSettings

COLUMNS = {
    "signal": "str", "label_en": "str", "kind": "str", "severity_from": "str", "foretells": "str", "verdict": "str", "why": "str", "alerts": "Int64", "hits": "Int64", "precision": "float64", "chance": "float64",
    "base_rate": "float64", "lift": "float64", "lift_low": "float64", "lift_high": "float64", "needed_lift": "float64", "departures": "Int64", "covered": "Int64", "coverage": "float64",
    "coverage_low": "float64", "coverage_high": "float64", "lead_days": "float64", "lead_low": "float64", "lead_high": "float64", "days_before_last_order": "float64", "before_low": "float64",
    "before_high": "float64", "false_alarms_per_week": "float64", "dates": "Int64", "first_date": "datetime64[us]", "last_date": "datetime64[us]",
}  # fmt: skip
DRAWN = 5.0  # few alerts are drawn towards what is usual for their pool, or for such customers, as if there were five more
ANY = "any_shipped"
POOLS = {ANY: "All that ship, together", "seen_by_people": "Seen by people, together"}
OUTCOME = {"leaving": "left", "shrinking": "shrank", "buying": "bought_more"}


def backtest_signals(panel: Panel, signals: Mapping[str, Row], settings: SignalsSettings) -> pd.DataFrame:
    """Return what each signal would have been worth at past dates, with nothing known that came later.

    Parameters
    ----------
    panel : Panel
        From `build_panel`.
    signals : mapping
        From `read_signals`.
    settings : SignalsSettings
        Thresholds of the verdict.

    Returns
    -------
    pandas.DataFrame
        One row per signal, kind of customer (`all` and, where both are there, consumer and business) and severity from which it would be acted on: signal, label_en, kind, severity_from,
        foretells, verdict (str: ship, watch, reject, not measured), why (str), alerts (Int64, a signal that begins to fire for a customer who can still be lost), hits (of
        those, who left, shrank or bought more), precision (float64, hits by alerts), chance (float64, the same, drawn towards what is usual where alerts are few), base_rate (of the same kind of customers with as many orders on the same dates), lift with its 95 % interval,
        needed_lift, departures (Int64, of customers for whom the evidence is collected), covered, coverage with interval, lead_days (float64, median days from the alert to the day on
        which silence alone would have told, with the 95 % interval of the median), days_before_last_order (the same to the last order; negative when the alert came after it),
        false_alarms_per_week, dates (Int64), first_date, last_date. Signals of one pool are also judged together, in a row that bears the pool's name.

    Notes
    -----
    Feature F30: ship from a lift of 2, a lead of 30 days, a coverage of 25 %. Where more than a third leave anyway, a lift of 2 cannot be had; half of what is possible is then asked.
    An alert is a signal that did not fire at the date before, so that one customer who is flagged for months counts once. Intervals: Wilson on alerts, the base rate taken as known.
    """
    kinds = [k for k in sorted(set(panel.history.groups)) if k not in (ALL, UNKNOWN)]
    views = {ALL: panel} | {k: panel.of_group(k) for k in kinds}
    rows = [{"kind": kind} | r for kind, view in views.items() for r in _judge_all(view, signals, settings)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _judge_all(panel: Panel, signals: Mapping[str, Row], settings: SignalsSettings) -> list[dict[str, object]]:
    graded = [_judge(s, step, panel, settings) for s in signals.values() for step in _steps(s)]
    pools = {s.pool: [k for k, other in signals.items() if other.pool == s.pool and k in panel.steps] for s in signals.values() if s.pool}
    pooled = {pool: _pool(pool, members, panel, settings) for pool, members in pools.items() if members and len(panel.rows)}
    return [_lean(r, pooled.get(signals[str(r["signal"])].pool), settings) for r in graded] + list(pooled.values())


def _steps(signal: Row) -> range:
    """Severities from which a signal might be acted on; what a person saw is acted on from the mildest."""
    return range(1, 2) if signal.act == "always" or signal.foretells == "buying" else range(1, len(SEVERITIES) + 1)


def _pool(name: str, members: list[str], panel: Panel, settings: SignalsSettings) -> dict[str, object]:
    """Several signals judged as one: any of them fires."""
    together = np.any([panel.steps[k] > 0 for k in members], axis=0)
    told = _measure(together, "leaving", panel, np.any([panel.applies[k] for k in members], axis=0), settings)
    head = {"signal": name, "label_en": POOLS.get(name, name.replace("_", " ").capitalize()), "severity_from": SEVERITIES[0], "foretells": "leaving"}
    return head | told | dict(zip(("verdict", "why"), judge(told, "leaving", settings), strict=True))


def _lean(row: dict[str, object], pool: dict[str, object] | None, settings: SignalsSettings) -> dict[str, object]:
    """A signal that is too rare to be judged alone takes the verdict of its pool, and says so; one that is seen to be weak does not."""
    if pool is not None and "hits" in row and "precision" in pool:
        row = row | {"chance": (float(row["hits"]) + DRAWN * float(pool["precision"])) / (float(row["alerts"]) + DRAWN)}  # type: ignore[arg-type]
    if pool is None or row["verdict"] != "watch" or int(row["alerts"]) >= settings.min_alerts:  # type: ignore[call-overload]
        return row
    if pool["verdict"] != "ship" or not float(row["lift"]) >= 1:  # type: ignore[arg-type]
        return row
    return row | {"verdict": "ship", "why": f"{row['why']} of its own; {str(pool['label_en']).lower()}: {pool['why']}"}


def _judge(signal: Row, step: int, panel: Panel, settings: SignalsSettings) -> dict[str, object]:
    head = {"signal": signal.key, "label_en": signal.label.en, "severity_from": SEVERITIES[step - 1], "foretells": signal.foretells}
    if signal.key not in panel.steps or panel.rows.empty:
        why = f"needs {', '.join(signal.needs)}" if len(panel.cuts) > 1 else "the history is too short for a look back"
        return head | {"verdict": "not measured", "why": why}
    told = _measure(panel.steps[signal.key] >= step, signal.foretells, panel, panel.applies[signal.key], settings)
    return head | told | dict(zip(("verdict", "why"), judge(told, signal.foretells, settings), strict=True))


def _measure(fires: np.ndarray, foretells: str, panel: Panel, applies: np.ndarray, settings: SignalsSettings) -> dict[str, object]:
    rows = panel.rows
    who, at = rows["who"].to_numpy("int64"), rows["at"].to_numpy("int64")
    new = fires[who, at] & ~fires[who, at - 1]
    happened = rows[OUTCOME[foretells]].astype("float64")
    usual = happened.groupby(rows["stratum"]).transform("mean")
    alerts, hits = int(new.sum()), int(happened[new].sum())
    base = float(usual[new].mean()) if alerts else float(happened.mean())
    low, high = wilson(hits, alerts) if alerts else (np.nan, np.nan)
    weeks = (panel.cuts[-1] - panel.cuts[0]) / 7
    told = {
        "alerts": alerts, "hits": hits, "precision": hits / alerts if alerts else np.nan, "chance": (hits + DRAWN * base) / (alerts + DRAWN), "base_rate": base, "lift": hits / alerts / base if alerts and base else np.nan,
        "lift_low": low / base if base else np.nan, "lift_high": high / base if base else np.nan, "needed_lift": needed_lift(base, settings.min_lift),
        "false_alarms_per_week": (alerts - hits) / weeks, "dates": len(panel.cuts) - 1,
        "first_date": pd.Timestamp(0) + pd.Timedelta(days=int(panel.cuts[1])), "last_date": pd.Timestamp(0) + pd.Timedelta(days=int(panel.cuts[-1])),
    }  # fmt: skip
    return told | (_cover(fires, panel, applies, settings.lookback_days) if foretells == "leaving" else {})


def _cover(fires: np.ndarray, panel: Panel, applies: np.ndarray, lookback: int) -> dict[str, object]:
    """Whether each departure was announced, and how long before: from the start of the last spell of firing."""
    departures = panel.departures[applies[panel.departures["who"].to_numpy("int64")]]
    who, last, silent = (departures[c].to_numpy("int64") for c in ("who", "last_order", "silent_on"))
    fired, start = _last_spell(fires, panel.cuts, who, silent)
    covered = fired & (start[1] >= last - lookback)
    begun = np.maximum(start[0], last - lookback)
    low, high = wilson(int(covered.sum()), len(departures)) if len(departures) else (np.nan, np.nan)
    lead, before = _median(silent[covered] - begun[covered]), _median(last[covered] - begun[covered])
    return {
        "departures": len(departures), "covered": int(covered.sum()), "coverage": covered.mean() if len(departures) else np.nan, "coverage_low": low, "coverage_high": high,
        "lead_days": lead[0], "lead_low": lead[1], "lead_high": lead[2], "days_before_last_order": before[0], "before_low": before[1], "before_high": before[2],
    }  # fmt: skip


def _last_spell(fires: np.ndarray, dates: np.ndarray, who: np.ndarray, until: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return whether a signal fired at all until a day, and the day numbers on which the last spell of firing began and was last seen."""
    number = np.arange(fires.shape[1])
    begins = fires & ~np.column_stack([np.zeros(len(fires), dtype=bool), fires[:, :-1]])
    last_fire, last_begin = (np.maximum.accumulate(np.where(mark, number, -1), axis=1) for mark in (fires, begins))
    at = np.searchsorted(dates, until, side="right") - 1
    fired = np.where(at >= 0, last_fire[who, np.maximum(at, 0)], -1)
    began = np.maximum(last_begin[who, np.maximum(fired, 0)], 0)
    return fired >= 0, (dates[began], dates[np.maximum(fired, 0)])


def _median(days: np.ndarray) -> tuple[float, float, float]:
    """The median and its 95 % interval by order statistics: no shape is assumed."""
    if not len(days):
        return np.nan, np.nan, np.nan
    ordered, count = np.sort(days).astype("float64"), len(days)
    half = 0.98 * np.sqrt(count)
    low, high = int(max(np.floor(count / 2 - half), 0)), int(min(np.ceil(count / 2 + half), count - 1))
    return float(np.median(ordered)), float(ordered[low]), float(ordered[high])


def judge(told: Mapping[str, object], foretells: str, settings: SignalsSettings) -> tuple[str, str]:
    """Return verdict and reason: reject what is surely too weak, ship what is surely better than chance and good enough, watch the rest.

    Examples
    --------
    >>> judge({"alerts": 5, "base_rate": 0.2, "lift": 4.0, "lift_low": 1.2, "lift_high": 5.0}, "buying", SignalsSettings())
    ('watch', 'only 5 alerts')
    """
    alerts, base = int(told["alerts"]), float(told["base_rate"])  # type: ignore[call-overload, arg-type]
    if not alerts:
        return "watch", "never fired for a customer who could still be lost"
    if alerts < settings.min_alerts:
        return "watch", f"only {alerts} alert{'s' if alerts > 1 else ''}"
    needed, (lift, low, high) = needed_lift(base, settings.min_lift), (float(told[k]) for k in ("lift", "lift_low", "lift_high"))  # type: ignore[arg-type]
    if high < needed or lift < 1:
        return "reject", f"lift {lift:.1f}, surely below {needed:.1f}" if high < needed else f"lift {lift:.1f}: worse than chance"
    weak = [f"lift {lift:.1f} is not surely above 1"] if low <= 1 else [f"lift {lift:.1f} below {needed:.1f}"] if lift < needed else []
    if foretells == "leaving":
        lead, coverage = float(told["lead_days"]), float(told["coverage"])  # type: ignore[arg-type]
        weak += [f"lead of {lead:.0f} days, {settings.min_lead_days} are asked"] if lead < settings.min_lead_days else []
        weak += [f"warned of {coverage:.0%} of departures, {settings.min_coverage:.0%} are asked".replace("%", " %")] if coverage < settings.min_coverage else []
    return ("watch", "; ".join(weak)) if weak else ("ship", f"lift {lift:.1f} ({low:.1f} to {high:.1f})")


def needed_lift(base_rate: float, min_lift: float) -> float:
    """Return the lift that is asked: `min_lift`, or half of what is possible where so many leave anyway that it cannot be had.

    Examples
    --------
    >>> needed_lift(0.1, 2.0), round(needed_lift(0.8, 2.0), 3)
    (2.0, 1.125)
    """
    return min(min_lift, (1 + 1 / base_rate) / 2) if base_rate > 0 else min_lift
