"""Who is about to leave: an additive model beside two simple rules, judged on later dates, used only where it wins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.axes.population import ALL
from helpers.retention.additive import Additive, calibrate, fit_additive
from helpers.retention.features import Sheet, build_sheet
from helpers.retention.history import UNKNOWN, History, Look, Whole
from helpers.retention.judging import auc, auc_intervals, brier, calibration_bins, top_lift
from helpers.retention.panel import past_dates
from helpers.retention.settings import ChurnSettings

METHODS = {"recency": ("recency",), "rule": ("silence",), "model": ()}
SAYS = {"recency": "days since the last order alone", "rule": "silence in own gaps (k times the own gap)", "model": "churn model"}
AT_RISK, EVERYBODY = "can still be lost", "ordered within a year"
Warn = Callable[[Look], Whole | None]


@dataclass
class Past:
    """Features and outcomes at past dates, each date worked out once."""

    history: History
    settings: ChurnSettings
    as_of: dt.date
    warn: Warn
    _kept: dict[int, Sheet] = field(default_factory=dict)

    @property
    def dates(self) -> Whole:
        """Every date that could be learnt from or judged, oldest first."""
        s = self.settings
        every = s.train_dates + s.tests * -(-s.horizon_days // s.every_days) + 1
        return past_dates(self.history, self.as_of, horizon=s.horizon_days, every=s.every_days, count=every, history_days=s.history_days)

    def at(self, cut: int, population: str = AT_RISK, until: int | None = None) -> tuple[Sheet, Whole]:
        """Return the features of a date, and who ordered nothing within the horizon after it, as known on the day `until` (the as-of date): an order that came back later still stood then."""
        if cut not in self._kept:
            look = self.history.at(_day(cut).date())
            self._kept[cut] = build_sheet(look, self.warn(look))
        sheet, now = self._kept[cut], self.history.at(self.as_of if until is None else _day(until).date())
        left = (now.total("orders", cut + 1, cut + self.settings.horizon_days) <= 0)[sheet.who]
        return (sheet, left) if population == EVERYBODY else (sheet.only(sheet.at_risk), left[sheet.at_risk])

    def known(self, until: int) -> list[int]:
        """Return the dates whose outcome was known on the day `until`, as many as are learnt from."""
        return [int(d) for d in self.dates if d + self.settings.horizon_days <= until][-self.settings.train_dates :]

    def learn(self, until: int, population: str = AT_RISK) -> dict[str, Additive]:
        """Return the methods fitted on what was known on the day `until`; none when too few had left, or stayed, by then."""
        rows = [self.at(d, population, until) for d in self.known(until)]
        left = sum(int(gone.sum()) for _, gone in rows)
        stayed = sum(len(gone) for _, gone in rows) - left
        return {m: _fit(rows, m, self.settings.strength) for m in METHODS} if min(left, stayed) >= self.settings.least_left else {}

    def tested(self, population: str = AT_RISK) -> pd.DataFrame:
        """Return what each method said at the test dates, and what happened: who, group, date, left, then one column per method; a row per customer and date."""
        step = max(self.settings.horizon_days // self.settings.every_days, 1)
        parts = [self._test(int(cut), population) for cut in self.dates[::-1][::step][: self.settings.tests]]
        known = [p for p in parts if p is not None]
        return pd.concat(known[::-1], ignore_index=True) if known else pd.DataFrame(columns=["who", "group", "date", "left", *METHODS])

    def _test(self, cut: int, population: str) -> pd.DataFrame | None:
        models = self.learn(cut, population)
        if not models:
            return None
        sheet, left = self.at(cut, population)
        said = {m: model.predict(sheet.x[list(METHODS[m]) or list(sheet.x)]) for m, model in models.items()}
        return pd.DataFrame({"who": sheet.who, "group": self.history.groups[sheet.who], "date": cut, "left": left, **said})


def _fit(rows: list[tuple[Sheet, Whole]], method: str, strength: float) -> Additive:
    """Fit on all dates but the last, which calibrates; on all where that leaves one class only."""
    early, late = rows[:-1], rows[-1]
    if len(rows) < 2 or not 0 < sum(gone.sum() for _, gone in early) < sum(len(gone) for _, gone in early):  # noqa: PLR2004
        early, late = rows, (rows[-1][0].only(np.zeros(len(rows[-1][1]), dtype=bool)), np.zeros(0))
    x, left = pd.concat([sheet.x for sheet, _ in early], ignore_index=True), np.concatenate([gone for _, gone in early])
    columns = list(METHODS[method]) or list(x)
    return calibrate(fit_additive(x[columns], left, strength=strength), late[0].x[columns], late[1])


JUDGED = {
    "population": "str", "kind": "str", "method": "str", "says": "str", "used": "boolean", "why": "str", "customers": "Int64", "left": "Int64", "auc": "float64", "auc_low": "float64",
    "auc_high": "float64", "lead": "float64", "lead_low": "float64", "lead_high": "float64", "brier": "float64", "said": "float64", "seen": "float64", "top_n": "Int64", "top_left": "float64",
    "top_share": "float64", "lift": "float64", "lift_low": "float64", "lift_high": "float64", "tests": "Int64", "first_test": "datetime64[us]", "last_test": "datetime64[us]",
}  # fmt: skip


def judge_churn(tested: pd.DataFrame, population: str = AT_RISK) -> pd.DataFrame:
    """Return how well each method foretold who would leave, on dates later than all that it learnt from.

    Parameters
    ----------
    tested : pandas.DataFrame
        From `Past.tested`.
    population : str
        Who was looked at, in words.

    Returns
    -------
    pandas.DataFrame
        One row per kind (all, and consumer and business where both are there) and method (recency, rule, model): population, kind, method, says (str), used (boolean, whether scores of this
        kind come from it), why (str), customers, left (Int64, customers at test dates), auc with its 95 % interval, lead (float64, AUC less that of the better simple method, with interval), brier, said,
        seen (float64, mean probability and share that left), top_n, top_left, top_share, lift with interval (the top 5 %), tests (Int64), first_test, last_test.

    Notes
    -----
    Row 004-62. The model is used where the interval of its lead lies above zero and its probabilities are no worse; else the better simple method. Intervals draw customers, not rows.
    """
    groups = sorted(set(tested["group"]) - {UNKNOWN, ALL})
    rows = [r for kind in [ALL, *groups] for r in _judge_kind(tested if kind == ALL else tested[tested["group"] == kind], kind)]
    return pd.DataFrame(rows, columns=list(JUDGED)[1:]).assign(population=population)[list(JUDGED)].astype(JUDGED)


def _judge_kind(tested: pd.DataFrame, kind: str) -> list[dict[str, object]]:
    left = tested["left"].to_numpy(dtype="bool")
    if not 0 < left.sum() < len(left):
        return []
    scores = {m: tested[m].to_numpy(dtype="float64") for m in METHODS}
    simple = max(("recency", "rule"), key=lambda m: auc(scores[m], left))
    ends = auc_intervals(scores, left, tested["who"].to_numpy(), simple)
    rows = []
    for m, score in scores.items():
        lead = ends.get(f"{m} - {simple}", (np.nan, np.nan))
        rows.append({
            "kind": kind, "method": m, "says": SAYS[m], "customers": len(left), "left": int(left.sum()), "auc": auc(score, left), "auc_low": ends[m][0], "auc_high": ends[m][1],
            "lead": auc(score, left) - auc(scores[simple], left) if m != simple else np.nan, "lead_low": lead[0], "lead_high": lead[1], "brier": brier(score, left), "said": float(score.mean()),
            "seen": float(left.mean()), **top_lift(score, left), "tests": tested["date"].nunique(), "first_test": _day(tested["date"].min()), "last_test": _day(tested["date"].max()),
        })  # fmt: skip
    wins = rows[2]["lead_low"] > 0 and rows[2]["brier"] <= {r["method"]: r["brier"] for r in rows}[simple]  # type: ignore[operator]
    used = "model" if wins else simple
    why = {"model": "surely ranks better than the better simple rule" if wins else "does not surely beat the better simple rule", simple: "the better simple rule"}
    return [r | {"used": r["method"] == used, "why": why.get(str(r["method"]), "")} for r in rows]


def _day(cut: float) -> pd.Timestamp:
    """Return a day number as a day."""
    return pd.Timestamp(0) + pd.Timedelta(days=int(cut))


def calibrate_said(tested: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Return said against seen, in tenths, for every method and kind: kind, method (str), then the columns of `calibration_bins`."""
    parts = []
    for row in judged[["kind", "method"]].itertuples():
        part = tested if row.kind == ALL else tested[tested["group"] == row.kind]
        parts.append(calibration_bins(part[row.method].to_numpy("float64"), part["left"].to_numpy("bool")).assign(kind=row.kind, method=row.method))
    columns = ["kind", "method", "bin", "customers", "left", "said", "seen", "seen_low", "seen_high"]
    return pd.concat(parts, ignore_index=True)[columns].astype({"kind": "str", "method": "str"}) if parts else pd.DataFrame(columns=columns)
