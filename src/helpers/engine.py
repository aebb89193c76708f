"""Order lines on any engine: the few things Narwhals leaves to the engine, kept in one place.

Everything that touches order lines is written once against Narwhals and runs on pandas and on DuckDB.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

MONEY_SCALE = 10_000  # money is summed as whole ten-thousandths, so a sum does not depend on row order or engine


def lazy(frame: Any) -> nw.LazyFrame:
    """Return any supported frame (pandas, DuckDB relation, Narwhals) as a Narwhals lazy frame.

    Examples
    --------
    >>> lazy(pd.DataFrame({"a": [1, 2]})).collect().shape
    (2, 1)
    """
    wrapped = nw.from_native(frame, pass_through=False) if not isinstance(frame, nw.LazyFrame | nw.DataFrame) else frame
    return wrapped.lazy()


def lift(small: pd.DataFrame, like: nw.LazyFrame) -> nw.LazyFrame:
    """Return a small pandas table on the same engine as `like`, ready to be joined to it."""
    engine = like.implementation
    if engine.is_pandas():
        return nw.from_native(small, eager_only=True).lazy()
    arrow = pa.Table.from_pandas(small, preserve_index=False)  # unlike pandas, Arrow keeps null apart from NaN
    return nw.from_native(arrow, eager_only=True).lazy(backend=engine)


def settle(frame: nw.LazyFrame) -> nw.LazyFrame:
    """Return the frame computed once and held in memory, on the same engine; for what several questions share.

    Examples
    --------
    >>> settle(lazy(pd.DataFrame({"a": [1, 2]}))).collect().shape
    (2, 1)
    """
    collected = frame.collect()
    return collected.lazy() if frame.implementation.is_pandas() else collected.lazy(backend=frame.implementation)


def to_pandas(frame: nw.LazyFrame | nw.DataFrame) -> pd.DataFrame:
    """Return the collected frame as pandas, with equal dtypes on every engine (see `plain`)."""
    collected = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return plain(collected.to_native()) if collected.implementation.is_pandas() else from_arrow(collected.to_arrow())


def from_arrow(content: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas with the kit's dtypes; nulls never turn whole numbers into fractions."""
    mapper = {pa.string(): pd.StringDtype(na_value=float("nan")), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return plain(content.to_pandas(types_mapper=mapper.get))


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the dtypes that the kit uses everywhere, whatever engine it came from.

    Text is `str`, whole numbers `Int64`, flags `boolean`, times in microseconds; the index counts from 0.
    """
    changes = {str(name): wanted for name, dtype in frame.dtypes.items() if (wanted := _plain_dtype(dtype))}
    return frame.astype(changes).reset_index(drop=True)


def _plain_dtype(dtype: object) -> str | None:
    if isinstance(dtype, pd.StringDtype) or pd.api.types.is_object_dtype(dtype):
        return "str"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "datetime64[us]"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    return "Int64" if pd.api.types.is_integer_dtype(dtype) else None


def to_units(column: str) -> nw.Expr:
    """Return money as whole ten-thousandths, to be summed: exact, in any row order, on every engine.

    Floating-point sums depend on the order of the rows, and a parallel engine does not promise one. Whole numbers are exact
    in a float up to 2**53, that is 900 billion currency units; nulls stay null.
    Use it before a group-by (`frame.with_columns(to_units("amount"))`) and `from_units` after it.
    """
    return (nw.col(column) * MONEY_SCALE).round(0)


def from_units(column: str | nw.Expr) -> nw.Expr:
    """Return summed ten-thousandths as money again; the other half of `to_units`."""
    return (nw.col(column) if isinstance(column, str) else column).cast(nw.Float64) / MONEY_SCALE
