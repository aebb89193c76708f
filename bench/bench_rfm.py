"""Order lines to RFM table: ours against plain pandas and lifetimes, one process each, identical results.

python bench/bench_rfm.py 1 10 30      # million lines
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

AS_OF = dt.date(2025, 6, 30)
LIMIT_SECONDS = 420
CONTENDERS = ("plain pandas", "crmkit on DuckDB", "crmkit on pandas", "lifetimes")


def make_lines(path: Path, millions: int) -> None:
    """Write synthetic lines: 0.4 million customers per 10 million lines, one order per customer and day, two lines each."""
    rows, customers = millions * 1_000_000, millions * 40_000
    duckdb.execute(
        f"""COPY (SELECT 'K' || (n // 2 * 7919 % {customers}) AS customer_id,
        'O' || (n // 2 * 7919 % {customers}) || '-' || (hash(n // 2) % 900) AS order_id,
        TIMESTAMP '2023-01-01' + INTERVAL 1 DAY * (hash(n // 2) % 900)::INT AS order_date,
        round(1 + (hash(n) % 9000) / 100.0, 2) AS amount FROM range({rows}) t(n)) TO '{path}' (FORMAT parquet)"""
    )


def contend(name: str, path: Path) -> dict[str, float]:
    """Run one contender in this process and report seconds, peak memory and checksums."""
    started = time.perf_counter()
    if name == "crmkit on DuckDB":
        from helpers.axes.rfm import summarise_rfm
        from helpers.runs.tablefiles import scan_table

        result = summarise_rfm(scan_table(path), as_of=AS_OF)
    elif name == "crmkit on pandas":
        from helpers.axes.rfm import summarise_rfm

        result = summarise_rfm(pd.read_parquet(path), as_of=AS_OF)
    elif name == "plain pandas":
        lines = pd.read_parquet(path)
        orders = lines.groupby(["customer_id", "order_id"]).agg(day=("order_date", "min"), net=("amount", "sum")).reset_index()
        result = orders[orders["net"] > 0].groupby("customer_id").agg(last=("day", "max"), order_count=("day", "size"), total_spend=("net", "sum")).reset_index()
        result["recency_days"] = (pd.Timestamp(AS_OF) - result["last"]).dt.days
    else:
        from lifetimes.utils import summary_data_from_transaction_data

        lines = pd.read_parquet(path)
        table = summary_data_from_transaction_data(lines, "customer_id", "order_date", observation_period_end=pd.Timestamp(AS_OF))
        result = pd.DataFrame({"customer_id": table.index, "order_count": table["frequency"] + 1, "recency_days": table["T"] - table["recency"], "total_spend": 0.0})
    seconds = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sums = {"customers": len(result), "orders": float(result["order_count"].sum()), "days": float(result["recency_days"].sum()), "spend": round(float(result["total_spend"].sum()), 2)}
    return {"seconds": seconds, "gigabytes": memory, **sums}


def run_contender(name: str, path: Path) -> dict[str, float] | None:
    """Run one contender in a process of its own; None when it exceeds the time limit or the memory."""
    try:
        done = subprocess.run([sys.executable, __file__, "--contend", name, str(path)], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(millions: int) -> None:
    """Print one line per contender with ratios to plain pandas; stop when results differ."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lines.parquet"
        make_lines(path, millions)
        results = {name: run_contender(name, path) for name in CONTENDERS}
    base = results["plain pandas"]
    for name, told in results.items():
        if told is None or base is None:
            print(f"| {millions} M | {name} | not finished within {LIMIT_SECONDS} s or the memory | | | |")
            continue
        same = all(told[k] == base[k] for k in ("customers", "orders", "days")) and (name == "lifetimes" or abs(told["spend"] - base["spend"]) < 0.01)
        assert same, (name, told, base)
        print(f"| {millions} M | {name} | {told['seconds']:.2f} | {told['seconds'] / base['seconds']:.2f} | {told['gigabytes']:.2f} | {told['gigabytes'] / base['gigabytes']:.2f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contend"]:
        print(json.dumps(contend(sys.argv[2], Path(sys.argv[3]))))
    else:
        print("| lines | contender | seconds | time ratio | peak GB | memory ratio |\n|---|---|---|---|---|---|", flush=True)
        for size in sys.argv[1:] or ["1"]:
            compare(int(size))
