"""Who buys this also buys that, in one order: frequent item sets by mlxtend, with a false-discovery control."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from helpers.needs.settings import BasketsSettings
from helpers.needs.stats import false_discovery, share_interval

JOINER = " + "
COLUMNS = {
    "antecedent": "str", "consequent": "str", "size": "Int64", "baskets": "Int64", "count": "Int64", "antecedent_count": "Int64",
    "consequent_count": "Int64", "support": "float64", "confidence": "float64", "confidence_low": "float64", "confidence_high": "float64",
    "lift": "float64", "p_value": "float64", "q_value": "float64", "holds": "boolean", "is_redundant": "boolean",
}  # fmt: skip


def find_itemsets(basket_items: pd.DataFrame, settings: BasketsSettings) -> tuple[pd.DataFrame, int]:
    """Return the item sets that enough baskets hold, and the number of baskets.

    Parameters
    ----------
    basket_items : pandas.DataFrame
        order_id, item: each item once per basket.
    settings : BasketsSettings

    Returns
    -------
    itemsets : pandas.DataFrame
        itemsets (frozenset of str), count (int64, baskets that hold all of them).
    baskets : int

    Notes
    -----
    FP-growth (Han, Pei and Yin 2000) by mlxtend on a sparse table of items that are frequent on their own; the others cannot
    be part of a frequent set, so the answer is the same and the table small.
    """
    from mlxtend.frequent_patterns import fpgrowth
    from scipy.sparse import csr_matrix

    rows, orders = pd.factorize(basket_items["order_id"])
    columns, items = pd.factorize(basket_items["item"], sort=True)
    total, least = len(orders), _least(len(orders), settings)
    counts = np.bincount(columns, minlength=len(items))
    frequent = np.flatnonzero(counts >= least)
    if not len(frequent):
        return pd.DataFrame({"itemsets": [], "count": pd.Series(dtype="int64")}), total
    cells = csr_matrix((np.ones(len(rows), dtype=bool), (rows, columns)), shape=(total, len(items)))[:, frequent]
    table = pd.DataFrame.sparse.from_spmatrix(cells[cells.getnnz(axis=1) > 0])
    found = fpgrowth(table, min_support=(least - 0.5) / len(table), max_len=settings.max_size)
    named = [frozenset(items[frequent[list(s)]]) for s in found["itemsets"]]
    return pd.DataFrame({"itemsets": named, "count": (found["support"] * len(table)).round().astype("int64")}), total


def _least(baskets: int, settings: BasketsSettings) -> int:
    return max(settings.min_count, math.ceil(settings.min_support * baskets - 1e-9), 1)


def find_basket_rules(basket_items: pd.DataFrame, settings: BasketsSettings) -> pd.DataFrame:
    """Return the rules "who buys the left side also buys the right side" with what speaks for each.

    Parameters
    ----------
    basket_items : pandas.DataFrame
        order_id, item: each item once per basket.
    settings : BasketsSettings

    Returns
    -------
    pandas.DataFrame
        antecedent (str, items joined by " + "), consequent (str, one item), size (Int64, items on both sides), baskets, count,
        antecedent_count, consequent_count (Int64), support, confidence with its 95 % Wilson interval, lift (float64; 1 means no
        link), p_value (one-sided hypergeometric), q_value (Benjamini-Hochberg over every rule that could have been reported),
        holds (boolean, q_value within `fdr` and lift above 1), is_redundant (boolean, a shorter left side does as well).
        Best first: rules that hold, then lift.

    Notes
    -----
    One item on the right side, as in R's arules. The test asks whether baskets are independent draws; a customer has many
    baskets, so p-values are a filter against chance, not a proof. Rows 004-26, 004-27; feature F17.

    Examples
    --------
    >>> orders = pd.DataFrame({"order_id": list("112233445566"), "item": list("ababababcdcd")})
    >>> rules = find_basket_rules(orders, BasketsSettings(min_count=2))
    >>> rules[["antecedent", "consequent", "count", "confidence", "lift"]].head(2).values.tolist()
    [['c', 'd', 2, 1.0, 3.0], ['d', 'c', 2, 1.0, 3.0]]
    """
    itemsets, baskets = find_itemsets(basket_items, settings)
    known = dict(zip(itemsets["itemsets"], itemsets["count"], strict=True))
    sides = [(whole - {last}, last) for whole in known if len(whole) > 1 for last in whole]
    rows = [(JOINER.join(sorted(left)), last, len(left) + 1, baskets, known[left | {last}], known[left], known[frozenset({last})]) for left, last in sides]
    rules = pd.DataFrame(rows, columns=list(COLUMNS)[:7])
    return _judge(rules.assign(is_redundant=_redundant(sides, known)), known, settings)


def _judge(rules: pd.DataFrame, known: dict[frozenset[str], int], settings: BasketsSettings) -> pd.DataFrame:
    from scipy.stats import hypergeom

    count, left, right, total = (rules[c].to_numpy(dtype="float64") for c in ("count", "antecedent_count", "consequent_count", "baskets"))
    confidence = count / left
    low, high = share_interval(count, left)
    p_values = hypergeom.sf(count - 1, total, right, left) if len(rules) else np.array([])
    lift = confidence / (right / total)
    q_values = false_discovery(p_values, count_tests(known, settings))
    told = rules.assign(
        support=(count / total).round(6), confidence=confidence, confidence_low=low, confidence_high=high, lift=lift.round(6), p_value=p_values.round(12),
        q_value=q_values, holds=(q_values <= settings.fdr) & (lift > 1),
    )[list(COLUMNS)].astype(COLUMNS)  # fmt: skip
    kept = told[told["confidence"] >= settings.min_confidence - 1e-12].assign(confidence=lambda f: f["confidence"].round(6))
    order = ["holds", "is_redundant", "lift", "count", "antecedent", "consequent"]
    return kept.sort_values(order, ascending=[False, True, False, False, True, True], ignore_index=True)


def count_tests(known: dict[frozenset[str], int], settings: BasketsSettings) -> int:
    """Return how many rules were looked at: every frequent left side with every other frequent item, seen together or not."""
    singles = sum(len(s) == 1 for s in known)
    return max(sum(singles - len(s) for s in known if len(s) < settings.max_size), 1)


def _redundant(sides: list[tuple[frozenset[str], str]], known: dict[frozenset[str], int]) -> list[bool]:
    """A longer left side that is no surer than a part of it tells nothing new (arules: is.redundant)."""
    sure = {(left, last): known[left | {last}] / known[left] for left, last in sides}
    return [len(left) > 1 and any(sure[left - {item}, last] >= sure[left, last] for item in left) for left, last in sides]


def summarise_baskets(basket_items: pd.DataFrame, rules: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return what the rules stand on, one row: level, baskets, items, items_per_basket, rules, rules_that_hold."""
    baskets = basket_items["order_id"].nunique()
    row = {"level": level, "baskets": baskets, "items": basket_items["item"].nunique(), "items_per_basket": round(len(basket_items) / max(baskets, 1), 4),
           "rules": len(rules), "rules_that_hold": int(rules["holds"].sum())}  # fmt: skip
    return pd.DataFrame([row]).astype({"level": "str", "baskets": "Int64", "items": "Int64", "rules": "Int64", "rules_that_hold": "Int64"})
