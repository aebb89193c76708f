"""The only place of the generator that writes: frames to the bytes of each export, and these to a folder.

Bytes depend on nothing but the frames: no clock, no temporary names, `\\n` line ends everywhere, one deflate library.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import yaml

from helpers.collection.demo.company import DemoCompany, generate_demo
from helpers.collection.demo.exports import HEADER_ERP
from helpers.collection.templates import build_template

CREATED = dt.datetime(2025, 7, 15, 8, 0)
DOS_DATE = (2025 - 1980) << 9 | 7 << 5 | 15
LEFT = 20  # characters that are left of the last line of a file whose export was interrupted
TITLE = "Lantern Bay Coffee - order lines, exported 2025-07-15 08:00"


def write_demo(folder: Path, seed: int = 7) -> None:
    """Write the made-up company: `raw/` exports and `truth/` tables under `folder`; equal seeds give equal bytes.

    Parameters
    ----------
    folder : pathlib.Path
        Gets the folders `raw` and `truth`; files of the same name are replaced.
    seed : int
        7 is the committed company.

    Examples
    --------
    >>> write_demo(Path("data/demo"), 7)  # doctest: +SKIP
    """
    for name, content in demo_files(generate_demo(seed)).items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def demo_files(company: DemoCompany) -> dict[str, bytes]:
    """Return every file of the company as bytes, keyed by its path under the demo folder."""
    raw = company.raw
    files = {f"raw/{name}.csv": csv_bytes(raw[name]) for name in raw if name.startswith("crm_")}
    files["raw/crm_activities.csv"] = interrupt(files["raw/crm_activities.csv"])
    files["raw/erp_orders.xlsx"] = workbook_bytes(raw["erp_order_lines"], raw["erp_products"])
    files["raw/tickets.jsonl"] = interrupt(jsonl_bytes(raw["tickets"]))
    files["raw/web_events.parquet"] = parquet_bytes(raw["web_events"])
    files["raw/survey_gbk.csv"] = csv_bytes(raw["survey"], encoding="gbk")
    files["raw/campaign_log.csv"] = csv_bytes(raw["campaign_log"], delimiter=";")
    files |= {f"raw/template_{name}.xlsx": template_bytes(name, rows) for name, rows in company.templates.items()}
    files |= {f"truth/{name}.csv": csv_bytes(_plain_days(frame)) for name, frame in company.truth.items()}
    for name, content in (("truth", company.facts), ("templates", company.judged)):
        files[f"truth/{name}.yml"] = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120).encode("utf-8")
    return dict(sorted(files.items()))


def interrupt(content: bytes) -> bytes:
    r"""Return a file whose last line breaks off early and has no line end.

    Examples
    --------
    >>> interrupt(b"id,customer,at\nA1,K1,2025-07-14 10:00:00,visit,outbound\n")
    b'id,customer,at\nA1,K1,2025-07-14 10:'
    """
    start = content.rindex(b"\n", 0, -1) + 1
    return content[: start + LEFT]


def csv_bytes(frame: pd.DataFrame, *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    r"""Return a frame as CSV with `\n` line ends; empty cells are empty.

    Examples
    --------
    >>> csv_bytes(pd.DataFrame({"a": ["x", None]}))
    b'a\nx\n\n'
    """
    text = frame.to_csv(index=False, sep=delimiter, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return text.replace('""\n', "\n").encode(encoding) if len(frame.columns) == 1 else text.encode(encoding)


def _plain_days(frame: pd.DataFrame) -> pd.DataFrame:
    days = {c: frame[c].dt.strftime("%Y-%m-%d") for c in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[c])}
    return frame.assign(**days)


def jsonl_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as JSON lines; empty cells are null."""
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode("utf-8")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a frame as Parquet without pandas' own metadata, times in milliseconds."""
    schema = pa.schema([("account", pa.string()), ("ts", pa.timestamp("ms")), ("action", pa.string()), ("object", pa.string())])
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=9, version="2.6", row_group_size=20_000)
    return sink.getvalue().to_pybytes()


def workbook_bytes(lines: pd.DataFrame, products: pd.DataFrame) -> bytes:
    """Return the ERP workbook: order lines below a title and a merged header of two rows, and a sheet of products."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties({"title": "Order lines", "author": "ERP", "created": CREATED})
    bold = book.add_format({"bold": True, "align": "center"})
    sheet = book.add_worksheet("Order lines")
    sheet.write_string(0, 0, TITLE)
    _write_header(sheet, bold)
    for number, row in enumerate(lines.itertuples(index=False), start=3):
        _write_row(sheet, number, row)
    listed = book.add_worksheet("Products")
    listed.write_row(0, 0, ["SKU", "Name", "Group", "Subgroup", "List price", "On sale since", "Labels"], bold)
    for number, row in enumerate(products.itertuples(index=False), start=1):
        _write_row(listed, number, row)
    book.close()
    return _pack_again(buffer.getvalue())


def template_bytes(table_name: str, rows: pd.DataFrame) -> bytes:
    """Return the kit's own template with rows that people filled in; signals in Chinese, as the sales team writes them."""
    return _pack_again(build_template(table_name, "zh" if table_name == "signals" else "en", rows))


def _pack_again(workbook: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as made:
        return zip_bytes([(item.filename, made.read(item)) for item in made.infolist()])


def _write_header(sheet: xlsxwriter.worksheet.Worksheet, bold: xlsxwriter.format.Format) -> None:
    column = 0
    for top, below in HEADER_ERP:
        if len(below) > 1:
            sheet.merge_range(1, column, 1, column + len(below) - 1, top, bold)
        else:
            sheet.write_string(1, column, top, bold)
        sheet.write_row(2, column, below, bold)
        column += len(below)


def _write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: tuple[object, ...]) -> None:
    for column, value in enumerate(row):
        if value is None or pd.isna(value):
            continue
        if isinstance(value, str):
            sheet.write_string(number, column, value)
        elif isinstance(value, dt.date):
            sheet.write_datetime(number, column, dt.datetime(value.year, value.month, value.day))
        else:
            sheet.write_number(number, column, value)


def zip_bytes(parts: list[tuple[str, bytes]]) -> bytes:
    """Return a zip archive with fixed times, packed by pyarrow's own deflate.

    Python's `zipfile` packs with whichever zlib Python was built with (some builds use zlib-ng, which packs
    differently), so the same workbook would have other bytes on another machine.
    """
    codec = pa.Codec("gzip", compression_level=9)
    body, index = b"", b""
    for name, content in parts:
        packed = codec.compress(content, asbytes=True)[10:-8]  # a gzip stream without its header and trailer is raw deflate
        about = struct.pack("<HHHHHLLLHH", 20, 0, 8, 0, DOS_DATE, zlib.crc32(content), len(packed), len(content), len(name), 0)
        index += b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<HHHLL", 0, 0, 0, 0, len(body)) + name.encode("ascii")
        body += b"PK\x03\x04" + about + name.encode("ascii") + packed
    end = struct.pack("<HHHHLLH", 0, 0, len(parts), len(parts), len(index), len(body), 0)
    return body + index + b"PK\x05\x06" + end
