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


def test_the_sentence_names_only_groups_measured_at_both_ends():
    assert say_figure_by_group(RUNS, "net", "expected") == "From 2025-03-31 to 2025-06-30, expected in all: +20 %."
    assert say_figure_by_group(RUNS[RUNS["group"] != "all"], "net", "expected") == "Expected: no group was measured at the first and at the last date."


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ((120, 150, 110), "rose most in business (+50 %) and least in consumer (+10 %)."),
        ((120, 150, 90), "rose most in business (+50 %) and fell most in consumer (-10 %)."),
        ((80, 50, 90), "fell most in business (-50 %) and least in consumer (-10 %)."),
        ((110, 110, 110), "in all and in business and in consumer: +10 %."),
        ((100, 100, 100), "in all and in business and in consumer: 0 %."),
        ((100, 50, 100), "fell most in business (-50 %) and least in all (0 %)."),
    ],
)
def test_a_fall_is_never_called_a_rise(last, told):
    runs = RUNS.assign(net=[v for end in last for v in (100.0, end)])
    assert say_figure_by_group(runs, "net", "revenue") == f"From 2025-03-31 to 2025-06-30, revenue {told}"
    assert say_figure_by_group(runs.sample(frac=1, random_state=3), "net", "revenue").startswith("From 2025-03-31 to 2025-06-30, revenue ")


def test_what_was_nothing_at_first_is_told_in_numbers():
    runs = RUNS.assign(net=[0.0, 128.0, 0.0, 5.0, None, 3.0])
    assert say_figure_by_group(runs, "net", "value at risk") == "From 2025-03-31 to 2025-06-30, value at risk in all: 0, then 128."


@pytest.mark.parametrize("groups", [["all"], ["all", "business"], ["all", "business", "consumer"]])
def test_titles_are_not_cut_off(groups):
    drawn = plot_figure_by_group(RUNS[RUNS["group"].isin(groups)], "net", title="days since the newest order", unit="number").figure
    drawn.canvas.draw()
    assert drawn._suptitle.get_window_extent().x1 <= drawn.bbox.x1
