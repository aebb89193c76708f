"""Do need types last? Found on the earlier part, looked at in the later part."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.needs.need_types import TYPES, assign_need_types, fit_types
from helpers.needs.settings_people import NeedsSettings
from helpers.needs.stats import mean_interval

COLUMNS = {
    "need_type": "str", "method": "str", "customers": "Int64", "later_rate": "float64", "others_rate": "float64", "difference": "float64",
    "difference_low": "float64",
    "difference_high": "float64", "lasts": "boolean",
}  # fmt: skip
DRAWS = 500


def judge_types(before: pd.DataFrame, later: pd.DataFrame, settings: NeedsSettings) -> pd.DataFrame:
    """Return how customers typed on the earlier period behaved in the later one, beside a naive rule.

    Parameters
    ----------
    before, later : pandas.DataFrame
        From `count_evidence`, of two periods that do not overlap.
    settings : NeedsSettings

    Returns
    -------
    pandas.DataFrame
        need_type, method ("need types", or "top quarter": the quarter of customers with the highest earlier rate, the naive rule), customers (Int64,
        so typed and seen again), later_rate and others_rate (float64, mean over customers of what shows the type), difference with its 95 %
        bootstrap interval, lasts (boolean, the interval lies above 0).
    """
    rates = fit_types(before, settings)
    typed = assign_need_types(before, rates, settings).set_index("customer_id")["need_type"]
    rows = []
    for need, dimension in TYPES.items():
        if f"n_{dimension}" not in before or f"n_{dimension}" not in later:
            continue
        seen = later[later[f"n_{dimension}"] > 0].set_index("customer_id")
        seen = seen[seen.index.isin(before.loc[before["orders"] >= settings.min_orders, "customer_id"])]
        rate = seen[f"k_{dimension}"] / seen[f"n_{dimension}"]
        earlier = before.set_index("customer_id").reindex(rate.index)
        first = (earlier[f"k_{dimension}"] / earlier[f"n_{dimension}"].where(earlier[f"n_{dimension}"] > 0)).fillna(0)
        groups = {"need types": typed.reindex(rate.index) == need, "top quarter": first > first.quantile(0.75)}
        rows += [(need, method, *_difference(rate, chosen.to_numpy(dtype=bool))) for method, chosen in groups.items()]
    told = pd.DataFrame(rows, columns=list(COLUMNS)[:-1])
    return told.assign(lasts=told["difference_low"] > 0).astype(COLUMNS)


def _difference(rate: pd.Series, chosen: np.ndarray) -> tuple[int, float, float, float, float, float]:
    inside, outside = rate[chosen].to_numpy(), rate[~chosen].to_numpy()
    if len(inside) < 5 or len(outside) < 5:
        return len(inside), np.nan, np.nan, np.nan, np.nan, np.nan
    others = float(outside.mean())
    low, high = mean_interval(inside - others, draws=DRAWS)
    return len(inside), round(float(inside.mean()), 6), round(others, 6), round(float(inside.mean()) - others, 6), low, high
