"""Drafted profiles load as they are, carry their evidence, and ask where the files do not decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.collection.draft import draft_profile
from helpers.collection.evidence import date_evidence, last_plausible_day, number_evidence, rows_per_day, value_counts
from helpers.collection.hints import is_line_total, odd_codes
from helpers.collection.joins import find_joins
from helpers.collection.profiles import Profile, load_profile
from helpers.collection.readers import read_source
from helpers.errors import UserError

Draft = Callable[..., tuple[Profile, str]]


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    def make(*names: str) -> tuple[Profile, str]:
        (tmp_path / "profiles").mkdir(exist_ok=True)
        text = draft_profile([tmp_path / n for n in names], "mine", tmp_path / "profiles")
        (tmp_path / "profiles" / "mine.yml").write_text(text, encoding="utf-8")
        profile = load_profile(tmp_path / "profiles" / "mine.yml")
        for source in profile.sources:
            assert profile.files(source)
            rows = pa.concat_tables(read_source(source, profile))
            assert rows.num_rows > 0
            assert set(source.columns) <= set(rows.column_names)
        return profile, text

    return make


def write(folder: Path, name: str, rows: Sequence[Sequence[object]], *, delimiter: str = ",", encoding: str = "utf-8") -> str:
    text = "".join(delimiter.join(str(c) for c in row) + "\n" for row in rows)
    (folder / name).write_bytes(text.encode(encoding))
    return name


def asks(text: str) -> list[str]:
    return [line for line in text.splitlines() if "ASK" in line and not line.startswith("# Lines that say")]


def line_of(text: str, start: str) -> str:
    return next(line.strip() for line in text.splitlines() if line.strip().startswith(start))


def retail(folder: Path) -> str:
    """A small look-alike of Online Retail: cancellations, postage, no currency sign, no amount."""
    head = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
    rows = [
        [
            536365 + i,
            f"8{i % 20:04}A",
            f"HEART {i % 20}",
            1 + i // 20 % 2,
            f"2010-12-{1 + i % 9:02} 08:26:00",
            2.55 + i % 20,
            17850 + i % 7,
            "France",
        ]
        for i in range(200)
    ]
    rows += [["C536999", "80001A", "HEART 1", -1, "2010-12-09 12:50:00", 3.55, 17850, "France"]]
    rows += [
        [537000, "POST", "POSTAGE", 1, "2010-12-09 09:00:00", 18, 17851, "France"],
        [537001, "PADS", "PADS TO MATCH", 1, "2010-12-09", 1, "", "France"],
    ]
    return write(folder, "retail-2010.csv", [head, *rows])


def test_retail_look_alike(tmp_path: Path, draft: Draft):
    profile, text = draft(retail(tmp_path))
    source = profile.sources[0]
    assert (source.table, source.name, source.path) == ("order_lines", "retail_2010", "retail-2010.csv")
    assert source.columns == {
        "order_id": "InvoiceNo",
        "customer_id": "CustomerID",
        "order_date": "InvoiceDate",
        "product_id": "StockCode",
        "quantity": "Quantity",
        "unit_price": "UnitPrice",
    }
    assert (profile.currency, str(profile.as_of), profile.folder) == ("XXX", "2010-12-09", "..")
    assert source.not_products == ["POST"]
    assert "- POST  # 1 row, mostly 'POSTAGE'" in text
    assert "# - PADS  # 1 row, mostly 'PADS TO MATCH'; remove the # if it is no product" in text
    assert "1 rows have ids that start with C, 1 of them with a negative quantity: read as returns" in line_of(text, "order_id:")
    assert "203 of 203 values are numbers, 1 negative" in line_of(text, "quantity:")
    assert "two units cost 1 times one unit (median of 20 products)" in line_of(text, "unit_price:")
    assert "computed as quantity x unit price" in text
    assert "# not used: Description, Country" in text
    assert "2010-12-09: 25" in line_of(text, "as_of:")
    assert len(asks(text)) == 1  # the currency


def test_commented_second_sources_load_when_the_marks_are_removed(tmp_path: Path, draft: Draft):
    _, text = draft(retail(tmp_path))
    lines = [line.replace("  # ", "  ", 1) if line.startswith(("  # - name", "  #   ")) else line for line in text.splitlines()]
    (tmp_path / "profiles" / "more.yml").write_text("\n".join(lines), encoding="utf-8")
    more = load_profile(tmp_path / "profiles" / "more.yml")
    assert [(s.table, s.columns) for s in more.sources[1:]] == [
        ("products", {"product_id": "StockCode", "name": "Description"}),
        ("customers", {"customer_id": "CustomerID", "region": "Country"}),
    ]


def test_stars_of_files_become_lookups(tmp_path: Path, draft: Draft):
    facts = [["product_id", "time_id", "customer_id", "store_sales", "store_cost", "unit_sales"]]
    facts += [[1 + i % 8, 371 + i % 3, 1 + i % 5, (1 + i % 2) * 1.5, 0.5, 1 + i % 2] for i in range(80)]
    days = [["time_id", "the_date", "the_day"], *([370 + i, f"1997-01-{i + 1:02} 00:00:00.0", "Sunday"] for i in range(9))]
    people = [["customer_id", "fullname", "country", "birthdate"], *([i, f"Sam {i}", "Mexico", f"1961-08-{i:02}"] for i in range(1, 9))]
    goods = [["product_id", "product_name", "class_key"], *([i, f"Juice {i}", i % 2] for i in range(1, 9))]
    classes = [["class_key", "product_category"], [0, "Drinks"], [1, "Food"]]
    names = [
        write(tmp_path, f"{n}.csv", rows) for n, rows in dict(sales=facts, days=days, people=people, goods=goods, classes=classes).items()
    ]
    profile, text = draft(*names)
    assert {s.name: s.table for s in profile.sources} == {"sales": "order_lines", "people": "customers", "goods": "products"}
    sales, _, products = profile.sources
    assert [(look.path, look.on, look.take) for look in sales.lookups] == [("days.csv", "time_id", ["the_date"])]
    assert (sales.columns["order_date"], sales.columns["amount"]) == ("the_date", "store_sales")
    assert [(look.on, look.take) for look in products.lookups] == [("class_key", ["product_category"])]
    assert "80 of 80 rows find their partner" in text
    assert "an order is then all lines of one customer on one day" in text
    assert str(profile.as_of) == "1997-01-04"
    assert len(asks(text)) == 1


def test_order_heads_complete_order_details(tmp_path: Path, draft: Draft):
    heads = [["OrderNo", "customer_id", "order_date", "freight"], *([i, f"C{i % 3}", f"1996-07-{i:02}", 32.38] for i in range(1, 10))]
    details = [["order_no", "product_id", "unit_price", "quantity", "discount"], *([1 + i % 9, i, 14.0, 2, 0.15] for i in range(27))]
    profile, text = draft(write(tmp_path, "heads.csv", heads), write(tmp_path, "details.csv", details))
    assert [s.name for s in profile.sources] == ["details"]
    assert profile.sources[0].lookups[0].on == {"order_no": "OrderNo"}
    assert set(profile.sources[0].lookups[0].take) == {"customer_id", "order_date"}
    assert "a share, not money" in line_of(text, "discount:")


def test_names_that_mislead_are_settled_by_values(tmp_path: Path, draft: Draft):
    rows = [["TRANSACTION_DT", "CUSTOMER_ID", "PRODUCT_ID", "AMOUNT", "SALES_PRICE"]]
    rows += [[f"11/{1 + i % 28}/2000", f"{i % 9:08}", f"47{i // 2 % 6:011}", 1 + i % 2, 24 * (1 + i % 2)] for i in range(60)]
    profile, text = draft(write(tmp_path, "feng.csv", rows, encoding="utf-8-sig"))
    source = profile.sources[0]
    assert (source.columns["quantity"], source.columns["amount"]) == ("AMOUNT", "SALES_PRICE")
    assert "CHECK" in line_of(text, "quantity:")
    assert "the amount of the line" in line_of(text, "amount:")
    assert (source.date_order, source.encoding) == ("MDY", "utf-8-sig")


def test_chinese_orders_without_customer(tmp_path: Path, draft: Draft):
    head = ["订单编号", "总金额", "买家实际支付金额", "收货地址 ", "订单创建时间", "订单付款时间 ", "退款金额"]
    rows = [[i, 178.8, 150 + i, "上海", f"2020-02-{i:02} 23:59:54", "", 0 if i % 2 else 20.5] for i in range(1, 21)]
    profile, text = draft(write(tmp_path, "天猫.csv", [head, *rows], encoding="gb18030"))
    source = profile.sources[0]
    assert source.columns == {"order_id": "订单编号", "order_date": "订单创建时间", "amount": "买家实际支付金额"}
    assert (source.encoding, source.name) == ("gb18030", "order_lines")
    assert "ASK: which header says who bought?" in line_of(text, "# customer_id:")
    assert "negate: [amount]  # 10 rows have a refund above 0" in text
    assert len(asks(text)) == 2
    answered = text.replace("# customer_id:", "customer_id: 订单编号").replace("currency: XXX", "currency: CNY")
    (tmp_path / "profiles" / "answered.yml").write_text(answered, encoding="utf-8")
    assert load_profile(tmp_path / "profiles" / "answered.yml").sources[0].columns["customer_id"] == "订单编号"


def test_file_that_fits_nothing_says_so_and_still_loads(tmp_path: Path, draft: Draft):
    profile, text = draft(
        write(tmp_path, "baskets.csv", [["id", "Goods"], [1, "柑橘类水果"], [1, "酸奶"], [2, "酸奶"]], encoding="gb18030")
    )
    assert profile.sources[0].columns == {"product_id": "Goods"}
    assert "ASK: no table fits this file well" in line_of(text, "table:")
    assert str(profile.as_of) == "1900-01-01"
    assert {c for c in ("customer_id", "order_date", "amount") if f"# {c}:  # ASK" in text} == {"customer_id", "order_date", "amount"}


@pytest.mark.parametrize(
    ("dates", "line", "order"),
    [
        (["25/12/2024", "03/04/2025"], "date_order: DMY  # 1 of 2 values have a first number above 12", "DMY"),
        (["12/25/2024", "03/04/2025"], "date_order: MDY  # 1 of 2 values have a second number above 12", "MDY"),
        (["05/12/2024", "03/04/2025"], "# date_order: DMY  # ASK: DMY or MDY? 2 of 2 values could be both and none decides", None),
        (
            ["25/12/2024", "12/25/2024", "03/04/2025"],
            "# date_order: DMY  # ASK: DMY or MDY? 1 values can only be day first, 1 only month first, 1",
            None,
        ),
        (["2024-12-25", "2025-04-03"], "", None),
    ],
)
def test_order_of_day_and_month_is_never_guessed(tmp_path: Path, draft: Draft, dates: list[str], line: str, order: str | None):
    rows = [["order id", "customer id", "order date", "amount"], *([i, i, d, "1.50"] for i, d in enumerate(dates))]
    profile, text = draft(write(tmp_path, "o.csv", rows))
    assert profile.sources[0].date_order == order
    assert line_of(text, line).startswith(line) if line else "date_order" not in text


@pytest.mark.parametrize(
    ("amounts", "decimal", "said"),
    [
        (["1.234,50", "12,5"], ",", 'decimal: ","  # 2 values'),
        (["1.234,50", "12.50"], ".", '# decimal: ","  # ASK: 1 values have a decimal comma, 1 a decimal point'),
        (["1,234", "17"], ".", '# decimal: ","  # ASK: 1 values such as 1,234 are read as thousands'),
        (["1,234.50", "1,234"], ".", ""),
    ],
)
def test_decimal_sign_has_evidence(tmp_path: Path, draft: Draft, amounts: list[str], decimal: str, said: str):
    rows = [["order id", "customer id", "order date", "amount"], *([i, i, "2025-01-31", a] for i, a in enumerate(amounts))]
    profile, text = draft(write(tmp_path, "o.csv", rows, delimiter=";"))
    assert (profile.sources[0].decimal, profile.sources[0].delimiter) == (decimal, ";")
    assert line_of(text, said) if said else "decimal" not in text


@pytest.mark.parametrize(
    ("header", "amounts", "currency", "asked"),
    [
        ("amount", ["£1.50", "£2"], "GBP", False),
        ("amount", ["NT$100", "NT$20"], "TWD", False),
        ("Amount (EUR)", ["1.50", "2"], "EUR", False),
        ("amount", ["$1.50", "$2"], "USD", True),
        ("amount", ["£1.50", "€2", "€3"], "EUR", True),
        ("amount", ["1.50", "2"], "XXX", True),
    ],
)
def test_currency_from_signs(tmp_path: Path, draft: Draft, header: str, amounts: list[str], currency: str, asked: bool):
    rows = [["order id", "customer id", "order date", header], *([i, i, "2025-01-31", a] for i, a in enumerate(amounts))]
    profile, text = draft(write(tmp_path, "o.csv", rows))
    assert profile.currency == currency
    assert ("ASK" in line_of(text, "currency:")) == asked


def test_cancelled_values_and_translations(tmp_path: Path, draft: Draft):
    rows = [
        ["订单编号", "客户编号", "订单日期", "金额", "订单状态"],
        *([i, i, "2025-01-31", 5, s] for i, s in enumerate(["交易成功", "交易关闭", "交易成功"])),
    ]
    people = [["customer id", "customer name", "customer type"], [1, "A", "private"], [2, "B", "firm"]]
    profile, text = draft(write(tmp_path, "o.csv", rows), write(tmp_path, "people.csv", people))
    assert profile.sources[0].cancelled == ["交易关闭"]
    assert "the other values are 交易成功 (2)" in line_of(text, "cancelled:")
    assert "which of consumer, business it is" in line_of(text, "#   kind:")


def test_sheets_become_sources_and_titles_are_passed_over(tmp_path: Path, draft: Draft):
    book = openpyxl.Workbook()
    book.active.title = "Year 2024"
    for row in (
        ["Orders of the year"],
        [],
        ["Order No", "Customer ID", "Order Date", "Total"],
        [1, 7, "2024-01-31", 5.5],
        [2, 8, "2024-02-29", 6],
    ):
        book.active.append(row)
    book.create_sheet("empty")
    book.save(tmp_path / "orders.xlsx")
    profile, _ = draft("orders.xlsx")
    assert [(s.name, s.format, s.sheet, s.header_rows) for s in profile.sources] == [("orders_year_2024", "excel", "Year 2024", [3])]
    assert str(profile.as_of) == "2024-02-29"


def test_json_lines_and_parquet(tmp_path: Path, draft: Draft):
    (tmp_path / "t.jsonl").write_text(
        '{"ticket_id": "T1", "customer_id": "C1", "opened_at": "2025-01-31 10:00:00"}\n' * 1
        + '{"ticket_id": "T2", "customer_id": "C2", "opened_at": "2025-02-01 10:00:00"}\n'
    )
    events = pd.DataFrame(
        {
            "user_id": ["a", "b"],
            "timestamp": pd.to_datetime(["2025-03-01 10:00", "2025-03-02 11:00"]),
            "event": ["login", "page_view"],
            "page": ["/", "/x"],
        }
    )
    events.to_parquet(tmp_path / "e.parquet")
    profile, _ = draft("t.jsonl", "e.parquet")
    assert [(s.table, s.format) for s in profile.sources] == [("tickets", "jsonl"), ("events", "parquet")]
    assert str(profile.as_of) == "2025-03-02"


def test_runs_of_blanks_ragged_rows_and_repeated_headers(tmp_path: Path, draft: Draft):
    (tmp_path / "cd.txt").write_text(" customer_id  date units  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112  1   12.00\n")
    rows = [["order id", "category", "customer id", "category", "order date", "amount"], [1, "a", 2, "b", "2025-01-31", 5], [2, "a", 2]]
    profile, text = draft("cd.txt", write(tmp_path, "o.csv", rows))
    assert (profile.sources[0].fixed_width, profile.sources[0].columns["amount"]) == (True, "dollar_value")
    assert "2 rows, 1 of them do not fit and will be set aside" in text
    assert "stand twice in the file: category" in text


def test_hostile_texts_stay_in_their_comments(tmp_path: Path, draft: Draft):
    odd = '"x\ncurrency: USD # hm"'
    rows = [
        ["order id", "customer id", "order date", "amount", odd, "status"],
        [1, 1, "2025-01-31", 5, 1, '"cancel\nprofile: other"'],
        [2, 1, "2025-01-31", 5, 1, "ok: {"],
    ]
    profile, _ = draft(write(tmp_path, "o.csv", rows))
    assert (profile.currency, profile.profile) == ("XXX", "mine")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty.csv is empty"),
        ("head.csv", b"order id,amount\n", "head.csv"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00\x00", "cut.csv.gz"),
        ("odd.xlsx", b"PK\x03\x04nothing", "odd.xlsx"),
        ("odd.json", b'{"a": [', "odd.json"),
        ("odd.parquet", b"PAR1xxxx", "odd.parquet"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path: Path, draft: Draft, name: str, content: bytes, said: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said) as caught:
        draft(name)
    assert "\n" not in str(caught.value)


def test_no_file_missing_file_and_bad_name(tmp_path: Path, draft: Draft):
    with pytest.raises(UserError, match="no file was named"):
        draft()
    with pytest.raises(UserError, match=r"gone\.csv"):
        draft("gone.csv")
    with pytest.raises(UserError, match="letters, digits"):
        draft_profile([tmp_path / "x"], "my shop", tmp_path)


def test_many_rows_are_looked_at_in_part(tmp_path: Path):
    text = draft_profile([tmp_path / retail(tmp_path)], "mine", tmp_path, most_rows=50)
    assert "50 rows looked at, the file has more" in text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "2.5", "-3", "1,234", "1.234,5", "(7)", "€ 5", "5-", "x", "", None, "２"]), max_size=20), st.randoms()
)
def test_number_evidence_counts_every_row_once_in_any_order(values: list[str | None], random):
    seen = number_evidence(value_counts(pd.Series(values, dtype="str")))
    assert seen.filled == sum(v not in ("", None) for v in values)
    assert seen.numbers == sum(v not in ("", None, "x") for v in values)
    assert seen.negative == sum(v in ("-3", "(7)", "5-") for v in values)
    assert seen == number_evidence(value_counts(pd.Series(random.sample(values, len(values)), dtype="str")))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 31)), max_size=20))
def test_date_evidence_adds_up(parts: list[tuple[int, int]]):
    counts = value_counts(pd.Series([f"{d:02}/{m:02}/2024" for m, d in parts], dtype="str"))
    seen = date_evidence(counts)
    assert seen.dates == seen.filled == len(parts)
    assert seen.day_first == sum(d > 12 for _, d in parts)
    assert seen.unclear == sum(d <= 12 and d != m for m, d in parts)
    assert seen.month_first == 0
    valid = sum(d <= (29 if m == 2 else 30 if m in (4, 6, 9, 11) else 31) for m, d in parts)
    assert rows_per_day(counts, "DMY")["rows"].sum() == valid


def test_forms_of_dates():
    texts = [
        "20240229",
        "2024/2/29 10:00",
        "2024年2月29日",
        "2024-02-29T10:00:00.000Z",
        "29.02.2024",
        "29-2-24",
        "2/29/2024 1:15 PM",
        "29 Feb",
        "45000",
    ]
    seen = date_evidence(value_counts(pd.Series(texts)))
    assert (seen.filled, seen.dates, seen.year_first, seen.day_first, seen.month_first) == (9, 7, 4, 2, 1)


def test_last_day_ignores_a_far_typing_mistake_but_not_a_quiet_month():
    days = pd.DataFrame({"day": pd.to_datetime(["1899-12-31", "2025-01-01", "2025-06-30", "2205-06-30"]), "rows": [1, 50, 40, 2]})
    assert last_plausible_day(days) == pd.Timestamp("2025-06-30")
    assert last_plausible_day(days.iloc[:0]) is None
    assert last_plausible_day(days.iloc[[1]]) == pd.Timestamp("2025-01-01")


def test_odd_codes_need_a_usual_form():
    assert odd_codes(pd.Series(["APPLE", "PEAR", "FIG1"])).empty
    assert odd_codes(pd.Series([], dtype="str")).empty
    assert odd_codes(pd.Series(["12345"] * 40 + ["C2", "7"]))["code"].tolist() == ["7", "C2"]


def test_line_total_needs_products_sold_both_ways():
    units, product = pd.Series([1, 2] * 5), pd.Series([p for p in "abcde" for _ in range(2)])
    assert is_line_total(units, pd.Series([3.0, 6.0] * 5), product) == (2.0, 5)
    assert is_line_total(units, pd.Series([3.0, 3.0] * 5), product) == (1.0, 5)
    assert is_line_total(units[:8], pd.Series([3.0, 6.0] * 4), product[:8]) is None


def test_join_needs_a_key_that_identifies_and_covers():
    facts = pd.DataFrame({"k": ["1", "2", "3", "4"], "customer_id": list("abcd"), "amount": list("1234")})
    days = pd.DataFrame({"k": ["1", "2", "3", "4"], "the_date": ["2024-01-01"] * 4})
    assert [j.matched for j in find_joins(0, [facts, days], "order_lines", ["customer_id", "amount"])] == [4]
    assert find_joins(0, [facts, days.head(3)], "order_lines", ["customer_id", "amount"]) == []
    assert find_joins(0, [facts, pd.concat([days, days])], "order_lines", ["customer_id", "amount"]) == []
