"""The grammar of rules: what it says, and that everything else is refused in one sentence and never run."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.rules.expression import MOST_NESTED, MOST_QUOTED, parse_expression

FRAME = pd.DataFrame({
    "spend": pd.array([10.0, 20.0, 30.0, None], "Float64"), "orders": pd.array([1, 2, 3, None], "Int64"), "kind": ["business", "consumer", None, "consumer"],
    "vip": pd.array([True, False, None, True], "boolean"), "never": pd.Series([None] * 4, dtype="str"),
})  # fmt: skip
Y, N = True, False


@pytest.mark.parametrize(("text", "matches"), [
    ("spend < 20", [Y, N, N, N]), ("spend <= 20", [Y, Y, N, N]), ("spend > 20", [N, N, Y, N]), ("spend >= 20", [N, Y, Y, N]),
    ("spend == 20", [N, Y, N, N]), ("spend != 20", [Y, N, Y, N]), ("spend in (10, 30)", [Y, N, Y, N]), ("spend not in [10, 30]", [N, Y, N, N]),
    ("spend in ()", [N, N, N, N]), ("spend > -5", [Y, Y, Y, N]), ("spend >= 1e1", [Y, Y, Y, N]), ("vip == True", [Y, N, N, Y]),
    ("kind == 'business'", [Y, N, N, N]), ('kind != "business"', [N, Y, N, Y]), ("kind in {'consumer'}", [N, Y, N, Y]), ("kind not in ('consumer', 'x')", [Y, N, N, N]),
    ("20 < spend", [N, N, Y, N]), ("20 <= spend", [N, Y, Y, N]), ("20 > spend", [Y, N, N, N]), ("20 >= spend", [Y, Y, N, N]),
    ("20 == spend", [N, Y, N, N]), ("'business' == kind", [Y, N, N, N]), ("'business' != kind", [N, Y, N, Y]),
    ("1 < orders <= 3", [N, Y, Y, N]), ("3 >= orders > 1", [N, Y, Y, N]), ("10 < spend > 20", [N, N, Y, N]),
    ("spend > 10 and kind == 'consumer'", [N, Y, N, N]), ("spend < 20 or kind == 'consumer'", [Y, Y, N, Y]), ("not (spend < 20 or orders == 3)", [N, Y, N, N]),
])  # fmt: skip
def test_every_operator(text, matches):
    assert parse_expression(text).matches(FRAME).tolist() == matches


@pytest.mark.parametrize(("text", "matches"), [
    ("missing(spend)", [N, N, N, Y]), ("not missing(spend)", [Y, Y, Y, N]), ("missing(kind) or kind == 'business'", [Y, N, Y, N]), ("missing(never)", [Y, Y, Y, Y]),
    # neither true nor false: not of unknown is unknown, true or unknown is true, false and unknown is false
    ("not spend == 20", [Y, N, Y, N]), ("not (spend == 20 and kind == 'consumer')", [Y, N, Y, N]), ("spend >= 30 or kind == 'x'", [N, N, Y, N]),
    ("not (kind == 'consumer' and spend > 100)", [Y, Y, Y, N]), ("not (kind == 'business' and spend > 100)", [Y, Y, Y, Y]), ("not (10 < spend < 30)", [Y, N, Y, N]),
    ("kind == 'consumer' or spend > 15", [N, Y, Y, Y]), ("not (kind == 'consumer' or spend > 100)", [Y, N, N, N]),
    ("never == 'x'", [N, N, N, N]), ("not never == 'x'", [N, N, N, N]), ("never > 5 or never in ('a',)", [N, N, N, N]),
])  # fmt: skip
def test_what_is_missing_is_neither_true_nor_false(text, matches):
    assert parse_expression(text).matches(FRAME).tolist() == matches


def test_constants_stand_for_numbers_and_texts():
    rule = parse_expression("spend >= large and kind == who", {"large": 20, "who": "consumer"})
    assert rule.columns == ("kind", "spend") and rule.matches(FRAME).tolist() == [N, Y, N, N]
    assert [t.values for t in parse_expression("kind in (who, 'x') or large < spend", {"large": 20, "who": "consumer"}).tests] == [("consumer", "x"), (20,)]


@pytest.mark.parametrize("frame", [FRAME.head(0), FRAME.head(1), FRAME.sample(frac=1, random_state=3)])
def test_the_index_stays(frame):
    told = parse_expression("spend > 10 or missing(kind)").matches(frame)
    assert told.index.equals(frame.index) and told.dtype == bool


REFUSED = {
    "": "cannot be read", "   ": "cannot be read", "spend >": "cannot be read", "spend > 1; kind == 'x'": "cannot be read", "yield spend": "cannot be read", "spend \x00> 1": "cannot be read",
    "spend": "neither a comparison", "1": "neither a comparison", "not kind": "neither a comparison", "spend and kind": "neither a comparison", "lambda: 1": "neither a comparison",
    "spend if 1 else 2": "neither a comparison", "[s for s in spend]": "neither a comparison", "spend < 1, kind == 'x'": "neither a comparison", "await spend": "neither a comparison",
    "1 < 2": "one side must be a column", "spend + 1 > 2": "one side must be a column", "-spend > 1": "one side must be a column", "spend.max > 1": "one side must be a column",
    "spend[0] > 1": "one side must be a column", "(s := 1) > 1": "one side must be a column", "'x' in kind": "one side must be a column", "spend > 1 > 0": "one side must be a column",
    "spend > orders": "another column", "spend in 5": "want a list", "spend == (1, 2)": "want a list", "spend is None": "compare with",
    "kind == None": "no number and no text", "kind == f'{spend}'": "no number and no text", "kind == b'x'": "no number and no text", "spend == 1j": "no number and no text",
    "spend in (*kind,)": "no number and no text", "kind == -'x'": "no number and no text", "spend == -True": "no number and no text", "spend > 2 ** 9": "no number and no text",
    "spend > __import__('os').getpid()": "no number and no text", "kind == ...": "no number and no text", "spend > 1e999": "beyond", "spend > " + "9" * 400: "beyond",
    "__import__('os').system('x')": "only missing(column) may be called", "open('x')": "only missing(column) may be called", "missing()": "only missing(column)",
    "missing('spend')": "only missing(column)", "missing(spend, kind)": "only missing(column)", "missing(column=spend)": "only missing(column)", "missing(missing(spend))": "only missing(column)",
    "missing(spend.x)": "only missing(column)", "spend.missing(kind)": "only missing(column)",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_in_a_sentence(text):
    with pytest.raises(UserError) as told:
        parse_expression(text)
    assert REFUSED[text] in str(told.value) and "\n" not in str(told.value) and len(str(told.value)) < MOST_QUOTED + 500


@pytest.mark.parametrize(("text", "says"), [
    ("kind < 'y'", "holds texts, which have no order"), ("spend == 'x'", "holds numbers, it is compared with 'x'"), ("kind == 5", "holds texts, it is compared with 5"),
    ("spend in (1, 'x')", "holds numbers, it is compared with 'x'"), ("kind in ('x', 1)", "holds texts, it is compared with 1"), ("turnover > 5", "there is no column 'turnover'"),
])  # fmt: skip
def test_wrong_types_and_unknown_columns_are_refused_when_data_come(text, says):
    with pytest.raises(UserError, match=says):
        parse_expression(text).matches(FRAME)


@pytest.mark.parametrize("text", ["not " * 5000 + "spend > 1", "(" * 5000 + "spend > 1" + ")" * 5000, "spend > " + "-" * 5000 + "1", "-" * 5000 + "1 < spend", "spend" + ".x" * 5000 + " > 1",
                                  "spend > " + "(" * 150 + "1" + ",)" * 150, "(spend > 1 or kind == 'x') and " * 2 + "(" + "not (spend > 1 and " * 90 + "spend > 1" + ")" * 91])  # fmt: skip
def test_huge_nesting_is_refused_in_a_short_sentence(text):
    with pytest.raises(UserError) as told:
        parse_expression(text)
    assert len(str(told.value)) < MOST_QUOTED + 200


def test_a_long_but_flat_rule_is_read():
    long = parse_expression(" or ".join(f"spend == {n}" for n in range(3000)))
    assert long.matches(FRAME).tolist() == [Y, Y, Y, N] and len(long.tests) == 3000
    assert parse_expression("not " * (MOST_NESTED // 2 - 3) + "spend > 1").columns == ("spend",)


def test_nothing_of_a_rule_is_ever_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for text in ("open('ran', 'w') == 1", "spend > open('ran', 'w')", "missing(open('ran', 'w'))", "kind == f\"{open('ran', 'w')}\"", "spend in (open('ran', 'w'),)", "[open('ran', 'w')][0] > spend"):
        with pytest.raises(UserError):
            parse_expression(text)
    assert not list(tmp_path.iterdir())
