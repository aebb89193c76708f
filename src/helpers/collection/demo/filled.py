"""The four templates that people filled in, the truth behind them, and what they came to (`templates.yml`)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.collection.demo.judgements import CRITERIA, RATINGS, Judged, make_levels, make_ratings
from helpers.collection.demo.observed import SIGNALS, make_signals
from helpers.collection.demo.plan import Plan
from helpers.collection.demo.team import make_costs, make_staff

VALID_MONTHS = 6  # two quarters, where a row does not say otherwise


def fill_templates(
    people: pd.DataFrame, lives: pd.DataFrame, records: pd.DataFrame, own: pd.Series, plan: Plan, seed: int
) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the filled templates by table, the truth tables behind them, and their planted constants with counts."""
    judged, levels = Judged(), make_levels(people, seed)
    ratings = make_ratings(people, lives, levels, records, plan, judged, seed)
    signals = make_signals(people, lives, levels, records, plan, seed)
    templates = {
        "ratings": ratings[list(RATINGS)], "signals": signals[list(SIGNALS)].astype(object).where(lambda f: f.notna(), None), "staff": make_staff(), "costs": make_costs(),
    }  # fmt: skip
    known = {
        "judgements": levels.assign(customer_id=levels["customer"].map(own))[["customer_id", *CRITERIA]],
        "signal_meaning": signals.assign(customer_id=signals["customer"].map(own))[["customer_id", "signal", "observed_on", "means"]],
    }
    return templates, known, {"seed": seed, "planted": judged.constants(), "rows": {n: len(f) for n, f in templates.items()}, **_count(ratings, signals, plan)}


def _count(ratings: pd.DataFrame, signals: pd.DataFrame, plan: Plan) -> dict[str, Any]:
    day = pd.Timestamp(plan.as_of)
    rated = ratings.assign(rated_on=pd.to_datetime(ratings["rated_on"]), expires_on=pd.to_datetime(ratings["expires_on"])).drop_duplicates()
    ends = rated["expires_on"].fillna(rated["rated_on"] + pd.DateOffset(months=VALID_MONTHS))
    sound = rated["score"].isin([1, 2, 3, 4, 5]) & rated["rater"].notna()
    read = rated["rated_on"] <= day
    newest = ~rated[read & sound].sort_values("rated_on", kind="stable").duplicated(["customer", "criterion", "rater"], keep="last")
    counts = read & sound & newest.reindex(rated.index, fill_value=False) & (ends >= day)
    return {
        "ratings": {
            "after_as_of": int((~read).sum()), "not_sound": int((~sound).sum()), "written_twice": int(ratings.duplicated().sum()),
            "counting_at_as_of": int(counts.sum()), "expired_at_as_of": int((read & sound & (ends < day)).sum()),
        },
        "signals": {"after_as_of": int((signals["observed_on"] > day).sum()), "means": {k: int(n) for k, n in signals["means"].value_counts().sort_index().items()}},
    }  # fmt: skip
