"""Who should be spoken with when: due, overdue, and how much of what was promised is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.axes.intervals import wilson
from helpers.retention.playbook import Cadence
from helpers.rules.schemes import with_columns

PLAN = {"customer_id": "str", "cadence": "str", "label_en": "str", "label_zh": "str", "level": "str", "every_days": "Int64", "last_on": "datetime64[us]", "due_on": "datetime64[us]", "overdue_days": "Int64",
        "covered": "boolean", "owner_id": "str"}  # fmt: skip
COVERAGE = {"cadence": "str", "label_en": "str", "label_zh": "str", "owner_id": "str", "customers": "Int64", "covered": "Int64", "coverage": "float64", "coverage_low": "float64", "coverage_high": "float64",
            "overdue": "Int64", "median_overdue_days": "float64"}  # fmt: skip
ALL_OWNERS = "all"
NOBODY = "no owner"


def plan_cadence(cadences: Mapping[str, Cadence], situations: pd.DataFrame, interactions: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return when each customer is due for each kind of regular contact.

    Parameters
    ----------
    cadences : mapping
        From the playbooks; a customer can fall under several.
    situations : pandas.DataFrame
        One row per customer: customer_id, owner_id and the columns that the rules look at.
    interactions : pandas.DataFrame
        Table `interactions`; a rule with a level counts talks with people of that level only, which needs the column.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        customer_id, cadence, label_en, label_zh, level (str), every_days (Int64), last_on (datetime64, missing when there was none), due_on (datetime64), overdue_days (Int64, 0 when not overdue), covered (boolean: spoken
        with within the period), owner_id (str). Sorted by cadence and customer.

    Notes
    -----
    Feature F34; rows 000-30, 000-31, 001-16, 001-18, 001-19, 002-47, 003-17. Who was never spoken with is due a period after the first order.
    """
    talks = interactions[interactions["at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
    parts = [_one(c, situations, talks, as_of) for c in cadences.values() if not c.level or _has_levels(talks)]
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(PLAN))
    return told[list(PLAN)].astype(PLAN).sort_values(["cadence", "customer_id"], ignore_index=True)


def _has_levels(talks: pd.DataFrame) -> bool:
    return "level" in talks and bool(talks["level"].notna().any())


def _one(cadence: Cadence, situations: pd.DataFrame, talks: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    rows = with_columns(situations, (*cadence.condition.columns, "owner_id"))
    who = rows[cadence.condition.matches(rows).to_numpy()]
    fits = talks["kind"].isin(cadence.kinds) if "kind" in talks else pd.Series(True, index=talks.index)
    if cadence.level:
        fits &= talks["level"] == cadence.level
    last = talks[fits].groupby("customer_id")["at"].max().dt.normalize()
    last_on = last.reindex(who["customer_id"]).set_axis(who.index).astype("datetime64[us]")  # not map: it refuses days when nobody was spoken with
    start = who["first_order_date"] if "first_order_date" in who else pd.Series(pd.NaT, index=who.index)
    due = last_on.fillna(start.astype("datetime64[us]")).fillna(pd.Timestamp(as_of)) + pd.Timedelta(days=cadence.every_days)
    overdue = (pd.Timestamp(as_of) - due).dt.days.clip(lower=0)
    return pd.DataFrame({
        "customer_id": who["customer_id"], "cadence": cadence.key, "label_en": cadence.label.en, "label_zh": cadence.label.zh, "level": cadence.level, "every_days": cadence.every_days, "last_on": last_on,
        "due_on": due, "overdue_days": overdue, "covered": (due > pd.Timestamp(as_of)) & last_on.notna(), "owner_id": who["owner_id"],
    })  # fmt: skip


def cover_cadence(plan: pd.DataFrame) -> pd.DataFrame:
    """Return how many customers were spoken with within the period, by cadence and owner, `all` first.

    Parameters
    ----------
    plan : pandas.DataFrame
        From `plan_cadence`.

    Returns
    -------
    pandas.DataFrame
        cadence, label_en, label_zh, owner_id (str; `all` and `no owner` are no people), customers, covered (Int64), coverage (float64) with its 95 % interval, overdue (Int64),
        median_overdue_days (float64, of those overdue).
    """
    every = plan.assign(owner_id=ALL_OWNERS)
    told = pd.concat([every, plan.assign(owner_id=plan["owner_id"].fillna(NOBODY))], ignore_index=True)
    rows = [_cover(keys, part) for keys, part in told.groupby(["cadence", "owner_id"], sort=True)]
    frame = pd.DataFrame(rows, columns=list(COVERAGE)).astype(COVERAGE)
    first = frame["owner_id"].ne(ALL_OWNERS)
    return frame.assign(_first=first).sort_values(["cadence", "_first", "owner_id"], ignore_index=True).drop(columns="_first")


def _cover(keys: tuple[str, str], part: pd.DataFrame) -> dict[str, object]:
    covered, late = int(part["covered"].sum()), part[part["overdue_days"] > 0]
    low, high = wilson(covered, len(part))
    return {
        "cadence": keys[0], "label_en": part["label_en"].iloc[0], "label_zh": part["label_zh"].iloc[0], "owner_id": keys[1], "customers": len(part), "covered": covered, "coverage": covered / len(part), "coverage_low": low,
        "coverage_high": high, "overdue": len(late), "median_overdue_days": late["overdue_days"].astype("float64").median() if len(late) else None,
    }  # fmt: skip
