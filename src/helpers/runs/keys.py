"""What a run is made of, as one hash: equal keys, equal results. A batch skips a finished run whose key is still the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from helpers.runs.cache import code_fingerprint
from helpers.runs.files import sha256_of
from helpers.runs.raw import fingerprint
from helpers.runs.run import Run
from helpers.runs.versions import library_fingerprint


def run_key(run: Run, lessons: Sequence[Path]) -> str:
    """Return the key of a run: its tables' keys (sources by content, settings, code, package versions), its lessons, and what the report says.

    Parameters
    ----------
    run : Run
        Nothing is computed, but a database is read, because it has no file to hash.
    lessons : sequence of pathlib.Path
        The notebooks that belong to the run.
    """
    profile = run.profile
    return fingerprint(
        {
            "code": code_fingerprint(),
            "libraries": library_fingerprint(),
            "tables": {n: run.cache.key(n) for n in run.tables()},
            "settings": run.settings.model_dump(mode="json"),
            "as_of": run.as_of.isoformat(),
            "profile": [profile.profile, profile.title, profile.about, profile.currency],
            "lessons": {p.stem: sha256_of(p) for p in lessons},
        }
    )
