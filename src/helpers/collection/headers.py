"""Which header of an export is which column of ours: synonyms in English and Chinese, then close spellings.

Nothing is decided silently: every match carries its score and the reason (feature F01; rows 002-09, 004-51).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
from rapidfuzz import fuzz

from helpers.collection.yamltext import read_yaml
from helpers.tables import TABLES, table

if TYPE_CHECKING:
    from opencc import OpenCC

CLOSE = 91  # score from 0 to 100 below which two spellings are not called close
SHORTEST_CLOSE = 5  # letters; shorter words are one typing mistake away from others, and so is a wrong first letter
RAW_TABLES = tuple(name for name in TABLES if name != "orders")  # orders are made from order lines, no export feeds them
MISSING_COSTS = 1.0  # points that a required column takes away when no header stands for it
WITHOUT_UNIT = 99.0  # score of a synonym that is found once the unit is left out: Amount (EUR)
_UNIT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]|(?<=[\s_])(?:CNY|RMB|TWD|NTD|HKD|USD|EUR|GBP|JPY|CHF)\s*$", re.IGNORECASE)
_CJK = re.compile(r"[\u3400-\u9fff]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Match(NamedTuple):
    """One way to read a header: how sure (0 to 100), how likely the synonym is (0 first), and why."""

    score: float
    rank: int
    header: str
    column: str
    why: str


@cache
def synonyms() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the headers that are known for every column: table, column, headers with the likeliest first.

    Examples
    --------
    >>> synonyms()["order_lines"]["order_id"][:2]
    ('order_id', 'order id')
    """
    text = resources.files("helpers.collection").joinpath("synonyms.yml").read_text(encoding="utf-8")
    listed = read_yaml(text)
    return {name: {c.name: (c.name, *listed[name].get(c.name, ())) for c in table(name).columns} for name in RAW_TABLES}


def header_words(header: str) -> str:
    """Return a header as lower-case words in simplified characters: one form for all ways to write it.

    Examples
    --------
    >>> header_words("InvoiceNo."), header_words("ＣＵＳＴＯＭＥＲ＿ID"), header_words(" 訂單編號 ")
    ('invoice no', 'customer id', '订单编号')
    """
    text = _HUMP.sub(" ", unicodedata.normalize("NFKC", header))
    words = re.sub(r"[\W_]+", " ", text.casefold()).strip()
    return _to_simplified().convert(words) if _CJK.search(words) else words


def match_headers(headers: Sequence[str], table_name: str) -> pd.DataFrame:
    """Find the column of a canonical table that each header stands for.

    A synonym written otherwise (case, blanks, punctuation, full width, traditional characters) counts as exact;
    after that close spellings count, with their score. A header stands for at most one column and the reverse.

    Parameters
    ----------
    headers : sequence of str
        Headers as they stand in the file.
    table_name : str
        A canonical table.

    Returns
    -------
    pandas.DataFrame
        One row per header, in the order given: `header` (str), `column` (str, null when nothing fits),
        `score` (float, 0 to 100), `why` (str).

    Raises
    ------
    UserError
        There is no such table.

    Examples
    --------
    >>> match_headers(["訂單編號", "CustomerID", "Unit Prices", "Weather"], "order_lines")[["header", "column", "score"]]
            header       column  score
    0         訂單編號     order_id  100.0
    1   CustomerID  customer_id  100.0
    2  Unit Prices   unit_price   95.2
    3      Weather         <NA>    0.0
    """
    table(table_name)
    candidates = [m for h in dict.fromkeys(headers) for m in _readings(h, table_name)]
    place = {h: i for i, h in reversed(list(enumerate(headers)))}
    best: dict[str, Match] = {}
    column_of: dict[str, Match] = {}
    for m in sorted(candidates, key=lambda m: (-m.score, m.rank, place[m.header])):
        if m.header not in best and m.column not in column_of:
            best[m.header] = column_of[m.column] = m
    rows = [_row(h, best if place[h] == i else {}, candidates, column_of) for i, h in enumerate(headers)]
    return pd.DataFrame(rows, columns=["header", "column", "score", "why"]).astype(
        {"header": "str", "column": "string", "score": "float64", "why": "str"}
    )


