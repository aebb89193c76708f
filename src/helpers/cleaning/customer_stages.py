"""Stages of cleaning that are about customers."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.cleaning.customers import list_missing_fields, mark_merged, mark_tests, merge_customers
from helpers.cleaning.duplicates import comparable_records, find_pairs
from helpers.cleaning.filters import keep_rows, select_customers
from helpers.cleaning.privacy import list_birthday_months, pseudonymise, pseudonymise_rows
from helpers.cleaning.profile360 import build_customer_360, summarise_freshness
from helpers.cleaning.review import build_customer_map, decide, review_queue
from helpers.cleaning.rows import SourceHints, mark_rows
from helpers.cleaning.settings_customers import DuplicatesSettings, PrivacySettings, TagsSettings
from helpers.cleaning.settings_filters import FiltersSettings
from helpers.cleaning.tags import assign_tags
from helpers.engine import to_pandas


def customers_tested_marked(raw_customers: pd.DataFrame, as_of: dt.date, source_hints: dict[str, SourceHints], duplicates_settings: DuplicatesSettings) -> pd.DataFrame:
    """Every customer record that was read, typed; tests set aside, duplicates not yet looked for."""
    return mark_tests(mark_rows(raw_customers, "customers", as_of=as_of, hints=source_hints), duplicates_settings)


def duplicate_pairs_identified(customers_tested_marked: pd.DataFrame, duplicate_decisions: pd.DataFrame | None, duplicates_settings: DuplicatesSettings) -> pd.DataFrame:
    """Pairs of records that may be one customer, with evidence and what is done about each."""
    pairs = find_pairs(comparable_records(customers_tested_marked, duplicates_settings), duplicates_settings)
    return decide(pairs, duplicate_decisions, duplicates_settings)


def customer_map(customers_tested_marked: pd.DataFrame, duplicate_pairs_identified: pd.DataFrame) -> pd.DataFrame:
    """Which record belongs to which customer, by the ids of the export."""
    return build_customer_map(customers_tested_marked, duplicate_pairs_identified)


def customers_marked(customers_tested_marked: pd.DataFrame, customer_map: pd.DataFrame) -> pd.DataFrame:
    """Every customer record with its one fate, duplicates merged."""
    return mark_merged(customers_tested_marked, customer_map)


def duplicate_review_identified(duplicate_pairs_identified: pd.DataFrame, customers_tested_marked: pd.DataFrame) -> pd.DataFrame:
    """Pairs that wait for a person's decision, with names."""
    return review_queue(duplicate_pairs_identified, customers_tested_marked)


def duplicate_pairs(duplicate_pairs_identified: pd.DataFrame, privacy_settings: PrivacySettings) -> pd.DataFrame:
    """Pairs of records that may be one customer, without names and raw ids."""
    codes = {c: pseudonymise(duplicate_pairs_identified[c], settings=privacy_settings) for c in ("raw_id_a", "raw_id_b")}
    return duplicate_pairs_identified.assign(**codes).rename(columns={"raw_id_a": "record_a", "raw_id_b": "record_b"})


def merged_customers_identified(customers_marked: pd.DataFrame, customer_map: pd.DataFrame) -> pd.DataFrame:
    """All customers after merging, with contact data, by the ids of the export."""
    return merge_customers(customers_marked, customer_map)


def scope_identified(merged_customers_identified: pd.DataFrame | None, filters_settings: FiltersSettings, privacy_settings: PrivacySettings) -> pd.DataFrame:
    """The customers that a filter on market or kind leaves in."""
    return select_customers(merged_customers_identified, settings=filters_settings, privacy=privacy_settings)


def customers(
    merged_customers_identified: pd.DataFrame, scope_identified: pd.DataFrame, privacy_settings: PrivacySettings, filters_settings: FiltersSettings
) -> pd.DataFrame:
    """Canonical customers inside the filter: one row each after merging, no contact data."""
    inside = keep_rows(merged_customers_identified, "customers", scope_identified, None, filters_settings)
    return pseudonymise_rows(inside, "customers", customer_map=None, settings=privacy_settings)


def birthday_months(customers_marked: pd.DataFrame, customer_map: pd.DataFrame, privacy_settings: PrivacySettings) -> pd.DataFrame:
    """The month in which each person has birthday, by code: the day stays hidden."""
    merged = merge_customers(customers_marked, customer_map)
    return list_birthday_months(merged, privacy_settings)


def missing_fields(customers: pd.DataFrame) -> pd.DataFrame:
    """Which facts each owner's customers lack."""
    return list_missing_fields(customers)


def customer_360(
    orders: nw.LazyFrame,
    as_of: dt.date,
    customers: pd.DataFrame | None,
    interactions: pd.DataFrame | None,
    tickets: pd.DataFrame | None,
    surveys: pd.DataFrame | None,
    events: pd.DataFrame | None,
    touches: pd.DataFrame | None,
    contracts: pd.DataFrame | None,
    equipment: pd.DataFrame | None,
    contacts: pd.DataFrame | None,
) -> pd.DataFrame:
    """Everything that is known per customer on one row, with the age of each block."""
    tables = {n: f for n, f in locals().items() if n not in {"orders", "as_of"}}
    sums = to_pandas(orders.select("customer_id", "order_date", "net_amount"))
    return build_customer_360(sums, tables, as_of=as_of)


def block_freshness(customer_360: pd.DataFrame) -> pd.DataFrame:
    """How many customers each block of the 360 view covers, and how old it is."""
    return summarise_freshness(customer_360)


def tags(customer_360: pd.DataFrame, tickets: pd.DataFrame | None, as_of: dt.date, tags_settings: TagsSettings) -> pd.DataFrame:
    """Rule tags with rule, day, expiry and reason."""
    return assign_tags(customer_360, tickets, as_of=as_of, settings=tags_settings)
