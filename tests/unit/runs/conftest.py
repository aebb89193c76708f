"""One cache for tests that do not ask about caches."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """Its keys are made of content: equal exports are worked out once for all tests, other ones anew."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def known_shop(shop, shared_cache, monkeypatch):
    """The module's shop; what other tests made of equal exports is at hand."""
    monkeypatch.setenv("CRMKIT_CACHE", str(shared_cache))
    return shop
