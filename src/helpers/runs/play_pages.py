"""A page for every play: who it is for, its steps and words, its limits, and who has it on the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers.retention.owners import price_of
from helpers.retention.playbook import ROLE_SAYS, Effect, Play, Playbook, Step
from helpers.retention.playfiles import read_playbooks
from helpers.retention.signalfiles import read_signals
from helpers.runs.run import Run
from helpers.show.action_pages import play_page, plays_page
from helpers.show.action_words import WORDS
from helpers.show.play_words import say_condition
from helpers.show.tables import say_amount, say_money, say_share

ROWS = 30
PURPOSES = {"save": "To keep who may leave", "winback": "To win back who has left", "care": "To stay in touch", "grow": "To grow"}
RULES = {
    "consent": "no consent", "nobody": "nobody has hours", "open_ticket": "an open request", "complaint": "a recent complaint", "touched": "something was sent lately", "held_out": "held out", "cool_down": "cool-down", "weekly_cap": "contacts per week",
    "cost_cap": "its cost cap", "offer_guard": "the offer costs more than it brings", "not_worth_it": "costs more than it brings", "done": "done or called off lately", "under_way": "another play is under way",
}  # fmt: skip
KINDS = {"business": "business customers", "consumer": "private customers"}
BLANKS = {"reason": ("[what was seen]", "【所见情况】"), "trigger": ("[the occasion]", "【触发事件】"), "until": ("[date]", "【日期】")}
EXEMPT = {"open_ticket": "an open request", "complaint": "a recent complaint", "touched": "a message of the last days"}


def play_files(run: Run, folder: str) -> dict[str, str]:
    """Return the pages of all plays by file name below the run folder, with one that lists them."""
    playbook = read_playbooks(run.cache.inputs["playbook_files"])
    labels = {k: s.label.en for k, s in read_signals(run.cache.inputs["signal_rows"]).items()}
    summary, actions, lint = run.load("play_summary").set_index("play"), run.load("action_list"), run.load("playbook_lint")
    prices, faults = run.load("price_list"), lint[lint["verdict"] == "fault"]
    told = {
        f"{folder}/{k}.html": play_page(
            _page(run, p, playbook, labels, summary.loc[k].to_dict(), actions[actions["play"] == k], prices)
            | {"faults": [f"{r.check}: {r.detail}" for r in faults[faults["play"] == k].itertuples()]}
        )
        for k, p in playbook.plays.items()
    }
    return {f"{folder}/index.html": _index(run, playbook, summary)} | told


def _index(run: Run, playbook: Playbook, summary: pd.DataFrame) -> str:
    rows = [_index_row(p, summary.loc[k].to_dict()) | {"purpose": p.purpose} for k, p in playbook.plays.items()]
    groups = [(says, sorted((r for r in rows if r["purpose"] == purpose), key=lambda r: -r["order"])) for purpose, says in PURPOSES.items()]
    return plays_page({"as_of": run.as_of.isoformat(), "currency": run.profile.currency, "groups": [(says, found) for says, found in groups if found]})


def _index_row(play: Play, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "file": f"{play.key}.html", "label": play.label.en, "label_zh": play.label.zh, "aim": play.aim.en, "fits": f"{row['candidates']:,}", "listed": f"{row['listed']:,}", "held_out": f"{row['held_out']:,}", "hours": f"{row['hours']:,.1f}", "net": say_amount(row["net"]),
        "blocked": RULES.get(row["blocked_mainly_by"], row["blocked_mainly_by"]), "order": row["net"],
    }  # fmt: skip


def _page(
    run: Run, play: Play, playbook: Playbook, labels: Mapping[str, str], row: Mapping[str, Any], actions: pd.DataFrame, prices: pd.DataFrame
) -> dict[str, Any]:
    currency = run.profile.currency
    cards = [
        (f"{row['listed']:,}", "customers on the list", f"of {row['candidates']:,} whom it fits"), (f"{row['blocked']:,}", "kept back by a rule", f"mostly: {RULES.get(row['blocked_mainly_by'], row['blocked_mainly_by'])}" if row["blocked_mainly_by"] else ""),
        (f"{row['not_chosen']:,}", "not chosen", "others bring more, or another play goes first"), (f"{row['held_out']:,}", "held out", "to measure what the play does"), (say_money(row["net"], currency), "expected net", f"of {say_money(row['gain'], currency)} gain"),
    ]  # fmt: skip
    shown = actions.head(ROWS)
    rows = [
        {"due": f"{r.due_on:%Y-%m-%d}", "owner": r.owner, "customer": r.customer_id, "what": r.what, "reason": r.reason, "worth": say_amount(r.worth)}
        for r in shown.itertuples()
    ]
    return {
        "label": play.label.en, "label_zh": play.label.zh, "aim": play.aim.en, "aim_zh": play.aim.zh, "currency": currency, "as_of": run.as_of.isoformat(), "version": play.version, "file": row["file"], "cards": cards, "who": _who(play, playbook, labels),
        "steps": [_step(s, labels, prices) for s in play.steps], "limits": _limits(play, currency, prices), "rows": rows, "more": f"{len(actions) - ROWS:,} more are in the action list." if len(actions) > ROWS else "", "nobody": _nobody(row),
    }  # fmt: skip


def _nobody(row: Mapping[str, Any]) -> str:
    if not row["candidates"]:
        return "It fits nobody today."
    return f"It fits {row['candidates']:,} customers and nobody gets it: {row['blocked']:,} are kept back by a rule, {row['held_out']:,} are held out, for {row['not_chosen']:,} something else goes first."


def _who(play: Play, playbook: Playbook, labels: Mapping[str, str]) -> list[str]:
    told = [" and ".join(KINDS[k] for k in play.kinds)]
    told += [f"in {' or '.join(play.levels)} danger of leaving"] if play.levels else []
    told += [f"with the signal {' or '.join(labels.get(s, s) for s in play.signals)}"] if play.signals else []
    told += [f"on the occasion: {playbook.triggers[play.trigger].label.en}"] if play.trigger in playbook.triggers else []
    told += [f"when overdue: {playbook.cadences[play.cadence].label.en}"] if play.cadence in playbook.cadences else []
    return told + ([f"and: {say_condition(play.when, labels)}"] if play.when else [])


def _step(step: Step, labels: Mapping[str, str], prices: pd.DataFrame) -> dict[str, Any]:
    money, hours, _ = price_of(prices).get(step.cost_row, (0.0, 0.0, True))
    work = f" + {hours:.1f} h" if hours and step.role != "automatic" else ""
    return {
        "day": "at once" if step.day <= 1 else f"day {step.day}", "role": ROLE_SAYS[step.role], "channel": WORDS["channel"][step.channel][0], "do": step.do.en, "do_zh": step.do.zh, "script": _filled(step.script.en), "script_zh": _filled(step.script.zh, 1),
        "variants": [(f"where {say_condition(v.when, labels)}", _filled(v.script.en), _filled(v.script.zh, 1)) for v in step.variants], "cost": f"{money:,.2f}{work}",
    }  # fmt: skip


def _filled(words: str, place: int = 0) -> str:
    """A script as it stands on the page: what the list fills in is named."""
    for key, names in BLANKS.items():
        words = words.replace(f"{{{key}}}", names[place])
    return words


def _limits(play: Play, currency: str, prices: pd.DataFrame) -> list[str]:
    offer = price_of(prices).get(play.offer, (0.0, 0.0, True))[0]
    told = [
        f"Stop: {play.stop.says.en}" + ("; also as soon as the customer orders" if play.stop.ordered else "") + f"; at the latest after {play.stop.attempts} attempts or {play.stop.after_days} days.",
        f"Costs at most {say_money(play.cost_cap, currency)} of money for each customer, working time not counted." + (f" The offer ({play.offer.replace('_', ' ')}) costs {say_money(offer, currency)}." if play.offer else ""),
        f"Not again for the same customer within {play.cooldown_days} days.", f"Expected: {say_effect(play.effect)}. An assumption until it has been measured.", f"Held out: {say_share(play.hold_out)} of those chosen." if play.hold_out else "Nobody is held out.",
    ]  # fmt: skip
    return told + ([f"Goes out in spite of {' or '.join(EXEMPT[r] for r in play.exempt)}."] if play.exempt else [])


def say_effect(effect: Effect) -> str:
    """Return what a play is assumed to do.

    Examples
    --------
    >>> say_effect(Effect(saves=0.3, adds=0.01))
    'keeps 30 % of those who would leave or shrink, adds 1.0 % of a year of margin'
    """
    told = [f"keeps {say_share(effect.saves)} of those who would leave or shrink"] if effect.saves else []
    told += [f"adds {say_share(effect.adds)} of a year of margin"] if effect.adds else []
    return ", ".join(told + ([f"raises the odds of coming back by {say_share(effect.returns)}"] if effect.returns else []))
