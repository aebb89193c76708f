"""Hold-out: intervals hold what they promise, errors are those of a pencil, naive forecasts stand beside the models."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from simulate import simulate

from helpers.value.accuracy import calibrate, deciles, judge_models, measure_accuracy, top_decile_lift
from helpers.value.baselines import forecast_naively, rfm_classes
from helpers.value.distribution import describe_counts
from helpers.value.fitting import FittedModel, fit_purchase_models
from helpers.value.holdout import Known, choose_model, learn_intervals, predict_holdout
from helpers.value.intervals import covered, learn_drift, learn_levels, level_horizon, value_groups
from helpers.value.predictive import Spread, expected_purchases
from helpers.value.segments import assign_segments
from helpers.value.settings import PurchaseModelSettings
from helpers.value.splits import count_outcomes, plan_splits, summarise_splits, take_split
from helpers.value.units import Horizon

SETTINGS = PurchaseModelSettings()
MBG = (0.8, 6.0, 0.8, 3.0)
AHEAD = Horizon.of(26, "week")


def known_world(seed: int = 1, customers: int = 3000, ahead: float = 26) -> Known:
    summary, later = simulate("mbg_nbd", MBG, customers, 52, ahead, seed)
    rows = summary.assign(purchases=later, spend=later * 30.0, segment="all", before_purchases=1, before_spend=30.0, year_purchases=summary["frequency"] + 1, year_spend=30.0)
    fits = fit_purchase_models(summary, PurchaseModelSettings(models=["mbg_nbd", "bg_nbd", "nbd"])).assign(segment="all")
    return Known(rows, fits, int(ahead * 7), 364)


# --- intervals --------------------------------------------------------------------------------------------------------


def test_intervals_of_the_true_model_hold_their_promise_in_every_fifth():
    summary, later = simulate("mbg_nbd", MBG, 6000, 52, 26)
    counts = describe_counts(FittedModel("mbg_nbd", MBG, "week"), summary, AHEAD, Spread(), actual=later)
    for share in (0.5, 0.8, 0.95):
        levels = np.tile([(1 - share) / 2, (1 + share) / 2], (len(later), 1))
        held = pd.Series(covered(counts, levels)).groupby(value_groups(counts["mean"].to_numpy())).mean()
        assert held.to_numpy() == pytest.approx(share, abs=0.035)


def test_plain_coverage_of_counts_is_at_least_the_randomised_one():
    summary, later = simulate("mbg_nbd", MBG, 2000, 52, 26)
    levels = np.tile([0.1, 0.9], (len(later), 1))
    counts = describe_counts(FittedModel("mbg_nbd", MBG, "week"), summary, AHEAD, Spread(), actual=later, levels=levels)
    inside = (later >= counts["low"]) & (later <= counts["high"])
    assert inside.mean() > covered(counts, levels).mean()
    assert (counts["low"] <= counts["high"]).all()


def test_a_drift_that_is_there_is_learnt_and_one_that_is_not_is_not():
    summary, later = simulate("nbd", MBG[:2], 2500, 52, 26)
    model = FittedModel("nbd", MBG[:2], "week")
    assert learn_drift(model, summary, AHEAD, later).drift < 0.002
    rng = np.random.default_rng(8)
    moved = rng.poisson(expected_purchases(model, summary, AHEAD) * rng.gamma(1 / 0.5, 0.5, len(summary)))
    drift = learn_drift(model, summary, AHEAD, moved)
    assert drift.drift * 78 / 3 == pytest.approx(0.5, rel=0.5)
    levels = np.tile([0.1, 0.9], (len(moved), 1))
    plain, wide = (covered(describe_counts(model, summary, AHEAD, s, actual=moved), levels).mean() for s in (Spread(), drift))
    assert plain < 0.76 and wide == pytest.approx(0.8, abs=0.03)


def test_a_season_is_taken_out_before_widths_are_learnt():
    summary, later = simulate("nbd", MBG[:2], 2000, 52, 26)
    model = FittedModel("nbd", MBG[:2], "week")
    half = np.random.default_rng(1).binomial(later, 0.5)
    level = level_horizon(model, summary, AHEAD, half)
    assert level.days == pytest.approx(AHEAD.days / 2, rel=0.1)
    assert level_horizon(model, summary, AHEAD, np.zeros(len(summary))) == AHEAD
    counts = describe_counts(model, summary, level, Spread(), actual=half)
    levels = learn_levels(counts, value_groups(counts["mean"].to_numpy()), 0.8)
    assert levels == pytest.approx(np.tile([0.1, 0.9], (5, 1)), abs=0.05)


def test_levels_never_become_narrower_than_the_promise_and_few_customers_teach_nothing():
    sure = pd.DataFrame({"pit_low": np.full(500, 0.45), "pit_high": np.full(500, 0.55)})  # everybody in the middle
    assert (learn_levels(sure, np.arange(500) % 5, 0.8) == pytest.approx(np.tile([0.1, 0.9], (5, 1))))
    wild = pd.DataFrame({"pit_low": np.tile([0.0, 0.99], 250), "pit_high": np.tile([0.01, 1.0], 250)})
    assert (learn_levels(wild, np.arange(500) % 5, 0.8)[:, 0] < 0.01).all()
    assert learn_levels(wild.head(20), np.arange(20) % 5, 0.8) == pytest.approx(np.tile([0.1, 0.9], (5, 1)))
    assert learn_levels(wild.head(0), np.arange(0), 0.8) == pytest.approx(np.tile([0.1, 0.9], (5, 1)))


def test_equal_forecasts_share_a_group():
    groups = value_groups(np.array([0.2] * 60 + [3.0] * 40))
    assert len(set(groups[:60])) == 1 and len(set(groups[60:])) == 1


# --- choice and forecast ----------------------------------------------------------------------------------------------


def test_the_true_model_is_chosen_and_ties_go_to_the_first():
    known = known_world()
    chosen, scores = choose_model(known, PurchaseModelSettings(models=["nbd", "mbg_nbd"]))
    assert chosen == "mbg_nbd" and scores["mbg_nbd"].mean() > scores["nbd"].mean()
    twin = known.fits[known.fits["model"] == "mbg_nbd"].assign(model="bg_nbd")
    same = Known(known.rows, pd.concat([known.fits[known.fits["model"] == "mbg_nbd"], twin]), known.days, known.history_days)
    assert choose_model(same, PurchaseModelSettings(models=["mbg_nbd", "bg_nbd"]))[0] == "mbg_nbd"
    assert choose_model(Known(known.rows, known.fits.assign(converged=False), 182, 364), SETTINGS) == (None, {})


def test_intervals_without_an_earlier_period_are_the_models_own():
    plain = learn_intervals("mbg_nbd", None, ["all"], SETTINGS)
    assert not plain["learnt"].any() and set(plain["level_low"]) == {0.1} and set(plain["level_high"]) == {0.9}


def lines_of(seed: int = 3, customers: int = 300) -> pd.DataFrame:
    """Two years of order lines: customers with their own rhythm, a third of whom stop one day."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(customers):
        gap, day, stop = rng.gamma(2, 20), rng.uniform(0, 500), rng.uniform(0, 2100)
        while day < min(stop, 730):
            rows.append((f"{n:04d}", pd.Timestamp("2023-07-01") + pd.Timedelta(days=int(day)), round(float(rng.gamma(5, 8)), 2)))
            day += 1 + rng.exponential(gap)
    frame = pd.DataFrame(rows, columns=["customer_id", "order_date", "amount"])
    return frame.assign(order_id=[str(n) for n in range(len(frame))], return_of=pd.Series(None, index=frame.index, dtype="str"))


