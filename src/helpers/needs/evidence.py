"""What each analysis of needs stands on, so that a section without evidence says in one line what it needs."""

from __future__ import annotations

import pandas as pd

NEEDS: dict[str, tuple[str, ...]] = {  # table: evidence of which one is enough
    "basket_rules": ("order_lines.product_id",),
    "sequence_rules": ("order_lines.product_id",),
    "sequence_offers": ("order_lines.product_id",),
    "recommendation_test": ("order_lines.product_id",),
    "recommendations": ("order_lines.product_id",),
    "cross_sell": ("order_lines.product_id",),
    "category_cycles": ("products.category", "products.subcategory"),
    "category_affinity": ("products.category", "products.subcategory"),
    "need_shift": ("products.category", "products.subcategory"),
    "need_types": ("order_lines.discount", "tickets", "products.launched_on"),
    "feedback": ("tickets.text", "surveys.text", "interactions.text"),
    "sentiment_check": ("surveys.text",),
    "implicit_needs": ("tickets", "events", "equipment", "interactions"),
    "explicit_needs": ("tickets.text", "surveys.text", "interactions.text", "products.category", "products.subcategory"),
    "behaviour_links": ("events", "interactions"),
    "feature_votes": ("signals called vote: <feature>",),
    "expectation_gaps": ("ratings called expected: and perceived: <touchpoint>",),
    "coded_needs": ("filled coding sheet",),
    "voice_agreement": ("filled text sample",),
}
STANDS_FOR = {"basket_summary": "basket_rules", "voice_themes": "feedback", "voice_topics": "feedback", "voice_sample": "feedback",
    "need_type_rates": "need_types", "need_type_check": "need_types", "explicit_summary": "explicit_needs",
              "pain_point_summary": "implicit_needs", "coder_agreement": "coded_needs"}  # fmt: skip


def list_needs_evidence(known: dict[str, bool]) -> pd.DataFrame:
    """Return, per analysis, whether its evidence is there and what it needs otherwise.

    Parameters
    ----------
    known : dict of str to bool
        Whether a table or a column ("tickets.text") holds anything.

    Returns
    -------
    pandas.DataFrame
        table (str), measured (boolean), why (str: empty, or "not measured: needs ..."). Sorted.

    Examples
    --------
    >>> told = list_needs_evidence({"order_lines.product_id": False}).set_index("table")
    >>> told.at["basket_rules", "why"], told.at["need_types", "why"]
    ('not measured: needs order_lines.product_id', 'not measured: needs order_lines.discount or tickets or products.launched_on')
    """
    named = {**NEEDS, **{table: NEEDS[other] for table, other in STANDS_FOR.items()}}
    rows = [(table, any(known.get(n, False) for n in needs), f"not measured: needs {' or '.join(needs)}") for table, needs in sorted(named.items())]
    told = pd.DataFrame(rows, columns=["table", "measured", "why"])
    return told.assign(why=told["why"].mask(told["measured"], "")).astype({"table": "str", "measured": "boolean", "why": "str"})
