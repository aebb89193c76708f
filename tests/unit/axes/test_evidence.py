"""What other tables say about a customer: late rows, expired ratings, scales, and not measured where a table says nothing."""

from __future__ import annotations

import datetime as dt

import duckdb
import pandas as pd
import pytest

from helpers.axes.evidence import count_categories, summarise_evidence

AS_OF = dt.date(2025, 6, 30)


def told(as_of=AS_OF, **tables):
    return summarise_evidence(tables, as_of=as_of, complaint_days=90).set_index("customer_id")


def table(**columns):
    dates = {"at", "answered_on", "opened_at", "rated_on", "expires_on", "created_on", "launched_on"}
    return pd.DataFrame({k: pd.to_datetime(pd.Series(v), format="ISO8601") if k in dates else v for k, v in columns.items()})


def test_nothing_known_is_an_empty_table():
    assert told().empty and list(told(customers=None, surveys=None).columns) == []


def test_conversations_of_twelve_months_and_none_is_nought():
    talks = table(customer_id=["a", "a", "a", "a", "b"], at=["2025-06-30 23:59", "2024-07-01", "2024-06-30 23:59", "2025-07-01", "2024-01-01"])
    assert told(interactions=talks)["contacts_12m"].to_dict() == {"a": 2, "b": 0}
    people = table(customer_id=["a", "c"], kind=["consumer", "business"], created_on=["2024-01-01", "2024-01-01"])
    assert told(interactions=talks, customers=people)["contacts_12m"].to_dict() == {"a": 2, "b": 0, "c": 0}
    assert "contacts_12m" not in told(customers=people)  # no table, no evidence


def test_satisfaction_is_the_latest_answer_of_a_year_on_one_scale():
    answers = table(customer_id=["a", "a", "b", "c", "d", "e", "f"], answered_on=["2025-01-01", "2025-03-01", "2025-03-01", "2025-03-01", "2024-06-30", "2025-07-01", "2025-03-01"],
                    csat=[1, 5, 3, None, 5, 5, None], nps=[None, 0, None, 7, 9, 9, None])  # fmt: skip
    assert told(surveys=answers)["satisfaction"].to_dict() == {"a": 50, "b": 50, "c": 70}  # d is too old, e too late, f says nothing
    twice = table(customer_id=["a", "a"], answered_on=["2025-03-01", "2025-03-01"], csat=[1, 5])
    assert told(surveys=twice)["satisfaction"].tolist() == [50] and told(surveys=twice.iloc[::-1])["satisfaction"].tolist() == [50]
    assert told(surveys=table(customer_id=["a"], answered_on=["2025-03-01"], nps=[10]))["satisfaction"].tolist() == [100]


def test_complaints_count_for_their_days_and_only_where_tickets_say_what_is_one():
    tickets = table(customer_id=["a", "a", "b", "c", "d"], opened_at=["2025-06-30 20:00", "2025-04-02", "2025-04-01 23:00", "2025-07-01", "2025-06-01"], is_complaint=[True, True, True, True, None])
    assert told(tickets=tickets)["complaints_recent"].to_dict() == {"a": 2, "b": 0, "d": 0}  # 90 days: from 2 April on
    assert "complaints_recent" not in told(tickets=tickets.drop(columns="is_complaint"))
    assert "complaints_recent" not in told(tickets=tickets.assign(is_complaint=None))
    assert told(tickets=tickets.iloc[3:4].assign(customer_id="z"), customers=table(customer_id=["a"]))["complaints_recent"].to_dict() == {"a": 0}  # a table, no ticket by then


def test_ratings_expire_and_of_each_rater_the_latest_counts():
    ratings = table(customer_id=["a"] * 6 + ["b"], criterion=["strategic_fit", "strategic_fit", "strategic_fit", "influence", "growth_potential", "strategic_fit", "growth_potential"],
                    rater=["Ann", "Ann", "Ben", "Ann", "Ann", "Cid", "Ann"], score=[1, 5, 4, 2, 3, 1, 5],
                    rated_on=["2025-02-01", "2025-03-01", "2025-01-01", "2025-03-01", "2025-06-30", "2025-07-01", "2024-12-01"],
                    expires_on=[None, None, "2025-06-30", None, None, None, None])  # fmt: skip
    row = told(ratings=ratings).loc["a"]
    assert row[["fit_rating", "strategic_rating", "growth_rating"]].tolist() == [4.5, 3.25, 3.0]  # (5 + 4) / 2; mean with influence 2; Cid is too late
    assert told(as_of=dt.date(2025, 7, 1), ratings=ratings).loc["a", "fit_rating"] == 3.0  # Ben's ended, Cid's counts
    assert "b" not in told(ratings=ratings).index  # expired after two quarters
    assert told(as_of=dt.date(2026, 6, 30), ratings=ratings).empty


def test_who_was_entered_later_is_not_known_yet_and_who_has_no_date_is():
    people = table(customer_id=["early", "today", "late", "undated"], created_on=["2024-01-01", "2025-06-30", "2025-07-01", None], region=["N"] * 4)
    assert sorted(told(customers=people).index) == ["early", "today", "undated"]
    assert sorted(told(customers=people.drop(columns="created_on")).index) == ["early", "late", "today", "undated"]


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_categories_are_counted_once_each(lines_from, engine):
    lines = lines_from(("a", "2025-01-01", 5), ("a", "2025-01-02", 5), ("a", "2025-01-03", 5), ("a", "2025-07-01", 5), ("b", "2025-01-01", -5), ("c", "2025-01-01", 5)).assign(product_id=["p", "q", "r", "s", "p", "none"])
    products = pd.DataFrame({"product_id": ["p", "q", "r", "s", "r"], "category": ["tea", "tea", "cups", "new", "cups"]})
    counted = count_categories(duckdb.from_df(lines) if engine == "duckdb" else lines, products, as_of=AS_OF)
    assert counted.set_index("customer_id")["categories"].to_dict() == {"a": 2}
