"""Basket rules: support, confidence and lift by hand; the control for chance counts every test."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from helpers.engine import lazy, to_pandas
from helpers.needs.baskets import count_tests, find_basket_rules, find_itemsets, summarise_baskets
from helpers.needs.items import choose_level, list_basket_items
from helpers.needs.settings import BasketsSettings
from helpers.needs.stats import false_discovery, share_interval

LOOSE = BasketsSettings(min_support=0.0001, min_count=1, min_confidence=0, max_size=4)


def baskets(*texts):
    return pd.DataFrame([(str(n), item) for n, text in enumerate(texts) for item in text], columns=["order_id", "item"])


def rule(rules, left, right):
    return rules[(rules["antecedent"] == left) & (rules["consequent"] == right)].iloc[0]


def test_support_confidence_and_lift_are_those_counted_by_hand():
    found = rule(find_basket_rules(baskets("ab", "ab", "ab", "a", "b", "c", "c", "c"), LOOSE), "a", "b")
    assert (found["count"], found["antecedent_count"], found["consequent_count"], found["baskets"]) == (3, 4, 4, 8)
    assert (found["support"], found["confidence"], found["lift"]) == (0.375, 0.75, 1.5)
    assert found["confidence_low"] == pytest.approx(share_interval([3], [4])[0][0])


def test_the_p_value_is_fishers_exact_test():
    found = rule(find_basket_rules(baskets("ab", "ab", "ab", "a", "b", "c", "c", "c"), LOOSE), "a", "b")
    assert found["p_value"] == pytest.approx(fisher_exact([[3, 1], [1, 3]], alternative="greater").pvalue, abs=1e-9)


def test_tests_that_found_nothing_count_too():
    itemsets, _ = find_itemsets(baskets("ab", "ab", "c", "d"), BasketsSettings(min_support=0.2, min_count=1, max_size=2))
    known = dict(zip(itemsets["itemsets"], itemsets["count"], strict=True))
    assert count_tests(known, BasketsSettings(max_size=2)) == 4 * 3  # four frequent items, each with each other one
    assert false_discovery([0.01, 0.04], tests=12).tolist() == pytest.approx([0.12, 0.24])


def test_a_longer_left_side_that_is_no_surer_is_redundant():
    rules = find_basket_rules(baskets("abc", "abc", "ab", "a", "c"), LOOSE)
    assert not rule(rules, "b", "a")["is_redundant"]
    assert rule(rules, "b + c", "a")["is_redundant"]  # b alone has confidence 1 already


def test_an_item_whose_name_holds_the_joiner_stays_one_item():
    rules = find_basket_rules(pd.DataFrame({"order_id": list("112233"), "item": ["salt + pepper", "x"] * 3}), LOOSE)
    assert set(rules["consequent"]) == {"salt + pepper", "x"} and rules["is_redundant"].eq(False).all()


def slow_rules(frame):
    sets = frame.groupby("order_id")["item"].agg(frozenset)
    for size in (2, 3):
        for whole in itertools.combinations(sorted(frame["item"].unique()), size):
            together = sum(set(whole) <= s for s in sets)
            for last in whole:
                left = set(whole) - {last}
                alone = sum(left <= s for s in sets)
                if together:
                    yield " + ".join(sorted(left)), last, together, alone


@given(st.lists(st.frozensets(st.sampled_from("abcdef"), min_size=1, max_size=5), min_size=1, max_size=25))
@limits(max_examples=40, deadline=None)
def test_all_rules_and_counts_are_those_of_plain_loops(texts):
    frame = baskets(*texts)
    rules = find_basket_rules(frame, BasketsSettings(min_support=0.0001, min_count=1, min_confidence=0, max_size=3))
    told = set(rules[["antecedent", "consequent", "count", "antecedent_count"]].itertuples(index=False, name=None))
    assert told == set(slow_rules(frame))


@given(st.integers(0, 1000))
@limits(max_examples=10, deadline=None)
def test_row_order_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"order_id": rng.integers(0, 60, 200).astype(str), "item": rng.choice(list("abcdefgh"), 200)}).drop_duplicates()
    shuffled = frame.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(find_basket_rules(frame, LOOSE), find_basket_rules(shuffled, LOOSE))


def test_independent_items_are_hardly_ever_reported():
    reported = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        cells = rng.random((400, 12)) < 0.15
        frame = pd.DataFrame([(str(o), f"i{i}") for o, i in zip(*np.nonzero(cells), strict=True)], columns=["order_id", "item"])
        reported.append(find_basket_rules(frame, BasketsSettings(min_count=1, min_confidence=0, max_size=2))["holds"].any())
    assert np.mean(reported) <= 0.05 + 1.64 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.parametrize("texts", [(), ("a",), ("a", "b"), ("abc",)])
def test_tiny_input_gives_a_table_with_its_columns(texts):
    rules = find_basket_rules(baskets(*texts), BasketsSettings())
    assert rules.empty and rules["holds"].dtype == "boolean"
    assert summarise_baskets(baskets(*texts), rules, "product_id")["baskets"].item() == len(texts)


def test_the_level_is_the_finest_that_has_few_enough_items():
    lines = lazy(pd.DataFrame({"product_id": ["p1", "p2", "p3", None], "is_return": [False] * 4}))
    products = pd.DataFrame({"product_id": ["p1", "p2", "p3"], "name": ["x", "y", "z"], "subcategory": ["s", "s", "t"], "category": ["c"] * 3})
    assert [choose_level(lines, products, "auto", n) for n in (3, 2, 1)] == ["product_id", "subcategory", "category"]
    assert choose_level(lines, products.assign(subcategory=None), "auto", 2) == "category"
    assert choose_level(lines, None, "auto", 2) == "product_id"


def test_returns_and_unknown_products_are_in_no_basket():
    lines = pd.DataFrame({"order_id": ["1", "1", "1", "2"], "customer_id": ["a"] * 4, "product_id": ["p1", "p1", None, "p2"],
        "order_date": pd.to_datetime(["2025-01-01"] * 4),
                          "is_return": [False, False, False, True], "amount": [1.0, 1.0, 1.0, -1.0]})  # fmt: skip
    assert to_pandas(list_basket_items(lazy(lines), None, "product_id"))["item"].tolist() == ["p1"]
