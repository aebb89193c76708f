"""Stages of what people judged or noticed."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.axes.judgements import keep_current, second_rater_gaps


def current_ratings(ratings: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The ratings that count on the as-of date: not expired, the latest of each rater."""
    return keep_current(ratings, "ratings", as_of=as_of)


def current_signals(signals: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The observed facts that count on the as-of date: not expired, the latest of each kind."""
    return keep_current(signals, "signals", as_of=as_of)


def rating_gaps(current_ratings: pd.DataFrame) -> pd.DataFrame:
    """Where two raters differ by two points or more, and should talk."""
    return second_rater_gaps(current_ratings)
