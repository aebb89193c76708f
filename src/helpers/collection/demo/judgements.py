"""What only people can judge about a business customer: the true levels, and the ratings that raters gave of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.dirt import repeat_rows
from helpers.collection.demo.plan import Plan, pick, stream
from helpers.collection.demo.records import file_under, wide

CRITERIA = ("strategic_fit", "growth_potential", "influence", "reference_value", "test_feedback", "stickiness", "trust", "perceived_value")
CORE = CRITERIA[:5]  # asked of every account that is reviewed; the other three only of medium and large ones
SECOND = ("CS01", "CS02", "CS03")
RATINGS = ("customer_id", "criterion", "score", "rater", "rated_on", "expires_on")


@dataclass(frozen=True)
class Judged:
    """The planted constants of ratings; `templates.yml` holds them beside what the files came to."""

    reviews: tuple[str, ...] = ("2024-06-03", "2024-12-02", "2025-06-02", "2025-07-07")  # the last one lies after the as-of date
    reviewed: tuple[float, float, float] = (0.88, 0.60, 0.22)  # of large, medium, small accounts that still buy
    left_out: float = 0.08  # of the criteria of a review
    second_rater: float = 0.40  # of large and medium accounts
    noise: float = 0.50  # standard deviation of a rater's error, in points
    generous: str = "S05"
    generous_by: float = 0.8
    strict: str = "S02"
    strict_by: float = 0.6
    own_expiry: float = 0.12  # of ratings that carry an end of their own, a year on

    def constants(self) -> dict[str, Any]:
        """Return the constants as plain YAML values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def make_levels(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the true level of every business customer: `customer`, then one column per criterion, whole points 1 to 5."""
    rng = stream(seed, "levels")
    firms = people[people["kind"] == "business"]
    base = pd.DataFrame(rng.normal((2.7, 2.8, 2.3, 2.3, 2.3, 2.8, 3.2, 3.1), 0.85, (len(firms), len(CRITERIA))), index=firms.index, columns=list(CRITERIA))
    is_new, dear = (firms["need_type"] == t for t in ("innovation_driven", "cost_sensitive"))
    large = firms["size"] == "large"
    base["strategic_fit"] += 0.9 * is_new + 0.4 * large - 0.5 * dear
    base["growth_potential"] += 0.3 * (firms["start"] > 365) - 1.3 * firms["decliner"]
    base["influence"] += 0.9 * large + 0.4 * (firms["industry"] == "hotel")
    base["reference_value"] += 0.5 * large
    base["test_feedback"] += 1.2 * is_new
    base["stickiness"] += 0.7 * (firms["need_type"] == "service_dependent") - 0.6 * dear
    base["trust"] -= 0.7 * firms["decliner"]
    base["perceived_value"] -= 0.9 * dear
    return base.round().clip(1, 5).astype("int64").rename_axis("customer").reset_index()


def make_ratings(people: pd.DataFrame, lives: pd.DataFrame, levels: pd.DataFrame, records: pd.DataFrame, plan: Plan, judged: Judged, seed: int) -> pd.DataFrame:
    """Return the filled ratings template in true terms: `customer`, then what the raters wrote, with the slips of people who fill in sheets."""
    rng = stream(seed, "ratings")
    firms = people[people["kind"] == "business"].join(lives["left_on"])
    true = levels.set_index("customer")
    rows = [row for review in judged.reviews for n, firm in zip(firms.index, firms.to_dict("records"), strict=True)
            for row in _review(rng, plan, judged, plan.day(pd.Timestamp(review).date()), int(n), firm, true.loc[n])]  # fmt: skip
    ratings = pd.DataFrame(rows, columns=["customer", "criterion", "score", "rater", "day", "expires"]).sort_values(["day", "customer"], kind="stable", ignore_index=True)
    ratings["customer_id"] = file_under(records, ratings["customer"], ratings["day"], rng)
    ratings["rated_on"], ratings["expires_on"] = plan.dates(ratings["day"]), plan.dates(ratings["expires"].astype("float64"))
    return _slip(ratings[["customer", *RATINGS]].astype(object).where(lambda f: f.notna(), None), rng)


def _review(rng: np.random.Generator, plan: Plan, judged: Judged, day: int, customer: int, firm: dict[str, Any], true: pd.Series) -> list[tuple[Any, ...]]:
    """Return what is written about one account in one review; a few raters are weeks late."""
    share = dict(zip(("large", "medium", "small"), judged.reviewed, strict=True))[firm["size"]]
    gone = pd.notna(firm["left_on"]) and firm["left_on"] < day
    on = day + int(rng.exponential(9))
    if rng.random() >= share or gone or firm["start"] > day - 30 or on > plan.day(plan.end):
        return []
    second = [pick(rng, SECOND)] if firm["size"] != "small" and rng.random() < judged.second_rater else []
    asked = CRITERIA if firm["size"] != "small" else CORE
    return [(customer, c, _score(rng, judged, rater, int(true[c])), rater, on, on + 365 if rng.random() < judged.own_expiry else None)
            for rater in (firm["owner_id"], *second) for c in asked if rng.random() >= judged.left_out]  # fmt: skip


def _score(rng: np.random.Generator, judged: Judged, rater: str, true: int) -> int:
    leaning = {judged.generous: judged.generous_by, judged.strict: -judged.strict_by}.get(rater, 0.0)
    return int(np.clip(round(true + leaning + rng.normal(0, judged.noise)), 1, 5))


def _slip(ratings: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the sheet with a handful of slips: scores that are none, a blank rater, a mistyped id, a row copied twice."""
    spots = rng.permutation(len(ratings))[:16].tolist()
    sheet = ratings.copy()
    for spot, (column, value) in zip(spots[:6], (("score", 6), ("score", "4-5"), ("score", 0), ("rater", None), ("rater", None), ("customer_id", "K1O023")), strict=True):
        sheet.at[spot, column] = value
    for spot in spots[6:]:
        sheet.at[spot, "customer_id"] = wide(str(sheet.at[spot, "customer_id"]))
    return repeat_rows(sheet, 3, rng)
