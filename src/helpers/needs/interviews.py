"""Whom to interview, and what to ask with the customer's own facts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.needs.maps import NeedsMaps
from helpers.needs.settings_people import InterviewsSettings
from helpers.needs.stats import stable_order

THEMES = ("current_pain", "future_expectation", "unmet_need")



def plan_interviews(
    customer_tiers: pd.DataFrame, purchase_cycles: pd.DataFrame | None, need_types: pd.DataFrame | None, settings: InterviewsSettings
) -> pd.DataFrame:
    """Return whom to interview: every tier in both states of risk, as many as its share allows.

    Parameters
    ----------
    customer_tiers : pandas.DataFrame
        customer_id, tier, total_spend, order_count.
    purchase_cycles : pandas.DataFrame or None
        is_overdue is the risk; without it everybody is "risk unknown".
    need_types : pandas.DataFrame or None
        Carried along.
    settings : InterviewsSettings

    Returns
    -------
    pandas.DataFrame
        customer_id, tier, risk (overdue, in rhythm, no rhythm yet, risk unknown), cell_customers, cell_interviews (Int64), need_type (str), total_spend
        (float64),
        second_coder (boolean), reason (str). Sorted by tier, risk, order of choice.

    Notes
    -----
    Row 002-35, feature F21. Interviews go to cells by the square root of their size, at least one where there is room, so that small
    cells are heard too. Within a cell the choice is random but fixed by the customer's id, because the loudest and the largest are not typical.
    """
    told = customer_tiers[customer_tiers["order_count"] > 0][["customer_id", "tier", "total_spend"]].copy()
    overdue = told["customer_id"].map(purchase_cycles.set_index("customer_id")["is_overdue"]) if purchase_cycles is not None else None
    told["risk"] = "risk unknown" if overdue is None else overdue.map({True: "overdue", False: "in rhythm"}).astype(object).fillna("no rhythm yet")
    told["need_type"] = told["customer_id"].map(need_types.set_index("customer_id")["need_type"]) if need_types is not None else None
    sizes = told.groupby(["tier", "risk"]).size().rename("cell_customers").reset_index()
    sizes["cell_interviews"] = share_out(sizes["cell_customers"].to_numpy(), settings.count)
    ordered = (
        told.iloc[stable_order(told["customer_id"], "interview")]
        if settings.pick == "random"
        else told.sort_values(["total_spend", "customer_id"], ascending=[False, True])
    )
    ordered = ordered.merge(sizes, on=["tier", "risk"], how="left")
    chosen = ordered[ordered.groupby(["tier", "risk"]).cumcount() < ordered["cell_interviews"]]
    chosen = chosen.sort_values(["tier", "risk"], kind="stable", ignore_index=True)
    seconds = set(stable_order(chosen["customer_id"], "second coder")[: int(np.ceil(settings.second_coder * len(chosen)))]) if len(chosen) else set()
    how = "chosen at random" if settings.pick == "random" else "largest spend"
    words = [
        f"{n} of {c:,} customers of {t}, {r}; {how}"
        for n, c, t, r in zip(chosen["cell_interviews"], chosen["cell_customers"], chosen["tier"], chosen["risk"], strict=True)
    ]
    told = chosen.assign(second_coder=[n in seconds for n in range(len(chosen))], reason=words)
    columns = {
        "customer_id": "str",
        "tier": "str",
        "risk": "str",
        "cell_customers": "Int64",
        "cell_interviews": "Int64",
        "need_type": "str",
        "total_spend": "float64",
        "second_coder": "boolean",
        "reason": "str",
    }
    return told[list(columns)].astype(columns)


def share_out(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return how many interviews each cell gets: by the square root of its size, never more than it has, `count` in all where possible.

    Examples
    --------
    >>> share_out(np.array([100, 25, 1]), 8).tolist()
    [5, 2, 1]
    """
    got = np.zeros(len(sizes), dtype="int64")
    weight = np.sqrt(sizes.astype("float64"))
    first = np.argsort(-weight, kind="stable")[:count]
    got[first] = sizes[first] > 0  # every cell is heard before any is heard twice
    for _ in range(min(count, int(sizes.sum())) - int(got.sum())):
        got[np.argmax(np.where(got < sizes, weight / (got + 0.5), -1.0))] += 1  # Webster's method of rounding shares
    return got


def write_guide(plan: pd.DataFrame, facts: pd.DataFrame, maps: NeedsMaps, settings: InterviewsSettings) -> pd.DataFrame:
    """Return the guide: for each interview the questions of three themes, filled with the customer's own facts.

    Parameters
    ----------
    plan : pandas.DataFrame
        From `plan_interviews`.
    facts : pandas.DataFrame
        customer_id and the facts that the questions name, as text; a question that names a missing fact is left out.
    maps : NeedsMaps
    settings : InterviewsSettings
        `lang` chooses the language.

    Returns
    -------
    pandas.DataFrame
        customer_id, theme, theme_name, number (Int64), question (str). Rows 002-36 and 000-33.
    """
    known = facts.set_index("customer_id")
    rows = []
    for customer in plan["customer_id"]:
        own = {k: str(v) for k, v in (known.loc[customer].items() if customer in known.index else ()) if v == v and v is not None}
        for theme in THEMES:
            part = getattr(maps.interview, theme)
            asked = [q.format_map(own) for q in part.questions[settings.lang] if not _lacks(q, own)]
            rows += [(customer, theme, getattr(part, settings.lang), n, q.strip()) for n, q in enumerate(asked, 1)]
    return pd.DataFrame(rows, columns=["customer_id", "theme", "theme_name", "number", "question"]).astype(
        {"customer_id": "str", "theme": "str", "theme_name": "str", "number": "Int64", "question": "str"}
    )


def _lacks(question: str, own: dict[str, str]) -> bool:
    from string import Formatter

    return any(name and name not in own for _, name, _, _ in Formatter().parse(question))
