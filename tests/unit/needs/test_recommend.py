"""Recommendations: lists, figures and the choice of the winner, by hand and on planted tastes."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.needs.judge_recommend import compare_methods, judge_lists
from helpers.needs.recommend import build_history, rank_buy_again, rank_popular, rank_products
from helpers.needs.recommend_final import recommend_products
from helpers.needs.settings import RecommendSettings

END = dt.date(2025, 6, 30)
SMALL = RecommendSettings(top=3, test_days=30, min_customers=5, draws=100)


def purchases(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "product_id", "order_date"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]))


def tastes(seed=1, customers=120, drink=0.9):
    """Two tastes with ten products each; a customer keeps to one and tries its products one after the other, never twice."""
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(customers):
        order = rng.permutation(10)
        for k, p in enumerate(order[:8]):
            taste = c % 2 if rng.random() < drink else 1 - c % 2
            rows.append((f"c{c:03}", f"t{taste}p{p}", pd.Timestamp("2025-06-30") - pd.Timedelta(days=int(80 - 10 * k + rng.integers(0, 9)))))
    return purchases(*rows)


def test_hit_and_ndcg_by_hand():
    ranked = pd.DataFrame({"customer": [0, 0, 0, 1, 1, 1], "product": [1, 2, 3, 1, 2, 3], "rank": [1, 2, 3] * 2})
    wanted = pd.DataFrame({"customer": [0, 0, 1, 2], "product": [1, 3, 9, 4]})
    told = judge_lists(ranked, wanted, 3).set_index("customer")
    assert told["hit"].tolist() == [1.0, 0.0, 0.0]  # customer 2 has no list: a miss, not a gap
    assert told.at[0, "ndcg"] == pytest.approx((1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3)))


def test_popular_counts_customers_and_leaves_out_what_is_no_longer_sold():
    history = build_history(
        purchases(("x", "hat", "2025-06-01"), ("y", "hat", "2025-06-02"), ("x", "cap", "2025-06-01"), ("x", "cap", "2025-06-02"), ("z", "old", "2024-01-01")),
        until=pd.Timestamp(END), settings=SMALL,
    )  # fmt: skip
    ranked = rank_popular(history, new_only=False, top=3)
    names = history.products[ranked.loc[ranked["customer"] == 0, "product"]]
    assert names.tolist() == ["hat", "cap"]  # two customers before one, whatever the number of days
    fresh = rank_popular(history, new_only=True, top=3)
    assert history.products[fresh.loc[fresh["customer"] == 1, "product"]].tolist() == ["cap"]


def test_buy_again_ranks_by_days_then_by_the_latest():
    history = build_history(
        purchases(("x", "tea", "2025-05-01"), ("x", "tea", "2025-05-08"), ("x", "jam", "2025-06-09"), ("x", "bun", "2025-06-01")),
        until=pd.Timestamp(END),
        settings=SMALL,
    )
    assert history.products[rank_buy_again(history, top=3)["product"]].tolist() == ["tea", "jam", "bun"]


@pytest.mark.parametrize("method", ["popularity", "buy_again", "item_item", "factors"])
def test_every_list_is_full_without_repeats_and_new_means_never_bought(method):
    history = build_history(tastes(), until=pd.Timestamp(END), settings=SMALL)
    for new_only in (False, True):
        ranked = rank_products(history, method, new_only=new_only, settings=SMALL)
        assert not ranked.duplicated(["customer", "product"]).any()
        assert ranked.groupby("customer")["rank"].agg(list).map(lambda r: r == [1, 2, 3]).all()
        if new_only:
            assert ranked.merge(history.bought, on=["customer", "product"]).empty


def test_a_model_wins_where_tastes_are_planted_and_its_reason_is_of_the_same_taste():
    bought = tastes()
    test = compare_methods(bought, as_of=END, settings=SMALL)
    new = test[test["target"] == "new"].set_index("method")
    assert new.at["item_item", "gain_low"] > 0 and bool(new["used"].drop("popularity").any())
    said = recommend_products(bought, test, None, target="new", as_of=END, settings=SMALL)
    because = said[said["reason"].str.startswith("because of")]
    assert (because["reason"].str[-4:-2] == because["product_id"].str[:2]).mean() > 0.8


def test_no_model_is_used_where_nothing_links_products():
    rng = np.random.default_rng(3)
    rows = [
        (f"c{c:03}", f"p{int(rng.zipf(1.7)) % 30}", pd.Timestamp("2025-06-30") - pd.Timedelta(days=int(d))) for c in range(150) for d in rng.integers(0, 120, 6)
    ]
    test = compare_methods(purchases(*rows).drop_duplicates(), as_of=END, settings=SMALL)
    assert set(test.loc[test["used"], "method"]) <= {"popularity", "buy_again"}


def test_what_comes_after_the_day_and_row_order_change_nothing_and_a_rerun_is_equal():
    bought = tastes()
    later = bought.assign(order_date=bought["order_date"] + pd.Timedelta(days=100), product_id="new thing")
    mixed = pd.concat([later, bought]).sample(frac=1, random_state=1)
    first, again = (compare_methods(b, as_of=END, settings=SMALL) for b in (bought, mixed))
    pd.testing.assert_frame_equal(first, again)
    lists = [recommend_products(b, first, None, target="next", as_of=END, settings=SMALL) for b in (bought, mixed)]
    pd.testing.assert_frame_equal(*lists)


@pytest.mark.parametrize("rows", [[], [("x", "a", "2025-06-01")], [("x", "a", "2025-01-01"), ("x", "a", "2025-06-20")]])
def test_too_few_customers_are_not_judged_and_get_the_simplest_list(rows):
    bought = purchases(*rows)
    test = compare_methods(bought, as_of=END, settings=SMALL)
    assert test.empty and test["used"].dtype == "boolean"
    said = recommend_products(bought, test, None, target="next", as_of=END, settings=SMALL)
    assert len(said) == (1 if rows else 0) and set(said["method"]) <= {"buy_again", "popularity"}
