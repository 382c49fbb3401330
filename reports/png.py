"""Pictures for slides and papers: all that a record has data for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from audioclf.plugin import Across, Report, Results, write_whole
from audioclf.reports.pictures.canvas import png_bytes, save
from audioclf.reports.pictures.catalogue import Picture, matrices, pictures
from audioclf.reports.pictures.copies import copies
from audioclf.reports.pictures.portraits import six_pictures
from audioclf.reports.pictures.ranks import save_ranks
from audioclf.results.pictures import Portrait


class PNGReport(Report):
    """``figures/``: the ranking, confusion matrices, curves of the winner, and pictures of the data.

    ``ranking.png`` has the run's metric with 95 % intervals; ``confusion-<experiment>.png`` numbers of clips,
    ``confusion-<experiment>-normalised.png`` shares of the true class, of each finished experiment (where clips have
    several labels, only the first, with what was found, missed and wrongly given of each). Of the winner:
    ``roc.png``, ``precision-recall.png`` and ``reliability.png`` where it gives probabilities, ``learning-curve.png``
    and ``importance.png`` where they were asked for. Of all together: ``cost.png``, scores against time and size. Of
    each network: ``training-curve-<experiment>.png``. Of the data: ``class-distribution.png``, ``projection.png`` and
    ``portraits.png`` (``portraits-1.png`` ... beyond ten classes). What the record has no data for isn't written.
    """

    name = "png"
    title = "pictures of the ranking, the confusions, the winner and the data, in figures/"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the pictures; the one to open first at the head: the ranking where something finished."""
        wanted = pictures(results)
        for experiment in results.ranking():
            wanted += matrices(results, experiment)
        return [_write(picture, folder) for picture in wanted]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``figures/critical-difference.png`` and return its path."""
        return [save_ranks(across, folder)]

    def draw_portraits(self, portraits: Sequence[Portrait], folder: Path) -> list[Path]:
        """Write the six pictures of each clip into a PNG of its own in *folder*, and return their paths.

        A file is named after the clip's file without its suffix. Where two clips would share a name, or another
        picture of that name is there already, a number follows.

        Raises
        ------
        AudioclfError
            If the folder can't be made or written to.
        """
        written: list[Path] = []
        for one in portraits:
            content = png_bytes(six_pictures(one))
            path = _unused(folder, _stem(one.name), content, written)
            with write_whole(path) as aside:
                aside.write_bytes(content)
            written.append(path)
        return written

    def draw_copies(self, versions: Sequence[Portrait], heading: str, path: Path) -> Path:
        """Write waveforms and log-mel spectrograms of a recording and its augmented copies to *path*.

        Raises
        ------
        AudioclfError
            If its folder can't be made or written to.
        """
        return save(copies(versions, heading), path)


def _write(picture: Picture, folder: Path) -> Path:
    return save(picture.draw(), folder / "figures" / f"{picture.name}.png")


def _stem(name: str) -> str:
    """Name a picture's file after a clip's: what file systems refuse becomes a hyphen.

    >>> _stem("birds/a: b.wav"), _stem("")
    ('a- b', 'clip')
    """
    stem = PurePath(name.replace("\\", "/")).stem
    return re.sub(r'[<>:"|?*\x00-\x1f]', "-", stem)[:120].strip(" .") or "clip"


def _unused(folder: Path, stem: str, content: bytes, taken: list[Path]) -> Path:
    """A path in *folder* where nothing but this very picture is, and that differs from *taken* not by case only."""
    lower = {path.name.lower() for path in taken}
    path, number = folder / f"{stem}.png", 1
    while path.name.lower() in lower or (path.exists() and not (path.is_file() and path.read_bytes() == content)):
        number += 1
        path = folder / f"{stem}-{number}.png"
    return path
