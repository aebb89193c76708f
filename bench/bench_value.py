"""A million customers: purchase summary, fit, prediction and 12-month value, ours against lifetimes as it is and pymc-marketing's MAP.

python bench/bench_value.py 1.0                                     # million customers
python bench/bench_value.py 1.0 --pymc /elsewhere/venv/bin/python   # an environment of its own that has pymc-marketing

Every contender runs in a process of its own on the same Parquet file of order lines, simulated from BG/NBD and Gamma-Gamma with CDNOW's parameters.
The script stops when parameters of ours and of lifetimes differ in the third digit.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

START, END = dt.date(2024, 10, 1), dt.date(2025, 6, 30)
WEEKS = 39
LIMIT_SECONDS = 3600
STEPS = ("summary", "fit", "prediction", "value")
TRUE = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259, "p": 6.25, "q": 3.74, "v": 15.44}


def make_lines(path: Path, customers: int) -> None:
    """Write order lines: first purchases within twelve weeks, repeats until the customer leaves, spend around a mean of the customer's own."""
    rng = np.random.default_rng(1)
    rate, leave = rng.gamma(TRUE["r"], 1 / TRUE["alpha"], customers), rng.beta(TRUE["a"], TRUE["b"], customers)
    own = rng.gamma(TRUE["q"], 1 / TRUE["v"], customers)
    day, alive = rng.uniform(0, 84, customers), np.arange(customers)
    parts = []
    while len(alive):
        parts.append(pd.DataFrame({"customer": alive, "day": day[alive].astype("int64"), "amount": np.maximum(rng.gamma(TRUE["p"], 1 / own[alive]), 0.01).round(2)}))
        alive = alive[rng.random(len(alive)) >= np.where(len(parts) == 1, 0.0, leave[alive])]
        day[alive] += rng.exponential(7 / np.maximum(rate[alive], 1e-12))
        alive = alive[day[alive] < WEEKS * 7]
    lines = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)
    date = (pd.Timestamp(START) + pd.to_timedelta(lines["day"].to_numpy(), unit="D")).astype("datetime64[us]")
    table = pd.DataFrame({"order_id": np.arange(len(lines)).astype(str), "customer_id": "K" + lines["customer"].astype(str).to_numpy(), "order_date": date, "amount": lines["amount"].to_numpy()})
    table.to_parquet(path, index=False)


def run_crmkit(path: Path, took: Callable[[str], None]) -> dict[str, Any]:
    """Ours, as a run does it: lazy summary on DuckDB, fits on different rows with weights."""
    from helpers.runs.tablefiles import scan_table
    from helpers.value import backend_lifetimes
    from helpers.value.clv import discounted_purchases
    from helpers.value.fitting import fit_purchase_models, model_from
    from helpers.value.predictive import expected_purchases
    from helpers.value.purchases import summarise_purchases
    from helpers.value.settings import PurchaseModelSettings
    from helpers.value.spend import expected_spend
    from helpers.value.units import Discount, Horizon

    backend_lifetimes._lifetimes()  # its import counts as start, as it does for lifetimes itself
    took("start")
    summary = summarise_purchases(scan_table(path), observed_until=END)
    took("summary")
    settings = PurchaseModelSettings(models=("bg_nbd",))
    fits = fit_purchase_models(summary, settings)
    model, money = model_from(fits, "bg_nbd"), model_from(fits, "gamma_gamma")
    took("fit")
    expected = expected_purchases(model, summary, Horizon.of(WEEKS, "week"))
    took("prediction")
    value = discounted_purchases(model, summary, 12, Discount.a_month(0.01), days_per_month=4.345 * 7) * expected_spend(summary, fits, settings).mean
    took("value")
    return {"params": [*model.params, *money.params], "purchases": float(expected.sum()), "value": float(value.sum()), "customers": len(summary), "rows": int(fits["rows"].iloc[0])}


def run_lifetimes(path: Path, took: Callable[[str], None]) -> dict[str, Any]:
    """lifetimes 0.11.3 as its documentation uses it, but with weeks as days by seven and the right unit of value."""
    import warnings

    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from lifetimes.utils import summary_data_from_transaction_data

    took("start")
    lines = pd.read_parquet(path)
    daily = summary_data_from_transaction_data(lines, "customer_id", "order_date", monetary_value_col="amount", observation_period_end=pd.Timestamp(END))
    table = daily.assign(recency=daily["recency"] / 7, T=daily["T"] / 7)
    took("summary")
    model, money = BetaGeoFitter(), GammaGammaFitter()
    model.fit(table["frequency"], table["recency"], table["T"])
    repeat = table[table["frequency"] > 0]
    money.fit(repeat["frequency"], repeat["monetary_value"])
    took("fit")
    expected = model.conditional_expected_number_of_purchases_up_to_time(WEEKS, table["frequency"], table["recency"], table["T"])
    took("prediction")
    value = money.customer_lifetime_value(model, table["frequency"], table["recency"], table["T"], table["monetary_value"], time=12, discount_rate=0.01, freq="W")
    took("value")
    return {"params": [*model.params_[["r", "alpha", "a", "b"]], *money.params_[["p", "q", "v"]]], "purchases": float(expected.sum()), "value": float(value.sum()), "customers": len(table), "rows": len(table)}


