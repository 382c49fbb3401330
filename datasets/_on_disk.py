"""A published data set on disk: finding the copy, reading its tables, and missing recordings."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from audioclf.plugin import Clip, DatasetError, DatasetLoader


def no_copy(loader: DatasetLoader, root: Path, expected: str) -> DatasetError:
    """Return the error for a missing copy: what was looked for, and both ways to get one."""
    name = loader.name if loader.variant is None else f"{loader.name}:{loader.variant}"
    return DatasetError(
        f"{root}: no copy of {name} there ({expected} not found); get one with 'audioclf datasets fetch {name}', "
        "or point to yours with --root"
    )


def find(loader: DatasetLoader, root: Path | None, holds: str) -> Path:
    """Return the folder of the copy, which has the file or folder *holds* in it or in a folder of it.

    An archive that was unpacked by hand often lies one folder down; that is found too.

    Raises
    ------
    DatasetError
        If there is none.
    """
    folder = loader.default_root() if root is None else Path(root)
    if (folder / holds).exists():
        return folder
    if folder.is_dir():
        for inner in sorted(folder.iterdir()):
            if (inner / holds).exists():
                return inner
    raise no_copy(loader, folder, holds)


def table(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header.

    Raises
    ------
    DatasetError
        If it can't be read or one of the *needed* columns is missing.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            columns = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} can't be read: {error}; fetch the data set again") from error
    missing = [column for column in needed if column not in columns]
    if missing:
        raise DatasetError(f"{path}: no column '{missing[0]}'; is this a copy of another release?")
    if not rows:
        raise DatasetError(f"{path}: no rows below the header; fetch the data set again")
    if any(row[column] is None for row in rows for column in needed):
        raise DatasetError(f"{path}: a row is cut off; fetch the data set again")
    return rows


def require_files(loader: DatasetLoader, root: Path, clips: list[Clip]) -> list[Clip]:
    """Return *clips* if each one's recording exists.

    Raises
    ------
    DatasetError
        If some are missing, with their number and the first one's path.
    """
    absent = [clip for clip in clips if not clip.path.is_file()]
    if absent:
        raise DatasetError(
            f"{root}: the copy of {loader.name} isn't complete: {len(absent)} of {len(clips)} recordings are missing, "
            f"the first is {absent[0].name}; fetch it again into a new folder (audioclf datasets fetch "
            f"{loader.name}, --root)"
        )
    return clips
