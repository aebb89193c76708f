"""The direction of imports, and how light the first import is."""

import subprocess
import sys

from helpers.runs.paths import project_root

HEAVY = ("matplotlib", "seaborn", "sklearn", "ipywidgets", "scipy", "nbconvert", "papermill")


def test_rooms_keep_to_their_layers():
    checked = subprocess.run([sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"], cwd=project_root(), capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "1 kept, 0 broken" in checked.stdout, checked.stdout + checked.stderr


def test_opening_a_run_imports_no_chart_library_and_no_notebook_tools():
    program = f"import sys, helpers.runs; print([m for m in {HEAVY} if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
