"""How the pool of customers moves: lifecycle balance, who moved and why, what "lapsed" is worth, whom to keep."""

from __future__ import annotations

import pandas as pd

from helpers.lifecycle.lapses import say_lapses
from helpers.rules.schemes import primary_scheme
from helpers.runs.run import Run
from helpers.runs.schemefiles import read_scheme_files
from helpers.show import plots_lifecycle as plots
from helpers.show.report import Block, Grid, Section, Text, draw
from helpers.show.tables import say_money, say_share

MOVER_ROWS = 15


def lifecycle_sections(run: Run) -> list[Section]:
    """Return the sections about lifecycle and migration; none when nobody ever bought.

    Parameters
    ----------
    run : Run
    """
    history = run.load("tier_history")
    if history["snapshot"].nunique() < 2 or not (run.load("customer_axes")["order_count"] > 0).any():
        return [Section("How customers move", (Text("Not measured: the data cover less than two dates of a quarter's end."),))]
    return [_balance(run), _moves(run), _lapses(run), _pool(run)]


def _balance(run: Run) -> Section:
    balance, history = run.load("lifecycle_balance"), int(run.load("customer_axes")["history_days"].max())
    blocks: list[Block] = [draw(plots.plot_balance, balance, message=plots.say_balance(balance))]
    if history < run.settings.lifecycle.growing_days:
        blocks.append(Text(f"The orders reach back {history} days only, and a customer counts as growing for {run.settings.lifecycle.growing_days}: nobody can be mature yet, however long he has been there."))
    return Section("Where customers stand in their lifecycle", tuple(blocks))


def _moves(run: Run) -> Section:
    moves, migration = run.load("tier_moves"), run.load("tier_migration")
    scheme = primary_scheme(read_scheme_files(), run.settings.tiering.primary)
    moved = moves[moves["direction"].isin(["up", "down"])]
    blocks: list[Block] = [draw(plots.plot_migration, migration, scheme.label(), message=plots.say_migration(moves))]
    if len(moved):
        blocks.append(draw(plots.plot_causes, moves, message="Each move is split into parts that add up; the largest part names the cause."))
        blocks.append(Grid(_mover_rows(moved, run.profile.currency), ("spent in all",), "The largest customers who moved down, and why"))
    return Section("Who moved, and why", tuple(blocks))


def _mover_rows(moved: pd.DataFrame, currency: str) -> pd.DataFrame:
    down = moved[moved["direction"] == "down"].sort_values(["total_spend", "customer_id"], ascending=[False, True]).head(MOVER_ROWS)
    return pd.DataFrame({"customer": down["customer_id"], "spent in all": down["total_spend"].map(lambda v: say_money(v, currency)), "cause": down["cause"], "what happened": down["sentence"]})


def _lapses(run: Run) -> Section:
    judged, cost = run.load("lapse_check"), run.load("hysteresis_cost")
    blocks: list[Block] = []
    if judged["flagged"].sum():
        blocks.append(draw(plots.plot_lapse_rules, judged, message=say_lapses(judged)))
    else:
        blocks.append(Text(say_lapses(judged)))
    named = {"min_snapshots": "dates in a row", "changes": "tier changes", "flaps": "undone at the next date", "real_changes": "changes that last", "median_delay_days": "shown later by (days)"}
    texts = {c: cost[c].astype("Float64").map("{:,.0f}".format, na_action="ignore").astype("object").fillna("") for c in named}
    shown = pd.DataFrame(texts).rename(columns=named)
    blocks.append(Grid(shown, tuple(named.values()), "What waiting for a second look saves and costs (hysteresis)"))
    return Section("What \"lapsed\" is worth here", tuple(blocks))


def _pool(run: Run) -> Section:
    summary, currency = run.load("pool_summary"), run.profile.currency
    blocks: list[Block] = [draw(plots.plot_pool, summary, message=plots.say_pool(summary, currency))]
    quality = run.load("source_quality") if run.measured("source_quality") else pd.DataFrame({"source": []})
    if quality["source"].ne("not known").any():
        rows = pd.DataFrame({
            "source": quality["source"], "customers": quality["customers"], "bought again": quality["repeat_share"].map(say_share) + " (" + quality["repeat_low"].map(say_share) + " to " + quality["repeat_high"].map(say_share) + ")",
            "still active": quality["still_active"].map(say_share), "spend per buyer": quality["spend_per_buyer"].map(lambda v: say_money(v, currency)), "note": quality["note"],
        })  # fmt: skip
        blocks.append(Grid(rows, ("customers", "still active", "spend per buyer"), "Which sources bring customers who stay"))
    return Section("Whom to keep, park or retire", tuple(blocks))
