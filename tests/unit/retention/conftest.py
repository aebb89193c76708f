"""What the tests of retention stand on: shipped signals and playbooks, hand-made histories, and one run on the demo company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from helpers.retention.days import build_customer_days, cover_streams
from helpers.retention.history import History
from helpers.retention.playfiles import read_playbooks
from helpers.retention.signalfiles import read_signals
from helpers.runs.playfiles import read_folder
from helpers.runs.run import Run


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run.open("demo", out=tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def signal_files() -> dict[str, Any]:
    return read_folder("signals")


@pytest.fixture(scope="session")
def signals(signal_files: dict[str, Any]) -> dict[str, Any]:
    return read_signals(signal_files)


@pytest.fixture(scope="session")
def play_files() -> dict[str, Any]:
    return read_folder("playbooks")


@pytest.fixture(scope="session")
def playbook(play_files: dict[str, Any]) -> Any:
    return read_playbooks(play_files)


@pytest.fixture
def history_of() -> Callable[..., History]:
    """A history from order lines and any other tables: `history_of(lines, as_of, tickets=..., customers=...)`."""

    def call(lines: pd.DataFrame, as_of: dt.date, *, customers: pd.DataFrame | None = None, **tables: pd.DataFrame) -> History:
        days = build_customer_days(lines, tables, as_of=as_of)
        return History.of(days, cover_streams(days, tables), customers)

    return call
