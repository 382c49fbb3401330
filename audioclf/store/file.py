"""The SQLite file behind the feature store: its tables, and what is read from and written to them.

Every function is given an open connection. A page holds the arrays of many clips by one recipe, with a checksum over
all of it; a row of files holds what is known of one recording, with what the file system said of it then.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from audioclf.spectra.spectra import Frames

FORMAT = 2
_APPLICATION = 0x61636C66  # SQLite's application_id: "aclf"
_VARIABLES = 900  # values per query; SQLite's oldest limit is 999
PATIENCE = 60  # seconds for other processes to finish writing
KEY = 16  # bytes of a clip's key
_LARGEST = 1 << 24  # bytes of features in a page, so that a clip's features aren't read with gigabytes of others
_BLOB = 900_000_000  # bytes of an array; with what lies before it in a page, less than SQLite's limit of 10^9
DAY = 86_400  # seconds
_RACY = 2_000_000_000  # nanoseconds: the coarsest clock of a file system, that of FAT
_SHRINK = 0.9  # of the limit is kept when it was passed, so that not every later put has to remove something
_SIGNATURE = struct.Struct("<qqqQ")  # size, times of modification and change, inode
_HEADER = struct.Struct("<qqd")  # rate, channels, duration
_TABLES = """
CREATE TABLE recipes (recipe TEXT PRIMARY KEY, feature TEXT, analysis TEXT, functionals TEXT) WITHOUT ROWID;
CREATE TABLE pages (id INTEGER PRIMARY KEY, recipe TEXT, created INTEGER, used INTEGER, size INTEGER, clips BLOB);
CREATE TABLE contents (id INTEGER PRIMARY KEY, columns INTEGER, checksum INTEGER, rows BLOB, data BLOB);
CREATE TABLE files (path BLOB PRIMARY KEY, used INTEGER, checksum INTEGER, facts BLOB) WITHOUT ROWID;
CREATE INDEX pages_by_recipe ON pages (recipe);
CREATE INDEX pages_by_use ON pages (used, id, size);
"""  # the keys of all clips are read to find one: they lie apart from the contents, which are a hundred times as large
_FORMAT_1 = {"features": ["key", "rows", "columns", "data", "checksum"]}


class Recipe(str):
    """The digest that `recipe` returns, with what `audioclf store info` says of it.

    Attributes
    ----------
    feature, analysis, functionals : str
        In words.
    """

    feature: str = ""
    analysis: str = ""
    functionals: str = ""


class FileFacts(NamedTuple):
    """What is known of a recording without opening it.

    Attributes
    ----------
    content : str or None
        Hash of its bytes; None if it hasn't been hashed yet.
    sample_rate : int
        Native, in Hz.
    channels : int
    duration : float
        In seconds.
    """

    content: str | None
    sample_rate: int
    channels: int
    duration: float


@dataclass(frozen=True)
class RecipeUse:
    """What a store keeps of one recipe.

    Attributes
    ----------
    feature, analysis, functionals : str
        In words; empty if the recipe was put without.
    clips : int
        Counting a clip twice that was put twice.
    size : int
        Bytes.
    used : float
        When it was last used, in seconds since 1970, to the day.
    """

    feature: str
    analysis: str
    functionals: str
    clips: int
    size: int
    used: float


def is_ours(connection: sqlite3.Connection) -> bool:
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
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite may have rolled it back itself
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class _Page(NamedTuple):
    recipe: str
    clips: bytes  # keys
    columns: int
    rows: bytes  # of each clip, int32
    data: bytes  # float32, (all rows, columns)


def _checksum(recipe: str, clips: bytes, columns: int, rows: bytes, data: bytes) -> int:
    head = f"{recipe} {columns} {len(clips)} {len(rows)} ".encode()
    return zlib.crc32(data, zlib.crc32(rows, zlib.crc32(clips, zlib.crc32(head))))


def pack(recipe: str, clips: Sequence[bytes], arrays: Sequence[Frames]) -> Iterator[_Page]:
    """Yield a page, or several of about `_LARGEST` bytes."""
    if len(clips) != len(arrays):
        raise ValueError(f"{len(clips)} clips and {len(arrays)} arrays")
    if any(len(clip) != KEY for clip in clips):
        raise ValueError(f"a clip's key has {KEY} bytes")
    if any(array.ndim != 2 or array.shape[1] != arrays[0].shape[1] for array in arrays):
        raise ValueError("the arrays must have two dimensions and the same number of columns")
    sizes = np.array([4 * array.size for array in arrays], np.int64)
    kept = np.flatnonzero(sizes <= _BLOB)
    starts = np.cumsum(sizes[kept]) - sizes[kept]
    cuts = np.flatnonzero(np.diff(starts // _LARGEST)) + 1
    for part in np.split(kept, cuts) if len(kept) else []:
        chosen = [arrays[i] for i in part]
        rows = np.array([len(array) for array in chosen], "<i4").tobytes()
        data = np.concatenate(chosen).astype("<f4", copy=False).tobytes()
        yield _Page(recipe, b"".join(clips[i] for i in part), chosen[0].shape[1], rows, data)


def put(connection: sqlite3.Connection, pages: list[_Page], limit: int) -> bool:
    connection.execute("PRAGMA synchronous=NORMAL")
    now = int(time.time())
    recipes = {page.recipe: page.recipe for page in pages}
    with transaction(connection):
        [(last,)] = connection.execute("SELECT coalesce(max(id), 0) FROM pages")
        connection.executemany(
            "INSERT OR IGNORE INTO recipes VALUES (?, ?, ?, ?)",
            [(str(name), *_words(name)) for name in recipes],
        )
        connection.executemany(
            "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)",
            [
                (i, str(page.recipe), now, now, len(page.clips) + len(page.rows) + len(page.data), page.clips)
                for i, page in enumerate(pages, last + 1)
            ],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?, ?)",
            [(i, page.columns, _checksum(*page), page.rows, page.data) for i, page in enumerate(pages, last + 1)],
        )
        if _live(connection) > limit:
            prune(connection, int(_SHRINK * limit))
    return True


def _words(recipe: str) -> tuple[str, str, str]:
    return (recipe.feature, recipe.analysis, recipe.functionals) if isinstance(recipe, Recipe) else ("", "", "")


def get(connection: sqlite3.Connection, recipe: str, clips: Sequence[bytes]) -> list[Frames | None]:
    connection.execute("BEGIN")  # both queries see the same pages
    query = "SELECT id, used, clips FROM pages WHERE recipe = ? ORDER BY id"
    heads = connection.execute(query, [str(recipe)]).fetchall()
    damaged = [head for head in heads if not isinstance(head[2], bytes) or len(head[2]) % KEY]
    if damaged:
        heads = [head for head in heads if head not in damaged]
    places = _places(b"".join(clips), b"".join([keys for _, _, keys in heads]))
    wanted = np.flatnonzero(places >= 0)
    ends = np.cumsum([len(keys) // KEY for _, _, keys in heads])
    numbers = np.searchsorted(ends, places[wanted], side="right")  # of the pages
    order = np.argsort(numbers, kind="stable")
    wanted, numbers = wanted[order], numbers[order]
    chosen, counts = np.unique(numbers, return_counts=True)
    needed = [heads[n] for n in chosen.tolist()]
    query = "SELECT id, columns, checksum, rows, data FROM contents WHERE id IN"
    contents = {key: content for key, *content in _select(connection, query, [key for key, _, _ in needed])}
    connection.execute("COMMIT")

    found: list[Frames | None] = [None] * len(clips)
    within = places[wanted] - np.concatenate([[0], ends])[numbers]
    pairs = zip(wanted.tolist(), within.tolist())
    for head, count in zip(needed, counts.tolist()):
        key, _, keys = head
        page = _unpack(recipe, keys, *contents.get(key, [None] * 4))
        if page is None:
            damaged.append(head)
        frames, begins = page or (None, [])
        for i, k in islice(pairs, count):
            found[i] = None if frames is None else frames[begins[k] : begins[k + 1]]
    _remove_damaged(connection, damaged)
    _touch(connection, "pages", "id", [head[:2] for head in needed])
    return found


def _unpack(
    recipe: str, clips: bytes, columns: Any, checksum: Any, rows: Any, data: Any
) -> tuple[Frames, list[int]] | None:
    """Return a page's frames, and where each clip's begin, then where the last one's end; None if it is damaged."""
    if not (isinstance(rows, bytes) and isinstance(data, bytes)):
        return None
    if _checksum(recipe, clips, columns, rows, data) != checksum:
        return None
    begins = [0, *accumulate(np.frombuffer(rows, "<i4").tolist())]
    return np.frombuffer(data, "<f4").reshape(begins[-1], columns), begins


