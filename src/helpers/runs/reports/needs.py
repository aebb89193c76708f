"""What customers need: themes, need types, what is due, what goes together, what leads to purchases, whom to ask."""

from __future__ import annotations

import pandas as pd

from helpers.runs.needs_sheets import why_empty
from helpers.runs.run import Run
from helpers.show import plots_needs as plots
from helpers.show import plots_voices as voices
from helpers.show.report import Block, Bullets, Grid, Section, Text, draw
from helpers.show.tables import say_share

ROWS = 10


def needs_sections(run: Run) -> list[Section]:
    """Return the sections about needs; what the data does not allow is one line at the end.

    Parameters
    ----------
    run : Run
    """
    parts = [_due(run), _types(run), _voice(run), _together(run), _lists(run), _links(run), _satisfaction(run)]
    absent = sorted({why for table in SHOWN if (why := why_empty(run, table))})
    notes = (
        [Section("What the section on needs could not measure", (Bullets(tuple(f"{_named(run, why)}: {why}" for why in absent)),), folded=True)]
        if absent
        else []
    )
    return [p for p in parts if p is not None] + notes


SHOWN = {
    "need_types": "need types",
    "voice_themes": "themes",
    "basket_rules": "baskets",
    "sequence_rules": "sequences",
    "recommendations": "recommendations",
    "behaviour_links": "behaviour and purchase",
    "satisfaction_scores": "satisfaction",
}


def _named(run: Run, why: str) -> str:
    return ", ".join(words for table, words in SHOWN.items() if why_empty(run, table) == why)


def _due(run: Run) -> Section | None:
    cycles, horizon = run.load("purchase_cycles"), run.settings.cycles.horizon_days
    if cycles.empty:
        return None
    calibration, scores = run.load("cycle_calibration"), run.load("cycle_scores")
    late = cycles[cycles["is_overdue"].fillna(False)].merge(run.load("customer_tiers")[["customer_id", "total_spend"]], on="customer_id")
    freshly = late[late["return_probability"] >= 0.1].sort_values(["total_spend", "customer_id"], ascending=[False, True]).head(ROWS)
    shown = pd.DataFrame({"customer": freshly["customer_id"], "rhythm": freshly["reason"], "was due": freshly["next_order_on"].dt.strftime("%Y-%m-%d"),
        "days overdue": freshly["overdue_days"],
                          f"chance within {horizon} days": freshly["return_probability"].map(say_share)})  # fmt: skip
    chart: list[Block] = (
        [draw(plots.plot_cycle_calibration, calibration, message=plots.say_cycles(calibration, scores, horizon), horizon_days=horizon)]
        if len(calibration)
        else []
    )
    known = cycles["is_overdue"].notna().sum()
    text = Text(f"{len(late):,} of {known:,} customers with a rhythm are overdue by it. The largest who may still come back:")
    return Section("Who is due, and who is overdue", (*chart, text, Grid(shown, ("days overdue", f"chance within {horizon} days"))))


def _types(run: Run) -> Section | None:
    types = run.load("need_types")
    if why_empty(run, "need_types") or not (types["need_type"] != "not_enough_data").any():
        return None
    check = run.load("need_type_check")
    own = check[check["method"] == "need types"].dropna(subset="difference")
    lasting = tuple(
        f"{voices.TYPE_NAMES[r.need_type].capitalize()}: found before the last {run.settings.needs.check_days} days, "
        f"they showed it in {say_share(r.later_rate)} of cases since, others in {say_share(r.others_rate)} ({'lasts' if r.lasts else 'not sure to last'})."
        for r in own.itertuples()
    )  # fmt: skip
    return Section("What customers need most", (draw(voices.plot_need_types, types, message=voices.say_need_types(types)), Bullets(lasting)))


def _voice(run: Run) -> Section | None:
    if why_empty(run, "voice_themes"):
        return None
    themes, pains = run.load("voice_themes"), run.load("pain_point_summary")
    blocks: list[Block] = [draw(voices.plot_themes, themes, message=voices.say_themes(themes))] if len(themes) else []
    every = pains[pains["industry"] == "all"].head(ROWS)
    shown = pd.DataFrame(
        {
            "signal": every["signal"].str.replace("_", " "),
            "may mean": every["pain_en"],
            "": every["pain_zh"],
            "what to do": every["answer_en"],
            "customers": every["customers"].map("{:,}".format),
        }
    )
    return (
        Section(
            "What customers say, and what may trouble them",
            (*blocks, Grid(shown, ("customers",), "Signals and the pain points that they hint at: ask, do not assume")),
        )
        if blocks or len(shown)
        else None
    )


def _together(run: Run) -> Section | None:
    if why_empty(run, "basket_rules"):
        return None
    rules, sequences = run.load("basket_rules"), run.load("sequence_rules")
    blocks: list[Block] = []
    if len(plots.top_basket_rules(rules, 1)):
        blocks.append(draw(plots.plot_basket_rules, rules, message=plots.say_basket_rules(rules)))
    if len(sequences):
        blocks.append(draw(plots.plot_sequences, sequences, message=plots.say_sequences(sequences)))
        blocks.append(
            Text(
                f"{run.load('sequence_offers')['customer_id'].nunique():,} customers are inside the window of such a sequence now; "
                f"they stand in tables/sequence_offers.csv."
            )
        )
    return Section("What goes together, and what follows", tuple(blocks)) if blocks else None


def _lists(run: Run) -> Section | None:
    test = run.load("recommendation_test")
    if why_empty(run, "recommendations"):
        return None
    blocks: list[Block] = (
        [draw(plots.plot_recommendation_test, test, message=plots.say_recommendation_test(test))] if len(test) else [Text(plots.say_recommendation_test(test))]
    )
    return Section("What to offer", (*blocks, Text("One list per customer, with a reason for each product, stands in tables/cross_sell.csv.")))


def _links(run: Run) -> Section | None:
    if why_empty(run, "behaviour_links"):
        return None
    links = run.load("behaviour_links")
    if links.empty or voices.top_links(links, 2).empty:
        return None
    note = Text(f"Every figure is {links['note'].iloc[0]}.")
    return Section("What leads to a purchase", (draw(voices.plot_links, links, message=voices.say_links(links)), note))


def _satisfaction(run: Run) -> Section | None:
    if not run.measured("satisfaction_scores"):
        return None
    scores, curve, loop = (run.load(n) for n in ("satisfaction_scores", "satisfaction_repurchase", "closed_loop"))
    every = scores[scores["group"] == "all"]
    shown = pd.DataFrame({"wave": every["wave"], "answers": every["answered"], "of those asked": every["answer_share"].map(say_share),
        "NPS": every["nps"].map("{:.0f}".format),
                          "95 % interval": [f"{a:.0f} to {b:.0f}" for a, b in zip(every["nps_low"], every["nps_high"], strict=True)],
                          "NPS weighted": every["nps_weighted"].map("{:.0f}".format),
                          "CSAT": every["csat"].map("{:.2f}".format)})  # fmt: skip
    chart: list[Block] = [draw(voices.plot_repurchase, curve, message=voices.say_repurchase(curve))] if len(curve) else []
    count = loop["status"].value_counts()
    told = Text(
        f"Bad scores: {int(count.get('in time', 0))} followed up in time, {int(count.get('late', 0))} late, "
        f"{int(count.get('never', 0))} never, {int(count.get('open', 0))} wait now (tables/closed_loop.csv)."
    )
    return Section("How satisfied customers are", (Grid(shown, tuple(shown.columns[1:])), *chart, told))
