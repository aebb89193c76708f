"""The form of a lesson: what a reader, papermill and nbval rely on."""

import ast
import re
import statistics
from pathlib import Path

import nbformat
import pytest

from helpers.runs.notebooks import lessons
from helpers.runs.paths import project_root

LESSONS = lessons()
TAGS = {"parameters", "widget", "nbval-ignore-output", "raises-exception"}
ENDING = ("## What you learned", "## Quiz", "## Adapt it to your data", "## Next")


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


@pytest.fixture(params=LESSONS, ids=lambda p: p.stem)
def lesson(request):
    return request.param, nbformat.read(request.param, as_version=4)


def test_every_lesson_has_a_number_of_its_own_and_a_line_in_the_course_table():
    numbers = [p.stem[:2] for p in LESSONS]
    assert numbers[:4] == ["00", "01", "02", "03"] and len(set(numbers)) == len(numbers)
    readme = (project_root() / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\(notebooks/(\d\d_\w+)\.ipynb\)", readme) == [p.stem for p in LESSONS]


def test_it_opens_with_one_title_that_says_what_to_expect(lesson):
    _, notebook = lesson
    titles = [line for c in notebook.cells if c.cell_type == "markdown" for line in c.source.splitlines() if line.startswith("# ")]
    assert len(titles) == 1 and notebook.cells[0].source.startswith(titles[0])
    for part in ("What you'll do", "What you'll learn", "What you'll need", "Time:", "Reads:"):
        assert part in notebook.cells[0].source


def test_its_first_code_cell_holds_the_parameters_as_commented_literals(lesson):
    _, notebook = lesson
    cell = code_cells(notebook)[0]
    assert cell.metadata.get("tags") == ["parameters"]
    assert sum("parameters" in c.metadata.get("tags", []) for c in notebook.cells) == 1
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.AnnAssign)
        ast.literal_eval(statement.value)
    assert all("# " in line for line in cell.source.splitlines())


def test_it_was_run_top_to_bottom_without_an_error(lesson):
    _, notebook = lesson
    cells = code_cells(notebook)
    assert [c.execution_count for c in cells] == list(range(1, len(cells) + 1))
    assert not [o for c in cells for o in c.outputs if o.output_type == "error"]
    assert not [o for c in cells for o in c.outputs if o.get("name") == "stderr"]


def test_it_is_short_and_explained(lesson):
    path, notebook = lesson
    lines = [len(c.source.splitlines()) for c in code_cells(notebook)[1:]]
    assert (20 if path.stem.startswith("00") else 25) <= len(notebook.cells) <= 60
    assert max(lines) <= 20 and statistics.median(lines) <= 5
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        assert cell.cell_type != "code" or before.cell_type == "markdown", f"no words before: {cell.source[:60]}"
    assert "def " not in "".join(c.source for c in code_cells(notebook))


def test_it_ends_with_recap_quiz_adaptation_and_the_way_on(lesson):
    _, notebook = lesson
    assert tuple(c.source.splitlines()[0] for c in notebook.cells[-4:]) == ENDING
    assert len(re.findall(r"^\d\. ", notebook.cells[-3].source, re.M)) == 3


def test_it_holds_nothing_of_one_machine(lesson):
    path, notebook = lesson
    text = path.read_text(encoding="utf-8")
    source = "".join(c.source for c in notebook.cells)
    assert not re.search(r"/(home|root|Users|tmp|work)/|[A-Z]:\\\\", text)
    assert "../" not in source and "today(" not in source
    assert "widgets" not in notebook.metadata and path.stat().st_size <= 400_000


def test_its_tags_are_known_and_nearly_every_cell_is_compared(lesson):
    _, notebook = lesson
    tags = [t for c in notebook.cells for t in c.metadata.get("tags", [])]
    assert set(tags) <= TAGS
    assert tags.count("nbval-ignore-output") <= 0.05 * len(code_cells(notebook))


def test_links_between_lessons_lead_somewhere(lesson):
    path, notebook = lesson
    for link in re.findall(r"\]\(([^)#]+\.ipynb)\)", "".join(c.source for c in notebook.cells)):
        assert (Path(path.parent) / link).exists(), link
