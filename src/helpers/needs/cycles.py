"""When the next order is due: the customer's own rhythm, shrunk to the rhythm of the product group."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.settings import CyclesSettings

EVERYBODY = "all customers"
LEAST_SPREAD = 0.05  # of log gaps: nobody is more regular than that, however few gaps agree
COLUMNS = {
    "customer_id": "str", "orders": "Int64", "group": "str", "own_gap_days": "float64", "group_gap_days": "float64", "expected_gap_days": "float64",
    "last_order_on": "datetime64[us]",
    "next_order_on": "datetime64[us]", "next_order_low": "datetime64[us]", "next_order_high": "datetime64[us]", "overdue_days": "Int64",
    "is_overdue": "boolean", "reason": "str",
}  # fmt: skip


def summarise_gaps(order_days: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return, per customer (or customer and category), the order days and the gaps between them.

    Parameters
    ----------
    order_days : pandas.DataFrame
        The keys and order_date (day), each day once.
    keys : list of str

    Returns
    -------
    pandas.DataFrame
        The keys, orders (days with an order), last_order_on, gaps (orders less one), mean_log, var_log (mean and variance of the
        natural logarithm of the gaps in days; missing without gaps, variance with one), own_gap_days (median).
    """
    ordered = order_days.sort_values([*keys, "order_date"], ignore_index=True)
    gap = ordered.groupby(keys)["order_date"].diff().dt.days.astype("float64")
    ordered = ordered.assign(gap=gap, log=np.log(gap))
    per = ordered.groupby(keys)
    table = per.agg(
        orders=("order_date", "size"),
        last_order_on=("order_date", "max"),
        gaps=("gap", "count"),
        mean_log=("log", "mean"),
        var_log=("log", "var"),
        own_gap_days=("gap", "median"),
    )
    return table.reset_index()


def fit_rhythms(gaps: pd.DataFrame, groups: pd.Series, settings: CyclesSettings) -> pd.DataFrame:
    """Return each group's rhythm: mean log gap, spread between customers, spread within a customer.

    Parameters
    ----------
    gaps : pandas.DataFrame
        From `summarise_gaps`.
    groups : pandas.Series
        Group of each row of `gaps`; small groups (below `min_group` rows with a gap) take the rhythm of everybody.
    settings : CyclesSettings

    Returns
    -------
    pandas.DataFrame
        group (index), mu, between, within (float64; variances of log days), customers.

    Notes
    -----
    Method of moments for a normal-normal model of log gaps (empirical Bayes; Casella 1985). Every customer counts once in mu.
    """
    known = gaps[gaps["gaps"] > 0].assign(group=groups)
    names = known["group"].value_counts()
    wanted = [EVERYBODY, *sorted(names[names >= settings.min_group].index)]
    rows = {name: _moments(known if name == EVERYBODY else known[known["group"] == name]) for name in wanted}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["mu", "between", "within", "customers"])


def _moments(known: pd.DataFrame) -> tuple[float, float, float, int]:
    if known.empty:
        return float("nan"), LEAST_SPREAD, LEAST_SPREAD, 0
    free = (known["gaps"] - 1).clip(lower=0)
    within = float((known["var_log"].fillna(0) * free).sum() / free.sum()) if free.sum() else 0.5
    within = max(within, LEAST_SPREAD)
    total = float(known["mean_log"].var()) if len(known) > 1 else 0.0
    between = max(total - float((within / known["gaps"]).mean()), LEAST_SPREAD)
    return float(known["mean_log"].mean()), between, within, len(known)


def forecast_gaps(gaps: pd.DataFrame, groups: pd.Series, settings: CyclesSettings) -> pd.DataFrame:
    """Return `gaps` with the forecast of the next gap: group, mu, sd (of its logarithm), group_gap_days, expected_gap_days.

    The forecast is a weighted mean of the customer's own log gaps and the group's: with one gap the group counts most, with
    twenty the customer does. `sd` holds both the irregularity of orders and what is not known about the customer.
    """
    rhythms = fit_rhythms(gaps, groups, settings)
    group = groups.where(groups.isin(rhythms.index), EVERYBODY).astype("str")
    own = rhythms.loc[group].reset_index(drop=True)
    count, mean = gaps["gaps"].to_numpy(dtype="float64"), gaps["mean_log"].fillna(0).to_numpy(dtype="float64")
    precision = 1 / own["between"] + count / own["within"]
    mu = (own["mu"] / own["between"] + count * mean / own["within"]) / precision
    sd = np.sqrt(own["within"] + 1 / precision)
    return gaps.assign(
        group=group.to_numpy(), mu=mu.to_numpy(), sd=sd.to_numpy(), group_gap_days=np.exp(own["mu"]).to_numpy(), expected_gap_days=np.exp(mu).to_numpy()
    )


