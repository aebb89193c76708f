"""What customers are compared with: cut points, usual gaps and means of all customers at a day, as one small table.

Kept apart from the measures of the single customer, so that a change of tier can be split into what the customer did and what
everybody else did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from helpers.axes.bands import find_cuts, mean_cut, quantile_cuts
from helpers.axes.settings import ActivitySettings, RfmSettings

ALL = "all"
MEASURES = ("recency_days", "order_count", "total_spend")
PARTS = {"total_spend": "value", "orders_per_month": "value", "growth": "potential", "tenure_days": "relationship", "contacts_12m": "relationship"}
PART_BANDS, TERCILES = 5, 3
WIDE_BASKET = 0.9  # the room for more categories ends where the widest tenth of the same kind of customer is


def fit_population(measures: pd.DataFrame, rfm: RfmSettings, activity: ActivitySettings) -> pd.DataFrame:
    """Return the yardsticks of a day.

    Parameters
    ----------
    measures : pandas.DataFrame
        From `measure_customers`; customers without a standing order shape nothing.
    rfm : RfmSettings
        Method and number of the score bands.
    activity : ActivitySettings
        Shares of gaps for the method `population`.

    Returns
    -------
    pandas.DataFrame
        parameter (str), kind (str: `all`, consumer, business), position (Int64, from 1), value (float64, in the unit of the measure). Parameters:
        score:<measure>, tercile:<measure>, mean:<measure>, part:<measure> (cut points, ascending), gap:usual, gap:slowing, gap:silent (days),
        categories:wide (categories).
    """
    buyers = measures[measures["order_count"] > 0]
    rows: dict[str, list[float]] = {f"score:{m}": c for m, c in find_cuts(buyers, rfm).items()}
    rows |= {f"tercile:{m}": quantile_cuts(buyers[m], TERCILES) for m in MEASURES}
    rows |= {f"mean:{m}": mean_cut(buyers[m]) for m in MEASURES}
    own = buyers.assign(**own_parts(buyers))
    rows |= {f"part:{m}": quantile_cuts(own[m], PART_BANDS) for m in PARTS if m in own}
    told = [(p, ALL, i, v) for p, values in rows.items() for i, v in enumerate(values, 1)]
    told += [(p, kind, 1, v) for kind, group in _by_kind(buyers) for p, v in _gaps(group, activity).items()]
    return pd.DataFrame(told, columns=["parameter", "kind", "position", "value"]).astype({"parameter": "str", "kind": "str", "position": "Int64", "value": "float64"})


def own_parts(measures: pd.DataFrame) -> dict[str, pd.Series]:
    """Return two measures that are made of others: orders per month and growth, both missing where the history is too short.

    orders_per_month: orders of the last 12 months by the months since the first order, 1 to 12. growth: spend of the last 12 months less that of the 12
    before, by their sum (-1 to 1), for customers whose first order is 24 months back or more.
    """
    months = (measures["tenure_days"].astype("Float64") / (365.25 / 12)).clip(1, 12)
    new, old = measures["spend_12m"], measures["spend_prior_12m"]
    both = (new + old).where((new + old) > 0)
    grown = ((new - old) / both).where((measures["tenure_days"] >= 730).fillna(False).astype("bool"))
    return {"orders_per_month": (measures["orders_12m"] / months).astype("float64"), "growth": grown.astype("float64")}


def _by_kind(buyers: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All customers, and each kind on its own: businesses and consumers have rhythms of their own."""
    kinds = buyers["kind"].dropna().unique() if "kind" in buyers else []
    return [(ALL, buyers), *((str(k), buyers[buyers["kind"] == k]) for k in sorted(kinds))]


def _gaps(buyers: pd.DataFrame, activity: ActivitySettings) -> dict[str, float]:
    """Usual gap: the median of the customers' own medians, so that a few busy customers do not set the pace for all."""
    medians = buyers["median_gap_days"].dropna()
    found: dict[str, float] = {}
    if len(medians):
        shares = {"usual": 0.5, "slowing": activity.slowing_share, "silent": activity.silent_share}
        found |= {f"gap:{n}": float(medians.quantile(s)) for n, s in shares.items()}
    if "categories" in buyers and len(buyers):
        found["categories:wide"] = float(buyers["categories"].astype("float64").quantile(WIDE_BASKET))
    return found


@dataclass(frozen=True)
class Yardsticks:
    """The population table, ready to be asked."""

    cuts: Mapping[str, list[float]]
    by_kind: Mapping[tuple[str, str], float]

    @classmethod
    def of(cls, population: pd.DataFrame) -> Yardsticks:
        """Read the table that `fit_population` returns; row order does not matter."""
        ordered = population.sort_values(["parameter", "kind", "position"])
        cut = ordered[ordered["parameter"].str.startswith(("score:", "tercile:", "mean:", "part:"))]
        cuts = {p: g["value"].tolist() for p, g in cut.groupby("parameter")}
        single = ordered.drop(cut.index)
        return cls(cuts, {(r.parameter, r.kind): float(r.value) for r in single.itertuples()})

    def cut(self, parameter: str) -> list[float]:
        """Return cut points, none when all customers are equal."""
        return self.cuts.get(parameter, [])

    def per_customer(self, parameter: str, kinds: pd.Series) -> pd.Series:
        """Return a value for each customer's kind, that of all customers where the kind is not known or has no value of its own."""
        everyone = self.by_kind.get((parameter, ALL), float("nan"))
        own = {k: v for (p, k), v in self.by_kind.items() if p == parameter and k != ALL}
        return kinds.map(own).astype("float64").fillna(everyone)
