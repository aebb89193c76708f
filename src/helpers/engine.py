"""Order lines on any engine: the few things Narwhals leaves to the engine, kept in one place.

Everything that touches order lines is written once against Narwhals and runs on pandas and on DuckDB.
"""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pandas as pd

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
    wrapped = nw.from_native(small, eager_only=True)
    return wrapped.lazy() if engine.is_pandas() else wrapped.lazy(backend=engine)


def to_pandas(frame: nw.LazyFrame | nw.DataFrame) -> pd.DataFrame:
    """Return the collected frame as pandas, times in microseconds and text as `str` on every engine."""
    collected = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return plain(collected.to_pandas())


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the dtypes that the kit uses everywhere: `str` text, microsecond times, own index."""
    changes: dict[str, str] = {}
    for name, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.StringDtype) or dtype == object:
            changes[str(name)] = "str"
        elif pd.api.types.is_datetime64_any_dtype(dtype) and dtype != "datetime64[us]":
            changes[str(name)] = "datetime64[us]"
    return frame.astype(changes).reset_index(drop=True)


def to_units(column: str) -> nw.Expr:
    """Return money as whole ten-thousandths, to be summed: exact, in any row order, on every engine.

    Floating-point sums depend on the order of the rows, and a parallel engine does not promise one.
    Use it before a group-by (`frame.with_columns(to_units("amount"))`) and `from_units` after it.
    """
    return (nw.col(column) * MONEY_SCALE).round(0).cast(nw.Int64)


def from_units(column: str) -> nw.Expr:
    """Return summed ten-thousandths as money again; the other half of `to_units`."""
    return nw.col(column).cast(nw.Float64) / MONEY_SCALE
