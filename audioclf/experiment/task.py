"""What is asked of a classifier: one label a clip, or several. Nobody else branches on which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.finding import Finding
from audioclf.classifier.contract import Classifier
from audioclf.dataset.clips import Clip, Dataset, tag_matrix
from audioclf.results import metrics
from audioclf.statistics import scores, tags
from audioclf.statistics.areas import class_areas
from audioclf.statistics.intervals import Intervals, score_intervals

Truth = NDArray[Any]
"""Codes of the labels, int (n_clips,); or which labels apply, bool (n_clips, n_labels)."""

Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Task(ABC):
    """The labels, and how classifiers learn them, answer, and are scored.

    Parameters
    ----------
    labels : tuple of str
        Sorted: the columns of probabilities.
    """

    kind: ClassVar[Literal["multi-class", "multi-label"]]
    """Its name in results.json and in models."""
    titles: ClassVar[dict[str, str]]
    """Its metrics, in words."""
    ranking: ClassVar[tuple[str, ...]]
    """Those that can rank, the first by default."""
    balanced: ClassVar[str]
    """The metric of these in which a rare label counts as much as a frequent one, for explorations."""
    has_classes: ClassVar[bool]
    """Whether a clip is of one class, so that classes can be compared, confused, and told apart in a projection."""

    labels: tuple[str, ...]

    @property
    def tags(self) -> list[str] | None:
        """The labels of which a clip may carry several, as `audioclf.validation` takes them; None if it has a class."""
        return None if self.has_classes else list(self.labels)

    def meant(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings of an audit that mean something here: those of classes only if there are classes."""
        return [finding for finding in findings if self.has_classes or not finding.of_classes]

    @abstractmethod
    def truth(self, clips: Sequence[Clip]) -> Truth:
        """Return what is true of each clip: codes, int (n_clips,), or which labels apply, bool (n_clips, n_labels)."""

    @abstractmethod
    def target(self, truth: Truth) -> NDArray[Any]:
        """Return *truth* as an estimator's ``fit`` takes it: names, (n_clips,), or bool, (n_clips, n_labels)."""

    @abstractmethod
    def build(self, classifier: Classifier, seed: int, calibrated: bool = True) -> Any:
        """Return a new estimator; without *calibrated* probabilities if only its labels will be used."""

    @abstractmethod
    def misfit(self, classes: Iterable[Any]) -> str:
        """Say why a fitted estimator's ``classes_`` can't be these labels; empty if they can."""

    @abstractmethod
    def answers(self, estimator: Any, inputs: Any) -> tuple[Truth, Probabilities | None]:
        """Return what a fitted estimator says of each clip, and the probabilities of all labels if it has any.

        Parameters
        ----------
        estimator : classifier
            It may not have seen all labels.
        inputs : ndarray or list of ndarray
            As `audioclf.features.inputs.Inputs.select` gives them.

        Returns
        -------
        answers : ndarray
            Shaped as the truth.
        probabilities : ndarray of float64, shape (n_clips, n_labels), or None
        """

    @abstractmethod
    def decide(self, probabilities: Probabilities) -> Truth:
        """Return the answers that go with probabilities (n_clips, n_labels)."""

    def score(self, metric: str, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> float:
        """Return one metric; NaN where it is undefined."""
        value = self.scores(truth, predicted, probabilities)[metric]
        return np.nan if value is None else float(value)

    @abstractmethod
    def scores(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, float | None]:
        """Return all metrics; None for those that are undefined."""

    @abstractmethod
    def intervals(
        self,
        truth: Truth,
        predicted: Truth,
        probabilities: Probabilities | None,
        units: Sequence[str],
        seed: int,
        folds: NDArray[np.int64] | None,
    ) -> Intervals:
        """Return 95 % intervals of all metrics, and of precision, recall and F1 of each label."""

    @abstractmethod
    def by_label(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, NDArray[Any]]:
        """Return precision, recall, f1, support, roc_auc and average_precision, each (n_labels,); NaN if undefined.

        Where clips have several labels also ``confusion``, (n_labels, 2, 2): [[true negatives, false positives], [false
        negatives, true positives]].
        """

    @abstractmethod
    def confusion_matrix(self, truth: Truth, predicted: Truth) -> NDArray[np.int64] | None:
        """Return how often each label was taken for each, rows the truth; None where clips have several."""

    @abstractmethod
    def text(self, answer: Any) -> str:
        """Return one clip's row of the truth, or of answers, as a manifest would write it."""

    def texts(self, answers: Truth) -> NDArray[np.str_]:
        """Return `text` of every row."""
        return np.array([self.text(answer) for answer in answers], dtype=np.str_)


class OneLabel(Task):
    """Each clip is of one class.

    >>> task = OneLabel(("bird", "music"))
    >>> task.decide(np.array([[0.2, 0.8]])), task.text(1)
    (array([1]), 'music')
    """

    kind = "multi-class"
    titles = metrics.TITLES
    ranking = metrics.RANKING
    balanced = "balanced_accuracy"
    has_classes = True

    def truth(self, clips: Sequence[Clip]) -> Truth:
        place = {label: code for code, label in enumerate(self.labels)}
        return np.array([place[clip.label] for clip in clips], dtype=np.int64)

    def target(self, truth: Truth) -> NDArray[Any]:
        return np.array(self.labels)[truth]

    def build(self, classifier: Classifier, seed: int, calibrated: bool = True) -> Any:
        return classifier.build(seed) if calibrated else classifier.build_uncalibrated(seed)

    def misfit(self, classes: Iterable[Any]) -> str:
        strange = [str(label) for label in classes if label not in self.labels]
        return f"lacks {', '.join(strange)}, which the estimator answers" if strange else ""

    def answers(self, estimator: Any, inputs: Any) -> tuple[Truth, Probabilities | None]:
        if not hasattr(estimator, "predict_proba"):
            return np.searchsorted(self.labels, estimator.predict(inputs)), None
        seen = estimator.predict_proba(inputs)
        probabilities = np.zeros((len(seen), len(self.labels)))
        probabilities[:, np.searchsorted(self.labels, estimator.classes_)] = seen
        return self.decide(probabilities), probabilities

    def decide(self, probabilities: Probabilities) -> Truth:
        return probabilities.argmax(axis=1)

    def score(self, metric: str, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> float:
        counted = scores.overall(self.confusion_matrix(truth, predicted))
        if metric in counted:  # without the others, which take longer: a permuted fold is scored hundreds of times
            return float(counted[metric])
        return super().score(metric, truth, predicted, probabilities)

    def scores(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, float | None]:
        return scores.score_predictions(truth, predicted, probabilities, len(self.labels))

    def intervals(
        self,
        truth: Truth,
        predicted: Truth,
        probabilities: Probabilities | None,
        units: Sequence[str],
        seed: int,
        folds: NDArray[np.int64] | None,
    ) -> Intervals:
        return score_intervals(truth, predicted, probabilities, units, len(self.labels), seed, folds)

    def by_label(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, NDArray[Any]]:
        counted = scores.per_class(self.confusion_matrix(truth, predicted))
        if probabilities is None:
            areas = dict.fromkeys(("roc_auc", "average_precision"), np.full(len(self.labels), np.nan))
        else:
            areas = class_areas(truth, probabilities, len(self.labels))
        return {**counted, **areas}

    def confusion_matrix(self, truth: Truth, predicted: Truth) -> NDArray[np.int64]:
        return scores.confusion_matrix(truth, predicted, len(self.labels))

    def text(self, answer: Any) -> str:
        return self.labels[answer]


class SeveralLabels(Task):
    """Each clip has any number of labels, tags; each is decided on by itself, from a probability of 0.5.

    >>> task = SeveralLabels(("live", "rock"))
    >>> task.text(task.decide(np.array([[0.5, 0.8]]))[0])
    'live;rock'
    """

    kind = "multi-label"
    titles = metrics.TAG_TITLES
    ranking = metrics.TAG_RANKING
    balanced = "average_precision"
    has_classes = False

    def truth(self, clips: Sequence[Clip]) -> Truth:
        return tag_matrix(clips, self.labels)

    def target(self, truth: Truth) -> NDArray[Any]:
        return truth

    def build(self, classifier: Classifier, seed: int, calibrated: bool = True) -> Any:
        return classifier.build_multilabel(seed)

    def misfit(self, classes: Iterable[Any]) -> str:
        numbers = list(classes)  # of the columns of the truth
        strange = [str(number) for number in numbers if number not in range(len(self.labels))]
        if strange:
            return f"lacks {', '.join(strange)}, which the estimator answers"
        if len(numbers) != len(self.labels):
            return f"{len(self.labels)} of them, but the estimator knows {len(numbers)}"
        return ""

    def answers(self, estimator: Any, inputs: Any) -> tuple[Truth, Probabilities | None]:
        probabilities = np.asarray(estimator.predict_proba(inputs), dtype=np.float64)
        return self.decide(probabilities), probabilities

    def decide(self, probabilities: Probabilities) -> Truth:
        return probabilities >= 0.5

    def scores(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, float | None]:
        return tags.score_tags(truth, predicted, probabilities)

    def intervals(
        self,
        truth: Truth,
        predicted: Truth,
        probabilities: Probabilities | None,
        units: Sequence[str],
        seed: int,
        folds: NDArray[np.int64] | None,
    ) -> Intervals:
        return tags.tag_intervals(truth, predicted, probabilities, units, seed, folds)

    def by_label(self, truth: Truth, predicted: Truth, probabilities: Probabilities | None) -> dict[str, NDArray[Any]]:
        return tags.per_label(truth, predicted, probabilities)

    def confusion_matrix(self, truth: Truth, predicted: Truth) -> None:
        return None

    def text(self, answer: Any) -> str:
        return ";".join(label for label, applies in zip(self.labels, answer) if applies)


TASKS: dict[str, type[Task]] = {kind.kind: kind for kind in (OneLabel, SeveralLabels)}


def task_of(dataset: Dataset) -> Task:
    """Return the task of learning a data set's labels.

    >>> from pathlib import Path
    >>> task_of(Dataset("two", [Clip(Path("1.wav"), "b"), Clip(Path("2.wav"), "a")])).labels
    ('a', 'b')
    """
    return (SeveralLabels if dataset.multilabel else OneLabel)(tuple(dataset.labels))


def task_named(kind: str, labels: Sequence[str]) -> Task:
    """Return the task that a record or a model names, "multi-class" or "multi-label".

    >>> task_named("multi-label", ["rock", "live"])
    SeveralLabels(labels=('live', 'rock'))
    """
    return TASKS[kind](tuple(sorted(labels)))
