"""Download, check, unpack: a published data set becomes a folder, whole or not at all.

Everything happens in a staging folder beside the target, which is renamed to the target at the very end. A
transfer that was cut off, a wrong checksum, or an archive with a member that would land outside the target
leave nothing behind.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import shutil
import stat
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from audioclf.errors import DatasetError
from audioclf.files import make_folder

BLOCK = 1 << 16


@dataclass(frozen=True)
class Download:
    """One file that a data set is published as.

    Attributes
    ----------
    url : str
    checksum : str
        As its makers publish it, with the algorithm (``md5:7771...``, ``sha256:8bc4...``); empty where none is
        published.
    filename : str
        Its name, whose ending says whether and how it is unpacked (.zip, .tar, .tar.gz, .tgz, .tar.bz2).
    folder : str
        Where its content goes, relative to the data set's folder.
    unwrap : tuple of str
        Folders inside *folder* whose content is moved up into *folder* after unpacking, where they exist.
    """

    url: str
    checksum: str
    filename: str
    folder: str = ""
    unwrap: tuple[str, ...] = ()


def fetch(
    title: str,
    licence: str,
    downloads: list[Download],
    root: Path,
    *,
    size: str = "",
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Download and unpack a data set into the new folder *root*; what is fetched is said on stderr first.

    Parameters
    ----------
    title, licence, size : str
        Shown before anything is transferred; size as text with its unit.
    downloads : list of Download
    root : Path
        Must not exist yet, or be empty.
    check : callable, optional
        Looks at the unpacked folder and raises `DatasetError` if it isn't what was expected.

    Raises
    ------
    DatasetError
        If *root* holds something, the transfer fails, a checksum is wrong, an archive is damaged or unsafe, or
        *check* refuses. Nothing half-done stays.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DatasetError(f"{root}: something else is there; name an empty or new folder with --root")
    _say(f"{title}\n  licence: {licence}\n  into:    {root}")
    for download in downloads:
        _say(f"  from:    {download.url}")
    if size:
        _say(f"  size:    {size}")
    with staging_beside(root) as staging:
        archives, content = make_folder(staging / "archives"), make_folder(staging / "content")
        for download in downloads:
            file = _transfer(download, archives)
            folder = make_folder(_inside(content, download.folder))
            if _is_archive(download.filename):
                unpack(file, folder)
                file.unlink()
                for wrapped in download.unwrap:
                    if _inside(folder, wrapped).is_dir():
                        _move_up(_inside(folder, wrapped), folder)
            else:
                os.replace(file, _inside(folder, download.filename))
        if check is not None:
            check(content)
        settle(content, root)
    return root


def fetch_file(download: Download, target: Path) -> Path:
    """Download one file (an index) to *target*, unless it is there.

    Raises
    ------
    DatasetError
        If the transfer fails or the checksum is wrong; *target* isn't touched then.
    """
    if target.is_file():
        return target
    _say(f"{target.name}\n  from:    {download.url}")
    with staging_beside(target) as staging:
        os.replace(_transfer(download, staging), target)
    return target


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive into an existing folder, member by member.

    Only plain files and folders are written, with ordinary permissions. A member with an absolute path, with
    ``..`` in its path, or that is a link or a device is refused: any of these can reach outside *folder*.

    Raises
    ------
    DatasetError
        If the archive is damaged, uses a compression that Python can't read, or holds a refused member.
    """
    members = _zip_members if archive.name.lower().endswith(".zip") else _tar_members
    try:
        for name, is_folder, content in members(archive):
            target = _inside(folder, name, archive.name)
            if is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "wb") as file:
                shutil.copyfileobj(content, file, BLOCK)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise DatasetError(f"{archive.name} is damaged or cut off ({error}); fetch it again") from error
    except (NotImplementedError, RuntimeError) as error:  # encryption, or a method of zip unknown to Python
        raise DatasetError(
            f"{archive.name} can't be unpacked by Python ({error}); unpack it yourself, use --root"
        ) from error
    except (OSError, ValueError, _zlib_error()) as error:
        raise DatasetError(f"{archive.name} can't be unpacked: {error}") from error


def _zlib_error() -> type[Exception]:
    import zlib

    return zlib.error


def _zip_members(archive: Path) -> Iterator[tuple[str, bool, IO[bytes]]]:
    with zipfile.ZipFile(archive) as bundle:
        for info in bundle.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _unsafe(archive.name, info.filename, "a link or a device")
            with bundle.open(info) as content:
                yield info.filename, info.is_dir(), content