def holdout(lines: pd.DataFrame, settings: PurchaseModelSettings = SETTINGS) -> pd.DataFrame:
    plan = plan_splits(dt.date(2023, 7, 1), dt.date(2025, 6, 29), settings)
    summaries = assign_segments(summarise_splits(lines, plan, settings), None)
    fits = pd.concat([fit_purchase_models(take_split(summaries, s), settings).assign(split=s, segment="all") for s in plan["split"]])
    return predict_holdout(summaries, count_outcomes(lines, plan, settings), fits, plan, settings)


def test_forecasts_of_the_holdout_do_not_see_it():
    lines = lines_of()
    cut = pd.Timestamp("2023-07-01") + pd.Timedelta(days=730 - 243 - 1)
    changed = lines.assign(amount=lines["amount"].where(lines["order_date"] <= cut, lines["amount"] * 9))
    changed = pd.concat([changed, lines[lines["order_date"] > cut].assign(order_id=lambda f: "x" + f["order_id"], order_date=lambda f: f["order_date"] + pd.Timedelta(days=1))])
    quick = PurchaseModelSettings(models=["mbg_nbd", "bg_nbd"])
    first, second = holdout(lines, quick), holdout(changed, quick)
    for column in ("mbg_nbd_purchases", "bg_nbd_purchases", "mbg_nbd_spend", "same_as_before_purchases", "rfm_class_mean_spend"):
        pd.testing.assert_series_equal(first[column], second[column], check_exact=True)
    assert not first["purchases"].equals(second["purchases"])


