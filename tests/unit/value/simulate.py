"""Customers whose true parameters are known, drawn from the assumptions of a model."""

from __future__ import annotations

import numpy as np
import pandas as pd

END = pd.Timestamp("2025-06-30")


def simulate(model: str, params: tuple[float, ...], customers: int, weeks: float, ahead: float, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a purchase summary after `weeks` and the purchases of the next `ahead` weeks; customers begin within the first fifth."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(params[0], 1 / params[1], customers)
    start = rng.uniform(0, weeks / 5, customers)
    rows, later = [], []
    for n in range(customers):
        times, end = [0.0], weeks - start[n] + ahead
        life = rng.exponential(1 / max(rng.gamma(params[2], 1 / params[3]), 1e-9)) if model == "pareto_nbd" else np.inf
        leave = rng.beta(*params[2:]) if model in ("bg_nbd", "mbg_nbd") else 0.0
        alive = not (model == "mbg_nbd" and rng.random() < leave)
        while alive and (at := times[-1] + rng.exponential(1 / rate[n])) < min(end, life):
            times.append(at)
            alive = rng.random() >= leave
        seen = [t for t in times if t <= weeks - start[n]]
        rows.append((f"{n:05d}", len(seen) - 1, seen[-1], weeks - start[n]))
        later.append(len(times) - len(seen))
    table = pd.DataFrame(rows, columns=["customer_id", "frequency", "recency", "T"]).astype({"frequency": "Int64"})
    return table.assign(unit="week", observed_until=END, monetary_value=rng.gamma(6, 5, customers), monetary_sd=12.0), np.array(later)
