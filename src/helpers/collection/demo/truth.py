"""The planted truth as tables: what a perfect analysis of the raw exports would find."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.collection.demo.plan import Plan


def tell_customers(records: pd.DataFrame, different: pd.DataFrame, tests: list[str]) -> dict[str, pd.DataFrame]:
    """Return who is the same customer, who only looks alike, and which accounts are tests."""
    own = records[records["variant"].isna()].set_index("person")["raw_id"]
    apart = pd.DataFrame({"raw_a": different["a"].map(own), "raw_b": different["b"].map(own), "why": different["why"]})
    same = records[["raw_id", "true_id", "variant"]].rename(columns={"true_id": "true_customer"})
    return {"same_customer": same, "different_customers": apart, "test_accounts": pd.DataFrame({"raw_id": tests})}


def tell_activity(people: pd.DataFrame, orders: pd.DataFrame, lives: pd.DataFrame, own: pd.Series, plan: Plan) -> pd.DataFrame:
    """Return per customer the orders until the as-of date and whether the customer had left by then, when and why."""
    until = orders[orders["day"] <= plan.day(plan.as_of)]
    per = until.groupby("customer")["day"].agg(["size", "min", "max"]).reindex(people.index)
    left = (lives["left_on"] <= plan.day(plan.as_of)).fillna(False).astype("bool")
    return pd.DataFrame({
        "customer_id": own, "kind": people["kind"], "order_count": per["size"].fillna(0).astype("int64"), "first_order_on": plan.dates(per["min"]),
        "last_order_on": plan.dates(per["max"]), "has_left": left, "left_on": plan.dates(lives["left_on"].where(left).astype("float64")), "because": lives["because"].where(left),
    })  # fmt: skip


def tell_traits(people: pd.DataFrame, orders: pd.DataFrame, own: pd.Series, plan: Plan) -> pd.DataFrame:
    """Return the planted need type and taste, with the number of orders that can show them."""
    count = orders[orders["day"] <= plan.day(plan.as_of)].groupby("customer").size().reindex(people.index, fill_value=0)
    return pd.DataFrame({"customer_id": own, "need_type": people["need_type"], "taste": people["taste"], "order_count": count})


def tell_pair(lines: pd.DataFrame, orders: pd.DataFrame, own: pd.Series, plan: Plan) -> pd.DataFrame:
    """Return for each buyer of A the first B after it; `full_follow_up` says whether three months had passed at the as-of date."""
    sold = lines.assign(customer=orders["customer"].to_numpy()[lines["order"]], day=orders["day"].to_numpy()[lines["order"]])
    a = sold[sold["product_id"] == plan.pair_a].groupby("customer")["day"].min().rename("a")
    b = sold[sold["product_id"] == plan.pair_b].merge(a, on="customer")
    pairs = a.to_frame().join(b[b["day"] > b["a"]].groupby("customer")["day"].min().rename("b"))
    a_on, b_on = plan.dates(pairs["a"]), plan.dates(pairs["b"])
    deadline = a_on + pd.DateOffset(months=3)
    return pd.DataFrame({
        "customer_id": own.loc[pairs.index].to_numpy(), "bought_a_on": a_on, "bought_b_on": b_on, "within_3_months": (b_on <= deadline).astype("bool"),
        "full_follow_up": deadline <= pd.Timestamp(plan.as_of),
    })  # fmt: skip


def tell_trainings(trainings: pd.DataFrame, lines: pd.DataFrame, orders: pd.DataFrame, own: pd.Series, plan: Plan) -> pd.DataFrame:
    """Return each training attended, and whether a care plan was bought within the window, for any reason and because of it."""
    care = lines["product_id"] == plan.care_product
    days = orders.loc[lines.loc[care, "order"]].groupby("customer")["day"].apply(lambda d: d.to_numpy())
    bought = [
        bool(np.any((days.get(c, np.array([])) > d) & (days.get(c, np.array([])) <= d + plan.care_days)))
        for c, d in zip(trainings["customer"], trainings["day"], strict=True)
    ]
    return pd.DataFrame({
        "customer_id": own.loc[trainings["customer"]].to_numpy(), "attended_on": plan.dates(trainings["day"]), "bought_care_plan": bought,
        "because_of_training": trainings["care_day"].notna().to_numpy(),
    })  # fmt: skip


def tell_campaigns(campaigns: pd.DataFrame, own: pd.Series) -> pd.DataFrame:
    """Return each campaign's customers with both outcomes: ordered without it, ordered as it was."""
    ordered = campaigns["would_order"] | campaigns["extra_day"].notna()
    return pd.DataFrame({
        "customer_id": own.loc[campaigns["customer"]].to_numpy(), "play": campaigns["play"], "group": campaigns["group"], "would_order": campaigns["would_order"], "ordered": ordered,
    })  # fmt: skip


def tell_themes(
    tickets: pd.DataFrame, exported: pd.DataFrame, surveys: pd.DataFrame, answers: pd.DataFrame, sentiments: dict[str, str]
) -> pd.DataFrame:
    """Return the theme and sentiment behind each ticket and each survey comment (a survey is known by customer and day)."""
    asked = pd.DataFrame(
        {"source": "ticket", "record": exported["ticket"], "theme": tickets["theme"], "sentiment": tickets["theme"].map(sentiments)}
    )
    spoken = surveys["text"].notna()
    ids = answers["客户编号"].str.normalize("NFKC") + " " + surveys["answered_on"].dt.strftime("%Y-%m-%d")
    said = pd.DataFrame({"source": "survey", "record": ids, "theme": surveys["theme"], "sentiment": surveys["sentiment"]})[spoken]
    return pd.concat([asked, said], ignore_index=True)


def tell_decliners(people: pd.DataFrame, lines: pd.DataFrame, orders: pd.DataFrame, own: pd.Series, plan: Plan) -> pd.DataFrame:
    """Return the planted decliners with their sales (CNY) in the last four quarters before the as-of date."""
    at = lines["order"].to_numpy()
    quarter = plan.dates(orders["day"]).dt.to_period("Q").astype("str").to_numpy()[at]
    sold = lines.assign(customer=orders["customer"].to_numpy()[at], quarter=quarter)
    wanted = [str(pd.Period(plan.as_of, "Q") - n) for n in (4, 3, 2, 1, 0)]
    table = sold[sold["quarter"].isin(wanted)].pivot_table(
        index="customer", columns="quarter", values="amount", aggfunc="sum", fill_value=0.0
    )
    table = table.reindex(index=people.index[people["decliner"]], columns=wanted, fill_value=0.0).round(2)
    table.insert(0, "customer_id", own.loc[table.index])
    return table.reset_index(drop=True)
