"""The inner part of nested cross-validation: which parameters of a classifier to try, on which clips, and the choice.

Parameters chosen on the clips that score them score too well (Cawley & Talbot 2010, "On over-fitting in model
selection and subsequent selection bias in performance evaluation"). Here they are chosen within the training part
of each outer fold, on inner folds that keep groups together as the outer ones do.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import warnings as python_warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import plugins
from audioclf.classifier.contract import Classifier
from audioclf.errors import AudioclfError, SpecError, did_you_mean
from audioclf.experiment.material import Material
from audioclf.spec import text_of
from audioclf.validation.splits import Split

Space = Mapping[str, Sequence[Any]]

DEFAULT_BUDGET = 24
"""Candidates at most: no built-in classifier's space is larger, hence each is searched whole."""
FEW = 3
"""Candidates up to which all are scored on all folds."""
_BLOCKS = 3  # of folds; the candidates are halved between them
_TIE = 1e-9  # what rounding may make of equal means
_OF_PROBABILITIES = ("roc_auc", "average_precision")
_KEPT = (
    "the training clips can't be divided for a search of parameters, for they are too few or of one group; "
    "those asked for are kept"
)


@dataclass
class Found:
    """What a search chose, and how.

    Attributes
    ----------
    best : Classifier
    score : float or None
        Its mean over the folds; None if nothing could be scored.
    fits : int
        How many were spent.
    method : str
        "exhaustive" or "successive halving".
    table : list of dict
        For each candidate "spec", "folds" (a score or None for each split) and "mean" (over those it was scored on).
    warnings : list of str
    """

    best: Classifier
    score: float | None
    fits: int
    method: str
    table: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load_grid(path: str | os.PathLike[str]) -> dict[str, dict[str, list[Any]]]:
    """Read search spaces from a JSON file, such as ``{"svm": {"C": [1, 10], "gamma": [null, 0.01]}}``.

    Returns
    -------
    dict
        By classifier, then parameter: the values, converted as those of a spec are, each once.

    Raises
    ------
    SpecError
        If the file can't be read, or a classifier, a parameter or a value is unknown or wrong.
    """
    path = Path(path)
    example = '{"svm": {"C": [1, 10], "gamma": [null, 0.01]}}'
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except OSError as error:
        raise SpecError(f"--grid {path}: can't be read: {error.strerror}") from error
    except ValueError as error:
        raise SpecError(f"--grid {path}: no JSON ({error}); write for example {example}") from error
    except SpecError as error:
        raise SpecError(f"--grid {path}: {error}") from error
    if not isinstance(content, dict):
        raise SpecError(f"--grid {path}: it must name classifiers, for example {example}")
    try:
        return check_grid(content)
    except AudioclfError as error:
        raise SpecError(f"--grid {path}: {error}") from error


