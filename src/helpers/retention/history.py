"""A look at any day of the past: what had happened to every customer by then, and what was known of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.axes.activity import find_limits
from helpers.axes.population import ALL, Yardsticks
from helpers.axes.settings import ActivitySettings
from helpers.engine import MONEY_SCALE

UNKNOWN = "kind not known"
NEVER = -(10**6)  # a day number before all others
Whole = np.ndarray


def day_number(day: dt.date | pd.Timestamp) -> int:
    """Return a day as days since 1970-01-01.

    Examples
    --------
    >>> day_number(dt.date(1970, 1, 11))
    10
    """
    return (pd.Timestamp(day) - pd.Timestamp(0)).days


def day_of(numbers: Whole) -> pd.Series:
    """Return day numbers as datetimes; numbers before 1900 are no day."""
    days = pd.Series(pd.to_datetime(numbers, unit="D", errors="coerce")).astype("datetime64[us]")
    return days.where(numbers > day_number(dt.date(1900, 1, 1)))


@dataclass(frozen=True)
class Stream:
    """Dated amounts of customers by number: `day` is the day they count for, `known` the day from which they were known."""

    who: Whole
    day: Whole
    known: Whole
    amount: Whole
    first_day: int

    def between(self, customers: int, cut: int, first: int, last: int) -> Whole:
        """Return each customer's sum over the days from `first` to `last`, as known at `cut`."""
        chosen = (self.day >= first) & (self.day <= min(last, cut)) & (self.known <= cut)
        return np.bincount(self.who[chosen], weights=self.amount[chosen], minlength=customers)

    def standing_days(self, cut: int) -> tuple[Whole, Whole]:
        """Return (customer, day) pairs, sorted, on which something stands as known at `cut`."""
        chosen = (self.day <= cut) & (self.known <= cut)
        span = np.int64(10**6)
        keys, place = np.unique(self.who[chosen] * span + self.day[chosen], return_inverse=True)
        keys = keys[np.bincount(place, weights=self.amount[chosen], minlength=len(keys)) > 0]
        return keys // span, keys % span


@dataclass(frozen=True)
class History:
    """All streams, ready to be looked at on any day."""

    ids: pd.Index
    kinds: pd.Series
    streams: Mapping[str, Stream]
    activity: ActivitySettings = ActivitySettings()

    @classmethod
    def of(cls, days: pd.DataFrame, coverage: pd.DataFrame, customers: pd.DataFrame | None = None, activity: ActivitySettings | None = None) -> History:
        """Return the history of a table `customer_days`.

        Parameters
        ----------
        days : pandas.DataFrame
            From `build_customer_days`.
        coverage : pandas.DataFrame
            From `cover_streams`.
        customers : pandas.DataFrame, optional
            For kind; customers without any day are part of the history too.
        activity : ActivitySettings, optional
            What silence is.
        """
        listed = set() if customers is None else set(customers["customer_id"])
        bought = set(days.loc[days["stream"] == "orders", "customer_id"])
        ids = pd.Index(sorted(listed | bought), dtype="str", name="customer_id")
        kinds = pd.Series(None, index=ids, dtype="str")
        if customers is not None and "kind" in customers:
            kinds = customers.drop_duplicates("customer_id").set_index("customer_id")["kind"].reindex(ids)
        measured = coverage[coverage["measured"]].set_index("stream")
        streams = {name: _stream(days[days["stream"] == name], ids, measured.at[name, "first_day"]) for name in measured.index}
        return cls(ids, kinds.fillna(ALL), streams, activity or ActivitySettings())

    @cached_property
    def groups(self) -> Whole:
        """With whom a customer is compared: those of the same kind where businesses and consumers are both there, else everybody."""
        both = len(set(self.kinds) - {ALL}) > 1
        return self.kinds.astype("str").replace(ALL, UNKNOWN).to_numpy(dtype=object) if both else np.full(self.count, ALL, dtype=object)

    @property
    def count(self) -> int:
        """How many customers there are."""
        return len(self.ids)

    def at(self, day: dt.date) -> Look:
        """Return the look at one day."""
        return Look(self, day_number(day))


