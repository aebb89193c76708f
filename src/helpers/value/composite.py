"""One score from three parts, 40/40/20 unless told otherwise: who is core, why, and whether the ranks hold (features F24, F28)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.value.potential import percentile_scores
from helpers.value.settings import ValueSettings

PARTS = ("historic", "potential", "strategic")
SCORES = [
    "customer_id", "historic_score", "potential_score", "strategic_score", "historic_points", "potential_points", "strategic_points", "value_score", "score_low", "score_high", "weight_measured",
    "not_measured", "value_rank", "rank_best", "rank_worst", "is_core", "core_rank", "reason",
]  # fmt: skip


def combine_parts(parts: pd.DataFrame, weights: dict[str, float], missing_part: str = "renormalise") -> pd.DataFrame:
    """Return the composite score with the points that each part contributes.

    Parameters
    ----------
    parts : pandas.DataFrame
        historic_score, potential_score, strategic_score (0 to 100, missing where not measured), potential_measured and strategic_measured (share of
        the part that stands on evidence).
    weights : dict
        By part, adding up to one.
    missing_part : {"renormalise", "no_points"}
        Whether the weight of a part without evidence goes to the other parts, or gives no points.

    Returns
    -------
    pandas.DataFrame
        With the index of `parts`: `<part>_points`, which add up to value_score (0 to 100; missing when no part is measured), score_low, score_high (the
        score if the missing parts were judged lowest or highest; equal to value_score when nothing is missing), weight_measured (0 to 1:
        share of the whole weight that stands on evidence), not_measured (str, parts that are missing and whose weight went to the others).

    Examples
    --------
    >>> one = pd.DataFrame({"historic_score": [90.0], "potential_score": [60.0], "strategic_score": [float("nan")], "potential_measured": [1.0], "strategic_measured": [0.0]})
    >>> combine_parts(one, {"historic": 0.4, "potential": 0.4, "strategic": 0.2})[["value_score", "weight_measured", "not_measured"]].values.tolist()
    [[75.0, 0.8, 'strategic']]
    """
    scores = {p: parts[f"{p}_score"] for p in PARTS}
    held = pd.DataFrame({p: scores[p].notna() * weights[p] for p in PARTS})
    full = held.sum(axis=1).where(held.sum(axis=1) > 0)
    base = full if missing_part == "renormalise" else full.where(full.isna(), 1.0)
    points = pd.DataFrame({p: scores[p].fillna(0.0) * held[p] for p in PARTS}).div(base, axis=0).where(held > 0)
    value = points.sum(axis=1, min_count=1).round(6)
    depth = pd.DataFrame({"historic": 1.0, "potential": parts["potential_measured"].fillna(0.0), "strategic": parts["strategic_measured"].fillna(0.0)}, index=parts.index)
    told = name_missing({p: scores[p].isna() & (weights[p] > 0) for p in PARTS}, parts.index)
    low = (held * pd.DataFrame(scores).fillna(0.0)).sum(axis=1)
    spare = (1 - held.sum(axis=1)).clip(lower=0) * 100  # what the missing parts could still give
    return points.add_suffix("_points").assign(value_score=value, score_low=low.round(6), score_high=(low + spare).round(6), weight_measured=(held * depth).sum(axis=1).round(6), not_measured=told)


def name_missing(missing: dict[str, pd.Series], index: pd.Index) -> pd.Series:
    """Return, per row, the names of the parts that are missing, joined by "and"; built part by part, because a call per row is slow for many customers.

    Examples
    --------
    >>> name_missing({"historic": pd.Series([False, True]), "strategic": pd.Series([True, True])}, pd.RangeIndex(2)).tolist()
    ['strategic', 'historic and strategic']
    """
    told = np.full(len(index), "", dtype=object)
    for part, gone in missing.items():
        lacks = gone.to_numpy(dtype=bool)
        told[lacks] = np.where(told[lacks] == "", part, told[lacks] + f" and {part}")
    return pd.Series(told, index=index, dtype="str")


def rank_scores(value_score: pd.Series) -> pd.Series:
    """Return the rank of each score, 1 the highest; equal scores share the best rank, missing ones have none."""
    return value_score.rank(method="min", ascending=False).astype("Int64")


def shifted_weights(weights: dict[str, float], step: float) -> dict[str, dict[str, float]]:
    """Return the weights after moving `step` from one part to another, in every direction that leaves none below zero.

    Examples
    --------
    >>> list(shifted_weights({"historic": 0.4, "potential": 0.4, "strategic": 0.2}, 0.1))[:2]
    ['historic to potential', 'historic to strategic']
    """
    return {
        f"{giver} to {taker}": weights | {giver: round(weights[giver] - step, 12), taker: round(weights[taker] + step, 12)}
        for giver in PARTS for taker in PARTS if giver != taker and weights[giver] >= step - 1e-12
    }  # fmt: skip


def score_values(parts: pd.DataFrame, settings: ValueSettings) -> pd.DataFrame:
    """Return every customer's composite value with contributions, rank and its range, and whether the customer is core.

    Parameters
    ----------
    parts : pandas.DataFrame
        customer_id, the three scores, potential_measured, strategic_measured, value (money that the core list is cut by), and for the reason
        historic_value, expected_value, rating.
    settings : ValueSettings

    Returns
    -------
    pandas.DataFrame
        customer_id (str), `<part>_score`, `<part>_points`, value_score, score_low, score_high (0 to 100), weight_measured (0 to 1; float64), not_measured (str), value_rank,
        rank_best, rank_worst (Int64, over all shifts of the weights by `weight_step`), is_core (boolean), core_rank (Int64, missing outside the
        core), reason (str). Sorted by customer_id.

    Notes
    -----
    Rows 002-42 to 002-44. Historic and potential parts are percentiles; ratings keep the absolute scale of their anchors, so that changing one
    rating moves one customer's strategic part and nobody else's.
    """
    combined = parts.reset_index(drop=True)
    combined = combined.join(combine_parts(combined, settings.weights, settings.missing_part))
    ranks = pd.DataFrame({n: rank_scores(combine_parts(combined, w, settings.missing_part)["value_score"]) for n, w in shifted_weights(settings.weights, settings.weight_step).items()})
    combined["value_rank"] = rank_scores(combined["value_score"])
    both = ranks.assign(now=combined["value_rank"]).astype("Float64")
    combined = combined.assign(rank_best=both.min(axis=1).astype("Int64"), rank_worst=both.max(axis=1).astype("Int64"))
    core = pick_core(combined, settings)
    combined = combined.assign(core_rank=core, is_core=core.notna().astype("boolean"))
    return combined.assign(reason=_reasons(combined)).astype({"reason": "str"}).sort_values("customer_id", ignore_index=True)[SCORES]


def pick_core(scored: pd.DataFrame, settings: ValueSettings) -> pd.Series:
    """Return the rank within the core list, missing for everybody else.

    By share: the customers with the highest scores until together they hold `core_share` of all positive value. By count: the first `core_count`.
    Equal scores are ordered by value, then by id.

    Parameters
    ----------
    scored : pandas.DataFrame
        customer_id, value_score, value (money).
    settings : ValueSettings
        core_by, core_share, core_count.

    Examples
    --------
    >>> three = pd.DataFrame({"customer_id": ["a", "b", "c"], "value_score": [90.0, 20.0, 60.0], "value": [700.0, 100.0, 200.0]})
    >>> pick_core(three, ValueSettings()).tolist()
    [1, <NA>, 2]
    """
    order = scored[scored["value_score"].notna()].sort_values(["value_score", "value", "customer_id"], ascending=[False, False, True])
    place = pd.Series(range(1, len(order) + 1), index=order.index)
    if settings.core_by == "count":
        inside = place <= settings.core_count
    else:
        worth = order["value"].fillna(0.0).clip(lower=0)
        reached = worth.cumsum().shift(fill_value=0.0)
        inside = (reached < settings.core_share * worth.sum()) & (worth.sum() > 0)
    return place.where(inside).reindex(scored.index).astype("Int64")


def _reasons(scored: pd.DataFrame) -> list[str]:
    total = int(scored["value_rank"].notna().sum())
    return [_reason(row, total) for row in scored.itertuples()]


def _reason(row: tuple, total: int) -> str:  # type: ignore[type-arg]
    if pd.isna(row.value_rank):  # type: ignore[attr-defined]
        return "no part is measured"
    known = [f"brought {row.historic_value:,.0f}" if pd.notna(row.historic_value) else "", f"may bring {row.expected_value:,.0f}" if pd.notna(row.expected_value) else "no forecast",  # type: ignore[attr-defined]
             f"rated {row.rating:.1f} of 5" if pd.notna(row.rating) else "no rating"]  # type: ignore[attr-defined]  # fmt: skip
    span = f" ({row.rank_best:,} to {row.rank_worst:,} under other weights)" if row.rank_best != row.rank_worst else ""  # type: ignore[attr-defined]
    return f"rank {row.value_rank:,} of {total:,}{span}: {', '.join(k for k in known if k)}"  # type: ignore[attr-defined]


def score_parts(values: pd.DataFrame, net: pd.Series | None, potential: pd.DataFrame, strategic: pd.DataFrame) -> pd.DataFrame:
    """Return the three parts side by side, ready for `score_values`.

    Parameters
    ----------
    values : pandas.DataFrame
        customer_id, historic_value, expected_value.
    net : pandas.Series or None
        Net contribution after cost to serve by customer_id; the historic part stands on it where it is measured.
    potential : pandas.DataFrame
        From `score_potential`.
    strategic : pandas.DataFrame
        From `score_strategic`.
    """
    ids = values["customer_id"]
    worth = values["historic_value"].astype("float64")
    if net is not None:
        worth = net.reindex(ids).set_axis(worth.index).astype("float64").fillna(worth)
    part = potential.set_index("customer_id").reindex(ids)
    judged = strategic.set_index("customer_id").reindex(ids)
    return pd.DataFrame({
        "customer_id": ids.to_numpy(), "historic_score": percentile_scores(worth).to_numpy(), "potential_score": part["potential_score"].to_numpy(float), "strategic_score": judged["strategic_score"].to_numpy(float),
        "potential_measured": part["potential_measured"].to_numpy(float), "strategic_measured": judged["strategic_measured"].to_numpy(float), "historic_value": worth.to_numpy(),
        "expected_value": values["expected_value"].to_numpy(float), "rating": judged["rating"].to_numpy(float),
        "value": worth.clip(lower=0).fillna(0).to_numpy() + values["expected_value"].astype("float64").clip(lower=0).fillna(0.0).to_numpy(),
    }).astype({"customer_id": "str"})  # fmt: skip
