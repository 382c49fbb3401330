"""Search spaces: which values of a classifier's parameters are tried, its own or those of a ``--grid`` file."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from msgspec import Meta

from audioclf import plugins, structs
from audioclf.classifier.contract import Classifier
from audioclf.errors import AudioclfError, SpecError
from audioclf.spec import text_of
from audioclf.structs import DamagedError

T = TypeVar("T")
Value = bool | int | float | str | None
Space = Mapping[str, Sequence[Value]]
"""Values of each parameter of one classifier."""
Grid = Mapping[str, Space]
"""Spaces of several classifiers, by their names."""

DEFAULT_BUDGET = 24
"""Candidates at most: no built-in classifier's space is larger, hence each is searched whole."""
_EXAMPLE = '{"svm": {"C": [1, 10], "gamma": [null, 0.01]}}'
_Values = Annotated[list[Value], Meta(min_length=1)]
_MOST = 1 << 62  # combinations that can be drawn from


def load_grid(path: str | os.PathLike[str]) -> dict[str, dict[str, list[Value]]]:
    """Read search spaces from a JSON file, such as ``{"svm": {"C": [1, 10], "gamma": [null, 0.01]}}``.

    Returns
    -------
    dict
        By classifier, then parameter: the values, converted as those of a spec are, each once.

    Raises
    ------
    SpecError
        If the file can't be read, or a classifier, a parameter or a value is unknown or wrong: one line that names the
        file and the field.
    """
    path = Path(path)
    try:
        content = structs.parse(path.read_bytes(), structs.once)
    except OSError as error:
        raise SpecError(f"--grid {path}: can't be read: {error.strerror}") from error
    except DamagedError as error:
        raise SpecError(f"--grid {path}: {error}; write for example {_EXAMPLE}") from error
    try:
        return check_grid(content, "$")
    except SpecError as error:
        raise SpecError(f"--grid {path}: {error}") from error


def check_grid(grid: Grid, at: str = "grid") -> dict[str, dict[str, list[Value]]]:
    """Return search spaces with their values converted as those of a spec are, each once.

    Parameters
    ----------
    grid : mapping
        By classifier, then parameter: a list or tuple of values.
    at : str
        What a field's place begins with in messages.

    Raises
    ------
    SpecError
        If a classifier, a parameter or a value is unknown or wrong; the text begins with the field.

    Examples
    --------
    >>> check_grid({"knn": {"k": [1, 3, 3.0]}})
    {'knn': {'k': [1, 3]}}
    >>> check_grid({"svm": {"C": 5}})
    Traceback (most recent call last):
    audioclf.errors.SpecError: grid.svm.C: expected a list, got a whole number
    """
    checked: dict[str, dict[str, list[Value]]] = {}
    for name, space in _convert(grid, dict[str, Any], at).items():
        try:
            kind = plugins.load("classifiers", name)
        except AudioclfError as error:
            raise SpecError(f"{at}.{name}: {error}") from error
        values = _convert(space, dict[str, Any], f"{at}.{name}").items()
        checked[name] = {key: _values(kind, key, given, f"{at}.{name}.{key}") for key, given in values}
    return checked


def _values(kind: type[Classifier], key: str, given: Any, at: str) -> list[Value]:
    """The values of one parameter as the classifier holds them, each once."""
    values: list[Value] = []
    for value in _convert(given, _Values, at):
        try:
            converted = getattr(kind.from_options({key: text_of(value)}), key)
        except SpecError as error:
            raise SpecError(f"{at}: {error}") from error
        if converted not in values:
            values.append(converted)
    return values


def _convert(data: Any, kind: type[T], at: str) -> T:
    try:
        return structs.convert(data, kind, at)
    except DamagedError as error:
        raise SpecError(str(error)) from error


def search_space(classifier: Classifier, grid: Grid | None = None) -> dict[str, list[Value]]:
    """Return what is searched, by parameter: the grid's values for this classifier, or else the classifier's own.

    Parameters that were set when it was built (``svm:C=5``) are fixed, hence left out.

    >>> from audioclf.classifier.contract import build_classifier
    >>> search_space(build_classifier("knn:k=3:metric=cosine"))
    {'weights': ['distance', 'uniform']}
    """
    own = (grid or {}).get(classifier.name, classifier.space)
    defaults = type(classifier)().parameters
    fixed = {name for name, value in classifier.parameters.items() if value != defaults[name]} | classifier.given
    return {name: list(values) for name, values in own.items() if name not in fixed}


def candidates(
    classifier: Classifier,
    grid: Grid | None = None,
    budget: int = DEFAULT_BUDGET,
    seed: int = 0,
) -> list[Classifier]:
    """Return what to choose from: the classifier as asked for, then the combinations of its `search_space`.

    Parameters
    ----------
    classifier : Classifier
    grid : mapping, optional
        As from `load_grid`.
    budget : int
        Candidates at most. Of more, that many are drawn at random without replacement (Bergstra & Bengio 2012,
        "Random search for hyper-parameter optimization"); the one asked for is always among them.
    seed : int
        Of the draw.

    Raises
    ------
    SpecError
        If *budget* is below 1, there are too many combinations, or the classifier refuses one.

    Examples
    --------
    >>> from audioclf.classifier.contract import build_classifier
    >>> [c.spec for c in candidates(build_classifier("svm:gamma=0.01"), {"svm": {"C": [1.0, 10.0], "gamma": [0.1]}})]
    ['svm:gamma=0.01', 'svm:C=1:gamma=0.01']
    """
    if budget < 1:
        raise SpecError(f"a budget of {budget} candidates; it must be at least 1")
    space = search_space(classifier, grid)
    shape = [len(values) for values in space.values()]
    count = math.prod(shape)
    if count > _MOST:
        raise SpecError(f"{classifier.name}: {count:.0e} combinations are too many to draw from; give fewer values")
    drawn = np.random.default_rng(seed).choice(count, size=min(count, budget), replace=False)
    others: dict[Classifier, int] = {}
    for number in drawn.tolist():
        places = np.unravel_index(number, shape) if shape else ()
        values = {name: space[name][place] for name, place in zip(space, places)}
        others.setdefault(replace(classifier, **values), number)
    others.pop(classifier, None)
    kept = sorted(itertools.islice(others, budget - 1), key=others.__getitem__)
    return [classifier, *kept]
