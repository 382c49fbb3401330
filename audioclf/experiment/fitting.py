"""Classifiers fitted on the folds of a comparison: what is to be done, and what came of it, over processes."""

from __future__ import annotations

import tempfile
import time
import warnings as python_warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import parallel
from audioclf.classifier.contract import Classifier
from audioclf.classifier.footprint import Footprint, footprint
from audioclf.experiment import search
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Material, Sources
from audioclf.experiment.search import Found
from audioclf.experiment.task import Probabilities, Truth
from audioclf.progress import EpochListener, listening_to, telling_into
from audioclf.validation.splits import Split

_EPOCHS = "epochs"


@dataclass(frozen=True)
class Course:
    """What every experiment goes through.

    Attributes
    ----------
    splits : list of Split
        Of the cross-validation.
    naive : list of Split
        Of one that ignores groups; empty if it isn't asked for.
    inner : list of list of Split
        For each of *splits*, then for each of *naive*, the division of its training clips for the search; empty if
        nothing is tuned.
    metric : str
        What the search goes by.
    seed : int
    budget : int
        Most candidates of a search.
    """

    splits: list[Split]
    naive: list[Split] = field(default_factory=list)
    inner: list[list[Split]] = field(default_factory=list)
    metric: str = "accuracy"
    seed: int = 0
    budget: int = search.DEFAULT_BUDGET


@dataclass
class Fold:
    """What came of one fold: a row per test clip, columns in the order of the sorted labels.

    Attributes
    ----------
    predicted : ndarray, shape (n_test,) or (n_test, n_labels)
        As `Task.answers` gives it.
    probabilities : ndarray, shape (n_test, n_labels), or None
    fit_seconds, predict_seconds : float
    classifier : Classifier
        With the parameters that were used.
    warnings : list of str
    error : str
        Why it failed; empty if it didn't.
    inner : Found or None
        What the search within the training clips found, if there was one.
    history : dict or None
        What a network says of its epochs.
    size : Footprint or None
        Of the fitted model, where it was measured.
    """

    predicted: Truth
    probabilities: Probabilities | None
    fit_seconds: float
    predict_seconds: float
    classifier: Classifier
    warnings: list[str]
    error: str = ""
    inner: Found | None = None
    history: dict[str, Any] | None = None
    size: Footprint | None = None


@dataclass
class Outcome:
    """What came of one experiment.

    Attributes
    ----------
    folds, naive : list of Fold
        In the order of the course's splits.
    outer : Found, str or None
        What a search over the very folds found that are tested: the parameters for a final model, and a score that
        is too good. Text says why it failed.
    """

    folds: list[Fold]
    naive: list[Fold]
    outer: Found | str | None


