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
from numpy.typing import NDArray

from audioclf import parallel, tuning
from audioclf.classifier import Classifier
from audioclf.extraction import Extraction, select
from audioclf.extractor import Extractor
from audioclf.insight import predictions
from audioclf.results import title
from audioclf.tuning import Found
from audioclf.validation import Split


@dataclass(frozen=True)
class Experiment:
    """One feature set with one classifier.

    Attributes
    ----------
    features : str
        Spec of the feature set.
    extractors : tuple of Extractor
    classifier : Classifier
    candidates : tuple of Classifier
        What the search may choose from when the experiment is tuned; empty if it isn't.
    """

    features: str
    extractors: tuple[Extractor, ...]
    classifier: Classifier
    candidates: tuple[Classifier, ...] = ()

    @property
    def title(self) -> str:
        """Such as ``mfcc+gfcc with svm``."""
        return title({"features": self.features, "classifier": self.classifier.spec})


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
    budget: int = tuning.DEFAULT_BUDGET


@dataclass
class Fold:
    """What came of one fold: a row per test clip, columns in the order of the sorted labels.

    Attributes
    ----------
    predicted : ndarray of int, shape (n_test,)
    probabilities : ndarray, shape (n_test, n_labels), or None
    fit_seconds, predict_seconds : float
    classifier : Classifier
        With the parameters that were used.
    warnings : list of str
    error : str
        Why it failed; empty if it didn't.
    inner : Found or None
        What the search within the training clips found, if there was one.
    """

    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None
    fit_seconds: float
    predict_seconds: float
    classifier: Classifier
    warnings: list[str]
    error: str = ""
    inner: Found | None = None


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
    extraction: Extraction,
    course: Course,
    workers: int,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each experiment and its outcome, in the order in which they are finished.

    Parameters
    ----------
    experiments : sequence of Experiment
    extraction : Extraction
    course : Course
    workers : int
        Processes. The numbers don't depend on it.
    progress : callable
        Called with the jobs done, the jobs in all, and the title of the experiment that is worked on.
    """
    kept: dict[int, dict[tuple[str, int], Any]] = {i: {} for i in range(len(experiments))}
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as folder:
        jobs, calls = _calls(experiments, extraction, course, workers, Path(folder))
        expected = {i: sum(job[0] == i for job in jobs) for i in kept}
        outcomes = parallel.share_out(_call, calls, workers)
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
    experiments: Sequence[Experiment], extraction: Extraction, course: Course, workers: int, folder: Path
) -> tuple[list[tuple[int, str, int]], list[tuple[Any, ...]]]:
    """Return what is to be done, as an experiment, a kind and a number, and `_call`'s arguments for each.

    One worker goes through the experiments as they come. For several the long jobs come first.
    """
    truth = np.array([clip.label for clip in extraction.clips])
    inputs: dict[tuple[str, str], parallel.Shared] = {}
    for experiment in experiments:
        key = _input(experiment)
        if key not in inputs:
            matrix = extraction.inputs(experiment.extractors, experiment.classifier.takes)
            inputs[key] = parallel.Shared(matrix, folder)
    order = list(range(len(experiments)))
    if workers > 1:
        order.sort(key=lambda i: -_effort(experiments[i], inputs[_input(experiments[i])].array.size))
    jobs: list[tuple[int, str, int]] = []
    calls: list[tuple[Any, ...]] = []
    for i in order:
        experiment = experiments[i]
        lengths = extraction.lengths if experiment.classifier.takes == "sequences" else None
        data = (inputs[_input(experiment)], lengths, truth)
        tuned = bool(experiment.candidates)
        if tuned:
            jobs.append((i, "search", 0))
            calls.append((_search, experiment.candidates, *data, course.splits, course.metric, course.seed))
        kinds = [("fold", n) for n in range(len(course.splits))] + [("naive", n) for n in range(len(course.naive))]
        for position, ((kind, n), split) in enumerate(zip(kinds, [*course.splits, *course.naive])):
            jobs.append((i, kind, n))
            if tuned:
                inner = course.inner[position]
                calls.append((_tune_fold, experiment.candidates, *data, split, inner, course.metric, course.seed))
            else:
                calls.append((_fit_fold, experiment.classifier, *data, split, course.seed))
    return jobs, calls


def _effort(experiment: Experiment, size: int) -> float:
    return experiment.classifier.effort * size * max(1, len(experiment.candidates))


def _input(experiment: Experiment) -> tuple[str, str]:
    """What names the array that an experiment learns from: several classifiers may share it."""
    return experiment.features, experiment.classifier.takes


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def _search(
    candidates: tuple[Classifier, ...],
    inputs: parallel.Shared,
    lengths: NDArray[np.int64] | None,
    truth: NDArray[np.str_],
    splits: list[Split],
    metric: str,
    seed: int,
) -> Found | str:
    try:
        return tuning.search(candidates, inputs.array, lengths, truth, splits, metric, seed)
    except Exception as error:  # the folds fail as well, and say it
        return f"{type(error).__name__}: {error}"


def _tune_fold(
    candidates: tuple[Classifier, ...],
    inputs: parallel.Shared,
    lengths: NDArray[np.int64] | None,
    truth: NDArray[np.str_],
    split: Split,
    inner: list[Split],
    metric: str,
    seed: int,
) -> Fold:
    """Search among the split's training clips, fit what was found on all of them and predict its test clips."""
    start = time.perf_counter()
    try:
        found = tuning.search(candidates, inputs.array, lengths, truth, inner, metric, seed)
    except Exception as error:
        spent = time.perf_counter() - start
        return Fold(np.empty(0, np.int64), None, spent, 0.0, candidates[0], [], f"{type(error).__name__}: {error}")
    fold = _fit_fold(found.best, inputs, lengths, truth, split, seed)
    fold.fit_seconds = time.perf_counter() - start - fold.predict_seconds
    fold.warnings = sorted({*fold.warnings, *found.warnings})
    fold.inner = found
    return fold


def _fit_fold(
    classifier: Classifier,
    inputs: parallel.Shared,
    lengths: NDArray[np.int64] | None,
    truth: NDArray[np.str_],
    split: Split,
    seed: int,
) -> Fold:
    """Fit on the split's training clips and predict its test clips."""
    start = time.perf_counter()
    fitted: float | None = None
    try:
        with python_warnings.catch_warnings(record=True) as caught:
            python_warnings.simplefilter("always")
            estimator = classifier.build(seed)
            estimator.fit(select(inputs.array, lengths, split.train), truth[split.train])
            fitted = time.perf_counter()
            predicted, probabilities = predictions(
                estimator, select(inputs.array, lengths, split.test), np.unique(truth)
            )
            told = {_first_line(w) for w in caught if issubclass(w.category, (UserWarning, RuntimeWarning))}
            spent = (fitted - start, time.perf_counter() - fitted)
            return Fold(predicted, probabilities, *spent, classifier, sorted(told))
    except Exception as error:  # whatever a classifier raises: the other experiments go on
        failed = time.perf_counter()
        spent = (failed - start, 0.0) if fitted is None else (fitted - start, failed - fitted)
        return Fold(np.empty(0, np.int64), None, *spent, classifier, [], f"{type(error).__name__}: {error}")


def _first_line(warning: python_warnings.WarningMessage) -> str:
    return str(warning.message).strip().splitlines()[0]