def _stream(rows: pd.DataFrame, ids: pd.Index, first_day: object) -> Stream:
    who = ids.get_indexer(rows["customer_id"])
    known = who >= 0
    numbers = {c: ((rows[c] - pd.Timestamp(0)).dt.days).to_numpy("int64")[known] for c in ("day", "known_on")}
    scale = MONEY_SCALE if (rows["stream"] == "spend").any() else 1  # money is summed as whole numbers: exact in any order
    amount = np.round(rows["amount"].to_numpy("float64")[known] * scale)
    start = day_number(first_day) if pd.notna(first_day) else 10**6  # type: ignore[arg-type]
    return Stream(who[known].astype("int64"), numbers["day"], numbers["known_on"], amount, start)


@dataclass(frozen=True)
class Look:
    """What was known at the end of one day, one value per customer in the order of `history.ids`."""

    history: History
    cut: int
    _sums: dict[tuple[str, int, int], Whole] = field(default_factory=dict, compare=False, repr=False)

    def total(self, stream: str, first: int, last: int) -> Whole:
        """Return sums over the days from `first` to `last` (day numbers, both included); money in currency units."""
        key = (stream, first, last)
        if key not in self._sums:
            told = self.history.streams[stream].between(self.history.count, self.cut, first, last)
            self._sums[key] = told / MONEY_SCALE if stream == "spend" else told
        return self._sums[key]

    def recent(self, stream: str, days: int) -> Whole:
        """Return sums over the last `days` days, the day of the look included."""
        return self.total(stream, self.cut - days + 1, self.cut)

    def last(self, stream: str) -> Whole:
        """Return the last day with anything of a stream, `NEVER` without one."""
        who, day = self.history.streams[stream].standing_days(self.cut)
        told = np.full(self.history.count, NEVER, dtype="int64")
        told[who] = day  # sorted by day, so the last one stays
        return told

    @cached_property
    def rhythm(self) -> pd.DataFrame:
        """Return first, last (day numbers), purchase_days, median_gap_days, longest_gap_days of orders that stand, one row per customer."""
        who, day = self.history.streams["orders"].standing_days(self.cut)
        frame = pd.DataFrame({"who": who, "day": day})
        frame["gap"] = frame["day"].diff().where(frame["who"].diff() == 0)
        told = frame.groupby("who").agg(first=("day", "min"), last=("day", "max"), purchase_days=("day", "size"), median_gap_days=("gap", "median"), longest_gap_days=("gap", "max"))
        told = told.reindex(range(self.history.count))
        return told.fillna({"first": NEVER, "last": NEVER, "purchase_days": 0}).astype({"first": "int64", "last": "int64", "purchase_days": "int64"})

    @cached_property
    def pace(self) -> pd.DataFrame:
        """Return recency_days, usual_gap_days, slowing_after_days, silent_after_days (float64), as the activity axis has them; missing without an order."""
        rhythm = self.rhythm.assign(kind=self.history.kinds.where(self.history.kinds != ALL, None).to_numpy())
        limits = find_limits(rhythm, self._yardsticks(rhythm), self.history.activity, self.date)
        recency = pd.Series(float(self.cut), index=rhythm.index) - rhythm["last"]
        return limits.assign(recency_days=recency)[["recency_days", *limits.columns]].where(rhythm["purchase_days"] > 0)

    def _yardsticks(self, rhythm: pd.DataFrame) -> Yardsticks:
        shares = {"usual": 0.5, "slowing": self.history.activity.slowing_share, "silent": self.history.activity.silent_share}
        kinds = [(ALL, rhythm), *((str(k), g) for k, g in rhythm.groupby("kind"))]
        gaps = {(f"gap:{n}", k): float(g["median_gap_days"].quantile(s)) for k, g in kinds for n, s in shares.items() if g["median_gap_days"].notna().any()}
        return Yardsticks({}, gaps)

    @property
    def date(self) -> dt.date:
        """The day of the look."""
        return (pd.Timestamp(0) + pd.Timedelta(days=self.cut)).date()

    @property
    def at_risk(self) -> Whole:
        """Say who can still be lost: has ordered, and is not silent beyond the own rhythm."""
        pace = self.pace
        return (pace["recency_days"] <= pace["silent_after_days"]).to_numpy()
