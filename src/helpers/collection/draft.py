"""`crmkit profile new`: look at files and draft the profile that reads them, with the evidence for every line.

Nothing that the files do not decide is decided here. Such lines say ASK; until they are answered, the affected
values are set aside later, never guessed (features F01; rows 002-09, 004-51).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from helpers.collection.draft_lines import scalar, source_lines
from helpers.collection.evidence import SIGNS, last_plausible_day, value_counts
from helpers.collection.guesses import Guess, date_order, day_counts, guess_sources
from helpers.collection.headers import header_words
from helpers.collection.samples import MOST_ROWS, Sample, sample_file
from helpers.errors import UserError
from helpers.tables import table

NO_CURRENCY = "XXX"  # ISO 4217 for: no currency
NO_DATE = "1900-01-01"
LAST_DAYS = 5
_ISO = {code for codes in SIGNS.values() for code in codes}


def draft_profile(files: Sequence[Path], name: str, folder: Path, *, most_rows: int = MOST_ROWS) -> str:
    """Look at exports and draft a profile that reads them; the user answers what the files do not decide.

    Parameters
    ----------
    files : sequence of pathlib.Path
        CSV (also packed with gzip or zip), Excel, JSON, JSON lines or Parquet files; several may complete each other.
    name : str
        Name of the profile: letters, digits, `_` and `-`.
    folder : pathlib.Path
        Folder that the profile will be saved in; paths are written relative to it.
    most_rows : int
        Rows of each file to look at.

    Returns
    -------
    str
        YAML with comments, loadable by `load_profile` as it is. Lines with ASK need an answer, lines with CHECK a look.

    Raises
    ------
    UserError
        No files, a bad name, or a file that cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = Path(place) / "sales.csv"
    ...     _ = file.write_text("Order No,Client ID,Order Date,Amount\\n1,7,2025-01-31,£5.00\\n", encoding="utf-8")
    ...     text = draft_profile([file], "mine", Path(place))
    >>> [line for line in text.splitlines() if line.startswith(("profile", "currency"))]
    ['profile: mine', 'currency: GBP  # 1 of 1 amounts carry £']
    """
    if not files:
        raise UserError("no file was named: crmkit profile new FILE... needs at least one")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise UserError(f"the profile name {name!r} must be made of letters, digits, _ and -")
    paths = [p.resolve() for p in dict.fromkeys(files)]
    samples = [s for p in paths for s in sample_file(p, most_rows=most_rows)]
    guesses = guess_sources(samples)
    base = _common_folder(paths)
    body = [
        f"title: {scalar(name.replace('_', ' '))}",
        _currency_line(guesses),
        *_as_of_lines(guesses),
        f"folder: {scalar(_relative(base, folder.resolve()))}",
        "sources:",
    ]
    for guess in guesses:
        body += source_lines(guess, samples, base)
    return "\n".join([*_head_lines(samples, guesses, body), f"profile: {name}", *body, ""])


def _head_lines(samples: Sequence[Sample], guesses: Sequence[Guess], body: list[str]) -> list[str]:
    asks, checks = (sum(word in line for line in body) for word in ("ASK", "CHECK"))
    seen = ", ".join(dict.fromkeys(s.path.name for s in samples))
    lines = [
        f"# Drafted by crmkit profile new from {seen}.",
        f"# Lines that say ASK, to answer: {asks}. Lines that say CHECK, to look at: {checks}.",
    ]
    if not any(g.sure for g in guesses):
        lines.append(
            "# ASK: no file fits any of our tables, so each is offered as order lines; see the data dictionary for the tables there are."
        )
    used = {j.partner for g in guesses for j in g.joins}
    for place, sample in enumerate(samples):
        if place not in used and not any(g.sample is sample for g in guesses):
            lines.append(f"# {_place(sample)} is not used: no table fits it, and no other file needs it.")
    return lines


def _place(sample: Sample) -> str:
    return sample.path.name + (f", sheet {sample.spec['sheet']}," if "sheet" in sample.spec else "")


def _common_folder(paths: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath([p.parent for p in paths]))
    except ValueError as fault:  # different drives on Windows
        raise UserError("the files lie on different drives: put them into one folder") from fault


def _relative(base: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(base, folder)).as_posix()
    except ValueError:  # another drive on Windows: only the full path leads there
        return base.as_posix()


def _currency_line(guesses: Sequence[Guess]) -> str:
    signs: dict[str, int] = {}
    amounts = 0
    for guess in guesses:
        for column in guess.kinds("money"):
            seen = guess.numbers(column)
            amounts += seen.numbers
            named = _sign_in_header(guess.columns[column])
            for sign, rows in [*seen.signs, *([(named, seen.numbers)] if named else [])]:
                signs[sign] = signs.get(sign, 0) + rows
        for code, rows in _currency_column(guess).items():
            signs[code] = signs.get(code, 0) + rows
    if not signs:
        return f"currency: {NO_CURRENCY}  # ASK: which currency? No sign or code was seen; write its ISO code, such as EUR or CNY"
    codes = {SIGNS.get(s, (s,)) for s in signs}
    said = ", ".join(f"{n:,} of {amounts:,} amounts carry {s}" for s, n in sorted(signs.items(), key=lambda s: (-s[1], s[0])))
    if len(codes) == 1 and len(only := next(iter(codes))) == 1:
        return f"currency: {only[0]}  # {said}"
    likely = SIGNS.get(max(signs, key=lambda s: signs[s]), (max(signs, key=lambda s: signs[s]),))
    question = f"one of {', '.join(likely)}?" if len(codes) == 1 else "several currencies are mixed; which one do the amounts have?"
    return f"currency: {likely[0]}  # ASK: {question} {said}"


def _sign_in_header(header: str) -> str | None:
    words = set(header_words(header).upper().split())
    return next(iter(sorted(words & _ISO)), None) or next((s for s in SIGNS if not s.isalnum() and s in header), None)


def _currency_column(guess: Guess) -> dict[str, int]:
    for header in guess.unmapped:
        if header_words(header) in {"currency", "currency code", "币种", "货币"}:
            counts = value_counts(guess.frame[header])
            return {str(t).upper(): int(n) for t, n in counts.itertuples(index=False)}
    return {}


def _as_of_lines(guesses: Sequence[Guess]) -> list[str]:
    dated = [g for g in guesses if table(g.table).dated_by in g.columns]
    dated = [g for g in dated if g.table == "order_lines"] or dated
    days = [day_counts(g, str(table(g.table).dated_by), date_order(g)[0].order) for g in dated]
    days = [d for d in days if len(d)]
    if not days:
        return [f"as_of: {NO_DATE}  # ASK: write the last day to read; no column of sure dates was found"]
    all_days = pd.concat(days).groupby("day", as_index=False)["rows"].sum()
    last = last_plausible_day(all_days)
    tail = all_days[all_days["day"] <= last].tail(LAST_DAYS)
    said = ", ".join(f"{d:%Y-%m-%d}: {n:,}" for d, n in tail.itertuples(index=False))
    later = all_days[all_days["day"] > last]
    lines = [f"as_of: {last:%Y-%m-%d}  # last day with rows; rows on the last days: {said}"]
    if len(later):
        far = f"{int(later['rows'].sum()):,} rows dated {later['day'].min():%Y-%m-%d} or later lie more than a year after it"
        lines.append(f"# CHECK: {far} and are taken for typing mistakes")
    unclear = sum(date_order(g)[0].unclear for g in dated if date_order(g)[0].order is None)
    if unclear:
        lines.append(f"# ASK: as_of is the last day that reads one way only; {unclear:,} dates wait for date_order below, set it first")
    return lines
