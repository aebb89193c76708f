"""The linter on scheme files, the user's own included."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.axes.columns import axis_domains
from helpers.rules.lint import lint_scheme
from helpers.rules.schemes import Scheme, read_scheme, schemes_of
from helpers.runs.run import Run
from helpers.runs.schemefiles import read_scheme_file, read_scheme_files
from helpers.runs.settings import Settings


def lint_files(files: list[Path], profile: str = "", as_of: str = "") -> pd.DataFrame:
    """Return what the linter finds in scheme files.

    Parameters
    ----------
    files : list of pathlib.Path
        Empty: all of data/schemes.
    profile, as_of : str
        Where `profile` is given, its customers decide how many fall to the fallback; its settings say how many score bands there are.

    Returns
    -------
    pandas.DataFrame
        As from `lint_scheme`, one scheme after the other.
    """
    run = Run.open(profile, as_of) if profile else None
    settings = run.settings if run else Settings()
    customers = run.load("customer_axes") if run else None
    domains = axis_domains(settings.rfm.top_score)
    return pd.concat([lint_scheme(s, domains, customers) for s in _schemes(files)], ignore_index=True)


def _schemes(files: list[Path]) -> list[Scheme]:
    return [read_scheme(read_scheme_file(f), f.name) for f in files] if files else list(schemes_of(read_scheme_files()).values())
