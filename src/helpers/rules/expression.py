"""The grammar of `when:` texts: comparisons of one column with constants, joined by and, or, not.

A text is parsed into a tree and walked; nothing of it is ever run as Python. Each comparison looks at one column, so the
regions that a rule describes are boxes, and a linter can look into every one of them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from helpers.errors import UserError

Truth = tuple[np.ndarray, np.ndarray]  # (certainly true, certainly false); neither where evidence is missing
MISSING = "missing"  # missing(column) is true where the column has no value
MOST_NESTED = 50  # and, or, not inside one another; a rule beyond that is a slip or an attack, and nobody could read it
MOST_NUMBER = 10**15  # whole numbers up to here are exact in a float
MOST_QUOTED = 200  # characters of a rule that a message repeats
MIRRORED: dict[type, type] = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}
COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b,
}  # fmt: skip
SIGNS: dict[type, str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in", ast.NotIn: "not in"}


@dataclass(frozen=True)
class Test:
    """One comparison: a column, a sign, and the constant or constants it is compared with."""

    column: str
    sign: type
    values: tuple[float | str | bool, ...]


@dataclass(frozen=True)
class Expression:
    """A parsed `when:` text.

    Examples
    --------
    >>> rule = parse_expression("order_count >= 2 and kind == 'business'")
    >>> rule.columns
    ('kind', 'order_count')
    >>> rule.matches(pd.DataFrame({"order_count": [1, 3, None], "kind": ["business"] * 3})).tolist()
    [False, True, False]
    """

    text: str
    tree: ast.expr = field(repr=False, compare=False)
    constants: Mapping[str, float | str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def tests(self) -> tuple[Test, ...]:
        """Every comparison in the text, in reading order."""
        return tuple(_tests(self.tree, self.constants, self.text))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the text looks at, sorted."""
        return tuple(sorted({t.column for t in self.tests}))

    def matches(self, frame: pd.DataFrame) -> pd.Series:
        """Return for each row whether the text is certainly true; a missing value makes a comparison neither true nor false.

        Raises
        ------
        UserError
            A column is not in the frame, or numbers are compared with texts.
        """
        values = {c: _values(frame, c, self.text) for c in self.columns}
        true, _ = _walk(self.tree, values, self.constants, self.text)
        return pd.Series(true, index=frame.index)


