"""Groups that are fitted apart, because they buy in different rhythms: consumers and businesses in one model spoil each other's forecasts."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

EVERYBODY = "all"
OTHERS = "other"
LEAST = 50  # customers that a group must have at every cut to be fitted apart


def assign_segments(summaries: pd.DataFrame, kinds: pd.Series | None) -> pd.DataFrame:
    """Return purchase summaries with the column `segment`.

    Everybody is one segment unless two kinds have enough customers at every cut. A kind with too few joins those without a kind, and these join the
    largest kind when they are too few themselves.

    Parameters
    ----------
    summaries : pandas.DataFrame
        customer_id and split.
    kinds : pandas.Series or None
        Kind by customer_id; None fits everybody together.

    Examples
    --------
    >>> two = pd.DataFrame({"customer_id": ["a", "b"], "split": ["now", "now"]})
    >>> assign_segments(two, pd.Series({"a": "business"}))["segment"].tolist()
    ['all', 'all']
    """
    if kinds is None or summaries.empty:
        return summaries.assign(segment=EVERYBODY).astype({"segment": "str"})
    named = summaries["customer_id"].map(kinds).fillna(OTHERS).astype("str")
    large = _large(named, summaries["split"]) - {OTHERS}
    if len(large) < 2:
        return summaries.assign(segment=EVERYBODY).astype({"segment": "str"})
    named = named.where(named.isin(large), OTHERS)
    if OTHERS not in _large(named, summaries["split"]):
        named = named.replace(OTHERS, max(sorted(large), key=lambda k: int((named == k).sum())))
    return summaries.assign(segment=named).astype({"segment": "str"})


def _large(named: pd.Series, split: pd.Series) -> set[str]:
    counts = pd.crosstab(named, split)
    return set(counts.index[(counts >= LEAST).all(axis=1)].astype(str))


def each_segment(rows: pd.DataFrame, fits: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Give every segment with its customers and its fits, in the order of the names."""
    for name in sorted(rows["segment"].unique()):
        yield name, rows[rows["segment"] == name], fits[fits["segment"] == name]
