"""Needs that only people can state: votes for features, gaps between what was expected and what was felt; and engagement."""

from __future__ import annotations

import datetime as dt

import pandas as pd

VOTE = "vote:"
VOTES = {"feature": "str", "votes": "Int64", "voters_spend": "float64", "rank_by_votes": "Int64", "rank_by_spend": "Int64"}
GAP = ("expected:", "perceived:")


def weigh_votes(signals: pd.DataFrame, customer_tiers: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return features in the order in which customers' votes and spend rank them (row 001-25).

    A vote is a row of `signals` whose signal is "vote: <feature>". A customer votes once per feature; expired votes do not count.

    Returns
    -------
    pandas.DataFrame
        feature (str), votes (Int64), voters_spend (float64, currency units), rank_by_votes, rank_by_spend (Int64). Best by spend first.
    """
    valid = signals[(signals["observed_on"] <= pd.Timestamp(as_of)) & signals["signal"].str.startswith(VOTE)]
    if "expires_on" in valid:
        valid = valid[valid["expires_on"].isna() | (valid["expires_on"] >= pd.Timestamp(as_of))]
    named = valid.assign(feature=valid["signal"].str.removeprefix(VOTE).str.strip().str.lower())[["customer_id", "feature"]].drop_duplicates()
    if named.empty:
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in VOTES.items()})
    spend = (customer_tiers.set_index("customer_id")["total_spend"] * 10_000).round()
    table = (
        named.assign(units=named["customer_id"].map(spend).fillna(0))
        .groupby("feature", as_index=False)
        .agg(votes=("customer_id", "size"), units=("units", "sum"))
    )
    told = table.assign(
        voters_spend=table["units"] / 10_000,
        rank_by_votes=table["votes"].rank(ascending=False, method="min"),
        rank_by_spend=table["units"].rank(ascending=False, method="min"),
    )
    return told.sort_values(["rank_by_spend", "feature"], ignore_index=True)[list(VOTES)].astype(VOTES)


def measure_gaps(ratings: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return, per touchpoint, how far what customers felt lies from what they expected (row 000-26).

    Criteria "expected: <touchpoint>" and "perceived: <touchpoint>" of the same customer make a pair; the latest valid rating of each counts.

    Returns
    -------
    pandas.DataFrame
        touchpoint (str), customers (Int64, with both ratings), expected, perceived, gap (float64, points of 1 to 5; below 0 disappoints). Worst first.
    """
    valid = ratings[ratings["rated_on"] <= pd.Timestamp(as_of)]
    if "expires_on" in valid:
        valid = valid[valid["expires_on"].isna() | (valid["expires_on"] >= pd.Timestamp(as_of))]
    parts = []
    for prefix in GAP:
        own = valid[valid["criterion"].str.startswith(prefix)].sort_values("rated_on")
        named = own.assign(touchpoint=own["criterion"].str.removeprefix(prefix).str.strip().str.lower())
        parts.append(
            named.drop_duplicates(["customer_id", "touchpoint"], keep="last")[["customer_id", "touchpoint", "score"]].rename(
                columns={"score": prefix.rstrip(":")}
            )
        )
    both = parts[0].merge(parts[1], on=["customer_id", "touchpoint"])
    table = both.groupby("touchpoint", as_index=False).agg(customers=("customer_id", "size"), expected=("expected", "mean"), perceived=("perceived", "mean"))
    told = table.astype({"touchpoint": "str", "customers": "Int64", "expected": "float64", "perceived": "float64"})
    return (
        told.assign(gap=(told["perceived"] - told["expected"]).round(4))
        .round({"expected": 4, "perceived": 4})
        .sort_values(["gap", "touchpoint"], ignore_index=True)
    )


def score_engagement(
    event_counts: pd.DataFrame | None, interactions: pd.DataFrame | None, surveys: pd.DataFrame | None, *, as_of: dt.date, days: int
) -> pd.DataFrame:
    """Return how much each customer takes part: active days on our site, talks begun by the customer, surveys answered (row 003-39).

    Parameters
    ----------
    event_counts : pandas.DataFrame or None
        customer_id, active_days within `days`.
    interactions, surveys : pandas.DataFrame or None
    as_of : datetime.date
    days : int
        How far back.

    Returns
    -------
    pandas.DataFrame
        customer_id, active_days, talks, answers (Int64; missing when the table is absent), engagement (float64, 0 to 100: mean percentile rank of the
        measured parts). Sorted.
    """
    start, end = pd.Timestamp(as_of) - pd.Timedelta(days=days), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    counts: dict[str, pd.Series] = {}
    if event_counts is not None:
        counts["active_days"] = event_counts.set_index("customer_id")["active_days"]
    if interactions is not None:
        own = interactions[
            (interactions["at"] > start) & (interactions["at"] < end) & ((interactions["direction"] == "inbound") | (interactions["kind"] == "training"))
        ]
        counts["talks"] = own.groupby("customer_id").size()
    if surveys is not None:
        counts["answers"] = surveys[(surveys["answered_on"] > start) & (surveys["answered_on"] < end)].groupby("customer_id").size()
    table = pd.DataFrame(counts).fillna(0)
    table.index.name = "customer_id"
    ranks = table.rank(pct=True, method="average") * 100
    told = table.astype("Int64").assign(engagement=ranks.mean(axis=1).round(2) if len(table.columns) else pd.Series(dtype="float64"))
    told = told.reindex(columns=["active_days", "talks", "answers", "engagement"]).astype(
        {"active_days": "Int64", "talks": "Int64", "answers": "Int64", "engagement": "float64"}
    )
    return told.reset_index().astype({"customer_id": "str"}).sort_values("customer_id", ignore_index=True)
