"""Read Parquet by row groups; numbers, dates and flags keep their type, in the few types that the kit uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from helpers.collection.opened import BATCH_ROWS, Opened
from helpers.collection.profiles import FileSpec
from helpers.collection.streams import PARQUET, first_bytes
from helpers.errors import UserError

TIME = pa.timestamp("us")


def open_parquet(file: Path, spec: FileSpec) -> Opened:
    """Open a Parquet file; row numbers start at 1, because it has no header row.

    Parameters
    ----------
    file : pathlib.Path
    spec : FileSpec
        Nothing of it is needed: the file describes itself.

    Raises
    ------
    UserError
        Not a Parquet file, or damaged.
    """
    mark = first_bytes(file)
    if not mark:
        raise UserError(f"{file.name} is empty: export it again")
    if not mark.startswith(PARQUET):
        raise UserError(f"{file.name} is not a Parquet file: correct 'format:' in the profile")
    try:
        with pq.ParquetFile(file) as stored:
            schema, rows, groups = stored.schema_arrow, stored.metadata.num_rows, stored.num_row_groups
    except (pa.ArrowException, OSError) as fault:
        raise UserError(f"{file.name} is cut off or damaged: copy or export it again") from fault
    facts = {"format": "parquet", "rows": rows, "row_groups": groups}
    return Opened(file.name, tuple(schema.names), partial(_read, file, schema), facts, tuple(plain_type(f.type) for f in schema))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that a stored type becomes: text, int64, float64, bool or local time in microseconds.

    Examples
    --------
    >>> plain_type(pa.int16()), plain_type(pa.date32()), plain_type(pa.decimal128(9, 2))
    (DataType(int64), TimestampType(timestamp[us]), DataType(double))
    """
    if pa.types.is_dictionary(kind):
        return plain_type(kind.value_type)
    if pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        return pa.int64()
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return TIME
    return pa.bool_() if pa.types.is_boolean(kind) else pa.string()


def _read(file: Path, schema: pa.Schema, wanted: Sequence[int]) -> Iterator[pa.Table]:
    names = [schema.names[place] for place in wanted]
    for name in names:
        _check_flat(schema, name, file)
    row = 1
    try:
        with pq.ParquetFile(file) as stored:
            batches = stored.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(names)))
            for batch in chain(batches, [_no_rows(schema, names)]):
                columns = {str(place): plain_column(batch[name]) for place, name in enumerate(names)}
                numbers = pa.array(range(row, row + batch.num_rows), pa.int64())
                yield pa.table({"row": numbers, "problem": pa.nulls(batch.num_rows, pa.string()), **columns})
                row += batch.num_rows
    except (pa.ArrowException, OSError) as fault:
        raise UserError(f"{file.name} is cut off or damaged after row {row - 1:,}: copy or export it again") from fault


def _no_rows(schema: pa.Schema, names: Sequence[str]) -> pa.Table:
    """A file without rows still has columns, and every source gives at least one table."""
    return pa.schema([schema.field(n) for n in dict.fromkeys(names)]).empty_table().combine_chunks()


def _check_flat(schema: pa.Schema, name: str, file: Path) -> None:
    if schema.names.count(name) > 1:
        raise UserError(f"{file.name}: the column {name!r} stands {schema.names.count(name)} times: rename all but one of them")
    kind = schema.field(name).type
    if pa.types.is_nested(kind):
        raise UserError(f"{file.name}: the column {name!r} holds nested values ({kind}): export plain columns")


def plain_column(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return a column in its `plain_type`; not-a-number is null.

    Times with a time zone become the local time of that zone.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain_column(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = pc.local_timestamp(column)
    if pa.types.is_floating(kind):
        column = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    safe = not pa.types.is_timestamp(kind)  # nanoseconds are cut to microseconds
    return column.cast(plain_type(kind), safe=safe)
