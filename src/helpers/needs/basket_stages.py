"""Stages about what is bought together and what follows what."""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import pandas as pd

from helpers.engine import to_pandas
from helpers.needs.baskets import JOINER, find_basket_rules, summarise_baskets
from helpers.needs.items import choose_level, item_names, list_basket_items, list_item_days
from helpers.needs.openings import list_open_sequences
from helpers.needs.sequences import find_sequences
from helpers.needs.settings import BasketsSettings, SequencesSettings


def basket_level_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None, baskets_settings: BasketsSettings) -> pd.DataFrame:
    """At which level of the product tree baskets are compared."""
    return pd.DataFrame({"level": [choose_level(order_lines, products, baskets_settings.level, baskets_settings.max_items)]}).astype("str")


def basket_item_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None, basket_level_counts: pd.DataFrame) -> nw.LazyFrame:
    """Each item once per order."""
    return list_basket_items(order_lines, products, basket_level_counts["level"].iloc[0])


def basket_rules(
    basket_item_counts: nw.LazyFrame, basket_level_counts: pd.DataFrame, products: pd.DataFrame | None, baskets_settings: BasketsSettings
) -> pd.DataFrame:
    """Who buys this also buys that, with what speaks for each rule."""
    rules = find_basket_rules(to_pandas(basket_item_counts.select("order_id", "item")), baskets_settings)
    level = basket_level_counts["level"].iloc[0]
    names = pd.Series(item_names(i := pd.Series(sorted(set(rules["consequent"])), dtype="str"), products, level).to_numpy(), index=i)
    left = rules["antecedent"].map(lambda text: JOINER.join(names.get(part, part) for part in text.split(JOINER))).astype("str")
    return rules.assign(level=level, antecedent_name=left, consequent_name=rules["consequent"].map(names).astype("str"))


def basket_summary(basket_item_counts: nw.LazyFrame, basket_rules: pd.DataFrame, basket_level_counts: pd.DataFrame) -> pd.DataFrame:
    """What the basket rules stand on."""
    return summarise_baskets(to_pandas(basket_item_counts.select("order_id", "item")), basket_rules, basket_level_counts["level"].iloc[0])


def sequence_level_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None, sequences_settings: SequencesSettings) -> pd.DataFrame:
    """At which level of the product tree sequences are looked for."""
    return pd.DataFrame({"level": [choose_level(order_lines, products, sequences_settings.level, sequences_settings.max_items)]}).astype("str")


def sequence_day_counts(order_lines: nw.LazyFrame, products: pd.DataFrame | None, sequence_level_counts: pd.DataFrame) -> pd.DataFrame:
    """On which days each customer bought each item."""
    return list_item_days(to_pandas(list_basket_items(order_lines, products, sequence_level_counts["level"].iloc[0])))


def sequence_rules(
    sequence_day_counts: pd.DataFrame, sequence_level_counts: pd.DataFrame, products: pd.DataFrame | None, as_of: dt.date, sequences_settings: SequencesSettings
) -> pd.DataFrame:
    """A, then B within the window, judged only where the whole window is over; the pairs that hold."""
    found = find_sequences(sequence_day_counts, as_of=as_of, settings=sequences_settings)
    level = sequence_level_counts["level"].iloc[0]
    kept = found[found["holds"].fillna(False)].reset_index(drop=True)
    window = f"{sequences_settings.window_days} days" if sequences_settings.window_days else f"{sequences_settings.window_months} months"
    return kept.assign(
        a_name=item_names(kept["a"], products, level),
        b_name=item_names(kept["b"], products, level),
        window=pd.Series(window, index=kept.index, dtype="str"),
        level=pd.Series(level, index=kept.index, dtype="str"),
    )


def sequence_offers(sequence_day_counts: pd.DataFrame, sequence_rules: pd.DataFrame, as_of: dt.date, sequences_settings: SequencesSettings) -> pd.DataFrame:
    """Who bought A, not yet B, and is inside the window now."""
    return list_open_sequences(sequence_day_counts, sequence_rules, as_of=as_of, settings=sequences_settings)
