"""A run about a part of the data: the ledger closes for what is inside, and what is outside is counted."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.cleaning.settings_filters import FiltersSettings, say_filters
from helpers.errors import UserError
from helpers.runs import Run

PROFILE = """
profile: shop
title: A shop
currency: EUR
as_of: 2025-06-30
settings: {privacy: {pseudonymise: false}}
sources:
  - {name: erp, table: order_lines, path: lines.csv, columns: {order_id: o, line_no: n, customer_id: c, order_date: d, product_id: p, quantity: q, amount: a, channel: by, return_of: r}}
  - {name: places, table: customers, path: lines.csv, columns: {customer_id: c, region: place, kind: kind}, distinct: true}
  - {name: desk, table: tickets, path: tickets.csv, columns: {ticket_id: t, customer_id: c, opened_at: at}}
"""
LINES = """o,n,c,d,p,q,a,by,r,place,kind
1,1,anna,2025-01-05,P,2,20.00,web,,North,consumer
1,2,anna,2025-01-05,Q,1,5.50,web,,North,consumer
2,1,bert,2025-02-01,P,1,10.00,shop,,South,business
3,1,anna,2025-03-01,P,-1,-10.00,shop,1,North,consumer
4,1,carl,2025-03-02,Q,1,5.00,shop,,North,business
5,1,,2025-03-03,P,1,7.00,web,,South,
6,1,bert,never,P,1,7.00,web,,South,business
7,1,bert,2025-08-01,P,1,70.00,web,,South,business
"""
TICKETS = "t,c,at\n1,anna,2025-05-01 10:00\n2,bert,2025-05-02 10:00\n3,zoe,2025-05-03 10:00\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "shop.yml").write_text(PROFILE, encoding="utf-8")
    (tmp_path / "lines.csv").write_text(LINES, encoding="utf-8")
    (tmp_path / "tickets.csv").write_text(TICKETS, encoding="utf-8")

    def open_with(**filters):
        return Run.open(str(tmp_path / "shop.yml"), settings={"filters": filters}, out=tmp_path / "out")

    return open_with


def counted(run, source="erp"):
    ledger, out = run.load("ledger").set_index("source"), run.load("filtered_out").set_index("source")
    inside = ledger.loc[source, ["rows_kept", "rows_merged", "rows_set_aside", "rows_read"]].tolist() if source in ledger.index else [0, 0, 0, 0]
    return *inside, int(out["rows"].get(source, 0)), float(out["money"].get(source, 0.0))


def test_without_a_filter_nothing_is_outside(shop):
    run = shop()
    assert run.load("filtered_out").empty and counted(run) == (5, 0, 2, 7, 0, 0.0)
    assert run.load("customers")[["customer_id", "region"]].values.tolist() == [["anna", "North"], ["bert", "South"], ["carl", "North"]]


def test_a_market_keeps_its_customers_with_all_that_is_theirs(shop):
    run = shop(market="South")
    assert run.load("orders")["customer_id"].tolist() == ["bert"] and run.load("customers")["customer_id"].tolist() == ["bert"]
    assert run.load("tickets")["ticket_id"].tolist() == ["2"]
    assert counted(run) == (1, 0, 1, 2, 5, 27.5)  # the line without a customer has no market
    assert counted(run, "desk") == (1, 0, 0, 1, 2, 0.0)
    assert run.load("set_aside").query("source == 'erp'")["reason"].str.contains("order_date").all()


def test_a_kind_is_a_filter_too_and_several_hold_together(shop):
    assert set(shop(customer_kind="business").load("orders")["customer_id"]) == {"bert", "carl"}
    assert set(shop(customer_kind="business", market=["North"]).load("orders")["customer_id"]) == {"carl"}
    assert set(shop(market=["North", "South"]).load("orders")["customer_id"]) == {"anna", "bert", "carl"}


def test_a_return_goes_with_its_order_whatever_desk_took_it(shop):
    web, counter = shop(channel="web"), shop(channel="shop")
    assert web.load("orders")[["order_id", "net_amount"]].values.tolist() == [["1", 15.5]]
    assert counter.load("orders")[["order_id", "net_amount"]].values.tolist() == [["2", 10.0], ["4", 5.0]]
    whole = shop().load("orders")["net_amount"].sum()
    assert web.load("orders")["net_amount"].sum() + counter.load("orders")["net_amount"].sum() == whole
    assert len(web.load("customers")) == 3  # a channel is about orders


@pytest.mark.parametrize("filters", [{"market": "North"}, {"channel": "shop"}, {"customer_kind": "consumer", "channel": "web"}, {"market": "Nowhere"}])
def test_inside_and_outside_are_all_that_was_read(shop, filters):
    whole, part = shop().load("ledger").set_index("source"), shop(**filters)
    ledger, out = part.load("ledger").set_index("source"), part.load("filtered_out").set_index("source")
    for source, row in whole.iterrows():
        for inside, outside in (("rows_read", "rows"), ("money_read", "money")):
            assert ledger[inside].get(source, 0) + out[outside].get(source, 0) == pytest.approx(row[inside], abs=1e-6)


def test_what_is_marked_is_shared_between_filters(shop):
    shop().load("orders")
    made: list[str] = []
    run = shop(market="North")
    run.cache.told = lambda name, seconds: made.append(name)
    run.load("orders")
    assert set(made) == {"scope_identified", "order_lines", "orders"}


def test_the_same_place_on_every_line_is_read_once(shop):
    places = shop().cache.raw.load("raw_customers")
    assert places["customer_id"].tolist()[:3] == ["anna", "bert", "carl"] and len(places) == 4
    assert places["row"].tolist() == [2, 4, 6, 7]


def test_words_and_mistakes(shop):
    assert say_filters(FiltersSettings()) == ""
    with pytest.raises(UserError, match="setting filters.customer_kind = 'firm'"):
        shop(customer_kind="firm")
    with pytest.raises(UserError, match="filters.market needs customers.region, which no source of profile cdnow gives"):
        Run.open("cdnow", settings={"filters": {"market": "x"}})
    assert pd.isna(shop(market="Nowhere").load("orders")["net_amount"].max())
