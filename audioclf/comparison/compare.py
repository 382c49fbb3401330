"""A comparison of feature sets and classifiers: its stages in order, each of which returns its part of the record."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from audioclf._version import __version__
from audioclf.augmentation import copies as augmentation
from audioclf.comparison import cautions, hindsight, holdout
from audioclf.comparison import record as records
from audioclf.comparison.checkpoints import Checkpoints
from audioclf.comparison.experiments import carry_out
from audioclf.comparison.insight import Insight, look_closer
from audioclf.comparison.preparation import Data, Prepared, prepare
from audioclf.comparison.protocol import Protocol, divide
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.comparison.sources import make_sources
from audioclf.comparison.timing import time_features
from audioclf.comparison.winner import compare_with_best, final_classifier, find_winner
from audioclf.dataset.clips import Dataset
from audioclf.dataset.load import load_dataset
from audioclf.dataset.repeats import refuse_repeats
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Sources
from audioclf.experiment.space import DEFAULT_BUDGET
from audioclf.experiment.task import task_of
from audioclf.features import functionals
from audioclf.features.extraction import Extraction
from audioclf.progress import Progress, silent
from audioclf.results.excerpts import clips_worth_hearing, make_excerpts
from audioclf.results.pictures import Excerpt
from audioclf.results.report import write_reports
from audioclf.results.results import Results
from audioclf.results.schema import Audit, Finished, Record
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore
from audioclf.validation.division import make_splits


class Comparison:
    """A finished comparison.

    Attributes
    ----------
    results : Results
        The record: what results.json holds.
    analysis : Analysis
        How recordings were analysed.
    sources : Sources
        The features of all clips, for fitting a final model.
    experiments : list of Experiment
        What was asked for; `results.record.experiments` are these, scored.
    checkpoints : Checkpoints
        Results of the experiments on disk, kept until the record is saved.
    """

    def __init__(
        self,
        results: Results,
        analysis: Analysis,
        sources: Sources,
        experiments: list[Experiment],
        checkpoints: Checkpoints,
    ) -> None:
        self.results = results
        self.experiments = experiments
        self.analysis = analysis
        self.sources = sources
        self.checkpoints = checkpoints

    @property
    def extraction(self) -> Extraction:
        """The features of all clips."""
        return self.sources.extraction

    def ranking(self) -> list[Finished]:
        """Return the experiments that finished, best first."""
        return self.results.ranking()

    @property
    def best(self) -> Finished | None:
        """The experiment at the head of the ranking."""
        return self.results.best

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write results.json into *folder*, and return its path; checkpoints are deleted once it is there."""
        path = self.results.save(folder)
        self.checkpoints.clear()
        return path

    def report(
        self, folder: str | os.PathLike[str], formats: Sequence[str] = ("html", "markdown", "png")
    ) -> list[Path]:
        """Write results.json and reports into *folder*; return the files, results.json first."""
        return [self.save(folder), *write_reports(self.results, folder, formats)]

    def __repr__(self) -> str:
        best, count = self.best, len(self.results.record.experiments)
        if best is None:
            return f"<Comparison: none of {count} experiments finished>"
        score = best.metrics[self.results.metric].mean
        told = "undefined" if score is None else f"{score:.3f}"
        return f"<Comparison: {count} experiments, best {best.title}, {self.results.metric} {told}>"


