"""The search for a classifier's parameters: candidates are scored on folds, and the best is chosen.

Parameters chosen on the clips that score them score too well (Cawley & Talbot 2010, "On over-fitting in model
selection and subsequent selection bias in performance evaluation"). The folds are therefore those within the training
part of each outer fold (`audioclf.validation.inner`); the candidates come from `audioclf.experiment.space`.
"""

from __future__ import annotations

import math
import warnings as python_warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.classifier.contract import Classifier
from audioclf.errors import SpecError, did_you_mean
from audioclf.experiment.material import Material
from audioclf.validation.splits import Split

FEW = 3
"""Candidates up to which all are scored on all folds."""
_BLOCKS = 3  # of folds; the candidates are halved between them
_TIE = 1e-9  # what rounding may make of equal means
_OF_PROBABILITIES = ("roc_auc", "average_precision")
_KEPT = (
    "the training clips can't be divided for a search of parameters, for they are too few or of one group; "
    "those asked for are kept"
)


@dataclass(frozen=True)
class Trial:
    """One candidate's scores in a search.

    Attributes
    ----------
    spec : str
    folds : tuple of float or None
        Its score on each split; None where it wasn't tried, failed, or the metric is undefined.
    mean : float or None
        Over the splits with a score.
    """

    spec: str
    folds: tuple[float | None, ...]
    mean: float | None


@dataclass(frozen=True)
class Choice:
    """The candidate that a search chose, and how it came to that.

    Attributes
    ----------
    best : Classifier
    score : float or None
        Its mean over the folds; None if nothing could be scored.
    fits : int
        Candidates fitted, counted once for each split.
    method : str
        "exhaustive" or "successive halving".
    trials : tuple of Trial
        One for each candidate; empty if there was nothing to choose from.
    warnings : tuple of str
    """

    best: Classifier
    score: float | None
    fits: int
    method: str
    trials: tuple[Trial, ...] = ()
    warnings: tuple[str, ...] = ()


def search(
    candidates: Sequence[Classifier],
    material: Material,
    splits: Sequence[Split],
    metric: str = "accuracy",
    seed: int = 0,
) -> Choice:
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
        clips, and an optimistic score.
    metric : str
        One of the task's ranking, averaged over folds.
    seed : int
        Of every classifier.

    Returns
    -------
    Choice
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
        return Choice(candidates[0], None, 0, method)
    if not splits:
        return Choice(candidates[0], None, 0, method, warnings=(_KEPT,))
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
    table = tuple(Trial(c.spec, tuple(map(_number, row)), _number(mean)) for c, row, mean in rows)
    return Choice(candidates[best], _number(means[best]), trials.fits, method, table, tuple(warnings))


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
