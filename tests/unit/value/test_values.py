"""Customer values: nobody left out silently, margins, retention, formula, cost to serve, whitespace."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from test_holdout import lines_of

from helpers.show.plots_value import say_total
from helpers.value.clv import add_margins, discounted_purchases, formula_value, measure_retention, sum_money
from helpers.value.fitting import FittedModel
from helpers.value.potential import count_referrals, measure_growth
from helpers.value.predictive import expected_purchases
from helpers.value.purchase_stages import (
    btyd_splits,
    btyd_summary,
    holdout_accuracy,
    holdout_plan,
    holdout_predictions,
    interval_levels,
    model_choice,
    model_fits,
    purchase_outcomes,
    retention_rates,
)
from helpers.value.serving import measure_cost_to_serve, price_list
from helpers.value.settings import CostToServeSettings, PurchaseModelSettings, ValueSettings
from helpers.value.units import Discount, Horizon
from helpers.value.value_stages import customer_values
from helpers.value.values import NO_MODEL, NO_PURCHASE, reprice
from helpers.value.whitespace import check_whitespace, find_whitespace, spend_by_category

AS_OF = dt.date(2025, 6, 29)
QUICK = PurchaseModelSettings(models=["mbg_nbd", "nbd"])


def chain(lines: pd.DataFrame, settings: PurchaseModelSettings = QUICK, as_of: dt.date = AS_OF) -> dict[str, pd.DataFrame]:
    """The stages of a run, one after the other, without a run."""
    made: dict[str, pd.DataFrame] = {"plan": holdout_plan(lines, as_of, settings)}
    made["splits"] = btyd_splits(lines, made["plan"], None, settings)
    made["summary"], made["outcomes"] = btyd_summary(made["splits"]), purchase_outcomes(lines, made["plan"], settings)
    made["fits"] = model_fits(made["splits"], made["plan"], settings)
    made["predictions"] = holdout_predictions(made["splits"], made["outcomes"], made["fits"], made["plan"], settings)
    made["choice"] = model_choice(holdout_accuracy(made["predictions"]), made["predictions"])
    made["intervals"] = interval_levels(made["splits"], made["outcomes"], made["fits"], made["plan"], made["choice"], settings)
    made["retention"] = retention_rates(made["splits"], made["outcomes"], made["fits"], made["plan"])
    made["values"] = customer_values(lines, made["summary"], made["outcomes"], made["fits"], made["choice"], made["intervals"], made["retention"], made["plan"], as_of, settings)
    return made


@pytest.fixture(scope="module")
def world() -> dict[str, pd.DataFrame]:
    lines = lines_of()
    back = pd.DataFrame({"order_id": ["b1", "b2"], "customer_id": "returned", "order_date": pd.to_datetime(["2025-01-02", "2025-01-03"]), "amount": [40.0, -40.0], "return_of": [None, "b1"]})
    return chain(pd.concat([lines, back.astype({"return_of": "str"})], ignore_index=True)) | {"lines": lines}


def test_every_customer_is_in_the_table_and_a_missing_prediction_is_no_zero(world):
    values = world["values"].set_index("customer_id")
    assert len(values) == world["lines"]["customer_id"].nunique() + 1
    gone = values.loc["returned"]
    assert not gone["predicted"] and gone["method"] == NO_PURCHASE and np.isnan(gone["expected_value"]) and np.isnan(gone["expected_purchases"])
    others = values.drop("returned")
    assert others["predicted"].all() and others["expected_value"].notna().all() and (others["expected_value"] >= 0).all()
    assert (others["expected_value_low"] <= others["expected_value_high"]).all()
    said = say_total(world["values"], "EUR")
    assert "1 of them has no prediction and is not in the sum" in said and f"{len(values):,} customers" in said


def test_historic_value_is_revenue_where_no_costs_are_known_and_says_so(world):
    values = world["values"]
    assert set(values["value_basis"]) == {"revenue, no costs known"}
    assert values["historic_value"].sum() == pytest.approx(world["lines"]["amount"].sum(), abs=0.01)


def test_too_few_customers_give_no_forecast_but_a_table():
    lines = lines_of(customers=4)
    values = chain(lines)["values"]
    assert len(values) == lines["customer_id"].nunique() and not values["predicted"].any() and set(values["method"]) == {NO_MODEL}
    assert say_total(values, "EUR").startswith("Not measured: none of ") and "at least 10 are needed" in say_total(values, "EUR")


def test_one_day_of_history_and_nobody():
    day = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["a", "b"], "order_date": pd.to_datetime(["2025-06-29"] * 2), "amount": [5.0, 7.0], "return_of": pd.Series([None, None], dtype="str")})
    values = chain(day)["values"]
    assert values["historic_value"].tolist() == [5.0, 7.0] and not values["predicted"].any()
    assert chain(day.head(0))["values"].empty


def test_row_order_and_lines_after_the_day_change_no_byte(world):
    lines = lines_of()
    later = lines[lines["order_date"] > "2025-05-01"].assign(order_date=pd.Timestamp("2025-07-05"), order_id=lambda f: "z" + f["order_id"], amount=1e6)
    first, second = chain(lines), chain(pd.concat([lines.sample(frac=1, random_state=4), later]))
    for name in ("values", "fits", "predictions", "intervals"):
        pd.testing.assert_frame_equal(first[name], second[name], check_exact=True)


def test_a_short_history_predicts_without_a_judge_and_says_so():
    lines = lines_of(customers=600).query("order_date < '2023-07-21'")
    made = chain(lines, as_of=dt.date(2023, 7, 20))
    assert made["choice"].empty and made["plan"]["split"].tolist() == ["now"]
    values = made["values"]
    assert values["predicted"].all() and values["note"].str.contains("not judged").all() and values["formula_value"].isna().all()
    assert not made["intervals"]["learnt"].any()


def test_another_horizon_and_discount_move_value_as_they_must(world):
    values, fits = world["values"], world["fits"][world["fits"]["split"] == "now"]
    same = reprice(values, world["summary"], fits, months=12, discount_percent=10)
    assert same["expected_value"].to_numpy() == pytest.approx(values["expected_value"].to_numpy(), rel=1e-5, abs=1e-3, nan_ok=True)
    half, double, undiscounted = (reprice(values, world["summary"], fits, months=m, discount_percent=d)["expected_value"].sum() for m, d in ((6, 10), (24, 10), (12, 0)))
    assert half < same["expected_value"].sum() < double and undiscounted > same["expected_value"].sum()


# --- money ------------------------------------------------------------------------------------------------------------


def test_discounting_by_hand():
    model = FittedModel("nbd", (2.0, 4.0), "week")
    one = pd.DataFrame({"frequency": [2], "recency": [3.0], "T": [4.0], "unit": "week", "observed_until": pd.Timestamp("2025-06-30")})
    month = expected_purchases(model, one, Horizon.of(1, "month"))[0]
    assert discounted_purchases(model, one, 2, Discount.a_year(0.21))[0] == pytest.approx(month * (1.21 ** (-1 / 12) + 1.21 ** (-2 / 12)))
    assert discounted_purchases(model, one, 12, Discount.a_year(0.0))[0] == pytest.approx(expected_purchases(model, one, Horizon.of(12, "month"))[0])


def test_margins_own_company_assumed_or_none():
    money = pd.DataFrame({"customer_id": ["a", "b", "c"], "revenue": [100.0, 50.0, 50.0], "cost": [40.0, 40.0, 0.0], "costed": [100.0, 50.0, 0.0]})
    told = add_margins(money, pd.Series([5.0, 1.0, 4.0]), PurchaseModelSettings())
    company = 1 - 80 / 150
    assert told["margin_rate"].tolist() == pytest.approx([0.6, company, company], abs=1e-6)
    assert told["value_basis"].tolist() == ["contribution, own costs", "contribution, company margin", "contribution, company margin"]
    assert told["historic_value"].tolist() == pytest.approx([60, 10, 50 * company], abs=1e-3)
    bare = money.assign(cost=0.0, costed=0.0)
    assert set(add_margins(bare, pd.Series([5.0] * 3), PurchaseModelSettings())["value_basis"]) == {"revenue, no costs known"}
    assumed = add_margins(bare, pd.Series([5.0] * 3), PurchaseModelSettings(assumed_margin_percent=30))
    assert assumed["historic_value"].tolist() == [30, 15, 15] and set(assumed["value_basis"]) == {"contribution, assumed margin"}


def test_money_is_net_of_returns_and_blind_to_later_lines():
    lines = pd.DataFrame({"customer_id": ["a", "a", "b"], "order_date": pd.to_datetime(["2025-01-01", "2025-01-05", "2025-07-01"]), "amount": [10.0, -4.0, 99.0], "cost": [6.0, -2.0, 1.0]})
    assert sum_money(lines, until=AS_OF).values.tolist() == [["a", 6.0, 4.0, 6.0]]
    assert sum_money(lines.drop(columns="cost"), until=AS_OF).values.tolist() == [["a", 6.0, 0.0, 0.0]]


def test_retention_and_formula_by_hand():
    known = pd.DataFrame({"frequency": [0, 0, 5, 5, 5], "before_purchases": [1, 1, 2, 2, 0], "purchases": [0, 1, 3, 1, 7]})
    table = measure_retention(known, 182).set_index("frequency_class")
    assert table.loc["0", "retention"] == 0.5 and table.loc["0", "retention_a_year"] == pytest.approx(0.5 ** (365 / 182), abs=1e-6)
    assert table.loc["all", "customers"] == 4  # the fifth was not active before
    assert formula_value(pd.Series([100.0]), pd.Series([0.75]), Discount.a_year(0.1)).item() == pytest.approx(100 * 0.75 / 0.35)
    assert formula_value(pd.Series([100.0]), pd.Series([1.0]), Discount.a_year(0.0)).item() == pytest.approx(100 * 0.98 / 0.02)
    assert measure_retention(known.head(0), 0).empty


# --- cost to serve ----------------------------------------------------------------------------------------------------


def serve(**tables: pd.DataFrame | None) -> pd.DataFrame:
    values = pd.DataFrame({"customer_id": ["a", "b"], "historic_value": [100.0, 20.0]})
    given = dict.fromkeys(("costs", "interactions", "tickets", "touches")) | tables
    return measure_cost_to_serve(values, pd.Series({"a": 3}), settings=CostToServeSettings(), **given).set_index("customer_id")


COSTS = pd.DataFrame({"play": ["visit", "ticket", "complaint", "order", "working_hour"], "unit_cost": [10.0, 1.0, 5.0, 2.0, 20.0], "hours": [0.5, 0.0, 0.0, 0.0, None]})
TALKS = pd.DataFrame({"customer_id": ["a", "a", "zzz"], "kind": ["visit", "visit", "visit"]})
ASKED = pd.DataFrame({"customer_id": ["b", "b"], "is_complaint": pd.array([True, None], dtype="boolean")})


def test_cost_to_serve_by_hand():
    told = serve(costs=COSTS, interactions=TALKS, tickets=ASKED, touches=pd.DataFrame({"customer_id": ["a"], "cost": [0.5]}))
    assert told.loc["a", ["contacts", "contact_cost", "order_cost", "touch_cost", "cost_to_serve", "net_contribution"]].tolist() == [2, 40.0, 6.0, 0.5, 46.5, 53.5]
    assert told.loc["b", ["tickets", "ticket_cost", "cost_to_serve", "net_contribution"]].tolist() == [2, 6.0, 6.0, 14.0]
    assert set(told["basis"]) == {"table costs"}


def test_defaults_are_flagged_and_missing_records_are_missing():
    assert set(serve(interactions=TALKS)["basis"]) == {"default rates"} and serve(interactions=TALKS).loc["a", "contact_cost"] == 2 * 3.0 * 40
    called = pd.DataFrame({"customer_id": ["a"], "kind": ["call"]})
    assert set(serve(costs=COSTS, interactions=called)["basis"]) == {"table costs, some defaults"}
    bare = serve(costs=COSTS)
    assert bare["cost_to_serve"].isna().all() and bare["net_contribution"].isna().all() and bare["basis"].str.startswith("not measured").all()
    assert serve(costs=COSTS, tickets=ASKED)["contact_cost"].isna().all()


def test_names_of_contacts_are_matched_loosely():
    prices, hour, assumed = price_list(pd.DataFrame({"play": [" Phone_Call "], "unit_cost": [1.0], "hours": [1.0]}), CostToServeSettings(hour_cost=10))
    assert prices.at["call", "full_cost"] == 11 and hour == 10 and assumed


# --- potential --------------------------------------------------------------------------------------------------------


def shop(customers: int = 60) -> pd.DataFrame:
    """Two kinds of baskets; the first customer of each kind lacks one category that all others of its kind buy."""
    rows = []
    for n in range(customers):
        for category, amount in (("beans", 60), ("milk", 30), ("cups", 10)) if n % 2 else (("machines", 50), ("filters", 40), ("care", 10)):
            if n > 1 or category not in ("cups", "care"):
                rows.append((f"{n:03d}", category, float(amount + n % 5)))
    return pd.DataFrame(rows, columns=["customer_id", "category", "amount"])


def test_look_alikes_name_the_missing_category_and_its_money():
    told = find_whitespace(shop(), None, 365, ValueSettings(neighbours=10))
    first = told.drop_duplicates("customer_id").set_index("customer_id")
    assert first.loc["000", "category"] == "care" and first.loc["001", "category"] == "cups"
    assert first.loc["001", "buyers_share"] == 1 and first.loc["001", "because"].startswith("10 of 10 similar customers buy cups")
    assert first.loc["001", "amount"] == pytest.approx(92 * 0.11 / 0.89, rel=0.15)
    assert set(told["customer_id"]) == {"000", "001"}


def test_whitespace_stays_within_a_kind_and_needs_company():
    kinds = pd.Series({f"{n:03d}": "business" if n < 4 else "consumer" for n in range(60)})
    assert "000" not in set(find_whitespace(shop(), kinds, 365, ValueSettings(neighbours=10))["customer_id"])  # four businesses are too few
    assert find_whitespace(shop(4), None, 365, ValueSettings()).empty and find_whitespace(shop().head(0), None, 365, ValueSettings()).empty


def test_row_order_changes_no_suggestion():
    table = shop()
    pd.testing.assert_frame_equal(find_whitespace(table, None, 365, ValueSettings()), find_whitespace(table.sample(frac=1, random_state=1), None, 365, ValueSettings()))


def test_suggestions_are_judged_beside_the_most_popular():
    before = shop()
    suggested = find_whitespace(before, None, 365, ValueSettings(neighbours=10))
    later = pd.DataFrame({"customer_id": ["000", "001"], "category": ["care", "beans"], "amount": [12.0, 50.0]})
    told = check_whitespace(suggested, before, later).set_index("method")
    assert told.loc["look-alikes", ["customers", "bought", "spend_per_customer"]].tolist() == [2, 1, 6.0]
    assert told.loc["most popular", "bought"] == 0


def test_categories_without_products_are_not_measured():
    lines = lines_of().assign(product_id="p")
    assert spend_by_category(lines, None, after=dt.date(2024, 1, 1), until=AS_OF).empty
    products = pd.DataFrame({"product_id": ["p"], "category": ["all"], "subcategory": pd.Series([None], dtype="str")})
    table = spend_by_category(lines, products, after=dt.date(2024, 6, 29), until=AS_OF)
    wanted = lines[(lines["order_date"] > "2024-06-29") & (lines["order_date"] <= "2025-06-29")]["amount"].sum()
    assert set(table["category"]) == {"all"} and table["amount"].sum() == pytest.approx(wanted, abs=0.01)


def test_growth_by_hand():
    lines = pd.DataFrame({"customer_id": ["a", "a", "b", "c", "d"], "order_date": pd.to_datetime(["2024-01-01", "2025-01-01", "2025-01-01", "2024-01-01", "2020-01-01"]), "amount": [10.0, 30.0, 5.0, 8.0, 9.0]})
    first = pd.Series(pd.to_datetime(["2023-01-01", "2024-12-01", "2023-01-01", "2020-01-01"]), index=["a", "b", "c", "d"])
    told = measure_growth(lines, first, as_of=AS_OF, window_days=365)
    assert told["a"] == 0.5 and told["c"] == -1 and np.isnan(told["b"]) and np.isnan(told["d"])


def test_referrals_count_customers_and_what_they_brought():
    customers = pd.DataFrame({"customer_id": ["a", "b", "c"], "referred_by": ["c", "c", None]})
    values = pd.DataFrame({"customer_id": ["a", "b", "c"], "historic_value": [5.0, 7.0, 1.0]})
    assert count_referrals(customers, values).loc["c"].tolist() == [2, 12.0]
    assert count_referrals(customers.assign(referred_by=None), values) is None and count_referrals(None, values) is None


def test_without_an_earlier_window_whitespace_is_not_judged_zero():
    nothing = pd.DataFrame({"customer_id": pd.Series(dtype="str"), "category": pd.Series(dtype="str"), "amount": pd.Series(dtype="float64")})
    for later in (pd.DataFrame({"customer_id": ["a"], "category": ["tea"], "amount": [5.0]}), nothing):  # the second: products without categories
        told = check_whitespace(nothing, nothing, later)
        assert told["customers"].tolist() == [0, 0] and told[["hit_rate", "spend_per_customer"]].isna().all(axis=None)
