"""The model of leaving: parts that add up, nothing learnt from later, used only where it wins, a threshold that is the best one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from helpers.retention.additive import Additive, calibrate, fit_additive
from helpers.retention.churn import METHODS, Past, judge_churn
from helpers.retention.features import build_sheet, say_feature
from helpers.retention.history import day_number
from helpers.retention.judging import _weighted_auc, auc, auc_intervals, brier, calibration_bins, top_lift
from helpers.retention.scores import choose_methods, explain_churn, price_threshold, score_churn
from helpers.retention.settings import ChurnSettings

AS_OF = dt.date(2025, 6, 30)
QUICK = ChurnSettings(train_dates=4, tests=2, every_days=30, least_left=10)


def past_of(history, **options) -> Past:
    return Past(history, QUICK.model_copy(update=options), AS_OF, lambda look: None)


@pytest.fixture
def past(make_lines, history_of) -> Past:
    return past_of(history_of(make_lines(seed=2, customers=300), AS_OF))


# --- measures -----------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), steps=st.integers(2, 50))
def test_auc_and_brier_are_scikit_learns(seed, steps):
    dice = np.random.default_rng(seed)
    score, left = np.round(dice.random(60) * steps) / steps, dice.random(60) < 0.4
    left[:2] = [True, False]
    assert auc(score, left) == pytest.approx(roc_auc_score(left, score))
    assert brier(score, left) == pytest.approx(brier_score_loss(left, score))
    weights = dice.integers(0, 4, (3, 60)).astype(float)
    weights[:, :2] = 1
    ours = _weighted_auc(score, left.astype(float), weights)
    assert ours == pytest.approx([roc_auc_score(left, score, sample_weight=w) for w in weights])


def test_intervals_of_the_auc_draw_customers_and_hold_the_truth():
    dice = np.random.default_rng(1)
    left = np.repeat(dice.random(400) < 0.3, 3)  # every customer three times, always alike: three rows are no three customers
    score = np.repeat(dice.normal(size=400), 3) + left
    by_customer = auc_intervals({"m": score, "r": np.repeat(dice.random(400), 3)}, left, np.repeat(np.arange(400), 3), "r")
    by_row = auc_intervals({"m": score}, left, np.arange(1200))
    assert by_customer["m"][0] < 0.76 < by_customer["m"][1]  # two normal curves one apart: 0.760
    assert by_customer["m"][1] - by_customer["m"][0] > 1.4 * (by_row["m"][1] - by_row["m"][0])
    assert by_customer["m - r"][0] > 0


def test_lift_of_the_top_shares_out_ties():
    score, left = np.array([0.9, 0.5, 0.5, 0.5, 0.1] * 8), np.array([1, 1, 0, 0, 0] * 8)
    told = top_lift(score, left, share=0.4)  # 16 of 40: 8 at the top all left, 8 of the 24 who tie, of whom a third left
    assert told["top_n"] == 16 and told["top_left"] == pytest.approx(8 + 8 / 3)
    assert told["lift"] == pytest.approx((8 + 8 / 3) / 16 / 0.4)
    assert top_lift(np.zeros(10), np.array([1] + [0] * 9))["lift"] == pytest.approx(1.0)


def test_bins_of_calibration_hold_everybody_once():
    told = calibration_bins(np.linspace(0, 1, 100), np.arange(100) % 2)
    assert told["customers"].tolist() == [10] * 10 and told["seen"].tolist() == [0.5] * 10
    assert told["said"].is_monotonic_increasing and len(calibration_bins(np.full(30, 0.2), np.zeros(30))) == 1


# --- model ---------------------------------------------------------------------------------------------------------


def table(seed: int, count: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    dice = np.random.default_rng(seed)
    x = pd.DataFrame({"silence": dice.gamma(2, 1, count), "recency": dice.normal(size=count), "tickets": dice.integers(0, 3, count).astype(float), "business": (dice.random(count) < 0.3).astype(float)})
    return x, dice.random(count) < 1 / (1 + np.exp(1 - x["silence"] + 0.5 * x["recency"]))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_parts_add_up_to_the_log_odds_before_and_after_calibration(seed):
    x, left = table(seed)
    plain = fit_additive(x.head(300), left[:300])
    for model in (plain, calibrate(plain, x.tail(100), left[300:])):
        odds = model.base + model.parts(x).sum(axis=1)
        said = model.predict(x)
        assert np.allclose(odds, np.log(said / (1 - said)), atol=1e-6)
        assert list(model.parts(x)) == list(x)
    assert plain.parts(x.head(300)).mean().to_numpy() == pytest.approx(np.zeros(4), abs=1e-9)  # the average customer of the fit has no parts


def test_calibration_brings_a_loud_model_back_to_what_happened():
    x, left = table(3, 6000)
    model = fit_additive(x.head(2000), left[:2000])
    loud = Additive(model.basis, model.weights * 3, model.intercept + 2)
    tame = calibrate(loud, x.iloc[2000:4000], left[2000:4000])
    late, happened = x.iloc[4000:], left[4000:]
    assert abs(tame.predict(late).mean() - happened.mean()) < 0.03 < abs(loud.predict(late).mean() - happened.mean())
    assert brier(tame.predict(late), happened) < brier(loud.predict(late), happened)
    assert np.array_equal(np.argsort(tame.predict(late)), np.argsort(loud.predict(late)))
    assert calibrate(model, x.head(5), np.ones(5)) is model  # one class says nothing
    assert calibrate(model, late, ~happened) is model  # it is never turned round


def test_features_of_a_day_know_nothing_of_the_days_after(make_lines, history_of):
    lines = make_lines(seed=4, customers=80)
    day = dt.date(2025, 1, 15)
    early = lines[lines["order_date"] < "2025-01-16"]
    full, then = history_of(lines, AS_OF), history_of(early, AS_OF)
    one, other = build_sheet(full.at(day)), build_sheet(then.at(day))
    pd.testing.assert_frame_equal(one.x, other.x)
    assert full.ids[one.who].tolist() == then.ids[other.who].tolist()


def test_only_dates_whose_outcome_was_known_are_learnt_from(past):
    for cut in past.dates[-4:]:
        known = past.known(int(cut))
        assert all(d + past.settings.horizon_days <= cut for d in known) and len(known) <= past.settings.train_dates
    assert past.dates[-1] + past.settings.horizon_days == day_number(AS_OF)
    tested = past.tested()
    assert tested["date"].nunique() == 2 and np.diff(sorted(tested["date"].unique())).tolist() == [90]


def test_an_order_that_came_back_later_still_stood_when_the_model_learnt_from_it(history_of):
    lines = pd.DataFrame({
        "customer_id": ["a"] * 4, "order_id": ["1", "2", "3", "4"], "return_of": [None, None, None, "3"], "amount": [10.0, 10.0, 10.0, -10.0],
        "order_date": pd.to_datetime(["2024-01-10", "2024-02-10", "2024-03-20", "2024-09-01"]),
    })  # fmt: skip
    past = past_of(history_of(lines, AS_OF))
    cut, soon = day_number(dt.date(2024, 3, 1)), day_number(dt.date(2024, 6, 30))
    assert past.at(cut, until=soon)[1].tolist() == [False] and past.at(cut)[1].tolist() == [True]


def test_the_model_is_learnt_in_any_order_of_rows_and_its_reasons_are_its_score(make_lines, history_of):
    lines = make_lines(seed=2, customers=300)
    told = []
    for rows in (lines, lines.sample(frac=1, random_state=5)):
        past = past_of(history_of(rows, AS_OF))
        judged = judge_churn(past.tested())
        told.append((judged, explain_churn(past, judged)))
    pd.testing.assert_frame_equal(told[0][0], told[1][0])
    pd.testing.assert_frame_equal(told[0][1], told[1][1])
    judged, reasons = told[0]
    method = judged.loc[judged["used"], "method"].iloc[0]
    sheet = build_sheet(past.history.at(AS_OF))
    sheet = sheet.only(sheet.at_risk)
    model = past.learn(day_number(AS_OF))[method]
    said = pd.Series(model.predict(sheet.x[list(METHODS[method]) or list(sheet.x)]), index=past.history.ids[sheet.who])
    scores = score_churn(reasons, 3).set_index("customer_id")
    assert np.allclose(scores["leave_chance"], said.reindex(scores.index), atol=1e-9)
    assert reasons.groupby("customer_id")["rank"].apply(lambda r: sorted(r) == list(range(len(r)))).all()


def test_too_few_who_left_are_not_learnt_from(make_lines, history_of):
    past = past_of(history_of(make_lines(seed=2, customers=12), AS_OF), least_left=30)
    assert past.tested().empty and judge_churn(past.tested()).empty and explain_churn(past, judge_churn(past.tested())).empty
    assert score_churn(explain_churn(past, judge_churn(past.tested())), 3).empty


# --- which method, from which chance on ---------------------------------------------------------------------------------


def said(quality: float, *, loud: bool = False, count: int = 1500) -> pd.DataFrame:
    dice = np.random.default_rng(8)
    truth = dice.normal(size=count)
    left = dice.random(count) < 1 / (1 + np.exp(-2 * truth))

    def of(share: float) -> np.ndarray:
        return 1 / (1 + np.exp(-2 * (share * truth + (1 - share) * dice.normal(size=count))))

    model = of(quality)
    return pd.DataFrame({"who": range(count), "group": "all", "date": 20000, "left": left, "recency": of(0.3), "rule": of(0.5), "model": model**8 if loud else model, "spend_year": dice.lognormal(5, 1, count)})


@pytest.mark.parametrize(("quality", "loud", "used"), [(0.95, False, "model"), (0.3, False, "rule"), (0.52, False, "rule"), (0.95, True, "rule")])
def test_the_model_is_used_only_where_it_surely_wins_in_rank_and_is_no_worse_in_what_it_says(quality, loud, used):
    told = judge_churn(said(quality, loud=loud)).set_index("method")
    assert told.index[told["used"]].tolist() == [used]
    assert np.isnan(told.loc["rule", "lead"]) and told.loc["recency", "lead"] < 0
    assert choose_methods(told.reset_index(), ["all", "business"]) == {"all": used, "business": used}
    assert choose_methods(told.head(0).reset_index(), ["all"]) == {"all": "rule"}


@settings(max_examples=15, deadline=None)
@given(cost=st.floats(0.5, 60), rate=st.floats(0.05, 0.9), save=st.floats(0.02, 0.6))
def test_the_threshold_is_the_best_of_all_that_were_tried(cost, rate, save):
    tested = said(0.9, count=400)
    judged = judge_churn(tested)
    told = price_threshold(tested, judged, margin_rate=rate, contact_cost=cost, settings=ChurnSettings(save_rate=save))
    method = judged.loc[judged["used"], "method"].iloc[0]

    def net(threshold: float) -> float:
        chosen = tested[tested[method] >= threshold]
        return float((chosen["spend_year"] * rate * save)[chosen["left"]].sum() - cost * len(chosen))

    best = max((net(t), -t) for t in told["threshold"])
    row = told[told["best"]]
    assert len(row) == 1 and row["net"].iloc[0] == pytest.approx(best[0], abs=1e-6)
    assert told["net"].tolist() == pytest.approx([net(t) for t in told["threshold"]], abs=1e-6)
    middle = float(np.median(tested["spend_year"])) * rate
    assert row["pays_from"].iloc[0] == pytest.approx(min(cost / (save * middle), 1.0))


def test_where_no_contact_pays_the_best_is_nobody():
    told = price_threshold(said(0.9, count=200), judge_churn(said(0.9)), margin_rate=0.3, contact_cost=1e6, settings=ChurnSettings())
    assert told.loc[told["best"], ["contacted", "net"]].to_numpy().tolist() == [[0, 0.0]]


# --- the made-up company ---------------------------------------------------------------------------------------------


def test_on_the_demo_what_was_said_is_what_happened(demo):
    judged = demo.load("churn_backtest").query("kind == 'all' and population == 'can still be lost'").set_index("method")
    assert judged.index[judged["used"]].tolist() == ["model"] and judged.loc["model", "lead_low"] > 0
    assert judged.loc["model", "auc"] > 0.8 and judged.loc["model", "lift_low"] > 1
    assert abs(judged.loc["model", "said"] - judged.loc["model", "seen"]) < 0.05
    bins = demo.load("churn_calibration").query("kind == 'all' and method == 'model'")
    inside = (bins["said"] >= bins["seen_low"]) & (bins["said"] <= bins["seen_high"])
    assert inside.sum() >= 6 and (bins["said"] - bins["seen"]).abs().max() < 0.2


def test_reasons_are_sentences(demo):
    scores = demo.load("churn_scores").sort_values("leave_chance", ascending=False)
    for text in [*scores["reason"].head(50), *scores["reason_zh"].head(50)]:
        assert text and "{" not in text and "nan" not in text and "?" not in text
    assert scores["leave_chance"].between(0, 1).all() and set(scores["method"]) <= set(METHODS)
    assert say_feature("business", 0.0, float("nan")) == "a private customer" and "too few" in say_feature("orders_change", float("nan"), float("nan"))
