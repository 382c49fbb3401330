"""A trained model: predict, save, and load without running code."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.audio import decode
from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError, MissingExtraError, ModelError
from audioclf.experiment.task import Task, task_named
from audioclf.features import functionals
from audioclf.features.extraction import extract
from audioclf.features.extractor import Extractor
from audioclf.features.inputs import column_names
from audioclf.features.specs import build_extractors
from audioclf.features.wanted import Wanted
from audioclf.model.file import FACTS, Facts, read_model, write_model
from audioclf.progress import Progress, silent
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.kernels.compiler import small_job
from audioclf.structs import DamagedError

if TYPE_CHECKING:
    from audioclf.comparison.compare import Comparison

_FEW, _SHORT = 16, 120.0  # clips, and seconds of them, for which numba isn't started


@dataclass(frozen=True)
class Prediction:
    """What a model says of one clip: the label, the probability of each, or the error that prevented it.

    Where clips have several labels, *label* is those that apply, joined by ";", and perhaps empty.
    """

    name: str
    label: str = ""
    probabilities: dict[str, float] | None = None
    error: str = ""


class Model:
    """A fitted classifier with its feature set.

    Attributes
    ----------
    facts : Facts
        What the file says of itself: features, classifier, analysis, labels, versions, the cross-validated
        scores and the data they were got on.
    comparison : Comparison or None
        The cross-validation that came before, if this model was just trained.
    path : Path or None
        The file it was read from.

    Examples
    --------
    >>> from audioclf.model.train import train
    >>> model = train("demo", features="centroid", classifier="knn", cv=2)
    >>> model.labels
    ['birds', 'music', 'speech']
    """

    def __init__(
        self, estimator: Any, facts: Facts, comparison: Comparison | None = None, path: Path | None = None
    ) -> None:
        self.estimator = estimator
        self.facts = facts
        self.comparison = comparison
        self.path = path

    @property
    def labels(self) -> list[str]:
        """The class names; columns of `predict_proba`."""
        return self.facts.labels

    @property
    def extractors(self) -> list[Extractor]:
        """The feature set's extractors."""
        return build_extractors(self.facts.features)

    @property
    def classifier(self) -> Classifier:
        """The recipe of the estimator."""
        return build_classifier(self.facts.classifier)

    @property
    def task(self) -> Task:
        """One label a clip, or several."""
        return task_named(self.facts.task, self.labels)

    @property
    def analysis(self) -> Analysis:
        """How recordings are analysed; the rate is the one of training."""
        return self.facts.analysis

    def predict_clips(
        self,
        clips: Iterable[Clip | str | os.PathLike[str]],
        workers: int = 1,
        progress: Progress = silent,
    ) -> list[Prediction]:
        """Return a prediction for every clip or file; one that can't be read carries its error."""
        listed = [clip if isinstance(clip, Clip) else Clip(Path(clip)) for clip in clips]
        extractors, takes = self.extractors, self.classifier.takes
        small = _is_small(listed)
        with small_job() if small else contextlib.nullcontext():
            extraction = extract(
                listed,
                self.analysis,
                Wanted.by([(extractors, takes)], functionals.parse(self.facts.functionals)),
                workers=1 if small else workers,
                progress=progress,
            )
        errors = iter(extraction.skipped)
        answers, rows = np.empty(0), np.empty((0, len(self.labels)))
        if extraction.clips:
            data = extraction.inputs(extractors, takes).select(np.arange(len(extraction.clips)))
            answers, rows = self._answers(data)
        found = iter(zip(extraction.clips, answers, rows))
        predictions = []
        pending = next(found, None)
        for clip in listed:
            if pending is not None and pending[0] is clip:
                _, answer, row = pending
                probabilities = {label: float(p) for label, p in zip(self.labels, row)}
                predictions.append(Prediction(clip.name, self.task.text(answer), probabilities))
                pending = next(found, None)
            else:
                predictions.append(Prediction(clip.name, error=next(errors)[1]))
        return predictions

    def _answers(self, inputs: Any) -> tuple[Any, NDArray[np.float64]]:
        """The answers to the inputs of some clips, and the probabilities, shape (n_clips, n_labels)."""
        try:
            with parallel.single_threaded():
                answers, probabilities = self.task.answers(self.estimator, inputs)
        except Exception as error:
            if self.path is None:
                raise
            # An estimator that was put together from a damaged file, or by other packages, fails in any way.
            raise ModelError(
                f"{self.path}: the estimator can't answer: {_in_a_line(error)}; {_origin(self.facts)}"
            ) from error
        assert probabilities is not None
        return answers, probabilities

    def predict(self, clips: Iterable[Clip | str | os.PathLike[str]]) -> NDArray[np.object_]:
        """Return the label of each clip or file, shape (n_clips,).

        Raises
        ------
        AudioError
            If one can't be read.
        """
        return np.array([prediction.label for prediction in self._all(clips)], dtype=object)

    def predict_proba(self, clips: Iterable[Clip | str | os.PathLike[str]]) -> NDArray[np.float64]:
        """Return the probability of each label, shape (n_clips, n_labels), rows summing to 1.

        Raises
        ------
        AudioError
            If one can't be read.
        """
        rows = [list((prediction.probabilities or {}).values()) for prediction in self._all(clips)]
        return np.array(rows, dtype=np.float64).reshape(-1, len(self.labels))

    def _all(self, clips: Iterable[Clip | str | os.PathLike[str]]) -> list[Prediction]:
        if isinstance(clips, (str, os.PathLike, Clip)):
            clips = [clips]
        predictions = self.predict_clips(clips)
        for prediction in predictions:
            if prediction.error:
                raise AudioError(prediction.error)
        return predictions

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the model to one file, whole or not at all, and return its path.

        The file is a ZIP archive of ``model.json`` (`facts`) and the members that the classifier makes of the
        estimator (`Classifier.pack`).
        """
        return write_model(path, self.facts, self.classifier.pack(self.estimator))

    def __repr__(self) -> str:
        return f"<Model: {self.facts.title}, labels {', '.join(self.labels)}>"


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file. No code from the file is run: its types must be on a fixed list.

    Raises
    ------
    ModelError
        If it isn't a model file, is damaged, was written by a later version, or holds types that aren't trusted.
    SpecError
        If it names features or a classifier that aren't known here.
    MissingExtraError
        If its classifier needs a package that isn't installed.
    """
    path = Path(path)
    facts, members = read_model(path)
    try:
        estimator = _unpacked(facts, members, path)
        _check_fit(estimator, facts)
    except MissingExtraError:
        raise
    except ModelError as error:
        raise ModelError(f"{path}: {error}; it was not loaded") from error
    except Exception as error:  # scikit-learn and skops raise many kinds for a damaged or foreign file
        raise ModelError(f"{path}: can't be loaded: {_in_a_line(error)}; {_origin(facts)}") from error
    return Model(estimator, facts, path=path)


