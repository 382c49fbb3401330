"""The feature store on disk: what was computed for a clip's content under given parameters.

One SQLite file: entries are written whole or not at all, several processes may share it, and an entry that
doesn't match its checksum counts as absent. A store that can't be used costs time, never a run.
"""

from __future__ import annotations

import hashlib
import sqlite3
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.extractor import Extractor
from audioclf.files import cache_folder
from audioclf.spectra import Analysis, Frames

_FORMAT = 1
_VARIABLES = 500  # names per query; SQLite's oldest limit is 999


def key(
    content: str,
    start: float | None,
    end: float | None,
    analysis: Analysis,
    extractor: Extractor,
    functionals: tuple[str, ...] | None,
) -> str:
    """Return the store's key for one clip and extractor; *functionals* None stands for its frames."""
    facts = (
        _FORMAT,
        content,
        start,
        end,
        sorted(analysis.as_dict().items()),
        extractor.name,
        extractor.version,
    )
    facts += (sorted(extractor.parameters.items()), functionals)
    return hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest()


class FeatureStore:
    """Arrays by key, in one SQLite file.

    Parameters
    ----------
    path : Path, optional
        The file; by default ``features.sqlite`` in the cache folder. Made when first written to.

    Examples
    --------
    >>> import tempfile
    >>> store = FeatureStore(Path(tempfile.mkdtemp()) / "features.sqlite")
    >>> store.put({"a": np.ones((2, 3), np.float32)})
    >>> store.get(["a", "b"])["a"].shape
    (2, 3)
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "features.sqlite"
        self._connection: sqlite3.Connection | None = None
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
                if _checksum(data) == checksum and len(data) == 4 * rows * columns:
                    found[name] = np.frombuffer(data, dtype="<f4").reshape(rows, columns)
        return found

    def put(self, arrays: Mapping[str, Frames]) -> None:
        """Keep float32 arrays of two dimensions, all of them or none."""
        rows = []
        for name, array in arrays.items():
            data = np.ascontiguousarray(array, dtype="<f4").tobytes()
            rows.append((name, *array.shape, data, _checksum(data)))
        if rows:
            self._run("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)", rows, many=True)

    def _run(self, statement: str, values: list[Any], many: bool = False) -> list[tuple[Any, ...]]:
        if self._broken:
            return []
        try:
            return self._try(statement, values, many)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) or not self._set_aside():
                return self._give_up(error)
        try:
            return self._try(statement, values, many)
        except sqlite3.Error as error:
            return self._give_up(error)

    def _try(self, statement: str, values: list[Any], many: bool) -> list[tuple[Any, ...]]:
        connection = self._open()
        with connection:
            if many:
                connection.executemany(statement, values)
                return []
            return connection.execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise sqlite3.OperationalError(error.strerror) from error
            connection = sqlite3.connect(self.path, timeout=60)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS features "
                "(key TEXT PRIMARY KEY, rows INTEGER, columns INTEGER, data BLOB, checksum BLOB) WITHOUT ROWID"
            )
            self._connection = connection
        return self._connection

    def _set_aside(self) -> bool:
        """Rename a file that is no database, so that a new one can be begun."""
        self.close()
        try:
            self.path.replace(self.path.with_suffix(".damaged"))
            for suffix in ("-wal", "-shm"):
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        except OSError:
            return False
        warnings.warn(f"the feature store {self.path} was damaged; a new one is begun", stacklevel=2)
        return True

    def _give_up(self, error: Exception) -> list[tuple[Any, ...]]:
        self._broken = True
        self.close()
        warnings.warn(f"the feature store {self.path} can't be used ({error}); going on without it", stacklevel=2)
        return []

    def close(self) -> None:
        """Close the file; it is opened again when next used."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_connection": None}


class NoStore(FeatureStore):
    """A store that keeps nothing, for ``--no-store``."""

    def get(self, keys: Iterable[str]) -> dict[str, Frames]:
        return {}

    def put(self, arrays: Mapping[str, Frames]) -> None:
        pass


def _checksum(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=8).digest()
