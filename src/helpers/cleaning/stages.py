"""Stages of cleaning: raw tables to canonical ones, with the ledger that accounts for every row."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd
from hamilton.function_modifiers import parameterize, source, value

from helpers.axes.judgements import JUDGED_BY, fill_expiry
from helpers.cleaning.filters import OUTSIDE, count_outside, keep_cells, keep_lines, keep_marked_lines, keep_rows, sum_outside
from helpers.cleaning.ledger import build_ledger, line_counts, row_counts, set_aside_lines, set_aside_rows, summarise_reasons
from helpers.cleaning.lines import keep_with_origin, mark_order_lines, only_line_columns
from helpers.cleaning.orders import build_orders, match_returns
from helpers.cleaning.privacy import ID_COLUMNS, pseudonymise, pseudonymise_lines, pseudonymise_rows
from helpers.cleaning.rows import SourceHints, cell_problems, keep, mark_rows
from helpers.cleaning.settings import CleaningSettings
from helpers.cleaning.settings_customers import PrivacySettings
from helpers.cleaning.settings_filters import FiltersSettings
from helpers.tables import table

SMALL = ("products", "contracts", "equipment", "contacts", "interactions", "tickets", "surveys", "events", "touches", "ratings", "signals", "staff", "costs")
PLAIN = ("products", "staff", "costs")  # tables whose rows belong to no customer
OWNED = tuple(name for name in SMALL if name not in {*PLAIN, *JUDGED_BY})


@parameterize(**{f"{name}_marked": {"raw": source(f"raw_{name}"), "table_name": value(name)} for name in SMALL})
def small_table_marked(raw: pd.DataFrame, table_name: str, as_of: dt.date, source_hints: dict[str, SourceHints]) -> pd.DataFrame:
    """Every row of {table_name} that was read, typed, with its one fate."""
    return mark_rows(raw, table_name, as_of=as_of, hints=source_hints)


@parameterize(**{f"{name}_cell_problems": {"marked": source(f"{name}_marked"), "raw": source(f"raw_{name}"), "table_name": value(name)} for name in (*SMALL, "customers")})
def small_cell_problems(marked: pd.DataFrame, raw: pd.DataFrame, table_name: str) -> pd.DataFrame:
    """Cells of {table_name} that could not be read; their rows stay."""
    return cell_problems(marked, raw, table_name)


@parameterize(**{name: {"marked": source(f"{name}_marked"), "table_name": value(name)} for name in OWNED})
def owned_table(
    marked: pd.DataFrame, table_name: str, customer_map: pd.DataFrame | None, scope_identified: pd.DataFrame, privacy_settings: PrivacySettings,
    filters_settings: FiltersSettings,
) -> pd.DataFrame:  # fmt: skip
    """Canonical table {table_name}: kept rows, merged customers under one id, no contact data."""
    inside = keep_rows(marked, table_name, scope_identified, customer_map, filters_settings)
    return pseudonymise_rows(keep(inside, table_name), table_name, customer_map=customer_map, settings=privacy_settings)


@parameterize(**{name: {"marked": source(f"{name}_marked"), "table_name": value(name)} for name in JUDGED_BY})
def judged_table(
    marked: pd.DataFrame, table_name: str, customer_map: pd.DataFrame | None, scope_identified: pd.DataFrame, privacy_settings: PrivacySettings,
    filters_settings: FiltersSettings,
) -> pd.DataFrame:  # fmt: skip
    """Canonical table {table_name}: kept rows, the last day on which each counts filled in, expired ones included."""
    inside = keep_rows(marked, table_name, scope_identified, customer_map, filters_settings)
    kept = fill_expiry(keep(inside, table_name), str(table(table_name).dated_by))
    return pseudonymise_rows(kept, table_name, customer_map=customer_map, settings=privacy_settings)


@parameterize(**{name: {"marked": source(f"{name}_marked"), "table_name": value(name)} for name in PLAIN})
def plain_table(marked: pd.DataFrame, table_name: str, privacy_settings: PrivacySettings) -> pd.DataFrame:
    """Canonical table {table_name}: kept rows, no contact data."""
    return pseudonymise_rows(keep(marked, table_name), table_name, customer_map=None, settings=privacy_settings)


def order_lines_marked(
    raw_order_lines: nw.LazyFrame, as_of: dt.date, source_hints: dict[str, SourceHints], cleaning_settings: CleaningSettings, customer_map: pd.DataFrame | None
) -> nw.LazyFrame:
    """Every order line that was read, typed, with its one fate."""
    marked = mark_order_lines(raw_order_lines, as_of=as_of, hints=source_hints, settings=cleaning_settings, customer_map=customer_map)
    return marked.sort("read_from", "row")


def order_lines_matched_marked(order_lines_marked: nw.LazyFrame, privacy_settings: PrivacySettings) -> nw.LazyFrame:
    """Kept order lines of the whole data, with where they were read: returns know the order they belong to."""
    lines = match_returns(keep_with_origin(order_lines_marked))
    return pseudonymise_lines(lines, settings=privacy_settings).sort("order_id", "line_no", "customer_id", "read_from", "row")


def order_lines(order_lines_matched_marked: nw.LazyFrame, scope_identified: pd.DataFrame, filters_settings: FiltersSettings) -> nw.LazyFrame:
    """Canonical order lines, those inside the filter: returns know the order they belong to."""
    inside = keep_lines(order_lines_matched_marked, scope_identified, filters_settings)
    return only_line_columns(inside.sort("order_id", "line_no", "customer_id", "read_from", "row"))


def orders(order_lines: nw.LazyFrame) -> nw.LazyFrame:
    """One row per order; matched returns reduce the order they belong to."""
    return build_orders(order_lines)


def fate_counts(
    order_lines_marked: nw.LazyFrame,
    order_lines_matched_marked: nw.LazyFrame,
    scope_identified: pd.DataFrame,
    customer_map: pd.DataFrame | None,
    filters_settings: FiltersSettings,
    customers_marked: pd.DataFrame | None,
    products_marked: pd.DataFrame | None,
    contracts_marked: pd.DataFrame | None,
    equipment_marked: pd.DataFrame | None,
    contacts_marked: pd.DataFrame | None,
    interactions_marked: pd.DataFrame | None,
    tickets_marked: pd.DataFrame | None,
    surveys_marked: pd.DataFrame | None,
    events_marked: pd.DataFrame | None,
    touches_marked: pd.DataFrame | None,
    ratings_marked: pd.DataFrame | None,
    signals_marked: pd.DataFrame | None,
    staff_marked: pd.DataFrame | None,
    costs_marked: pd.DataFrame | None,
) -> pd.DataFrame:
    """Rows and money per source, fate and reason, over all tables, and what of them lies outside the filter."""
    marked = _small_marked(locals())
    lines = keep_marked_lines(order_lines_marked, order_lines_matched_marked, scope_identified, filters_settings)
    kept = {n: keep_rows(f, n, scope_identified, customer_map, filters_settings) for n, f in marked.items()}
    inside = pd.concat([line_counts(lines), *[row_counts(frame, name) for name, frame in kept.items()]], ignore_index=True)
    every = pd.concat([line_counts(order_lines_marked), *[row_counts(frame, name) for name, frame in marked.items()]], ignore_index=True) if filters_settings.active else inside
    return count_outside(inside, every)


def _small_marked(given: dict[str, object]) -> dict[str, pd.DataFrame]:
    """The marked small tables among a stage's parameters, by the table's name."""
    return {n.removesuffix("_marked"): f for n, f in given.items() if n.endswith("_marked") and isinstance(f, pd.DataFrame)}


def filtered_out(fate_counts: pd.DataFrame) -> pd.DataFrame:
    """Rows and money outside the filter, per source; the ledger accounts for the rest."""
    return sum_outside(fate_counts)


def ledger(fate_counts: pd.DataFrame) -> pd.DataFrame:
    """Rows read = kept + merged + set aside, and the same for money, per source."""
    return build_ledger(fate_counts[fate_counts["fate"] != OUTSIDE])


def set_aside_reasons(fate_counts: pd.DataFrame) -> pd.DataFrame:
    """Why rows were not kept, most rows first."""
    return summarise_reasons(fate_counts[fate_counts["fate"] != OUTSIDE])


def set_aside(
    order_lines_marked: nw.LazyFrame,
    customers_marked: pd.DataFrame | None,
    customers_cell_problems: pd.DataFrame | None,
    products_marked: pd.DataFrame | None,
    products_cell_problems: pd.DataFrame | None,
    tickets_marked: pd.DataFrame | None,
    tickets_cell_problems: pd.DataFrame | None,
    surveys_marked: pd.DataFrame | None,
    surveys_cell_problems: pd.DataFrame | None,
    events_marked: pd.DataFrame | None,
    events_cell_problems: pd.DataFrame | None,
    touches_marked: pd.DataFrame | None,
    touches_cell_problems: pd.DataFrame | None,
    interactions_marked: pd.DataFrame | None,
    interactions_cell_problems: pd.DataFrame | None,
    contracts_marked: pd.DataFrame | None,
    contracts_cell_problems: pd.DataFrame | None,
    equipment_marked: pd.DataFrame | None,
    equipment_cell_problems: pd.DataFrame | None,
    contacts_marked: pd.DataFrame | None,
    contacts_cell_problems: pd.DataFrame | None,
    ratings_marked: pd.DataFrame | None,
    ratings_cell_problems: pd.DataFrame | None,
    signals_marked: pd.DataFrame | None,
    signals_cell_problems: pd.DataFrame | None,
    order_lines_matched_marked: nw.LazyFrame,
    scope_identified: pd.DataFrame,
    customer_map: pd.DataFrame | None,
    privacy_settings: PrivacySettings,
    filters_settings: FiltersSettings,
) -> pd.DataFrame:
    """Every row that was merged or set aside and every cell that was emptied: where, what, why."""
    given = locals()
    marked = {n: keep_rows(f, n, scope_identified, customer_map, filters_settings) for n, f in _small_marked(given).items()}
    cells = [f for n, f in given.items() if n.endswith("_cell_problems") and isinstance(f, pd.DataFrame)]
    lines = set_aside_lines(keep_marked_lines(order_lines_marked, order_lines_matched_marked, scope_identified, filters_settings))
    small = set_aside_rows(marked, keep_cells(pd.concat(cells, ignore_index=True), marked)) if cells else lines.iloc[:0]
    both = pd.concat([lines, small], ignore_index=True)
    ids = both["column"].isin(ID_COLUMNS) & both["value"].notna()
    shown = both["value"].mask(ids, pseudonymise(both["value"].where(ids), settings=privacy_settings))
    return both.assign(value=shown.astype("str")).sort_values(["table", "source", "row", "column"], kind="stable", ignore_index=True)
