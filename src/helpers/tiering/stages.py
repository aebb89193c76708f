"""Stages of tiering."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.tiering.bands import list_cut_points, score_rfm
from helpers.tiering.rfm import summarise_rfm
from helpers.tiering.settings import RfmSettings
from helpers.tiering.tiers import assign_tiers, summarise_tiers


def rfm(order_lines: nw.LazyFrame, as_of: dt.date, rfm_settings: RfmSettings) -> pd.DataFrame:
    """Recency, order count, spend and their scores, one row per customer."""
    return score_rfm(summarise_rfm(order_lines, as_of=as_of), rfm_settings)


def rfm_cut_points(rfm: pd.DataFrame, rfm_settings: RfmSettings) -> pd.DataFrame:
    """From which to which value each score reaches, and how many customers hold it."""
    return list_cut_points(rfm, rfm_settings)


def customer_tiers(rfm: pd.DataFrame, rfm_settings: RfmSettings) -> pd.DataFrame:
    """Every customer's first tier with the numbers behind it."""
    return assign_tiers(rfm, rfm_settings)


def tier_summary(customer_tiers: pd.DataFrame) -> pd.DataFrame:
    """Size and weight of each tier."""
    return summarise_tiers(customer_tiers)
