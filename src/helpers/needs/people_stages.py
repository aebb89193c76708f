"""Stages about who needs what: need types, match, links from behaviour to purchase, interviews, what people judge."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import lazy
from helpers.needs.coding import CODED, build_coding_sheet, count_codes, judge_coders
from helpers.needs.exposures import list_exposures
from helpers.needs.interviews import plan_interviews, write_guide
from helpers.needs.judge_types import judge_types
from helpers.needs.links import find_links
from helpers.needs.manual import measure_gaps, score_engagement, weigh_votes
from helpers.needs.maps import NeedsMaps
from helpers.needs.match import score_match
from helpers.needs.need_types import assign_need_types, count_evidence, fit_types
from helpers.needs.portraits import collect_facts
from helpers.needs.settings_people import InterviewsSettings, LinksSettings, NeedsSettings


def need_evidence_counts(
    order_lines: nw.LazyFrame, products: pd.DataFrame | None, tickets: pd.DataFrame | None, as_of: dt.date, needs_settings: NeedsSettings
) -> pd.DataFrame:
    """How often each need could have shown and how often it did."""
    return count_evidence(order_lines, products, tickets, as_of=as_of, settings=needs_settings)


def need_type_rates(need_evidence_counts: pd.DataFrame, needs_settings: NeedsSettings) -> pd.DataFrame:
    """The rates that divide customers into need types."""
    return fit_types(need_evidence_counts, needs_settings)


def need_types(need_evidence_counts: pd.DataFrame, need_type_rates: pd.DataFrame, needs_settings: NeedsSettings) -> pd.DataFrame:
    """Each customer's need type with its probability and evidence."""
    return assign_need_types(need_evidence_counts, need_type_rates, needs_settings)


def need_type_check(
    order_lines: nw.LazyFrame, products: pd.DataFrame | None, tickets: pd.DataFrame | None, as_of: dt.date, needs_settings: NeedsSettings
) -> pd.DataFrame:
    """Need types found before the last months, looked at in them."""
    split = as_of - dt.timedelta(days=needs_settings.check_days)
    before = count_evidence(order_lines, products, tickets, as_of=split, settings=needs_settings)
    later = count_evidence(order_lines, products, tickets, as_of=as_of, settings=needs_settings, since=split)
    return judge_types(before, later, needs_settings)


def need_match(
    purchase_cycles: pd.DataFrame,
    group_day_counts: pd.DataFrame,
    tickets: pd.DataFrame | None,
    surveys: pd.DataFrame | None,
    as_of: dt.date,
    needs_settings: NeedsSettings,
) -> pd.DataFrame:
    """How well what we sell answers what each customer needs, 0 to 1."""
    return score_match(purchase_cycles, group_day_counts, tickets, surveys, as_of=as_of, settings=needs_settings)


def exposure_counts(events: pd.DataFrame | None, interactions: pd.DataFrame | None, as_of: dt.date) -> pd.DataFrame:
    """The first time each customer showed each behaviour."""
    return list_exposures(None if events is None else lazy(events), interactions, as_of=as_of)


def behaviour_links(
    exposure_counts: pd.DataFrame, group_day_counts: pd.DataFrame, customers: pd.DataFrame | None, as_of: dt.date, links_settings: LinksSettings
) -> pd.DataFrame:
    """Which behaviours come before which purchases, among anybody and among like customers."""
    return find_links(exposure_counts, group_day_counts, customers, as_of=as_of, settings=links_settings)


def engagement(
    events: pd.DataFrame | None, interactions: pd.DataFrame | None, surveys: pd.DataFrame | None, as_of: dt.date, needs_settings: NeedsSettings
) -> pd.DataFrame:
    """How much each customer takes part."""
    active = None
    if events is not None:
        start, end = pd.Timestamp(as_of) - pd.Timedelta(days=needs_settings.signal_days), pd.Timestamp(as_of) + pd.Timedelta(days=1)
        recent = events[(events["at"] > start) & (events["at"] < end)]
        active = recent.assign(day=recent["at"].dt.normalize()).groupby("customer_id")["day"].nunique().rename("active_days").reset_index()
    return score_engagement(active, interactions, surveys, as_of=as_of, days=needs_settings.signal_days)


def interview_list(
    customer_tiers: pd.DataFrame, purchase_cycles: pd.DataFrame | None, need_types: pd.DataFrame | None, interviews_settings: InterviewsSettings
) -> pd.DataFrame:
    """Whom to interview: every tier, overdue or not."""
    return plan_interviews(customer_tiers, purchase_cycles, need_types, interviews_settings)


def interview_guide(
    interview_list: pd.DataFrame, purchase_cycles: pd.DataFrame, main_group_counts: pd.DataFrame, need_types: pd.DataFrame, implicit_needs: pd.DataFrame,
    cross_sell: pd.DataFrame,
    surveys: pd.DataFrame | None, needs_maps: NeedsMaps, interviews_settings: InterviewsSettings,
) -> pd.DataFrame:  # fmt: skip
    """The questions of each interview, filled with the customer's own facts."""
    facts = collect_facts(purchase_cycles, main_group_counts, need_types, implicit_needs, cross_sell, surveys, lang=interviews_settings.lang)
    return write_guide(interview_list, facts, needs_maps, interviews_settings)


def interview_sheet(interview_list: pd.DataFrame) -> pd.DataFrame:
    """The empty coding sheet of the planned interviews."""
    return build_coding_sheet(interview_list)


def coded_needs(interview_coding: pd.DataFrame | None, need_types: pd.DataFrame | None, implicit_needs: pd.DataFrame | None) -> pd.DataFrame:
    """What interviews said, with what the data says about the same customers."""
    if interview_coding is None or interview_coding.empty:
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in CODED.items()})
    return count_codes(interview_coding, need_types, implicit_needs)


def coder_agreement(interview_coding: pd.DataFrame | None) -> pd.DataFrame:
    """How far two coders of the same interviews agree."""
    return judge_coders(interview_coding if interview_coding is not None else pd.DataFrame(columns=["customer_id", "coder", "theme", "code"]))


def feature_votes(current_signals: pd.DataFrame, customer_tiers: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Which features customers vote for, by votes and by their spend."""
    return weigh_votes(current_signals, customer_tiers, as_of=as_of)


def expectation_gaps(current_ratings: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """Where customers felt less, or more, than they expected."""
    return measure_gaps(current_ratings, as_of=as_of)
