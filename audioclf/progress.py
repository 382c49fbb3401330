"""What a long fit says of itself while it lasts: each epoch, to whoever listens, over processes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

Listener = Callable[[int, int, str], None]
_INTERVAL = 0.3  # seconds between two looks into the diary
_page: tuple[Path, str] | None = None


def tell(done: int, total: int, note: str) -> None:
    """Say that *done* of *total* epochs are over; *note* is their loss or the like. Nobody may listen.

    >>> tell(1, 40, "loss 0.61")
    """
    if _page is None:
        return
    path, title = _page
    line = json.dumps([done, total, f"{title}: {note}"]) + "\n"
    with contextlib.suppress(OSError), path.open("a", encoding="utf-8") as file:  # a fit isn't stopped by a full disk
        file.write(line)


@contextlib.contextmanager
def opened(path: Path | None, title: str) -> Iterator[None]:
    """Let what is told in this process meanwhile go to the file *path*, under *title*; None for nowhere."""
    global _page
    before = _page
    _page = None if path is None else (path, title)
    try:
        yield
    finally:
        _page = before


@contextlib.contextmanager
def followed(path: Path, listener: Listener) -> Iterator[None]:
    """Call *listener* for all that is told into *path* meanwhile, by any process, from a thread of its own."""
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
