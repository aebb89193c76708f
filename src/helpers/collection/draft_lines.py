"""One drafted source as lines of YAML, every decision followed by its evidence in a comment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from helpers.collection.evidence import rows_per_day
from helpers.collection.guesses import NUMERIC, Guess, date_order, to_numbers
from helpers.collection.headers import header_words, match_headers
from helpers.collection.hints import odd_codes
from helpers.collection.joins import Join
from helpers.collection.samples import Sample
from helpers.tables import table

CANCELLED = re.compile(r"cancel|void|failed|unpaid|已取消|取消|交易关闭|交易關閉|未付款|待付款|作废|作廢", re.IGNORECASE)
REFUND = re.compile(r"refund|return(?:ed)? amount|退款|退货金额|退貨金額", re.IGNORECASE)
MOST_VALUES = 12  # different values shown of a column that allows few
SAY_MISSING = {
    "order_id": "no header is an order id: an order is then all lines of one customer on one day",
    "customer_id": "ASK: which header says who bought? None looks like it. Export again with the customer, member or buyer id; "
    "to look at sales without customers, write the header of the order id here: every order then counts as its own customer",
    "order_date": "ASK: which header is the day of the order? None looks like it. Without it nothing can be placed in time",
    "amount": "ASK: which header is the money of the line? None looks like it, and quantity and unit price are not both there",
}


def scalar(value: object) -> str:
    """Return a value as YAML writes it on one line, quoted only when it must be.

    Examples
    --------
    >>> scalar("收货地址 "), scalar("NO"), scalar("Quantity"), scalar([1, 2])
    ("'收货地址 '", "'NO'", 'Quantity', '[1, 2]')
    """
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=10**9, sort_keys=False).strip()
    return text.removesuffix("...").strip()


def one_line(text: object, longest: int = 48) -> str:
    """Return text that may stand in a comment: one line, printable, cut when long."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def source_lines(guess: Guess, samples: Sequence[Sample], base: Path) -> list[str]:
    """Return the YAML lines of one source, indented for the list `sources:`.

    Parameters
    ----------
    guess : Guess
        From `guesses.guess_sources`.
    samples : sequence of Sample
        All samples of the draft; lookups name their partner by its place here.
    base : pathlib.Path
        Folder that paths are written relative to.
    """
    rows = f"{len(guess.frame):,} rows" + (" looked at, the file has more" if guess.sample.more else "")
    rows += f", {guess.sample.faults:,} of them do not fit and will be set aside" if guess.sample.faults else ""
    sure = "" if guess.sure else "ASK: "
    body = [f"table: {guess.table}  # {sure}{guess.why}; {rows}"]
    body += _file_lines(guess.sample, base)
    body += _column_lines(guess)
    for number, join in enumerate(guess.joins):
        body += (["lookups:"] if number == 0 else []) + _lookup_lines(join, samples[join.partner], base)
    body += _date_order_lines(guess) + _decimal_lines(guess) + _value_lines(guess) + _cancelled_lines(guess) + _odd_code_lines(guess)
    return [f"  - name: {guess.name}", *("    " + line for line in body), *_second_source_lines(guess, base)]


def _file_lines(sample: Sample, base: Path) -> list[str]:
    lines = [f"path: {scalar(sample.path.relative_to(base).as_posix())}"]
    for key, value in sample.spec.items():
        why = f"  # {sample.why[key]}" if key in sample.why else ""
        lines.append(f"{key}: {scalar(value)}{why}")
    return lines


def _column_lines(guess: Guess) -> list[str]:
    lines = ["columns:" if guess.columns else "columns: {}"]
    for column, header in guess.columns.items():
        lines.append(f"  {column}: {scalar(header)}  # {guess.reasons[column]}; {_evidence(guess, column)}")
    for column in guess.missing:
        if column == "amount" and {"quantity", "unit_price"} <= guess.columns.keys():
            lines.append("  # amount: no header is the money of the line, so it is computed as quantity x unit price")
        else:
            said = SAY_MISSING.get(column) if guess.table == "order_lines" or column == "customer_id" else None
            lines.append(
                f"  # {column}:  # {said or f'ASK: required, and no header looks like it ({table(guess.table).column(column).says})'}"
            )
    if guess.unmapped:
        lines.append(f"  # not used: {', '.join(one_line(h) for h in guess.unmapped)}")
    if guess.sample.twice:
        lines.append(f"  # not usable, because they stand twice in the file: {', '.join(one_line(h) for h in guess.sample.twice)}")
    return lines


