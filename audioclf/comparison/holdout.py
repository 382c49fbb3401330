"""Held-out test set: the winner of a comparison answers its clips once, at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audioclf import parallel, structs
from audioclf.comparison.preparation import Prepared
from audioclf.comparison.scoring import list_predictions, score_answers
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.comparison.sources import wanted
from audioclf.dataset.clips import Dataset
from audioclf.errors import DatasetError
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Sources
from audioclf.features.extraction import Extraction, extract
from audioclf.results.schema import HeldOut, Value
from audioclf.spectra.analysis import Analysis


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


def answer_held_out(
    test: Prepared,
    experiment: Experiment,
    training: Sources,
    analysis: Analysis,
    settings: Settings,
    around: Surroundings,
) -> HeldOut:
    """Fit on all clips of *training* and score the answers to those of *test*.

    Parameters
    ----------
    test : Prepared
        Clips with labels that *training* has.
    experiment : Experiment
        With the classifier to fit.
    training : Sources
        With the experiment's features.
    analysis, settings
        As of *training*.
    around : Surroundings
        Its progress isn't told.

    Raises
    ------
    DatasetError
        If no test clip can be read.
    """
    classifier, extractors, seed = experiment.classifier, experiment.extractors, settings.seed
    survey = test.survey
    asked = extract(
        survey.clips,
        analysis,
        wanted([experiment], settings.pooling),
        store=around.store,
        workers=around.n_workers,
        facts=survey.facts,
    )
    lost = survey.skipped + asked.skipped
    if not asked.clips:
        raise DatasetError(f"--test {test.dataset.name}: none of its clips can be read; the first: {lost[0][1]}")
    task = training.task
    material = training.material(extractors, classifier.takes, experiment.augment is not None)
    questions = Sources(task, asked).material(extractors, classifier.takes)
    with parallel.single_threaded():
        estimator = material.fit(classifier, seed, np.arange(len(material)))
        predicted, probabilities = questions.answers(estimator, np.arange(len(questions)))
    scored = score_answers(task, asked.clips, questions.truth, predicted, probabilities, seed)
    groups = {clip.group for clip in asked.clips if clip.group is not None}
    return HeldOut(
        source=test.dataset.source or test.dataset.name,
        n_clips=len(asked.clips),
        n_groups=len(groups) or None,
        features=experiment.features,
        classifier=classifier.spec,
        augment=experiment.augment,
        parameters=structs.plain(classifier.parameters),
        metrics={
            name: Value(value=scored.values[name], low=low, high=high) for name, (low, high) in scored.intervals.items()
        },
        per_class=scored.per_class,
        confusion_matrix=scored.confusion_matrix,
        predictions=list_predictions(task, asked.clips, predicted, probabilities),
        warnings=_warnings(training.extraction, asked, task.labels, replace(test.dataset, clips=asked.clips), lost),
    )


def _warnings(
    training: Extraction, asked: Extraction, labels: Sequence[str], test: Dataset, skipped: list[tuple[str, str]]
) -> list[str]:
    notes = []
    hashes = set(training.hashes.values())
    known = [clip.name for clip in asked.clips if asked.hashes[clip.path] in hashes]
    if known:
        notes.append(
            f"{len(known)} of the test clips come from recordings that are among those to learn from, for example "
            f"{known[0]}: the score is optimistic"
        )
    shared = {clip.group for clip in asked.clips} & {clip.group for clip in training.clips} - {None}
    if shared:
        notes.append(
            f"{len(shared)} group{'s have' if len(shared) > 1 else ' has'} clips in both sets, for example "
            f"{sorted(map(str, shared))[0]}: the score says nothing of new groups"
        )
    absent = sorted(set(labels) - set(test.labels))
    if absent:
        notes.append(f"the test set has no clips of {', '.join(absent[:8])}{', ...' if len(absent) > 8 else ''}")
    if skipped:
        clips = f"{len(skipped)} test clip{'s' * (len(skipped) > 1)}"
        notes.append(f"{clips} left out: they can't be read; the first: {skipped[0][1]}")
    return notes
