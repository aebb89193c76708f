"""A small project, and batches written into it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from batch_project import make_project  # noqa: E402


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory):
    """One cache for all tests: its keys are made of content, so tests of equal shops find what others made, and no test what it spoiled."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path, monkeypatch, shared_cache):
    """A project of its own; commands and runs see it as theirs."""
    home = make_project(tmp_path / "home")
    monkeypatch.setenv("CRMKIT_HOME", str(home))
    monkeypatch.setenv("CRMKIT_CACHE", str(shared_cache))
    return home


@pytest.fixture
def batch_file(project):
    """Write a batch file and return its path."""

    def write(text: str) -> Path:
        file = project / "data" / "batch.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write
