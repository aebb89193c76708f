"""Times and rates carry their unit; a wrong one cannot be given by mistake."""

import numpy as np
import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.runs.settings import build_settings
from helpers.value.units import Discount, Horizon, as_discount, as_horizon, unit_of


def test_units_convert_and_agree():
    assert Horizon.of(52, "week").days == 364 and Horizon.of(2, "day").in_unit("week") == 2 / 7
    assert Horizon.of(12, "month") == Horizon.of(1, "year")
    assert Discount.a_month(0.01).factor(Horizon.of(1, "year")) == pytest.approx(1.01**-12)
    assert Discount.a_year(0.0).factor(Horizon.of(9, "year")) == 1


@pytest.mark.parametrize(("length", "unit"), [(0, "week"), (-3, "day"), (float("nan"), "day"), (float("inf"), "day"), (12, "fortnight"), (12, "W")])
def test_no_horizon_without_a_length_and_a_known_unit(length, unit):
    with pytest.raises(UserError):
        Horizon.of(length, unit)


@pytest.mark.parametrize("number", [12, 0.1, np.float64(5), "12", None])
def test_a_bare_number_is_neither_a_horizon_nor_a_discount(number):
    with pytest.raises(UserError, match="has no unit"):
        as_horizon(number)
    with pytest.raises(UserError, match="has no unit"):
        as_discount(number)


@pytest.mark.parametrize("wrong", [10, -0.01, 2.5])
def test_per_cent_written_as_a_number_is_refused(wrong):
    with pytest.raises(UserError, match="is no rate"):
        Discount.a_year(wrong)
    with pytest.raises(UserError, match="is no rate"):
        Discount.a_month(wrong)


def test_a_summary_without_or_with_mixed_units_is_refused():
    good = pd.DataFrame({"unit": ["week"] * 2, "observed_until": [pd.Timestamp("2025-01-01")] * 2})
    assert unit_of(good) == "week"
    with pytest.raises(UserError, match="no column unit"):
        unit_of(good.drop(columns="unit"))
    with pytest.raises(UserError, match="mixes time units"):
        unit_of(good.assign(unit=["day", "week"]))
    with pytest.raises(UserError, match="mixes observation ends"):
        unit_of(good.assign(observed_until=pd.to_datetime(["2025-01-01", "2025-02-01"])))


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        ("purchase_model", {"horizon_months": 0}, "horizon_months"),
        ("purchase_model", {"horizon_months": 365}, "horizon_months"),
        ("purchase_model", {"discount_percent_a_year": 1000}, "discount_percent_a_year"),
        ("purchase_model", {"models": ["bg_nbd", "sarima"]}, "models"),
        ("purchase_model", {"models": []}, "at least one"),
        ("purchase_model", {"horizon": 12}, "unknown setting purchase_model.horizon"),
        ("value", {"historic_weight": 0, "potential_weight": 0, "strategic_weight": 0}, "above zero"),
        ("value", {"potential_shares": {"luck": 1.0}}, "luck"),
        ("value", {"potential_shares": {"growth": -1.0, "rating": 2.0}}, "above zero"),
        ("cost_to_serve", {"hour_cost": -1}, "hour_cost"),
    ],
)
def test_settings_out_of_range_are_named(section, values, said):
    with pytest.raises(UserError, match=said):
        build_settings({section: values})


def test_weights_of_any_size_become_shares():
    weights = build_settings({"value": {"historic_weight": 40, "potential_weight": 40, "strategic_weight": 20}}).value.weights
    assert weights == {"historic": 0.4, "potential": 0.4, "strategic": 0.2}
