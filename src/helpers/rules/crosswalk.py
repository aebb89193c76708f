"""Crosswalks: what a tier of one scheme is called in another, by the customers at hand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from helpers.rules.schemes import Scheme

COLUMNS = {
    "scheme_a": "str", "tier_a": "str", "scheme_b": "str", "tier_b": "str", "customers": "Int64", "share_of_a": "float64", "share_of_b": "float64",
}  # fmt: skip


def cross_tiers(tiers: pd.DataFrame, schemes: tuple[Scheme, Scheme]) -> pd.DataFrame:
    """Return how many customers hold each pair of tiers of two schemes.

    Parameters
    ----------
    tiers : pandas.DataFrame
        One row per customer and one column of tier keys per scheme, named as the scheme.
    schemes : tuple of two Scheme

    Returns
    -------
    pandas.DataFrame
        scheme_a, tier_a, scheme_b, tier_b (str), customers (Int64), share_of_a, share_of_b (float64, of the customers of that tier). Pairs that occur,
        in the order of the schemes' tiers.

    Examples
    --------
    >>> from helpers.rules.schemes import read_scheme
    >>> words = {"en": "x", "zh": "x"}
    >>> def two_tiers(name):
    ...     tiers = [{"key": k, "label": words, "who": words, "objective": words} for k in ("big", "small")]
    ...     return read_scheme({"scheme": name, "title": words, "about": "", "codes": ["spend"], "tiers": tiers,
    ...         "rules": [{"tier": "big", "when": "spend >= 100"}], "fallback": {"tier": "small"}}, name)
    >>> held = pd.DataFrame({"customer_id": ["a", "b", "c"], "mine": ["big", "big", "small"], "theirs": ["big", "small", "small"]})
    >>> cross_tiers(held, (two_tiers("mine"), two_tiers("theirs")))[["tier_a", "tier_b", "customers", "share_of_a"]].values.tolist()
    [['big', 'big', 1, 0.5], ['big', 'small', 1, 0.5], ['small', 'small', 1, 1.0]]
    """
    a, b = schemes
    pairs = pd.DataFrame({"tier_a": tiers[a.scheme].array, "tier_b": tiers[b.scheme].array})
    counts = pairs.groupby(["tier_a", "tier_b"]).size().rename("customers").reset_index()
    for side in ("a", "b"):
        counts[f"share_of_{side}"] = counts["customers"] / counts.groupby(f"tier_{side}")["customers"].transform("sum")
    counts["_a"], counts["_b"] = counts["tier_a"].map(lambda t: _place(t, a.rank)), counts["tier_b"].map(lambda t: _place(t, b.rank))
    ordered = counts.sort_values(["_a", "_b"], ignore_index=True).assign(scheme_a=a.scheme, scheme_b=b.scheme)
    return ordered[list(COLUMNS)].astype(COLUMNS)


def _place(tier: str, rank: dict[str, int]) -> int:
    return rank.get(tier, len(rank) + 1)


def cross_all(tiers: pd.DataFrame, schemes: Mapping[str, Scheme]) -> pd.DataFrame:
    """Return `cross_tiers` of every two schemes, one below the other; no rows when there is only one."""
    parts = [cross_tiers(tiers, (schemes[a], schemes[b])) for a, b in combinations(sorted(schemes), 2)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS)).astype(COLUMNS)
