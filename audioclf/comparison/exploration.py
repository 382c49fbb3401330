"""What is in a data set, and what is wrong with it, before anything is compared."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec.structs
import numpy as np

from audioclf import structs
from audioclf.audio import decode
from audioclf.audit.examine import examine
from audioclf.audit.finding import Finding
from audioclf.audit.sources import auto_groups
from audioclf.classifier.contract import build_classifier
from audioclf.comparison import hindsight
from audioclf.comparison import record as records
from audioclf.comparison.preparation import Prepared, prepare
from audioclf.comparison.projection import projection
from audioclf.comparison.settings import ExplorationSettings, Surroundings
from audioclf.dataset.clips import Clip, Dataset
from audioclf.dataset.digest import content_digest
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
from audioclf.results import excerpts
from audioclf.results.pictures import Portrait
from audioclf.results.portrait import LONGEST, portrait
from audioclf.results.report import write_run
from audioclf.results.results import Results
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore
from audioclf.validation.division import make_splits, naive_splits
from audioclf.validation.splits import Splits

FEATURES = "mfcc+spectral"
CLASSIFIER = "svm"
"""What listens when labels are doubted and leaks are priced: quick, and good enough to be surprised."""
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
        return self.results.record["audit"]["findings"]

    def report(
        self, folder: str | os.PathLike[str], formats: Sequence[str] = ("html", "markdown", "png")
    ) -> list[Path]:
        """Write results.json and reports into *folder*; return the files, results.json first."""
        return write_run(self.results, folder, formats)

    def __repr__(self) -> str:
        serious = sum(finding["severity"] == "serious" for finding in self.findings)
        return f"<Exploration: {len(self.findings)} findings, {serious} of them serious>"


def explore(
    data: Dataset | str | os.PathLike[str],
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
        As for `audioclf.comparison.compare`.
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
    >>> [finding["kind"] for finding in explore("demo").findings if finding["severity"] == "serious"]
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


def run(
    data: Dataset | str | os.PathLike[str], settings: ExplorationSettings, surroundings: Surroundings
) -> Exploration:
    """Explore as *settings* say; `explore` is the same with its options one by one.

    Raises
    ------
    DatasetError
        If the data can't be used.
    """
    began = time.perf_counter()
    workers, store, progress = surroundings.n_workers, surroundings.store, surroundings.progress
    group_by, seed = settings.group_by, settings.seed
    prepared = prepare(data, group_by, None, store, workers, progress)
    found, dataset = prepared.found, prepared.dataset
    analysis = settings.analysis(found.rates.values())
    extractors = tuple(build_extractors(FEATURES))
    extraction = extract(
        list(dict.fromkeys(found.clips)),
        analysis,
        Wanted(extractors),
        store=store,
        workers=workers,
        progress=progress,
        facts=found.facts,
    )
    if not extraction.clips:
        raise DatasetError(f"none of the recordings of {dataset.name} can be analysed: {extraction.skipped[0][1]}")
    task = task_of(replace(dataset, clips=extraction.clips))
    findings = task.meant(examine(found.clips, prepared.measured, seed))
    progress("reference", 0, 1, f"{FEATURES} with {CLASSIFIER}")
    experiment = Experiment(FEATURES, extractors, build_classifier(CLASSIFIER))
    reference, warnings = _reference(experiment, Sources(task, extraction), prepared, seed, workers)
    if reference is not None:
        found_later = (
            hindsight.doubtful_labels(reference, extraction.clips) if task.has_classes else None,
            hindsight.cost_of_leak(reference, task.balanced),
        )
        findings += filter(None, found_later)
    findings.sort(key=lambda finding: finding.severity != "serious")
    told = [structs.plain(finding) for finding in findings]
    vectors = extraction.inputs(extractors, "vectors").array
    by_name = {clip.name: clip for clip in found.clips}
    progress("pictures", 0, 1, "")
    chosen = [by_name[name] for name in excerpts.pick([], told) if name in by_name]
    record = {
        **records.heading("explore", seed, surroundings.command),
        "task": task.kind,
        "metric": task.balanced,
        "analysis": {**analysis.as_dict(), "functionals": list(functionals.DEFAULT)},
        "dataset": {
            **records.dataset(
                dataset, found.clips, found, content_digest(Dataset(dataset.name, extraction.clips), extraction.hashes)
            ),
            "grouped_by": group_by,
            "clip_seconds": None,
        },
        "cv": {"kind": "none", "n_splits": 0, "repeats": 0, "tuned": False},
        "experiments": [],
        "reference": reference and {name: reference[name] for name in ("features", "classifier", "metrics", "naive")},
        "skipped": [{"path": name, "why": why} for name, why in found.skipped + extraction.skipped],
        "warnings": warnings,
        "audit": {"findings": told, "checked": {"clips": len(found.clips)}},
        "projection": _projection(reference, extraction, vectors, seed) if task.has_classes else None,
        "portraits": _portraits(extraction, found, vectors, analysis),
        "excerpts": excerpts.make_excerpts(chosen, workers=workers),
    }
    record["timing"] = {
        "decode_seconds": prepared.header_seconds + extraction.timing["decode"],
        "audit_seconds": prepared.audit_seconds,
        "extract_seconds": extraction.timing["extract"],
        "store_seconds": extraction.timing["store"],
        "total_seconds": time.perf_counter() - began,
        "workers": workers,
    }
    return Exploration(Results(record))


def _reference(
    experiment: Experiment, sources: Sources, prepared: Prepared, seed: int, workers: int
) -> tuple[dict[str, Any] | None, list[str]]:
    """Cross-validate the reference model, by group and, beside it, as if no groups were known.

    Where no groups are known but clips look cut from one recording, these are the groups.
    """
    clips = sources.extraction.clips
    tags = sources.task.tags
    if all(clip.group is None for clip in clips):
        groups = auto_groups(prepared.found.clips, prepared.measured)
        names = {clip.name: group for clip, group in zip(prepared.found.clips, groups)}
        if len(set(names.values())) < len(names):
            clips = [replace(clip, group=names[clip.name]) for clip in clips]
    try:
        splits = _splits(clips, seed, tags)
    except DatasetError as error:
        return None, [f"labels were not doubted, for no reference model could be tested: {error}"]
    naive = naive_splits(clips, splits, seed, tags)
    course = Course(splits.splits, [] if naive is None else naive.splits, seed=seed)
    grouped = replace(sources, extraction=replace(sources.extraction, clips=clips))
    [(_, outcome)] = fitting.run([experiment], grouped, course, workers)
    record = records.experiment(experiment, outcome, grouped, splits, naive, course)
    if record["status"] != "ok":
        return None, [f"labels were not doubted, for the reference model failed: {record['error']}"]
    return record, []


def _splits(clips: Sequence[Clip], seed: int, tags: list[str] | None) -> Splits:
    """Five folds, or as many as there can be."""
    for n_splits in (5, 4, 3):
        try:
            return make_splits(clips, n_splits, seed=seed, labels=tags)
        except DatasetError:
            continue
    return make_splits(clips, 2, seed=seed, labels=tags)


def _projection(
    reference: dict[str, Any] | None, extraction: Extraction, vectors: Any, seed: int
) -> dict[str, Any] | None:
    said = {row["path"]: row["predicted"] for row in reference["predictions"]} if reference else {}
    labels = np.array([clip.label for clip in extraction.clips])
    predicted = [said.get(clip.name, "") for clip in extraction.clips] if said else None
    return projection(extraction.clips, vectors, labels, predicted, FEATURES, seed)


def _portraits(extraction: Extraction, found: Survey, vectors: Any, analysis: Analysis) -> list[dict[str, Any]]:
    """A typical clip of each class: the one nearest to the middle of its class."""
    spread = vectors.std(axis=0)
    scaled = (vectors - vectors.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    labels = np.array([clip.label for clip in extraction.clips])
    durations = dict(zip(found.clips, found.durations))
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
