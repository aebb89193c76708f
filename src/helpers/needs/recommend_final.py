"""The lists that are given out: the tested winner, with a reason for every product."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from helpers.needs.items import item_names
from helpers.needs.recommend import History, build_history, fit_model, modelled, rank_products
from helpers.needs.settings import RecommendSettings

UNTESTED = {"next": "buy_again", "new": "popularity"}  # too few customers to judge: the simplest list
COLUMNS = {
    "customer_id": "str",
    "rank": "Int64",
    "product_id": "str",
    "product_name": "str",
    "score": "float64",
    "reason": "str",
    "method": "str",
    "is_new": "boolean",
}


def recommend_products(
    purchases: pd.DataFrame, test: pd.DataFrame, products: pd.DataFrame | None, *, target: str, as_of: dt.date, settings: RecommendSettings
) -> pd.DataFrame:
    """Return each customer's list under the method that won the test, with reasons.

    Parameters
    ----------
    purchases : pandas.DataFrame
        customer_id, product_id (str), order_date (day).
    test : pandas.DataFrame
        From `compare_methods`; its `used` decides. Empty: buy_again for `next`, popularity for `new`.
    products : pandas.DataFrame or None
        For names.
    target : {"next", "new"}
        Anything on sale, or only what the customer never bought.
    as_of : datetime.date
    settings : RecommendSettings

    Returns
    -------
    pandas.DataFrame
        customer_id (str), rank (Int64, from 1), product_id, product_name (str), score (float64, comparable within one method only), reason (str),
        method (str; popularity where the winner had nothing left to offer), is_new (boolean, never bought by the customer).
    """
    used = test.loc[(test["target"] == target) & test["used"].fillna(False), "method"]
    method = str(used.iloc[0]) if len(used) else UNTESTED[target]
    history = build_history(purchases, until=pd.Timestamp(as_of), settings=settings)
    model = fit_model(history, method, settings) if method in {"item_item", "factors"} and len(history.bought) else None
    ranked = rank_products(history, method, new_only=target == "new", settings=settings, model=model)
    ranked = ranked.merge(history.bought, on=["customer", "product"], how="left").assign(method=method)
    ranked["method"] = ranked["method"].mask(ranked["filled"], "popularity")
    ids = pd.Series(history.products[ranked["product"]], index=ranked.index, dtype="str")
    told = ranked.assign(
        customer_id=history.customers[ranked["customer"]], product_id=ids, product_name=item_names(ids, products, "product_id"), is_new=ranked["days"].isna(),
        reason=_reasons(ranked, history, model, products, settings),
    )  # fmt: skip
    return told.sort_values(["customer_id", "rank"], ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


def _reasons(ranked: pd.DataFrame, history: History, model: Any, products: pd.DataFrame | None, settings: RecommendSettings) -> pd.Series:
    buyers = history.buyers[ranked["product"]]
    crowd = pd.Series([f"bought by {n:,} customers in the last {settings.on_sale_days} days" for n in buyers], index=ranked.index, dtype="str")
    days = ranked["days"].astype("Int64").astype("str")
    again = (
        "bought on "
        + days
        + " day"
        + (ranked["days"] != 1).map({True: "s", False: ""})
        + ", last "
        + ranked["last"].dt.strftime("%Y-%m-%d").fillna("").astype("str")
    )
    told = crowd.mask(ranked["days"].notna(), again)
    fresh = ranked["days"].isna() & ~ranked["filled"]
    if model is None or not fresh.any():
        return told
    if not hasattr(model, "similarity"):
        return told.mask(fresh, "bought by customers with similar purchases")
    names = item_names(pd.Series(history.products, dtype="str"), products, "product_id")
    because = _closest(ranked[fresh], history, model).map(names)
    return told.mask(fresh, "because of " + because.reindex(ranked.index).astype("str"))


def _closest(fresh: pd.DataFrame, history: History, model: Any) -> pd.Series:
    """Return, per listed product, the product the customer has that speaks most for it."""
    kept = modelled(history)
    owned = history.bought.loc[(history.buyers > 1)[history.bought["product"]], ["customer", "product", "days"]].rename(
        columns={"product": "has", "days": "has_days"}
    )
    pairs = fresh[["customer", "product"]].reset_index(names="row").merge(owned, on="customer")
    near = model.similarity[np.searchsorted(kept, pairs["has"]), np.searchsorted(kept, pairs["product"])]
    weight = np.asarray(near).ravel() * np.log1p(pairs["has_days"].to_numpy(dtype="float64"))
    best = pairs.assign(weight=weight.round(6)).sort_values(["row", "weight", "has"], ascending=[True, False, True]).drop_duplicates("row")
    return best.set_index("row")["has"]
