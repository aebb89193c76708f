"""Headers find their column, never silently: exact synonyms, other ways to write them, close spellings."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from helpers.collection.headers import RAW_TABLES, _readings, guess_table, header_words, match_headers, synonyms
from helpers.errors import UserError
from helpers.tables import TABLES


def columns_of(headers: list[str], table: str = "order_lines") -> dict[str, str]:
    found = match_headers(headers, table).dropna(subset="column")
    return dict(zip(found["header"], found["column"], strict=True))


def test_every_column_of_every_table_has_english_and_chinese_names():
    for name in RAW_TABLES:
        for column in TABLES[name].columns:
            known = synonyms()[name][column.name]
            assert len([w for w in known if w.isascii()]) >= 2, (name, column.name)
            assert any(not w.isascii() for w in known), (name, column.name)


def test_no_synonym_stands_for_two_columns_of_one_table():
    for name in RAW_TABLES:
        words = [w for column in synonyms()[name].values() for w in {header_words(w).replace(" ", "") for w in column}]
        twice = {w for w in words if words.count(w) > 1}
        assert not twice, (name, twice)


def test_every_listed_synonym_is_found_also_in_traditional_characters():
    to_traditional = OpenCC("s2t")
    for name in RAW_TABLES:
        for column, words in synonyms()[name].items():
            for word in words:
                for written in (word, word.upper(), word.replace(" ", "_"), to_traditional.convert(word)):
                    assert {(m.column, m.score) for m in _readings(written, name)} == {(column, 100.0)}, (name, written)


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("订单编号", "order_id"),
        ("訂單編號", "order_id"),
        ("Order No.", "order_id"),
        ("InvoiceNo", "order_id"),
        ("ORDER-ID", "order_id"),
        ("客户编号", "customer_id"),
        ("會員卡號", "customer_id"),
        ("ＣｕｓｔｏｍｅｒＩＤ", "customer_id"),
        ("买家实际支付金额", "amount"),
        ("订单付款时间 ", "order_date"),
        ("Ordr Date", "order_date"),
        ("Amount (EUR)", "amount"),
        ("实付金额（元）", "amount"),
        ("total_USD", "amount"),
    ],
)
def test_ways_to_write_a_header(header: str, column: str):
    assert columns_of([header]) == {header: column}


def test_one_header_per_column_and_the_reason_names_the_winner():
    found = match_headers(["订单付款时间", "订单创建时间", "总金额", "买家实际支付金额"], "order_lines").set_index("header")
    assert found.loc["订单创建时间", "column"] == "order_date"
    assert pd.isna(found.loc["订单付款时间", "column"])
    assert found.loc["订单付款时间", "why"] == "could be order_date, which '订单创建时间' is"
    assert found.loc["买家实际支付金额", "column"] == "amount"


@pytest.mark.parametrize(
    ("header", "table"), [("shipper_id", "customers"), ("end_date", "touches"), ("Dt_Customer", "equipment"), ("City Tax", "order_lines")]
)
def test_words_that_only_look_alike_are_not_matched(header: str, table: str):
    found = match_headers([header], table)
    assert found["column"].isna().all()
    assert found["why"].item() == "no synonym"


def test_close_spelling_says_its_score():
    row = match_headers(["Custmer Number"], "order_lines").iloc[0]
    assert (row["column"], row["score"] < 100) == ("customer_id", True)
    assert row["why"] == f"close to 'customer number', score {row['score']:g}"


def test_blank_and_repeated_headers_do_no_harm():
    found = match_headers(["", "Quantity", "Quantity", "***"], "order_lines")
    assert found["column"].fillna("-").tolist() == ["-", "quantity", "-", "-"]


def test_unknown_table_is_one_sentence():
    with pytest.raises(UserError, match="there is no table 'shops'"):
        match_headers(["a"], "shops")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["Invoice", "Order No", "客户编号", "Custmer ID", "Price", "金额", "total", "x", ""]), max_size=8),
    st.randoms(),
)
def test_one_to_one_and_order_of_headers_does_not_decide_the_columns_found(headers: list[str], random):
    found = match_headers(headers, "order_lines")
    assert found["header"].tolist() == headers
    taken = found["column"].dropna()
    assert taken.is_unique
    shuffled = random.sample(headers, len(headers))
    assert set(match_headers(shuffled, "order_lines")["column"].dropna()) == set(taken)


@pytest.mark.parametrize(
    ("headers", "table"),
    [
        (["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"], "order_lines"),
        (["客户编号", "客户名称", "行业", "地区", "注册日期"], "customers"),
        (["user_id", "timestamp", "event", "page"], "events"),
        (["customer id", "criterion", "score", "rater", "rated on"], "ratings"),
        (["contract no", "customer id", "start date", "renewal date", "annual value"], "contracts"),
        (["会员编号", "提交时间", "推荐意愿", "满意度"], "surveys"),
        (["employee id", "name", "team", "hours per week"], "staff"),
    ],
)
def test_table_is_guessed_from_headers(headers: list[str], table: str):
    assert guess_table(headers)["table"].iloc[0] == table


def test_an_id_that_repeats_speaks_against_its_table():
    headers = ["product_id", "customer_id", "amount"]
    lines = pd.DataFrame({"product_id": ["a", "a", "b"], "customer_id": ["1", "2", "2"], "amount": ["1", "2", "3"]})
    ranked = guess_table(headers, lines).set_index("table")
    assert ranked.index[0] == "order_lines"
    assert "product_id repeats" in ranked.loc["products", "why"]
    assert ranked.loc["order_lines", "missing"] == "order_id, order_date"


def test_nothing_fits_is_an_empty_answer():
    assert guess_table(["imag1", "qual2"]).empty
    assert guess_table([]).empty
