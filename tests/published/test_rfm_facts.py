"""CDNOW, the sample of 2,357 music buyers that papers use: our tables give the published numbers (anchors.md 3.1)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import lifetimes
import pandas as pd
import pytest

from helpers.axes.bands import list_cut_points, say_bands, score_rfm
from helpers.axes.rfm import summarise_rfm
from helpers.axes.settings import RfmSettings
from helpers.cleaning.lines import keep_order_lines, mark_order_lines
from helpers.cleaning.orders import build_orders, match_returns
from helpers.cleaning.rows import SourceHints
from helpers.cleaning.settings import CleaningSettings
from helpers.engine import lazy, to_pandas

LAST_DAY, CALIBRATION_END = dt.date(1998, 6, 30), dt.date(1997, 9, 30)


@pytest.fixture(scope="module")
def raw():
    file = Path(lifetimes.__file__).parent / "datasets" / "CDNOW_sample.txt"
    names = ["master_id", "customer_id", "order_date", "quantity", "amount"]
    frame = pd.read_csv(file, sep=r"\s+", names=names, dtype="str").drop(columns="master_id")
    return frame.assign(read_from="cdnow", row=range(1, len(frame) + 1), problem=pd.Series(None, index=frame.index, dtype="str"))


def lines_until(raw, as_of):
    marked = mark_order_lines(lazy(raw), as_of=as_of, hints={"cdnow": SourceHints(date_order="YMD")}, settings=CleaningSettings())
    return to_pandas(match_returns(keep_order_lines(marked)))


@pytest.fixture(scope="module")
def lines(raw):
    return lines_until(raw, LAST_DAY)


@pytest.fixture(scope="module")
def rfm(lines):
    return summarise_rfm(lines, as_of=LAST_DAY)


def test_rows_customers_money_and_span_are_those_published(lines):
    assert len(lines) == 6919
    assert lines["customer_id"].nunique() == 2357
    assert round(lines["amount"].sum(), 2) == 244_091.94
    assert (lines["amount"] == 0).sum() == 8
    assert not lines["is_return"].any()
    assert (lines["order_date"].min(), lines["order_date"].max()) == (pd.Timestamp("1997-01-01"), pd.Timestamp("1998-06-30"))


def test_purchases_until_the_end_of_the_calibration_period(raw):
    orders = to_pandas(build_orders(lazy(lines_until(raw, CALIBRATION_END))))
    assert len(orders) == 4814  # (customer, day) pairs
    assert len(orders) - orders["customer_id"].nunique() == 2457  # repeat purchases
    days = orders.groupby("customer_id").size()
    assert ((days == 1).sum(), days.max() - 1) == (1411, 29)


def test_one_time_buyers_by_both_definitions(lines, rfm):
    days = lines.groupby("customer_id")["order_date"].nunique()
    assert (days == 1).sum() == 1218  # counts days, a purchase of nothing included
    assert round((days == 1).mean(), 3) == 0.517
    # ours counts orders with money: of the 8 free lines those that stand alone on their day make a buyer poorer by one order
    paid = lines[lines["amount"] > 0].groupby("customer_id")["order_date"].nunique().reindex(days.index, fill_value=0)
    assert rfm.set_index("customer_id")["order_count"].astype("int64").to_dict() == paid.to_dict()
    assert round(rfm["total_spend"].sum(), 2) == 244_091.94


def test_one_time_buyers_are_never_split(rfm):
    scored = score_rfm(rfm, RfmSettings())
    assert scored.groupby("order_count")["f_score"].nunique().max() == 1
    assert scored.groupby("recency_days")["r_score"].nunique().max() == 1
    assert scored.groupby("total_spend")["m_score"].nunique().max() == 1
    mixed = score_rfm(rfm.sample(frac=1, random_state=5), RfmSettings()).sort_index()
    pd.testing.assert_frame_equal(mixed, scored)


def test_fewer_frequency_bands_are_said_not_hidden(rfm):
    points = list_cut_points(score_rfm(rfm, RfmSettings()), RfmSettings())
    frequency = points[points["measure"] == "order_count"]
    assert frequency["bands_made"].iloc[0] == len(frequency) < 5  # half of all customers hold one value, so five fifths cannot be
    assert any(line.startswith("Number of orders:") for line in say_bands(points))
