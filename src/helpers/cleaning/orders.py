"""Returns find the order they belong to; orders are built from lines; the money adds up exactly."""

from __future__ import annotations

import narwhals as nw

from helpers.engine import from_units, to_units


def match_returns(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Name, for each return, the order that it gives money back for.

    A reference in the source comes first, when that customer has such an order. Otherwise it is the latest earlier or same-day
    order in which the customer bought at least as many of the product; what was returned before counts, so that no more comes back
    than was sold. A return on an order that also sells needs no match, and one that fits nowhere stays without.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        Canonical order lines.

    Returns
    -------
    narwhals.LazyFrame
        The same rows and columns; `return_of` (str) holds the matched order or null.

    Notes
    -----
    Features F05 and F10 (returns rule), anchors.md section 2, "explicit returns policy".
    """
    columns = lines.collect_schema().names()
    sales = lines.filter(~nw.col("is_return"))
    sellers = sales.select(nw.col("order_id").alias("_seller"), "customer_id").unique()
    returns = lines.filter(nw.col("is_return")).with_row_index("_return", order_by=columns)  # line numbers may be missing or stand twice
    cited = returns.filter(~nw.col("return_of").is_null()).join(
        sellers, left_on=["return_of", "customer_id"], right_on=["_seller", "customer_id"], how="semi"
    )
    cited = cited.select("_return", nw.col("return_of").alias("_match"))
    open_returns = returns.join(cited, on="_return", how="anti")
    open_returns = open_returns.join(sellers, left_on=["order_id", "customer_id"], right_on=["_seller", "customer_id"], how="anti")
    matches = nw.concat([cited, _latest_sale(open_returns, sales)], how="vertical")
    matched = returns.drop("return_of").join(matches, on="_return", how="left").with_columns(nw.col("_match").alias("return_of"))
    return nw.concat([sales.with_columns(nw.lit(None, nw.String).alias("return_of")).select(*columns), matched.select(*columns)], how="vertical")


def _latest_sale(returns: nw.LazyFrame, sales: nw.LazyFrame) -> nw.LazyFrame:
    sold = sales.filter(nw.col("quantity") > 0).group_by("customer_id", "product_id", nw.col("order_id").alias("_match"))
    sold = sold.agg(nw.col("quantity").sum().alias("_sold"), nw.col("order_date").min().alias("_sold_on"))
    wanted = returns.filter(nw.col("quantity") < 0)
    wanted = wanted.select("_return", "order_id", "customer_id", "product_id", "order_date", (-nw.col("quantity")).alias("_back"))
    fits = wanted.join(sold, on=["customer_id", "product_id"], how="inner")
    fits = fits.filter((nw.col("_sold_on") <= nw.col("order_date")) & (nw.col("_back") <= nw.col("_sold")))
    latest = fits.group_by("_return").agg(nw.col("_sold_on").max().alias("_sold_on"))
    latest = fits.join(latest, on=["_return", "_sold_on"], how="inner").group_by("_return").agg(nw.col("_match").max().alias("_match"))
    chosen = fits.join(latest, on=["_return", "_match"], how="inner")
    so_far = nw.col("_back").cum_sum().over("customer_id", "product_id", "_match", order_by=["order_date", "order_id", "_return"])
    found = chosen.with_columns(so_far.alias("_so_far")).filter(nw.col("_so_far") <= nw.col("_sold"))
    return found.select("_return", "_match")


def build_orders(lines: nw.LazyFrame) -> nw.LazyFrame:
    """Return one row per order; a matched return reduces the order it belongs to.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        Order lines with `return_of` from `match_returns`.

    Returns
    -------
    narwhals.LazyFrame
        Table `orders`: net_amount = gross_amount + returned_amount; the sum of net_amount equals the sum of the lines'
        amounts exactly. `status` is "return" for money given back that no order could be found for. `order_date` is the
        day of the sale. Sorted by order_id, customer_id.
    """
    own = nw.coalesce(nw.col("return_of"), nw.col("order_id")).alias("_order")
    sale_day = nw.when(~nw.col("is_return")).then(nw.col("order_date")).alias("_sale_day")
    money = lines.with_columns(own, sale_day, to_units("amount").alias("_net"), to_units("cost").alias("_cost"), to_units("discount").alias("_discount"))
    money = money.with_columns(
        nw.when(nw.col("is_return")).then(nw.col("_net")).otherwise(nw.lit(0.0)).alias("_back"),
        nw.when(nw.col("is_return")).then(nw.lit(0)).otherwise(nw.lit(1)).cast(nw.Int64).alias("_sale"),
    )
    grouped = money.group_by(nw.col("_order").alias("order_id"), "customer_id").agg(
        nw.col("_sale_day").min(), nw.col("order_date").min().alias("_first_day"), nw.col("_net").sum(), nw.col("_back").sum(),
        nw.col("_cost").sum(), nw.col("_cost").count().alias("_costed"), nw.col("_discount").sum(), nw.col("_discount").count().alias("_discounted"),
        nw.col("_sale").sum(), nw.col("channel").min(), nw.len().alias("line_count"),
    )  # fmt: skip
    return grouped.select(
        "order_id",
        "customer_id",
        nw.coalesce(nw.col("_sale_day"), nw.col("_first_day")).alias("order_date"),
        from_units("_net").alias("net_amount"),
        from_units(nw.col("_net") - nw.col("_back")).alias("gross_amount"),
        from_units("_back").alias("returned_amount"),
        nw.when(nw.col("_discounted") > 0).then(from_units("_discount")).alias("discount_amount"),
        nw.when(nw.col("_costed") > 0).then(from_units("_cost")).alias("cost_amount"),
        nw.col("line_count").cast(nw.Int64),
        "channel",
        nw.when(nw.col("_sale") > 0).then(nw.lit("sale")).otherwise(nw.lit("return")).alias("status"),
    ).sort("order_id", "customer_id")
