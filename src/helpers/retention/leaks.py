"""Would the back-test find something where there is nothing? Outcomes are dealt anew and every signal is judged again."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.axes.population import ALL
from helpers.retention.backtest import backtest_signals
from helpers.retention.catalogue import Row
from helpers.retention.panel import Panel
from helpers.retention.settings import SignalsSettings

LEAKS = {"signal": "str", "label_en": "str", "alerts": "Int64", "lift": "float64", "lift_shuffled": "float64", "inside": "Int64", "shuffles": "Int64"}


def measure_leaks(panel: Panel, signals: Mapping[str, Row], settings: SignalsSettings, *, shuffles: int = 8) -> pd.DataFrame:
    """Return the lift of each signal beside its lift when outcomes are shuffled: with a sound back-test about 1.

    Parameters
    ----------
    panel : Panel
        From `build_panel`.
    signals : mapping
        From `read_signals`.
    settings : SignalsSettings
        Signals with fewer than `min_alerts` alerts are left out.
    shuffles : int
        How often outcomes are dealt anew, each time among customers of the same kind, with as many orders, on the same date.

    Returns
    -------
    pandas.DataFrame
        signal, label_en (str), alerts (Int64), lift (float64, as it was), lift_shuffled (float64, mean over the shuffles), inside (Int64, in how many of them the 95 % interval held 1), shuffles (Int64). All customers, mildest severity.

    Notes
    -----
    A lift that survives shuffling would mean that a signal sees the outcome, or that the comparison group is not comparable.
    """
    true = _mildest(backtest_signals(panel, signals, settings))
    dealt = pd.concat([_mildest(backtest_signals(panel.shuffled(seed), signals, settings)) for seed in range(1, shuffles + 1)])
    dealt = dealt.assign(inside=(dealt["lift_low"] <= 1) & (dealt["lift_high"] >= 1))
    by = dealt.groupby("signal").agg(lift_shuffled=("lift", "mean"), inside=("inside", "sum"), shuffles=("lift", "size"))
    told = true[true["alerts"] >= settings.min_alerts].join(by, on="signal")
    return told.sort_values(["lift", "signal"], ascending=[False, True])[list(LEAKS)].astype(LEAKS).reset_index(drop=True)


def _mildest(tests: pd.DataFrame) -> pd.DataFrame:
    rows = tests[(tests["kind"] == ALL) & tests["alerts"].notna()]
    return rows.drop_duplicates("signal")


def say_leaks(leaks: pd.DataFrame) -> str:
    """Return whether shuffled outcomes give a lift of about 1, in one sentence."""
    if leaks.empty:
        return "Not measured: no signal fired often enough."
    inside, of = int(leaks["inside"].sum()), int(leaks["shuffles"].sum())
    mean = float((leaks["lift_shuffled"] * leaks["alerts"].astype("float64")).sum() / leaks["alerts"].astype("float64").sum())
    return f"With outcomes dealt anew the mean lift is {mean:.2f}, and {inside} of {of} intervals hold 1 ({inside / of:.0%}, 95 % are promised).".replace("%,", " %,")
