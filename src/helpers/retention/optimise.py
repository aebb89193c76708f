"""Which actions fit the hours, the budget and the caps and bring most: exactly, or with how far from it at the most."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components

from helpers.retention.quiet import quiet_solver

MINUTES, CENTS, WEEK = 60, 100, 7
DIRECT, CORE, SPREAD, WIDER = 300, 150, 4, 4  # up to so many candidates all are sought through at once; of more, those on which the linear relaxation is not clear
ROUGH, WHOLE = 1e-5, 1e-7
LARGEST = 40_000  # candidates searched through at once; beyond, HiGHS does not keep to its time limit (100,000 took 120 s with a limit of 14)
FEW_SECONDS, LEAST_SECONDS = 1.0, 0.2
CLEARLY = 1.2  # a first list that costs this much more than the budget tells that the money will not suffice


@dataclass(frozen=True)
class Chosen:
    """The best set of candidates. `value` is what it brings, `bound` what no set can exceed, `gap` their relative distance; `how` says what was done."""

    ids: frozenset[str]
    value: float
    bound: float
    how: str

    @property
    def gap(self) -> float:
        """How far from optimal the set may be, as a share of the bound."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


@dataclass(frozen=True)
class Limits:
    """What must not be exceeded: minutes of each (owner, week), money (None: no limit), plays per customer, contacts per customer in any seven days."""

    hours: Mapping[tuple[str, int], float]
    budget: float | None
    plays_per_customer: int
    contacts_per_week: int
    recent_contacts: Mapping[str, int]


def optimise(candidates: pd.DataFrame, uses: pd.DataFrame, limits: Limits, *, seconds: float) -> Chosen:
    """Return the candidates that together bring most within the limits.

    Parameters
    ----------
    candidates : pandas.DataFrame
        candidate_id, customer_id, net (float64, what it brings after its cost), money (float64).
    uses : pandas.DataFrame
        One row per step: candidate_id, owner, week, hours; and due (whole number of days), contact (boolean) for the cap. Owners without a limit, such as `automatic`, are left out of `limits.hours`.
    limits : Limits
    seconds : float
        Time at the most.

    Returns
    -------
    Chosen
        Never beyond a limit: hours are counted in whole minutes rounded up, money in cents rounded up, limits rounded down.

    Notes
    -----
    Feature F36. A mixed-integer programme (HiGHS through scipy). Owners who share no customer, no play and no money are independent: each group is solved on its own. A budget ties all
    together; it is looked at first without, and only when the money does not suffice all are solved as one.

    Examples
    --------
    >>> some = pd.DataFrame({"candidate_id": ["a", "b"], "customer_id": ["1", "2"], "net": [10.0, 6.0], "money": [0.0, 0.0]})
    >>> hours = pd.DataFrame({"candidate_id": ["a", "b"], "owner": "S1", "week": 0, "hours": 1.0, "due": 1, "contact": True})
    >>> sorted(optimise(some, hours, Limits({("S1", 0): 1.5}, None, 1, 2, {}), seconds=5).ids)
    ['a']
    """
    started = time.monotonic()
    worth = candidates[candidates["net"] > 0].sort_values("candidate_id", ignore_index=True)
    if worth.empty:
        return Chosen(frozenset(), 0.0, 0.0, "nothing is worth doing")
    matrix, caps = _tied(*_rows(worth, uses, limits))
    money, budget = np.ceil(worth["money"].to_numpy() * CENTS - 1e-6), np.inf if limits.budget is None else np.floor(limits.budget * CENTS + 1e-6)
    net = worth["net"].to_numpy()
    free, bound, told = np.zeros(len(net), dtype=bool), float(net.sum()), ""
    if money[_greedy(net, matrix, caps, net)].sum() <= CLEARLY * budget:
        free, bound, parts = _solve_parts(net, matrix, caps, started + seconds * (1.0 if np.isinf(budget) else 0.6))
        told = f"{parts} independent group{'s' if parts > 1 else ''}"
    if not told or money[free].sum() > budget:
        free, most = _solve(net, *_with_budget(matrix, caps, money, budget), max(started + seconds - time.monotonic(), FEW_SECONDS))
        bound, told = min(bound, most), "one group, tied by the budget"
    value = float(net[free].sum())
    bound = max(bound, value)
    near = "optimal" if bound - value <= 1e-6 * max(bound, 1) else f"at most {(bound - value) / bound:.3%} below the optimum".replace("%", " %")
    return Chosen(frozenset(worth["candidate_id"].to_numpy()[free]), value, bound, f"{near}; {told}")


