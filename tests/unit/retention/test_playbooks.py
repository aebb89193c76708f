"""Playbooks: what is shipped is without fault, each kind of fault is found where it was put, and a bad file is one plain sentence."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
import yaml

from helpers.errors import UserError
from helpers.retention.lint import CHECKS, EVERYTHING, lint_playbook
from helpers.retention.owners import build_prices, build_team
from helpers.retention.playfiles import read_playbooks
from helpers.runs import playfiles


def lint(files: dict[str, Any], signals: dict[str, Any], *, staff: pd.DataFrame | None = None, cap: int = 2) -> pd.DataFrame:
    playbook = read_playbooks(files)
    return lint_playbook(playbook, signals, build_prices(None, playbook), build_team(staff, playbook), cap)


def faults(told: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {(r.play, r.check): r.detail for r in told[told["verdict"] == "fault"].itertuples()}


def one_play(**changes: Any) -> dict[str, Any]:
    words = {"en": "Ring up", "zh": "致电"}
    row = {
        "key": "mine", "label": words, "aim": words, "purpose": "save", "levels": ["mild", "moderate", "severe"], "cost_cap": 50.0, "effect": {"saves": 0.1}, "stop": {"says": words},
        "steps": [{"day": 1, "role": "owner", "channel": "call", "do": words, "script": words}],
    }  # fmt: skip
    return {k: v for k, v in (row | changes).items() if v is not None}


def with_play(files: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return files | {"zz_mine": {"plays": [one_play(**changes)]}}


def test_what_is_shipped_has_no_fault(play_files, signals):
    told = lint(play_files, signals)
    assert faults(told) == {}
    assert set(told["check"]) == {*CHECKS, "coverage", "priority inversions", "cadences"}
    assert len(told) == len(CHECKS) * told.loc[told["play"] != EVERYTHING, "play"].nunique() + 3


def step(**changes: Any) -> list[dict[str, Any]]:
    return [one_play()["steps"][0] | changes]


@pytest.mark.parametrize(
    ("changes", "check", "says"),
    [
        ({"when": "weather == 'rain'"}, "columns", "looks at column weather, which nobody knows"), ({"steps": step(variants=[{"when": "mood > 3", "script": {"en": "a", "zh": "甲"}}])}, "columns", "column mood"),
        ({"signals": ["no_such"]}, "references", "there is no signal no_such"), ({"trigger": "no_such"}, "references", "there is no trigger no_such"), ({"cadence": "no_such"}, "references", "there is no cadence no_such"),
        ({"offer": "a_yacht"}, "costs", "cost row a_yacht is in no table"), ({"cost_cap": 0.2}, "costs", "costs 0 as planned, its own cap is 0"), ({"label": {"en": "Ring", "zh": "Ring"}}, "languages", "label.zh holds no Chinese"),
        ({"aim": {"en": "致电", "zh": "致电"}}, "languages", "aim.en holds Chinese"), ({"steps": step(script={"en": "Dear {name}", "zh": "甲"})}, "places", r"a script has {name}"),
        ({"steps": step(script={"en": "since {trigger}", "zh": "甲"})}, "places", "a script has {trigger}, but the play has none"), ({"levels": ["severe"], "steps": step(day=3)}, "clock", "the first step comes after 72 h, the clock of severe is 24 h"),
        ({"steps": [step(day=d)[0] for d in (1, 4, 7)]}, "cap", "3 contacts within seven days, the cap is 2"), ({"purpose": "grow", "offer": "call", "hold_out": 0.0}, "hold-out", "gives something away and holds nobody out"),
    ],
)  # fmt: skip
def test_each_fault_is_found_where_it_was_put(changes, check, says, play_files, signals):
    found = faults(lint(with_play(play_files, **changes), signals))
    assert list(found) == [("mine", check)]
    assert says in found["mine", check]


def test_a_role_that_nobody_has(play_files, signals):
    nobody = pd.DataFrame({"staff_id": ["s"], "role": ["account manager"], "hours_per_week": [0.0]})
    found = faults(lint(play_files, signals, staff=nobody))
    assert found and {c for _, c in found} == {"people"} and all("nobody in the team is" in d for d in found.values())


def test_days_at_the_edge_of_the_weekly_cap(play_files, signals):
    assert faults(lint(with_play(play_files, steps=[step(day=d)[0] for d in (1, 4, 8)]), signals)) == {}
    inside = with_play(play_files, steps=[*step(day=1), *step(day=2), *step(day=3, channel="internal")])
    assert faults(lint(inside, signals)) == {}


def without(files: dict[str, Any], part: str, keep: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    told = copy.deepcopy(files)
    for content in told.values():
        if part in content:
            content[part] = [r for r in content[part] if keep(r)]
    return told


def test_holes_in_what_the_plays_cover_together(play_files, signals):
    no_severe = faults(lint(without(play_files, "plays", lambda p: "severe" not in p.get("levels", [])), signals))[EVERYTHING, "coverage"]
    assert "no play for business customers at level severe whatever else they are" in no_severe and "no win-back" not in no_severe
    assert "no win-back play for consumer customers" in faults(lint(without(play_files, "plays", lambda p: p["purpose"] != "winback"), signals))[EVERYTHING, "coverage"]


def test_clocks_that_run_backwards_and_cadences_that_lead_nowhere(play_files, signals):
    slow = copy.deepcopy(play_files)
    name = next(n for n, c in slow.items() if "clocks" in c)
    slow[name]["clocks"] = {"mild": 48, "moderate": 72, "severe": 24}
    assert faults(lint(slow, signals))[EVERYTHING, "priority inversions"] == "moderate has a slower clock than mild"
    slow[name]["clocks"] = {"mild": 48, "severe": 24}
    assert faults(lint(slow, signals))[EVERYTHING, "priority inversions"] == "no clock for level moderate"
    cadence = {"key": "lonely", "label": {"en": "x", "zh": "甲"}, "when": "moon == 1", "kinds": ["call"], "every_days": 30}
    assert faults(lint(play_files | {"zz": {"cadences": [cadence]}}, signals))[EVERYTHING, "cadences"] == "cadence lonely looks at column moon, which nobody knows; cadence lonely has no play"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (one_play(label=None), "plays mine: label is missing"), (one_play(colour="red"), "unknown key colour"), (one_play(effect={}), "what is the play for"), (one_play(levels=[]), "nothing says whom the play is for"),
        (one_play(steps=[]), "steps"), (one_play(steps=[*step(day=5), *step(day=1)]), r"steps must come in the order of their days, not \[5, 1\]"), (one_play(steps=step(role="king")), "role"), (one_play(hold_out=1.0), "hold_out"),
        (one_play(cost_cap=0), "cost_cap"), (one_play(key="Not A Key"), "key"), (one_play(when="level >>"), "level"), (one_play(exempt=["consent"]), "exempt"), ("a word", "plays"),
        (one_play(steps=step(variants=[{"when": "level =", "script": {"en": "a", "zh": "甲"}}])), "level"),
    ],
)  # fmt: skip
def test_a_bad_play_is_one_plain_sentence_with_its_place(row, says):
    with pytest.raises(UserError, match=says) as fault:
        read_playbooks({"mine": {"plays": [row]}})
    assert str(fault.value).startswith("data/playbooks/mine.yml") and "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a": None}, "a.yml holds no plays"), ({"a": []}, "a.yml holds no plays"), ({"a": {"weather": 1}}, "unknown part weather; it may hold plays, triggers"), ({"a": {"plays": [one_play()]}, "b": {"plays": [one_play()]}}, "b.yml: plays mine is there twice"),
        ({"a": {"staff": [{"staff_id": "x"}]}}, "staff: role is missing"), ({"a": {"prices": {"call": {"unit_cost": -1}}}}, "prices call: unit_cost"), ({"a": {"triggers": [{"key": "t", "rule": "guess"}]}}, "triggers t"),
    ],
)  # fmt: skip
def test_a_bad_file_is_one_plain_sentence(files, says):
    with pytest.raises(UserError, match=says) as fault:
        read_playbooks(files)
    assert "\n" not in str(fault.value)


def test_parts_that_are_not_what_they_should_be(play_files):
    for part, content in (("plays", {"a": 1}), ("roles", ["owner"]), ("clocks", {"mild": "soon"}), ("prices", ["call"]), ("staff", {"a": 1}), ("instead", {"call": "email"})):
        with pytest.raises(UserError, match=r"data/playbooks/a.yml") as fault:
            read_playbooks({"a": {part: content}})
        assert "\n" not in str(fault.value), part


@pytest.mark.parametrize("text", ["plays: [", "plays: {a: b: c}", "\tplays:\n", "plays: !!python/object/apply:os.getcwd []\n"])
def test_a_file_that_is_no_yaml_or_wants_to_run_something_says_so(text, tmp_path, monkeypatch):
    folder = tmp_path / "data" / "playbooks"
    folder.mkdir(parents=True)
    (folder / "broken.yml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(playfiles, "project_root", lambda: tmp_path)
    with pytest.raises(UserError, match=r"data/playbooks/broken.yml cannot be read as YAML") as fault:
        playfiles.read_folder("playbooks")
    assert "\n" not in str(fault.value)


def test_shipped_files_are_read_as_they_are_written(play_files):
    assert all(yaml.safe_load(yaml.safe_dump(c, allow_unicode=True)) == c for c in play_files.values())
    playbook = read_playbooks(play_files)
    assert len(playbook.plays) >= 30 and {p.purpose for p in playbook.plays.values()} == {"save", "grow", "care", "winback"}
    assert all(any(k in p.kinds for p in playbook.plays.values()) for k in ("business", "consumer"))
