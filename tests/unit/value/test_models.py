"""Fits and predictions: true parameters found, right on simulated customers, finite everywhere, weights instead of rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulate import END, simulate

from helpers.errors import UserError
from helpers.value import predictive
from helpers.value.distribution import describe_counts, describe_money
from helpers.value.fitting import FittedModel, fit_purchase_models, model_from, usable_models
from helpers.value.likelihood import PARAMETERS, log_likelihood
from helpers.value.predictive import Spread, expected_purchases, probability_alive
from helpers.value.settings import PurchaseModelSettings
from helpers.value.spend import Spend, expected_spend, frequency_class, spend_correlations
from helpers.value.units import Horizon

TRUE = {"bg_nbd": (0.8, 6.0, 1.2, 3.0), "mbg_nbd": (0.8, 6.0, 0.8, 3.0), "pareto_nbd": (0.9, 6.0, 0.9, 20.0), "nbd": (0.8, 6.0)}
AHEAD = Horizon.of(26, "week")


@pytest.fixture(scope="module", params=TRUE)
def world(request):
    summary, later = simulate(request.param, TRUE[request.param], 3000, 52, 26)
    return request.param, summary, later, fit_purchase_models(summary, PurchaseModelSettings(models=[request.param]))


def test_true_parameters_lie_within_three_standard_errors(world):
    name, _, _, fits = world
    row = fits.set_index("model").loc[name]
    for parameter, true in zip(PARAMETERS[name], TRUE[name], strict=True):
        assert abs(row[parameter] - true) < 3 * row[f"se_{parameter}"], parameter
    assert row["converged"] and row["penalty"] == 0 and row["note"] == ""


def test_expected_purchases_and_their_distribution_are_right_on_average(world):
    name, summary, later, fits = world
    model = model_from(fits, name)
    expected = expected_purchases(model, summary, AHEAD)
    told = describe_counts(model, summary, AHEAD, Spread(), actual=later)
    assert expected.sum() == pytest.approx(later.sum(), rel=0.06)
    assert told["mean"].to_numpy() == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert told["none"].mean() == pytest.approx((later == 0).mean(), abs=0.03)
    spread = (told["square"] - told["mean"] ** 2).mean() + told["mean"].var()
    assert spread == pytest.approx(later.var(), rel=0.15)
    middle = (told["pit_low"] + told["pit_high"]) / 2
    assert middle.mean() == pytest.approx(0.5, abs=0.02)


def test_p_alive_is_a_probability_and_falls_with_silence(world):
    name, summary, _, fits = world
    model = model_from(fits, name)
    alive = probability_alive(model, summary)
    assert ((alive >= 0) & (alive <= 1)).all()
    silent = pd.DataFrame({"frequency": 5, "recency": [50.0, 30.0, 10.0], "T": 52.0, "unit": "week", "observed_until": END})
    falling = probability_alive(model, silent)
    assert (np.diff(falling) < 0).all() or name == "nbd"


@pytest.mark.parametrize("model", TRUE)
def test_no_history_and_no_parameters_give_a_missing_number(model):
    rng = np.random.default_rng(4)
    x = np.concatenate([[0, 0, 1, 500, 2000], rng.integers(0, 300, 60)]).astype(float)
    age = np.concatenate([[0.0, 300.0, 300.0, 300.0, 300.0], rng.uniform(1, 300, 60)])
    t_x = np.where(x > 0, age * rng.uniform(0, 1, len(x)), 0.0)
    wild = pd.DataFrame({"frequency": x, "recency": t_x, "T": age, "unit": "week", "observed_until": END})
    for params in ((0.01, 0.01, 0.01, 0.01), (0.3, 2.0, 0.02, 0.05), (5.0, 90.0, 3.0, 0.2), (1e3, 1e3, 1e3, 1e6), (0.5, 4.0, 1.0, 1.0)):
        fitted = FittedModel(model, params[: len(PARAMETERS[model])], "week")
        told = expected_purchases(fitted, wild, AHEAD)
        assert np.isfinite(told).all() and (told >= 0).all(), params
        assert np.isfinite(log_likelihood(model, fitted.array(), x, t_x, age)).all(), params


def test_the_closed_form_and_the_sum_of_probabilities_agree():
    rng = np.random.default_rng(9)
    used = 0
    for name in ("bg_nbd", "mbg_nbd") * 30:
        model = FittedModel(name, (rng.gamma(1, 2) + 0.05, rng.gamma(1, 20) + 0.1, np.exp(rng.normal(-0.5, 1.5)), np.exp(rng.normal(1, 1.5))), "week")
        x, age = rng.integers(0, 60, 20).astype(float), rng.uniform(0, 200, 20)
        closed = predictive._closed_form(model, x, age, 39.0)
        known = np.isfinite(closed)
        summed = predictive.exceed(model, x[known], age[known], 39.0, 2000, Spread()).sum(axis=1)
        assert closed[known] == pytest.approx(summed, rel=1e-8)
        used += known.sum()
    assert used > 600


def test_rows_with_weights_give_the_parameters_of_all_rows():
    summary, _ = simulate("bg_nbd", TRUE["bg_nbd"], 800, 30, 1, seed=3)
    rough = summary.assign(recency=summary["recency"].round(), T=summary["T"].round().clip(lower=1))
    rough["T"] = rough[["T", "recency"]].max(axis=1)
    table = fit_purchase_models(rough, PurchaseModelSettings(models=["bg_nbd", "mbg_nbd"]))
    assert (table.loc[table["model"] != "gamma_gamma", "rows"] < 800).all()
    from helpers.value.backend_lifetimes import fit

    columns = tuple(rough[c].to_numpy(float) for c in ("frequency", "recency", "T"))
    for name in ("bg_nbd", "mbg_nbd"):
        assert model_from(table, name).params == pytest.approx(fit(name, columns, np.ones(800), 0.0), rel=1e-3)


def test_row_order_changes_no_parameter():
    summary, _ = simulate("mbg_nbd", TRUE["mbg_nbd"], 400, 40, 1, seed=5)
    settings = PurchaseModelSettings(models=["mbg_nbd", "pareto_nbd"])
    first, second = (fit_purchase_models(s, settings) for s in (summary, summary.sample(frac=1, random_state=3)))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


@pytest.mark.parametrize("customers", [0, 1, 9])
def test_too_few_customers_are_said_and_not_fitted(customers):
    summary, _ = simulate("bg_nbd", TRUE["bg_nbd"], max(customers, 1), 30, 1)
    table = fit_purchase_models(summary.head(customers), PurchaseModelSettings())
    assert not table["converged"].any() and table["note"].str.contains("at least 10 are needed").all()
    assert usable_models(table, ["bg_nbd"]) == [] and model_from(table, "bg_nbd") is None


def test_customers_without_a_second_purchase_cannot_be_fitted():
    once = pd.DataFrame({"customer_id": [str(n) for n in range(50)], "frequency": 0, "recency": 0.0, "T": 10.0, "monetary_value": np.nan, "unit": "week", "observed_until": END})
    table = fit_purchase_models(once, PurchaseModelSettings())
    assert not table["converged"].any() and (table.set_index("model")["note"].drop("gamma_gamma") == "not fitted: nobody bought again").all()


def test_a_penalty_is_used_when_needed_and_said(monkeypatch):
    from helpers.value import backend_lifetimes

    honest = backend_lifetimes.fit
    monkeypatch.setattr(backend_lifetimes, "fit", lambda model, columns, weights, penalty: None if penalty < 0.01 else honest(model, columns, weights, penalty))
    summary, _ = simulate("bg_nbd", TRUE["bg_nbd"], 300, 30, 1)
    row = fit_purchase_models(summary, PurchaseModelSettings(models=["bg_nbd"])).set_index("model").loc["bg_nbd"]
    assert row["penalty"] == 0.01 and "penalty 0.01" in row["note"] and row["converged"]
    monkeypatch.setattr(backend_lifetimes, "fit", lambda *_: None)
    row = fit_purchase_models(summary, PurchaseModelSettings(models=["bg_nbd"])).set_index("model").loc["bg_nbd"]
    assert not row["converged"] and "not even with a penalty of 0.1" in row["note"]


def test_many_histories_are_rounded_for_pareto_only_and_said():
    summary, _ = simulate("pareto_nbd", TRUE["pareto_nbd"], 700, 52, 1)
    table = fit_purchase_models(summary, PurchaseModelSettings(models=["pareto_nbd", "bg_nbd"], most_rows=100)).set_index("model")
    assert "in whole units of time" in table.loc["pareto_nbd", "note"] and table.loc["bg_nbd", "note"] == ""
    exact = fit_purchase_models(summary, PurchaseModelSettings(models=["pareto_nbd"])).set_index("model")
    assert table.loc["pareto_nbd", "log_likelihood"] == pytest.approx(exact.loc["pareto_nbd", "log_likelihood"], abs=3)


def test_a_model_and_a_summary_in_different_units_do_not_meet():
    summary, _ = simulate("bg_nbd", TRUE["bg_nbd"], 20, 30, 1)
    model = FittedModel("bg_nbd", TRUE["bg_nbd"], "day")
    for call in (probability_alive, lambda m, s: expected_purchases(m, s, AHEAD), lambda m, s: describe_counts(m, s, AHEAD, Spread())):
        with pytest.raises(UserError, match="was fitted in days, the purchase summary is in weeks"):
            call(model, summary)


def test_a_drift_keeps_the_mean_and_widens():
    summary, _ = simulate("mbg_nbd", TRUE["mbg_nbd"], 100, 40, 1)
    for name in ("nbd", "mbg_nbd"):
        model = FittedModel(name, TRUE[name], "week")
        plain, wide = (describe_counts(model, summary, AHEAD, s) for s in (Spread(), Spread(0.02, -0.5)))
        assert (wide["square"] > plain["square"]).all()
        if name == "nbd":
            assert wide["mean"].to_numpy() == pytest.approx(plain["mean"].to_numpy(), rel=1e-3)


def test_only_one_module_imports_lifetimes():
    source = Path(__file__).parents[3] / "src" / "helpers"
    named = [p.name for p in source.rglob("*.py") if "import lifetimes" in p.read_text(encoding="utf-8") or "from lifetimes" in p.read_text(encoding="utf-8")]
    assert named == ["backend_lifetimes.py"]
    code = "import sys; import helpers.value.value_stages, helpers.value.purchase_stages; sys.exit('lifetimes' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- spend ------------------------------------------------------------------------------------------------------------


def spenders(correlated: bool, customers: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(2)
    frequency = rng.poisson(rng.gamma(1, 4, customers))
    true = 6 * rng.gamma(4, 5, customers) / 3 * (1 + 0.5 * frequency if correlated else 1)
    days = [rng.gamma(6, t / 6, f) for t, f in zip(true, frequency, strict=True)]
    mean = np.array([d.mean() if len(d) else np.nan for d in days])
    spread = np.array([d.std(ddof=1) if len(d) > 1 else np.nan for d in days])
    table = pd.DataFrame({"customer_id": np.arange(customers).astype(str), "frequency": frequency, "recency": np.minimum(frequency, 40.0), "T": 50.0, "monetary_value": mean, "monetary_sd": spread})
    return table.assign(unit="week", observed_until=END), true


def test_gamma_gamma_is_used_when_its_assumption_holds_and_shrinks():
    table, true = spenders(correlated=False)
    spend = expected_spend(table, fit_purchase_models(table, PurchaseModelSettings(models=["nbd"])), PurchaseModelSettings())
    assert spend.method == "gamma_gamma" and abs(spend_correlations(table)["pearson"]) < 0.1
    assert spend.mean.mean() == pytest.approx(true.mean(), rel=0.05)
    few = (table["frequency"].between(1, 2)).to_numpy()
    assert ((spend.mean - true) ** 2)[few].mean() < 0.9 * ((table["monetary_value"].to_numpy() - true) ** 2)[few].mean()


def test_shrinkage_within_classes_replaces_it_when_frequency_and_spend_go_together():
    table, true = spenders(correlated=True)
    spend = expected_spend(table, fit_purchase_models(table, PurchaseModelSettings(models=["nbd"])), PurchaseModelSettings())
    assert spend.method == "shrinkage" and "go together" in spend.why
    seen = (table["frequency"] > 0).to_numpy()
    assert np.corrcoef(spend.mean[seen], true[seen])[0, 1] > 0.9
    assert np.isfinite(spend.mean).all() and (spend.mean_variance >= 0).all() and (spend.day_variance > 0).all()
    assert ((spend.mean - true) ** 2)[seen].mean() < ((table["monetary_value"].to_numpy() - true) ** 2)[seen].mean()


def test_money_has_the_moments_of_count_and_spend():
    summary, _ = simulate("nbd", TRUE["nbd"], 400, 52, 1)
    counts = describe_counts(FittedModel("nbd", TRUE["nbd"], "week"), summary, AHEAD, Spread())
    spend = Spend(np.full(400, 20.0), np.full(400, 9.0), np.full(400, 100.0), "test", "")
    levels = np.tile([0.1, 0.9], (400, 1))
    money = describe_money(counts, spend, actual=np.zeros(400), levels=levels)
    assert money["mean"].to_numpy() == pytest.approx(counts["mean"].to_numpy() * 20)
    assert (money["low"] <= money["high"]).all() and (money["pit_low"] == 0).all() and money["pit_high"].to_numpy() == pytest.approx(counts["none"].to_numpy())
    assert (money.loc[counts["none"] > 0.9, "high"] == 0).all() and (money.loc[counts["none"] < 0.1, "low"] > 0).all()


def test_frequency_classes_cover_everything():
    assert frequency_class(pd.Series([0, 1, 2, 3, 4, 8, 16, 32, 500])).tolist() == ["0", "1", "2-3", "2-3", "4-7", "8-15", "16-31", "32+", "32+"]
