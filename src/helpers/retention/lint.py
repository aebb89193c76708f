"""The linter of playbooks: what a person would only notice in the middle of the week."""

from __future__ import annotations

import re
from itertools import product

import pandas as pd

from helpers.retention.catalogue import Row
from helpers.retention.owners import AUTOMATIC, STANDS_IN, price_of
from helpers.retention.playbook import Play, Playbook
from helpers.retention.situations import known_columns

LINT = {"play": "str", "check": "str", "verdict": "str", "detail": "str"}
PLACES = ("reason", "trigger", "until")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LEVELS, KINDS = ("mild", "moderate", "severe"), ("business", "consumer")
EVERYTHING = "(all plays)"


def lint_playbook(playbook: Playbook, signals: dict[str, Row], prices: pd.DataFrame, team: pd.DataFrame, contacts_per_week: int = 2) -> pd.DataFrame:
    """Check every play, and whether together they answer every situation.

    Parameters
    ----------
    playbook : Playbook
    signals : dict
        From `read_signals`: plays may name these.
    prices, team : pandas.DataFrame
        What steps cost and who can do them.
    contacts_per_week : int
        The weekly cap: a play that breaks it by itself can never be listed.

    Returns
    -------
    pandas.DataFrame
        play, check (columns, references, costs, languages, places, people, clock, cap, hold-out, coverage), verdict (ok, fault), detail (str). One row per play and check, then those about all plays.
    """
    rows = [_row(p.key, check, made(p, playbook, signals, prices, team, contacts_per_week)) for p in playbook.plays.values() for check, made in CHECKS.items()]
    rows += [_row(EVERYTHING, "coverage", _coverage(playbook)), _row(EVERYTHING, "priority inversions", _inversions(playbook)), _row(EVERYTHING, "cadences", _cadences(playbook, signals))]
    return pd.DataFrame(rows, columns=list(LINT)).astype(LINT)


def _row(play: str, check: str, faults: list[str]) -> dict[str, str]:
    return {"play": play, "check": check, "verdict": "fault" if faults else "ok", "detail": "; ".join(faults)}


def _columns(play: Play, playbook: Playbook, signals: dict[str, Row], *_: object) -> list[str]:
    known = known_columns() | {f"signal_{s}" for s in signals} | {f"acts_{s}" for s in signals}
    used = set(play.condition.columns if play.condition else ()) | {c for s in play.steps for _, e in s.conditions for c in e.columns}
    return [f"looks at column {c}, which nobody knows" for c in sorted(used - known)]


def _references(play: Play, playbook: Playbook, signals: dict[str, Row], *_: object) -> list[str]:
    faults = [f"there is no signal {s}" for s in play.signals if s not in signals]
    faults += [f"there is no trigger {play.trigger}"] if play.trigger and play.trigger not in playbook.triggers else []
    return faults + ([f"there is no cadence {play.cadence}"] if play.cadence and play.cadence not in playbook.cadences else [])


def _costs(play: Play, playbook: Playbook, signals: dict[str, Row], prices: pd.DataFrame, *_: object) -> list[str]:
    known = price_of(prices)
    rows = [s.cost_row for s in play.steps] + ([play.offer] if play.offer else [])
    missing = [f"cost row {r} is in no table" for r in dict.fromkeys(rows) if r not in known]
    money = sum(known[r][0] for r in rows if r in known)
    return missing + ([f"costs {money:,.0f} as planned, its own cap is {play.cost_cap:,.0f}"] if money > play.cost_cap else [])


def _languages(play: Play, *_: object) -> list[str]:
    texts = {"label": play.label, "aim": play.aim, "stop": play.stop.says} | {f"step {i} {n}": w for i, s in enumerate(play.steps, 1) for n, w in (("do", s.do), ("script", s.script))}
    return [f"{where}.zh holds no Chinese" for where, words in texts.items() if not CHINESE.search(words.zh)] + [f"{where}.en holds Chinese" for where, words in texts.items() if CHINESE.search(words.en)]


def _places(play: Play, *_: object) -> list[str]:
    texts = [w for s in play.steps for w in (s.script, *(v.script for v in s.variants))]
    unknown = sorted({p for w in texts for t in (w.en, w.zh) for p in re.findall(r"\{(.*?)\}", t) if p not in PLACES})
    faults = [f"a script has {{{p}}}; it may hold {', '.join(f'{{{k}}}' for k in PLACES)}" for p in unknown]
    return faults + (["a script has {trigger}, but the play has none"] if not (play.trigger or play.cadence) and any("{trigger}" in w.en for w in texts) else [])


def _people(play: Play, playbook: Playbook, signals: dict[str, Row], prices: pd.DataFrame, team: pd.DataFrame, *_: object) -> list[str]:
    there = set(team.loc[team["hours_per_week"] > 0, "role"])
    wanted = {s.role for s in play.steps if s.role != AUTOMATIC}
    return [f"nobody in the team is {r} or stands in" for r in sorted(wanted) if r not in there and not there & set(STANDS_IN.get(r, ()))]


def _clock(play: Play, playbook: Playbook, *_: object) -> list[str]:
    first = play.steps[0].day * 24
    late = [level for level in play.levels if first > playbook.clocks.get(level, 10**6)]
    return [f"the first step comes after {first} h, the clock of {late[-1]} is {playbook.clocks[late[-1]]} h"] if late and late == list(play.levels) else []


def _cap(play: Play, playbook: Playbook, signals: dict[str, Row], prices: pd.DataFrame, team: pd.DataFrame, contacts_per_week: int) -> list[str]:
    days = [s.day for s in play.steps if s.channel != "internal"]
    most = max((sum(1 for d in days if e - 7 < d <= e) for e in days), default=0)
    return [f"{most} contacts within seven days, the cap is {contacts_per_week}"] if most > contacts_per_week else []


def _hold_out(play: Play, *_: object) -> list[str]:
    costly = play.offer and play.purpose != "save" and not play.hold_out
    return ["gives something away and holds nobody out: nobody will know what it brings"] if costly else []


CHECKS = {"columns": _columns, "references": _references, "costs": _costs, "languages": _languages, "places": _places, "people": _people, "clock": _clock, "cap": _cap, "hold-out": _hold_out}


def _coverage(playbook: Playbook) -> list[str]:
    """Every level of response of both kinds has a play that anybody on it can get, and so has everybody who is lost."""
    plain = [p for p in playbook.plays.values() if p.levels and not (p.signals or p.trigger or p.cadence)]
    holes = [f"no play for {k} customers at level {level} whatever else they are" for k, level in product(KINDS, LEVELS) if not any(k in p.kinds and level in p.levels and not p.when for p in plain)]
    return holes + [f"no win-back play for {k} customers" for k in KINDS if not any(k in p.kinds and p.purpose == "winback" for p in playbook.plays.values())]


def _inversions(playbook: Playbook) -> list[str]:
    hours = [playbook.clocks.get(level) for level in LEVELS]
    if None in hours:
        return [f"no clock for level {LEVELS[hours.index(None)]}"]
    return [f"{b} has a slower clock than {a}" for a, b, x, y in zip(LEVELS, LEVELS[1:], hours, hours[1:], strict=False) if y > x]  # type: ignore[operator]


def _cadences(playbook: Playbook, signals: dict[str, Row]) -> list[str]:
    known = known_columns() | {f"signal_{s}" for s in signals}
    faults = [f"cadence {c.key} looks at column {col}, which nobody knows" for c in playbook.cadences.values() for col in c.condition.columns if col not in known]
    return faults + [f"cadence {c} has no play" for c in playbook.cadences if not any(p.cadence == c for p in playbook.plays.values())]
