"""The made-up company of the course: a generator of six raw exports and the truth planted in them."""

from __future__ import annotations

from helpers.collection.demo.company import DemoCompany, generate_demo
from helpers.collection.demo.write import demo_files, write_demo

__all__ = ["DemoCompany", "demo_files", "generate_demo", "write_demo"]
