"""A run about a part of the data: what lies outside is left out early, and counted.

As with rows later than the as-of date, rows outside the filter are in no table of a run. The ledger closes for what is inside;
`filtered_out` counts what is not, per source, so that nothing read is unaccounted for. A row whose market, channel or kind is unknown is outside.
"""

from __future__ import annotations

from collections.abc import Mapping

import narwhals as nw
import pandas as pd

from helpers.cleaning.privacy import pseudonymise
from helpers.cleaning.settings_customers import PrivacySettings
from helpers.cleaning.settings_filters import FiltersSettings
from helpers.engine import lift
from helpers.errors import UserError

OUTSIDE = "outside"
NO_OWNER = ("products", "staff", "costs")  # rows of these tables belong to no customer and always stay
MARKS = ("read_from", "row", "fate", "reason", "column", "value", "amount", "is_return")


def select_customers(customers: pd.DataFrame | None, *, settings: FiltersSettings, privacy: PrivacySettings) -> pd.DataFrame:
    """Return the customers that a run is about.

    Parameters
    ----------
    customers : pandas.DataFrame, optional
        Merged customers by the ids of the export, with region and kind.
    settings : FiltersSettings
    privacy : PrivacySettings
        Decides the code that stands for an id in later tables.

    Returns
    -------
    pandas.DataFrame
        customer_id, code (str), sorted by customer_id; no rows when no filter is about customers.

    Raises
    ------
    UserError
        A filter names customers, but there is no customers table.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "region": ["North", "South"], "kind": ["consumer", "consumer"]})
    >>> select_customers(people, settings=FiltersSettings(market="South"), privacy=PrivacySettings(pseudonymise=False)).values.tolist()
    [['b', 'b']]
    """
    if not settings.about_customers:
        return pd.DataFrame({"customer_id": pd.Series([], dtype="str"), "code": pd.Series([], dtype="str")})
    if customers is None:
        raise UserError("a filter on market or customer_kind needs the table customers: map it in the profile, or take the filter out")
    inside = pd.Series(True, index=customers.index)
    for column, wanted in (("region", settings.market), ("kind", settings.customer_kind)):
        inside &= customers[column].isin(wanted) if wanted else True
    ids = customers.loc[inside, "customer_id"].astype("str").sort_values(ignore_index=True)
    return pd.DataFrame({"customer_id": ids, "code": pseudonymise(ids, settings=privacy)})


def keep_lines(lines: nw.LazyFrame, scope: pd.DataFrame, settings: FiltersSettings) -> nw.LazyFrame:
    """Return the order lines inside the filter.

    A return goes with its order: the channel is that of the sale, whatever desk took the goods back.

    Parameters
    ----------
    lines : narwhals.LazyFrame
        Kept lines after `match_returns`, with codes for customers.
    scope : pandas.DataFrame
        From `select_customers`.
    """
    if settings.about_customers:
        lines = lines.join(lift(scope[["code"]], lines), left_on="customer_id", right_on="code", how="semi")
    if not settings.channel:
        return lines
    columns = lines.collect_schema().names()
    sold = lines.with_columns(
        nw.coalesce(nw.col("return_of"), nw.col("order_id")).alias("_order"), nw.when(~nw.col("is_return")).then(nw.col("channel")).alias("_sold_by")
    )
    ordered = sold.with_columns(nw.coalesce(nw.col("_sold_by").min().over("customer_id", "_order"), nw.col("channel")).alias("_by"))
    return ordered.filter(nw.col("_by").is_in(list(settings.channel))).select(*columns)


def keep_marked_lines(marked: nw.LazyFrame, matched: nw.LazyFrame, scope: pd.DataFrame, settings: FiltersSettings) -> nw.LazyFrame:
    """Return the marked lines inside the filter, for the ledger: kept ones as `keep_lines` decides, others by their own customer and channel."""
    if not settings.active:
        return marked
    gone = marked.filter(nw.col("fate") != "kept")
    if settings.about_customers:
        gone = gone.join(lift(scope[["customer_id"]], marked), on="customer_id", how="semi")
    if settings.channel:
        gone = gone.filter(nw.col("channel").is_in(list(settings.channel)))
    nothing = [nw.lit(None, nw.String).alias(c) for c in ("reason", "column", "value")]
    kept = keep_lines(matched, scope, settings).with_columns(nw.lit("kept").alias("fate"), *nothing)
    return nw.concat([frame.select(*MARKS) for frame in (kept, gone)], how="vertical")


def keep_rows(marked: pd.DataFrame, table_name: str, scope: pd.DataFrame, customer_map: pd.DataFrame | None, settings: FiltersSettings) -> pd.DataFrame:
    """Return the rows of a small marked table whose customer is inside the filter."""
    if not settings.about_customers or table_name in NO_OWNER:
        return marked
    merged = dict(customer_map[["raw_id", "customer_id"]].itertuples(index=False)) if customer_map is not None else {}
    owner = marked["customer_id"].map(lambda i: merged.get(i, i), na_action="ignore")
    return marked[owner.isin(scope["customer_id"])].reset_index(drop=True)


def keep_cells(cells: pd.DataFrame, marked: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the emptied cells whose rows are still there: `marked` after `keep_rows`, by table."""
    rows = pd.concat([m[["read_from", "row"]].assign(table=name) for name, m in marked.items()]).rename(columns={"read_from": "source"})
    return cells.merge(rows.astype({"table": "str"}), on=["table", "source", "row"], how="inner")[list(cells.columns)]


def count_outside(inside: pd.DataFrame, every: pd.DataFrame) -> pd.DataFrame:
    """Return the counts inside the filter, and under the fate `outside` what is missing in them, per source.

    Parameters
    ----------
    inside, every : pandas.DataFrame
        From `line_counts` and `row_counts`: of the rows inside the filter, and of all rows.

    Returns
    -------
    pandas.DataFrame
        The rows of `inside`, then one row per source with fate `outside`; none when `every` is `inside`.
    """
    if every is inside:
        return inside
    by = ["table", "source"]
    left = every.groupby(by)[["rows", "money"]].sum().sub(inside.groupby(by)[["rows", "money"]].sum(), fill_value=0).reset_index()
    told = left.assign(fate=OUTSIDE, reason="outside the filter", is_return=False, without_money=0, money=left["money"].round(4))
    return pd.concat([inside, told.astype(inside.dtypes.to_dict())[list(inside.columns)]], ignore_index=True)


def sum_outside(counts: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows, and how much money, lie outside the filter: table, source (str), rows (Int64), money (float64); none without a filter."""
    outside = counts.loc[counts["fate"] == OUTSIDE, ["table", "source", "rows", "money"]]
    return outside.astype({"table": "str", "source": "str", "rows": "Int64", "money": "float64"}).sort_values(["table", "source"], ignore_index=True)
