"""A small project of its own for tests of batches: two short lessons, a shop with 30 customers, the real schemes."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pandas as pd

from helpers.runs.paths import project_root

PROFILE = """
profile: shop
title: A small shop
currency: EUR
as_of: 2025-06-30
folder: ../shop
settings: {lifecycle: {snapshots: 2}, purchase_model: {models: [nbd]}}  # the other models only take time
sources:
  - {name: sales, table: order_lines, path: sales.csv, columns: {order_id: o, customer_id: c, order_date: d, amount: a, channel: by}}
  - {name: people, table: customers, path: people.csv, columns: {customer_id: id, region: region, kind: kind}}
"""
PARAMETERS = """profile: str = "shop"  # which sources
as_of: str = "2025-06-30"  # last day
settings: dict = {}  # thresholds
out: str = ""  # run folder"""
OPEN = "from helpers.runs import Run\n\nrun = Run.open(profile, as_of, settings, out)\nprint(run.as_of)"
LESSONS = {
    "00_sizes": [OPEN, 'tiers = run.load("customer_tiers")\nprint(len(tiers), "customers")', 'run.save("customer_tiers")\nprint(tiers["tier"].value_counts().sort_index().to_string())'],
    "01_money": [OPEN, 'orders = run.load("orders")\nprint(round(orders["net_amount"].sum(), 2))'],
}
SCHEMES = ("champions11", "stages4")
OWN = ("demo", "profiles", "batches", "downloads", "schemes")
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}


def write_lesson(folder: Path, name: str, cells: list[str]) -> None:
    """Write a lesson whose first code cell holds the parameters."""
    first = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)], metadata=KERNEL), folder / f"{name}.ipynb")


def make_project(home: Path, rows: int = 600) -> Path:
    """Write the project; CRMKIT_HOME must point to it."""
    real = project_root()
    for folder in ("notebooks", "data/profiles", "data/shop", "tests/notebooks"):
        (home / folder).mkdir(parents=True)
    (home / "data" / "schemes").mkdir()
    for name in SCHEMES:  # the others only take time
        shutil.copy(real / "data" / "schemes" / f"{name}.yml", home / "data" / "schemes")
    for folder in (real / "data").iterdir():  # what rooms keep there, such as word lists
        if folder.is_dir() and folder.name not in OWN:
            shutil.copytree(folder, home / "data" / folder.name)
    shutil.copy(real / "notebooks" / "conftest.py", home / "notebooks")
    shutil.copy(real / "tests" / "notebooks" / "sanitize.cfg", home / "tests" / "notebooks")
    for name, cells in LESSONS.items():
        write_lesson(home / "notebooks", name, cells)
    (home / "data" / "profiles" / "shop.yml").write_text(PROFILE, encoding="utf-8")
    write_shop(home / "data" / "shop", rows)
    return home


def write_shop(folder: Path, rows: int = 600) -> None:
    """Write the exports: 30 customers of two regions and kinds, orders over 18 months through two channels."""
    days = pd.Timestamp("2024-01-02") + pd.to_timedelta([n // 2 * 7919 % 545 for n in range(rows)], unit="D")
    sales = {"o": [f"O{n // 2}" for n in range(rows)], "c": [f"K{n // 2 * 31 % 30}" for n in range(rows)], "d": days.strftime("%Y-%m-%d"),
             "a": [round(1 + n * 37 % 90 + 0.25, 2) for n in range(rows)], "by": ["web" if n // 2 % 3 else "shop" for n in range(rows)]}  # fmt: skip
    pd.DataFrame(sales).to_csv(folder / "sales.csv", index=False)
    people = {"id": [f"K{n}" for n in range(30)], "region": ["North" if n % 3 else "South" for n in range(30)], "kind": ["business" if n % 4 == 0 else "consumer" for n in range(30)]}
    pd.DataFrame(people).to_csv(folder / "people.csv", index=False)
