"""The contract of a report format, and the call that writes them."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from audioclf import plugins
from audioclf.files import check_writable
from audioclf.results.results import Results

if TYPE_CHECKING:
    from audioclf.results.across import Across


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

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write what there is to say of the same experiments over several data sets; by default nothing."""
        return []


def write_reports(results: Results, folder: str | os.PathLike[str], formats: Iterable[str]) -> list[Path]:
    """Write each of *formats* (names, as in ``audioclf list reports``) and return all files written.

    Raises
    ------
    SpecError
        If a format is unknown; nothing has been written then.
    """
    reports, folder = _made(formats), check_writable(folder)
    return [path for report in reports for path in report.write(results, folder)]


def write_run(results: Results, folder: str | os.PathLike[str], formats: Iterable[str]) -> list[Path]:
    """Write results.json and reports into *folder*; return the files, results.json first."""
    return [results.save(check_writable(folder)), *write_reports(results, folder, formats)]


def write_across(across: Across, folder: str | os.PathLike[str], formats: Iterable[str]) -> list[Path]:
    """Write what each of *formats* says of several data sets, and return all files written.

    Raises
    ------
    SpecError
        If a format is unknown; nothing has been written then.
    """
    reports, folder = _made(formats), check_writable(folder)
    return [path for report in reports for path in report.write_across(across, folder)]


def _made(formats: Iterable[str]) -> list[Report]:
    return [plugins.load("reports", name)() for name in formats]
