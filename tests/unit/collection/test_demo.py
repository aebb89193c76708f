"""The demo company: exports parse back as meant, dirt and planted truth are there, the same seed gives the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import yaml

from helpers.collection.demo import DemoCompany, demo_files, generate_demo, write_demo
from helpers.collection.demo.dirt import write_dates, write_money, write_phone
from helpers.collection.demo.plan import Plan, pick, stream
from helpers.collection.demo.write import interrupt, zip_bytes
from helpers.collection.profiles import load_profile
from helpers.collection.templates import read_template

ROOT = Path(__file__).parents[3]
DEMO = ROOT / "data" / "demo"
PLAN = Plan()
AS_OF = pd.Timestamp(PLAN.as_of)


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    return generate_demo(7)


@pytest.fixture(scope="module")
def files(company: DemoCompany) -> dict[str, bytes]:
    return demo_files(company)


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return yaml.safe_load((DEMO / "truth" / "truth.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sheet() -> pd.DataFrame:
    """The ERP's order lines as openpyxl sees them, header joined by hand."""
    book = openpyxl.load_workbook(DEMO / "raw" / "erp_orders.xlsx", read_only=True)
    rows = list(book["Order lines"].iter_rows(min_row=4, max_col=13, values_only=True))
    names = [
        "order",
        "line",
        "date",
        "channel",
        "status",
        "original",
        "customer",
        "product",
        "quantity",
        "price",
        "discount",
        "amount",
        "cost",
    ]
    return pd.DataFrame(rows, columns=names, dtype=object)


@pytest.fixture(scope="module")
def lines(sheet: pd.DataFrame) -> pd.DataFrame:
    """Real sales by true customer, parsed by rules written here and not by the generator."""
    same = truth("same_customer").set_index("raw_id")["true_customer"]
    once = sheet.drop_duplicates(["order", "line"])
    read = once.assign(on=once["date"].map(read_date), money=once["amount"].map(read_money), owner=once["customer"].map(read_id).map(same))
    real = read["owner"].notna() & (read["status"] != "Cancelled") & ~read["product"].isin(["SHIP", "ADJ"])
    return read[real]


def truth(name: str) -> pd.DataFrame:
    return pd.read_csv(DEMO / "truth" / f"{name}.csv", dtype={"raw_id": "str"})


def read_date(value: Any) -> pd.Timestamp:
    if not isinstance(value, str):
        return pd.Timestamp(value)
    if "/" in value:
        return pd.Timestamp(dt.datetime.strptime(value, "%d/%m/%Y"))
    return pd.Timestamp(value.replace("年", "-").replace("月", "-").replace("日", ""))


def read_money(value: Any) -> float:
    if not isinstance(value, str):
        return float(value)
    plain = unicodedata.normalize("NFKC", value)
    return float("".join(c for c in plain if c in "-.0123456789"))


def read_id(value: Any) -> str | None:
    return None if value is None else unicodedata.normalize("NFKC", str(value)).strip()


# --- bytes ------------------------------------------------------------------------------------------------------------


def test_regeneration_gives_the_committed_bytes(files: dict[str, bytes]) -> None:
    committed = {p.relative_to(DEMO).as_posix(): p.read_bytes() for folder in ("raw", "truth") for p in (DEMO / folder).iterdir()}
    assert sorted(files) == sorted(committed)
    assert [name for name in files if files[name] != committed[name]] == []


