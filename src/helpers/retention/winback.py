"""Whom to win back first: odds of coming back, less those who come back anyway, times what they bring when they do."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from scipy.stats import beta

from helpers.retention.history import History, Look, Whole, day_number

ODDS = {"orders_class": "str", "silence_class": "str", "customers": "Int64", "returned": "Int64", "natural_odds": "float64", "odds_low": "float64", "odds_high": "float64", "return_pace": "float64", "pace_basis": "str"}
RANKING = {"customer_id": "str", "rank": "Int64", "recency_days": "Int64", "orders_class": "str", "silence_class": "str", "natural_odds": "float64", "odds_low": "float64", "odds_high": "float64", "value_if_back": "float64",
           "added_odds": "float64", "added_value": "float64", "reason": "str"}  # fmt: skip
DAYS, DATES, LATER = 60, 8, 180  # reactivation counts within 60 days (features.md section 3.3); eight past dates; pace over half a year
PRIOR, LEAST = 20.0, 30  # a small class is drawn towards all lost customers as if it held 20 more of them
ORDERS, SILENCE = ([-1, 1, 4, np.inf], ["one order", "2 to 4 orders", "5 orders or more"]), ([-1, 2, 4, np.inf], ["silent up to twice the limit", "up to four times", "longer"])


def measure_returns(history: History, *, as_of: dt.date, value_share: float) -> pd.DataFrame:
    """Return how often lost customers came back by themselves within 60 days, by class, at past dates.

    Parameters
    ----------
    history : History
    as_of : datetime.date
        Nothing later is read.
    value_share : float
        Pace of those who come back when too few have, as a share of their former year.

    Returns
    -------
    pandas.DataFrame
        orders_class, silence_class (str, by orders so far and by silence against the own limit), customers, returned (Int64, lost customers at past dates 60 days apart), natural_odds (float64, drawn towards all where the
        class is small) with a 95 % interval (of the same drawn estimate, a beta distribution), return_pace (float64, spend of the half-year after as a share of half the former year), pace_basis (str). All contacts of the time are in it: it is what happens
        with what was done, not without.

    Notes
    -----
    Feature F39; rows 004-83, 004-39.
    """
    first = history.streams["orders"].first_day + 180
    cuts = [c for c in (day_number(as_of) - DAYS * k for k in range(1, DATES + 1)) if c >= first]
    now = history.at(as_of)
    parts = [_lost(history.at((pd.Timestamp(0) + pd.Timedelta(days=c)).date()), now, c) for c in cuts]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["orders_class", "silence_class", "returned", "pace"])
    pace, basis = _pace(rows, value_share)
    overall = float(rows["returned"].mean()) if len(rows) else 0.0
    told = [_class(keys, part, overall, pace, basis) for keys, part in rows.groupby(["orders_class", "silence_class"], sort=True)]
    return pd.DataFrame(told, columns=list(ODDS)).astype(ODDS)


def _classes(look: Look) -> tuple[Whole, pd.DataFrame]:
    """Numbers of the customers who are lost on a day, with their classes."""
    pace = look.pace
    lost = np.flatnonzero((pace["recency_days"] > pace["silent_after_days"]).to_numpy())
    orders = pd.cut(look.total("orders", 0, look.cut)[lost], ORDERS[0], labels=ORDERS[1]).astype(str)
    silence = pd.cut((pace["recency_days"] / pace["silent_after_days"]).to_numpy()[lost], SILENCE[0], labels=SILENCE[1]).astype(str)
    return lost, pd.DataFrame({"orders_class": orders, "silence_class": silence})


def _lost(then: Look, now: Look, cut: int) -> pd.DataFrame:
    lost, rows = _classes(then)
    back = now.total("orders", cut + 1, cut + DAYS)[lost] > 0
    last = then.rhythm["last"].to_numpy()
    former = np.array([0.0] * len(lost)) if not len(lost) else then.total("spend", 0, cut)[lost] / np.maximum((last - then.rhythm["first"].to_numpy())[lost] / 365, 1)
    later = now.total("spend", cut + 1, cut + LATER)[lost] * 365 / LATER
    known = back & (former > 0) & (cut + LATER <= now.cut)
    return rows.assign(returned=back, pace=np.where(known, later / np.where(former > 0, former, 1), np.nan))


def _pace(rows: pd.DataFrame, value_share: float) -> tuple[float, str]:
    known = rows["pace"].dropna()
    if len(known) < LEAST:
        return value_share, f"setting actions.winback_value: only {len(known)} have come back so far"
    return float(np.clip(known.astype(float).median(), 0.05, 1.0)), f"median of {len(known):,} who came back"


def _class(keys: tuple[str, str], part: pd.DataFrame, overall: float, pace: float, basis: str) -> dict[str, object]:
    count, back = len(part), int(part["returned"].sum())
    odds = (back + PRIOR * overall) / (count + PRIOR)
    low, high = (float(v) for v in beta.ppf([0.025, 0.975], max(back + PRIOR * overall, 0.5), max(count - back + PRIOR * (1 - overall), 0.5)))
    low, high = min(low, odds), max(high, odds)
    return {"orders_class": keys[0], "silence_class": keys[1], "customers": count, "returned": back, "natural_odds": odds, "odds_low": low, "odds_high": high, "return_pace": pace, "pace_basis": basis}


def rank_winback(history: History, odds: pd.DataFrame, stakes: pd.DataFrame, *, as_of: dt.date, returns: float) -> pd.DataFrame:
    """Return lost customers, those first with whom a contact adds most.

    Parameters
    ----------
    history : History
    odds : pandas.DataFrame
        From `measure_returns`.
    stakes : pandas.DataFrame
        From `value_stakes`.
    as_of : datetime.date
    returns : float
        How much the strongest win-back play is expected to raise the odds; an assumption until it is measured.

    Returns
    -------
    pandas.DataFrame
        customer_id, rank (Int64), recency_days (Int64), orders_class, silence_class, natural_odds (float64, of coming back within 60 days anyway; of all lost customers for a class that was empty in the past) with its interval, value_if_back (float64, currency units a year),
        added_odds (natural odds times `returns`), added_value (added odds times value: natural return is taken off), reason (str).
    """
    look = history.at(as_of)
    lost, rows = _classes(look)
    rows = rows.assign(customer_id=history.ids[lost], recency_days=look.pace["recency_days"].to_numpy()[lost]).merge(odds, on=["orders_class", "silence_class"], how="left")
    rows = _unseen(rows, odds)
    worth = rows["customer_id"].map(stakes.set_index("customer_id")["margin_year"]).astype("float64").fillna(0.0) * rows["return_pace"]
    added = np.minimum(rows["natural_odds"] * returns, 1 - rows["natural_odds"])
    rows = rows.assign(value_if_back=worth, added_odds=added, added_value=added * worth)
    rows = rows.sort_values(["added_value", "customer_id"], ascending=[False, True], ignore_index=True)
    said = [f"{r.orders_class}, silent for {r.recency_days:.0f} days; {r.natural_odds:.1%} of such customers come back within 60 days anyway".replace("%", " %") for r in rows.itertuples()]
    return rows.assign(rank=range(1, len(rows) + 1), reason=pd.Series(said, index=rows.index, dtype="str"))[list(RANKING)].astype(RANKING)


def _unseen(rows: pd.DataFrame, odds: pd.DataFrame) -> pd.DataFrame:
    """A class that was empty at the past dates has the odds of all lost customers; without any past there are no odds, and nobody is ranked."""
    if odds.empty or not odds["customers"].sum():
        return rows.head(0)
    overall = float(odds["returned"].sum() / odds["customers"].sum())
    return rows.fillna({"natural_odds": overall, "odds_low": 0.0, "odds_high": 1.0, "return_pace": float(odds["return_pace"].iloc[0])})
