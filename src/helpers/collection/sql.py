"""Read a table or a SELECT from any database that SQLAlchemy knows; nothing is ever written to it.

Secrets stay outside: a profile names environment variables (`${SHOP_PASSWORD}`) and no message repeats an address
with its password.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from helpers.collection.addresses import address, safe_text
from helpers.collection.opened import BATCH_ROWS, Opened, cell_text
from helpers.collection.profiles import FileSpec, Profile
from helpers.errors import UserError

_NAME = re.compile(r"^[^\W\d]\w*(\.[^\W\d]\w*)?$")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|into|call|exec|execute|copy|attach|pragma|vacuum|lock)\b", re.I
)
READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
}
TYPES = {
    int: pa.int64(),
    float: pa.float64(),
    Decimal: pa.float64(),
    bool: pa.bool_(),
    dt.date: pa.timestamp("us"),
    dt.datetime: pa.timestamp("us"),
}


def open_sql(spec: FileSpec, profile: Profile, label: str) -> Opened:
    """Open a query or a table of a database.

    Parameters
    ----------
    spec : FileSpec
        `url`: SQLAlchemy address, `${NAME}` stands for an environment variable; a SQLite file is looked for in the
        profile's folder. `query`: one SELECT, or the name of a table, which is then read in the order of its key.
    profile : Profile
    label : str
        How messages call it.

    Raises
    ------
    UserError
        No query, a statement that is not a SELECT, an unset variable, a password written into the profile, no
        connection, or a fault that the database reports.
    """
    url = address(spec.url or "", profile, label)
    if not spec.query or not spec.query.strip():
        raise UserError(f"{label} reads a database but has no 'query:': give a SELECT or the name of a table")
    with _connect(url, label) as connection:
        query = _statement(spec.query.strip(), connection, label)
        names, types = _first_look(connection, query)
    facts = {"format": "sql", "database": safe_text(url), "query": query}
    return Opened(label, names, partial(_read, url, query, types, label), facts, types)


@contextmanager
def _connect(url: URL, label: str) -> Iterator[Connection]:
    """Open a connection that reads only; what the database complains about is said without secrets."""
    try:
        engine = create_engine(url)
        _read_only(engine)
        try:
            with engine.connect() as connection:
                yield connection.execution_options(stream_results=True, max_row_buffer=10_000)
        finally:
            engine.dispose()
    except (NoSuchModuleError, ModuleNotFoundError) as fault:
        raise UserError(
            f"{label}: no driver for {url.drivername} is installed: use postgresql+psycopg or sqlite, or install the driver"
        ) from fault
    except SQLAlchemyError as fault:
        raise UserError(f"{label}: {safe_text(url)} answers: {_complaint(fault, url)}") from None
    except UnicodeDecodeError as fault:
        raise UserError(f"{label}: {safe_text(url)} holds text that is not UTF-8 ({fault.reason}): convert it in the query") from fault


def _complaint(fault: SQLAlchemyError, url: URL) -> str:
    told = " ".join(str(getattr(fault, "orig", None) or fault).split())
    for secret in (url.password, *(str(v) for v in url.query.values())):
        told = told.replace(str(secret), "***") if secret else told
    return told[:300]


def _read_only(engine: Engine) -> None:
    command = READ_ONLY.get(engine.dialect.name)
    if command is not None:
        event.listen(engine, "connect", partial(_tell, command))


def _tell(command: str, connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(command)
    cursor.close()
    connection.commit()


def _statement(query: str, connection: Connection, label: str) -> str:
    if not _NAME.match(query):
        return check_select(query, label)
    schema, _, name = query.rpartition(".")
    asked = inspect(connection)
    known = [*asked.get_table_names(schema or None), *asked.get_view_names(schema or None)]
    if name not in known:
        raise UserError(f"{label}: the database has no table {query!r}: it has {', '.join(sorted(known)[:20]) or 'none'}")
    quote = connection.dialect.identifier_preparer.quote
    try:
        keys = asked.get_pk_constraint(name, schema or None)["constrained_columns"]
    except NoSuchTableError:  # a view has no key
        keys = []
    order = f" ORDER BY {', '.join(map(quote, keys))}" if keys else ""  # equal row numbers in every run
    return f"SELECT * FROM {'.'.join(quote(p) for p in (schema, name) if p)}{order}"


def check_select(query: str, label: str = "the query") -> str:
    """Return the query when it is one SELECT that writes nothing; anything else is a `UserError`.

    Examples
    --------
    >>> check_select("SELECT 'drop; it' AS a FROM t;")
    "SELECT 'drop; it' AS a FROM t"
    >>> check_select("DELETE FROM t")
    Traceback (most recent call last):
        ...
    helpers.errors.UserError: the query: only a SELECT or the name of a table is allowed, not DELETE
    """
    bare = _QUOTED.sub(" x ", query).strip().rstrip("; \n\t")
    first = (bare.split(maxsplit=1) or [""])[0].upper().lstrip("(")
    writes = _WRITES.search(bare)
    if first not in {"SELECT", "WITH"} or ";" in bare or writes:
        seen = writes[0].upper() if writes else "several statements" if ";" in bare else first or "nothing"
        raise UserError(f"{label}: only a SELECT or the name of a table is allowed, not {seen}")
    return query.strip().rstrip("; \n\t")


def _first_look(connection: Connection, query: str) -> tuple[tuple[str, ...], tuple[pa.DataType, ...]]:
    """Return names and types of the columns, judged by the first batch. SQLite knows no types: all is text."""
    with connection.execute(text(_no_binds(query))) as result:
        names = tuple(result.keys())
        rows = [] if connection.dialect.name == "sqlite" else result.fetchmany(BATCH_ROWS)
    if connection.dialect.name == "sqlite":
        return names, (pa.string(),) * len(names)
    return names, tuple(_type_of([r[place] for r in rows]) for place in range(len(names)))


def _no_binds(query: str) -> str:
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", query)  # SQLAlchemy reads :name as a parameter, a profile has none


def _type_of(values: Sequence[Any]) -> pa.DataType:
    kinds = {TYPES.get(type(v), pa.string()) for v in values if v is not None}
    if kinds == {pa.int64(), pa.float64()}:
        return pa.float64()
    return kinds.pop() if len(kinds) == 1 else pa.string()


def _read(url: URL, query: str, types: Sequence[pa.DataType], label: str, wanted: Sequence[int]) -> Iterator[pa.Table]:
    numbers = count(1)
    with _connect(url, label) as connection, connection.execute(text(_no_binds(query))) as result:
        while True:
            rows = result.fetchmany(BATCH_ROWS)
            columns = {str(n): _column([r[place] for r in rows], types[place], label) for n, place in enumerate(wanted)}
            row = pa.array([next(numbers) for _ in rows], pa.int64())
            yield pa.table({"row": row, "problem": pa.nulls(len(rows), pa.string()), **columns})
            if len(rows) < BATCH_ROWS:
                return


def _column(values: Sequence[Any], kind: pa.DataType, label: str) -> pa.Array:
    try:
        if pa.types.is_string(kind):
            return pa.array([_text(v) for v in values], kind)
        if pa.types.is_floating(kind):
            return pa.array([None if v is None or v != v else float(v) for v in values], kind)
        if pa.types.is_timestamp(kind):
            return pa.array([_moment(v) for v in values], kind)
        return pa.array(values, kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as fault:
        raise UserError(f"{label}: a column begins as {kind} and goes on as something else ({fault}): CAST it in the query") from fault


def _moment(value: dt.date | None) -> dt.datetime | None:
    """Return a day as its midnight and a time with a zone as the clock of that zone shows it."""
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None)
    return None if value is None else dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else cell_text(value)
