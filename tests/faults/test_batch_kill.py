"""A batch whose whole process tree is killed, again and again, ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from batch_project import make_project  # noqa: E402

from helpers.runs.files import DRAFT  # noqa: E402

BATCH = "batch: b\ncommon: {profile: shop}\ngrid: {customer_kind: [all, business, consumer]}\n"
KILLS = int(os.environ.get("CRMKIT_KILLS", "4"))  # twenty by hand


def start(home: Path, out: str) -> subprocess.Popen:
    command = [sys.executable, "-c", "from helpers.cli import main; main()", "batch", str(home / "b.yml"), "--jobs", "2", "--out", str(home / out)]
    environment = {**os.environ, "CRMKIT_HOME": str(home), "CRMKIT_CACHE": str(home / f"{out} cache")}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def kill_tree(process: subprocess.Popen) -> None:
    for victim in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
        try:
            os.kill(victim.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def hashes(place: Path) -> dict[str, dict[str, str]]:
    return {f.parent.name: {n: t["sha256"] for n, t in json.loads(f.read_text(encoding="utf-8"))["tables"].items()} for f in sorted(place.glob("*/manifest.json"))}


def test_kills_at_random_moments_and_then_the_same_tables(tmp_path):
    home = make_project(tmp_path / "home")
    (home / "b.yml").write_text(BATCH, encoding="utf-8")
    began = time.monotonic()
    calm = start(home, "calm")
    assert calm.wait() == 0, calm.stderr.read()
    length = time.monotonic() - began
    chance, killed = random.Random(7), 0
    for turn in range(KILLS):
        storm = start(home, "storm")
        try:
            storm.wait(timeout=chance.uniform(0.1, 0.9) * length / (1 + turn / 4))
        except subprocess.TimeoutExpired:
            kill_tree(storm)
            killed += 1
        for manifest in (home / "storm").glob("*/manifest.json"):  # what looks finished is finished
            told = json.loads(manifest.read_text(encoding="utf-8"))
            assert all((manifest.parent / name).stat().st_size == facts["bytes"] for name, facts in told["files"].items())
    assert killed >= min(KILLS, 2)
    last = start(home, "storm")
    assert last.wait() == 0, last.stderr.read()
    assert hashes(home / "storm") == hashes(home / "calm") and len(hashes(home / "calm")) == 3
    assert not list((home / "storm").rglob(f"{DRAFT}*"))
