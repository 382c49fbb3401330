"""Recordings that the store remembers, and when that may be believed: while the file is the same."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import sys
import time
import zlib
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from audioclf import structs
from audioclf.store.file import select, touch, transaction
from audioclf.structs import Struct, Text

_RACY = 2_000_000_000  # nanoseconds: the coarsest clock of a file system, that of FAT
_SIGNATURE = struct.Struct("<qqqQ")  # size, times of modification and change, inode
_HEADER = struct.Struct("<qqd")  # rate, channels, duration


class FileFacts(Struct, frozen=True):
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

    content: Text | None
    sample_rate: Annotated[int, Meta(ge=1)]
    channels: Annotated[int, Meta(ge=1)]
    duration: Annotated[float, Meta(ge=0, le=sys.float_info.max)]


def name_of(path: str | os.PathLike[str]) -> bytes:
    """Return the absolute name of a file, under which facts are kept."""
    text = os.fspath(path)
    return os.fsencode(text if os.path.isabs(text) and ".." not in text else os.path.abspath(text))


def signature(facts: os.stat_result, now: int) -> bytes:
    """What changes when a file does; empty if it may change without that, for it is too young or holds nothing."""
    latest = now - _RACY
    if not facts.st_size or facts.st_mtime_ns > latest or facts.st_ctime_ns > latest:
        return b""
    return _SIGNATURE.pack(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino & 0xFFFF_FFFF_FFFF_FFFF)


def known_files(connection: sqlite3.Connection, signatures: Mapping[bytes, bytes]) -> dict[bytes, FileFacts]:
    """Return the facts by name of those files whose signature is the one that was kept; damage counts as absent."""
    if not signatures:
        return {}
    known: dict[bytes, FileFacts] = {}
    uses = []
    # The recordings of a data set mostly lie side by side: reading a range is twice as fast as looking each up.
    query = "SELECT path, used, checksum, facts FROM files WHERE path "
    limit = 2 * len(signatures) + 100
    rows = connection.execute(f"{query} BETWEEN ? AND ? LIMIT ?", (min(signatures), max(signatures), limit)).fetchall()
    if len(rows) == limit:
        rows = select(connection, f"{query} IN", list(signatures))
    for name, used, checksum, packed in rows:
        signature = signatures.get(name)
        same = signature and isinstance(packed, bytes) and packed.startswith(signature)
        if same and zlib.crc32(packed, zlib.crc32(name)) == checksum:
            with contextlib.suppress(structs.DamagedError, struct.error):
                known[name] = _unpack(packed)
                uses.append((name, used))
    touch(connection, "files", "path", uses)
    return known


def remember_files(connection: sqlite3.Connection, facts: Mapping[bytes, tuple[bytes, FileFacts]]) -> bool:
    """Keep facts with the signature of their file, by its name; those without a hash don't replace those with."""
    unhashed = {name: signature for name, (signature, fact) in facts.items() if fact.content is None}
    hashed = {name for name, fact in known_files(connection, unhashed).items() if fact.content is not None}
    now = int(time.time())
    rows = []
    for name, (signature, fact) in facts.items():
        if name not in hashed:
            packed = _pack(signature, fact)
            rows.append((name, now, zlib.crc32(packed, zlib.crc32(name)), packed))
    connection.execute("PRAGMA synchronous=NORMAL")
    with transaction(connection):
        connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
    return True


def _pack(signature: bytes, fact: FileFacts) -> bytes:
    return signature + _HEADER.pack(fact.sample_rate, fact.channels, fact.duration) + (fact.content or "").encode()


def _unpack(packed: bytes) -> FileFacts:
    sample_rate, channels, duration = _HEADER.unpack_from(packed, _SIGNATURE.size)
    content = packed[_SIGNATURE.size + _HEADER.size :].decode(errors="replace") or None
    return structs.convert(
        {"content": content, "sample_rate": sample_rate, "channels": channels, "duration": duration}, FileFacts
    )
