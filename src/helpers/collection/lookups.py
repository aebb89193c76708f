"""Join columns of a second file to a source, such as the order header to the order lines (feature F01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from helpers.collection.profiles import Lookup
from helpers.errors import UserError

_BETWEEN = "\x1f"  # the unit separator stands in no export, so keys of several parts cannot run together


@dataclass(frozen=True)
class Joined:
    """A lookup that was read whole: its key texts, the columns it gives, and faults of its own rows."""

    label: str
    on: tuple[str, ...]
    keys: pa.Array
    columns: pa.Table


def key_text(parts: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return keys as text without blanks around them; a key with an empty part is null and matches nothing."""
    texts = [pc.utf8_trim_whitespace(p.cast(pa.string())) for p in parts]
    return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, _BETWEEN)


def index_lookup(lookup: Lookup, rows: pa.Table, label: str) -> Joined:
    """Prepare a lookup for joining.

    Parameters
    ----------
    lookup : Lookup
    rows : pyarrow.Table
        All its rows: `row`, `problem`, its key columns and the columns to take, by header.
    label : str
        How messages call it.

    Raises
    ------
    UserError
        A key stands twice: which row is meant cannot be known.
    """
    keys = key_text([rows[h] for h in lookup.keys.values()])
    kept = pc.is_valid(keys)
    rows, keys = rows.filter(kept), keys.filter(kept)
    counts = pc.value_counts(keys)
    if len(counts) < len(keys):
        several = next(c.as_py() for c in counts if c["counts"].as_py() > 1)
        told = several["values"].replace(_BETWEEN, ", ")
        raise UserError(
            f"{label}: the key {told!r} stands {several['counts']} times: a lookup needs one row per {', '.join(lookup.keys.values())}"
        )
    problems = [
        None if p is None else f"{label}, row {r}: {p}" for p, r in zip(rows["problem"].to_pylist(), rows["row"].to_pylist(), strict=True)
    ]
    columns = pa.table({"problem": pa.array(problems, pa.string()), **{h: rows[h] for h in lookup.take}})
    return Joined(label, tuple(lookup.keys), pa.array(keys.to_pylist(), pa.string()), columns)


def join(rows: pa.Table, lookup: Joined) -> pa.Table:
    """Add the columns of a lookup to rows; a key it does not hold gives null. No row is added or lost."""
    place = pc.index_in(key_text([rows[h] for h in lookup.on]), lookup.keys)
    found = lookup.columns.take(place.combine_chunks() if isinstance(place, pa.ChunkedArray) else place)
    rows = rows.set_column(rows.column_names.index("problem"), "problem", pc.coalesce(rows["problem"], found["problem"]))
    for name in found.column_names[1:]:
        rows = rows.append_column(name, found[name])
    return rows
