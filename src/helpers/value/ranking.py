"""Whether the order of customers holds: under other weights, and beside simpler orders such as revenue (feature F24)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.value.composite import PARTS, combine_parts, pick_core, rank_scores, shifted_weights
from helpers.value.settings import ValueSettings


def measure_stability(parts: pd.DataFrame, settings: ValueSettings) -> pd.DataFrame:
    """Say whether ranks and core list hold when the weights move by `weight_step`.

    Parameters
    ----------
    parts : pandas.DataFrame
        From `score_parts`.
    settings : ValueSettings

    Returns
    -------
    pandas.DataFrame
        shift (str, first "as set"), historic, potential, strategic (float64, the weights), rank_correlation (Spearman with the ranks as set),
        median_move, largest_move (float64, places), core (Int64, customers), core_kept (float64, share of the core list as set that stays; missing when
        nobody is core). A correlation is missing when all scores are equal.
    """
    base = parts.reset_index(drop=True).join(combine_parts(parts.reset_index(drop=True), settings.weights, settings.missing_part)[["value_score"]])
    ranks, core = rank_scores(base["value_score"]), pick_core(base, settings)
    rows = []
    for name, weights in {"as set": settings.weights, **shifted_weights(settings.weights, settings.weight_step)}.items():
        other = base.assign(value_score=combine_parts(base, weights, settings.missing_part)["value_score"])
        theirs, kept = rank_scores(other["value_score"]), pick_core(other, settings)
        move = (theirs - ranks).abs().astype("Float64").dropna()
        both = (core.notna() & kept.notna()).sum() / core.notna().sum() if core.notna().any() else np.nan
        correlation = rank_correlation(other["value_score"], base["value_score"])
        rows.append((name, *(weights[p] for p in PARTS), correlation, float(move.median()) if len(move) else 0.0, float(move.max()) if len(move) else 0.0, int(kept.notna().sum()), float(both)))
    columns = ["shift", *PARTS, "rank_correlation", "median_move", "largest_move", "core", "core_kept"]
    return pd.DataFrame(rows, columns=columns).astype({"shift": "str", "core": "Int64"})


def rank_correlation(one: pd.Series, other: pd.Series) -> float:
    """Return Spearman's rank correlation over the customers known in both; missing when fewer than two or all alike.

    Examples
    --------
    >>> round(rank_correlation(pd.Series([1.0, 2.0, 3.0]), pd.Series([2.0, 4.0, float("nan")])), 6)
    1.0
    """
    known = one.notna() & other.notna()
    varies = min(one[known].nunique(), other[known].nunique()) > 1
    return float(one[known].corr(other[known], method="spearman")) if varies else float("nan")


def compare_ranks(scored: pd.DataFrame, others: dict[str, pd.Series]) -> pd.DataFrame:
    """Compare the composite with simpler orders: do they name the same customers?

    Parameters
    ----------
    scored : pandas.DataFrame
        From `score_values`.
    others : dict of str to pandas.Series
        Other orders by customer_id, higher is better: revenue, historic value, expected value.

    Returns
    -------
    pandas.DataFrame
        compared_with (str), rank_correlation (float64), core (Int64, size of the core list), in_both (Int64, of the core list also among as many first of
        the other order), in_both_share (float64). An order that knows nobody, such as a forecast that could not be made, agrees on nothing: missing.
    """
    core = set(scored.loc[scored["is_core"], "customer_id"])
    score = scored.set_index("customer_id")["value_score"]
    rows = []
    for name, other in others.items():
        known = other.reindex(score.index).astype("float64").dropna()
        first = known.rename_axis("customer_id").rename("v").reset_index().sort_values(["v", "customer_id"], ascending=[False, True]).head(len(core))["customer_id"]
        both = len(core & set(first)) if len(known) and core else pd.NA
        rows.append((name, rank_correlation(score, known.reindex(score.index)), len(core), both, both / len(core) if both is not pd.NA else np.nan))
    return pd.DataFrame(rows, columns=["compared_with", "rank_correlation", "core", "in_both", "in_both_share"]).astype({"compared_with": "str", "core": "Int64", "in_both": "Int64"})
