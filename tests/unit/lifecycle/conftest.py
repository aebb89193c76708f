"""Looks at a made-up shop on two days, ready to be explained."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import pytest

from helpers.axes.derive import AxisSettings
from helpers.axes.measures import measure_customers
from helpers.axes.moves import Snapshot, explain_moves
from helpers.axes.population import fit_population
from helpers.lifecycle.migration import describe_moves
from helpers.rules.schemes import schemes_of
from helpers.runs.schemefiles import read_scheme_files

BEFORE, AFTER = dt.date(2025, 3, 31), dt.date(2025, 6, 30)


@pytest.fixture(scope="session")
def schemes():
    return schemes_of(read_scheme_files())


def look(lines, day, scheme, settings=None, *, tables=None, known_until=None) -> Snapshot:
    chosen = settings or AxisSettings()
    measures = measure_customers(lines, tables or {}, as_of=day, activity=chosen.activity, lifecycle=chosen.lifecycle, known_until=known_until)
    return Snapshot(day, measures, fit_population(measures, chosen.rfm, chosen.activity), chosen, scheme)


@pytest.fixture(scope="session")
def snapshot():
    return look


@pytest.fixture(scope="session")
def compare():
    """Explain and describe the moves between two days; settings and scheme of the later day may differ."""

    def call(lines, scheme, *, before=BEFORE, after=AFTER, settings=None, later_settings=None, later_scheme=None, tables=None):
        start = look(lines, before, scheme, settings, tables=tables)
        end = look(lines, after, later_scheme or scheme, later_settings or settings, tables=tables)
        idle = look(lines, after, scheme, settings, tables=tables, known_until=before).measures
        moves = explain_moves(start, end, idle)
        return SimpleNamespace(before=start, after=end, idle=idle, moves=describe_moves(moves, start, end).set_index("customer_id"))

    return call
