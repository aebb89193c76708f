"""Events that call for a dated task: each finds its customers, the day of the occasion, and the words for it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import lazy, lift, to_pandas
from helpers.retention.playbook import Trigger
from helpers.retention.signals import number

HITS = {"customer_id": "str", "trigger": "str", "occasion_on": "datetime64[us]", "open_until": "datetime64[us]", "evidence_en": "str", "evidence_zh": "str"}
NEEDS = {
    "views": ("events", "order_lines"), "birthday": ("birthday_months",), "yearly": ("customers",), "after_first": ("order_lines",), "trial": ("order_lines", "products"), "renewal": ("contracts",),
    "step": ("order_lines",), "order_due": ("order_lines",), "maintenance": ("equipment",), "solved": ("tickets",), "bad_answer": ("surveys",),
}  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
MAX_NPS, MAX_CSAT = 10, 5
FIRST_WEEKS = 60


@dataclass(frozen=True)
class Sight:
    """What triggers may look at on a day: tables by name (absent when not measured), and the axes."""

    as_of: dt.date
    axes: pd.DataFrame
    tables: Mapping[str, object]
    steps: tuple[float, ...] = ()
    found: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def day(self) -> pd.Timestamp:
        """The day as a timestamp."""
        return pd.Timestamp(self.as_of)

    def table(self, name: str) -> pd.DataFrame:
        """Return a pandas table."""
        frame = self.tables[name]
        assert isinstance(frame, pd.DataFrame)
        return frame


def find_triggers(triggers: Mapping[str, Trigger], sight: Sight) -> pd.DataFrame:
    """Return every occasion that is open on a day.

    Parameters
    ----------
    triggers : mapping
        From the playbooks.
    sight : Sight
        The day, the axes and whatever tables there are; a trigger whose table is absent finds nobody.

    Returns
    -------
    pandas.DataFrame
        customer_id, trigger (str), occasion_on (datetime64, the day that makes the occasion the same on every run), open_until (datetime64), evidence_en, evidence_zh (str). One row per customer and
        trigger: of several occasions the latest. Sorted.

    Notes
    -----
    Feature F35; rows 004-55, 004-56, 001-51, 001-52, 000-28, 004-49, 004-22, 001-56, 002-52, 000-43, 000-25.
    """
    parts = [_finish(t, RULES[t.rule](t, sight), sight) for t in triggers.values() if measured(t, sight.tables)]
    told = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(HITS))
    return told.astype(HITS).sort_values(["customer_id", "trigger"], ignore_index=True)


def measured(trigger: Trigger, tables: Mapping[str, object]) -> bool:
    """Say whether the tables that a trigger reads are there, with the column that it asks for."""
    there = all(tables.get(n) is not None for n in NEEDS[trigger.rule])
    if there and trigger.rule == "yearly" and trigger.field not in {"first_order_date", ""}:
        frame = tables["customers"]
        return isinstance(frame, pd.DataFrame) and trigger.field in frame
    return there


def _finish(trigger: Trigger, rows: pd.DataFrame, sight: Sight) -> pd.DataFrame:
    """Keep what is open, one occasion per customer, and put it into words."""
    if rows.empty:
        return pd.DataFrame(columns=list(HITS))
    told = rows.assign(open_until=rows.get("until", rows["occasion_on"] + pd.Timedelta(days=trigger.open_days)))
    told = told[(told["open_until"] >= sight.day) & told["customer_id"].isin(sight.axes["customer_id"])]
    told = told.sort_values(["customer_id", "occasion_on"], kind="stable").drop_duplicates("customer_id", keep="last")
    texts = {lang: [_fill(getattr(trigger.evidence, lang), row, trigger, lang) for row in told.to_dict("records")] for lang in ("en", "zh")}
    return told.assign(trigger=trigger.key, evidence_en=texts["en"], evidence_zh=texts["zh"])[list(HITS)]


def _fill(template: str, row: Mapping[str, object], trigger: Trigger, language: str) -> str:
    values = {"days": number(float(row.get("days", trigger.days)))} | {k: v for k, v in row.items() if k not in {"days"}}  # type: ignore[arg-type]
    if "month" in values:
        month = int(values["month"])  # type: ignore[call-overload]
        values["month"] = f"{month}月" if language == "zh" else MONTHS[month - 1]
    return re.sub(r"\{(\w+)\}", lambda place: _word(values.get(place[1], "?")), template)


def _word(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return number(float(value)) if isinstance(value, int | float | np.number) else str(value)


def _views(t: Trigger, s: Sight) -> pd.DataFrame:
    """Page views of one object in the window, and no purchase of that product since."""
    start, end = s.day - pd.Timedelta(days=t.days - 1), s.day + pd.Timedelta(days=1)
    read = lazy(s.tables["events"]).filter((nw.col("event") == "page_view") & (nw.col("at") >= start.to_pydatetime()) & (nw.col("at") < end.to_pydatetime()))
    seen = to_pandas(read.group_by("customer_id", "object").agg(nw.len().alias("count"), nw.col("at").max().alias("last")))
    seen = seen[(seen["count"] >= t.least) & seen["customer_id"].notna() & seen["object"].notna()]
    seen = seen.assign(product_id=seen["object"].str.rsplit("/", n=1).str[-1], occasion_on=seen["last"].dt.normalize())
    lines = lazy(s.tables["order_lines"])
    if seen.empty or "product_id" not in lines.collect_schema().names():
        return seen.assign(object=seen["product_id"])
    bought = lines.filter((nw.col("amount") > 0) & (nw.col("order_date") >= start.to_pydatetime()) & (nw.col("order_date") < end.to_pydatetime())).join(lift(seen[["customer_id", "product_id"]], lines), on=["customer_id", "product_id"], how="inner")
    gone = to_pandas(bought.select("customer_id", "product_id").unique())
    left = seen.merge(gone.assign(_bought=True), on=["customer_id", "product_id"], how="left")
    return _named(left[left["_bought"].isna()], s).sort_values(["customer_id", "count"])


def _named(rows: pd.DataFrame, s: Sight) -> pd.DataFrame:
    """Call a product by its name where the products table has one."""
    products = s.tables.get("products")
    if isinstance(products, pd.DataFrame) and "name" in products:
        names = products.dropna(subset=["name"]).drop_duplicates("product_id").set_index("product_id")["name"]
        return rows.assign(object=rows["product_id"].map(names).fillna(rows["product_id"]))
    return rows.assign(object=rows["product_id"])


def _birthday(t: Trigger, s: Sight) -> pd.DataFrame:
    rows = s.table("birthday_months")
    first = s.day.replace(day=1)
    month = rows[rows["birth_month"] == s.day.month]
    return month.assign(month=month["birth_month"].astype(int), occasion_on=first, until=first + pd.offsets.MonthEnd(0))


def _yearly(t: Trigger, s: Sight) -> pd.DataFrame:
    """A day that comes back every year, from `days` ahead; a company's founding and a first order are days of their own."""
    frame = s.axes if t.field == "first_order_date" else s.table("customers")
    rows = frame.loc[frame[t.field].notna(), ["customer_id", t.field]].rename(columns={t.field: "start"})
    rows = _known_first(rows, s) if t.field == "first_order_date" else rows
    told = _each_year(rows, "start", s.day.year)
    told = told[(told["occasion_on"] >= s.day) & (told["occasion_on"] <= s.day + pd.Timedelta(days=t.days))]
    told = told.assign(years=told["occasion_on"].dt.year - told["start"].dt.year)
    return told[told["years"] >= 1].assign(date=lambda f: f["start"] if t.field == "first_order_date" else f["occasion_on"], until=lambda f: f["occasion_on"])


