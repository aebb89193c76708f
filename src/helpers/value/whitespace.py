"""Look-alike whitespace: what similar customers buy and this one does not, in money a year (feature F26, row 000-03)."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import from_units, lazy, lift, to_pandas, to_units
from helpers.value.settings import ValueSettings

POOL = 5000  # customers among whom look-alikes are sought; more make it slower, not better
CHUNK = 2000
YEAR = 365
LEAST_CATEGORIES = 2  # a customer of one category looks like everybody who buys it
TABLE = ["customer_id", "category", "amount", "buyers_share", "look_alikes", "because"]
ALL_KINDS = "all"


def spend_by_category(order_lines: nw.LazyFrame, products: pd.DataFrame | None, *, after: dt.date, until: dt.date) -> pd.DataFrame:
    """Return what each customer spent on each category in a window: customer_id, category (str), amount (float64, above zero).

    The finest level that stays readable is used: the subcategory when products have at most 60 of them, else the category.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    products : pandas.DataFrame or None
        Canonical `products`; without it, or for products that it lacks, there is no category and nothing is returned.
    after, until : datetime.date
        The window: days after `after`, up to and including `until`.
    """
    if products is None or products.empty:
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), "category": pd.Series(dtype="str"), "amount": pd.Series(dtype="float64")})
    known = products[["product_id"]].assign(category=products[category_level(products)].astype("str")).dropna().astype("str")
    lines = lazy(order_lines)
    start, end = (dt.datetime.combine(d, dt.time()) + dt.timedelta(days=1) for d in (after, until))
    read = lines.filter(nw.col("order_date") >= start, nw.col("order_date") < end).select("customer_id", "product_id", to_units("amount").alias("_amount"))
    sums = read.join(lift(known, read), on="product_id", how="inner").group_by("customer_id", "category").agg(nw.col("_amount").sum())
    table = to_pandas(sums.filter(nw.col("_amount") > 0).with_columns(from_units("_amount").alias("amount")).drop("_amount"))
    return table.sort_values(["customer_id", "category"], ignore_index=True)[["customer_id", "category", "amount"]]


def category_level(products: pd.DataFrame) -> str:
    """Return the column of products that is used as category.

    Examples
    --------
    >>> category_level(pd.DataFrame({"product_id": ["1", "2"], "category": ["beans"] * 2, "subcategory": ["dark roast", "decaf"]}))
    'subcategory'
    """
    fine = products["subcategory"].nunique() if "subcategory" in products else 0
    return "subcategory" if 1 < fine <= 60 or (fine and ("category" not in products or not products["category"].notna().any())) else "category"


def find_whitespace(spend: pd.DataFrame, kinds: pd.Series | None, days: int, settings: ValueSettings) -> pd.DataFrame:
    """Return the categories that look-alikes buy and a customer does not, with the money that would be usual.

    Look-alikes are the customers of the same kind whose spend is spread over categories most alike (cosine of square roots of shares). Of
    those who buy the category the middle spend counts, scaled to the customer's own size and by the share of look-alikes who buy it.

    Parameters
    ----------
    spend : pandas.DataFrame
        From `spend_by_category`.
    kinds : pandas.Series or None
        Kind (consumer, business) by customer_id.
    days : int
        Length of the window, to make a year of it.
    settings : ValueSettings
        neighbours and whitespace_share.

    Returns
    -------
    pandas.DataFrame
        customer_id, category (str), amount (float64, likely currency units a year), buyers_share (float64), look_alikes (Int64), because (str); largest
        amount of a customer first, customers sorted by id.
    """
    table = spend.pivot_table(index="customer_id", columns="category", values="amount", aggfunc="sum", fill_value=0.0).sort_index()
    kind = pd.Series(ALL_KINDS, index=table.index) if kinds is None else kinds.reindex(table.index).fillna(ALL_KINDS).astype("str")
    parts = [_for_kind(table[kind == k], days, settings) for k in sorted(kind.unique())]
    found = pd.concat(parts, ignore_index=True) if parts else _empty()
    return found.sort_values(["customer_id", "amount", "category"], ascending=[True, False, True], ignore_index=True)[TABLE]


def _empty() -> pd.DataFrame:
    kinds = {"customer_id": "str", "category": "str", "because": "str", "amount": "float64", "buyers_share": "float64", "look_alikes": "Int64"}
    return pd.DataFrame({c: pd.Series(dtype=kinds[c]) for c in TABLE})


def _for_kind(table: pd.DataFrame, days: int, settings: ValueSettings) -> pd.DataFrame:
    money = table.to_numpy(float)
    able = np.flatnonzero((money > 0).sum(axis=1) >= LEAST_CATEGORIES)
    if len(able) <= settings.neighbours:
        return _empty()
    pool = able[np.argsort(-money[able].sum(axis=1), kind="stable")][:: max(1, len(able) // POOL)][:POOL]
    alike = np.sqrt(money / money.sum(axis=1, keepdims=True))
    parts = [_suggest(table, money, alike, able[start : start + CHUNK], pool, days, settings) for start in range(0, len(able), CHUNK)]
    return pd.concat(parts, ignore_index=True)


def _suggest(table: pd.DataFrame, money: np.ndarray, alike: np.ndarray, rows: np.ndarray, pool: np.ndarray, days: int, settings: ValueSettings) -> pd.DataFrame:
    closeness = alike[rows] @ alike[pool].T
    closeness[rows[:, None] == pool[None, :]] = -1.0  # nobody is his own look-alike
    near = pool[np.argsort(-closeness, axis=1, kind="stable")[:, : settings.neighbours]]
    theirs = money[near]  # customer x look-alike x category
    buys = theirs > 0
    share = buys.mean(axis=1)
    usual = _middle_of_buyers(theirs / theirs.sum(axis=2, keepdims=True), buys)
    own = money[rows].sum(axis=1, keepdims=True)
    amount = np.where((money[rows] <= 0) & (share >= settings.whitespace_share), own * usual / (1 - np.clip(usual, 0, 0.9)) * share, 0.0) * YEAR / max(days, 1)
    at, column = np.nonzero(amount > 0)
    names = table.columns.to_numpy()[column]
    told = pd.DataFrame({"customer_id": table.index.to_numpy()[rows[at]], "category": names, "amount": amount[at, column].round(2), "buyers_share": share[at, column]})
    count = settings.neighbours
    because = [f"{round(s * count)} of {count} similar customers buy {c}, with {'under 1' if u < 0.01 else f'{u * 100:.0f}'} % of their spend" for s, c, u in zip(told["buyers_share"], names, usual[at, column], strict=True)]
    return told.assign(look_alikes=count, because=because).astype({"customer_id": "str", "category": "str", "because": "str", "look_alikes": "Int64"})


def _middle_of_buyers(shares: np.ndarray, buys: np.ndarray) -> np.ndarray:
    """Return the median over look-alikes (axis 1) of those who buy; zero where nobody does."""
    ordered = np.sort(np.where(buys, shares, np.inf), axis=1)
    count = buys.sum(axis=1)
    low, high = (np.take_along_axis(ordered, np.maximum(at, 0)[:, None, :], axis=1)[:, 0, :] for at in ((count - 1) // 2, np.minimum(count // 2, shares.shape[1] - 1)))
    return np.where(count > 0, (low + np.where(count % 2, low, high)) / 2, 0.0)


def check_whitespace(suggested: pd.DataFrame, before: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Say how often a suggestion came true in a later time, beside the naive suggestion: the most popular category not yet bought.

    Parameters
    ----------
    suggested : pandas.DataFrame
        From `find_whitespace`, made before.
    before, later : pandas.DataFrame
        From `spend_by_category`, of the two times.

    Returns
    -------
    pandas.DataFrame
        method ("look-alikes", "most popular"; str), customers, bought (Int64), hit_rate (float64), spend_per_customer (float64, money spent later on the
        category that was suggested first, currency units; both missing when nobody had a suggestion, because there is no earlier window).
    """
    first = suggested.drop_duplicates("customer_id")[["customer_id", "category"]]
    has = before.groupby("customer_id")["category"].agg(set)
    popular = before.groupby("category")["customer_id"].nunique().sort_values(ascending=False, kind="stable").index.tolist()
    naive = pd.Series([next((p for p in popular if p not in has.get(c, set())), "") for c in first["customer_id"]], index=first.index, dtype="str")
    new = later.merge(before[["customer_id", "category"]], how="left", on=["customer_id", "category"], indicator=True).query("_merge == 'left_only'")
    rows = [_hits(name, shown.merge(new, how="left", on=["customer_id", "category"])["amount"]) for name, shown in (("look-alikes", first), ("most popular", first.assign(category=naive)))]
    columns = ["method", "customers", "bought", "hit_rate", "spend_per_customer"]
    return pd.DataFrame(rows, columns=columns).astype({"method": "str", "customers": "Int64", "bought": "Int64"})


def _hits(method: str, later: pd.Series) -> tuple[str, int, int, float, float]:
    count, bought = len(later), int(later.notna().sum())
    if not count:
        return method, 0, 0, float("nan"), float("nan")
    return method, count, bought, bought / count, round(float(later.fillna(0.0).sum() / count), 2)
