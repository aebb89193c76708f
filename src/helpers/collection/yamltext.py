"""Read YAML as its 1.2 rules say: `on`, `yes` and 007 are text, and a key that stands twice is an error.

PyYAML follows 1.1, where the key `on:` of a lookup would be read as `true` and the later of two keys would win in silence.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_RULES = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "0123456789"),
)


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it: the same results, many times as fast


class PlainLoader(_Base):
    """Safe YAML that reads as few words as possible as something else than text."""

    yaml_implicit_resolvers: dict[Any, Any] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping; a key that stands twice is an error with its line."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)

    def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> Any:
        """Read a day; one that the calendar does not have is an error with its line."""
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError as fault:
            raise yaml.constructor.ConstructorError(None, None, f"{node.value!r} is no day: {fault}", node.start_mark) from fault


PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", PlainLoader.construct_yaml_timestamp)
for _tag, _pattern, _first in _RULES:
    PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), ["" if c == "\0" else c for c in _first]
    )


def read_yaml(text: str) -> Any:
    """Return the content of a YAML text.

    Parameters
    ----------
    text : str

    Raises
    ------
    yaml.YAMLError
        Not YAML, or a key that stands twice.

    Examples
    --------
    >>> read_yaml("{on: yes, code: 007, rows: [3, 4], day: 2025-06-30, no: ~}")
    {'on': 'yes', 'code': '007', 'rows': [3, 4], 'day': datetime.date(2025, 6, 30), 'no': None}
    """
    return yaml.load(text, Loader=PlainLoader)  # noqa: S506 - PlainLoader is a SafeLoader
