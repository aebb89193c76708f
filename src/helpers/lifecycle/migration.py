"""Migration between two days: matrix, flows, and a sentence per mover."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from helpers.axes.moves import Snapshot
from helpers.axes.population import Yardsticks
from helpers.engine import MONEY_SCALE
from helpers.rules.schemes import NOT_MEASURED, Scheme

SPOKEN = {"recency_days": "days since the last order", "order_count": "orders", "total_spend": "spend"}
Limits = list[tuple[str, list[float], list[float]]]  # measure, cut points before, cut points now
SCORES = {"r_score": "recency", "f_score": "frequency", "m_score": "spend"}
LIMITS = {  # kind of cut point, and the columns that are cut by it
    "score": ("r_score", "f_score", "m_score", "r_five", "fm_five"), "tercile": ("r_band", "f_band", "m_band"), "mean": ("r_half", "f_half", "m_half"),
}  # fmt: skip


def describe_moves(moves: pd.DataFrame, before: Snapshot, after: Snapshot) -> pd.DataFrame:
    """Return the moves with labels, the numbers behind them and a sentence that a manager understands.

    Parameters
    ----------
    moves : pandas.DataFrame
        From `explain_moves`.
    before, after : Snapshot
        The same two days.

    Returns
    -------
    pandas.DataFrame
        The columns of `moves`, then label_before, label_after (str), direction (str: up, down, same, entered), orders_between (Int64), spend_between (float64, currency
        units, what the total grew by), recency_days (Int64, at the later day), total_spend (float64), sentence (str; empty for who stayed).
    """
    start = before.measures.set_index("customer_id").reindex(moves["customer_id"])
    end = after.axes.set_index("customer_id").reindex(moves["customer_id"])
    orders = (end["order_count"] - start["order_count"].fillna(0)).astype("Int64")
    spend = ((end["total_spend"] * MONEY_SCALE).round() - (start["total_spend"].fillna(0) * MONEY_SCALE).round()) / MONEY_SCALE
    direction = pd.Series(["entered" if pd.isna(s) else "same" if s == 0 else "up" if s > 0 else "down" for s in moves["steps"]], index=moves.index, dtype="str")
    told = moves.assign(
        label_before=moves["tier_before"].map(before.scheme.label()).astype("str"), label_after=moves["tier_after"].map(after.scheme.label()).astype("str"),
        direction=direction, orders_between=orders.array, spend_between=spend.to_numpy("float64"),
        recency_days=end["recency_days"].array, total_spend=end["total_spend"].to_numpy("float64"),
    )  # fmt: skip
    limits = _pair_limits(before, after)
    facts = told.assign(
        gap=end["usual_gap_days"].to_numpy("float64"), state=end["state"].array, tenure=end["tenure_days"].array,
        year=end["spend_12m"].to_numpy("float64"), year_before=start["spend_12m"].to_numpy("float64"),
        order_count=end["order_count"].array, orders_before=start["order_count"].fillna(0).array, scores=_changed_scores(moves, before, after),
        full_year=(start["history_days"] >= 365).fillna(False).to_numpy("bool"),  # else the earlier twelve months are not all there
    )  # fmt: skip
    moved = facts[facts["direction"] != "same"]
    sentences = pd.Series([_sentence(row, before, limits) for row in moved.itertuples()], index=moved.index, dtype="str")
    return told.assign(sentence=sentences.reindex(told.index, fill_value="").astype("str"))


def _changed_scores(moves: pd.DataFrame, before: Snapshot, after: Snapshot) -> list[str]:
    """Name the scores that went the way of the move, where the scheme looks at scores: a champion who buys as much may have come less lately."""
    if not set(LIMITS["score"]) & set(before.scheme.rule_columns):
        return [""] * len(moves)
    old, new = (p.axes.set_index("customer_id").reindex(moves["customer_id"])[list(SCORES)].astype("float64").to_numpy() for p in (before, after))
    way = np.sign(moves["steps"].astype("float64").to_numpy())[:, None]
    gone = np.sign(new - old) == np.where(way == 0, np.nan, way)
    names = list(SCORES.values())
    return ["; " + ", ".join(f"{names[j]} score {old[i, j]:.0f} to {new[i, j]:.0f}" for j in np.flatnonzero(row)) if row.any() else "" for i, row in enumerate(gone)]


def _sentence(row, before: Snapshot, limits: Limits) -> str:  # type: ignore[no-untyped-def]
    if row.direction == "entered":
        return f"New to us since {before.as_of}: {row.label_after}."
    moved = f"From {row.label_before} to {row.label_after}: "
    reasons = {"own behaviour": _did, "time passing": _waited}
    if row.cause in reasons:
        return moved + reasons[row.cause](row, before) + "."
    if row.cause == "cut points moved":
        own, why = row.step_time + row.step_behaviour, f"the others changed and the limits moved ({_passed(row, limits)})"
        if own * row.steps > 0:
            return moved + f"mainly because {why}."
        return moved + f"by the limits of {before.as_of} the tier would be {'better' if own > 0 else 'worse' if own < 0 else 'the same'}, but {why}."
    alone = row.step_rules == row.steps
    return moved + ("by the earlier rules the tier would be the same, but rules or settings were changed." if alone else "mainly because rules or settings were changed.")


def _did(row, before: Snapshot) -> str:  # type: ignore[no-untyped-def]
    if row.orders_between > 0:
        back = "came back, " if row.state == "reactivated" and row.orders_before > 0 else ""
        gap = f" (usual gap {row.gap:.0f} days)" if row.direction == "down" and row.recency_days > row.gap else ""
        year = f", the last {_count(row.recency_days, 'day')} ago{gap}" + (f"; 12-month spend went from {row.year_before:,.0f} to {row.year:,.0f}" if row.full_year else "")
        return f"{back}{_count(row.orders_between, 'order')} for {row.spend_between:,.0f} since {before.as_of}{year}{row.scores if row.state != 'lapsed' else ''}"
    if row.orders_between < 0:
        return f"orders were returned since {before.as_of}"
    if row.direction == "down" and pd.notna(row.recency_days) and row.recency_days > row.gap:
        gone = "stopped buying, " if row.state == "lapsed" else ""  # he may have been away as long before
        return f"{gone}no order for {_count(row.recency_days, 'day')}, usual gap {row.gap:.0f} days"
    return f"no order since {before.as_of}, but contact, answers, complaints or ratings changed"


def _waited(row, before: Snapshot) -> str:  # type: ignore[no-untyped-def]
    if pd.isna(row.recency_days):
        return "still no order that stands"
    if row.orders_between == 0:
        return f"no order since {before.as_of}, the silence grew to {_count(row.recency_days, 'day')}"
    return f"the relation is now {_count(row.tenure, 'day')} old"


def _count(number: float, unit: str) -> str:
    return f"{number:,.0f} {unit}" if number == 1 else f"{number:,.0f} {unit}s"


def _pair_limits(before: Snapshot, after: Snapshot) -> Limits:
    """Return the cut points at both days of every measure that the scheme looks at."""
    kinds = [kind for kind, columns in LIMITS.items() if set(columns) & set(before.scheme.rule_columns)]
    old, new = (Yardsticks.of(p.population) for p in (before, after))
    return [(measure, old.cut(f"{kind}:{measure}"), new.cut(f"{kind}:{measure}")) for kind, measure in product(kinds, SPOKEN)]


def _passed(row, limits: Limits) -> str:  # type: ignore[no-untyped-def]
    """Name the limits that went past this customer in the direction of the move, one per measure, from where to where."""
    told = []
    for measure, old, new in limits:
        value, up = getattr(row, measure), (row.steps > 0) == (measure == "recency_days")  # few days are good, many orders and much spend are
        passed = [(o, n) for o, n in zip(old, new, strict=False) if (value < o) != (value < n) and (n > o) == up]
        if len(old) != len(new):  # equal values made room for more bands, or for fewer
            told.append(f"{SPOKEN[measure]}, of which there are now {len(new)} and not {len(old)}")
        elif passed:
            told.append(f"{SPOKEN[measure]} from {passed[-1][0]:,.0f} to {passed[-1][1]:,.0f}")
    return "limit of " + ", of ".join(told) if told else "usual gaps or means of all customers"


def build_migration(moves: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Return how many customers went from which tier to which.

    Parameters
    ----------
    moves : pandas.DataFrame
        From `describe_moves`.
    scheme : Scheme

    Returns
    -------
    pandas.DataFrame
        tier_before (`entered` for who was not known), tier_after, label_before, label_after (str), customers (Int64), share_of_before (float64), total_spend (float64, of
        these customers at the later day), mainly (str, the most common cause). Pairs that occur, in the order of the tiers.
    """
    known = moves.assign(tier_before=moves["tier_before"].fillna("entered"), label_before=moves["label_before"].fillna("Entered"), units=(moves["total_spend"] * MONEY_SCALE).round())
    grouped = known.groupby(["tier_before", "label_before", "tier_after", "label_after"])
    table = grouped.agg(customers=("customer_id", "size"), units=("units", "sum"), mainly=("cause", _most_common)).reset_index()
    table["share_of_before"] = table["customers"] / table.groupby("tier_before")["customers"].transform("sum")
    place = scheme.rank | {NOT_MEASURED: len(scheme.rank) + 1, "entered": len(scheme.rank) + 2}
    ordered = table.assign(_b=table["tier_before"].map(place), _a=table["tier_after"].map(place)).sort_values(["_b", "_a"], ignore_index=True)
    told = ordered.assign(total_spend=ordered["units"] / MONEY_SCALE)
    columns = ["tier_before", "tier_after", "label_before", "label_after", "customers", "share_of_before", "total_spend", "mainly"]
    return told[columns].astype({"customers": "Int64", "mainly": "str", "label_before": "str", "label_after": "str"})


