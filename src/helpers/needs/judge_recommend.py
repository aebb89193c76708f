"""Which way of recommending is worth using: judged on a later period, against popularity and "buy again"."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.recommend import NAIVE, History, build_history, fit_model, rank_products
from helpers.needs.settings import RecommendSettings
from helpers.needs.stats import mean_interval

TARGETS = {"next": "anything the customer buys in the test period", "new": "what the customer buys for the first time in the test period"}
COLUMNS = {
    "target": "str", "method": "str", "customers": "Int64", "hit_rate": "float64", "hit_low": "float64", "hit_high": "float64", "ndcg": "float64",
    "ndcg_low": "float64",
    "ndcg_high": "float64", "gain": "float64", "gain_low": "float64", "gain_high": "float64", "used": "boolean", "test_from": "datetime64[us]",
    "test_to": "datetime64[us]",
}  # fmt: skip


def judge_lists(ranked: pd.DataFrame, wanted: pd.DataFrame, top: int) -> pd.DataFrame:
    """Return hit and NDCG at `top` per customer who bought in the test period.

    Parameters
    ----------
    ranked : pandas.DataFrame
        customer, product, rank.
    wanted : pandas.DataFrame
        customer, product: what was really bought, each once.
    top : int

    Returns
    -------
    pandas.DataFrame
        customer, hit (1.0 when one of the listed products was bought), ndcg (0 to 1), one row per customer in `wanted`.

    Notes
    -----
    NDCG with binary relevance; the ideal list has min(top, products bought) hits (Järvelin and Kekäläinen 2002).

    Examples
    --------
    >>> ranked = pd.DataFrame({"customer": [0, 0], "product": [5, 6], "rank": [1, 2]})
    >>> judge_lists(ranked, pd.DataFrame({"customer": [0], "product": [6]}), 2).round(4).values.tolist()
    [[0.0, 1.0, 0.6309]]
    """
    hits = ranked[ranked["rank"] <= top].merge(wanted, on=["customer", "product"])
    gained = (1 / np.log2(hits["rank"].to_numpy(dtype="float64") + 1)) if len(hits) else np.array([])
    dcg = pd.Series(gained, index=hits["customer"]).groupby(level=0).sum()
    sizes = wanted.groupby("customer").size()
    ideal = np.cumsum(1 / np.log2(np.arange(2, top + 2)))[np.minimum(sizes.to_numpy(), top) - 1]
    got = dcg.reindex(sizes.index, fill_value=0.0)
    return pd.DataFrame({"customer": sizes.index, "hit": (got > 0).astype("float64").to_numpy(), "ndcg": (got.to_numpy() / ideal)})


def compare_methods(purchases: pd.DataFrame, *, as_of: dt.date, settings: RecommendSettings) -> pd.DataFrame:
    """Return how well each method lists what customers bought in the last `test_days`, known only what came before.

    Parameters
    ----------
    purchases : pandas.DataFrame
        customer_id, product_id (str), order_date (day).
    as_of : datetime.date
        End of the test period; later purchases are not read.
    settings : RecommendSettings

    Returns
    -------
    pandas.DataFrame
        target (next, new), method, customers (Int64, who bought before and in the test period), hit_rate and ndcg with 95 % bootstrap
        intervals over customers, gain (ndcg less that of the best naive method, customer by customer) with its interval, used (boolean:
        the method that is used), test_from, test_to. Empty when fewer than `min_customers` can be judged.

    Notes
    -----
    A model is used only when the whole interval of its gain lies above 0; otherwise the better naive list is. Features F18, rows
    004-57 and 004-58. Products no longer sold are in nobody's list.
    """
    end = pd.Timestamp(as_of)
    start = end - pd.Timedelta(days=settings.test_days)
    read = purchases[purchases["order_date"] <= end]
    before = read[read["order_date"] <= start]
    later = read[read["order_date"] > start]
    if later["customer_id"][later["customer_id"].isin(before["customer_id"].unique())].nunique() < settings.min_customers:
        return pd.DataFrame({c: pd.Series(dtype=t) for c, t in COLUMNS.items()})
    history = build_history(before, until=start, settings=settings)
    models = {m: fit_model(history, m, settings) for m in ("item_item", "factors")}
    parts = [_judge_target(t, history, models, later, settings) for t in TARGETS]
    told = pd.concat([p for p in parts if len(p)], ignore_index=True).assign(test_from=start + pd.Timedelta(days=1), test_to=end)
    return told[list(COLUMNS)].astype(COLUMNS)


def _wanted(history: History, later: pd.DataFrame, target: str) -> pd.DataFrame:
    """Return what was bought in the test period as codes; products nobody had bought before get codes nobody can list."""
    customer = pd.Index(history.customers).get_indexer(later["customer_id"])
    product = pd.Index(history.products).get_indexer(later["product_id"])
    unknown = len(history.products) + pd.factorize(later["product_id"])[0]
    bought = pd.DataFrame({"customer": customer, "product": np.where(product >= 0, product, unknown)})
    bought = bought[bought["customer"] >= 0].drop_duplicates()
    if target == "new":
        had = bought.merge(history.bought[["customer", "product"]].assign(had=True), on=["customer", "product"], how="left")
        bought = had.loc[had["had"].isna(), ["customer", "product"]]
    return bought.sort_values(["customer", "product"], ignore_index=True)


def _judge_target(target: str, history: History, models: dict[str, object], later: pd.DataFrame, settings: RecommendSettings) -> pd.DataFrame:
    wanted = _wanted(history, later, target)
    if wanted["customer"].nunique() < settings.min_customers:
        return pd.DataFrame()
    methods = ("popularity", "buy_again", "item_item", "factors") if target == "next" else ("popularity", "item_item", "factors")
    judged = {
        m: judge_lists(rank_products(history, m, new_only=target == "new", settings=settings, model=models.get(m)), wanted, settings.top) for m in methods
    }
    naive = max((m for m in methods if m in NAIVE), key=lambda m: judged[m]["ndcg"].mean())
    rows = [{"target": target, "method": m, **_figures(judged[m], judged[naive]["ndcg"], m == naive, settings)} for m in methods]
    table = pd.DataFrame(rows)
    better = table[(table["gain_low"] > 0) & ~table["method"].isin(NAIVE)].sort_values(["ndcg", "method"], ascending=[False, True])
    return table.assign(used=table["method"] == (better["method"].iloc[0] if len(better) else naive))


def _figures(judged: pd.DataFrame, baseline: pd.Series, is_baseline: bool, settings: RecommendSettings) -> dict[str, object]:
    hit, ndcg = (mean_interval(judged[c], draws=settings.draws) for c in ("hit", "ndcg"))
    gains = judged["ndcg"].to_numpy() - baseline.to_numpy()
    low, high = (0.0, 0.0) if is_baseline else mean_interval(gains, draws=settings.draws)
    return {"customers": len(judged), "hit_rate": round(judged["hit"].mean(), 6), "hit_low": hit[0], "hit_high": hit[1],
        "ndcg": round(judged["ndcg"].mean(), 6), "ndcg_low": ndcg[0],
            "ndcg_high": ndcg[1], "gain": round(float(gains.mean()), 6), "gain_low": low, "gain_high": high}  # fmt: skip
