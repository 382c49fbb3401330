"""Answers to held-out clips scored: an experiment's outcome as its entry in results.json (docs/results.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import structs
from audioclf.comparison.protocol import Protocol
from audioclf.dataset.clips import Clip
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course, Outcome
from audioclf.experiment.fitting import Fold as FittedFold
from audioclf.experiment.material import Sources
from audioclf.experiment.search import Choice
from audioclf.experiment.task import Probabilities, Task, Truth
from audioclf.results.schema import (
    ByRecording,
    Cost,
    Failed,
    Finished,
    Fold,
    History,
    Metric,
    Naive,
    NonNested,
    OfLabel,
    Parameters,
    Prediction,
    Spread,
    Tuning,
)
from audioclf.structs import finite
from audioclf.validation.inner import INNER_FOLDS
from audioclf.validation.splits import Split

Scores = dict[str, float | None]
"""By metric; None where it is undefined."""


@dataclass(frozen=True)
class Scored:
    """Scores of all answers together.

    Attributes
    ----------
    values : dict
        By metric.
    intervals : dict
        By metric, both ends of a 95 % interval; None where they are undefined.
    per_class : dict
        By label.
    confusion_matrix : list of list of int, or None
        Rows are the truth; None where clips have several labels.
    """

    values: Scores
    intervals: dict[str, tuple[float | None, float | None]]
    per_class: dict[str, OfLabel]
    confusion_matrix: list[list[int]] | None


def score_experiment(
    of: Experiment, outcome: Outcome, sources: Sources, protocol: Protocol, by_recording: bool = False
) -> Finished | Failed:
    """Return an experiment's scores, or why it failed.

    With *by_recording* also those of one answer for all clips of a recording.
    """
    names: dict[str, Any] = {
        "features": of.features,
        "classifier": of.classifier.spec,
        "augment": of.augment,
        "takes": of.classifier.takes,
        "n_features": sources.extraction.n_features(of.extractors, of.classifier.takes),
        "parameters": Parameters(
            features={extractor.spec: structs.plain(extractor.parameters) for extractor in of.extractors},
            classifier=structs.plain(of.classifier.parameters),
        ),
    }
    failed = _failure(outcome)
    if failed:
        return Failed(**names, error=failed)
    task, clips, splits = sources.task, sources.extraction.clips, protocol.splits.splits
    truth = task.truth(clips)
    rows = np.concatenate([split.test for split in splits])
    fold_scores = _fold_scores(task, truth, splits, outcome.folds)
    scored = score_answers(
        task,
        [clips[i] for i in rows],
        truth[rows],
        np.concatenate([fold.predicted for fold in outcome.folds]),
        _stacked([fold.probabilities for fold in outcome.folds]),
        protocol.course.seed,
        np.concatenate([np.full(len(split.test), i) for i, split in enumerate(splits)]),
    )
    return Finished(
        **names,
        warnings=sorted({warning for fold in outcome.folds for warning in fold.warnings}),
        metrics={name: _metric(fold_scores, name, ends) for name, ends in scored.intervals.items()},
        per_class=scored.per_class,
        confusion_matrix=scored.confusion_matrix,
        cost=_cost(outcome, splits),
        folds=[_fold(*each) for each in zip(splits, outcome.folds, fold_scores)],
        tuning=_tuning(of, outcome, protocol.course),
        naive=_naive(task, clips, outcome, protocol, by_recording),
        by_recording=_by_recording(task, clips, splits, outcome.folds) if by_recording else None,
        predictions=[
            row
            for split, fold in zip(splits, outcome.folds)
            for row in list_predictions(
                task, [clips[i] for i in split.test], fold.predicted, fold.probabilities, split.repeat, split.fold
            )
        ],
    )


def score_answers(
    task: Task,
    clips: Sequence[Clip],
    truth: Truth,
    predicted: Truth,
    probabilities: Probabilities | None,
    seed: int,
    folds: NDArray[np.int64] | None = None,
) -> Scored:
    """Score the answers to *clips* all together.

    Parameters
    ----------
    task : Task
    clips : sequence of Clip
        Resampled by their groups for the intervals.
    truth, predicted : ndarray, shape (n_clips,) or (n_clips, n_labels)
    probabilities : ndarray, shape (n_clips, n_labels), or None
    seed : int
    folds : ndarray of int, shape (n_clips,), optional
        Which model gave each answer, where it wasn't one for all.
    """
    units = [f"group {clip.group}" if clip.group is not None else f"clip {clip.name}" for clip in clips]
    ends = task.intervals(truth, predicted, probabilities, units, seed, folds)
    classes = task.by_label(truth, predicted, probabilities)
    matrix = task.confusion_matrix(truth, predicted)
    return Scored(
        values={name: finite(value) for name, value in task.scores(truth, predicted, probabilities).items()},
        intervals={name: _pair(ends.metrics.get(name) or (None, None)) for name in task.titles},
        confusion_matrix=None if matrix is None else matrix.tolist(),
        per_class={
            label: OfLabel(
                precision=finite(classes["precision"][i]),
                recall=finite(classes["recall"][i]),
                f1=finite(classes["f1"][i]),
                roc_auc=finite(classes["roc_auc"][i]),
                average_precision=finite(classes["average_precision"][i]),
                support=int(classes["support"][i]),
                intervals={name: list(_pair(values[i])) for name, values in ends.per_class.items()},
                **({"confusion": classes["confusion"][i].tolist()} if "confusion" in classes else {}),
            )
            for i, label in enumerate(task.labels)
        },
    )


def list_predictions(
    task: Task,
    clips: Iterable[Clip],
    predicted: Truth,
    probabilities: Probabilities | None,
    repeat: int = 0,
    fold: int | None = None,
) -> list[Prediction]:
    """Return what was answered to each of *clips*, and with which probabilities, rounded to six digits."""
    return [
        Prediction(
            path=clip.name,
            group=clip.group,
            repeat=repeat,
            fold=fold,
            label=clip.label,
            predicted=task.text(predicted[row]),
            probabilities=None
            if probabilities is None
            else {label: round(float(p), 6) for label, p in zip(task.labels, probabilities[row])},
        )
        for row, clip in enumerate(clips)
    ]


def _failure(outcome: Outcome) -> str:
    folds = [*outcome.folds, *outcome.naive]
    errors = [fold.error for fold in folds if fold.error]
    if errors:
        return (f"{len(errors)} of {len(folds)} folds failed; the first: " if len(folds) > 1 else "") + errors[0]
    return f"the search over all folds failed: {outcome.choice}" if isinstance(outcome.choice, str) else ""


def _fold_scores(task: Task, truth: Truth, splits: Sequence[Split], folds: Sequence[FittedFold]) -> list[Scores]:
    return [task.scores(truth[split.test], fold.predicted, fold.probabilities) for split, fold in zip(splits, folds)]


def _fold(split: Split, fold: FittedFold, scores: Scores) -> Fold:
    history = None if fold.history is None else structs.convert(structs.without_nan(fold.history), History)
    return Fold(
        repeat=split.repeat,
        fold=split.fold,
        n_train=len(split.train),
        n_test=len(split.test),
        **{name: finite(value) for name, value in scores.items()},
        fit_seconds=fold.fit_seconds,
        predict_seconds=fold.predict_seconds,
        spec=fold.classifier.spec,
        parameters=structs.plain(fold.classifier.parameters),
        inner_score=None if fold.choice is None else finite(fold.choice.score),
        history=history,
    )


def _metric(fold_scores: list[Scores], name: str, ends: tuple[float | None, float | None]) -> Metric:
    spread = _spread(fold_scores, name)
    return Metric(mean=spread.mean, std=spread.std, low=ends[0], high=ends[1])


def _spread(fold_scores: list[Scores], name: str) -> Spread:
    """Mean and standard deviation over the folds in which a metric is defined."""
    values = [value for scores in fold_scores if (value := scores[name]) is not None]
    if not values:
        return Spread(mean=None, std=None)
    return Spread(mean=finite(np.mean(values)), std=finite(np.std(values)))


def _stacked(parts: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _pair(ends: Iterable[float | None]) -> tuple[float | None, float | None]:
    low, high = ends
    return finite(low), finite(high)


def _cost(outcome: Outcome, splits: Sequence[Split]) -> Cost | None:
    """What the model of the first fold holds, and how long its answers take; features are timed later."""
    size = outcome.folds[0].size
    if size is None:
        return None
    waits = [fold.predict_seconds / len(split.test) for fold, split in zip(outcome.folds, splits)]
    return Cost(
        parameters=size.parameters,
        kilobytes=None if size.kilobytes is None else round(size.kilobytes, 3),
        features_ms=None,
        classifier_ms=round(1000 * float(np.median(waits)), 4),
    )


def _naive(task: Task, clips: Sequence[Clip], outcome: Outcome, protocol: Protocol, by_recording: bool) -> Naive | None:
    naive = protocol.naive
    if naive is None:
        return None
    scores = _fold_scores(task, task.truth(clips), naive.splits, outcome.naive)
    return Naive(
        kind=naive.kind,
        n_splits=naive.n_splits,
        repeats=naive.repeats,
        metrics={name: _spread(scores, name) for name in task.titles},
        by_recording=_by_recording(task, clips, naive.splits, outcome.naive) if by_recording else None,
    )


def _by_recording(
    task: Task, clips: Sequence[Clip], splits: Sequence[Split], folds: Sequence[FittedFold]
) -> ByRecording | None:
    """Scores of one answer for all clips of a recording with the same label, by the mean of their probabilities.

    The answers of all folds of a repeat go together; figures are means over repeats.
    """
    if any(fold.probabilities is None for fold in folds):
        return None
    truth = task.truth(clips)
    _, recordings = np.unique([f"{clip.path}\0{clip.label}" for clip in clips], return_inverse=True)
    found: list[Scores] = []
    for repeat in sorted({split.repeat for split in splits}):
        these = [(split, fold) for split, fold in zip(splits, folds) if split.repeat == repeat]
        rows = np.concatenate([split.test for split, _ in these])
        answers = np.concatenate([fold.probabilities for _, fold in these if fold.probabilities is not None])
        _, first, of, counts = np.unique(recordings[rows], return_index=True, return_inverse=True, return_counts=True)
        sums = np.zeros((len(first), answers.shape[1]))
        np.add.at(sums, of, answers)
        means = sums / counts[:, None]
        found.append(task.scores(truth[rows[first]], task.decide(means), means))
    return ByRecording(
        n_recordings=int(recordings.max()) + 1, metrics={name: _spread(found, name).mean for name in task.titles}
    )


def _tuning(of: Experiment, outcome: Outcome, course: Course) -> Tuning | None:
    choices = [fold.choice for fold in outcome.folds if fold.choice is not None]
    if not choices or not isinstance(outcome.choice, Choice):
        return None
    tried: dict[str, list[Any]] = {}
    for candidate in of.candidates:
        for name, value in candidate.parameters.items():
            if value not in tried.setdefault(name, []):
                tried[name].append(value)
    return Tuning(
        method=choices[0].method,
        metric=course.metric,
        candidates=len(of.candidates),
        budget=course.budget,
        inner_folds=INNER_FOLDS,
        fits=sum(choice.fits for choice in choices),
        space={name: structs.plain(values) for name, values in tried.items() if len(values) > 1},
        chosen=dict(Counter(fold.classifier.spec for fold in outcome.folds).most_common()),
        non_nested=NonNested(
            score=finite(outcome.choice.score),
            spec=outcome.choice.best.spec,
            parameters=structs.plain(outcome.choice.best.parameters),
        ),
    )
