"""A data set from a CSV manifest: ``path,label[,group][,fold][,start][,end]``."""

from __future__ import annotations

import csv
import io
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from audioclf.dataset.clips import TAG_SEPARATOR, Clip, Dataset
from audioclf.errors import DatasetError

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
    columns, rows = _read(path)
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


def _read(path: Path) -> tuple[list[str], list[tuple[int, Clip]]]:
    """The columns of a manifest, and of each row its line and its clip, the label as it stands there."""
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
            raise DatasetError(
                f"{path}: no column '{needed}' (found: {', '.join(columns) or 'none'}); "
                "the first line must be path,label[,group][,fold][,start][,end]"
            )
    try:
        rows = [(reader.line_num, _clip_of_row(path, reader.line_num, row)) for row in reader if any(row.values())]
    except csv.Error as error:
        raise DatasetError(f"{path}, line {reader.line_num}: {error}") from error
    if not rows:
        raise DatasetError(f"{path}: no rows below the header")
    return columns, rows


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
