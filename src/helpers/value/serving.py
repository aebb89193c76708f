"""What it costs to serve a customer, and what is left after it (feature F27, row 000-10)."""

from __future__ import annotations

import pandas as pd

from helpers.value.settings import CostToServeSettings

HOUR = "working_hour"  # the row of costs that says what an hour of work costs
ALIASES = {"phone_call": "call", "phone call": "call", "e_mail": "email", "e-mail": "email", "e mail": "email"}
TABLE = ["customer_id", "contacts", "contact_hours", "contact_cost", "tickets", "ticket_cost", "orders", "order_cost", "touch_cost", "cost_to_serve", "contribution", "net_contribution", "basis"]


def price_list(costs: pd.DataFrame | None, settings: CostToServeSettings) -> tuple[pd.DataFrame, float, bool]:
    """Return what each kind of contact costs once, what an hour costs, and whether defaults stand in for anything.

    Parameters
    ----------
    costs : pandas.DataFrame or None
        Canonical `costs`; its plays are matched by name, and `working_hour` prices an hour.
    settings : CostToServeSettings

    Returns
    -------
    tuple
        A frame by play: unit_cost, hours (float64), full_cost (unit_cost + hours x hour cost), is_default (bool); the hour cost; whether it is a default.

    Examples
    --------
    >>> prices, hour, assumed = price_list(pd.DataFrame({"play": ["visit", "working_hour"], "unit_cost": [100.0, 50.0], "hours": [2.0, None]}), CostToServeSettings())
    >>> float(prices.at["visit", "full_cost"]), hour, assumed
    (200.0, 50.0, False)
    """
    defaults = pd.DataFrame({"unit_cost": 0.0, "hours": pd.Series(settings.default_hours, dtype="float64"), "is_default": True})
    if costs is None or costs.empty:
        return defaults.assign(full_cost=defaults["hours"] * settings.hour_cost), settings.hour_cost, True
    named = costs.assign(play=costs["play"].str.strip().str.lower().replace(ALIASES)).drop_duplicates("play").set_index("play")
    stated = named.at[HOUR, "unit_cost"] if HOUR in named.index else float("nan")
    assumed = bool(pd.isna(stated))
    hour = settings.hour_cost if assumed else float(stated)
    given = named.loc[[p for p in named.index if p != HOUR], ["unit_cost", "hours"]].astype("float64").fillna(0.0).assign(is_default=False)
    prices = pd.concat([given, defaults.loc[defaults.index.difference(given.index)]])
    return prices.assign(full_cost=prices["unit_cost"] + prices["hours"] * hour), hour, assumed


def measure_cost_to_serve(
    values: pd.DataFrame, order_counts: pd.Series, *, costs: pd.DataFrame | None, interactions: pd.DataFrame | None, tickets: pd.DataFrame | None,
    touches: pd.DataFrame | None, settings: CostToServeSettings,
) -> pd.DataFrame:  # fmt: skip
    """Return, per customer, what contacts, tickets, orders and messages cost so far, and the contribution that is left.

    Parameters
    ----------
    values : pandas.DataFrame
        customer_id and historic_value.
    order_counts : pandas.Series
        Orders by customer_id.
    costs, interactions, tickets, touches : pandas.DataFrame or None
        Canonical tables; what is absent is not counted, and the column of it is missing, not zero.
    settings : CostToServeSettings

    Returns
    -------
    pandas.DataFrame
        customer_id (str), contacts (Int64), contact_hours, contact_cost, tickets (Int64), ticket_cost, orders (Int64), order_cost, touch_cost (as logged),
        cost_to_serve, contribution (historic value), net_contribution (float64, currency units), basis (str: "table costs", "table costs, some
        defaults", "default rates", "not measured: needs interactions, tickets or touches"). Sorted by customer_id. Without any record of contacts
        cost_to_serve and net_contribution are missing.
    """
    prices, _, assumed_hour = price_list(costs, settings)
    ids = values["customer_id"]
    talks = None if interactions is None else _contacts(interactions, ids, prices)
    asked = None if tickets is None else _tickets(tickets, ids, prices)
    sent = None if touches is None else touches.groupby("customer_id")["cost"].sum().reindex(ids).fillna(0.0).to_numpy()
    orders = order_counts.reindex(ids).fillna(0).astype("Int64").to_numpy()
    table = pd.DataFrame({"customer_id": ids.to_numpy(), "orders": orders, "order_cost": orders.astype("float64") * _price(prices, "order"), "contribution": values["historic_value"].to_numpy()})
    for name in ("contacts", "contact_hours", "contact_cost"):
        table[name] = None if talks is None else talks[name].to_numpy()
    for name in ("tickets", "ticket_cost"):
        table[name] = None if asked is None else asked[name].to_numpy()
    table["touch_cost"] = sent
    money = ["contact_hours", "contact_cost", "ticket_cost", "order_cost", "touch_cost"]
    table = table.astype(dict.fromkeys(money, "float64") | {"contacts": "Int64", "tickets": "Int64", "orders": "Int64"})
    table["cost_to_serve"] = table[["contact_cost", "ticket_cost", "order_cost", "touch_cost"]].sum(axis=1).round(4)
    used = _used(interactions, tickets)
    if talks is None and asked is None and touches is None:
        table["cost_to_serve"], basis = float("nan"), "not measured: needs interactions, tickets or touches"
    else:
        basis = _basis(costs, prices, used, assumed_hour)
    table["net_contribution"] = (table["contribution"] - table["cost_to_serve"]).round(4)
    return table.assign(basis=basis).astype({"basis": "str"}).sort_values("customer_id", ignore_index=True)[TABLE]


def _price(prices: pd.DataFrame, play: str, column: str = "full_cost") -> float:
    return float(prices.at[play, column]) if play in prices.index else 0.0


def _contacts(interactions: pd.DataFrame, ids: pd.Series, prices: pd.DataFrame) -> pd.DataFrame:
    kinds = interactions["kind"].astype("str")
    per = pd.DataFrame({"customer_id": interactions["customer_id"], "contacts": 1, "contact_hours": kinds.map(lambda k: _price(prices, k, "hours")), "contact_cost": kinds.map(lambda k: _price(prices, k))})
    return per.groupby("customer_id").sum().reindex(ids).fillna(0)


def _tickets(tickets: pd.DataFrame, ids: pd.Series, prices: pd.DataFrame) -> pd.DataFrame:
    complaint = tickets["is_complaint"].fillna(False).astype(bool)
    cost = complaint.map({True: _price(prices, "complaint"), False: _price(prices, "ticket")})
    per = pd.DataFrame({"customer_id": tickets["customer_id"], "tickets": 1, "ticket_cost": cost})
    return per.groupby("customer_id").sum().reindex(ids).fillna(0)


def _used(interactions: pd.DataFrame | None, tickets: pd.DataFrame | None) -> set[str]:
    kinds = set() if interactions is None else set(interactions["kind"].dropna())
    return kinds | ({"ticket", "complaint"} if tickets is not None else set()) | {"order"}


def _basis(costs: pd.DataFrame | None, prices: pd.DataFrame, used: set[str], assumed_hour: bool) -> str:
    if costs is None or costs.empty:
        return "default rates"
    default = assumed_hour or any(p not in prices.index or bool(prices.at[p, "is_default"]) for p in used)
    return "table costs, some defaults" if default else "table costs"
