"""Names to classes: what is installed under audioclf's entry-point groups.

The core never imports a plug-in by its module; it asks here. A class that another package registers
under the same group is the equal of a built-in one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from audioclf.errors import SpecError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUPS = {
    "features": "audioclf.feature_sets",
    "classifiers": "audioclf.classifiers",
    "datasets": "audioclf.datasets",
    "augmentations": "audioclf.augmentations",
    "reports": "audioclf.reports",
}
_SINGULAR = {
    "features": "feature",
    "classifiers": "classifier",
    "datasets": "dataset",
    "augmentations": "effect",
    "reports": "report format",
}


@cache
def _catalogue(kind: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # half the time of --help, which needs no names

    return {point.name: point for point in entry_points(group=GROUPS[kind])}


def names(kind: str) -> list[str]:
    """Return the sorted names registered under *kind* (a key of `GROUPS`).

    >>> "mfcc" in names("features")
    True
    """
    return sorted(_catalogue(kind))


def load(kind: str, name: str) -> Any:
    """Return the class registered as *name* under *kind*.

    Raises
    ------
    SpecError
        If the name is unknown (with the closest known one), or its module can't be imported.
    """
    point = _catalogue(kind).get(name)
    if point is None:
        raise SpecError(f"unknown {_SINGULAR[kind]} '{name}'. {did_you_mean(name, names(kind))}")
    try:
        return point.load()
    except Exception as error:  # another package's module may raise anything
        raise SpecError(
            f"{_SINGULAR[kind]} '{name}' can't be imported from {point.value}: {type(error).__name__}: {error}"
        ) from error
