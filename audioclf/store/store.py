"""The feature store on disk: what was computed from a clip's content by a recipe, and what recordings hold.

One SQLite file, shared by threads and processes. Features lie in pages: the arrays of many clips by one recipe,
written whole or not at all, with a checksum; a page that doesn't match it counts as absent. What is known of a
recording is trusted only while the file system says that it is the same file. A store that can't be used costs
time, never a run.
"""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from audioclf.errors import AudioclfError
from audioclf.files import cache_folder
from audioclf.spectra.spectra import Frames
from audioclf.store.bounds import Pruned, StoreInfo, clear, default_limit, prune_pages, read_info
from audioclf.store.file import DAY, PATIENCE, is_ours, set_up, transaction
from audioclf.store.pages import get_arrays, pack, put_pages
from audioclf.store.recordings import FileFacts, known_files, name_of, remember_files, signature

T = TypeVar("T")

_ATTEMPTS = 5  # at a file that other processes replace meanwhile, for they found it damaged too
_SETTLE = 10.0  # seconds for other processes to finish setting the file up


class FeatureStore:
    """Features by recipe and clip, and facts of recordings, in one SQLite file.

    The file bounds itself: when it holds more than ``$AUDIOCLF_STORE_LIMIT`` (10GB), what was not used for the
    longest time is removed.

    Parameters
    ----------
    path : str or path, optional
        The file; by default ``features.sqlite`` in the cache folder. Made when first written to.

    Attributes
    ----------
    path : Path
        The file.
    limit : int
        Bytes that it may hold.

    Raises
    ------
    AudioclfError
        If ``$AUDIOCLF_STORE_LIMIT`` is no size.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from audioclf.store.recipe import clip_key
    >>> store = FeatureStore(Path(tempfile.mkdtemp()) / "features.sqlite")
    >>> bird, bell = clip_key("d41d8c", None, None), clip_key("a3f0e1", None, None)
    >>> store.put("mean of mfcc", [bird], [np.ones((1, 13), np.float32)])
    >>> [array if array is None else array.shape for array in store.get("mean of mfcc", [bell, bird])]
    [None, (1, 13)]
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path or cache_folder() / "features.sqlite").expanduser()
        self.limit = default_limit()
        self._broken = ""  # why it can't be used
        self._seen: dict[bytes, bytes] = {}

    def get(self, recipe: str, clips: Sequence[bytes]) -> list[Frames | None]:
        """Return what is there and undamaged.

        Parameters
        ----------
        recipe : str
        clips : sequence of bytes
            Keys, of 16 bytes each; one may stand there several times.

        Returns
        -------
        list of ndarray or None
            In the order of *clips*: float32 arrays (rows, columns) that can't be written to, None where there is none.
        """
        return self.get_many([recipe], clips)[0]

    def get_many(self, recipes: Sequence[str], clips: Sequence[bytes]) -> list[list[Frames | None]]:
        """Return for each of *recipes* what `get` returns, with less to do than in a call for each.

        Parameters
        ----------
        recipes : sequence of str
        clips : sequence of bytes
            Keys, of 16 bytes each.

        Returns
        -------
        list of list of (ndarray or None)
            For each recipe, in the order of *clips*: float32 arrays (rows, columns), or None.
        """
        arrays = None
        if len(clips) and os.path.exists(self.path):
            arrays = self._run(lambda connection: [get_arrays(connection, recipe, clips) for recipe in recipes])
        return arrays or [[None] * len(clips) for _ in recipes]

    def put(self, recipe: str, clips: Sequence[bytes], arrays: Sequence[Frames]) -> None:
        """Keep the arrays of some clips, all of them or none.

        Parameters
        ----------
        recipe : str
        clips : sequence of bytes
            Keys, of 16 bytes each. What was put later is what is found.
        arrays : sequence of ndarray
            One per clip, shape (rows, columns), with the same number of columns. Kept as float32. One of more
            than 900 MB isn't kept.

        Raises
        ------
        ValueError
            If a key hasn't 16 bytes, or there isn't one array of two dimensions per clip, or columns differ.
        """
        self.put_many([(recipe, clips, arrays)])

    def put_many(self, pages: Iterable[tuple[str, Sequence[bytes], Sequence[Frames]]]) -> None:
        """Keep several recipes' arrays as `put` does, all of them or none.

        Parameters
        ----------
        pages : iterable of (str, sequence of bytes, sequence of ndarray)
            Recipe; keys of clips, of 16 bytes each; one array a clip, shape (rows, columns), with the same number of
            columns within a recipe.

        Raises
        ------
        ValueError
            As in `put`.
        """
        packed = [page for name, clips, arrays in pages for page in pack(name, clips, arrays)]
        if packed:
            self._run(lambda connection: put_pages(connection, packed, self.limit))

    def files(self, paths: Sequence[Path]) -> dict[Path, FileFacts]:
        """Return what is remembered of recordings that haven't changed since.

        Each file is looked at once, by `os.stat`: its size, its times of modification and of change, and its inode
        must be those that were remembered. Ask before reading a recording that is to be remembered.

        Parameters
        ----------
        paths : sequence of path

        Returns
        -------
        dict
            Facts by path, for those of *paths* that are remembered.
        """
        now = time.time_ns()
        names: dict[Path, bytes] = {}
        for path in paths:
            try:
                names[path] = name = name_of(path)
                self._seen[name] = signature(os.stat(path), now)
            except (OSError, ValueError):  # ValueError: a null character in the name
                names.pop(path, None)
        signatures = {name: self._seen[name] for name in names.values() if self._seen[name]}
        if not signatures or not os.path.exists(self.path):
            return {}
        known = self._run(lambda connection: known_files(connection, signatures))
        return {path: known[name] for path, name in names.items() if name in known} if known else {}

    def remember(self, facts: Mapping[Path, FileFacts]) -> None:
        """Remember recordings, as long as they stay as they are.

        Only those are that `files` was asked for before they were read, that have not changed since, and that had
        not been changed in the two seconds before: a change within one tick of the file system's clock shows nowhere.

        Parameters
        ----------
        facts : mapping
            By path. Facts without a hash of the content don't replace those with.
        """
        kept: dict[bytes, tuple[bytes, FileFacts]] = {}
        for path, fact in facts.items():
            with contextlib.suppress(OSError, ValueError):
                name = name_of(path)
                seen = self._seen.get(name)
                if seen and seen == signature(os.stat(path), time.time_ns()):
                    kept[name] = seen, fact
        if kept:
            self._run(lambda connection: remember_files(connection, kept))

    def info(self) -> StoreInfo:
        """Return what the store holds.

        Raises
        ------
        AudioclfError
            If it can't be read.
        """
        size = self._size()
        if not os.path.exists(self.path):
            return StoreInfo(size)
        return self._insist(lambda connection: read_info(connection, size))

    def prune(self, max_size: int | None = None, older_than: float | None = None, everything: bool = False) -> Pruned:
        """Remove what was not used for the longest time, and give its room back to the disk.

        Parameters
        ----------
        max_size : int, optional
            Bytes that the file may have afterwards.
        older_than : float, optional
            Remove what was not used in so many days.
        everything : bool
            Remove everything, facts of recordings too.

        Raises
        ------
        AudioclfError
            If the store can't be read or written to.
        """
        before = self._size()
        if not os.path.exists(self.path):
            return Pruned(0, 0, before)

        def work(connection: sqlite3.Connection) -> int:
            oldest = None if older_than is None else time.time() - older_than * DAY
            with transaction(connection):
                pages = clear(connection) if everything else prune_pages(connection, max_size, oldest)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return pages

        pages = self._insist(work)
        after = self._size()
        return Pruned(pages, max(0, before - after), after)

    def _insist(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """As `_run`, for a user who asked for the store itself: raise what is wrong."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="the feature store .* can't be used")
            done = self._run(work)
        if done is None:
            raise AudioclfError(self._broken)
        return done

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return what *work* makes of a connection; None, and a warning once, if the store can't be used."""
        if self._broken:
            return None
        try:
            for _ in range(_ATTEMPTS):
                seen = self._identity()
                try:
                    # A connection of its own for each call: none is carried into another thread or process.
                    with contextlib.closing(self._open()) as connection:
                        return work(connection)
                except sqlite3.Error as error:
                    # DatabaseError's children speak of the query, a lock or the disk, not of what the file holds.
                    if type(error) is sqlite3.DatabaseError:
                        self._set_aside(seen)
                    elif self._identity() == seen:
                        raise
            raise sqlite3.OperationalError("other processes keep replacing it")
        except (sqlite3.Error, OSError, OverflowError) as error:
            self._broken = f"the feature store {self.path} can't be used ({error})"
            warnings.warn(f"{self._broken}; going on without it", stacklevel=4)
            return None

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            while not is_ours(connection):
                connection.close()  # Windows can't rename an open file
                self._set_up()
                connection = self._connect()
            return connection
        except BaseException:
            connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        except sqlite3.OperationalError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        connection.text_factory = bytes  # damaged text can't be decoded, and is seen by its checksum
        return connection

    def _set_up(self) -> None:
        deadline = time.monotonic() + _SETTLE
        while True:
            try:
                with contextlib.closing(self._connect()) as connection:
                    set_up(connection)
                return
            except sqlite3.OperationalError as error:
                # SQLite doesn't wait for the lock under which the journal mode is changed.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01 + 0.04 * random.random())

    def _size(self) -> int:
        """Bytes on disk."""
        sizes = 0
        for suffix in ("", "-wal"):
            with contextlib.suppress(OSError):
                sizes += os.stat(f"{self.path}{suffix}").st_size
        return sizes

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
            stacklevel=5,
        )


class NoStore(FeatureStore):
    """A store that keeps nothing, for ``--no-store``."""

    def get_many(self, recipes: Sequence[str], clips: Sequence[bytes]) -> list[list[Frames | None]]:
        return [[None] * len(clips) for _ in recipes]

    def put_many(self, pages: Iterable[tuple[str, Sequence[bytes], Sequence[Frames]]]) -> None:
        pass

    def files(self, paths: Sequence[Path]) -> dict[Path, FileFacts]:
        return {}

    def remember(self, facts: Mapping[Path, FileFacts]) -> None:
        pass
