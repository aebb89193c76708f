"""Need types from behaviour: who buys at a discount, who asks for help, who tries what is new; with evidence and a probability."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import to_pandas
from helpers.needs.items import standing_sales
from helpers.needs.settings_people import NeedsSettings

TYPES = {"cost_sensitive": "discount", "service_dependent": "tickets", "innovation_driven": "new"}  # type: the dimension that shows it
LABELS_ZH = {
    "cost_sensitive": "成本敏感型",
    "service_dependent": "服务依赖型",
    "innovation_driven": "创新驱动型",
    "none": "无明显类型",
    "not_enough_data": "数据不足",
}
SAYS = {"discount": "discount on {k} of {n} lines", "tickets": "{k} requests for help on {n} orders", "new": "a new product in {k} of {n} orders"}
NEEDS = {"discount": "order_lines.discount", "tickets": "tickets", "new": "products.launched_on"}
PASSES, LEAST_SHARE = 300, 0.01


def count_evidence(
    order_lines: nw.LazyFrame,
    products: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    *,
    as_of: dt.date,
    settings: NeedsSettings,
    since: dt.date | None = None,
) -> pd.DataFrame:
    """Return, per customer, how often each need could have shown and how often it did.

    Parameters
    ----------
    order_lines : narwhals.LazyFrame
    products, tickets : pandas.DataFrame or None
        Absent evidence leaves its dimension out.
    as_of : datetime.date
    settings : NeedsSettings
    since : datetime.date, optional
        Only what happened after this day.

    Returns
    -------
    pandas.DataFrame
        customer_id, orders (days with an order), and for each measured dimension k_ and n_ (float64): discount (lines with a discount, lines),
        tickets (requests for help, at most one per order; orders), new (order days with a product in its first `new_product_days`; order days on
        which one was on sale).
    """
    first, last = pd.Timestamp(since or dt.date(1900, 1, 1)), pd.Timestamp(as_of) + pd.Timedelta(days=1)
    sales = standing_sales(order_lines) if _has_products(order_lines) else _plain_sales(order_lines)
    sales = sales.filter((nw.col("order_date") < last.to_pydatetime()) & (nw.col("order_date") >= (first + pd.Timedelta(days=1)).to_pydatetime()))
    per = to_pandas(
        sales.with_columns(nw.col("order_date").dt.truncate("1d").alias("_day"))
        .select("customer_id", "_day")
        .unique()
        .group_by("customer_id")
        .agg(nw.len().alias("orders"))
    )
    parts = [_count_discounts(sales), _count_new(sales, products, settings), _count_tickets(tickets, per, first, last, settings)]
    for part in parts:
        per = per if part is None else per.merge(part, on="customer_id", how="left")
    counts = [c for c in per if c.startswith(("k_", "n_"))]
    return per.assign(**{c: per[c].astype("float64").fillna(0.0) for c in counts}).sort_values("customer_id", ignore_index=True)


def _has_products(order_lines: nw.LazyFrame) -> bool:
    return (
        "product_id" in order_lines.collect_schema().names()
        and len(to_pandas(order_lines.filter(~nw.col("product_id").is_null()).select("product_id").head(1))) > 0
    )


def _plain_sales(order_lines: nw.LazyFrame) -> nw.LazyFrame:
    return order_lines.filter(~nw.col("is_return")) if "is_return" in order_lines.collect_schema().names() else order_lines


def _count_discounts(sales: nw.LazyFrame) -> pd.DataFrame | None:
    """A blank discount is none, as soon as the export knows discounts at all."""
    if "discount" not in sales.collect_schema().names():
        return None
    cut = nw.when(nw.col("discount") > 0).then(nw.lit(1)).otherwise(nw.lit(0)).alias("_cut")
    summed = sales.with_columns(cut).group_by("customer_id").agg(nw.col("_cut").sum().alias("k_discount"), nw.len().alias("n_discount"))
    found = to_pandas(summed.with_columns(nw.col("k_discount").cast(nw.Int64)))  # DuckDB sums whole numbers into a type that pandas lacks
    return found if found["k_discount"].sum() > 0 else None


def _count_new(sales: nw.LazyFrame, products: pd.DataFrame | None, settings: NeedsSettings) -> pd.DataFrame | None:
    """A product counts as new from its launch for `new_product_days`; what was on sale before the first order is the old range."""
    if products is None or products["launched_on"].notna().sum() == 0:
        return None
    bought = to_pandas(sales.with_columns(nw.col("order_date").dt.truncate("1d").alias("day")).select("customer_id", "day", "product_id").unique())
    span = pd.Timedelta(days=settings.new_product_days)
    fresh = products.loc[products["launched_on"] > bought["day"].min(), ["product_id", "launched_on"]]
    if fresh.empty:
        return None
    days = bought.merge(fresh, on="product_id", how="left")
    days = days.assign(is_new=days["day"].between(days["launched_on"], days["launched_on"] + span))
    per_day = days.groupby(["customer_id", "day"], as_index=False)["is_new"].max()
    offered = _any_on_sale(per_day["day"], fresh["launched_on"], span)
    seen = per_day[offered]
    return seen.groupby("customer_id").agg(k_new=("is_new", "sum"), n_new=("is_new", "size")).reset_index()


def _any_on_sale(days: pd.Series, launched: pd.Series, span: pd.Timedelta) -> np.ndarray:
    starts = np.sort(launched.to_numpy())
    latest = np.searchsorted(starts, days.to_numpy(), side="right") - 1
    return (latest >= 0) & (days.to_numpy() <= starts[np.maximum(latest, 0)] + span)


def _count_tickets(tickets: pd.DataFrame | None, per: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, settings: NeedsSettings) -> pd.DataFrame | None:
    if tickets is None or tickets.empty:
        return None
    read = tickets[(tickets["opened_at"] >= first) & (tickets["opened_at"] < last)]
    if not settings.count_complaints and "is_complaint" in read:
        read = read[~read["is_complaint"].fillna(False)]
    asked = read.groupby("customer_id").size().reindex(per["customer_id"], fill_value=0).to_numpy()
    orders = per["orders"].to_numpy(dtype="float64")
    return pd.DataFrame({"customer_id": per["customer_id"], "k_tickets": np.minimum(asked, orders), "n_tickets": orders})


def fit_types(evidence: pd.DataFrame, settings: NeedsSettings) -> pd.DataFrame:
    """Return the rates that divide customers into types, found from the counts alone.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From `count_evidence`.
    settings : NeedsSettings

    Returns
    -------
    pandas.DataFrame
        need_type, dimension (str), usual_rate, type_rate (float64, in everybody else and in the type), share (of customers), found (boolean: the type's
        rate is at least `min_ratio` times the usual one). Only measured dimensions.

    Notes
    -----
    A latent-class model (Lazarsfeld and Henry 1968) by expectation and maximisation: each customer is of one type or of none; a type
    differs from the rest in one rate. A type whose rate is not clearly higher is dropped and the rest fitted again.
    """
    wanted = [t for t, d in TYPES.items() if f"n_{d}" in evidence and evidence[f"n_{d}"].sum() > 0]
    usable = evidence[evidence["orders"] >= settings.min_orders]
    rows = {t: (np.nan, np.nan, np.nan, False) for t in wanted}
    while wanted and len(usable):
        usual, raised, shares = _expect_and_maximise(usable, wanted, settings)
        weak = [t for t, u, r, s in zip(wanted, usual, raised, shares, strict=True) if r < settings.min_ratio * u or s < LEAST_SHARE]
        rows.update({t: (u, r, s, True) for t, u, r, s in zip(wanted, usual, raised, shares, strict=True)})
        rows.update({t: (*rows[t][:3], False) for t in weak})
        if not weak:
            break
        wanted = [t for t in wanted if t not in weak]
    told = pd.DataFrame([(t, TYPES[t], *values) for t, values in rows.items()], columns=["need_type", "dimension", "usual_rate", "type_rate", "share", "found"])
    return told.round({"usual_rate": 4, "type_rate": 4, "share": 4}).astype(
        {"need_type": "str", "dimension": "str", "usual_rate": "float64", "type_rate": "float64", "share": "float64", "found": "boolean"}
    )


def _capped(evidence: pd.DataFrame, dimension: str, cap: int) -> tuple[np.ndarray, np.ndarray]:
    k, n = evidence[f"k_{dimension}"].to_numpy(), evidence[f"n_{dimension}"].to_numpy()
    scale = np.minimum(1.0, cap / np.maximum(n, 1.0))
    return k * scale, n * scale


def _expect_and_maximise(evidence: pd.DataFrame, wanted: list[str], settings: NeedsSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts = [_capped(evidence, TYPES[t], settings.evidence_cap) for t in wanted]
    mean = np.array([k.sum() / max(n.sum(), 1.0) for k, n in counts])
    usual, raised = np.clip(mean * 0.6, 1e-4, 0.5), np.clip(mean * 3, 1e-3, 0.9)
    shares = np.full(len(wanted), 0.15)
    for _ in range(PASSES):
        weights = _posterior(counts, usual, raised, shares)[:, :-1]
        inside = np.array([[(weights[:, j] * c).sum() for c in counts[j]] for j in range(len(wanted))])
        outside = np.array([[((1 - weights[:, j]) * c).sum() for c in counts[j]] for j in range(len(wanted))])
        raised = np.clip((inside[:, 0] + 0.5) / (inside[:, 1] + 1), 1e-4, 0.9999)
        usual = np.clip((outside[:, 0] + 0.5) / (outside[:, 1] + 1), 1e-5, 0.999)
        shares = np.clip(weights.mean(axis=0), 1e-4, 0.9)
    return usual, raised, shares


def _posterior(counts: list[tuple[np.ndarray, np.ndarray]], usual: np.ndarray, raised: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the probability of each type and, last, of none: what a type's own rate says against the usual rate."""
    bets = [k * np.log(r / u) + (n - k) * np.log((1 - r) / (1 - u)) for (k, n), r, u in zip(counts, raised, usual, strict=True)]
    rest = max(1 - shares.sum(), 1e-3)
    logs = np.column_stack([b + np.log(s) for b, s in zip(bets, shares, strict=True)] + [np.full(len(counts[0][0]), np.log(rest))])
    odds = np.exp(logs - logs.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def assign_need_types(evidence: pd.DataFrame, rates: pd.DataFrame, settings: NeedsSettings) -> pd.DataFrame:
    """Return each customer's need type with its probability and the counts behind it.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From `count_evidence`.
    rates : pandas.DataFrame
        From `fit_types`.
    settings : NeedsSettings
        Fewer than `min_orders` orders, or no type above `min_confidence`: not_enough_data.

    Returns
    -------
    pandas.DataFrame
        customer_id, need_type (cost_sensitive, service_dependent, innovation_driven, none, not_enough_data), confidence (float64, 0 to 1: probability of the
        likeliest type under the model; 0 when no dimension is measured), likeliest (str), evidence (str), orders (Int64), label_zh (str). Sorted by customer.

    Notes
    -----
    Row 000-13, feature F14.
    """
    found = rates[rates["found"]]
    names = np.array([*found["need_type"], "none"], dtype=object)
    if len(found) and len(evidence):
        counts = [_capped(evidence, d, settings.evidence_cap) for d in found["dimension"]]
        chance = _posterior(counts, found["usual_rate"].to_numpy(), found["type_rate"].to_numpy(), found["share"].to_numpy()).round(4)
        best, sure = names[chance.argmax(axis=1)], chance.max(axis=1)
    else:
        best, sure = np.array(["none"] * len(evidence), dtype=object), np.zeros(len(evidence))
    enough = (evidence["orders"].to_numpy() >= settings.min_orders) & (sure >= settings.min_confidence)
    types = pd.Series(np.where(enough, best, "not_enough_data"), dtype="str")
    told = pd.DataFrame({"customer_id": evidence["customer_id"], "need_type": types, "confidence": sure.astype("float64"), "likeliest": pd.Series(best,
        dtype="str"), "evidence": say_evidence(evidence, rates),
                         "orders": evidence["orders"].astype("Int64"), "label_zh": types.map(LABELS_ZH).astype("str")})  # fmt: skip
    return told.sort_values("customer_id", ignore_index=True)


def say_evidence(evidence: pd.DataFrame, rates: pd.DataFrame) -> pd.Series:
    """Return the counts behind each customer's type in words, with the usual rate, and what is not measured."""
    usual = rates.set_index("dimension")["usual_rate"]
    parts = []
    for dimension, words in SAYS.items():
        if f"n_{dimension}" not in evidence:
            parts.append(pd.Series(f"not measured: needs {NEEDS[dimension]}", index=evidence.index))
            continue
        rate = usual.get(dimension, np.nan)
        note = f" (usual {rate:.0%})".replace("%", " %") if rate == rate else ""
        parts.append(
            pd.Series(
                [words.format(k=int(k), n=int(n)) + note for k, n in zip(evidence[f"k_{dimension}"], evidence[f"n_{dimension}"], strict=True)],
                index=evidence.index,
            )
        )
    joined = parts[0].str.cat(parts[1:], sep="; ") if len(evidence) else pd.Series(dtype="str")
    return joined.astype("str")
