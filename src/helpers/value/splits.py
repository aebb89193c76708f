"""Where the history is cut: what is learnt before a day is judged by what came after it."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import lazy, to_pandas
from helpers.errors import UserError
from helpers.value.purchases import count_window, summarise_purchases
from helpers.value.settings import PurchaseModelSettings

SPLITS = ("earlier", "holdout", "now")
SHORTEST_DAYS = 28  # of history before a cut, below which nothing can be fitted
YEAR = 365
PLAN = ["split", "first_day", "fitted_until", "judged_until", "days_fitted", "days_judged", "use"]
USES = {
    "earlier": "teaches how wide intervals must be, and the class means that a forecast must beat",
    "holdout": "judges the models and the intervals",
    "now": "predicts",
}


def observation_end(as_of: dt.date, settings: PurchaseModelSettings) -> dt.date:
    """Return the last day on which purchases could have been seen: the setting, never later than the as-of date."""
    if settings.observed_until is None:
        return as_of
    if settings.observed_until > as_of:
        raise UserError(f"setting purchase_model.observed_until = {settings.observed_until} lies after the as-of date {as_of}: nothing later is ever read")
    return settings.observed_until


def plan_splits(first_day: dt.date | None, observed_until: dt.date, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return where the history is cut for the hold-out, and for the earlier period from which interval widths are learnt.

    The hold-out is a third of the history, a year at most, unless a setting says otherwise. The earlier period has the same length where
    the history allows, else half of what lies before the hold-out.

    Parameters
    ----------
    first_day : datetime.date or None
        First day with an order line.
    observed_until : datetime.date
        Observation end.
    settings : PurchaseModelSettings

    Returns
    -------
    pandas.DataFrame
        split ("earlier", "holdout", "now"; those that the history is too short for are left out), first_day, fitted_until, judged_until
        (datetime64[us]; judged_until is missing for "now"), days_fitted, days_judged (Int64), use (str).

    Examples
    --------
    >>> plan_splits(dt.date(1997, 1, 1), dt.date(1998, 6, 30), PurchaseModelSettings(holdout_days=273))[["split", "days_fitted", "days_judged"]].values.tolist()
    [['earlier', 137, 136], ['holdout', 273, 273], ['now', 546, 0]]
    """
    if first_day is None or first_day > observed_until:
        return _plan_rows([], pd.NaT)
    span = (observed_until - first_day).days + 1
    window = settings.holdout_days or min(YEAR, span // 3)
    before = span - window
    earlier = min(window, before // 2)
    cuts = [("earlier", before - earlier, earlier), ("holdout", before, window), ("now", span, 0)]
    rows = [(name, fitted, judged) for name, fitted, judged in cuts if name == "now" or (fitted >= SHORTEST_DAYS and judged >= 7)]
    return _plan_rows(rows, pd.Timestamp(first_day))


def _plan_rows(rows: list[tuple[str, int, int]], first: pd.Timestamp) -> pd.DataFrame:
    made = [
        {"split": name, "first_day": first, "fitted_until": first + pd.Timedelta(days=fitted - 1), "judged_until": first + pd.Timedelta(days=fitted + judged - 1) if judged else pd.NaT,
         "days_fitted": fitted, "days_judged": judged, "use": USES[name]}
        for name, fitted, judged in rows
    ]  # fmt: skip
    kinds = {"split": "str", "use": "str", "days_fitted": "Int64", "days_judged": "Int64", **dict.fromkeys(("first_day", "fitted_until", "judged_until"), "datetime64[us]")}
    return pd.DataFrame(made, columns=PLAN).astype(kinds)


def first_order_day(order_lines: nw.LazyFrame, until: dt.date) -> dt.date | None:
    """Return the first day with an order line, or None when there is none."""
    end = dt.datetime.combine(until, dt.time()) + dt.timedelta(days=1)
    found = to_pandas(lazy(order_lines).filter(nw.col("order_date") < end).select(nw.col("order_date").min().alias("first")))["first"].iloc[0]
    return None if pd.isna(found) else pd.Timestamp(found).date()


def summarise_splits(order_lines: nw.LazyFrame, plan: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return the purchase summaries of all splits, one below the other, with the column `split`.

    Each sees only lines up to its own cut, returns included.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    plan : pandas.DataFrame
        From `plan_splits`.
    settings : PurchaseModelSettings
        unit and count_free_days.
    """
    parts = [
        summarise_purchases(order_lines, observed_until=row.fitted_until.date(), unit=settings.unit, count_free_days=settings.count_free_days).assign(split=row.split)
        for row in plan.itertuples()
    ]
    empty = summarise_purchases(order_lines, observed_until=dt.date(1, 1, 2), unit=settings.unit).assign(split="") if not parts else None
    return pd.concat(parts if empty is None else [empty], ignore_index=True).astype({"split": "str"})


def take_split(summaries: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return the rows of one split, without the column `split`."""
    return summaries[summaries["split"] == split].drop(columns="split").reset_index(drop=True)


def count_outcomes(order_lines: nw.LazyFrame, plan: pd.DataFrame, settings: PurchaseModelSettings) -> pd.DataFrame:
    """Return what customers bought before and after each cut: the truth, and what naive forecasts start from.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    plan : pandas.DataFrame
        From `plan_splits`.
    settings : PurchaseModelSettings
        count_free_days.

    Returns
    -------
    pandas.DataFrame
        split, customer_id (str), purchases, spend (after the cut, within the judged days; zero for the split "now", whose future nobody knows),
        before_purchases, before_spend (the equally long time before the cut), year_purchases, year_spend (the last 365 days before the cut),
        is_new (boolean, first bought after the cut); counts are Int64, money float64. A customer without any of these is absent.
    """
    parts = [_outcomes(order_lines, row, settings).assign(split=row.split) for row in plan.itertuples()]
    columns = ["split", "customer_id", "purchases", "spend", "before_purchases", "before_spend", "year_purchases", "year_spend", "is_new"]
    if not parts:
        return pd.DataFrame(columns=columns).astype({"split": "str", "customer_id": "str", "is_new": "boolean"})
    return pd.concat(parts, ignore_index=True).astype({"split": "str"})[columns]


def _outcomes(order_lines: nw.LazyFrame, row: tuple, settings: PurchaseModelSettings) -> pd.DataFrame:  # type: ignore[type-arg]
    cut = row.fitted_until.date()  # type: ignore[attr-defined]
    end = row.judged_until.date() if row.days_judged else cut  # type: ignore[attr-defined]
    free = settings.count_free_days
    windows = {
        "": count_window(order_lines, after=cut, until=end, count_free_days=free),
        "before_": count_window(order_lines, after=cut - dt.timedelta(days=int(row.days_judged)), until=cut, count_free_days=free),  # type: ignore[attr-defined]
        "year_": count_window(order_lines, after=cut - dt.timedelta(days=YEAR), until=cut, count_free_days=free),
        "known_": count_window(order_lines, after=dt.date(1, 1, 2), until=cut, count_free_days=free),
    }
    named = [w.set_index("customer_id").add_prefix(prefix) for prefix, w in windows.items()]
    table = pd.concat(named, axis=1).sort_index().rename_axis("customer_id").reset_index()
    counts = [c for c in table if c.endswith("purchases")]
    table[counts] = table[counts].fillna(0).astype("Int64")
    return table.fillna(dict.fromkeys([c for c in table if c.endswith("spend")], 0.0)).assign(is_new=(table["known_purchases"] == 0).astype("boolean")).astype({"customer_id": "str"})


def check_observation_end(order_lines: nw.LazyFrame, observed_until: dt.date) -> pd.DataFrame:
    """Compare the observation end with the last days that have data: a late end looks like mass churn (anchors.md 0.5).

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    observed_until : datetime.date

    Returns
    -------
    pandas.DataFrame
        One row: observed_until, last_day (datetime64[us], with an order line), silent_days (Int64, without one at the end), usual_gap_days
        (Int64, the longest such gap among 99 of 100 in the last year), verdict ("ok", "late", "no data"; str), says (str, one sentence).
    """
    end = dt.datetime.combine(observed_until, dt.time()) + dt.timedelta(days=1)
    days = lazy(order_lines).filter(nw.col("order_date") < end).select(nw.col("order_date").dt.truncate("1d").alias("day")).unique()
    seen = to_pandas(days)["day"].sort_values(ignore_index=True)
    until = pd.Timestamp(observed_until)
    if seen.empty:
        return _verdict(until, pd.NaT, None, None, "no data", "There is no order line up to the observation end.")
    last = seen.iloc[-1]
    gaps = seen[seen > last - pd.Timedelta(days=YEAR)].diff().dt.days.dropna()
    usual, silent = int(gaps.quantile(0.99, interpolation="higher")) if len(gaps) else 1, int((until - last).days)
    if not len(gaps) and silent > 0:
        return _verdict(until, last, silent, None, "late", f"All order lines are of one day, {last:%Y-%m-%d}, {silent} days before the observation end: nothing says whether the feed stopped or nobody bought.")
    if silent <= max(2 * usual, 3):
        return _verdict(until, last, silent, usual, "ok", f"The last order line is of {last:%Y-%m-%d}; {silent} {'day' if silent == 1 else 'days'} without one at the end {'is' if silent == 1 else 'are'} nothing unusual.")
    return _verdict(
        until, last, silent, usual, "late",
        f"The last order line is of {last:%Y-%m-%d}, {silent} days before the observation end; usual gaps are {usual} {'day' if usual == 1 else 'days'} at most. If the feed stopped, set purchase_model.observed_until to the last full day, else the silence counts as customers who left.",
    )  # fmt: skip


def _verdict(until: pd.Timestamp, last: pd.Timestamp, silent: int | None, usual: int | None, verdict: str, says: str) -> pd.DataFrame:
    row = pd.DataFrame({"observed_until": [until], "last_day": [last], "silent_days": [silent], "usual_gap_days": [usual], "verdict": [verdict], "says": [says]})
    return row.astype({"observed_until": "datetime64[us]", "last_day": "datetime64[us]", "silent_days": "Int64", "usual_gap_days": "Int64", "verdict": "str", "says": "str"})
