"""The feature store on disk: what was computed from a clip's content by a recipe, and what recordings hold.

One SQLite file, shared by threads and processes. Features lie in pages: the arrays of many clips by one recipe,
written whole or not at all, with a checksum; a page that doesn't match it counts as absent. What is known of a
recording is trusted only while the file system says that it is the same file. A store that can't be used costs
time, never a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import re
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from audioclf.errors import AudioclfError
from audioclf.files import cache_folder
from audioclf.store import file as store_file
from audioclf.store.file import FileFacts, Recipe, RecipeUse

if TYPE_CHECKING:
    from audioclf.features.extractor import Extractor
    from audioclf.spectra.analysis import Analysis
    from audioclf.spectra.spectra import Frames

T = TypeVar("T")

_ATTEMPTS = 5  # at a file that other processes replace meanwhile, for they found it damaged too
_SETTLE = 10.0  # seconds for other processes to finish setting the file up
_LIMIT = "10GB"


def recipe(analysis: Analysis, extractor: Extractor, functionals: tuple[str, ...] | None) -> Recipe:
    """Return the digest of all that turns a clip into numbers, as 32 hexadecimal digits.

    Parameters
    ----------
    analysis : Analysis
    extractor : Extractor
        Its name, version and parameters count.
    functionals : tuple of str or None
        None stands for the extractor's frames.

    Examples
    --------
    >>> from audioclf.features.transformer import build_extractors
    >>> from audioclf.spectra.spectra import Analysis
    >>> made = recipe(Analysis(16000), *build_extractors("mfcc:n_coeffs=20"), ("mean", "std"))
    >>> len(made), made.feature, made.functionals
    (32, 'mfcc:n_coeffs=20', 'mean,std')
    """
    facts: tuple[Any, ...] = (
        store_file.FORMAT,
        sorted(analysis.as_dict().items()),
        extractor.name,
        extractor.version,
        sorted(extractor.parameters.items()),
        functionals,
        _libraries(),
    )
    made = Recipe(hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest())
    made.feature = extractor.spec
    made.analysis = (
        f"{analysis.sample_rate} Hz, {analysis.window} frames of {1000 * analysis.frame_length:g} ms "
        f"every {1000 * analysis.hop_length:g} ms, FFT of {analysis.fft_size}"
    )
    made.functionals = "frames" if functionals is None else ",".join(functionals)
    return made


@cache
def _libraries() -> tuple[tuple[str, str], ...]:
    """The versions of what decodes, resamples and gives filterbanks: with others, numbers may differ."""
    from importlib import metadata

    versions = []
    for name in ("soundfile", "soxr", "librosa", "spafe"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append((name, metadata.version(name)))
    return tuple(versions)


def clip_key(content: str, start: float | None, end: float | None) -> bytes:
    """Return the key of a stretch of a recording: 16 bytes.

    Parameters
    ----------
    content : str
        Hash of the recording's bytes.
    start, end : float or None
        In seconds; None is the beginning, the end of the recording.

    Examples
    --------
    >>> clip_key("d41d8c", None, 1.5) == clip_key("d41d8c", None, 1.5) != clip_key("d41d8c", 0.5, 1.5)
    True
    """
    return hashlib.blake2b(f"{content} {start} {end}".encode(), digest_size=store_file.KEY).digest()


@dataclass(frozen=True)
class StoreInfo:
    """What `FeatureStore.info` says of a store.

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

    size: int
    clips: int
    recordings: int
    recipes: list[RecipeUse]
    oldest: float | None
    newest: float | None


@dataclass(frozen=True)
class Pruned:
    """What `FeatureStore.prune` removed and left.

    Attributes
    ----------
    pages : int
        Removed.
    freed, size : int
        Bytes given back to the disk, and those that the store still takes.
    """

    pages: int
    freed: int
    size: int


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
    >>> store = FeatureStore(Path(tempfile.mkdtemp()) / "features.sqlite")
    >>> bird, bell = clip_key("d41d8c", None, None), clip_key("a3f0e1", None, None)
    >>> store.put("mean of mfcc", [bird], [np.ones((1, 13), np.float32)])
    >>> [found if found is None else found.shape for found in store.get("mean of mfcc", [bell, bird])]
    [None, (1, 13)]
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = Path(path or cache_folder() / "features.sqlite").expanduser()
        self.limit = _limit()
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
        """Return for each of *recipes* what `get` returns, with less to do than in a call for each."""
        found = None
        if len(clips) and os.path.exists(self.path):
            found = self._run(lambda connection: [store_file.get(connection, recipe, clips) for recipe in recipes])
        return found or [[None] * len(clips) for _ in recipes]

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
            Recipe, clips and arrays.

        Raises
        ------
        ValueError
            As in `put`.
        """
        packed = [page for name, clips, arrays in pages for page in store_file.pack(name, clips, arrays)]
        if packed:
            self._run(lambda connection: store_file.put(connection, packed, self.limit))

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
                names[path] = name = store_file.name(path)
                self._seen[name] = store_file.signature(os.stat(path), now)
            except (OSError, ValueError):  # ValueError: a null character in the name
                names.pop(path, None)
        signatures = {name: self._seen[name] for name in names.values() if self._seen[name]}
        if not signatures or not os.path.exists(self.path):
            return {}
        known = self._run(lambda connection: store_file.files(connection, signatures))
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
                name = store_file.name(path)
                seen = self._seen.get(name)
                if seen and seen == store_file.signature(os.stat(path), time.time_ns()):
                    kept[name] = seen, fact
        if kept:
            self._run(lambda connection: store_file.remember(connection, kept))

    def info(self) -> StoreInfo:
        """Return what the store holds.

        Raises
        ------
        AudioclfError
            If it can't be read.
        """
        size = self._size()
        if not os.path.exists(self.path):
            return StoreInfo(size, 0, 0, [], None, None)
        clips, recordings, recipes, oldest, newest = self._insist(store_file.info)
        return StoreInfo(size, clips, recordings, recipes, oldest, newest)

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
            oldest = None if older_than is None else time.time() - older_than * store_file.DAY
            with store_file.transaction(connection):
                pages = store_file.clear(connection) if everything else store_file.prune(connection, max_size, oldest)
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
            while not store_file.is_ours(connection):
                connection.close()  # Windows can't rename an open file
                self._set_up()
                connection = self._connect()
            return connection
        except BaseException:
            connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=store_file.PATIENCE, isolation_level=None)
        except sqlite3.OperationalError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=store_file.PATIENCE, isolation_level=None)
        connection.text_factory = bytes  # damaged text can't be decoded, and is seen by its checksum
        return connection

    def _set_up(self) -> None:
        deadline = time.monotonic() + _SETTLE
        while True:
            try:
                with contextlib.closing(self._connect()) as connection:
                    store_file.set_up(connection)
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


def _limit() -> int:
    text = os.environ.get("AUDIOCLF_STORE_LIMIT") or _LIMIT
    try:
        return parse_size(text)
    except ValueError as error:
        raise AudioclfError(f"AUDIOCLF_STORE_LIMIT: {error}") from error
