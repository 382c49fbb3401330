"""Where things are kept, and how they are written: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from audioclf.errors import AudioclfError

_DISK = {errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}


def cache_folder() -> Path:
    """Return the folder for data sets and the feature store.

    ``$AUDIOCLF_CACHE`` where set, else the user's cache folder of the platform. It is not created here.
    """
    chosen = os.environ.get("AUDIOCLF_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("audioclf", appauthor=False))


@contextlib.contextmanager
def write_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside *path*; rename it to *path* if the block succeeds, else remove it.

    The temporary name keeps the suffix of *path*, so that writers that look at it work.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with write_whole(folder / "a.txt") as aside:
    ...     _ = aside.write_text("done")
    >>> (folder / "a.txt").read_text(), len(list(folder.iterdir()))
    ('done', 1)

    Raises
    ------
    AudioclfError
        If the folder can't be made or written to, or the disk is full.
    """
    path = Path(path)
    make_folder(path.parent)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise AudioclfError(f"can't write to {path.parent}: {error.strerror}; choose another folder") from error
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        umask = os.umask(0)
        os.umask(umask)
        aside.chmod(0o666 & ~umask)
        try:
            os.replace(aside, path)
        except OSError as error:
            raise AudioclfError(f"can't write {path}: {error.strerror}") from error
    except OSError as error:
        if error.errno not in _DISK:
            raise
        raise AudioclfError(f"can't write {path}: {error.strerror}; make room or choose another folder") from error
    finally:
        aside.unlink(missing_ok=True)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder and its parents.

    Raises
    ------
    AudioclfError
        If that isn't allowed, or a file of that name stands in the way.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioclfError(f"can't make the folder {path}: {error.strerror}; choose another with --out") from error
    return path


def check_writable(path: str | os.PathLike[str]) -> Path:
    """Create the folder *path* if need be, and fail now rather than after the work if it can't be written to.

    Raises
    ------
    AudioclfError
        If the folder can't be made or written to.
    """
    folder = make_folder(path)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise AudioclfError(
            f"can't write to the folder {folder}: {error.strerror}; choose another with --out"
        ) from error
    return folder
