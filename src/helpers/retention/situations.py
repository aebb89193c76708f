"""One row per customer with everything that a play may look at: axes, value, level of response, signals, what is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from helpers.axes.columns import AXIS_COLUMNS
from helpers.retention.history import History
from helpers.retention.levels import NO_LEVEL

OWN_COLUMNS = {
    "level": ("none", "mild", "moderate", "severe"), "value_class": ("L", "M", "H"), "tier": (), "owner_id": (), "leave_chance": None, "loss_share": None, "value_at_stake": None, "expected_value": None, "open_tickets": None,
    "interactions_90": None, "is_core": None,
}  # fmt: skip
RECENT = 90
STREAMS = ("content", "usage")


def build_situations(axes: pd.DataFrame, stakes: pd.DataFrame, levels: pd.DataFrame, findings: pd.DataFrame, extras: Mapping[str, pd.DataFrame | None], history: History, *, as_of: dt.date, unknown_chance: float) -> pd.DataFrame:
    """Return the situation of every customer.

    Parameters
    ----------
    axes : pandas.DataFrame
        Table `customer_axes`.
    stakes, levels : pandas.DataFrame
        From `value_stakes` and `assign_levels`.
    findings : pandas.DataFrame
        Table `customer_signals`.
    extras : mapping
        Any of customers, customer_tiers, tickets, need_types, value_scores; None when not measured.
    history : History
        For what was done lately.
    as_of : datetime.date
    unknown_chance : float
        Chance of leaving of a customer who still buys and of whom nothing else is known.

    Returns
    -------
    pandas.DataFrame
        The columns of the axes, then level, level_by, leave_chance, shrink_share, loss_share, chance_basis, reason, reason_zh, since, first_step_by, value_at_stake, expected_value, value_basis, value_is_default, owner_id, tier, tier_label,
        need_type, is_core, value_class (str: L, M, H, thirds of the value at stake among customers of the same kind), open_tickets, interactions_90 (Int64) and one column `signal_<key>` (Int64, 1 or 0) per signal that fires for anybody, with `acts_<key>` for those that the list acts on.
    """
    told = axes.merge(stakes.drop(columns=["revenue_year", "margin_rate"]), on="customer_id", how="left").merge(levels, on="customer_id", how="left")
    told = told.fillna({"value_at_stake": 0.0, "expected_value": 0.0, "level": NO_LEVEL, "signals": "", "reason": "", "reason_zh": "", "shrink_share": 0.0, "value_basis": "typical customer"})
    buys = (told["activity"].isin(["active", "slowing"])) if "activity" in told else pd.Series(False, index=told.index)
    known = told["leave_chance"].notna()
    chance = told["leave_chance"].fillna(pd.Series(unknown_chance, index=told.index).where(buys, 0.0))
    told = told.assign(leave_chance=chance, loss_share=chance + (1 - chance) * told["shrink_share"], chance_basis=told["chance_basis"].where(known, "not known: setting actions.unknown_chance").astype("str"))
    told = told.assign(value_class=_value_class(told))
    told = told.assign(**_flags(told["customer_id"], findings), **_extras(told, extras, as_of))
    recent = sum((history.at(as_of).recent(s, RECENT) for s in STREAMS if s in history.streams), start=0.0)
    done = pd.Series(recent, index=history.ids, dtype="float64") if not isinstance(recent, float) else pd.Series(dtype="float64")
    return told.assign(interactions_90=told["customer_id"].map(done).astype("Int64"))


def _value_class(told: pd.DataFrame) -> pd.Series:
    """Thirds of the value at stake among customers of the same kind: beside a hotel every private customer is small, beside each other they are not."""
    kinds = told["kind"].fillna("") if "kind" in told else pd.Series("", index=told.index)
    bought = told["value_at_stake"].where(told["order_count"] > 0)
    rank = bought.groupby(kinds).rank(pct=True)
    return pd.cut(rank, [0, 1 / 3, 2 / 3, 1.0], labels=["L", "M", "H"]).astype("object").where(rank.notna(), None).astype("str")


def _flags(ids: pd.Series, findings: pd.DataFrame) -> dict[str, pd.Series]:
    told: dict[str, pd.Series] = {}
    for key, rows in findings.groupby("signal", sort=True):
        told[f"signal_{key}"] = ids.isin(rows["customer_id"]).astype("Int64")
        told[f"acts_{key}"] = ids.isin(rows.loc[rows["acts"].fillna(False).astype("bool"), "customer_id"]).astype("Int64")
    return told


def _extras(told: pd.DataFrame, extras: Mapping[str, pd.DataFrame | None], as_of: dt.date) -> dict[str, pd.Series]:
    ids = told["customer_id"]
    nothing = pd.Series(None, index=told.index, dtype="str")
    wanted = {"owner_id": ("customers", "owner_id"), "tier": ("customer_tiers", "tier"), "tier_label": ("customer_tiers", "label_en"), "need_type": ("need_types", "need_type"), "is_core": ("value_scores", "is_core")}
    found = {name: _lookup(ids, extras.get(table), column, told.get(name, nothing)) for name, (table, column) in wanted.items()}
    tickets = extras.get("tickets")
    if tickets is not None:
        end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
        solved = tickets["resolved_at"] if "resolved_at" in tickets else pd.Series(pd.NaT, index=tickets.index)
        open_now = tickets[(tickets["opened_at"] < end) & (solved.isna() | (solved >= end))]
        found["open_tickets"] = ids.map(open_now["customer_id"].value_counts()).fillna(0).astype("Int64")
    return found


def _lookup(ids: pd.Series, table: pd.DataFrame | None, column: str, otherwise: pd.Series) -> pd.Series:
    if table is None or column not in table:
        return otherwise.astype("boolean") if column == "is_core" else otherwise
    told = ids.map(table.drop_duplicates("customer_id").set_index("customer_id")[column])
    return told.astype("boolean") if column == "is_core" else told.astype("str")


def known_columns() -> set[str]:
    """Return the columns that a `when` of a play or cadence may look at, signals apart."""
    return set(AXIS_COLUMNS) | set(OWN_COLUMNS)


