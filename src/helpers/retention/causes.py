"""Why customers decline, as far as anybody wrote it down: codes from notes, requests and observed facts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import pandas as pd

from helpers.axes.intervals import wilson

CAUSES = {"customer_id": "str", "cause": "str", "source": "str", "on": "datetime64[us]", "evidence": "str"}
SUMMARY = {"tier": "str", "cause": "str", "customers": "Int64", "of": "Int64", "share": "float64", "share_low": "float64", "share_high": "float64"}
WORDS: Mapping[str, tuple[str, ...]] = {
    "price or budget": ("budget", "price", "expensive", "cost", "预算", "价格", "太贵", "涨价"), "service": ("late", "delay", "slow", "broken", "fault", "no answer", "延误", "太慢", "故障", "没有人"),
    "product": ("taste", "quality", "does not fit", "not fresh", "口味", "质量", "不合适", "不新鲜"), "competitor": ("competitor", "another supplier", "another roaster", "竞品", "其他供应商"),
    "people": ("moved on", "left the company", "new manager", "离职", "换人", "新负责人"), "use": ("how to", "do not use", "not used", "training", "不会用", "使用"),
}  # fmt: skip
SIGNAL_CAUSES = {"budget_cut": "price or budget", "competitor_seen": "competitor", "contact_left": "people", "late_payment": "price or budget", "policy_change": "policy"}
TICKET_CAUSES = {"delivery": "service", "machine": "service", "invoice": "price or budget", "usage": "use", "product": "product"}
DAYS = 120
ALL = "all"


def code_causes(declining: pd.DataFrame, tables: Mapping[str, pd.DataFrame | None], *, as_of: dt.date) -> pd.DataFrame:
    """Return what may have caused each decline: a hint for the call, never a verdict.

    Parameters
    ----------
    declining : pandas.DataFrame
        customer_id of customers with a level of response, or silent since less than half a year.
    tables : mapping
        Any of interactions (text, topic, outcome), tickets (category, text, is_complaint), surveys (text), signals; None when not measured.
    as_of : datetime.date
        Rows of the last 120 days, this one included, are read.

    Returns
    -------
    pandas.DataFrame
        customer_id, cause (str: price or budget, service, product, competitor, people, use, policy), source (str, the table), on (datetime64), evidence (str). A customer can have several; one without any has no row. Sorted.

    Notes
    -----
    Rows 000-37, 002-55. Codes that people enter (the first call of a play asks for one) belong into the text of the conversation; these words find them.
    """
    start, end = pd.Timestamp(as_of) - pd.Timedelta(days=DAYS - 1), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    parts = [pd.DataFrame(columns=list(CAUSES))]
    for name, dated in (("interactions", "at"), ("tickets", "opened_at"), ("surveys", "answered_on"), ("signals", "observed_on")):
        table = tables.get(name)
        if table is not None:
            rows = table[(table[dated] >= start) & (table[dated] < end) & table["customer_id"].isin(declining["customer_id"])]
            parts.append(_code(rows.assign(on=rows[dated].dt.normalize()), name))
    told = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True).drop_duplicates(["customer_id", "cause", "source"], keep="last")
    return told[list(CAUSES)].astype(CAUSES).sort_values(["customer_id", "cause", "source"], ignore_index=True)


def _code(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    if name == "signals":
        cause = rows["signal"].map(SIGNAL_CAUSES)
        text = rows["note"].fillna(rows["signal"]) if "note" in rows else rows["signal"]
    elif name == "tickets" and "category" in rows:
        cause, text = rows["category"].map(TICKET_CAUSES), rows["category"]
    else:
        text = rows[[c for c in ("text", "topic", "outcome") if c in rows]].fillna("").agg(" ".join, axis=1) if len(rows) else pd.Series("", index=rows.index)
        cause = text.map(find_cause)
    told = rows.assign(cause=cause, source=name, evidence=text.astype("str").str.slice(0, 120))
    return told[told["cause"].notna()].sort_values("on", kind="stable")[list(CAUSES)]


def find_cause(text: str) -> str | None:
    """Return the first cause whose words are in a text, none when there are none.

    Examples
    --------
    >>> find_cause("head office cut the budget"), find_cause("thank you")
    ('price or budget', None)
    """
    low = text.lower()
    return next((c for c, words in WORDS.items() if any(re.search(rf"\b{re.escape(w)}" if w.isascii() else re.escape(w), low) for w in words)), None)


def count_causes(causes: pd.DataFrame, declining: pd.DataFrame, tiers: pd.Series) -> pd.DataFrame:
    """Return how many declining customers each cause was found for, by tier, `all` first: tier, cause (str), customers, of (Int64), share with its 95 % interval."""
    both = [(ALL, declining["customer_id"])] + [(str(t), ids) for t, ids in declining["customer_id"].groupby(declining["customer_id"].map(tiers).fillna("none"))]
    rows = []
    for tier, ids in both:
        found = causes[causes["customer_id"].isin(ids)].groupby("cause")["customer_id"].nunique()
        known = int(causes.loc[causes["customer_id"].isin(ids), "customer_id"].nunique())
        for cause, n in [*found.items(), ("not known", len(ids) - known)]:
            low, high = wilson(int(n), len(ids))
            rows.append({"tier": tier, "cause": cause, "customers": int(n), "of": len(ids), "share": n / len(ids) if len(ids) else None, "share_low": low, "share_high": high})
    return pd.DataFrame(rows, columns=list(SUMMARY)).astype(SUMMARY)
