"""The index page of a batch in a real browser: columns sort, differences follow the chosen run, every link has something behind it."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from helpers.show.index_page import Cell, IndexPage, Row, build_index, say_difference

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
COLUMNS = (Cell("customers", "customers", "count", "with an order"), Cell("net", "expected (EUR)", "money", "less cost"), Cell("share of Loyal", "Loyal", "share", "of the customers"))
VALUES = {
    "q1": {"customers": 9.0, "net": -50.0, "share of Loyal": 0.25, "currency": "EUR"},
    "q2": {"customers": 100.0, "net": 25.0, "share of Loyal": 0.2, "currency": "EUR"},
    "q3": {"customers": None, "net": None, "share of Loyal": None, "currency": ""},
    "q4": {"customers": 20.0, "net": 0.0, "share of Loyal": 0.5, "currency": "USD"},
}


@pytest.fixture
def page(tmp_path: Path):
    (tmp_path / "q1").mkdir()
    (tmp_path / "q1" / "report.html").write_text("<title>report of q1</title>", encoding="utf-8")
    rows = tuple(
        Row(name, f"{name}/report.html" if name != "q3" else "", (name.upper(),), "failed" if name == "q3" else "finished", "cell 2: <b>no</b> orders" if name == "q3" else "", "1.5",
            lists=(("page", f"{name}/actions/action_list.html"),) if name == "q1" else ())
        for name in VALUES
    )  # fmt: skip
    told = IndexPage("Four quarters", "q1", ("as_of",), (("profile", "demo"),), COLUMNS, rows, VALUES, ("A note.",), ())
    (tmp_path / "index.html").write_text(build_index(told), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        opened = browser.new_page()
        opened.goto((tmp_path / "index.html").as_uri())
        yield opened
        browser.close()


def order(page: Page) -> list[str]:
    return page.locator("#runs tbody tr").evaluate_all("rows => rows.map(r => r.dataset.run)")


def small(page: Page, run: str, key: str) -> str:
    return page.locator(f"tr[data-run={run}] td[data-k='{key}'] small").inner_text()


def test_numbers_sort_as_numbers_both_ways_and_what_is_not_measured_comes_last(page: Page):
    assert order(page) == ["q1", "q2", "q3", "q4"]
    button = page.get_by_role("button", name="customers")
    button.click()
    assert order(page) == ["q1", "q4", "q2", "q3"]
    button.click()
    assert order(page) == ["q2", "q4", "q1", "q3"]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("customers")
    page.get_by_role("button", name="as of").click()
    assert order(page) == ["q1", "q2", "q3", "q4"] and page.locator("th[aria-sort]").count() == 1


def test_differences_follow_the_chosen_run_and_are_those_that_were_written(page: Page):
    for base in ("q1", "q2", "q1"):
        page.locator("#base").select_option(base)
        for run, own in VALUES.items():
            for cell in COLUMNS:
                same = run != base and own["currency"] == VALUES[base]["currency"]
                assert small(page, run, cell.key) == (say_difference(own[cell.key], VALUES[base][cell.key], cell.unit) if same else "")
        assert page.locator("tr.base").evaluate_all("rows => rows.map(r => r.dataset.run)") == [base]
    assert small(page, "q2", "net") == "+150.0 %"
    assert page.locator("#base option").all_inner_texts() == ["q1", "q2", "q4"]


def test_an_error_is_text_and_links_lead_to_the_run(page: Page):
    expect(page.locator(".fault")).to_contain_text("cell 2: <b>no</b> orders")
    assert page.get_by_role("link", name="page").get_attribute("href") == "q1/actions/action_list.html"
    page.get_by_role("link", name="q1").click()
    assert page.title() == "report of q1"
