"""Kernels: inner loops that numba compiles when they are first called, kept on disk between runs."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sys
import threading
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from audioclf.files import cache_folder

_log = logging.getLogger("audioclf")
_compiling = threading.RLock()
_job = threading.local()


class Kernel:
    """A function that numba compiles when it is first called; make one with `kernel`.

    Attributes
    ----------
    python : callable
        The function as written, for looking at and for tests.
    """

    def __init__(self, function: Callable[..., Any], settings: dict[str, Any]) -> None:
        self.python = function
        self.settings = {"nogil": True, "error_model": "numpy", **settings}
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self._compiled: Any = None
        self._plain: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._compiled is None and self._plain is not None and getattr(_job, "small", False):
            return self._plain(*arguments)
        return (self._compiled or self.compiled())(*arguments)

    def plain(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Name the function that does the same in NumPy, in a `small_job`; a decorator."""
        self._plain = function
        return function

    def compiled(self) -> Any:
        """The function as numba's dispatcher."""
        with _compiling:
            if self._compiled is None:
                self._compiled = self._compile()
            return self._compiled

    def _compile(self) -> Any:
        import numba

        written = self.python
        names = dict(written.__globals__)
        for name in written.__code__.co_names:
            if isinstance(names.get(name), Kernel):
                names[name] = names[name].compiled()
        function = types.FunctionType(written.__code__, names, written.__name__, written.__defaults__)
        function.__module__, function.__qualname__ = written.__module__, written.__qualname__
        folder = _folder(written.__code__.co_filename)
        if folder is None:
            return numba.njit(**self.settings)(function)
        if not any(folder.rglob("*.nbc")):
            _announce()
        # numba looks at its folder when it decorates; other packages' functions must not end up in ours.
        config: Any = numba.config
        before = config.CACHE_DIR
        config.CACHE_DIR = str(folder)
        try:
            return numba.njit(cache=True, **self.settings)(function)
        finally:
            config.CACHE_DIR = before


def kernel(function: Callable[..., Any] | None = None, *, reorder: bool = False, inline: bool = False) -> Any:
    """Mark a function to be compiled by numba when it is first called.

    It may call other kernels, of its own module or of `audioclf.spectra.kernels`, and NumPy functions that numba
    knows. The compiled form is kept under the cache folder, in a folder named by a hash of these modules' source:
    numba itself doesn't notice a change in what a function calls. Where that folder can't be written, it is compiled in
    every process.

    Parameters
    ----------
    function : callable
    reorder : bool
        Sums may be taken in another order, for a loop that sums along a row.
    inline : bool
        Put into the kernels that call it, in place of a call.

    Examples
    --------
    >>> @kernel
    ... def double(x):
    ...     return x + x
    >>> double(2.0)
    4.0
    """
    if function is None:
        return lambda f: kernel(f, reorder=reorder, inline=inline)
    fastmath = {"contract", "reassoc", "nsz"} if reorder else {"contract"}
    return Kernel(function, {"fastmath": fastmath, "forceinline": inline})


@contextlib.contextmanager
def small_job() -> Iterator[None]:
    """A context for work that isn't worth waiting for numba, which takes half a second to start.

    Kernels that aren't compiled yet, and have a plain form, take that. The two agree to about one part in a million,
    not to the bit; so this is for predicting a few clips, never for results that are kept.
    """
    before = getattr(_job, "small", False)
    _job.small = True
    try:
        yield
    finally:
        _job.small = before


@cache
def _folder(source: str) -> Path | None:
    """Where the compiled forms of one source file's kernels are kept; None if nothing can be kept."""
    import numba

    digest = hashlib.blake2b(f"{numba.__version__} {sys.version_info[:3]}".encode(), digest_size=12)
    try:
        for path in (*sorted(Path(__file__).parent.glob("*.py")), Path(source)):
            digest.update(path.read_bytes())
        folder = cache_folder() / "kernels" / digest.hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{threading.get_ident()}"
        probe.touch()
        probe.unlink()
    except OSError:
        _announce()
        return None
    return folder


@cache
def _announce() -> None:
    _log.warning("compiling feature kernels for this machine: up to 20 seconds, kept for the next time")
