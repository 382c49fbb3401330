"""Clips with their labels: class folders, CSV manifests, and the contract of a loader of named sets."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf import plugins
from audioclf.audio.decode import AUDIO_SUFFIXES
from audioclf.errors import DatasetError, SpecError, did_you_mean
from audioclf.files import cache_folder

TAG_SEPARATOR = ";"
"""Between the labels of one clip, in a manifest and in `Clip.label`."""


@dataclass(frozen=True)
class Clip:
    """A labelled stretch of a recording.

    Attributes
    ----------
    path : Path
        The recording's file.
    label : str
        Its class; empty where it isn't known (prediction). In a multi-label set its labels, each once and sorted,
        joined by ";"; empty if it carries none.
    group : str or None
        What must not be split across folds: speaker, source recording. None if not known.
    fold : str or None
        The fold that the data set's makers put it in, if they did.
    start, end : float or None
        The stretch in seconds; None for the recording's beginning or end.
    name : str
        How reports show it: the path relative to the data set, with the stretch if there is one.
    """

    path: Path
    label: str = ""
    group: str | None = None
    fold: str | None = None
    start: float | None = None
    end: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", str(self.path))

    @property
    def tags(self) -> tuple[str, ...]:
        """The labels of a clip of a multi-label set; () if it carries none.

        >>> Clip(Path("a.wav"), "live;rock").tags
        ('live', 'rock')
        """
        return tuple(self.label.split(TAG_SEPARATOR)) if self.label else ()


@dataclass
class Dataset:
    """Labelled clips and what is known about them as a whole.

    Attributes
    ----------
    name : str
        Short name for tables and file names.
    clips : list of Clip
        In a fixed order: same data, same order.
    source : str
        What the user gave: a folder, a manifest, a name.
    notes : list of str
        Plain sentences that belong in every report (``These clips are synthetic ...``).
    licence, citation : str
        Empty where not known.
    multilabel : bool
        Whether a clip may carry several labels, or none.
    """

    name: str
    clips: list[Clip]
    source: str = ""
    notes: list[str] = field(default_factory=list)
    licence: str = ""
    citation: str = ""
    multilabel: bool = False

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[Clip]:
        return iter(self.clips)

    @property
    def labels(self) -> list[str]:
        """The class names, sorted; of a multi-label set the single labels."""
        return sorted(set(self._all_labels()))

    @property
    def label_counts(self) -> dict[str, int]:
        """Number of clips of each class, or that carry each label, in the order of `labels`."""
        return dict(sorted(Counter(self._all_labels()).items()))

    def _all_labels(self) -> Iterator[str]:
        for clip in self.clips:
            yield from clip.tags if self.multilabel else (clip.label,)

    @property
    def has_groups(self) -> bool:
        """Whether at least one clip has a group."""
        return any(clip.group is not None for clip in self.clips)

    @property
    def has_folds(self) -> bool:
        """Whether at least one clip has a fold."""
        return any(clip.fold is not None for clip in self.clips)

    @property
    def groups(self) -> list[str]:
        """One group per clip; a clip without one is a group of its own."""
        return [clip.group if clip.group is not None else f"\0{i}" for i, clip in enumerate(self.clips)]


class DatasetLoader(ABC):
    """A data set known by name: what can follow ``--data``.

    Attributes
    ----------
    name : str
        The word after ``--data``; the same as the entry point's.
    title, homepage, licence, citation, size : str
        For ``audioclf datasets info``; size as text with unit ("600 MB"), empty where not known.
    variants : str
        What may follow ``name:``, as text for the help; empty if nothing may.

    Parameters
    ----------
    variant : str or None
        What followed ``name:`` (``soundata:esc50``), or None.
    """

    name: ClassVar[str]
    title: str
    homepage: str = ""
    licence: str = ""
    citation: str = ""
    size: str = ""
    variants: ClassVar[str] = ""

    def __init__(self, variant: str | None = None) -> None:
        if variant is not None and not self.variants:
            raise DatasetError(f"{self.name} has no variants; write --data {self.name}")
        self.variant = variant

    def default_root(self) -> Path:
        """The folder used when no ``--root`` is given."""
        return cache_folder() / "datasets" / self.name

    @abstractmethod
    def load(self, root: Path | None = None) -> Dataset:
        """Return the data set from its copy in *root* (default: `default_root`).

        Raises
        ------
        DatasetError
            If no copy is there; the message says how to get one.
        """

    @abstractmethod
    def fetch(self, root: Path | None = None) -> Path:
        """Download the data set to *root*, check it, and return the folder; nothing is done twice.

        Raises
        ------
        DatasetError
            If the transfer fails or what came isn't what was expected; nothing half-done stays.
        """

    def labels(self) -> list[str]:
        """The class names, where they are known without a copy of the data; else empty."""
        return []


def find_loader(source: str) -> DatasetLoader:
    """Return the loader for ``name`` or ``name:variant``.

    Raises
    ------
    SpecError
        If the name is unknown.
    """
    name, _, variant = source.partition(":")
    return plugins.load("datasets", name)(variant or None)


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
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(root)
            hidden = any(part.startswith(".") for part in relative.parts)
            if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file() and not hidden:
                clips.append(Clip(path, label=folder.name, name=relative.as_posix()))
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


COLUMNS = ("path", "label", "group", "fold", "start", "end")


def load_manifest(path: str | os.PathLike[str]) -> Dataset:
    """Return the data set of a CSV manifest: ``path,label[,group][,fold][,start][,end]``.

    Paths are relative to the manifest; start and end are seconds. A comma, semicolon or tab separates.
    Where there is no group column but several clips come from one recording, the recording is their group.

    If the label of any row holds several, as in ``rock;live``, the set is multi-label: `Clip.label` then has each
    clip's labels sorted, and rows without any are clips that carry none. Where semicolons separate the columns, such
    labels must be quoted.

    Raises
    ------
    DatasetError
        If a column is missing, a value is wrong (the message names the line), or no file exists.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise DatasetError(f"{path} isn't a CSV manifest: {error}") from error
    header = text.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    columns = [column.strip().lower() for column in reader.fieldnames or []]
    reader.fieldnames = columns
    for needed in ("path", "label"):
        if needed not in columns:
            found = ", ".join(columns) if columns else "none"
            raise DatasetError(
                f"{path}: no column '{needed}' (found: {found}); "
                "the first line must be path,label[,group][,fold][,start][,end]"
            )
    try:
        rows = [(reader.line_num, _clip_of_row(path, reader.line_num, row)) for row in reader if any(row.values())]
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: {error}") from error
    if not rows:
        raise DatasetError(f"{path}: no rows below the header")
    clips = [clip for _, clip in rows]
    multilabel = any(len(_tags(clip.label)) > 1 for clip in clips)
    if multilabel:
        clips = [replace(clip, label=TAG_SEPARATOR.join(sorted(set(_tags(clip.label))))) for clip in clips]
    elif any(not clip.label for clip in clips):
        raise DatasetError(f"{path}, line {next(line for line, clip in rows if not clip.label)}: no label")
    if not any(clip.path.exists() for clip in clips):
        raise DatasetError(
            f"{path}: none of its {len(clips)} files exists; the first is {clips[0].path}. "
            "Paths are relative to the manifest's folder"
        )
    if "group" not in columns and len({clip.path for clip in clips}) < len(clips):
        clips = [replace(clip, group=os.path.relpath(clip.path, path.parent)) for clip in clips]
    if any(clip.fold is not None for clip in clips) and any(clip.fold is None for clip in clips):
        bare = next(clip for clip in clips if clip.fold is None)
        raise DatasetError(f"{path}: some clips have a fold and some don't, for example {bare.name}")
    name = path.stem if path.stem != "clips" else path.resolve().parent.name
    dataset = Dataset(name, clips, source=str(path), multilabel=multilabel)
    bare_clips = sum(not clip.label for clip in clips)
    if bare_clips:
        dataset.notes.append(f"{bare_clips} of {len(clips)} clips {'carry' if bare_clips > 1 else 'carries'} no label.")
    if len(dataset.labels) < 2:
        raise DatasetError(f"{path}: only one label, '{dataset.labels[0]}'; at least two are needed")
    return dataset