def _evidence(guess: Guess, column: str) -> str:
    kind, rows = table(guess.table).column(column).kind, len(guess.frame)
    if kind in NUMERIC:
        return _number_words(guess, column)
    counts = guess.counts(column)
    filled = int(counts["rows"].sum())
    if kind in {"date", "time"}:
        seen = guess.dates(column)
        days = rows_per_day(counts, date_order(guess)[0].order)
        span = f", {days['day'].min():%Y-%m-%d} to {days['day'].max():%Y-%m-%d}" if len(days) else ""
        return f"{seen.dates:,} of {filled:,} values are dates{span}" + _blank(rows - filled)
    credit = _cancellation_words(guess) if guess.table == "order_lines" and column == "order_id" else ""
    return f"{filled:,} of {rows:,} filled, {len(counts):,} different" + credit


def _number_words(guess: Guess, column: str) -> str:
    seen = guess.numbers(column)
    said = f"{seen.numbers:,} of {seen.filled:,} values are numbers" + _blank(len(guess.frame) - seen.filled)
    if seen.negative and guess.table == "order_lines":
        said += f", {seen.negative:,} negative: read as returns"
    if column == "discount" and seen.numbers and to_numbers(guess.frame[guess.columns[column]]).abs().max() <= 1:
        said += "; ASK: all are between 0 and 1: a share, not money; delete this line if so"
    if column == "amount" and {"quantity", "unit_price"} <= guess.columns.keys():
        units, price, money = (to_numbers(guess.frame[guess.columns[c]]) for c in ("quantity", "unit_price", "amount"))
        said += f"; quantity x unit price gives it on {int(((units * price - money).abs() < 0.0051).sum()):,} rows"
    return said


def _blank(rows: int) -> str:
    return f", {rows:,} blank" if rows else ""


def _cancellation_words(guess: Guess) -> str:
    ids = guess.frame[guess.columns["order_id"]].astype("str")
    credit = ids.str.match(r"^[A-Za-z]{1,2}\d").fillna(False).astype(bool)
    if not credit.any() or credit.mean() > 0.5:
        return ""
    letters = ", ".join(sorted(ids[credit].str.extract(r"^([A-Za-z]{1,2})", expand=False).unique())[:5])
    said = f"; {int(credit.sum()):,} rows have ids that start with {letters}"
    if "quantity" in guess.columns:
        negative = (to_numbers(guess.frame.loc[credit, guess.columns["quantity"]]) < 0).sum()
        said += f", {int(negative):,} of them with a negative quantity: read as returns"
    return said


def _lookup_lines(join: Join, partner: Sample, base: Path) -> list[str]:
    on = join.left if join.left == join.right else {join.left: join.right}
    first, *others = _file_lines(partner, base)
    last = [
        f'"on": {scalar(on)}  # {join.matched:,} of {join.rows:,} rows find their partner; YAML needs the quotes',
        f"take: {scalar(list(join.take.values()))}",
    ]
    return [f"  - {first}", *(f"    {line}" for line in [*others, *last])]


def _date_order_lines(guess: Guess) -> list[str]:
    seen, columns = date_order(guess)
    numbers = seen.day_first + seen.month_first + seen.unclear
    if not columns or numbers == 0:
        return []
    if seen.order is not None:
        decides = seen.day_first or seen.month_first
        place = "first" if seen.order == "DMY" else "second"
        return [f"date_order: {seen.order}  # {decides:,} of {seen.dates:,} values have a {place} number above 12, none contradicts"]
    if seen.day_first:
        said = f"{seen.day_first:,} values can only be day first, {seen.month_first:,} only month first, {seen.unclear:,} could be both"
    else:
        said = f"{seen.unclear:,} of {seen.dates:,} values could be both and none decides"
    return [f"# date_order: DMY  # ASK: DMY or MDY? {said}; until it is set, these {seen.unclear:,} rows are set aside"]