def test_holdout_table_is_whole_and_sorted():
    told = holdout(lines_of())
    assert told["customer_id"].is_monotonic_increasing and told["customer_id"].is_unique
    numbers = told.select_dtypes("number")
    assert np.isfinite(numbers.astype(float)).all().all()
    assert (told["purchases_low"] <= told["purchases_high"]).all() and (told["total_low"] <= told["total_high"]).all()
    calibration = calibrate(told)
    assert calibration.groupby("by")["customers"].sum().tolist() == [len(told)] * 2
    assert calibration.loc[calibration["by"] == "decile", "held"].mean() == pytest.approx(0.8, abs=0.1)


def test_no_history_gives_an_empty_holdout_and_an_empty_verdict():
    lines = lines_of().query("order_date < '2023-07-10'")
    plan = plan_splits(dt.date(2023, 7, 1), dt.date(2023, 7, 9), SETTINGS)
    summaries = assign_segments(summarise_splits(lines, plan, SETTINGS), None)
    fits = fit_purchase_models(take_split(summaries, "now"), SETTINGS).assign(split="now", segment="all")
    told = predict_holdout(summaries, count_outcomes(lines, plan, SETTINGS), fits, plan, SETTINGS)
    accuracy = measure_accuracy(told)
    assert told.empty and calibrate(told).empty and judge_models(accuracy, told).empty


# --- naive forecasts and errors ---------------------------------------------------------------------------------------


def naive_known() -> pd.DataFrame:
    return pd.DataFrame({
        "frequency": [0, 3, 3, 9], "recency": [0.0, 20.0, 4.0, 25.0], "T": [26.0] * 4, "monetary_value": [np.nan, 10.0, 12.0, 50.0], "before_purchases": [1, 2, 0, 5], "before_spend": [5.0, 20.0, 0.0, 250.0],
        "year_purchases": [1, 4, 4, 10], "year_spend": [5.0, 40.0, 48.0, 500.0], "purchases": [0, 2, 0, 6], "spend": [0.0, 25.0, 0.0, 300.0],
    })  # fmt: skip


def test_naive_forecasts_by_hand():
    known = naive_known()
    told = forecast_naively(known, 91, 182, known, 182)
    assert told["same_as_before_purchases"].tolist() == [1, 2, 0, 5]
    assert told["last_year_mean_purchases"].tolist() == [0.5, 2, 2, 5]  # a year of history is half a year here
    classes = rfm_classes(known)
    assert classes.nunique() == 4 and told["rfm_class_mean_purchases"].tolist() == [0, 1, 0, 3]  # each class's own mean, for half the time
    assert forecast_naively(known, 91, 182, None, 0)["rfm_class_mean_spend"].isna().all()


