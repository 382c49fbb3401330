"""An exploration: what is in a data set, and what is wrong with it, before anything is compared."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec.structs
import numpy as np
from numpy.typing import NDArray

from audioclf.audio import decode
from audioclf.audit.finding import Finding
from audioclf.audit.sources import auto_groups
from audioclf.classifier.contract import build_classifier
from audioclf.comparison import hindsight
from audioclf.comparison import record as records
from audioclf.comparison.preparation import Data, Prepared, prepare
from audioclf.comparison.projection import projection
from audioclf.comparison.protocol import Protocol
from audioclf.comparison.scoring import score_experiment
from audioclf.comparison.settings import ExplorationSettings, Surroundings
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError, DatasetError
from audioclf.experiment import fitting
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course
from audioclf.experiment.material import Sources
from audioclf.experiment.task import task_of
from audioclf.features import functionals
from audioclf.features.extraction import Extraction, extract
from audioclf.features.specs import build_extractors
from audioclf.features.survey import Survey
from audioclf.features.wanted import Wanted
from audioclf.progress import Progress, silent
from audioclf.results.excerpts import clips_worth_hearing, make_excerpts
from audioclf.results.pictures import Portrait
from audioclf.results.portrait import LONGEST, portrait
from audioclf.results.report import write_run
from audioclf.results.results import Results
from audioclf.results.schema import CrossValidation, Failed, Finished, Projection, Record, Reference
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore
from audioclf.validation.division import make_splits, naive_splits
from audioclf.validation.splits import Splits

FEATURES = "mfcc+spectral"
CLASSIFIER = "svm"
"""The reference model, which doubts labels and prices leaks: quick, and good enough for its errors to be telling."""
_MOST_PORTRAITS = 50


@dataclass(frozen=True)
class Exploration:
    """A finished exploration.

    Attributes
    ----------
    results : Results
        The record: what results.json holds.
    """

    results: Results

    @property
    def findings(self) -> list[Finding]:
        """What the audit found, the serious first."""
        audit = self.results.record.audit
        return [] if audit is None else audit.findings

    def report(
        self, folder: str | os.PathLike[str], formats: Sequence[str] = ("html", "markdown", "png")
    ) -> list[Path]:
        """Write results.json and reports into *folder*; return the files, results.json first."""
        return write_run(self.results, folder, formats)

    def __repr__(self) -> str:
        serious = sum(finding.severity == "serious" for finding in self.findings)
        return f"<Exploration: {len(self.findings)} findings, {serious} of them serious>"


def explore(
    data: Data,
    *,
    group_by: str | None = None,
    seed: int = 0,
    sample_rate: int | None = None,
    frame_length: float = 0.025,
    hop_length: float = 0.010,
    window: str = "hamming",
    n_fft: int | None = None,
    workers: int | None = 1,
    store: FeatureStore | None = None,
    command: str = "",
    progress: Progress = silent,
) -> Exploration:
    """Audit a data set: leaks, shortcuts, quality, and labels that are likely wrong.

    A reference model (`FEATURES` with `CLASSIFIER`, cross-validated) doubts labels, and shows what ignoring groups
    would make of a score. It is no recommendation.

    Parameters
    ----------
    data : Dataset, or what `load_dataset` takes
        Clips may stand twice in a manifest; that is a finding.
    group_by : str, optional
        As for `audioclf.compare`.
    seed : int
    sample_rate, frame_length, hop_length, window, n_fft
        As for `compare`: of the reference model and the pictures.
    workers, store, command, progress
        As for `compare`.

    Raises
    ------
    SpecError
        If a parameter is wrong.
    DatasetError
        If the data can't be used.

    Examples
    --------
    >>> [finding.kind for finding in explore("demo").findings if finding.severity == "serious"]
    []
    """
    settings = ExplorationSettings(
        group_by=group_by,
        seed=seed,
        sample_rate=sample_rate,
        frame_length=frame_length,
        hop_length=hop_length,
        window=window,
        n_fft=n_fft,
    )
    return run(data, settings, Surroundings(store=store, workers=workers, command=command, progress=progress))


def run(data: Data, settings: ExplorationSettings, around: Surroundings) -> Exploration:
    """Explore as *settings* say; `explore` is the same with its options one by one.

    Raises
    ------
    DatasetError
        If the data can't be used.
    """
    began = time.perf_counter()
    prepared = prepare(data, settings.group_by, None, around.store, around.n_workers, around.progress)
    survey = prepared.survey
    analysis = settings.analysis(survey.rates.values())
    reference = Experiment(FEATURES, tuple(build_extractors(FEATURES)), build_classifier(CLASSIFIER))
    sources = _sources(prepared, reference, analysis, around)
    clips, task = sources.extraction.clips, sources.task
    metric = task.balanced
    around.progress("reference", 0, 1, reference.title)
    scored, notes = _score_reference(reference, sources, prepared, settings.seed, around.n_workers)
    audit = hindsight.audit(prepared, task, scored, clips, metric, settings.seed)
    around.progress("pictures", 0, 1, "")
    by_name = {clip.name: clip for clip in survey.clips}
    suspects = [by_name[name] for name in clips_worth_hearing([], audit.findings) if name in by_name]
    vectors = sources.extraction.inputs(reference.extractors, "vectors").array
    record = Record(
        **records.heading("explore", settings.seed, around),
        task=task.kind,
        metric=metric,
        analysis=records.describe_analysis(analysis, functionals.DEFAULT),
        dataset=records.describe_dataset(prepared, sources.extraction, settings.group_by, clips=survey.clips),
        cv=CrossValidation(kind="none", n_splits=0, repeats=0),
        experiments=[],
        reference=None if scored is None else _described(scored),
        audit=audit,
        projection=_project(scored, clips, vectors, settings.seed) if task.has_classes else None,
        portraits=_portraits(sources.extraction, survey, vectors, analysis),
        excerpts=make_excerpts(suspects, workers=around.n_workers),
        skipped=records.list_skipped(survey.skipped + sources.extraction.skipped),
        warnings=notes,
        timing={
            **records.time_features(prepared, sources.extraction),
            "total_seconds": time.perf_counter() - began,
            "workers": around.n_workers,
        },
    )
    return Exploration(Results(record))


def _sources(prepared: Prepared, reference: Experiment, analysis: Analysis, around: Surroundings) -> Sources:
    """What the reference model learns from: clips that stand twice count once."""
    survey, dataset = prepared.survey, prepared.dataset
    extraction = extract(
        list(dict.fromkeys(survey.clips)),
        analysis,
        Wanted(reference.extractors),
        store=around.store,
        workers=around.n_workers,
        progress=around.progress,
        facts=survey.facts,
    )
    if not extraction.clips:
        raise DatasetError(f"none of the recordings of {dataset.name} can be analysed: {extraction.skipped[0][1]}")
    return Sources(task_of(replace(dataset, clips=extraction.clips)), extraction)


def _score_reference(
    reference: Experiment, sources: Sources, prepared: Prepared, seed: int, workers: int
) -> tuple[Finished | None, list[str]]:
    """Cross-validate the reference model, by group and, beside it, as if no groups were known; or say why not.

    Where no groups are known but clips look cut from one recording, these are the groups.
    """
    clips, labels = sources.extraction.clips, sources.task.tags
    if all(clip.group is None for clip in clips):
        groups = auto_groups(prepared.survey.clips, prepared.measured)
        names = {clip.name: group for clip, group in zip(prepared.survey.clips, groups)}
        if len(set(names.values())) < len(names):
            clips = [replace(clip, group=names[clip.name]) for clip in clips]
    try:
        splits = _splits(clips, seed, labels)
    except DatasetError as error:
        return None, [f"labels were not doubted, for no reference model could be tested: {error}"]
    naive = naive_splits(clips, splits, seed, labels)
    protocol = Protocol(splits, naive, Course(splits.splits, () if naive is None else naive.splits, seed=seed))
    grouped = replace(sources, extraction=replace(sources.extraction, clips=clips))
    [(_, outcome)] = fitting.run([reference], grouped, protocol.course, workers)
    scored = score_experiment(reference, outcome, grouped, protocol)
    if isinstance(scored, Failed):
        return None, [f"labels were not doubted, for the reference model failed: {scored.error}"]
    return scored, []


def _described(scored: Finished) -> Reference:
    return Reference(features=scored.features, classifier=scored.classifier, metrics=scored.metrics, naive=scored.naive)


def _splits(clips: Sequence[Clip], seed: int, tags: list[str] | None) -> Splits:
    """Five folds, or as many as there can be."""
    for n_splits in (5, 4, 3):
        try:
            return make_splits(clips, n_splits, seed=seed, labels=tags)
        except DatasetError:
            continue
    return make_splits(clips, 2, seed=seed, labels=tags)


def _project(scored: Finished | None, clips: Sequence[Clip], vectors: NDArray[np.float32], seed: int) -> Projection:
    said = {} if scored is None else {row.path: row.predicted for row in scored.predictions}
    predicted = [said.get(clip.name, "") for clip in clips] if said else None
    return projection(clips, vectors, [clip.label for clip in clips], predicted, FEATURES, seed)


def _portraits(
    extraction: Extraction, survey: Survey, vectors: NDArray[np.float32], analysis: Analysis
) -> list[Portrait]:
    """A typical clip of each class: the one nearest to the middle of its class."""
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    labels = np.array([clip.label for clip in extraction.clips])
    durations = dict(zip(survey.clips, survey.durations))
    portraits = []
    for label in sorted(set(labels))[:_MOST_PORTRAITS]:
        members = np.flatnonzero(labels == label)
        far = np.square(scaled[members] - np.median(scaled[members], axis=0)).sum(axis=1)
        clip = extraction.clips[members[int(far.argmin())]]
        with contextlib.suppress(AudioError):  # it could be read before
            portraits.append(portrait_of(clip, durations[clip], analysis))
    return portraits


def portrait_of(clip: Clip, duration: float, analysis: Analysis) -> Portrait:
    """Read the beginning of a clip of *duration* seconds and compute its pictures.

    Raises
    ------
    AudioError
        If it can't be read.
    """
    end = (clip.start or 0.0) + LONGEST if duration > LONGEST else clip.end
    signal = decode.read(clip.path, analysis.sample_rate, clip.start, end)
    return msgspec.structs.replace(portrait(signal, analysis, clip.label, clip.name), duration=round(duration, 4))
