"""Pages of the feature store: the arrays of many clips by one recipe, with a checksum over all of it."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioclf.spectra.spectra import Frames
from audioclf.store.bounds import shrink
from audioclf.store.file import select, touch, transaction, write_if_free
from audioclf.store.recipe import KEY, Recipe

_LARGEST = 1 << 24  # bytes of features in a page, so that a clip's features aren't read with gigabytes of others
_BLOB = 900_000_000  # bytes of an array; with what lies before it in a page, less than SQLite's limit of 10^9


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


def put_pages(connection: sqlite3.Connection, pages: list[_Page], limit: int) -> bool:
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
        shrink(connection, limit)
    return True


def _words(recipe: str) -> tuple[str, str, str]:
    return (recipe.feature, recipe.analysis, recipe.functionals) if isinstance(recipe, Recipe) else ("", "", "")


def get_arrays(connection: sqlite3.Connection, recipe: str, clips: Sequence[bytes]) -> list[Frames | None]:
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
    contents = {key: content for key, *content in select(connection, query, [key for key, _, _ in needed])}
    connection.execute("COMMIT")

    arrays: list[Frames | None] = [None] * len(clips)
    within = places[wanted] - np.concatenate([[0], ends])[numbers]
    pairs = zip(wanted.tolist(), within.tolist())
    for head, count in zip(needed, counts.tolist()):
        key, _, keys = head
        page = _unpack(recipe, keys, *contents.get(key, [None] * 4))
        if page is None:
            damaged.append(head)
        frames, begins = page or (None, [])
        for i, k in islice(pairs, count):
            arrays[i] = None if frames is None else frames[begins[k] : begins[k + 1]]
    _remove_damaged(connection, damaged)
    touch(connection, "pages", "id", [head[:2] for head in needed])
    return arrays


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


def _remove_damaged(connection: sqlite3.Connection, heads: list[Any]) -> None:
    if heads:
        # Another process may have done so, and the id may be another page's now.
        page = "DELETE FROM pages WHERE id = ? AND CAST(clips AS BLOB) IS ?"
        content = "DELETE FROM contents WHERE id = ? AND id NOT IN (SELECT id FROM pages)"
        ids = [(key,) for key, _, _ in heads]
        write_if_free(connection, {page: [(key, keys) for key, _, keys in heads], content: ids})
