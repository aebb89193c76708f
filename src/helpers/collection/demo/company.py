"""The whole company in one call: people, what they do, what the six systems export, and the truth behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.collection.demo import exports, truth
from helpers.collection.demo.baskets import make_lines
from helpers.collection.demo.erp import make_erp
from helpers.collection.demo.facts import collect_facts
from helpers.collection.demo.filled import fill_templates
from helpers.collection.demo.orders import make_orders
from helpers.collection.demo.people import make_people
from helpers.collection.demo.plan import Plan
from helpers.collection.demo.planted import add_planted, make_campaigns, make_trainings
from helpers.collection.demo.products import make_products
from helpers.collection.demo.records import confuse, make_records
from helpers.collection.demo.relations import make_contacts, make_contracts, make_equipment, make_interactions
from helpers.collection.demo.service import make_surveys, make_tickets
from helpers.collection.demo.texts import THEMES
from helpers.collection.demo.touches import make_touches
from helpers.collection.demo.web import make_events


@dataclass(frozen=True)
class DemoCompany:
    """The made-up company: `raw` exports by file stem, `truth` tables by name, `facts` (constants and what they came to).

    `templates` holds what people wrote into the kit's own sheets, by table, and `judged` the constants and counts behind it.
    """

    raw: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]
    facts: dict[str, Any]
    templates: dict[str, pd.DataFrame]
    judged: dict[str, Any]


def generate_demo(seed: int = 7) -> DemoCompany:
    """Return the made-up company (SPEC 4); the same seed gives the same frames.

    Parameters
    ----------
    seed : int
        Any whole number from 0; 7 is the committed company.

    Returns
    -------
    DemoCompany
        `raw` holds the exports as their systems write them (text, mixed forms, dirt); `truth` is keyed by the id of
        each customer's first CRM record.

    Examples
    --------
    >>> company = generate_demo(7)
    >>> sorted(company.raw)[:3]
    ['campaign_log', 'crm_activities', 'crm_contacts']
    """
    plan, products = Plan(), make_products()
    people, different = confuse(make_people(plan, seed), seed)
    base, lives = make_orders(people, plan, seed)
    trainings, campaigns = make_trainings(base, lives, plan, seed), make_campaigns(people, base, lives, plan, seed)
    orders, lives = add_planted(base, lives, trainings, campaigns)
    lines = make_lines(orders, people, lives, products, plan, seed)
    records = make_records(people, different, plan, seed)
    customers, tests = exports.export_customers(records, plan, seed)
    ledger, refunds = make_erp(lines, orders, people, records, tests, plan, seed)
    tickets = make_tickets(orders, people, plan, seed)
    surveys = make_surveys(orders, tickets, lives, plan, seed)
    asked, answers = exports.export_tickets(tickets, records, tests, plan, seed), exports.export_surveys(surveys, records, plan, seed)
    raw = {
        "crm_customers": customers, "erp_order_lines": exports.export_orders(ledger, seed), "erp_products": products.drop(columns="cost_share"), "tickets": asked,
        "web_events": exports.export_events(make_events(people, lives, orders, lines, products, plan, seed), records, plan, seed), "survey": answers,
        "campaign_log": exports.export_touches(make_touches(campaigns, people, records, plan, seed), records, plan),
        **exports.export_crm_extras(_crm_parts(people, lives, trainings, plan, seed), records, plan, seed),
    }  # fmt: skip
    own = records[records["variant"].isna()].set_index("person")["raw_id"].sort_index()
    sold = ledger[ledger["what"] == "sale"].drop_duplicates("group").set_index("group")["order_id"]
    told = {
        **truth.tell_customers(records, different, tests), "activity": truth.tell_activity(people, orders, lives, own, plan),
        "need_type": truth.tell_traits(people, orders, own, plan), "sequential_pair": truth.tell_pair(lines, orders, own, plan),
        "training_link": truth.tell_trainings(trainings, lines, orders, own, plan), "campaigns": truth.tell_campaigns(campaigns, own),
        "themes": truth.tell_themes(tickets, asked, surveys, answers, {k: t.sentiment for k, t in THEMES.items()}),
        "decliners": truth.tell_decliners(people, lines, orders, own, plan), "refunds": refunds,
        "late_orders": pd.DataFrame({"order_id": sold.loc[orders.index[orders["late"]]].to_numpy()}),
    }  # fmt: skip
    facts = collect_facts(seed, plan, raw, told, ledger)
    templates, known, judged = fill_templates(people, lives, records, own, plan, seed)
    return DemoCompany(raw, told | known, facts, templates, judged)


def _crm_parts(people: pd.DataFrame, lives: pd.DataFrame, trainings: pd.DataFrame, plan: Plan, seed: int) -> dict[str, pd.DataFrame]:
    return {
        "contacts": make_contacts(people, lives, plan, seed),
        "contracts": make_contracts(people, lives, plan, seed),
        "equipment": make_equipment(people, lives, plan, seed),
        "interactions": make_interactions(people, lives, trainings, plan, seed),
    }
