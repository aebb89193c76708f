"""A, then B within the window: counted so that the end of the data and busy customers do not fool anybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from helpers.needs.settings import SequencesSettings
from helpers.needs.stats import false_discovery, share_interval

STRATA = (1, 2, 3, 5, 9, 17, 33)  # n-th order day from which a customer counts as that experienced
NEVER = np.iinfo(np.int32).max // 2
COLUMNS = {
    "a": "str", "b": "str", "buyers": "Int64", "buyers_left_out": "Int64", "followed": "Int64", "rate": "float64", "rate_low": "float64",
    "rate_high": "float64",
    "base_rate": "float64", "lift": "float64", "lift_low": "float64", "extra": "float64", "median_gap_days": "float64", "rate_without_follow_up": "float64",
    "p_value": "float64", "q_value": "float64",
    "holds": "boolean",
}  # fmt: skip


@dataclass
class Counts:
    """What one pass over the customers counts; `items` by `items` tables are [A, B]."""

    items: int
    longest: int
    buyers: np.ndarray = field(init=False)
    every_buyer: np.ndarray = field(init=False)
    followed: np.ndarray = field(init=False)
    followed_at_all: np.ndarray = field(init=False)
    gaps: np.ndarray = field(init=False)
    days: np.ndarray = field(init=False)
    base: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        n, strata = self.items, len(STRATA)
        self.buyers, self.every_buyer = np.zeros((n, strata), np.int64), np.zeros(n, np.int64)
        self.followed, self.followed_at_all = np.zeros((n, n), np.int32), np.zeros((n, n), np.int32)
        self.gaps = np.zeros((n, n, self.longest + 1), np.int32) if n * n * self.longest < 60_000_000 else np.zeros((0, 0, 0), np.int32)
        self.days, self.base = np.zeros(strata, np.int64), np.zeros((strata, n), np.int64)


def window_ends(days: pd.Series, settings: SequencesSettings) -> pd.Series:
    """Return the last day of the window that starts on each day: calendar months, or days when `window_days` is set.

    Examples
    --------
    >>> window_ends(pd.Series(pd.to_datetime(["2025-01-31"])), SequencesSettings(window_months=1)).dt.strftime("%Y-%m-%d").tolist()
    ['2025-02-28']
    """
    span = pd.Timedelta(days=settings.window_days) if settings.window_days else pd.DateOffset(months=settings.window_months)
    distinct = pd.Series(days.unique())
    return days.map(dict(zip(distinct, distinct + span, strict=True)))


def count_sequences(item_days: pd.DataFrame, *, as_of: dt.date, settings: SequencesSettings) -> tuple[Counts, list[str]]:
    """Return, for all pairs of items at once, who bought A first and B later within the window.

    Parameters
    ----------
    item_days : pandas.DataFrame
        customer_id, item (str), order_date (day); later days than `as_of` are not read.
    as_of : datetime.date
    settings : SequencesSettings

    Returns
    -------
    counts : Counts
    items : list of str
        What the rows and columns of the counts stand for.
    """
    read = item_days[item_days["order_date"] <= pd.Timestamp(as_of)].sort_values(["customer_id", "order_date", "item"], ignore_index=True)
    items = judged_items(read, settings)
    codes = pd.Index(items).get_indexer(read["item"])  # -1: too few buyers; its days still are order days
    epoch = pd.Timestamp("1970-01-01")
    day = (read["order_date"] - epoch).dt.days.to_numpy(np.int32)
    end = (window_ends(read["order_date"], settings) - epoch).dt.days.to_numpy(np.int32) if len(read) else day
    counts = Counts(len(items), int((end - day).max()) if len(read) else 0)
    customer = pd.factorize(read["customer_id"])[0]
    cuts = np.flatnonzero(np.diff(customer)) + 1
    last = (pd.Timestamp(as_of) - epoch).days
    for own_codes, own_days, own_ends in zip(*(np.split(v, cuts) for v in (codes, day, end)), strict=True):
        if len(own_codes):
            _count_customer(counts, own_codes, own_days, own_ends, last)
    return counts, items


def judged_items(item_days: pd.DataFrame, settings: SequencesSettings) -> list[str]:
    """Return the items that are compared: bought by `min_followed` customers or more, the `max_items` most bought ones, sorted.

    All pairs of them are counted in one table, so their number decides the memory; what few people bought could not be reported anyway.
    """
    buyers = item_days.drop_duplicates(["customer_id", "item"])["item"].value_counts()
    enough = buyers[buyers >= min(settings.min_followed, settings.min_buyers)].sort_index()
    return sorted(str(i) for i in enough.sort_values(ascending=False, kind="stable").head(settings.max_items).index)


def _count_customer(counts: Counts, codes: np.ndarray, days: np.ndarray, ends: np.ndarray, last: int) -> None:
    """Add one customer: each order day is a chance for B, the first day with A is what B may follow."""
    order_days, first_rows, row = np.unique(days, return_index=True, return_inverse=True)
    until = ends[first_rows]
    judged = codes >= 0
    held, column = np.unique(codes[judged], return_inverse=True)
    bought = np.zeros((len(order_days), len(held)), dtype=bool)
    bought[row[judged], column] = True
    following = _next_days(bought, order_days)
    in_window = following <= until[:, None]
    full = int(np.searchsorted(until, last, side="right"))  # windows end later and later, so the full ones come first
    stratum = np.searchsorted(STRATA, np.arange(1, len(order_days) + 1), side="right") - 1
    starts = np.searchsorted(stratum[:full], np.arange(len(STRATA)))
    counts.days += np.bincount(stratum[:full], minlength=len(STRATA))
    for level in np.unique(stratum[:full]):
        to = starts[level + 1] if level + 1 < len(STRATA) else full
        counts.base[level, held] += in_window[starts[level] : to].sum(axis=0)
    if len(held):
        _count_pairs(counts, held, bought.argmax(axis=0), in_window, following - order_days[:, None], full, stratum)


def _next_days(bought: np.ndarray, order_days: np.ndarray) -> np.ndarray:
    """Return, per order day and item, the next later day on which the item was bought."""
    when = np.where(bought, order_days[:, None], NEVER)
    later = np.full_like(when, NEVER)
    later[:-1] = np.minimum.accumulate(when[::-1], axis=0)[::-1][1:]
    return later


def _count_pairs(counts: Counts, held: np.ndarray, first: np.ndarray, in_window: np.ndarray, gaps: np.ndarray, full: int, stratum: np.ndarray) -> None:
    whole = first < full
    counts.every_buyer[held] += 1
    np.add.at(counts.buyers, (held[whole], stratum[first[whole]]), 1)
    counts.followed_at_all[np.ix_(held, held)] += in_window[first]
    counts.followed[np.ix_(held[whole], held)] += in_window[first[whole]]
    if counts.gaps.size and whole.any():
        a, b = np.nonzero(in_window[first[whole]])
        counts.gaps[held[whole][a], held[b], gaps[first[whole]][a, b]] += 1  # a pair occurs once per customer, so nothing is lost


def find_sequences(item_days: pd.DataFrame, *, as_of: dt.date, settings: SequencesSettings) -> pd.DataFrame:
    """Return which purchases follow which, judged only where the whole window is over.

    Parameters
    ----------
    item_days : pandas.DataFrame
        customer_id, item (str), order_date (day).
    as_of : datetime.date
        Last day that is read; a buyer of A whose window ends later is left out and counted.
    settings : SequencesSettings

    Returns
    -------
    pandas.DataFrame
        a, b (str), buyers (Int64, customers whose first A lies a full window back), buyers_left_out (Int64, too recent to be judged),
        followed (Int64, of the buyers: B on a later day within the window), rate with its 95 % Wilson interval, base_rate (float64, how
        many would have bought B in the same window after any of their orders, among customers at the same order number),
        lift (rate by base_rate), lift_low (the same with the lower end of the rate), extra (followers beyond what the base rate
        would give), median_gap_days, rate_without_follow_up (what one gets when recent buyers are wrongly kept in), p_value
        (one-sided binomial against base_rate), q_value (Benjamini-Hochberg over all pairs with enough buyers),
        holds (q_value within `fdr`, lift at least `min_lift`, at least `min_followed` followers). Pairs with at least one follower; those that hold first,
        the surest lift first.

    Notes
    -----
    Features F17, rows 004-53 and 004-27; features.md 3.3 "80 % within 3 months". B on the same day as A does not follow it. The
    base rate is matched on how many order days a customer had had, because a busy customer buys everything sooner.

    Examples
    --------
    >>> days = pd.DataFrame({"customer_id": ["x", "x", "y"], "item": ["mat", "block", "mat"],
    ...     "order_date": pd.to_datetime(["2025-01-05", "2025-02-01", "2025-06-01"])})
    >>> found = find_sequences(days, as_of=dt.date(2025, 6, 30), settings=SequencesSettings(min_buyers=5, min_followed=1))
    >>> found[["a", "b", "buyers", "buyers_left_out", "followed", "rate", "median_gap_days"]].values.tolist()
    [['mat', 'block', 1, 1, 1, 1.0, 27.0]]
    """
    counts, items = count_sequences(item_days, as_of=as_of, settings=settings)
    buyers = counts.buyers.sum(axis=1)
    a, b = np.nonzero(counts.followed * (~np.eye(len(items), dtype=bool)))
    share = np.divide(counts.base, counts.days[:, None], out=np.zeros(counts.base.shape), where=counts.days[:, None] > 0)
    expected = np.einsum("as,sb->ab", counts.buyers.astype("float64"), share)
    tests = max(int((buyers >= settings.min_buyers).sum()) * max(len(items) - 1, 1), 1)
    names = np.array(items, dtype=object)
    pairs = pd.DataFrame({
        "a": names[a], "b": names[b], "buyers": buyers[a], "buyers_left_out": counts.every_buyer[a] - buyers[a], "followed": counts.followed[a, b],
        "base_rate": expected[a, b] / buyers[a], "median_gap_days": _medians(counts.gaps, a, b),
        "rate_without_follow_up": counts.followed_at_all[a, b] / counts.every_buyer[a],
    })  # fmt: skip
    return _judge(pairs, tests, settings)


def _judge(pairs: pd.DataFrame, tests: int, settings: SequencesSettings) -> pd.DataFrame:
    from scipy.stats import binom

    followed, buyers = (pairs[c].to_numpy(dtype="float64") for c in ("followed", "buyers"))
    rate, base = followed / buyers, pairs["base_rate"].to_numpy(dtype="float64")
    low, high = share_interval(followed, buyers)
    p_values = binom.sf(followed - 1, buyers, base) if len(pairs) else np.array([])
    enough = buyers >= settings.min_buyers
    q_values = np.full(len(pairs), np.nan)
    q_values[enough] = false_discovery(p_values[enough], tests)
    lift = np.divide(rate, base, out=np.full(len(pairs), np.nan), where=base > 0)
    lowest = np.divide(low, base, out=np.full(len(pairs), np.nan), where=base > 0)
    told = pairs.assign(
        lift_low=lowest,
        extra=(followed - base * buyers).round(2),
        rate=rate,
        rate_low=low,
        rate_high=high,
        lift=lift,
        p_value=p_values,
        q_value=q_values,
        holds=enough & (q_values <= settings.fdr) & (lift >= settings.min_lift) & (followed >= settings.min_followed),
    )
    rounded = told.round({c: 6 for c in ("rate", "base_rate", "lift", "lift_low", "rate_without_follow_up")} | {"p_value": 12})
    order = rounded.sort_values(["holds", "lift_low", "followed", "a", "b"], ascending=[False, False, False, True, True], ignore_index=True)
    return order[list(COLUMNS)].astype(COLUMNS)


def _medians(gaps: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the median gap of each pair from counts per day; missing when there were too many items to keep them."""
    if not gaps.size or not len(a):
        return np.full(len(a), np.nan)
    reached = gaps[a, b].cumsum(axis=1)
    total = reached[:, -1:]
    lower, upper = ((reached >= target).argmax(axis=1) for target in ((total + 1) // 2, total // 2 + 1))
    return (lower + upper) / 2
