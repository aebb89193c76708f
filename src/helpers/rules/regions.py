"""Every region that a scheme's rules tell apart, and which rules take it: nothing is found by luck.

Each comparison looks at one column, so between two neighbouring constants a rule cannot change its mind. One value per such stretch and
every combination of them is therefore the whole scheme, not a sample.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from helpers.errors import UserError
from helpers.rules.schemes import Scheme

MOST_CELLS = 2_000_000
OTHER = "(any other)"


@dataclass(frozen=True)
class Domain:
    """What a column may hold: `values` when they can be listed, else any `text`, else numbers (`whole` for counts) from `low` upwards."""

    values: tuple[float | str, ...] = ()
    whole: bool = False
    low: float = -math.inf
    may_be_missing: bool = True
    text: bool = False

    @property
    def holds_texts(self) -> bool:
        """Whether the column is compared with texts rather than numbers."""
        return isinstance(self.values[0], str) if self.values else self.text


def list_cells(scheme: Scheme, domains: Mapping[str, Domain]) -> pd.DataFrame:
    """Return one row per region of a scheme, each column at a value that stands for its stretch.

    Parameters
    ----------
    scheme : Scheme
    domains : mapping
        Column to what it may hold; the scheme's own `columns` go first.

    Returns
    -------
    pandas.DataFrame
        The scheme's columns; a column in `needs` is never missing, because such a customer is not measured at all.

    Raises
    ------
    UserError
        A column is neither known nor declared in the scheme, or there are more regions than can be looked at.
    """
    hidden = sorted(set(scheme.parameters) & set(domains))
    if hidden:
        raise UserError(f"scheme {scheme.scheme}: parameter {hidden[0]} has the name of a column, which no rule could then look at: rename it")
    stretches = {c: _stretches(scheme, c, domains) for c in scheme.rule_columns}
    count = math.prod(len(v) for v in stretches.values())
    if count > MOST_CELLS:
        raise UserError(f"scheme {scheme.scheme} tells {count:,} regions apart, more than {MOST_CELLS:,}: use fewer columns or bands in place of numbers")
    cells = pd.DataFrame(list(product(*stretches.values())), columns=list(stretches))
    return cells.astype({c: _dtype(v) for c, v in stretches.items()})


def _stretches(scheme: Scheme, column: str, domains: Mapping[str, Domain]) -> list[float | str | None]:
    declared = scheme.columns.get(column)
    domain = Domain(declared, may_be_missing=False) if declared else domains.get(column)
    if domain is None:
        raise UserError(f"scheme {scheme.scheme} looks at column {column!r}, which nobody knows: declare its values under columns:")
    constants = {v for e in scheme.conditions for t in e.tests if t.column == column for v in t.values}
    foreign = sorted((c for c in constants if isinstance(c, str) != domain.holds_texts), key=str)
    if foreign:
        raise UserError(f"scheme {scheme.scheme}: column {column} holds {'texts' if domain.holds_texts else 'numbers'}, it is compared with {foreign[0]!r}")
    unknown = sorted((c for c in constants if domain.values and isinstance(c, str) and c not in domain.values), key=str)
    if unknown:
        raise UserError(f"scheme {scheme.scheme}: column {column} is never {unknown[0]!r}, it is one of {', '.join(map(cell_text, domain.values))}")
    values: list[float | str | None] = list(domain.values)
    if not values:  # a text whose values nobody can list: those named in the rules, and one that stands for all others
        values = [*sorted(map(str, constants)), OTHER] if domain.text else list(_between({float(c) for c in constants}, domain))
    asked = any(t.column == column and t.sign is ast.Is for e in scheme.conditions for t in e.tests)
    return values + ([None] if (domain.may_be_missing or asked) and column not in scheme.needs else [])


def _between(constants: set[float], domain: Domain) -> list[float]:
    """Return the constants, a value between each two, one below the first and one above the last; the lowest there is stands for what is below."""
    lowest = {domain.low} if math.isfinite(domain.low) else set()
    if domain.whole:
        near = {v for c in constants for v in (math.floor(c) - 1, math.floor(c), math.ceil(c), math.ceil(c) + 1)}
        return sorted(v for v in (near or {0.0}) | lowest if v >= domain.low)
    edges = sorted(constants) or [0.0]
    middles = [(a + b) / 2 for a, b in zip(edges, edges[1:], strict=False)]
    return sorted(v for v in {edges[0] - 1, *edges, *middles, edges[-1] + 1} | lowest if v >= domain.low)


def cell_text(value: object) -> str:
    """Return a value of a code as it is written in one: 5.0 as 5, a missing one as ?."""
    if value is None or value != value:
        return "?"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _dtype(values: list[float | str | None]) -> str:
    return "str" if any(isinstance(v, str) for v in values) else "float64"


def match_cells(scheme: Scheme, cells: pd.DataFrame) -> np.ndarray:
    """Return a yes-no matrix: which rule (columns) takes which region (rows), order of the rules not yet looked at."""
    return np.column_stack([e.matches(cells).to_numpy() for e in scheme.conditions])


@dataclass(frozen=True)
class Coverage:
    """What the rules do in every region.

    `codes` has one row per combination of the scheme's code columns: the columns, covered (bool: no region of the code falls to the
    fallback), claims (Int64, most tiers that claim a region of it, guards aside), first (str, tier of the
    first rule or the fallback where it is the same in all regions outside guards, else `depends`).
    """

    scheme: Scheme
    cells: pd.DataFrame
    matches: np.ndarray
    codes: pd.DataFrame

    @property
    def uncovered(self) -> pd.DataFrame:
        return self.codes[~self.codes["covered"]]

    @property
    def overlapping(self) -> pd.DataFrame:
        return self.codes[self.codes["claims"] > 1]


def cover(scheme: Scheme, domains: Mapping[str, Domain]) -> Coverage:
    """Look into every region of a scheme.

    Parameters
    ----------
    scheme : Scheme
    domains : mapping of str to Domain

    Returns
    -------
    Coverage
    """
    cells = list_cells(scheme, domains)
    matches = match_cells(scheme, cells)
    guards = np.array([r.guard for r in scheme.rules])
    guarded = matches[:, guards].any(axis=1)
    claims = np.where(guarded, 1, _claims(scheme, matches & ~guards))
    tiers = np.array([r.tier for r in scheme.rules] + [scheme.fallback.tier], dtype=object)
    first = tiers[np.where(matches.any(axis=1), matches.argmax(axis=1), len(tiers) - 1)]
    told = cells[list(scheme.codes)].assign(_covered=matches.any(axis=1), _claims=claims, _first=np.where(guarded, None, first))
    grouped = told.groupby(list(scheme.codes), dropna=False, sort=True)
    codes = grouped.agg(covered=("_covered", "all"), claims=("_claims", "max"), first=("_first", lambda s: _one(s.dropna().unique()))).reset_index()
    return Coverage(scheme, cells, matches, codes.astype({"claims": "Int64", "first": "str"}))


def _claims(scheme: Scheme, matches: np.ndarray) -> np.ndarray:
    """Return how many tiers claim each region: two rules of one tier do not contradict each other."""
    own = [np.array([r.tier == t.key for r in scheme.rules]) for t in scheme.tiers]
    return np.sum([matches[:, o].any(axis=1) for o in own], axis=0)


def _one(names: np.ndarray) -> str:
    return str(names[0]) if len(names) == 1 else "depends" if len(names) else "guard"
