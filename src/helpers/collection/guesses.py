"""From a sample to a drafted source: its table, its columns and what their values say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from helpers.collection.evidence import Dates, Numbers, date_evidence, number_evidence, rows_per_day, strip_signs, value_counts
from helpers.collection.headers import guess_table, match_headers
from helpers.collection.hints import is_line_total
from helpers.collection.joins import Join, apply_joins, find_joins
from helpers.collection.samples import Sample
from helpers.tables import TABLES, table

ENOUGH_POINTS = 1.0  # of `guess_table`; below it a file feeds no table by itself
NUMERIC = ("money", "number", "count")


@dataclass(frozen=True)
class Guess:
    """A drafted source: what it feeds, from which headers, and the evidence."""

    name: str
    sample: Sample
    table: str
    sure: bool
    why: str
    frame: pd.DataFrame = field(repr=False)  # with the columns that lookups bring
    columns: dict[str, str]  # our column: header
    reasons: dict[str, str]  # our column: why
    joins: tuple[Join, ...] = ()

    @property
    def unmapped(self) -> list[str]:
        used = set(self.columns.values())
        return [str(h) for h in self.sample.frame.columns if h not in used]

    @property
    def missing(self) -> list[str]:
        return [c for c in table(self.table).required if c not in self.columns]

    def kinds(self, *kinds: str) -> list[str]:
        """Return our columns of these kinds that the source has."""
        return [c for c in self.columns if table(self.table).column(c).kind in kinds]

    def counts(self, column: str) -> pd.DataFrame:
        """Return the distinct texts of one of our columns with their rows."""
        return value_counts(self.frame[self.columns[column]])

    def numbers(self, column: str) -> Numbers:
        return number_evidence(self.counts(column))

    def dates(self, column: str) -> Dates:
        return date_evidence(self.counts(column))


def guess_sources(samples: Sequence[Sample]) -> list[Guess]:
    """Decide for every sample which table it feeds; a file that only completes others becomes a lookup of theirs.

    Returns
    -------
    list of Guess
        At least one, in the order of the files. When no file fits any table, each is offered as order lines with `sure=False`.
    """
    guesses = [_guess(s) for s in samples]
    frames = [s.frame for s in samples]
    joined, used = [], set()
    for place, guess in enumerate(guesses):
        joins = find_joins(place, frames, guess.table, list(guess.columns)) if guess.sure else []
        joined.append(_with_joins(guess, joins, frames))
        used |= {j.partner for j in joins if not guesses[j.partner].sure or guesses[j.partner].table == guess.table}
    kept = [g for i, g in enumerate(joined) if g.sure and i not in used] or joined
    return _with_names([_settle_money(g) for g in kept])


def day_counts(guess: Guess, column: str, order: str | None) -> pd.DataFrame:
    """Return rows per day of a date column: `day`, `rows`."""
    return rows_per_day(guess.counts(column), order)


def date_order(guess: Guess) -> tuple[Dates, list[str]]:
    """Add up what all date columns of a source say about the order of day and month; also return the columns."""
    columns = guess.kinds("date", "time")
    seen = [guess.dates(c) for c in columns]
    total = Dates(*(sum(getattr(d, f) for d in seen) for f in ("filled", "dates", "year_first", "day_first", "month_first", "unclear")))
    return total, columns


def to_numbers(values: pd.Series) -> pd.Series:
    """Return texts as numbers for a comparison; what is no plain number becomes null. Currency signs are ignored."""
    bare, _ = strip_signs(pd.DataFrame({"text": values.astype("str"), "rows": 1}))
    return pd.to_numeric(bare, errors="coerce")


def _guess(sample: Sample) -> Guess:
    headers = [str(h) for h in sample.frame.columns]
    ranked = guess_table(headers, sample.frame)
    name = ranked["table"].iloc[0] if len(ranked) and ranked["points"].iloc[0] > 0 else "order_lines"
    matches = match_headers(headers, name).dropna(subset="column")
    placed = {"customer_id", table(name).key[0], table(name).dated_by} & set(matches["column"])
    sure = bool(placed) and ranked["points"].iloc[0] >= ENOUGH_POINTS
    why = ranked["why"].iloc[0] if sure else "no table fits this file well"
    ours = [c.name for c in TABLES[name].columns]
    matches = matches.sort_values("column", key=lambda c: c.map(ours.index))
    columns = dict(zip(matches["column"], matches["header"], strict=True))
    reasons = dict(zip(matches["column"], matches["why"], strict=True))
    return Guess("", sample, name, sure, why, sample.frame, columns, reasons)


def _with_joins(guess: Guess, joins: list[Join], frames: Sequence[pd.DataFrame]) -> Guess:
    brought = {c: h for j in joins for c, h in j.take.items()}
    reasons = {c: f"from the lookup; {j.matched:,} of {j.rows:,} rows find their partner by {j.left}" for j in joins for c in j.take}
    columns, why = guess.columns | brought, guess.reasons | reasons
    ours = [c.name for c in TABLES[guess.table].columns if c.name in columns]
    frame = apply_joins(guess.frame, joins, frames)
    return replace(guess, frame=frame, columns={c: columns[c] for c in ours}, reasons=why, joins=tuple(joins))


def _with_names(guesses: list[Guess]) -> list[Guess]:
    named: list[Guess] = []
    for guess in guesses:
        stem = guess.sample.path.name.split(".")[0] + ("_" + str(guess.sample.spec["sheet"]) if "sheet" in guess.sample.spec else "")
        name = "_".join("".join(c if c.isascii() and c.isalnum() else " " for c in stem).split()).lower() or guess.table
        taken = {g.name for g in named}
        free = next(n for n in (name, *(f"{name}_{i}" for i in range(2, len(guesses) + 2))) if n not in taken)
        named.append(replace(guess, name=free))
    return named


def _settle_money(guess: Guess) -> Guess:
    """Amount, unit price and quantity have names that sellers mix up: let the values decide, and say so."""
    if guess.table != "order_lines":
        return guess
    columns, reasons = dict(guess.columns), dict(guess.reasons)
    if {"amount", "unit_price"} <= columns.keys() and "quantity" not in columns and _is_count(guess.frame[columns["amount"]]):
        columns["quantity"] = columns.pop("amount")
        reasons["quantity"] = "CHECK: called an amount, but whole and small like a number of units"
    price = next((c for c in ("unit_price", "amount") if c in columns), None)
    one_money = ("unit_price" in columns) != ("amount" in columns)
    if price and one_money and {"quantity", "product_id"} <= columns.keys():
        seen = is_line_total(*(to_numbers(guess.frame[columns[c]]) for c in ("quantity", price)), guess.frame[columns["product_id"]])
        if seen is not None:
            kind = "amount" if seen[0] >= 1.6 else "unit_price" if seen[0] <= 1.25 else price
            said = f"two units cost {seen[0]:g} times one unit (median of {seen[1]:,} products), so it is "
            said += (
                {"amount": "the amount of the line", "unit_price": "the price of one unit"}[kind] if kind != price or seen[0] > 1.25 else ""
            )
            columns[kind] = columns.pop(price)
            reasons[kind] = reasons[price] + (f"; CHECK: {said}" if kind != price else f"; {said.removesuffix(', so it is ')}")
    ours = [c.name for c in TABLES["order_lines"].columns if c.name in columns]
    return replace(guess, columns={c: columns[c] for c in ours}, reasons=reasons)


def _is_count(values: pd.Series) -> bool:
    numbers = to_numbers(values.dropna().head(50_000))
    return bool(len(numbers) > 0 and numbers.notna().mean() > 0.99 and (numbers.dropna() % 1 == 0).all() and numbers.median() <= 5)