def guess_table(headers: Sequence[str], sample: pd.DataFrame | None = None) -> pd.DataFrame:
    """Say which canonical table a file probably feeds, with the evidence, best first.

    A column counts by its score, required ones double, and a table's own id triple; a missing required column counts
    against the table. With a sample, a table whose id repeats in the file loses, because its id should identify a row.

    Parameters
    ----------
    headers : sequence of str
        Headers as they stand in the file.
    sample : pandas.DataFrame, optional
        Some rows of the file, columns named by `headers`.

    Returns
    -------
    pandas.DataFrame
        `table` (str), `points` (float), `matched` (int, columns found), `missing` (str, required columns that no header
        stands for), `why` (str). Tables without any match are left out; an empty frame means: nothing fits.

    Examples
    --------
    >>> guess_table(["工单编号", "客户编号", "创建时间", "问题描述"])["table"].iloc[0]
    'tickets'
    """
    rows = [row for name in RAW_TABLES if (row := _table_row(name, headers, sample)) is not None]
    found = pd.DataFrame(rows, columns=["table", "points", "matched", "missing", "why"])
    return found.sort_values(["points", "matched"], ascending=False, kind="stable", ignore_index=True)


@cache
def _to_simplified() -> OpenCC:
    from opencc import OpenCC  # its dictionaries take a fifth of a second; only Chinese headers need them

    return OpenCC("t2s")


@cache
def _known(table_name: str) -> tuple[tuple[str, str, str, int], ...]:
    listed = synonyms()[table_name] if table_name in synonyms() else {c.name: (c.name,) for c in table(table_name).columns}
    return tuple((column, word, header_words(word), rank) for column, words in listed.items() for rank, word in enumerate(words))


def _readings(header: str, table_name: str) -> list[Match]:
    words, bare = header_words(header), header_words(_UNIT.sub(" ", header))
    squeezed, bare = words.replace(" ", ""), bare.replace(" ", "")
    exact: list[Match] = []
    for column, word, known, rank in _known(table_name):
        same = known.replace(" ", "")
        said = "own name" if word == column else f"exact synonym of {word!r}"
        if squeezed and squeezed == same:
            exact.append(Match(100.0, rank, header, column, said))
        elif bare and bare == same:
            exact.append(Match(WITHOUT_UNIT, rank, header, column, f"{said} when the unit is left out"))
    return exact or _close_readings(header, words, table_name)


def _close_readings(header: str, words: str, table_name: str) -> list[Match]:
    scored = ((column, word, rank, _closeness(words, known)) for column, word, known, rank in _known(table_name))
    return [
        Match(score, rank, header, column, f"close to {word!r}, score {score:g}") for column, word, rank, score in scored if score >= CLOSE
    ]


def _closeness(words: str, known: str) -> float:
    shorter = min(len(words), len(known))
    if shorter < (3 if _CJK.search(known) else SHORTEST_CLOSE) or words[0] != known[0]:
        return 0.0
    return round(min(max(fuzz.ratio(words, known), fuzz.token_sort_ratio(words, known)), 99.0), 1)


def _row(header: str, best: dict[str, Match], candidates: list[Match], column_of: dict[str, Match]) -> dict[str, object]:
    if header in best:
        m = best[header]
        return {"header": header, "column": m.column, "score": m.score, "why": m.why}
    rivals = sorted((m for m in candidates if m.header == header), key=lambda m: (-m.score, m.rank))
    if not rivals:
        return {"header": header, "column": None, "score": 0.0, "why": "no synonym"}
    taken = rivals[0]
    winner = column_of[taken.column].header
    return {"header": header, "column": None, "score": taken.score, "why": f"could be {taken.column}, which {winner!r} is"}


def _table_row(name: str, headers: Sequence[str], sample: pd.DataFrame | None) -> dict[str, object] | None:
    matches = match_headers(headers, name).dropna(subset="column")
    if matches.empty:
        return None
    required, own_id = set(table(name).required), table(name).key[0] if len(table(name).key) == 1 else None
    weight = {c: 3.0 if c == own_id else 2.0 if c in required else 1.0 for c in matches["column"]}
    missing = [c for c in table(name).required if c not in weight]
    points = sum(weight[c] * s / 100 for c, s in zip(matches["column"], matches["score"], strict=True)) - MISSING_COSTS * len(missing)
    why = f"{len(matches)} of {len(headers)} headers fit"
    if own_id in weight and _repeats(sample, matches.loc[matches["column"] == own_id, "header"].iloc[0]):
        points -= 6.0
        why += f", but {own_id} repeats, so a row is something else"
    return {"table": name, "points": round(points, 2), "matched": len(matches), "missing": ", ".join(missing), "why": why}


def _repeats(sample: pd.DataFrame | None, header: str) -> bool:
    if sample is None or header not in sample.columns:
        return False
    values = sample[header].dropna()
    return len(values) > 0 and values.nunique() < 0.9 * len(values)
