"""Every customer's tier, under every scheme, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.rules.schemes import Scheme, assign_scheme

NUMBERS = (
    "order_count", "recency_days", "usual_gap_days", "total_spend", "average_order_value", "tenure_days", "last_order_date",
    "r_score", "f_score", "m_score", "rfm_score", "activity", "silence", "risk", "trend", "state", "value_band", "potential_band",
)  # fmt: skip


def assign_tiers(axes: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Give every customer one tier and the numbers behind it.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`.
    scheme : Scheme

    Returns
    -------
    pandas.DataFrame
        customer_id, tier (str, key), label_en, label_zh (str), rank (Int64, 1 is the best tier, missing when not measured), call_first (boolean), reason (str, in one
        sentence with numbers), rule (Int64, number of the rule that decided), then the columns of `NUMBERS`. One row per row of
        `axes`, in its order.
    """
    tiers = assign_scheme(axes, scheme)
    labels = {language: tiers["tier"].map(scheme.label(language)).astype("str") for language in ("en", "zh")}
    return tiers[["customer_id", "tier"]].assign(
        label_en=labels["en"], label_zh=labels["zh"], rank=tiers["tier"].map(scheme.rank).astype("Int64"),
        call_first=tiers["tier"].isin(scheme.call_first).astype("boolean"), reason=say_customers(axes).to_numpy(), rule=tiers["rule"],
        **{c: axes[c].to_numpy() if axes[c].dtype == object else axes[c].array for c in NUMBERS if c in axes},
    ).astype({"reason": "str"})  # fmt: skip


def say_customers(axes: pd.DataFrame) -> pd.Series:
    """Return one sentence per customer: orders, last order against the usual gap, spend.

    Examples
    --------
    >>> told = pd.DataFrame({"order_count": [6, 0], "recency_days": [9, None], "usual_gap_days": [30.0, None], "total_spend": [80.0, 0.0]})
    >>> say_customers(told).tolist()
    ['6 orders, last 9 days ago (usual gap 30 days), 80.00 in all', 'no order that stands']
    """
    texts = [
        f"{_count(row.order_count, 'order')}, last {_count(row.recency_days, 'day')} ago{_gap(row.usual_gap_days)}, {row.total_spend:,.2f} in all"
        if row.order_count
        else "no order that stands"
        for row in axes[["order_count", "recency_days", "usual_gap_days", "total_spend"]].itertuples()
    ]
    return pd.Series(texts, index=axes.index, dtype="str")


def _count(number: int, unit: str) -> str:
    return f"{number:.0f} {unit}" if number == 1 else f"{number:,.0f} {unit}s"


def _gap(days: float) -> str:
    return f" (usual gap {days:.0f} days)" if pd.notna(days) else ""


def assign_all(axes: pd.DataFrame, schemes: Mapping[str, Scheme]) -> pd.DataFrame:
    """Return every customer's tier under every scheme: customer_id, then one column of tier keys (str) per scheme."""
    return pd.DataFrame({"customer_id": axes["customer_id"].array} | {n: assign_scheme(axes, s)["tier"].array for n, s in schemes.items()})
