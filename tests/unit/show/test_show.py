"""What people see: numbers as text, safe files, one page that stands alone, a control that computes nothing of its own."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pandas as pd
import pytest

from helpers.axes.derive import AxisSettings, derive_axes
from helpers.axes.population import fit_population
from helpers.axes.settings import ActivitySettings, LifecycleSettings, RfmSettings
from helpers.rules.schemes import assign_scheme, schemes_of
from helpers.runs.schemefiles import read_scheme_files
from helpers.show import plots_tiers
from helpers.show.export import neutralise, safe_csv, safe_excel
from helpers.show.report import Bullets, Grid, Links, Page, Section, Text, build_report, draw
from helpers.show.tables import as_pre, as_text, say_money, say_share
from helpers.show.widgets import tier_controls, tier_table
from helpers.tiering.summary import summarise_tiers

AS_OF = dt.date(2025, 6, 30)
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize(
    ("amount", "says"), [(0, "0.00 EUR"), (999.994, "999.99 EUR"), (1000, "1,000 EUR"), (-1234.5, "-1,234 EUR"), (1e9, "1,000,000,000 EUR")]
)
def test_money_has_cents_only_below_a_thousand(amount, says):
    assert say_money(amount, "EUR") == says


def test_share_of_nothing_is_no_number():
    assert [say_share(s) for s in (float("nan"), 0.0999, 0.1, 1)] == ["", "10.0 %", "10 %", "100 %"]


def test_text_table_shows_days_flags_and_blanks_and_says_what_is_cut():
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2025-01-02", None]), "flag": pd.array([True, None], "boolean"), "n": pd.array([1234, None], "Int64"), "words": ["x" * 9, None]}
    )
    text = as_text(frame, width=5)
    assert "2025-01-02" in text
    assert "yes" in text
    assert "1,234" in text
    assert "xxxx…" in text
    assert "xxxxx" not in text
    assert not {"NaT", "nan", "None", "<NA>"} & set(text.split())
    assert as_text(frame, rows=1).endswith("(1 of 2 rows)")
    assert as_text(frame.head(0)) == "(no rows; columns: day, flag, n, words)"


@pytest.mark.parametrize("cell", DANGEROUS)
def test_no_cell_is_run_as_a_formula(cell):
    frame = pd.DataFrame({"name": [cell, "Mei", None], "net": [-5.0, 1.0, 2.0]})
    guarded = neutralise(frame)
    assert guarded["name"].tolist()[:2] == [f"'{cell}", "Mei"]
    assert guarded["net"].tolist() == [-5.0, 1.0, 2.0]  # a negative number is a number
    read = pd.read_csv(io.BytesIO(safe_csv(frame)), encoding="utf-8-sig", dtype="str")
    assert read["name"].iloc[0].startswith("'")
    sheet = openpyxl.load_workbook(io.BytesIO(safe_excel({"list": frame})))["list"]
    assert (sheet["A2"].data_type, sheet["A2"].value[0], sheet["B2"].value) == ("s", "'", -5)


def test_equal_tables_give_equal_workbooks_and_chinese_survives():
    frame = pd.DataFrame({"name": ["客户"], "net": [1.5]})
    assert safe_excel({"列表": frame}) == safe_excel({"列表": frame})
    assert safe_csv(frame).startswith(b"\xef\xbb\xbf")
    assert openpyxl.load_workbook(io.BytesIO(safe_excel({"列表": frame})))["列表"]["A2"].value == "客户"


def make_page() -> str:
    doctor = pd.DataFrame({"analysis": ["a<b"], "verdict": ["green"]})
    blocks = (Text("<hr>"), Bullets(("<img src=x>",)), Grid(pd.DataFrame({"what": ["<b>&"]}), caption="<h5>"), Grid(doctor, dots="verdict"), Links((("<u>lesson", "a.html", "x"),)))
    sections = (Section("Open <em>", blocks), Section("Folded", (Text("inside"),), folded=True))
    return build_report(Page("A <script>alert(1)</script> shop", "Tom & <i>Mei</i>", "2025-06-30", "EUR", (("1", "<u>customers", "x"),), sections))


def test_report_holds_its_title_and_escapes_every_text():
    page = make_page()
    assert "A &lt;script&gt;alert(1)&lt;/script&gt; shop" in page
    assert "Tom &amp; &lt;i&gt;Mei" in page
    for raw in ("<script>alert", "<i>Mei", "<img src=x>", "<u>customers", "<u>lesson", "<b>&", "<hr>", "<h5>", "<em>"):
        assert raw not in page


def test_report_marks_verdicts_folds_sections_and_links_to_the_open_ones():
    page = make_page()
    assert '<span class="dot green"></span>green' in page
    assert "<details><summary>Folded</summary><p>inside</p>" in page.replace("\n", "")
    assert '<a href="#s1">Open' in page and '<h2 id="s1">Open' in page and page.count('href="#s') == 1


@pytest.fixture
def schemes():
    return schemes_of(read_scheme_files())


def judge(measures, scheme, settings):
    axes = derive_axes(measures, fit_population(measures, settings.rfm, settings.activity), settings, as_of=AS_OF)
    return summarise_tiers(axes, assign_scheme(axes, scheme)["tier"], scheme)


def test_report_opens_without_a_network(make_lines, measure, schemes):
    summary = judge(measure(make_lines()), schemes["champions11"], AxisSettings())
    figure = draw(plots_tiers.plot_tier_sizes, summary, message="who buys")
    assert figure.picture.startswith("data:image/png;base64,")
    page = make_page()
    assert not [word for word in ("http://", "https://", 'src="//') if word in page.replace("http://www.w3.org", "")]


def test_control_shows_what_the_plain_call_gives(make_lines, measure, schemes):
    measures = measure(make_lines())
    settings = AxisSettings(rfm=RfmSettings(bands=4))
    control = tier_controls(measures, schemes, settings, primary="champions11", as_of=AS_OF)
    bands, new_days, slowing, silent, method, scheme, output = control.children
    plain = tier_table(measures, schemes["champions11"], as_of=AS_OF, bands=4, method="quantile", new_days=90, slowing=1.5, silent=2.5)
    assert output.value == as_pre(plain)
    bands.value, method.value, new_days.value, slowing.value, silent.value, scheme.value = 3, "mean_split", 7, 2.0, 4.0, "rfm4"
    moved = tier_table(measures, schemes["rfm4"], as_of=AS_OF, bands=3, method="mean_split", new_days=7, slowing=2.0, silent=4.0)
    assert output.value == as_pre(moved) and not moved.equals(plain)


def test_plain_call_gives_what_the_stages_give(make_lines, measure, schemes):
    measures = measure(make_lines())
    settings = AxisSettings(RfmSettings(bands=3), ActivitySettings(silent=3.5), LifecycleSettings(new_days=20))
    table = tier_table(measures, schemes["types4"], as_of=AS_OF, bands=3, method="quantile", new_days=20, slowing=1.5, silent=3.5)
    expected = judge(measures, schemes["types4"], settings).query("customers > 0")
    assert table["label_en"].tolist() == expected["label_en"].tolist()
    assert table["customers"].tolist() == expected["customers"].tolist()
    assert table["customers"].sum() == len(measures)
    assert round(table["revenue"].sum() - measures["total_spend"].sum(), 6) == 0


def test_a_slowing_limit_above_the_silent_one_is_pulled_below_it(make_lines, measure, schemes):
    measures = measure(make_lines())
    table = tier_table(measures, schemes["types4"], as_of=AS_OF, bands=5, method="quantile", new_days=90, slowing=9.0, silent=3.0)
    assert table["customers"].sum() == len(measures)
