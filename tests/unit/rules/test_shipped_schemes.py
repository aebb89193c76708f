"""The nine schemes in data/schemes: complete, exclusive, named in two languages, under any number of bands."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from helpers.axes.columns import AXIS_COLUMNS, axis_domains
from helpers.rules.lint import lint_scheme
from helpers.rules.schemes import NOT_MEASURED, assign_scheme, schemes_of
from helpers.runs.schemefiles import read_scheme_files, scheme_folder

SCHEMES = schemes_of(read_scheme_files())
NINE = ["champions11", "relationship3", "rfm4", "stages4", "stages5", "strategic3", "types4", "value3", "zh8"]
SILENT_BEST = {"r_five": 1, "fm_five": 5, "r_band": "L", "f_band": "H", "m_band": "H", "activity": "silent", "risk": "severe", "state": "lapsed", "value_band": "M", "tenure_days": 900,
               "r_half": "L", "f_half": "H", "m_half": "H", "order_count": 20}  # fmt: skip
NEW = {"r_five": 5, "fm_five": 1, "r_band": "H", "f_band": "L", "m_band": "L", "activity": "active", "risk": "none", "state": "new", "value_band": "L", "tenure_days": 9,
       "r_half": "H", "f_half": "L", "m_half": "L", "order_count": 1}  # fmt: skip


def test_nine_schemes_are_shipped_and_each_is_called_as_its_file():
    assert list(SCHEMES) == NINE == sorted(p.stem for p in scheme_folder().glob("*.yml"))
    assert [s.scheme for s in SCHEMES.values()] == NINE


@pytest.mark.parametrize("bands", [2, 3, 4, 5, 7, 10])
def test_no_scheme_has_a_hole_an_overlap_an_unreachable_rule_or_an_inversion(bands):
    found = pd.concat([lint_scheme(s, axis_domains(bands)) for s in SCHEMES.values()])
    assert found.loc[found["check"] != "fallback share", "verdict"].eq("ok").all() and len(found) == 5 * 9


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=str)
def test_every_tier_is_named_in_english_and_chinese(scheme):
    texts = [scheme.title, scheme.unmeasured, *(t for tier in scheme.tiers for t in (tier.label, tier.who, tier.objective))]
    assert all(re.search("[A-Za-z]", t.en) and not re.search("[\u4e00-\u9fff]", t.en) and re.search("[\u4e00-\u9fff]", t.zh) for t in texts)
    for language in ("en", "zh"):
        labels = scheme.label(language)
        assert set(labels) == {*scheme.rank, NOT_MEASURED} and len(set(labels.values())) == len(labels)


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=str)
def test_every_scheme_says_whose_it_is_looks_at_known_columns_and_limits_its_fallback(scheme):
    assert len(scheme.about) > 100 and set(scheme.rule_columns) <= set(AXIS_COLUMNS) and scheme.fallback.max_share <= 0.10
    assert all(p.says and p.source and p.unit for p in scheme.parameters.values())


@pytest.mark.parametrize(("name", "tier"), [("champions11", "cant_lose"), ("rfm4", "lapsing_best"), ("types4", "lapsing_best"), ("value3", "lapsing_best"), ("zh8", "recall")])
def test_the_lapsing_best_customer_is_named_and_to_be_called(name, tier):
    assert assign_scheme(pd.DataFrame([SILENT_BEST | {"customer_id": "a"}]), SCHEMES[name])["tier"].tolist() == [tier]
    assert SCHEMES[name].call_first == (tier,)


@pytest.mark.parametrize(("name", "tier"), [("champions11", "new"), ("rfm4", "new"), ("types4", "new"), ("value3", "new"), ("stages5", "first"), ("stages4", "acquisition")])
def test_a_new_customer_is_never_called_low_value(name, tier):
    assert assign_scheme(pd.DataFrame([NEW | {"customer_id": "a"}]), SCHEMES[name])["tier"].tolist() == [tier]


@pytest.mark.parametrize("name", ["champions11", "rfm4", "types4", "value3", "zh8", "strategic3", "relationship3"])
def test_who_never_bought_is_not_measured_where_a_scheme_needs_orders(name):
    prospect = pd.DataFrame({"customer_id": ["p"], "order_count": [0], "state": ["prospect"]})
    assert assign_scheme(prospect, SCHEMES[name])["tier"].tolist() == [NOT_MEASURED]
