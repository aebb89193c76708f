"""Pages say what the code says."""

import re

from typer.main import get_command

from helpers.cli import app
from helpers.runs.paths import project_root
from helpers.show.dictionary import dictionary_markdown
from helpers.tables import TABLES


def test_the_data_dictionary_is_the_generated_one_and_covers_sixteen_tables():
    assert (project_root() / "docs" / "data_dictionary.md").read_text(encoding="utf-8") == dictionary_markdown()
    assert len(TABLES) == 16


def test_the_readme_names_only_commands_that_exist():
    known = set(get_command(app).commands) | {"test"}
    named = set(re.findall(r"kit\.py ([a-z][a-z-]*)", (project_root() / "README.md").read_text(encoding="utf-8")))
    assert {"run", "test", "profile", "doctor"} <= named <= known


def test_the_glossary_has_one_line_a_term_and_25_to_30_terms():
    lines = (project_root() / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    terms = [line.split("**")[1] for line in lines]
    assert 25 <= len(terms) <= 30 and len(set(terms)) == len(terms)
    assert all(len(line.split()) <= 34 for line in lines)


def test_nobody_is_sent_to_the_public_index_for_crmkit():
    root = project_root()
    pages = [root / "README.md", *(root / "docs").rglob("*.md"), *(root / "docs").rglob("*.py"), *(root / "src").rglob("*.py")]
    assert [p.name for p in pages if re.search(r"install\W+crmkit\b", p.read_text(encoding="utf-8"))] == []
