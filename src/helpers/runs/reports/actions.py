"""What to do this week: by whom, what it is worth, whom we leave out and what that costs, and which signals are proven."""

from __future__ import annotations

import pandas as pd

from helpers.retention.owners import AUTOMATIC
from helpers.retention.plan import BY_RULE, HELD_OUT, NO_CAPACITY, NOT_WORTH
from helpers.retention.summary import say_plan
from helpers.runs.action_files import FOLDER, HELD_OUT_FILE, LIST_PAGE, MESSAGES, PLAYS_PAGE, TASKS, count_assumed, say_no_people
from helpers.runs.action_status import WORKBOOK
from helpers.runs.run import Run
from helpers.show.action_words import say_assumed, sum_owners, word_actions, word_changes, word_not_served
from helpers.show.report import Block, Bullets, Grid, Links, Section, Text
from helpers.show.tables import say_amount, say_money, say_share

URGENT, LEFT_OUT, CHANGED = 10, 10, 12
SHIP = "ship"
LOSES = {
    NO_CAPACITY: "for want of hours or money",
    BY_RULE: "because a rule says to leave alone",
    HELD_OUT: "because of being held out on purpose, so that the effect can be measured",
    NOT_WORTH: "because it would cost more than it brings",
}


def actions_sections(run: Run) -> list[Section]:
    """Return the sections about the action list; the first stands at the top of the report.

    Parameters
    ----------
    run : Run
    """
    if not run.measured("action_list"):
        return [Section("What to do this week", (Text(f"There is no action list. {run.why_not('action_list').capitalize()}."),))]
    actions = run.load("action_list")
    return [_to_do(run, actions), *_changed(run), *_by_whom(run, actions), _left_out(run), _signals(run)]


def _to_do(run: Run, actions: pd.DataFrame) -> Section:
    currency = run.profile.currency
    people = actions[actions["owner"] != AUTOMATIC]
    shown_of = word_actions(people if len(people) else actions, "en", {})
    first = shown_of.drop_duplicates(["customer_id", "play"]).head(URGENT)
    shown = pd.DataFrame({
        "due": first["due_on"].dt.strftime("%Y-%m-%d"), "owner": first["owner"], "customer": first["customer_id"] + ": " + first["about"], "what to do": first["what"] + " (" + first["channel"] + ")", "why now": first["reason"],
        f"worth ({currency})": first["worth"].map(say_amount),
    })  # fmt: skip
    grid: tuple[Block, ...] = (Grid(shown, (f"worth ({currency})",), caption="The most urgent: the first step for each customer"),) if len(shown) else ()
    return Section("What to do this week", (Bullets(_say_list(run, actions)), *grid, _links(actions)))


def _say_list(run: Run, actions: pd.DataFrame) -> tuple[str, ...]:
    summary = run.load("plan_summary")
    people = actions[actions["owner"] != AUTOMATIC]
    soon = people[people["due_on"] <= pd.Timestamp(run.as_of) + pd.Timedelta(days=7)]
    grave = people.loc[people["level"] == "severe", "customer_id"].nunique()
    assumed = count_assumed(actions["defaults"])
    return (
        say_plan(summary, run.profile.currency),
        *(
            [f"{len(soon):,} of these actions are due within seven days; {grave:,} of the customers are in severe danger of leaving."]
            if len(people)
            else [say_no_people(run)]
        ),
        "What an action is worth rests on the save rates that the plays assume, until their hold-out groups have been read.",
        *(
            [f"Assumed, not known, among {len(actions):,} actions: {'; '.join(f'{say_assumed(k)} in {n:,}' for k, n in list(assumed.items())[:6])}."]
            if assumed
            else []
        ),
        _say_gap(summary),
    )


def _say_gap(summary: pd.DataFrame) -> str:
    gap = float(summary.set_index("figure").at["distance from optimal", "value"])
    return (
        f"The best plan within the same hours, budget and rules could bring at most {gap:.2%} more.".replace("%", " %")
        if gap > 1e-6
        else "No other plan within the same hours, budget and rules could bring more."
    )


def _links(actions: pd.DataFrame) -> Links:
    machine = int((actions["owner"] == AUTOMATIC).sum())
    told = [
        (WORKBOOK, WORKBOOK, "the list to work with: a sheet per owner, columns for status and result"), ("Action list as a page", LIST_PAGE, ""), ("Plays", PLAYS_PAGE, "steps, words and limits of each"),
        ("tasks.csv", TASKS, "for a CRM"), ("messages.csv", MESSAGES, f"{machine:,} automatic messages for a sending tool"), ("hold_out.csv", HELD_OUT_FILE, "whom not to contact for which play"), ("Calendars", f"{FOLDER}/calendar", "one .ics file per owner"),
    ]  # fmt: skip
    return Links(tuple(told))


