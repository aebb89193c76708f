"""`crmkit diff`: what differs between two runs, from settings and inputs down to single customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.errors import UserError
from helpers.runs.compare import TableChange, compare_tables
from helpers.runs.figures import HEADLINES
from helpers.runs.ingredients import list_ingredients, say_ingredient
from helpers.runs.manifest import MANIFEST, read_manifest
from helpers.runs.moves import OTHER_KEYS, list_moves
from helpers.runs.tablefiles import read_table
from helpers.show.report import Bullets, Grid, Page, Section, Text, build_report

MOVES = 40  # customers that the page names; the table has all


@dataclass(frozen=True)
class Difference:
    """All that differs: frames of texts (what, before, after) for settings, inputs, versions and figures; tables; customers that moved."""

    names: tuple[str, str]
    settings: pd.DataFrame
    inputs: pd.DataFrame
    versions: pd.DataFrame
    figures: pd.DataFrame
    tables: tuple[TableChange, ...]
    lone_tables: dict[str, str]
    moves: pd.DataFrame
    note: str  # why causes are not split, or customers not compared, when they are not
    customers: tuple[int, int, int]  # in both, only before, only after

    @property
    def same(self) -> bool:
        """Whether all tables are equal."""
        return all(t.same for t in self.tables) and not self.lone_tables


def diff_runs(before: Path, after: Path) -> Difference:
    """Compare two run folders, the one with the earlier as-of date as the first.

    Parameters
    ----------
    before, after : pathlib.Path
        Folders with a manifest and tables.

    Raises
    ------
    UserError
        One of them is no finished run.
    """
    a, b = _record(before), _record(after)
    if a["as_of"] > b["as_of"]:
        before, after, a, b = after, before, b, a
    shared = [t for t in a["tables"] if t in b["tables"]]
    lone = {t: before.name for t in a["tables"] if t not in shared} | {t: after.name for t in b["tables"] if t not in shared}
    changes = tuple(compare_tables(t, _table(before, t), _table(after, t)) for t in shared)
    settings = _differences(_settings(a), _settings(b))
    moves, note = list_moves((before, after), (a, b))
    told = "ingredients" in a and "ingredients" in b  # an older manifest says nothing about them
    inputs = _differences(_inputs(a, told), _inputs(b, told))
    return Difference(
        (before.name, after.name), settings, inputs, _differences(a["versions"], b["versions"]),
        _differences(_figures(a), _figures(b)), changes, lone, moves, note, _customers(before, after),
    )  # fmt: skip


def _record(folder: Path) -> dict[str, Any]:
    if not (folder / MANIFEST).exists():
        raise UserError(f"{folder.name} has no {MANIFEST}: it is no run, or one that was not finished")
    return read_manifest(folder)


def _table(folder: Path, name: str) -> Path:
    file = folder / "tables" / f"{name}.parquet"
    if not file.exists():
        raise UserError(f"{folder.name} lacks the table {name} that its manifest names: run it again")
    return file


def _settings(record: Mapping[str, Any]) -> dict[str, str]:
    own = {f"{s}.{k}": _text(v) for s, values in record["settings"].items() for k, v in values.items()}
    return {"profile": record["profile"], "as_of": record["as_of"], "currency": record["currency"], **own}


def _inputs(record: Mapping[str, Any], ingredients: bool) -> dict[str, str]:
    """Exports with size and hash; profile, maps, sheets and lists, where the manifests state them, by fingerprint."""
    read = {say_ingredient(n, part, record["profile"]): mark[:12] for n, part, mark in list_ingredients(record)} if ingredients else {}
    files = {f"{e['source']}: {f['file']}": f"{f['bytes']:,} bytes, {f['sha256'][:12]}" for e in record["inputs"] for f in e["files"]}
    return files | read | {f"{e['source']}: rows later than the as-of date": f"{e['rows_after_as_of']:,}" for e in record["inputs"]}


def _figures(record: Mapping[str, Any]) -> dict[str, str]:
    told = record.get("figures", {})
    plain = {h.title: f"{told[h.key]:,.0f}" for h in HEADLINES if told.get(h.key) is not None}
    return plain | {f"share of {t}": f"{s * 100:.1f} %" for t, s in told.get("tier_shares", {}).items()}


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> pd.DataFrame:
    names = [n for n in dict.fromkeys([*before, *after]) if before.get(n) != after.get(n)]
    return pd.DataFrame({"what": names, "before": [before.get(n, "") for n in names], "after": [after.get(n, "") for n in names]}).astype("str")


def _customers(before: Path, after: Path) -> tuple[int, int, int]:
    one, two = (set(read_table(_table(f, "customer_tiers"))["customer_id"]) for f in (before, after))
    return len(one & two), len(one - two), len(two - one)


def say_difference(told: Difference) -> list[str]:
    """Return the difference in sentences, the most important first."""
    both, gone, new = told.customers
    if told.same:
        return [f"All tables of {told.names[0]} and {told.names[1]} are equal."]
    changed = [t for t in told.tables if not t.same]
    first = f"{len(changed)} of {len(told.tables)} tables differ between {told.names[0]} and {told.names[1]}."
    if told.note == OTHER_KEYS:
        return [first, f"{told.note[0].upper()}{told.note[1:]}."]
    causes = told.moves.loc[told.moves["cause"] != "", "cause"].value_counts()
    why = f": {', '.join(f'{c} {n:,}' for c, n in causes.items())}" if len(causes) else ""
    why += f" ({told.note})" if told.note else ""
    return [
        first,
        f"{both:,} customers are in both, {gone:,} only in the first, {new:,} only in the second.",
        f"{len(told.moves):,} customers changed tier{why}.",
    ]


def say_move(move: Mapping[str, str]) -> str:
    """Return one customer's move in words, with the numbers behind it."""
    said = move["sentence"] or f"From {move['tier_before']} to {move['tier_after']}."
    return f"{move['customer_id']}: {said} ({move['numbers'] or 'its own numbers are the same'})"


