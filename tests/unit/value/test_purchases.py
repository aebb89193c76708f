"""Purchase summary: hand-computed histories, returns, engines, order of rows, nothing after the observation end."""

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.errors import UserError
from helpers.value.purchases import count_window, summarise_purchases
from helpers.value.settings import PurchaseModelSettings
from helpers.value.splits import check_observation_end, count_outcomes, observation_end, plan_splits, summarise_splits, take_split

END = dt.date(2025, 3, 31)


def make_lines(*rows: tuple[str, str, str, float] | tuple[str, str, str, float, str | None]) -> pd.DataFrame:
    full = [(*r, None) if len(r) == 4 else r for r in rows]
    frame = pd.DataFrame(full, columns=["order_id", "customer_id", "order_date", "amount", "return_of"])
    return frame.astype({"order_id": "str", "customer_id": "str", "return_of": "str", "amount": "float64"}).assign(order_date=pd.to_datetime(frame["order_date"], format="ISO8601"))


def of(table: pd.DataFrame, customer: str) -> dict[str, object]:
    return table.set_index("customer_id").loc[customer].to_dict()


def test_a_history_by_hand():
    lines = make_lines(("1", "a", "2025-01-01 09:00", 10), ("2", "a", "2025-01-15", 20), ("3", "a", "2025-01-15 23:59", 4), ("4", "a", "2025-03-03", 36))
    told = of(summarise_purchases(lines, observed_until=END), "a")
    assert told["frequency"] == 2  # two orders of one day are one purchase
    assert told["recency"] == pytest.approx(61 / 7) and told["T"] == pytest.approx(89 / 7)
    assert told["monetary_value"] == 30 and told["monetary_sd"] == pytest.approx(np.std([24, 36], ddof=1), abs=1e-4)
    assert told["unit"] == "week" and told["observed_until"] == pd.Timestamp(END)
    days = of(summarise_purchases(lines, observed_until=END, unit="day"), "a")
    assert days["recency"] == 61 and days["T"] == 89


def test_returns_reduce_the_day_of_their_order_and_returned_orders_are_no_purchase():
    lines = make_lines(
        ("1", "a", "2025-01-01", 10), ("2", "a", "2025-01-10", 20), ("3", "a", "2025-01-20", 8), ("R1", "a", "2025-02-01", -20, "2"), ("R2", "a", "2025-02-01", -3, "3"),
        ("4", "b", "2025-01-05", 50), ("R3", "b", "2025-01-06", -50, "4"), ("R4", "c", "2025-01-07", -5),
    )  # fmt: skip
    table = summarise_purchases(lines, observed_until=END)
    assert table["customer_id"].tolist() == ["a"]  # b sent all back, c has a return without an order
    assert of(table, "a")["frequency"] == 1 and of(table, "a")["monetary_value"] == 5
    before = summarise_purchases(lines, observed_until=dt.date(2025, 1, 5))  # the returns are not known yet
    assert before["customer_id"].tolist() == ["a", "b"]


def test_free_days_count_only_when_asked():
    lines = make_lines(("1", "a", "2025-01-01", 0), ("2", "a", "2025-01-10", 20), ("3", "a", "2025-02-10", 0))
    assert of(summarise_purchases(lines, observed_until=END), "a")["frequency"] == 0
    free = of(summarise_purchases(lines, observed_until=END, count_free_days=True), "a")
    assert free["frequency"] == 2 and free["monetary_value"] == 10


def test_nobody_and_one_day_and_an_unknown_unit():
    nobody = make_lines().astype({"order_date": "datetime64[us]"})
    empty = summarise_purchases(nobody, observed_until=END)
    assert empty.empty and "unit" in empty
    today = of(summarise_purchases(make_lines(("1", "a", "2025-03-31", 5)), observed_until=END), "a")
    assert (today["frequency"], today["recency"], today["T"]) == (0, 0, 0) and pd.isna(today["monetary_value"])
    with pytest.raises(UserError, match="day or week"):
        summarise_purchases(nobody, observed_until=END, unit="month")


