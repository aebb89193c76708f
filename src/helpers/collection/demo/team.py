"""Who looks after customers, and what a contact, a play or an offer costs: facts that the management wrote down once."""

from __future__ import annotations

import pandas as pd

STAFF = (  # hours: for customers in a usual week
    ("S01", "Chen Yuhan", "account manager", "business sales", 28, "negotiation;menu planning"),
    ("S02", "Zhao Wenbo", "account manager", "business sales", 30, "negotiation;contracts"),
    ("S03", "Ho Ka Yan", "account manager", "business sales", 26, "training;English;Cantonese"),
    ("S04", "Liu Peiyao", "account manager", "business sales", 30, "machines;training"),
    ("S05", "Sun Haoran", "account manager", "business sales", 12, "negotiation;chains"),
    ("S06", "Martin Ashby", "account manager", "business sales", 30, "English;contracts"),
    ("S07", "Gu Lanxin", "account manager", "business sales", 28, "menu planning;training"),
    ("S08", "Deng Zihao", "account manager", "business sales", 24, "machines;negotiation"),
    ("CS01", "Mei Jiaying", "customer success manager", "customer success", 24, "training;complaints"),
    ("CS02", "Rosa Lindqvist", "customer success manager", "customer success", 24, "complaints;English"),
    ("CS03", "Tang Yichen", "customer success manager", "customer success", 16, "machines;complaints"),
    ("CC01", "Qiu Manli", "customer care", "web shop", 30, "complaints;chat"),
    ("CC02", "Ye Siqi", "customer care", "web shop", 20, "chat;returns"),
    ("EX01", "Lam Wai Kit", "managing director", "management", 2, "negotiation;Cantonese"),
    ("EX02", "Fang Ruoxi", "sales director", "management", 4, "negotiation;contracts"),
)
COSTS = (  # without working time; the first row is what an hour of it costs
    ("working_hour", 95.0, None), ("call", 1.5, 0.4), ("visit", 160.0, 3.0), ("meeting", 40.0, 2.5), ("interview", 20.0, 1.5), ("email", 0.05, 0.1),
    ("chat", 0.0, 0.15), ("training", 35.0, 0.5), ("sms", 0.35, 0.0), ("wechat", 0.12, 0.0), ("post", 6.0, 0.05), ("ticket", 4.0, 0.6), ("complaint", 25.0, 1.5),
    ("order", 14.0, 0.05), ("executive_visit", 650.0, 6.0), ("repair_visit", 260.0, 2.5), ("tasting", 220.0, 2.0), ("strategy_seminar", 900.0, 8.0),
    ("training_seat", 120.0, 0.5), ("voucher", 30.0, 0.02), ("sample_box", 85.0, 0.2), ("gift", 1250.0, 0.3), ("freight_waiver", 480.0, 0.1), ("free_upgrade", 900.0, 0.5),
    ("loan_machine", 400.0, 1.0), ("service_credit", 300.0, 0.2),
)  # fmt: skip


def make_staff() -> pd.DataFrame:
    """Return the filled staff template: the account managers that the CRM names, customer success, customer care, management."""
    return pd.DataFrame(STAFF, columns=["staff_id", "name", "role", "team", "hours_per_week", "skills"]).astype(object)


def make_costs() -> pd.DataFrame:
    """Return the filled costs template (CNY and hours for doing it once)."""
    costs = pd.DataFrame(COSTS, columns=["play", "unit_cost", "hours"]).astype(object)
    return costs.where(costs.notna(), None)
