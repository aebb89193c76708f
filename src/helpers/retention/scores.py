"""The chance that each customer leaves, with reasons that are parts of the score, and from which chance on a contact pays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.axes.population import ALL
from helpers.retention.additive import Additive
from helpers.retention.churn import METHODS, SAYS, Past
from helpers.retention.features import Sheet, build_sheet, say_feature
from helpers.retention.history import UNKNOWN, day_number
from helpers.retention.settings import ChurnSettings

SCORES = {"customer_id": "str", "kind": "str", "leave_chance": "float64", "method": "str", "method_says": "str", "base_chance": "float64", "reason": "str", "reason_zh": "str"}
REASONS = {"customer_id": "str", "rank": "Int64", "feature": "str", "log_odds": "float64", "odds_factor": "float64", "text": "str", "text_zh": "str"}
LEAST_FACTOR = 1.05  # a part that moves the odds by less than a twentieth is no reason


def predict_churn(past: Past, judged: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return scores and reasons of everybody who can still be lost today.

    Parameters
    ----------
    past : Past
        All dates whose outcome is known are learnt from.
    judged : pandas.DataFrame
        From `judge_churn`; says which method is used for which kind.

    Returns
    -------
    scores : pandas.DataFrame
        customer_id, kind (str), leave_chance (float64, no order within the horizon), method (str: recency, rule, model), method_says (str), base_chance (float64, of the average customer of the kind),
        reason, reason_zh (str, what raises the chance most, in words). Empty when too few customers have left to learn from.
    reasons : pandas.DataFrame
        One row per customer and part of the score: customer_id, rank (Int64, 1 raises the chance most), feature, log_odds (float64), odds_factor (float64, e to the log_odds), text, text_zh.
        The parts of a customer add up: log-odds of base_chance plus their sum are the log-odds of leave_chance.
    """
    models = past.learn(day_number(past.as_of))
    look = past.history.at(past.as_of)
    sheet = build_sheet(look, past.warn(look))
    sheet = sheet.only(sheet.at_risk)
    if not models or not len(sheet.who):
        return pd.DataFrame(columns=list(SCORES)).astype(SCORES), pd.DataFrame(columns=list(REASONS)).astype(REASONS)
    groups = past.history.groups[sheet.who]
    used = choose_methods(judged, sorted(set(groups)))
    told = [_score(past, sheet.only(groups == g), models[m], m, g) for g, m in used.items()]
    scores = pd.concat([s for s, _ in told], ignore_index=True).astype(SCORES).sort_values("customer_id", ignore_index=True)
    reasons = pd.concat([r for _, r in told], ignore_index=True).astype(REASONS).sort_values(["customer_id", "rank"], ignore_index=True)
    return scores, reasons


def choose_methods(judged: pd.DataFrame, kinds: list[str]) -> dict[str, str]:
    """Return the method for each kind; a kind that was not judged takes that of all, and the simple rule where nothing was judged."""
    used = judged[judged["used"].fillna(False)].drop_duplicates("kind").set_index("kind")["method"]
    fallback = used.get(ALL, "rule")
    return {k: str(used.get(ALL if k == UNKNOWN else k, fallback)) for k in kinds}


def _score(past: Past, sheet: Sheet, model: Additive, method: str, group: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = model.parts(sheet.x[list(METHODS[method]) or list(sheet.x)])
    base = model.base + (float(parts.pop("business").mean()) if "business" in parts else 0.0)  # all are of one kind: that part is theirs in common, and no reason
    chance = 1 / (1 + np.exp(-(base + parts.sum(axis=1))))
    ids = past.history.ids[sheet.who]
    rank = parts.rank(axis=1, ascending=False, method="first").astype(int)
    long = parts.rename_axis(index="row", columns="feature").stack().rename("log_odds").reset_index()
    long["rank"] = rank.stack().to_numpy()
    value, usual = (f[list(parts)].stack(future_stack=True).to_numpy() for f in (sheet.value, sheet.usual))
    texts = {lang: [say_feature(f, v, u, lang) for f, v, u in zip(long["feature"], value, usual, strict=True)] for lang in ("en", "zh")}
    long = long.assign(customer_id=ids[long["row"]], odds_factor=np.exp(long["log_odds"]), text=texts["en"], text_zh=texts["zh"])
    first = long[(long["rank"] <= past.settings.reasons) & (long["odds_factor"] >= LEAST_FACTOR)].sort_values(["row", "rank"])
    said = {c: first.groupby("row")[c].agg(joint.join).reindex(range(len(ids))).fillna("") for c, joint in (("text", "; "), ("text_zh", "；"))}
    scores = pd.DataFrame({"customer_id": ids, "kind": group, "leave_chance": chance, "method": method, "method_says": SAYS[method], "base_chance": 1 / (1 + np.exp(-base)),
                           "reason": said["text"].to_numpy(), "reason_zh": said["text_zh"].to_numpy()})  # fmt: skip
    return scores, long[list(REASONS)]


def price_threshold(tested: pd.DataFrame, spend: Mapping[tuple[int, int], float], judged: pd.DataFrame, *, margin_rate: float, contact_cost: float, settings: ChurnSettings) -> pd.DataFrame:
    """Return what contacting everybody above a chance would have brought at the test dates.

    Parameters
    ----------
    tested : pandas.DataFrame
        From `Past.tested`.
    spend : mapping
        (customer number, date) to the spend of the 365 days before the date, as known then.
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
        threshold with the highest net), pays_from (float64, the chance from which a contact with a customer of median margin pays). Row threshold 0 is everybody.
    """
    frames = [_price_kind(tested if k == ALL else tested[tested["group"] == k], k, m, spend, margin_rate, contact_cost, settings) for k, m in choose_methods(judged, list(dict.fromkeys(judged["kind"]))).items()]
    columns = {"kind": "str", "method": "str", "threshold": "float64", "contacted": "Int64", "left": "Int64", "saved_margin": "float64", "cost": "float64", "net": "float64", "best": "boolean", "pays_from": "float64"}
    return pd.concat(frames, ignore_index=True)[list(columns)].astype(columns) if frames else pd.DataFrame(columns=list(columns)).astype(columns)


def _price_kind(tested: pd.DataFrame, kind: str, method: str, spend: Mapping[tuple[int, int], float], margin_rate: float, cost: float, settings: ChurnSettings) -> pd.DataFrame:
    margin = np.array([spend[w, d] for w, d in zip(tested["who"], tested["date"], strict=True)]) * margin_rate
    chance, left = tested[method].to_numpy("float64"), tested["left"].to_numpy("bool")
    rows = []
    for t in np.round(np.arange(0, 1, 0.05), 2):
        chosen = chance >= t
        saved = float((margin * left)[chosen].sum() * settings.save_rate)
        rows.append({"threshold": t, "contacted": int(chosen.sum()), "left": int(left[chosen].sum()), "saved_margin": saved, "cost": cost * int(chosen.sum())})
    told = pd.DataFrame(rows)
    told["net"] = told["saved_margin"] - told["cost"]
    middle = float(np.median(margin[margin > 0])) if (margin > 0).any() else float("nan")
    pays = cost / (settings.save_rate * middle) if middle == middle else float("nan")
    return told.assign(kind=kind, method=method, best=told.index == told["net"].idxmax(), pays_from=min(pays, 1.0) if pays == pays else pays)
