"""Charts of lesson 04 are drawn from their tables, say their message, and survive tables with little in them."""

import datetime as dt

import pandas as pd
import pytest

from helpers.runs import Run
from helpers.show import plots_needs as plots
from helpers.show import plots_voices as voices
from helpers.show.style import set_style
from helpers.show.widgets_needs import sequence_controls, sequence_table


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return Run.open("demo", "2025-06-30", out=tmp_path_factory.mktemp("demo"))


@pytest.fixture(autouse=True)
def close_figures():
    import matplotlib

    matplotlib.use("Agg")
    set_style()
    yield
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(
    ("draw", "say", "table", "options"),
    [
        (plots.plot_basket_rules, plots.say_basket_rules, "basket_rules", {}),
        (plots.plot_sequences, plots.say_sequences, "sequence_rules", {}),
        (plots.plot_recommendation_test, plots.say_recommendation_test, "recommendation_test", {}),
        (plots.plot_cycle_calibration, None, "cycle_calibration", {"horizon_days": 14}),
        (voices.plot_need_types, voices.say_need_types, "need_types", {}),
        (voices.plot_themes, voices.say_themes, "voice_themes", {}),
        (voices.plot_links, voices.say_links, "behaviour_links", {}),
        (voices.plot_repurchase, voices.say_repurchase, "satisfaction_repurchase", {}),
    ],
)
def test_every_chart_asks_a_question_and_names_its_axes(demo, draw, say, table, options):
    frame = demo.load(table)
    axes = draw(frame, **options)
    assert "?" in axes.get_title(loc="left") and axes.get_xlabel()
    if say:
        message = say(frame)
        assert message.endswith(".") and "nan" not in message and "None" not in message


@pytest.mark.parametrize(
    ("say", "table"),
    [(plots.say_basket_rules, "basket_rules"), (plots.say_sequences, "sequence_rules"), (plots.say_recommendation_test, "recommendation_test"), (voices.say_themes, "voice_themes"),
     (voices.say_repurchase, "satisfaction_repurchase"), (voices.say_need_types, "need_types"), (voices.say_links, "behaviour_links")],
)  # fmt: skip
def test_sentences_about_nothing_are_sentences(demo, say, table):
    assert say(demo.load(table).iloc[:0]).endswith(".")


def test_one_set_of_items_is_shown_once(demo):
    top = plots.top_basket_rules(demo.load("basket_rules"), 50)
    sets = [frozenset([*a.split(" + "), c]) for a, c in zip(top["antecedent"], top["consequent"], strict=True)]
    assert len(sets) == len(set(sets)) and not top["is_redundant"].any()


def test_the_cycle_sentence_says_who_won(demo):
    said = plots.say_cycles(demo.load("cycle_calibration"), demo.load("cycle_scores"), 14)
    assert "is better than that of the naive forecast" in said
    assert plots.say_cycles(pd.DataFrame(), pd.DataFrame(), 14) == "Too little history to test the forecast."


def test_the_control_shows_what_the_plain_call_gives(demo):
    days, settings = demo.load("sequence_day_counts"), demo.settings.sequences
    box = sequence_controls(days, as_of=dt.date(2025, 6, 30), settings=settings)
    months, _, output = box.children
    table = sequence_table(days, as_of=dt.date(2025, 6, 30), window_months=2, min_buyers=settings.min_buyers)
    months.value = 2
    assert str(table["buyers"].iloc[0]) in output.value and table["a"].iloc[0] in output.value