def _changed(run: Run) -> list[Section]:
    changes = run.load("action_changes")
    if changes.empty:
        return []
    counts = changes["change"].value_counts()
    told = f"Since the last list {counts.get('added', 0):,} actions are new, {counts.get('done', 0):,} are done, {counts.get('dropped', 0):,} were dropped and {counts.get('kept', 0):,} are still to do."
    worded = word_changes(changes[changes["change"] != "kept"], "en")
    some = worded.groupby("change", sort=False).head(CHANGED // 3)
    rows = pd.DataFrame(
        {"what became of it": some["change"], "customer": some["customer_id"], "play": some["play_label"], "owner": some["owner"], "why": some["why"]}
    )
    return [Section("What changed since the last list", (Text(told), Grid(rows)))]


def _by_whom(run: Run, actions: pd.DataFrame) -> list[Section]:
    owners = sum_owners(actions, run.load("owner_load"), AUTOMATIC)
    if owners.empty:
        return []
    rows = pd.DataFrame({
        "owner": owners["owner"], "job": owners["job"].fillna(""), "customers": owners["customers"].map("{:,}".format), "in severe danger": owners["severe"].map("{:,}".format), "actions": owners["actions"].map("{:,}".format),
        "due in the first week": owners["first_week"].map("{:,}".format), "hours planned": owners["planned"].map("{:.1f}".format), "hours there are": owners["hours"].map("{:.1f}".format), "used": owners["load"].map(say_share),
    })  # fmt: skip
    return [Section("Who does it", (Grid(rows, tuple(rows.columns[2:])),))]


def _left_out(run: Run) -> Section:
    rows, currency = run.load("not_served"), run.profile.currency
    if rows.empty:
        return Section("Whom we leave out, and what that costs", (Text("Nobody: everybody for whom something can be done is on the list."),))
    by = rows.groupby("group")["net_lost"].agg(["size", "sum"])
    lines = tuple(
        f"{_who(int(by.at[g, 'size']))} nothing {says}" + (f"; that gives up {say_money(by.at[g, 'sum'], currency)}." if by.at[g, "sum"] > 0 else ".")
        for g, says in LOSES.items()
        if g in by.index
    )
    labels = run.load("play_summary").set_index("play")[["label_en", "label_zh"]].apply(tuple, axis=1).to_dict()
    dear = word_not_served(rows[rows["net_lost"] > 0], "en", labels).head(LEFT_OUT)
    shown = pd.DataFrame({
        "customer": dear["customer_id"], f"given up ({currency})": dear["net_lost"].map(say_amount), "left out because": dear["group"], "in detail": dear["why"], "best play": dear["play_label"], "what called for it": dear["reason"],
    })  # fmt: skip
    return Section(
        "Whom we leave out, and what that costs", (Bullets(lines), *((Grid(shown, (f"given up ({currency})",), caption="The dearest"),) if len(shown) else ()))
    )


def _who(customers: int) -> str:
    return "1 customer gets" if customers == 1 else f"{customers:,} customers get"


def _signals(run: Run) -> Section:
    verdicts = run.load("signal_verdicts")
    if verdicts.empty:
        return Section("Which signals are proven", (Text("None was judged: the history is too short for a back-test."),))
    rank = (
        verdicts.assign(_ship=verdicts["verdict"] != SHIP, _all=verdicts["kind"] != "all")
        .sort_values(["_ship", "_all", "kind"], kind="stable")
        .drop_duplicates("signal")
    )
    proven = rank[rank["verdict"] == SHIP].sort_values(["lift", "signal"], ascending=[False, True])
    watched, rejected = int((rank["verdict"] == "watch").sum()), int((rank["verdict"] == "reject").sum())
    seen = rank[(rank["verdict"] != SHIP) & rank["acts"]]["label_en"]
    told = (
        f"{len(proven):,} of {len(rank):,} signals are proven on the past of these customers and may start an action; {watched:,} are watched only, {rejected:,} are rejected.",
        *([f"Not proven, but acted on because a person saw it: {', '.join(seen)}."] if len(seen) else []),
        _say_churn(run),
    )
    rows = pd.DataFrame({
        "signal": proven["label_en"], "proven for": proven["kind"].map({"all": "everybody", "business": "business customers", "consumer": "private customers"}).fillna(proven["kind"]), "foretells": proven["foretells"],
        "as often as usual": [f"{lift:.1f} times ({low:.1f} to {high:.1f})" for lift, low, high in zip(proven["lift"], proven["lift_low"], proven["lift_high"], strict=True)], "days ahead": proven["lead_days"].map(_whole), "finds": proven["coverage"].map(say_share),
        "false alarms a week": proven["false_alarms_per_week"].map("{:.1f}".format), "alerts judged": proven["alerts"].map(_whole),
    })  # fmt: skip
    return Section("Which signals are proven", (Bullets(tuple(filter(None, told))), *((Grid(rows, tuple(rows.columns[3:])),) if len(rows) else ())))


def _whole(value: float) -> str:
    return "" if pd.isna(value) else f"{value:,.0f}"


def _say_churn(run: Run) -> str:
    """Which of the simple rules and the model tells the chance of leaving, and how well."""
    if not run.measured("churn_backtest"):
        return ""
    rows = run.load("churn_backtest")
    used = rows[rows["used"] & (rows["kind"] == "all")].drop_duplicates("method")
    if used.empty:
        return ""
    row = used.iloc[0]
    return f"The chance of leaving comes from: {row['says']} ({row['why']}). Of the {int(row['top_n']):,} customers whom it named first in tests on the past {say_share(row['top_share'])} left, {row['lift']:.1f} times as many as in a random choice ({row['lift_low']:.1f} to {row['lift_high']:.1f})."