def check_grid(grid: Mapping[str, Mapping[str, Sequence[Any]]]) -> dict[str, dict[str, list[Any]]]:
    """Return search spaces with their values converted as those of a spec are, each once.

    >>> check_grid({"knn": {"k": [1, 3, 3.0]}})
    {'knn': {'k': [1, 3]}}

    Raises
    ------
    SpecError
        If a classifier, a parameter or a value is unknown or wrong.
    """
    return {name: _checked(name, space) for name, space in grid.items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SpecError(f"'{twice}' stands twice; write it once with all its values")
    return found


def _checked(name: str, space: Any) -> dict[str, list[Any]]:
    kind = plugins.load("classifiers", name)
    if not isinstance(space, Mapping):
        raise SpecError(f"'{name}' must be followed by its parameters, as in {{\"{name}\": {{...}}}}")
    found: dict[str, list[Any]] = {}
    for key, values in space.items():
        if not isinstance(values, (list, tuple)) or not values:
            raise SpecError(f"{name}:{key}: give a list of values, as in [1, 10]")
        found[key] = []
        for value in values:
            if isinstance(value, (Mapping, list, tuple)):
                raise SpecError(f"{name}:{key}: {value} is no single value")
            converted = getattr(kind.from_options({key: text_of(value)}), key)
            if converted not in found[key]:
                found[key].append(converted)
    return found


def search_space(classifier: Classifier, grid: Mapping[str, Space] | None = None) -> dict[str, list[Any]]:
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
    grid: Mapping[str, Space] | None = None,
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
        If *budget* is below 1, or the classifier refuses a combination.

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
    drawn = np.random.default_rng(seed).choice(count, size=min(count, budget), replace=False)
    others: dict[Classifier, int] = {}
    for number in drawn.tolist():
        places = np.unravel_index(number, shape) if shape else ()
        values = {name: space[name][place] for name, place in zip(space, places)}
        others.setdefault(replace(classifier, **values), number)
    others.pop(classifier, None)
    kept = sorted(itertools.islice(others, budget - 1), key=others.__getitem__)
    return [classifier, *kept]


def search(
    candidates: Sequence[Classifier],
    material: Material,
    splits: Sequence[Split],
    metric: str = "accuracy",
    seed: int = 0,
) -> Found:
    """Choose the candidate that scores best on the test clips of *splits*.

    More than `FEW` candidates go through successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm
    identification and hyperparameter optimization"), with folds as what is spent: all are scored on the first
    third of the folds, the better half on the second, the better half of these on the last. Equal candidates stay
    or go together, and at least two stay. The best mean over all folds wins; of equal ones the one asked for, then
    the earlier. The result depends on the arguments only.

    Parameters
    ----------
    candidates : sequence of Classifier
        The one asked for first.
    material : Material
        The clips.
    splits : sequence of Split
        Inner ones (`audioclf.validation.inner`); or the outer ones, which gives the parameters for a model of all
        clips, and a score that is too good.
    metric : str
        One of the task's ranking, averaged over folds.
    seed : int
        Of every classifier.

    Returns
    -------
    Found
        A candidate that raises is out, with a warning. Without a choice (one candidate, no splits, no fold in which
        the metric is defined) it is the one asked for.

    Raises
    ------
    SpecError
        If the metric can't rank.
    Exception
        If all candidates raise: what the first one did.
    """
    if metric not in material.task.ranking:
        raise SpecError(f"a search can't go by '{metric}'. {did_you_mean(metric, material.task.ranking)}")
    method = "exhaustive" if len(candidates) <= FEW or len(splits) == 1 else "successive halving"
    if len(candidates) == 1:
        return Found(candidates[0], None, 0, method)
    if not splits:
        return Found(candidates[0], None, 0, method, warnings=[_KEPT])
    trials = _Trials(candidates, material, splits, metric, seed)
    everyone = list(range(len(candidates)))
    n_blocks = 1 if method == "exhaustive" else min(_BLOCKS, len(splits))
    left, done = everyone, 0
    for block in np.array_split(np.arange(len(splits)), n_blocks):
        if done:
            left = better_half(left, trials.means())
        done += len(block)
        # Should all that are left fail, those that were dropped before get their turn.
        left = trials.run(left, block) or trials.run(everyone, np.arange(done))
        if not left:
            raise trials.errors[0]
    means = trials.means()
    best = min(i for i in left if means[i] >= max(means[left]) - _TIE)
    warnings = [
        f"{candidates[i].spec} failed in the search of parameters and was left out: {type(error).__name__}: {error}"
        for i, error in sorted(trials.errors.items())
    ]
    if np.isneginf(means[best]):
        what = material.task.titles[metric]
        warnings.append(f"{what} is undefined on all folds of the search; the parameters asked for are kept")
    rows = zip(candidates, trials.table, means)
    table = [{"spec": c.spec, "folds": [_number(x) for x in row], "mean": _number(mean)} for c, row, mean in rows]
    return Found(candidates[best], _number(means[best]), trials.fits, method, table, warnings)


def better_half(numbers: Sequence[int], means: NDArray[np.float64]) -> list[int]:
    """Return those of *numbers* whose mean is in the better half, at least two, and all that equal the last of these.

    >>> better_half([0, 1, 2, 3, 4], np.array([0.5, 0.9, 0.7, 0.7, 0.7]))
    [1, 2, 3, 4]
    """
    ranked = np.sort(means[list(numbers)])[::-1]
    kept = max(2, math.ceil(len(numbers) / 2))
    return [i for i in numbers if len(numbers) <= kept or means[i] >= ranked[kept - 1] - _TIE]


class _Trials:
    """Candidates fitted on folds, and what came of it: scores, and the error of those that failed."""

    def __init__(
        self, candidates: Sequence[Classifier], material: Material, splits: Sequence[Split], metric: str, seed: int
    ) -> None:
        self.candidates, self.material, self.splits = candidates, material, splits
        self.metric, self.seed = metric, seed
        self.table = np.full((len(candidates), len(splits)), np.nan)
        self.tried = np.zeros(self.table.shape, dtype=bool)
        self.errors: dict[int, Exception] = {}

    @property
    def fits(self) -> int:
        return int(self.tried.sum())

    def means(self) -> NDArray[np.float64]:
        """Means over the folds that have a score, shape (n_candidates,); -inf if none has."""
        scored = ~np.isnan(self.table)
        sums = np.where(scored, self.table, 0.0).sum(axis=1)
        return np.divide(sums, scored.sum(axis=1), out=np.full(len(sums), -np.inf), where=scored.any(axis=1))

    def run(self, numbers: Sequence[int], folds: NDArray[np.int64]) -> list[int]:
        """Score candidates on folds where they haven't been tried; return those that have never failed."""
        for fold in folds:
            for number in numbers:
                if self.tried[number, fold] or number in self.errors:
                    continue
                self.tried[number, fold] = True
                try:
                    self.table[number, fold] = self._score(self.candidates[number], self.splits[fold])
                except Exception as error:  # whatever a classifier raises: the other candidates go on
                    self.errors[number] = error
        return [number for number in numbers if number not in self.errors]

    def _score(self, candidate: Classifier, split: Split) -> float:
        material = self.material
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # what the chosen one has to say, it says when it is fitted for good
            model = material.fit(candidate, self.seed, split.train, calibrated=self.metric in _OF_PROBABILITIES)
            predicted, probabilities = material.answers(model, split.test)
        return material.task.score(self.metric, material.truth[split.test], predicted, probabilities)


def _number(score: float) -> float | None:
    return float(score) if math.isfinite(score) else None
