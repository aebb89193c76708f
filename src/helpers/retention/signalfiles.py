"""Reads the rows of `data/signals`, names what does not hang together, and lists what there is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from helpers.errors import UserError
from helpers.retention.catalogue import PLACES, Observed, Row, Signal
from helpers.retention.days import STREAM_TABLES

SIGNAL: TypeAdapter[Any] = TypeAdapter(Signal)
RULES = {"fall", "rise", "average_fall", "count", "silence", "quarters", "gap", "observed", "tenure"}


def read_signals(contents: Mapping[str, Any]) -> dict[str, Row]:
    """Return the signals of all files by key.

    Parameters
    ----------
    contents : mapping
        File name without ending to what a safe YAML reader returned: `{signals: [...]}`.

    Raises
    ------
    UserError
        A row that does not hang together, or two rows with one key; names file, signal and fault.

    Examples
    --------
    >>> read_signals({"mine": {"signals": [{"key": "x", "rule": "rise"}]}})
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: data/signals/mine.yml, signal x: label is missing
    """
    found: dict[str, Row] = {}
    for file, content in sorted(contents.items()):
        if not isinstance(content, dict) or not isinstance(content.get("signals"), list):
            raise UserError(f"data/signals/{file}.yml holds no signals: it must begin with signals: and a list")
        for number, row in enumerate(content["signals"], 1):
            signal = _read(row, f"data/signals/{file}.yml, signal {row.get('key', number) if isinstance(row, dict) else number}")
            if signal.key in found:
                raise UserError(f"data/signals/{file}.yml: signal {signal.key} is there twice")
            found[signal.key] = signal
    return found


def _read(row: Any, where: str) -> Row:
    try:
        signal = SIGNAL.validate_python(row)
        _ = signal.condition
    except ValidationError as fault:
        raise UserError(f"{where}: {say_fault(fault)}") from fault
    except UserError as fault:
        raise UserError(f"{where}: {fault}") from fault
    for language in ("en", "zh"):
        unknown = [p for p in re.findall(r"\{(.*?)\}", getattr(signal.evidence, language)) if p not in PLACES]
        if unknown:
            raise UserError(f"{where}: evidence.{language} has {{{unknown[0]}}}; it may hold {', '.join(f'{{{p}}}' for p in PLACES)}")
    return signal


def say_fault(fault: ValidationError) -> str:
    """Return the first fault of a model in words."""
    first = fault.errors(include_url=False)[0]
    key = ".".join(str(p) for p in first["loc"] if p not in RULES or len(first["loc"]) == 1)
    if first["type"] == "missing":
        return f"{key} is missing"
    if first["type"] == "extra_forbidden":
        return f"unknown key {key}"
    return f"{key + ': ' if key else ''}{re.sub('^Value error, ', '', first['msg'])}"


def list_signals(signals: Mapping[str, Row], coverage: pd.DataFrame, *, observed: bool) -> pd.DataFrame:
    """Return the catalogue: one row per signal, measured or not, with everything that is configured.

    Parameters
    ----------
    signals : mapping
        From `read_signals`.
    coverage : pandas.DataFrame
        From `cover_streams`.
    observed : bool
        Whether the template of observed signals is there.

    Returns
    -------
    pandas.DataFrame
        signal, label_en, label_zh, about, foretells, rule, act, needs (str), measured (boolean), why_not (str), setting (str, the thresholds in words), expires_days (Int64), source (str).
    """
    measured = set(coverage.loc[coverage["measured"], "stream"]) | ({"signals"} if observed else set())
    rows = []
    for s in signals.values():
        lacking = [s.needs[0]] if isinstance(s, Observed) and not observed else [STREAM_TABLES[x] for x in s.streams if x not in measured]
        rows.append({
            "signal": s.key, "label_en": s.label.en, "label_zh": s.label.zh, "about": s.about, "foretells": s.foretells, "rule": s.rule, "act": s.act, "needs": ", ".join(s.needs),  # type: ignore[attr-defined]
            "measured": not lacking, "why_not": f"not measured: needs {', '.join(dict.fromkeys(lacking))}" if lacking else "", "setting": _setting(s), "expires_days": s.expires_days, "source": s.source,
        })  # fmt: skip
    kinds = {"measured": "boolean", "expires_days": "Int64"}
    return pd.DataFrame(rows).astype({c: kinds.get(c, "str") for c in rows[0]})


def _setting(signal: Row) -> str:
    own = [f for f in type(signal).model_fields if f not in Row.model_fields and f != "rule"]
    values = {f: getattr(signal, f) for f in own}
    return ", ".join(f"{n} {' '.join(v) if isinstance(v, tuple) else v}" for n, v in values.items())
