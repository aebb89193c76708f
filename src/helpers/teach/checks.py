"""Checks for exercises: each returns one sentence, either praise or what is wrong and where to look.

A check compares with a value that the learner could work out, and never prints the solution's code.
"""

from __future__ import annotations

from typing import Any

import pandas as pd


def check_value(name: str, answer: Any, expected: float | int | str, *, hint: str, digits: int = 6) -> str:
    """Compare a learner's single value with the expected one.

    Parameters
    ----------
    name : str
        The variable the task asked for.
    answer : Any
        What the learner computed; None while the task is not done.
    expected : float, int or str
        The right value.
    hint : str
        Where to look when it differs, one sentence.
    digits : int
        Decimals in which numbers must agree.

    Returns
    -------
    str
        A sentence that starts with "Right", "Not yet" or "Not done".

    Examples
    --------
    >>> check_value("top", None, 3, hint="count rows")
    'Not done: `top` is still None. Replace it with your answer.'
    >>> check_value("top", 4, 3, hint="Count the rows of `kept`.")
    'Not yet: `top` is 4. Count the rows of `kept`.'
    >>> check_value("top", 3, 3, hint="")
    'Right: `top` is 3.'
    """
    if answer is None:
        return f"Not done: `{name}` is still None. Replace it with your answer."
    if isinstance(answer, pd.DataFrame | pd.Series):
        return f"Not yet: `{name}` is a table of {len(answer)} rows, the task asks for one value."
    same = round(float(answer), digits) == round(float(expected), digits) if _is_number(expected) and _is_number(answer) else answer == expected
    return f"Right: `{name}` is {answer}." if same else f"Not yet: `{name}` is {answer}. {hint}"


def _is_number(value: Any) -> bool:
    return hasattr(value, "__float__") and not isinstance(value, str | bool)


def check_frame(name: str, answer: Any, expected: pd.DataFrame, *, hint: str) -> str:
    """Compare a learner's table with the expected one; row order and index do not matter.

    Parameters
    ----------
    name : str
        The variable the task asked for.
    answer : Any
        What the learner computed; None while the task is not done.
    expected : pandas.DataFrame
        The right table; columns that it lacks are not looked at.
    hint : str
        Where to look when values differ, one sentence.

    Returns
    -------
    str
        A sentence that starts with "Right", "Not yet" or "Not done".

    Examples
    --------
    >>> right = pd.DataFrame({"tier": ["New"], "customers": [3]})
    >>> check_frame("sizes", right.rename(columns={"customers": "n"}), right, hint="")
    'Not yet: `sizes` lacks the column customers.'
    """
    if answer is None:
        return f"Not done: `{name}` is still None. Replace it with your answer."
    if not isinstance(answer, pd.DataFrame):
        return f"Not yet: `{name}` is a {type(answer).__name__}, the task asks for a table."
    lacking = [c for c in expected.columns if c not in answer.columns]
    if lacking:
        return f"Not yet: `{name}` lacks the column {', '.join(lacking)}."
    if len(answer) != len(expected):
        return f"Not yet: `{name}` has {len(answer)} rows, {len(expected)} are expected. {hint}"
    differing = [c for c in expected.columns if not _same_values(answer[list(expected.columns)], expected, c)]
    if differing:
        return f"Not yet: the column {differing[0]} of `{name}` holds other values than expected. {hint}"
    return f"Right: `{name}` has {len(answer)} rows and the values expected."


def _same_values(answer: pd.DataFrame, expected: pd.DataFrame, column: str) -> bool:
    by = list(expected.columns)
    left = answer.astype(str).sort_values(by)[column].reset_index(drop=True)
    right = expected.astype(str).sort_values(by)[column].reset_index(drop=True)
    return bool((left == right).all())
