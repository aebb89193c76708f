"""Stages about what customers say: texts, themes, mood, satisfaction, stated needs and pain points."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import to_pandas
from helpers.needs.checking import draw_sample, measure_agreement
from helpers.needs.evidence import list_needs_evidence
from helpers.needs.explicit import list_explicit_needs, summarise_explicit_needs
from helpers.needs.follow_up import close_loop
from helpers.needs.language import join_texts
from helpers.needs.learn import COLUMNS as CHECK_COLUMNS
from helpers.needs.learn import find_topics, judge_sentiment, label_by_score
from helpers.needs.manual import GAP, VOTE
from helpers.needs.maps import NeedsMaps
from helpers.needs.satisfaction import count_satisfaction, curve_repurchase
from helpers.needs.settings_people import NeedsSettings, SatisfactionSettings, VoiceSettings
from helpers.needs.signals import find_pain_points, summarise_pain_points
from helpers.needs.voice import read_feedback, summarise_themes


def feedback(
    tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, interactions: pd.DataFrame | None, signals: pd.DataFrame | None, needs_maps: NeedsMaps
) -> pd.DataFrame:
    """Every text of a customer with theme and sentiment; a signal called mention is a text from social media."""
    mentions = None if signals is None else signals[signals["signal"].str.startswith("mention")].rename(columns={"note": "text"})
    texts = join_texts(
        ("ticket", tickets, "ticket_id", "opened_at"),
        ("survey", surveys, "", "answered_on"),
        ("interaction", interactions, "interaction_id", "at"),
        ("mention", mentions, "", "observed_on"),
    )
    return read_feedback(texts, needs_maps)


def voice_themes(feedback: pd.DataFrame, needs_maps: NeedsMaps) -> pd.DataFrame:
    """What customers write about, with quotes."""
    return summarise_themes(feedback, needs_maps)


def voice_topics(feedback: pd.DataFrame, voice_settings: VoiceSettings) -> pd.DataFrame:
    """Themes found from the words alone, compared with the dictionary's."""
    return find_topics(feedback, voice_settings)


def sentiment_check(surveys: pd.DataFrame, feedback: pd.DataFrame, voice_settings: VoiceSettings) -> pd.DataFrame:
    """How well dictionary and model tell the mood of survey comments, judged by the scores that came with them."""
    labelled = surveys.assign(
        record=surveys["customer_id"] + " " + surveys["answered_on"].dt.strftime("%Y-%m-%d"), label=label_by_score(surveys, voice_settings)
    ).dropna(subset="label")
    said = feedback[feedback["source"] == "survey"].merge(labelled[["record", "label"]].drop_duplicates("record"), on="record")
    parts = []
    for language, part in said.groupby("language"):
        if len(part) < voice_settings.min_labels or part["label"].nunique() < 2 or part["text"].nunique() < voice_settings.folds:
            continue
        known = dict(zip(part["text"], part["sentiment"], strict=True))
        table, _ = judge_sentiment(part["text"].reset_index(drop=True), part["label"].reset_index(drop=True), known.__getitem__, voice_settings)
        parts.append(table.assign(language=language))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(CHECK_COLUMNS))
    return every[list(CHECK_COLUMNS)].astype(CHECK_COLUMNS)


def voice_sample(feedback: pd.DataFrame, voice_settings: VoiceSettings) -> pd.DataFrame:
    """Texts for a person to check; a filled copy is read back in."""
    return draw_sample(feedback, voice_settings)


def voice_agreement(feedback: pd.DataFrame, voice_checks: pd.DataFrame | None) -> pd.DataFrame:
    """How often the dictionary says what a person said."""
    checks = (
        voice_checks
        if voice_checks is not None
        else pd.DataFrame({c: pd.Series(dtype="str") for c in ("source", "record", "checked_theme", "checked_sentiment")})
    )
    return measure_agreement(feedback, checks)


def closed_loop(
    surveys: pd.DataFrame,
    interactions: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    customers: pd.DataFrame | None,
    as_of: dt.date,
    voice_settings: VoiceSettings,
) -> pd.DataFrame:
    """Every bad score with what we did about it."""
    return close_loop(surveys, interactions, tickets, customers, as_of=as_of, settings=voice_settings)


