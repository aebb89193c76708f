"""Every chart of tiers and lifecycle draws: on a shop, on one customer, on customers all alike; no warning, no empty axes, words on every axis."""

from __future__ import annotations

import datetime as dt
import warnings

import matplotlib as mpl
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
import pandas as pd  # noqa: E402

from helpers.axes.derive import AxisSettings, derive_axes  # noqa: E402
from helpers.axes.population import fit_population  # noqa: E402
from helpers.lifecycle.history import balance_states, build_history  # noqa: E402
from helpers.lifecycle.lapses import judge_lapses  # noqa: E402
from helpers.lifecycle.migration import build_migration  # noqa: E402
from helpers.lifecycle.past import Past  # noqa: E402
from helpers.lifecycle.pool import count_comebacks, review_pool, summarise_pool  # noqa: E402
from helpers.rules.crosswalk import cross_tiers  # noqa: E402
from helpers.rules.schemes import assign_scheme, schemes_of  # noqa: E402
from helpers.runs.schemefiles import read_scheme_files  # noqa: E402
from helpers.show import plots_lifecycle, plots_tiers  # noqa: E402
from helpers.show.style import set_style  # noqa: E402
from helpers.tiering.assign import assign_all  # noqa: E402
from helpers.tiering.matrices import build_matrices, place_customers  # noqa: E402
from helpers.tiering.passport import build_passport  # noqa: E402
from helpers.tiering.summary import summarise_tiers  # noqa: E402

AS_OF, SETTINGS = dt.date(2025, 6, 30), AxisSettings()
SCHEMES = schemes_of(read_scheme_files())
PRIMARY = SCHEMES["champions11"]


def shops(make_lines, lines_from):
    return {
        "a shop": make_lines(seed=4, customers=60), "one customer": lines_from(("a", "2025-06-01", 10)),
        "all alike": lines_from(*[(c, day, 10) for c in "abcd" for day in ("2025-02-01", "2025-06-01")]), "returned": lines_from(("a", "2025-05-01", 10), ("a", "2025-05-02", -10)).assign(order_id="o"),
    }  # fmt: skip


@pytest.fixture(scope="module", params=["a shop", "one customer", "all alike", "returned"])
def tables(request, make_lines, lines_from, measure):
    """Everything that a chart is drawn from."""
    lines = shops(make_lines, lines_from)[request.param]
    measures = measure(lines)
    population = fit_population(measures, SETTINGS.rfm, SETTINGS.activity)
    axes = derive_axes(measures, population, SETTINGS, as_of=AS_OF)
    past, earlier = Past(lines, {}, SETTINGS), dt.date(2025, 3, 31)
    days = past.days(AS_OF) if request.param != "returned" else [earlier, AS_OF]
    moves = past.moves(AS_OF, PRIMARY)
    comebacks = count_comebacks(past.measure(dt.date(2024, 6, 30)), past.spend_between(dt.date(2024, 6, 30), AS_OF), 365)
    chosen = {n: SCHEMES[n] for n in ("champions11", "stages5")}
    return {
        "summary": summarise_tiers(axes, assign_scheme(axes, PRIMARY)["tier"], PRIMARY), "axes": axes, "matrices": build_matrices(axes, 0.8), "held": assign_all(axes, chosen),
        "passport": build_passport(axes, population, chosen, SETTINGS, primary="champions11", as_of=AS_OF), "moves": moves, "migration": build_migration(moves, PRIMARY),
        "balance": balance_states(build_history([(day, past.judge(day, PRIMARY)) for day in days], 2)),
        "lapses": judge_lapses(past.measure(earlier), past.orders_between(earlier, AS_OF), SETTINGS.activity, SETTINGS.rfm, as_of=earlier),
        "pool": summarise_pool(review_pool(axes, comebacks, SETTINGS.lifecycle, as_of=AS_OF)),
    }  # fmt: skip


def draws(ax) -> None:
    """Title, labels on both axes or names at their ticks, something drawn, finite limits."""
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") and (ax.patches or ax.collections or ax.texts)
    assert ax.get_xlabel() and (ax.get_ylabel() or [t.get_text() for t in ax.get_yticklabels()] or not ax.patches)
    assert all(pd.notna(v) for v in (*ax.get_xlim(), *ax.get_ylim()))


@pytest.fixture(autouse=True)
def quiet_and_closed():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        set_style()
        yield
    plt.close("all")


def test_tier_sizes(tables):
    draws(plots_tiers.plot_tier_sizes(tables["summary"]))
    assert plots_tiers.say_tier_sizes(tables["summary"]).endswith(".") and "nan" not in plots_tiers.say_tier_sizes(tables["summary"])


@pytest.mark.parametrize("cut", ["median", "core"])
@pytest.mark.parametrize("matrix", ["value_potential", "frequency_order_value"])
def test_matrices(tables, matrix, cut):
    placed = place_customers(tables["axes"], matrix, cut, 0.8)
    rows = tables["matrices"].query("matrix == @matrix and cut == @cut")
    assert plots_tiers.say_matrix(rows, "EUR").endswith(".")
    draws(plots_tiers.plot_matrix(placed, rows))


def test_crosswalk(tables):
    pair = (SCHEMES["champions11"], SCHEMES["stages5"])
    draws(plots_tiers.plot_crosswalk(cross_tiers(tables["held"], pair), (pair[0].label(), pair[1].label()), ("eleven", "stages")))


def test_thresholds(tables):
    draws(plots_tiers.plot_thresholds(tables["passport"]))
    assert plots_tiers.say_thresholds(tables["passport"], 9).endswith(".")


def test_migration_and_causes(tables):
    draws(plots_lifecycle.plot_migration(tables["migration"], PRIMARY.label()))
    draws(plots_lifecycle.plot_causes(tables["moves"]))
    assert plots_lifecycle.say_migration(tables["moves"]).endswith(".")


def test_balance(tables):
    draws(plots_lifecycle.plot_balance(tables["balance"]))
    assert plots_lifecycle.say_balance(tables["balance"]).endswith(".")


def test_lapse_rules_and_pool(tables):
    draws(plots_lifecycle.plot_lapse_rules(tables["lapses"]))
    draws(plots_lifecycle.plot_pool(tables["pool"]))
    assert plots_lifecycle.say_pool(tables["pool"], "EUR").endswith(".")
