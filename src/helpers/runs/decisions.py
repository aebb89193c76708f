"""What people decide about duplicates: the profile's `decisions:` file for all runs, and the file in a run's folder for that run.

A run reads both and writes only its own, so that many runs of one profile neither overwrite what people keep for all of them nor each other.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.cleaning.review import PAIR, REVIEW_COLUMNS, read_decisions, read_review, sort_queue
from helpers.collection.profiles import Profile
from helpers.errors import UserError

REVIEW_FILE = Path("review") / "duplicates.csv"


def decided_pairs(profile: Profile, folder: Path) -> pd.DataFrame | None:
    """Return what people decided: raw_id_a, raw_id_b, decision (all str), None when nobody decided anything.

    Notes are left out: they change no table, so a changed note must not make a finished run count as changed.

    Raises
    ------
    UserError
        A file has a mistake, or the two disagree about a pair.
    """
    both = pd.concat([_shared(profile), _read(folder / REVIEW_FILE)])[[*PAIR, "decision"]].drop_duplicates()
    torn = both[both.duplicated(PAIR)]
    if len(torn):
        first, second = torn[PAIR].iloc[0]
        raise UserError(f"{profile.decisions} and {REVIEW_FILE.as_posix()} of run {folder.name} disagree about the pair {first} and {second}: correct one of them")
    return both.sort_values(PAIR, ignore_index=True) if len(both) else None


def review_rows(queue: pd.DataFrame, profile: Profile, folder: Path) -> pd.DataFrame:
    """Return what to write into a run's review file: the queue with all that a person has entered there, also while the run was at work.

    Parameters
    ----------
    queue : pandas.DataFrame
        From `cleaning.review.review_queue`.
    profile : Profile
        Pairs that its `decisions:` file decides stand there only.
    folder : pathlib.Path
        The run's.

    Returns
    -------
    pandas.DataFrame
        decision, ids, names, confidence, why, note; undecided pairs first.
    """
    file = folder / REVIEW_FILE
    entered = read_review(file).replace("", pd.NA) if file.exists() else read_review_of_nobody()
    entered = entered.dropna(subset=["decision", "note"], how="all").drop_duplicates(PAIR)
    both = queue.drop(columns=["decision", "note"]).merge(entered, on=PAIR, how="outer")
    settled = pd.MultiIndex.from_frame(both[PAIR]).isin(pd.MultiIndex.from_frame(_shared(profile)[PAIR]))
    return sort_queue(both[~settled])[list(REVIEW_COLUMNS)]


def read_review_of_nobody() -> pd.DataFrame:
    """Return a review file without rows."""
    return pd.DataFrame(columns=[*PAIR, "decision", "note"], dtype="str")


def _read(file: Path) -> pd.DataFrame:
    return read_decisions(file) if file.exists() else read_review_of_nobody()


def _shared(profile: Profile) -> pd.DataFrame:
    return _read(profile.base / profile.decisions) if profile.decisions else read_review_of_nobody()
