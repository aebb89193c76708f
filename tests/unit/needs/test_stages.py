"""The stages in a run: equal on both engines, blind to the future, complete on orders alone, sheets that are never overwritten."""

import datetime as dt
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from helpers.engine import lazy, to_pandas
from helpers.needs.basket_stages import basket_item_counts, basket_rules, sequence_day_counts, sequence_rules
from helpers.needs.need_types import count_evidence
from helpers.needs.purchase_stages import main_group_counts, order_day_counts, product_day_counts, product_line_counts
from helpers.needs.settings import BasketsSettings, SequencesSettings
from helpers.needs.settings_people import NeedsSettings
from helpers.runs import Run
from helpers.runs.main_job import run_all
from helpers.runs.needs_sheets import needs_text, why_empty
from helpers.runs.tablefiles import scan_table, table_facts, write_table

AS_OF = dt.date(2025, 6, 30)
PROFILE = """
profile: bakery
title: A bakery
currency: EUR
as_of: 2025-06-30
sources:
  - name: sales
    table: order_lines
    path: sales.csv
    date_order: DMY
    columns: {order_id: Order, customer_id: Customer, order_date: Day, product_id: Item, quantity: Units, amount: Amount}
"""
NEEDS_TABLES = (
    "basket_rules",
    "sequence_rules",
    "sequence_offers",
    "recommendations",
    "cross_sell",
    "recommendation_test",
    "purchase_cycles",
    "cycle_scores",
    "need_types",
    "need_match",
    "interview_list",
    "interview_guide",
)


def make_sales(seed=1, customers=60, first="2024-01-05", days=530):
    """Customers who come about every three weeks; who buys bread mostly takes butter too, and a tin a month after the first flour."""
    rng, rows = np.random.default_rng(seed), []
    for c in range(customers):
        day, flour = int(rng.integers(0, 30)), None
        while day < days:
            items = ["bread", "butter"] if rng.random() < 0.5 else ["cake"]
            if rng.random() < 0.15:
                items, flour = [*items, "flour"], flour if flour is not None else day
            if flour is not None and flour < day <= flour + 60:
                items.append("tin")
            rows += [(f"{first[:4]}-{c}-{day}", f"K{c}", pd.Timestamp(first) + pd.Timedelta(days=day), i, 1, 4.5) for i in items]
            day += int(rng.integers(12, 30))
    return pd.DataFrame(rows, columns=["Order", "Customer", "Day", "Item", "Units", "Amount"])


def write_sales(folder: Path, sales: pd.DataFrame) -> None:
    sales.assign(Day=sales["Day"].dt.strftime("%d/%m/%Y")).to_csv(folder / "sales.csv", index=False)


@pytest.fixture
def bakery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "bakery.yml").write_text(PROFILE, encoding="utf-8")
    write_sales(tmp_path, make_sales())
    return tmp_path


def open_run(folder: Path, out="out", **settings) -> Run:
    return Run.open(str(folder / "bakery.yml"), AS_OF, settings, out=folder / out)


def test_orders_alone_give_rules_cycles_recommendations_and_say_what_the_rest_needs(bakery):
    run = open_run(bakery)
    rules, sequences = run.load("basket_rules"), run.load("sequence_rules")
    assert {("bread", "butter"), ("butter", "bread")} <= set(zip(rules["antecedent"], rules["consequent"], strict=True))
    assert ("flour", "tin") in set(zip(sequences["a"], sequences["b"], strict=True))
    assert len(run.load("recommendations")) and len(run.load("recommendation_test")) >= 4 and len(run.load("cycle_scores")) == 3
    assert why_empty(run, "need_types") == "not measured: needs order_lines.discount or tickets or products.launched_on"
    assert needs_text(run, "voice_themes") == "not measured: needs tickets.text or surveys.text or interactions.text"
    assert needs_text(run, "closed_loop") == "not measured: needs surveys"