def _decimal_lines(guess: Guess) -> list[str]:
    seen = [guess.numbers(c) for c in guess.kinds(*NUMERIC)]
    comma, point, unclear = (sum(getattr(n, f) for n in seen) for f in ("comma_decimal", "point_decimal", "unclear"))
    if comma and point:
        return [f'# decimal: ","  # ASK: {comma:,} values have a decimal comma, {point:,} a decimal point; "." is used until you set it']
    if comma:
        return [f'decimal: ","  # {comma:,} values such as 12,5 or 1.234,50; none with a decimal point']
    if unclear and not point:
        return [f'# decimal: ","  # ASK: {unclear:,} values such as 1,234 are read as thousands; set this if they are 1.234']
    return []


def _value_lines(guess: Guess) -> list[str]:
    lines = []
    for column in guess.columns:
        allowed = table(guess.table).column(column).allowed
        strange = [t for t in guess.counts(column).sort_values("rows", ascending=False)["text"] if t not in allowed] if allowed else []
        if strange:
            pairs = ", ".join(f"{scalar(one_line(t))}: {allowed[0]}" for t in strange[:MOST_VALUES])
            lines.append(f"#   {column}: {{{pairs}}}  # ASK: say for each which of {', '.join(allowed)} it is")
    return ["# values:", *lines] if lines else []


def _cancelled_lines(guess: Guess) -> list[str]:
    if guess.table != "order_lines" or "status" not in guess.columns:
        return []
    counts = guess.counts("status").sort_values("rows", ascending=False)
    ended = counts[counts["text"].str.contains(CANCELLED)]
    others = ", ".join(f"{one_line(t, 20)} ({n:,})" for t, n in counts.drop(ended.index).head(MOST_VALUES).itertuples(index=False))
    lines = [f"  - {scalar(t)}  # {n:,} rows" for t, n in ended.itertuples(index=False)]
    return ([f"cancelled:  # CHECK: never became sales; the other values are {others or 'none'}", *lines]) if lines else []


def _odd_code_lines(guess: Guess) -> list[str]:
    if guess.table != "order_lines" or "product_id" not in guess.columns:
        return []
    names = match_headers(guess.unmapped, "products")
    header = names.loc[names["column"] == "name", "header"]
    codes = odd_codes(guess.frame[guess.columns["product_id"]], guess.frame[header.iloc[0]] if len(header) else None)
    if codes.empty:
        return []
    lines = []
    for code in codes.itertuples(index=False):
        said = f"{code.rows:,} row{'s' * (code.rows > 1)}" + (f", mostly {one_line(code.name)!r}" if code.name else "")
        lines.append(
            f"  {'-' if code.fee else '# -'} {scalar(code.code)}  # {said}" + ("" if code.fee else "; remove the # if it is no product")
        )
    head = "not_products:" if codes["fee"].any() else "# not_products:"
    return [f"{head}  # CHECK: ids without a digit or very short, where other ids are neither", *lines]


def _second_source_lines(guess: Guess, base: Path) -> list[str]:
    """What the file also holds, as commented sources: refunds in a column of their own, product names, customer regions."""
    if guess.table != "order_lines":
        return []
    found = [*_refund_source(guess)]
    for other in ("products", "customers"):
        key = f"{other[:-1]}_id"
        matches = match_headers(guess.unmapped, other).dropna(subset="column")
        if key in guess.columns and len(matches):
            columns = {key: guess.columns[key]} | dict(zip(matches["column"], matches["header"], strict=True))
            found.append((other, columns, []))
    lines = []
    for other, columns, extra in found:
        same = [line.split("  # ")[0] for line in _file_lines(guess.sample, base)]
        body = [f"table: {'order_lines' if other == 'refunds' else other}", *same, f"columns: {scalar(columns)}", *extra]
        lines.append(f"  # The same file also holds {other}: remove the # of these lines to read them.")
        lines += [f"  # - name: {guess.name}_{other}", *(f"  #   {line}" for line in body)]
    return lines


def _refund_source(guess: Guess) -> list[tuple[str, dict[str, Any], list[str]]]:
    for header in guess.unmapped:
        if REFUND.search(header_words(header)) and (rows := int((to_numbers(guess.frame[header]) > 0).sum())):
            columns = {c: h for c, h in guess.columns.items() if c in {"order_id", "customer_id", "order_date"}} | {"amount": header}
            add = "" if "customer_id" in columns else "; add customer_id to the columns as above"
            return [("refunds", columns, [f"negate: [amount]  # {rows:,} rows have a refund above 0{add}"])]
    return []
