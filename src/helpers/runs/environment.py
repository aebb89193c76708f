"""Can this computer run the course? One line per thing that must be right."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement

from helpers.errors import UserError
from helpers.runs.paths import profile_file, project_root

NEWEST, OLDEST = (3, 13), (3, 11)
SAMPLE = "客"  # a character that every font for Chinese has


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is right, what was seen, and how to mend it."""

    name: str
    ok: bool
    says: str
    mend: str = ""


def how_to_install(extra: str) -> str:
    """Return the command that adds an extra to the project's own environment; crmkit is not on the public index, where the name is a stranger's to take.

    Examples
    --------
    >>> how_to_install("s3").endswith('python -m pip install -e ".[s3]"')
    True
    """
    python = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
    return f'{python} -m pip install -e ".[{extra}]"'


def check_environment(*, kernel: bool = True) -> list[Check]:
    """Look at Python, packages, the kernel, the example data and fonts.

    Parameters
    ----------
    kernel : bool
        Start a kernel to see whether it finds `helpers`; takes a few seconds.

    Returns
    -------
    list of Check
        A missing Chinese font is no failure: charts then show boxes in place of Chinese letters, and the line says what to install.
    """
    checks = [_check_python(), _check_packages(), _check_data()]
    return [*checks, _check_kernel(), _check_font()] if kernel else [*checks, _check_font()]


def _check_python() -> Check:
    ok = OLDEST <= sys.version_info[:2] <= NEWEST
    return Check("Python 3.11 to 3.13", ok, platform.python_version(), "call kit.py with another Python")


def _check_packages() -> Check:
    wrong = [fault for r in distribution("crmkit").requires or [] if (fault := _requirement_fault(Requirement(r)))]
    return Check("packages in their ranges", not wrong, "; ".join(wrong) or "all present", "delete .venv and call kit.py again")


def _requirement_fault(needed: Requirement) -> str:
    if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
        return ""
    try:
        found = version(needed.name)
    except PackageNotFoundError:
        return f"{needed.name} is missing"
    return "" if needed.specifier.contains(found, prereleases=True) else f"{needed.name} {found} is not {needed.specifier}"


def _check_data() -> Check:
    try:
        file = profile_file("demo")
        raw = project_root() / "data" / "demo" / "raw"
        count = sum(1 for p in raw.glob("*") if p.is_file())
    except UserError as fault:
        return Check("example data", False, str(fault), "clone the project again")
    return Check("example data", count > 0 and file.exists(), f"{count} exports", "python kit.py demo-data data/demo")


def _check_kernel() -> Check:
    """Ask the kernel itself: a wrong kernel is the most common trouble in workshops."""
    program = "import json, jupyter_client.kernelspec as k; print(json.dumps(k.get_kernel_spec('python3').argv[0]))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    named = json.loads(answer.stdout) if answer.returncode == 0 else ""
    kernel = sys.executable if Path(named).parent == Path() and named else named  # Jupyter starts a bare `python` as itself
    found = subprocess.run([kernel or sys.executable, "-c", "import helpers, ipykernel"], capture_output=True, text=True, check=False) if kernel else answer
    says = "finds helpers" if found.returncode == 0 else found.stderr.strip().splitlines()[-1]
    return Check("kernel python3", found.returncode == 0, says, "start JupyterLab with: python kit.py lab")


def _check_font() -> Check:
    from matplotlib import font_manager
    from matplotlib.ft2font import FT2Font

    from helpers.show.style import FONTS

    able = [f.name for f in font_manager.fontManager.ttflist if f.name in FONTS and ord(SAMPLE) in FT2Font(f.fname).get_charmap()]
    says = able[0] if able else "none: Chinese labels will show as boxes; install a Noto Sans CJK font (Debian: fonts-noto-cjk)"
    return Check("font for Chinese labels", True, says)
