"""Products a customer is likely to buy next: two naive lists and two models, all behind one interface."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.needs.items import standing_sales
from helpers.needs.settings import RecommendSettings

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

METHODS = {
    "popularity": "what most customers buy",
    "buy_again": "what this customer bought before",
    "item_item": "products bought by the same customers",
    "factors": "matrix factorisation",
}
NAIVE = ("popularity", "buy_again")
SEED = 7


@dataclass(frozen=True)
class History:
    """Who bought what until a day, as codes: the input of every method.

    `bought` holds customer, product, days (purchase days), last (datetime); `customers` and `products` turn codes back into ids;
    `on_sale` marks products sold lately; `popular` ranks products, most recent buyers first.
    """

    bought: pd.DataFrame
    customers: np.ndarray
    products: np.ndarray
    on_sale: np.ndarray
    buyers: np.ndarray
    popular: np.ndarray


def list_purchases(order_lines: nw.LazyFrame) -> nw.LazyFrame:
    """Return on which days each customer bought each product: customer_id, product_id (str), order_date (day). Lazy, sorted."""
    days = standing_sales(order_lines).with_columns(nw.col("order_date").dt.truncate("1d"))
    return days.select("customer_id", "product_id", "order_date").unique().sort("customer_id", "product_id", "order_date")


def build_history(purchases: pd.DataFrame, *, until: pd.Timestamp, settings: RecommendSettings) -> History:
    """Return what was bought until a day (inclusive), in the form in which methods read it.

    Parameters
    ----------
    purchases : pandas.DataFrame
        customer_id, product_id (str), order_date (day).
    until : pandas.Timestamp
    settings : RecommendSettings
    """
    read = purchases[purchases["order_date"] <= until].sort_values(["customer_id", "product_id", "order_date"])
    grouped = read.groupby(["customer_id", "product_id"], sort=True)["order_date"].agg(days="size", last="max").reset_index()
    customer, customers = pd.factorize(grouped["customer_id"], sort=True)
    product, products = pd.factorize(grouped["product_id"], sort=True)
    lately = grouped["last"] > until - pd.Timedelta(days=settings.on_sale_days)
    buyers = np.bincount(product[lately], minlength=len(products))
    bought = pd.DataFrame({"customer": customer, "product": product, "days": grouped["days"], "last": grouped["last"]})
    ranked = np.lexsort((np.arange(len(products)), -buyers))
    return History(bought, np.asarray(customers), np.asarray(products), buyers > 0, buyers, ranked[buyers[ranked] > 0])


def rank_popular(history: History, *, new_only: bool, top: int) -> pd.DataFrame:
    """Return the most bought products for every customer; with `new_only` those the customer does not have yet.

    Returns
    -------
    pandas.DataFrame
        customer, product (codes), rank (from 1), score (customers who bought it lately).
    """
    owned = {c: set(p) for c, p in history.bought.groupby("customer")["product"]} if new_only else {}
    shown = history.popular.tolist()
    rows = [(c, p) for c in range(len(history.customers)) for p in _first(shown, owned.get(c, set()), top)]
    every = pd.DataFrame(rows, columns=["customer", "product"], dtype="int64")
    return every.assign(rank=every.groupby("customer").cumcount() + 1, score=history.buyers[every["product"]].astype("float64"))


def _first(shown: list[int], without: set[int], top: int) -> list[int]:
    """Return the first `top` products that are not among those the customer has."""
    return list(islice((p for p in shown if p not in without), top)) if without else shown[:top]


def rank_buy_again(history: History, *, top: int) -> pd.DataFrame:
    """Return what each customer bought on most days, latest first among equals: customer, product, rank, score (days)."""
    usable = history.bought[history.on_sale[history.bought["product"]]]
    ranked = usable.sort_values(["customer", "days", "last", "product"], ascending=[True, False, False, True])
    told = ranked.assign(rank=ranked.groupby("customer").cumcount() + 1, score=ranked["days"].astype("float64"))
    return told.loc[told["rank"] <= top, ["customer", "product", "rank", "score"]].reset_index(drop=True)


def fit_model(history: History, method: str, settings: RecommendSettings) -> Any:
    """Return an `implicit` model fitted on one thread with a fixed seed, so that a re-run gives the same list.

    Notes
    -----
    item_item: nearest neighbours of products on TF-IDF weights (customers who buy everything count less); factors: alternating
    least squares (Hu, Koren and Volinsky 2008) on BM25 weights. Both see products on sale only.
    """
    from implicit.als import AlternatingLeastSquares
    from implicit.nearest_neighbours import ItemItemRecommender, bm25_weight, normalize, tfidf_weight
    from threadpoolctl import threadpool_limits

    cells, _ = _matrix(history)
    with threadpool_limits(1):
        if method == "item_item":
            model = ItemItemRecommender(K=settings.neighbours, num_threads=1)
            model.fit(normalize(tfidf_weight(cells.T)).T.tocsr(), show_progress=False)
        else:
            model = AlternatingLeastSquares(factors=settings.factors, iterations=settings.iterations, random_state=SEED, num_threads=1, use_gpu=False)
            model.fit(bm25_weight(cells, K1=100, B=0.8).tocsr().astype("float32"), show_progress=False)
    return model


def _matrix(history: History) -> tuple[csr_matrix, np.ndarray]:
    """Return customers by products on sale, weighted by purchase days, and the product code of each column.

    A product that only one customer bought lately is left out: it says nothing about anybody else.
    """
    from scipy.sparse import csr_matrix

    kept = modelled(history)
    usable = history.bought[(history.buyers > 1)[history.bought["product"]]]
    cells = (np.log1p(usable["days"].to_numpy(dtype="float64")), (usable["customer"], np.searchsorted(kept, usable["product"])))
    return csr_matrix(cells, shape=(len(history.customers), len(kept))), kept


def modelled(history: History) -> np.ndarray:
    """Return the codes of the products that models look at: on sale, bought lately by two customers or more."""
    return np.flatnonzero(history.buyers > 1)


def rank_model(history: History, model: Any, *, new_only: bool, top: int) -> pd.DataFrame:
    """Return a model's products per customer: customer, product, rank, score (rounded, ties by product)."""
    from threadpoolctl import threadpool_limits

    cells, kept = _matrix(history)
    customers = np.arange(len(history.customers))
    with threadpool_limits(1):
        columns, scores = model.recommend(customers, cells, N=max(min(top, len(kept)), 1), filter_already_liked_items=new_only)
    found = pd.DataFrame({"customer": np.repeat(customers, columns.shape[1]), "product": columns.ravel(), "score": scores.ravel().astype("float64").round(4)})
    found = found[(found["product"] >= 0) & (found["score"] > 0)]
    ranked = found.assign(product=kept[found["product"]]).sort_values(["customer", "score", "product"], ascending=[True, False, True], ignore_index=True)
    return ranked.assign(rank=ranked.groupby("customer").cumcount() + 1)[["customer", "product", "rank", "score"]]


