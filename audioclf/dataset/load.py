"""A data set from whatever ``--data`` says: a folder of class folders, a CSV manifest, or a name."""

from __future__ import annotations

import os
from pathlib import Path

from audioclf import plugins
from audioclf.audio.recordings import AUDIO_SUFFIXES
from audioclf.dataset.clips import Dataset
from audioclf.dataset.folders import load_folder
from audioclf.dataset.loader import find_loader
from audioclf.dataset.manifests import load_manifest
from audioclf.errors import DatasetError, SpecError, did_you_mean


def load_dataset(source: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Dataset:
    """Return the data set that *source* names: a folder of class folders, a CSV manifest, or a name.

    Parameters
    ----------
    source : str or path
        A folder, a manifest (``.csv``), or a name that ``audioclf list datasets`` shows.
    root : str or path, optional
        For a named set: the folder of its copy on disk.

    Raises
    ------
    DatasetError
        If it can't be found or used.
    SpecError
        If *source* is a name that isn't known.
    """
    path = Path(source).expanduser()
    text = os.fspath(source)
    if path.is_dir():
        return load_folder(path)
    if path.is_file():
        if path.suffix.lower() in AUDIO_SUFFIXES:
            raise DatasetError(f"{text} is one recording; --data takes a folder of class folders or a CSV manifest")
        return load_manifest(path)
    if os.sep in text or text.startswith(".") or path.suffix:
        raise DatasetError(f"{text}: no such file or folder")
    try:
        loader = find_loader(text)
    except SpecError as error:
        name = text.partition(":")[0]
        if name in plugins.names("datasets"):
            raise
        hint = did_you_mean(name, plugins.names("datasets"))
        raise SpecError(f"'{text}' is no folder, no file and no known data set. {hint}") from error
    dataset = loader.load(Path(root).expanduser() if root is not None else None)
    dataset.source = dataset.source or text
    return dataset
