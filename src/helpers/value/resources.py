"""Resource value: need match times lifetime value, which is where effort pays (feature F28, row 004-01)."""

from __future__ import annotations

import pandas as pd

TABLE = ["customer_id", "match", "expected_value", "resource_value", "resource_rank", "revenue_rank", "rank_difference", "reason"]


def rank_resources(need_match: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return customers by need match x expected value, beside their rank by revenue.

    Parameters
    ----------
    need_match : pandas.DataFrame
        customer_id (str), match (float64, 0 to 1), reason (str).
    values : pandas.DataFrame
        Table `customer_values`.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), match (float64), expected_value, resource_value (float64, currency units; missing without a match or a prediction, never zero),
        resource_rank, revenue_rank (Int64), rank_difference (Int64, revenue rank less resource rank: positive means more worth than revenue says), reason
        (str). Highest resource value first, then by id.

    Examples
    --------
    >>> match = pd.DataFrame({"customer_id": ["a", "b"], "match": [0.9, 0.1], "reason": ["fits", "hardly"]})
    >>> values = pd.DataFrame({"customer_id": ["a", "b"], "revenue": [10.0, 90.0], "expected_value": [50.0, 80.0]})
    >>> rank_resources(match, values)[["customer_id", "resource_value", "rank_difference"]].values.tolist()
    [['a', 45.0, 1], ['b', 8.0, -1]]
    """
    table = values[["customer_id", "revenue", "expected_value"]].merge(need_match[["customer_id", "match", "reason"]], on="customer_id", how="left")
    table["resource_value"] = (table["match"].clip(0, 1) * table["expected_value"]).round(4)
    for name, column in (("resource_rank", "resource_value"), ("revenue_rank", "revenue")):
        table[name] = table[column].rank(method="min", ascending=False).astype("Int64")
    table["rank_difference"] = table["revenue_rank"] - table["resource_rank"]
    table["reason"] = table["reason"].fillna("no need is known")
    return table.astype({"reason": "str", "match": "float64"}).sort_values(["resource_value", "customer_id"], ascending=[False, True], ignore_index=True)[TABLE]
