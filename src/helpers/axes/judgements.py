"""What people judged or noticed, and for how long it counts (features F03, F04)."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.tables import table

WIDE_GAP = 2  # points between two raters that call for a talk (row 001-03, F03)
EXPIRES_AFTER_MONTHS = 6  # two quarters
JUDGED_BY = {"ratings": ("customer_id", "criterion", "rater"), "signals": ("customer_id", "signal")}


def fill_expiry(judged: pd.DataFrame, dated_by: str = "rated_on", months: int = EXPIRES_AFTER_MONTHS) -> pd.DataFrame:
    """Return typed ratings or signals with `expires_on` filled where it is empty: two quarters after the date.

    Examples
    --------
    >>> rated = pd.DataFrame({"rated_on": pd.to_datetime(["2025-08-31"]), "expires_on": pd.to_datetime([None])})
    >>> str(fill_expiry(rated)["expires_on"].iloc[0].date())
    '2026-02-28'
    """
    default = (judged[dated_by] + pd.DateOffset(months=months)).astype("datetime64[us]")
    return judged.assign(expires_on=judged["expires_on"].astype("datetime64[us]").fillna(default))


def keep_current(judged: pd.DataFrame, table_name: str, *, as_of: dt.date) -> pd.DataFrame:
    """Return the ratings or signals that count on a day: not expired, and of each rater or signal the latest.

    Parameters
    ----------
    judged : pandas.DataFrame
        Canonical `ratings` or `signals`; an empty `expires_on` means two quarters.
    table_name : {"ratings", "signals"}
    as_of : datetime.date
        The day; the last day of validity still counts, later rows are not read.

    Returns
    -------
    pandas.DataFrame
        The same columns, sorted by the table's key. A newer judgement replaces an older one of the same rater even where the
        newer one has expired: what a rater has taken back does not come alive again.

    Examples
    --------
    >>> rated = pd.DataFrame({"customer_id": ["C1", "C1"], "criterion": ["trust"] * 2, "rater": ["Ann"] * 2, "score": [2, 4],
    ...     "rated_on": pd.to_datetime(["2025-01-10", "2025-05-10"]), "expires_on": pd.to_datetime([None, None])})
    >>> keep_current(rated, "ratings", as_of=dt.date(2025, 6, 30))["score"].tolist()
    [4]
    >>> keep_current(rated, "ratings", as_of=dt.date(2026, 1, 1)).empty
    True
    """
    wanted = table(table_name)
    dated_by, day = str(wanted.dated_by), pd.Timestamp(as_of)
    known = fill_expiry(judged, dated_by)
    known = known[known[dated_by] < day + pd.Timedelta(days=1)].sort_values([*wanted.key], kind="stable")
    latest = known.drop_duplicates([*JUDGED_BY[table_name]], keep="last")
    return latest[latest["expires_on"] >= day].reset_index(drop=True)


def second_rater_gaps(ratings: pd.DataFrame, gap: int = WIDE_GAP) -> pd.DataFrame:
    """Find where two people judge the same thing of the same customer very differently.

    The latest rating of each rater counts.

    Parameters
    ----------
    ratings : pandas.DataFrame
        Canonical `ratings`.
    gap : int
        Points between the lowest and the highest score from which a row is shown.

    Returns
    -------
    pandas.DataFrame
        `customer_id`, `criterion`, `low_rater`, `low_score` (int), `high_rater`, `high_score` (int), `gap` (int), `raters` (int);
        widest gap first, then by customer and criterion.

    Examples
    --------
    >>> ratings = pd.DataFrame({"customer_id": ["C1", "C1"], "criterion": ["trust", "trust"], "score": [2, 5],
    ...                         "rater": ["Ann", "Ben"], "rated_on": pd.to_datetime(["2025-01-31", "2025-02-28"])})
    >>> second_rater_gaps(ratings)[["low_rater", "high_rater", "gap"]].to_dict("records")
    [{'low_rater': 'Ann', 'high_rater': 'Ben', 'gap': 3}]
    """
    thing = ["customer_id", "criterion"]
    valid = ratings.dropna(subset=[*thing, "rater", "score", "rated_on"])
    latest = valid.sort_values([*thing, "rater", "rated_on", "score"]).drop_duplicates([*thing, "rater"], keep="last")
    ranked = latest.sort_values([*thing, "score", "rater"]).astype({"score": "int64"})
    groups = ranked.groupby(thing, as_index=False)
    low, high = (getattr(groups, end)()[[*thing, "rater", "score"]] for end in ("first", "last"))
    low, high = (f.rename(columns={"rater": f"{n}_rater", "score": f"{n}_score"}) for n, f in (("low", low), ("high", high)))
    both = low.merge(high, on=thing).merge(groups.agg(raters=("rater", "size")), on=thing)
    both.insert(6, "gap", both["high_score"] - both["low_score"])
    wide = both[both["gap"] >= gap]
    return wide.sort_values(["gap", *thing], ascending=[False, True, True], ignore_index=True)
