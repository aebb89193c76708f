"""What a run was made of, looked at again: which exports, maps, sheets, profile, key, versions and code are no longer what they were."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.cleaning.privacy import pseudonym
from helpers.runs.cache import code_files
from helpers.runs.ingredients import ingredients, list_ingredients, say_ingredient
from helpers.runs.manifest import CODE_SAMPLE, current_versions
from helpers.runs.needs_inputs import CODING_SHEET, VOICE_SHEET
from helpers.runs.raw import fingerprint
from helpers.runs.run import REVIEW_FILE, Run

SHOWN = 5  # cells of one notebook, or files of the code, that are named one by one
SHEETS = {"duplicate_decisions": REVIEW_FILE, "voice_checks": VOICE_SHEET, "interview_coding": CODING_SHEET}  # graph input: what people fill in for it


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was: of what kind (input, version, code, key, file, table, output), its name, and what differs."""

    kind: str
    name: str
    says: str


def sheets_read(folder: Path, record: Mapping[str, Any]) -> list[Path]:
    """Return the sheets of a run folder that its run had read; one that was empty then and filled in later belongs to the next run."""
    told = record.get("ingredients", {})
    return [sheet for name, sheet in SHEETS.items() if (folder / sheet).exists() and told.get(name, "not told") != ""]


def find_versions(record: Mapping[str, Any]) -> Iterator[Finding]:
    """Name packages and files of the code that are no longer what they were."""
    yield from _versions(record)
    yield from _code(record)


def find_inputs(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    """Name whatever went into a run and is no longer what it was: exports, key of the codes, tiering schemes, profile, maps, lists and sheets.

    Parameters
    ----------
    run : Run
        The same run, opened again.
    record : mapping
        Its manifest; what an older one does not state is passed over.
    """
    yield from _inputs(run, record)
    yield from _key(run, record)
    yield from _schemes(run, record)
    yield from _ingredients(run, record)


def _inputs(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    told = {(e["source"], f["file"]): f["sha256"] for e in record["inputs"] for f in e["files"]}
    now = {(e["source"], f["file"]): f["sha256"] for e in run.cache.raw.inputs() for f in e["files"]}
    for source, file in sorted({*told, *now}):
        before, after = told.get((source, file)), now.get((source, file))
        if before != after:
            change = "is new" if before is None else "is gone" if after is None else f"has changed: SHA-256 was {before[:12]}..., is {after[:12]}..."
            yield Finding("input", file, f"{change} (source {source})")


def _schemes(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    now = {n: fingerprint(c) for n, c in run.cache.inputs["tier_schemes"].items()}
    for name, before in record.get("schemes", {}).items():
        if now.get(name) != before:
            yield Finding("input", f"{name}.yml", "the tiering scheme has changed" if name in now else "the tiering scheme is gone")


def _ingredients(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    """A graph input that the manifest does not know came with newer code, which is named by itself."""
    told = {(n, part): mark for n, part, mark in list_ingredients(record)}
    now = {(n, part): mark for n, part, mark in list_ingredients({"ingredients": ingredients(run)}) if n in record.get("ingredients", {})}
    for name, part in sorted({*told, *now}):
        before, after = (marks.get((name, part), "") for marks in (told, now))
        if before != after:
            says = "was not there when the run was made" if not before else "has changed since the run was made" if after else "is no longer there"
            yield Finding("input", say_ingredient(name, part, record["profile"]), says)


def _versions(record: Mapping[str, Any]) -> Iterator[Finding]:
    now = current_versions()
    for name, before in record["versions"].items():
        after = now.get(name, "absent")
        if before != after and name != "code":
            yield Finding("version", name, f"was {before} when the run was made, is {after}")


def _code(record: Mapping[str, Any]) -> Iterator[Finding]:
    before, now = record.get("code_files", {}), code_files()
    changed = sorted(n for n in {*before, *now} if before.get(n) != now.get(n))
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        yield Finding("code", "crmkit", f"its own code has changed since: {', '.join(changed[:SHOWN])}{more}")


def _key(run: Run, record: Mapping[str, Any]) -> Iterator[Finding]:
    if record.get("code_sample") and record["code_sample"] != pseudonym(CODE_SAMPLE, run.settings.privacy.key):
        yield Finding("key", "CRMKIT_PSEUDONYM_KEY", "is another than when the run was made, so every customer has another code")
