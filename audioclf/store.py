"""The feature store on disk: what was computed for a clip's content under given parameters.

One SQLite file: entries are written whole or not at all, several processes may share it, and an entry that
doesn't match its checksum counts as absent. A store that can't be used costs time, never a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import sqlite3
import time
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.extractor import Extractor
from audioclf.files import cache_folder
from audioclf.spectra import Analysis, Frames

_FORMAT = 1
_VARIABLES = 500  # names per query; SQLite's oldest limit is 999
_ATTEMPTS = 5  # at a file that other processes replace meanwhile, for they found it damaged too
_SETTLE = 10.0  # seconds for other processes to finish setting the file up


def key(
    content: str,
    start: float | None,
    end: float | None,
    analysis: Analysis,
    extractor: Extractor,
    functionals: tuple[str, ...] | None,
) -> str:
    """Return the store's key for one clip and extractor; *functionals* None stands for its frames."""
    facts: tuple[Any, ...] = (
        _FORMAT,
        content,
        start,
        end,
        sorted(analysis.as_dict().items()),
        extractor.name,
        extractor.version,
        sorted(extractor.parameters.items()),
        functionals,
        _libraries(),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


@cache
def _libraries() -> tuple[tuple[str, str], ...]:
    """The versions of what decodes, resamples and gives filterbanks: with others, numbers may differ."""
    return tuple((name, metadata.version(name)) for name in ("soundfile", "soxr", "librosa", "spafe"))


class FeatureStore:
    """Arrays by key, in one SQLite file.

    Parameters
    ----------
    path : str or path, optional
        The file; by default ``features.sqlite`` in the cache folder. Made when first written to.

    Examples
    --------
    >>> import tempfile
    >>> store = FeatureStore(Path(tempfile.mkdtemp()) / "features.sqlite")
    >>> store.put({"a": np.ones((2, 3), np.float32)})
    >>> store.get(["a", "b"])["a"].shape
    (2, 3)
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path or cache_folder() / "features.sqlite").expanduser()
        self._broken = False

    def get(self, keys: Iterable[str]) -> dict[str, Frames]:
        """Return the arrays that are there and undamaged, by key."""
        keys = list(keys)
        found: dict[str, Frames] = {}
        for first in range(0, len(keys), _VARIABLES):
            part = keys[first : first + _VARIABLES]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, rows, columns, data, checksum FROM features WHERE key IN ({marks})"
            for name, rows, columns, data, checksum in self._run(query, part):
                if _checksum(rows, columns, data) == checksum and len(data) == 4 * rows * columns:
                    found[name] = np.frombuffer(data, dtype="<f4").reshape(rows, columns)
        return found

    def put(self, arrays: Mapping[str, Frames]) -> None:
        """Keep float32 arrays of two dimensions, all of them or none."""
        rows = []
        for name, array in arrays.items():
            data = np.ascontiguousarray(array, dtype="<f4").tobytes()
            height, width = array.shape
            rows.append((name, height, width, data, _checksum(height, width, data)))
        if rows:
            self._run("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)", rows, many=True)

    def _run(self, statement: str, values: list[Any], many: bool = False) -> list[tuple[Any, ...]]:
        if self._broken:
            return []
        try:
            for _ in range(_ATTEMPTS):
                seen = self._identity()
                try:
                    return self._try(statement, values, many)
                except sqlite3.Error as error:
                    # DatabaseError's children speak of the query, a lock or the disk, not of what the file holds.
                    if type(error) is sqlite3.DatabaseError:
                        self._set_aside(seen)
                    elif self._identity() == seen:
                        raise
            raise sqlite3.OperationalError("other processes keep replacing it")
        except (sqlite3.Error, OSError, OverflowError) as error:
            self._broken = True
            warnings.warn(f"the feature store {self.path} can't be used ({error}); going on without it", stacklevel=3)
            return []

    def _try(self, statement: str, values: list[Any], many: bool) -> list[tuple[Any, ...]]:
        # A connection of its own for each call: none is carried into another thread or process.
        with contextlib.closing(self._open()) as connection, connection:
            if many:
                connection.executemany(statement, values)
                return []
            return connection.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + _SETTLE
        while True:
            connection = sqlite3.connect(self.path, timeout=60)
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS features "
                    "(key TEXT PRIMARY KEY, rows INTEGER, columns INTEGER, data BLOB, checksum BLOB) WITHOUT ROWID"
                )
                return connection
            except sqlite3.Error as error:
                connection.close()  # Windows can't rename an open file
                # SQLite doesn't wait for the lock under which the journal mode is changed.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01 + 0.04 * random.random())

    def _identity(self) -> tuple[int, int] | None:
        """What tells the file from another of the same name; None if there is none."""
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return facts.st_dev, facts.st_ino

    def _set_aside(self, seen: tuple[int, int] | None) -> None:
        """Rename a file that is no database, so that a new one can be begun, unless another process did so."""
        if self._identity() != seen:
            return
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
        except FileNotFoundError:
            return
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        warnings.warn(
            f"the feature store {self.path} was damaged; it is kept as {aside.name} and a new one is begun",
            stacklevel=4,
        )


class NoStore(FeatureStore):
    """A store that keeps nothing, for ``--no-store``."""

    def get(self, keys: Iterable[str]) -> dict[str, Frames]:
        return {}

    def put(self, arrays: Mapping[str, Frames]) -> None:
        pass


def _checksum(rows: int, columns: int, data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=8, person=f"{rows}x{columns}".encode()[:16]).digest()
