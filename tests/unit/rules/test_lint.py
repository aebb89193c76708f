"""The linter finds by itself what was put into a scheme by hand: a hole, an overlap, a rule that never decides, an inversion."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.axes.columns import axis_domains
from helpers.errors import UserError
from helpers.rules.lint import find_inversions, find_unreachable, lint_scheme
from helpers.rules.regions import MOST_CELLS, OTHER, cover, list_cells

DOMAINS = axis_domains(5)


def findings(scheme, customers=None):
    found = lint_scheme(scheme, DOMAINS, customers).set_index("check")
    return {check: (int(row["found"]), row["detail"]) for check, row in found.iterrows() if row["verdict"] == "fault"}


def test_a_scheme_without_fault_has_none(make_scheme):
    scheme = make_scheme(("often", "order_count >= 5"), ("once", "order_count < 5"), needs=("order_count",), better=("order_count",), fallback="once")
    found = lint_scheme(scheme, DOMAINS)
    assert findings(scheme) == {} and found["check"].tolist() == ["holes", "overlaps", "unreachable rules", "priority inversions", "fallback share"]
    assert found["verdict"].tolist() == ["ok"] * 4 + ["no data"] and found["of"].tolist() == [4, 4, 2, 4, 0]  # 0, the lowest, and 4, 5, 6


@pytest.mark.parametrize(("rules", "codes", "holes"), [
    ((("a", "r_five >= 4"), ("b", "r_five <= 2")), ("r_five",), "3, ?"),
    ((("a", "r_five >= 4 and fm_five >= 2"), ("b", "r_five < 4 or missing(r_five)")), ("r_five", "fm_five"), "41, 4?, 51, 5?"),
    ((("a", "kind == 'business'"),), ("kind",), "consumer, ?"),  # who buys may be missing
    ((("a", "kind == 'business' or missing(kind)"), ("b", "not kind == 'business'")), ("kind",), ""),
    ((("a", "value_score >= 0.5"), ("b", "missing(value_score)")), ("value_score",), "0"),  # between 0 and 0.5, where nobody looked
    ((("a", "order_count > -5"),), ("order_count",), ""),
    ((("a", "order_count == 1 or order_count > 3"),), ("order_count",), "0, 2, 3"),
    ((("a", "trend_change > -0.1 or trend_change < -0.2"), ("b", "missing(trend_change)")), ("trend_change",), "-0.2, -0.15, -0.1"),
    ((("a", "risk in ('none', 'mild')"), ("b", "missing(risk)")), ("risk", "r_half"), "moderate-H, moderate-L, moderate-?, severe-H, severe-L, severe-?"),
])  # fmt: skip
def test_holes_are_named(make_scheme, rules, codes, holes):
    assert findings(make_scheme(*rules, codes=codes)).get("holes", (0, ""))[1] == holes


def test_an_overlap_is_where_two_tiers_claim_a_customer_and_only_order_decides(make_scheme):
    crossing = make_scheme(("a", "r_five >= 3"), ("b", "r_five <= 3"), codes=("r_five",), needs=("r_five",))
    assert findings(crossing) == {"overlaps": (1, "3")}
    one_tier = make_scheme(("a", "r_five >= 3"), ("b", "r_five < 3"), ("a", "r_five == 5"), codes=("r_five",), needs=("r_five",))
    assert "overlaps" not in findings(one_tier)  # two rules of one tier do not contradict each other


def test_a_guard_may_hide_others_but_hides_no_hole_and_no_second_guard(make_scheme):
    guarded = make_scheme(("new", "state == 'new'"), ("a", "r_five >= 3"), ("b", "r_five < 3"), codes=("r_five",), needs=("r_five",), guards=1)
    assert findings(guarded) == {}
    assert findings(make_scheme(("new", "state == 'new'"), ("a", "r_five >= 3"), ("b", "r_five < 3"), codes=("r_five",), needs=("r_five",)))["overlaps"] == (5, "1, 2, 3, 4, 5")
    holed = make_scheme(("new", "state == 'new'"), ("a", "r_five > 3"), ("b", "r_five < 3"), codes=("r_five",), needs=("r_five",), guards=1)
    assert findings(holed)["holes"] == (1, "3")  # 3 is covered for the new alone
    swallowing = make_scheme(("new", "r_five >= 3"), ("a", "r_five >= 4"), ("b", "r_five < 3"), codes=("r_five",), needs=("r_five",), guards=1)
    assert findings(swallowing) == {"unreachable rules": (1, "rule 2 (a): r_five >= 4")}


@pytest.mark.parametrize("never", ["r_five >= 4 and fm_five == 5", "r_five == 7", "r_five > 2 and r_five < 2", "r_five > 3 and not r_five > 3"])
def test_a_rule_that_never_decides_is_named(make_scheme, never):
    scheme = make_scheme(("a", "r_five >= 4"), ("b", never), ("c", "r_five < 4"), codes=("r_five",), needs=("r_five",))
    assert findings(scheme)["unreachable rules"] == (1, f"rule 2 (b): {never}")
    assert find_unreachable(cover(scheme, DOMAINS)) == [2]


def test_a_need_is_never_missing_so_a_rule_for_who_lacks_it_never_decides(make_scheme):
    scheme = make_scheme(("a", "r_five >= 1"), ("b", "missing(r_five)"), codes=("r_five",), needs=("r_five",))
    assert findings(scheme) == {"unreachable rules": (1, "rule 2 (b): missing(r_five)")}


def test_an_inversion_is_where_being_better_brings_a_worse_tier(make_scheme):
    scheme = make_scheme(("best", "r_five == 5 and fm_five <= 3"), ("good", "r_five == 4 or (r_five == 5 and fm_five >= 4)"), codes=("r_five", "fm_five"), needs=("r_five", "fm_five"), better=("r_five", "fm_five"))
    found = find_inversions(cover(scheme, DOMAINS))
    assert found[["better_code", "worse_code"]].values.tolist() == [[f"5{i}", f"5{j}"] for i in (4, 5) for j in (1, 2, 3)]
    assert found["tier_of_better"].unique().tolist() == ["good"] and found["tier_of_worse"].unique().tolist() == ["best"]


def test_an_inversion_is_judged_among_equals_in_everything_else(make_scheme):
    by_activity = make_scheme(("best", "activity == 'active' and r_five >= 2"), ("silent", "activity == 'silent'"), codes=("r_five",), better=("r_five",), needs=("r_five", "activity"))
    assert find_inversions(cover(by_activity, DOMAINS)).empty  # a silent 5 stands below an active 2: that is activity, not recency
    inside = make_scheme(("best", "activity == 'silent' and r_five == 1"), ("rest", "activity == 'active'"), codes=("r_five",), better=("r_five",), needs=("r_five", "activity"))
    assert len(find_inversions(cover(inside, DOMAINS))) == 4


def test_codes_of_more_than_one_digit_are_kept_apart(make_scheme):
    scheme = make_scheme(("a", "order_count > 11 or order_count == 1 or tenure_days == 1 or tenure_days > 11"), codes=("order_count",), better=("order_count", "tenure_days"))
    pairs = find_inversions(cover(scheme, DOMAINS))
    assert {"1-11", "11-1"} <= {*pairs["worse_code"], *pairs["better_code"]}


@pytest.mark.parametrize(("rule", "more", "says"), [
    ("turnover > 5", {}, "column 'turnover', which nobody knows"), ("order_count > 1", {"codes": ("turnover",)}, "column 'turnover', which nobody knows"),
    ("kind == 'bussiness'", {}, "kind is never 'bussiness', it is one of consumer, business"), ("kind == 5", {}, "kind holds texts, it is compared with 5"),
    ("tenure_days == 'long'", {}, "tenure_days holds numbers, it is compared with 'long'"), ("r_five == 'H'", {}, "r_five holds numbers, it is compared with 'H'"),
    ("region == 5", {}, "region holds texts, it is compared with 5"), ("order_count > 1", {"better": ("growth_rating",)}, "better names growth_rating, but no rule looks at it"),
    ("kind == 'business'", {"better": ("kind",)}, "whether 'consumer' is better nobody knows"),
    ("colour == 'green'", {"columns": {"colour": ("red", "blue")}}, "colour is never 'green', it is one of red, blue"),
    ("order_count > tenure_days", {"parameters": {"tenure_days": {"value": 3, "unit": "days", "says": "", "step": 1}}}, "parameter tenure_days has the name of a column"),
])  # fmt: skip
def test_what_the_linter_cannot_look_into_it_refuses(make_scheme, rule, more, says):
    with pytest.raises(UserError, match=says):
        lint_scheme(make_scheme(("a", rule), **more), DOMAINS)


def test_a_text_without_listed_values_is_known_by_the_values_named_and_one_for_all_others(make_scheme):
    scheme = make_scheme(("north", "region == 'North'"), ("south", "region in ('South', 'East')"), codes=("region",))
    assert list_cells(scheme, DOMAINS)["region"].tolist()[:4] == ["East", "North", "South", OTHER]
    assert findings(scheme)["holes"] == (2, f"{OTHER}, ?")
    assert findings(make_scheme(("known", "not missing(region)"), codes=("region",)))["holes"] == (1, "?")
    declared = make_scheme(("north", "region == 'North'"), ("south", "region == 'South'"), codes=("region",), columns={"region": ("North", "South")})
    assert findings(declared) == {}


def test_too_many_regions_are_refused_with_their_number(make_scheme):
    columns = ("order_count", "tenure_days", "recency_days", "contacts_12m", "complaints_recent", "categories")
    with pytest.raises(UserError, match=rf"tells [\d,]+ regions apart, more than {MOST_CELLS:,}"):
        cover(make_scheme(("a", " and ".join(f"{c} > {n}" for c in columns for n in (1, 5, 9, 13, 20)))), DOMAINS)


def test_the_share_of_the_fallback_is_that_of_the_measured(make_scheme):
    scheme = make_scheme(("often", "order_count >= 5"), needs=("r_five",), fallback="rest")
    customers = pd.DataFrame({"customer_id": list("abcdefghijk"), "order_count": [5] * 9 + [1, 1], "r_five": [3.0] * 10 + [None]})
    row = lint_scheme(scheme, DOMAINS, customers).set_index("check").loc["fallback share"]
    assert (row["verdict"], row["found"], row["of"], row["detail"]) == ("ok", 1, 10, "10.0 % of those measured fall to rest, at most 10 % may")
    more = lint_scheme(scheme, DOMAINS, customers.tail(3)).set_index("check").loc["fallback share"]
    assert (more["verdict"], more["found"], more["of"]) == ("fault", 1, 2)
    none = lint_scheme(scheme, DOMAINS, customers.tail(1)).set_index("check").loc["fallback share"]
    assert (none["verdict"], none["detail"]) == ("no data", "nobody has the evidence that the scheme needs")
