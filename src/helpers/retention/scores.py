"""The chance that each customer leaves, with reasons that are parts of the score, and from which chance on a contact pays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.axes.population import ALL
from helpers.retention.additive import Additive
from helpers.retention.churn import METHODS, SAYS, Past
from helpers.retention.features import Sheet, build_sheet, say_feature
from helpers.retention.history import UNKNOWN, day_number
from helpers.retention.settings import ChurnSettings

SCORES = {"customer_id": "str", "kind": "str", "leave_chance": "float64", "base_chance": "float64", "method": "str", "method_says": "str", "reason": "str", "reason_zh": "str"}
REASONS = {"customer_id": "str", "kind": "str", "method": "str", "rank": "Int64", "feature": "str", "log_odds": "float64", "odds_factor": "float64", "text": "str", "text_zh": "str"}
LEAST_FACTOR = 1.05  # a part that moves the odds by less than a twentieth is no reason
AVERAGE = "average of the kind"


def explain_churn(past: Past, judged: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of the score of everybody who can still be lost today.

    Parameters
    ----------
    past : Past
        All dates whose outcome is known are learnt from.
    judged : pandas.DataFrame
        From `judge_churn`; says which method is used for which kind.

    Returns
    -------
    pandas.DataFrame
        One row per customer and part: customer_id, kind, method (str: recency, rule, model), rank (Int64, 1 raises the chance most; 0 is where everybody of the kind starts), feature (str), log_odds (float64), odds_factor (float64, e to the log_odds),
        text, text_zh (str). The parts of a customer add up to the log-odds of his chance. Empty when too few customers have left to learn from.
    """
    models = past.learn(day_number(past.as_of))
    look = past.history.at(past.as_of)
    sheet = build_sheet(look, past.warn(look))
    sheet = sheet.only(sheet.at_risk)
    if not models or not len(sheet.who):
        return pd.DataFrame(columns=list(REASONS)).astype(REASONS)
    groups = past.history.groups[sheet.who]
    told = [_parts(past, sheet.only(groups == g), models[m], m, g) for g, m in choose_methods(judged, sorted(set(groups))).items()]
    return pd.concat(told, ignore_index=True).astype(REASONS).sort_values(["customer_id", "rank"], ignore_index=True)


