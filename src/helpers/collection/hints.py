"""Hints that need several columns: ids that are no products, and whether money is per unit or per line."""

from __future__ import annotations

import re

import pandas as pd

FEE_WORDS = re.compile(
    r"post(?:age|al)?\b|carriage|shipping|freight|delivery|\bfees?\b|charges?\b|commission|discount|manual|adjust|bad debt|sample|voucher"
    r"|gift ?card|donation|deposit|rounding|test|运费|邮费|快递费|手续费|服务费|折扣|优惠券|补差|赠品|测试|運費|郵費|手續費|服務費|補差|贈品|測試",
    re.IGNORECASE,
)
MOST_CODES = 25


def odd_codes(products: pd.Series, names: pd.Series | None = None) -> pd.DataFrame:
    """Find product ids that are probably no products: without a digit or very short, where ids usually are neither.

    Parameters
    ----------
    products : pandas.Series
        Product ids, one per row.
    names : pandas.Series, optional
        Product names of the same rows; the most frequent one is evidence.

    Returns
    -------
    pandas.DataFrame
        `code` (str), `rows` (int), `name` (str, empty when unknown), `fee` (bool: the code or name holds a word such as
        postage, fee, discount), most rows first. Empty when fewer than nine in ten rows have ids of the usual form.

    Examples
    --------
    >>> ids = pd.Series(["85123A"] * 30 + ["POST"] * 2)
    >>> odd_codes(ids, pd.Series(["HEART HOLDER"] * 30 + ["POSTAGE"] * 2)).to_dict("records")
    [{'code': 'POST', 'rows': 2, 'name': 'POSTAGE', 'fee': True}]
    """
    filled = products.dropna().astype("str").str.strip()
    counts = filled[filled != ""].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    usual_length = filled.str.len().median() if len(filled) else 0
    short = counts.index.str.len() <= (2 if usual_length >= 5 else 0)
    odd = counts[~counts.index.str.contains(r"\d") | short]
    if odd.sum() > 0.1 * counts.sum():
        odd = odd.iloc[:0]
    found = pd.DataFrame({"code": odd.index.astype("str"), "rows": odd.to_numpy()})
    usual_name = _usual_names(filled, names, found["code"])
    found["name"] = pd.Series([usual_name.get(c, "") for c in found["code"]], index=found.index, dtype="str")
    found["fee"] = (found["code"].str.contains(FEE_WORDS) | found["name"].str.contains(FEE_WORDS)).astype(bool)
    return found.head(MOST_CODES)


def is_line_total(quantity: pd.Series, money: pd.Series, product: pd.Series) -> tuple[float, int] | None:
    """Say how many times larger the money of a line is when two units were bought instead of one, and of how many products.

    About 2 means an amount for the line, about 1 a price for one unit. None when fewer than five products were sold both ways.
    """
    lines = pd.DataFrame(
        {"product": product, "units": pd.to_numeric(quantity, errors="coerce"), "money": pd.to_numeric(money, errors="coerce")}
    )
    usual = lines[lines["units"].isin([1, 2]) & (lines["money"] > 0)].groupby(["product", "units"])["money"].median().unstack()
    both = usual.reindex(columns=[1, 2]).dropna()
    return None if len(both) < 5 else (round(float((both[2] / both[1]).median()), 2), len(both))


def _usual_names(products: pd.Series, names: pd.Series | None, codes: pd.Series) -> dict[str, str]:
    if names is None or codes.empty:
        return {}
    rows = pd.DataFrame({"code": products[products.isin(codes)]}).join(names.rename("name"), how="left").dropna()
    return rows.groupby("code")["name"].agg(lambda n: str(n.mode().iloc[0]).strip()).to_dict()
