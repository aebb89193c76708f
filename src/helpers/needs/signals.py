"""From signals to pain points: an editable map, evaluated with its evidence rows."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from helpers.needs.maps import NeedsMaps, PainPoint
from helpers.needs.settings_people import NeedsSettings

TIMES = {"tickets": "opened_at", "interactions": "at", "events": "at", "surveys": "answered_on", "touches": "sent_on", "equipment": "installed_on"}
RECORDS = {"tickets": "ticket_id", "interactions": "interaction_id", "equipment": "equipment_id", "touches": "touch_id"}
COLUMNS = {
    "customer_id": "str",
    "signal": "str",
    "times": "Int64",
    "usual": "float64",
    "since": "datetime64[us]",
    "last_on": "datetime64[us]",
    "pain_en": "str",
    "pain_zh": "str",
    "answer_en": "str",
    "answer_zh": "str",
    "evidence": "str",
}
SHOWN = 5  # evidence rows named in a text


def find_pain_points(
    tables: dict[str, pd.DataFrame | None],
    feedback: pd.DataFrame | None,
    product_days: pd.DataFrame | None,
    maps: NeedsMaps,
    *,
    as_of: dt.date,
    settings: NeedsSettings,
) -> pd.DataFrame:
    """Return the pain points that each customer's signals hint at, each with the rows that speak for it.

    Parameters
    ----------
    tables : dict of str to pandas.DataFrame or None
        tickets, interactions, events, surveys, equipment, touches.
    feedback : pandas.DataFrame or None
        From `read_feedback`: gives tickets their theme.
    product_days : pandas.DataFrame or None
        customer_id, item (product_id), order_date: what was bought, for page views that led to nothing.
    maps : NeedsMaps
    as_of : datetime.date
    settings : NeedsSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, signal, times (Int64), usual (float64, mean times of all customers who could have shown it), since, last_on (days), pain_en, pain_zh,
        answer_en, answer_zh,
        evidence (str: record ids, or what was done and when). Signals whose table or column is absent are left out. Sorted by customer, signal.

    Notes
    -----
    Rows 002-33, 002-34, 001-55, 000-21; feature F16. A pain point is a hypothesis to ask about, not a fact about a person.
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    start = end - pd.Timedelta(days=settings.signal_days)
    parts = []
    for rule in maps.pain_points:
        rows = _rows(rule, tables.get(rule.table), feedback, product_days, end)
        if rows is None:
            continue
        found = _high(rule, rows) if rule.high else _stopped(rule, rows, end) if rule.stops else _repeated(rule, rows, start)
        words = {"pain_en": rule.pain["en"], "pain_zh": rule.pain["zh"], "answer_en": rule.answer["en"], "answer_zh": rule.answer["zh"]}
        parts.append(found.assign(signal=rule.signal, **words))
    every = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    every = every.reindex(columns=list(COLUMNS)).assign(
        since=lambda f: pd.to_datetime(f["since"]).dt.normalize(), last_on=lambda f: pd.to_datetime(f["last_on"]).dt.normalize()
    )
    return every.astype(COLUMNS).round({"usual": 4}).sort_values(["customer_id", "signal"], ignore_index=True)


def _rows(
    rule: PainPoint, table: pd.DataFrame | None, feedback: pd.DataFrame | None, product_days: pd.DataFrame | None, end: pd.Timestamp
) -> pd.DataFrame | None:
    """Return the rule's rows with columns on (time) and record (what evidence is named by), or None when the evidence is absent."""
    if table is None:
        return None
    rows = table.assign(on=table[TIMES[rule.table]])
    if rule.table in RECORDS and RECORDS[rule.table] in rows:
        rows = rows.assign(record=rows[RECORDS[rule.table]])
    else:
        what = rows["object"].fillna("") if "object" in rows else pd.Series(rule.table, index=rows.index)
        rows = rows.assign(record=what + " " + rows["on"].dt.strftime("%Y-%m-%d").fillna(""))
    rows = rows[(rows["on"] < end) | rows["on"].isna()]
    if "theme" in rule.where:
        if feedback is None or rule.table != "tickets":
            return None
        rows = rows.assign(theme=rows["record"].map(feedback[feedback["source"] == "ticket"].set_index("record")["theme"]))
    if "bought" in rule.where:
        if product_days is None:
            return None
        rows = _views_without_purchase(rows, product_days)
    lacking = [c for c in rule.where if c not in rows] or ([rule.high.column] if rule.high and rule.high.column not in rows else [])
    return None if lacking else rows[_match(rows, rule.where)]


def _match(rows: pd.DataFrame, where: dict[str, str | tuple[str, ...]]) -> pd.Series:
    keep = pd.Series(True, index=rows.index)
    for column, wanted in where.items():
        values, options = rows[column].astype("object").fillna("").astype("str"), (wanted,) if isinstance(wanted, str) else wanted
        hit = pd.Series(False, index=rows.index)
        for option in options:
            hit |= values.str.startswith(option[:-1]) & (values != "") if option.endswith("*") else values == option
        keep &= hit
    return keep


