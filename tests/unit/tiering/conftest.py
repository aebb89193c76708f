"""Axes of a made-up shop, judged as the stages judge them."""

from __future__ import annotations

import datetime as dt

import pytest

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.rules.schemes import schemes_of
from helpers.runs.schemefiles import read_scheme_files


@pytest.fixture(scope="session")
def schemes():
    return schemes_of(read_scheme_files())


@pytest.fixture(scope="session")
def make_axes(make_lines, measure):
    def call(*, seed=1, customers=40, lines=None, settings=None, tables=None, as_of=dt.date(2025, 6, 30)):
        chosen = settings or AxisSettings()
        measures = measure(make_lines(seed=seed, customers=customers) if lines is None else lines, as_of=as_of, tables=tables, activity=chosen.activity, lifecycle=chosen.lifecycle)
        return derive_axes(measures, fit_population(measures, chosen.rfm, chosen.activity), chosen, as_of=as_of)

    return call
