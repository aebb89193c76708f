"""What the company came to: the counts of dirt and the realised size of everything planted (`truth.yml`)."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.collection.demo.plan import Plan


def collect_facts(
    seed: int, plan: Plan, raw: dict[str, pd.DataFrame], told: dict[str, pd.DataFrame], ledger: pd.DataFrame
) -> dict[str, Any]:
    """Return seed, planted constants, counts of dirt, realised truth and the story's figures as plain YAML values."""
    return {
        "seed": seed,
        "planted": plan.constants(),
        "rows": {name: len(frame) for name, frame in sorted(raw.items())},
        "dirt": {**_count_erp(raw["erp_order_lines"], ledger, plan), **_count_other(raw, told)},
        "realised": _realise(told, plan),
        "story": _tell_story(ledger, told, plan),
    }


def _count_erp(sheet: pd.DataFrame, ledger: pd.DataFrame, plan: Plan) -> dict[str, int]:
    text = {
        c: sheet[c].map(lambda v: isinstance(v, str)).sum()
        for c in ("Order / Date", "Money (CNY) / Amount", "Money (CNY) / Unit price", "Goods / Quantity")
    }
    code = sheet["Customer / Code"].dropna().astype("str")
    what = ledger["what"].value_counts()
    return {
        "order_lines_date_as_text": int(text["Order / Date"]),
        "order_lines_amount_as_text": int(text["Money (CNY) / Amount"]),
        "order_lines_unit_price_as_text": int(text["Money (CNY) / Unit price"]),
        "order_lines_quantity_full_width": int(text["Goods / Quantity"]),
        "order_lines_customer_full_width": int(code.str.startswith("\uff2b").sum()),
        "order_lines_customer_with_blank": int(code.str.endswith(" ").sum()),
        "order_lines_without_customer": int(sheet["Customer / Code"].isna().sum()),
        "order_lines_exported_twice": int(sheet.duplicated(["Order / No.", "Order / Line"]).sum()),
        "order_lines_cancelled": int((sheet["Order / Status"] == "Cancelled").sum()),
        "order_lines_refunds": int(what["refund"]),
        "order_lines_of_tests": int(what["test"]),
        "order_lines_not_products": int(sheet["Goods / SKU"].isin(["SHIP", "ADJ"]).sum()),
        "order_lines_after_as_of": int((ledger["date"] > pd.Timestamp(plan.as_of)).sum()),
    }


def _count_other(raw: dict[str, pd.DataFrame], told: dict[str, pd.DataFrame]) -> dict[str, int]:
    ids = raw["crm_customers"]["Customer ID"]
    events = raw["web_events"]
    return {
        "customers_doubles": int(told["same_customer"]["variant"].notna().sum()),
        "customers_tests": len(told["test_accounts"]),
        "customers_without_id": int((ids.isna() | (ids.astype("str").str.strip() == "")).sum()),
        "customers_exported_twice": int(ids.dropna()[lambda s: s.str.strip() != ""].duplicated().sum()),
        "events_without_account": int(events["account"].isna().sum()),
        "events_exported_twice": int(events[events["account"].notna()].duplicated().sum()),
        "truncated_files": 2,
    }


def _realise(told: dict[str, pd.DataFrame], plan: Plan) -> dict[str, Any]:
    pair = told["sequential_pair"]
    followed = pair[pair["full_follow_up"]]
    trained = told["training_link"]
    return {
        "pair_buyers_followed": len(followed),
        "pair_share": round(float(followed["within_3_months"].mean()), 4),
        "trainings": len(trained),
        "care_plan_after_training": round(float(trained["bought_care_plan"].mean()), 4),
        "effects": {play: _effect(group) for play, group in told["campaigns"].groupby("play")},
        "left_by_as_of": {k: int(n) for k, n in told["activity"].groupby("kind")["has_left"].sum().items()},
        "need_types": {k: int(n) for k, n in told["need_type"]["need_type"].value_counts().sort_index().items()},
    }


def _effect(campaign: pd.DataFrame) -> dict[str, float | int]:
    """Return the true effect on those treated, and the difference that a comparison of the groups shows."""
    treated, held = campaign[campaign["group"] == "treated"], campaign[campaign["group"] == "held_out"]
    shown = (
        {"held_out": len(held), "observed_difference": round(float(treated["ordered"].mean() - held["ordered"].mean()), 4)}
        if len(held)
        else {}
    )
    return {
        "treated": len(treated),
        "true_uplift": round(float((treated["ordered"].astype(int) - treated["would_order"].astype(int)).mean()), 4),
        **shown,
    }


def _tell_story(ledger: pd.DataFrame, told: dict[str, pd.DataFrame], plan: Plan) -> dict[str, Any]:
    """Return the figures of docs/demo_company.md: real sales up to the as-of date, late parcels, who left and why."""
    sales = ledger[(ledger["what"] == "sale") & (ledger["date"] <= pd.Timestamp(plan.as_of))]
    year = sales.groupby(sales["date"].dt.year)["amount"].sum()
    kind = sales.groupby("kind")["amount"].sum()
    heads = sales.drop_duplicates("order_id").set_index("order_id")
    autumn = heads["date"].between(pd.Timestamp(plan.incident_from), pd.Timestamp(plan.incident_to))
    late = heads.index.isin(told["late_orders"]["order_id"])
    left = told["activity"]
    return {
        "orders": len(heads),
        "sales": round(float(sales["amount"].sum())),
        "sales_by_year": {int(k): round(float(v)) for k, v in year.items()},
        "business_share_of_sales": round(float(kind["business"] / kind.sum()), 4),
        "one_time_consumers": round(float((left.query("kind == 'consumer' and order_count > 0")["order_count"] == 1).mean()), 4),
        "orders_in_autumn": int(autumn.sum()),
        "late_in_autumn": round(float(late[autumn].mean()), 4),
        "late_otherwise": round(float(late[~autumn].mean()), 4),
        "left_because": {f"{k}, {b}": int(n) for (k, b), n in left.groupby(["kind", "because"]).size().items()},
    }
