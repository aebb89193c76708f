"""`manifest.json`: everything one needs to know to trust a run, or to make it again."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.cleaning.privacy import pseudonym
from helpers.cleaning.settings_filters import say_filters
from helpers.runs.action_status import WORKBOOK
from helpers.runs.cache import code_files, code_fingerprint
from helpers.runs.figures import headline_figures
from helpers.runs.files import DRAFT, sha256_of, write_whole
from helpers.runs.ingredients import ingredients
from helpers.runs.notebooks import parameters_of
from helpers.runs.paths import MARKER
from helpers.runs.pins import PINS
from helpers.runs.raw import fingerprint
from helpers.runs.run import Run
from helpers.runs.tablefiles import table_facts
from helpers.runs.versions import direct_versions

MANIFEST = "manifest.json"
PROGRESS = "progress.json"  # lessons that an unfinished run has behind it
CODE_SAMPLE = "crmkit"  # coded with the run's key, so that a re-check can tell another key from other data
FILLED_IN = (WORKBOOK, "review/")  # people write in these: they must be there, whatever they hold
NOT_LISTED = {MANIFEST, PROGRESS, PINS, MARKER}


def build_manifest(run: Run, *, notebooks: list[dict[str, Any]], key: str = "", stage_seconds: dict[str, float] | None = None) -> dict[str, Any]:
    """Return what a run was made of and what came out.

    Parameters
    ----------
    run : Run
        Its tables must have been saved.
    notebooks : list of dict
        One entry per notebook: name, status, seconds, and the error in one sentence when it failed.
    key : str
        What the run is made of, as one hash (`runs.keys.run_key`).
    stage_seconds : dict, optional
        Seconds of each stage that had to be made.

    Returns
    -------
    dict
        profile, as_of, currency, settings, inputs (files with size and SHA-256, rows in the file, rows later than
        as_of or outside the filter), ingredients (fingerprints of profile, maps and what people decided), versions, code_files, tables (rows, columns, content hash), not_measured, figures, notebooks.
    """
    return {
        "profile": run.profile.profile,
        "profile_file": named if (named := parameters_of(run)["profile"]) != run.profile.profile else "",
        "as_of": run.as_of.isoformat(),
        "currency": run.profile.currency,
        "settings": run.settings.model_dump(mode="json"),
        "inputs": _inputs(run),
        "filters": say_filters(run.settings.filters),
        "scheme": run.cache.inputs["tier_schemes"][run.settings.tiering.primary],
        "schemes": {n: fingerprint(c) for n, c in run.cache.inputs["tier_schemes"].items()},
        "ingredients": ingredients(run),
        "versions": current_versions(),
        "code_files": code_files(),
        "tables": {name: table_facts(run.table_file(name)) for name in run.tables()},
        "not_measured": run.not_measured(),
        "figures": headline_figures(run),
        "notebooks": notebooks,
        "stage_seconds": stage_seconds or {},
        "key": key,
        "code_sample": pseudonym(CODE_SAMPLE, run.settings.privacy.key) if run.settings.privacy.pseudonymise else "",
    }


def _inputs(run: Run) -> list[dict[str, Any]]:
    """Rows in the file and rows read differ by those later than `as_of`, only counted here, and those outside the filter."""
    read = _rows_by_source(run.load("ledger"), "rows_read")
    outside = _rows_by_source(run.load("filtered_out"), "rows")
    return [_input(s, read.get(s["source"], 0), outside.get(s["source"], 0)) for s in run.cache.raw.inputs()]


def _input(source: dict[str, Any], read: int, outside: int) -> dict[str, Any]:
    return {**source, "rows_after_as_of": source["rows"] - read - outside, "rows_outside_filter": outside}


def _rows_by_source(counts: pd.DataFrame, column: str) -> dict[str, int]:
    """Several files of one source are counted apart, as `source:file`."""
    named = counts.assign(source=counts["source"].str.replace(":.*$", "", regex=True))
    return {str(s): int(n) for s, n in named.groupby("source")[column].sum().items()}


def current_versions() -> dict[str, str]:
    """Return the versions of Python, crmkit, its code and the packages it builds on."""
    return {"python": platform.python_version(), "crmkit": version("crmkit"), "code": code_fingerprint()} | direct_versions()


def file_facts(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and SHA-256 of every file that a run left in its folder, the manifest aside."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in NOT_LISTED and not p.name.startswith(DRAFT))
    return {p.relative_to(folder).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256_of(p)} for p in files}


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest whole or not at all."""
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a run folder."""
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
