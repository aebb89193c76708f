"""The Groceries baskets (9,835 orders of a German grocery outlet, arules): rule counts as published, also on the Chinese twin."""

import json
from pathlib import Path

import pandas as pd
import pytest

from helpers.needs.baskets import find_basket_rules, find_itemsets
from helpers.needs.settings import BasketsSettings
from helpers.runs import Run
from helpers.runs.paths import project_root

OPEN = project_root().parent / "shared" / "data" / "open"
ENGLISH, CHINESE, COUNTS = OPEN / "baskets" / "groceries.csv", OPEN / "zh" / "GoodsOrder.csv", OPEN / "reference-results" / "groceries_rules.json"
pytestmark = pytest.mark.skipif(not COUNTS.exists(), reason="needs the open data sets beside the project (shared/data/open)")
PROFILE = """
profile: {name}
title: Groceries
currency: EUR
as_of: 2025-01-31
settings: {{privacy: {{pseudonymise: false}}}}
sources:
  - name: baskets
    table: order_lines
    path: {path}
    columns: {{order_id: {order}, customer_id: {customer}, product_id: {item}}}
    constants: {{order_date: "2025-01-01", amount: "1"}}
"""


def lines_of(folder: Path, name: str) -> Run:
    """A run on baskets that know neither customer nor day: each basket is a customer of its own, on one day."""
    if name == "english":
        rows = [(n, item.strip()) for n, line in enumerate(ENGLISH.read_text(encoding="ascii").splitlines(), 1) for item in line.split(",") if item.strip()]
        pd.DataFrame(rows, columns=["id", "Goods"]).assign(who=lambda f: f["id"]).to_csv(folder / "groceries.csv", index=False)
    else:
        (folder / "groceries.csv").write_bytes(CHINESE.read_bytes())  # GB18030, header id,Goods
    text = PROFILE.format(name=name, path="groceries.csv", order="id", customer="who" if name == "english" else "id", item="Goods")
    (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return Run.open(str(folder / f"{name}.yml"), out=folder / "out")


@pytest.fixture(scope="module", params=["english", "chinese"])
def basket_items(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    patch = pytest.MonkeyPatch()
    patch.setenv("CRMKIT_CACHE", str(folder / "cache"))
    yield lines_of(folder, request.param).load("basket_item_counts")
    patch.undo()


@pytest.fixture(scope="module")
def published():
    return json.loads(COUNTS.read_text(encoding="utf-8"))


def test_baskets_items_and_their_sizes(basket_items, published):
    told, sizes = published["published"], basket_items.groupby("order_id").size()
    assert (len(sizes), basket_items["item"].nunique(), len(basket_items)) == (told["baskets"], told["items"], told["item_occurrences"])
    assert sizes.max() == told["basket_size_max"] and (sizes == 1).sum() == told["baskets_of_1_item"]
    assert basket_items["item"].value_counts().head(5).tolist() == list(told["top5"].values())


def test_rules_are_as_many_as_published(basket_items, published):
    for told in published["published"]["rules_single_item_consequent"]:
        settings = BasketsSettings(min_support=told["minsup"], min_confidence=told["minconf"], min_count=1, max_size=12)
        assert len(find_basket_rules(basket_items, settings)) == told["rules"]


def test_frequent_sets_are_as_many_as_counted(basket_items, published):
    for support, sets in published["counted_here"]["frequent_itemsets"].items():
        assert len(find_itemsets(basket_items, BasketsSettings(min_support=float(support), min_count=1, max_size=12))[0]) == sets
    for confidence in (0.3, 0.5):
        rules = find_basket_rules(basket_items, BasketsSettings(min_support=0.01, min_confidence=confidence, min_count=1, max_size=12))
        assert len(rules) == published["counted_here"][f"rules minsup 0.01 minconf {confidence}"]