def compare(
    data: Data,
    features: str | Sequence[str] = "mfcc",
    classifiers: str | Sequence[str] = "svm",
    *,
    cv: int | str | None = None,
    repeats: int = 1,
    group_by: str | None = None,
    clip_seconds: float | None = None,
    naive_split_too: bool = False,
    tune: bool = False,
    grid: str | os.PathLike[str] | Mapping[str, Mapping[str, Sequence[Any]]] | None = None,
    budget: int = DEFAULT_BUDGET,
    test: Data | None = None,
    with_curve: bool = False,
    augment: str | None = None,
    augment_factor: int = augmentation.DEFAULT_FACTOR,
    augment_compare: bool = False,
    device: str | None = None,
    seed: int = 0,
    metric: str | None = None,
    sample_rate: int | None = None,
    frame_length: float = 0.025,
    hop_length: float = 0.010,
    window: str = "hamming",
    n_fft: int | None = None,
    pooled: str | Sequence[str] = functionals.DEFAULT,
    workers: int | None = 1,
    store: FeatureStore | None = None,
    resume: str | os.PathLike[str] | None = None,
    command: str = "",
    progress: Progress = silent,
) -> Comparison:
    """Cross-validate every feature set with every classifier, and the baseline (majority class).

    Parameters
    ----------
    data : Dataset, or what `load_dataset` takes
    features : str or sequence of str
        Specs of feature sets; text is split at commas.
    classifiers : str or sequence of str
        Specs of classifiers; text is split at commas. ``dummy`` is added.
    cv : int, "folds", "logo" or None
        See `audioclf.validation.division.make_splits`.
    repeats : int
        How often the folds are drawn anew.
    group_by : str, optional
        Regular expression that finds each clip's group in its name (see `audioclf.dataset.groups.group_by`), or "auto":
        groups are found by names and by sound. By default groups are the data set's.
    clip_seconds : float, optional
        Cut every recording into clips of this length, grouped by recording.
    naive_split_too : bool
        Also score every experiment on folds that ignore groups: how optimistic a leak would make the score.
    tune : bool
        Search each classifier's parameters within every training part (nested cross-validation).
    grid : path or mapping, optional
        What is searched in place of the classifiers' own spaces (see `audioclf.experiment.space.load_grid`); implies
        *tune*.
    budget : int
        Most candidates of a search.
    test : Dataset, or what `load_dataset` takes, optional
        The held-out test set: the winner answers its clips once, at the end.
    with_curve : bool
        Also score the winner with fewer training clips.
    augment : str, optional
        Effects for copies of the clips that train, as in "noise,pitch:semitones=2" (`audioclf.augmentation.copies`).
        Clips that test stay as they are.
    augment_factor : int
        Copies of each clip.
    augment_compare : bool
        Score every experiment without copies as well.
    device : str, optional
        What networks compute on: "auto", "cpu", "cuda" or "mps".
    seed : int
        Of the folds, of every classifier and of augmentation.
    metric : str, optional
        What ranks, and what is tuned for: one of `audioclf.results.metrics.RANKING`, by default accuracy; where clips
        have several labels one of `audioclf.results.metrics.TAG_RANKING`, by default average precision.
    sample_rate : int, optional
        Analysis rate in Hz; by default the lowest native rate, at most 22,050.
    frame_length, hop_length : float
        In seconds.
    window : str
    n_fft : int, optional
    pooled : str or sequence of str
        Functionals.
    workers : int or None
        Threads that compute features and look at recordings, and processes that fit; None is one per core. The
        numbers don't depend on it.
    store : FeatureStore, optional
        Where features are kept; by default nowhere.
    resume : path, optional
        Folder for the results of finished experiments while the run lasts; an interrupted run that is
        started again takes them from there.
    command : str
        For the record.
    progress : callable
        Called with a stage ("headers", "audit", "features", "copies", "experiments", "epochs"), how much is done, of
        how much, and a note; with "epochs" from another thread.

    Returns
    -------
    Comparison

    Raises
    ------
    SpecError
        If a spec or parameter is wrong.
    DatasetError
        If the data can't be used.

    Examples
    --------
    >>> comparison = compare("demo", features="centroid", classifiers="knn", cv=2)
    >>> [experiment.classifier for experiment in comparison.ranking()]
    ['knn', 'dummy']
    """
    settings = Settings(
        features=features,
        classifiers=classifiers,
        cv=cv,
        repeats=repeats,
        group_by=group_by,
        clip_seconds=clip_seconds,
        naive_split_too=naive_split_too,
        tune=tune,
        grid=grid,
        budget=budget,
        with_curve=with_curve,
        augment=augment,
        augment_factor=augment_factor,
        augment_compare=augment_compare,
        device=device,
        seed=seed,
        metric=metric,
        sample_rate=sample_rate,
        frame_length=frame_length,
        hop_length=hop_length,
        window=window,
        n_fft=n_fft,
        pooled=pooled,
    )
    around = Surroundings(store=store, workers=workers, resume=resume, command=command, progress=progress)
    return run(data, settings, around, test)


