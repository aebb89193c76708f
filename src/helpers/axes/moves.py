"""Why did a customer change tier? The change is split into parts that add up: time, own behaviour, cut points, rules.

A base like the axes, because two lessons and the comparison of two runs ask the same question.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.errors import UserError
from helpers.rules.schemes import Scheme, assign_scheme

PARTS = ("time", "behaviour", "cut_points", "rules")
CAUSES = {"time": "time passing", "behaviour": "own behaviour", "cut_points": "cut points moved", "rules": "rules changed"}
COLUMNS = {
    "customer_id": "str", "tier_before": "str", "tier_after": "str", "rank_before": "Int64", "rank_after": "Int64", "steps": "Int64",
    "step_time": "Int64", "step_behaviour": "Int64", "step_cut_points": "Int64", "step_rules": "Int64", "cause": "str",
}  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """Everything a tier is made of at one day: the customers' own measures, the yardsticks of the day, settings and scheme."""

    as_of: dt.date
    measures: pd.DataFrame
    population: pd.DataFrame
    settings: AxisSettings
    scheme: Scheme

    @cached_property
    def axes(self) -> pd.DataFrame:
        """The axes of the day."""
        return derive_axes(self.measures, self.population, self.settings, as_of=self.as_of)

    @cached_property
    def tiers(self) -> pd.Series:
        """The tier of each customer, by customer_id."""
        return assign_scheme(self.axes, self.scheme).set_index("customer_id")["tier"]


def go_on_as_before(before: Snapshot, idle: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Return the measures that each customer of the earlier day would have if nothing about the customer had changed.

    Who was in rhythm (active or slowing, two orders or more) goes on at that rhythm: the place in the population's order stays, only the relation
    grows older. Who had gone silent, had one order or none, stays without a further one: the silence grows.

    Parameters
    ----------
    before : Snapshot
        The earlier day.
    idle : pandas.DataFrame
        From `measure_customers` at the later day with `known_until` the earlier one.
    as_of : datetime.date
        The later day.

    Returns
    -------
    pandas.DataFrame
        Columns of the measures, one row per customer of the earlier day, sorted by customer_id.
    """
    axes = before.axes  # same rows in the same order as the measures
    on_rhythm = (axes["activity"].isin(["active", "slowing"]) & (axes["order_count"] >= 2).fillna(False)).to_numpy("bool")
    days = (as_of - before.as_of).days
    kept = before.measures[on_rhythm]
    shift = pd.Timedelta(days=days)
    going = kept.assign(tenure_days=kept["tenure_days"] + days, history_days=kept["history_days"] + days, last_order_date=kept["last_order_date"] + shift)
    if days >= before.settings.lifecycle.returned_days:  # a comeback is no news any more
        going = going.assign(comeback_gap_days=float("nan"), longest_gap_before_days=kept["longest_gap_days"])
    silent = idle.set_index("customer_id").reindex(before.measures.loc[~on_rhythm, "customer_id"]).reset_index()
    both = pd.concat([going, silent.reindex(columns=going.columns)], ignore_index=True)
    return both.astype(before.measures.dtypes.to_dict()).sort_values("customer_id", ignore_index=True)


def explain_moves(before: Snapshot, after: Snapshot, idle: pd.DataFrame) -> pd.DataFrame:
    """Return every customer's tier at two days and what made the difference, in steps of the scheme's order.

    The earlier tier is turned into the later one by four changes, one after the other, each with everything before it already changed:
    time (the customer goes on as before, see `go_on_as_before`), own behaviour (what the customer really did), cut points (the later day's
    yardsticks), rules (the later settings and scheme). Each part is the number of steps up (positive) or down that its change makes, so
    the parts add up to the whole for every customer.

    Parameters
    ----------
    before, after : Snapshot
        The two days; both schemes must know the same tiers.
    idle : pandas.DataFrame
        See `go_on_as_before`.

    Returns
    -------
    pandas.DataFrame
        customer_id, tier_before, tier_after (str), rank_before, rank_after (Int64, 1 is the best tier, one more than the last: not measured), steps (Int64,
        rank_before - rank_after), step_time, step_behaviour, step_cut_points, step_rules (Int64, sum to steps), cause (str: `own behaviour`, `time passing`, `cut points moved`,
        `rules changed`; empty for who stayed, and for `entered`: not known at the earlier day). Sorted by customer_id.

    Raises
    ------
    UserError
        The two schemes have different tiers: a step up in one is none in the other.

    Notes
    -----
    Row 002-30; features.md section 9, row 2. The order of the four is a convention: what a customer did is judged by the yardsticks of
    the day from which the customer comes.
    """
    if before.scheme.rank.keys() != after.scheme.rank.keys():
        raise UserError(f"schemes {before.scheme.scheme} and {after.scheme.scheme} have different tiers, so moves between them have no steps: compare within one scheme")
    going = go_on_as_before(before, idle, after.as_of)
    same_rules = (before.settings, before.scheme) == (after.settings, after.scheme)
    path = [
        before,
        replace(before, as_of=after.as_of, measures=going),
        replace(before, as_of=after.as_of, measures=after.measures),
        after if same_rules else replace(before, as_of=after.as_of, measures=after.measures, population=after.population),
        after,
    ]
    tiers = [p.tiers for p in path]
    ids = going.loc[after.tiers.index.get_indexer(going["customer_id"]) >= 0, "customer_id"].array
    ranks = np.array([_ranks(t.reindex(ids), p.scheme) for t, p in zip(tiers, path, strict=True)])
    told = pd.DataFrame({"customer_id": ids, "tier_before": tiers[0].reindex(ids).to_numpy(), "tier_after": tiers[-1].reindex(ids).to_numpy(),
                         "rank_before": ranks[0], "rank_after": ranks[-1], "steps": ranks[0] - ranks[-1]})  # fmt: skip
    for part, here, there in zip(PARTS, ranks, ranks[1:], strict=False):
        told[f"step_{part}"] = here - there
    return _with_entered(told.assign(cause=_causes(told)), after).astype(COLUMNS)[list(COLUMNS)]


def _ranks(tiers: pd.Series, scheme: Scheme) -> np.ndarray:
    return tiers.map(scheme.rank).fillna(len(scheme.rank) + 1).to_numpy("int64")


def _causes(moves: pd.DataFrame) -> np.ndarray:
    """The part with the most steps in the direction of the move; on a tie the customer's own doing goes first."""
    order = ("behaviour", "time", "cut_points", "rules")
    toward = np.array([moves[f"step_{p}"] * np.sign(moves["steps"]) for p in order])
    names = np.array([CAUSES[p] for p in order], dtype=object)
    return np.where(moves["steps"] == 0, "", names[toward.argmax(axis=0)])


def _with_entered(moves: pd.DataFrame, after: Snapshot) -> pd.DataFrame:
    """Add who was not known at the earlier day: no tier before, no parts."""
    tiers = after.tiers
    new = tiers[pd.Index(moves["customer_id"]).get_indexer(tiers.index) < 0]
    ranks = _ranks(new, after.scheme)
    entered = pd.DataFrame({"customer_id": new.index, "tier_before": None, "tier_after": new.to_numpy(), "rank_after": ranks, "cause": "entered"})
    return pd.concat([moves, entered.reindex(columns=moves.columns)], ignore_index=True).sort_values("customer_id", ignore_index=True)
