"""Which customer records are one customer: exact keys, then similar names, each with its evidence (F05)."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from helpers.cleaning.contacts import normalise_email, normalise_name, normalise_phone
from helpers.cleaning.settings_customers import DuplicatesSettings

PAIR_COLUMNS = ("raw_id_a", "raw_id_b", "confidence", "why", "decision", "action")
LARGEST_BLOCK = 20  # a telephone number of more records is a switchboard, not a person


def comparable_records(customers: pd.DataFrame, settings: DuplicatesSettings) -> pd.DataFrame:
    """Return raw_id, name, key (normalised name), email, phone, birthday, region, kind of the kept records, by id."""
    kept = customers[customers["fate"] == "kept"].sort_values("customer_id")
    return pd.DataFrame(
        {
            "raw_id": kept["customer_id"],
            "key": kept["name"].map(normalise_name, na_action="ignore"),
            "email": kept["email"].map(normalise_email, na_action="ignore"),
            "phone": kept["phone"].map(lambda p: normalise_phone(p, settings.phone_region), na_action="ignore"),
            "birthday": kept["birthday"],
            "region": kept["region"],
            "kind": kept["kind"],
        }
    ).reset_index(drop=True)


def find_pairs(records: pd.DataFrame, settings: DuplicatesSettings) -> pd.DataFrame:
    """Return pairs of records that may be one customer, each with confidence and evidence.

    Parameters
    ----------
    records : pandas.DataFrame
        From `comparable_records`.
    settings : DuplicatesSettings

    Returns
    -------
    pandas.DataFrame
        raw_id_a < raw_id_b (str), confidence (float64, 0 to 1), why (str); pairs below `review_at` are left out. Sorted by id.

    Notes
    -----
    Compared are records that share an e-mail address, a telephone number or a normalised name, and each record with its nearest names by
    TF-IDF of letter pairs and triples. No comparison of all with all, so 100,000 records take about a minute.
    """
    candidates = sorted(_exact_candidates(records) | _similar_names(records, settings.neighbours))
    rows = records.to_dict("records")
    judged = [(rows[i]["raw_id"], rows[j]["raw_id"], *judge_pair(rows[i], rows[j])) for i, j in candidates]
    pairs = pd.DataFrame(judged, columns=["raw_id_a", "raw_id_b", "confidence", "why"]).astype({"raw_id_a": "str", "raw_id_b": "str", "confidence": "float64", "why": "str"})
    return pairs[pairs["confidence"] >= settings.review_at].sort_values(["raw_id_a", "raw_id_b"], ignore_index=True)


def _exact_candidates(records: pd.DataFrame) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for column in ("email", "phone", "key"):
        for members in records.groupby(column).indices.values():
            if 1 < len(members) <= LARGEST_BLOCK:
                found.update(combinations(sorted(int(m) for m in members), 2))
    return found


def _similar_names(records: pd.DataFrame, neighbours: int) -> set[tuple[int, int]]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    named = records[records["key"].astype("str").fillna("").str.len() > 1]
    if len(named) < 2:
        return set()
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)).fit_transform(named["key"])
    nearest = NearestNeighbors(n_neighbors=min(neighbours + 1, len(named)), metric="cosine", algorithm="brute").fit(letters)
    distances, places = nearest.kneighbors(letters)
    index = named.index.to_numpy()
    close = ((index[i], index[j]) for i, (row, far) in enumerate(zip(places, distances, strict=True)) for j, d in zip(row, far, strict=True) if d < 0.6 and i != j)
    return {(int(min(a, b)), int(max(a, b))) for a, b in close}


def judge_pair(a: dict[str, Any], b: dict[str, Any]) -> tuple[float, str]:
    """Return confidence and evidence that two records are one customer.

    An equal e-mail address or telephone number speaks for one customer only together with a similar name (a family shares a telephone).
    Different birthdays, or a different e-mail address and telephone number, speak against it.

    Examples
    --------
    >>> blank = {"email": None, "phone": None, "birthday": None, "region": None, "kind": None}
    >>> judge_pair({**blank, "key": "mei lin", "email": "m@x.cn"}, {**blank, "key": "mei lin", "email": "m@x.cn"})
    (0.99, 'same e-mail; same name')
    """
    similar = _name_similarity(a["key"], b["key"])
    same, other = _compared(a, b)
    words = [f"same {name}" for name in same] + [_say_name(similar)] + [f"other {name}" for name in other]
    business = a["kind"] == b["kind"] == "business"
    score = _base_score(similar, same, business=business)
    score -= 0.45 * ("birthday" in other) + 0.3 * ("kind" in other) + 0.1 * ("region" in other)
    if not {"e-mail", "telephone"} & set(same):
        score -= 0.2 * ("e-mail" in other) + 0.2 * ("telephone" in other)
    return round(min(max(score, 0.0), 0.99), 2), "; ".join(words)


def _base_score(similar: float, same: list[str], *, business: bool) -> float:
    contact = len({"e-mail", "telephone"} & set(same))
    if contact == 2:
        return 0.95 if similar >= 0.5 else 0.75
    if contact == 1:
        if "birthday" in same and similar >= 0.4:
            return 0.95
        return 0.99 if similar >= 0.97 else 0.93 if similar >= 0.75 else 0.65 if similar >= 0.4 or business else 0.4
    if business and similar == 1 and "region" in same:
        return 0.92  # a full company name in one region; a branch bears its place in the name
    support = 0.12 * ("birthday" in same) + 0.06 * ("region" in same)
    return 0.75 * similar**2 + (0.25 if "birthday" in same and similar >= 0.9 else 0) + support * (similar >= 0.8)


def _compared(a: dict[str, Any], b: dict[str, Any]) -> tuple[list[str], list[str]]:
    names = {"e-mail": "email", "telephone": "phone", "birthday": "birthday", "region": "region", "kind": "kind"}
    both = {say: (a[c], b[c]) for say, c in names.items() if pd.notna(a[c]) and pd.notna(b[c])}
    same = [say for say, (x, y) in both.items() if x == y and say != "kind"]
    return same, [say for say, (x, y) in both.items() if x != y]


def _name_similarity(a: Any, b: Any) -> float:
    if pd.isna(a) or pd.isna(b):
        return 0.0
    if a == b or a.replace(" ", "") == b.replace(" ", ""):
        return 1.0
    one_word_differs = _differs_in_a_word(a, b)
    score = max(fuzz.ratio(a, b), fuzz.token_sort_ratio(a, b)) / 100
    return min(score, 0.6) if one_word_differs else score


def _differs_in_a_word(a: str, b: str) -> bool:
    """True for `blue cafe nanshan` and `blue cafe futian`: the word that differs is another word, not a slip."""
    left, right = set(a.split()) - set(b.split()), set(b.split()) - set(a.split())
    if len(left) != 1 or len(right) != 1 or len(a.split()) < 2:
        return False
    one, other = left.pop(), right.pop()
    return fuzz.ratio(one, other) < 70 and Levenshtein.distance(one, other) > 1


def _say_name(similar: float) -> str:
    return "same name" if similar == 1 else f"names {similar:.0%} alike"
