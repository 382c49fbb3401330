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
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import AudioclfError
from audioclf.files import cache_folder

if TYPE_CHECKING:
    from audioclf.extractor import Extractor
    from audioclf.spectra import Analysis, Frames

T = TypeVar("T")

_FORMAT = 2
_APPLICATION = 0x61636C66  # SQLite's application_id: "aclf"
_VARIABLES = 900  # values per query; SQLite's oldest limit is 999
_ATTEMPTS = 5  # at a file that other processes replace meanwhile, for they found it damaged too
_PATIENCE = 60  # seconds for other processes to finish writing
_SETTLE = 10.0  # seconds for other processes to finish setting the file up
_KEY = 16  # bytes of a clip's key
_LARGEST = 1 << 24  # bytes of features in a page, so that a clip's features aren't read with gigabytes of others
_BLOB = 900_000_000  # bytes of an array; with what lies before it in a page, less than SQLite's limit of 10^9
_DAY = 86_400  # seconds
_RACY = 2_000_000_000  # nanoseconds: the coarsest clock of a file system, that of FAT
_LIMIT = "10GB"
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
    >>> from audioclf.features import build_extractors
    >>> from audioclf.spectra import Analysis
    >>> made = recipe(Analysis(16000), *build_extractors("mfcc:n_coeffs=20"), ("mean", "std"))
    >>> len(made), made.feature, made.functionals
    (32, 'mfcc:n_coeffs=20', 'mean,std')
    """
    facts: tuple[Any, ...] = (
        _FORMAT,
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
    return hashlib.blake2b(f"{content} {start} {end}".encode(), digest_size=_KEY).digest()


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
    >>> import tempfile
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
            found = self._run(lambda connection: [_get(connection, recipe, clips) for recipe in recipes])
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
        packed = [page for name, clips, arrays in pages for page in _pack(name, clips, arrays)]
        if packed:
            self._run(lambda connection: _put(connection, packed, self.limit))

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
                names[path] = name = _name(path)
                self._seen[name] = _signature(os.stat(path), now)
            except (OSError, ValueError):  # ValueError: a null character in the name
                names.pop(path, None)
        signatures = {name: self._seen[name] for name in names.values() if self._seen[name]}
        if not signatures or not os.path.exists(self.path):
            return {}
        known = self._run(lambda connection: _files(connection, signatures))
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
                name = _name(path)
                seen = self._seen.get(name)
                if seen and seen == _signature(os.stat(path), time.time_ns()):
                    kept[name] = seen, fact
        if kept:
            self._run(lambda connection: _remember(connection, kept))

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
        clips, recordings, recipes, oldest, newest = self._insist(_info)
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
            oldest = None if older_than is None else time.time() - older_than * _DAY
            with _transaction(connection):
                pages = _clear(connection) if everything else _prune(connection, max_size, oldest)
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
            while not _is_ours(connection):
                connection.close()  # Windows can't rename an open file
                self._set_up()
                connection = self._connect()
            return connection
        except BaseException:
            connection.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        except sqlite3.OperationalError:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        connection.text_factory = bytes  # damaged text can't be decoded, and is seen by its checksum
        return connection

    def _set_up(self) -> None:
        deadline = time.monotonic() + _SETTLE
        while True:
            try:
                with contextlib.closing(self._connect()) as connection:
                    _set_up(connection)
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


def _is_ours(connection: sqlite3.Connection) -> bool:
    [(application,)] = connection.execute("PRAGMA application_id")
    [(version,)] = connection.execute("PRAGMA user_version")
    if application == _APPLICATION and version > _FORMAT:
        raise sqlite3.NotSupportedError("it was written by a later audioclf; upgrade, or choose another file")
    return bool(application == _APPLICATION and version == _FORMAT)


def _set_up(connection: sqlite3.Connection) -> None:
    """Make a new file, or one of an older format, an empty store; refuse any other."""
    if not (_is_ours(connection) or _is_older(connection)):
        raise sqlite3.NotSupportedError("it is a database of another program")
    connection.execute("PRAGMA journal_mode=WAL")
    with _transaction(connection):
        if _is_ours(connection):  # another process was faster
            return
        older = list(_tables(connection))
        for table in older:
            connection.execute(f'DROP TABLE "{table}"')
        for statement in filter(str.strip, _TABLES.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={_APPLICATION}")
        connection.execute(f"PRAGMA user_version={_FORMAT}")
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
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
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


def _pack(recipe: str, clips: Sequence[bytes], arrays: Sequence[Frames]) -> Iterator[_Page]:
    """Yield a page, or several of about `_LARGEST` bytes."""
    if len(clips) != len(arrays):
        raise ValueError(f"{len(clips)} clips and {len(arrays)} arrays")
    if any(len(clip) != _KEY for clip in clips):
        raise ValueError(f"a clip's key has {_KEY} bytes")
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


def _put(connection: sqlite3.Connection, pages: list[_Page], limit: int) -> bool:
    connection.execute("PRAGMA synchronous=NORMAL")
    now = int(time.time())
    recipes = {page.recipe: page.recipe for page in pages}
    with _transaction(connection):
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
            _prune(connection, int(_SHRINK * limit))
    return True


def _words(recipe: str) -> tuple[str, str, str]:
    return (recipe.feature, recipe.analysis, recipe.functionals) if isinstance(recipe, Recipe) else ("", "", "")


def _get(connection: sqlite3.Connection, recipe: str, clips: Sequence[bytes]) -> list[Frames | None]:
    connection.execute("BEGIN")  # both queries see the same pages
    query = "SELECT id, used, clips FROM pages WHERE recipe = ? ORDER BY id"
    heads = connection.execute(query, [str(recipe)]).fetchall()
    damaged = [head for head in heads if not isinstance(head[2], bytes) or len(head[2]) % _KEY]
    if damaged:
        heads = [head for head in heads if head not in damaged]
    places = _places(b"".join(clips), b"".join([keys for _, _, keys in heads]))
    wanted = np.flatnonzero(places >= 0)
    ends = np.cumsum([len(keys) // _KEY for _, _, keys in heads])
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
    stale = [(now, name) for name, used in uses if not isinstance(used, int) or not now - _DAY < used <= now]
    if stale:
        _write_if_free(connection, {f"UPDATE {table} SET used = ? WHERE {key} = ?": stale})


def _write_if_free(connection: sqlite3.Connection, statements: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Write what may as well not be written, if the file can't be written to or others are writing."""
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=100")
    with contextlib.suppress(sqlite3.OperationalError), _transaction(connection):
        for statement, values in statements.items():
            connection.executemany(statement, values)
    connection.execute(f"PRAGMA busy_timeout={1000 * _PATIENCE}")


