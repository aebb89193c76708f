"""The first rule that fits decides; who lacks evidence is not measured; nobody is left without a tier."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.rules.schemes import NOT_MEASURED, assign_scheme, read_scheme
from helpers.runs.schemefiles import read_scheme_file, scheme_folder

CUSTOMERS = pd.DataFrame({"customer_id": ["a", "b", "c", "d", "e"], "spend": [500.0, 50.0, 5.0, None, 500.0], "kind": ["business", "business", "consumer", "consumer", None]})

CHAMPIONS = read_scheme(read_scheme_file(scheme_folder() / "champions11.yml"), "champions11.yml")


def test_the_first_rule_that_fits_decides_and_its_number_is_told(make_scheme):
    scheme = make_scheme(("large", "spend >= 100"), ("firm", "kind == 'business'"), ("small", "spend < 10"))
    told = assign_scheme(CUSTOMERS, scheme)
    assert told["tier"].tolist() == ["large", "firm", "small", "rest", "large"]  # a is a firm too, but large comes first
    assert told["rule"].tolist() == [1, 2, 3, 0, 1]
    assert told.dtypes.astype(str).to_dict() == {"customer_id": "str", "tier": "str", "rule": "Int64"}


def test_who_lacks_a_need_is_not_measured_whatever_the_rules_say(make_scheme):
    scheme = make_scheme(("large", "spend >= 100"), ("unknown", "missing(spend)"), needs=("spend", "kind"))
    told = assign_scheme(CUSTOMERS, scheme)
    assert told["tier"].tolist() == ["large", "rest", "rest", NOT_MEASURED, NOT_MEASURED] and told["rule"].tolist() == [1, 0, 0, -1, -1]


def test_a_column_that_nobody_collected_is_missing_for_all(make_scheme):
    scheme = make_scheme(("keen", "member_level == 'gold' or complaints_recent > 0"), ("unknown", "missing(member_level)"))
    assert assign_scheme(CUSTOMERS, scheme)["tier"].unique().tolist() == ["unknown"]
    needy = make_scheme(("keen", "member_level == 'gold'"), needs=("member_level",))
    assert assign_scheme(CUSTOMERS, needy)["tier"].unique().tolist() == [NOT_MEASURED]


@pytest.mark.parametrize("some", [CUSTOMERS.head(0), CUSTOMERS.head(1), CUSTOMERS.tail(1)])
def test_no_customer_or_one_is_no_fault(make_scheme, some):
    told = assign_scheme(some, make_scheme(("large", "spend >= 100 and kind == 'business'"), needs=("spend",)))
    assert len(told) == len(some) and told["tier"].notna().all() and str(told["rule"].dtype) == "Int64"


rows = st.tuples(st.none() | st.sampled_from([1, 2, 3, 4, 5]), st.none() | st.sampled_from([1, 2, 3, 4, 5]), st.none() | st.sampled_from(["active", "slowing", "silent"]),
                 st.sampled_from(["prospect", "new", "growing", "mature", "lapsed"]))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(rows, max_size=20), st.randoms(use_true_random=False))
def test_row_order_is_irrelevant_and_everyone_gets_a_tier(chosen, random):
    scheme = CHAMPIONS
    frame = pd.DataFrame(chosen, columns=["r_five", "fm_five", "activity", "state"]).astype({"r_five": "Int64", "fm_five": "Int64", "activity": "str", "state": "str"})
    frame.insert(0, "customer_id", [f"c{i}" for i in range(len(frame))])
    told = assign_scheme(frame, scheme)
    mixed = frame.sample(frac=1, random_state=random.randrange(2**31))
    pd.testing.assert_frame_equal(assign_scheme(mixed, scheme).sort_values("customer_id", key=lambda s: s.str[1:].astype(int), ignore_index=True), told)
    assert told["tier"].isin([*scheme.rank, NOT_MEASURED]).all()
    assert ((told["tier"] == NOT_MEASURED) == frame[["r_five", "fm_five"]].isna().any(axis=1)).all()
