"""`manifest.json`: everything one needs to know to trust a run, or to make it again."""

from __future__ import annotations

import json
import platform
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from helpers.runs.cache import code_fingerprint
from helpers.runs.files import write_whole
from helpers.runs.run import Run
from helpers.runs.tablefiles import table_facts

MANIFEST = "manifest.json"


def build_manifest(run: Run, *, notebooks: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a run was made of and what came out.

    Parameters
    ----------
    run : Run
        Its tables must have been saved.
    notebooks : list of dict
        One entry per notebook: name, status, seconds, and the error in one sentence when it failed.

    Returns
    -------
    dict
        profile, as_of, currency, settings, inputs (files with size and SHA-256, rows in the file, rows later than
        as_of), versions, tables (rows, columns, content hash), not_measured, notebooks.
    """
    return {
        "profile": run.profile.profile,
        "as_of": run.as_of.isoformat(),
        "currency": run.profile.currency,
        "settings": run.settings.model_dump(mode="json"),
        "inputs": _inputs(run),
        "versions": _versions(),
        "tables": {name: table_facts(run.table_file(name)) for name in run.tables()},
        "not_measured": run.not_measured(),
        "notebooks": notebooks,
    }


def _inputs(run: Run) -> list[dict[str, Any]]:
    """Rows in the file and rows read differ by those later than `as_of`; only here are those counted."""
    read = dict(run.load("ledger")[["source", "rows_read"]].itertuples(index=False))
    sources = run.cache.raw.inputs()
    return [{**s, "rows_after_as_of": int(s["rows"] - read.get(s["source"], s["rows"]))} for s in sources]


def _versions() -> dict[str, str]:
    needed = [Requirement(r) for r in distribution("crmkit").requires or []]
    direct = sorted({r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})})
    return {"python": platform.python_version(), "crmkit": version("crmkit"), "code": code_fingerprint()} | {n: _version(n) for n in direct}


def _version(package: str) -> str:
    """A package that is declared but absent only matters to who needs it; the manifest says so and the run goes on."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest whole or not at all."""
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a run folder."""
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
