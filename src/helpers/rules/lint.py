"""The linter of schemes: holes, overlaps, rules that never decide, tiers that punish being better, a fallback that swallows too many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from helpers.errors import UserError
from helpers.rules.regions import Coverage, Domain, cell_text, cover
from helpers.rules.schemes import Scheme, assign_scheme

LEVELS = {"L": 0, "M": 1, "H": 2}


def find_unreachable(coverage: Coverage) -> list[int]:
    """Return the numbers of rules that take no region: earlier rules take everything they describe, or they describe nothing."""
    matches = coverage.matches
    first = np.where(matches.any(axis=1), matches.argmax(axis=1), -1)
    return [n for n in range(1, matches.shape[1] + 1) if not (first == n - 1).any()]


def find_inversions(coverage: Coverage) -> pd.DataFrame:
    """Return pairs of regions where being better in every respect brings a worse tier.

    Only the columns in the scheme's `better` differ between the two regions of a pair; the higher one is at least as good in each of
    them and ends in a tier that stands lower in the list.

    Returns
    -------
    pandas.DataFrame
        better_code, worse_code (str, values of the `better` columns), tier_of_better, tier_of_worse (str). One row per pair of codes.

    Raises
    ------
    UserError
        `better` names a column that no rule looks at, or one whose values have no order.
    """
    scheme = coverage.scheme
    columns = ["better_code", "tier_of_better", "worse_code", "tier_of_worse"]
    if not scheme.better:
        return pd.DataFrame(columns=columns).astype("str")
    better, rank = list(scheme.better), scheme.rank
    _check_better(scheme, coverage.cells)
    cells, first = coverage.cells, coverage.matches.argmax(axis=1)
    tiers = [r.tier for r in scheme.rules]
    tier = np.where(coverage.matches.any(axis=1), np.array(tiers, dtype=object)[first], scheme.fallback.tier)
    kept = cells[better].notna().all(axis=1).to_numpy()
    level = cells[better].apply(lambda s: s.map(LEVELS) if s.dtype == "str" else s).astype("float64")
    others = [c for c in cells if c not in better]
    block = cells.groupby(others, dropna=False).ngroup().to_numpy() if others else np.zeros(len(cells))
    table = level.assign(_tier=tier, _block=block, _code=[_code(v) for v in cells[better].to_numpy()])[kept]
    return _inverted_pairs(table, better, rank)[columns]


def _check_better(scheme: Scheme, cells: pd.DataFrame) -> None:
    for column in scheme.better:
        if column not in cells:
            raise UserError(f"scheme {scheme.scheme}: better names {column}, but no rule looks at it")
        strange = [v for v in cells[column].dropna().unique() if isinstance(v, str) and v not in LEVELS]
        if strange:
            raise UserError(f"scheme {scheme.scheme}: better names {column}, but whether {strange[0]!r} is better nobody knows: name columns of numbers or of L, M, H")


def _code(values: Iterable[object]) -> str:
    """Return values as one code: single signs side by side, longer ones parted, so that no two codes read the same."""
    texts = [cell_text(v) for v in values]
    return ("" if all(len(t) == 1 for t in texts) else "-").join(texts)


def _inverted_pairs(table: pd.DataFrame, better: list[str], rank: dict[str, int]) -> pd.DataFrame:
    """Compare codes within each block; blocks in which the same codes hold the same tiers are looked at once."""
    codes = table.drop_duplicates("_code").set_index("_code")[better]
    levels, names = codes.to_numpy(), codes.index.to_numpy()
    by_block = table.pivot(index="_block", columns="_code", values="_tier")[list(names)].drop_duplicates()
    below = (levels[None, :, :] <= levels[:, None, :]).all(axis=2)  # [i, j]: code j is nowhere better than code i
    found: dict[tuple[str, str, str, str], None] = {}
    for tiers in by_block.to_numpy():
        ranks = np.array([rank.get(t, np.nan) for t in tiers], dtype="float64")
        for i, j in zip(*np.nonzero(below & (ranks[None, :] < ranks[:, None])), strict=True):
            found[(str(names[i]), str(tiers[i]), str(names[j]), str(tiers[j]))] = None
    return pd.DataFrame(list(found), columns=["better_code", "tier_of_better", "worse_code", "tier_of_worse"]).astype("str")


def lint_scheme(scheme: Scheme, domains: Mapping[str, Domain], customers: pd.DataFrame | None = None) -> pd.DataFrame:
    """Check a scheme, and its use on data where `customers` are given.

    Parameters
    ----------
    scheme : Scheme
    domains : mapping of str to Domain
        What the columns may hold.
    customers : pandas.DataFrame, optional
        Table `customer_axes`, for the share of the fallback.

    Returns
    -------
    pandas.DataFrame
        scheme, check (holes / overlaps / unreachable rules / priority inversions / fallback share), verdict (ok / fault / no data), found (Int64, codes, rules, pairs or
        customers), of (Int64), detail (str, examples in words).

    Notes
    -----
    features.md sections 3.1 (row 1) and 9 (row 4). A guard is a rule that is meant to come first: it hides what lies below it and is not
    counted as an overlap.
    """
    coverage = cover(scheme, domains)
    rows = [
        _row(scheme, "holes", len(coverage.uncovered), len(coverage.codes), _examples(coverage.uncovered, scheme)),
        _row(scheme, "overlaps", len(coverage.overlapping), len(coverage.codes), _examples(coverage.overlapping, scheme)),
    ]
    unreachable = find_unreachable(coverage)
    rows.append(_row(scheme, "unreachable rules", len(unreachable), len(scheme.rules), "; ".join(f"rule {n} ({scheme.rules[n - 1].tier}): {scheme.rules[n - 1].when}" for n in unreachable)))
    inverted = find_inversions(coverage)
    shown = [f"{p.better_code} is {p.tier_of_better}, {p.worse_code} is {p.tier_of_worse}" for p in inverted.head(3).itertuples()]
    rows.append(_row(scheme, "priority inversions", len(inverted), len(coverage.codes), "; ".join(shown)))
    rows.append(_fallback_row(scheme, None if customers is None else assign_scheme(customers, scheme)))
    return pd.DataFrame(rows).astype({"scheme": "str", "check": "str", "verdict": "str", "found": "Int64", "of": "Int64", "detail": "str"})


def _row(scheme: Scheme, check: str, found: int, of: int, detail: str) -> dict[str, object]:
    return {"scheme": scheme.scheme, "check": check, "verdict": "fault" if found else "ok", "found": found, "of": of, "detail": detail if found else ""}


def _examples(codes: pd.DataFrame, scheme: Scheme, most: int = 30) -> str:
    shown = [_code(row) for row in codes[list(scheme.codes)].head(most).itertuples(index=False)]
    return ", ".join(shown) + (f" and {len(codes) - most} more" if len(codes) > most else "")


def _fallback_row(scheme: Scheme, tiers: pd.DataFrame | None) -> dict[str, object]:
    head = {"scheme": scheme.scheme, "check": "fallback share"}
    measured = tiers[tiers["rule"] >= 0] if tiers is not None else None
    if measured is None or measured.empty:
        return head | {"verdict": "no data", "found": 0, "of": 0, "detail": "" if tiers is None else "nobody has the evidence that the scheme needs"}
    fell = int((measured["rule"] == 0).sum())
    fault = fell > scheme.fallback.max_share * len(measured)
    said = f"{fell / len(measured):.1%} of those measured fall to {scheme.fallback.tier}, at most {scheme.fallback.max_share:.0%} may".replace("%", " %")
    return head | {"verdict": "fault" if fault else "ok", "found": fell, "of": len(measured), "detail": said}
