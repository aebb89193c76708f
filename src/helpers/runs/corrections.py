"""Orders that were corrected between two runs: who has another tier at the earlier day by the later run's exports."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.axes.moves import PARTS, Snapshot

CAUSE = "data"


def blame_corrections(moves: pd.DataFrame, known: Snapshot, anew: Snapshot) -> tuple[pd.DataFrame, int]:
    """Take what a correction did out of the customers' moves.

    Late bookings, cancelled orders and merged duplicates change what an earlier day looks like. The earlier day is therefore judged twice:
    as the earlier run knew it, and by the later run's exports; the difference is nobody's doing.

    Parameters
    ----------
    moves : pandas.DataFrame
        From `describe_moves`, from `anew` to the later day.
    known, anew : Snapshot
        The earlier day by the earlier run's tables and by the later run's, under the same settings and scheme.

    Returns
    -------
    moves : pandas.DataFrame
        Same columns. Where the correction makes more steps towards the later tier than any other part, or as many, cause is `data`; every sentence
        about a customer that it touched names the tier by both.
    touched : int
        Customers of the earlier run whose tier at the earlier day is another by the later exports, or who are not known there.
    """
    ids = moves["customer_id"]
    first, again = (s.tiers.reindex(ids).to_numpy(object) for s in (known, anew))
    was, is_known = ids.isin(known.tiers.index).to_numpy(), ids.isin(anew.tiers.index).to_numpy()
    other = was & (~is_known | (first != again))
    blamed = other & (~is_known | _weighs_most(moves, known, first, again))
    then = _say_then(known, again, moves.index)
    moved = "From " + pd.Series(first, index=moves.index).map(known.scheme.label()).astype("str") + " to " + moves["label_after"] + ": "
    sentence = moves["sentence"].mask(blamed, moved + then).mask(other & ~blamed & (moves["sentence"] != ""), "B" + then.str[1:] + " " + moves["sentence"])
    gone = ~known.tiers.index.isin(ids)
    return moves.assign(cause=moves["cause"].mask(blamed, CAUSE), sentence=sentence.astype("str")), int(other.sum() + gone.sum())


def _say_then(known: Snapshot, again: np.ndarray, index: pd.Index) -> pd.Series:
    """What the later exports say about the earlier day."""
    labels = known.scheme.label()
    told = [f"it was {labels[t]} already" if t in labels else "it was not there" for t in again]
    return pd.Series([f"by the later exports, which correct earlier records, {t} on {known.as_of}." for t in told], index=index, dtype="str")


def _weighs_most(moves: pd.DataFrame, known: Snapshot, first: np.ndarray, again: np.ndarray) -> np.ndarray:
    rank, last = known.scheme.rank, len(known.scheme.rank) + 1
    start, middle = (np.array([rank.get(t, last) for t in tiers]) for tiers in (first, again))
    way = np.sign(start - moves["rank_after"].to_numpy("int64"))
    rest = np.array([moves[f"step_{p}"].fillna(0).to_numpy("int64") for p in PARTS]) * way
    step = (start - middle) * way
    return (step > 0) & (step >= rest.max(axis=0))
