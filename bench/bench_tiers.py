"""One million customers: measures, axes, nine schemes, and a migration with causes, beside the popular pandas recipe for one scheme.

python bench/bench_tiers.py 0.1 1      # million customers, about seven order lines each
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
LIMIT_SECONDS = 1800
STEPS = ("popular recipe, one scheme", "crmkit: axes and nine schemes", "crmkit: moves between two quarters with causes")


def make_lines(path: Path, customers: int) -> None:
    """Write synthetic lines: every customer has a rhythm of 5 to 205 days and stops at a random day; skewed spend."""
    duckdb.execute(
        f"""COPY (SELECT 'K' || c AS customer_id, 'O' || c || '-' || i AS order_id,
        TIMESTAMP '2023-01-01' + INTERVAL 1 DAY * ((hash(c) % 700 + i * (5 + hash(c + 7) % 200) + hash(c * 31 + i) % 9)::INT) AS order_date,
        round(exp((hash(c + 3) % 500) / 100.0) * (0.5 + (hash(c * 17 + i) % 100) / 100.0), 2) AS amount
        FROM range({customers}) t(c), range(13) s(i)
        WHERE i <= hash(c + 11) % 13 AND hash(c) % 700 + i * (5 + hash(c + 7) % 200) < 905) TO '{path}' (FORMAT parquet)"""
    )


def recipe(path: Path) -> int:
    """The recipe of many tutorials: group by, rank, qcut, and a handful of rules; ties are split by row order."""
    lines = pd.read_parquet(path)
    orders = lines.groupby(["customer_id", "order_id"]).agg(day=("order_date", "max"), net=("amount", "sum")).reset_index()
    rfm = orders.groupby("customer_id").agg(last=("day", "max"), f=("order_id", "size"), m=("net", "sum"))
    rfm["r"] = (pd.Timestamp(AS_OF) - rfm["last"]).dt.days
    for column, labels in {"r": [5, 4, 3, 2, 1], "f": [1, 2, 3, 4, 5], "m": [1, 2, 3, 4, 5]}.items():
        rfm[f"{column}_score"] = pd.qcut(rfm[column].rank(method="first"), 5, labels=labels).astype(int)
    best = (rfm["r_score"] >= 4) & (rfm["f_score"] >= 4) & (rfm["m_score"] >= 4)
    return int(best.sum())


def contend(step: str, path: Path) -> dict[str, float]:
    """Run one step in this process and report seconds, peak memory and a count."""
    started = time.perf_counter()
    if step == STEPS[0]:
        count = recipe(path)
    else:
        from helpers.axes.derive import AxisSettings
        from helpers.lifecycle.past import Past
        from helpers.rules.schemes import assign_scheme, schemes_of
        from helpers.runs.schemefiles import read_scheme_files
        from helpers.runs.tablefiles import scan_table

        past, schemes = Past(scan_table(path), {}, AxisSettings()), schemes_of(read_scheme_files())
        if step == STEPS[1]:
            axes = past.snapshot(AS_OF, schemes["champions11"]).axes
            count = sum(len(assign_scheme(axes, s)) for s in schemes.values())
        else:
            moves = past.moves(AS_OF, schemes["champions11"])
            known = moves.dropna(subset=["steps"])
            assert (known[["step_time", "step_behaviour", "step_cut_points", "step_rules"]].sum(axis=1) == known["steps"]).all()
            count = len(moves)
    return {"seconds": time.perf_counter() - started, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "count": count}


def run_step(step: str, path: Path) -> dict[str, float] | None:
    """Run one step in a process of its own; None when it exceeds the time limit or the memory."""
    try:
        done = subprocess.run([sys.executable, __file__, "--contend", step, str(path)], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def compare(millions: float) -> None:
    """Print one line per step with its ratio to the recipe."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lines.parquet"
        make_lines(path, int(millions * 1_000_000))
        lines = duckdb.execute(f"SELECT count(*) FROM '{path}'").fetchone()[0]
        base = run_step(STEPS[0], path)
        for step in STEPS:
            told = base if step == STEPS[0] else run_step(step, path)
            if told is None or base is None:
                print(f"| {millions:g} M, {lines / 1e6:.1f} M lines | {step} | not finished | | | |")
                continue
            ratios = f"{told['seconds'] / base['seconds']:.1f}", f"{told['gigabytes'] / base['gigabytes']:.1f}"
            print(f"| {millions:g} M, {lines / 1e6:.1f} M lines | {step} | {told['seconds']:.1f} | {ratios[0]} | {told['gigabytes']:.2f} | {ratios[1]} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contend"]:
        print(json.dumps(contend(sys.argv[2], Path(sys.argv[3]))))
    else:
        print("| customers | step | seconds | time ratio | peak GB | memory ratio |\n|---|---|---|---|---|---|", flush=True)
        for size in sys.argv[1:] or ["0.1"]:
            compare(float(size))
