"""Small multiples of a batch: a group without a figure, a figure below zero."""

import pandas as pd
import pytest

from helpers.show.plots_batches import plot_figure_by_group, say_figure_by_group

DAYS = pd.to_datetime(["2025-03-31", "2025-06-30"] * 3)
RUNS = pd.DataFrame({"group": ["all", "all", "business", "business", "consumer", "consumer"], "as_of": DAYS, "net": [100.0, 120.0, None, None, -50.0, None]})


def test_a_group_in_which_a_figure_was_not_measured_says_so_and_losses_are_in_the_picture():
    every, business, consumer = plot_figure_by_group(RUNS, "net", title="expected", unit="EUR").figure.axes[:3]
    assert every.get_ylim() == pytest.approx((0, 138)) and [t.get_text() for t in every.texts] == []
    assert [t.get_text() for t in business.texts] == ["not measured"] and len(business.lines[0].get_xdata()) == 0
    assert consumer.get_ylim()[0] == pytest.approx(-57.5) and consumer.lines[0].get_ydata().tolist() == [-50.0]


def test_the_sentence_names_only_groups_measured_at_two_dates():
    assert say_figure_by_group(RUNS, "net", "expected") == "From 2025-03-31 to 2025-06-30, expected in all: +20 %."
    assert say_figure_by_group(RUNS[RUNS["group"] != "all"], "net", "expected") == "Expected: no group was measured at two dates."
