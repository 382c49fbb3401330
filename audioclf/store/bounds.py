"""Bounds of the store: its size, what is kept by which recipe, and what goes when it is full."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from typing import Annotated

import numpy as np
from msgspec import Meta

from audioclf import structs
from audioclf.errors import AudioclfError
from audioclf.store.recipe import KEY
from audioclf.structs import Count, Struct

_LIMIT = "10GB"
_SHRINK = 0.9  # of the limit is kept when it was passed, so that not every later put has to remove something
_SOUND = f"typeof(used) = 'integer' AND typeof(clips) = 'blob' AND length(clips) % {KEY} = 0"  # of a page

Seconds = Annotated[float, Meta(ge=0, lt=1e11)]
"""Since 1970."""


class RecipeUse(Struct, frozen=True):
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
    clips: Count
    size: Count
    used: Seconds


class StoreInfo(Struct, frozen=True):
    """What a store holds.

    Attributes
    ----------
    size : int
        Bytes on disk.
    clips : int
        Different clips.
    recordings : int
        Recordings that are remembered.
    recipes : list of RecipeUse
        The largest first.
    oldest, newest : float or None
        When the page least and most recently used was used, in seconds since 1970, to the day; None without pages.
    """

    size: Count
    clips: Count = 0
    recordings: Count = 0
    recipes: list[RecipeUse] = []
    oldest: Seconds | None = None
    newest: Seconds | None = None


class Pruned(Struct, frozen=True):
    """What `FeatureStore.prune` removed and left.

    Attributes
    ----------
    pages : int
        Removed.
    freed, size : int
        Bytes given back to the disk, and those that the store still takes.
    """

    pages: Count
    freed: Count
    size: Count


def read_info(connection: sqlite3.Connection, size: int) -> StoreInfo:
    """Return what an open store of *size* bytes on disk holds; damaged pages count as absent."""
    keys = b"".join(clips for (clips,) in connection.execute(f"SELECT clips FROM pages WHERE {_SOUND}"))
    clips = len(np.unique(np.frombuffer(keys, "<u8")[::2]))
    [(recordings,)] = connection.execute("SELECT count(*) FROM files")
    [(oldest, newest)] = connection.execute(f"SELECT min(used), max(used) FROM pages WHERE {_SOUND}")
    query = f"""
        SELECT feature, analysis, functionals, sum(length(clips)) / {KEY}, sum(size), max(used)
        FROM pages LEFT JOIN recipes USING (recipe) WHERE {_SOUND}
        GROUP BY recipe ORDER BY sum(size) DESC, feature
    """
    recipes = []
    for *words, count, total, used in connection.execute(query):
        text = [word.decode(errors="replace") if isinstance(word, bytes) else "" for word in words]
        values = dict(zip(RecipeUse.__struct_fields__, [*text, count, total, used]))
        with contextlib.suppress(structs.DamagedError):
            recipes.append(structs.convert(values, RecipeUse))
    return StoreInfo(size, clips, recordings, recipes, oldest, newest)


def shrink(connection: sqlite3.Connection, limit: int) -> None:
    """Make some room if more than *limit* bytes hold something; within a transaction."""
    if _live(connection) > limit:
        prune_pages(connection, int(_SHRINK * limit))


def _live(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    [(count,)] = connection.execute("PRAGMA page_count")
    [(free,)] = connection.execute("PRAGMA freelist_count")
    [(size,)] = connection.execute("PRAGMA page_size")
    return int((count - free) * size)


def prune_pages(connection: sqlite3.Connection, limit: int | None, oldest: float | None = None) -> int:
    """Remove pages that were not used since *oldest*, and the least recently used until *limit* bytes hold the rest.

    Within a transaction. Returns the number of pages.
    """
    removed = 0
    if oldest is not None:
        removed += _remove(connection, connection.execute("SELECT id FROM pages WHERE used < ?", [oldest]).fetchall())
        connection.execute("DELETE FROM files WHERE used < ?", [oldest])
    while limit is not None and (excess := _live(connection) - limit) > 0:
        chosen = []
        for key, size in connection.execute(
            "SELECT id, coalesce(CAST(size AS INTEGER), 0) FROM pages ORDER BY used, id"
        ):
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


def parse_size(text: str) -> int:
    """Return the bytes of a size as people write it, in powers of 1000.

    >>> parse_size("500MB"), parse_size("1.5G"), parse_size("2048")
    (500000000, 1500000000, 2048)

    Raises
    ------
    ValueError
        If it is none.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d*)?|\.\d+)\s*([kmgt]?)b?", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"'{text}' is no size; write for example 500MB, 2GB or 1.5G")
    return round(float(match[1]) * 1000 ** " kmgt".index(match[2].lower() or " "))


def format_size(size: int) -> str:
    """Return a number of bytes as people read it, in powers of 1000.

    >>> format_size(11_583_488), format_size(512)
    ('11.6 MB', '512 bytes')
    """
    if size < 1000:
        return f"{size} bytes"
    power = min((len(str(size)) - 1) // 3, 4)
    return f"{size / 1000**power:.1f} {' kMGT'[power]}B"


def parse_days(text: str) -> float:
    """Return the days of ``30d`` or ``0.5d``.

    >>> parse_days("30d")
    30.0

    Raises
    ------
    ValueError
        If it is none.
    """
    match = re.fullmatch(r"(\d{1,15}(?:\.\d*)?|\.\d+)\s*d", text.strip(), re.IGNORECASE)
    if not match:
        raise ValueError(f"'{text}' is no number of days; write for example 30d")
    return float(match[1])


def default_limit() -> int:
    """Return the bytes that a store may hold: ``$AUDIOCLF_STORE_LIMIT``, else 10 GB.

    Raises
    ------
    AudioclfError
        If that is no size.
    """
    text = os.environ.get("AUDIOCLF_STORE_LIMIT") or _LIMIT
    try:
        return parse_size(text)
    except ValueError as error:
        raise AudioclfError(f"AUDIOCLF_STORE_LIMIT: {error}") from error
