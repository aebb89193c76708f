"""The exports of the six systems as they look in the files: text, headers and dirt as each system writes them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.collection.demo.dirt import repeat_rows, spoil, write_dates, write_flags, write_money, write_phone, write_regions
from helpers.collection.demo.erp import COLUMNS
from helpers.collection.demo.plan import Plan, stream
from helpers.collection.demo.records import file_under, wide
from helpers.collection.demo.texts import THEMES

TESTS = ("TEST", "test account - do not use", "测试客户", "测试账号2", "Test Shop Ltd", "ERP TEST")
HEADER_ERP = (  # top row, columns below it
    ("Order", ("No.", "Line", "Date", "Channel", "Status", "Original no.")),
    ("Customer", ("Code",)),
    ("Goods", ("SKU", "Quantity")),
    ("Money (CNY)", ("Unit price", "Discount", "Amount", "Cost")),
)
CSAT_ZH = {1: "非常不满意", 2: "不满意", 3: "一般", 4: "满意", 5: "非常满意"}
CRM_DATES = {"iso": 60, "slash": 15, "dmy": 10, "chinese": 8, "compact": 4, "words": 3}


def export_customers(records: pd.DataFrame, plan: Plan, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the CRM's customer list (true records, test accounts, sign-ups without an id) and the ids of the tests."""
    rng = stream(seed, "dirt customers")
    kind = records["kind"].map({"consumer": "P", "business": "B"})
    listed = pd.DataFrame({
        "Customer ID": records["raw_id"], "Name": records["name"], "Type": spoil(kind, 0.08, {"P": "个人", "B": "企业"}.get, rng),
        "Industry": records["industry"], "Region": write_regions(records["region"], rng), "City": records["city"].str.split(" ").str[0],
        "Size": records["size"], "Source": records["source"], "Referred by": records["referred_by"], "Account manager": records["owner_id"],
        "Card level": records["level"].replace("none", None), "Customer since": write_dates(plan.dates(records["created"]), CRM_DATES, rng),
        "Birthday": write_dates(records["birthday"], CRM_DATES, rng), "Founded": write_dates(records["anniversary"], {"iso": 1}, rng),
        "E-mail": spoil(records["email"], 0.02, lambda e: f" {e}", rng), "Phone": [write_phone(p, rng) for p in records["phone"]],
        "Newsletter": write_flags(records["consent_email"], rng), "Calls": write_flags(records["consent_phone"], rng), "Post": write_flags(records["consent_post"], rng),
    })  # fmt: skip
    listed = repeat_rows(listed, 4, rng)
    tests = [f"K{90_001 + n}" for n in range(len(TESTS))]
    fakes = pd.DataFrame(
        {
            "Customer ID": tests,
            "Name": TESTS,
            "Type": "P",
            "Region": "South China",
            "Customer since": "2023-01-05",
            "E-mail": [f"test{n}@test.example.com" for n in range(len(TESTS))],
        }
    )
    blank = pd.DataFrame({"Customer ID": [None, "  ", None], "Name": ["王", "网站注册", "?"], "Type": "P", "Customer since": "2024-05-05"})
    return pd.concat([listed, fakes, blank], ignore_index=True)[listed.columns], tests