def run(
    experiments: Sequence[Experiment],
    sources: Sources,
    course: Course,
    workers: int,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
    epochs: EpochListener = lambda done, total, note: None,
) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each experiment and its outcome, in the order in which they are finished.

    Parameters
    ----------
    experiments : sequence of Experiment
    sources : Sources
    course : Course
    workers : int
        Processes. The numbers don't depend on it.
    progress : callable
        Called with the jobs done, the jobs in all, and the title of the experiment that is worked on.
    epochs : callable
        Called, from another thread, with the epochs done and in all of a network that is being fitted, and a note.
    """
    kept: dict[int, dict[tuple[str, int], Any]] = {i: {} for i in range(len(experiments))}
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        jobs, calls = _calls(experiments, sources, course, workers, folder)
        expected = {i: sum(job[0] == i for job in jobs) for i in kept}
        outcomes = parallel.share_out(_call, calls, workers)
        with listening_to(folder / _EPOCHS, epochs):
            for done in range(len(jobs)):
                progress(done, len(jobs), experiments[jobs[done][0]].title)
                position, result = next(outcomes)
                i, kind, number = jobs[position]
                kept[i][kind, number] = result
                if len(kept[i]) == expected[i]:
                    found = kept.pop(i)
                    folds = [found["fold", n] for n in range(len(course.splits))]
                    naive = [found["naive", n] for n in range(len(course.naive))]
                    yield i, Outcome(folds, naive, found.get(("search", 0)))
            outcomes.close()
    progress(len(jobs), len(jobs), "")


def _calls(
    experiments: Sequence[Experiment], sources: Sources, course: Course, workers: int, folder: Path
) -> tuple[list[tuple[int, str, int]], list[tuple[Any, ...]]]:
    """Return what is to be done, as an experiment, a kind and a number, and `_call`'s arguments for each.

    One worker goes through the experiments as they come. For several the long jobs come first.
    """
    materials: dict[tuple[str, str, bool], Material] = {}
    for experiment in experiments:
        key = _input(experiment)
        if key not in materials:
            materials[key] = sources.material(experiment.extractors, experiment.classifier.takes, key[-1], folder)
    order = list(range(len(experiments)))
    if workers > 1:
        order.sort(key=lambda i: -_effort(experiments[i], materials[_input(experiments[i])].size))
    jobs: list[tuple[int, str, int]] = []
    calls: list[tuple[Any, ...]] = []
    for i in order:
        experiment = experiments[i]
        material = materials[_input(experiment)]
        tuned = bool(experiment.candidates)
        page = (folder / _EPOCHS, experiment.title)
        if tuned:
            jobs.append((i, "search", 0))
            calls.append((*page, _search, experiment.candidates, material, course.splits, course.metric, course.seed))
        kinds = [("fold", n) for n in range(len(course.splits))] + [("naive", n) for n in range(len(course.naive))]
        for position, ((kind, n), split) in enumerate(zip(kinds, [*course.splits, *course.naive])):
            jobs.append((i, kind, n))
            page = (folder / _EPOCHS, f"{experiment.title}, fold {position + 1} of {len(kinds)}")
            last = (course.seed, position == 0)
            if tuned:
                inner = course.inner[position]
                calls.append((*page, _tune_fold, experiment.candidates, material, split, inner, course.metric, *last))
            else:
                calls.append((*page, _fit_fold, experiment.classifier, material, split, *last))
    return jobs, calls


def _effort(experiment: Experiment, size: int) -> float:
    return experiment.classifier.effort * size * max(1, len(experiment.candidates))


def _input(experiment: Experiment) -> tuple[str, str, bool]:
    """What names the material that an experiment learns from: several classifiers may share it."""
    return experiment.features, experiment.classifier.takes, experiment.augment is not None


def _call(page: Path, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    with telling_into(page, name):
        return function(*arguments)


def _search(
    candidates: tuple[Classifier, ...], material: Material, splits: list[Split], metric: str, seed: int
) -> Found | str:
    try:
        return search.search(candidates, material, splits, metric, seed)
    except Exception as error:  # the folds fail as well, and say it
        return f"{type(error).__name__}: {error}"


def _tune_fold(
    candidates: tuple[Classifier, ...],
    material: Material,
    split: Split,
    inner: list[Split],
    metric: str,
    seed: int,
    measured: bool,
) -> Fold:
    """Search among the split's training clips, fit what was found on all of them and predict its test clips."""
    start = time.perf_counter()
    try:
        found = search.search(candidates, material, inner, metric, seed)
    except Exception as error:
        spent = time.perf_counter() - start
        return Fold(np.empty(0, np.int64), None, spent, 0.0, candidates[0], [], f"{type(error).__name__}: {error}")
    fold = _fit_fold(found.best, material, split, seed, measured)
    fold.fit_seconds = time.perf_counter() - start - fold.predict_seconds
    fold.warnings = sorted({*fold.warnings, *found.warnings})
    fold.inner = found
    return fold


def _fit_fold(classifier: Classifier, material: Material, split: Split, seed: int, measured: bool) -> Fold:
    """Fit on the split's training clips and predict its test clips; measure the model's size if asked to."""
    start = time.perf_counter()
    fitted: float | None = None
    try:
        with python_warnings.catch_warnings(record=True) as caught:
            python_warnings.simplefilter("always")
            estimator = material.fit(classifier, seed, split.train)
            fitted = time.perf_counter()
            predicted, probabilities = material.answers(estimator, split.test)
            spent = (fitted - start, time.perf_counter() - fitted)
            told = {_first_line(w) for w in caught if issubclass(w.category, (UserWarning, RuntimeWarning))}
        return Fold(
            predicted,
            probabilities,
            *spent,
            classifier,
            sorted(told),
            history=getattr(estimator, "history_", None),
            size=footprint(classifier, estimator) if measured else None,
        )
    except Exception as error:  # whatever a classifier raises: the other experiments go on
        failed = time.perf_counter()
        spent = (failed - start, 0.0) if fitted is None else (fitted - start, failed - fitted)
        return Fold(np.empty(0, np.int64), None, *spent, classifier, [], f"{type(error).__name__}: {error}")


def _first_line(warning: python_warnings.WarningMessage) -> str:
    return str(warning.message).strip().splitlines()[0]
