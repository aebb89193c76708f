"""Behaviour and purchase: a planted cause holds, a planted confounder vanishes, activity is named, and nothing is found in noise."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from helpers.engine import lazy
from helpers.needs.exposures import list_exposures
from helpers.needs.links import estimate, find_links
from helpers.needs.settings_people import LinksSettings

AS_OF = dt.date(2025, 6, 30)
S = LinksSettings()


def company(seed, customers=900, cause=0.0, by_level=0.0):
    """Customers who order bread every four weeks; some read a page (gold ones more often with `by_level`) and some then buy the book."""
    rng = np.random.default_rng(seed)
    gold = rng.random(customers) < 0.4
    reads = rng.random(customers) < np.where(gold, 0.35 + by_level, 0.35 - by_level)
    rows, seen = [], []
    for c in range(customers):
        for k in range(12):
            day = pd.Timestamp("2024-07-01") + pd.Timedelta(days=28 * k + int(rng.integers(0, 7)))
            rows.append((f"c{c:03}", "bread", day))
            if rng.random() < (0.12 if gold[c] and by_level else 0.03):
                rows.append((f"c{c:03}", "book", day))
        if reads[c]:
            on = pd.Timestamp("2024-09-01") + pd.Timedelta(days=int(rng.integers(0, 180)))
            seen.append((f"c{c:03}", on))
            if rng.random() < cause:
                rows.append((f"c{c:03}", "book", on + pd.Timedelta(days=5)))
    days = pd.DataFrame(rows, columns=["customer_id", "item", "order_date"]).drop_duplicates()
    exposures = pd.DataFrame(seen, columns=["customer_id", "on"]).assign(behaviour="content: page", times=1)
    people = pd.DataFrame({"customer_id": [f"c{c:03}" for c in range(customers)], "kind": "consumer", "member_level": np.where(gold, "gold", "none")})
    return exposures, days, people


def verdict(seed, **planted):
    exposures, days, people = company(seed, **planted)
    links = find_links(exposures, days, people, as_of=AS_OF, settings=S)
    return links.set_index("outcome").loc["book"]


def test_a_planted_cause_holds_with_its_size_in_the_interval():
    link = verdict(1, cause=0.3)
    assert link["verdict"] == "holds" and link["low"] < 0.3 * 0.93 < link["high"] and link["confirmed"]


def test_a_planted_confounder_is_seen_through():
    link = verdict(2, by_level=0.25)
    assert link["crude_low"] > 0 and link["verdict"] == "confounded" and link["low"] < 0 < link["high"]


def test_without_the_confounder_among_the_matched_columns_it_would_be_believed():
    exposures, days, people = company(2, by_level=0.25)
    blind = find_links(exposures, days, people.drop(columns="member_level"), as_of=AS_OF, settings=S).set_index("outcome").loc["book"]
    assert blind["difference"] > 0.5 * blind["crude_difference"]  # why match_on matters


def test_noise_is_hardly_ever_reported():
    found = [verdict(seed, customers=300)["verdict"] == "holds" for seed in range(20, 50)]
    assert np.mean(found) <= 0.05 + 1.64 * np.sqrt(0.05 * 0.95 / 30)


def test_the_estimate_by_hand():
    bought = np.array([True, False, True])
    pairs = (np.array([0, 0, 1, 1]), np.array([7, 8, 8, 9]))
    matched, rate, others, difference, error = estimate(bought, pairs, np.array([True, False, False, False]))
    assert (matched, rate, others, difference) == (2, 0.5, 0.25, 0.25)  # the third has no comparison and is left out
    reuse = np.array([(1 - 0.5) / 2, (0 - 0.5) / 2 + 0.0, 0.0])
    assert error == pytest.approx(np.sqrt(((0.5 - 0.25) ** 2 + (0 - 0.25) ** 2 + (reuse**2).sum()) / 4))


def test_exposures_are_first_times_and_page_views_are_not_watched():
    events = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b", "a"],
            "at": pd.to_datetime(["2025-01-05 10:00", "2025-01-02 09:00", "2025-08-01 08:00", "2025-01-01 08:00"]),
            "event": ["content", "content", "content", "page_view"],
            "object": ["x", "x", "x", "x"],
        }
    )
    talks = pd.DataFrame({"customer_id": ["a"], "at": pd.to_datetime(["2025-02-01 12:00"]), "kind": ["training"], "topic": ["barista"]})
    told = list_exposures(lazy(events), talks, as_of=AS_OF)
    assert told.assign(on=told["on"].dt.strftime("%Y-%m-%d")).values.tolist() == [
        ["content: x", "a", "2025-01-02", 2],
        ["training: barista", "a", "2025-02-01", 1],
    ]
    assert list_exposures(None, None, as_of=AS_OF).empty


def test_row_order_and_what_comes_after_change_nothing():
    exposures, days, people = company(3, customers=200, cause=0.2)
    later = days.assign(order_date=days["order_date"] + pd.Timedelta(days=500))
    mixed = pd.concat([later[later["order_date"] > pd.Timestamp(AS_OF)], days]).sample(frac=1, random_state=2)
    first = find_links(exposures, days[days["order_date"] <= pd.Timestamp(AS_OF)], people, as_of=AS_OF, settings=S)
    pd.testing.assert_frame_equal(
        first, find_links(exposures.sample(frac=1, random_state=1), mixed, people.sample(frac=1, random_state=1), as_of=AS_OF, settings=S)
    )


def test_behaviour_after_the_last_full_window_is_not_judged():
    exposures, days, people = company(4, customers=100, cause=0.2)
    late = exposures.assign(on=pd.Timestamp("2025-06-15"))
    assert find_links(late, days, people, as_of=AS_OF, settings=S).empty
