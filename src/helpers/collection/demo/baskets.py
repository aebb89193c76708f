"""What is in each order: tastes, need types, discounts, new products, the two planted products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.collection.demo.people import LEVELS
from helpers.collection.demo.plan import Plan, pick, stream

DISCOUNTS = (0.05, 0.10, 0.15, 0.20)
ADD_ONS = {  # what goes with a taste; the first ones are bought most
    "espresso": ("CON-TAB", "CON-WTR", "CON-DSC", "CON-CAP"),
    "filter": ("CON-PAP", "CON-SCL", "CON-DRP", "CON-TEA"),
    "milk": ("CON-OAT", "CON-PIT", "CON-SYR", "CON-TAB"),
}
BUSINESS_ADD_ONS = {"espresso": ("CON-TAB", "CON-WTR"), "filter": ("CON-PAP", "CON-WTR"), "milk": ("CON-OAT", "CON-CUP", "CON-CPD")}


@dataclass(frozen=True)
class Shelf:
    """The catalogue as the baskets need it: list prices and what is on sale on a day."""

    price: dict[str, float]
    cost_share: dict[str, float]
    launched: dict[str, int]
    beans: dict[tuple[str, str], tuple[str, ...]]  # (taste, pack) -> products
    reserve: tuple[str, ...]
    new: tuple[str, ...]


def make_shelf(products: pd.DataFrame, plan: Plan) -> Shelf:
    """Return the catalogue turned into lookups."""
    launched = dict(zip(products["product_id"], (products["launched_on"] - pd.Timestamp(plan.start)).dt.days.tolist(), strict=True))
    beans = products[products["category"] == "beans"]
    groups = {(t, p): tuple(g["product_id"]) for (t, p), g in beans.groupby(["tags", "subcategory"])}
    small = products[(products["price"] < 2000) & (products["subcategory"] != "wholesale")]
    return Shelf(
        dict(zip(products["product_id"], products["price"].tolist(), strict=True)),
        dict(zip(products["product_id"], products["cost_share"].tolist(), strict=True)),
        launched,
        groups,
        tuple(beans.loc[beans["subcategory"] == "reserve", "product_id"]),
        tuple(p for p in small["product_id"] if launched[p] > 0),
    )


def make_lines(
    orders: pd.DataFrame, people: pd.DataFrame, lives: pd.DataFrame, products: pd.DataFrame, plan: Plan, seed: int
) -> pd.DataFrame:
    """Return clean order lines, as they would stand in a perfect export.

    Returns
    -------
    pandas.DataFrame
        `order` (row in `orders`), `product_id`, `quantity`, `unit_price`, `discount`, `amount`, `cost` (CNY, two decimals).
    """
    rng, shelf = stream(seed, "baskets"), make_shelf(products, plan)
    persons, ends = people.to_dict("records"), lives.to_dict("records")
    rows: list[tuple[int, str, int, float, float, float, float]] = []
    for number, (customer, day, reason) in enumerate(zip(orders["customer"], orders["day"], orders["reason"], strict=True)):
        person, life = persons[customer], ends[customer]
        basket = _basket(person, life, day, reason, shelf, plan, rng)
        rows.extend((number, *_priced(product, quantity, person, day, reason, shelf, plan, rng)) for product, quantity in basket.items())
    return pd.DataFrame(rows, columns=["order", "product_id", "quantity", "unit_price", "discount", "amount", "cost"])


def _basket(
    person: dict[str, Any], life: dict[str, Any], day: int, reason: str, shelf: Shelf, plan: Plan, rng: np.random.Generator
) -> dict[str, int]:
    forced = {"pair_a": plan.pair_a, "pair_b": plan.pair_b, "training": plan.care_product}.get(reason)
    basket = {forced: 1} if forced else {}
    wanted = _business_wants if person["kind"] == "business" else _consumer_wants
    for product, quantity in wanted(person, day, shelf, plan, rng):
        on_sale = shelf.launched[product] <= day and not (
            person["decliner"] and product.startswith(("ESP", "GRD"))
        )  # one machine would hide the decline
        if on_sale and product not in basket and not (product == plan.pair_b and _refuses(life, day, reason)):
            basket[product] = max(1, round(quantity * _mood(person, life, day, plan)))
    return basket or {shelf.beans[person["taste"], "retail"][0]: 1}


def _refuses(life: dict[str, Any], day: int, reason: str) -> bool:
    """Return whether the customer keeps off product B: on the day of A itself, or for three months after it."""
    return reason == "pair_a" or (not pd.isna(life["refuses_from"]) and life["refuses_from"] <= day <= life["refuses_to"])


def _mood(person: dict[str, Any], life: dict[str, Any], day: int, plan: Plan) -> float:
    """Return the share of the normal quantity: decliners buy less by quarter, leaving businesses fade out."""
    if person["decliner"]:
        quarter = np.searchsorted([plan.day(plan.as_of.replace(month=m, day=1)) for m in (1, 4)], day, side="right")
        return (1.0, *plan.decline)[quarter]
    leaving = person["kind"] == "business" and not pd.isna(life["left_on"]) and life["left_on"] - day <= plan.fade_days
    return plan.fade if leaving else 1.0


def _consumer_wants(person: dict[str, Any], day: int, shelf: Shelf, plan: Plan, rng: np.random.Generator) -> list[tuple[str, float]]:
    taste = person["taste"] if rng.random() < 0.85 else pick(rng, ("espresso", "filter", "milk"))
    beans = shelf.beans[taste, "retail"]
    wants = [(pick(rng, beans, range(len(beans), 0, -1)), 1 + (rng.random() < 0.3))] if rng.random() < 0.85 else []
    if rng.random() < plan.reserve_share[LEVELS.index(person["level"])]:
        wants.append((pick(rng, shelf.reserve), 1))
    if rng.random() < 0.35:
        wants.append((pick(rng, ADD_ONS[taste], (4, 3, 2, 1)), 1))
    for product, share in (
        ("GRD-H1", 0.02),
        ("GRD-H2", 0.015),
        ("ESP-H2", 0.008),
        (plan.pair_b, 0.015),
        (plan.care_product, plan.care_normal),
    ):
        if rng.random() < share:
            wants.append((product, 1))
    return wants + _new_product(person, day, shelf, plan, rng)


def _business_wants(person: dict[str, Any], day: int, shelf: Shelf, plan: Plan, rng: np.random.Generator) -> list[tuple[str, float]]:
    kilos = person["scale"] * 4.0
    favourite = shelf.beans[person["taste"], "wholesale"]
    wants = [(favourite[0], kilos * rng.lognormal(0, 0.15))]
    if rng.random() < 0.55:
        wants.append((pick(rng, favourite), kilos * 0.4))
    if rng.random() < 0.25:
        wants.append((pick(rng, shelf.beans[pick(rng, ("espresso", "filter", "milk")), "wholesale"]), kilos * 0.25))
    wants += [(product, 1 + person["scale"] * 0.6) for product in BUSINESS_ADD_ONS[person["taste"]] if rng.random() < 0.35]
    for product, share in (
        ("ESP-C1", 0.004),
        ("ESP-C2", 0.003),
        ("GRD-C1", 0.006),
        ("SRV-VIS", 0.03),
        (plan.care_product, plan.care_normal),
    ):
        if rng.random() < share:
            wants.append((product, 1))
    return wants + _new_product(person, day, shelf, plan, rng)


def _new_product(person: dict[str, Any], day: int, shelf: Shelf, plan: Plan, rng: np.random.Generator) -> list[tuple[str, float]]:
    """Return at most one product that came out within the last months; some customers love to try them."""
    share = plan.new_product_innovation if person["need_type"] == "innovation_driven" else plan.new_product_normal
    fresh = [p for p in shelf.new if 0 <= day - shelf.launched[p] <= plan.new_product_days]
    return [(pick(rng, fresh), 1)] if rng.random() < share and fresh else []


def _priced(
    product: str, quantity: int, person: dict[str, Any], day: int, reason: str, shelf: Shelf, plan: Plan, rng: np.random.Generator
) -> tuple[str, int, float, float, float, float]:
    rise = 1 + plan.price_rise if product.startswith("BN-") and day >= plan.day(plan.price_rise_on) else 1.0
    price = round(shelf.price[product] * rise, 2)
    share = plan.discount_cost_sensitive if person["need_type"] == "cost_sensitive" else plan.discount_normal
    rebate = 0.15 if reason == "campaign" else pick(rng, DISCOUNTS) if rng.random() < share else 0.0
    discount = round(price * quantity * rebate, 2)
    cost = round(shelf.price[product] * shelf.cost_share[product] * quantity, 2)
    return product, quantity, price, discount, round(price * quantity - discount, 2), cost
