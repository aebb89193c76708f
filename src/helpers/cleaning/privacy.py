"""No raw contact data and no raw ids in outputs, unless asked for (F09, row 003-32)."""

from __future__ import annotations

import hashlib
import hmac

import narwhals as nw
import pandas as pd

from helpers.cleaning.settings_customers import PrivacySettings
from helpers.engine import lift, to_pandas
from helpers.errors import UserError
from helpers.tables import table

ID_COLUMNS = ("customer_id", "referred_by")
DIGITS = 10  # 40 bits: two of a million customers share a code with a chance of one in two; that is checked, not hoped


def pseudonym(customer_id: str, key: str) -> str:
    """Return the code of one customer id, the same on every machine with the same key.

    Examples
    --------
    >>> pseudonym("1001", "crmkit")
    'C-4273029af0'
    """
    digest = hmac.new(key.encode("utf-8"), customer_id.encode("utf-8"), hashlib.sha256).hexdigest()
    return f"C-{digest[:DIGITS]}"


def pseudonymise(ids: pd.Series, *, settings: PrivacySettings) -> pd.Series:
    """Return codes for customer ids, nulls stay; without `settings.pseudonymise` the ids themselves.

    Raises
    ------
    UserError
        Two ids got one code (choose another key).
    """
    if not settings.pseudonymise:
        return ids.astype("str")
    distinct = ids.dropna().unique()
    codes = {i: pseudonym(str(i), settings.key) for i in distinct}
    if len(set(codes.values())) < len(codes):
        raise UserError("two customer ids got the same code: set another CRMKIT_PSEUDONYM_KEY")
    return ids.map(codes).astype("str")


def pseudonymise_rows(frame: pd.DataFrame, table_name: str, *, customer_map: pd.DataFrame | None, settings: PrivacySettings) -> pd.DataFrame:
    """Return a canonical table as it may leave the kit: merged customers under one code, no contact data."""
    result = frame.copy()
    merged = dict(customer_map[["raw_id", "customer_id"]].itertuples(index=False)) if customer_map is not None else {}
    for name in ID_COLUMNS:
        if name in result:
            result[name] = pseudonymise(result[name].map(lambda i: merged.get(i, i), na_action="ignore"), settings=settings)
    hidden = [] if settings.show_contacts else [c.name for c in table(table_name).columns if c.contact and c.name in result]
    return result.drop(columns=hidden).sort_values([k for k in table(table_name).key if k not in hidden], kind="stable", ignore_index=True)


def pseudonymise_lines(lines: nw.LazyFrame, *, settings: PrivacySettings) -> nw.LazyFrame:
    """Return order lines with codes for customers, lazily; only the distinct ids are looked at.

    An order id that was built from the customer id and the day is built anew from the code.
    """
    if not settings.pseudonymise:
        return lines
    columns = lines.collect_schema().names()
    ids = to_pandas(lines.select("customer_id").unique().sort("customer_id"))["customer_id"]
    codes = pd.DataFrame({"customer_id": ids, "_code": pseudonymise(ids, settings=settings)}).astype("str")
    joined = lines.join(lift(codes, lines), on="customer_id", how="left")
    changed = [_replace_id(c) for c in ("order_id", "return_of")]
    return joined.with_columns(*changed).with_columns(nw.col("_code").alias("customer_id")).select(*columns)


def _replace_id(column: str) -> nw.Expr:
    day = nw.col("order_date").dt.to_string("%Y-%m-%d")
    built = nw.col(column) == nw.concat_str([nw.col("customer_id"), day], separator=" ")
    return nw.when(built.fill_null(False)).then(nw.concat_str([nw.col("_code"), day], separator=" ")).otherwise(nw.col(column)).alias(column)


def list_birthday_months(customers: pd.DataFrame, settings: PrivacySettings) -> pd.DataFrame:
    """Return the month of birth of each customer under the code that may leave the kit; a month is shared by one in twelve, a day is not.

    Parameters
    ----------
    customers : pandas.DataFrame
        Customers under the ids of the export.
    settings : PrivacySettings

    Returns
    -------
    pandas.DataFrame
        customer_id (str), birth_month (Int64, 1 to 12), for those whose birthday is known. Sorted.

    Examples
    --------
    >>> born = pd.DataFrame({"customer_id": ["7"], "birthday": pd.to_datetime(["1990-05-17"])})
    >>> list_birthday_months(born, PrivacySettings(pseudonymise=False)).values.tolist()
    [['7', 5]]
    """
    born = customers["birthday"] if "birthday" in customers else pd.Series(pd.NaT, index=customers.index)
    known = born.notna()
    ids = pseudonymise(customers.loc[known, "customer_id"], settings=settings)
    told = pd.DataFrame({"customer_id": ids, "birth_month": born[known].dt.month.astype("Int64")})
    return told.astype({"customer_id": "str"}).sort_values("customer_id", ignore_index=True)
