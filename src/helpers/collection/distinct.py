"""Facts that an export repeats on every line, read once: the customers in a list of orders (feature F01)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

OWN = ("read_from", "row", "problem")


def distinct_rows(batches: Iterable[pa.Table], dates: Collection[str] = ()) -> Iterator[pa.Table]:
    """Return the raw rows that say something new, each with the place where it stood first.

    Two rows are equal when all mapped columns are, dates aside: they stay as in the first row, so a list of orders that is sorted by time gives
    the day on which each customer was first seen. Rows with a problem of their own are all kept. Memory grows with the number of
    different rows, not with the file.

    Parameters
    ----------
    batches : iterable of pyarrow.Table
        Raw tables of one schema.
    dates : collection of str
        Columns that do not make two rows different.

    Yields
    ------
    pyarrow.Table
        One table of the same schema, sorted by where rows stood.

    Examples
    --------
    >>> raw = pa.table({"read_from": ["s"] * 3, "row": [2, 3, 4], "problem": pa.nulls(3, pa.string()), "region": ["North", "North", None]})
    >>> next(distinct_rows([raw])).to_pylist()[1]
    {'read_from': 's', 'row': 4, 'problem': None, 'region': None}
    """
    found: pa.Table | None = None
    for batch in batches:
        both = batch if found is None else pa.concat_tables([found, batch])
        found = _first_of_each(both, dates)
    if found is not None:
        yield found


def _first_of_each(rows: pa.Table, dates: Collection[str]) -> pa.Table:
    kept = [c for c in rows.column_names if c in dates]
    said = [c for c in rows.column_names if c not in {*OWN, *kept}]
    sound = rows.filter(pc.is_null(rows["problem"]))
    firsts = sound.group_by(said, use_threads=False).aggregate([(c, "first") for c in ("read_from", "row", *kept)])
    firsts = firsts.rename_columns({f"{c}_first": c for c in ("read_from", "row", *kept)}).append_column("problem", pa.nulls(firsts.num_rows, pa.string()))
    faulty = rows.filter(pc.is_valid(rows["problem"]))
    whole = pa.concat_tables([firsts.select(rows.column_names).cast(rows.schema), faulty])
    return whole.sort_by([("read_from", "ascending"), ("row", "ascending")])
