"""What products say about a customer: budget band, style, project stage, favourite groups; and when that moves."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from helpers.needs.maps import Stage
from helpers.needs.settings import ShiftSettings
from helpers.needs.stats import false_discovery

ATTRIBUTES = {
    "customer_id": "str",
    "lines": "Int64",
    "budget_band": "str",
    "price_position": "float64",
    "style": "str",
    "style_share": "float64",
    "stage": "str",
    "stage_zh": "str",
    "next_need": "str",
    "evidence": "str",
}
AFFINITY = {"customer_id": "str", "category": "str", "purchase_days": "Int64", "share": "float64", "usual_share": "float64", "lift": "float64"}
FITTING = 0.5  # share of lines whose product has a stage; below it the map is not of this trade
RECENT_LINES = 6  # the last lines decide the stage


def describe_scenarios(line_facts: pd.DataFrame, products: pd.DataFrame, stages: tuple[Stage, ...], *, settings: ShiftSettings) -> pd.DataFrame:
    """Return budget band, style and project stage of every customer, told by what was bought.

    Parameters
    ----------
    line_facts : pandas.DataFrame
        customer_id, product_id (str), order_date (day), unit_price (float64, or missing).
    products : pandas.DataFrame
        product_id and, where known, category, subcategory, name, tags.
    stages : tuple of Stage
        From `stages.yml`.
    settings : ShiftSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, lines (Int64), budget_band (low, middle, high: by the mean rank of the prices paid within the product's subcategory; missing without
        prices),
        price_position (0 to 1), style (the tag that most lines carry; missing below `min_style_lines` tagged lines), style_share, stage, stage_zh,
        next_need (str; missing when
        the map fits less than half of the lines), evidence (str). Sorted.

    Notes
    -----
    Rows 004-05, 004-06, 004-07, 003-37. A product with several tags counts for each.
    """
    lines = line_facts.merge(products, on="product_id", how="left")
    group = next((c for c in ("subcategory", "category") if c in lines), None)
    per = lines.groupby("customer_id").size().rename("lines").to_frame()
    position = _positions(lines, products, group)
    low, high = settings.budget_cuts
    per["price_position"] = position.round(4)
    per["budget_band"] = np.where(
        per["price_position"].isna(), None, np.where(per["price_position"] < low, "low", np.where(per["price_position"] > high, "high", "middle"))
    )
    per = per.join(_styles(lines, settings)).join(_stages(lines, stages))
    told = per.reset_index()
    for column in ATTRIBUTES:
        told[column] = told.get(column)
    words = [
        f"{r.lines} lines"
        + (f", {r.style_share:.0%} tagged {r.style}".replace("%", " %") if isinstance(r.style, str) else "")
        + (f", prices at {r.price_position:.2f} of the range" if r.price_position == r.price_position else "")
        for r in told.itertuples()
    ]
    return told.assign(evidence=words)[list(ATTRIBUTES)].astype(ATTRIBUTES).sort_values("customer_id", ignore_index=True)


def _positions(lines: pd.DataFrame, products: pd.DataFrame, group: str | None) -> pd.Series:
    """Where the products a customer buys stand in the price range of their group, 0 to 1; groups with one price say nothing."""
    if group is None or lines["unit_price"].isna().all():
        return pd.Series(np.nan, index=lines["customer_id"].unique())
    typical = lines.groupby("product_id")["unit_price"].median()
    table = products.set_index("product_id")[[group]].join(typical, how="inner").dropna()
    ranks = table.groupby(group)["unit_price"].rank(method="average")
    sizes = table.groupby(group)["unit_price"].transform("size")
    places = ((ranks - 0.5) / sizes).where(table.groupby(group)["unit_price"].transform("nunique") > 1)
    return lines.assign(place=lines["product_id"].map(places)).groupby("customer_id")["place"].mean()


def _styles(lines: pd.DataFrame, settings: ShiftSettings) -> pd.DataFrame:
    if "tags" not in lines or lines["tags"].isna().all():
        return pd.DataFrame({"style": pd.Series(dtype="str"), "style_share": pd.Series(dtype="float64")})
    sums = lines.dropna(subset="tags").groupby(["customer_id", "tags"]).size().rename("n").reset_index()
    tagged = sums.assign(style=sums["tags"].str.split(";")).explode("style")
    counts = tagged.assign(style=tagged["style"].str.strip()).groupby(["customer_id", "style"])["n"].sum().reset_index()
    totals = lines.dropna(subset="tags").groupby("customer_id").size()
    best = counts.sort_values(["customer_id", "n", "style"], ascending=[True, False, True]).drop_duplicates("customer_id").set_index("customer_id")
    enough = best[totals.reindex(best.index) >= settings.min_style_lines]
    return pd.DataFrame({"style": enough["style"], "style_share": (enough["n"] / totals.reindex(enough.index)).round(4)})


def _stages(lines: pd.DataFrame, stages: tuple[Stage, ...]) -> pd.DataFrame:
    """The last lines vote: each is of the first stage whose words stand in its product's texts; the furthest of the most voted stages wins."""
    texts = lines.drop_duplicates("product_id").set_index("product_id")
    known = [c for c in ("subcategory", "category", "name", "tags") if c in texts]
    blank = pd.Series("", index=texts.index, dtype="str")
    joined = blank.str.cat([texts[c].fillna("").astype("str") for c in known], sep=" ").str.lower() if known else pd.Series(dtype="str")
    found = {p: next((n for n, s in enumerate(stages) if any(w.lower() in text for w in s.words)), -1) for p, text in joined.items()}
    staged = lines.assign(stage_number=lines["product_id"].map(found).fillna(-1).astype("int64"))
    if (staged["stage_number"] >= 0).mean() < FITTING:
        return pd.DataFrame({c: pd.Series(dtype="str") for c in ("stage", "stage_zh", "next_need")})
    recent = staged[staged["stage_number"] >= 0].sort_values(["customer_id", "order_date", "product_id"]).groupby("customer_id").tail(RECENT_LINES)
    votes = (
        recent.groupby(["customer_id", "stage_number"])
        .size()
        .rename("n")
        .reset_index()
        .sort_values(["customer_id", "n", "stage_number"], ascending=[True, False, False])
    )
    best = votes.drop_duplicates("customer_id").set_index("customer_id")["stage_number"]
    return pd.DataFrame(
        {"stage": best.map(lambda n: stages[n].en), "stage_zh": best.map(lambda n: stages[n].zh), "next_need": best.map(lambda n: stages[n].next["en"])}
    )