def _most_common(causes: pd.Series) -> str:
    counts = causes.value_counts()
    return str(sorted(counts[counts == counts.max()].index)[0]) if len(counts) else ""


def build_flows(moves: pd.DataFrame, scheme: Scheme) -> pd.DataFrame:
    """Return, per tier, who was there, who came, who left and who is there now.

    Returns
    -------
    pandas.DataFrame
        tier, label (str), before, entered, came_from_better, came_from_worse, left_to_better, left_to_worse, after (Int64, customers). before + entered + came -
        left = after. Tiers in their order, the not measured last.
    """
    place = scheme.rank | {NOT_MEASURED: len(scheme.rank) + 1}
    rows = []
    for tier, label in scheme.label().items():
        was, now = moves["tier_before"] == tier, moves["tier_after"] == tier
        up, down, new = moves["direction"] == "up", moves["direction"] == "down", moves["direction"] == "entered"
        counts = [was, now & new, now & down, now & up, was & up, was & down, now]
        rows.append((tier, label, *(int(c.sum()) for c in counts)))
    names = ["before", "entered", "came_from_better", "came_from_worse", "left_to_better", "left_to_worse", "after"]
    table = pd.DataFrame(rows, columns=["tier", "label", *names]).astype(dict.fromkeys(names, "Int64") | {"tier": "str", "label": "str"})
    return table.assign(_p=table["tier"].map(place)).sort_values("_p", ignore_index=True).drop(columns="_p")
