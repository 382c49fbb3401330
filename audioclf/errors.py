"""Errors that a user can mend: all that audioclf raises on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AudioclfError(Exception):
    """Base of all errors that carry a message for the user: what was wrong, where, and what to do."""


class AudioError(AudioclfError):
    """A recording can't be read or used."""


class DatasetError(AudioclfError):
    """A folder, manifest or named data set can't be used."""


class ModelError(AudioclfError):
    """A model file can't be read or trusted."""


class ResultsError(AudioclfError):
    """A run's results.json can't be read."""


class SpecError(AudioclfError):
    """A name or a parameter in a spec (``mfcc:n_coeffs=20+gfcc``) is wrong."""


class MissingExtraError(AudioclfError):
    """An optional dependency isn't installed.

    >>> str(MissingExtraError("Parquet files", "pyarrow", "parquet"))
    "Parquet files need pyarrow, which isn't installed: pip install 'audioclf[parquet]'"
    """

    def __init__(self, what: str, package: str, extra: str) -> None:
        self.facts = (what, package, extra)
        super().__init__(f"{what} need {package}, which isn't installed: pip install 'audioclf[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), self.facts  # so that it can come back from another process


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'mfcc'?`` for the closest of *known*, or the list of them.

    >>> did_you_mean("mfc", ["mfcc", "gfcc"])
    "Did you mean 'mfcc'?"
    >>> did_you_mean("zzz", ["mfcc", "gfcc"])
    'Known: gfcc, mfcc.'
    """
    known = sorted(known)
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{by_lower[close[0]]}'?"
    return f"Known: {', '.join(known)}." if known else "None is installed."
