"""Does "lapsed" mean anything? The rule judged by what the next quarter showed, beside flat rules."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping

import pandas as pd

from helpers.axes.activity import find_limits
from helpers.axes.intervals import wilson
from helpers.axes.population import Yardsticks, fit_population
from helpers.axes.settings import ActivitySettings, RfmSettings

METHOD_SAYS = {"own_rhythm": "own rhythm", "population": "gaps of all customers"}
IN_USE = " (in use)"
CHANCE, CLEARLY = 0.1, 0.02  # agreement below the first is hardly better than chance; a rule is better from the second on
COLUMNS = {
    "rule": "str", "in_use": "boolean", "customers": "Int64", "flagged": "Int64", "flagged_share": "float64", "stayed_away": "Int64", "precision": "float64",
    "precision_low": "float64", "precision_high": "float64", "recall": "float64", "agreement": "float64", "base_rate": "float64", "lift": "float64",
}  # fmt: skip


def matthews(hits: int, flagged: int, gone: int, of: int) -> float | None:
    """Return Matthews' correlation of a yes-no flag with a yes-no outcome; missing when one of them is the same for all.

    Unlike precision, recall or their mean it gives nothing to a rule that flags everybody where nearly everybody stays away.

    Parameters
    ----------
    hits, flagged, gone, of : int
        Flagged and gone, flagged, gone, all.

    Examples
    --------
    >>> matthews(8, 10, 10, 40)
    0.7333333333333333
    """
    spread = flagged * (of - flagged) * gone * (of - gone)
    return (hits * of - flagged * gone) / math.sqrt(spread) if spread else None


def lapse_rules(settings: ActivitySettings) -> dict[str, ActivitySettings]:
    """Return the rules that are compared: the one in use first, then own rhythm, the gaps of all, and flat three and six months.

    Examples
    --------
    >>> list(lapse_rules(ActivitySettings()))
    ['own rhythm (in use)', 'gaps of all customers', '3 months', '6 months']
    """
    plain = settings.model_dump() | {"preset": "own_rhythm"}
    named = {METHOD_SAYS[m]: ActivitySettings(**(plain | {"method": m})) for m in ("own_rhythm", "population")}
    named |= {f"{n} months": ActivitySettings(**(plain | {"method": "months", "slowing_months": max(n // 2, 1), "silent_months": n})) for n in (3, 6)}
    used = f"{settings.silent_months} months" if settings.method == "months" else METHOD_SAYS[settings.method]
    return {f"{used}{IN_USE}": settings} | {n: rule for n, rule in named.items() if n != used}


def judge_lapses(measures: pd.DataFrame, later_orders: Mapping[str, int], settings: ActivitySettings, rfm: RfmSettings, *, as_of: dt.date) -> pd.DataFrame:
    """Return how well each rule for "lapsed" foretold who would stay away for the next quarter.

    Parameters
    ----------
    measures : pandas.DataFrame
        From `measure_customers` at an earlier day.
    later_orders : mapping
        customer_id to orders that stand in the quarter after that day.
    settings : ActivitySettings
    rfm : RfmSettings
    as_of : datetime.date
        The earlier day.

    Returns
    -------
    pandas.DataFrame
        rule (str), in_use (boolean), customers, flagged, stayed_away (Int64), flagged_share, precision (float64, of those flagged, the share that stayed away) with its 95 % interval
        precision_low and precision_high, recall (float64, of those who stayed away, the share flagged), agreement (float64, Matthews' correlation of flag and outcome: 0 is chance, 1 is perfect), base_rate (float64, share of all who stayed away), lift (float64, precision by
        base rate). A rule that flags nobody has no precision.

    Notes
    -----
    Staying away for a quarter is not leaving: a customer with a rhythm of half a year stays away and is not lost. The measure favours rules
    that flag slow customers; it is the only one that order data alone can give.
    """
    buyers = measures[measures["order_count"] > 0].reset_index(drop=True)
    away = ~buyers["customer_id"].isin([c for c, n in later_orders.items() if n > 0])
    rows = [_judge(name, rule, name.endswith(IN_USE), buyers, away, rfm, as_of) for name, rule in lapse_rules(settings).items()]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _judge(name: str, rule: ActivitySettings, in_use: bool, buyers: pd.DataFrame, away: pd.Series, rfm: RfmSettings, as_of: dt.date) -> tuple[object, ...]:
    limits = find_limits(buyers, Yardsticks.of(fit_population(buyers, rfm, rule)), rule, as_of)
    flagged = (buyers["recency_days"].astype("float64") > limits["silent_after_days"]).fillna(False)
    hits, count, gone = int((flagged & away).sum()), int(flagged.sum()), int(away.sum())
    precision, recall = hits / count if count else None, hits / gone if gone else None
    low, high = wilson(hits, count) if count else (None, None)
    agreement = matthews(hits, count, gone, len(buyers))
    base = gone / len(buyers) if len(buyers) else None
    lift = precision / base if precision is not None and base else None
    return (name, in_use, len(buyers), count, count / max(len(buyers), 1), gone, precision, low, high, recall, agreement, base, lift)


def say_lapses(judged: pd.DataFrame) -> str:
    """Return what the comparison says, in one sentence that does not spare the rule in use."""
    used = judged[judged["in_use"]].iloc[0]
    if not used["flagged"] or pd.isna(used["agreement"]):
        return "The rule in use called nobody lapsed a quarter ago, or all customers then did the same: the data do not allow a verdict."
    told = f"Of {int(used['flagged']):,} customers called lapsed a quarter ago, {used['precision']:.0%} stayed away (of all, {used['base_rate']:.0%}); that found {used['recall']:.0%} of all who did".replace("%", " %")
    others = judged[~judged["in_use"].astype("bool")].dropna(subset=["agreement"]).sort_values(["agreement", "rule"], ascending=[False, True])
    if max([used["agreement"], *others["agreement"]]) < CHANCE:
        return f"{told}. That is hardly better than chance, and so is every other rule."
    if others.empty or others["agreement"].iloc[0] <= used["agreement"] + CLEARLY:
        return f"{told}, and no other rule did clearly better."
    best = others.iloc[0]
    return f"{told}; the rule \"{best['rule']}\" would have done better ({best['precision']:.0%} and {best['recall']:.0%}).".replace("%", " %").replace("  ", " ")
