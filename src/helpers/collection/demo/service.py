"""Tickets and survey answers: who complains about what, how long we took, how satisfied people say they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, pick, stream
from helpers.collection.demo.texts import THEMES, write_text

EVERYDAY = (("damaged_goods", 2), ("machine_fault", 3), ("how_to_use", 3), ("price", 2), ("taste_quality", 2), ("invoice", 3))
NEEDY = (("machine_fault", 5), ("how_to_use", 6), ("invoice", 1))
WAVES = ("2023-11-20", "2024-05-20", "2024-11-25", "2025-05-19")  # Mondays on which the questionnaire goes out


def make_tickets(orders: pd.DataFrame, people: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return tickets in true terms: `customer`, `opened_at`, `first_response_at`, `resolved_at`, `theme`, `severity`, `text`."""
    rng = stream(seed, "tickets")
    traits = people[["need_type", "region"]].to_dict("records")
    rows = [_ticket(rng, plan, traits[customer], customer, day, theme)
            for customer, day, late in zip(orders["customer"], orders["day"], orders["late"], strict=True)
            for theme in _themes(rng, traits[customer], late, day, plan)]  # fmt: skip
    tickets = pd.DataFrame(rows).sort_values(["opened_at", "customer"], ignore_index=True)
    return tickets[tickets["opened_at"] < pd.Timestamp(plan.end) + pd.Timedelta(days=1)].reset_index(drop=True)


def _themes(rng: np.random.Generator, traits: dict[str, Any], late: bool, day: int, plan: Plan) -> list[str]:
    found = ["late_delivery"] if late and rng.random() < 0.5 else []
    needy = traits["need_type"] == "service_dependent"
    if rng.random() < (plan.ticket_service_dependent if needy else plan.ticket_normal):
        themes, weights = zip(*(NEEDY if needy else EVERYDAY), strict=True)
        found.append(pick(rng, themes, weights))
    if 0 <= day - plan.day(plan.price_rise_on) < 60 and rng.random() < 0.05:
        found.append("price")
    return found


def _ticket(rng: np.random.Generator, plan: Plan, traits: dict[str, Any], customer: int, day: int, theme: str) -> dict[str, Any]:
    opened = pd.Timestamp(plan.start) + pd.Timedelta(days=day + 1 + int(rng.random() * 9), minutes=int(8 * 60 + rng.random() * 780))
    busy = 3.0 if plan.incident_from <= opened.date() <= plan.incident_to else 1.0
    answered = opened + pd.Timedelta(minutes=int(busy * rng.lognormal(4.6, 0.9)) + 2)
    solved = answered + pd.Timedelta(minutes=int(busy * rng.lognormal(7.0, 0.9)) + 5)
    return {
        "customer": customer, "opened_at": opened, "first_response_at": answered, "resolved_at": solved if rng.random() < 0.96 else pd.NaT, "theme": theme,
        "severity": pick(rng, ("low", "medium", "high"), (1, 5, 4) if THEMES[theme].complaint or theme == "machine_fault" else (7, 3, 0)),
        "text": write_text(rng, theme, traits["region"] not in {"Hong Kong", "Abroad"} and rng.random() < 0.75),
    }  # fmt: skip


def make_surveys(orders: pd.DataFrame, tickets: pd.DataFrame, lives: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return survey answers: `customer`, `answered_on`, `nps`, `csat`, `theme`, `sentiment`, `text`; very happy and very unhappy people answer more."""
    rng = stream(seed, "surveys")
    rows: list[dict[str, Any]] = []
    for wave in WAVES:
        sent = plan.day(pd.Timestamp(wave).date())
        recent = orders[orders["day"].between(sent - 180, sent - 1)]
        late = recent.groupby("customer")["late"].sum()
        told = tickets[(tickets["opened_at"] < wave) & (tickets["opened_at"] >= pd.Timestamp(wave) - pd.Timedelta(days=180))]
        complaints = told.groupby("customer").size().reindex(late.index, fill_value=0)
        for customer in late.index:
            leaving = lives["left_on"][customer]
            soon = not pd.isna(leaving) and leaving - sent < 120
            mood = 7.9 + rng.normal(0, 1.5) - 1.7 * min(int(late[customer]), 3) - 0.3 * min(int(complaints[customer]), 3) - 0.8 * soon
            answer = _answer(rng, plan, int(customer), sent, float(mood))
            rows.extend([answer] if answer else [])
    return pd.DataFrame(rows).sort_values(["answered_on", "customer"], ignore_index=True)


def _answer(rng: np.random.Generator, plan: Plan, customer: int, sent: int, mood: float) -> dict[str, Any] | None:
    nps = int(np.clip(round(mood), 0, 10))
    if rng.random() >= (0.45 if nps >= 9 or nps <= 4 else 0.28):
        return None
    csat = int(np.clip(round(1 + mood * 0.45 + rng.normal(0, 0.35)), 1, 5))
    theme = (
        "praise"
        if nps >= 9
        else "mixed"
        if nps >= 7
        else pick(rng, ("late_delivery", "price", "taste_quality", "damaged_goods"), (5, 3, 2, 1))
    )
    sentiment = {"praise": "positive", "mixed": "neutral"}.get(theme, "negative")
    on = pd.Timestamp(plan.start) + pd.Timedelta(days=sent + int(rng.random() * 18))
    text = write_text(rng, theme, True) if rng.random() < 0.7 else None
    return {"customer": customer, "answered_on": on, "nps": nps, "csat": csat, "theme": theme, "sentiment": sentiment, "text": text}