def run(
    data: Data,
    settings: Settings,
    around: Surroundings,
    test: Data | None = None,
) -> Comparison:
    """Compare as *settings* say; `compare` is the same with its options one by one.

    Parameters
    ----------
    data : Dataset, or what `load_dataset` takes
    settings : Settings
    around : Surroundings
    test : Dataset, or what `load_dataset` takes, optional
        The held-out test set: the winner answers its clips once, at the end.

    Raises
    ------
    SpecError
        If the settings don't suit the data.
    DatasetError
        If the data can't be used.

    Examples
    --------
    >>> run("demo", Settings(features="centroid", classifiers="knn", cv=2), Surroundings())
    <Comparison: 2 experiments, best centroid with knn, accuracy 0.825>
    """
    began = time.perf_counter()
    prepared, apart = _load(data, test, settings, around)
    analysis = settings.analysis(prepared.survey.rates.values())
    sources = make_sources(prepared, analysis, settings, around)
    protocol = divide(sources.extraction.clips, sources.task, settings)
    dataset = records.describe_dataset(prepared, sources.extraction, settings.group_by, settings.clip_seconds)
    facts = _facts(analysis, protocol, dataset.fingerprint, settings)
    checkpoints = Checkpoints(around.resume, facts, protocol.course, sources.task)
    experiments, metric = settings.experiments, protocol.course.metric
    carried = carry_out(experiments, sources, protocol, checkpoints, around, settings.clip_seconds is not None)
    timed = time_features(experiments, carried.experiments, prepared.survey, analysis, settings.pooling)
    scored, tests = compare_with_best(timed, metric, protocol.splits, dataset.n_groups is None)
    winner = find_winner(experiments, scored, metric)
    looking = time.perf_counter()
    insight, best = (
        (Insight(), None) if winner is None else (look_closer(*winner, sources, protocol, settings, around), winner[1])
    )
    audit = hindsight.audit(prepared, sources.task, best, sources.extraction.clips, metric, settings.seed)
    excerpts = _excerpts(prepared, sources, best, audit, around)
    looked = time.perf_counter()
    held_out = None
    if apart is not None and winner is not None:
        around.progress("held-out test", 0, 1, winner[0].title)
        chosen = replace(winner[0], classifier=final_classifier(*winner))
        held_out = holdout.answer_held_out(apart, chosen, sources, analysis, settings, around)
    lost = prepared.survey.skipped + sources.extraction.skipped
    record = Record(
        **records.heading("compare", settings.seed, around),
        task=sources.task.kind,
        metric=metric,
        augmentation=records.describe_augmentation(settings),
        analysis=records.describe_analysis(analysis, settings.pooling),
        dataset=dataset,
        cv=protocol.described,
        experiments=scored,
        tests=tests,
        test=held_out,
        audit=audit,
        importance=insight.importance,
        learning_curve=insight.learning_curve,
        projection=insight.projection,
        excerpts=excerpts,
        skipped=records.list_skipped(lost),
        warnings=[
            *protocol.splits.warnings,
            *cautions.of_recordings(prepared.survey, analysis, sources.task, audit.findings),
            *cautions.of_experiments(scored),
            *cautions.of_lost_clips(lost),
            *insight.left_out,
        ],
        timing={
            **records.time_features(prepared, sources.extraction),
            "fit_seconds": carried.fit_seconds,
            "score_seconds": carried.score_seconds,
            "insight_seconds": looked - looking,
            "total_seconds": time.perf_counter() - began,
            "workers": around.n_workers,
        },
    )
    return Comparison(Results(record), analysis, sources, list(experiments), checkpoints)


def _load(data: Data, test: Data | None, settings: Settings, around: Surroundings) -> tuple[Prepared, Prepared | None]:
    """Load and audit the data, and prepare the held-out test set; refuse what can't be compared."""
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    refuse_repeats(dataset)
    task = task_of(dataset)
    settings.metric_for(task)
    apart = None if test is None else test if isinstance(test, Dataset) else load_dataset(test)
    if apart is not None:
        holdout.check_labels(apart, dataset)
    how = settings.group_by, settings.clip_seconds, around.store, around.n_workers
    prepared = prepare(dataset, *how, around.progress)
    held_out = None if apart is None else prepare(apart, *how)
    # What can't be divided is refused before the work, not after.
    make_splits(prepared.survey.clips, settings.cv, settings.repeats, settings.seed, task.tags)
    return prepared, held_out


def _facts(analysis: Analysis, protocol: Protocol, digest: str, settings: Settings) -> list[Any]:
    """What the scores depend on, apart from the experiment and the folds."""
    effects = settings.effects
    facts = {
        "analysis": analysis.as_dict(),
        "functionals": list(settings.pooling),
        "metric": protocol.course.metric,
        "augmentation": None if effects is None else [effects.spec, effects.factor],
        "by_recording": settings.clip_seconds is not None,
    }
    return [__version__, digest, facts, settings.seed, records.package_versions()]


def _excerpts(
    prepared: Prepared, sources: Sources, best: Finished | None, audit: Audit, around: Surroundings
) -> list[Excerpt]:
    """Excerpts of the clips that the audit suspects and of those that the winner took for others."""
    by_name = {clip.name: clip for clip in (*prepared.dataset.clips, *sources.extraction.clips)}
    names = clips_worth_hearing([] if best is None else best.predictions, audit.findings)
    return make_excerpts([by_name[name] for name in names if name in by_name], workers=around.n_workers)
