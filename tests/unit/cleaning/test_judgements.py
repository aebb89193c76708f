"""Judgements: how long they count, which of them count today, where two raters differ."""

from __future__ import annotations

import datetime as dt

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.judgements import fill_expiry, keep_current, second_rater_gaps
from helpers.cleaning.rows import mark_rows

JUNE = dt.date(2025, 6, 30)


def ratings(*rows: tuple[str, str, int, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "criterion", "score", "rater", "rated_on"])
    return frame.astype({"score": "Int64"}).assign(rated_on=pd.to_datetime(frame["rated_on"]))


def test_gaps_of_two_or_more_are_shown_with_the_latest_score_of_each_rater():
    seen = second_rater_gaps(
        ratings(
            ("C1", "trust", 1, "Ann", "2025-01-01"),
            ("C1", "trust", 4, "Ann", "2025-03-01"),
            ("C1", "trust", 5, "Ben", "2025-02-01"),
            ("C2", "trust", 2, "Ann", "2025-01-01"),
            ("C2", "trust", 4, "Ben", "2025-01-01"),
            ("C2", "trust", 5, "Cem", "2025-01-01"),
            ("C3", "trust", 1, "Ann", "2025-01-01"),
            ("C3", "influence", 5, "Ben", "2025-01-01"),
        )
    )
    assert seen.to_dict("records") == [
        {
            "customer_id": "C2",
            "criterion": "trust",
            "low_rater": "Ann",
            "low_score": 2,
            "high_rater": "Cem",
            "high_score": 5,
            "gap": 3,
            "raters": 3,
        }
    ]


def test_gaps_of_no_ratings_are_an_empty_table():
    seen = second_rater_gaps(ratings())
    assert seen.empty
    assert list(seen.columns) == ["customer_id", "criterion", "low_rater", "low_score", "high_rater", "high_score", "gap", "raters"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5), st.sampled_from("XYZ"), st.integers(1, 28)), max_size=10), st.randoms())
def test_order_of_ratings_does_not_matter(rows: list[tuple[str, int, str, int]], random):
    given_rows = [(c, "trust", s, r, f"2025-01-{d:02}") for c, s, r, d in rows]
    first = second_rater_gaps(ratings(*given_rows))
    pd.testing.assert_frame_equal(first, second_rater_gaps(ratings(*random.sample(given_rows, len(given_rows)))))
    assert (first["gap"] >= 2).all()


def test_expiry_is_two_quarters_unless_given():
    rated = ratings(("C1", "trust", 3, "Ann", "2025-08-31"), ("C2", "trust", 3, "Ann", "2025-01-15"))
    rated["expires_on"] = pd.to_datetime([None, "2025-02-01"])
    assert fill_expiry(rated)["expires_on"].dt.strftime("%Y-%m-%d").tolist() == ["2026-02-28", "2025-02-01"]
    assert rated["expires_on"].isna().sum() == 1


def rated(*rows: tuple[str, int, str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "score", "rater", "rated_on", "expires_on"]).assign(criterion="trust")
    return frame.assign(rated_on=pd.to_datetime(frame["rated_on"]), expires_on=pd.to_datetime(frame["expires_on"]))


def test_the_last_day_counts_and_the_day_after_does_not():
    one = rated(("C1", 4, "Ann", "2024-12-30", None))
    assert len(keep_current(one, "ratings", as_of=JUNE)) == 1
    assert keep_current(one, "ratings", as_of=JUNE + dt.timedelta(days=1)).empty


def test_a_newer_judgement_replaces_an_older_one_even_when_the_newer_has_expired():
    both = rated(("C1", 5, "Ann", "2025-01-10", "2026-01-10"), ("C1", 2, "Ann", "2025-03-01", "2025-04-01"), ("C1", 3, "Ben", "2025-02-01", None))
    assert keep_current(both, "ratings", as_of=JUNE)[["rater", "score"]].values.tolist() == [["Ben", 3]]


def test_nothing_after_the_day_is_looked_at():
    before = rated(("C1", 4, "Ann", "2025-05-01", None))
    after = pd.concat([before, rated(("C1", 1, "Ann", "2025-07-01", None), ("C2", 1, "Ben", "2025-07-01", None))])
    pd.testing.assert_frame_equal(keep_current(after, "ratings", as_of=JUNE), keep_current(before, "ratings", as_of=JUNE))


def test_each_kind_of_signal_counts_once():
    seen = pd.DataFrame({"customer_id": ["C1"] * 3, "signal": ["late_payment", "late_payment", "good_press"], "severity": ["low", "medium", "low"],
                         "observed_on": pd.to_datetime(["2025-02-01", "2025-05-01", "2024-10-01"]), "expires_on": pd.NaT})  # fmt: skip
    assert keep_current(seen, "signals", as_of=JUNE)["severity"].tolist() == ["medium"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 5), st.sampled_from("XYZ"), st.integers(1, 28)), max_size=10, unique_by=lambda r: (r[0], r[2], r[3])), st.randoms())
def test_row_order_does_not_decide_what_counts(rows: list[tuple[str, int, str, int]], random):
    made = [(c, s, r, f"2025-06-{d:02}", None) for c, s, r, d in rows]
    first = keep_current(rated(*made), "ratings", as_of=JUNE)
    pd.testing.assert_frame_equal(first, keep_current(rated(*random.sample(made, len(made))), "ratings", as_of=JUNE))
    assert not first.duplicated(["customer_id", "rater"]).any()


def test_the_example_row_of_a_template_is_set_aside_and_not_lost():
    raw = pd.DataFrame({"read_from": "t", "row": [2, 3, 4], "problem": None, "play": ["EXAMPLE call", " 示例 visit", "exampled"], "unit_cost": ["1", "2", "3"]})
    marked = mark_rows(raw, "costs", as_of=JUNE, hints={})
    assert marked["fate"].tolist() == ["set_aside", "set_aside", "kept"]
    assert marked["reason"].tolist()[:2] == ["the template's example row"] * 2
