"""The yardsticks of a day: what customers are compared with, and by kind where there are kinds."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.axes.population import Yardsticks, fit_population, own_parts
from helpers.axes.settings import ActivitySettings, RfmSettings


def measures_of(**columns):
    count = len(next(iter(columns.values())))
    plain = {"order_count": [2] * count, "recency_days": [10] * count, "total_spend": [50.0] * count, "tenure_days": [800] * count, "orders_12m": [1] * count, "spend_12m": [10.0] * count,
             "spend_prior_12m": [10.0] * count, "median_gap_days": [30.0] * count}  # fmt: skip
    return pd.DataFrame(plain | columns).assign(customer_id=[f"c{i}" for i in range(count)])


def yardsticks(measures, rfm=None, activity=None):
    return Yardsticks.of(fit_population(measures, rfm or RfmSettings(), activity or ActivitySettings()))


def test_cut_points_means_and_the_usual_gap_by_hand():
    told = yardsticks(measures_of(total_spend=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], median_gap_days=[10.0, 20.0, 30.0, 40.0, 50.0, None]), RfmSettings(bands=2))
    assert (told.cut("score:total_spend"), told.cut("tercile:total_spend"), told.cut("mean:total_spend")) == ([4.0], [3.0, 5.0], [3.5])
    assert told.by_kind[("gap:usual", "all")] == 30
    shares = yardsticks(measures_of(median_gap_days=[float(n) for n in range(101)]), activity=ActivitySettings(slowing_share=0.7, silent_share=0.9)).by_kind
    assert (shares[("gap:slowing", "all")], shares[("gap:silent", "all")]) == (70, 90)


def test_customers_without_a_standing_order_shape_nothing():
    buyers = measures_of(total_spend=[1.0, 2.0, 3.0])
    more = pd.concat([buyers, measures_of(order_count=[0, 0], total_spend=[0.0, -900.0], median_gap_days=[None, None])], ignore_index=True)
    pd.testing.assert_frame_equal(fit_population(more, RfmSettings(), ActivitySettings()), fit_population(buyers, RfmSettings(), ActivitySettings()))


def test_businesses_and_consumers_have_rhythms_of_their_own_and_who_is_neither_gets_that_of_all():
    told = yardsticks(measures_of(median_gap_days=[10.0, 20.0, 90.0, 110.0, None], kind=["consumer", "consumer", "business", "business", None]))
    asked = pd.Series(["consumer", "business", None, "club"], dtype="str")
    assert told.per_customer("gap:usual", asked).tolist() == [15, 100, 55, 55]
    assert told.per_customer("gap:nothing", asked).isna().all()


def test_all_alike_and_nobody_give_no_cut_points_and_no_gap():
    alike = yardsticks(measures_of(total_spend=[5.0] * 3, median_gap_days=[None] * 3))
    assert alike.cut("score:total_spend") == alike.cut("mean:total_spend") == [] and not alike.by_kind
    nobody = fit_population(measures_of(total_spend=[5.0]).head(0), RfmSettings(), ActivitySettings())
    assert nobody.empty and Yardsticks.of(nobody).cut("score:total_spend") == []


def test_categories_reach_as_far_as_the_widest_tenth_of_a_kind():
    told = yardsticks(measures_of(categories=list(range(1, 12)), kind=["consumer"] * 10 + ["business"]))
    assert told.by_kind[("categories:wide", "all")] == 10 and told.by_kind[("categories:wide", "consumer")] == pytest.approx(9.1)


@pytest.mark.parametrize(("tenure", "orders", "spend", "prior", "pace", "growth"), [
    (10, 3, 90.0, 0.0, 3.0, None),  # there for less than a month: three orders a month
    (183, 6, 90.0, 0.0, 6 / (183 / (365.25 / 12)), None), (729, 12, 90.0, 10.0, 1.0, None), (730, 12, 90.0, 10.0, 1.0, 0.8), (900, 0, 0.0, 0.0, 0.0, None), (900, 0, 0.0, 40.0, 0.0, -1.0),
])  # fmt: skip
def test_orders_per_month_and_growth_need_their_history(tenure, orders, spend, prior, pace, growth):
    parts = own_parts(measures_of(tenure_days=[tenure], orders_12m=[orders], spend_12m=[spend], spend_prior_12m=[prior]))
    assert parts["orders_per_month"].tolist() == [pytest.approx(pace)]
    assert parts["growth"].isna().all() if growth is None else parts["growth"].tolist() == [pytest.approx(growth)]


def test_row_order_of_customers_and_of_the_table_is_irrelevant(make_lines, measure):
    measures = measure(make_lines(customers=30))
    population = fit_population(measures, RfmSettings(), ActivitySettings())
    mixed = fit_population(measures.sample(frac=1, random_state=4), RfmSettings(), ActivitySettings())
    pd.testing.assert_frame_equal(mixed, population)
    assert Yardsticks.of(population.sample(frac=1, random_state=4)) == Yardsticks.of(population)
