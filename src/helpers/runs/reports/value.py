"""What customers are worth: the forecast with its proof, the core list, whom to rate first, what to offer."""

from __future__ import annotations

import pandas as pd

from helpers.runs.run import Run
from helpers.show import plots_value
from helpers.show.report import Block, Bullets, Grid, Section, Text, draw
from helpers.show.tables import say_money, say_share

CORE_ROWS = 15
OFFER_ROWS = 10
EFFORT_ROWS = 8
GRADES = {"A": "clearly better than every naive forecast", "B": "better than every naive forecast", "C": "not better than a naive forecast"}


def value_sections(run: Run) -> list[Section]:
    """Return the sections about customer value.

    Parameters
    ----------
    run : Run
    """
    values, core = run.load("customer_values"), run.load("core_customers")
    if core.empty:
        return [Section("What our customers are worth", (Text("Not measured: no customer has a value above zero."),))]
    return [
        Section("What our customers are worth", (Bullets(_worth(run, values, core)), draw(plots_value.plot_lorenz, values, message=plots_value.say_lorenz(values)))),
        Section("Core customers", (Text(_about_core(run, core)), Grid(_core_rows(run, core), ("proven", "score", "evidence", f"brought so far ({run.profile.currency})", "expected", "interval")))),
        *_effort(run),
        *_offers(run),
        Section("How good is the forecast", _proof(run), folded=True),
    ]  # fmt: skip


def _worth(run: Run, values: pd.DataFrame, core: pd.DataFrame) -> tuple[str, ...]:
    unrated = core["not_measured"].str.contains("strategic")
    late = run.load("observation_check")
    rate = f"{int(unrated.sum()):,} of {len(core):,} core customers have no rating that counts: rate them first ({say_share(float(unrated.mean()))} of the list)." if run.measured("strategic_scores") else ""
    return (
        plots_value.say_total(values, run.profile.currency),
        _verdict(run),
        *([late["says"].item()] if late["verdict"].item() != "ok" else []),
        *([rate] if rate and unrated.any() else []),
        plots_value.say_stability(run.load("value_stability")),
    )


def _verdict(run: Run) -> str:
    choice = run.load("model_choice").query("measure == 'spend'")
    if choice.empty:
        return f"The forecast was not judged: {plots_value.NOTHING.removeprefix('no hold-out: ')}."
    return f"The forecast of spend is graded {choice['grade'].item()}: {GRADES[choice['grade'].item()]}, judged on a period that is over."


def _about_core(run: Run, core: pd.DataFrame) -> str:
    how = f"the highest scores that together hold {say_share(run.settings.value.core_share)} of all value" if run.settings.value.core_by == "share" else f"the {len(core):,} highest scores"
    weights = " / ".join(f"{w * 100:.0f}" for w in run.settings.value.weights.values())
    return (
        f"{len(core):,} {'customer' if len(core) == 1 else 'customers'}: {how}. The score weighs what they brought, what they may bring and what they mean to us {weights}. "
        "A part without evidence gives its weight to the others, so a customer whom nobody rated can score too high. The list is therefore ordered by proven points, "
        f"those of parts with evidence; expected is the contribution of the next {run.settings.purchase_model.horizon_months} months, with an interval that holds {run.settings.purchase_model.interval_percent:.0f} % of customers."
    )


def _core_rows(run: Run, core: pd.DataFrame) -> pd.DataFrame:
    top = core.sort_values(["score_low", "core_rank"], ascending=[False, True]).head(CORE_ROWS)
    low, high = (top[f"expected_value_{end}"].map("{:,.0f}".format) for end in ("low", "high"))
    return pd.DataFrame({
        "customer": top["customer_id"], "owner": top["owner_id"].fillna(""), "proven": top["score_low"].map("{:.1f}".format), "score": top["value_score"].map("{:.1f}".format),
        "evidence": top["weight_measured"].map(say_share), f"brought so far ({run.profile.currency})": top["historic_value"].map("{:,.0f}".format),
        "expected": top["expected_value"].map("{:,.0f}".format).replace("nan", "no forecast"), "interval": (low + " to " + high).replace("nan to nan", ""),
        "not measured": top["not_measured"],
    })  # fmt: skip


def _effort(run: Run) -> list[Section]:
    """Need match x expected value (feature F28): an order of attention, beside the order that revenue gives."""
    if not run.measured("resource_values"):
        return []
    known = run.load("resource_values").dropna(subset=["resource_value"])
    if known.empty:
        return []
    top = known.head(EFFORT_ROWS)
    money = f"expected ({run.profile.currency})"
    rows = pd.DataFrame({
        "customer": top["customer_id"], "match": top["match"].map("{:.2f}".format), money: top["expected_value"].map("{:,.0f}".format),
        "rank": top["resource_rank"].map("{:,}".format), "rank by revenue": top["revenue_rank"].map("{:,}".format), "match stands on": top["reason"],
    })  # fmt: skip
    about = (
        "How well we answer a customer's needs (0 to 1) times what the customer is expected to bring: an order in which to give attention, not an amount of money. "
        f"{len(known):,} customers have both figures."
    )
    return [Section("Where effort pays", (Text(about), Grid(rows, ("match", money, "rank", "rank by revenue"))))]


def _offers(run: Run) -> list[Section]:
    if not run.measured("whitespace"):
        return []
    offers, check = run.load("whitespace"), run.load("whitespace_check").set_index("method")
    if offers.empty:
        return []
    core = run.load("core_customers")["customer_id"]
    first = offers[offers["customer_id"].isin(core)].sort_values(["amount", "customer_id"], ascending=[False, True]).head(OFFER_ROWS)
    rows = pd.DataFrame({"customer": first["customer_id"], "offer": first["category"], "likely a year": first["amount"].map(lambda v: say_money(v, run.profile.currency)), "because": first["because"]})
    ours, popular = check.loc["look-alikes"], check.loc["most popular"]
    proof = (
        f"A window earlier such suggestions came true for {say_share(ours['hit_rate'])} of {int(ours['customers']):,} customers and brought {say_money(ours['spend_per_customer'], run.profile.currency)} each; "
        f"offering the most popular category: {say_share(popular['hit_rate'])} and {say_money(popular['spend_per_customer'], run.profile.currency)}."
        if ours["customers"] else "There is no earlier window to judge them by."
    )  # fmt: skip
    return [Section("What core customers do not buy yet", (Text(f"Categories that similar customers buy. {proof}"), Grid(rows, ("likely a year",))))]


def _proof(run: Run) -> tuple[Block, ...]:
    predictions = run.load("holdout_predictions")
    if predictions.empty:
        return (Text(f"Not measured: {plots_value.NOTHING}."),)
    calibration, promised = run.load("holdout_calibration"), run.settings.purchase_model.interval_percent / 100
    return (
        draw(plots_value.plot_accuracy, run.load("holdout_accuracy"), message=plots_value.say_accuracy(run.load("model_choice"))),
        draw(plots_value.plot_calibration, calibration, message=plots_value.say_calibration(calibration)),
        draw(plots_value.plot_coverage, calibration, message=plots_value.say_coverage(calibration, promised=promised), promised=promised),
    )