@lru_cache(maxsize=2)  # one recipe after the other is asked for the same clips
def _places(wanted: bytes, stored: bytes) -> NDArray[np.int64]:
    """Return where each key of *wanted* stands in *stored* for the last time, -1 where it doesn't."""
    ours = np.frombuffer(wanted, "<u8").reshape(-1, 2)
    theirs = np.frombuffer(stored, "<u8").reshape(-1, 2)
    if not len(theirs):
        return np.full(len(ours), -1)
    # By the first half of a key: should two clips ever share one, one of them is computed anew.
    halves = np.sort(ours[:, 0])
    few = np.zeros(1 << 16, bool)  # of millions of keys only those that begin as one of ours are searched for
    few[ours[:, 0] & 0xFFFF] = True
    likely = np.flatnonzero(few[theirs[:, 0] & 0xFFFF])
    slots = np.minimum(np.searchsorted(halves, theirs[likely, 0]), len(halves) - 1)
    hits = halves[slots] == theirs[likely, 0]
    last = np.full(len(halves), -1)
    last[slots[hits]] = likely[hits]  # of repeated indices, the last one counts
    places = last[np.searchsorted(halves, ours[:, 0])]
    places[theirs[places, 1] != ours[:, 1]] = -1
    places.setflags(write=False)
    return places