def satisfaction_scores(
    surveys: pd.DataFrame, order_day_counts: pd.DataFrame, voice_settings: VoiceSettings, satisfaction_settings: SatisfactionSettings
) -> pd.DataFrame:
    """NPS and CSAT per wave, with n, interval and who answered."""
    return count_satisfaction(surveys, order_day_counts, voice_settings, satisfaction_settings)


def satisfaction_repurchase(surveys: pd.DataFrame, order_day_counts: pd.DataFrame, as_of: dt.date, satisfaction_settings: SatisfactionSettings) -> pd.DataFrame:
    """How many came back after each score."""
    return curve_repurchase(surveys, order_day_counts, as_of=as_of, settings=satisfaction_settings)


def explicit_needs(
    feedback: pd.DataFrame, group_day_counts: pd.DataFrame, needs_maps: NeedsMaps, as_of: dt.date, needs_settings: NeedsSettings
) -> pd.DataFrame:
    """What each customer asked for, complained about and keeps buying."""
    return list_explicit_needs(feedback, group_day_counts, needs_maps, as_of=as_of, settings=needs_settings)


def explicit_summary(explicit_needs: pd.DataFrame) -> pd.DataFrame:
    """Stated needs by the number of customers."""
    return summarise_explicit_needs(explicit_needs)


def implicit_needs(
    tickets: pd.DataFrame | None, interactions: pd.DataFrame | None, events: pd.DataFrame | None, surveys: pd.DataFrame | None,
    equipment: pd.DataFrame | None, touches: pd.DataFrame | None,
    feedback: pd.DataFrame, product_day_counts: nw.LazyFrame, needs_maps: NeedsMaps, as_of: dt.date, needs_settings: NeedsSettings,
) -> pd.DataFrame:  # fmt: skip
    """Pain points that signals hint at, with the rows that speak for them."""
    tables = {"tickets": tickets, "interactions": interactions, "events": events, "surveys": surveys, "equipment": equipment, "touches": touches}
    bought = to_pandas(product_day_counts).rename(columns={"product_id": "item"}) if events is not None else None
    return find_pain_points(tables, feedback, bought, needs_maps, as_of=as_of, settings=needs_settings)


def pain_point_summary(implicit_needs: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Pain points by the number of customers, overall and by industry."""
    return summarise_pain_points(implicit_needs, customers)


def needs_evidence(
    order_lines: nw.LazyFrame, products: pd.DataFrame | None, tickets: pd.DataFrame | None, surveys: pd.DataFrame | None, events: pd.DataFrame | None,
    interactions: pd.DataFrame | None,
    equipment: pd.DataFrame | None, current_signals: pd.DataFrame | None, current_ratings: pd.DataFrame | None, voice_checks: pd.DataFrame | None,
    interview_coding: pd.DataFrame | None,
) -> pd.DataFrame:  # fmt: skip
    """What each analysis of needs stands on, and what it needs otherwise."""
    tables = {"products": products, "tickets": tickets, "surveys": surveys, "events": events, "interactions": interactions, "equipment": equipment}
    known = {name: table is not None and len(table) > 0 for name, table in tables.items()}
    known |= {f"{name}.{c}": bool(table[c].notna().any()) for name, table in tables.items() if table is not None for c in table}
    held = to_pandas(order_lines.select(*[nw.col(c).count() for c in ("product_id", "discount") if c in order_lines.collect_schema().names()]))
    known |= {f"order_lines.{c}": bool(held[c].iloc[0]) for c in held}
    known["signals called vote: <feature>"] = current_signals is not None and bool(current_signals["signal"].str.startswith(VOTE).any())
    known["ratings called expected: and perceived: <touchpoint>"] = current_ratings is not None and all(
        current_ratings["criterion"].str.startswith(p).any() for p in GAP
    )
    sheets = {"filled text sample": voice_checks, "filled coding sheet": interview_coding}
    return list_needs_evidence(known | {name: sheet is not None and len(sheet) > 0 for name, sheet in sheets.items()})
