"""Stages of tiering: measures, yardsticks, axes, and every scheme as a view on them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.axes.bands import list_cut_points, score_rfm
from helpers.axes.columns import axis_domains
from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.measures import measure_customers
from helpers.axes.population import fit_population
from helpers.axes.rfm import summarise_rfm
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings, TieringSettings
from helpers.rules.crosswalk import cross_all
from helpers.rules.lint import lint_scheme
from helpers.rules.schemes import primary_scheme, schemes_of
from helpers.tiering.assign import assign_all, assign_tiers
from helpers.tiering.matrices import build_matrices
from helpers.tiering.passport import build_passport
from helpers.tiering.summary import summarise_schemes, summarise_tiers


def rfm(order_lines: nw.LazyFrame, as_of: dt.date, rfm_settings: RfmSettings) -> pd.DataFrame:
    """Recency, order count, spend and their scores, one row per customer."""
    return score_rfm(summarise_rfm(order_lines, as_of=as_of), rfm_settings)


def rfm_cut_points(rfm: pd.DataFrame, rfm_settings: RfmSettings) -> pd.DataFrame:
    """From which to which value each score reaches, and how many customers hold it."""
    return list_cut_points(rfm, rfm_settings)


def customer_measures(
    order_lines: nw.LazyFrame,
    as_of: dt.date,
    activity_settings: ActivitySettings,
    lifecycle_settings: LifecycleSettings,
    customers: pd.DataFrame | None,
    products: pd.DataFrame | None,
    interactions: pd.DataFrame | None,
    surveys: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    ratings: pd.DataFrame | None,
) -> pd.DataFrame:
    """What is each customer's own: orders, rhythm, contact, ratings; nobody is compared with anybody yet."""
    tables = {"customers": customers, "products": products, "interactions": interactions, "surveys": surveys, "tickets": tickets, "ratings": ratings}
    return measure_customers(order_lines, tables, as_of=as_of, activity=activity_settings, lifecycle=lifecycle_settings)


def axis_population(customer_measures: pd.DataFrame, rfm_settings: RfmSettings, activity_settings: ActivitySettings) -> pd.DataFrame:
    """The yardsticks of the day: cut points, usual gaps and means of all customers."""
    return fit_population(customer_measures, rfm_settings, activity_settings)


def customer_axes(
    customer_measures: pd.DataFrame, axis_population: pd.DataFrame, as_of: dt.date,
    rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings,
) -> pd.DataFrame:  # fmt: skip
    """The seven axes of every customer: value, potential, activity, lifecycle, relationship, strategic, needs."""
    return derive_axes(customer_measures, axis_population, AxisSettings(rfm_settings, activity_settings, lifecycle_settings), as_of=as_of)


def customer_tiers(customer_axes: pd.DataFrame, tier_schemes: dict[str, Any], tiering_settings: TieringSettings) -> pd.DataFrame:
    """Every customer's tier under the primary scheme, with the numbers behind it."""
    return assign_tiers(customer_axes, primary_scheme(tier_schemes, tiering_settings.primary))


def tier_summary(customer_axes: pd.DataFrame, customer_tiers: pd.DataFrame, tier_schemes: dict[str, Any], tiering_settings: TieringSettings) -> pd.DataFrame:
    """Size and weight of each tier of the primary scheme."""
    return summarise_tiers(customer_axes, customer_tiers["tier"], primary_scheme(tier_schemes, tiering_settings.primary))


def scheme_tiers(customer_axes: pd.DataFrame, tier_schemes: dict[str, Any]) -> pd.DataFrame:
    """Every customer's tier under every scheme, one column per scheme."""
    return assign_all(customer_axes, schemes_of(tier_schemes))


def scheme_shares(customer_axes: pd.DataFrame, scheme_tiers: pd.DataFrame, tier_schemes: dict[str, Any]) -> pd.DataFrame:
    """Size and weight of each tier of every scheme."""
    return summarise_schemes(customer_axes, scheme_tiers, schemes_of(tier_schemes))


def scheme_lint(customer_axes: pd.DataFrame, tier_schemes: dict[str, Any], rfm_settings: RfmSettings) -> pd.DataFrame:
    """What the linter finds in every scheme: holes, overlaps, rules that never decide, inversions, share of the fallback."""
    domains = axis_domains(rfm_settings.top_score)
    return pd.concat([lint_scheme(s, domains, customer_axes) for s in schemes_of(tier_schemes).values()], ignore_index=True)


def scheme_crosswalk(scheme_tiers: pd.DataFrame, tier_schemes: dict[str, Any]) -> pd.DataFrame:
    """How many customers hold each pair of tiers of any two schemes."""
    return cross_all(scheme_tiers, schemes_of(tier_schemes))


def threshold_passport(
    customer_axes: pd.DataFrame, axis_population: pd.DataFrame, tier_schemes: dict[str, Any], as_of: dt.date,
    rfm_settings: RfmSettings, activity_settings: ActivitySettings, lifecycle_settings: LifecycleSettings, tiering_settings: TieringSettings,
) -> pd.DataFrame:  # fmt: skip
    """Each threshold beside preset and peers, its place in the data, and who would change class if it moved one step."""
    settings = AxisSettings(rfm_settings, activity_settings, lifecycle_settings)
    return build_passport(customer_axes, axis_population, schemes_of(tier_schemes), settings, primary=tiering_settings.primary, as_of=as_of)


def value_matrices(customer_axes: pd.DataFrame, tiering_settings: TieringSettings) -> pd.DataFrame:
    """Value by potential, and frequency by order value: customers and revenue of each quadrant."""
    return build_matrices(customer_axes, tiering_settings.core_share)
