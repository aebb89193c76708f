"""Who the customers really are: one row per true customer, with the traits that drive everything they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.names import (
    BRANDS_EN,
    BRANDS_ZH,
    CHAINS,
    FIRST,
    GIVEN,
    INDUSTRIES,
    LAST,
    OWNERS,
    PLACES,
    SOURCES,
    SUFFIX_EN,
    SURNAMES,
    latin,
)
from helpers.collection.demo.plan import Plan, pick, stream

NEED_TYPES = ("cost_sensitive", "service_dependent", "innovation_driven", "none")
TASTES = ("espresso", "filter", "milk")
LEVELS = ("gold", "silver", "none")


def make_people(plan: Plan, seed: int) -> pd.DataFrame:
    """Return the true customers: consumers first, then businesses; the row number is the customer.

    Returns
    -------
    pandas.DataFrame
        Facts that the CRM shows (name, kind, region ...) and hidden traits: `need_type`, `taste`, `start` (day of
        the first order, counted from the plan's start), `gap` (mean days between orders), `leave` (chance of never
        coming back after an order), `scale` (size of an order).
    """
    rng = stream(seed, "people")
    consumers = [_consumer(rng, plan, name) for name in _consumer_names(rng, plan.consumers)]
    businesses = [_business(rng, plan, *shop) for shop in _shops(rng, plan.businesses)]
    people = pd.DataFrame([*consumers, *businesses])
    people["prospect"] = people.index < plan.prospects
    people["phone"] = [_phone(rng, region, n) for n, region in enumerate(people["region"])]
    people["decliner"] = _decliners(people, plan, rng)
    return people


def _consumer_names(rng: np.random.Generator, count: int) -> list[tuple[str, str, str, str]]:
    """Return different made-up persons as (name as written, name in Latin letters, region, city)."""
    chinese = rng.permutation(len(SURNAMES) * len(GIVEN))
    western = rng.permutation(len(FIRST) * len(LAST))
    found: list[tuple[str, str, str, str]] = []
    for n in range(count):
        region, city = _place(rng)
        if rng.random() < (0.75 if region in {"Hong Kong", "Abroad"} else 0.06):
            first, last = divmod(int(western[n % len(western)]), len(LAST))
            name = f"{FIRST[first]} {LAST[last]}"
            found.append((name, name, region, city))
        else:
            last, first = divmod(int(chinese[n]), len(GIVEN))
            (family, family_latin), (given, given_latin) = SURNAMES[last].split(), GIVEN[first].split()
            found.append((family + given, f"{given_latin} {family_latin}", region, city))
    return found


def _place(rng: np.random.Generator) -> tuple[str, str]:
    region, _, cities = pick(rng, PLACES, [p[1] for p in PLACES])
    return region, pick(rng, cities)


def _consumer(rng: np.random.Generator, plan: Plan, who: tuple[str, str, str, str]) -> dict[str, Any]:
    name, in_latin, region, city = who
    level = pick(rng, LEVELS, (0.14, 0.28, 0.58))
    rate = rng.gamma(1.7, 1 / 62) * {"gold": 1.5, "silver": 1.15, "none": 0.85}[level]
    start = int(plan.day(plan.end) * rng.random() ** 1.15)
    birthday = pd.Timestamp("1958-01-01") + pd.Timedelta(days=int(rng.integers(0, 16_800)))
    return {
        **_common(rng, plan, start), "kind": "consumer", "name": name, "latin": in_latin, "region": region, "city": city, "industry": None,
        "size": None, "owner_id": None, "level": level, "gap": 1 / max(rate, 1 / 500), "leave": rng.beta(0.55, 0.42) * {"gold": 0.3, "silver": 0.7, "none": 1.0}[level], "scale": 1.0,
        "birthday": birthday, "anniversary": pd.NaT, "email": f"{latin(in_latin)}{int(rng.integers(10, 99))}@mail.example.com",
    }  # fmt: skip


def _common(rng: np.random.Generator, plan: Plan, start: int) -> dict[str, Any]:
    need = pick(rng, NEED_TYPES, plan.type_shares)
    return {
        "start": start,
        "need_type": need,
        "taste": pick(rng, TASTES),
        "source": pick(rng, SOURCES),
        "created": start - int(rng.integers(0, 15)),
    }


def _shops(rng: np.random.Generator, count: int) -> list[tuple[str, str, str, str, str]]:
    """Return different made-up companies as (name, Latin name, industry, region, city); chains come last."""
    chains = [(f"{brand} {shop}" if brand.isascii() or "é" in brand else f"{brand}({shop})", f"chain{n}", "cafe", region, city)
              for n, (brand, shops, city, region) in enumerate(CHAINS) for shop in shops]  # fmt: skip
    used: set[str] = set()
    shops: list[tuple[str, str, str, str, str]] = []
    while len(shops) < count - len(chains):
        region, city = _place(rng)
        industry = pick(rng, tuple(INDUSTRIES), [v[0] for v in INDUSTRIES.values()])
        name, code, key = _company(rng, industry, region, city)
        if name not in used and (
            key not in used or (not name.isascii() and rng.random() < 0.1 and "é" not in name)
        ):  # a few share a brand, as in life
            used.update((name, key))
            shops.append((name, code, industry, region, city))
    return shops + chains


def _company(rng: np.random.Generator, industry: str, region: str, city: str) -> tuple[str, str, str]:
    """Return name, name in Latin letters, and what must not be used twice."""
    _, word_zh, word_en = INDUSTRIES[industry]
    city_latin, city_zh = city.rsplit(" ", 1)
    if rng.random() < (0.85 if region in {"Hong Kong", "Abroad"} else 0.25):
        known = f"{pick(rng, BRANDS_EN)} {word_en}"
        return f"{known} {pick(rng, SUFFIX_EN)}", latin(known).replace(".", ""), known
    brand = pick(rng, BRANDS_ZH)
    code = f"b{BRANDS_ZH.index(brand):02d}-{industry}-{latin(city_latin)}"
    return f"{city_zh}{brand}{word_zh}有限公司", code, city_zh + brand


def _business(rng: np.random.Generator, plan: Plan, name: str, code: str, industry: str, region: str, city: str) -> dict[str, Any]:
    size = pick(rng, ("small", "medium", "large"), (0.56, 0.32, 0.12))
    start = int(plan.day(plan.end) * rng.random() ** 2.2)
    founded = pd.Timestamp("2008-01-01") + pd.Timedelta(days=int(rng.integers(0, 5_400)))
    return {
        **_common(rng, plan, start), "kind": "business", "name": name, "latin": code, "region": region, "city": city, "industry": industry,
        "size": size, "owner_id": pick(rng, OWNERS), "level": None, "gap": float(np.clip(rng.lognormal(3.08, 0.4), 7, 75)), "leave": 0.013,
        "scale": {"small": 1.0, "medium": 2.2, "large": 5.5}[size] * rng.lognormal(0, 0.45), "birthday": pd.NaT, "anniversary": founded,
        "email": f"{pick(rng, ('info', 'buying', 'office'))}@{code}-{int(rng.integers(10, 99))}.example.com",
    }  # fmt: skip


def _phone(rng: np.random.Generator, region: str, number: int) -> str:
    """Return a made-up number in international form, different for every customer."""
    if region == "Abroad":  # ranges that the British regulator keeps free for films and books
        return f"+44{161496 if number < 1000 else 207946}{number % 1000:04d}"
    if region == "Hong Kong":
        return f"+852{55_000_000 + number * 17 + int(rng.integers(17)):08d}"
    return f"+86{17_000_000_000 + number * 61 + int(rng.integers(61)):011d}"


def _decliners(people: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.Series:
    able = people.index[(people["kind"] == "business") & (people["start"] < 400) & (people["gap"] < 22) & (people["scale"] > 1.2)]
    chosen = rng.permutation(able)[: plan.decliners]
    return pd.Series(people.index.isin(chosen), index=people.index)