def _name(path: str | os.PathLike[str]) -> bytes:
    text = os.fspath(path)
    return os.fsencode(text if os.path.isabs(text) and ".." not in text else os.path.abspath(text))


def _signature(facts: os.stat_result, now: int) -> bytes:
    """What changes when a file does; empty if it may change without that, for it is too young or holds nothing."""
    latest = now - _RACY
    if not facts.st_size or facts.st_mtime_ns > latest or facts.st_ctime_ns > latest:
        return b""
    return _SIGNATURE.pack(facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino & 0xFFFF_FFFF_FFFF_FFFF)


def _files(connection: sqlite3.Connection, signatures: Mapping[bytes, bytes]) -> dict[bytes, FileFacts]:
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


def _remember(connection: sqlite3.Connection, facts: Mapping[bytes, tuple[bytes, FileFacts]]) -> bool:
    unhashed = {name: signature for name, (signature, fact) in facts.items() if fact.content is None}
    hashed = {name for name, fact in _files(connection, unhashed).items() if fact.content is not None}
    now = int(time.time())
    rows = []
    for name, (signature, fact) in facts.items():
        if name not in hashed:
            packed = signature + _HEADER.pack(*fact[1:]) + (fact.content or "").encode()
            rows.append((name, now, zlib.crc32(packed, zlib.crc32(name)), packed))
    connection.execute("PRAGMA synchronous=NORMAL")
    with _transaction(connection):
        connection.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", rows)
    return True


def _live(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    [(count,)] = connection.execute("PRAGMA page_count")
    [(free,)] = connection.execute("PRAGMA freelist_count")
    [(size,)] = connection.execute("PRAGMA page_size")
    return int((count - free) * size)


def _prune(connection: sqlite3.Connection, limit: int | None, oldest: float | None = None) -> int:
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


def _clear(connection: sqlite3.Connection) -> int:
    """Remove everything; return the number of pages."""
    [(pages,)] = connection.execute("SELECT count(*) FROM pages")
    for table in ("pages", "contents", "recipes", "files"):
        connection.execute(f"DELETE FROM {table}")
    return int(pages)


def _info(connection: sqlite3.Connection) -> tuple[int, int, list[RecipeUse], float | None, float | None]:
    keys = b"".join(clips for (clips,) in connection.execute("SELECT clips FROM pages"))
    clips = len(np.unique(np.frombuffer(keys, "<u8")[::2]))
    [(recordings,)] = connection.execute("SELECT count(*) FROM files")
    [(oldest, newest)] = connection.execute("SELECT min(used), max(used) FROM pages")
    query = f"""
        SELECT feature, analysis, functionals, sum(length(clips)) / {_KEY}, sum(size), max(used)
        FROM pages LEFT JOIN recipes USING (recipe) GROUP BY recipe ORDER BY sum(size) DESC, feature
    """
    recipes = []
    for *words, count, size, used in connection.execute(query):
        feature, analysis, functionals = ((word or b"").decode(errors="replace") for word in words)
        recipes.append(RecipeUse(feature, analysis, functionals, count, size, used))
    return clips, recordings, recipes, oldest, newest
