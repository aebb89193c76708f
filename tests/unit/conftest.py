"""A small made-up shop for tests of axes, tiers and lifecycle: order lines from a seed, and what is measured from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from helpers.axes.measures import measure_customers
from helpers.axes.settings import ActivitySettings, LifecycleSettings

AS_OF = dt.date(2025, 6, 30)


def shop_lines(seed: int = 1, customers: int = 40, days: int = 900) -> pd.DataFrame:
    """Order lines of customers who each have a rhythm and a basket of their own; some stop, some return goods."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        gap, basket = rng.uniform(5, 120), rng.uniform(5, 200)
        day, last = rng.uniform(0, days * 0.8), days if rng.random() < 0.6 else rng.uniform(0, days)
        while day <= last:
            rows.append((f"c{number:03d}", f"o{len(rows):05d}", day, round(basket * rng.uniform(0.5, 1.5), 2)))
            day += rng.exponential(gap) + 1
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "day", "amount"])
    start = pd.Timestamp(AS_OF) - pd.Timedelta(days=days)
    frame["order_date"] = (start + pd.to_timedelta(frame["day"].astype(int), unit="D")).astype("datetime64[us]")
    return frame.drop(columns="day").assign(return_of=pd.Series(None, index=frame.index, dtype="str"))


def lines_of(*orders: tuple[str, str, float]) -> pd.DataFrame:
    """Order lines from (customer, day or moment, amount); each is an order of its own."""
    frame = pd.DataFrame(orders, columns=["customer_id", "order_date", "amount"])
    frame["order_date"] = pd.to_datetime(frame["order_date"], format="ISO8601").astype("datetime64[us]")
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))])


@pytest.fixture(scope="session")
def make_lines() -> Callable[..., pd.DataFrame]:
    return shop_lines


@pytest.fixture(scope="session")
def lines_from() -> Callable[..., pd.DataFrame]:
    return lines_of


@pytest.fixture(scope="session")
def measure() -> Callable[..., pd.DataFrame]:
    """Measure lines at a day under default settings: `measure(lines, as_of=..., tables={...})`."""

    def call(lines: pd.DataFrame, *, as_of: dt.date = AS_OF, tables: dict[str, pd.DataFrame | None] | None = None, **settings: object) -> pd.DataFrame:
        activity, lifecycle = settings.get("activity", ActivitySettings()), settings.get("lifecycle", LifecycleSettings())
        return measure_customers(lines, tables or {}, as_of=as_of, activity=activity, lifecycle=lifecycle)  # type: ignore[arg-type]

    return call