def run_pymc(path: Path, took: Callable[[str], None]) -> dict[str, Any]:
    """pymc-marketing's MAP with its default priors; runs in its own environment."""
    import warnings

    warnings.simplefilter("ignore")
    from pymc_marketing.clv import BetaGeoModel, GammaGammaModel
    from pymc_marketing.clv.utils import rfm_summary

    took("start")
    lines = pd.read_parquet(path)
    daily = rfm_summary(lines, customer_id_col="customer_id", datetime_col="order_date", monetary_value_col="amount", observation_period_end=pd.Timestamp(END), time_unit="D")
    table = daily.assign(recency=daily["recency"] / 7, T=daily["T"] / 7)
    took("summary")
    model = BetaGeoModel(data=table)
    model.fit(method="map", progressbar=False)
    repeat = table[table["frequency"] > 0]
    money = GammaGammaModel(data=repeat)
    money.fit(method="map", progressbar=False)
    took("fit")
    expected = model.expected_purchases(data=table, future_t=WEEKS)
    took("prediction")
    value = money.expected_customer_lifetime_value(transaction_model=model, data=table, future_t=12, discount_rate=0.01, time_unit="W")
    took("value")
    found = [float(model.idata.posterior[n].mean()) for n in ("r", "alpha", "a", "b")] + [float(money.idata.posterior[n].mean()) for n in ("p", "q", "v")]
    return {"params": found, "purchases": float(expected.sum()), "value": float(value.sum()), "customers": len(table), "rows": len(table)}


CONTENDERS: dict[str, Callable[[Path, Callable[[str], None]], dict[str, Any]]] = {"lifetimes": run_lifetimes, "crmkit": run_crmkit, "pymc-marketing MAP": run_pymc}


def contend(name: str, path: Path) -> dict[str, Any]:
    """Run one contender in this process; report seconds per step without imports, peak memory and results."""
    times: dict[str, float] = {}
    last = [time.perf_counter()]

    def took(step: str) -> None:
        now = time.perf_counter()
        times[step] = now - last[0]
        last[0] = now
        sys.stderr.write(f"{name} {step} {times[step]:.1f} s\n")
        sys.stderr.flush()

    told = CONTENDERS[name](path, took)
    return told | {"seconds": {s: times[s] for s in STEPS}, "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def run_contender(name: str, python: str, path: Path, limit: float) -> dict[str, Any] | None:
    """Run one contender in a process of its own; None when it exceeds the time limit or the memory."""
    try:
        done = subprocess.run([python, __file__, "--contend", name, "--path", str(path)], stdout=subprocess.PIPE, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        return None
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def compare(millions: float, pymc: str | None, limit: float) -> None:
    """Print one line per contender with ratios to lifetimes; stop when ours and theirs differ in the third digit."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "lines.parquet"
        make_lines(path, int(millions * 1_000_000))
        pythons = {"lifetimes": sys.executable, "crmkit": sys.executable} | ({"pymc-marketing MAP": pymc} if pymc else {})
        results = {name: run_contender(name, python, path, limit) for name, python in pythons.items()}
    base, ours = results["lifetimes"], results["crmkit"]
    for name, told in results.items():
        print_line(millions, name, told, base)
    if base and ours:
        print("\nparameters r alpha a b p q v, purchases in 39 weeks, 12-month value")
        for name, told in results.items():
            if told:
                print(f"{name}: {' '.join(f'{p:.4f}' for p in told['params'])}  {told['purchases']:,.0f}  {told['value']:,.0f}  ({told['rows']:,} rows fitted)")
        assert np.allclose(base["params"], ours["params"], rtol=5e-4), "parameters differ in the third digit"
        assert abs(base["purchases"] / ours["purchases"] - 1) < 5e-4 and abs(base["value"] / ours["value"] - 1) < 1e-3, "totals differ"


def print_line(millions: float, name: str, told: dict[str, Any] | None, base: dict[str, Any] | None) -> None:
    """Print one line of the table."""
    if told is None or base is None:
        print(f"| {millions:g} M | {name} | not finished within the time limit or the memory | | | | | | |", flush=True)
        return
    seconds, total, theirs = told["seconds"], sum(told["seconds"].values()), sum(base["seconds"].values())
    steps = " | ".join(f"{seconds[s]:.1f}" for s in STEPS)
    print(f"| {millions:g} M | {name} | {steps} | {total:.1f} | {total / theirs:.2f} | {told['gigabytes']:.2f} |", flush=True)


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("millions", nargs="*", type=float, default=[1.0])
    words.add_argument("--pymc", help="python of an environment that has pymc-marketing")
    words.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds per contender")
    words.add_argument("--contend")
    words.add_argument("--path")
    given = words.parse_args()
    if given.contend:
        print(json.dumps(contend(given.contend, Path(given.path))))
    else:
        print("| customers | contender | summary s | fit s | prediction s | value s | all s | time ratio | peak GB |\n|---|---|---|---|---|---|---|---|---|", flush=True)
        for size in given.millions:
            compare(size, given.pymc, given.limit)