def _select(connection: sqlite3.Connection, query: str, values: Sequence[Any]) -> list[Any]:
    """Run a query that ends in IN for any number of values."""
    rows: list[Any] = []
    for first in range(0, len(values), _VARIABLES):
        part = values[first : first + _VARIABLES]
        rows += connection.execute(f"{query} ({','.join('?' * len(part))})", part).fetchall()
    return rows


def _remove_damaged(connection: sqlite3.Connection, heads: list[Any]) -> None:
    if heads:
        # Another process may have done so, and the id may be another page's now.
        page = "DELETE FROM pages WHERE id = ? AND CAST(clips AS BLOB) IS ?"
        content = "DELETE FROM contents WHERE id = ? AND id NOT IN (SELECT id FROM pages)"
        ids = [(key,) for key, _, _ in heads]
        _write_if_free(connection, {page: [(key, keys) for key, _, keys in heads], content: ids})


def _touch(connection: sqlite3.Connection, table: str, key: str, uses: Iterable[tuple[Any, Any]]) -> None:
    """Note that rows, given as key and time of last use, are used, unless that was done within a day."""
    now = int(time.time())
    stale = [(now, name) for name, used in uses if not isinstance(used, int) or not now - DAY < used <= now]
    if stale:
        _write_if_free(connection, {f"UPDATE {table} SET used = ? WHERE {key} = ?": stale})


