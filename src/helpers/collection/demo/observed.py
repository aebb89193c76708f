"""Facts that people noticed outside the systems: some of them foretold that a customer would leave, others meant nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, pick, stream
from helpers.collection.demo.records import file_under

BAD = ("meeting_cancelled", "case_removed", "competitor_seen", "contact_left", "budget_cut", "late_payment")
TOLD_BEFORE_LEAVING = 0.50  # of business customers who left: something was noticed 15 to 80 days before
TOLD_OF_DECLINE = 0.60  # of the decliners
FALSE_ALARM = 0.30  # of all other business customers, once, on any day
SAYS = {  # signal: (note, where it is usually seen, severities)
    "meeting_cancelled": ("annual meeting called off, no new date", "account manager", ("medium", "high")),
    "case_removed": ("our case study is gone from its site", "the customer's web site", ("medium", "high")),
    "competitor_seen": ("sample bags of another roaster on the bar", "visit", ("low", "medium", "high")),
    "contact_left": ("the buyer has moved on", "business network", ("low", "medium")),
    "budget_cut": ("head office cut the purchasing budget", "call", ("medium",)),
    "late_payment": ("paid 30 days late", "accounts", ("low", "medium")),
    "expansion_plan": ("looks for a second site", "news", ("low",)),
    "referral_given": ("sent a friend to us", "account manager", ("low",)),
    "good_press": ("named among the best of the city", "news", ("low",)),
    "policy_change": ("the city bans single-use cups from May", "notice of the city", ("medium",)),
}
SIGNALS = ("customer_id", "signal", "observed_on", "source", "severity", "note", "expires_on")


def make_signals(people: pd.DataFrame, lives: pd.DataFrame, levels: pd.DataFrame, records: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return the filled signals template in true terms: `customer`, `means`, then the template's columns.

    `means` is leaving, buying less, growth, policy or nothing.
    """
    rng = stream(seed, "signals")
    firms = people[people["kind"] == "business"].join(lives["left_on"]).join(levels.set_index("customer")[["growth_potential", "influence"]])
    rows = [row for n, firm in zip(firms.index, firms.to_dict("records"), strict=True) for row in _noticed(rng, plan, int(n), firm)]
    signals = pd.DataFrame(rows, columns=["customer", "signal", "day", "severity", "means"])
    signals = signals[signals["day"] <= plan.day(plan.end)].sort_values(["day", "customer", "signal"], ignore_index=True)
    expires = (signals["day"] + 365).where(signals["signal"] == "policy_change")
    return signals.assign(
        customer_id=file_under(records, signals["customer"], signals["day"], rng), observed_on=plan.dates(signals["day"]), expires_on=plan.dates(expires),
        source=signals["signal"].map(lambda s: SAYS[s][1]), note=signals["signal"].map(lambda s: SAYS[s][0]),
    )[["customer", "means", *SIGNALS]]  # fmt: skip


def _noticed(rng: np.random.Generator, plan: Plan, customer: int, firm: dict[str, Any]) -> list[tuple[Any, ...]]:
    start, end = firm["start"] + 30, plan.day(plan.end)
    last = end if pd.isna(firm["left_on"]) else int(firm["left_on"])
    found = []
    if pd.notna(firm["left_on"]) and rng.random() < TOLD_BEFORE_LEAVING:
        found = [(pick(rng, BAD), last - 15 - int(rng.random() * 65), "leaving") for _ in range(1 + int(rng.random() * 1.6))]
    elif firm["decliner"] and rng.random() < TOLD_OF_DECLINE:
        found = [(pick(rng, ("competitor_seen", "budget_cut", "meeting_cancelled")), plan.day(plan.as_of) - 20 - int(rng.random() * 150), "buying less")]
    elif rng.random() < FALSE_ALARM:
        found = [(pick(rng, (*BAD, "good_press")), start + int(rng.random() * max(1, last - start)), "nothing")]
    found += [(s, end - int(rng.random() * 240), "growth") for s, c in (("expansion_plan", "growth_potential"), ("referral_given", "influence"))
              if firm[c] >= 4 and rng.random() < 0.45]  # fmt: skip
    if firm["industry"] == "cafe" and firm["region"] == "East China":
        found.append(("policy_change", plan.day(plan.as_of) - 117, "policy"))
    return [(customer, signal, day, pick(rng, SAYS[signal][2]), means) for signal, day, means in dict.fromkeys(found) if start <= day <= last]
