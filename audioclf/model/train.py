"""Training: a cross-validation, then one fit on all clips."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

import numpy as np

from audioclf import parallel
from audioclf._version import __version__
from audioclf.comparison.compare import Comparison, compare
from audioclf.comparison.winner import final_classifier
from audioclf.dataset.clips import Dataset
from audioclf.errors import ModelError, SpecError
from audioclf.model.file import Facts
from audioclf.model.model import Model
from audioclf.results.schema import Failed


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
    return fit_on_all(compare(data, features, classifier, **options))


def fit_on_all(comparison: Comparison) -> Model:
    """Fit the experiment of a finished comparison on all clips.

    Parameters
    ----------
    comparison : Comparison
        Of one feature set with one classifier, and the baseline. With and without augmentation, the former is taken.

    Returns
    -------
    Model
        Its parameters are those that were asked for, or those that the search over all folds found.

    Raises
    ------
    ModelError
        If the experiment failed.

    Examples
    --------
    >>> fit_on_all(compare("demo", "centroid", "knn", cv=2))
    <Model: centroid with knn, labels birds, music, speech>
    """
    record = comparison.results.record
    asked = next((e for e in reversed(comparison.experiments) if not e.names.is_baseline), comparison.experiments[-1])
    experiment = next(e for e in record.experiments if e.identity == asked.names.identity)
    if isinstance(experiment, Failed):
        raise ModelError(f"{experiment.title} can't be trained: {experiment.error}")
    chosen = final_classifier(asked, experiment)
    material = comparison.sources.material(asked.extractors, chosen.takes, asked.augment is not None)
    with parallel.single_threaded():  # as in the folds, so that the numbers don't depend on the machine
        estimator = material.fit(chosen, record.seed, np.arange(len(material)))
    facts = Facts(
        features=experiment.features,
        classifier=chosen.spec,
        augment=asked.augment,
        audioclf=__version__,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        versions=record.versions,
        task=record.task,
        analysis=comparison.analysis,
        functionals=record.analysis.functionals,
        labels=list(material.task.labels),
        seed=record.seed,
        dataset=record.dataset,
        cv=record.cv,
        metrics=experiment.metrics,
    )
    return Model(estimator, facts, comparison)
