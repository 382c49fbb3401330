"""Classifiers fitted on the folds of a comparison: what is to be done, and what came of it, over processes."""

from __future__ import annotations

import tempfile
import time
import warnings as python_warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import parallel
from audioclf.classifier.contract import Classifier
from audioclf.classifier.footprint import Footprint, footprint
from audioclf.experiment import search
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Material, Sources
from audioclf.experiment.search import Choice
from audioclf.experiment.space import DEFAULT_BUDGET
from audioclf.experiment.task import Probabilities, Truth
from audioclf.progress import EpochListener, listening_to, telling_into
from audioclf.validation.splits import Split

_EPOCHS = "epochs"


@dataclass(frozen=True)
class Course:
    """What every experiment goes through.

    Attributes
    ----------
    splits : sequence of Split
        Of the cross-validation. Experiments with candidates search on the inner splits of each.
    naive : sequence of Split
        Of one that ignores groups; empty if it isn't asked for.
    metric : str
        What the search maximises.
    seed : int
    budget : int
        Most candidates of a search.
    """

    splits: Sequence[Split]
    naive: Sequence[Split] = ()
    metric: str = "accuracy"
    seed: int = 0
    budget: int = DEFAULT_BUDGET


@dataclass(frozen=True)
class Fold:
    """What came of one fold: a row per test clip, columns in the order of the sorted labels.

    Attributes
    ----------
    predicted : ndarray, shape (n_test,) or (n_test, n_labels)
        As `Task.answers` gives it; of a fold that failed, shape (0,).
    probabilities : ndarray of float64, shape (n_test, n_labels), or None
    fit_seconds, predict_seconds : float
    classifier : Classifier
        With the parameters that were used.
    warnings : tuple of str
        Sorted, each once.
    error : str
        Why it failed; empty if it didn't.
    choice : Choice or None
        What the search within the training clips chose, if there was one.
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
    warnings: tuple[str, ...] = ()
    error: str = ""
    choice: Choice | None = None
    history: dict[str, Any] | None = None
    size: Footprint | None = None

    @classmethod
    def failed(cls, classifier: Classifier, error: Exception, fit_seconds: float, predict_seconds: float = 0.0) -> Fold:
        """Return a fold without answers, and why there are none."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, None, fit_seconds, predict_seconds, classifier, error=_told(error))


@dataclass(frozen=True)
class Outcome:
    """What came of one experiment.

    Attributes
    ----------
    folds, naive : tuple of Fold
        In the order of the course's splits.
    choice : Choice, str or None
        What a search over the very folds chose that are tested: the parameters for a final model, and an optimistic
        score. Text says why it failed; None if nothing was searched.
    """

    folds: tuple[Fold, ...]
    naive: tuple[Fold, ...] = ()
    choice: Choice | str | None = None


@dataclass(frozen=True)
class _Job:
    """One fit or search: of which experiment, what of it, what to call it in progress, a function and its arguments."""

    experiment: int
    part: tuple[str, int]  # "search", "fold" or "naive", and its number
    name: str
    call: tuple[Any, ...]


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
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        jobs = _jobs(experiments, sources, course, workers, folder)
        waiting = {i: {job.part for job in jobs if job.experiment == i} for i in range(len(experiments))}
        results: dict[tuple[int, tuple[str, int]], Any] = {}
        calls = [(folder / _EPOCHS, job.name, *job.call) for job in jobs]
        finished = parallel.share_out(_call, calls, workers)
        with listening_to(folder / _EPOCHS, epochs):
            for done in range(len(jobs)):
                progress(done, len(jobs), experiments[jobs[done].experiment].title)
                position, result = next(finished)
                i, part = jobs[position].experiment, jobs[position].part
                results[i, part] = result
                waiting[i].remove(part)
                if not waiting[i]:
                    folds = tuple(results.pop((i, ("fold", n))) for n in range(len(course.splits)))
                    naive = tuple(results.pop((i, ("naive", n))) for n in range(len(course.naive)))
                    yield i, Outcome(folds, naive, results.pop((i, ("search", 0)), None))
            finished.close()
    progress(len(jobs), len(jobs), "")


