"""The coding sheet of interviews: written empty, read back filled, counted beside what the data says, two coders compared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.errors import UserError
from helpers.needs.interviews import THEMES
from helpers.needs.stats import share_interval

SHEET = ("customer_id", "interviewed_on", "coder", "theme", "code", "quote", "strength")
CODED = {
    "theme": "str",
    "code": "str",
    "interviews": "Int64",
    "share": "float64",
    "low": "float64",
    "high": "float64",
    "strength": "float64",
    "also_in_behaviour": "Int64",
    "quote": "str",
}
SEEN = {  # which behaviour in our data speaks for a code: need type or signals
    "price": ("cost_sensitive", "talks_about_price"), "service": ("service_dependent", "asks_after_sales_often", "same_fault_again", "machine_fails_often"),
    "training": ("asks_how_to_use", "reads_guides"), "delivery": ("parcels_late_again",), "new_products": ("innovation_driven", "reads_trade_papers"),
    "system": ("stopped_using_features", "stopped_logging_in"), "contact_person": ("stopped_logging_in",), "range": ("looks_but_does_not_buy",),
}  # fmt: skip


def build_coding_sheet(plan: pd.DataFrame) -> pd.DataFrame:
    """Return the empty sheet for the interviewer's codes: one line per interview and theme, two where a second person codes too.

    Returns
    -------
    pandas.DataFrame
        customer_id, interviewed_on, coder (first, second), theme, code, quote, strength (1 to 5); all but customer, coder and theme are blank.
    """
    rows = [
        (c, "", coder, theme, "", "", "")
        for c, two in zip(plan["customer_id"], plan["second_coder"], strict=True)
        for coder in (("first", "second") if two else ("first",))
        for theme in THEMES
    ]
    return pd.DataFrame(rows, columns=list(SHEET)).astype("str")


def check_coding(sheet: pd.DataFrame, name: str = "interviews.csv") -> pd.DataFrame:
    """Return the filled lines of a coding sheet, typed; what is wrong is a `UserError` that names the line.

    Examples
    --------
    >>> check_coding(pd.DataFrame({"customer_id": ["C-1"], "coder": ["first"], "theme": ["pain"], "code": ["price"]}))
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: interviews.csv, line 2: theme 'pain' is none of current_pain, future_expectation, unmet_need: use one of them
    """
    lacking = [c for c in ("customer_id", "theme", "code") if c not in sheet]
    if lacking:
        raise UserError(f"{name} has no column {', '.join(lacking)}: keep the header of the sheet that the run wrote")
    filled = sheet.reindex(columns=list(SHEET)).astype("object").fillna("").astype("str").apply(lambda c: c.str.strip())
    filled = filled[filled["code"] != ""]
    for place, theme in filled["theme"].items():
        if theme not in THEMES:
            raise UserError(f"{name}, line {int(str(place)) + 2}: theme {theme!r} is none of {', '.join(THEMES)}: use one of them")
    strength = pd.to_numeric(filled["strength"], errors="coerce")
    wrong = filled.index[((filled["strength"] != "") & strength.isna()) | ~(strength.isna() | strength.between(1, 5))]
    if len(wrong):
        raise UserError(f"{name}, line {int(wrong[0]) + 2}: strength {filled.at[wrong[0], 'strength']!r} is no number from 1 to 5: correct or empty it")
    coder = filled["coder"].where(filled["coder"] != "", "first")
    return filled.assign(strength=strength.astype("float64"), code=filled["code"].str.lower().str.replace(" ", "_"), coder=coder).reset_index(drop=True)


def count_codes(coding: pd.DataFrame, need_types: pd.DataFrame | None, pain_points: pd.DataFrame | None) -> pd.DataFrame:
    """Return what interviews said, with what the data says about the same customers: two tracks to one list of needs.

    Parameters
    ----------
    coding : pandas.DataFrame
        From `check_coding`; the first coder's lines count.
    need_types, pain_points : pandas.DataFrame or None
        For the second track.

    Returns
    -------
    pandas.DataFrame
        theme, code (str), interviews (Int64, that named it), share of all coded interviews with its 95 % Wilson interval, strength (mean, 1 to 5),
        also_in_behaviour (Int64, of them
        with a need type or signal that speaks for the code; missing for codes that no behaviour can show), quote. Rows 001-20 and 002-36.
    """
    first = coding[coding["coder"] == "first"]
    total = first["customer_id"].nunique()
    shown = [
        (c, n)
        for frame, column in ((need_types, "need_type"), (pain_points, "signal"))
        if frame is not None
        for c, n in zip(frame["customer_id"], frame[column], strict=True)
    ]
    seen: dict[str, set[str]] = {}
    for customer, name in shown:
        seen.setdefault(name, set()).add(customer)
    rows = []
    for (theme, code), part in first.groupby(["theme", "code"]):
        who = set(part["customer_id"])
        also = len(who & set().union(*(seen.get(n, set()) for n in SEEN[code]))) if code in SEEN and shown else pd.NA
        quotes = part.loc[part["quote"] != "", "quote"]
        rows.append((theme, code, len(who), len(who) / total, part["strength"].mean(), also, quotes.iloc[0] if len(quotes) else None))
    told = pd.DataFrame(rows, columns=["theme", "code", "interviews", "share", "strength", "also_in_behaviour", "quote"])
    ends = share_interval(told["interviews"], [total] * len(told))
    told = told.assign(low=ends[0], high=ends[1]).round({"share": 4, "strength": 2})
    return told[list(CODED)].astype(CODED).sort_values(["theme", "interviews", "code"], ascending=[True, False, True], ignore_index=True)


def judge_coders(coding: pd.DataFrame) -> pd.DataFrame:
    """Return how far two coders of the same interviews agree: interviews, codes (Int64), agreement (share of customer-theme-code decisions alike), kappa
    (float64).

    Notes
    -----
    Each code that either coder used anywhere is a yes-or-no decision per interview and theme; Cohen's (1960) kappa by scikit-learn. Empty without a second
    coder.
    """
    from sklearn.metrics import cohen_kappa_score

    twice = coding[coding["customer_id"].isin(coding.loc[coding["coder"] == "second", "customer_id"])]
    kinds = {"interviews": "Int64", "codes": "Int64", "agreement": "float64", "kappa": "float64"}
    if twice.empty:
        return pd.DataFrame({c: pd.Series(dtype=k) for c, k in kinds.items()})
    codes, places = sorted(twice["code"].unique()), twice[["customer_id", "theme"]].drop_duplicates()
    said = {who: set(map(tuple, twice.loc[twice["coder"] == who, ["customer_id", "theme", "code"]].to_numpy().tolist())) for who in ("first", "second")}
    decisions = [(c, t, code) for c, t in places.itertuples(index=False) for code in codes]
    one, two = ([d in said[who] for d in decisions] for who in ("first", "second"))
    alike = float(np.mean([a == b for a, b in zip(one, two, strict=True)]))
    kappa = float(cohen_kappa_score(one, two)) if len(set(one) | set(two)) > 1 else 1.0
    return pd.DataFrame([{"interviews": twice["customer_id"].nunique(), "codes": len(codes), "agreement": round(alike, 4), "kappa": round(kappa, 4)}]).astype(
        kinds
    )
