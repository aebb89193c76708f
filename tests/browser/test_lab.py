"""JupyterLab in a real browser: lesson 03 runs, and its slider changes the table. Needs Debian's chromium (apt-get install chromium)."""

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
from playwright.sync_api import sync_playwright

from helpers.runs.paths import project_root

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
RUN_ALL = """async () => {
  const app = window.jupyterapp; await app.restored;
  const panel = app.shell.currentWidget; await panel.sessionContext.ready; await panel.context.ready;
  await app.commands.execute('notebook:run-all-cells');
}"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def lab(tmp_path: Path):
    """A JupyterLab of its own on the loopback, with a copy of lesson 03."""
    shutil.copy(project_root() / "notebooks" / "03_rfm_tiering.ipynb", tmp_path)
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
    yield f"{address}/lab/tree/03_rfm_tiering.ipynb?token={token}&reset"
    server.terminate()
    server.wait()


def test_moving_the_slider_changes_the_table(lab, tmp_path):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1300, "height": 1000})
        page.goto(lab)
        page.wait_for_function("window.jupyterapp && window.jupyterapp.shell.currentWidget && window.jupyterapp.shell.currentWidget.sessionContext", timeout=60_000)
        page.evaluate(RUN_ALL)
        handle = page.locator(".noUi-handle").first
        handle.wait_for(timeout=60_000)
        table = page.locator(".widget-html pre, .widget-html-content pre").first
        before = table.inner_text()
        handle.scroll_into_view_if_needed()
        handle.focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.wait_for_function("before => document.querySelector('.widget-html pre, .widget-html-content pre').innerText !== before", arg=before, timeout=20_000)
        after = table.inner_text()
        page.screenshot(path=os.environ.get("CRMKIT_SCREENSHOT", str(tmp_path / "lab.png")))
        browser.close()
    assert "Champions" in before and "Champions" in after and before != after