def test_errors_by_hand():
    told = pd.DataFrame({"purchases": [0, 1, 2, 5], "spend": [0.0, 10.0, 20.0, 50.0], "nbd_purchases": [1.0, 1.0, 1.0, 3.0], "nbd_spend": [0.0, np.nan, 20.0, 40.0], "nbd_log": [-1.0, -2.0, -3.0, -4.0]})
    table = measure_accuracy(told).set_index("measure")
    assert table.loc["purchases", ["mae", "wape", "bias", "rmse", "log_score"]].tolist() == pytest.approx([1.0, 0.5, -0.25, 6**0.5 / 2, -2.5])
    assert table.loc["spend", "without_prediction"] == 1 and table.loc["spend", "mae"] == pytest.approx(10 / 3)
    assert table.loc["spend", "predicted_total"] == 60 and table.loc["spend", "actual_total"] == 70  # of those with a forecast


def test_lift_shares_the_places_of_equal_forecasts():
    actual = pd.Series([10.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    assert top_decile_lift(pd.Series([9.0, *[1.0] * 9]), actual) == 10
    assert top_decile_lift(pd.Series([1.0] * 10), actual) == 1 and top_decile_lift(pd.Series([1.0] * 10), actual.iloc[::-1]) == 1
    assert np.isnan(top_decile_lift(pd.Series([1.0]), pd.Series([0.0])))


def test_a_winning_naive_forecast_is_the_headline():
    told = pd.DataFrame({"model": "nbd", "p_alive": [0.5, 1.0, 1.0], "purchases": [0, 4, 8], "spend": [0.0, 4.0, 8.0], "nbd_purchases": [3.0, 3.0, 3.0], "nbd_spend": [0.0, 4.0, 7.0],
                         "same_as_before_purchases": [0.0, 4.0, 7.0], "same_as_before_spend": [9.0, 9.0, 9.0]})  # fmt: skip
    verdict = judge_models(measure_accuracy(told), told).set_index("measure")
    assert verdict.loc["purchases", "grade"] == "C" and verdict.loc["purchases", "headline"].startswith("A naive forecast wins for purchases")
    assert verdict.loc["spend", "grade"] == "A" and "beats every naive forecast" in verdict.loc["spend", "headline"]
    assert verdict.loc["purchases", "headline"].endswith("and the model for P(alive) and intervals.")
    sure = told.assign(p_alive=1.0)  # Online Retail: a model under which nobody leaves cannot say who has left
    assert judge_models(measure_accuracy(sure), sure)["headline"].iloc[0].endswith("and the model for intervals only: under it nobody has left.")


def test_deciles_have_equal_size():
    assert deciles(pd.Series(np.arange(100))).value_counts().eq(10).all()


def test_two_kinds_are_fitted_apart_only_when_both_are_large_enough():
    table = pd.DataFrame({"customer_id": [f"{n}" for n in range(200)] * 2, "split": ["holdout"] * 200 + ["now"] * 200})
    kinds = pd.Series({f"{n}": "business" if n < 60 else "consumer" for n in range(150)})
    told = assign_segments(table, kinds)
    assert told["segment"].value_counts().to_dict() == {"consumer": 180, "business": 120, "other": 100}
    few = assign_segments(table, kinds.where(kinds == "consumer").fillna("business").mask(kinds.index.astype(int) > 40, "consumer"))
    assert set(few["segment"]) == {"all"}
    joined = assign_segments(table, pd.Series({f"{n}": "business" if n < 60 else "consumer" for n in range(190)}))
    assert set(joined["segment"]) == {"business", "consumer"}