def test_write_demo_writes_exactly_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"raw/a.csv": b"a\n", "truth/truth.yml": b"seed: 3\n"}
    monkeypatch.setattr("helpers.collection.demo.write.generate_demo", lambda seed: seed)
    monkeypatch.setattr("helpers.collection.demo.write.demo_files", lambda company: few if company == 3 else {})
    write_demo(tmp_path, 3)
    assert {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*.*")} == few


def test_raw_exports_stay_small(files: dict[str, bytes]) -> None:
    assert sum(len(b) for n, b in files.items() if n.startswith("raw/")) < 5_000_000
    assert len(files["raw/erp_orders.xlsx"]) < 1_500_000
    assert not [n for n, b in files.items() if n.endswith((".csv", ".jsonl", ".yml")) and b"\r" in b]


def test_zip_is_whole_and_has_fixed_times() -> None:
    made = zipfile.ZipFile(io.BytesIO(zip_bytes([("a/b.xml", b"x" * 1000), ("c.xml", b"")])))
    assert made.testzip() is None
    assert {i.filename: (made.read(i), i.date_time) for i in made.infolist()} == {
        "a/b.xml": (b"x" * 1000, (2025, 7, 15, 0, 0, 0)),
        "c.xml": (b"", (2025, 7, 15, 0, 0, 0)),
    }


# --- the exports parse back -------------------------------------------------------------------------------------------


def test_workbook_has_a_title_and_a_merged_header() -> None:
    book = openpyxl.load_workbook(DEMO / "raw" / "erp_orders.xlsx", read_only=True)
    top = [list(r) for r in book["Order lines"].iter_rows(min_row=1, max_row=3, max_col=13, values_only=True)]
    assert top[0][0].startswith("Lantern Bay Coffee") and not any(top[0][1:])
    assert [v for v in top[1] if v] == ["Order", "Customer", "Goods", "Money (CNY)"]
    assert top[2][:3] == ["No.", "Line", "Date"] and top[2][-2:] == ["Amount", "Cost"]
    with zipfile.ZipFile(DEMO / "raw" / "erp_orders.xlsx") as raw:
        assert raw.read("xl/worksheets/sheet1.xml").count(b"<mergeCell ") == 3


def test_ledger_of_the_workbook(sheet: pd.DataFrame, lines: pd.DataFrame, facts: dict[str, Any]) -> None:
    dirt, story = facts["dirt"], facts["story"]
    assert len(sheet) == facts["rows"]["erp_order_lines"]
    assert sheet["date"].map(lambda v: isinstance(v, str)).sum() == dirt["order_lines_date_as_text"]
    assert sheet["amount"].map(lambda v: isinstance(v, str)).sum() == dirt["order_lines_amount_as_text"]
    assert sheet["quantity"].map(lambda v: isinstance(v, str)).sum() == dirt["order_lines_quantity_full_width"]
    assert sheet["customer"].isna().sum() == dirt["order_lines_without_customer"]
    assert sheet.duplicated(["order", "line"]).sum() == dirt["order_lines_exported_twice"]
    assert (sheet["status"] == "Cancelled").sum() == dirt["order_lines_cancelled"]
    assert (sheet.drop_duplicates(["order", "line"])["date"].map(read_date) > AS_OF).sum() == dirt["order_lines_after_as_of"]
    sales = lines[(lines["on"] <= AS_OF) & (lines["status"] == "Delivered")]
    assert round(sales["money"].sum()) == story["sales"]
    assert sales["order"].nunique() == story["orders"]


def test_dates_reach_beyond_the_as_of_date(lines: pd.DataFrame) -> None:
    assert lines["on"].min() >= pd.Timestamp(PLAN.start)
    assert AS_OF < lines["on"].max() <= pd.Timestamp(PLAN.end) + pd.Timedelta(days=14)


def test_customer_list(facts: dict[str, Any]) -> None:
    listed = pd.read_csv(DEMO / "raw" / "crm_customers.csv", encoding="utf-8", dtype="str")
    ids = listed["Customer ID"].str.strip().replace("", None)
    same = truth("same_customer")
    assert len(listed) == facts["rows"]["crm_customers"]
    assert ids.isna().sum() == facts["dirt"]["customers_without_id"]
    assert ids.dropna().duplicated().sum() == facts["dirt"]["customers_exported_twice"]
    assert same["true_customer"].nunique() == PLAN.consumers + PLAN.businesses
    assert set(same["raw_id"]) | set(truth("test_accounts")["raw_id"]) == set(ids.dropna())
    assert listed["E-mail"].dropna().str.strip().str.lower().str.endswith("example.com").all()


def test_first_record_of_a_customer_is_the_earliest() -> None:
    same = truth("same_customer")
    first = same[same["variant"].isna()]
    assert (first["raw_id"] == first["true_customer"]).all()
    assert (same["raw_id"] >= same["true_customer"]).all()


def test_look_alikes_are_different_customers() -> None:
    known = truth("same_customer").set_index("raw_id")["true_customer"]
    apart = truth("different_customers")
    assert len(apart) >= 12
    assert (apart["raw_a"].map(known) != apart["raw_b"].map(known)).all()


def test_interrupted_files_break_off_in_their_last_line(facts: dict[str, Any]) -> None:
    tickets = (DEMO / "raw" / "tickets.jsonl").read_text(encoding="utf-8").split("\n")
    assert len([json.loads(line) for line in tickets[:-1]]) == facts["rows"]["tickets"] - 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(tickets[-1])
    with (DEMO / "raw" / "crm_activities.csv").open(encoding="utf-8", newline="") as stream:
        talks = list(csv.reader(stream))
    assert len(talks) == facts["rows"]["crm_activities"] + 1
    assert {len(r) for r in talks[:-1]} == {8} and len(talks[-1]) < 8


def test_survey_is_chinese_in_gbk(facts: dict[str, Any]) -> None:
    content = (DEMO / "raw" / "survey_gbk.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    answers = pd.read_csv(io.BytesIO(content), encoding="gbk", dtype="str")
    assert list(answers.columns)[0] == "客户编号" and len(answers) == facts["rows"]["survey"]
    assert set(answers["满意度"]) <= {"非常满意", "满意", "一般", "不满意", "非常不满意"}
    assert answers["推荐意愿(0-10)"].map(lambda v: int(unicodedata.normalize("NFKC", v))).between(0, 10).all()


def test_campaign_log_is_german(facts: dict[str, Any]) -> None:
    log = pd.read_csv(DEMO / "raw" / "campaign_log.csv", sep=";", encoding="utf-8", dtype="str")
    assert len(log) == facts["rows"]["campaign_log"]
    assert pd.to_datetime(log["sent"], format="%d.%m.%Y").between("2023-01-01", "2025-07-14").all()
    assert set(log["cost"].dropna()) == {"0,05", "0,12", "0,35", "18,00", "1.250,00"}
    assert log.loc[log["group"] == "H", "cost"].isna().all()


def test_web_events(facts: dict[str, Any]) -> None:
    events = pd.read_parquet(DEMO / "raw" / "web_events.parquet")
    assert len(events) == facts["rows"]["web_events"]
    assert events["account"].isna().sum() == facts["dirt"]["events_without_account"]
    assert set(events["action"]) == {"view", "login", "use", "read"}


def test_profile_names_columns_that_exist(company: DemoCompany) -> None:
    profile = load_profile(ROOT / "data" / "profiles" / "demo.yml")
    assert profile.as_of == PLAN.as_of
    frames = {
        "survey": "survey",
        "campaign_log": "campaign_log",
        "tickets": "tickets",
        "web_events": "web_events",
        "erp_order_lines": "erp_order_lines",
    }
    frames |= {n: n for n in company.raw if n.startswith("crm_")}
    assert len(profile.sources) == len(company.raw) + len(company.templates)
    for source in profile.sources:
        assert profile.files(source)
        if source.name in frames:
            assert set(source.columns.values()) <= set(company.raw[frames[source.name]].columns), source.name


# --- the planted truth can be found -----------------------------------------------------------------------------------


def test_four_in_five_buy_b_after_a(lines: pd.DataFrame, facts: dict[str, Any]) -> None:
    sold = lines[lines["status"] == "Delivered"]
    a = sold[sold["product"] == PLAN.pair_a].groupby("owner")["on"].min()
    a = a[a + pd.DateOffset(months=3) <= AS_OF]
    b = sold[sold["product"] == PLAN.pair_b].merge(a.rename("a"), left_on="owner", right_index=True)
    bought = b[(b["on"] > b["a"]) & (b["on"] <= b["a"] + pd.DateOffset(months=3))]["owner"].nunique()
    assert len(a) == facts["realised"]["pair_buyers_followed"] >= 200
    assert bought / len(a) == pytest.approx(facts["realised"]["pair_share"], abs=1e-4)
    assert facts["realised"]["pair_share"] == pytest.approx(PLAN.pair_share, abs=0.05)


def test_need_types_show_in_the_exports(lines: pd.DataFrame) -> None:
    kinds = truth("need_type").set_index("customer_id")["need_type"]
    discounted = lines["discount"].notna().groupby(lines["owner"].map(kinds)).mean()
    assert discounted["cost_sensitive"] > 4 * discounted.drop("cost_sensitive").max()
    same = truth("same_customer").set_index("raw_id")["true_customer"]
    text = (DEMO / "raw" / "tickets.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    asked = pd.Series([json.loads(t)["customer"] for t in text]).map(same).map(kinds).value_counts()
    rate = asked / lines.drop_duplicates("order")["owner"].map(kinds).value_counts()
    assert rate["service_dependent"] > 4 * rate.drop("service_dependent").max()
    launched = product_days()
    new = (lines["on"] - lines["product"].map(launched)).dt.days.between(0, PLAN.new_product_days) & (
        lines["product"].map(launched) > "2023-01-01"
    )
    adopted = new.groupby(lines["owner"].map(kinds)).mean()
    assert adopted["innovation_driven"] > 2 * adopted.drop("innovation_driven").max()


def product_days() -> pd.Series:
    listed = pd.read_excel(DEMO / "raw" / "erp_orders.xlsx", sheet_name="Products")
    return pd.to_datetime(listed.set_index("SKU")["On sale since"])


def test_article_is_confounded_by_the_card_level(lines: pd.DataFrame) -> None:
    listed = pd.read_csv(DEMO / "raw" / "crm_customers.csv", dtype="str").drop_duplicates("Customer ID").set_index("Customer ID")
    level = listed["Card level"].fillna("none")
    activity = truth("activity").query("kind == 'consumer'").set_index("customer_id")["first_order_on"].dropna().map(pd.Timestamp)
    same = truth("same_customer").set_index("raw_id")["true_customer"]
    events = pd.read_parquet(DEMO / "raw" / "web_events.parquet")
    read = events[events["object"] == PLAN.article].assign(owner=lambda e: e["account"].map(same))
    bought = lines[lines["product"].str.endswith("-R") & (lines["status"] == "Delivered")]
    rows = []
    for start in pd.date_range("2023-07-01", "2025-01-01", freq="QS"):
        middle, end = start + pd.DateOffset(months=3), start + pd.DateOffset(months=6)
        readers = set(read[(read["ts"] >= start) & (read["ts"] < middle)]["owner"])
        buyers = set(bought[(bought["on"] >= middle) & (bought["on"] < end)]["owner"])
        rows += [(level[c], c in readers, c in buyers) for c, first in activity.items() if first < start]
    panel = pd.DataFrame(rows, columns=["level", "read", "bought"])
    naive = panel[panel["read"]]["bought"].mean() / panel[~panel["read"]]["bought"].mean()
    assert naive > 2
    assert within_strata(panel) == pytest.approx(1, abs=0.3)


def within_strata(panel: pd.DataFrame) -> float:
    """The Mantel-Haenszel risk ratio."""
    up = down = 0.0
    for _, part in panel.groupby("level"):
        readers, others = part[part["read"]], part[~part["read"]]
        up += readers["bought"].sum() * len(others) / len(part)
        down += others["bought"].sum() * len(readers) / len(part)
    return up / down


def test_training_is_followed_by_the_care_plan() -> None:
    link = truth("training_link")
    assert len(link) > 250
    assert link["bought_care_plan"].mean() == pytest.approx(PLAN.care_after_training, abs=0.06)
    assert link.loc[link["because_of_training"], "bought_care_plan"].all()


def test_campaign_log_agrees_with_the_truth(lines: pd.DataFrame) -> None:
    told = truth("campaigns").query("play == @PLAN.campaign")
    sent = pd.Timestamp(PLAN.campaign_on)
    real = lines[(lines["status"] == "Delivered") & (lines["on"] > sent) & (lines["on"] <= sent + pd.Timedelta(days=PLAN.campaign_days))]
    assert (told["customer_id"].isin(real["owner"]) == told["ordered"]).mean() > 0.99  # a care plan after a training may add an order
    log = pd.read_csv(DEMO / "raw" / "campaign_log.csv", sep=";").query("campaign == @PLAN.campaign")
    assert log["group"].value_counts().to_dict() == {"T": (told["group"] == "treated").sum(), "H": (told["group"] == "held_out").sum()}


def test_decliners_fall_two_quarters_in_a_row_and_have_not_left() -> None:
    sold = truth("decliners").set_index("customer_id")
    falling = (sold["2025Q1"] < sold["2024Q4"]) & (sold["2025Q2"] < sold["2025Q1"]) & (sold["2025Q2"] < sold["2024Q2"])
    assert len(sold) == PLAN.decliners and falling.mean() > 0.9
    assert not truth("activity").set_index("customer_id").loc[sold.index, "has_left"].any()


def test_nobody_orders_after_leaving(lines: pd.DataFrame) -> None:
    left = truth("activity").query("has_left").set_index("customer_id")["left_on"].map(pd.Timestamp)
    last = lines[lines["status"] == "Delivered"].groupby("owner")["on"].max().reindex(left.index)
    assert (last <= left).all()


def test_refunds_name_their_order_and_give_the_money_back(lines: pd.DataFrame) -> None:
    told = truth("refunds").dropna(subset="original_order")
    given = lines.set_index("order").loc[told["return_order"]]
    assert (given["money"] < 0).all()
    assert (given["original"].notna().to_numpy() == told["cited"].to_numpy()).all()
    cited = told["cited"].to_numpy()
    assert given["original"][cited].tolist() == told["original_order"][cited].tolist()


# --- the page ---------------------------------------------------------------------------------------------------------


def test_page_quotes_the_data(facts: dict[str, Any]) -> None:
    page = " ".join((ROOT / "docs" / "demo_company.md").read_text(encoding="utf-8").split())
    story, dirt, real = facts["story"], facts["dirt"], facts["realised"]
    spring, because = real["effects"][PLAN.campaign], story["left_because"]
    price = sum(n for k, n in because.items() if k.endswith("price rise"))
    expected = [
        f"{story['orders']:,} orders worth {story['sales'] / 1e6:.1f} million CNY",
        f"bring {story['business_share_of_sales']:.0%}".replace("%", " %"),
        f"{story['one_time_consumers'] * 100:.0f} % bought once",
        *[f"| {y}{', six months' if y == 2025 else ''} | {s:,} |" for y, s in story["sales_by_year"].items()],
        f"{story['late_in_autumn'] * 100:.0f} % of all orders came late; otherwise it is {story['late_otherwise'] * 100:.0f} %",
        f"{because['business, late delivery']} business customers and {because['consumer, late delivery']} consumers left because of a late parcel",
        f"{PLAN.price_rise * 100:.0f} % dearer. Most customers shrugged. {price} customers",
        f"voucher to {spring['treated']} customers and, wisely, held back {spring['held_out']} others",
        f"caused {spring['true_uplift'] * 100:.1f} more orders per 100 customers. Comparing the two groups shows {spring['observed_difference'] * 100:.1f}:",
        f"{real['left_by_as_of']['business']} business customers and {real['left_by_as_of']['consumer']} consumers had left for good",
        f"{dirt['customers_doubles']} customers are recorded again",
        f"{dirt['customers_tests']} accounts are tests, {dirt['order_lines_refunds']} lines are refunds, {dirt['order_lines_cancelled']} lines belong",
        f"{dirt['order_lines_without_customer']} lines have no customer, {dirt['order_lines_date_as_text']:,} dates are text",
        f"{dirt['order_lines_after_as_of']} lines are dated after",
        f"planted: {PLAN.pair_share * 100:.0f} %, came to {real['pair_share'] * 100:.0f} %",
        f"{PLAN.care_after_training * 100:.0f} % planted, {real['care_plan_after_training'] * 100:.0f} % came true",
        f"{PLAN.decliners} business customers who buy less",
    ]
    assert [e for e in expected if e not in page] == []


def test_page_quotes_the_templates() -> None:
    page = " ".join((ROOT / "docs" / "demo_company.md").read_text(encoding="utf-8").split())
    told = yaml.safe_load((DEMO / "truth" / "templates.yml").read_text(encoding="utf-8"))
    rated, planted, noticed = told["ratings"], told["planted"], told["signals"]
    expected = [
        f"1 to 5: {told['rows']['ratings']:,} lines", f"{told['rows']['signals']} things noticed",
        f"{rated['counting_at_as_of']} ratings that count; {rated['expired_at_as_of']:,} have expired, {rated['after_as_of']} were written later",
        f"{rated['not_sound']} lines have no sound score", f"{planted['generous']} is generous by {planted['generous_by']} points, {planted['strict']} strict by {planted['strict_by']}",
        f"{noticed['means']['nothing']} of the {told['rows']['signals']} signals meant nothing",
    ]  # fmt: skip
    assert [e for e in expected if e not in page] == []


# --- what people filled in ----------------------------------------------------------------------------------------------


def filled(company: DemoCompany, name: str) -> pd.DataFrame:
    raw = read_template(DEMO / "raw" / f"template_{name}.xlsx", name)
    assert len(raw) == len(company.templates[name])
    return raw


def test_templates_read_back_row_by_row_and_carry_their_example(company: DemoCompany) -> None:
    for name in ("ratings", "signals", "staff", "costs"):
        raw = filled(company, name)
        first = raw.columns[3]
        assert not raw[first].str.startswith("EXAMPLE").any()
        book = openpyxl.load_workbook(DEMO / "raw" / f"template_{name}.xlsx", read_only=True)
        assert str(book[name]["A2"].value).startswith(("EXAMPLE", "示例"))


def test_ratings_lean_as_planted_and_judge_real_customers(company: DemoCompany) -> None:
    same = truth("same_customer").set_index("raw_id")["true_customer"]
    true = truth("judgements").set_index("customer_id")
    raw = filled(company, "ratings")
    owner = raw["customer_id"].map(read_id).map(same)
    assert owner.isna().sum() == 1  # one mistyped id
    sound = raw.assign(owner=owner, points=pd.to_numeric(raw["score"], errors="coerce")).dropna(subset=["owner", "points", "rater"])
    sound = sound[sound["points"].between(1, 5)]
    level = [true.at[c, k] for c, k in zip(sound["owner"], sound["criterion"], strict=True)]
    error = (sound["points"] - level).groupby(sound["rater"]).mean()
    assert error["S05"] > 0.5 and error["S02"] < -0.35
    assert error.drop(["S05", "S02"]).abs().max() < 0.15
    assert pd.Series(level, index=sound.index).corr(sound["points"]) > 0.8


def test_counts_of_templates_are_those_of_the_sheets(company: DemoCompany) -> None:
    told = yaml.safe_load((DEMO / "truth" / "templates.yml").read_text(encoding="utf-8"))
    assert told["rows"] == {n: len(filled(company, n)) for n in told["rows"]}
    raw = filled(company, "ratings")
    assert (pd.to_datetime(raw["rated_on"]) > AS_OF).sum() - raw[pd.to_datetime(raw["rated_on"]) > AS_OF].duplicated(raw.columns[3:]).sum() == told["ratings"]["after_as_of"]
    assert told["ratings"]["counting_at_as_of"] > 800 and told["ratings"]["expired_at_as_of"] > 1000
    assert raw.groupby("customer_id")["rater"].nunique().gt(1).sum() > 30


def test_signals_foretold_half_of_those_who_left_and_some_meant_nothing(company: DemoCompany) -> None:
    meaning, activity = truth("signal_meaning"), truth("activity").set_index("customer_id")
    assert len(meaning) == len(filled(company, "signals"))
    told = meaning[meaning["means"] == "leaving"]
    gap = (pd.to_datetime(activity.loc[told["customer_id"], "left_on"]).to_numpy() - pd.to_datetime(told["observed_on"]).to_numpy()) / pd.Timedelta(days=1)
    gone = ~pd.isna(gap)  # a few leave after the as-of date
    assert gone.mean() > 0.85 and ((gap[gone] >= 15) & (gap[gone] <= 80)).all()
    assert set(meaning["means"]) == {"leaving", "buying less", "growth", "policy", "nothing"}
    quiet = meaning[meaning["means"] == "nothing"]["customer_id"].unique()
    assert not set(quiet) & set(told["customer_id"])


def test_staff_covers_the_owners_of_the_crm_and_hours_have_a_price(company: DemoCompany) -> None:
    staff, costs = filled(company, "staff"), filled(company, "costs")
    listed = pd.read_csv(DEMO / "raw" / "crm_customers.csv", dtype="str")["Account manager"].dropna().unique()
    assert set(listed) <= set(staff["staff_id"])
    assert {"customer success manager", "managing director"} <= set(staff["role"])
    contacts = {"call", "visit", "email", "meeting", "chat", "training", "ticket", "complaint", "order"}
    offers = {"voucher", "training_seat", "freight_waiver", "free_upgrade", "executive_visit"}
    assert contacts | offers | {"working_hour"} <= set(costs["play"])


# --- small parts ------------------------------------------------------------------------------------------------------


def test_streams_differ_by_name_and_repeat_by_seed() -> None:
    assert stream(7, "a").random() == stream(7, "a").random()
    assert len({stream(7, "a").random(), stream(7, "b").random(), stream(8, "a").random()}) == 3


def test_pick_obeys_weights() -> None:
    rng = stream(1, "pick")
    assert {pick(rng, ("x", "y"), (0, 1)) for _ in range(50)} == {"y"}


def test_written_forms_of_one_value() -> None:
    day = pd.Series(pd.to_datetime(["2024-03-05", None]))
    assert write_dates(day, {"dmy": 1.0}, stream(1, "d")) == ["05/03/2024", None]
    assert write_dates(day, {"words": 1.0}, stream(1, "d")) == ["5 Mar 2024", None]
    rng = stream(1, "m")
    assert {read_money(write_money(1234.5, rng)) for _ in range(40)} == {1234.5}
    assert write_money(-1234.5, rng) == "-1,234.50"
    digits = {
        "".join(c for c in unicodedata.normalize("NFKC", write_phone("+8617000012345", rng) or "") if c.isdigit())[-11:] for _ in range(40)
    }
    assert digits == {"17000012345"}


def test_interrupt_keeps_all_but_the_last_line() -> None:
    assert interrupt(b"a\n" + b"x" * 50 + b"\n") == b"a\n" + b"x" * 20
