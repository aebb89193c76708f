"""Stages of customer value: worth, cost to serve, potential, strategic part, and the score of all three."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import to_pandas
from helpers.value.clv import add_margins, sum_money
from helpers.value.composite import score_parts, score_values
from helpers.value.potential import count_referrals, measure_growth, rate_criteria, score_potential, score_strategic
from helpers.value.ranking import compare_ranks, measure_stability
from helpers.value.resources import rank_resources
from helpers.value.serving import measure_cost_to_serve
from helpers.value.settings import CostToServeSettings, PurchaseModelSettings, ValueSettings
from helpers.value.values import value_customers
from helpers.value.whitespace import LEAST_CATEGORIES, check_whitespace, find_whitespace, spend_by_category


def customer_values(
    order_lines: nw.LazyFrame, btyd_summary: pd.DataFrame, purchase_outcomes: pd.DataFrame, model_fits: pd.DataFrame, model_choice: pd.DataFrame, interval_levels: pd.DataFrame,
    retention_rates: pd.DataFrame, holdout_plan: pd.DataFrame, as_of: dt.date, purchase_model_settings: PurchaseModelSettings,
) -> pd.DataFrame:  # fmt: skip
    """What every customer brought and is expected to bring in the next months, with an interval."""
    money = sum_money(order_lines, until=as_of)
    days = (btyd_summary.set_index("customer_id")["frequency"] + 1).reindex(money["customer_id"]).fillna(0).to_numpy(dtype="float64")
    chosen = str(model_choice["model"].iloc[0]) if len(model_choice) else ""
    history = int(holdout_plan.loc[holdout_plan["split"] == "now", "days_fitted"].sum())
    return value_customers(
        add_margins(money, pd.Series(days, index=money.index), purchase_model_settings), btyd_summary, model_fits[model_fits["split"] == "now"], chosen, interval_levels,
        purchase_outcomes[purchase_outcomes["split"] == "now"], retention_rates, history, purchase_model_settings,
    )  # fmt: skip


def cost_to_serve(
    orders: nw.LazyFrame, customer_values: pd.DataFrame, costs: pd.DataFrame | None, interactions: pd.DataFrame | None, tickets: pd.DataFrame | None, touches: pd.DataFrame | None,
    cost_to_serve_settings: CostToServeSettings,
) -> pd.DataFrame:  # fmt: skip
    """What contacts, tickets, orders and messages cost, and the contribution that is left."""
    counts = to_pandas(orders.filter(nw.col("status") == "sale").group_by("customer_id").agg(nw.len().alias("orders"))).set_index("customer_id")["orders"]
    return measure_cost_to_serve(customer_values, counts, costs=costs, interactions=interactions, tickets=tickets, touches=touches, settings=cost_to_serve_settings)


def category_spend(order_lines: nw.LazyFrame, products: pd.DataFrame, as_of: dt.date, value_settings: ValueSettings) -> pd.DataFrame:
    """What each customer spent on each category in the last window and in the one before."""
    width = dt.timedelta(days=value_settings.window_days)
    parts = [spend_by_category(order_lines, products, after=until - width, until=until).assign(window=name) for name, until in (("before", as_of - width), ("last", as_of))]
    return pd.concat(parts, ignore_index=True).astype({"window": "str"})


def whitespace(category_spend: pd.DataFrame, customers: pd.DataFrame | None, value_settings: ValueSettings) -> pd.DataFrame:
    """Categories that similar customers buy and a customer does not, in likely money a year."""
    last = category_spend[category_spend["window"] == "last"]
    return find_whitespace(last, _kinds(customers), value_settings.window_days, value_settings)


def whitespace_check(category_spend: pd.DataFrame, customers: pd.DataFrame | None, value_settings: ValueSettings) -> pd.DataFrame:
    """How often whitespace came true: suggestions of one window, judged by the next, beside the most popular category."""
    before, last = (category_spend[category_spend["window"] == w] for w in ("before", "last"))
    return check_whitespace(find_whitespace(before, _kinds(customers), value_settings.window_days, value_settings), before, last)


def _kinds(customers: pd.DataFrame | None) -> pd.Series | None:
    return None if customers is None or not customers["kind"].notna().any() else customers.set_index("customer_id")["kind"]


def potential_scores(
    order_lines: nw.LazyFrame, customer_values: pd.DataFrame, btyd_summary: pd.DataFrame, category_spend: pd.DataFrame | None, whitespace: pd.DataFrame | None, customers: pd.DataFrame | None,
    current_ratings: pd.DataFrame | None, as_of: dt.date, value_settings: ValueSettings,
) -> pd.DataFrame:  # fmt: skip
    """What customers may bring beyond today: forecast, growth, whitespace, referrals, ratings."""
    growth = measure_growth(order_lines, btyd_summary.set_index("customer_id")["first_purchase_on"], as_of=as_of, window_days=value_settings.window_days)
    return score_potential(
        customer_values, growth, _room(category_spend, whitespace), count_referrals(customers, customer_values), rate_criteria(current_ratings, value_settings.potential_criteria), value_settings,
    )  # fmt: skip


def _room(category_spend: pd.DataFrame | None, whitespace: pd.DataFrame | None) -> pd.Series | None:
    """Return likely money a year per customer who could be compared with others; zero where nothing is lacking."""
    if category_spend is None or whitespace is None or category_spend.empty:
        return None
    width = category_spend[category_spend["window"] == "last"].groupby("customer_id").size()
    compared = width.index[width >= LEAST_CATEGORIES]
    return whitespace.groupby("customer_id")["amount"].sum().reindex(compared).fillna(0.0) if len(compared) else None


def strategic_scores(current_ratings: pd.DataFrame, value_settings: ValueSettings) -> pd.DataFrame:
    """What customers mean to us by anchored ratings that have not expired."""
    return score_strategic(current_ratings, value_settings)


def value_parts(customer_values: pd.DataFrame, cost_to_serve: pd.DataFrame, potential_scores: pd.DataFrame, strategic_scores: pd.DataFrame | None, value_settings: ValueSettings) -> pd.DataFrame:
    """The three parts of the value score side by side."""
    judged = score_strategic(None, value_settings) if strategic_scores is None else strategic_scores
    return score_parts(customer_values, cost_to_serve.set_index("customer_id")["net_contribution"], potential_scores, judged)


def value_scores(value_parts: pd.DataFrame, value_settings: ValueSettings) -> pd.DataFrame:
    """Every customer's value from 0 to 100 with its parts, the evidence behind it, its rank under other weights, and the core list."""
    return score_values(value_parts, value_settings)


