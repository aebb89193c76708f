"""JupyterLab in a real browser: lessons run, and their sliders change what is written below. Needs Debian's chromium (apt-get install chromium)."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from helpers.runs.paths import project_root

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RUN_ALL = """async said => {
  const app = window.jupyterapp; await app.restored;
  const panel = app.shell.currentWidget; await panel.sessionContext.ready; await panel.context.ready;
  await app.commands.execute('notebook:run-all-cells');
  // a cell out of sight is not drawn: go to the one that makes the controls
  panel.content.scrollToItem(panel.content.widgets.findIndex(c => c.model.sharedModel.getSource().includes(said)));
}"""
LESSONS = [("03_rfm_tiering", "tier_controls(", "Champions"), ("05_value_scoring", "horizon_controls(", "without_prediction"), ("05_value_scoring", "weight_controls(", "measured"), ("06_retention_playbooks", "plan_controls(", "no hours or money")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory):
    """A JupyterLab of its own on the loopback, with copies of the lessons; gives the address of a lesson."""
    tmp_path = tmp_path_factory.mktemp("lab")
    for name in {name for name, _, _ in LESSONS}:
        shutil.copy(project_root() / "notebooks" / f"{name}.ipynb", tmp_path)
    port, token = free_port(), secrets.token_hex(8)
    folders = {n: str(tmp_path / n) for n in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={tmp_path}", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None"]  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, **folders}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token={token}")
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    yield lambda name: f"{address}/lab/tree/{name}.ipynb?token={token}&reset"
    server.terminate()
    server.wait()


@pytest.mark.parametrize(("lesson", "cell", "column"), LESSONS, ids=[cell.strip("(") for _, cell, _ in LESSONS])
def test_moving_the_slider_changes_the_table(lab, tmp_path: Path, lesson: str, cell: str, column: str):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(lab(lesson))
        page.wait_for_function("window.jupyterapp && window.jupyterapp.shell.currentWidget && window.jupyterapp.shell.currentWidget.sessionContext", timeout=60_000)
        page.evaluate(RUN_ALL, cell)
        made = page.locator(".jp-CodeCell", has_text=cell)
        handle, table = made.locator(".noUi-handle").first, made.locator(".widget-html pre, .widget-html-content pre").first
        handle.wait_for(timeout=120_000)
        expect(table).to_contain_text(column)
        before = table.inner_text()
        handle.scroll_into_view_if_needed()
        handle.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        expect(table).not_to_have_text(before, timeout=60_000, use_inner_text=True)
        after = table.inner_text()
        page.screenshot(path=str(Path(os.environ.get("CRMKIT_SCREENSHOTS", tmp_path)) / f"{cell.strip('(')}.png"))
        browser.close()
    assert column in after and after != before
