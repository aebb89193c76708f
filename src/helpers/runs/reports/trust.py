"""What a reader needs to believe the report: the ledger, what the data allows, thresholds, inputs, versions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from helpers.cleaning.settings_filters import COLUMN_OF, say_filters
from helpers.runs.run import Run
from helpers.runs.settings import list_settings
from helpers.show import plots
from helpers.show.report import Block, Grid, Links, Section, Text, draw
from helpers.show.tables import say_money

REASON_ROWS = 25


def trust_sections(run: Run, manifest: dict[str, Any]) -> list[Section]:
    """Return the sections that close every report.

    Parameters
    ----------
    run : Run
    manifest : dict
        From `build_manifest`.
    """
    told = Section("How it was done", (Links(_links(manifest)),))
    return [
        _ledger_section(run),
        _doctor_section(run),
        *([told] if manifest["notebooks"] else []),
        Section("Every threshold that was used", (Grid(list_settings(run.settings)),), folded=True),
        Section("What was read, with checksums", (Grid(_input_rows(manifest), ("rows", "rows later than the as-of date", "rows outside the filter", "bytes")),), folded=True),
        Section("Versions", (Grid(pd.DataFrame(list(manifest["versions"].items()), columns=["what", "version"])),), folded=True),
    ]


def _ledger_section(run: Run) -> Section:
    ledger, currency = run.load("ledger"), run.profile.currency
    shown = _ledger_rows(ledger)
    return Section("Can these numbers be trusted?", (
        Text("Every row that was read is kept, merged or set aside, and the money adds up. Sums:"),
        draw(plots.plot_ledger, ledger, message=plots.say_ledger(ledger, currency)),
        Grid(shown, tuple(shown.columns[2:])),
        *_outside(run),
        Grid(_reason_rows(run.load("set_aside_reasons"), currency), ("rows", "money"), "Why rows were not kept"),
    ))  # fmt: skip


def _outside(run: Run) -> list[Block]:
    """What the filter left out, so that the ledger above and these rows together are all that was read."""
    counts = run.load("filtered_out")
    if counts.empty:
        return []
    money = counts["money"].map(lambda v: say_money(v, run.profile.currency) if v else "")
    shown = counts.assign(rows=counts["rows"].map("{:,}".format), money=money, table=counts["table"].str.replace("_", " "))
    caption = f"Read, but outside this report ({say_filters(run.settings.filters)}) or of unknown {' or '.join(_unknown(run))}"
    return [Grid(shown, ("rows", "money"), caption)]


def _unknown(run: Run) -> list[str]:
    return [key.replace("_", " ") for key in COLUMN_OF if getattr(run.settings.filters, key)]


def _doctor_section(run: Run) -> Section:
    doctor = run.load("doctor")
    verdicts = pd.DataFrame({"analysis": doctor["feature"] + " " + doctor["analysis"], "verdict": doctor["verdict"], "why": doctor["why"], "what would unlock it": doctor["unlock"]})
    absent = pd.DataFrame([{"table": n, "why": w} for n, w in run.not_measured().items()])
    blocks: list[Block] = [Grid(verdicts, dots="verdict")]
    return Section("What the data allows", tuple(blocks + ([Grid(absent, caption="Not measured")] if len(absent) else [])))


def _links(manifest: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    return tuple((e["notebook"].replace("_", " "), f"notebooks/{e['notebook']}.html", f"{e['status']}, {e['seconds']} s. {e['error']}") for e in manifest["notebooks"])


def _ledger_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    wanted = [c for c in ledger if not c.startswith("money") or ledger[c].any()]
    money = {c: ledger[c].map(lambda v: f"{v:,.2f}" if v else "") for c in wanted if c.startswith("money")}
    text = money | {c: ledger[c].map("{:,}".format) for c in wanted if c.startswith("rows")}
    return ledger[wanted].assign(**text).rename(columns=lambda c: c.replace("_", " "))


def _reason_rows(reasons: pd.DataFrame, currency: str) -> pd.DataFrame:
    top = reasons.head(REASON_ROWS)
    money = top["money"].map(lambda v: say_money(v, currency) if v else "")
    return top.assign(rows=top["rows"].map("{:,}".format), money=money, fate=top["fate"].str.replace("_", " "))


def _input_rows(manifest: dict[str, Any]) -> pd.DataFrame:
    rows = [
        {"source": e["source"], "table": e["table"], "rows": f"{e['rows']:,}", "rows later than the as-of date": f"{e['rows_after_as_of']:,}",
         "rows outside the filter": f"{e['rows_outside_filter']:,}",
         "file": f["file"], "bytes": f"{f['bytes']:,}", "SHA-256": f["sha256"]}
        for e in manifest["inputs"] for f in (e["files"] or [{"file": "database", "bytes": 0, "sha256": ""}])
    ]  # fmt: skip
    return pd.DataFrame(rows)
