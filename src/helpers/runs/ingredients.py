"""What goes into a run besides exports and settings, as fingerprints: the profile, maps and playbooks, what people decided, the list before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from helpers.collection.profiles import Profile
from helpers.runs.cache import content_of
from helpers.runs.raw import fingerprint
from helpers.runs.run import Run

ELSEWHERE = {"as_of", "source_hints", "tier_schemes"}  # the manifest states day and schemes; hints are part of the profile's sources
NAMES = {
    "profile": "profile {profile}: {part}", "playbook_files": "playbook {part}.yml", "signal_rows": "signal file {part}.yml",
    "needs_maps": "needs map {part}.yml", "duplicate_decisions": "decisions about duplicates",
    "voice_checks": "checks of the text sample (review/voice.csv)",
    "interview_coding": "codes of the interviews (review/interviews.csv)", "previous_list": "previous action list, with what people entered in it",
    "previous_history": "history of the action lists before",
}  # fmt: skip


def ingredients(run: Run) -> dict[str, str | dict[str, str]]:
    """Return a fingerprint of every graph input that is read from a file of the user's, and of the profile.

    Parameters
    ----------
    run : Run
        Nothing is computed.

    Returns
    -------
    dict
        By name of the graph input: one fingerprint, empty when there was nothing to read, or one per file or part by its name.
        `profile` has one per source (mapping and way of reading) and one of the rest.
    """
    read = {n: v for n, v in run.cache.inputs.items() if n not in ELSEWHERE and not n.endswith("_settings")}
    return {"profile": _profile(run.profile)} | {name: _prints(name, value) for name, value in sorted(read.items())}


def _profile(profile: Profile) -> dict[str, str]:
    """The profile's settings are not here: the manifest states those that held."""
    sources = {f"source {s.name}": fingerprint(s.model_dump(mode="json")) for s in profile.sources}
    whole = [profile.title, profile.about, profile.currency, profile.folder, profile.package, profile.decisions]
    return sources | {"title, currency or places of files": fingerprint(whole)}


def _prints(name: str, value: Any) -> str | dict[str, str]:
    if value is None:
        return ""
    if name == "duplicate_decisions":
        return fingerprint(content_of(value[["raw_id_a", "raw_id_b", "decision"]]))  # a note decides nothing
    if isinstance(value, pd.DataFrame):
        return fingerprint(content_of(value))
    parts = value if isinstance(value, dict) else vars(value) if hasattr(value, "model_dump") else None
    return fingerprint(content_of(value)) if parts is None else {str(n): fingerprint(content_of(v)) for n, v in parts.items()}


def list_ingredients(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield graph input, part (empty when it has none) and fingerprint of each ingredient that a manifest states."""
    for name, told in record.get("ingredients", {}).items():
        yield from ((name, part, mark) for part, mark in ({"": told} if isinstance(told, str) else told).items())


def say_ingredient(name: str, part: str, profile: str) -> str:
    """Return what a person calls an ingredient.

    Examples
    --------
    >>> say_ingredient("playbook_files", "winback", "demo"), say_ingredient("profile", "source sales", "demo")
    ('playbook winback.yml', 'profile demo: source sales')
    """
    return NAMES.get(name, "{name} {part}").format(name=name.replace("_", " "), part=part, profile=profile).strip()
