"""Progress of a long run: its stages, and the epochs of a fit, from any process."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Progress = Callable[[str, int, int, str], None]
"""Called with a stage ("features"), what is done of it, how much it is in all, and a note."""

EpochListener = Callable[[int, int, str], None]
"""Called with the epochs that are over, how many there are to be, and a note such as the loss."""

_INTERVAL = 0.3  # seconds between two looks for what was told
_target: tuple[Path, str] | None = None  # where this process's epochs are told, and of which fit


def silent(stage: str, done: int, total: int, note: str) -> None:
    """Report no progress."""


def tell(done: int, total: int, note: str) -> None:
    """Say that *done* of *total* epochs are over; *note* is their loss or the like. Nobody may listen.

    >>> tell(1, 40, "loss 0.61")
    """
    if _target is None:
        return
    path, fit = _target
    line = json.dumps([done, total, f"{fit}: {note}"]) + "\n"
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as file:  # a fit isn't stopped by a full disk
        file.write(line)


@contextlib.contextmanager
def telling_into(path: Path | None, fit: str) -> Iterator[None]:
    """Have what is told in this process meanwhile written into the file *path*, as of *fit*; None for nowhere."""
    global _target
    before = _target
    _target = None if path is None else (path, fit)
    try:
        yield
    finally:
        _target = before


@contextlib.contextmanager
def listening_to(path: Path, listener: EpochListener) -> Iterator[None]:
    """Call *listener* for all that any process tells into *path* meanwhile, from a thread of its own."""
    ended = threading.Event()

    def follow() -> None:
        at = 0
        while True:
            last = ended.wait(_INTERVAL)
            if path.exists():
                with path.open(encoding="utf-8") as file:
                    file.seek(at)
                    while (line := file.readline()).endswith("\n"):
                        at = file.tell()
                        listener(*json.loads(line))
            if last:
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
