"""Reads what the files of `data/playbooks` say together, and names file, row and fault where they do not hang together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from helpers.errors import UserError
from helpers.retention.playbook import Cadence, Person, Play, Playbook, Price, Trigger
from helpers.retention.signalfiles import say_fault

MODELS: dict[str, type[Play] | type[Trigger] | type[Cadence]] = {"plays": Play, "triggers": Trigger, "cadences": Cadence}
PARTS = (*MODELS, "roles", "clocks", "instead", "prices", "staff")
LISTS, NAMED = (*MODELS, "staff"), {"roles": (list, "a list of job names"), "instead": (list, "a list of channels"), "clocks": (int, "a whole number of hours"), "prices": (dict, "unit_cost and hours")}


def read_playbooks(contents: Mapping[str, Any]) -> Playbook:
    """Return what the files of `data/playbooks` say together.

    Parameters
    ----------
    contents : mapping
        File name without ending to what a safe YAML reader returned. Keys: plays, triggers, cadences (lists), roles (role to job names), clocks (level to hours), instead
        (channel to channels), staff (list), prices (row to unit_cost and hours).

    Raises
    ------
    UserError
        A row that does not hang together, or a key that is there twice; names file, row and fault.

    Examples
    --------
    >>> read_playbooks({"mine": {"plays": [{"key": "wave"}]}})
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: data/playbooks/mine.yml, plays wave: label is missing
    """
    rows: dict[str, dict[str, Any]] = {part: {} for part in (*MODELS, "roles", "clocks", "instead", "prices")}
    staff, files = [], {}
    for file, content in sorted(contents.items()):
        where = f"data/playbooks/{file}.yml"
        _check_keys(content, where)
        for part, key, row in _listed(content, where):
            if key in rows[part]:
                raise UserError(f"{where}: {part} {key} is there twice")
            rows[part][key], files[f"{part}:{key}"] = row, file
        staff += [_read(Person, p, f"{where}, staff") for p in content.get("staff") or []]
    names = {part: {k: tuple(map(str, v)) for k, v in rows[part].items()} for part in ("roles", "instead")}
    return Playbook(rows["plays"], rows["triggers"], rows["cadences"], names["roles"], rows["clocks"], names["instead"], tuple(staff), rows["prices"], files)


def _listed(content: dict[str, Any], where: str) -> list[tuple[str, str, Any]]:
    """Every row of a file: its part, its key, and the row read."""
    found = [(part, read.key, read) for part, model in MODELS.items() for read in (_read(model, r, f"{where}, {part}") for r in content.get(part) or [])]
    found += [(part, str(k), v) for part in ("roles", "clocks", "instead") for k, v in (content.get(part) or {}).items()]
    return found + [("prices", str(n), _read(Price, p, f"{where}, prices {n}")) for n, p in (content.get("prices") or {}).items()]


def _check_keys(content: Any, where: str) -> None:
    if not isinstance(content, dict):
        raise UserError(f"{where} holds no plays: it may hold {', '.join(PARTS)}")
    unknown = sorted(set(content) - set(PARTS))
    if unknown:
        raise UserError(f"{where}: unknown part {unknown[0]}; it may hold {', '.join(PARTS)}")
    for part, rows in content.items():
        if rows is not None and not isinstance(rows, list if part in LISTS else dict):
            raise UserError(f"{where}: {part} must be {'a list of rows' if part in LISTS else 'names with their values'}")
    for part, (kind, says) in NAMED.items():
        wrong = [k for k, v in (content.get(part) or {}).items() if not isinstance(v, kind)]
        if wrong:
            raise UserError(f"{where}: {part} {wrong[0]} must be {says}")


def _read(model: type[BaseModel], row: Any, where: str) -> Any:
    name = f"{where} {row['key']}" if isinstance(row, dict) and "key" in row else where
    try:
        read = model.model_validate(row)
        _ = getattr(read, "condition", None)
        _ = [step.conditions for step in getattr(read, "steps", ())]
    except ValidationError as fault:
        raise UserError(f"{name}: {say_fault(fault)}") from fault
    except UserError as fault:
        raise UserError(f"{name}: {fault}") from fault
    return read
