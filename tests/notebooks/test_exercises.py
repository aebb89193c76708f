"""Exercises are what their solutions give, leak nothing, and answer in words; solutions pass their own checks."""

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.runs.exercise_files import stale_exercises
from helpers.runs.notebooks import KERNEL, lessons
from helpers.runs.paths import project_root
from helpers.teach.exercises import find_leaks

FOLDER = project_root() / "notebooks"
SOLUTIONS = sorted((FOLDER / "solutions").glob("*_sol.ipynb"))


def printed(cell) -> str:
    return "".join(o.get("text", "") for o in cell.get("outputs", []))


def check_cells(notebook):
    return [c for c in notebook.cells if "check" in c.metadata.get("tags", [])]


def test_there_is_a_solution_for_each_lesson_after_the_first():
    assert [p.name.removesuffix("_sol.ipynb") for p in SOLUTIONS] == [p.stem for p in lessons()[1:]]


def test_committed_exercises_are_what_their_solutions_give():
    assert stale_exercises() == []


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_solutions_are_stored_run_and_right(solution):
    cells = check_cells(nbformat.read(solution, as_version=4))
    assert 2 <= len(cells) <= 4 and all(printed(c).startswith("Right: ") for c in cells)


@pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda p: p.stem)
def test_an_untouched_exercise_leaks_nothing_and_every_check_says_not_done(solution):
    exercise = nbformat.read(FOLDER / "exercises" / solution.name.replace("_sol", "_ex"), as_version=4)
    assert find_leaks(exercise) == []
    NotebookClient(exercise, timeout=300, kernel_name=KERNEL, record_timing=False).execute()
    assert all(printed(c).startswith("Not done: ") for c in check_cells(exercise))
