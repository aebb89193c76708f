"""What stages take, by name: for controls that call them again under other settings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from helpers.runs.graph import stages
from helpers.runs.run import Run


def gather(run: Run, names: Iterable[str]) -> dict[str, Any]:
    """Return tables and inputs of the graph by name; None for a table that the run's data does not allow.

    Parameters
    ----------
    run : Run
    names : iterable of str
        Parameter names of stage functions, such as `customers`, `as_of` or `actions_settings`.

    Raises
    ------
    UserError
        No stage or input bears a name.
    """
    return {name: _value(run, name) for name in names}


def _value(run: Run, name: str) -> Any:
    if name in stages() and stages()[name].is_input:
        return run.cache.inputs[name]
    if not run.measured(name):
        return None
    return run.scan(name) if stages()[name].lazy else run.load(name)
