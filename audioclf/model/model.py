"""A trained model: predict, save, and load without running code."""

from __future__ import annotations

import contextlib
import json
import os
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel, structs
from audioclf._version import __version__
from audioclf.audio import decode
from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.dataset.clips import Clip, Dataset
from audioclf.errors import AudioError, MissingExtraError, ModelError, SpecError
from audioclf.experiment.task import Task, task_of
from audioclf.features import functionals
from audioclf.features.extraction import extract, select
from audioclf.features.extractor import Extractor
from audioclf.features.specs import build_extractors
from audioclf.features.wanted import Wanted
from audioclf.files import write_whole
from audioclf.progress import Progress, silent
from audioclf.results.names import identity, title
from audioclf.spectra.kernels import compiler
from audioclf.spectra.spectra import Analysis

if TYPE_CHECKING:
    from audioclf.comparison.compare import Comparison

SCHEMA = 1
_FACTS = "model.json"
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
    facts : dict
        What the file says of itself: features, classifier, analysis, labels, versions, the cross-validated
        scores and the data they were got on.
    comparison : Comparison or None
        The cross-validation that came before, if this model was just trained.

    Examples
    --------
    >>> model = train("demo", features="centroid", classifier="knn", cv=2)
    >>> model.labels
    ['birds', 'music', 'speech']
    """

    def __init__(self, estimator: Any, facts: dict[str, Any], comparison: Comparison | None = None) -> None:
        self.estimator = estimator
        self.facts = facts
        self.comparison = comparison

    @property
    def labels(self) -> list[str]:
        """The class names; columns of `predict_proba`."""
        return self.facts["labels"]

    @property
    def extractors(self) -> list[Extractor]:
        """The feature set's extractors."""
        return build_extractors(self.facts["features"])

    @property
    def classifier(self) -> Classifier:
        """The recipe of the estimator."""
        return build_classifier(self.facts["classifier"])

    @property
    def task(self) -> Task:
        """One label a clip, or several."""
        return task_of(self.labels, self.facts.get("task") == "multi-label")

    @property
    def analysis(self) -> Analysis:
        """How recordings are analysed; the rate is the one of training."""
        return Analysis(**self.facts["analysis"])

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
        with compiler.small_job() if small else contextlib.nullcontext():
            extraction = extract(
                listed,
                self.analysis,
                Wanted.by([(extractors, takes)], functionals.parse(self.facts["functionals"])),
                workers=1 if small else workers,
                progress=progress,
            )
        errors = iter(extraction.skipped)
        answers, rows = np.empty(0), np.empty((0, len(self.labels)))
        if extraction.clips:
            lengths = extraction.lengths if takes == "sequences" else None
            data = select(extraction.inputs(extractors, takes), lengths, np.arange(len(extraction.clips)))
            with parallel.single_threaded():
                answers, sure = self.task.answers(self.estimator, data)
            assert sure is not None
            rows = sure
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
        path = Path(path)
        members = self.classifier.pack(self.estimator)
        with write_whole(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_FACTS, json.dumps(self.facts, indent=1, ensure_ascii=False))
            for name, content in members.items():
                archive.writestr(name, content)
        return path

    def __repr__(self) -> str:
        return f"<Model: {title(self.facts)}, labels {', '.join(self.labels)}>"


def train(
    data: Dataset | str | os.PathLike[str],
    features: str = "mfcc",
    classifier: str = "svm",
    **options: Any,
) -> Model:
    """Cross-validate one feature set with one classifier, then fit on all clips.

    Parameters
    ----------
    data, features, classifier
        As for `audioclf.comparison.compare`, but one feature set and one classifier.
    **options
        All other parameters of `compare`.

    Returns
    -------
    Model
        Its `comparison` holds the cross-validation.

    Raises
    ------
    SpecError, DatasetError
        As `compare`; also ModelError if the experiment failed.
    """
    if not isinstance(features, str) or "," in features or not isinstance(classifier, str) or "," in classifier:
        raise SpecError("train takes one feature set and one classifier; compare takes several")
    from audioclf.comparison.compare import compare, final_classifier  # here, for predicting doesn't need it

    comparison = compare(data, features, classifier, **options)
    record = comparison.results.record
    name = build_classifier(classifier).name
    asked = next(e for e in reversed(comparison.experiments) if e.classifier.name == name)
    experiment = next(e for e in record["experiments"] if identity(e) == asked.names.identity)
    if experiment["status"] != "ok":
        raise ModelError(f"{title(experiment)} can't be trained: {experiment['error']}")
    chosen = final_classifier(comparison.results, asked)
    material = comparison.sources.material(asked.extractors, chosen.takes, asked.augment is not None)
    with parallel.single_threaded():  # as in the folds, so that the numbers don't depend on the machine
        estimator = material.fit(chosen, record["seed"], np.arange(len(material)))
    facts = {
        "schema": SCHEMA,
        "audioclf": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": record["versions"],
        "features": experiment["features"],
        "classifier": chosen.spec,
        "augment": asked.augment,
        "task": material.task.kind,
        "analysis": comparison.analysis.as_dict(),
        "functionals": record["analysis"]["functionals"],
        "labels": list(material.task.labels),
        "seed": record["seed"],
        "dataset": structs.plain(record["dataset"]),
        "cv": structs.plain(record["cv"]),
        "metrics": structs.plain(experiment["metrics"]),
    }
    return Model(estimator, facts, comparison)


def _is_small(clips: Sequence[Clip]) -> bool:
    """Whether plain NumPy has the features of all clips before numba has started."""
    seconds = 0.0
    for clip in clips if len(clips) <= _FEW else ():
        with contextlib.suppress(AudioError):
            seconds += decode.probe(clip.path).duration
    return len(clips) <= _FEW and seconds <= _SHORT


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file. No code from the file is run: its types must be on a fixed list.

    Raises
    ------
    ModelError
        If it isn't a model file, was written by a later version, or holds types that aren't trusted.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelError(f"{path}: no such model file; audioclf train writes one into its --out folder")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        facts = json.loads(members.pop(_FACTS))
        schema, spec = facts["schema"], facts["classifier"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise ModelError(
            f"{path}: not a model file of audioclf; give the model.audioclf that a training wrote"
        ) from error
    if schema > SCHEMA:
        raise ModelError(f"{path}: written by a later audioclf ({facts.get('audioclf')}); upgrade to use it")
    classifier = build_classifier(spec)
    try:
        estimator = classifier.unpack(members)
    except ModelError as error:
        raise ModelError(f"{path}: {error}; it was not loaded") from error
    except MissingExtraError:
        raise
    except Exception as error:  # scikit-learn and skops raise many kinds for a damaged or foreign file
        raise ModelError(
            f"{path}: can't be loaded with the packages installed here ({type(error).__name__}: {error}); "
            f"it was trained with scikit-learn {facts.get('versions', {}).get('scikit-learn', 'of unknown version')}"
        ) from error
    return Model(estimator, facts)
