"""The contract of a report format, and the call that writes them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from audioclf import plugins
from audioclf.files import check_writable
from audioclf.results import Results


class Report(ABC):
    """One way to show a run: what can follow ``--report``.

    Attributes
    ----------
    name : str
        The word after ``--report``; the same as the entry point's.
    title : str
        One line for ``audioclf list reports``.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report into *folder*, each file whole or not at all.

        Returns the files written, the one to open first at the head. Nothing but *results* is read.
        """


def write_reports(results: Results, folder: str | os.PathLike[str], formats: Iterable[str]) -> list[Path]:
    """Write each of *formats* (names, as in ``audioclf list reports``) and return all files written.

    Raises
    ------
    SpecError
        If a format is unknown; nothing has been written then.
    """
    reports: list[Report] = [plugins.load("reports", name)() for name in formats]
    folder = check_writable(folder)
    return [path for report in reports for path in report.write(results, folder)]
