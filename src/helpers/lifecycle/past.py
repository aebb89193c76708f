"""The data as they were at earlier days: measured, judged, and what came after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import narwhals as nw
import pandas as pd

from helpers.axes.derive import AxisSettings
from helpers.axes.measures import measure_customers
from helpers.axes.moves import Snapshot, explain_moves
from helpers.axes.periods import snapshot_days
from helpers.axes.population import fit_population
from helpers.axes.rfm import net_orders, settle_movements
from helpers.engine import from_units, to_pandas
from helpers.lifecycle.migration import describe_moves
from helpers.rules.schemes import Scheme


@dataclass
class Past:
    """Order lines and other tables, ready to be looked at on any day; the lines are read once.

    Parameters
    ----------
    order_lines : pandas, DuckDB or Narwhals frame
    tables : mapping
        As for `measure_customers`.
    settings : AxisSettings
    """

    order_lines: object
    tables: Mapping[str, pd.DataFrame | None]
    settings: AxisSettings
    _movements: nw.LazyFrame = field(init=False)

    def __post_init__(self) -> None:
        self._movements = settle_movements(self.order_lines)

    def days(self, as_of: dt.date) -> list[dt.date]:
        """Return the dates that are followed, oldest first, `as_of` last; only those from the first order on."""
        first = to_pandas(self._movements.select(nw.col("order_date").min()))["order_date"].iloc[0]
        lifecycle = self.settings.lifecycle
        start = first.date() if pd.notna(first) else as_of
        return snapshot_days(as_of, every=lifecycle.every, count=lifecycle.snapshots, first_day=start)

    def measure(self, day: dt.date, *, known_until: dt.date | None = None) -> pd.DataFrame:
        """Return the customers' measures at a day."""
        return measure_customers(
            self.order_lines, self.tables, as_of=day, activity=self.settings.activity, lifecycle=self.settings.lifecycle,
            known_until=known_until, movements=self._movements,
        )  # fmt: skip

    def snapshot(self, day: dt.date, scheme: Scheme) -> Snapshot:
        """Return everything that tiers of a day are made of."""
        measures = self.measure(day)
        return Snapshot(day, measures, fit_population(measures, self.settings.rfm, self.settings.activity), self.settings, scheme)

    def judge(self, day: dt.date, scheme: Scheme) -> pd.DataFrame:
        """Return customer_id, state and tier of a day."""
        there = self.snapshot(day, scheme)
        return there.axes[["customer_id", "state"]].assign(tier=there.tiers.array)

    def moves(self, as_of: dt.date, scheme: Scheme) -> pd.DataFrame:
        """Return every customer's tier at the date before `as_of` and now, with causes and sentences; all `entered` without a date before."""
        start = self.days(as_of)[-2:][0]
        before, after = self.snapshot(start, scheme), self.snapshot(as_of, scheme)
        return describe_moves(explain_moves(before, after, self.measure(as_of, known_until=start)), before, after)

    def spend_between(self, after: dt.date, until: dt.date) -> pd.DataFrame:
        """Return customer_id, orders (Int64) and spend (float64) of the orders that stand at `until` and were placed after `after`, for who has any."""
        placed = net_orders(self._movements, as_of=until).filter((nw.col("_net") > 0) & (nw.col("_day") >= dt.datetime.combine(after, dt.time()) + dt.timedelta(days=1)))
        sums = placed.group_by("customer_id").agg(nw.len().alias("orders"), nw.col("_net").sum())
        told = to_pandas(sums.select("customer_id", nw.col("orders").cast(nw.Int64), from_units("_net").alias("spend")))
        return told.sort_values("customer_id", ignore_index=True)

    def orders_between(self, after: dt.date, until: dt.date) -> dict[str, int]:
        """Return orders that stand at `until` and were placed after `after`, by customer."""
        told = self.spend_between(after, until)
        return dict(zip(told["customer_id"], told["orders"].astype(int), strict=True))
