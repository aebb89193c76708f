"""How close did we get? Where a profile's data came with its truth, results are judged by it."""

from __future__ import annotations

from itertools import combinations

import pandas as pd

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


def _pairs(frame: pd.DataFrame, member: str, group: str) -> set[tuple[str, str]]:
    return {pair for _, ids in frame.groupby(group)[member] for pair in combinations(sorted(ids), 2)}
