"""What a customer may bring beyond today: growth, whitespace, referrals, and what people judge (feature F26, rows 002-40, 001-04, 003-06)."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import from_units, lazy, to_pandas, to_units
from helpers.value.settings import ValueSettings

COMPONENTS = ("expected_value", "growth", "whitespace", "referral", "rating")
TABLE = [
    "customer_id", "expected_value", "growth", "whitespace", "referred_customers", "referred_value", "rating", *(f"{c}_score" for c in COMPONENTS), "potential_score", "potential_measured",
]  # fmt: skip
LOWEST, HIGHEST = 1, 5  # of an anchored rating


def percentile_scores(values: pd.Series) -> pd.Series:
    """Return the percentile of each value from 0 to 100, by its average rank; equal values share one, missing ones have none.

    Examples
    --------
    >>> percentile_scores(pd.Series([5.0, 5.0, 9.0, float("nan")])).round(1).tolist()
    [33.3, 33.3, 83.3, nan]
    """
    known = values.astype("float64")
    return ((known.rank(method="average") - 0.5) / max(int(known.notna().sum()), 1) * 100).round(6)


def anchored_scores(ratings: pd.Series) -> pd.Series:
    """Return ratings from 1 to 5 as 0 to 100. The anchors in words make them absolute, so nobody else's rating moves them.

    Examples
    --------
    >>> anchored_scores(pd.Series([1.0, 4.0])).tolist()
    [0.0, 75.0]
    """
    return ((ratings.astype("float64") - LOWEST) / (HIGHEST - LOWEST) * 100).round(6)


def rate_criteria(ratings: pd.DataFrame | None, criteria: tuple[str, ...]) -> pd.DataFrame:
    """Return, per customer, the mean rating of some criteria: first over raters, then over criteria.

    Parameters
    ----------
    ratings : pandas.DataFrame or None
        `current_ratings`: expired ones are gone.
    criteria : tuple of str

    Returns
    -------
    pandas.DataFrame
        customer_id (str), rating (float64, 1 to 5), rated (Int64, criteria with a rating), raters (Int64), sorted by customer_id.
    """
    columns = {"customer_id": "str", "rating": "float64", "rated": "Int64", "raters": "Int64"}
    used = None if ratings is None else ratings[ratings["criterion"].isin(criteria) & ratings["score"].between(LOWEST, HIGHEST)]
    if used is None or used.empty:
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in columns.items()})
    each = used.astype({"score": "float64"}).groupby(["customer_id", "criterion"])["score"].mean().reset_index()
    table = each.groupby("customer_id").agg(rating=("score", "mean"), rated=("criterion", "size")).join(used.groupby("customer_id")["rater"].nunique().rename("raters"))
    return table.reset_index().astype(columns).sort_values("customer_id", ignore_index=True)


def measure_growth(order_lines: nw.LazyFrame, first_days: pd.Series, *, as_of: dt.date, window_days: int) -> pd.Series:
    """Return, per customer, how spend of the last window compares with the window before, from -1 (stopped) to 1 (new spend only).

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    first_days : pandas.Series
        First purchase day by customer_id. Who was not a customer for both windows has no growth: he had no time to grow.
    as_of : datetime.date
    window_days : int

    Returns
    -------
    pandas.Series
        (last - before) / (last + before) by customer_id; missing where it cannot be said.
    """
    start, middle = as_of - dt.timedelta(days=2 * window_days), as_of - dt.timedelta(days=window_days)
    edges = [dt.datetime.combine(d, dt.time()) + dt.timedelta(days=1) for d in (start, middle, as_of)]
    lines = lazy(order_lines).filter(nw.col("order_date") >= edges[0], nw.col("order_date") < edges[2])
    late = nw.col("order_date") >= edges[1]
    split = lines.select("customer_id", late.alias("_late"), to_units("amount").alias("_net"))
    split = split.with_columns(nw.when(nw.col("_late")).then(nw.col("_net")).otherwise(nw.lit(0.0)).alias("_last"))
    sums = to_pandas(split.group_by("customer_id").agg(nw.col("_net").sum(), nw.col("_last").sum()).with_columns(from_units("_net").alias("both"), from_units("_last").alias("last")))
    both = sums.set_index("customer_id")[["both", "last"]].reindex(first_days.index).fillna(0.0)
    last, before = both["last"].clip(lower=0), (both["both"] - both["last"]).clip(lower=0)
    able = (first_days <= pd.Timestamp(edges[0])) & (last + before > 0)
    return ((last - before) / (last + before)).where(able).round(6)


def count_referrals(customers: pd.DataFrame | None, values: pd.DataFrame) -> pd.DataFrame | None:
    """Return, per customer who recommended us, how many customers came and what they brought; None where nobody asks who sent whom.

    Parameters
    ----------
    customers : pandas.DataFrame or None
        Canonical `customers` with referred_by.
    values : pandas.DataFrame
        customer_id and historic_value.
    """
    if customers is None or not customers["referred_by"].notna().any():
        return None
    came = customers.loc[customers["referred_by"].notna() & (customers["referred_by"] != customers["customer_id"]), ["customer_id", "referred_by"]]
    brought = came.merge(values[["customer_id", "historic_value"]], on="customer_id", how="left")
    return brought.groupby("referred_by").agg(referred_customers=("customer_id", "size"), referred_value=("historic_value", "sum")).rename_axis("customer_id")


def score_potential(
    values: pd.DataFrame, growth: pd.Series, whitespace: pd.Series | None, referrals: pd.DataFrame | None, ratings: pd.DataFrame, settings: ValueSettings
) -> pd.DataFrame:
    """Return the potential part with every component, 0 to 100; what is not measured is left out and the rest renormalised.

    Parameters
    ----------
    values : pandas.DataFrame
        customer_id, expected_value.
    growth : pandas.Series
        From `measure_growth`.
    whitespace : pandas.Series or None
        Likely money a year by customer_id, zero for customers who were compared and lack nothing; None when it cannot be measured.
    referrals : pandas.DataFrame or None
        From `count_referrals`.
    ratings : pandas.DataFrame
        From `rate_criteria`, of the potential criteria.
    settings : ValueSettings
        potential_shares.

    Returns
    -------
    pandas.DataFrame
        customer_id (str); the components in their own unit: expected_value (money), growth (-1 to 1), whitespace (money a year), referred_customers
        (Int64), referred_value (money), rating (1 to 5); `<component>_score` (0 to 100: percentiles, ratings by their anchors); potential_score
        (missing when nothing is measured), potential_measured (share of the components' weight that is measured). Sorted by customer_id.
    """
    table = values[["customer_id", "expected_value"]].copy()
    ids = table["customer_id"]
    table["growth"] = growth.reindex(ids).to_numpy(dtype="float64")
    table["whitespace"] = float("nan") if whitespace is None else whitespace.reindex(ids).to_numpy(dtype="float64")
    sent = None if referrals is None else referrals.reindex(ids)
    table["referred_customers"] = pd.array([pd.NA] * len(ids), dtype="Int64") if sent is None else sent["referred_customers"].fillna(0).astype("Int64").to_numpy()
    table["referred_value"] = float("nan") if sent is None else sent["referred_value"].fillna(0.0).to_numpy(dtype="float64")
    table["rating"] = ratings.set_index("customer_id")["rating"].reindex(ids).to_numpy(dtype="float64")
    for name, column in zip(COMPONENTS[:4], ("expected_value", "growth", "whitespace", "referred_value"), strict=True):
        table[f"{name}_score"] = percentile_scores(table[column])
    table["rating_score"] = anchored_scores(table["rating"])
    score, measured = weigh({c: table[f"{c}_score"] for c in COMPONENTS}, settings.potential_shares)
    return table.assign(potential_score=score, potential_measured=measured).sort_values("customer_id", ignore_index=True)[TABLE]


def weigh(scores: dict[str, pd.Series], weights: dict[str, float]) -> tuple[pd.Series, pd.Series]:
    """Return the weighted mean of the scores that are there, and the share of weight that they have.

    Examples
    --------
    >>> score, measured = weigh({"a": pd.Series([80.0]), "b": pd.Series([float("nan")])}, {"a": 0.4, "b": 0.6})
    >>> score.tolist(), measured.tolist()
    ([80.0], [0.4])
    """
    total = sum(weights.get(n, 0.0) for n in scores)
    held = {n: s.notna().astype("float64") * weights.get(n, 0.0) for n, s in scores.items()}
    weight = sum(held.values(), start=pd.Series(0.0, index=next(iter(scores.values())).index))
    points = sum((scores[n].fillna(0.0) * held[n] for n in scores), start=pd.Series(0.0, index=weight.index))
    return (points / weight.where(weight > 0)).round(6), (weight / total).round(6)


def score_strategic(ratings: pd.DataFrame | None, settings: ValueSettings) -> pd.DataFrame:
    """Return the strategic part of every rated customer: the mean of anchored ratings, 0 to 100 (rows 002-41, 001-03).

    Parameters
    ----------
    ratings : pandas.DataFrame or None
        `current_ratings`.
    settings : ValueSettings
        strategic_criteria.

    Returns
    -------
    pandas.DataFrame
        customer_id (str), rating (float64, 1 to 5), rated, raters (Int64), strategic_score (0 to 100), strategic_measured (share of the criteria that are
        rated; float64). Customers without a rating that counts are absent: not measured, never a middle score.
    """
    told = rate_criteria(ratings, settings.strategic_criteria)
    return told.assign(strategic_score=anchored_scores(told["rating"]), strategic_measured=(told["rated"] / max(len(settings.strategic_criteria), 1)).astype("float64"))
