"""The size of a fitted model: the numbers it holds, and its bytes in a model file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np

from audioclf.classifier.contract import Classifier

_NUMBERS = "biufc"


@dataclass(frozen=True)
class Footprint:
    """The size of a fitted model.

    Attributes
    ----------
    parameters : int
        Numbers that were learnt or kept to answer with: weights of a network, support vectors and their coefficients,
        the nodes of trees, the clips that neighbours are looked for among.
    kilobytes : float or None
        Of its members in a model file, compressed, in units of 1,000 bytes; None if it can't be saved.
    """

    parameters: int
    kilobytes: float | None


def footprint(classifier: Classifier, estimator: Any) -> Footprint:
    """Measure a fitted *estimator* of *classifier*.

    Examples
    --------
    >>> from audioclf.classifier.contract import build_classifier
    >>> recipe = build_classifier("knn")
    >>> size = footprint(recipe, recipe.build(0).fit(np.eye(4), list("abab")))
    >>> size.parameters >= 16, size.kilobytes > 0
    (True, True)
    """
    own = getattr(estimator, "n_parameters_", None)
    return Footprint(count_numbers(estimator) if own is None else int(own), _kilobytes(classifier, estimator))


def count_numbers(thing: Any) -> int:
    """Return how many numbers the arrays inside an object hold, each array counted once.

    Examples
    --------
    >>> weights = np.zeros((3, 2))
    >>> count_numbers({"weights": weights, "again": [weights], "C": 10.0})
    6
    """
    seen: set[int] = set()
    kept: list[Any] = []  # what is looked at must live on, or another object may get its id
    waiting = [thing]
    total = 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, (str, bytes, int, float, type, np.random.RandomState)):
            continue
        seen.add(id(item))
        kept.append(item)
        if isinstance(item, np.ndarray):
            if item.dtype.names:
                total += item.size * len(item.dtype.names)
            elif item.dtype.kind in _NUMBERS:
                total += item.size
            elif item.dtype.kind == "O":
                waiting += item.ravel().tolist()
        elif isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, (list, tuple, set)):
            waiting += item
        else:
            waiting.append(_state(item))
    return total


def _state(thing: Any) -> Any:
    """What an object holds, as it would be saved."""
    try:
        return vars(thing) if hasattr(thing, "__dict__") else thing.__reduce__()[2:]
    except Exception:  # of another package's class
        return None


def _kilobytes(classifier: Classifier, estimator: Any) -> float | None:
    try:
        members = classifier.pack(estimator)
    except Exception:  # another package's classifier may not be one that can be saved
        return None
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return len(out.getvalue()) / 1000
