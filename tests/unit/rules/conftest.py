"""Schemes made by hand, in one line each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.rules.schemes import Scheme, read_scheme

WORDS = {"en": "x", "zh": "某"}


def scheme_content(*rules: tuple[str, str], codes: tuple[str, ...] = ("order_count",), fallback: str = "rest", guards: int = 0, **more: object) -> dict[str, object]:
    """Content of a scheme file: rules are (tier, when), the first `guards` of them are guards; tiers stand in the order of the rules, the fallback last."""
    keys = list(dict.fromkeys([*(tier for tier, _ in rules), fallback]))
    return {
        "scheme": "mine", "title": WORDS, "about": "made for a test", "codes": list(codes),
        "tiers": [{"key": k, "label": WORDS, "who": WORDS, "objective": WORDS} for k in keys],
        "rules": [{"tier": t, "when": w, "guard": i < guards} for i, (t, w) in enumerate(rules)],
        "fallback": {"tier": fallback}, **more,
    }  # fmt: skip


@pytest.fixture
def content() -> Callable[..., dict[str, object]]:
    return scheme_content


@pytest.fixture
def make_scheme() -> Callable[..., Scheme]:
    def call(*rules: tuple[str, str], **more: object) -> Scheme:
        return read_scheme(scheme_content(*rules, **more), "mine.yml")  # type: ignore[arg-type]

    return call