def score_churn(reasons: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the chance of leaving of every customer, from its parts.

    Parameters
    ----------
    reasons : pandas.DataFrame
        From `explain_churn`.
    count : int
        How many reasons are told.

    Returns
    -------
    pandas.DataFrame
        customer_id, kind (str), leave_chance (float64, no order within the horizon), base_chance (float64, of the average customer of the kind), method, method_says (str), reason, reason_zh (str, what raises the chance most, in words). Sorted.
    """
    by = reasons.groupby("customer_id", sort=True)
    start = reasons[reasons["rank"] == 0].set_index("customer_id")
    first = reasons[(reasons["rank"] > 0) & (reasons["rank"] <= count) & (reasons["odds_factor"] >= LEAST_FACTOR)]
    said = {c: first.groupby("customer_id")[c].agg(joint.join).reindex(start.index).fillna("") for c, joint in (("text", "; "), ("text_zh", "；"))}
    total = by["log_odds"].sum().reindex(start.index)
    told = pd.DataFrame({
        "customer_id": start.index, "kind": start["kind"].to_numpy(), "leave_chance": _chance(total), "base_chance": _chance(start["log_odds"]), "method": start["method"].to_numpy(), "method_says": start["method"].map(SAYS).to_numpy(),
        "reason": said["text"].to_numpy(), "reason_zh": said["text_zh"].to_numpy(),
    })  # fmt: skip
    return told.astype(SCORES).sort_values("customer_id", ignore_index=True)


def _chance(log_odds: pd.Series) -> np.ndarray:
    return 1 / (1 + np.exp(-log_odds.to_numpy("float64")))


def choose_methods(judged: pd.DataFrame, kinds: list[str]) -> dict[str, str]:
    """Return the method for each kind; a kind that was not judged takes that of all, and the simple rule where nothing was judged."""
    used = judged[judged["used"].fillna(False)].drop_duplicates("kind").set_index("kind")["method"]
    fallback = used.get(ALL, "rule")
    return {k: str(used.get(ALL if k == UNKNOWN else k, fallback)) for k in kinds}


def _parts(past: Past, sheet: Sheet, model: Additive, method: str, group: str) -> pd.DataFrame:
    parts = model.parts(sheet.x[list(METHODS[method]) or list(sheet.x)])
    base = model.base + (float(parts.pop("business").mean()) if "business" in parts else 0.0)  # all are of one kind: that part is theirs in common, and no reason
    if {"silence", "recency"} <= set(parts):  # two views of the same days: told as one, else one of them may raise the chance of a customer who has just ordered
        parts["silence"] += parts.pop("recency")
    rank = parts.rank(axis=1, ascending=False, method="first").astype(int)
    long = parts.rename_axis(index="row", columns="feature").stack().rename("log_odds").reset_index()
    value, usual = (f[list(parts)].stack(future_stack=True).to_numpy() for f in (sheet.value, sheet.usual))
    texts = {lang: [say_feature(f, v, u, lang) for f, v, u in zip(long["feature"], value, usual, strict=True)] for lang in ("en", "zh")}
    long = long.assign(rank=rank.stack().to_numpy(), text=texts["en"], text_zh=texts["zh"])
    start = pd.DataFrame({"row": range(len(sheet.who)), "feature": AVERAGE, "log_odds": base, "rank": 0, "text": AVERAGE, "text_zh": "同类客户平均"})
    both = pd.concat([start, long], ignore_index=True)
    return both.assign(customer_id=past.history.ids[sheet.who[both["row"]]], kind=group, method=method, odds_factor=np.exp(both["log_odds"]))[list(REASONS)]


def price_threshold(tested: pd.DataFrame, judged: pd.DataFrame, *, margin_rate: float, contact_cost: float, settings: ChurnSettings) -> pd.DataFrame:
    """Return what contacting everybody above a chance would have brought at the test dates.

    Parameters
    ----------
    tested : pandas.DataFrame
        From `Past.tested`, with spend_year, the spend of the 365 days before the date as known then.
    judged : pandas.DataFrame
        For the method in use.
    margin_rate : float
        Share of spend that is margin.
    contact_cost : float
        Money and working time of one contact.
    settings : ChurnSettings
        `save_rate`.

    Returns
    -------
    pandas.DataFrame
        kind (str), threshold (float64), contacted, left (Int64, of those contacted), saved_margin (float64, margin of a year of those who left, times the save rate), cost, net (float64), best (boolean, the
        threshold with the highest net), pays_from (float64, the chance from which a contact with a customer of median margin pays). Row threshold 0 is everybody, row 1 is nobody.
    """
    frames = [_price_kind(tested if k == ALL else tested[tested["group"] == k], k, m, margin_rate, contact_cost, settings) for k, m in choose_methods(judged, list(dict.fromkeys(judged["kind"]))).items()]
    columns = {"kind": "str", "method": "str", "threshold": "float64", "contacted": "Int64", "left": "Int64", "saved_margin": "float64", "cost": "float64", "net": "float64", "best": "boolean", "pays_from": "float64"}
    return pd.concat(frames, ignore_index=True)[list(columns)].astype(columns) if frames else pd.DataFrame(columns=list(columns)).astype(columns)


def _price_kind(tested: pd.DataFrame, kind: str, method: str, margin_rate: float, cost: float, settings: ChurnSettings) -> pd.DataFrame:
    margin = tested["spend_year"].to_numpy("float64") * margin_rate
    chance, left = tested[method].to_numpy("float64"), tested["left"].to_numpy("bool")
    rows = []
    for t in np.round(np.arange(0, 1.01, 0.05), 2):
        chosen = chance >= t
        saved = float((margin * left)[chosen].sum() * settings.save_rate)
        rows.append({"threshold": t, "contacted": int(chosen.sum()), "left": int(left[chosen].sum()), "saved_margin": saved, "cost": cost * int(chosen.sum())})
    told = pd.DataFrame(rows)
    told["net"] = told["saved_margin"] - told["cost"]
    middle = float(np.median(margin[margin > 0])) if (margin > 0).any() else float("nan")
    pays = cost / (settings.save_rate * middle) if middle == middle else float("nan")
    return told.assign(kind=kind, method=method, best=told.index == told["net"].idxmax(), pays_from=min(pays, 1.0) if pays == pays else pays)