def _rows(worth: pd.DataFrame, uses: pd.DataFrame, limits: Limits) -> tuple[csr_matrix, np.ndarray]:
    """The limits as rows of a matrix: minutes of owners and weeks, plays of customers, contacts of customers in any seven days."""
    place = pd.Series(np.arange(len(worth)), index=worth["candidate_id"])
    mine = uses[uses["candidate_id"].isin(place.index)]
    parts = [_hour_rows(mine, place, limits), _play_rows(worth, limits), _contact_rows(worth, mine, place, limits)]
    shift, row, column, value, caps = 0, [], [], [], []
    for r, c, v, cap in parts:
        row, column, value, caps = [*row, r + shift], [*column, c], [*value, v], [*caps, cap]
        shift += len(cap)
    matrix = coo_matrix((np.concatenate(value), (np.concatenate(row), np.concatenate(column))), shape=(shift, len(worth))).tocsr()
    return matrix, np.concatenate(caps)


Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _hour_rows(uses: pd.DataFrame, place: pd.Series, limits: Limits) -> Part:
    keys = sorted(limits.hours)
    number = {k: i for i, k in enumerate(keys)}
    rows = uses[uses["hours"] > 0]
    at = np.array([number.get(k, -1) for k in zip(rows["owner"], rows["week"], strict=True)], dtype="int64")
    known = at >= 0
    minutes = np.ceil(rows["hours"].to_numpy("float64") * MINUTES - 1e-6)
    caps = np.array([np.floor(limits.hours[k] * MINUTES + 1e-6) for k in keys], dtype="float64")
    return at[known], place[rows["candidate_id"]].to_numpy()[known], minutes[known], caps


def _play_rows(worth: pd.DataFrame, limits: Limits) -> Part:
    codes = pd.factorize(worth["customer_id"])[0]
    count = codes.max() + 1
    return codes, np.arange(len(worth)), np.ones(len(worth)), np.full(count, float(limits.plays_per_customer))


def _contact_rows(worth: pd.DataFrame, uses: pd.DataFrame, place: pd.Series, limits: Limits) -> Part:
    """A row for every seven days that end on a day with a contact; contacts on record count towards the first seven days.

    Where a customer gets one play only, each candidate is looked at by itself.
    """
    steps = uses[uses["contact"].astype("bool")]
    alone = limits.plays_per_customer == 1
    owns = worth.set_index("candidate_id")["customer_id"]
    steps = steps.assign(customer=steps["candidate_id"] if alone else steps["candidate_id"].map(owns))
    steps = steps[steps.groupby("customer")["due"].transform("size") + np.array([limits.recent_contacts.get(c, 0) for c in steps["candidate_id"].map(owns)], dtype="int64") > limits.contacts_per_week]
    pairs = steps.merge(steps[["customer", "due"]].drop_duplicates(), on="customer", suffixes=("", "_end"))
    inside = pairs[(pairs["due"] <= pairs["due_end"]) & (pairs["due"] > pairs["due_end"] - WEEK)]
    keys = inside[["customer", "due_end"]].drop_duplicates(ignore_index=True).reset_index(names="row")
    told = inside.merge(keys, on=["customer", "due_end"]).groupby(["row", "candidate_id"]).size().reset_index(name="contacts")
    who = keys["customer"].map(owns) if alone else keys["customer"]
    recent = np.array([float(limits.recent_contacts.get(c, 0)) for c in who]) * (keys["due_end"] <= WEEK).to_numpy()
    caps = np.maximum(limits.contacts_per_week - recent, 0.0)  # who had more than the cap gets nothing, which is a plan and not a contradiction
    return told["row"].to_numpy(), place[told["candidate_id"]].to_numpy(), told["contacts"].to_numpy("float64"), caps


def _with_budget(matrix: csr_matrix, caps: np.ndarray, money: np.ndarray, budget: float) -> tuple[csr_matrix, np.ndarray]:
    row = coo_matrix((money, (np.zeros(len(money), dtype="int64"), np.arange(len(money)))), shape=(1, len(money)))
    return vstack([matrix, row]).tocsr(), np.append(caps, budget)


def _tied(matrix: csr_matrix, caps: np.ndarray) -> tuple[csr_matrix, np.ndarray]:
    """Leave out limits that all candidates together do not reach: they tie nobody."""
    binding = np.asarray(abs(matrix).sum(axis=1)).ravel() > caps
    return matrix[binding], caps[binding]


