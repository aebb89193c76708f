"""Find what one file lacks in another: the date of an order in its header file, the category in a class file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from helpers.collection.headers import header_words, match_headers
from helpers.tables import table

COVERED = 0.9  # share of the rows that must find their partner before a join is proposed


@dataclass(frozen=True)
class Join:
    """A lookup to propose: which file, on which headers, which of its headers for which of our columns, and how many rows match."""

    partner: int  # place of the other file in the list of samples
    left: str
    right: str
    take: dict[str, str]  # our column: header in the other file
    matched: int
    rows: int


def wanted_columns(table_name: str, columns: Sequence[str]) -> list[str]:
    """Return the columns that are worth a join when a file lacks them: required ones, a price without an amount, a category.

    Examples
    --------
    >>> wanted_columns("order_lines", ["order_id", "product_id", "quantity", "unit_price"])
    ['customer_id', 'order_date']
    """
    missing = [c for c in table(table_name).required if c not in columns]
    if table_name == "order_lines" and "amount" in missing:
        missing.remove("amount")
        if "quantity" in columns and "unit_price" not in columns:
            missing.append("unit_price")
    if table_name == "products":
        missing += [c for c in ("name", "category", "subcategory") if c not in columns]
    return missing


def find_joins(place: int, frames: Sequence[pd.DataFrame], table_name: str, columns: Sequence[str]) -> list[Join]:
    """Propose lookups that bring columns which the file at `place` lacks, the one that brings most first.

    A partner needs a header of the same name whose values identify its rows and cover nine in ten rows of the file.

    Parameters
    ----------
    place : int
        Which of `frames` lacks columns.
    frames : sequence of pandas.DataFrame
        All files, as text.
    table_name : str
        Canonical table that the file feeds.
    columns : sequence of str
        Columns of it that the file has.

    Examples
    --------
    >>> facts = pd.DataFrame({"time_id": ["1", "1"], "customer_id": ["7", "8"], "amount": ["2", "3"], "order_id": ["a", "b"]})
    >>> days = pd.DataFrame({"time_id": ["1", "2"], "the_date": ["2024-01-31", "2024-02-01"]})
    >>> find_joins(0, [facts, days], "order_lines", ["order_id", "customer_id", "amount"])
    [Join(partner=1, left='time_id', right='time_id', take={'order_date': 'the_date'}, matched=2, rows=2)]
    """
    found: list[Join] = []
    wanted = wanted_columns(table_name, columns)
    offers = []
    for partner in (i for i in range(len(frames)) if i != place):
        offers += _joins_with(place, partner, frames, table_name, wanted)
    for join in sorted(offers, key=lambda j: (-len(j.take), -j.matched, j.partner)):
        take = {c: h for c, h in join.take.items() if c in wanted and h not in frames[place].columns}
        if take and join.partner not in {j.partner for j in found}:
            found.append(Join(join.partner, join.left, join.right, take, join.matched, join.rows))
            wanted = [c for c in wanted if c not in take]
    return found


def apply_joins(frame: pd.DataFrame, joins: Sequence[Join], frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return `frame` with the columns that the joins bring; rows and their order stay."""
    for join in joins:
        other = frames[join.partner][[join.right, *join.take.values()]].dropna(subset=join.right).drop_duplicates(join.right)
        keyed = other.set_index(join.right)
        frame = frame.assign(**{h: frame[join.left].map(keyed[h]).astype("str") for h in join.take.values()})
    return frame


def _joins_with(place: int, partner: int, frames: Sequence[pd.DataFrame], table_name: str, wanted: list[str]) -> list[Join]:
    mine, other = frames[place], frames[partner]
    matches = match_headers([str(c) for c in other.columns], table_name).dropna(subset="column")
    brings = {c: h for h, c in zip(matches["header"], matches["column"], strict=True) if c in wanted}
    joins = []
    for left, right in _shared_keys(mine, other) if brings else []:
        matched = int(mine[left].isin(other[right].dropna()).sum())
        take = {c: h for c, h in brings.items() if h != right}
        if take and matched >= COVERED * len(mine):
            joins.append(Join(partner, left, right, take, matched, len(mine)))
    return joins


def _shared_keys(mine: pd.DataFrame, other: pd.DataFrame) -> list[tuple[str, str]]:
    by_words = {header_words(str(h)): str(h) for h in other.columns}
    pairs = [(str(h), by_words[w]) for h in mine.columns if (w := header_words(str(h))) in by_words]
    return [(left, right) for left, right in pairs if len(other[right].dropna()) and other[right].dropna().is_unique]
