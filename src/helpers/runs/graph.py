"""The graph of stages: which table is made from which, read from the rooms' function signatures by Hamilton."""

from __future__ import annotations

import os

# Hamilton otherwise imports every data library it knows of: two to six seconds for nothing. Set before its import.
os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
os.environ.setdefault("HAMILTON_TELEMETRY_ENABLED", "false")

import logging  # noqa: E402
import types  # noqa: E402
import typing  # noqa: E402
from collections import Counter  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from functools import cache  # noqa: E402
from importlib import import_module  # noqa: E402
from pathlib import Path  # noqa: E402

import narwhals as nw  # noqa: E402
from hamilton import driver  # noqa: E402

import helpers  # noqa: E402

logging.getLogger("hamilton.execution.graph_functions").setLevel(logging.CRITICAL + 1)  # it prints a page for every error, also those a user mends
logging.getLogger("hamilton.driver").addFilter(lambda record: record.msg != driver.SLACK_ERROR_MESSAGE)  # help with our faults is not found there


def stage_modules() -> list[str]:
    """Return the modules that hold stages: every `helpers/<room>/*stages.py`, so that a new room joins the graph by being there."""
    rooms = Path(helpers.__file__).parent
    return [".".join(("helpers", *p.relative_to(rooms).with_suffix("").parts)) for p in sorted(rooms.glob("*/*stages.py"))]


@dataclass(frozen=True)
class Stage:
    """One node: its name, what it takes, what it gives; an input when nothing makes it."""

    name: str
    takes: tuple[str, ...]
    optional: frozenset[str]
    lazy: bool
    is_input: bool
    says: str

    @property
    def is_raw(self) -> bool:
        """Whether this is an export as it was read."""
        return self.is_input and self.name.startswith("raw_")


@cache
def stage_driver() -> driver.Driver:
    """Return the Hamilton driver of all rooms' stages, built once."""
    modules = [import_module(name) for name in stage_modules()]
    return driver.Builder().with_modules(*modules).build()


@cache
def stages() -> dict[str, Stage]:
    """Return every stage and input by name, in an order in which each comes after what it takes."""
    nodes = stage_driver().graph.nodes
    found: dict[str, Stage] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        node = nodes[name]
        takes = tuple(d.name for d in node.dependencies)
        for needed in takes:
            visit(needed)
        optional = frozenset(n for n, (kind, _) in node.input_types.items() if _may_be_none(kind))
        says = (node.documentation or "").strip().split("\n")[0]
        found[name] = Stage(name, takes, optional, _is_lazy(node.type), bool(node.user_defined), says)

    for name in sorted(nodes):
        visit(name)
    return found


def _may_be_none(kind: object) -> bool:
    return type(None) in typing.get_args(kind)


def _is_lazy(kind: object) -> bool:
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return nw.LazyFrame in options


@cache
def missing_evidence(name: str, available: frozenset[str]) -> tuple[str, ...]:
    """Return the canonical tables that are missing for a stage, empty when it can be made.

    Parameters
    ----------
    name : str
        A stage.
    available : frozenset of str
        Names of the raw inputs that the profile provides, for example `raw_order_lines`.
    """
    stage = stages()[name]
    if stage.is_raw:
        return () if name in available else (name.removeprefix("raw_"),)
    lacks = [missing_evidence(n, available) for n in stage.takes if n not in stage.optional]
    return tuple(dict.fromkeys(table for lack in lacks for table in lack))


def make(name: str, values: dict[str, object]) -> object:
    """Run one stage function through Hamilton on the values of what it takes."""
    inputs = {n: v for n, v in values.items() if stages()[n].is_input}
    overrides = {n: v for n, v in values.items() if not stages()[n].is_input}
    return stage_driver().execute([name], inputs=inputs, overrides=overrides)[name]




def table_links() -> dict[str, tuple[str, ...]]:
    """Return for each table which tables it cannot do without: the map of the course.

    Marked and counting stages are passed over. Of optional tables only those of the customer-360 view are drawn: the ledger and
    the doctor look at everything, and lines to everything show nothing.
    """
    known = stages()

    def tables_behind(name: str) -> list[str]:
        found: list[str] = []
        for needed in known[name].takes:
            stage = known[needed]
            if needed in known[name].optional and name != "customer_360":
                continue
            if stage.is_raw or (is_published(needed) and not stage.is_input):
                found.append(needed)
            elif not stage.is_input:
                found.extend(tables_behind(needed))
        return list(dict.fromkeys(found))

    return {n: tuple(tables_behind(n)) for n, s in known.items() if not s.is_input and is_published(n)}


def room_tables() -> dict[str, list[str]]:
    """Return the tables of each room that users get, those first that most others are made from; `exports` are what is read."""
    links = table_links()
    used = Counter(needed for needs in links.values() for needed in needs)
    told: dict[str, list[str]] = {"exports": sorted(n.removeprefix("raw_") for n, s in stages().items() if s.is_raw)}
    for name in sorted(links, key=lambda n: (-used[n], n)):
        told.setdefault(_room(name), []).append(name)
    return told


def room_links() -> dict[str, tuple[str, ...]]:
    """Return for each room the other rooms whose tables it takes, needed or optional; what comes through another room on the way is not said twice."""
    takes: dict[str, set[str]] = {}
    for name, stage in stages().items():
        if not stage.is_input:
            behind = {"exports" if stages()[n].is_raw else _room(n) for n in stage.takes if stages()[n].is_raw or not stages()[n].is_input}
            takes.setdefault(_room(name), set()).update(behind - {_room(name)})
    behind_of = {r: _all_behind(r, takes) for r in takes}
    return {r: tuple(sorted(o for o in others if not any(o in behind_of.get(p, set()) for p in others))) for r, others in sorted(takes.items())}


def _all_behind(room: str, takes: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(takes.get(room, ()))
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += takes.get(other, ())
    return found


def _room(name: str) -> str:
    return str(stage_driver().graph.nodes[name].originating_functions[0].__module__).split(".")[1]


def is_published(name: str) -> bool:
    """Say whether a stage is a table for users; marked tables hold every raw row, identified ones raw ids: both stay in the cache."""
    return name != "customer_map" and not name.endswith(("_marked", "_problems", "_identified", "_counts"))
