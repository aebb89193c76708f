"""The index of a batch: one row per run, as a table for programs and as a page for people."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pandas as pd

from helpers.runs.batch.plan import Planned
from helpers.runs.batch.state import FAILED, FINISHED, NEW, UNFINISHED, WRONG
from helpers.runs.figures import HEADLINES
from helpers.show.index_page import Cell, IndexPage, Row, build_index
from helpers.show.plots_batches import PANELS, plot_figure_by_group, plot_tiers_by_group, say_figure_by_group, say_tiers_by_group
from helpers.show.report import Figure, draw
from helpers.show.style import set_style

if TYPE_CHECKING:
    from helpers.runs.batch.driver import Batch

SHARE = "share of "
LATE_DAYS = 7  # a week without any order is worth a question; it may be a small group
LISTS = {"page": "actions/action_list.html", "workbook": "action_list.xlsx"}  # what people work with, where a run has it
STATUS = {FINISHED: "finished", FAILED: "failed", "failed": "failed", WRONG: "failed", NEW: "not yet", UNFINISHED: "not yet"}


def index_table(batch: Batch) -> pd.DataFrame:
    """Return the index of a batch.

    Parameters
    ----------
    batch : Batch

    Returns
    -------
    pandas.DataFrame
        One row per run in the order of the file: run, profile (str), as_of (datetime64[us]), filters, settings, status (finished, failed, not yet),
        error (str, one sentence or empty), seconds (float64, of the last time it was run), currency (str), one column per headline figure
        (float64, missing when not measured), one column `share of <tier>` per tier that any run has (float64).
    """
    order = {name: place for place, name in enumerate(_file_order(batch))}
    rows = [_row(run, batch) for run in sorted(batch.plan.runs, key=lambda r: order[r.name])]
    frame = pd.DataFrame(rows)
    texts = ["run", "profile", "filters", "settings", "status", "error", "currency"]
    numbers = [c for c in frame if c not in texts and c != "as_of"]
    return frame.assign(as_of=pd.to_datetime(frame["as_of"])).astype(dict.fromkeys(texts, "str") | dict.fromkeys(numbers, "float64") | {"as_of": "datetime64[us]"})


def _file_order(batch: Batch) -> list[str]:
    from helpers.runs.batch.grid import expand

    return [spec.name for spec in expand(batch.plan.batch)]


def _row(run: Planned, batch: Batch) -> dict[str, Any]:
    state, outcome = batch.states[run.name], batch.outcomes.get(run.name, {})
    current = state == FINISHED or (state in {FAILED, "failed"} and batch.records[run.name].get("key") == run.key)
    record = batch.records[run.name] if current else {}
    figures = record.get("figures", {})
    spent = sum(n["seconds"] for n in record.get("notebooks", [])) + sum(record.get("stage_seconds", {}).values())
    return {
        "run": run.name, **run.what, "status": STATUS.get(state, "not yet"), "error": outcome.get("error", "") or run.fault or _notebook_error(record),
        "seconds": outcome.get("seconds", spent or None), "currency": record.get("currency", ""),
        **{h.key: figures.get(h.key) for h in HEADLINES}, **{f"{SHARE}{t}": s for t, s in figures.get("tier_shares", {}).items()},
    }  # fmt: skip


def _notebook_error(record: dict[str, Any]) -> str:
    return next((f"{n['notebook']}, {n['error']}" for n in record.get("notebooks", []) if n["status"] != "ok"), "")


def write_index(batch: Batch, *, pictures: bool) -> None:
    """Write `index.parquet` and `index.html` to the batch's place.

    Parameters
    ----------
    batch : Batch
    pictures : bool
        Draw the small multiples too; left out while a batch is at work.
    """
    table = index_table(batch)
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    batch.store.write("index.parquet", buffer.getvalue())
    batch.store.write("index.html", build_index(index_page(batch, table, _figures(table) if pictures else ())))


def index_page(batch: Batch, table: pd.DataFrame, figures: tuple[Figure, ...]) -> IndexPage:
    """Return what the page shows: columns in which runs differ, headline figures with their difference to the base run, errors, links."""
    told = batch.plan.batch
    varied = [c for c in ("profile", "as_of", "filters", "settings") if table[c].nunique(dropna=False) > 1]
    same = {c: _text(table[c].iloc[0]) for c in ("profile", "as_of", "filters", "settings") if c not in varied}
    measured = [h for h in HEADLINES if table[h.key].notna().any()]
    shares = [c for c in table if str(c).startswith(SHARE)]
    rows = tuple(_page_row(r, varied, batch) for r in table.to_dict("records"))
    columns = tuple(Cell(h.key, f"{h.title}{_in(table) if h.unit == 'money' else ''}", h.unit, h.says) for h in measured) + tuple(Cell(str(c), str(c).removeprefix(SHARE), "share", "share of the customers in this tier") for c in shares)
    values = {r["run"]: {c.key: (None if pd.isna(r[c.key]) else r[c.key]) for c in columns} | {"currency": r["currency"]} for r in table.to_dict("records")}
    base = _base(table, batch.plan.base)
    return IndexPage(
        notes=(*_notes(table, [h.title for h in HEADLINES if table[h.key].isna().all()]), *_base_note(base, batch.plan.base, table)), title=told.title or told.batch, base=base, varied=tuple(varied), same=tuple((k.replace("_", " "), v) for k, v in same.items() if v),
        columns=columns, rows=rows, values=values, figures=figures,
    )  # fmt: skip


def _base(table: pd.DataFrame, wanted: str) -> str:
    """The run that others are compared with: the file's, else the first that is finished."""
    done = table.loc[table["status"] == "finished", "run"].tolist()
    return wanted if wanted in done or not done else done[0]


