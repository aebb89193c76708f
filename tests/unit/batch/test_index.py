"""What the index page says about the runs beside the numbers, and which run the others are compared with."""

import pandas as pd
import pytest

from helpers.runs.batch.index import _base, _base_note, _in, _notes


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {"run": ["a", "b", "c"], "status": ["failed", "finished", "finished"], "filters": "", "quiet_days": [None, 0.0, 7.0], "currency": ["", "EUR", "EUR"]}
    )


def test_a_base_that_failed_is_replaced_by_the_first_finished_run_and_it_is_said(table):
    assert _base(table, "c") == "c" and _base_note("c", "c", table) == ()
    assert _base(table, "a") == "b"
    assert _base_note("b", "a", table) == ("a failed: the others are compared with b instead.",)
    waiting = table.assign(status=["not yet", "finished", "not yet"])
    assert _base_note(_base(waiting, "c"), "c", waiting) == ("c is not finished yet: the others are compared with b instead.",)
    nothing = table.assign(status="failed")
    assert _base(nothing, "a") == "a" and _base_note("a", "a", nothing) == ()


def test_an_export_that_stopped_is_asked_about(table):
    assert _notes(table, []) == ()
    late = table.assign(quiet_days=[30.0, 8.0, 0.0])
    assert _notes(late, []) == ("The newest order lies more than 7 days before the as-of day in b: is the export complete?",)


def test_money_always_has_a_currency(table):
    assert _in(table) == " (EUR)" and _notes(table, []) == ()
    both = table.assign(currency=["", "EUR", "USD"])
    assert _in(both) == "" and _notes(both, []) == ("Money is in each run's own currency: EUR in b; USD in c.",)
