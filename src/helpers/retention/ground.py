"""What candidates stand on: who is in which situation, on which occasions, under which rules, with which people at which prices."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from helpers.retention.owners import price_of
from helpers.retention.playbook import CONSENT, Playbook
from helpers.retention.settings import ActionsSettings

BY_RULE = ("open_ticket", "complaint", "touched")


@dataclass(frozen=True)
class Ground:
    """Everything that decides what could be done, and a view of the customers with what forbids and helps written beside them."""

    situations: pd.DataFrame
    triggers: pd.DataFrame
    cadence: pd.DataFrame
    rules: pd.DataFrame
    cooldowns: pd.Series
    recent: pd.Series
    preferences: pd.DataFrame | None
    winback: pd.DataFrame
    team: pd.DataFrame
    prices: pd.DataFrame
    playbook: Playbook
    settings: ActionsSettings
    as_of: dt.date

    @cached_property
    def price(self) -> dict[str, tuple[float, float, bool]]:
        """Row of the price list to (unit_cost, hours, is_default)."""
        return dict(price_of(self.prices))

    @cached_property
    def people(self) -> pd.DataFrame:
        """The situations with `_no_<consent>` (boolean), `_says_<rule>` (str, empty when the rule does not hold), `_recent`, `_liked`, `_odds`, `_back` (odds of coming back, and what that brings), and no occasion yet."""
        ids = self.situations["customer_id"]
        told: dict[str, object] = {f"_no_{kind}": ids.isin(self._under(f"no_consent_{kind}").index).to_numpy() for kind in set(CONSENT.values())}
        told |= {f"_says_{rule}": _words_of(ids, self._under(rule)) for rule in BY_RULE}
        liked = np.full(len(ids), "", dtype=object) if self.preferences is None else _words_of(ids, self.preferences.set_index("customer_id")["preferred"])
        back = self.winback.set_index("customer_id")
        told |= {"_recent": ids.map(self.recent).astype("float64").fillna(0).to_numpy("int64"), "_liked": liked}
        told |= {name: ids.map(back[column]).astype("float64").fillna(0.0).to_numpy("float64") for name, column in (("_odds", "natural_odds"), ("_back", "value_if_back"))}
        return self.situations.assign(**told, occasion="", because="", because_zh="", until=pd.Series(pd.NaT, index=ids.index, dtype="datetime64[us]"))

    def _under(self, rule: str) -> pd.Series:
        return self.rules[self.rules["rule"] == rule].drop_duplicates("customer_id", keep="last").set_index("customer_id")["says"]

    def held_out_of(self, play: str) -> pd.Series:
        """Return what is said of those who are held out of a play, by customer."""
        rows = self.rules[(self.rules["rule"] == "held_out") & (self.rules["play"] == play)]
        return rows.drop_duplicates("customer_id", keep="last").set_index("customer_id")["says"]

    def last_treated(self, play: str) -> pd.Series:
        """Return the last day on which each customer got a play."""
        known = self.cooldowns.index.get_level_values(1)
        return self.cooldowns.xs(play, level=1).astype("datetime64[us]") if play in known else pd.Series(dtype="datetime64[us]")

    @cached_property
    def consent_is_known(self) -> bool:
        """Whether anybody is known to have refused anything: without it nobody was asked."""
        return bool(self.rules["rule"].str.startswith("no_consent").any())

    @cached_property
    def one_kind_only(self) -> bool:
        """Whether nobody's kind is known: such customers are treated as private ones."""
        return "kind" not in self.situations or not self.situations["kind"].notna().any()


def _words_of(ids: pd.Series, said: pd.Series) -> np.ndarray:
    """What is said of each customer, an empty text of the others; nobody at all is no float."""
    return ids.map(said).astype("object").fillna("").to_numpy(dtype=object)


def is_business(people: pd.DataFrame) -> np.ndarray:
    """Say which customers are businesses; who is not known to be one is not."""
    return (people["kind"] == "business").fillna(False).to_numpy(dtype=bool) if "kind" in people else np.zeros(len(people), dtype=bool)
