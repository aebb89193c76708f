"""Rules of plays in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

COLUMNS = {
    "value_class": "value", "value_at_stake": "a year's margin", "potential_band": "potential", "m_band": "spend so far", "risk": "danger by own rhythm", "activity": "activity", "state": "stage", "recency_days": "days since the last order", "order_count": "orders so far",
    "total_spend": "spend so far", "tenure_days": "days as a customer", "interactions_90": "conversations in 90 days", "complaints_recent": "recent complaints", "open_tickets": "open requests", "need_type": "need type", "kind": "kind", "industry": "industry", "size": "size",
    "owner_id": "an account manager",
}  # fmt: skip
SIGNS = {">=": "at least", "<=": "at most", "==": "is", "!=": "is not", "<": "below", ">": "above", "in": "is one of", "not in": "is none of"}
CLASSES = {"'H'": "high", "'M'": "medium", "'L'": "low"}
TOKEN = re.compile(r"'[^']*'|not in\b|>=|<=|==|!=|[<>]|\w+(?:\.\d+)?|[(),]")


def say_condition(text: str, signals: Mapping[str, str]) -> str:
    """Return a `when:` text in plain words.

    Parameters
    ----------
    text : str
        As in a playbook.
    signals : mapping
        Key of a signal to its label.

    Examples
    --------
    >>> say_condition("value_class in ('M', 'H') and recency_days >= 14 or signal_budget_cut == 1", {"budget_cut": "Budget cut"})
    'value is one of medium, high and days since the last order at least 14 or signal "Budget cut"'
    >>> say_condition("missing(owner_id)", {})
    'without an account manager'
    """
    names: list[str] = []

    def keep(words: str) -> str:
        names.append(words)
        return f"'@{len(names) - 1}'"

    plain = re.sub(r"\b(?:signal|acts)_(\w+) == 1", lambda m: keep(f'signal "{signals.get(m[1], m[1].replace("_", " "))}"'), text)
    plain = re.sub(r"missing\((\w+)\)", lambda m: keep(f"without {COLUMNS.get(m[1], m[1].replace('_', ' '))}"), plain)
    told = " ".join(_word(token) for token in TOKEN.findall(plain))
    told = re.sub(r"\b(is one of|is none of) \( (.*?) \)", r"\1 \2", told)
    told = re.sub(r"\s+,", ",", told).replace("( ", "(").replace(" )", ")")
    return re.sub(r"@(\d+)", lambda m: names[int(m[1])], told)


def _word(token: str) -> str:
    if token in CLASSES or token in SIGNS:
        return CLASSES.get(token) or SIGNS[token]
    if token.startswith("'"):
        return token.strip("'").replace("_", " ")
    return COLUMNS.get(token, token.replace("_", " ") if not token[0].isdigit() else token)
