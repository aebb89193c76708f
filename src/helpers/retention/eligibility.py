"""Whom a play is for, on which occasion, and the sentence that says why."""

from __future__ import annotations

import pandas as pd

from helpers.retention.ground import Ground
from helpers.retention.playbook import Play
from helpers.rules.schemes import with_columns

FEW = ["order_count", "recency_days", "spend_12m"]
TROUBLE = {"complaints_recent": ("recent complaints", "近期投诉"), "open_tickets": ("open requests", "未结请求")}


def find_eligible(play: Play, ground: Ground) -> pd.DataFrame:
    """Return the customers whom a play is for, with occasion (str), because, because_zh (str, what triggered it) and until (datetime64)."""
    people = ground.people
    fits = pd.Series(True, index=people.index)
    if len(play.kinds) == 1:
        fits &= play.kinds[0] == "consumer" if ground.one_kind_only else (people["kind"] == play.kinds[0]).fillna(False)
    if play.levels:
        fits &= people["level"].isin(play.levels)
    if play.signals:
        acting = [c for c in (f"acts_{s}" for s in play.signals) if c in people]
        fits &= (people[acting].max(axis=1) == 1).fillna(False) if acting else False
    if play.condition is not None:
        fits &= play.condition.matches(with_columns(people, play.condition.columns))
    rows = people[fits.astype("bool")]
    if play.trigger:
        rows = _on_occasion(rows, ground.triggers[ground.triggers["trigger"] == play.trigger])
    if play.cadence:
        rows = _on_occasion(rows, overdue(ground.cadence[ground.cadence["cadence"] == play.cadence]))
    return rows.reset_index(drop=True)


def overdue(plan: pd.DataFrame) -> pd.DataFrame:
    """Return overdue contacts as occasions."""
    late = plan[plan["overdue_days"] > 0]
    met, last, days = late["last_on"].notna(), late["last_on"].dt.strftime("%Y-%m-%d").fillna(""), late["overdue_days"].astype("str")
    return pd.DataFrame({
        "customer_id": late["customer_id"], "occasion_on": late["due_on"], "open_until": pd.Series(pd.NaT, index=late.index, dtype="datetime64[us]"),
        "evidence_en": late["label_en"] + ": " + ("last on " + last).where(met, "never so far") + ", " + days + " days overdue",
        "evidence_zh": late["label_zh"] + "：" + ("上次" + last).where(met, "尚未联系") + "，逾期" + days + "天",
    })  # fmt: skip


def _on_occasion(rows: pd.DataFrame, hits: pd.DataFrame) -> pd.DataFrame:
    by = hits.drop_duplicates("customer_id").set_index("customer_id")
    inside = rows[rows["customer_id"].isin(by.index)]
    hit = by.reindex(inside["customer_id"])
    return inside.assign(occasion=hit["occasion_on"].dt.strftime("%Y-%m-%d").to_numpy(), because=hit["evidence_en"].to_numpy(), because_zh=hit["evidence_zh"].to_numpy(), until=hit["open_until"].to_numpy())


def name_occasion(rows: pd.DataFrame) -> pd.Series:
    """Return the day that makes an action the same on another run: of the trigger, else since when the signal holds, else the last order."""
    since, last = (rows[c].dt.strftime("%Y-%m-%d") if c in rows else pd.Series(None, index=rows.index, dtype="str") for c in ("since", "last_order_date"))
    return rows["occasion"].where(rows["occasion"] != "", since.fillna(last).fillna("first order"))


def say_why(rows: pd.DataFrame, play: Play, language: str) -> list[str]:
    """Return why each customer is a candidate: the occasion, what the signals saw, or the plain facts."""
    zh = language == "zh"
    because, seen = (rows["because_zh"], rows["reason_zh"]) if zh else (rows["because"], rows["reason"])
    danger = play.purpose == "save" or bool(play.signals)
    facts = [_plain(*row, zh) for row in with_columns(rows, tuple(FEW))[FEW].itertuples(index=False)]
    trouble, told = _trouble(play, rows, zh), zip(because, seen, facts, rows["recency_days"] if "recency_days" in rows else [None] * len(rows), strict=True)
    between = "；" if zh else "; "
    return [between.join(filter(None, (more, why or (what + _last_order(what, days, zh) if danger and what else fact)))) for more, (why, what, fact, days) in zip(trouble, told, strict=True)]


def _trouble(play: Play, rows: pd.DataFrame, zh: bool) -> list[str]:
    """What the play's own rule looks at and no signal tells: a list that apologises says for what."""
    for column, (en, cn) in TROUBLE.items():
        if play.condition is not None and column in play.condition.columns and column in rows:
            return [f"{cn}{n:.0f}" if zh else f"{en}: {n:.0f}" for n in rows[column].fillna(0)]
    return [""] * len(rows)


def _last_order(what: str, days: float | None, zh: bool) -> str:
    """The first thing that a person asks: when did they last order? Unless the evidence says so itself."""
    if days is None or pd.isna(days) or "order for" in what or "未下单" in what or "last order" in what or "上次下单" in what:
        return ""
    return f"；上次下单{_ago(days, zh)}" if zh else f"; last order {_ago(days, zh)}"


def _plain(orders: float, recency: float, spend: float, zh: bool) -> str:
    if not orders or pd.isna(recency):
        return "已登记，尚未下单" if zh else "registered, no order yet"
    return f"{orders:.0f}单，上次{_ago(recency, zh)}，近12个月消费{spend:,.0f}" if zh else f"{orders:,.0f} order{'s' if orders > 1 else ''}, the last {_ago(recency, zh)}, {spend:,.0f} spent in 12 months"


def _ago(days: float, zh: bool) -> str:
    """Days before the as-of date in words.

    Examples
    --------
    >>> [_ago(d, False) for d in (0, 1, 9)], _ago(0, True)
    (['on the day of the list', '1 day ago', '9 days ago'], '当天')
    """
    if round(days) == 0:
        return "当天" if zh else "on the day of the list"
    return f"{days:.0f}天前" if zh else f"{days:.0f} day{'s' if round(days) != 1 else ''} ago"
