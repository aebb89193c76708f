"""Stages about what is bought next and when, and what purchases say about a customer."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import to_pandas
from helpers.needs.category_cycles import forecast_categories
from helpers.needs.cycles import forecast_cycles
from helpers.needs.items import LEVELS, item_map, label_lines, list_basket_items, list_item_days, standing_sales
from helpers.needs.judge_cycles import add_return_probability, judge_cycles
from helpers.needs.judge_recommend import compare_methods
from helpers.needs.maps import NeedsMaps
from helpers.needs.recommend import list_purchases
from helpers.needs.recommend_final import recommend_products
from helpers.needs.scenario import bundle_by_style, describe_scenarios, find_shifts, list_affinities
from helpers.needs.settings import CyclesSettings, RecommendSettings, ShiftSettings


def product_day_counts(order_lines: nw.LazyFrame) -> nw.LazyFrame:
    """On which days each customer bought each product."""
    return list_purchases(order_lines)


def recommendation_test(product_day_counts: nw.LazyFrame, as_of: dt.date, recommend_settings: RecommendSettings) -> pd.DataFrame:
    """Ways of recommending, judged on the last weeks against popularity and "buy again"."""
    return compare_methods(to_pandas(product_day_counts), as_of=as_of, settings=recommend_settings)


def recommendations(
    product_day_counts: nw.LazyFrame, recommendation_test: pd.DataFrame, products: pd.DataFrame | None, as_of: dt.date, recommend_settings: RecommendSettings
) -> pd.DataFrame:
    """What each customer will most likely buy next, new or not, by the method that won, with reasons."""
    return recommend_products(to_pandas(product_day_counts), recommendation_test, products, target="next", as_of=as_of, settings=recommend_settings)


def cross_sell(
    product_day_counts: nw.LazyFrame, recommendation_test: pd.DataFrame, products: pd.DataFrame | None, as_of: dt.date, recommend_settings: RecommendSettings
) -> pd.DataFrame:
    """Products that each customer never bought and will most likely try, by the method that won, with reasons."""
    return recommend_products(to_pandas(product_day_counts), recommendation_test, products, target="new", as_of=as_of, settings=recommend_settings)


def order_day_counts(orders: nw.LazyFrame) -> pd.DataFrame:
    """On which days each customer placed an order that stands."""
    days = orders.filter(nw.col("net_amount") > 0).with_columns(nw.col("order_date").dt.truncate("1d"))
    return to_pandas(days.select("customer_id", "order_date").unique().sort("customer_id", "order_date"))


def category_day_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None) -> pd.DataFrame:
    """On which days each customer bought from each main product group; empty when products have no group."""
    level = _group_level(products, ("category", "subcategory"))
    items = list_item_days(to_pandas(list_basket_items(order_lines, products, level or LEVELS[0])))
    return items if level else items.iloc[:0]


def group_day_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None) -> pd.DataFrame:
    """On which days each customer bought from each finer product group; empty when products have no group."""
    level = _group_level(products, ("subcategory", "category"))
    items = list_item_days(to_pandas(list_basket_items(order_lines, products, level or LEVELS[0])))
    return items if level else items.iloc[:0]


def _group_level(products: pd.DataFrame | None, levels: tuple[str, ...]) -> str | None:
    return next((n for n in levels if products is not None and n in products and products[n].notna().any()), None)


def main_group_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None) -> pd.DataFrame:
    """The product group that stands for most of each customer's lines."""
    level = _group_level(products, ("subcategory", "category"))
    if level is None or item_map(products, level) is None:
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), "group": pd.Series(dtype="str")})
    lines = to_pandas(label_lines(order_lines, products, level).group_by("customer_id", "item").agg(nw.len().alias("lines")))
    most = lines.sort_values(["customer_id", "lines", "item"], ascending=[True, False, True]).drop_duplicates("customer_id")
    return most[["customer_id", "item"]].rename(columns={"item": "group"}).reset_index(drop=True)


def purchase_cycles(order_day_counts: pd.DataFrame, main_group_counts: pd.DataFrame, as_of: dt.date, cycles_settings: CyclesSettings) -> pd.DataFrame:
    """When each customer's next order is due, with interval, overdue flag and the chance of an order within the horizon."""
    cycles = forecast_cycles(order_day_counts, main_group_counts, as_of=as_of, settings=cycles_settings)
    return add_return_probability(cycles, order_day_counts, main_group_counts, as_of=as_of, settings=cycles_settings)


def cycle_calibration(order_day_counts: pd.DataFrame, main_group_counts: pd.DataFrame, as_of: dt.date, cycles_settings: CyclesSettings) -> pd.DataFrame:
    """Of customers predicted to be back within the horizon, how many came: by predicted chance."""
    return judge_cycles(order_day_counts, main_group_counts, as_of=as_of, settings=cycles_settings)[0]


def cycle_scores(order_day_counts: pd.DataFrame, main_group_counts: pd.DataFrame, as_of: dt.date, cycles_settings: CyclesSettings) -> pd.DataFrame:
    """The forecast beside naive forecasts on the same days."""
    return judge_cycles(order_day_counts, main_group_counts, as_of=as_of, settings=cycles_settings)[1]


def category_cycles(category_day_counts: pd.DataFrame, as_of: dt.date, cycles_settings: CyclesSettings) -> pd.DataFrame:
    """When each customer will need each product group again."""
    return forecast_categories(category_day_counts, as_of=as_of, settings=cycles_settings)


def category_affinity(group_day_counts: pd.DataFrame) -> pd.DataFrame:
    """Which product groups a customer buys more often than others do."""
    return list_affinities(group_day_counts)


def need_shift(category_day_counts: pd.DataFrame, as_of: dt.date, shift_settings: ShiftSettings) -> pd.DataFrame:
    """Whose mix of product groups has moved between the last two periods."""
    return find_shifts(category_day_counts, as_of=as_of, settings=shift_settings)


def product_line_counts(order_lines: nw.LazyFrame) -> pd.DataFrame:
    """Each customer's products with day and price."""
    lines = standing_sales(order_lines)
    price = "unit_price" if "unit_price" in lines.collect_schema().names() else None
    columns = ["customer_id", "product_id", "order_date", nw.col(price) if price else nw.lit(None, nw.Float64).alias("unit_price")]
    return to_pandas(lines.select(*columns)).sort_values(["customer_id", "order_date", "product_id", "unit_price"], ignore_index=True)


def scenario_attributes(product_line_counts: pd.DataFrame, products: pd.DataFrame, needs_maps: NeedsMaps, shift_settings: ShiftSettings) -> pd.DataFrame:
    """Budget band, style and project stage of each customer, told by what was bought."""
    return describe_scenarios(product_line_counts, products, needs_maps.stages, settings=shift_settings)


def style_bundles(product_line_counts: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Per style, what goes together: the favourite of each product group."""
    return bundle_by_style(product_line_counts, products)