def _tags(cell: str) -> list[str]:
    return [tag.strip() for tag in cell.split(TAG_SEPARATOR) if tag.strip()]


def _clip_of_row(manifest: Path, line: int, row: dict[str | Any, Any]) -> Clip:
    """Return the clip of a row, its label as it stands there, perhaps empty."""
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    where = f"{manifest}, line {line}"
    if any(cell.strip() for cell in row.get(None, ())):  # where csv.DictReader puts what is beyond the header
        raise DatasetError(
            f"{where}: more cells than the header has columns; a cell that holds the separator must be quoted, "
            'as in "rock;live"'
        )
    if not values["path"]:
        raise DatasetError(f"{where}: no path")
    times: dict[str, float | None] = {}
    for column in ("start", "end"):
        try:
            times[column] = float(values[column]) if values[column] else None
        except ValueError:
            times[column] = math.nan
        if not math.isfinite(times[column] or 0):
            raise DatasetError(f"{where}: {column} '{values[column]}' isn't a number of seconds")
    start, end = times["start"], times["end"]
    if (start or 0) < 0 or (end is not None and end <= (start or 0)):
        raise DatasetError(
            f"{where}: the clip from {start or 0:g} s to {end if end is None else format(end, 'g')} s is empty"
        )
    name = Path(values["path"]).as_posix()
    if start is not None or end is not None:
        name += f"[{start or 0:g}-{'' if end is None else format(end, 'g')}s]"
    return Clip(
        path=manifest.parent / values["path"],
        label=values["label"],
        group=values["group"] or None,
        fold=values["fold"] or None,
        start=start,
        end=end,
        name=name,
    )


