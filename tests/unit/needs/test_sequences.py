"""A, then B: counted by hand, safe at the end of the data, fair to busy customers, honest about chance."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from helpers.needs.openings import list_open_sequences
from helpers.needs.sequences import find_sequences
from helpers.needs.settings import SequencesSettings

AS_OF = dt.date(2025, 6, 30)
FEW = SequencesSettings(min_buyers=5, min_followed=1)


def days(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "item", "order_date"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]))


def pair(found, a, b):
    return found[(found["a"] == a) & (found["b"] == b)].iloc[0]


def test_rate_base_rate_and_gap_are_those_counted_by_hand():
    found = find_sequences(
        days(
            ("x", "mat", "2025-01-10"), ("x", "block", "2025-02-09"),  # follows after 30 days
            ("y", "mat", "2025-01-10"), ("y", "block", "2025-01-20"),  # follows after 10 days
            ("z", "mat", "2025-01-10"), ("z", "block", "2025-05-20"),  # too late
            ("w", "belt", "2025-01-05"), ("w", "block", "2025-01-06"),
            ("v", "belt", "2025-01-05"),
        ), as_of=AS_OF, settings=FEW,
    )  # fmt: skip
    mat = pair(found, "mat", "block")
    assert (mat["buyers"], mat["followed"], mat["buyers_left_out"]) == (3, 2, 0)
    assert mat["rate"] == pytest.approx(2 / 3, abs=1e-6) and mat["median_gap_days"] == 20
    # every first order day with a full window is a chance for block: x, y, w yes; z, v no
    assert mat["base_rate"] == pytest.approx(3 / 5, abs=1e-6)
    assert mat["lift"] == pytest.approx((2 / 3) / (3 / 5), abs=1e-5)


def test_the_window_is_calendar_months_and_its_last_day_counts():
    rows = days(("x", "a", "2025-01-31"), ("x", "b", "2025-04-30"), ("y", "a", "2025-01-31"), ("y", "b", "2025-05-01"))
    assert pair(find_sequences(rows, as_of=AS_OF, settings=FEW), "a", "b")["followed"] == 1
    by_days = SequencesSettings(window_days=90, min_buyers=5, min_followed=1)
    assert pair(find_sequences(rows, as_of=AS_OF, settings=by_days), "a", "b")["followed"] == 2


def test_b_on_the_same_day_or_before_a_does_not_follow_it():
    found = find_sequences(
        days(("x", "a", "2025-01-10"), ("x", "b", "2025-01-10"), ("y", "b", "2025-01-01"), ("y", "a", "2025-01-10")), as_of=AS_OF, settings=FEW
    )
    assert found[found["a"] == "a"].empty


def test_only_the_first_a_counts_and_a_customer_counts_once():
    found = find_sequences(
        days(("x", "a", "2025-01-01"), ("x", "a", "2025-02-20"), ("x", "b", "2025-01-15"), ("x", "b", "2025-02-25")), as_of=AS_OF, settings=FEW
    )
    assert (pair(found, "a", "b")["buyers"], pair(found, "a", "b")["followed"]) == (1, 1)


def test_recent_buyers_are_left_out_and_counted_and_change_nothing():
    old = [(f"o{n}", "a", "2025-01-10") for n in range(10)] + [(f"o{n}", "b", "2025-02-10") for n in range(8)]
    young = [(f"y{n}", "a", "2025-06-20") for n in range(30)]
    before = pair(find_sequences(days(*old), as_of=AS_OF, settings=FEW), "a", "b")
    after = pair(find_sequences(days(*old, *young), as_of=AS_OF, settings=FEW), "a", "b")
    assert before["rate"] == after["rate"] == 0.8 and after["buyers_left_out"] == 30
    assert after["rate_without_follow_up"] == pytest.approx(8 / 40, abs=1e-6)


def test_a_busy_customer_is_compared_with_customers_at_the_same_order_number():
    rows = []
    for n in range(40):  # everybody buys b with every tenth order day; busy people also buy a, at random
        busy = n < 20
        for k in range(30 if busy else 3):
            day = pd.Timestamp("2024-01-01") + pd.Timedelta(days=7 * k)
            rows.append((f"c{n}", "b" if k % 10 == 9 else "bread", day))
            if busy and k == 2:
                rows.append((f"c{n}", "a", day))
    found = pair(find_sequences(days(*rows), as_of=AS_OF, settings=SequencesSettings(min_buyers=5)), "a", "b")
    # the third and fourth order day are one stratum: 2 x 20 chances of busy customers, all followed by b, and 20 of the others, none followed
    assert found["rate"] == 1.0 and found["base_rate"] == pytest.approx(40 / 60, abs=1e-6)
    assert found["followed"] == 20


def random_days(seed, customers=60, items=6, orders=8):
    rng = np.random.default_rng(seed)
    rows = [
        (f"c{c}", f"i{rng.integers(items)}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=int(rng.integers(0, 540))))
        for c in range(customers) for _ in range(rng.integers(1, orders))
    ]  # fmt: skip
    return days(*rows).drop_duplicates()


def slow_counts(rows, a, b, as_of, months):
    """The same pair by plain loops."""
    buyers = followed = 0
    for _, own in rows.groupby("customer_id"):
        first = own.loc[own["item"] == a, "order_date"].min()
        if pd.isna(first) or first + pd.DateOffset(months=months) > pd.Timestamp(as_of):
            continue
        buyers += 1
        later = own.loc[own["item"] == b, "order_date"]
        followed += bool(((later > first) & (later <= first + pd.DateOffset(months=months))).any())
    return buyers, followed


@given(st.integers(0, 10_000), st.integers(1, 6))
@limits(max_examples=25, deadline=None)
def test_the_fast_count_is_the_plain_count(seed, months):
    rows = random_days(seed, customers=25)
    found = find_sequences(rows, as_of=AS_OF, settings=SequencesSettings(window_months=months, min_buyers=5))
    for row in found.head(8).itertuples():
        assert slow_counts(rows, row.a, row.b, AS_OF, months) == (row.buyers, row.followed)


@given(st.integers(0, 10_000))
@limits(max_examples=15, deadline=None)
def test_neither_row_order_nor_what_comes_after_the_day_matters(seed):
    rows = random_days(seed)
    later = random_days(seed + 1).assign(order_date=lambda f: f["order_date"] + pd.Timedelta(days=600))
    plain = find_sequences(rows, as_of=AS_OF, settings=FEW)
    mixed = pd.concat([later[later["order_date"] > pd.Timestamp(AS_OF)], rows]).sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(plain, find_sequences(mixed, as_of=AS_OF, settings=FEW))


def test_without_any_link_hardly_any_data_set_reports_one():
    settings = SequencesSettings(min_buyers=20, min_followed=5, min_lift=1.0)
    reported = [bool(find_sequences(random_days(seed, customers=150), as_of=AS_OF, settings=settings)["holds"].any()) for seed in range(40)]
    assert np.mean(reported) <= 0.05 + 1.64 * np.sqrt(0.05 * 0.95 / 40)  # the false-discovery rate, with chance of 40 trials


def test_the_planted_rate_lies_in_its_interval_as_often_as_promised():
    rng, inside = np.random.default_rng(7), 0
    for _ in range(200):
        follows = rng.random(80) < 0.8
        rows = [(f"c{n}", "a", "2025-01-10") for n in range(80)] + [(f"c{n}", "b", "2025-02-10") for n in range(80) if follows[n]]
        rule = pair(find_sequences(days(*rows), as_of=AS_OF, settings=FEW), "a", "b")
        inside += rule["rate_low"] <= 0.8 <= rule["rate_high"]
    assert inside >= 180  # 95 % promised; 180 of 200 is far out in the tail of a binomial with 0.95


@pytest.mark.parametrize("rows", [[], [("x", "a", "2025-06-30")], [("x", "a", "2025-01-01")], [("x", "a", "2025-07-05")]])
def test_little_or_nothing_gives_an_empty_table_with_its_columns(rows):
    found = find_sequences(days(*rows), as_of=AS_OF, settings=FEW)
    assert found.empty and found["buyers"].dtype == "Int64" and found["holds"].dtype == "boolean"


def test_who_is_inside_the_window_now():
    rows = days(
        *[(f"o{n}", "a", "2025-01-10") for n in range(12)], *[(f"o{n}", "b", "2025-02-10") for n in range(11)], *[(f"n{n}", "bread",
        "2025-01-02") for n in range(60)],
        ("now", "a", "2025-06-01"), ("done", "a", "2025-06-01"), ("done", "b", "2025-06-10"), ("long ago", "a", "2025-01-12"),
    )  # fmt: skip
    settings = SequencesSettings(min_buyers=5, min_followed=5)
    found = find_sequences(rows, as_of=AS_OF, settings=settings)
    waiting = list_open_sequences(rows, found, as_of=AS_OF, settings=settings)
    assert waiting[["customer_id", "a", "b"]].values.tolist() == [["now", "a", "b"]]
    assert waiting["window_ends_on"].dt.strftime("%Y-%m-%d").item() == "2025-09-01"
