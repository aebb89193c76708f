"""Exercise notebooks are made from solution notebooks: one source, so that the two never drift apart."""

from __future__ import annotations

import copy

from nbformat import NotebookNode

MARK = "# solution"
STUB = "# Write your code here."


def make_exercise(solution: NotebookNode) -> NotebookNode:
    """Return the exercise of a solution notebook.

    Cells tagged `solution` are dropped; in a code cell everything after the line `# solution` gives way to
    `# Write your code here.`; outputs and counts are removed. The same solution gives the same bytes.

    Parameters
    ----------
    solution : nbformat.NotebookNode
        A notebook in format 4.

    Returns
    -------
    nbformat.NotebookNode
        A new notebook; `solution` is left as it is.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> book = new_notebook(cells=[new_code_cell("top = None\\n# solution\\ntop = 3")])
    >>> print(make_exercise(book).cells[0].source)
    top = None
    # Write your code here.
    """
    exercise = copy.deepcopy(solution)
    exercise.cells = [_stub(c) for c in exercise.cells if "solution" not in c.metadata.get("tags", [])]
    exercise.metadata.pop("widgets", None)
    return exercise


def _stub(cell: NotebookNode) -> NotebookNode:
    if cell.cell_type != "code":
        return cell
    cell.outputs, cell.execution_count = [], None
    cell.metadata.pop("execution", None)
    lines = cell.source.split("\n")
    if MARK in lines:
        cell.source = "\n".join([*lines[: lines.index(MARK)], STUB])
    return cell


def find_leaks(exercise: NotebookNode) -> list[str]:
    """Return what an exercise must not hold, one sentence each: solution marks, tags, outputs.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> find_leaks(new_notebook(cells=[new_code_cell("# solution\\ntop = 3")]))
    ['cell 1 still holds the mark # solution']
    """
    leaks = []
    for number, cell in enumerate(exercise.cells, 1):
        if MARK in cell.source.split("\n"):
            leaks.append(f"cell {number} still holds the mark {MARK}")
        if "solution" in cell.metadata.get("tags", []):
            leaks.append(f"cell {number} is tagged solution")
        if cell.get("outputs"):
            leaks.append(f"cell {number} still holds an output")
    return leaks