def _unpacked(facts: Facts, members: Mapping[str, bytes], path: Path) -> Any:
    """The estimator; one warning, not scikit-learn's for each of its parts, if another version trained it."""
    with warnings.catch_warnings(record=True) as caught:
        estimator = build_classifier(facts.classifier).unpack(members)
    other = [warning for warning in caught if not str(warning.message).startswith("Trying to unpickle estimator")]
    for warning in other:
        warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    if len(other) < len(caught):
        warnings.warn(f"{path}: {_origin(facts)}; its answers may differ", stacklevel=3)
    return estimator


def _check_fit(estimator: Any, facts: Facts) -> None:
    """Raise `ModelError` if an estimator answers other labels, or takes other features, than a model's facts say."""
    classes = getattr(estimator, "classes_", None)
    if classes is None or not hasattr(estimator, "predict_proba"):
        raise ModelError(f"holds no fitted classifier, but {type(estimator).__name__}")
    misfit = task_named(facts.task, facts.labels).misfit(classes)
    if misfit:
        raise ModelError(f"{FACTS}: $.labels: {misfit}")
    takes = build_classifier(facts.classifier).takes
    width = len(column_names(takes, build_extractors(facts.features), facts.functionals))
    wanted = getattr(estimator, "n_features_in_", width)
    if wanted != width:
        raise ModelError(
            f"{FACTS}: $.features: {facts.features} gives {width} numbers, but the estimator takes {wanted}"
        )


def _in_a_line(error: Exception) -> str:
    """What an error says; its kind too, unless it is our own."""
    text = " ".join(str(error).split())
    return text if isinstance(error, DamagedError) else f"{type(error).__name__}: {text}"


def _origin(facts: Facts) -> str:
    """Name the version of scikit-learn that a model was trained with, and the one installed here."""
    from importlib.metadata import version

    return (
        f"it was trained with scikit-learn {facts.versions.get('scikit-learn', 'of unknown version')}, "
        f"and {version('scikit-learn')} is installed here"
    )


def _is_small(clips: Sequence[Clip]) -> bool:
    """Whether plain NumPy has the features of all clips before numba has started."""
    seconds = 0.0
    for clip in clips if len(clips) <= _FEW else ():
        with contextlib.suppress(AudioError):
            seconds += decode.probe(clip.path).duration
    return len(clips) <= _FEW and seconds <= _SHORT