def _known_first(rows: pd.DataFrame, s: Sight) -> pd.DataFrame:
    """An order in the first weeks of the data need not be the first one, unless the customer is known to have come since the data begin."""
    begin, customers = rows["start"].min(), s.tables.get("customers")
    dated = isinstance(customers, pd.DataFrame) and "created_on" in customers
    came = s.table("customers").drop_duplicates("customer_id").set_index("customer_id")["created_on"] if dated else pd.Series(dtype="datetime64[us]")
    since = came.reindex(rows["customer_id"]).to_numpy()
    return rows[(rows["start"] > begin + pd.Timedelta(days=FIRST_WEEKS)) | (since >= np.datetime64(begin))]


def _each_year(rows: pd.DataFrame, column: str, year: int) -> pd.DataFrame:
    """The day of this year and of the next on which a date comes round."""
    days = [pd.Series([_in_year(d, year + plus) for d in rows[column]], index=rows.index, dtype="datetime64[us]") for plus in (0, 1)]
    return pd.concat([rows.assign(occasion_on=d) for d in days], ignore_index=True)


def _in_year(day: pd.Timestamp, year: int) -> pd.Timestamp:
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


def _after_first(t: Trigger, s: Sight) -> pd.DataFrame:
    rows = s.axes.loc[s.axes["first_order_date"].notna(), ["customer_id", "first_order_date"]]
    due = rows["first_order_date"] + pd.Timedelta(days=t.days)
    return rows.assign(date=rows["first_order_date"], occasion_on=due)[due <= s.day]


