"""The SQLite file behind the feature store: its tables, whose file it is, and what all that uses it shares.

Every function is given an open connection. What a damaged file says is never trusted: pages and facts carry checksums.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

FORMAT = 2
"""Of the file; a store of an older one is begun anew."""

PATIENCE = 60  # seconds for other processes to finish writing
DAY = 86_400  # seconds
_APPLICATION = 0x61636C66  # SQLite's application_id: "aclf"
_VARIABLES = 900  # values per query; SQLite's oldest limit is 999
_TABLES = """
CREATE TABLE recipes (recipe TEXT PRIMARY KEY, feature TEXT, analysis TEXT, functionals TEXT) WITHOUT ROWID;
CREATE TABLE pages (id INTEGER PRIMARY KEY, recipe TEXT, created INTEGER, used INTEGER, size INTEGER, clips BLOB);
CREATE TABLE contents (id INTEGER PRIMARY KEY, columns INTEGER, checksum INTEGER, rows BLOB, data BLOB);
CREATE TABLE files (path BLOB PRIMARY KEY, used INTEGER, checksum INTEGER, facts BLOB) WITHOUT ROWID;
CREATE INDEX pages_by_recipe ON pages (recipe);
CREATE INDEX pages_by_use ON pages (used, id, size);
"""  # the keys of all clips are read to find one: they lie apart from the contents, which are a hundred times as large
_FORMAT_1 = {"features": ["key", "rows", "columns", "data", "checksum"]}


def is_ours(connection: sqlite3.Connection) -> bool:
    """Return whether the file is a store of this format; refuse one of a later."""
    [(application,)] = connection.execute("PRAGMA application_id")
    [(version,)] = connection.execute("PRAGMA user_version")
    if application == _APPLICATION and version > FORMAT:
        raise sqlite3.NotSupportedError("it was written by a later audioclf; upgrade, or choose another file")
    return bool(application == _APPLICATION and version == FORMAT)


def set_up(connection: sqlite3.Connection) -> None:
    """Make a new file, or one of an older format, an empty store; refuse any other."""
    connection.execute("BEGIN")  # all questions are about one state, though another process may be setting it up
    foreign = not (is_ours(connection) or _is_older(connection))
    connection.execute("ROLLBACK")
    if foreign:
        raise sqlite3.NotSupportedError("it is a database of another program")
    connection.execute("PRAGMA journal_mode=WAL")
    with transaction(connection):
        if is_ours(connection):  # another process was faster
            return
        older = list(_tables(connection))
        for table in older:
            connection.execute(f'DROP TABLE "{table}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={FORMAT}")
    if older:
        with contextlib.suppress(sqlite3.OperationalError):  # the disk is full, or others read it
            connection.execute("VACUUM")


def _is_older(connection: sqlite3.Connection) -> bool:
    """Whether a file that isn't of this format was an audioclf's, or is new."""
    [(application,)] = connection.execute("PRAGMA application_id")
    return application == _APPLICATION or _tables(connection) in ({}, _FORMAT_1)


def _tables(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """The columns of every table."""
    names = [name.decode() for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [row[1].decode() for row in connection.execute(f'PRAGMA table_info("{name}")')] for name in names}


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all that the block writes, or nothing; a context manager."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite may have rolled it back itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def select(connection: sqlite3.Connection, query: str, values: Sequence[Any]) -> list[Any]:
    """Run a query that ends in IN for any number of values."""
    rows: list[Any] = []
    for first in range(0, len(values), _VARIABLES):
        part = values[first : first + _VARIABLES]
        rows += connection.execute(f"{query} ({','.join('?' * len(part))})", part).fetchall()
    return rows


def touch(connection: sqlite3.Connection, table: str, key: str, uses: Iterable[tuple[Any, Any]]) -> None:
    """Note that rows, given as key and time of last use, are used, unless that was done within a day."""
    now = int(time.time())
    stale = [(now, name) for name, used in uses if not isinstance(used, int) or not now - DAY < used <= now]
    if stale:
        write_if_free(connection, {f"UPDATE {table} SET used = ? WHERE {key} = ?": stale})


def write_if_free(connection: sqlite3.Connection, statements: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Write what may as well not be written, if the file can't be written to or others are writing."""
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=100")
    with contextlib.suppress(sqlite3.OperationalError), transaction(connection):
        for statement, values in statements.items():
            connection.executemany(statement, values)
    connection.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")