def _jobs(
    experiments: Sequence[Experiment], sources: Sources, course: Course, workers: int, folder: Path
) -> list[_Job]:
    """What is to be done. One worker goes through the experiments as they come; for several the long jobs come first.

    Experiments with the same input share one array, for several workers a file in *folder*.
    """
    materials: dict[tuple[str, str, bool], Material] = {}
    for experiment in experiments:
        key = _input(experiment)
        if key not in materials:
            materials[key] = sources.material(experiment.extractors, experiment.classifier.takes, key[-1], folder)
    order = list(range(len(experiments)))
    if workers > 1:
        order.sort(key=lambda i: -_effort(experiments[i], materials[_input(experiments[i])].size))
    return [job for i in order for job in _jobs_of(i, experiments[i], materials[_input(experiments[i])], course)]


def _jobs_of(number: int, experiment: Experiment, material: Material, course: Course) -> Iterator[_Job]:
    """What is to be done for one experiment."""
    candidates, metric, seed = experiment.candidates, course.metric, course.seed
    if candidates:
        whole = (_search, candidates, material, course.splits, metric, seed)
        yield _Job(number, ("search", 0), experiment.title, whole)
    parts = [("fold", n) for n in range(len(course.splits))] + [("naive", n) for n in range(len(course.naive))]
    for position, (part, split) in enumerate(zip(parts, [*course.splits, *course.naive])):
        call: tuple[Any, ...] = (_fit_fold, experiment.classifier, material, split, seed, position == 0)
        if candidates:
            call = (_tune_fold, candidates, material, split, metric, seed, position == 0)
        yield _Job(number, part, f"{experiment.title}, fold {position + 1} of {len(parts)}", call)


def _effort(experiment: Experiment, size: int) -> float:
    return experiment.classifier.effort * size * max(1, len(experiment.candidates))


def _input(experiment: Experiment) -> tuple[str, str, bool]:
    """What names the material that an experiment learns from: several classifiers may share it."""
    return experiment.features, experiment.classifier.takes, experiment.augment is not None


def _call(page: Path, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    with telling_into(page, name):
        return function(*arguments)


def _search(
    candidates: tuple[Classifier, ...], material: Material, splits: Sequence[Split], metric: str, seed: int
) -> Choice | str:
    try:
        return search.search(candidates, material, splits, metric, seed)
    except Exception as error:  # the folds fail as well, and say it
        return _told(error)


def _tune_fold(
    candidates: tuple[Classifier, ...], material: Material, split: Split, metric: str, seed: int, measured: bool
) -> Fold:
    """Search among the split's training clips, fit what was chosen on all of them and predict its test clips."""
    start = time.perf_counter()
    try:
        choice = search.search(candidates, material, split.inner, metric, seed)
    except Exception as error:
        return Fold.failed(candidates[0], error, time.perf_counter() - start)
    fold = _fit_fold(choice.best, material, split, seed, measured)
    return replace(
        fold,
        fit_seconds=time.perf_counter() - start - fold.predict_seconds,
        warnings=tuple(sorted({*fold.warnings, *choice.warnings})),
        choice=choice,
    )


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
            tuple(sorted(told)),
            history=getattr(estimator, "history_", None),
            size=footprint(classifier, estimator) if measured else None,
        )
    except Exception as error:  # whatever a classifier raises: the other experiments go on
        failed = time.perf_counter()
        spent = (failed - start, 0.0) if fitted is None else (fitted - start, failed - fitted)
        return Fold.failed(classifier, error, *spent)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _first_line(warning: python_warnings.WarningMessage) -> str:
    return str(warning.message).strip().splitlines()[0]
