"""Tables as Parquet files: written the same way every time, read back with the kit's own dtypes, hashed by content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from helpers.engine import from_arrow
from helpers.runs.files import whole_file

ROWS = 100_000  # rows in a row group: fixed, so that equal tables give equal files


def write_table(path: Path, content: pd.DataFrame | nw.LazyFrame | Iterable[pa.Table]) -> None:
    """Write a table as Parquet, in batches when it is lazy, with equal bytes for equal content."""
    with whole_file(path) as draft:
        _write_batches(draft, _rechunk(_arrow_batches(content)))


def _arrow_batches(content: Any) -> Iterator[pa.Table]:
    if isinstance(content, pd.DataFrame):
        yield pa.Table.from_pandas(content, preserve_index=False)
    elif isinstance(content, nw.LazyFrame):
        yield from _lazy_batches(content)
    else:
        yield from content


def _lazy_batches(frame: nw.LazyFrame) -> Iterator[pa.Table]:
    if frame.implementation.is_duckdb():
        reader = frame.to_native().to_arrow_reader(ROWS)
        yield reader.schema.empty_table()  # a result without rows still has columns
        yield from (pa.Table.from_batches([batch]) for batch in reader)
    else:
        yield frame.collect().to_arrow()


def _rechunk(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    waiting: pa.Table | None = None
    for batch in batches:
        batch = _plain_schema(batch)
        waiting = batch if waiting is None else pa.concat_tables([waiting, batch], promote_options="permissive")
        while waiting.num_rows >= 2 * ROWS:
            yield waiting.slice(0, ROWS).combine_chunks()
            waiting = waiting.slice(ROWS)
    if waiting is not None:
        yield from _cut(waiting)


def _cut(rest: pa.Table) -> Iterator[pa.Table]:
    if rest.num_rows <= ROWS:
        yield rest.combine_chunks()
    else:
        yield rest.slice(0, ROWS).combine_chunks()
        yield rest.slice(ROWS).combine_chunks()


def _plain_schema(batch: pa.Table) -> pa.Table:
    """Give every engine's result one schema: plain strings, microseconds, no pandas notes, no decimals."""
    fields = [pa.field(f.name, _plain_type(f.type)) for f in batch.schema]
    return batch.cast(pa.schema(fields)).replace_schema_metadata(None)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.unit != "us"):
        return pa.timestamp("us")
    if pa.types.is_decimal(kind):
        return pa.float64()
    return pa.int64() if pa.types.is_integer(kind) else kind


def _write_batches(draft: Path, batches: Iterator[pa.Table]) -> None:
    first = next(batches)
    with pq.ParquetWriter(draft, first.schema, compression="zstd") as writer:
        writer.write_table(first, row_group_size=ROWS)
        for batch in batches:
            writer.write_table(batch.cast(first.schema), row_group_size=ROWS)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table as pandas: text `str`, whole numbers `Int64`, flags `boolean`, times in microseconds."""
    return from_arrow(pq.read_table(path))


def scan_table(path: Path) -> nw.LazyFrame:
    """Open a table as a Narwhals lazy frame on DuckDB: nothing is read until it is asked for."""
    return nw.scan_parquet(str(path), backend="duckdb")


def table_facts(path: Path) -> dict[str, Any]:
    """Return rows, columns and a content hash of a table; the hash does not depend on how the file was packed."""
    source = pq.ParquetFile(path)
    digest = hashlib.sha256(str(source.schema_arrow.remove_metadata()).encode())
    for batch in source.iter_batches(batch_size=ROWS):
        for column in batch.columns:
            digest.update(pd.util.hash_array(_hashable(column), categorize=False).tobytes())
    return {"rows": source.metadata.num_rows, "columns": source.schema_arrow.names, "sha256": digest.hexdigest()}


def _hashable(column: pa.Array) -> Any:
    """Numbers by their bits, everything else by its text; null differs from every value."""
    if pa.types.is_floating(column.type) and column.null_count == 0:
        return column.to_numpy(zero_copy_only=False)
    return column.cast(pa.string()).fill_null("\0null").to_numpy(zero_copy_only=False)