def predict_next(forecast: pd.DataFrame, *, as_of: dt.date, settings: CyclesSettings) -> pd.DataFrame:
    """Return when the next order is due and who is overdue.

    Parameters
    ----------
    forecast : pandas.DataFrame
        From `forecast_gaps`.
    as_of : datetime.date
    settings : CyclesSettings

    Returns
    -------
    pandas.DataFrame
        `forecast` with next_order_on, next_order_low, next_order_high (days), overdue_days (Int64), is_overdue (boolean). A customer
        who is not overdue has the dates that follow given the wait so far, so none lies in the past; an overdue one has the dates as they stood
        after the last order. Overdue means: the wait is longer than the upper end of the interval. It is missing for customers with
        one order, who have no rhythm of their own.
    """
    from scipy.stats import norm

    waited = (pd.Timestamp(as_of) - forecast["last_order_on"]).dt.days.to_numpy(dtype="float64")
    mu, sd = forecast["mu"].to_numpy(), forecast["sd"].to_numpy()
    tail = (1 - settings.interval) / 2
    gone = norm.cdf((np.log(np.maximum(waited, 0.5)) - mu) / sd)
    late = gone > 1 - tail
    spent = np.where(late, 0.0, gone)
    low, middle, high = (np.exp(mu + sd * norm.ppf(spent + (1 - spent) * q)) for q in (tail, 0.5, 1 - tail))
    dated = {
        n: forecast["last_order_on"] + pd.to_timedelta(np.round(np.minimum(d, 36500)), unit="D")
        for n, d in zip(("low", "on", "high"), (low, middle, high), strict=True)
    }
    known = (forecast["gaps"] > 0).to_numpy()
    overdue = pd.Series(late, index=forecast.index).astype("boolean").mask(~known)
    beyond = (pd.Timestamp(as_of) - dated["on"]).dt.days.astype("Int64").where(overdue.fillna(False), 0).mask(~known)
    return forecast.assign(
        next_order_on=dated["on"], next_order_low=dated["low"], next_order_high=dated["high"], overdue_days=beyond, is_overdue=overdue, waited=waited
    )


def forecast_cycles(order_days: pd.DataFrame, main_groups: pd.DataFrame | None, *, as_of: dt.date, settings: CyclesSettings) -> pd.DataFrame:
    """Return the next-order date of every customer, with interval and overdue flag.

    Parameters
    ----------
    order_days : pandas.DataFrame
        customer_id, order_date (day); later days than `as_of` are not read.
    main_groups : pandas.DataFrame or None
        customer_id, group: the product group that stands for most of the customer's lines; None: everybody is one group.
    as_of : datetime.date
    settings : CyclesSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, orders, group, own_gap_days (median of own gaps, missing with one order), group_gap_days, expected_gap_days (days),
        last_order_on, next_order_on, next_order_low, next_order_high, overdue_days, is_overdue, reason. Sorted by customer.

    Notes
    -----
    Row 001-54, feature F19. Orders of one day count once.

    Examples
    --------
    >>> days = pd.DataFrame({"customer_id": ["a"] * 5, "order_date": pd.date_range("2025-01-01", periods=5, freq="30D")})
    >>> cycles = forecast_cycles(days, None, as_of=dt.date(2025, 5, 10), settings=CyclesSettings())
    >>> cycles[["orders", "own_gap_days", "is_overdue"]].values.tolist(), cycles["next_order_on"].dt.strftime("%Y-%m-%d").tolist()
    ([[5, 30.0, False]], ['2025-05-31'])
    """
    told = predict_next(customer_forecast(order_days, main_groups, as_of=as_of, settings=settings), as_of=as_of, settings=settings)
    return (
        told.assign(reason=_reasons(told))
        .sort_values("customer_id", ignore_index=True)[list(COLUMNS)]
        .round({"own_gap_days": 2, "group_gap_days": 2, "expected_gap_days": 2})
        .astype(COLUMNS)
    )


def customer_forecast(order_days: pd.DataFrame, main_groups: pd.DataFrame | None, *, as_of: dt.date, settings: CyclesSettings) -> pd.DataFrame:
    """Return the gap forecast of every customer, as it stood at the end of `as_of`."""
    read = order_days[order_days["order_date"] <= pd.Timestamp(as_of)][["customer_id", "order_date"]].drop_duplicates()
    gaps = summarise_gaps(read, ["customer_id"])
    named = gaps["customer_id"].map(main_groups.set_index("customer_id")["group"]) if main_groups is not None else pd.Series(EVERYBODY, index=gaps.index)
    return forecast_gaps(gaps, named.astype("str").where(named.notna(), EVERYBODY), settings)


def _reasons(told: pd.DataFrame) -> pd.Series:
    texts = [
        f"orders about every {_days(row.own_gap_days)} ({row.gaps} gap{'' if row.gaps == 1 else 's'}; {row.group}: {_days(row.group_gap_days)}); "
        f"last order {_days(row.waited)} ago"
        if row.gaps else f"one order, {_days(row.waited)} ago; who comes back ({row.group}) does so after {_days(row.group_gap_days)}"
        for row in told.itertuples()
    ]  # fmt: skip
    return pd.Series(texts, index=told.index, dtype="str")


def _days(number: float) -> str:
    if number != number:
        return "an unknown time, because nobody came back yet"
    return f"{number:.0f} day" if round(number) == 1 else f"{number:.0f} days"
