"""The contract of a data set known by name: what can follow ``--data``, such as ``demo``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from audioclf import plugins
from audioclf.dataset.clips import Dataset
from audioclf.errors import DatasetError
from audioclf.files import cache_folder


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
