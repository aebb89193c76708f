"""Where the hours go, and whether they follow the value: by tier, what was spent, what is planned, what value is at stake."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.retention.owners import price_of

ALLOCATION = {
    "tier": "str", "customers": "Int64", "value_share": "float64", "value_in_danger_share": "float64", "hours_before": "float64", "hours_before_share": "float64", "hours_planned": "float64", "hours_planned_share": "float64",
    "moved": "float64", "advice": "str",
}  # fmt: skip
BEFORE_DAYS = 90
NOTABLE = 0.05


def allocate_hours(actions: pd.DataFrame, situations: pd.DataFrame, interactions: pd.DataFrame | None, prices: pd.DataFrame, *, as_of: dt.date) -> pd.DataFrame:
    """Return hours of the last 90 days and of the plan beside the value at stake, by tier.

    Parameters
    ----------
    actions : pandas.DataFrame
        Table `action_list`.
    situations : pandas.DataFrame
        From `build_situations`.
    interactions : pandas.DataFrame, optional
        What was done; each conversation counts the hours of its kind in the costs table. Without it the hours before are not known.
    prices : pandas.DataFrame
        From `build_prices`.
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        tier (str), customers (Int64), value_share, value_in_danger_share (float64), hours_before, hours_before_share, hours_planned, hours_planned_share (float64), moved (float64, planned share less share before), advice (str). Largest value in
        danger first.

    Notes
    -----
    Rows 001-60, 004-73.
    """
    tiers = situations.set_index("customer_id")["tier_label"].fillna("none")
    rows = situations.assign(tier=tiers.to_numpy(), danger=situations["value_at_stake"] * situations["loss_share"])
    told = rows.groupby("tier").agg(customers=("customer_id", "size"), value=("value_at_stake", "sum"), danger=("danger", "sum"))
    told["hours_planned"] = actions.groupby(actions["customer_id"].map(tiers))["hours"].sum()
    if interactions is not None and "kind" in interactions:
        start = pd.Timestamp(as_of) - pd.Timedelta(days=BEFORE_DAYS - 1)  # the as-of day is one of the 90
        done = interactions[(interactions["at"] >= start) & (interactions["at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1))]
        hours = done["kind"].map({n: p[1] for n, p in price_of(prices).items()}).fillna(0.0)
        told["hours_before"] = hours.groupby(done["customer_id"].map(tiers)).sum()
    told = told.reindex(columns=["customers", "value", "danger", "hours_before", "hours_planned"])
    told["hours_planned"] = told["hours_planned"].fillna(0.0)
    told["hours_before"] = told["hours_before"].fillna(0.0) if told["hours_before"].notna().any() else told["hours_before"]
    share = {c: told[c] / told[c].sum() if told[c].sum() else told[c] * float("nan") for c in ("value", "danger", "hours_before", "hours_planned")}
    frame = told.assign(value_share=share["value"], value_in_danger_share=share["danger"], hours_before_share=share["hours_before"], hours_planned_share=share["hours_planned"], moved=share["hours_planned"] - share["hours_before"])
    frame["advice"] = [_advice(r.hours_before_share, r.value_in_danger_share) for r in frame.itertuples()]
    return frame.rename_axis("tier").reset_index().sort_values(["danger", "tier"], ascending=[False, True])[list(ALLOCATION)].astype(ALLOCATION).reset_index(drop=True)


def _advice(before: float, danger: float) -> str:
    if before != before or danger != danger:
        return "not measured: needs interactions"
    if danger - before > NOTABLE:
        return "more hours: more value is in danger here than hours were spent"
    return "fewer hours: less value is in danger here than hours were spent" if before - danger > NOTABLE else "about right"


def propose_owners(situations: pd.DataFrame, team: pd.DataFrame, actions: pd.DataFrame, *, high: tuple[str, ...] = ("H",)) -> pd.DataFrame:
    """Return accounts and hours per account manager and customer success manager, and how many valuable customers have nobody.

    Returns
    -------
    pandas.DataFrame
        staff_id, job, role (str), accounts, high_value_accounts (Int64), value (float64, currency units a year), hours_per_week, hours_per_account (float64), planned_hours (float64, of the list). The row `nobody` counts those without an owner.

    Notes
    -----
    Rows 000-18, 000-40, 002-46.
    """
    owner = situations["owner_id"].fillna("nobody")
    by = situations.assign(owner=owner, high=situations["value_class"].isin(high)).groupby("owner").agg(accounts=("customer_id", "size"), high_value_accounts=("high", "sum"), value=("value_at_stake", "sum"))
    planned = actions.groupby("owner")["hours"].sum()
    told = team.set_index("staff_id").join(by, how="outer")
    told["planned_hours"] = planned.reindex(told.index).fillna(0.0)
    counts = {c: told[c].fillna(0).astype("Int64") for c in ("accounts", "high_value_accounts")}
    per = told["hours_per_week"] / counts["accounts"].where(counts["accounts"] > 0).astype("float64")
    frame = told.assign(**counts, value=told["value"].fillna(0.0), hours_per_account=per).rename_axis("staff_id").reset_index()
    columns = {"staff_id": "str", "job": "str", "role": "str", "accounts": "Int64", "high_value_accounts": "Int64", "value": "float64", "hours_per_week": "float64", "hours_per_account": "float64", "planned_hours": "float64"}
    return frame[list(columns)].astype(columns).sort_values("staff_id", ignore_index=True)