def _tar_members(archive: Path) -> Iterator[tuple[str, bool, IO[bytes]]]:
    with tarfile.open(archive) as bundle:
        for info in bundle:
            if not (info.isfile() or info.isdir()):
                raise _unsafe(archive.name, info.name, "a link or a device")
            content = bundle.extractfile(info) if info.isfile() else None
            yield info.name, info.isdir(), content or io.BytesIO()
        while bundle.fileobj is not None and bundle.fileobj.read(BLOCK):
            pass  # to the end, for the compressor's checksum stands behind what tarfile reads


def _inside(folder: Path, name: str, archive: str = "") -> Path:
    """Return ``folder/name``, refusing every name that points elsewhere on any platform."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise _unsafe(archive or "the download", name, "outside the data set's folder")
    return folder / path


def _unsafe(archive: str, member: str, what: str) -> DatasetError:
    return DatasetError(f"{archive} holds '{member}', {what}: refused, nothing was kept. Tell whoever published it")


def _is_archive(filename: str) -> bool:
    return filename.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"))


def _move_up(source: Path, target: Path) -> None:
    """Move what lies in *source* into *target*, one of its parents, joining folders that both have."""
    aside = Path(tempfile.mkdtemp(dir=target))
    inner = aside / "inner"
    os.replace(source, inner)  # first out of the way: it may hold something of its own name
    _merge(inner, target)
    aside.rmdir()


def _merge(source: Path, target: Path) -> None:
    for item in sorted(source.iterdir()):
        if item.is_dir() and (target / item.name).is_dir():
            _merge(item, target / item.name)
        else:
            os.replace(item, target / item.name)
    source.rmdir()


@contextlib.contextmanager
def staging_beside(target: Path) -> Iterator[Path]:
    """Give a new temporary folder beside *target*, removed at the end however that comes.

    Raises
    ------
    DatasetError
        If the folder can't be written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise DatasetError(
            f"can't write to {target.parent}: {error.strerror}; choose another folder with --root, "
            "or set AUDIOCLF_CACHE"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settle(content: Path, root: Path) -> None:
    """Rename the finished folder *content* to *root*, which must not exist or be empty.

    Raises
    ------
    DatasetError
        If that can't be done, for example because somebody else has put something there meanwhile.
    """
    umask = os.umask(0)
    os.umask(umask)
    content.chmod(0o777 & ~umask)
    try:
        if root.exists():
            root.rmdir()
        os.replace(content, root)
    except OSError as error:
        raise DatasetError(f"can't put the data set at {root}: {error.strerror}; see what is there") from error


def _transfer(download: Download, folder: Path) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    progress = _Progress(download.filename)
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=BLOCK, timeout=60)
    target = _inside(folder, download.filename)
    try:
        pooch.retrieve(
            download.url, download.checksum or None, fname=target.name, path=target.parent, downloader=downloader
        )
    except requests.exceptions.HTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise DatasetError(
            f"{download.url}: the server answered {status}; if the file has moved, get it by other means and use --root"
        ) from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise DatasetError(f"{download.url}: the transfer was cut off; fetch it again") from error
    except requests.exceptions.RequestException as error:
        raise DatasetError(
            f"{download.url} can't be reached ({_reason(error)}); see to the connection, or use --root with a copy"
        ) from error
    except ValueError as error:  # pooch: the hash differs
        if progress.cut_off:
            raise DatasetError(f"{download.url}: the transfer was cut off; fetch it again") from error
        raise DatasetError(
            f"{download.url}: what came doesn't have the published checksum ({download.checksum}), so it was "
            "removed; fetch it again, and if that doesn't help, the file was changed where it is published"
        ) from error
    except OSError as error:
        raise DatasetError(f"{download.filename} can't be written: {error.strerror or error}") from error
    finally:
        progress.end()
    if progress.cut_off:
        raise DatasetError(f"{download.url}: the transfer was cut off; fetch it again")
    return target


def _reason(error: Exception) -> str:
    inner = error.args[0] if error.args else error
    return type(getattr(inner, "reason", None) or inner).__name__


class _Progress:
    """What pooch reports its progress to; shows megabytes on stderr, by tenths where that isn't a terminal.

    pooch counts a full chunk for each that came, so that the amount is an upper bound till the end; whether all
    came is judged by the number of chunks.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = 0
        self.done = 0
        self.shown = -1
        self.finished = False

    @property
    def cut_off(self) -> bool:
        return bool(self.total) and self.done < self.total

    def update(self, amount: int) -> None:
        if self.finished:
            return
        self.done += amount
        tenth = min(10, 10 * self.done // self.total) if self.total else self.done >> 24
        if tenth == self.shown:
            return
        self.shown = tenth
        done = min(self.done, self.total) if self.total else self.done
        text = f"  {self.name}: {done / 1e6:.1f}" + (f" of {self.total / 1e6:.1f}" if self.total else "") + " MB"
        print(text, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def reset(self) -> None:
        self.finished = True

    def close(self) -> None:
        self.finished = True

    def end(self) -> None:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
