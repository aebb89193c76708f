"""CDNOW sample: published facts (anchors.md 3.1, features.md 10) that our tables must reproduce."""

import pytest

from helpers.engine import to_pandas
from helpers.runs import Run


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory):
    return Run.open("cdnow", "1998-06-30", out=tmp_path_factory.mktemp("cdnow"))


def test_rows_customers_span_and_money(cdnow):
    lines = to_pandas(cdnow.scan("order_lines"))
    assert len(lines) == 6919 and lines["customer_id"].nunique() == 2357
    assert f"{lines['order_date'].min():%Y-%m-%d} {lines['order_date'].max():%Y-%m-%d}" == "1997-01-01 1998-06-30"
    assert round(lines["amount"].sum(), 2) == 244091.94
    assert (lines["amount"] == 0).sum() == 8


def test_lines_of_one_day_are_one_order(cdnow):
    assert cdnow.load("orders")["order_id"].nunique() == 6696


def test_calibration_period_holds_4814_purchases_and_1411_customers_without_a_repeat(tmp_path):
    run = Run.open("cdnow", "1997-09-30", out=tmp_path)
    orders = run.load("orders")
    per_customer = orders.groupby("customer_id").size()
    assert len(orders) == 4814 and (per_customer == 1).sum() == 1411 and len(per_customer) == 2357
    assert per_customer.sub(1).sum() == 2457 and per_customer.max() == 30


def test_share_of_one_time_buyers(cdnow):
    """51.7 % by purchase days, free orders included (1,218 customers); 8 of them only had a free order, so 1,210 have one that stands."""
    by_day = cdnow.load("orders").groupby("customer_id").size()
    assert (by_day == 1).sum() == 1218 and round((by_day == 1).mean(), 3) == 0.517
    rfm = cdnow.load("rfm")
    assert (rfm["order_count"] == 0).sum() == 8 and (rfm["order_count"] == 1).sum() == 1210


def test_equal_one_time_buyers_share_one_frequency_score(cdnow):
    """Known wrong answer (anchors.md 5): rank-by-order quantiles give 1,218 identical customers scores 0 to 5."""
    rfm = cdnow.load("rfm")
    assert rfm.loc[rfm["order_count"] == 1, "f_score"].nunique() == 1
    for measure, score in (("order_count", "f_score"), ("recency_days", "r_score"), ("total_spend", "m_score")):
        assert rfm.dropna(subset=[score]).groupby(measure)[score].nunique().max() == 1


def test_every_customer_has_a_tier(cdnow):
    tiers = cdnow.load("customer_tiers")
    assert len(tiers) == 2357 and tiers["tier"].notna().all()
