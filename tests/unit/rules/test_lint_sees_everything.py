"""What the linter says of a scheme holds for every customer that can be: random schemes against dense random customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.axes.columns import AXIS_COLUMNS, axis_domains
from helpers.rules.lint import find_inversions, find_unreachable
from helpers.rules.regions import cover
from helpers.rules.schemes import assign_scheme, read_scheme
from helpers.runs.schemefiles import read_scheme_files

DOMAINS, CODES, WORDS = axis_domains(5), ("r_five", "kind"), {"en": "x", "zh": "x"}
tests_ = st.one_of(
    st.builds("r_five {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(1, 5)),
    st.builds("kind {} '{}'".format, st.sampled_from(["==", "!="]), st.sampled_from(["consumer", "business"])),
    st.builds("order_count {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), st.integers(-1, 6)),
    st.builds("value_score {} {}".format, st.sampled_from(["<", "<=", ">", ">="]), st.sampled_from([0, 0.5, 33.3, 66, 100])),
    st.builds("region {} ('North', 'South')".format, st.sampled_from(["in", "not in"])),
    st.sampled_from(["missing(kind)", "missing(value_score)", "missing(region)", "1 < order_count <= 4"]),
)
conditions = st.recursive(tests_, lambda inner: st.one_of(st.builds("not ({})".format, inner), st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner)), max_leaves=4)
rules = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), conditions, st.booleans()), min_size=1, max_size=5)


def scheme_of(chosen, needs):
    tiers = [{"key": k, "label": WORDS, "who": WORDS, "objective": WORDS} for k in ("a", "b", "c", "rest")]
    told = [{"tier": t, "when": w, "guard": g} for t, w, g in chosen]
    return read_scheme({"scheme": "random", "title": WORDS, "about": "", "codes": CODES, "needs": needs, "tiers": tiers, "rules": told, "fallback": {"tier": "rest"}}, "random.yml")


def dense_customers(count: int, seed: int) -> pd.DataFrame:
    """Customers at every kind of value that a column may hold, listed ones, missing ones and edges included."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"customer_id": [f"c{i}" for i in range(count)]})
    for name, domain in DOMAINS.items():
        if domain.values:
            values = rng.choice(np.array(domain.values, dtype=object), count)
        elif domain.text:
            values = rng.choice(np.array(["North", "South", "West"], dtype=object), count)
        elif domain.whole:
            values = rng.choice(np.array([*range(9), *rng.integers(0, 900, 8)]), count).astype(object)
        else:
            low, high = max(domain.low, -1.0), 1.0 if AXIS_COLUMNS[name].unit in ("share", "-1 to 1") else 101.0
            values = np.where(rng.random(count) < 0.3, rng.uniform(low, min(high, 1), count), rng.uniform(low, high, count)).astype(object)
        gone = (rng.random(count) < 0.15) & domain.may_be_missing
        text = bool(domain.values) and isinstance(domain.values[0], str) or domain.text
        frame[name] = pd.Series(np.where(gone, None, values), dtype="str" if text else "Float64")
    return frame


CUSTOMERS = dense_customers(4000, 11)


def keys_of(frame: pd.DataFrame) -> pd.Series:
    """One tuple per row, missing values as None."""
    return frame.astype(object).where(frame.notna(), None).apply(tuple, axis=1)


def claims_of(scheme, customers) -> np.ndarray:
    """How many tiers claim each customer, one where a guard does."""
    hits = [(e.matches(customers).to_numpy(), r) for e, r in zip(scheme.conditions, scheme.rules, strict=True)]
    nobody = np.zeros(len(customers), dtype=bool)
    by_tier = [np.logical_or.reduce([nobody, *(h for h, r in hits if r.tier == t.key and not r.guard)]) for t in scheme.tiers]
    return np.where(np.logical_or.reduce([nobody, *(h for h, r in hits if r.guard)]), 1, np.sum(by_tier, axis=0))


def check_against(scheme, customers):
    coverage, told, columns = cover(scheme, DOMAINS), assign_scheme(customers, scheme), list(scheme.codes)
    codes, listed = keys_of(customers[columns]), keys_of(coverage.codes[columns])
    covered, claims = (dict(zip(listed, coverage.codes[c], strict=True)) for c in ("covered", "claims"))
    measured = (told["rule"] >= 0).to_numpy()
    assert set(codes[measured]) <= set(covered)
    assert not [c for c in set(codes[(told["rule"] == 0).to_numpy()]) if covered[c]], "a code called covered fell to the fallback"
    assert not set(told["rule"]) & set(find_unreachable(coverage)), "a rule called unreachable decided"
    assert (claims_of(scheme, customers)[measured] <= codes[measured].map(claims)).all(), "more tiers claim a customer than the linter saw"
    fell = assign_scheme(coverage.cells.assign(customer_id="x"), scheme)["rule"] == 0
    assert set(keys_of(coverage.cells[columns])[fell]) == {c for c in covered if not covered[c]}, "a code called a hole has a customer that no rule takes"


@settings(max_examples=40, deadline=None)
@given(rules, st.sampled_from([(), ("r_five",), ("r_five", "kind")]))
def test_random_schemes(chosen, needs):
    check_against(scheme_of(chosen, needs), CUSTOMERS.head(500))


@pytest.mark.parametrize("name", sorted(read_scheme_files()))
def test_shipped_schemes(name):
    check_against(read_scheme(read_scheme_files()[name], name), CUSTOMERS)


@pytest.mark.parametrize("name", sorted(n for n, c in read_scheme_files().items() if c.get("better")))
def test_no_customer_of_a_shipped_scheme_is_punished_for_being_better(name):
    """Brute force: customers equal in all but the `better` columns, one at least as good in each, never stand lower."""
    scheme = read_scheme(read_scheme_files()[name], name)
    assert find_inversions(cover(scheme, DOMAINS)).empty
    rng, order = np.random.default_rng(5), {"L": 0, "M": 1, "H": 2}
    base = CUSTOMERS.dropna(subset=[*scheme.better, *scheme.needs]).reset_index(drop=True)
    better = base.assign(**{c: rng.permutation(base[c].to_numpy()) for c in scheme.better})
    level = {k: f[list(scheme.better)].apply(lambda s: s.map(order) if s.dtype == "str" else s).astype("float64") for k, f in (("base", base), ("better", better))}
    above = (level["better"] >= level["base"]).all(axis=1)
    ranks = {k: assign_scheme(f, scheme)["tier"].map(scheme.rank) for k, f in (("base", base), ("better", better))}
    assert above.sum() > 100 and (ranks["better"] <= ranks["base"])[above].all()
