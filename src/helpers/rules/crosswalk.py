"""Crosswalks: what a tier of one scheme is called in another, by rule and by the customers at hand."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd

from helpers.rules.schemes import Scheme


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
    >>> from helpers.rules.crosswalk import _place
    >>> _place("unknown", {"high": 1})
    2
    """
    a, b = schemes
    counts = tiers.groupby([a.scheme, b.scheme]).size().rename("customers").reset_index()
    counts.columns = ["tier_a", "tier_b", "customers"]
    for side in ("a", "b"):
        counts[f"share_of_{side}"] = counts["customers"] / counts.groupby(f"tier_{side}")["customers"].transform("sum")
    counts["_a"], counts["_b"] = counts["tier_a"].map(lambda t: _place(t, a.rank)), counts["tier_b"].map(lambda t: _place(t, b.rank))
    ordered = counts.sort_values(["_a", "_b"], ignore_index=True).assign(scheme_a=a.scheme, scheme_b=b.scheme)
    columns = ["scheme_a", "tier_a", "scheme_b", "tier_b", "customers", "share_of_a", "share_of_b"]
    return ordered[columns].astype({"scheme_a": "str", "tier_a": "str", "scheme_b": "str", "tier_b": "str", "customers": "Int64"})


def _place(tier: str, rank: dict[str, int]) -> int:
    return rank.get(tier, len(rank) + 1)


def cross_all(tiers: pd.DataFrame, schemes: Mapping[str, Scheme]) -> pd.DataFrame:
    """Return `cross_tiers` of every two schemes, one below the other."""
    parts = [cross_tiers(tiers, (schemes[a], schemes[b])) for a, b in combinations(sorted(schemes), 2)]
    return pd.concat(parts, ignore_index=True)
