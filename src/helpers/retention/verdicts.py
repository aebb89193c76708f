"""From tests to decisions: from which severity a signal is good enough, and whether the list acts on what it finds."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from helpers.axes.population import ALL
from helpers.retention.catalogue import SEVERITIES, Row
from helpers.retention.settings import SignalsSettings

RANK = {"ship": 0, "watch": 1, "reject": 2, "not measured": 3}
ACTED_ON = {"ship": ("ship",), "ship_and_watch": ("ship", "watch"), "all": ("ship", "watch", "reject", "not measured")}


def decide_signals(tests: pd.DataFrame, signals: Mapping[str, Row], settings: SignalsSettings) -> pd.DataFrame:
    """Return one row per signal and kind: the mildest severity that ships, else the mildest that deserves a watch.

    Parameters
    ----------
    tests : pandas.DataFrame
        From `backtest_signals`.
    signals : mapping
        From `read_signals`.
    settings : SignalsSettings
        `use` says which verdicts the list acts on.

    Returns
    -------
    pandas.DataFrame
        The columns of the tests, one row per signal and kind, and acts (boolean), acts_why (str). Three severities are tried, so that a verdict just above the line is worth less than it looks;
        the lower end of the interval is the number to trust.
    """
    ranked = tests.assign(_rank=tests["verdict"].map(RANK).fillna(9), _step=tests["severity_from"].map({s: i for i, s in enumerate(SEVERITIES)}))
    best = ranked.sort_values(["signal", "kind", "_rank", "_step"], kind="stable").drop_duplicates(["signal", "kind"])
    told = [_acts(signals.get(row.signal), row.verdict, settings) for row in best.itertuples()]
    order = {k: i for i, k in enumerate(dict.fromkeys(tests["signal"]))}
    best = best.assign(acts=pd.array([a for a, _ in told], dtype="boolean"), acts_why=[w for _, w in told], _order=best["signal"].map(order))
    return best.sort_values(["_order", "kind"], ignore_index=True).drop(columns=["_rank", "_step", "_order"]).astype({"acts_why": "str"})


def _acts(signal: Row | None, verdict: str, settings: SignalsSettings) -> tuple[bool, str]:
    if signal is None:
        return False, ""
    if signal.act == "never":
        return False, "set to be shown only"
    if verdict in ACTED_ON[settings.use]:
        return True, "proven on the own past" if verdict == "ship" else f"verdict {verdict}, setting signals.use is {settings.use}"
    return (True, "a person saw it") if signal.act == "always" else (False, f"verdict {verdict}")


def weigh_findings(found: pd.DataFrame, decided: pd.DataFrame, kinds: pd.Series, settings: SignalsSettings) -> pd.DataFrame:
    """Return what signals found with what each finding is worth: the verdict for the customer's kind, and whether the list acts on it.

    Parameters
    ----------
    found : pandas.DataFrame
        From `find_signals`.
    decided : pandas.DataFrame
        From `decide_signals`.
    kinds : pandas.Series
        Kind per customer (index customer_id); a kind for which a signal was too rare to judge takes the verdict of all.
    settings : SignalsSettings

    Returns
    -------
    pandas.DataFrame
        `found` and label_en, label_zh are left to the catalogue; added: verdict, acts_why (str), acts (boolean), chance (float64, how often what the signal foretells came true; missing
        where it was not measured), lift (float64).
    """
    judged = decided[["signal", "kind", "verdict", "severity_from", "acts", "acts_why", "chance", "lift", "alerts"]]
    own = judged[(judged["kind"] != ALL) & (judged["alerts"] >= settings.min_alerts).fillna(False)]
    told = found.assign(kind=found["customer_id"].map(kinds).astype("str"))
    mine = told[["signal", "kind"]].merge(own, on=["signal", "kind"], how="left").drop(columns="kind")
    every = told[["signal"]].merge(judged[judged["kind"] == ALL].drop(columns="kind"), on="signal", how="left")
    known = mine["verdict"].notna()
    best = pd.DataFrame({c: mine[c].where(known, every[c]) for c in every.columns if c != "signal"})
    step = {s: i for i, s in enumerate(SEVERITIES)}
    strong = (told["severity"].map(step) >= best["severity_from"].map(step)).fillna(False).to_numpy()
    acts = best["acts"].fillna(False).astype("bool") & (strong | (told["act"] == "always").to_numpy())
    why = best["acts_why"].where(acts | ~best["acts"].fillna(False).astype("bool"), "proven only from severity " + best["severity_from"])
    return told.drop(columns="kind").assign(verdict=best["verdict"], acts=acts.astype("boolean"), acts_why=why.astype("str"), chance=best["chance"], lift=best["lift"]).astype({"verdict": "str"})
