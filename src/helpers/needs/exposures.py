"""Who did what when, and who is like whom: the raw material of the behaviour-purchase link."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from helpers.engine import to_pandas
from helpers.needs.settings_people import LinksSettings
from helpers.needs.stats import stable_order

WATCHED = ("content", "feature_use")  # page views lead to purchases by construction, and everybody logs in
ORDER_BANDS = (1, 2, 3, 5, 9)  # orders in the prior period at which a new band begins
SILENCE_BANDS = (15, 31, 61, 121, 241)  # days since the last order at which a new band begins
ANY_ORDER = "any order"
SPAN = 1_000_000  # days per customer in a combined sort key


def list_exposures(events: nw.LazyFrame | None, interactions: pd.DataFrame | None, *, as_of: dt.date) -> pd.DataFrame:
    """Return the first time each customer showed each behaviour.

    Parameters
    ----------
    events : narwhals.LazyFrame or None
        What was read (content) and used (feature_use) counts.
    interactions : pandas.DataFrame or None
        Kind and topic, for example "training: online barista training".
    as_of : datetime.date

    Returns
    -------
    pandas.DataFrame
        behaviour, customer_id (str), on (day), times (Int64, how often until `as_of`). Sorted.
    """
    end = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    parts = []
    if events is not None:
        seen = events.filter(nw.col("event").is_in(WATCHED) & ~nw.col("object").is_null() & (nw.col("at") < end.to_pydatetime()))
        first = to_pandas(seen.group_by("event", "object", "customer_id").agg(nw.col("at").min(), nw.len().alias("times")))
        parts.append(first.assign(behaviour=first["event"].str.replace("_", " ") + ": " + first["object"]))
    if interactions is not None and "topic" in interactions:
        talks = interactions[(interactions["at"] < end) & interactions["kind"].notna()]
        named = talks.assign(behaviour=talks["kind"] + ": " + talks["topic"].fillna("no topic"))
        parts.append(named.groupby(["behaviour", "customer_id"], as_index=False).agg(at=("at", "min"), times=("at", "size")))
    if not parts:
        return pd.DataFrame(
            {
                "behaviour": pd.Series(dtype="str"),
                "customer_id": pd.Series(dtype="str"),
                "on": pd.Series(dtype="datetime64[us]"),
                "times": pd.Series(dtype="Int64"),
            }
        )
    every = pd.concat(parts, ignore_index=True)
    told = every.assign(on=every["at"].dt.normalize(), times=every["times"].astype("Int64"))
    return told[["behaviour", "customer_id", "on", "times"]].sort_values(["behaviour", "customer_id"], ignore_index=True)


@dataclass(frozen=True)
class Panel:
    """Customers as codes with all their purchase days, ready to be asked "how many until day t".

    `ids` are customer ids, `kinds` the code of what must be equal (settings.match_on), `keys` holds per item (and `ANY_ORDER`) the sorted
    customer-day keys, `order` a fixed random order of customers.
    """

    ids: np.ndarray
    kinds: np.ndarray
    keys: dict[str, np.ndarray]
    order: np.ndarray

    def count(self, item: str, customers: np.ndarray, until: np.ndarray | int) -> np.ndarray:
        """Return how many purchase days of an item each customer has up to and including a day."""
        keys = self.keys[item]
        return np.searchsorted(keys, customers * SPAN + until, side="right") - np.searchsorted(keys, customers * SPAN, side="left")

    def latest(self, customers: np.ndarray, until: np.ndarray | int) -> np.ndarray:
        """Return each customer's last order day up to and including a day; -1 when there is none."""
        keys = self.keys[ANY_ORDER]
        place = np.searchsorted(keys, customers * SPAN + until, side="right") - 1
        found = keys[np.maximum(place, 0)]
        return np.where((place >= 0) & (found // SPAN == customers), found % SPAN, -1)


def build_panel(item_days: pd.DataFrame, customers: pd.DataFrame | None, settings: LinksSettings) -> Panel:
    """Return the panel of all customers who ever bought.

    Parameters
    ----------
    item_days : pandas.DataFrame
        customer_id, item (str), order_date (day).
    customers : pandas.DataFrame or None
        Columns named in `match_on` that exist are used.
    settings : LinksSettings
    """
    ids = np.sort(item_days["customer_id"].unique())
    ids = np.sort(ids[stable_order(pd.Series(ids), "panel")[: settings.max_controls + settings.max_exposed]])
    days = item_days[item_days["customer_id"].isin(ids)]
    code = np.searchsorted(ids, days["customer_id"].to_numpy(dtype=object).astype(ids.dtype))
    key = code * SPAN + (days["order_date"] - pd.Timestamp("1970-01-01")).dt.days.to_numpy()
    keys = {str(item): np.sort(key[places]) for item, places in days.groupby("item").indices.items()}
    keys[ANY_ORDER] = np.unique(key)
    used = [c for c in settings.match_on if customers is not None and c in customers]
    kinds = np.zeros(len(ids), dtype="int64")
    if used and customers is not None:
        facts = customers.drop_duplicates("customer_id").set_index("customer_id").reindex(ids)[used].astype("str").fillna("")
        kinds = pd.factorize(pd.MultiIndex.from_frame(facts))[0]
    return Panel(ids, kinds, keys, stable_order(pd.Series(ids), "controls"))


def likeness(panel: Panel, customers: np.ndarray, day: int, prior_days: int) -> np.ndarray:
    """Return a code per customer: equal codes are alike on `day` in kind, orders of the prior period and silence since the last order."""
    recent = panel.count(ANY_ORDER, customers, day) - panel.count(ANY_ORDER, customers, day - prior_days)
    silence = day - panel.latest(customers, day)
    return (panel.kinds[customers] * 10 + np.searchsorted(ORDER_BANDS, recent, side="right")) * 10 + np.searchsorted(SILENCE_BANDS, silence, side="right")
