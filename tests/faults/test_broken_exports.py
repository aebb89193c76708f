"""Broken exports: each ends in one sentence or in rows set aside with a ledger that closes; never in a trace, never in a lost row."""

import gzip
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from helpers.cleaning.ledger import check_ledger
from helpers.errors import UserError
from helpers.runs import Run

HEADER = "order,customer,day,item,units,amount\n"
GOOD = HEADER + "".join(f"O{n},K{n % 4},2025-0{1 + n % 5}-1{n % 10},a,1,{10 + n}.50\n" for n in range(20))
SOURCE = """
profile: broken
title: Broken
currency: EUR
as_of: 2025-06-30
sources:
  - name: sales
    table: order_lines
    path: {path}
    columns: {{order_id: order, customer_id: customer, order_date: day, product_id: item, quantity: units, amount: amount}}
{extra}"""


def one(line: str) -> bytes:
    """Twenty good lines and one more."""
    return (GOOD + line).encode()


def workbook(frame: pd.DataFrame, sheet: str = "Sheet1") -> bytes:
    buffer = io.BytesIO()
    frame.to_excel(buffer, sheet_name=sheet, index=False)
    return buffer.getvalue()


def formula_book() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in [HEADER.strip().split(","), ["O1", "K1", "2025-01-01", "a", 1, 10.5], ["O2", "K2", "2025-01-02", "a", 1, "=1+1"]]:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def zipped(content: bytes, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pd.read_csv(io.StringIO(GOOD)).to_parquet(buffer)
    return buffer.getvalue()


# name: (file, content, lines added to the source, words of the sentence)
REFUSED = {
    "empty file": ("s.csv", b"", "", "empty"),
    "wrong encoding stated": ("s.csv", GOOD.replace("K1", "客户").encode("gb18030"), "    encoding: utf-8", "utf-8"),
    "encoding that does not exist": ("s.csv", GOOD.encode(), "    encoding: klingon", "klingon"),
    "gz cut short": ("s.csv.gz", gzip.compress(GOOD.encode() * 300)[:-900], "", "s.csv.gz"),
    "zip cut short": ("s.csv.zip", zipped(GOOD.encode(), "s.csv")[:-40], "", "s.csv.zip"),
    "zip of two files": ("s.csv.zip", zipped(GOOD.encode(), "a.csv", "b.csv"), "", "s.csv.zip"),
    "header stands twice": ("s.csv", GOOD.replace("order,customer,day,item,units,amount", "order,customer,day,item,amount,amount").encode(), "", "amount"),
    "header missing": ("s.csv", GOOD.replace(",amount", ",Betrag", 1).encode(), "", "amount"),
    "workbook that is a text file": ("s.xlsx", GOOD.encode(), "", "s.xlsx"),
    "sheet that is not there": ("s.xlsx", workbook(pd.read_csv(io.StringIO(GOOD))), "    sheet: Orders", "Orders"),
    "json that is none": ("s.json", b'{"a": [1, 2', "", "s.json"),
    "parquet cut short": ("s.parquet", parquet()[:-50], "", "s.parquet"),
    "no such file": ("other.csv", GOOD.encode(), "", "s.csv"),
    "unknown key in a source": ("s.csv", GOOD.encode(), "    colour: red", "colour"),
    "unknown date order": ("s.csv", GOOD.encode(), "    date_order: DYM", "date_order"),
    "a constant for a column that is none": ("s.csv", GOOD.encode(), "    constants: {colour: red}", "colour"),
    "database and file at once": ("s.csv", GOOD.encode(), "    url: sqlite:///x.db", "exactly one"),
}

# name: (file, content, lines added to the source, rows read, rows set aside or merged, words of a reason)
SET_ASIDE = {
    "header only": ("s.csv", HEADER.encode(), "", 0, 0, ""),
    "words in the date": ("s.csv", one("O9,K1,soon,a,1,5\n"), "", 21, 1, "not a date"),
    "31 February": ("s.csv", one("O9,K1,2025-02-31,a,1,5\n"), "", 21, 1, "no such day"),
    "year 0001": ("s.csv", one("O9,K1,0001-01-01,a,1,5\n"), "", 21, 1, "not plausible"),
    "year 9999": ("s.csv", one("O9,K1,9999-12-31,a,1,5\n"), "", 21, 1, "not plausible"),
    "day and month undecided": ("s.csv", one("O9,K1,03/04/2025,a,1,5\n"), "", 21, 1, "cannot be told apart"),
    "day and month decided": ("s.csv", one("O9,K1,03/04/2025,a,1,5\n"), "    date_order: DMY", 21, 0, ""),
    "a tenth of the amounts are text": ("s.csv", one("O8,K1,2025-01-01,a,1,free\nO9,K1,2025-01-01,a,1,tbd\n"), "", 22, 2, "not a number"),
    "amount of a billion stays": ("s.csv", one("O9,K1,2025-01-01,a,1,1000000000\n"), "", 21, 0, ""),
    "amount beyond belief": ("s.csv", one("O9,K1,2025-01-01,a,1,1e13\n"), "", 21, 1, "not plausible"),
    "infinite amount": ("s.csv", one("O9,K1,2025-01-01,a,1,inf\n"), "", 21, 1, "not a number"),
    "decimal comma": ("s.csv", one('O9,K1,2025-01-01,a,1,"12,5"\n'), "", 21, 1, "set decimal"),
    "currency signs and full-width digits": ("s.csv", one("O9,K1,2025-01-01,a,1,¥１２.５０\n"), "", 21, 0, ""),
    "all customers blank": ("s.csv", (HEADER + "O1, ,2025-01-01,a,1,5\nO2,,2025-01-01,a,1,5\n").encode(), "", 2, 2, "customer_id is blank"),
    "ids of mixed kinds": ("s.csv", one("O9,007,2025-01-01,a,1,5\nO10,7.0,2025-01-01,a,1,5\nO11,7,2025-01-01,a,1,5\n"), "", 23, 0, ""),
    "everything negative": ("s.csv", (HEADER + "O1,K1,2025-01-01,a,-1,-5\nO2,K1,2025-01-02,a,-1,-6\n").encode(), "", 2, 0, ""),
    "only rows after the as-of date": ("s.csv", (HEADER + "O1,K1,2025-07-01,a,1,5\n").encode(), "", 0, 0, ""),
    "300 columns": ("s.csv", ("order,customer,day,item,units,amount," + ",".join(f"x{n}" for n in range(294)) + "\nO1,K1,2025-01-01,a,1,5" + ",0" * 294 + "\n").encode(), "", 1, 0, ""),
    "too few fields": ("s.csv", one("O9,K1,2025-01-01\n"), "", 21, 1, "fields"),
    "too many fields": ("s.csv", one("O9,K1,2025-01-01,a,1,5,6,7\n"), "", 21, 1, "fields"),
    "line break within quotes": ("s.csv", one('O9,K1,2025-01-01,"a\nb",1,5\n'), "", 21, 0, ""),
    "quotation mark that never ends": ("s.csv", one('O9,K1,2025-01-01,"a,1,5\n'), "", 21, 1, "quote is opened and never closed"),
    "byte order mark": ("s.csv", b"\xef\xbb\xbf" + GOOD.encode(), "", 20, 0, ""),
    "UTF-16": ("s.csv", GOOD.encode("utf-16"), "", 20, 0, ""),
    "Windows and Unix line ends mixed": ("s.csv", GOOD.replace("\n", "\r\n", 7).encode(), "", 20, 0, ""),
    "blank lines": ("s.csv", GOOD.replace("\nO5", "\n\n\nO5").encode(), "", 20, 0, ""),
    "truncated last line": ("s.csv", one("O9,K1,20"), "", 21, 1, "fields"),
    "semicolons": ("s.csv", GOOD.replace(",", ";").encode(), "", 20, 0, ""),
    "Chinese in GBK": ("s.csv", GOOD.replace("K1", "客户一号公司").encode("gbk"), "", 20, 0, ""),
    "zip of one file": ("s.csv.zip", zipped(GOOD.encode(), "s.csv"), "", 20, 0, ""),
    "formula without a result": ("s.xlsx", formula_book(), "", 2, 1, "formula without a stored result"),
    "cancelled orders": ("s.csv", one("O9,K1,2025-01-01,a,1,5\n"), "    not_products: [a]", 21, 21, "not a product"),
    "last JSON line cut": ("s.jsonl", b'{"order":"O1","customer":"K1","day":"2025-01-01","item":"a","units":1,"amount":5}\n{"order":"O2","cus', "", 2, 1, "JSON"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRMKIT_CACHE", str(tmp_path / "cache"))


def open_case(folder: Path, file: str, content: bytes, extra: str, path: str | None = None) -> Run:
    (folder / file).write_bytes(content)
    wanted = path or ("s.csv" if file == "other.csv" else file)
    (folder / "broken.yml").write_text(SOURCE.format(path=wanted, extra=extra), encoding="utf-8")
    return Run.open(str(folder / "broken.yml"), out=folder / "out")


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path, case):
    file, content, extra, words = case
    with pytest.raises(UserError) as fault:
        open_case(tmp_path, file, content, extra).load("ledger")
    assert words in str(fault.value) and "\n" not in str(fault.value) and len(str(fault.value)) < 400


@pytest.mark.parametrize("case", SET_ASIDE.values(), ids=SET_ASIDE.keys())
def test_what_cannot_be_used_is_set_aside_and_the_ledger_closes(tmp_path, case):
    file, content, extra, read, gone, words = case
    run = open_case(tmp_path, file, content, extra)
    ledger = run.load("ledger")
    check_ledger(ledger)
    assert ledger["rows_read"].sum() == read
    assert (ledger["rows_merged"] + ledger["rows_set_aside"]).sum() == gone
    aside = run.load("set_aside")
    assert len(aside) == gone and aside["reason"].str.contains(words, regex=False).all()
    for table in ("rfm", "tier_summary", "doctor", "customer_360", "tags", "rfm_cut_points"):
        assert run.load(table) is not None


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "link.csv"])
def test_a_path_does_not_climb_out_of_the_folder(tmp_path, path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.csv").write_text(GOOD, encoding="utf-8")
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UserError, match=r"leaves|out of"):
        open_case(inside, "s.csv", GOOD.encode(), "", path=path).load("ledger")


def test_mixed_ids_are_compared_as_text(tmp_path):
    run = open_case(tmp_path, *SET_ASIDE["ids of mixed kinds"][:3])
    codes = set(run.load("rfm")["customer_id"])
    assert len(codes) == 4 + 2  # K0 to K3, then 007, and 7.0 with 7: Excel's 7.0 is 7, but 007 is another id


@pytest.mark.parametrize("case", ["empty file", "header missing", "unknown key in a source"])
def test_the_command_line_says_one_sentence_and_fails(tmp_path, case):
    file, content, extra, words = REFUSED[case]
    (tmp_path / file).write_bytes(content)
    (tmp_path / "broken.yml").write_text(SOURCE.format(path=file, extra=extra), encoding="utf-8")
    command = [sys.executable, "-c", "from helpers.cli import main; main()", "run", "--profile", str(tmp_path / "broken.yml"), "--out", str(tmp_path / "out"), "--tables-only"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode != 0 and ended.stderr.startswith("Error: ") and words in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
