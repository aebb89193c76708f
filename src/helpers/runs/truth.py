"""How close did we get? Where a profile's data came with its truth, results are judged by it."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

from helpers.axes.derive import AxisSettings
from helpers.cleaning.privacy import pseudonymise
from helpers.lifecycle.delays import judge_departures
from helpers.runs.run import Run

TRUTH = "truth"  # folder beside the raw exports


def judge_duplicates(run: Run) -> str:
    """Return precision and recall of merged customer records against the planted truth, in one sentence.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        `not measured: ...` when the profile's data has no known truth.
    """
    known = run.profile.base.parent / TRUTH / "same_customer.csv"
    if not known.exists() or not run.measured("customer_map"):
        return "not measured: nobody knows which records of these sources are one customer"
    truth = pd.read_csv(known, dtype="str")
    said = run.load("customer_map")
    planted, merged = _pairs(truth, "raw_id", "true_customer"), _pairs(said, "raw_id", "customer_id")
    right = len(planted & merged)
    return (
        f"{len(merged)} pairs merged, {right} of them right (precision {right / max(len(merged), 1):.2f}); "
        f"{len(planted)} pairs were planted (recall {right / max(len(planted), 1):.2f})"
    )


def judge_lapsed(run: Run) -> pd.DataFrame | None:
    """Return how well "lapsed" agrees with who has really left, and how late it shows, beside the flat rules.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame or None
        From `judge_departures`; None when the profile's data has no known truth.
    """
    known = run.profile.base.parent / TRUTH / "activity.csv"
    if not known.exists() or not run.measured("customer_measures"):
        return None
    truth = pd.read_csv(known, dtype={"customer_id": "str"}, parse_dates=["left_on"])
    truth = truth.assign(customer_id=pseudonymise(truth["customer_id"], settings=run.settings.privacy))
    s = run.settings
    return judge_departures(run.load("customer_measures"), truth, AxisSettings(s.rfm, s.activity, s.lifecycle), as_of=run.as_of)


def judge_decliners(run: Run) -> str:
    """Return how many of the planted decliners are called declining, in one sentence."""
    known = run.profile.base.parent / TRUTH / "decliners.csv"
    if not known.exists() or not run.measured("customer_axes"):
        return "not measured: nobody knows who really declines in these sources"
    ids = pseudonymise(pd.read_csv(known, dtype={"customer_id": "str"})["customer_id"], settings=run.settings.privacy)
    axes = run.load("customer_axes").set_index("customer_id")
    found, falling = axes.reindex(ids), axes.index[axes["trend"] == "falling"]
    others, left = set(falling) - set(ids), _left(run)
    return (
        f"{len(ids)} customers were planted to buy less two quarters in a row: {(found['trend'] == 'falling').sum()} have a falling trend, "
        f"{(found['state'] == 'declining').sum()} are in the state declining; of the {len(others)} others with a falling trend {len(others & left)} had really left"
    )


def _left(run: Run) -> set[str]:
    truth = pd.read_csv(run.profile.base.parent / TRUTH / "activity.csv", dtype={"customer_id": "str"})
    return set(pseudonymise(truth.loc[truth["has_left"], "customer_id"], settings=run.settings.privacy))


def _pairs(frame: pd.DataFrame, member: str, group: str) -> set[tuple[str, str]]:
    return {pair for _, ids in frame.groupby(group)[member] for pair in combinations(sorted(ids), 2)}
