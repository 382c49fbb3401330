"""Base of the published sets whose makers list each clip in one table, with its source recording and its fold."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

from audioclf.plugin import Clip, Dataset, Download, PublishedSet

from ._on_disk import find, require_files, table


class FoldedSet(PublishedSet):
    """A published set in one archive with a table of its clips; groups are source recordings, folds the makers'.

    Attributes
    ----------
    archive : Download
        With its published checksum.
    listing : str
        Where the table lies in a copy.
    columns : tuple of str
        Those of its columns that are needed.
    """

    archive: ClassVar[Download]
    listing: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    @abstractmethod
    def clip(self, folder: Path, row: dict[str, str]) -> Clip | None:
        """Return the clip of a row of the table, in a copy in *folder*; None where it isn't part of the set."""

    def load(self, root: Path | None = None) -> Dataset:
        """Return the clips of a copy, which is known by its table.

        Raises
        ------
        DatasetError
            If no copy is there, or recordings are missing from it.
        """
        folder = find(self, root, self.listing)
        rows = table(folder / self.listing, self.columns)
        clips = [clip for row in rows if (clip := self.clip(folder, row)) is not None]
        require_files(self, folder, clips)
        return Dataset(self.name, clips, source=self.name, licence=self.licence, citation=self.citation)

    def downloads(self) -> list[Download]:
        """The archive, with its published checksum."""
        return [self.archive]