def fill_up(ranked: pd.DataFrame, history: History, *, new_only: bool, top: int) -> pd.DataFrame:
    """Return lists of full length: what a method leaves open is filled with the most bought products; column `filled` says so."""
    spare = rank_popular(history, new_only=new_only, top=2 * top).assign(filled=True)
    spare["rank"] += top  # behind everything that the method itself found
    both = pd.concat([ranked.assign(filled=False), spare], ignore_index=True).sort_values(["customer", "rank"], kind="stable")
    once = both.drop_duplicates(["customer", "product"])
    again = once.assign(rank=once.groupby("customer").cumcount() + 1)
    return again[again["rank"] <= top].reset_index(drop=True)


def rank_products(history: History, method: str, *, new_only: bool, settings: RecommendSettings, model: Any = None) -> pd.DataFrame:
    """Return the list of one method for every customer: customer, product, rank, score, filled.

    Parameters
    ----------
    history : History
    method : {"popularity", "buy_again", "item_item", "factors"}
    new_only : bool
        Only products that the customer never bought; buy_again has none and leaves everything to popularity.
    settings : RecommendSettings
    model : optional
        From `fit_model`, when it is at hand.
    """
    if method == "popularity":
        own = rank_popular(history, new_only=new_only, top=settings.top)
    elif method == "buy_again":
        own = rank_buy_again(history, top=0 if new_only else settings.top)
    else:
        own = rank_model(history, model or fit_model(history, method, settings), new_only=new_only, top=settings.top)
    return fill_up(own, history, new_only=new_only, top=settings.top)
