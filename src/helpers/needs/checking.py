"""A sample for people to check, read back in, and how far the dictionary agrees with them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import UserError
from helpers.needs.settings_people import VoiceSettings
from helpers.needs.stats import share_interval, stable_order
from helpers.needs.voice import SENTIMENTS

SHEET = ("source", "record", "language", "text", "theme", "sentiment", "checked_theme", "checked_sentiment")
AGREEMENT = {
    "what": "str",
    "checked": "Int64",
    "agree": "Int64",
    "agreement": "float64",
    "low": "float64",
    "high": "float64",
    "majority": "float64",
    "kappa": "float64",
}


def draw_sample(feedback: pd.DataFrame, settings: VoiceSettings) -> pd.DataFrame:
    """Return texts for a person to check: as many of each theme as possible, a fixed choice by record.

    Returns
    -------
    pandas.DataFrame
        source, record, language, text, theme, sentiment (what the dictionary says), checked_theme, checked_sentiment (blank, to be filled in). Equal texts
        once.
    """
    once = feedback.drop_duplicates("text").reset_index(drop=True)
    shuffled = once.iloc[stable_order(once["source"] + " " + once["record"], "check")]
    turns = shuffled.assign(turn=shuffled.groupby("theme").cumcount()).sort_values(["turn", "theme"], kind="stable")
    chosen = turns.head(settings.sample).sort_values(["source", "record"], ignore_index=True)
    return chosen.assign(checked_theme="", checked_sentiment="")[list(SHEET)].astype("str")


def read_checks(sheet: pd.DataFrame, name: str = "voice.csv") -> pd.DataFrame:
    """Return the lines of a sample that a person has filled in; an unknown sentiment is a `UserError`.

    Examples
    --------
    >>> read_checks(pd.DataFrame({"source": ["ticket"], "record": ["T1"], "checked_theme": [""], "checked_sentiment": ["angry"]}))
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: voice.csv, line 2: checked_sentiment 'angry' is none of negative, neutral, positive: use one of them
    """
    lacking = [c for c in ("source", "record", "checked_theme", "checked_sentiment") if c not in sheet]
    if lacking:
        raise UserError(f"{name} has no column {', '.join(lacking)}: keep the header of the sheet that the run wrote")
    filled = sheet[["source", "record", "checked_theme", "checked_sentiment"]].fillna("").astype("str").apply(lambda c: c.str.strip().str.lower())
    for place, told in filled["checked_sentiment"].items():
        if told and told not in SENTIMENTS:
            raise UserError(f"{name}, line {int(str(place)) + 2}: checked_sentiment {told!r} is none of {', '.join(SENTIMENTS)}: use one of them")
    filled = filled.assign(source=sheet["source"].astype("str"), record=sheet["record"].astype("str"))
    return filled[(filled["checked_theme"] != "") | (filled["checked_sentiment"] != "")].reset_index(drop=True)


def measure_agreement(feedback: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Return how often the dictionary says what the person said, beside always saying the most frequent answer.

    Returns
    -------
    pandas.DataFrame
        what (theme, sentiment), checked, agree (Int64), agreement with its 95 % Wilson interval, majority (share of the person's most frequent answer),
        kappa (Cohen 1960).
        No row for what nobody checked.
    """
    from sklearn.metrics import cohen_kappa_score

    both = checks.merge(feedback[["source", "record", "theme", "sentiment"]], on=["source", "record"])
    rows = []
    for what in ("theme", "sentiment"):
        part = both[both[f"checked_{what}"] != ""]
        if part.empty:
            continue
        said, found = part[f"checked_{what}"].tolist(), part[what].tolist()
        agree = int(np.sum([a == b for a, b in zip(said, found, strict=True)]))
        low, high = share_interval([agree], [len(part)])
        kappa = float(cohen_kappa_score(said, found)) if len(set(said) | set(found)) > 1 else 1.0
        rows.append((what, len(part), agree, agree / len(part), low[0], high[0], pd.Series(said).value_counts(normalize=True).iloc[0], kappa))
    return pd.DataFrame(rows, columns=list(AGREEMENT)).round({"agreement": 6, "majority": 6, "kappa": 4}).astype(AGREEMENT)
