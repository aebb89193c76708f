"""Three levels of response: from what proven signals and people say, and from the chance of leaving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from helpers.retention.catalogue import SEVERITIES

LEVELS = {
    "customer_id": "str", "level": "str", "level_by": "str", "signal_level": "str", "chance_level": "str", "leave_chance": "float64", "shrink_share": "float64", "loss_share": "float64", "chance_basis": "str",
    "signals": "str", "since": "datetime64[us]", "reason": "str", "reason_zh": "str", "first_step_by": "datetime64[us]",
}  # fmt: skip
NO_LEVEL = "none"
REASONS = 3


def assign_levels(findings: pd.DataFrame, scores: pd.DataFrame, *, as_of: dt.date, moderate_chance: float, severe_chance: float, clocks: Mapping[str, int]) -> pd.DataFrame:
    """Return at which level each customer is responded to, and why.

    Parameters
    ----------
    findings : pandas.DataFrame
        Table `customer_signals`; only rows that act count.
    scores : pandas.DataFrame
        Table `churn_scores`; may be empty.
    as_of : datetime.date
    moderate_chance, severe_chance : float
        Chance of leaving from which the level is at least that, whatever the signals say.
    clocks : mapping
        Level to the hours within which the first step is due.

    Returns
    -------
    pandas.DataFrame
        One row per customer with an acting signal or a churn score: customer_id, level (str: none, mild, moderate, severe), level_by (str: signals, chance, both), signal_level, chance_level, leave_chance
        (float64: the churn score, or what the strongest acting signal has come to in the past, whichever is higher; missing when neither is known), shrink_share (float64, part of the spend at stake when the customer shrinks), loss_share
        (float64, the two together: part of a year's value that is at stake), chance_basis, signals (str), since (datetime64), reason, reason_zh (str, the strongest evidence), first_step_by
        (datetime64, by the clock of the level). Sorted by customer_id.

    Notes
    -----
    Rows 004-66 to 004-69; features.md section 3.1, row 13. The level of the signals is the severest of them, one higher when two that say different things are at least moderate.
    """
    risks = findings[findings["acts"].fillna(False).astype("bool") & findings["foretells"].isin(["leaving", "shrinking"])]
    by_signal, known = _of_signals(risks), scores.set_index("customer_id")["leave_chance"] if len(scores) else pd.Series(dtype="float64")
    ids = pd.Index(sorted(set(by_signal.index) | set(known.index)), name="customer_id", dtype="str")
    told = by_signal.reindex(ids)
    score = known.reindex(ids).astype("float64")
    steps = {"signal": told["step"].fillna(0), "chance": (score >= moderate_chance).astype(int) * 2 + (score >= severe_chance).astype(int)}
    level = np.maximum(steps["signal"], steps["chance"]).astype(int)
    leave, basis = _chance(score, told)
    shrink = told["shrink"].fillna(0.0)
    known = leave.fillna(0.0)
    reason = {lang: _reason(told[lang], scores, ids, lang) for lang in ("en", "zh")}
    frame = pd.DataFrame({
        "customer_id": ids, "level": [_name(s) for s in level], "level_by": np.select([steps["signal"] > steps["chance"], steps["signal"] < steps["chance"]], ["signals", "chance"], "both"),
        "signal_level": [_name(int(s)) for s in steps["signal"]], "chance_level": [_name(int(s)) for s in steps["chance"]], "leave_chance": leave.to_numpy(), "shrink_share": shrink.to_numpy(),
        "loss_share": (known + (1 - known) * shrink).to_numpy(), "chance_basis": basis, "signals": told["signals"].fillna("").to_numpy(), "since": told["since"].to_numpy(), "reason": reason["en"], "reason_zh": reason["zh"],
    })  # fmt: skip
    hours = frame["level"].map(dict(clocks)).fillna(168)
    return frame.assign(first_step_by=pd.Timestamp(as_of) + pd.to_timedelta(hours, unit="h"))[list(LEVELS)].astype(LEVELS)


def _name(step: int) -> str:
    return NO_LEVEL if step < 1 else SEVERITIES[min(step, 3) - 1]


def _of_signals(risks: pd.DataFrame) -> pd.DataFrame:
    """One row per customer: level of the signals, what they say, what they have come to in the past."""
    leaving, shrinking = risks["foretells"] == "leaving", risks["foretells"] == "shrinking"
    step = risks["severity"].map({s: i for i, s in enumerate(SEVERITIES, 1)}).astype("float64")
    step = step.where(leaving, step.clip(upper=2))  # who buys less is no case for management before he is about to leave
    drop = risks["size"].clip(0, 1).where(shrinking, 0.0)
    rows = risks.assign(step=step, leave=risks["chance"].where(leaving), shrink=(risks["chance"] * drop).where(shrinking), strong=risks["about"].where(step >= 2))
    ordered = rows.sort_values(["customer_id", "step", "lift", "signal"], ascending=[True, False, False, True], kind="stable")
    first = ordered.drop_duplicates(["customer_id", "about"]).groupby("customer_id").head(REASONS)
    by = ordered.groupby("customer_id")
    told = by.agg(step=("step", "max"), kinds=("strong", "nunique"), leave=("leave", "max"), shrink=("shrink", "max"), since=("since", "min"), signals=("signal", lambda s: ", ".join(dict.fromkeys(s))))
    told["step"] = (told["step"].astype("float64") + (told["kinds"] >= 2)).clip(upper=3)
    words = first.groupby("customer_id").agg(en=("evidence_en", "; ".join), zh=("evidence_zh", "；".join))
    return told.join(words)


def _chance(score: pd.Series, told: pd.DataFrame) -> tuple[pd.Series, list[str]]:
    seen = told["leave"].astype("float64")
    both = pd.concat([score, seen], axis=1).max(axis=1)
    basis = np.select([both.isna(), (seen > score.fillna(-1)).to_numpy()], ["not known", "what the signal has come to before"], "churn score")
    return both, list(basis)


def _reason(words: pd.Series, scores: pd.DataFrame, ids: pd.Index, language: str) -> list[str]:
    """What the signals saw; where they saw nothing, what raises the score."""
    column = "reason" if language == "en" else "reason_zh"
    by_score = scores.set_index("customer_id")[column].reindex(ids) if len(scores) else pd.Series("", index=ids)
    return list(words.where(words.notna(), by_score).fillna(""))
