"""Is "lapsed" true? Judged by the next quarter, and by the truth where it is known: by hand, with fair sentences."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd
import pytest
from scipy.stats import binomtest

from helpers.axes.derive import AxisSettings
from helpers.axes.settings import ActivitySettings, RfmSettings
from helpers.lifecycle.delays import judge_departures
from helpers.lifecycle.lapses import judge_lapses, lapse_rules, matthews, say_lapses, wilson

DAY = dt.date(2025, 3, 31)


@pytest.mark.parametrize(("hits", "of"), [(0, 30), (8, 10), (30, 30), (1, 1), (400, 1000)])
def test_wilson_is_that_of_scipy(hits, of):
    known = binomtest(hits, of).proportion_ci(method="wilson")
    assert wilson(hits, of) == pytest.approx((known.low, known.high), abs=1e-12)
    assert wilson(0, 0) == (0, 1)


def test_matthews_is_the_correlation_of_two_flags():
    flag, gone = pd.Series([1, 1, 1, 0, 0, 0, 0]), pd.Series([1, 1, 0, 1, 0, 0, 0])
    assert matthews(2, 3, 3, 7) == pytest.approx(flag.corr(gone)) and matthews(3, 3, 3, 7) == 1 and matthews(0, 3, 4, 7) == pytest.approx(-1)
    assert matthews(5, 10, 5, 10) is None and matthews(0, 0, 5, 10) is None and matthews(3, 3, 10, 10) is None


def measures_of(recency, gap=30.0):
    count = len(recency)
    return pd.DataFrame({
        "customer_id": [f"c{i}" for i in range(count)], "order_count": pd.array([5] * count, "Int64"), "purchase_days": pd.array([5] * count, "Int64"), "recency_days": pd.array(recency, "Int64"),
        "median_gap_days": gap, "longest_gap_days": gap, "total_spend": 10.0, "tenure_days": pd.array([400] * count, "Int64"), "orders_12m": pd.array([5] * count, "Int64"), "spend_12m": 10.0, "spend_prior_12m": 10.0,
        "last_order_date": [pd.Timestamp(DAY) - pd.Timedelta(days=d) for d in recency],
    })  # fmt: skip


def test_the_verdict_by_hand():
    # silent beyond 75 days by own rhythm, 90 and 182 by months; c5 to c7 stay away
    told = judge_lapses(measures_of([5, 20, 80, 95, 10, 76, 200, 30]), {"c0": 1, "c1": 2, "c2": 1, "c3": 1, "c4": 1, "c7": 0}, ActivitySettings(), RfmSettings(), as_of=DAY).set_index("rule")
    own = told.loc["own rhythm (in use)"]
    assert own[["customers", "flagged", "stayed_away"]].tolist() == [8, 4, 3] and own[["precision", "recall", "base_rate", "flagged_share"]].tolist() == [0.5, 2 / 3, 3 / 8, 0.5]
    assert own["lift"] == 0.5 / 0.375 and own["agreement"] == pytest.approx((2 * 8 - 4 * 3) / math.sqrt(4 * 4 * 3 * 5)) and (own["precision_low"], own["precision_high"]) == wilson(2, 4)
    assert told.loc["3 months", ["flagged", "precision", "recall"]].tolist() == [2, 0.5, 1 / 3] and told.loc["6 months", ["flagged", "precision"]].tolist() == [1, 1]
    assert list(told.index) == ["own rhythm (in use)", "gaps of all customers", "3 months", "6 months"] and told["in_use"].tolist() == [True, False, False, False]


def test_customers_without_orders_are_not_judged_and_a_rule_that_flags_nobody_has_no_precision():
    measures = measures_of([5, 20]).assign(order_count=pd.array([5, 0], "Int64"))
    told = judge_lapses(measures, {}, ActivitySettings(), RfmSettings(), as_of=DAY)
    assert told["customers"].eq(1).all() and told["flagged"].eq(0).all() and told[["precision", "precision_low", "lift", "agreement"]].isna().all(axis=None)
    assert "do not allow a verdict" in say_lapses(told) and "do not allow a verdict" in say_lapses(judge_lapses(measures.head(0), {}, ActivitySettings(), RfmSettings(), as_of=DAY))


@pytest.mark.parametrize(("settings", "names"), [
    (ActivitySettings(), ["own rhythm (in use)", "gaps of all customers", "3 months", "6 months"]), (ActivitySettings(method="population"), ["gaps of all customers (in use)", "own rhythm", "3 months", "6 months"]),
    (ActivitySettings(preset="general_6m"), ["6 months (in use)", "own rhythm", "gaps of all customers", "3 months"]),
    (ActivitySettings(method="months", silent_months=9), ["9 months (in use)", "own rhythm", "gaps of all customers", "3 months", "6 months"]),
])  # fmt: skip
def test_the_rule_in_use_stands_first_and_is_not_compared_with_itself(settings, names):
    assert list(lapse_rules(settings)) == names


def rules(**agreement):
    plain = {"in_use": False, "flagged": 50, "precision": 0.8, "recall": 0.6, "base_rate": 0.5}
    rows = [plain | {"rule": "own rhythm (in use)", "in_use": True, "agreement": agreement.pop("used")}] + [plain | {"rule": n.replace("_", " "), "agreement": a, "recall": 0.7} for n, a in agreement.items()]
    return pd.DataFrame(rows).astype({"in_use": "boolean", "flagged": "Int64"})


def test_the_sentence_does_not_spare_the_rule_in_use():
    head = "Of 50 customers called lapsed a quarter ago, 80 % stayed away (of all, 50 %); that found 60 % of all who did"
    assert say_lapses(rules(used=0.5, three=0.4)) == f"{head}, and no other rule did clearly better."
    assert say_lapses(rules(used=0.5, three=0.51, six=None)) == f"{head}, and no other rule did clearly better."
    assert say_lapses(rules(used=0.5, three=0.6, six=0.55)) == f'{head}; the rule "three" would have done better (80 % and 70 %).'
    assert say_lapses(rules(used=0.05, three=0.06)) == f"{head}. That is hardly better than chance, and so is every other rule."
    assert say_lapses(rules(used=0.5, three=None)) == f"{head}, and no other rule did clearly better."
    for text in (say_lapses(rules(used=None, three=0.5)), say_lapses(rules(used=0.5, three=0.5).assign(flagged=0))):
        assert "do not allow a verdict" in text


def test_delays_against_a_known_truth_by_hand():
    measures = measures_of([100, 80, 10, 300])  # last orders; silent after 75 days
    truth = pd.DataFrame({"customer_id": ["c0", "c1", "c2", "c3", "stranger"], "has_left": [True, False, True, True, True],
                          "left_on": [pd.Timestamp(DAY) - pd.Timedelta(days=d) for d in (90, 0, 5, 300, 1)]}).assign(left_on=lambda f: f["left_on"].where(f["has_left"]))  # fmt: skip
    told = judge_departures(measures, truth, AxisSettings(), as_of=DAY).set_index("rule")
    own = told.loc["own rhythm (in use)"]
    # flagged c0, c1, c3; right c0 and c3; shown 76 days after the last order: 66 days after c0 left, 76 after c3 did
    assert own[["flagged", "left", "precision", "recall", "median_delay_days"]].tolist() == [3, 3, pytest.approx(2 / 3), pytest.approx(2 / 3), 71]
    assert told.loc["3 months", ["flagged", "precision", "recall"]].tolist() == [2, 1, pytest.approx(2 / 3)] and told.loc["6 months", "flagged"] == 1