def core_customers(value_scores: pd.DataFrame, customer_values: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """The core customers in order, with owner and reason."""
    core = value_scores[value_scores["is_core"]].sort_values("core_rank")
    owner = None if customers is None else customers.set_index("customer_id")["owner_id"]
    shown = core.merge(customer_values[["customer_id", "historic_value", "expected_value", "expected_value_low", "expected_value_high"]], on="customer_id", how="left")
    shown["owner_id"] = pd.Series(None, index=shown.index, dtype="str") if owner is None else owner.reindex(shown["customer_id"]).to_numpy()
    columns = ["core_rank", "customer_id", "owner_id", "value_score", "historic_points", "potential_points", "strategic_points", "score_low", "score_high", "weight_measured", "not_measured", "historic_value",
               "expected_value", "expected_value_low", "expected_value_high", "rank_best", "rank_worst", "reason"]  # fmt: skip
    return shown.astype({"owner_id": "str"})[columns].reset_index(drop=True)


def value_stability(value_parts: pd.DataFrame, value_settings: ValueSettings) -> pd.DataFrame:
    """Whether ranks and core list hold when the weights move."""
    return measure_stability(value_parts, value_settings)


def value_agreement(value_scores: pd.DataFrame, customer_values: pd.DataFrame) -> pd.DataFrame:
    """Whether simpler orders, such as revenue, name the same core customers."""
    by = customer_values.set_index("customer_id")
    return compare_ranks(value_scores, {"revenue": by["revenue"], "historic value": by["historic_value"], "last year's value": by["last_year_value"], "expected value": by["expected_value"]})


def resource_values(need_match: pd.DataFrame, customer_values: pd.DataFrame) -> pd.DataFrame:
    """Where effort pays: how well we answer a customer's needs times what the customer is expected to bring."""
    return rank_resources(need_match, customer_values)
