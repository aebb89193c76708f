"""A hundred thousand candidate actions for two hundred people: the optimiser against a greedy list and against plain `scipy.optimize.milp`, in one run.

python bench/bench_retention.py                     # 100,000 candidates, 200 people, no budget
python bench/bench_retention.py --budget 400000     # money ties all people together
python bench/bench_retention.py 20000 50

Every contender gets the same rows and the same limits and is checked against them; the script stops when one exceeds a limit. `bound` is what no list within the limits can bring, by the optimiser's own proof.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from helpers.retention.optimise import CENTS, Limits, _rows, _with_budget, optimise
from helpers.retention.quiet import quiet_solver

WEEKS, HOURS = 6, 16.0


def make_case(candidates: int, owners: int, budget: float | None, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, Limits]:
    """Two plays for each customer, one to three steps each; most are the account manager's, some are a colleague's or automatic."""
    dice = np.random.default_rng(seed)
    ids = np.array([f"a{i:06d}" for i in range(candidates)])
    mine = dice.integers(owners, size=candidates // 2)  # the account manager of each customer
    net, money = dice.lognormal(4, 1.2, candidates).round(2), np.where(dice.random(candidates) < 0.4, dice.uniform(0, 60, candidates), 0).round(2)
    rows = pd.DataFrame({"candidate_id": ids, "customer_id": [f"c{i // 2:06d}" for i in range(candidates)], "net": net, "money": money})
    steps = dice.integers(1, 4, candidates)
    at = np.repeat(np.arange(candidates), steps)
    other = dice.random(len(at))
    owner = np.where(other < 0.15, dice.integers(owners, size=len(at)), mine[at // 2])
    day = np.repeat(dice.integers(1, 8, candidates), steps) + 7 * (np.arange(len(at)) - np.repeat(np.cumsum(steps) - steps, steps))
    uses = pd.DataFrame({
        "candidate_id": ids[at], "owner": np.where(other > 0.9, "automatic", [f"s{o:03d}" for o in owner]), "week": (day - 1) // 7, "hours": np.where(other > 0.9, 0.0, dice.choice([0.1, 0.3, 0.5, 1.5, 2.5], len(at))), "due": day, "contact": True,
    })  # fmt: skip
    return rows, uses, Limits({(f"s{o:03d}", w): HOURS for o in range(owners) for w in range(WEEKS)}, budget, 1, 2, {})


def greedy(rows: pd.DataFrame, uses: pd.DataFrame, limits: Limits) -> frozenset[str]:
    """What a careful person with a sheet would do: best net per hour first, as long as it fits."""
    room, money = {k: h * 60 for k, h in limits.hours.items()}, np.inf if limits.budget is None else limits.budget
    needs: dict[str, list[tuple[tuple[str, int], float]]] = {}
    for candidate, owner, week, hours in uses[["candidate_id", "owner", "week", "hours"]].itertuples(index=False):
        if hours:
            needs.setdefault(candidate, []).append(((owner, week), float(np.ceil(hours * 60 - 1e-6))))
    hours = uses.groupby("candidate_id")["hours"].sum().reindex(rows["candidate_id"]).to_numpy()
    chosen, served = [], set()
    for i in np.argsort(-rows["net"].to_numpy() / (hours + 0.1), kind="stable"):
        candidate, customer, _, cost = rows.iloc[i]
        mine: dict[tuple[str, int], float] = {}
        for key, minutes in needs.get(candidate, []):
            mine[key] = mine.get(key, 0) + minutes
        if customer not in served and cost <= money and all(room[k] >= m for k, m in mine.items()):
            for k, m in mine.items():
                room[k] -= m
            money -= cost
            served.add(customer)
            chosen.append(candidate)
    return frozenset(chosen)


def plain(rows: pd.DataFrame, uses: pd.DataFrame, limits: Limits, seconds: float) -> frozenset[str]:
    """The whole programme handed to the solver at once."""
    matrix, caps = _rows(rows, uses, limits)
    if limits.budget is not None:
        matrix, caps = _with_budget(matrix, caps, np.ceil(rows["money"].to_numpy() * CENTS - 1e-6), limits.budget * CENTS)
    with quiet_solver():
        told = milp(-rows["net"].to_numpy(), constraints=LinearConstraint(matrix, -np.inf, caps), integrality=np.ones(len(rows)), bounds=Bounds(0, 1), options={"time_limit": seconds, "mip_rel_gap": 1e-5})
    return frozenset() if told.x is None else frozenset(rows["candidate_id"].to_numpy()[told.x > 0.5])


def check(chosen: frozenset[str], rows: pd.DataFrame, uses: pd.DataFrame, limits: Limits) -> float:
    """Return what a list brings; stop when it exceeds a limit."""
    mine, steps = rows[rows["candidate_id"].isin(chosen)], uses[uses["candidate_id"].isin(chosen)]
    used = steps.groupby(["owner", "week"])["hours"].sum()
    assert all(h <= limits.hours[k] + 1e-6 for k, h in used.items() if k in limits.hours), "hours exceeded"
    assert limits.budget is None or mine["money"].sum() <= limits.budget + 0.01, "budget exceeded"
    assert mine["customer_id"].is_unique, "two plays for one customer"
    return float(mine["net"].sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", nargs="?", type=int, default=100_000)
    parser.add_argument("owners", nargs="?", type=int, default=200)
    parser.add_argument("--budget", type=float, default=None)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--plain", action="store_true", help="also hand everything to scipy's milp at once")
    given = parser.parse_args()
    case = make_case(given.candidates, given.owners, given.budget)
    told = {}
    contenders: dict[str, Callable[[], frozenset[str]]] = {"greedy": lambda: greedy(*case), "crmkit": lambda: told.setdefault("crmkit", optimise(*case, seconds=given.seconds)).ids}
    if given.plain:
        contenders["plain milp"] = lambda: plain(*case, given.seconds)
    results = []
    for name, made in contenders.items():
        started = time.monotonic()
        chosen = made()
        results.append((name, time.monotonic() - started, check(chosen, *case), len(chosen)))
    bound = told["crmkit"].bound
    print(f"{given.candidates:,} candidates, {given.owners} people, budget {given.budget}; {told['crmkit'].how}; peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")
    for name, seconds, value, count in results:
        print(f"| {name} | {seconds:.1f} | {seconds / results[0][1]:.1f} | {count:,} | {value:,.0f} | {1 - value / bound:.3%} |")


if __name__ == "__main__":
    main()
