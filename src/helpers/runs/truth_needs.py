"""How close did we get? What needs mining found, beside what was planted in the made-up company."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers.cleaning.privacy import pseudonymise
from helpers.collection.yamltext import read_yaml
from helpers.runs.run import Run
from helpers.runs.truth import TRUTH

UNKNOWN = "not measured: nobody knows the needs of the customers in these sources"


def judge_needs(run: Run) -> list[str]:
    """Return what was found beside the planted truth, one sentence each; one line when the data has no known truth.

    Parameters
    ----------
    run : Run
    """
    folder = run.profile.base.parent / TRUTH
    if not (folder / "need_type.csv").exists():
        return [UNKNOWN]
    plan = read_yaml((folder / "truth.yml").read_text(encoding="utf-8"))
    return [_types(run, folder), _pair(run, plan), _links(run, plan), _themes(run, folder)]


def true_need_types(run: Run, folder: Path) -> pd.DataFrame:
    """Return the planted need type per customer as the run calls them: customer_id, need_type, order_count."""
    truth = pd.read_csv(folder / "need_type.csv", dtype={"customer_id": "str"}).rename(columns={"customer_id": "raw_id"})
    known = truth.merge(run.load("customer_map")[["raw_id", "customer_id"]], on="raw_id")
    return known.assign(customer_id=pseudonymise(known["customer_id"], settings=run.settings.privacy)).drop_duplicates("customer_id").drop(columns="raw_id")


def judge_types(run: Run, folder: Path) -> tuple[int, int, float, float]:
    """Return customers with a stated type, all customers, macro-F1 of the stated types, share that is right."""
    from sklearn.metrics import f1_score

    both = run.load("need_types").merge(true_need_types(run, folder), on="customer_id", suffixes=("", "_true"))
    told = both[both["need_type"] != "not_enough_data"]
    f1 = f1_score(told["need_type_true"].tolist(), told["need_type"].tolist(), average="macro")
    return len(told), len(both), float(f1), float((told["need_type"] == told["need_type_true"]).mean())


def _types(run: Run, folder: Path) -> str:
    told, every, f1, right = judge_types(run, folder)
    return f"Need types: stated for {told:,} of {every:,} customers, {right:.0%} of them right, macro-F1 {f1:.2f}.".replace("%", " %")


def _pair(run: Run, plan: dict[str, dict[str, object]]) -> str:
    planted = plan["planted"]
    rules = run.load("sequence_rules")
    found = rules[(rules["a"] == planted["pair_a"]) & (rules["b"] == planted["pair_b"])]
    if found.empty:
        return f"Sequence {planted['pair_a']} -> {planted['pair_b']}: not found, planted {planted['pair_share']:.0%}.".replace("%", " %")
    rule = found.iloc[0]
    inside = rule["rate_low"] <= planted["pair_share"] <= rule["rate_high"]
    return (
        f"Sequence {planted['pair_a']} -> {planted['pair_b']}: planted {planted['pair_share']:.0%}, "
        f"found {rule['rate']:.0%} ({rule['rate_low']:.0%} to {rule['rate_high']:.0%}): "
        f"{'inside' if inside else 'outside'} its interval; with recent buyers wrongly kept in it would be {rule['rate_without_follow_up']:.0%}."
    ).replace("%", " %")


def _links(run: Run, plan: dict[str, dict[str, object]]) -> str:
    links = run.load("behaviour_links").set_index(["behaviour", "outcome"])["verdict"]
    real = links.get(("training: online barista training", "plans"), "not looked at")
    trap = links.get((f"content: {plan['planted']['article']}", "reserve"), "not looked at")
    return f'Links: the training that really leads to care plans is judged "{real}"; the article that only gold customers read is judged "{trap}".'


def _themes(run: Run, folder: Path) -> str:
    truth = pd.read_csv(folder / "themes.csv", dtype="str")
    said = run.load("feedback")
    both = said[said["source"] == "ticket"].merge(truth[truth["source"] == "ticket"], on="record", suffixes=("", "_true"))
    theme, mood = (both["theme"] == both["theme_true"]).mean(), (both["sentiment"] == both["sentiment_true"]).mean()
    most = both["theme_true"].value_counts(normalize=True).iloc[0]
    return f"Themes: {theme:.0%} of {len(both):,} tickets get the planted theme (always saying the most frequent: {most:.0%}); sentiment {mood:.0%}.".replace(
        "%", " %"
    )
