"""Pairs a person decides on: written for Excel, read back with care, obeyed by the next run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from helpers.cleaning.settings_customers import DuplicatesSettings
from helpers.errors import UserError

DECISIONS = ("same", "different")
PAIR = ["raw_id_a", "raw_id_b"]
REVIEW_COLUMNS = ("decision", "raw_id_a", "name_a", "raw_id_b", "name_b", "confidence", "why", "note")


def read_decisions(path: Path) -> pd.DataFrame:
    """Read a review file: raw_id_a, raw_id_b, decision ("same" or "different"), note; undecided rows are left out.

    Raises
    ------
    UserError
        A column is missing, a decision is another word, or one pair is decided both ways; names the line.
    """
    every = read_review(path)
    frame = every[every["decision"] != ""].drop_duplicates([*PAIR, "decision"])
    both = frame[frame.duplicated(PAIR, keep=False)]
    if len(both):
        raise UserError(f"{path.name}: the pair {both['raw_id_a'].iloc[0]} and {both['raw_id_b'].iloc[0]} is decided both ways")
    return frame.sort_values(PAIR, ignore_index=True)


def read_review(path: Path) -> pd.DataFrame:
    """Read every row of a review file, also undecided ones (empty decision): raw_id_a, raw_id_b, decision, note (all str); faults as for `read_decisions`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise UserError(f"{path.name} is not UTF-8: save it as CSV UTF-8") from fault
    rows = list(csv.DictReader(io.StringIO(text)))
    lacking = {*PAIR, "decision"} - set(rows[0] if rows else REVIEW_COLUMNS)
    if lacking:
        raise UserError(f"{path.name} lacks the column {', '.join(sorted(lacking))}")
    return pd.DataFrame([_read_decision(path.name, n, row) for n, row in enumerate(rows, 2)], columns=[*PAIR, "decision", "note"]).astype("str")


def _read_decision(name: str, line: int, row: dict[str, str | None]) -> tuple[str, str, str, str]:
    decision = (row["decision"] or "").strip().lower()
    if decision and decision not in DECISIONS:
        raise UserError(f"{name}, line {line}: decision {decision!r} must be same, different or empty")
    first, second = sorted(((row["raw_id_a"] or "").lstrip("'"), (row["raw_id_b"] or "").lstrip("'")))
    return first, second, decision, row.get("note") or ""


def decide(pairs: pd.DataFrame, decisions: pd.DataFrame | None, settings: DuplicatesSettings) -> pd.DataFrame:
    """Return pairs with what a person said and what is done: decision (str or null), action ("merge", "review", "keep apart").

    A person's word counts before the confidence, also for pairs that the comparison no longer finds. Notes go along when `decisions` has them.
    """
    said = decisions if decisions is not None else pd.DataFrame(columns=[*PAIR, "decision"], dtype="str")
    both = pairs.merge(said, on=PAIR, how="outer").sort_values(PAIR, ignore_index=True)
    action = pd.Series("review", index=both.index, dtype="str").mask(both["confidence"] >= settings.merge_at, "merge")
    action = action.mask(both["decision"] == "same", "merge").mask(both["decision"] == "different", "keep apart")
    return both.assign(action=action, why=both["why"].fillna("decided by a person").astype("str"), decision=both["decision"].astype("str"))


def build_customer_map(customers: pd.DataFrame, decided: pd.DataFrame) -> pd.DataFrame:
    """Return which record belongs to which customer.

    Parameters
    ----------
    customers : pandas.DataFrame
        Marked customers.
    decided : pandas.DataFrame
        From `decide`.

    Returns
    -------
    pandas.DataFrame
        raw_id, customer_id (str; the id of the earliest record of the group), confidence (float64, of the weakest link, 1 when single), rule
        (str), fate (str: kept, merged or set_aside). One row per record. A group that would join a pair someone keeps apart is not merged at all.
    """
    known = customers.dropna(subset=["customer_id"]).sort_values(["customer_id", "fate"]).drop_duplicates("customer_id")  # a kept record first
    links = decided[(decided["action"] == "merge") & decided["raw_id_a"].isin(known["customer_id"]) & decided["raw_id_b"].isin(known["customer_id"])]
    group = _connected(known["customer_id"].tolist(), links)
    apart = decided[decided["action"] == "keep apart"]
    torn = {group[a] for a, b in apart[["raw_id_a", "raw_id_b"]].itertuples(index=False) if a in group and group.get(a) == group.get(b)}
    group = {i: (i if g in torn else g) for i, g in group.items()}
    by_age = known.sort_values(["created_on", "customer_id"], na_position="last")
    head: dict[str, str] = {}
    for raw_id in by_age["customer_id"]:
        head.setdefault(group[raw_id], raw_id)
    weakest = _weakest(links, group)
    rows = [(i, head[group[i]], *weakest.get(group[i], (1.0, "single record"))) for i in known["customer_id"]]
    frame = pd.DataFrame(rows, columns=["raw_id", "customer_id", "confidence", "rule"]).astype({"raw_id": "str", "customer_id": "str", "confidence": "float64", "rule": "str"})
    fate = known["fate"].reset_index(drop=True).mask(frame["raw_id"] != frame["customer_id"], "merged")
    return frame.assign(fate=fate.astype("str"))


def _connected(ids: list[str], links: pd.DataFrame) -> dict[str, str]:
    """Give each id the smallest id that it is linked to, directly or through others."""
    parent = {i: i for i in ids}

    def top(i: str) -> str:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for a, b in links[["raw_id_a", "raw_id_b"]].itertuples(index=False):
        low, high = sorted((top(a), top(b)))
        parent[high] = low
    return {i: top(i) for i in ids}


def _weakest(links: pd.DataFrame, group: dict[str, str]) -> dict[str, tuple[float, str]]:
    ordered = links.assign(_group=links["raw_id_a"].map(group), confidence=links["confidence"].fillna(1.0)).sort_values(["_group", "confidence", "raw_id_a"])
    return {g: (float(c), w) for g, c, w in ordered.drop_duplicates("_group")[["_group", "confidence", "why"]].itertuples(index=False)}


def review_queue(decided: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs for a person, undecided ones first: decision, ids, names, confidence, evidence, note.

    Names are shown, because nobody can decide without them; the file stays in the run's review folder.
    """
    names = customers.drop_duplicates("customer_id").set_index("customer_id")["name"]
    asked = decided[(decided["action"] == "review") | decided["decision"].notna()]
    note = asked["note"] if "note" in asked else pd.Series(None, index=asked.index, dtype="str")
    return sort_queue(asked.assign(name_a=asked["raw_id_a"].map(names), name_b=asked["raw_id_b"].map(names), note=note))[list(REVIEW_COLUMNS)]


def sort_queue(queue: pd.DataFrame) -> pd.DataFrame:
    """Return a queue with undecided pairs first, the likeliest on top."""
    return queue.sort_values(["decision", "confidence", *PAIR], na_position="first", ascending=[True, False, True, True], ignore_index=True)
