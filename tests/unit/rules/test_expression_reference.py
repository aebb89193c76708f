"""Rules decide as a plain row-by-row reading of them would."""

from __future__ import annotations

import operator

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.rules.expression import parse_expression

SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne}
NUMBERS, TEXTS = ("a", "b"), ("t", "u")
Node = tuple  # ("number", column, sign, value) | ("text", ...) | ("in", column, yes, values) | ("missing", column) | ("not", node) | ("and"/"or", nodes)

numbers = st.sampled_from([-2, 0, 0.5, 1, 2])
texts = st.sampled_from(["x", "y", "客户"])
leaves = st.one_of(
    st.tuples(st.just("number"), st.sampled_from(NUMBERS), st.sampled_from(sorted(SIGNS)), numbers),
    st.tuples(st.just("text"), st.sampled_from(TEXTS), st.sampled_from(["==", "!="]), texts),
    st.tuples(st.just("in"), st.sampled_from(NUMBERS), st.booleans(), st.lists(numbers, max_size=3)),
    st.tuples(st.just("in"), st.sampled_from(TEXTS), st.booleans(), st.lists(texts, max_size=3)),
    st.tuples(st.just("missing"), st.sampled_from(NUMBERS + TEXTS)),
)
trees = st.recursive(
    leaves, lambda inner: st.one_of(st.tuples(st.just("not"), inner), st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))), max_leaves=8
)
frames = st.lists(st.tuples(*[st.none() | numbers] * 2, *[st.none() | texts] * 2), max_size=8)


def write(node: Node) -> str:
    kind = node[0]
    if kind in ("number", "text"):
        return f"{node[1]} {node[2]} {node[3]!r}"
    if kind == "in":
        return f"{node[1]} {'' if node[2] else 'not '}in {node[3]!r}"
    if kind == "missing":
        return f"missing({node[1]})"
    return f"not ({write(node[1])})" if kind == "not" else "(" + f") {kind} (".join(write(n) for n in node[1]) + ")"


def read(node: Node, row: dict[str, object]) -> bool | None:
    """Say true, false, or None for unknown, as Kleene's logic does."""
    kind = node[0]
    if kind == "missing":
        return row[node[1]] is None
    if kind == "not":
        inner = read(node[1], row)
        return None if inner is None else not inner
    if kind in ("and", "or"):
        parts = [read(n, row) for n in node[1]]
        decides = kind == "or"
        return decides if decides in parts else None if None in parts else not decides
    value = row[node[1]]
    if value is None:
        return None
    return (value in node[3]) == node[2] if kind == "in" else SIGNS[node[2]](value, node[3])


@settings(max_examples=300, deadline=None)
@given(trees, frames)
def test_a_rule_matches_what_a_plain_reading_row_by_row_says(tree, rows):
    frame = pd.DataFrame(rows, columns=["a", "b", "t", "u"]).astype({"a": "Float64", "b": "float64", "t": "str", "u": "str"})
    expected = [read(tree, dict(zip(frame, row, strict=True))) is True for row in rows]
    assert parse_expression(write(tree)).matches(frame).tolist() == expected
