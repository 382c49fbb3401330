"""Work spread over threads or processes, with one BLAS thread each, so that numbers don't depend on their number."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

PATIENCE = 0.5
"""Seconds of work before other processes are asked for help: to start one takes longer than that."""


def count_workers(wanted: int | None) -> int:
    """Return how many workers to use: *wanted*, or one per core for None.

    Raises
    ------
    ValueError
        If *wanted* is below 1.
    """
    if wanted is not None and wanted < 1:
        raise ValueError(f"the number of workers is {wanted}; it must be at least 1")
    if wanted is not None:
        return wanted
    import joblib

    return joblib.cpu_count()


def workers_for(n_tasks: int, wanted: int | None) -> int:
    """Return how many workers `count_workers` gives, but one where there is one task at most.

    >>> workers_for(1, 8), workers_for(2, 8)
    (1, 8)
    """
    return count_workers(wanted) if n_tasks > 1 else 1


def in_threads(function: Callable[..., T], calls: Iterable[tuple[Any, ...]], workers: int) -> Iterator[T]:
    """Yield ``function(*call)`` for each of *calls*, in their order, from *workers* threads.

    For work that spends its time outside Python, in compiled code that lets other threads run.

    >>> list(in_threads(pow, [(2, 3), (3, 2)], workers=2))
    [8, 9]
    """
    if workers == 1:
        yield from (function(*call) for call in calls)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for call in calls:
                waiting.append(pool.submit(function, *call))
                if len(waiting) > 2 * workers:  # enough to keep all busy; results don't pile up
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def share_out(
    function: Callable[..., T], calls: Sequence[tuple[Any, ...]], workers: int
) -> Generator[tuple[int, T], None, None]:
    """Yield the position of a call among *calls* and ``function(*call)``, in the order in which they finish.

    Calls are begun in their order: with the longest first, nobody is idle at the end. This process works
    itself. Once it has for `PATIENCE` seconds, and calls still wait, up to ``workers - 1`` other processes join
    it; what is soon done is done without them. Large arrays among the arguments go to them as `Shared`.

    Parameters
    ----------
    function : callable
        And its results: what can be pickled.
    calls : sequence of tuple
        Arguments of each call.
    workers : int
        Processes at most, with this one.

    Examples
    --------
    >>> sorted(share_out(pow, [(2, 3), (3, 2)], workers=1))
    [(0, 8), (1, 9)]
    """
    waiting = deque(enumerate(calls))
    began = time.monotonic()
    with _Helpers(function, waiting) as helpers:
        while waiting or helpers.busy:
            try:
                position, call = waiting.popleft()
            except IndexError:  # a helper took the last
                yield helpers.finished()
                continue
            yield position, _one_thread(function, *call)
            if not helpers.started and workers > 1 and waiting and time.monotonic() - began >= PATIENCE:
                helpers.start(min(workers - 1, len(waiting)))
            while helpers.ready:
                yield helpers.finished()


class _Helpers:
    """Other processes that take calls from the same queue as this one, each the next when it has done one."""

    def __init__(self, function: Callable[..., Any], waiting: deque[tuple[int, tuple[Any, ...]]]) -> None:
        self._function = function
        self._waiting = waiting
        self._executor: Any = None
        self._results: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._underway = 0
        self._lock = threading.Lock()

    def __enter__(self) -> _Helpers:
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._executor is not None:
            self._waiting.clear()
            self._executor.shutdown(wait=True, kill_workers=kind is not None)

    @property
    def started(self) -> bool:
        return self._executor is not None

    @property
    def ready(self) -> bool:
        """Whether `finished` returns at once."""
        return not self._results.empty()

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        with self._lock:
            return self._underway > 0 or self.ready

    def start(self, count: int) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._executor = ProcessPoolExecutor(max_workers=count, env=one)
        for _ in range(count):
            self._hand_out()

    def _hand_out(self) -> None:
        try:
            position, call = self._waiting.popleft()
        except IndexError:
            return
        with self._lock:
            self._underway += 1
        try:
            future = self._executor.submit(_one_thread, self._function, *call)
        except Exception as error:  # the pool is broken or being closed
            self._put(position, error)
            return
        future.add_done_callback(lambda done: self._take_in(position, done))

    def _take_in(self, position: int, future: Any) -> None:
        if future.cancelled():
            return
        self._hand_out()
        self._put(position, future.exception() or future)

    def _put(self, position: int, result: Any) -> None:
        with self._lock:
            self._results.put((position, result))
            self._underway -= 1

    def finished(self) -> tuple[int, Any]:
        """Wait for the next result of a helper; raise what it raised."""
        position, result = self._results.get()
        if isinstance(result, BaseException):
            raise result
        return position, result.result()


class Shared:
    """An array that goes to other processes as a file which they map into memory, written once.

    Parameters
    ----------
    array : ndarray
    folder : path, optional
        Where the file goes the first time that the array is sent; it must outlive those processes. Without one, the
        array itself is sent, each time.
    """

    def __init__(self, array: NDArray[Any], folder: Path | None = None) -> None:
        self.array = array
        self._folder = folder
        self._path: Path | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._folder is None:
            return Shared, (self.array,)
        with self._lock:
            if self._path is None:
                path = self._folder / f"{uuid.uuid4().hex}.npy"
                np.save(path, self.array)
                self._path = path
        return _mapped, (self._path,)


@cache
def _mapped(path: Path) -> Shared:
    # An array proper, for a memory map's own class lives on in what is computed from it.
    return Shared(np.asarray(np.load(path, mmap_mode="r")), path.parent)


def single_threaded() -> AbstractContextManager[Any]:
    """Return a context in which BLAS and OpenMP use one thread: sums then come in one order on every machine."""
    return _controller(len(sys.modules)).limit(limits=1)


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> Any:
    """What sets the number of threads; looked for anew, which takes 2 ms, when more modules have been imported."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _one_thread(function: Callable[..., T], *call: Any) -> T:
    with single_threaded():
        return function(*call)