def bundle_by_style(line_facts: pd.DataFrame, products: pd.DataFrame, *, per_style: int = 5) -> pd.DataFrame:
    """Return, per style (product tag), the product most customers bought in each subcategory: a set that matches (row 004-08).

    Returns
    -------
    pandas.DataFrame
        style, subcategory, product_id, product_name (str), customers (Int64); at most `per_style` subcategories per style, and only styles with two or more.
    """
    columns = {"style": "str", "subcategory": "str", "product_id": "str", "product_name": "str", "customers": "Int64"}
    group = next((c for c in ("subcategory", "category") if c in products), None)
    if group is None or "tags" not in products or products["tags"].isna().all():
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in columns.items()})
    counts = line_facts.groupby("product_id")["customer_id"].nunique().rename("customers")
    table = products.dropna(subset=["tags", group]).join(counts, on="product_id", how="inner")
    table = table.assign(style=table["tags"].str.split(";")).explode("style").assign(style=lambda f: f["style"].str.strip(), subcategory=lambda f: f[group])
    best = table.sort_values(["style", "subcategory", "customers", "product_id"], ascending=[True, True, False, True]).drop_duplicates(["style", "subcategory"])
    best = best.sort_values(["style", "customers", "subcategory"], ascending=[True, False, True])
    best = best[best.groupby("style").cumcount() < per_style]
    best = best[best.groupby("style")["style"].transform("size") > 1]
    named = best.assign(product_name=best["name"] if "name" in best else best["product_id"])
    return named[list(columns)].astype(columns).reset_index(drop=True)