def _views_without_purchase(rows: pd.DataFrame, product_days: pd.DataFrame, days: int = 30) -> pd.DataFrame:
    """Return page views with `bought` "yes" when the customer bought that product within `days` after the view; the page is product/<id>."""
    views = rows.reset_index(drop=True).assign(item=rows["object"].fillna("").str.removeprefix("product/").to_numpy())
    pairs = views[["customer_id", "item", "on"]].reset_index(names="row").merge(product_days, on=["customer_id", "item"])
    led = pairs[(pairs["order_date"] >= pairs["on"].dt.normalize()) & (pairs["order_date"] <= pairs["on"] + pd.Timedelta(days=days))]
    return views.assign(bought=pd.Series(views.index.isin(led["row"]), index=views.index).map({True: "yes", False: "no"}))


def _repeated(rule: PainPoint, rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    recent = rows[rows["on"] >= start].sort_values(["on", "record"])
    keys = ["customer_id", "object"] if "bought" in rule.where else ["customer_id"]  # the same product again, not many products once
    per = recent.groupby(keys, as_index=False).agg(times=("record", "size"), since=("on", "min"), last_on=("on", "max"), evidence=("record", _name_rows))
    usual = per["times"].mean() if len(per) else float("nan")
    best = per.sort_values(["customer_id", "times", "last_on"], ascending=[True, False, False]).drop_duplicates("customer_id")
    return best[best["times"] >= max(rule.at_least, 1)].assign(usual=usual)


def _stopped(rule: PainPoint, rows: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    per = rows.groupby("customer_id", as_index=False).agg(times=("record", "size"), last_on=("on", "max"))
    per = per[(per["times"] >= rule.before) & (per["last_on"] < end - pd.Timedelta(days=rule.stops))]
    silent = (end - per["last_on"]).dt.days
    told = [f"{n} times until {d:%Y-%m-%d}, then nothing for {s} days" for n, d, s in zip(per["times"], per["last_on"], silent, strict=True)]
    return per.assign(since=per["last_on"], usual=rows.groupby("customer_id").size().mean(), evidence=pd.Series(told, index=per.index, dtype="str"))


def _high(rule: PainPoint, rows: pd.DataFrame) -> pd.DataFrame:
    assert rule.high is not None
    values = rows[rule.high.column].astype("float64")
    usual = values.mean() if rule.high.least else values.median()
    far = rows[(values >= rule.high.times * usual) & (values >= rule.high.least)]
    told = [f"{r}: {v:g}, usual {usual:.1f}" for r, v in zip(far["record"], far[rule.high.column], strict=True)]
    named = far.assign(evidence=pd.Series(told, index=far.index, dtype="str"))
    return (
        named.groupby("customer_id", as_index=False)
        .agg(times=("record", "size"), since=("on", "min"), last_on=("on", "max"), evidence=("evidence", "; ".join))
        .assign(usual=usual)
    )


def _name_rows(records: pd.Series) -> str:
    shown = list(records.iloc[-SHOWN:])
    return ", ".join(shown) + (f" and {len(records) - SHOWN} more" if len(records) > SHOWN else "")


def summarise_pain_points(pain_points: pd.DataFrame, customers: pd.DataFrame | None) -> pd.DataFrame:
    """Return how many customers each pain point concerns, overall and by industry.

    Returns
    -------
    pandas.DataFrame
        signal, pain_en, pain_zh, answer_en (str), industry (str, "all" first; businesses only, where the industry is known), customers (Int64), share
        (float64, of the customers
        of the industry; of all customers in the table for "all"). Row 000-14.
    """
    facts = (
        pd.DataFrame({"customer_id": pd.Series(dtype="str"), "industry": pd.Series(dtype="str")})
        if customers is None or "industry" not in customers
        else customers[["customer_id", "industry"]]
    )
    joined = pain_points.merge(facts, on="customer_id", how="left")
    keys = ["signal", "pain_en", "pain_zh", "answer_en"]
    every = joined.groupby(keys, as_index=False).agg(customers=("customer_id", "nunique")).assign(industry="all")
    every["share"] = every["customers"] / max(len(facts), pain_points["customer_id"].nunique(), 1)
    split = joined.dropna(subset="industry").groupby([*keys, "industry"], as_index=False).agg(customers=("customer_id", "nunique"))
    split["share"] = split["customers"] / split["industry"].map(facts["industry"].value_counts()).astype("float64")
    told = pd.concat(
        [
            every.sort_values(["customers", "signal"], ascending=[False, True]),
            split.sort_values(["signal", "share", "industry"], ascending=[True, False, True]),
        ],
        ignore_index=True,
    )
    return told[[*keys, "industry", "customers", "share"]].astype({"customers": "Int64", "industry": "str", **dict.fromkeys(keys, "str")}).round({"share": 4})
