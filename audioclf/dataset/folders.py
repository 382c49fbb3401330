"""A data set from a folder that holds one folder of recordings per class."""

from __future__ import annotations

import os
from pathlib import Path

from audioclf.audio.recordings import AUDIO_SUFFIXES, recordings_in
from audioclf.dataset.clips import Clip, Dataset
from audioclf.errors import DatasetError


def load_folder(root: str | os.PathLike[str]) -> Dataset:
    """Return the data set of a folder that holds one folder per class.

    Recordings are found at any depth below a class folder; the class is the first folder's name. Files
    that aren't audio by their suffix are passed over, and so are names that begin with a dot.

    Raises
    ------
    DatasetError
        If there are no class folders, or fewer than two of them hold recordings.
    """
    root = Path(root)
    try:
        classes = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise DatasetError(f"{root}: the folder can't be read: {error.strerror}") from error
    clips = []
    for folder in classes:
        for path in recordings_in(folder):
            clips.append(Clip(path, label=folder.name, name=path.relative_to(root).as_posix()))
    if not clips:
        loose = [p for p in sorted(root.iterdir()) if p.suffix.lower() in AUDIO_SUFFIXES]
        if loose:
            raise DatasetError(
                f"{root}: recordings lie in the folder itself; put them into one folder per class, "
                "or write a CSV manifest (path,label)"
            )
        raise DatasetError(
            f"{root}: no recordings found; expected one folder per class with files such as .wav or .flac in it"
        )
    dataset = Dataset(root.resolve().name, clips, source=str(root))
    if len(dataset.labels) < 2:
        raise DatasetError(
            f"{root}: only one class folder with recordings, '{dataset.labels[0]}'; at least two are needed"
        )
    return dataset