def test_nothing_after_the_day_matters_and_row_order_does_not_either(bakery):
    def hashes(out):
        run = open_run(bakery, out)
        run.save(*NEEDS_TABLES)
        return {t: table_facts(run.table_file(t))["sha256"] for t in NEEDS_TABLES}

    before = hashes("before")
    later = make_sales(seed=2, first="2025-07-01", days=60).assign(Item=lambda f: f["Item"] + " new")
    write_sales(bakery, pd.concat([later, make_sales()]).sample(frac=1, random_state=3))
    assert hashes("after") == before


def test_both_engines_give_equal_tables(tmp_path):
    sold = make_sales(customers=25)
    lines = pd.DataFrame(
        {
            "order_id": sold["Order"],
            "line_no": range(len(sold)),
            "customer_id": sold["Customer"],
            "order_date": sold["Day"].astype("datetime64[us]"),
            "product_id": sold["Item"],
            "unit_price": 4.5,
            "amount": 4.5,
            "discount": np.where(sold.index % 3 == 0, 1.0, np.nan),
            "is_return": sold.index % 17 == 0,
        }
    )
    products = pd.DataFrame(
        {
            "product_id": sold["Item"].unique(),
            "name": sold["Item"].unique(),
            "category": ["x", "y", "x", "y", "x"][: sold["Item"].nunique()],
            "launched_on": pd.to_datetime(["2024-06-01"] * sold["Item"].nunique()),
        }
    )
    write_table(tmp_path / "lines.parquet", lines)

    def tables(frame):
        level = pd.DataFrame({"level": ["product_id"]})
        baskets = basket_item_counts(frame, products, level)
        days = sequence_day_counts(frame, products, level)
        orders = frame.group_by("order_id", "customer_id").agg(nw.col("order_date").min(), nw.col("amount").sum().alias("net_amount"))
        return [to_pandas(baskets), basket_rules(baskets, level, products, BasketsSettings()), sequence_rules(days, level, products, AS_OF,
            SequencesSettings()), to_pandas(product_day_counts(frame)), main_group_counts(frame, products),
                order_day_counts(orders), product_line_counts(frame), count_evidence(frame, products, None, as_of=AS_OF, settings=NeedsSettings())]  # fmt: skip

    for on_pandas, on_duckdb in zip(tables(lazy(lines)), tables(scan_table(tmp_path / "lines.parquet")), strict=True):
        pd.testing.assert_frame_equal(on_pandas, on_duckdb)


def test_a_setting_and_a_map_are_part_of_the_key(bakery):
    plain = open_run(bakery)
    other = open_run(bakery, sequences={"window_months": 6})
    assert plain.cache.key("sequence_rules") != other.cache.key("sequence_rules") and plain.cache.key("basket_rules") == other.cache.key("basket_rules")
    changed = plain.cache.inputs["needs_maps"].model_copy(update={"stages": ()})
    other.cache.inputs["needs_maps"] = changed
    other.cache._keys.clear()
    assert other.cache.key("implicit_needs") != plain.cache.key("implicit_needs")


def test_sheets_are_written_once_read_back_and_never_overwritten(bakery):
    run_all(str(bakery / "bakery.yml"), out=bakery / "job", tables_only=True, say=lambda line: None)
    sheet = bakery / "job" / "review" / "interviews.csv"
    entries = pd.read_csv(sheet, dtype="str", encoding="utf-8-sig", keep_default_na=False)
    entries.loc[0, ["code", "strength", "quote"]] = ["price", "4", "too dear"]
    entries.to_csv(sheet, index=False)
    filled = sheet.read_bytes()
    again = run_all(str(bakery / "bakery.yml"), out=bakery / "job", tables_only=True, say=lambda line: None).run
    assert sheet.read_bytes() == filled
    assert again.load("coded_needs")[["theme", "code", "interviews", "quote"]].values.tolist() == [["current_pain", "price", 1, "too dear"]]
    assert "What the section on needs could not measure" in (bakery / "job" / "report.html").read_text(encoding="utf-8")
    for name in ("purchase_cycles", "interview_list"):
        assert (bakery / "job" / "tables" / f"{name}.csv").stat().st_size > 100
