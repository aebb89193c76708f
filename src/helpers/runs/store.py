"""Run the lessons top to bottom and store them with their outputs: python -m helpers.runs.store [NAME ...].

For contributors, before a commit that changes what a lesson prints. Nothing of the machine is kept: no timings, no widget state.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from helpers.runs.files import write_whole
from helpers.runs.notebooks import KERNEL, lessons
from helpers.runs.paths import project_root

TIMEOUT_SECONDS = 600


def store_notebook(path: Path) -> None:
    """Execute one notebook in its folder and write it back, whole or not at all."""
    notebook = nbformat.read(path, as_version=4)
    # what is printed arrives in pieces that differ from run to run: joined, the stored text differs only where its words do
    options = {"timeout": TIMEOUT_SECONDS, "kernel_name": KERNEL, "record_timing": False, "coalesce_streams": True}
    NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}, **options).execute()
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    write_whole(path, nbformat.writes(notebook) + "\n")


def main(names: list[str]) -> None:
    """Store the lessons named, or all lessons and solutions."""
    solutions = sorted((project_root() / "notebooks" / "solutions").glob("*.ipynb"))
    for path in [*lessons(), *solutions]:
        if not names or path.stem in names:
            store_notebook(path)


if __name__ == "__main__":
    main(sys.argv[1:])
