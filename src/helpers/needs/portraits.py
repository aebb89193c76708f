"""The facts of one customer that an interview guide speaks about."""

from __future__ import annotations

import pandas as pd

WORDS = {
    "en": {
        "overdue": "Your next order was due around {day}.",
        "need": {"cost_sensitive": "price matters most", "service_dependent": "service matters most", "innovation_driven": "you like to try what is new"},
    },
    "zh": {
        "overdue": "按您的节奏,下一单本应在{day}左右。",
        "need": {"cost_sensitive": "最看重价格", "service_dependent": "最看重服务", "innovation_driven": "喜欢尝试新品"},
    },
}


def collect_facts(
    purchase_cycles: pd.DataFrame,
    main_group_counts: pd.DataFrame,
    need_types: pd.DataFrame,
    implicit_needs: pd.DataFrame,
    cross_sell: pd.DataFrame,
    surveys: pd.DataFrame | None,
    *,
    lang: str,
) -> pd.DataFrame:
    """Return one row of texts per customer: orders, last_order, overdue, main_group, need, evidence, pains, score, next_product.

    A fact that is not known is missing, and the question that would name it is not asked.
    """
    words = WORDS[lang]
    told = pd.DataFrame(
        {
            "customer_id": purchase_cycles["customer_id"],
            "orders": purchase_cycles["orders"].astype("str"),
            "last_order": purchase_cycles["last_order_on"].dt.strftime("%Y-%m-%d"),
        }
    )
    due = purchase_cycles["next_order_on"].dt.strftime("%Y-%m-%d").map(lambda day: words["overdue"].format(day=day))  # type: ignore[attr-defined]
    told["overdue"] = due.where(purchase_cycles["is_overdue"].fillna(False), "")
    own = told["customer_id"]
    typed = need_types.set_index("customer_id")
    need = own.map(typed["need_type"]).map(words["need"])
    told["need"], told["evidence"] = need, own.map(typed["evidence"]).where(need.notna())
    told["main_group"] = own.map(main_group_counts.set_index("customer_id")["group"]) if len(main_group_counts) else None
    pains = implicit_needs.groupby("customer_id")[f"pain_{lang}"].agg("; ".join) if len(implicit_needs) else pd.Series(dtype="str")
    told["pains"] = own.map(pains)
    first = cross_sell[cross_sell["rank"] == 1].set_index("customer_id")["product_name"] if len(cross_sell) else pd.Series(dtype="str")
    told["next_product"] = own.map(first)
    told["score"] = own.map(_latest_score(surveys)) if surveys is not None else None
    return told


def _latest_score(surveys: pd.DataFrame) -> pd.Series:
    latest = surveys.sort_values(["customer_id", "answered_on"]).drop_duplicates("customer_id", keep="last").set_index("customer_id")
    if "nps" in latest and latest["nps"].notna().any():
        return latest["nps"].dropna().astype("str") + "/10"
    return latest["csat"].dropna().astype("str") + "/5" if "csat" in latest else pd.Series(dtype="str")