def tag_matrix(clips: Sequence[Clip], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of *labels* each clip of a multi-label set carries, shape (n_clips, n_labels).

    Labels of a clip that aren't among *labels* are left out.

    >>> tag_matrix([Clip(Path("a.wav"), "live;rock"), Clip(Path("b.wav"), "")], ["live", "rock"])
    array([[ True,  True],
           [False, False]])
    """
    columns = {label: column for column, label in enumerate(labels)}
    found = np.zeros((len(clips), len(columns)), dtype=bool)
    for row, clip in zip(found, clips):
        row[[columns[tag] for tag in clip.tags if tag in columns]] = True
    return found


def refuse_repeats(dataset: Dataset) -> None:
    """Refuse a clip that stands twice: it would be tested on what it was trained with, or has two labels.

    Raises
    ------
    DatasetError
        Naming the first such clip.
    """
    first: dict[tuple[Path, float | None, float | None], Clip] = {}
    for clip in dataset:
        known = first.setdefault((clip.path, clip.start, clip.end), clip)
        if known is not clip:
            labels = hint = ""
            if known.label != clip.label:
                labels = f" as '{known.label}' and as '{clip.label}'"
                hint = ", with all its labels in one cell, as in rock;live, if it has several"
            raise DatasetError(
                f"{dataset.source or dataset.name}: {clip.name} stands twice{labels}; keep one line of a clip{hint}"
            )


def group_expression(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for `group_by`.

    Raises
    ------
    SpecError
        If it is no regular expression.
    """
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SpecError(f"--group-by '{pattern}' is no regular expression: {error}") from error


def group_by(dataset: Dataset, pattern: str) -> Dataset:
    """Return the data set with groups read from the clips' names.

    Parameters
    ----------
    dataset : Dataset
    pattern : str
        Regular expression, searched in each clip's name (the path relative to the data set). The group is what its
        parentheses found, joined by "/"; without parentheses, all that it matched. A clip that doesn't match is a
        group of its own.

    Raises
    ------
    SpecError
        If it is no regular expression.
    DatasetError
        If it matches no clip.

    Examples
    --------
    >>> clips = [Clip(Path(name), "wren") for name in ("wren/site1_01.wav", "wren/site1_02.wav", "wren/site2_01.wav")]
    >>> [clip.group for clip in group_by(Dataset("wrens", clips), r"([^/]+)_[0-9]+")]
    ['site1', 'site1', 'site2']
    """
    expression = group_expression(pattern)
    found = [expression.search(clip.name) for clip in dataset]
    if not any(found):
        example = dataset.clips[0].name if len(dataset) else "none"
        raise DatasetError(f"--group-by '{pattern}' matches no clip's name; the first name is {example}")
    groups = ["/".join(part for part in m.groups() if part) or m[0] if m else None for m in found]
    clips = [replace(clip, group=group) for clip, group in zip(dataset, groups)]
    notes = list(dataset.notes)
    missed = [clip.name for clip in clips if clip.group is None]
    if missed:
        notes.append(
            f"--group-by '{pattern}' doesn't match {len(missed)} of {len(clips)} names, for example {missed[0]}; "
            "each of these clips is a group of its own."
        )
    return replace(dataset, clips=clips, notes=notes)


def cut(clips: Sequence[Clip], durations: Sequence[float], seconds: float) -> list[Clip]:
    """Cut each clip into pieces of *seconds*, grouped by the clip that they come from.

    A rest is a piece of its own if it is at least half as long; a clip that is no longer than one piece stays whole.
    A clip's group, where it has one, is that of its pieces.

    Parameters
    ----------
    clips : sequence of Clip
    durations : sequence of float
        Of each, in seconds.
    seconds : float
        Above 0.

    Raises
    ------
    SpecError
        If *seconds* isn't above 0.

    Examples
    --------
    >>> [clip.name for clip in cut([Clip(Path("a.wav"), "wren")], [2.7], 1.0)]
    ['a.wav[0-1s]', 'a.wav[1-2s]', 'a.wav[2-2.7s]']
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise SpecError(f"--clips {seconds:g}: pieces must be longer than 0 s")
    pieces = []
    for clip, duration in zip(clips, durations):
        begin = clip.start or 0.0
        group = clip.group if clip.group is not None else clip.name
        whole = int((duration + 1e-6) // seconds)
        count = whole + (duration - whole * seconds >= seconds / 2)
        if count <= 1:
            pieces.append(replace(clip, group=group))
            continue
        for i in range(count):
            start = round(begin + i * seconds, 6)
            end = round(begin + min((i + 1) * seconds, duration), 6)
            name = f"{clip.name.partition('[')[0] if clip.start is not None else clip.name}[{start:g}-{end:g}s]"
            pieces.append(replace(clip, group=group, start=start, end=end, name=name))
    return pieces


def fingerprint(dataset: Dataset, hashes: dict[Path, str]) -> str:
    """Return a hash of what was compared: each clip's content, stretch, label, group and fold.

    Parameters
    ----------
    dataset : Dataset
    hashes : dict
        Content hash of each recording, by path.
    """
    digest = hashlib.blake2b(digest_size=16)
    for clip in dataset.clips:
        facts = (hashes[clip.path], clip.label, clip.group, clip.fold, clip.start, clip.end)
        digest.update(repr(facts).encode())
    return digest.hexdigest()
