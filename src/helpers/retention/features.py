"""What the churn model may look at: everything known at the end of a day, nothing after it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from helpers.retention.history import Look, Whole
from helpers.retention.measure import usual_per_window
from helpers.retention.signals import number

WINDOW, YEAR, SMALL = 90, 365, 0.5


NOTHING_EN, NOTHING_ZH = "too few orders so far to compare", "订单太少，暂无法比较"


@dataclass(frozen=True)
class Feature:
    """A feature in words: `en` and `zh` hold {value}; what is usual is added to it where it is known."""

    name: str
    en: str
    zh: str


FEATURES = {
    f.name: f
    for f in (
        Feature("silence", "no order for {value} days", "已{value}天未下单"),
        Feature("recency", "last order {value} days ago", "距上次下单{value}天"),
        Feature("orders_year", "orders in 12 months: {value}", "近12个月下单{value}次"),
        Feature("orders_change", "orders in 90 days: {value}", "近90天下单{value}次"),
        Feature("value_change", "average order of 90 days {value}", "近90天客单价{value}"),
        Feature("tenure", "customer for {value} days", "成为客户已{value}天"),
        Feature("irregular", "longest gap so far {value} days", "最长间隔{value}天"),
        Feature("usage_change", "uses of shop or product in 45 days: {value}", "近45天使用{value}次"),
        Feature("contact_change", "conversations in 90 days: {value}", "近90天沟通{value}次"),
        Feature("tickets", "requests to the help desk in 90 days: {value}", "近90天服务请求{value}次"),
        Feature("complaints", "complaints in 180 days: {value}", "近180天投诉{value}次"),
        Feature("bad_answers", "bad survey answers in 12 months: {value}", "近12个月负面评价{value}次"),
        Feature("seen", "warnings noted by people: {value}", "人工记录的预警{value}条"),
        Feature("business", "a business customer", "企业客户"),
        Feature("private", "a private customer", "个人客户"),
    )
}


@dataclass(frozen=True)
class Sheet:
    """Features of customers on a day: `x` goes into a model, `value` and `usual` are for people; `who` numbers the customers, `at_risk` says who can still be lost."""

    who: Whole
    at_risk: Whole
    x: pd.DataFrame
    value: pd.DataFrame
    usual: pd.DataFrame

    def only(self, chosen: Whole) -> Sheet:
        """Return the sheet of some of its customers."""
        frames = (f[chosen].reset_index(drop=True) for f in (self.x, self.value, self.usual))
        return Sheet(self.who[chosen], self.at_risk[chosen], *frames)


def build_sheet(look: Look, warnings: Whole | None = None) -> Sheet:
    """Return the features of everybody who ordered within a year or can still be lost on a day.

    Parameters
    ----------
    look : Look
        The day.
    warnings : numpy.ndarray, optional
        Number of facts that people have noted and that still count, per customer.
    """
    who = np.flatnonzero(look.at_risk | (look.recent("orders", YEAR) > 0))
    parts = _purchases(look) | _others(look)
    if warnings is not None:
        parts["seen"] = (np.log1p(warnings), warnings, np.full(len(warnings), np.nan))
    if (look.history.groups == "business").any():
        flag = (look.history.groups == "business").astype("float64")
        parts["business"] = (flag, flag, np.full(len(flag), np.nan))
    frames = [pd.DataFrame({n: np.asarray(p[i], dtype="float64")[who] for n, p in parts.items()}) for i in range(3)]
    return Sheet(who, look.at_risk[who], frames[0].fillna(0.0), frames[1], frames[2])


def _purchases(look: Look) -> dict[str, tuple[Whole, Whole, Whole]]:
    pace, rhythm = look.pace, look.rhythm
    recency, gap = pace["recency_days"].to_numpy(), pace["usual_gap_days"].to_numpy()
    nothing = np.full(len(recency), np.nan)
    orders, usual, before = usual_per_window(look, "orders", WINDOW, YEAR)
    spend, usual_spend, _ = usual_per_window(look, "spend", WINDOW, YEAR)
    year = look.recent("orders", YEAR)
    average, usual_average = spend / np.where(orders > 0, orders, np.nan), usual_spend / np.where(usual > 0, usual, np.nan)
    tenure = np.where(np.isfinite(recency), look.cut - rhythm["first"].to_numpy(), np.nan)
    longest, median = rhythm["longest_gap_days"].to_numpy(), rhythm["median_gap_days"].to_numpy()
    return {
        "silence": (np.log1p(recency / gap), recency, gap), "recency": (np.log1p(recency), recency, nothing), "orders_year": (np.log1p(year), year, nothing),
        "orders_change": (_change(orders, usual), orders, usual), "value_change": (np.clip(np.log(average / usual_average), -2, 2), average, usual_average),
        "tenure": (np.log1p(tenure), tenure, nothing), "irregular": (np.log(longest / np.maximum(median, 1)), longest, median),
    }  # fmt: skip


def _change(seen: Whole, usual: Whole) -> Whole:
    """Seen against usual as a logarithm, 0 where nothing is usual yet."""
    return np.where(np.isfinite(usual), np.log((seen + SMALL) / (np.nan_to_num(usual) + SMALL)), 0.0)


def _others(look: Look) -> dict[str, tuple[Whole, Whole, Whole]]:
    there, nothing = look.history.streams, np.full(look.history.count, np.nan)
    told = {}
    for name, stream, days in (("usage_change", "usage", 45), ("contact_change", "contacts", WINDOW)):
        if stream in there:
            seen, usual, _ = usual_per_window(look, stream, days, YEAR)
            told[name] = (_change(seen, usual), seen, usual)
    for name, stream, days in (("tickets", "tickets", WINDOW), ("complaints", "complaints", 180), ("bad_answers", "bad_answers", YEAR)):
        if stream in there:
            seen = look.recent(stream, days)
            told[name] = (np.log1p(seen), seen, nothing)
    return told


def say_feature(name: str, value: float, usual: float, language: str = "en") -> str:
    """Return a feature of one customer in words.

    Examples
    --------
    >>> say_feature("silence", 40, 11.4)
    'no order for 40 days (usual 11)'
    >>> say_feature("silence", 4, 11.4)
    'last order 4 days ago (usual 11)'
    """
    known = FEATURES["private"] if name == "business" and not value else FEATURES["recency"] if name == "silence" and value <= usual else FEATURES[name]
    if value != value:
        return NOTHING_ZH if language == "zh" else NOTHING_EN
    told = getattr(known, language).replace("{value}", number(value))
    return told + (f"（平时{number(usual)}）" if language == "zh" else f" (usual {number(usual)})") if usual == usual else told