def random_lines(seed: int, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, rows), unit="D")
    order = rng.integers(0, rows // 2, rows)
    back = rng.random(rows) < 0.1
    return pd.DataFrame({
        "order_id": order.astype(str), "customer_id": (order % 40).astype(str), "order_date": day, "amount": np.where(back, -1, 1) * rng.choice([4.5, 10.0, 19.99], rows),
        "return_of": pd.array(np.where(back, rng.integers(0, rows // 2, rows).astype(str), None), dtype="str"),
    })  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_duckdb_and_pandas_give_equal_tables(seed):
    lines = random_lines(seed)
    pd.testing.assert_frame_equal(summarise_purchases(duckdb.from_df(lines), observed_until=END), summarise_purchases(lines, observed_until=END), check_exact=True)
    left, right = (count_window(f, after=dt.date(2024, 9, 1), until=END) for f in (duckdb.from_df(lines), lines))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_row_order_and_later_lines_change_nothing(seed, shuffle):
    lines = random_lines(seed, 120)
    first = summarise_purchases(lines, observed_until=dt.date(2024, 12, 31))
    later = lines[lines["order_date"] > "2024-12-31"].assign(amount=lambda f: f["amount"] * 1000)
    mixed = pd.concat([lines[lines["order_date"] <= "2024-12-31"], later]).sample(frac=1, random_state=shuffle)
    pd.testing.assert_frame_equal(summarise_purchases(mixed, observed_until=dt.date(2024, 12, 31)), first, check_exact=True)


def test_summaries_of_cuts_are_blind_to_what_came_later_and_outcomes_start_the_day_after():
    lines = random_lines(5, 800)
    plan = plan_splits(dt.date(2024, 1, 1), dt.date(2025, 4, 30), PurchaseModelSettings())
    assert plan["split"].tolist() == ["earlier", "holdout", "now"] and plan["days_judged"].tolist() == [162, 162, 0]
    summaries, outcomes = summarise_splits(lines, plan, PurchaseModelSettings()), count_outcomes(lines, plan, PurchaseModelSettings())
    cut = plan.set_index("split").loc["holdout", "fitted_until"]
    changed = lines.assign(amount=lines["amount"].where(lines["order_date"] <= cut, lines["amount"] * 50))
    pd.testing.assert_frame_equal(take_split(summarise_splits(changed, plan, PurchaseModelSettings()), "holdout"), take_split(summaries, "holdout"))
    known = outcomes[outcomes["split"] == "holdout"].set_index("customer_id")
    window = count_window(lines, after=cut.date(), until=dt.date(2025, 4, 30)).set_index("customer_id")
    assert known["purchases"].sum() == window["purchases"].sum() and round(known["spend"].sum(), 2) == round(window["spend"].sum(), 2)
    assert set(known.index[known["is_new"]]) == set(window.index) - set(take_split(summaries, "holdout")["customer_id"])


@pytest.mark.parametrize(("days", "splits"), [(20, ["now"]), (60, ["holdout", "now"]), (84, ["earlier", "holdout", "now"]), (730, ["earlier", "holdout", "now"])])
def test_short_histories_have_no_holdout(days, splits):
    first = dt.date(2024, 1, 1)
    plan = plan_splits(first, first + dt.timedelta(days=days - 1), PurchaseModelSettings())
    assert plan["split"].tolist() == splits
    assert (plan["fitted_until"] <= pd.Timestamp(first) + pd.Timedelta(days=days - 1)).all()
    assert plan_splits(None, first, PurchaseModelSettings()).empty and plan_splits(first, first - dt.timedelta(days=1), PurchaseModelSettings()).empty


def test_a_holdout_is_a_year_at_most_unless_asked():
    long = plan_splits(dt.date(2015, 1, 1), dt.date(2025, 1, 1), PurchaseModelSettings())
    assert long.set_index("split").loc["holdout", "days_judged"] == 365
    asked = plan_splits(dt.date(2015, 1, 1), dt.date(2025, 1, 1), PurchaseModelSettings(holdout_days=500))
    assert asked.set_index("split").loc["holdout", "days_judged"] == 500


@pytest.mark.parametrize(("end", "verdict"), [("2025-03-02", "ok"), ("2025-03-04", "ok"), ("2025-03-20", "late"), ("2026-01-01", "late")])
def test_an_observation_end_beyond_the_data_is_called_late(end, verdict):
    daily = make_lines(*[(str(n), "a", str(d.date()), 5) for n, d in enumerate(pd.date_range("2025-01-01", "2025-03-01"))])
    assert check_observation_end(daily, dt.date.fromisoformat(end))["verdict"].item() == verdict


def test_rare_orders_make_longer_silence_usual_and_no_data_is_said():
    monthly = make_lines(*[(str(n), "a", str(d.date()), 5) for n, d in enumerate(pd.date_range("2024-01-01", periods=14, freq="30D"))])
    assert check_observation_end(monthly, dt.date(2025, 2, 25))["verdict"].item() == "ok"
    assert check_observation_end(make_lines().astype({"order_date": "datetime64[us]"}), END)["verdict"].item() == "no data"


def test_the_observation_end_is_never_after_the_as_of_date():
    assert observation_end(END, PurchaseModelSettings()) == END
    assert observation_end(END, PurchaseModelSettings(observed_until=dt.date(2025, 2, 1))) == dt.date(2025, 2, 1)
    with pytest.raises(UserError, match="lies after the as-of date"):
        observation_end(END, PurchaseModelSettings(observed_until=dt.date(2025, 5, 1)))
