"""NPS with its interval, who answered, who came back, what was done about bad scores."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.needs.follow_up import close_loop
from helpers.needs.satisfaction import count_satisfaction, curve_repurchase, find_waves, nps_interval
from helpers.needs.settings_people import SatisfactionSettings, VoiceSettings

AS_OF = dt.date(2025, 6, 30)
S, V = SatisfactionSettings(min_group=3), VoiceSettings()


def surveys(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "answered_on", "nps", "csat"])
    return frame.assign(answered_on=pd.to_datetime(frame["answered_on"]), nps=frame["nps"].astype("Int64"), csat=frame["csat"].astype("Int64"), text=None)


def orders(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "order_date"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]))


def test_nps_by_hand_and_its_limits():
    assert nps_interval(6, 2, 10)[0] == 40
    assert nps_interval(5, 0, 5)[2] == 100 and nps_interval(0, 5, 5)[1] == -100
    assert np.isnan(nps_interval(0, 0, 0)).all()


def test_the_interval_covers_the_truth_also_for_few_answers():
    rng, inside = np.random.default_rng(1), 0
    for _ in range(400):
        draw = rng.choice([1, 0, -1], 15, p=[0.5, 0.3, 0.2])
        _, low, high = nps_interval(int((draw == 1).sum()), int((draw == -1).sum()), 15)
        inside += low <= 30 <= high
    assert inside >= 372  # 93 % of 400


def test_waves_end_after_a_silence():
    told = find_waves(surveys(("a", "2025-01-01", 9, 5), ("b", "2025-01-20", 9, 5), ("c", "2025-03-15", 9, 5)), S)
    assert told.dt.strftime("%m-%d").tolist() == ["01-01", "01-01", "03-15"]


def test_weighting_gives_every_band_the_weight_it_has_among_those_asked():
    bought = [(f"r{n}", "2025-04-01") for n in range(80)] + [(f"f{n}", f"2025-0{m}-01") for n in range(20) for m in (1, 2, 3, 4, 5)]
    answers = [(f"r{n}", "2025-05-20", 10, 5) for n in range(4)] + [(f"f{n}", "2025-05-20", 0, 1) for n in range(12)]
    told = count_satisfaction(surveys(*answers), orders(*bought), V, S).set_index("group")
    assert told.at["all", "asked"] == 100 and told.at["all", "answered"] == 16 and told.at["all", "nps"] == -50
    assert told.at["1 order", "nps"] == 100 and told.at["5 orders or more", "nps"] == -100
    assert told.at["all", "nps_weighted"] == 60  # 0.8 x 100 - 0.2 x 100


def test_a_group_with_few_answers_has_no_figure():
    told = count_satisfaction(surveys(("a", "2025-05-20", 10, 5)), orders(("a", "2025-05-01")), V, S).set_index("group")
    assert told.at["1 order", "answered"] == 1 and np.isnan(told.at["1 order", "nps"])


def test_the_curve_counts_orders_after_full_windows_only():
    answers = surveys(("a", "2025-01-01", 10, 5), ("b", "2025-01-01", 10, 5), ("c", "2025-06-01", 10, 5), ("d", "2025-01-01", 2, 1))
    bought = orders(("a", "2025-02-01"), ("b", "2025-01-01"), ("d", "2025-03-01"), ("d", "2025-03-02"))
    told = curve_repurchase(answers, bought, as_of=AS_OF, settings=S)
    high = told[(told["measure"] == "nps") & (told["score_from"] == 9)].iloc[0]
    assert high[["answers", "too_recent", "came_back", "share"]].tolist() == [2, 1, 1, 0.5]  # b's order on the day is not after it
    assert told.loc[(told["measure"] == "nps") & (told["score_from"] == 0), "share"].item() == 1.0
    assert told["share_of_all"].iloc[0] == pytest.approx(2 / 3, abs=1e-6)


def test_the_loop_is_closed_late_never_or_open():
    answers = surveys(
        ("quick", "2025-05-01", 3, 2), ("slow", "2025-05-01", 3, 2), ("never", "2025-05-01", 3, 2), ("young", "2025-06-25", 3, 2), ("happy", "2025-05-01", 9, 5)
    )
    talks = pd.DataFrame(
        {
            "customer_id": ["quick", "slow", "never", "young"],
            "at": pd.to_datetime(["2025-05-02 10:00", "2025-05-20 10:00", "2025-04-28 10:00", "2025-06-26 10:00"]),
            "direction": ["outbound", "outbound", "outbound", "inbound"],
        }
    )
    told = close_loop(answers, talks, None, pd.DataFrame({"customer_id": ["slow"], "owner_id": ["S1"]}), as_of=AS_OF, settings=V)
    assert told.set_index("customer_id")["status"].to_dict() == {"young": "open", "never": "never", "slow": "late", "quick": "in time"}
    assert told["customer_id"].iloc[0] == "young" and told.set_index("customer_id").at["slow", "owner_id"] == "S1"
    assert close_loop(answers, None, None, None, as_of=AS_OF, settings=V)["status"].isna().all()  # nobody knows


def test_no_answers_at_all():
    none = surveys()
    assert count_satisfaction(none, orders(("a", "2025-01-01")), V, S).empty
    assert curve_repurchase(none, orders(("a", "2025-01-01")), as_of=AS_OF, settings=S).empty
    assert close_loop(none, None, None, None, as_of=AS_OF, settings=V).empty


def test_the_loop_is_closed_when_nobody_was_dissatisfied():
    surveys = pd.DataFrame({"customer_id": ["a"], "answered_on": pd.to_datetime(["2025-06-01"]), "nps": pd.array([9], "Int64"), "csat": pd.array([5], "Int64"), "text": ["fine"]})
    talks = pd.DataFrame({"customer_id": ["a"], "at": pd.to_datetime(["2025-06-02"]), "direction": ["outbound"]})
    loop = close_loop(surveys, talks, None, None, as_of=dt.date(2025, 6, 30), settings=VoiceSettings())
    assert loop.empty and str(loop["followed_up_at"].dtype) == "datetime64[us]"
