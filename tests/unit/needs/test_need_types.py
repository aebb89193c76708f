"""Need types: evidence by hand, planted rates found, probabilities that keep their word, silence without evidence."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.engine import lazy
from helpers.needs.judge_types import judge_types
from helpers.needs.need_types import assign_need_types, count_evidence, fit_types
from helpers.needs.settings_people import NeedsSettings

AS_OF = dt.date(2025, 6, 30)
S = NeedsSettings()


def lines(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "order_date", "product_id", "discount"])
    return lazy(
        frame.assign(
            order_date=pd.to_datetime(frame["order_date"]),
            order_id=[str(n) for n in frame.index],
            amount=10.0,
            is_return=False,
            discount=frame["discount"].astype("float64"),
        )
    )


def planted(seed=1, customers=900):
    """Evidence with known types: rates 0.6 against 0.1, 0.3 against 0.02, 0.5 against 0.05."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(["cost_sensitive", "service_dependent", "innovation_driven", "none"], customers, p=[0.2, 0.15, 0.15, 0.5])
    orders = rng.integers(3, 40, customers)
    rows = {"customer_id": [f"c{n:04}" for n in range(customers)], "orders": orders}
    for need, dimension, high, low in (
        ("cost_sensitive", "discount", 0.6, 0.1),
        ("service_dependent", "tickets", 0.3, 0.02),
        ("innovation_driven", "new", 0.5, 0.05),
    ):
        rows |= {f"k_{dimension}": rng.binomial(orders, np.where(truth == need, high, low)).astype(float), f"n_{dimension}": orders.astype(float)}
    return pd.DataFrame(rows), truth


def test_evidence_by_hand():
    sold = lines(
        ("a", "2025-01-05", "old", 1.0),
        ("a", "2025-01-05", "fresh", None),
        ("a", "2025-03-01", "old", None),
        ("b", "2024-06-01", "old", None),
        ("b", "2025-07-09", "old", 5.0),
    )
    products = pd.DataFrame({"product_id": ["old", "fresh"], "launched_on": pd.to_datetime(["2020-01-01", "2025-01-01"])})
    tickets = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a"],
            "opened_at": pd.to_datetime(["2025-02-01", "2025-02-02", "2025-02-03"]),
            "is_complaint": pd.array([False, True, False], dtype="boolean"),
        }
    )
    told = count_evidence(sold, products, tickets, as_of=AS_OF, settings=S).set_index("customer_id")
    assert told.loc["a", ["orders", "k_discount", "n_discount", "k_tickets", "n_tickets", "k_new", "n_new"]].tolist() == [2, 1, 3, 2, 2, 1, 2]
    assert told.loc["b", ["orders", "k_discount", "n_discount", "k_tickets", "k_new", "n_new"]].tolist() == [
        1,
        0,
        1,
        0,
        0,
        0,
    ]  # nothing new was on sale in 2024


def test_absent_evidence_leaves_its_dimension_out_and_is_named():
    told = count_evidence(lines(("a", "2025-01-05", "x", None)), None, None, as_of=AS_OF, settings=S)
    assert not [c for c in told if c.startswith("k_")]
    types = assign_need_types(told, fit_types(told, S), S)
    assert types["need_type"].tolist() == ["not_enough_data"] and types["confidence"].tolist() == [0.0]
    assert types["evidence"].item() == "not measured: needs order_lines.discount; not measured: needs tickets; not measured: needs products.launched_on"


def test_planted_rates_shares_and_types_are_found():
    evidence, truth = planted()
    rates = fit_types(evidence, S).set_index("need_type")
    assert rates["found"].all()
    assert rates["type_rate"].tolist() == pytest.approx([0.6, 0.3, 0.5], abs=0.05) and rates["usual_rate"].tolist() == pytest.approx(
        [0.1, 0.02, 0.05], abs=0.02
    )
    types = assign_need_types(evidence, fit_types(evidence, S), S)
    stated = (types["need_type"] != "not_enough_data").to_numpy()
    assert stated.mean() > 0.8 and (types["need_type"].to_numpy() == truth)[stated].mean() > 0.93


def test_probabilities_keep_their_word():
    evidence, truth = planted(seed=2, customers=3000)
    types = assign_need_types(evidence, fit_types(evidence, S), S)
    right = types["likeliest"].to_numpy() == truth
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        band = types["confidence"].between(low, high, inclusive="left").to_numpy()
        assert right[band].mean() == pytest.approx(types["confidence"][band].mean(), abs=0.09)


def test_a_habit_that_everybody_shares_is_no_type():
    rng = np.random.default_rng(5)
    evidence = pd.DataFrame(
        {"customer_id": [f"c{n:03}" for n in range(500)], "orders": 20, "k_discount": rng.binomial(20, 0.4, 500).astype(float), "n_discount": 20.0}
    )
    rates = fit_types(evidence, S)
    assert not rates["found"].any()
    assert set(assign_need_types(evidence, rates, S)["need_type"]) == {"not_enough_data"}


def test_few_orders_are_never_enough():
    evidence, _ = planted()
    types = assign_need_types(evidence.assign(orders=2), fit_types(evidence, S), S)
    assert set(types["need_type"]) == {"not_enough_data"}


def test_types_that_last_and_types_that_do_not():
    before, truth = planted(seed=3)
    same, other = planted(seed=3)[0], planted(seed=4)[0]
    lasting = judge_types(before, same, S)
    assert lasting[lasting["method"] == "need types"]["lasts"].all()
    gone = judge_types(before, other, S)
    assert not gone[gone["method"] == "need types"]["lasts"].any()


def test_row_order_does_not_matter():
    evidence, _ = planted()
    shuffled = evidence.sample(frac=1, random_state=1).sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(fit_types(evidence, S), fit_types(shuffled, S))