def _trial(t: Trigger, s: Sight) -> pd.DataFrame:
    """Products that are a trial by name or tag, bought first by the customer."""
    products = s.table("products")
    words = "|".join(map(re.escape, t.words))
    texts = products[[c for c in ("name", "tags", "category", "subcategory") if c in products]].fillna("").agg(" ".join, axis=1)
    trials = products.loc[texts.str.contains(words, case=False), ["product_id"]].drop_duplicates()
    lines = lazy(s.tables["order_lines"])
    if trials.empty or "product_id" not in lines.collect_schema().names():
        return pd.DataFrame()
    bought = lines.filter(nw.col("amount") > 0).join(lift(trials, lines), on="product_id", how="inner")
    first = to_pandas(bought.group_by("customer_id", "product_id").agg(nw.col("order_date").min().alias("date")))
    due = first["date"].dt.normalize() + pd.Timedelta(days=t.days)
    return _named(first.assign(date=first["date"].dt.normalize(), occasion_on=due)[due <= s.day], s)


def _renewal(t: Trigger, s: Sight) -> pd.DataFrame:
    rows = s.table("contracts")
    alive = rows["status"].fillna("active") == "active" if "status" in rows else pd.Series(True, index=rows.index)
    soon = rows["renews_on"].between(s.day, s.day + pd.Timedelta(days=t.days)) & alive
    amount = rows.get("annual_amount", np.nan)
    return rows.assign(amount=amount, date=rows["renews_on"], occasion_on=rows["renews_on"] - pd.Timedelta(days=t.days), until=rows["renews_on"])[soon]


def _step(t: Trigger, s: Sight) -> pd.DataFrame:
    """Spend of 12 months that is less than `share` short of the next step; the steps are set, or quantiles of all buyers."""
    rows = s.axes[s.axes["spend_12m"] > 0][["customer_id", "spend_12m"]]
    place = np.searchsorted(np.array(s.steps), rows["spend_12m"].to_numpy(), side="right")
    reach = place < len(s.steps)
    following = np.array([*s.steps, np.nan])[np.minimum(place, len(s.steps))]
    missing = following - rows["spend_12m"].to_numpy()
    near = reach & (missing <= t.share * following)
    return rows.assign(missing=missing, step=following, occasion_on=s.day.to_period("M").start_time, until=s.day + pd.Timedelta(days=t.open_days))[near]


def _order_due(t: Trigger, s: Sight) -> pd.DataFrame:
    """Regular buyers whose next order falls into the coming days by their own rhythm."""
    axes = s.axes[(s.axes["purchase_days"] >= t.least) & (s.axes["usual_gap_days"] >= 14)]
    due = axes["last_order_date"] + pd.to_timedelta(axes["usual_gap_days"].round(), unit="D")
    near = (due - s.day).dt.days.between(-t.share * axes["usual_gap_days"], t.open_days)
    return pd.DataFrame({"customer_id": axes["customer_id"], "days": axes["usual_gap_days"], "date": axes["last_order_date"], "occasion_on": due, "until": due + pd.Timedelta(days=t.open_days)})[near]


def _maintenance(t: Trigger, s: Sight) -> pd.DataFrame:
    """Machines whose yearly maintenance falls into the next `days`."""
    rows = s.table("equipment")
    rows = rows[rows["installed_on"].notna()]
    told = _each_year(rows, "installed_on", s.day.year)
    told = told[told["occasion_on"].between(s.day, s.day + pd.Timedelta(days=t.days))]
    told = told.assign(years=told["occasion_on"].dt.year - told["installed_on"].dt.year, date=told["occasion_on"], until=told["occasion_on"])
    return told[told["years"] >= 1].assign(object=lambda f: f.get("model", "machine"), count=lambda f: f["faults"].fillna(0).astype(float) if "faults" in f else 0.0)


def _solved(t: Trigger, s: Sight) -> pd.DataFrame:
    rows = s.table("tickets")
    solved = rows["resolved_at"].dt.normalize()
    due = solved + pd.Timedelta(days=t.days)
    known = solved.notna() & (due <= s.day)
    return rows.assign(object=rows["category"].fillna("service") if "category" in rows else "service", date=solved, occasion_on=due)[known]


def _bad_answer(t: Trigger, s: Sight) -> pd.DataFrame:
    rows = s.table("surveys")
    rows = rows[rows["answered_on"] < s.day + pd.Timedelta(days=1)]
    score = rows["nps"].astype("float64") if "nps" in rows else pd.Series(np.nan, index=rows.index)
    csat = rows["csat"].astype("float64") if "csat" in rows else pd.Series(np.nan, index=rows.index)
    bad_nps, bad_csat = score <= 6, csat <= 2
    told = rows.assign(count=score.where(bad_nps, csat), days=np.where(bad_nps, MAX_NPS, MAX_CSAT), date=rows["answered_on"].dt.normalize(), occasion_on=rows["answered_on"].dt.normalize())
    return told[bad_nps | bad_csat]


RULES: dict[str, Callable[[Trigger, Sight], pd.DataFrame]] = {
    "views": _views, "birthday": _birthday, "yearly": _yearly, "after_first": _after_first, "trial": _trial, "renewal": _renewal, "step": _step, "order_due": _order_due, "maintenance": _maintenance,
    "solved": _solved, "bad_answer": _bad_answer,
}  # fmt: skip
