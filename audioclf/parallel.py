"""Work spread over processes, with one BLAS thread each, so that numbers don't depend on their number."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
Progress = Callable[[str, int, int, str], None]


def silent(stage: str, done: int, total: int, note: str) -> None:
    """Report no progress."""


def count_workers(wanted: int | None) -> int:
    """Return how many processes to use: *wanted*, or one per core for None.

    Raises
    ------
    ValueError
        If *wanted* is below 1.
    """
    if wanted is not None and wanted < 1:
        raise ValueError(f"the number of workers is {wanted}; it must be at least 1")
    import joblib

    return wanted or joblib.cpu_count()


def run(function: Callable[..., T], calls: Iterable[tuple[Any, ...]], workers: int) -> Iterator[T]:
    """Yield ``function(*call)`` for each of *calls*, in their order, from *workers* processes.

    With one worker everything runs in this process. Large arrays among the arguments are shared through
    memory maps, not copied.
    """
    if workers == 1:
        for call in calls:
            yield _one_thread(function, *call)
        return
    import joblib

    yield from joblib.Parallel(n_jobs=workers, return_as="generator")(
        joblib.delayed(_one_thread)(function, *call) for call in calls
    )


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


def single_threaded() -> AbstractContextManager[Any]:
    """Return a context in which BLAS and OpenMP use one thread: sums then come in one order on every machine."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)


def _one_thread(function: Callable[..., T], *call: Any) -> T:
    with single_threaded():
        return function(*call)
