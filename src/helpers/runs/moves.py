"""Customers whose tier differs between two runs, and why: time, own behaviour, cut points, rules, or other data of the same day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.axes.derive import AxisSettings
from helpers.axes.moves import CAUSES, explain_moves
from helpers.errors import UserError
from helpers.lifecycle.migration import describe_moves
from helpers.lifecycle.past import Past
from helpers.rules.schemes import Scheme, read_scheme
from helpers.runs.corrections import CAUSE, blame_corrections
from helpers.runs.settings import build_settings
from helpers.runs.tablefiles import read_table, scan_table

EVIDENCE = ("customers", "products", "interactions", "surveys", "tickets", "ratings")
OTHER_DATA = "same day, but the exports, the cleaning settings or the versions differ; see inputs, settings and versions"
OTHER_KEYS = "the two runs code customers with different keys (CRMKIT_PSEUDONYM_KEY), so they cannot be compared customer by customer"
COLUMNS = ("customer_id", "tier_before", "tier_after", "cause", "sentence", "numbers")
MEASURES = {"recency_days": "last order {}, now {} days ago", "order_count": "{}, now {} orders", "total_spend": "spent {}, now {}"}
SCORES = ("r_score", "f_score", "m_score")


def list_moves(folders: tuple[Path, Path], records: tuple[Mapping[str, Any], Mapping[str, Any]]) -> tuple[pd.DataFrame, str]:
    """Return the customers that are in both runs and changed tier, and why their causes are not split, when they are not.

    Parameters
    ----------
    folders, records : pair
        Run folders and manifests, the earlier day first.

    Returns
    -------
    frame : pandas.DataFrame
        customer_id, tier_before, tier_after (labels), cause (`own behaviour`, `time passing`, `cut points moved`, `rules changed`; `data` for two
        runs of one day that were made from other orders or other evidence; empty when it is not split), sentence (what it came from, in words), numbers
        (which of recency, orders, spend and scores changed) (all str). By spend, highest first.
    note : str
        Empty, or how many customers corrected exports touched, or why causes are not split: another scheme, another profile, other data of the
        same day, another key of the customers' codes (then nobody is compared).
    """
    if other_keys(*records):
        return pd.DataFrame(columns=list(COLUMNS), dtype="str"), OTHER_KEYS
    one, two = (read_table(f / "tables" / "customer_tiers.parquet") for f in folders)
    both = one.merge(two, on="customer_id", suffixes=("_before", "_after"))
    moved = both[both["tier_before"].astype("str") != both["tier_after"].astype("str")].sort_values(["total_spend_after", "customer_id"], ascending=[False, True])
    told = pd.DataFrame(
        {
            "customer_id": moved["customer_id"], "tier_before": _label(moved, "before"), "tier_after": _label(moved, "after"),
            "numbers": [say_numbers(row) for row in moved.to_dict("records")],
        }
    )  # fmt: skip
    causes, note = _by_data(told, records) if other_data(*records) else _split(folders, records)
    whole = told.merge(causes[["customer_id", "cause", "sentence"]], on="customer_id", how="left").fillna({"cause": "", "sentence": ""})
    return whole.astype("str")[list(COLUMNS)].reset_index(drop=True), note


def other_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether two manifests tell of different codes for one and the same customer; manifests from before the sample say nothing."""
    samples = [r.get("code_sample") for r in (before, after)]
    return None not in samples and samples[0] != samples[1]


