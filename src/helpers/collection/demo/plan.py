"""What is planted in the made-up company: every constant a method is later judged against, in one place."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Plan:
    """The planted constants; `truth.yml` holds them beside what the data really came to.

    Probabilities are per customer or per order as the name says; days are calendar days.
    """

    start: dt.date = dt.date(2023, 1, 1)
    as_of: dt.date = dt.date(2025, 6, 30)
    end: dt.date = dt.date(2025, 7, 14)
    consumers: int = 1200
    businesses: int = 300
    prospects: int = 40  # consumers in the CRM who never ordered
    # the bad autumn: a new warehouse and a new courier
    incident_from: dt.date = dt.date(2024, 9, 16)
    incident_to: dt.date = dt.date(2024, 11, 30)
    incident_regions: tuple[str, ...] = ("South China", "East China", "Hong Kong")
    late_normal: float = 0.03
    late_incident: float = 0.40
    leave_after_late: float = 0.12
    # the price rise
    price_rise_on: dt.date = dt.date(2025, 2, 10)
    price_rise: float = 0.08
    leave_after_price_rise: float = 0.30  # cost-sensitive customers only
    # need types
    type_shares: tuple[float, ...] = (0.22, 0.16, 0.16, 0.46)
    discount_normal: float = 0.10
    discount_cost_sensitive: float = 0.60
    ticket_normal: float = 0.03
    ticket_service_dependent: float = 0.32
    new_product_normal: float = 0.04
    new_product_innovation: float = 0.50
    new_product_days: int = 180
    # A, then B within three months
    pair_a: str = "ESP-H1"
    pair_b: str = "CON-DSC"
    pair_share: float = 0.80
    # a true link: online training, then the care plan
    training_share: float = 0.35
    care_product: str = "SRV-CARE"
    care_after_training: float = 0.30
    care_days: int = 60
    care_normal: float = 0.012  # per order
    # a confounded link: the card level causes both reading and buying reserve beans
    article: str = "article/latte-art-basics"
    read_monthly: tuple[float, ...] = (0.14, 0.06, 0.02)  # gold, silver, none
    reserve_share: tuple[float, ...] = (0.55, 0.20, 0.04)  # per order; gold, silver, none
    # campaigns
    campaign: str = "spring_voucher_2025"
    campaign_on: dt.date = dt.date(2025, 3, 10)
    campaign_days: int = 30
    campaign_held_out: float = 0.30
    campaign_extra: float = 0.45  # of treated active customers who would not have ordered
    null_campaign: str = "coffee_calendar_2024"
    null_campaign_on: dt.date = dt.date(2024, 6, 10)
    null_campaign_held_out: float = 0.40
    selected_campaign: str = "sorry_voucher_2024"  # sent to people who complained: no hold-out, no effect
    selected_campaign_on: dt.date = dt.date(2024, 12, 9)
    # business customers who buy less, two quarters in a row, and are still there
    decliners: int = 24
    decline: tuple[float, float] = (0.55, 0.28)  # of the normal quantity in 2025 Q1 and Q2
    fade_days: int = 75  # before they leave, business customers log in less and buy less
    fade: float = 0.55

    def day(self, date: dt.date) -> int:
        """Return days since the start; the simulation counts in these."""
        return (date - self.start).days

    def dates(self, days: Any) -> pd.Series:
        """Return the calendar days of day numbers; missing numbers become missing days."""
        numbers = pd.Series(days).reset_index(drop=True)
        return (pd.Timestamp(self.start) + pd.to_timedelta(numbers, unit="D")).astype("datetime64[us]")

    def constants(self) -> dict[str, Any]:
        """Return the constants as plain YAML values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one part of the company, so that changing a part leaves the others as they are.

    Examples
    --------
    >>> int(stream(7, "people").integers(1000)) == int(stream(7, "people").integers(1000))
    True
    """
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))


def pick(rng: np.random.Generator, options: Any, weights: Any = None) -> Any:
    """Return one of `options`, at random; much faster than `Generator.choice` for short lists."""
    if weights is None:
        return options[int(rng.random() * len(options))]
    edges = np.cumsum(weights)
    return options[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]