def _solve_parts(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, until: float) -> tuple[np.ndarray, float, int]:
    """Solve each group of candidates that shares a limit with no other group."""
    count = matrix.shape[1]
    links = matrix.tocoo()
    graph = coo_matrix((np.ones(len(links.data)), (links.row + count, links.col)), shape=(count + matrix.shape[0],) * 2)
    parts, label = connected_components(graph, directed=False)
    label = label[:count]
    free, bound = np.zeros(count, dtype=bool), 0.0
    order = np.argsort(label, kind="stable")
    edges, columns = np.flatnonzero(np.r_[True, np.diff(label[order]) != 0, True]), matrix.tocsc()
    for a, b in zip(edges, edges[1:], strict=False):
        members = order[a:b]
        took, best = _solve_group(net[members], columns[:, members].tocsr(), caps, max((until - time.monotonic()) * (b - a) / (count - a), LEAST_SECONDS))
        free[members[took]], bound = True, bound + best
    return free, bound, int(len(edges) - 1)


def _solve_group(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, seconds: float) -> tuple[np.ndarray, float]:
    used = np.flatnonzero(np.diff(matrix.indptr))
    if not len(used):
        return np.ones(len(net), dtype=bool), float(net.sum())
    if len(net) == 1:
        fits = bool((matrix.toarray()[:, 0] <= caps).all())
        return np.array([fits]), float(net[0]) if fits else 0.0
    return _solve(net, matrix[used], caps[used], seconds)


def _solve(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, seconds: float) -> tuple[np.ndarray, float]:
    """Return the best set and what no set can exceed; a large problem is first made small by what its linear relaxation proves."""
    if len(net) <= DIRECT:
        return _search(net, matrix, caps, seconds, exact=True)
    started = time.monotonic()
    relaxed = linprog(-net, A_ub=matrix, b_ub=caps, bounds=(0, 1), method="highs", options={"time_limit": seconds})
    if relaxed.x is None or relaxed.status != 0:
        return _greedy(net, matrix, caps, net), float(net.sum())
    ceiling, price = -float(relaxed.fun), -relaxed.ineqlin.marginals
    bound = ceiling
    distance = np.abs(net - matrix.T @ price)  # how much it costs at least to do other than the relaxation with this candidate
    unclear = (relaxed.x > WHOLE) & (relaxed.x < 1 - WHOLE)
    first = [_greedy(net, matrix, caps, order) for order in (np.where(relaxed.x > 0.5, np.inf, -distance), net - matrix.T @ price)]
    took, size = max(first, key=lambda t: float(net[t].sum())), max(CORE, SPREAD * int(unclear.sum()))
    while bound - net[took].sum() > ROUGH * bound and time.monotonic() - started < seconds and min(size, len(net)) <= LARGEST:
        core = unclear.copy()
        core[np.argsort(distance, kind="stable")[:size]] = True
        left = seconds - (time.monotonic() - started)
        best, most = _search_core(net, matrix, caps, relaxed.x > 0.5, core, left if core.all() else left / 2)
        took = best if net[best].sum() > net[took].sum() else took
        outside = float(distance[~core].min()) if not core.all() else np.inf
        bound = max(float(net[took].sum()), min(bound, max(most, ceiling - outside)))  # who leaves the core loses at least `outside`, counted from the relaxation
        if core.all():
            break
        size *= WIDER
    return took, bound


def _search_core(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, whole: np.ndarray, core: np.ndarray, seconds: float) -> tuple[np.ndarray, float]:
    """Search through the candidates of the core; the others are as the relaxation has them."""
    kept = ~core & whole
    best, most = _search(net[core], matrix[:, core], caps - matrix[:, kept] @ np.ones(int(kept.sum())), seconds, exact=False)
    took = kept.copy()
    took[np.flatnonzero(core)[best]] = True
    return took, float(net[kept].sum()) + most


def _search(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, seconds: float, *, exact: bool) -> tuple[np.ndarray, float]:
    options = {"time_limit": seconds, "mip_rel_gap": 0.0 if exact else ROUGH}
    with quiet_solver():
        told = milp(-net, constraints=LinearConstraint(matrix, -np.inf, caps), integrality=np.ones(len(net)), bounds=Bounds(0, 1), options=options)
    bound = -float(told.mip_dual_bound) if told.mip_dual_bound is not None else float(net.sum())
    took = told.x > 0.5 if told.x is not None else None
    return (took if took is not None and (matrix @ took <= caps + 1e-9).all() else _greedy(net, matrix, caps, net)), bound


def _greedy(net: np.ndarray, matrix: csr_matrix, caps: np.ndarray, order: np.ndarray) -> np.ndarray:
    """One after the other by falling `order`, as long as they fit."""
    took, room, columns = np.zeros(len(net), dtype=bool), caps.astype("float64").copy(), matrix.tocsc()
    for i in np.argsort(-order, kind="stable"):
        span = slice(columns.indptr[i], columns.indptr[i + 1])
        rows, needs = columns.indices[span], columns.data[span]
        if (needs <= room[rows]).all():
            room[rows] -= needs
            took[i] = True
    return took
