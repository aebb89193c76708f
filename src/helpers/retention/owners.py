"""Who does what, in which hours and at what price; what the run has no table for is a default, and says so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.retention.playbook import ROLES, Playbook

TEAM = {"staff_id": "str", "role": "str", "job": "str", "hours_per_week": "float64", "skills": "str", "is_default": "boolean"}
PRICES = {"row": "str", "unit_cost": "float64", "hours": "float64", "is_default": "boolean"}
HOUR = "working_hour"
STANDS_IN = {"owner": ("success", "care", "executive"), "success": ("care", "owner", "executive"), "care": ("success", "owner", "executive"), "executive": ("owner", "success", "care")}
AUTOMATIC = "automatic"
SKILLED = 3.0  # who has a skill that helps is asked three times as often


def build_team(staff: pd.DataFrame | None, playbook: Playbook) -> pd.DataFrame:
    """Return everybody who can be given an action.

    Parameters
    ----------
    staff : pandas.DataFrame, optional
        Table `staff`; without it the default team of `data/playbooks/defaults.yml` stands in.
    playbook : Playbook
        `roles` says which job is which role.

    Returns
    -------
    pandas.DataFrame
        staff_id, role (str: owner, success, care, executive; empty when the job is none of them), job (str), hours_per_week (float64), skills (str, labels separated by semicolons), is_default (boolean).
        Sorted by staff_id.
    """
    default = staff is None or staff.empty
    rows = pd.DataFrame([p.model_dump() | {"skills": ";".join(p.skills)} for p in playbook.staff]) if default else staff.copy()
    jobs = {name.lower(): role for role, names in playbook.roles.items() for name in names}
    job = rows["role"].fillna("") if "role" in rows else pd.Series("", index=rows.index)
    told = pd.DataFrame({"staff_id": rows["staff_id"], "role": job.str.strip().str.lower().map(jobs).fillna(""), "job": job})
    told["hours_per_week"] = rows["hours_per_week"].astype("float64").fillna(0.0) if "hours_per_week" in rows else 0.0
    told["skills"] = rows["skills"].fillna("") if "skills" in rows else ""
    if not default and not told["role"].isin(ROLES).any():  # job titles that nobody knows: better everybody sells than nobody acts
        told["role"] = "owner"
    return told.assign(is_default=default).astype(TEAM).sort_values("staff_id", ignore_index=True)


def build_prices(costs: pd.DataFrame | None, playbook: Playbook) -> pd.DataFrame:
    """Return what each contact and offer costs: the costs table first, the default where it lacks a row.

    Returns
    -------
    pandas.DataFrame
        row (str), unit_cost (float64, currency units), hours (float64), is_default (boolean). Sorted by row.
    """
    defaults = pd.DataFrame([{"row": n, "unit_cost": p.unit_cost, "hours": p.hours, "is_default": True} for n, p in playbook.prices.items()])
    if costs is None or costs.empty:
        return defaults.astype(PRICES).sort_values("row", ignore_index=True)
    own = pd.DataFrame({"row": costs["play"], "unit_cost": costs.get("unit_cost", 0.0), "hours": costs.get("hours", 0.0), "is_default": False})
    own = own.fillna({"unit_cost": 0.0, "hours": 0.0}).drop_duplicates("row")
    return pd.concat([own, defaults[~defaults["row"].isin(own["row"])]], ignore_index=True).astype(PRICES).sort_values("row", ignore_index=True)


def stable_numbers(texts: Sequence[str], salt: str) -> np.ndarray:
    """Return a number from 0 to 1 for each text, the same on every machine and run; the salt makes another draw of it.

    Examples
    --------
    >>> stable_numbers(["C-1", "C-2"], "play").round(3).tolist()
    [0.996, 0.477]
    """
    raw = [hashlib.sha256(f"{salt}|{t}".encode()).digest()[:8] for t in texts]
    return np.array([int.from_bytes(r, "big") for r in raw], dtype="float64") / 2**64


def assign_owners(customers: pd.DataFrame, role: str, skills: Sequence[str], team: pd.DataFrame) -> pd.Series:
    """Return who takes a step for each customer: the own account manager where the step is his, else somebody of the role, by hours.

    Parameters
    ----------
    customers : pandas.DataFrame
        customer_id and owner_id.
    role : str
        Role of the step.
    skills : sequence of str
        Skills that help; who has one is asked three times as often.
    team : pandas.DataFrame
        From `build_team`.

    Returns
    -------
    pandas.Series
        staff_id, `automatic` for automatic steps, missing when nobody has hours. A customer keeps the same person from run to run, and one more colleague takes over only his share (weighted rendezvous hashing).

    Notes
    -----
    Rows 000-18, 001-63, 002-46.
    """
    if role == AUTOMATIC:
        return pd.Series(AUTOMATIC, index=customers.index, dtype="str")
    pool = _pool(team, role, skills)
    told = pd.Series(_draw(customers["customer_id"], pool), index=customers.index, dtype="object")
    if role == "owner":
        mine = customers["owner_id"].where(customers["owner_id"].isin(team.loc[team["hours_per_week"] > 0, "staff_id"]))
        told = mine.astype("object").where(mine.notna(), told)
    return told.astype("str")


def _pool(team: pd.DataFrame, role: str, skills: Sequence[str]) -> pd.DataFrame:
    able = team[team["hours_per_week"] > 0]
    for wanted in (role, *STANDS_IN.get(role, ())):
        people = able[able["role"] == wanted]
        if len(people):
            fits = people["skills"].map(lambda s: bool(set(s.split(";")) & set(skills)))
            return people.assign(weight=people["hours_per_week"] * np.where(fits, SKILLED, 1.0))
    return able.head(0).assign(weight=0.0)


def _draw(customers: pd.Series, pool: pd.DataFrame) -> np.ndarray:
    if pool.empty:
        return np.full(len(customers), None, dtype=object)
    distinct = customers.unique()
    scores = np.column_stack([-hours / np.log(np.clip(stable_numbers(distinct, s), 1e-12, 1 - 1e-12)) for s, hours in zip(pool["staff_id"], pool["weight"], strict=True)])
    choice = dict(zip(distinct, pool["staff_id"].to_numpy()[scores.argmax(axis=1)], strict=True))
    return customers.map(choice).to_numpy(dtype=object)


def contact_cost(prices: pd.DataFrame, row: str) -> float:
    """Return what a contact costs once, working time included; 0 when no table has the row."""
    known = price_of(prices)
    money, hours, _ = known.get(row, (0.0, 0.0, False))
    return money + hours * known[HOUR][0]


def price_of(prices: pd.DataFrame) -> Mapping[str, tuple[float, float, bool]]:
    """Return row to (unit_cost, hours, is_default)."""
    return {r.row: (float(r.unit_cost), float(r.hours), bool(r.is_default)) for r in prices.itertuples()}
