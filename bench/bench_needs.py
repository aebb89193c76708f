"""Baskets, sequences and recommendations on all of Complete Journey: ours against plain mlxtend and plain pandas, one process each.

python bench/bench_needs.py
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

AS_OF = dt.date(2017, 12, 31)
LIMIT_SECONDS, LIMIT_GIGABYTES = 420, 8
CONTENDERS = {
    "basket rules, 302 product groups": ("crmkit", "plain mlxtend on pandas"),
    "basket rules, 2,242 product types": ("crmkit", "plain mlxtend on pandas"),
    "sequences within 3 months, 302 product groups": ("crmkit", "plain pandas"),
    "recommendations, judged and listed": ("crmkit",),
}
SUPPORT = 0.01


def inputs() -> tuple[Path, Path]:
    """Return the cleaned lines and products of the profile as Parquet files, made once."""
    from helpers.runs import Run

    run = Run.open("complete_journey")
    return run.cache.ensure("order_lines"), run.cache.ensure("products")


def contend(task: str, name: str, lines: Path, products: Path) -> dict[str, float]:
    """Run one contender in this process and report seconds, peak memory and what it found."""
    started = time.perf_counter()
    level = "name" if "types" in task else "subcategory"
    if task.startswith("basket"):
        found = _rules(lines, products, level) if name == "crmkit" else _plain_rules(lines, products, level)
    elif task.startswith("sequences"):
        found = _sequences(lines, products) if name == "crmkit" else _plain_sequences(lines, products)
    else:
        found = _recommendations(lines, products)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "found": found}


def _rules(lines: Path, products: Path, level: str) -> float:
    from helpers.engine import to_pandas
    from helpers.needs.baskets import find_basket_rules
    from helpers.needs.items import list_basket_items
    from helpers.needs.settings import BasketsSettings
    from helpers.runs.tablefiles import read_table, scan_table

    items = to_pandas(list_basket_items(scan_table(lines), read_table(products), level).select("order_id", "item"))
    return float(len(find_basket_rules(items, BasketsSettings(min_support=SUPPORT, min_count=1, max_size=2))))


def _plain_rules(lines: Path, products: Path, level: str) -> float:
    from mlxtend.frequent_patterns import association_rules, fpgrowth
    from mlxtend.preprocessing import TransactionEncoder

    sold = pd.read_parquet(lines, columns=["order_id", "product_id", "is_return"])
    labelled = sold[~sold["is_return"]].merge(pd.read_parquet(products)[["product_id", level]], on="product_id").dropna()
    baskets = labelled.groupby("order_id")[level].unique().map(list).tolist()
    encoder = TransactionEncoder()
    table = pd.DataFrame(encoder.fit_transform(baskets), columns=encoder.columns_)
    itemsets = fpgrowth(table, min_support=SUPPORT, max_len=2, use_colnames=True)
    return float(len(association_rules(itemsets, metric="confidence", min_threshold=0.1)))


def _sequences(lines: Path, products: Path) -> float:
    from helpers.engine import to_pandas
    from helpers.needs.items import list_basket_items, list_item_days
    from helpers.needs.sequences import find_sequences
    from helpers.needs.settings import SequencesSettings
    from helpers.runs.tablefiles import read_table, scan_table

    days = list_item_days(to_pandas(list_basket_items(scan_table(lines), read_table(products), "subcategory")))
    return float(find_sequences(days, as_of=AS_OF, settings=SequencesSettings())["followed"].sum())


def _plain_sequences(lines: Path, products: Path) -> float:
    """Every first A joined with every later B of the same customer: what one writes first. Counts only; no base rate, no intervals."""
    sold = pd.read_parquet(lines, columns=["customer_id", "product_id", "order_date", "is_return"])
    labelled = sold[~sold["is_return"]].merge(pd.read_parquet(products)[["product_id", "subcategory"]], on="product_id").dropna()
    days = labelled.assign(day=labelled["order_date"].dt.normalize())[["customer_id", "subcategory", "day"]].drop_duplicates()
    first = days.groupby(["customer_id", "subcategory"], as_index=False)["day"].min()
    first = first[first["day"] + pd.DateOffset(months=3) <= pd.Timestamp(AS_OF)]
    pairs = first.merge(days, on="customer_id", suffixes=("", "_b"))
    pairs = pairs[(pairs["day_b"] > pairs["day"]) & (pairs["day_b"] <= pairs["day"] + pd.DateOffset(months=3)) & (pairs["subcategory"] != pairs["subcategory_b"])]
    return float(pairs.groupby(["subcategory", "subcategory_b"])["customer_id"].nunique().sum())


def _recommendations(lines: Path, products: Path) -> float:
    from helpers.engine import to_pandas
    from helpers.needs.judge_recommend import compare_methods
    from helpers.needs.recommend import list_purchases
    from helpers.needs.recommend_final import recommend_products
    from helpers.needs.settings import RecommendSettings
    from helpers.runs.tablefiles import read_table, scan_table

    bought, settings = to_pandas(list_purchases(scan_table(lines))), RecommendSettings()
    test = compare_methods(bought, as_of=AS_OF, settings=settings)
    return float(len(recommend_products(bought, test, read_table(products), target="new", as_of=AS_OF, settings=settings)))


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_GIGABYTES * 10**9, LIMIT_GIGABYTES * 10**9))


def run_contender(task: str, name: str, lines: Path, products: Path) -> dict[str, float] | None:
    """Run one contender in a process of its own; None when it exceeds the time or the memory."""
    command = [sys.executable, __file__, "--contend", task, name, str(lines), str(products)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False, preexec_fn=_limit_memory)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare() -> None:
    """Print one line per contender; stop when two finish with different results."""
    found = subprocess.run([sys.executable, __file__, "--inputs"], capture_output=True, text=True, check=True)  # apart: its memory would count for everybody
    lines, products = (Path(p) for p in found.stdout.split())
    for task, names in CONTENDERS.items():
        told = {name: run_contender(task, name, lines, products) for name in names}
        finished = {round(t["found"]) for t in told.values() if t}
        assert len(finished) <= 1, (task, told)
        for name, figures in told.items():
            words = f"{figures['seconds']:.1f} | {figures['gigabytes']:.2f} | {figures['found']:,.0f}" if figures else f"not finished within {LIMIT_SECONDS} s or {LIMIT_GIGABYTES} GB | |"
            print(f"| {task} | {name} | {words} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inputs"]:
        print(*inputs())
    elif sys.argv[1:2] == ["--contend"]:
        print(json.dumps(contend(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))))
    else:
        print("| task | contender | seconds | peak GB | found |\n|---|---|---|---|---|", flush=True)
        compare()
