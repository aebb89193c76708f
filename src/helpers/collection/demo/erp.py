"""The ERP's view of the orders: order numbers, refunds, cancelled orders, postage, guests and test orders."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan, pick, stream
from helpers.collection.demo.records import file_under

CHANNELS = {"consumer": (("web shop", 7), ("mini-program", 3)), "business": (("sales", 5), ("web shop", 4), ("phone", 2))}
GUESTS, CANCELLED, GOODWILL, ADJUSTMENTS = 45, 250, 14, 20
COLUMNS = [
    "order_id",
    "line_no",
    "date",
    "channel",
    "status",
    "original",
    "customer",
    "product_id",
    "quantity",
    "unit_price",
    "discount",
    "amount",
    "cost",
]


def make_erp(
    lines: pd.DataFrame, orders: pd.DataFrame, people: pd.DataFrame, records: pd.DataFrame, tests: list[str], plan: Plan, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger as the ERP would export it without typing faults, and the true origin of each refund.

    Returns
    -------
    ledger : pandas.DataFrame
        One row per line in `COLUMNS`, plus `what` (sale, refund, cancelled, guest, test, postage, adjustment) and `order`
        (row in orders, null for other rows).
    refunds : pandas.DataFrame
        `return_order`, `line_no`, `original_order` (null for goodwill), `cited` (bool).
    """
    rng = stream(seed, "erp")
    sales = _sales(lines, orders, people, records, rng)
    extra = [_cancelled(sales, orders, rng), _guests(sales, people, orders, rng), _tests(tests, plan, rng)]
    ledger = pd.concat([sales, *extra], ignore_index=True)
    ledger = pd.concat([ledger, _postage(ledger)], ignore_index=True)
    ledger = _number(ledger.sort_values(["day", "group", "what"], kind="stable", ignore_index=True), plan)
    refunds = _refunds(ledger, orders, plan, rng)
    ledger = pd.concat([ledger, refunds, _adjustments(ledger, plan, rng)], ignore_index=True)
    ledger = ledger.sort_values(["day", "order_id", "line_no"], ignore_index=True)
    told = ledger[ledger["what"] == "refund"]
    truth = pd.DataFrame(
        {"return_order": told["order_id"], "line_no": told["line_no"], "original_order": told["origin"], "cited": told["original"].notna()}
    )
    return ledger.assign(date=plan.dates(ledger["day"])), truth.reset_index(drop=True)


def _sales(
    lines: pd.DataFrame, orders: pd.DataFrame, people: pd.DataFrame, records: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    filed = file_under(records, orders["customer"], orders["day"], rng)
    kinds = people["kind"].to_numpy()[orders["customer"]]
    channel = pd.Series([pick(rng, *zip(*CHANNELS[k], strict=True)) for k in kinds])
    at = lines["order"].to_numpy()
    return lines.assign(
        day=orders["day"].to_numpy()[at], customer=filed.to_numpy()[at], channel=channel.to_numpy()[at], kind=kinds[at], status="Delivered", what="sale",
        group=at, original=None, origin=None, reason=orders["reason"].to_numpy()[at],
    )  # fmt: skip


def _cancelled(sales: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return orders that were placed twice by mistake: the first of the two is cancelled, so no real order is lost."""
    chosen = rng.permutation(orders.index[(orders["reason"] == "base") & (orders["day"] > 3)])[:CANCELLED]
    twice = sales[sales["group"].isin(chosen)]
    return twice.assign(
        group=twice["group"] + 0.2, day=twice["day"] - (twice["group"] % 2), status="Cancelled", what="cancelled", order=None
    )


def _guests(sales: pd.DataFrame, people: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    like = sales[(sales["kind"] == "consumer") & (sales["reason"] == "base")]
    chosen = rng.permutation(like["group"].unique())[:GUESTS]
    guests = like[like["group"].isin(chosen)]
    return guests.assign(group=guests["group"] + 0.4, customer=None, channel="market stall", what="guest", order=None)


def _tests(tests: list[str], plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        {"group": 1e6 + n, "day": int(rng.random() * plan.day(plan.as_of)), "customer": tests[n % len(tests)], "product_id": "ESP-C2", "quantity": 99, "unit_price": 29800.0,
         "discount": 0.0, "amount": 2_950_200.0, "cost": 0.0, "channel": "web shop", "status": "Delivered", "what": "test", "kind": "test"}
        for n in range(12)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _postage(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return a postage line for each consumer's order below 100 CNY that was not cancelled."""
    small = ledger[ledger["kind"].eq("consumer") & ledger["what"].isin(["sale", "guest"])]
    totals = small.groupby("group")["amount"].sum()
    heads = small[small["group"].isin(totals.index[totals < 100])].drop_duplicates("group")
    return heads.assign(product_id="SHIP", quantity=1, unit_price=12.0, discount=0.0, amount=12.0, cost=12.0, what="postage", order=None)


def _number(ledger: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    numbers = pd.Series(pd.factorize(ledger["group"])[0] + 1, index=ledger.index)
    years = (plan.dates(ledger["day"]).dt.year % 100).astype("str")
    lines = ledger.assign(last=ledger["what"].eq("postage")).sort_values(["group", "last"], kind="stable").groupby("group").cumcount() + 1
    return ledger.assign(order_id="SO" + years.to_numpy() + "-" + numbers.astype("str").str.zfill(6), line_no=lines)


def _refunds(ledger: pd.DataFrame, orders: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Return refund lines: whole lines sent back within a month, most naming the order, and some goodwill money."""
    able = ledger[
        (ledger["what"] == "sale") & (ledger["reason"] == "base") & ~ledger["product_id"].str.startswith(("SRV", "ESP-H1", "CON-DSC"))
    ]
    back = able[rng.random(len(able)) < 0.022]
    back = back[back["day"] + 25 <= plan.day(plan.end)]
    cites = rng.random(len(back)) < 0.6
    refunds = back.assign(
        day=back["day"] + 3 + (rng.random(len(back)) * 22).astype(int), quantity=-back["quantity"], amount=-back["amount"], discount=np.nan, cost=-back["cost"],
        status="Refunded", what="refund", origin=back["order_id"], original=back["order_id"].where(cites), order=None,
    )  # fmt: skip
    goodwill = back.head(GOODWILL).assign(product_id="CON-CUP", quantity=-1, unit_price=210.0, amount=-210.0, cost=0.0, day=back["day"] + 28, status="Refunded",
                                          what="refund", origin=None, original=None, order=None, discount=np.nan)  # fmt: skip
    every = pd.concat([refunds, goodwill], ignore_index=True).sort_values(["day", "order_id", "product_id"], ignore_index=True)
    return every.assign(order_id=[f"RE-{n:05d}" for n in range(1, len(every) + 1)], line_no=1)


def _adjustments(ledger: pd.DataFrame, plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    heads = ledger[(ledger["what"] == "sale") & (ledger["line_no"] == 1)]
    chosen = heads.loc[np.sort(rng.permutation(heads.index)[:ADJUSTMENTS])]
    money = np.round(rng.random(ADJUSTMENTS) - 0.5, 2)
    return chosen.assign(
        product_id="ADJ", quantity=1, unit_price=money, amount=money, discount=0.0, cost=0.0, line_no=90, what="adjustment", order=None
    )
