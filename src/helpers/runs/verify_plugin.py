"""A pytest plugin for `crmkit verify`: notes, as JSON, which cells nbval compared and which came out otherwise."""

from __future__ import annotations

import json
import os
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

TARGET = "CRMKIT_VERIFY_REPORT"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
_seen: dict[str, Any] = {"cells": {}, "faults": []}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    """Note the cell and, when it failed, what nbval says."""
    yield
    if call.when == "call" and hasattr(item, "cell_num"):
        notebook = Path(item.fspath).stem
        _seen["cells"][notebook] = _seen["cells"].get(notebook, 0) + 1
        if call.excinfo is not None:
            was, now = _texts(item.cell.outputs), _texts(item.test_outputs or [])
            differ = next(((a, b) for a, b in zip_longest(was, now, fillvalue="") if a != b), ("", ""))
            trace = ANSI.sub("", getattr(call.excinfo.value, "inner_traceback", "") or "").strip()
            told = {"was": differ[0], "now": differ[1], "says": str(call.excinfo.value), "last": trace.splitlines()[-1:]}
            _seen["faults"].append({"notebook": notebook, "cell": item.cell.execution_count} | told)


def _texts(outputs: list[Any]) -> list[str]:
    """The lines that a reader sees of a cell's outputs."""
    whole = "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in outputs if o.get("name") != "stderr")
    return [line.strip() for line in whole.splitlines()]


def pytest_sessionfinish() -> None:
    """Write what was seen."""
    Path(os.environ[TARGET]).write_text(json.dumps(_seen), encoding="utf-8")
