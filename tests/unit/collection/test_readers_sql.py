"""Databases: a table or a SELECT, never anything that writes, and never a password in a message."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from sqlalchemy.engine import make_url

from helpers.collection.addresses import address, safe_text
from helpers.collection.profiles import Profile, Source
from helpers.collection.readers import describe_source, read_source
from helpers.collection.sql import check_select
from helpers.errors import UserError

COLUMNS = {"order_id": "no", "customer_id": "customer", "order_date": "day", "amount": "total"}
Rows = list[dict[str, Any]]
Read = Callable[..., Rows]


def shop(folder: Path, **spec: Any) -> tuple[Source, Profile]:
    told = {"name": "shop", "table": "order_lines", "url": "sqlite:///shop.db", "query": "sales", "columns": COLUMNS} | spec
    source = Source(**told)
    return source, Profile(profile="p", title="P", currency="EUR", as_of="2025-06-30", folder=str(folder), sources=[source])


@pytest.fixture
def read(tmp_path: Path) -> Read:
    with sqlite3.connect(tmp_path / "shop.db") as base:
        base.execute('CREATE TABLE sales (no INTEGER PRIMARY KEY, customer, day TEXT, total NUMERIC, "odd name" TEXT)')
        base.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?, ?)",
            [(2, "C2", "2025-01-02", 7.25, "x"), (1, "007", "2025-01-01", 5, None), (3, 9, "", None, "z")],
        )
        base.execute("CREATE VIEW late AS SELECT * FROM sales WHERE no > 1")
    base.close()
    return lambda **spec: [r for b in read_source(*shop(tmp_path, **spec)) for r in b.to_pylist()]


def test_a_table_of_sqlite_is_read_as_text_in_the_order_of_its_key(read: Read) -> None:
    assert [list(r.values()) for r in read()] == [
        ["shop", 1, None, "1", "007", "2025-01-01", "5"],
        ["shop", 2, None, "2", "C2", "2025-01-02", "7.25"],
        ["shop", 3, None, "3", "9", "", None],
    ]


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ("SELECT * FROM sales WHERE total > 6", ["2"]),
        ("with x as (select * from sales) select * from x order by no desc;", ["3", "2", "1"]),
        ("SELECT no, customer, day, 'a:b; drop' AS total FROM sales WHERE no = 1 -- note: delete later", ["1"]),
        ("late", ["2", "3"]),
        ("main.sales", ["1", "2", "3"]),
    ],
)
def test_queries_and_views(read: Read, query: str, orders: list[str]) -> None:
    assert [r["order_id"] for r in read(query=query)] == orders


def test_a_query_without_rows_has_columns(tmp_path: Path, read: Read) -> None:
    assert read(query="SELECT * FROM sales WHERE no > 9") == []
    assert [b.num_rows for b in read_source(*shop(tmp_path, query="SELECT * FROM sales WHERE no > 9"))] == [0]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sales", "UPDATE sales SET no = 1", "DROP TABLE sales", "SELECT 1; DROP TABLE sales", "PRAGMA writable_schema = 1",
        "WITH x AS (DELETE FROM sales RETURNING *) SELECT * FROM x", "SELECT * INTO copy FROM sales", "ATTACH 'x.db' AS x", "/* SELECT */ DELETE FROM sales",
        "SELECT 1 /* ; */; --\nDELETE FROM sales", "COPY sales TO PROGRAM 'x'", "-- nothing", "EXPLAIN DELETE FROM sales",
    ],
)  # fmt: skip
def test_whatever_is_not_one_select_is_refused(read: Read, query: str) -> None:
    with pytest.raises(UserError, match="only a SELECT or the name of a table is allowed"):
        read(query=query)
    assert len(read()) == 3


def test_names_of_columns_are_no_statements() -> None:
    assert check_select('SELECT updated_at, "delete", deleted FROM t') == 'SELECT updated_at, "delete", deleted FROM t'


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"query": "orders"}, r"the database has no table 'orders': it has late, sales"),
        ({"query": None}, "has no 'query:'"),
        ({"query": "SELECT elsewhere FROM sales"}, "sqlite shop.db answers: no such column: elsewhere"),
        ({"columns": {"order_id": "number"}}, r"source shop has no header 'number': .*nearest"),
        ({"url": "sqlite:///other.db"}, "there is no SQLite file other.db"),
        ({"url": "sqlite:///../../etc/passwd"}, "the SQLite file 'passwd' is outside the folder"),
        ({"url": "sqlite:////etc/passwd"}, "the SQLite file 'passwd' is outside the folder"),
        ({"url": "sqlite://"}, "the SQLite file"),
        ({"url": "nosuch://host/db"}, "no driver for nosuch is installed"),
        ({"url": "just words"}, "'url:' is not a database address"),
        ({"url": "postgresql+psycopg://me:secret@127.0.0.1:1/shop"}, "a password stands in the profile"),
        ({"url": "postgresql+psycopg://me@127.0.0.1:1/shop?password=secret"}, "a password stands in the profile"),
        ({"url": "postgresql+psycopg://me:${NO_SUCH_VARIABLE}@127.0.0.1/shop"}, "needs the environment variable NO_SUCH_VARIABLE"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(read: Read, spec: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says) as seen:
        read(**spec)
    assert "secret" not in str(seen.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_bytes(b"order,customer\n" * 100)
    with pytest.raises(UserError, match="source shop: sqlite shop.db answers: file is not a database"):
        list(read_source(*shop(tmp_path)))


def test_passwords_may_hold_any_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "p@ss:w/ord#1")
    _, profile = shop(tmp_path)
    url = address("postgresql+psycopg://me:${SHOP_PASSWORD}@db.example.com/shop", profile, "shop")
    assert (url.password, url.host, safe_text(url)) == ("p@ss:w/ord#1", "db.example.com", "postgresql at db.example.com/shop")
    monkeypatch.setenv("SHOP", "mysql://me:secret@db.example.com:3306/shop")
    assert address("${SHOP}", profile, "shop") == make_url("mysql://me:secret@db.example.com:3306/shop")


def test_no_connection_keeps_the_password_to_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hush-hush")
    with pytest.raises(UserError, match=r"postgresql at 127.0.0.1/shop answers: ") as seen:
        list(read_source(*shop(tmp_path, url="postgresql+psycopg://me:${SHOP_PASSWORD}@127.0.0.1:1/shop?connect_timeout=2")))
    assert "hush-hush" not in str(seen.value) and seen.value.__cause__ is None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if sys.version_info >= (3, 13):
        pytest.importorskip("pgserver", reason="pgserver has no wheels for Python 3.13 yet; the CI's 3.11 runs this")
    import pgserver

    # Not below tmp_path: the server runs as a user of its own, whom pytest's folder, closed anew by every session, shuts out.
    with tempfile.TemporaryDirectory(prefix="crmkit_pg_") as folder, pgserver.get_server(folder, cleanup_mode="stop") as running:
        address = running.get_uri()
        with psycopg.connect(address) as base:
            base.execute(
                "CREATE TABLE sales (no bigint, customer text, day date, at timestamptz, total numeric(12,2), units int, ok boolean, PRIMARY KEY (no))"
            )
            base.execute(
                "INSERT INTO sales SELECT n, CASE WHEN n % 7 = 0 THEN NULL ELSE 'C' || n END, date '2025-01-01' + n % 30, "
                "timestamptz '2025-01-01 12:00+00', n / 4.0, n, n % 2 = 0 FROM generate_series(150000, 1, -1) AS n"
            )
        yield address


def postgres(folder: Path, server: str, **spec: Any) -> tuple[Source, Profile]:
    return shop(folder, url=server.replace("postgresql://", "postgresql+psycopg://"), **spec)


def test_postgresql_keeps_types_and_streams(tmp_path: Path, server: str) -> None:
    batches = list(read_source(*postgres(tmp_path, server, columns=COLUMNS | {"quantity": "units", "is_return": "ok"})))
    assert [b.num_rows for b in batches] == [100_000, 50_000]
    assert [str(f.type) for f in batches[0].schema][3:] == ["string", "string", "timestamp[us]", "double", "int64", "bool"]
    table = pa.concat_tables(batches)
    assert list(table.slice(6, 1).to_pylist()[0].values()) == ["shop", 7, None, "7", None, dt.datetime(2025, 1, 8), 1.75, 7, False]
    assert (table["row"][-1].as_py(), sum(table["amount"].to_pylist())) == (150_000, 150_000 * 150_001 / 8)


def test_postgresql_is_told_without_secrets(tmp_path: Path, server: str) -> None:
    told = describe_source(*postgres(tmp_path, server, query="SELECT no, customer, day, total FROM sales"))["files"][0]
    assert told["format"] == "sql" and "postgresql" in told["database"] and str(tmp_path.parent) not in told["database"]


def test_postgresql_refuses_to_write_even_through_a_function(tmp_path: Path, server: str) -> None:
    with psycopg.connect(server) as base:
        base.execute("CREATE FUNCTION empty_sales() RETURNS bigint LANGUAGE sql AS 'DELETE FROM sales; SELECT 1::bigint'")
    with pytest.raises(UserError, match="read-only transaction"):
        list(read_source(*postgres(tmp_path, server, query="SELECT empty_sales() AS no", columns={"order_id": "no"})))


def test_postgresql_says_what_it_does_not_know(tmp_path: Path, server: str) -> None:
    with pytest.raises(UserError, match='answers: relation "nothing" does not exist'):
        list(read_source(*postgres(tmp_path, server, query="SELECT * FROM nothing")))
    with pytest.raises(UserError, match="no table 'nothing': it has sales"):
        list(read_source(*postgres(tmp_path, server, query="nothing")))
