"""Which source brings customers who stay."""

from __future__ import annotations

import pandas as pd

from helpers.axes.intervals import wilson
from helpers.engine import MONEY_SCALE

FEW = 20
COLUMNS = {
    "source": "str", "customers": "Int64", "buyers": "Int64", "repeat_share": "float64", "repeat_low": "float64", "repeat_high": "float64", "still_active": "float64",
    "spend_per_buyer": "float64", "note": "str",
}  # fmt: skip


def judge_sources(axes: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Return per source how many customers it brought, and how many of them bought again and are still there.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`.
    customers : pandas.DataFrame
        Table `customers` with source.

    Returns
    -------
    pandas.DataFrame
        source (str; `not known` where the field is empty), customers, buyers (Int64), repeat_share with its 95 % interval repeat_low, repeat_high (float64, of buyers, two orders or more),
        still_active (float64, of buyers, not silent), spend_per_buyer (float64, currency units), note (str: too few to compare below 20 buyers). Largest first.

    Notes
    -----
    Row 004-74, feature F44. Sources differ in age: a young source has had less time to see repeats.
    """
    known = axes.merge(customers[["customer_id", "source"]], on="customer_id", how="inner")
    rows = [_judge(str(name), group) for name, group in known.assign(source=known["source"].fillna("not known")).groupby("source")]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS).sort_values(["customers", "source"], ascending=[False, True], ignore_index=True)


def _judge(name: str, group: pd.DataFrame) -> tuple[object, ...]:
    buyers = group[group["order_count"] > 0]
    again = int((buyers["order_count"] > 1).sum())
    low, high = wilson(again, len(buyers))
    spend = (buyers["total_spend"] * MONEY_SCALE).round().sum() / MONEY_SCALE
    count = max(len(buyers), 1)
    active = float((buyers["activity"] != "silent").sum() / count)
    return (name, len(group), len(buyers), again / count, low, high, active, round(spend / count, 2), "too few to compare" if len(buyers) < FEW else "")