def other_data(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Say whether two runs of one profile and one day were made from other orders or other evidence: corrected exports, or another way of cleaning them."""
    if any(before[k] != after[k] for k in ("profile", "filters", "as_of")):
        return False
    return any(before["tables"].get(t) != after["tables"].get(t) for t in ("order_lines", *EVIDENCE))


def _by_data(moved: pd.DataFrame, records: tuple[Mapping[str, Any], Mapping[str, Any]]) -> tuple[pd.DataFrame, str]:
    """Between two runs of one day no time passed and nobody did anything: splitting into causes would blame the customers."""
    note = OTHER_DATA + ("; rules or settings of the tiers differ too" if _rules(records[0]) != _rules(records[1]) else "")
    sentence = "From " + moved["tier_before"] + " to " + moved["tier_after"] + f": {note}."
    return moved[["customer_id"]].assign(cause=CAUSE, sentence=sentence), note


def _rules(record: Mapping[str, Any]) -> list[Any]:
    return [record["scheme"], *(record["settings"].get(s) for s in ("rfm", "activity", "lifecycle", "tiering"))]


def _label(moved: pd.DataFrame, side: str) -> pd.Series:
    return moved[f"label_en_{side}" if f"label_en_{side}" in moved else f"tier_{side}"]


def _split(folders: tuple[Path, Path], records: tuple[Mapping[str, Any], Mapping[str, Any]]) -> tuple[pd.DataFrame, str]:
    """Ask the lifecycle room, which makes both days anew from what the two runs knew."""
    none = pd.DataFrame({"customer_id": [], "cause": [], "sentence": []}, dtype="str")
    if records[0]["profile"] != records[1]["profile"] or records[0]["filters"] != records[1]["filters"]:
        return none, "the runs are about different data, so causes are not split"
    days = [dt.date.fromisoformat(r["as_of"]) for r in records]
    schemes = [_scheme(r) for r in records]
    pasts = [_past(f, r) for f, r in zip(folders, records, strict=True)]
    known, after = (p.snapshot(d, s) for p, d, s in zip(pasts, days, schemes, strict=True))
    later = Past(pasts[1].order_lines, pasts[1].tables, pasts[0].settings)
    anew = later.snapshot(days[0], schemes[0])  # the earlier day by the later exports: what was corrected is nobody's doing
    try:
        moves = describe_moves(explain_moves(anew, after, later.measure(days[1], known_until=days[0])), anew, after)
    except UserError as fault:
        return none, str(fault)
    if days[0] == days[1]:
        return _by_rules(moves), ""
    moves, touched = blame_corrections(moves, known, anew)
    return moves, f"later exports correct earlier ones: by them {touched:,} customers were in another tier on {days[0]}" if touched else ""


def _by_rules(moves: pd.DataFrame) -> pd.DataFrame:
    """On one day with the same orders nobody did anything: cut points that moved were moved by the settings."""
    told = "From " + moves["label_before"] + " to " + moves["label_after"] + ": same customer, same numbers; the thresholds or rules are others."
    moved = moves["steps"].fillna(0) != 0
    return moves.assign(cause=moves["cause"].mask(moved, CAUSES["rules"]), sentence=moves["sentence"].mask(moved, told))


def _scheme(record: Mapping[str, Any]) -> Scheme:
    return read_scheme(record["scheme"], record["scheme"]["scheme"])


def _past(folder: Path, record: Mapping[str, Any]) -> Past:
    settings = build_settings(record["settings"])
    files = {name: folder / "tables" / f"{name}.parquet" for name in EVIDENCE}
    tables = {name: read_table(file) if file.exists() else None for name, file in files.items()}
    return Past(scan_table(folder / "tables" / "order_lines.parquet"), tables, AxisSettings(settings.rfm, settings.activity, settings.lifecycle))


def say_numbers(row: Mapping[str, Any]) -> str:
    """Return which numbers of a customer changed.

    Examples
    --------
    >>> row = {"recency_days_before": 5, "recency_days_after": 95, "order_count_before": 9, "order_count_after": 9}
    >>> say_numbers(row | {"r_score_before": 5, "r_score_after": 2})
    'last order 5, now 95 days ago; r_score 5, now 2'
    """
    changed = [(form, *_pair(row, m)) for m, form in MEASURES.items() if f"{m}_before" in row]
    scores = [(f"{s} {{}}, now {{}}", *_pair(row, s)) for s in SCORES if f"{s}_before" in row]
    return "; ".join(form.format(before, after) for form, before, after in [*changed, *scores] if before != after)


def _pair(row: Mapping[str, Any], measure: str) -> tuple[str, str]:
    return _plain(row[f"{measure}_before"]), _plain(row[f"{measure}_after"])


def _plain(value: Any) -> str:
    return "none" if pd.isna(value) else f"{value:,.2f}" if not float(value).is_integer() else f"{value:,.0f}"
