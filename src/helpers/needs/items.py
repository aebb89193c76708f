"""What counts as one item, and who bought it when: the small tables that baskets, sequences and cycles start from."""

from __future__ import annotations

import narwhals as nw
import pandas as pd

from helpers.engine import lift, to_pandas

LEVELS = ("product_id", "name", "subcategory", "category")
KNOWN_SHARE = 0.5  # of the products sold; a level that is blank for more says too little


def standing_sales(order_lines: nw.LazyFrame) -> nw.LazyFrame:
    """Return the lines that sold a known product; returns are left out, the sale they undo stays a sale."""
    known = order_lines.collect_schema().names()
    sold = order_lines.filter(~nw.col("is_return")) if "is_return" in known else order_lines.filter(nw.col("amount") >= 0)
    return sold.filter(~nw.col("product_id").is_null())


def choose_level(order_lines: nw.LazyFrame, products: pd.DataFrame | None, wanted: str, max_items: int) -> str:
    """Return the level of the product tree at which items are counted.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    products : pandas.DataFrame or None
    wanted : str
        A level, or `auto`: the finest one that has at most `max_items`; the coarsest known one when all have more.
    max_items : int

    Examples
    --------
    >>> from helpers.engine import lazy
    >>> lines = lazy(pd.DataFrame({"product_id": ["a", "b"], "is_return": [False, False]}))
    >>> choose_level(lines, None, "auto", 10), choose_level(lines, None, "auto", 1)
    ('product_id', 'product_id')
    """
    if wanted != "auto":
        return wanted
    sold = to_pandas(standing_sales(order_lines).select("product_id").unique())
    known = sold if products is None else sold.merge(products, on="product_id", how="left")
    usable = [n for n in LEVELS if n in known and known[n].notna().mean() >= KNOWN_SHARE] or ["product_id"]
    return next((n for n in usable if known[n].nunique() <= max_items), usable[-1])


def item_map(products: pd.DataFrame | None, level: str) -> pd.DataFrame | None:
    """Return which item each product is at a level (product_id, item), or None when every product is its own item."""
    if level == "product_id" or products is None or level not in products:
        return None
    return products.dropna(subset=[level])[["product_id", level]].rename(columns={level: "item"}).drop_duplicates("product_id")


def label_lines(order_lines: nw.LazyFrame, products: pd.DataFrame | None, level: str) -> nw.LazyFrame:
    """Return the standing sales with their item; products that the level does not know are left out."""
    sales = standing_sales(order_lines)
    mapped = item_map(products, level)
    if mapped is None:
        return sales.with_columns(nw.col("product_id").alias("item"))
    return sales.join(lift(mapped, sales), on="product_id", how="inner")


def list_basket_items(order_lines: nw.LazyFrame, products: pd.DataFrame | None, level: str) -> nw.LazyFrame:
    """Return each item once per order: order_id, customer_id, item (str), order_date (day). Lazy, on any engine.

    Sorted, so that neither the order of lines nor the engine shows.
    """
    labelled = label_lines(order_lines, products, level)
    once = labelled.group_by("order_id", "customer_id", "item").agg(nw.col("order_date").min())
    return once.sort("order_id", "customer_id", "item")


def list_item_days(basket_items: pd.DataFrame) -> pd.DataFrame:
    """Return on which days each customer bought each item: customer_id, item (str), order_date (day), sorted."""
    days = basket_items.assign(order_date=basket_items["order_date"].dt.normalize())[["customer_id", "item", "order_date"]]
    return days.drop_duplicates().sort_values(["customer_id", "order_date", "item"], ignore_index=True)


def item_names(items: pd.Series, products: pd.DataFrame | None, level: str) -> pd.Series:
    """Return what people call an item: the product's name when items are products, else the item itself."""
    if level != "product_id" or products is None or "name" not in products:
        return items.astype("str")
    named = products.drop_duplicates("product_id").set_index("product_id")["name"]
    return items.map(named).fillna(items).astype("str")
