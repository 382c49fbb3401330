"""The contract of a data set that is published as archives: downloaded, checked and unpacked as a whole."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from audioclf.dataset.download import Download, fetch
from audioclf.dataset.loader import DatasetLoader
from audioclf.errors import DatasetError


class PublishedSet(DatasetLoader):
    """A data set that is published as archives: its subclass says which, and how to read the unpacked folder."""

    @abstractmethod
    def downloads(self) -> list[Download]:
        """What to fetch."""

    def check(self, folder: Path) -> None:
        """Raise `DatasetError` unless *folder*, just unpacked, is what was expected: by default, if it loads."""
        self.load(folder)

    def fetch(self, root: Path | None = None) -> Path:
        """Download the data set and return its folder; a complete copy there is kept.

        Raises
        ------
        DatasetError
            If the transfer fails, a checksum is wrong or what came isn't what was expected.
        """
        folder = self.default_root() if root is None else Path(root)
        try:
            self.load(folder)
        except DatasetError:
            fetch(self.title, self.licence, self.downloads(), folder, size=self.size, check=self.check)
        return folder
