"""How close did the warnings get? Where a profile's data came with its truth, levels of response are judged by who has really left."""

from __future__ import annotations

import pandas as pd

from helpers.cleaning.privacy import pseudonymise
from helpers.runs.run import Run
from helpers.runs.truth import TRUTH

LEVELS = ("severe", "moderate", "mild", "none")
NO_TRUTH = "not measured: nobody knows who of these customers has really left"
JUST_LEFT = 90


def judge_levels(run: Run) -> pd.DataFrame | None:
    """Return how many customers of each level have really left, or really buy less and less.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame or None
        kind, level (str), customers, left, declining (int64), right (float64, share of the customers who have left or decline). None when the profile's data has no known truth.
    """
    known = _known(run)
    if known is None:
        return None
    told = run.load("response_levels").merge(known, on="customer_id")
    told = told.assign(declining=told["declining"] & ~told["left"], right=told["declining"] | told["left"])
    by = told.groupby(["kind", "level"]).agg(customers=("customer_id", "size"), left=("left", "sum"), declining=("declining", "sum"), right=("right", "mean"))
    order = {name: n for n, name in enumerate(LEVELS)}
    return by.reset_index().sort_values(["kind", "level"], key=lambda c: c.map(order).fillna(c) if c.name == "level" else c, ignore_index=True)


def say_levels(run: Run) -> str:
    """Return how many of those who left lately and still look like customers were flagged, by kind, in one sentence."""
    known = _known(run)
    if known is None:
        return NO_TRUTH
    since = pd.Timestamp(run.as_of) - pd.Timedelta(days=JUST_LEFT)
    seen = run.load("response_levels").merge(known[known["left"] & (known["left_on"] > since)], on="customer_id")
    parts = [f"{int((rows['level'] != 'none').sum())} of {len(rows)} {kind} customers" for kind, rows in seen.groupby("kind")]
    return f"Of those who left in the last {JUST_LEFT} days and whose silence does not show it yet, the levels flag {' and '.join(parts)}." if parts else NO_TRUTH


def _known(run: Run) -> pd.DataFrame | None:
    folder = run.profile.base.parent / TRUTH
    if not (folder / "activity.csv").exists() or not (folder / "decliners.csv").exists() or not run.measured("response_levels"):
        return None
    people = pd.read_csv(folder / "activity.csv", dtype={"customer_id": "str"}, parse_dates=["left_on"])
    fading = pd.read_csv(folder / "decliners.csv", dtype={"customer_id": "str"})["customer_id"]
    left = people["left_on"] <= pd.Timestamp(run.as_of)
    told = people[["customer_id", "kind", "left_on"]].assign(left=left, declining=people["customer_id"].isin(fading))
    return told.assign(customer_id=pseudonymise(told["customer_id"], settings=run.settings.privacy))
