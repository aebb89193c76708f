"""A small project, and batches written into it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from batch_project import make_project  # noqa: E402


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own with an empty cache; commands and runs see it as theirs."""
    home = make_project(tmp_path / "home")
    monkeypatch.setenv("CRMKIT_HOME", str(home))
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))
    return home


@pytest.fixture
def batch_file(project):
    """Write a batch file and return its path."""

    def write(text: str) -> Path:
        file = project / "data" / "batch.yml"
        file.write_text(text, encoding="utf-8")
        return file

    return write
