"""Writes what people hold in their hands: workbook, page, calendars, pages of plays, files for a CRM and for sending tools."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from helpers.retention.owners import AUTOMATIC
from helpers.retention.summary import say_plan
from helpers.runs.action_status import WORKBOOK, read_status, with_status
from helpers.runs.files import write_whole
from helpers.runs.play_pages import play_files
from helpers.runs.run import Run
from helpers.show.action_book import ActionBook, action_book
from helpers.show.action_calendar import Entry, calendar_file
from helpers.show.action_pages import MOST_ROWS, actions_page
from helpers.show.action_words import OTHER, Language, say_assumed, sum_owners, word_actions, word_changes, word_not_served
from helpers.show.export import safe_csv
from helpers.show.tables import say_money

FOLDER = "actions"
LIST_PAGE, PLAYS_PAGE = f"{FOLDER}/action_list.html", f"{FOLDER}/plays/index.html"
TASKS, MESSAGES, HELD_OUT_FILE = f"{FOLDER}/tasks.csv", f"{FOLDER}/messages.csv", f"{FOLDER}/hold_out.csv"
CRM = (
    "action_id", "due_date", "owner_id", "customer_id", "subject", "description", "what_to_say", "channel", "priority", "status", "result", "play", "step", "expected_value", "cost", "currency", "test_group", "first_listed_on",
)  # the header that an import is set up for once: columns are added at the end and never renamed  # fmt: skip
PRIORITY = {"severe": "high", "moderate": "normal"}
URGENCY = {"severe": 1, "moderate": 5}
TEST_GROUP = {"compared with held out": "treated"}
CALENDAR_DAYS = 92  # contacts that are not due yet stand in the calendar for a quarter ahead


def write_actions(run: Run) -> None:
    """Write the action list in every form that people use, and remove what an earlier run left in the folder.

    What people entered in the workbook of this folder stands in the new one.
    """
    if not run.measured("action_list"):
        return
    actions = with_status(run.load("action_list"), read_status(run.folder))
    files = {
        WORKBOOK: _book(run, actions),
        LIST_PAGE: _page(run, actions),
        **_tables(run, actions),
        **_calendars(run, actions),
        **play_files(run, f"{FOLDER}/plays"),
    }
    _sweep(run, set(files))
    for name, content in files.items():
        write_whole(run.folder / name, content)


def _sweep(run: Run, kept: set[str]) -> None:
    for file in (run.folder / FOLDER).rglob("*"):
        if file.is_file() and file.relative_to(run.folder).as_posix() not in kept:
            file.unlink()


def _tables(run: Run, actions: pd.DataFrame) -> dict[str, bytes]:
    """Tasks of people, messages for sending tools, and who must not be written to because he is held out."""
    told, machine = crm_rows(actions, run.profile.currency), (actions["owner"] == AUTOMATIC).to_numpy()
    touches = run.load("planned_touches")
    held = touches.loc[touches["group"] == "held_out", ["customer_id", "play", "sent_on", "tier"]].rename(columns={"sent_on": "held_out_on"})
    return {TASKS: safe_csv(told[~machine]), MESSAGES: safe_csv(told[machine]), HELD_OUT_FILE: safe_csv(held)}


def crm_rows(actions: pd.DataFrame, currency: str) -> pd.DataFrame:
    """Return the list with the header that a CRM import is set up for: `CRM`, days as dates, money with two decimals."""
    return pd.DataFrame({
        "action_id": actions["action_id"], "due_date": actions["due_on"], "owner_id": actions["owner"], "customer_id": actions["customer_id"], "subject": actions["what"], "description": actions["reason"], "what_to_say": actions["script"],
        "channel": actions["channel"], "priority": actions["level"].map(PRIORITY).fillna("low"), "status": actions["status"], "result": actions["result"], "play": actions["play"], "step": actions["step"], "expected_value": actions["worth"].round(2),
        "cost": actions["cost"].round(2), "currency": currency, "test_group": actions["hold_out"].map(TEST_GROUP).fillna(""), "first_listed_on": actions["first_listed_on"],
    })[list(CRM)]  # fmt: skip


def _tier_zh(run: Run) -> Mapping[str, str]:
    summary = run.load("tier_summary")
    return dict(zip(summary["label_en"], summary["label_zh"], strict=True)) if "label_zh" in summary else {}


def _title(run: Run, language: Language) -> str:
    return f"{'行动清单' if language == 'zh' else 'Action list'}: {run.profile.title}"


def about_list(run: Run, actions: pd.DataFrame, language: Language = "en") -> list[str]:
    """Return what must be known of the list: what it is worth, how to use it, what it rests on, and what is assumed and not known."""
    currency, day = run.profile.currency, run.as_of.isoformat()
    assumed = [f"{say_assumed(part, language)} ({n:,})" for part, n in count_assumed(actions["defaults"]).items()]
    if language == "zh":
        return [
            f"基准日{day}：之后的数据一律未读取。金额单位：{currency}。", "填写黄色的“状态”和“结果”后原处保存；下次运行读取：crmkit run --as-of 日期 --previous 本目录 --out 新目录",
            "预期净值以方案中的假设挽留率计算，待对照组结果出来后以实测为准；对照组客户请勿联系。", *([f"默认假设（涉及任务数）：{'；'.join(assumed)}。"] if assumed else []),
        ]  # fmt: skip
    return [
        f"As of {day}: nothing later was read. All money in {currency}. {say_plan(run.load('plan_summary'), currency)}",
        *([] if (actions["owner"] != AUTOMATIC).any() else [say_no_people(run)]),
        "Fill in Status and Result (yellow) and save the file where it is. The next run reads it: crmkit run --as-of DAY --previous THIS_FOLDER --out NEW_FOLDER. What was done is then not asked for again.",
        "Worth rests on the save rates that the plays assume until hold-out groups have been read. Customers who are held out (sheet Not served) are not to be contacted for the same play.",
        *([f"Assumed, not known (number of actions): {'; '.join(assumed)}."] if assumed else []),
    ]


def say_no_people(run: Run) -> str:
    """Return why nothing that a person does is on the list."""
    looked_at = run.load("candidate_actions").query("hours > 0").sort_values(["net", "candidate_id"], ascending=[False, True])
    if looked_at.empty:
        return "There is nothing for people to do: no play with working time fits anybody."
    best, currency, paying = looked_at.iloc[0], run.profile.currency, int((looked_at["net"] > 0).sum())
    told = f"There is nothing for people to do: {len(looked_at):,} calls, visits and other work were looked at, and "
    top = f"the best is expected to bring {say_money(best['gain'], currency)} and costs {say_money(best['cost'], currency)}"
    told += f"{top}; {paying:,} would pay, but a message leaves more for each of these customers." if paying else f"{top}."
    return f"{told} What stands on the list are automatic messages. If an hour costs less than assumed, fill in the sheet of costs (crmkit template costs)."


def count_assumed(defaults: pd.Series) -> dict[str, int]:
    """Return how many actions rest on each default, most first.

    Examples
    --------
    >>> count_assumed(pd.Series(["staff; costs", "costs", ""]))
    {'costs': 2, 'staff': 1}
    """
    parts = defaults[defaults != ""].str.split("; ").explode()
    counts = parts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return {str(k): int(v) for k, v in counts.items()}


def _book(run: Run, actions: pd.DataFrame) -> bytes:
    language: Language = run.settings.actions.language
    tiers, play = _tier_zh(run), run.load("play_summary")
    labels = {k: (en, zh) for k, en, zh in zip(play["play"], play["label_en"], play["label_zh"], strict=True)}
    return action_book(ActionBook(
        title=_title(run, language), as_of=run.as_of.isoformat(), currency=run.profile.currency, language=language, views={tongue: word_actions(actions, tongue, tiers) for tongue in (language, OTHER[language])},
        not_served=word_not_served(run.load("not_served"), language, labels), owners=sum_owners(actions, run.load("owner_load"), AUTOMATIC), changes=word_changes(run.load("action_changes"), language), about=about_list(run, actions, language),
        pages={k: f"{FOLDER}/plays/{k}.html" for k in labels},
    ))  # fmt: skip


def _page(run: Run, actions: pd.DataFrame) -> str:
    language: Language = run.settings.actions.language
    people = actions[actions["owner"] != AUTOMATIC]
    about, *notes = (line for line in about_list(run, actions, language) if "--previous" not in line)  # nothing is filled in on a page
    machine = len(actions) - len(people)
    shown = f"; {MOST_ROWS:,} of {len(people):,} actions by people are shown" if len(people) > MOST_ROWS else ""
    more = f"自动消息{machine:,}条见 messages.csv。" if language == "zh" else f"{machine:,} automatic messages are in messages.csv{shown}."
    return actions_page(
        word_actions(people, language, _tier_zh(run)), title=_title(run, language), about=about, notes=notes, currency=run.profile.currency, language=language, pages={p: f"plays/{p}.html" for p in actions["play"].unique()}, more=more,
    )  # fmt: skip


def _calendars(run: Run, actions: pd.DataFrame) -> dict[str, bytes]:
    """One file per owner: actions of the list, those that were dropped since the last list as called off, and contacts of the cadence that are due later."""
    language: Language = run.settings.actions.language
    people = word_actions(actions[actions["owner"] != AUTOMATIC], language, _tier_zh(run))
    entries = [*_action_entries(people), *_called_off(run.load("action_changes"), people), *(_cadence_entries(run) if run.measured("cadence_plan") else ())]
    by: dict[str, list[Entry]] = {}
    for owner, entry in entries:
        by.setdefault(owner, []).append(entry)
    names = file_names(sorted(by))
    return {f"{FOLDER}/calendar/{names[owner]}.ics": calendar_file(owner, mine, run.as_of) for owner, mine in sorted(by.items())}


def _action_entries(people: pd.DataFrame) -> Iterable[tuple[str, Entry]]:
    for r in people.to_dict("records"):
        text = f"{r['reason']}\n\n{r['script']}\n\n{r['about']}\n{r['play_label']}, {r['of']}, {r['channel']}\n{r['action_id']}"
        yield (
            r["owner"],
            Entry(
                r["action_id"],
                r["due_on"].date(),
                f"{r['customer_id']}: {r['what']}",
                text,
                URGENCY.get(r["grave"], 9),
                r["play_label"],
                r["status"] in ("dropped", "取消"),
            ),
        )


def _called_off(changes: pd.DataFrame, people: pd.DataFrame) -> Iterable[tuple[str, Entry]]:
    gone = changes[(changes["change"] == "dropped") & (changes["owner"] != AUTOMATIC) & ~changes["action_id"].isin(people["action_id"])]
    for r in gone.to_dict("records"):
        yield r["owner"], Entry(r["action_id"], r["due_on"].date(), f"{r['customer_id']}: {r['play_label']}", r["why"], 9, r["play_label"], True)


def _cadence_entries(run: Run) -> Iterable[tuple[str, Entry]]:
    plan, team = run.load("cadence_plan"), set(run.load("team")["staff_id"])
    last = pd.Timestamp(run.as_of) + pd.Timedelta(days=CALENDAR_DAYS)
    zh = run.settings.actions.language == "zh"
    for r in plan[(plan["due_on"] > pd.Timestamp(run.as_of)) & (plan["due_on"] <= last) & plan["owner_id"].isin(team)].to_dict("records"):
        day: dt.date = r["due_on"].date()
        label, before = r["label_zh" if zh else "label_en"], f"{r['last_on']:%Y-%m-%d}" if pd.notna(r["last_on"]) else "-"
        text = f"上次：{before}；每{r['every_days']}天" if zh else f"Last: {before}; every {r['every_days']} days"
        yield r["owner_id"], Entry(f"{r['cadence']}-{r['customer_id']}-{day:%Y%m%d}", day, f"{r['customer_id']}: {label}", text, 9, label)


def file_names(owners: list[str]) -> dict[str, str]:
    """Return a file name for each owner that every system accepts, no two alike.

    Examples
    --------
    >>> file_names(["S01", "Li/Wang", "Li:Wang"])
    {'S01': 'S01', 'Li/Wang': 'Li_Wang', 'Li:Wang': 'Li_Wang-2'}
    """
    told: dict[str, str] = {}
    for owner in owners:
        name = re.sub(r"[^\w.-]+", "_", owner).strip("._") or "owner"
        taken = {n.lower() for n in told.values()}
        number = 2
        unique = name
        while unique.lower() in taken:
            unique, number = f"{name}-{number}", number + 1
        told[owner] = unique
    return told
