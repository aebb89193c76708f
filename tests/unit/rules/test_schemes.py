"""A scheme file is read strictly: what does not hang together is refused with the place and a hint."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.rules.schemes import NOT_MEASURED, assign_scheme, primary_scheme, read_scheme, schemes_of

WORDS = {"en": "x", "zh": "某"}
LARGE = {"value": 100, "unit": "orders", "says": "what is large", "step": 10}


def test_a_scheme_knows_its_columns_ranks_labels_and_whom_to_call(content):
    told = content(("best", "spend >= large and kind == 'business'"), ("rest", "spend < large"), needs=("spend",), codes=("region",), parameters={"large": LARGE})
    told["tiers"][0] |= {"label": {"en": "Best", "zh": "最佳"}, "call_first": True}
    scheme = read_scheme(told, "mine.yml")
    assert scheme.rule_columns == ("kind", "region", "spend") and scheme.rank == {"best": 1, "rest": 2} and scheme.call_first == ("best",)
    assert scheme.label() == {"best": "Best", "rest": "x", NOT_MEASURED: "Not measured"} and scheme.label("zh")["best"] == "最佳"


@pytest.mark.parametrize(("change", "says"), [
    ({"colour": 1}, "unknown key colour"), ({"fallbak": {}}, "unknown key fallbak: did you mean fallback"), ({"title": {"en": "x"}}, "title.zh is missing"),
    ({"scheme": "My scheme"}, "scheme: String should match"), ({"codes": []}, "codes: "), ({"rules": []}, "rules: "), ({"about": None}, "about: "),
    ({"rules": [{"tier": "best", "when": "spend > 1", "wen": "x"}]}, r"unknown key rules.0.wen: did you mean when\?"),
    ({"rules": [{"tier": "bets", "when": "spend > 1"}]}, "rule for tier 'bets', but the tiers are best, rest"), ({"fallback": {"tier": "nobody"}}, "rule for tier 'nobody'"),
    ({"fallback": {"tier": "rest", "max_share": 2}}, "fallback.max_share: "), ({"rules": [{"tier": "best", "when": "spend >"}]}, "scheme mine, rule 1: rule \"spend >\" cannot be read"),
    ({"rules": [{"tier": "best", "when": "spend > 1"}, {"tier": "best", "when": "open('x')"}]}, "scheme mine, rule 2: .*only missing"),
    ({"parameters": {"large": LARGE | {"step": 0}}}, "parameters.large.step: "), ({"parameters": {"large": LARGE | {"value": float("inf")}}}, "parameters.large.value: "),
    ({"parameters": {"large": {"value": 1}}}, "parameters.large.unit is missing"), ({"tiers": [{"key": "best", "label": WORDS, "who": WORDS, "objective": WORDS}]}, "tiers: "),
])  # fmt: skip
def test_what_does_not_hang_together_is_refused_by_name(content, change, says):
    with pytest.raises(UserError, match=says) as told:
        read_scheme(content(("best", "spend >= 5")) | change, "mine.yml")
    assert "\n" not in str(told.value) and "pydantic" not in str(told.value)


@pytest.mark.parametrize("wrong", [None, "text", [], 5, {}])
def test_what_is_no_scheme_at_all_is_refused(wrong):
    with pytest.raises(UserError, match="mine.yml"):
        read_scheme(wrong, "mine.yml")


@pytest.mark.parametrize(("keys", "says"), [(["best", "rest", "best"], "tier best is there twice"), (["best", "rest", NOT_MEASURED], "tier not_measured is made by the kit")])
def test_a_tier_is_named_once_and_not_as_the_kit_names_the_unmeasured(content, keys, says):
    with pytest.raises(UserError, match=says):
        read_scheme(content(("best", "spend >= 5")) | {"tiers": [{"key": k, "label": WORDS, "who": WORDS, "objective": WORDS} for k in keys]}, "mine.yml")


def test_a_moved_parameter_moves_the_rules_and_nothing_else(make_scheme):
    scheme = make_scheme(("best", "spend >= large"), parameters={"large": LARGE})
    moved = scheme.with_parameter("large", 50)
    customers = pd.DataFrame({"customer_id": ["a", "b"], "spend": [100.0, 60.0]})
    assert assign_scheme(customers, scheme)["tier"].tolist() == ["best", "rest"] and assign_scheme(customers, moved)["tier"].tolist() == ["best", "best"]
    assert moved.constants == {"large": 50} and scheme.constants == {"large": 100}
    assert moved.model_dump(exclude={"parameters"}) == scheme.model_dump(exclude={"parameters"})


def test_a_run_names_its_scheme_and_a_name_without_a_file_is_told(content):
    contents = {"mine": content(("best", "spend >= 5"))}
    assert list(schemes_of(contents)) == ["mine"] and primary_scheme(contents, "mine").scheme == "mine"
    with pytest.raises(UserError, match=r"there is no scheme 'yours' \(setting tiering.primary\): data/schemes holds mine"):
        primary_scheme(contents, "yours")
