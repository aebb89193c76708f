"""The campaign log: newsletters, gifts, and past campaigns with and without a held-out group."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, pick, stream

NEWSLETTERS = (
    "2023-06-06",
    "2023-09-05",
    "2023-12-05",
    "2024-03-05",
    "2024-06-04",
    "2024-09-03",
    "2024-12-03",
    "2025-03-04",
    "2025-06-03",
    "2025-07-08",
)
COSTS = {"email": 0.05, "sms": 0.35, "wechat": 0.12, "phone": 18.0, "parcel": 1250.0}
CHANNELS = ("sms", "wechat", "email", "phone")


def make_touches(campaigns: pd.DataFrame, people: pd.DataFrame, records: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return the campaign log in true terms: `customer`, `play`, `channel`, `day`, `group`, `cost` (CNY), `response` (yes, no, null)."""
    rng = stream(seed, "touches")
    log = pd.concat(
        [_campaign_rows(campaigns, rng), _newsletters(people, records, plan, rng), _gifts(people, plan, rng)], ignore_index=True
    )
    log = log[log["day"] >= people["start"].to_numpy()[log["customer"]]]
    return log.sort_values(["day", "play", "customer"], ignore_index=True)


def _campaign_rows(campaigns: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per customer of a campaign; a held-out row has no channel, no cost and no response."""
    treated = (campaigns["group"] == "treated").to_numpy()
    channel = np.array([pick(rng, CHANNELS, (5, 4, 3, 1)) for _ in range(len(campaigns))], dtype=object)
    ordered = campaigns["would_order"] | campaigns["extra_day"].notna()
    return campaigns[["customer", "play", "group", "day"]].assign(
        channel=np.where(treated, channel, None),
        cost=np.where(treated, [COSTS[c] for c in channel], np.nan),
        response=np.where(treated, np.where(ordered, "yes", "no"), None),
    )


def _newsletters(people: pd.DataFrame, records: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    agreed = records[records["variant"].isna() & records["consent_email"] & records["email"].notna()]["person"].sort_values().to_numpy()
    parts = []
    for sent in NEWSLETTERS:
        day = plan.day(pd.Timestamp(sent).date())
        readers = agreed[people["created"].to_numpy()[agreed] < day]
        response = np.where(rng.random(len(readers)) < 0.06, "yes", "no")
        parts.append(
            pd.DataFrame(
                {
                    "customer": readers,
                    "play": "newsletter",
                    "group": "treated",
                    "day": day,
                    "channel": "email",
                    "cost": 0.05,
                    "response": response,
                }
            )
        )
    return pd.concat(parts)


def _gifts(people: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    large = people.index[people["size"] == "large"].to_numpy()
    days = np.array([plan.day(pd.Timestamp("2024-01-22").date()), plan.day(pd.Timestamp("2025-01-13").date())])
    response = np.where(rng.random(2 * len(large)) < 0.4, "yes", "no")
    return pd.DataFrame(
        {
            "customer": np.tile(large, 2),
            "play": "new_year_gift",
            "group": "treated",
            "day": np.repeat(days, len(large)),
            "channel": "parcel",
            "cost": 1250.0,
            "response": response,
        }
    )