def _base_note(base: str, wanted: str, table: pd.DataFrame) -> tuple[str, ...]:
    if base == wanted:
        return ()
    failed = table.set_index("run").at[wanted, "status"] == "failed"
    return (f"{wanted} {'failed' if failed else 'is not finished yet'}: the others are compared with {base} instead.",)


def _in(table: pd.DataFrame) -> str:
    """The currency, as part of a title; runs in several currencies say theirs in a note."""
    known = sorted(set(table["currency"]) - {""})
    return f" ({known[0]})" if len(known) == 1 else ""


def _notes(table: pd.DataFrame, absent: list[str]) -> tuple[str, ...]:
    lacks = [f"Not measured, because no run has the tables: {', '.join(absent)}."] if absent else []
    apart = table["filters"].nunique(dropna=False) > 1
    late = table.loc[table["status"].eq("finished") & table["quiet_days"].gt(LATE_DAYS)]
    lacks += [f"The newest order lies more than {LATE_DAYS} days before the as-of day in {_names(late['run'].tolist())}: is the export complete?"] if len(late) else []
    own = table[table["currency"] != ""].groupby("currency", sort=True)["run"].agg(list)
    lacks += [f"Money is in each run's own currency: {'; '.join(f'{c} in {_names(runs)}' for c, runs in own.items())}."] if len(own) > 1 else []
    return (*lacks, *(["Scores and tiers are cut within each run's own customers: shares tell how a group is made up, they do not add up across groups."] if apart else []))


def _names(runs: list[str]) -> str:
    return ", ".join(runs[:3]) + (f" and {len(runs) - 3} more" if len(runs) > 3 else "")


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else "" if pd.isna(value) else str(value)


def _page_row(row: dict[str, Any], varied: list[str], batch: Batch) -> Row:
    name = row["run"]
    there = batch.store.sizes(name) if row["status"] == "failed" else {}
    partly = tuple((f.split("/")[-1], f"{name}/{f}") for f in sorted(there) if f.startswith("notebooks/") and f.endswith(".html"))
    report = f"{name}/report.html" if row["status"] == "finished" or "report.html" in there else ""
    made = batch.records[name].get("files", {}) if row["status"] == "finished" else {}
    lists = tuple((text, f"{name}/{file}") for text, file in LISTS.items() if file in made)
    seconds = "" if pd.isna(row["seconds"]) else f"{row['seconds']:.1f}"
    return Row(name, report, tuple(_text(row[c]) for c in varied), row["status"], row["error"], seconds, partly if row["status"] == "failed" else (), lists)


def _figures(table: pd.DataFrame) -> tuple[Figure, ...]:
    """Small multiples over as-of dates, a panel per group of runs that differ in nothing else."""
    done = table[table["status"] == "finished"].copy()
    if done["as_of"].nunique() < 2 or done["profile"].nunique() > 1:
        return ()
    set_style()
    done["group"] = _groups(done)
    shown = [h for h in HEADLINES if done[h.key].notna().any()][:PANELS]
    charts = [
        draw(plot_figure_by_group, done, h.key, message=say_figure_by_group(done, h.key, h.title), title=h.title, unit=_unit(done, h.unit)) for h in shown
    ]
    shares = [c for c in done if str(c).startswith(SHARE)]
    long = done.melt(id_vars=["group", "as_of"], value_vars=shares, var_name="tier", value_name="share")
    long["tier"] = long["tier"].str.removeprefix(SHARE)
    return (draw(plot_tiers_by_group, long, message=say_tiers_by_group(long)), *charts)


def _unit(table: pd.DataFrame, unit: str) -> str:
    return str(table["currency"].iloc[0]) if unit == "money" else "number"


def _groups(table: pd.DataFrame) -> pd.Series:
    own = table["settings"].where(table["settings"] == "", ", " + table["settings"]) if table["settings"].nunique() > 1 else ""
    return (table["filters"] + own).astype("str")