def list_affinities(item_days: pd.DataFrame, *, top: int = 3, least: int = 3) -> pd.DataFrame:
    """Return each customer's favourite product groups: how much more often than others they buy them (row 001-21).

    Returns
    -------
    pandas.DataFrame
        customer_id, category (str), purchase_days (Int64), share (of the customer's purchase days over groups), usual_share, lift (float64); at most `top`
        per customer, with at
        least `least` purchase days and a lift above 1.
    """
    counts = item_days.groupby(["customer_id", "item"]).size().rename("purchase_days").reset_index()
    share = counts["purchase_days"] / counts.groupby("customer_id")["purchase_days"].transform("sum")
    if counts.empty:
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in AFFINITY.items()})
    usual = counts.assign(share=share).groupby("item")["share"].sum() / max(item_days["customer_id"].nunique(), 1)
    told = counts.assign(share=share, usual_share=counts["item"].map(usual)).rename(columns={"item": "category"})
    told = told.assign(lift=told["share"] / told["usual_share"]).round({"share": 4, "usual_share": 4, "lift": 3})
    told = told[(told["purchase_days"] >= least) & (told["lift"] > 1)].sort_values(
        ["customer_id", "lift", "purchase_days", "category"], ascending=[True, False, False, True]
    )
    return told[told.groupby("customer_id").cumcount() < top][list(AFFINITY)].astype(AFFINITY).reset_index(drop=True)


def find_shifts(category_counts: pd.DataFrame, *, as_of: dt.date, settings: ShiftSettings) -> pd.DataFrame:
    """Return whose mix of product groups moved between the last period and the one before it.

    Parameters
    ----------
    category_counts : pandas.DataFrame
        customer_id, item (product group), order_date (day), one row per line or purchase day.
    as_of : datetime.date
        End of the second period.
    settings : ShiftSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, lines_before, lines_now (Int64), moved (float64, 0 to 1: total variation distance), main_before, main_now, grew, shrank (str, the
        groups that gained and lost
        most), p_value (chi-square by the counts), q_value (Benjamini-Hochberg over customers with enough lines), is_shift (boolean: q_value within `fdr`
        and moved at least
        `min_share`). Customers with `min_lines` in both periods; largest shift first.

    Notes
    -----
    Rows 003-24, 003-31, 001-54. A small mix moves by chance; the test says whether this one moved more than that.
    """
    end, span = pd.Timestamp(as_of), pd.Timedelta(days=settings.window_days)
    dated = category_counts[(category_counts["order_date"] <= end) & (category_counts["order_date"] > end - 2 * span)]
    now = dated["order_date"] > end - span
    table = (
        dated.assign(period=np.where(now, "now", "before"))
        .groupby(["customer_id", "item", "period"])
        .size()
        .unstack("period", fill_value=0)
        .reindex(columns=["before", "now"], fill_value=0)
    )
    totals = table.groupby("customer_id").sum()
    enough = totals[(totals >= settings.min_lines).all(axis=1)].index
    rows = [
        _shift(customer, part.droplevel("customer_id"))
        for customer, part in table[table.index.get_level_values("customer_id").isin(enough)].groupby(level="customer_id")
    ]
    kinds = {
        "customer_id": "str",
        "lines_before": "Int64",
        "lines_now": "Int64",
        "moved": "float64",
        "main_before": "str",
        "main_now": "str",
        "grew": "str",
        "shrank": "str",
        "p_value": "float64",
    }
    told = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    told["q_value"] = false_discovery(told["p_value"], max(len(told), 1))
    told["is_shift"] = ((told["q_value"] <= settings.fdr) & (told["moved"] >= settings.min_share)).astype("boolean")
    return told.round({"moved": 4, "p_value": 8}).sort_values(["is_shift", "moved", "customer_id"], ascending=[False, False, True], ignore_index=True)


def _shift(customer: object, part: pd.DataFrame) -> tuple[object, ...]:
    from scipy.stats import chi2

    shares = part / part.sum()
    change = shares["now"] - shares["before"]
    expected = np.outer(part.sum(axis=1), part.sum()) / part.to_numpy().sum()
    statistic = ((part.to_numpy() - expected) ** 2 / expected).sum()
    p_value = float(chi2.sf(statistic, len(part) - 1)) if len(part) > 1 else 1.0
    main = [str(part[p].sort_index().idxmax()) for p in ("before", "now")]
    ordered = change.sort_index()
    return (
        customer,
        int(part["before"].sum()),
        int(part["now"].sum()),
        float(change.abs().sum() / 2),
        *main,
        str(ordered.idxmax()),
        str(ordered.idxmin()),
        p_value,
    )
