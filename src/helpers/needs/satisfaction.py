"""CSAT and NPS with n, interval and who did not answer; and whether satisfied customers come back."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.settings_people import SatisfactionSettings, VoiceSettings
from helpers.needs.stats import share_interval

Z = 1.959964
BANDS = (("1 order", 1, 1), ("2 to 4 orders", 2, 4), ("5 orders or more", 5, 10**9))
SCORES = {
    "wave": "str",
    "group": "str",
    "asked": "Int64",
    "answered": "Int64",
    "answer_share": "float64",
    "nps": "float64",
    "nps_low": "float64",
    "nps_high": "float64",
    "nps_answers": "Int64",
    "nps_weighted": "float64",
    "csat": "float64",
    "csat_low": "float64",
    "csat_high": "float64",
    "csat_answers": "Int64",
}
CURVE = {
    "measure": "str",
    "score_from": "Int64",
    "score_to": "Int64",
    "answers": "Int64",
    "too_recent": "Int64",
    "came_back": "Int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "share_of_all": "float64",
    "lift": "float64",
}


def nps_interval(promoters: int, detractors: int, answers: int) -> tuple[float, float, float]:
    """Return net promoter score and its 95 % interval, in points from -100 to 100.

    Notes
    -----
    Adjusted Wald interval of a difference within one sample: one promoter and one detractor are added (Bonett and Price 2012), because
    the plain interval is far too short for few answers. features.md 3.1 row 15: never an NPS without n and interval.

    Examples
    --------
    >>> [round(v, 1) for v in nps_interval(10, 4, 20)]
    [30.0, -6.5, 61.0]
    """
    if not answers:
        return (float("nan"),) * 3
    up, down = (promoters + 1) / (answers + 2), (detractors + 1) / (answers + 2)
    middle, error = up - down, np.sqrt((up + down - (up - down) ** 2) / (answers + 2))
    plain = 100 * (promoters - detractors) / answers
    return plain, float(max(100 * (middle - Z * error), -100)), float(min(100 * (middle + Z * error), 100))


def find_waves(surveys: pd.DataFrame, settings: SatisfactionSettings) -> pd.Series:
    """Return the first day of the wave each answer belongs to: a new wave begins after `wave_gap_days` without an answer."""
    days = surveys["answered_on"].drop_duplicates().sort_values()
    starts = days.where(days.diff().isna() | (days.diff().dt.days > settings.wave_gap_days)).ffill()
    return surveys["answered_on"].map(dict(zip(days, starts, strict=True)))


def count_satisfaction(surveys: pd.DataFrame, order_days: pd.DataFrame, voice: VoiceSettings, settings: SatisfactionSettings) -> pd.DataFrame:
    """Return NPS and CSAT per wave, and by how often people ordered, with who answered at all.

    Parameters
    ----------
    surveys : pandas.DataFrame
        customer_id, answered_on, nps (0 to 10), csat (1 to 5); a score may be missing.
    order_days : pandas.DataFrame
        customer_id, order_date (day).
    voice : VoiceSettings
        Which scores are bad and good.
    settings : SatisfactionSettings

    Returns
    -------
    pandas.DataFrame
        wave (first day, or "all"), group ("all", or a band of orders before the wave), asked (Int64, customers who ordered in the `asked_days` before it: who
        could have answered), answered (Int64, answers), answer_share, nps with adjusted Wald interval and nps_answers, nps_weighted (bands weighted as among
        those asked: what NPS would be if every band answered alike), csat (mean, 1 to 5) with its 95 % interval and csat_answers.

    Notes
    -----
    Rows 003-20, 001-66; feature F23. Weighting corrects who answers, not what the silent ones of a band think.
    """
    waved = surveys.assign(wave=find_waves(surveys, settings))
    parts = []
    for wave, answers in waved.groupby("wave"):
        parts.append(_wave(str(wave.date()), wave, answers, order_days, voice, settings))
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCORES))
    if len(parts) > 1:
        told = pd.concat([told, _all_waves(told, waved, voice)], ignore_index=True)
    return told.astype(SCORES).round({"answer_share": 4, "nps": 2, "nps_low": 2, "nps_high": 2, "nps_weighted": 2, "csat": 3, "csat_low": 3, "csat_high": 3})


def _wave(
    name: str, start: pd.Timestamp, answers: pd.DataFrame, order_days: pd.DataFrame, voice: VoiceSettings, settings: SatisfactionSettings
) -> pd.DataFrame:
    before = order_days[order_days["order_date"] < start]
    recent = before.loc[before["order_date"] >= start - pd.Timedelta(days=settings.asked_days), "customer_id"].unique()
    counts = before.groupby("customer_id").size().reindex(recent)
    own = answers["customer_id"].map(before.groupby("customer_id").size()).fillna(0)
    rows = [{"wave": name, "group": "all", "asked": len(recent), **_figures(answers, voice)}]
    for label, low, high in BANDS:
        rows.append({"wave": name, "group": label, "asked": int(counts.between(low, high).sum()), **_figures(answers[own.between(low, high)], voice)})
    told = pd.DataFrame(rows)
    bands = told[(told["group"] != "all") & (told["nps_answers"] > 0)]
    told.loc[0, "nps_weighted"] = (bands["nps"] * bands["asked"]).sum() / bands["asked"].sum() if bands["asked"].sum() else np.nan
    few = (told["answered"] < settings.min_group) & (told["group"] != "all")
    told.loc[few, ["nps", "nps_low", "nps_high", "csat", "csat_low", "csat_high"]] = np.nan  # no figure without enough answers
    return told.assign(answer_share=told["answered"] / told["asked"].where(told["asked"] > 0))


def _all_waves(told: pd.DataFrame, waved: pd.DataFrame, voice: VoiceSettings) -> pd.DataFrame:
    every = told[told["group"] == "all"]
    asked, weights = every["asked"].sum(), every["nps_weighted"].notna()
    mean = (every.loc[weights, "nps_weighted"] * every.loc[weights, "asked"]).sum() / max(every.loc[weights, "asked"].sum(), 1)
    return pd.DataFrame(
        [
            {
                "wave": "all",
                "group": "all",
                "asked": asked,
                **_figures(waved, voice),
                "nps_weighted": mean if weights.any() else np.nan,
                "answer_share": len(waved) / asked if asked else np.nan,
            }
        ]
    )


def _figures(answers: pd.DataFrame, voice: VoiceSettings) -> dict[str, object]:
    nps, csat = (answers[c].dropna().astype("float64") if c in answers else pd.Series(dtype="float64") for c in ("nps", "csat"))
    score, low, high = nps_interval(int((nps >= voice.good_nps).sum()), int((nps <= voice.bad_nps).sum()), len(nps))
    error = Z * csat.std() / np.sqrt(len(csat)) if len(csat) > 1 else np.nan
    mean = csat.mean() if len(csat) else np.nan
    return {
        "answered": len(answers),
        "nps": score,
        "nps_low": low,
        "nps_high": high,
        "nps_answers": len(nps),
        "nps_weighted": np.nan,
        "csat": mean,
        "csat_low": mean - error,
        "csat_high": mean + error,
        "csat_answers": len(csat),
    }


def curve_repurchase(surveys: pd.DataFrame, order_days: pd.DataFrame, *, as_of: dt.date, settings: SatisfactionSettings) -> pd.DataFrame:
    """Return how many came back after each score, among answers whose whole window is over.

    Parameters
    ----------
    surveys, order_days, settings
        As for `count_satisfaction`.
    as_of : datetime.date
        Answers in the last `repurchase_days` before it are left out and counted.

    Returns
    -------
    pandas.DataFrame
        measure (nps, csat), score_from, score_to (Int64), answers, too_recent, came_back (Int64), share with its 95 % Wilson interval, share_of_all (of all
        answers
        with a score: the naive forecast for everybody), lift.

    Notes
    -----
    Row 003-10. Score first, order after; an order on the day of the answer is not after it.
    """
    end = pd.Timestamp(as_of)
    span = pd.Timedelta(days=settings.repurchase_days)
    answers = surveys[surveys["answered_on"] <= end].reset_index(drop=True)
    after = answers[["customer_id", "answered_on"]].reset_index(names="row").merge(order_days[order_days["order_date"] <= end], on="customer_id")
    inside = (after["order_date"] > after["answered_on"]) & (after["order_date"] <= after["answered_on"] + span)
    answers = answers.assign(back=answers.index.isin(after.loc[inside, "row"]), full=answers["answered_on"] + span <= end)
    cuts = {"nps": ((0, 4), (5, 6), (7, 8), (9, 10)), "csat": ((1, 2), (3, 3), (4, 4), (5, 5))}
    parts = [_curve(measure, answers.dropna(subset=measure), bands) for measure, bands in cuts.items() if measure in answers and answers[measure].notna().any()]
    return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CURVE)))[list(CURVE)].astype(CURVE)


def _curve(measure: str, scored: pd.DataFrame, bands: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    rows = []
    for low, high in bands:
        part = scored[scored[measure].between(low, high)]
        full = part[part["full"]]
        rows.append((measure, low, high, len(full), len(part) - len(full), int(full["back"].sum())))
    told = pd.DataFrame(rows, columns=["measure", "score_from", "score_to", "answers", "too_recent", "came_back"])
    ends = share_interval(told["came_back"], told["answers"])
    share = told["came_back"] / told["answers"].where(told["answers"] > 0)
    overall = told["came_back"].sum() / max(told["answers"].sum(), 1)
    return told.assign(share=share.round(6), low=ends[0], high=ends[1], share_of_all=round(overall, 6), lift=(share / (overall or np.nan)).round(4))