def table_frame(told: Difference) -> pd.DataFrame:
    """Return one row per table that differs: table, rows before and after, rows that came, went and changed, columns that changed."""
    rows = [
        {"table": t.table, "rows before": f"{t.rows_before:,}", "rows after": f"{t.rows_after:,}", "came": f"{t.came:,}", "went": f"{t.went:,}",
         "changed": f"{t.changed:,}", "columns": ", ".join((*t.columns, *(f"type of {c}" for c in t.retyped)))}
        for t in told.tables if not t.same
    ]  # fmt: skip
    lone = [{"table": t, "columns": f"only in {run}"} for t, run in told.lone_tables.items()]
    return pd.DataFrame([*rows, *lone], columns=["table", "rows before", "rows after", "came", "went", "changed", "columns"]).fillna("").astype("str")


def diff_page(told: Difference) -> str:
    """Return the difference as one HTML page."""
    moved = told.moves.head(MOVES)
    steps = told.moves.groupby(["tier_before", "tier_after", "cause"], as_index=False).size().sort_values("size", ascending=False)
    counted = pd.DataFrame({"from": steps["tier_before"], "to": steps["tier_after"], "mainly": steps["cause"], "customers": steps["size"].map("{:,}".format)})
    named = [
        Section("Headline figures", (Grid(told.figures, ("before", "after")),)),
        Section("Settings and dates", (Grid(told.settings),)) if len(told.settings) else Section("Settings and dates", (Text("All the same."),)),
        Section("Customers that changed tier", (Grid(counted, ("customers",)), Bullets(tuple(say_move(m) for m in moved.to_dict("records"))))),
        Section("Tables", (Grid(table_frame(told), ("rows before", "rows after", "came", "went", "changed")),)),
        Section("What was read", (Grid(told.inputs),), folded=True),
        Section("Versions", (Grid(told.versions),), folded=True),
    ]
    first = Section("In short", (Bullets(tuple(say_difference(told))),))
    return build_report(Page(f"{told.names[0]} and {told.names[1]}", "Before and after, in this order.", "the two dates below", "each run's own currency", (), (first, *named)))
