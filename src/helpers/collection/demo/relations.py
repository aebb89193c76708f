"""What the CRM knows besides master data: service contracts, machines, contact persons, visits and calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.names import FIRST, GIVEN, LAST, SURNAMES, latin
from helpers.collection.demo.plan import Plan, pick, stream

MODELS = {"small": ("ESP-C1",), "medium": ("ESP-C1", "ESP-C2"), "large": ("ESP-C2",)}
FEES = {"small": 2400, "medium": 6800, "large": 18600}
ROLES = (("executive", "sponsor"), ("middle", "decision maker"), ("front", "champion"), ("front", "user"))
TOPICS = {
    "visit": ("menu and beans", "water and machine check", "quarterly review"),
    "call": ("reorder", "delivery", "new products"),
    "meeting": ("annual plan", "price list"),
    "email": ("offer", "invoice", "thank you"),
    "chat": ("stock question", "delivery time", "grind size"),
}
OUTCOMES = ("done", "follow up", "offer sent", "no interest")


def _firms(people: pd.DataFrame, lives: pd.DataFrame) -> list[dict[str, Any]]:
    firms = people[people["kind"] == "business"].join(lives)
    return [{"customer": int(n), **row} for n, row in zip(firms.index, firms.to_dict("records"), strict=True)]


def make_contracts(people: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return yearly service contracts: `customer`, `starts_on`, `renews_on`, `annual_amount` (CNY), `status` as known at the as-of date."""
    rng, rows = stream(seed, "contracts"), []
    for firm in _firms(people, lives):
        share, wait = (0.75 if firm["need_type"] == "service_dependent" else 0.40), int(rng.random() * 120)
        if rng.random() >= share:
            continue
        amount, start = round(FEES[firm["size"]] * rng.lognormal(0, 0.15), -1), firm["start"] + wait
        left = plan.day(plan.end) + 9999 if pd.isna(firm["left_on"]) or firm["left_on"] > plan.day(plan.as_of) else firm["left_on"]
        while start <= plan.day(plan.as_of) and start < left:
            ends = start + 365
            status = "cancelled" if left < min(ends, plan.day(plan.as_of)) else "active" if ends > plan.day(plan.as_of) else "ended"
            rows.append((firm["customer"], start, ends, amount, status))
            start, amount = ends, round(amount * 1.04, -1)
    contracts = pd.DataFrame(rows, columns=["customer", "starts_on", "renews_on", "annual_amount", "status"])
    return contracts.assign(starts_on=plan.dates(contracts["starts_on"]), renews_on=plan.dates(contracts["renews_on"]))


def make_equipment(people: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return machines on loan or sold with service: `customer`, `model`, `installed_on`, `hours_used`, `faults`, `energy_use`."""
    rng, rows = stream(seed, "equipment"), []
    for firm in _firms(people, lives):
        for _ in range(int(rng.random() * {"small": 1.6, "medium": 2.2, "large": 4.5}[firm["size"]])):
            installed = min(firm["start"] + int(rng.random() * 200), plan.day(plan.as_of))
            months = (plan.day(plan.as_of) - installed) / 30
            faults = rng.poisson(months * (0.14 if firm["need_type"] == "service_dependent" else 0.05))
            rows.append(
                (
                    firm["customer"],
                    pick(rng, MODELS[firm["size"]]),
                    installed,
                    round(months * rng.normal(210, 30)),
                    int(faults),
                    round(rng.normal(9, 1.5), 1),
                )
            )
    equipment = pd.DataFrame(rows, columns=["customer", "model", "installed_on", "hours_used", "faults", "energy_use"])
    return equipment.assign(installed_on=plan.dates(equipment["installed_on"]))


def make_contacts(people: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return people at business customers: `customer`, `name`, `level`, `role`, `email`, `left_on`."""
    rng, rows = stream(seed, "contacts"), []
    for firm in _firms(people, lives):
        domain, count = firm["email"].split("@")[1], {"small": 1, "medium": 3, "large": 4}[firm["size"]]
        for level, role in ROLES[-count:] if count > 1 else ROLES[1:2]:
            name, in_latin = _person(rng, firm["region"])
            moved = rng.random() < 0.08
            left = firm["start"] + int(rng.random() * max(1, plan.day(plan.as_of) - firm["start"])) if moved else None
            rows.append((firm["customer"], name, level, role, f"{latin(in_latin)}@{domain}", left))
    contacts = pd.DataFrame(rows, columns=["customer", "name", "level", "role", "email", "left_on"])
    return contacts.assign(left_on=plan.dates(contacts["left_on"].astype("float64")))


def _person(rng: np.random.Generator, region: str) -> tuple[str, str]:
    if region in {"Hong Kong", "Abroad"}:
        name = f"{pick(rng, FIRST)} {pick(rng, LAST)}"
        return name, name
    (family, family_latin), (given, given_latin) = pick(rng, SURNAMES).split(), pick(rng, GIVEN).split()
    return family + given, f"{given_latin} {family_latin}"


def make_interactions(people: pd.DataFrame, lives: pd.DataFrame, trainings: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return visits, calls, messages and online trainings: `customer`, `at`, `kind`, `direction`, `level`, `topic`, `outcome`."""
    rng, rows = stream(seed, "interactions"), []
    for firm in _firms(people, lives):
        until = plan.day(plan.end) if pd.isna(firm["left_on"]) else int(firm["left_on"])
        day, pace = firm["start"], {"small": 75, "medium": 45, "large": 21}[firm["size"]]
        while (day := day + 1 + int(rng.exponential(pace))) <= until:
            rows.append(_talk(rng, firm, day))
    for customer, day in zip(trainings["customer"], trainings["day"], strict=True):
        rows.append(
            (
                int(customer),
                int(day) * 1440 + 19 * 60 + int(rng.random() * 5),
                "training",
                "outbound",
                None,
                "online barista training",
                "attended",
            )
        )
    talks = pd.DataFrame(rows, columns=["customer", "minute", "kind", "direction", "level", "topic", "outcome"])
    at = pd.Timestamp(plan.start) + pd.to_timedelta(talks["minute"], unit="min")
    return talks.assign(at=at.astype("datetime64[us]")).drop(columns="minute").sort_values(["at", "customer"], ignore_index=True)


def _talk(rng: np.random.Generator, firm: dict[str, Any], day: int) -> tuple[Any, ...]:
    kind = pick(rng, tuple(TOPICS), (3, 4, 1, 3, 3))
    inbound = kind != "visit" and rng.random() < (0.6 if firm["need_type"] == "service_dependent" else 0.25)
    level = pick(rng, ("executive", "middle", "front"), (2, 4, 6) if firm["size"] == "large" else (1, 4, 5))
    minute = day * 1440 + 9 * 60 + int(rng.random() * 540)
    return (firm["customer"], minute, kind, "inbound" if inbound else "outbound", level, pick(rng, TOPICS[kind]), pick(rng, OUTCOMES))
