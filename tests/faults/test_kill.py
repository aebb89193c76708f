"""A run that is killed leaves nothing that looks whole but is not; the next run ends as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from helpers.runs.files import DRAFT

PROFILE = """
profile: small
title: Small
currency: EUR
as_of: 2025-06-30
sources:
  - {name: sales, table: order_lines, path: sales.csv, columns: {order_id: o, customer_id: c, order_date: d, amount: a}}
"""
MOMENTS = 10


def start(folder: Path, out: str, cache: str) -> subprocess.Popen:
    command = [sys.executable, "-c", "from helpers.cli import main; main()", "run", "--profile", str(folder / "small.yml"), "--out", str(folder / out), "--tables-only"]
    environment = {**os.environ, "CRMKIT_CACHE": str(folder / cache)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def table_hashes(folder: Path, out: str) -> dict[str, str]:
    manifest = json.loads((folder / out / "manifest.json").read_text(encoding="utf-8"))
    return {name: facts["sha256"] for name, facts in manifest["tables"].items()}


def test_ten_kills_and_then_the_same_tables(tmp_path):
    rows = 20_000
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta([n % 500 for n in range(rows)], unit="D")
    frame = pd.DataFrame({"o": [f"O{n // 3}" for n in range(rows)], "c": [f"K{n // 3 % 700}" for n in range(rows)], "d": days.strftime("%Y-%m-%d"), "a": [1 + n % 90 for n in range(rows)]})
    frame.to_csv(tmp_path / "sales.csv", index=False)
    (tmp_path / "small.yml").write_text(PROFILE, encoding="utf-8")
    began = time.monotonic()
    undisturbed = start(tmp_path, "calm", "calm cache")
    assert undisturbed.wait() == 0, undisturbed.stderr.read()
    length = time.monotonic() - began
    killed = 0
    for moment in range(1, MOMENTS + 1):
        process = start(tmp_path, "storm", "storm cache")
        try:
            process.wait(timeout=length * moment / (MOMENTS + 1))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert killed >= 4  # later attempts are quicker, because the cache keeps what was finished
    last = start(tmp_path, "storm", "storm cache")
    assert last.wait() == 0, last.stderr.read()
    assert table_hashes(tmp_path, "storm") == table_hashes(tmp_path, "calm")
    assert not list((tmp_path / "storm").rglob(f"{DRAFT}*"))
