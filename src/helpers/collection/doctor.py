"""The data doctor: which analyses the data allows, how well, and what would unlock the next (F02)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import narwhals as nw
import pandas as pd

from helpers.collection.yamltext import read_yaml
from helpers.engine import to_pandas
from helpers.tables import TABLES

VERDICTS = ("green", "amber", "red")
LEAST_FILLED = 0.05  # a column with fewer values than this is as good as absent
FACT_SAYS = {
    "history_days": "days of history", "repeat_share": "of buyers bought again", "held_out": "customers held out", "businesses": "business customers",
}  # fmt: skip


@cache
def doctor_rules() -> tuple[dict[str, Any], ...]:
    """Return the rules of `doctor.yml`, one per analysis F10 to F59."""
    return tuple(read_yaml(files("helpers.collection").joinpath("doctor.yml").read_text(encoding="utf-8")))


def measure_lines(order_lines: nw.LazyFrame) -> dict[str, float]:
    """Return facts about order lines without loading them: customers, orders, history_days, repeat_share, filled columns."""
    columns = [c.name for c in TABLES["order_lines"].columns]
    filled = to_pandas(order_lines.select(nw.len().alias("rows"), *[nw.col(c).count().alias(f"order_lines.{c}") for c in columns]))
    rows = max(int(filled["rows"].iloc[0]), 1)
    span = to_pandas(order_lines.select(nw.col("order_date").min().alias("first"), nw.col("order_date").max().alias("last")))
    orders = to_pandas(order_lines.filter(~nw.col("is_return")).select("customer_id", "order_id").unique().group_by("customer_id").agg(nw.len().alias("orders")))
    days = (span["last"].iloc[0] - span["first"].iloc[0]).days + 1 if pd.notna(span["last"].iloc[0]) else 0
    facts = {"order_lines": float(filled["rows"].iloc[0]), "customers": float(len(orders)), "orders": float(orders["orders"].sum()), "history_days": float(days)}
    facts["repeat_share"] = float((orders["orders"] > 1).mean()) if len(orders) else 0.0
    return facts | {f"order_lines.{c}": float(filled[f"order_lines.{c}"].iloc[0]) / rows for c in columns}


def measure_tables(tables: Mapping[str, pd.DataFrame | None]) -> dict[str, float]:
    """Return facts about the other tables: rows per table, share filled per column, held_out, businesses."""
    facts: dict[str, float] = {}
    for name, frame in tables.items():
        if frame is None:
            continue
        facts[name if name != "customers" else "customer_records"] = float(len(frame))
        facts |= {f"{name}.{c}": float(frame[c].notna().mean()) if len(frame) else 0.0 for c in frame.columns}
    touches, customers = tables.get("touches"), tables.get("customers")
    facts["held_out"] = float((touches["group"] == "held_out").sum()) if touches is not None else 0.0
    facts["businesses"] = float((customers["kind"] == "business").sum()) if customers is not None else 0.0
    return facts


def examine(facts: Mapping[str, float]) -> pd.DataFrame:
    """Judge every analysis by what the data holds.

    Parameters
    ----------
    facts : mapping of str to float
        From `measure_lines` and `measure_tables`: row counts by table, share of filled cells by `table.column`, counts by name.

    Returns
    -------
    pandas.DataFrame
        feature, analysis, notebook, verdict ("green", "amber", "red"), why, unlock (the single table, column or count that would lift the verdict
        next, empty when green; all str). One row per analysis, F10 to F59. Small numbers give amber with the numbers, not a refusal.

    Examples
    --------
    >>> verdicts = examine({"order_lines": 900.0, "customers": 120.0, "orders": 400.0, "history_days": 400.0, "repeat_share": 0.5})
    >>> verdicts.loc[0, ["feature", "verdict", "why"]].tolist()
    ['F10', 'amber', 'few data: 120 customers, 500 are better; read shares with care']
    """
    return pd.DataFrame([_judge(rule, facts) for rule in doctor_rules()]).astype("str")


def _judge(rule: Mapping[str, Any], facts: Mapping[str, float]) -> dict[str, str]:
    lacking = [n for n in rule["needs"] if not _has(n, facts)]
    short = {f: (facts.get(f, 0.0), low) for f, (_, low) in rule["least"].items() if facts.get(f, 0.0) < low}
    few = {f: (facts.get(f, 0.0), good) for f, (good, _) in rule["least"].items() if facts.get(f, 0.0) < good}
    wanted = [n for n in rule["better"] if not _has(n, facts)]
    head = {"feature": rule["feature"], "analysis": rule["analysis"], "notebook": rule["notebook"]}
    if lacking:
        return head | {"verdict": "red", "why": f"no {' and no '.join(map(_say, lacking))}", "unlock": lacking[0]}
    if short:
        fact, (have, low) = next(iter(short.items()))
        return head | {"verdict": "red", "why": f"{_amount(fact, have)}, at least {_number(fact, low)} are needed", "unlock": f"more {_label(fact)}"}
    if few:
        fact, (have, good) = next(iter(few.items()))
        return head | {"verdict": "amber", "why": f"few data: {_amount(fact, have)}, {_number(fact, good)} are better; read shares with care", "unlock": f"more {_label(fact)}"}
    if wanted:
        return head | {"verdict": "amber", "why": f"possible, better with {' and '.join(map(_say, wanted))}", "unlock": wanted[0]}
    return head | {"verdict": "green", "why": "everything it needs is there", "unlock": ""}


def _has(name: str, facts: Mapping[str, float]) -> bool:
    if "." in name:
        return facts.get(name, 0.0) >= LEAST_FILLED
    return facts.get("customer_records" if name == "customers" else name, 0.0) > 0


def _say(name: str) -> str:
    table, _, column = name.partition(".")
    return f"{column} in {table}" if column else table.replace("_", " ")


def _label(fact: str) -> str:
    return {"history_days": "days of history", "repeat_share": "customers who bought twice"}.get(fact, FACT_SAYS.get(fact, fact))


def _number(fact: str, value: float) -> str:
    return f"{value:.0%}".replace("%", " %") if fact == "repeat_share" else f"{value:,.0f}"


def _amount(fact: str, value: float) -> str:
    return f"{_number(fact, value)} {FACT_SAYS.get(fact, fact)}"


def list_unlocks(verdicts: pd.DataFrame) -> pd.DataFrame:
    """Return what to add first: unlock (str), analyses (Int64, how many it lifts), features (str); most first."""
    pending = verdicts[verdicts["unlock"] != ""]
    counts = Counter(pending["unlock"])
    rows = [(u, n, ", ".join(pending.loc[pending["unlock"] == u, "feature"])) for u, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return pd.DataFrame(rows, columns=["unlock", "analyses", "features"]).astype({"unlock": "str", "analyses": "Int64", "features": "str"})