def parse_expression(text: str, constants: Mapping[str, float | str] | None = None) -> Expression:
    """Read a `when:` text.

    Parameters
    ----------
    text : str
        Comparisons (`<`, `<=`, `==`, `!=`, `in`, `not in`, chains such as `1 < x <= 3`) of a column with numbers, texts in quotes or a
        list of them; `missing(column)`; joined by `and`, `or`, `not` and brackets.
    constants : mapping, optional
        Names that stand for a number or text, for example a scheme's parameters.

    Returns
    -------
    Expression

    Raises
    ------
    UserError
        The text is not of this grammar; the message shows the part at fault.

    Examples
    --------
    >>> parse_expression("tenure_days < new_days", {"new_days": 90}).tests[0].values
    (90,)
    >>> parse_expression("__import__('os')")
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: rule "__import__('os')": only missing(column) may be called
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as fault:
        raise UserError(f"rule {_quote(text)} cannot be read: write for example order_count >= 2 and kind == 'business'") from fault
    if _nested_deeper(tree, MOST_NESTED):
        raise _refuse(text, f"it is nested more than {MOST_NESTED} levels deep")
    parsed = Expression(text.strip(), tree, dict(constants or {}))
    if not parsed.tests:
        raise UserError(f"rule {_quote(text)} compares no column with anything")
    return parsed


def _nested_deeper(tree: ast.expr, most: int) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(most):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line if len(line) <= MOST_QUOTED else line[:MOST_QUOTED] + "…"}"'


def _refuse(text: str, why: str) -> UserError:
    return UserError(f"rule {_quote(text)}: {why}")


def _tests(node: ast.expr, constants: Mapping[str, Any], text: str) -> list[Test]:
    if isinstance(node, ast.BoolOp):
        return [t for part in node.values for t in _tests(part, constants, text)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _tests(node.operand, constants, text)
    if isinstance(node, ast.Compare):
        return _comparisons(node, constants, text)
    if isinstance(node, ast.Call):
        return [Test(_called_column(node, text), ast.Is, ())]
    raise _refuse(text, f"{ast.unparse(node)!r} is neither a comparison nor joined by and, or, not")


def _called_column(node: ast.Call, text: str) -> str:
    fits = isinstance(node.func, ast.Name) and node.func.id == MISSING and len(node.args) == 1 and not node.keywords
    if not fits or not isinstance(node.args[0], ast.Name):
        raise _refuse(text, "only missing(column) may be called")
    return node.args[0].id


def _comparisons(node: ast.Compare, constants: Mapping[str, Any], text: str) -> list[Test]:
    """Return the comparisons of a chain: `1 < x <= 3` is two of them."""
    sides = [node.left, *node.comparators]
    return [_comparison(left, op, right, constants, text) for left, op, right in zip(sides, node.ops, sides[1:], strict=False)]


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, constants: Mapping[str, Any], text: str) -> Test:
    sign: type = type(op)
    if sign not in SIGNS:
        raise _refuse(text, "compare with <, <=, >, >=, ==, !=, in or not in")
    if not _is_column(left, constants):
        if sign not in MIRRORED or not _is_column(right, constants):
            raise _refuse(text, f"{ast.unparse(left)!r} is compared with {ast.unparse(right)!r}: one side must be a column, the other a constant")
        left, right, sign = right, left, MIRRORED[sign]
    if _is_column(right, constants):
        raise _refuse(text, f"{ast.unparse(left)!r} is compared with another column: compare a column with a constant")
    listed = isinstance(right, ast.Tuple | ast.List | ast.Set)
    if listed != (sign in (ast.In, ast.NotIn)):
        raise _refuse(text, "in and not in want a list in brackets, every other sign a single value")
    values = tuple(_constant(v, constants, text) for v in (right.elts if listed else [right]))  # type: ignore[attr-defined]
    return Test(left.id, sign, values)  # type: ignore[attr-defined]


def _is_column(node: ast.expr, constants: Mapping[str, Any]) -> bool:
    return isinstance(node, ast.Name) and node.id not in constants


def _constant(node: ast.expr, constants: Mapping[str, Any], text: str) -> float | str | bool:
    if isinstance(node, ast.Name) and node.id in constants:
        return constants[node.id]
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if minus else node  # type: ignore[attr-defined]
    value = inner.value if isinstance(inner, ast.Constant) else None
    if isinstance(value, int | float | str) and not (minus and isinstance(value, bool | str)):
        if not isinstance(value, str) and abs(value) > MOST_NUMBER:
            raise _refuse(text, f"a number in it is beyond {MOST_NUMBER:,}")
        return -value if minus else value  # type: ignore[operator]
    raise _refuse(text, f"{ast.unparse(node)!r} is no number and no text in quotes")


def _values(frame: pd.DataFrame, column: str, text: str) -> np.ndarray:
    if column not in frame:
        raise _refuse(text, f"there is no column {column!r}")
    values = frame[column]
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_numeric_dtype(values):
        return values.astype("Float64").to_numpy("float64", na_value=np.nan)
    return values.astype(object).where(values.notna(), None).to_numpy()


def _walk(node: ast.expr, values: Mapping[str, np.ndarray], constants: Mapping[str, Any], text: str) -> Truth:
    if isinstance(node, ast.BoolOp):
        parts = [_walk(part, values, constants, text) for part in node.values]
        true, false = np.array([t for t, _ in parts]), np.array([f for _, f in parts])
        return (true.all(axis=0), false.any(axis=0)) if isinstance(node.op, ast.And) else (true.any(axis=0), false.all(axis=0))
    if isinstance(node, ast.UnaryOp):
        true, false = _walk(node.operand, values, constants, text)
        return false, true
    links = [_judge(test, values, text) for test in _tests(node, constants, text)]
    return np.array([t for t, _ in links]).all(axis=0), np.array([f for _, f in links]).any(axis=0)


def _judge(test: Test, values: Mapping[str, np.ndarray], text: str) -> Truth:
    column = values[test.column]
    numeric = column.dtype == np.float64
    known = ~np.isnan(column) if numeric else np.array([v is not None for v in column], dtype=bool)
    if test.sign is ast.Is:
        return ~known, known
    if not known.any():  # evidence that nobody has is of no kind, so it cannot be of the wrong one
        return known, known
    foreign = [v for v in test.values if isinstance(v, str) == numeric]
    if foreign:
        raise _refuse(text, f"column {test.column} holds {'numbers' if numeric else 'texts'}, it is compared with {foreign[0]!r}")
    if not numeric and test.sign not in (ast.Eq, ast.NotEq, ast.In, ast.NotIn):
        raise _refuse(text, f"column {test.column} holds texts, which have no order: use ==, !=, in or not in")
    if test.sign in (ast.In, ast.NotIn):
        inside = np.isin(column, np.array(test.values, dtype=column.dtype)) if numeric else np.array([v in test.values for v in column], dtype=bool)
        hit = inside if test.sign is ast.In else ~inside
    else:
        hit = np.asarray(COMPARE[test.sign](column, test.values[0]), dtype=bool)
    return known & hit, known & ~hit
