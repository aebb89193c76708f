"""Two versions of a table are compared whatever became of a column's type; the change of type is told."""

from __future__ import annotations

import pandas as pd
import pytest

from helpers.runs.compare import compare_tables
from helpers.runs.tablefiles import write_table

OLD = {"number": pd.Series([1, 2]), "share": pd.Series([1.5, 2.5]), "flag": pd.Series([True, False]), "day": pd.to_datetime(pd.Series(["2025-01-01", "2025-01-02"]))}


@pytest.fixture
def change(tmp_path):
    """Compare a table with a column `x` before and after; without customers in it, rows have no key."""

    def call(before, after, **others):
        for name, values in (("a", before), ("b", after)):
            write_table(tmp_path / f"{name}.parquet", pd.DataFrame(others | {"x": values}))
        return compare_tables("foo", tmp_path / "a.parquet", tmp_path / "b.parquet")

    return call


@pytest.mark.parametrize("kind", OLD)
@pytest.mark.parametrize("after", [["u", "v"], [None, None]])
def test_a_column_that_became_text_is_compared_as_text_and_named(change, kind, after):
    told = change(OLD[kind], pd.Series(after, dtype=object), customer_id=["1", "2"])
    assert (told.came, told.went, told.changed, told.columns) == (0, 0, 2, ("x",))
    assert len(told.retyped) == 1 and told.retyped[0].startswith("x (") and told.retyped[0].endswith(", now VARCHAR)")
    keyless = change(OLD[kind], pd.Series(after, dtype=object), y=["1", "1"], z=["2", "2"], w=["2", "2"])
    assert (keyless.came, keyless.went) == (2, 2) and keyless.retyped == told.retyped


def test_equal_values_of_another_type_are_no_changed_rows_but_no_equal_table(change):
    told = change(pd.Series([1, 2]), pd.Series(["1", "2"]), customer_id=["1", "2"])
    assert (told.changed, told.columns, told.retyped, told.same) == (0, (), ("x (BIGINT, now VARCHAR)",), False)
    numbers = change(pd.Series([1, 2]), pd.Series([1.0, 2.5]), customer_id=["1", "2"])
    assert (numbers.changed, numbers.columns, numbers.retyped) == (1, ("x",), ("x (BIGINT, now DOUBLE)",))


def test_a_key_that_changed_its_type_still_joins(change):
    told = change(pd.Series([5, 6]), pd.Series(["5", "7"]))
    assert (told.came, told.went, told.changed) == (1, 1, 0) and told.retyped == ("x (BIGINT, now VARCHAR)",)
