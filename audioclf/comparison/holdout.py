"""Clips kept apart from everything: the winner of a comparison answers them once, at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from audioclf import parallel, structs
from audioclf.classifier.contract import Classifier
from audioclf.comparison import record
from audioclf.comparison.preparation import Prepared
from audioclf.dataset.clips import Dataset
from audioclf.errors import DatasetError
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Sources
from audioclf.features.extraction import Extraction, extract
from audioclf.features.wanted import Wanted
from audioclf.progress import Progress, silent
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore


def check_labels(test: Dataset, data: Dataset) -> None:
    """Refuse test clips with labels that can't have been learnt from *data*.

    Raises
    ------
    DatasetError
        Naming the label, or that clips have several.
    """
    name, labels = f"--test {test.source or test.name}", data.labels
    if test.multilabel and not data.multilabel:
        raise DatasetError(f"{name}: its clips have several labels, those to learn from have one each")
    foreign = sorted(set(test.labels) - set(labels))
    if foreign:
        raise DatasetError(
            f"{name}: class '{foreign[0]}' isn't among those to learn "
            f"({', '.join(labels[:8])}{', ...' if len(labels) > 8 else ''}); name it as there, or leave its clips out"
        )


def answer(
    test: Prepared,
    experiment: Experiment,
    classifier: Classifier,
    training: Sources,
    analysis: Analysis,
    pooled: tuple[str, ...],
    seed: int,
    store: FeatureStore | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit on all clips of *training*, answer those of *test*, and return the record.

    Parameters
    ----------
    test : Prepared
        Clips with labels that *training* has.
    experiment : Experiment
        Whose features are used.
    classifier : Classifier
        With the parameters to use.
    training : Sources
        With the experiment's features.
    analysis, pooled
        As in *training*.
    seed : int
    store, workers, progress
        As for `audioclf.features.extraction.extract`.

    Raises
    ------
    DatasetError
        If no test clip can be read.
    """
    takes, extractors = classifier.takes, experiment.extractors
    found = test.found
    asked = extract(
        found.clips,
        analysis,
        Wanted.by([(extractors, takes)], pooled),
        store=store,
        workers=workers,
        progress=progress,
        facts=found.facts,
    )
    if not asked.clips:
        lost = found.skipped + asked.skipped
        raise DatasetError(f"--test {test.dataset.name}: none of its clips can be read; the first: {lost[0][1]}")
    task = training.task
    material = training.material(extractors, takes, experiment.augment is not None)
    questions = Sources(task, asked).material(extractors, takes)
    with parallel.single_threaded():
        estimator = material.fit(classifier, seed, np.arange(len(material)))
        predicted, probabilities = questions.answers(estimator, np.arange(len(questions)))
    scored = record.score(task, asked.clips, questions.truth, predicted, probabilities, seed)
    told = replace(test.dataset, clips=asked.clips)
    groups = {clip.group for clip in asked.clips if clip.group is not None}
    return {
        "source": test.dataset.source or test.dataset.name,
        "n_clips": len(asked.clips),
        "n_groups": len(groups) or None,
        **structs.plain(experiment.names),
        "classifier": classifier.spec,
        "parameters": classifier.parameters,
        "metrics": {
            name: {"value": scored["values"][name], "low": ends[0], "high": ends[1]}
            for name in task.titles
            for ends in [scored["intervals"][name]]
        },
        "per_class": scored["per_class"],
        "confusion_matrix": scored["confusion_matrix"],
        "predictions": record.predictions(task, asked.clips, predicted, probabilities),
        "warnings": _warnings(training.extraction, asked, task.labels, told, found.skipped + asked.skipped),
    }


def _warnings(
    training: Extraction, asked: Extraction, labels: Sequence[str], heard: Dataset, skipped: list[tuple[str, str]]
) -> list[str]:
    notes = []
    hashes = set(training.hashes.values())
    known = [clip.name for clip in asked.clips if asked.hashes[clip.path] in hashes]
    if known:
        notes.append(
            f"{len(known)} of the test clips come from recordings that are among those to learn from, for example "
            f"{known[0]}: the score is too good"
        )
    shared = {clip.group for clip in asked.clips} & {clip.group for clip in training.clips} - {None}
    if shared:
        notes.append(
            f"{len(shared)} group{'s have' if len(shared) > 1 else ' has'} clips in both sets, for example "
            f"{sorted(map(str, shared))[0]}: the score says nothing of new groups"
        )
    absent = sorted(set(labels) - set(heard.labels))
    if absent:
        notes.append(f"the test set has no clips of {', '.join(absent[:8])}{', ...' if len(absent) > 8 else ''}")
    if skipped:
        clips = f"{len(skipped)} test clip{'s' * (len(skipped) > 1)}"
        notes.append(f"{clips} left out: they can't be read; the first: {skipped[0][1]}")
    return notes