def export_orders(ledger: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the ERP's order lines: most dates real dates, some text; most amounts numbers, some with a currency sign."""
    rng = stream(seed, "dirt orders")
    sheet = ledger[COLUMNS].reset_index(drop=True).astype(object)
    as_text = rng.random(len(sheet)) < 0.04
    typed = write_dates(ledger["date"].reset_index(drop=True), {"iso": 5, "dmy": 3, "chinese": 2, "compact": 1}, rng)
    sheet["date"] = [t if text else d.date() for d, t, text in zip(ledger["date"], typed, as_text, strict=True)]
    sheet["discount"] = ledger["discount"].reset_index(drop=True).where(lambda d: d > 0).astype(object)  # the ERP prints no zeros
    sheet["amount"] = spoil(sheet["amount"], 0.02, lambda m: write_money(m, rng), rng)
    sheet["unit_price"] = spoil(sheet["unit_price"], 0.005, lambda m: write_money(m, rng), rng)
    sheet["quantity"] = spoil(sheet["quantity"], 0.004, lambda q: wide(str(q)), rng)
    sheet["customer"] = spoil(spoil(sheet["customer"], 0.01, wide, rng), 0.005, lambda c: f"{c} ", rng)
    sheet = repeat_rows(sheet, 15, rng)
    sheet = sheet.astype(object).where(sheet.notna(), None)
    sheet.columns = pd.Index([f"{top} / {below}" for top, columns in HEADER_ERP for below in columns])
    return sheet


def export_tickets(tickets: pd.DataFrame, records: pd.DataFrame, tests: list[str], plan: Plan, seed: int) -> pd.DataFrame:
    """Return the help desk's tickets: ISO times with and without the T, priorities P1 to P3."""
    rng = stream(seed, "dirt tickets")
    days = (tickets["opened_at"] - pd.Timestamp(plan.start)).dt.days
    filed = file_under(records, tickets["customer"], days, rng)
    times = {c: _times(tickets[c], rng) for c in ("opened_at", "first_response_at", "resolved_at")}
    return pd.DataFrame({
        "ticket": [f"T{n:05d}" for n in range(1, len(tickets) + 1)], "customer": spoil(filed, 0.006, lambda _: tests[0], rng), "opened": times["opened_at"],
        "first_reply": times["first_response_at"], "closed": times["resolved_at"], "topic": tickets["theme"].map(lambda t: THEMES[t].category),
        "priority": tickets["severity"].map({"high": "P1", "medium": "P2", "low": "P3"}), "complaint": tickets["theme"].map(lambda t: THEMES[t].complaint),
        "message": tickets["text"],
    })  # fmt: skip


def _times(times: pd.Series, rng: np.random.Generator) -> list[str | None]:
    t = rng.random(len(times)) < 0.7
    return [
        None if pd.isna(at) else at.strftime("%Y-%m-%dT%H:%M:%S" if iso else "%Y-%m-%d %H:%M") for at, iso in zip(times, t, strict=True)
    ]


def export_events(events: pd.DataFrame, records: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return the web log: own words for the actions, visitors without an account, some rows sent twice."""
    rng = stream(seed, "dirt events")
    filed = file_under(records, events["customer"], (events["at"] - pd.Timestamp(plan.start)).dt.days, rng)
    account = spoil(filed, 0.015, lambda _: None, rng)
    action = events["event"].map({"page_view": "view", "login": "login", "feature_use": "use", "content": "read"})
    log = pd.DataFrame({"account": account.astype("str"), "ts": events["at"], "action": action, "object": events["object"]})
    return repeat_rows(log, 30, rng)


def export_surveys(surveys: pd.DataFrame, records: pd.DataFrame, plan: Plan, seed: int) -> pd.DataFrame:
    """Return the questionnaire tool's export: Chinese headers, answers in words, dates in two Chinese forms."""
    rng = stream(seed, "dirt surveys")
    filed = file_under(records, surveys["customer"], (surveys["answered_on"] - pd.Timestamp(plan.start)).dt.days, rng)
    return pd.DataFrame({
        "客户编号": spoil(filed, 0.03, wide, rng), "填写日期": write_dates(surveys["answered_on"], {"iso": 5, "chinese": 3, "slash": 2}, rng),
        "推荐意愿(0-10)": spoil(surveys["nps"].astype(str), 0.05, wide, rng), "满意度": surveys["csat"].map(CSAT_ZH), "意见建议": surveys["text"],
    })  # fmt: skip


def export_touches(touches: pd.DataFrame, records: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return the mailing tool's log: DD.MM.YYYY, decimal commas, points between thousands."""
    first = records[records["variant"].isna()].set_index("person")["raw_id"]
    sent = plan.dates(touches["day"])
    cost = [None if pd.isna(c) else f"{c:,.2f}".translate(str.maketrans(",.", ".,")) for c in touches["cost"]]
    return pd.DataFrame({
        "touch": [f"M{n:06d}" for n in range(1, len(touches) + 1)], "customer": touches["customer"].map(first), "campaign": touches["play"],
        "channel": touches["channel"], "sent": sent.dt.strftime("%d.%m.%Y"), "group": touches["group"].map({"treated": "T", "held_out": "H"}),
        "cost": cost, "reacted": touches["response"],
    })  # fmt: skip


def export_crm_extras(parts: dict[str, pd.DataFrame], records: pd.DataFrame, plan: Plan, seed: int) -> dict[str, pd.DataFrame]:
    """Return the CRM's further lists: contacts, contracts, equipment, activities."""
    rng = stream(seed, "dirt crm")
    first = records[records["variant"].isna()].set_index("person")["raw_id"]
    contacts, contracts, equipment, talks = (
        parts[k].assign(customer=parts[k]["customer"].map(first)) for k in ("contacts", "contracts", "equipment", "interactions")
    )
    contacts = contacts.assign(left_on=write_dates(contacts["left_on"], {"iso": 1}, rng))
    contracts = contracts.assign(
        starts_on=write_dates(contracts["starts_on"], {"iso": 3, "chinese": 1}, rng),
        renews_on=write_dates(contracts["renews_on"], {"iso": 1}, rng),
    )
    contracts["annual_amount"] = spoil(contracts["annual_amount"], 0.3, lambda m: f"¥{m:,.2f}", rng)
    equipment = equipment.assign(installed_on=write_dates(equipment["installed_on"], {"iso": 1}, rng))
    talks = talks.assign(at=talks["at"].dt.strftime("%Y-%m-%d %H:%M"))[["customer", "at", "kind", "direction", "level", "topic", "outcome"]]
    return {name: _numbered(frame, letter) for name, frame, letter in
            (("crm_contacts", contacts, "P"), ("crm_contracts", contracts, "V"), ("crm_equipment", equipment, "E"), ("crm_activities", talks, "A"))}  # fmt: skip


def _numbered(frame: pd.DataFrame, letter: str) -> pd.DataFrame:
    numbered = frame.reset_index(drop=True)
    numbered.insert(0, "id", [f"{letter}{n:05d}" for n in range(1, len(frame) + 1)])
    return numbered.rename(columns={c: c.replace("_", " ").capitalize() for c in numbered.columns})