def _write_if_free(connection: sqlite3.Connection, statements: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Write what may as well not be written, if the file can't be written to or others are writing."""
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=100")
    with contextlib.suppress(sqlite3.OperationalError), transaction(connection):
        for statement, values in statements.items():
            connection.executemany(statement, values)
    connection.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")


def name(path: str | os.PathLike[str]) -> bytes:
    text = os.fspath(path)
    return os.fsencode(text if os.path.isabs(text) and ".." not in text else os.path.abspath(text))


def signature(facts: os.stat_result, now: int) -> bytes:
    """What changes when a file does; empty if it may change without that, for it is too young or holds nothing."""
    latest = now - _RACY
    if not facts.st_size or facts.st_mtime_ns > latest or facts.st_ctime_ns > latest:
        return b""
    return _SIGNATURE.pack(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino & 0xFFFF_FFFF_FFFF_FFFF)


def files(connection: sqlite3.Connection, signatures: Mapping[bytes, bytes]) -> dict[bytes, FileFacts]:
    if not signatures:
        return {}
    known: dict[bytes, FileFacts] = {}
    uses = []
    # The recordings of a data set mostly lie side by side: reading a range is twice as fast as looking each up.
    query = "SELECT path, used, checksum, facts FROM files WHERE path "
    limit = 2 * len(signatures) + 100
    rows = connection.execute(f"{query} BETWEEN ? AND ? LIMIT ?", (min(signatures), max(signatures), limit)).fetchall()
    if len(rows) == limit:
        rows = _select(connection, f"{query} IN", list(signatures))
    crc32, unpack = zlib.crc32, _HEADER.unpack_from
    for name, used, checksum, facts in rows:
        signature = signatures.get(name)
        if (
            signature
            and isinstance(facts, bytes)
            and facts.startswith(signature)
            and crc32(facts, crc32(name)) == checksum
        ):
            rate, channels, duration = unpack(facts, _SIGNATURE.size)
            known[name] = FileFacts(facts[_SIGNATURE.size + _HEADER.size :].decode() or None, rate, channels, duration)
            uses.append((name, used))
    _touch(connection, "files", "path", uses)
    return known


def remember(connection: sqlite3.Connection, facts: Mapping[bytes, tuple[bytes, FileFacts]]) -> bool:
    unhashed = {name: signature for name, (signature, fact) in facts.items() if fact.content is None}
    hashed = {name for name, fact in files(connection, unhashed).items() if fact.content is not None}
    now = int(time.time())
    rows = []
    for name, (signature, fact) in facts.items():
        if name not in hashed:
            packed = signature + _HEADER.pack(*fact[1:]) + (fact.content or "").encode()
            rows.append((name, now, zlib.crc32(packed, zlib.crc32(name)), packed))
    connection.execute("PRAGMA synchronous=NORMAL")
    with transaction(connection):
        connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
    return True


def _live(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    [(count,)] = connection.execute("PRAGMA page_count")
    [(free,)] = connection.execute("PRAGMA freelist_count")
    [(size,)] = connection.execute("PRAGMA page_size")
    return int((count - free) * size)


def prune(connection: sqlite3.Connection, limit: int | None, oldest: float | None = None) -> int:
    """Remove pages that were not used since *oldest*, and the least recently used until *limit* bytes hold the rest.

    Within a transaction. Returns the number of pages.
    """
    removed = 0
    if oldest is not None:
        removed += _remove(connection, connection.execute("SELECT id FROM pages WHERE used < ?", [oldest]).fetchall())
        connection.execute("DELETE FROM files WHERE used < ?", [oldest])
    while limit is not None and (excess := _live(connection) - limit) > 0:
        chosen = []
        for key, size in connection.execute("SELECT id, size FROM pages ORDER BY used, id"):
            chosen.append((key,))
            excess -= size
            if excess <= 0:
                break
        if not chosen:
            connection.execute("DELETE FROM files")
            break
        removed += _remove(connection, chosen)
    if removed:
        connection.execute("DELETE FROM recipes WHERE recipe NOT IN (SELECT recipe FROM pages)")
    return removed


def _remove(connection: sqlite3.Connection, keys: list[tuple[int]]) -> int:
    connection.executemany("DELETE FROM pages WHERE id = ?", keys)
    connection.executemany("DELETE FROM contents WHERE id = ?", keys)
    return len(keys)


def clear(connection: sqlite3.Connection) -> int:
    """Remove everything; return the number of pages."""
    [(pages,)] = connection.execute("SELECT count(*) FROM pages")
    for table in ("pages", "contents", "recipes", "files"):
        connection.execute(f"DELETE FROM {table}")
    return int(pages)


def info(connection: sqlite3.Connection) -> tuple[int, int, list[RecipeUse], float | None, float | None]:
    keys = b"".join(clips for (clips,) in connection.execute("SELECT clips FROM pages"))
    clips = len(np.unique(np.frombuffer(keys, "<u8")[::2]))
    [(recordings,)] = connection.execute("SELECT count(*) FROM files")
    [(oldest, newest)] = connection.execute("SELECT min(used), max(used) FROM pages")
    query = f"""
        SELECT feature, analysis, functionals, sum(length(clips)) / {KEY}, sum(size), max(used)
        FROM pages LEFT JOIN recipes USING (recipe) GROUP BY recipe ORDER BY sum(size) DESC, feature
    """
    recipes = []
    for *words, count, size, used in connection.execute(query):
        feature, analysis, functionals = ((word or b"").decode(errors="replace") for word in words)
        recipes.append(RecipeUse(feature, analysis, functionals, count, size, used))
    return clips, recordings, recipes, oldest, newest
