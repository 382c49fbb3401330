"""Feature sets × classifiers × folds: out-of-fold predictions and scores."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import structs
from audioclf._version import __version__
from audioclf.audit.examine import examine
from audioclf.augmentation import copies as augmentation
from audioclf.augmentation.copies import Augmentation
from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.comparison import hindsight, holdout
from audioclf.comparison import record as records
from audioclf.comparison._draft import Draft
from audioclf.comparison.importance import permutation_importance
from audioclf.comparison.learning_curve import learning_curve
from audioclf.comparison.preparation import Prepared, prepare
from audioclf.comparison.projection import projection
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.dataset.clips import Dataset
from audioclf.dataset.digest import content_digest
from audioclf.dataset.load import load_dataset
from audioclf.dataset.repeats import refuse_repeats
from audioclf.errors import DatasetError
from audioclf.experiment import fitting
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course
from audioclf.experiment.material import Sources
from audioclf.experiment.space import DEFAULT_BUDGET
from audioclf.experiment.task import task_of
from audioclf.features import functionals
from audioclf.features.extraction import Extraction, extract
from audioclf.features.survey import Survey
from audioclf.features.wanted import Wanted
from audioclf.files import write_whole
from audioclf.progress import Progress, silent
from audioclf.results import excerpts
from audioclf.results.names import identity, is_baseline, title
from audioclf.results.report import write_run
from audioclf.results.results import Results
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore
from audioclf.validation.division import make_splits, naive_splits, ungrouped
from audioclf.validation.inner import with_inner
from audioclf.validation.splits import Splits

_TIMED_CLIPS, _TIMED_SECONDS = 8, 60.0  # clips that features are timed on, and how long one may be
_REFIT_SECONDS = 150.0
_MOST_REFITS = 5  # of the winner, for importance: leaving out one of a hundred groups at a time would take as many


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
        What was asked for.
    """

    def __init__(self, results: Results, analysis: Analysis, sources: Sources, experiments: list[Experiment]) -> None:
        self.results = results
        self.experiments = experiments
        self.analysis = analysis
        self.sources = sources

    @property
    def extraction(self) -> Extraction:
        """The features of all clips."""
        return self.sources.extraction

    def ranking(self) -> list[dict[str, Any]]:
        """Experiments that finished, best first."""
        return self.results.ranking()

    @property
    def best(self) -> dict[str, Any] | None:
        """The experiment at the head of the ranking."""
        return self.results.best

    def report(
        self, folder: str | os.PathLike[str], formats: Sequence[str] = ("html", "markdown", "png")
    ) -> list[Path]:
        """Write results.json and reports into *folder*; return the files, results.json first."""
        return write_run(self.results, folder, formats)

    def __repr__(self) -> str:
        best = self.best
        if best is None:
            return f"<Comparison: none of {len(self.results.record['experiments'])} experiments finished>"
        score = best["metrics"][self.results.metric]["mean"]
        count = len(self.results.record["experiments"])
        return f"<Comparison: {count} experiments, best {title(best)}, {self.results.metric} {score:.3f}>"


def compare(
    data: Dataset | str | os.PathLike[str],
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
    test: Dataset | str | os.PathLike[str] | None = None,
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
    """Cross-validate every feature set with every classifier, and the majority class as the floor.

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
        Also score every experiment on folds that ignore groups: how much too good a leak would make it look.
    tune : bool
        Search each classifier's parameters within every training part (nested cross-validation).
    grid : path or mapping, optional
        What is searched in place of the classifiers' own spaces (see `audioclf.experiment.space.load_grid`); implies
        *tune*.
    budget : int
        Most candidates of a search.
    test : Dataset, or what `load_dataset` takes, optional
        Clips kept apart: the winner answers them once, at the end.
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
        What ranks, and what is tuned for: one of `audioclf.results.results.RANKING`, by default accuracy; where clips
        have several labels one of `audioclf.results.results.TAG_RANKING`, by default average precision.
    sample_rate : int, optional
        Analysis rate in Hz; by default the lowest native rate, at most 22,050.
    frame_length, hop_length : float
        In seconds.
    window : str
    n_fft : int, optional
    pooled : str or sequence of str
        Functionals.
    workers : int or None
        Processes; None is one per core. The numbers don't depend on it.
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
    >>> [e["classifier"] for e in comparison.ranking()]
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
    surroundings = Surroundings(store=store, workers=workers, resume=resume, command=command, progress=progress)
    return run(data, settings, surroundings, test)


def run(
    data: Dataset | str | os.PathLike[str],
    settings: Settings,
    surroundings: Surroundings,
    test: Dataset | str | os.PathLike[str] | None = None,
) -> Comparison:
    """Compare as *settings* say; `compare` is the same with its options one by one.

    Parameters
    ----------
    data : Dataset, or what `load_dataset` takes
    settings : Settings
    surroundings : Surroundings
    test : Dataset, or what `load_dataset` takes, optional
        Clips kept apart: the winner answers them once, at the end.

    Raises
    ------
    SpecError
        If the settings don't suit the data.
    DatasetError
        If the data can't be used.

    Examples
    --------
    >>> run("demo", Settings(features="centroid", classifiers="knn", cv=2), Surroundings())
    <Comparison: 2 experiments, best centroid with knn, accuracy 0.748>
    """
    began = time.perf_counter()
    workers, store, progress = surroundings.n_workers, surroundings.store, surroundings.progress
    experiments, effects, pooled = list(settings.experiments), settings.effects, settings.pooling
    cv, repeats, seed, budget = settings.cv, settings.repeats, settings.seed, settings.budget
    group_by, clip_seconds = settings.group_by, settings.clip_seconds
    dataset = data if isinstance(data, Dataset) else load_dataset(data)
    refuse_repeats(dataset)
    task = task_of(dataset)
    metric = settings.metric_for(task)
    apart = None if test is None else test if isinstance(test, Dataset) else load_dataset(test)
    if apart is not None:
        holdout.check_labels(apart, dataset)

    prepared = prepare(dataset, group_by, clip_seconds, store, workers, progress)
    heard = None if apart is None else prepare(apart, group_by, clip_seconds, store, workers)
    found = prepared.found
    analysis = settings.analysis(found.rates.values())
    make_splits(found.clips, cv, repeats, seed, task.tags)  # refuse what can't be divided before the work, not after

    extraction = extract(
        found.clips,
        analysis,
        _wanted(experiments, pooled),
        store=store,
        workers=workers,
        progress=progress,
        facts=found.facts,
    )
    if not extraction.clips:
        raise DatasetError(
            f"none of the recordings of {dataset.name} can be analysed; the first: {extraction.skipped[0][1]}"
        )
    copies = _copies(experiments, effects, extraction, analysis, pooled, store, workers, progress)
    task = task_of(replace(dataset, clips=extraction.clips))
    sources = Sources(task, extraction, copies)
    splits = make_splits(extraction.clips, cv, repeats, seed, task.tags)
    naive = naive_splits(extraction.clips, splits, seed, task.tags) if settings.naive_split_too else None
    course = _course(experiments, extraction, splits, naive, metric, seed, budget, task.tags)
    digest = content_digest(Dataset(dataset.name, extraction.clips), extraction.hashes)
    facts = {
        "analysis": analysis.as_dict(),
        "functionals": list(pooled),
        "metric": metric,
        "augmentation": None if effects is None else [effects.spec, effects.factor],
        "by_recording": clip_seconds is not None,
    }
    done = _Checkpoints(surroundings.resume, [__version__, digest, facts, seed, records.versions()], course)
    scored, fitting_seconds = _run(experiments, sources, course, splits, naive, workers, done, progress, clip_seconds)
    _time_features(experiments, scored, found, analysis, pooled)
    record = {
        **records.heading("compare", seed, surroundings.command),
        "task": task.kind,
        "metric": metric,
        "augmentation": None
        if effects is None
        else {"spec": effects.spec, "factor": effects.factor, "compared": settings.augment_compare},
        "analysis": {**analysis.as_dict(), "functionals": list(pooled)},
        "dataset": {
            **records.dataset(dataset, extraction.clips, found, digest),
            "grouped_by": group_by,
            "clip_seconds": clip_seconds,
        },
        "cv": {
            "kind": splits.kind,
            "n_splits": splits.n_splits,
            "repeats": splits.repeats,
            "tuned": any(e.candidates for e in experiments),
        },
        "timing": {},
        "experiments": scored,
        "skipped": [{"path": name, "why": why} for name, why in found.skipped + extraction.skipped],
    }
    results = Draft(record)
    record["tests"] = records.compare_with_best(results, splits)
    winner = _winner(results, experiments)
    looking = time.perf_counter()
    record |= _look_closer(results, winner, prepared, sources, splits, pooled, settings.with_curve, workers, progress)
    looked = time.perf_counter()
    findings = record["audit"]["findings"]
    record["warnings"] = [
        *records.warnings(task, found, extraction, splits, analysis, scored, findings),
        *record.pop("left_out"),
    ]
    record["test"] = None
    if heard is not None and winner is not None:
        progress("held-out test", 0, 1, winner.title)
        chosen = final_classifier(results, winner)
        record["test"] = holdout.answer(heard, winner, chosen, sources, analysis, pooled, seed, store, workers)
    record["timing"] = {
        "decode_seconds": prepared.header_seconds + extraction.timing["decode"],
        "audit_seconds": prepared.audit_seconds,
        "extract_seconds": extraction.timing["extract"],
        "store_seconds": extraction.timing["store"],
        "fit_seconds": fitting_seconds["fit"],
        "score_seconds": fitting_seconds["score"],
        "insight_seconds": looked - looking,
        "total_seconds": time.perf_counter() - began,
        "workers": workers,
    }
    done.clear()
    return Comparison(Results(record), analysis, sources, experiments)


def _course(
    experiments: list[Experiment],
    extraction: Extraction,
    splits: Splits,
    naive: Splits | None,
    metric: str,
    seed: int,
    budget: int,
    tags: list[str] | None,
) -> Course:
    if any(e.candidates for e in experiments):
        splits = with_inner(splits, extraction.clips, seed, tags)
        naive = None if naive is None else with_inner(naive, ungrouped(extraction.clips), seed, tags)
    return Course(splits.splits, [] if naive is None else naive.splits, metric, seed, budget)


def _winner(results: Draft, experiments: list[Experiment]) -> Experiment | None:
    """The experiment at the head of the ranking."""
    best = results.best
    if best is None:
        return None
    return next(e for e, record in zip(experiments, results.record["experiments"]) if record is best)


def final_classifier(results: Results, experiment: Experiment) -> Classifier:
    """The classifier for a model that learns from all clips: as asked for, or as the search over all folds found it."""
    wanted = experiment.names.identity
    record = next(e for e in results.record["experiments"] if identity(e) == wanted)
    tuned = record.get("tuning")
    return build_classifier(tuned["non_nested"]["spec"]) if tuned else experiment.classifier


def _wanted(experiments: list[Experiment], pooled: tuple[str, ...]) -> Wanted:
    """What the experiments' classifiers take."""
    return Wanted.by(((e.extractors, e.classifier.takes) for e in experiments), pooled)


def _copies(
    experiments: list[Experiment],
    effects: Augmentation | None,
    extraction: Extraction,
    analysis: Analysis,
    pooled: tuple[str, ...],
    store: FeatureStore | None,
    workers: int,
    progress: Progress,
) -> list[Extraction]:
    """Features of the augmented copies of all clips, for the experiments that learn from them."""
    if effects is None:
        return []
    learning = [e for e in experiments if e.augment is not None]
    made = []
    for number in range(1, effects.factor + 1):

        def tell(stage: str, done: int, total: int, note: str, before: int = number - 1) -> None:
            progress("copies", before * total + done, effects.factor * total, note)

        made.append(
            extract(
                extraction.clips,
                analysis,
                _wanted(learning, pooled),
                store=store,
                workers=workers,
                progress=tell,
                copy=(effects, number),
            )
        )
    return made


def _time_features(
    experiments: list[Experiment],
    scored: list[dict[str, Any]],
    found: Survey,
    analysis: Analysis,
    pooled: tuple[str, ...],
) -> None:
    """Write into each record's cost how long its features take a clip, from the file, on one thread."""
    step = max(1, len(found.clips) // _TIMED_CLIPS)
    clips = [
        clip
        for clip, seconds in list(zip(found.clips, found.durations))[::step][:_TIMED_CLIPS]
        if seconds <= _TIMED_SECONDS
    ]
    taken: dict[tuple[str, str], float] = {}
    for experiment, record in zip(experiments, scored):
        cost, takes = record.get("cost"), experiment.classifier.takes
        if not cost or not clips:
            continue
        key = (experiment.features, takes)
        if key not in taken:
            began = time.perf_counter()
            extract(clips, analysis, _wanted([experiment], pooled), facts=found.facts)
            taken[key] = 1000 * (time.perf_counter() - began) / len(clips)
        cost["features_ms"] = round(taken[key], 4)


def _run(
    experiments: list[Experiment],
    sources: Sources,
    course: Course,
    splits: Splits,
    naive: Splits | None,
    workers: int,
    done: _Checkpoints,
    progress: Progress,
    clip_seconds: float | None,
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Score all experiments; return their records in the given order, and the seconds it took."""
    found = {i: kept for i, e in enumerate(experiments) if (kept := done.get(e)) is not None}
    left = [i for i in range(len(experiments)) if i not in found]
    seconds = {"fit": 0.0, "score": 0.0}

    def tell(finished: int, jobs: int, note: str) -> None:
        progress("experiments", finished, jobs, note)

    def tell_epochs(finished: int, epochs: int, note: str) -> None:
        progress("epochs", finished, epochs, note)

    waiting = [experiments[i] for i in left]
    for position, outcome in fitting.run(waiting, sources, course, workers, tell, tell_epochs):
        experiment = experiments[left[position]]
        start = time.perf_counter()
        record = records.experiment(
            experiment, outcome, sources, splits, naive, course, by_recording=clip_seconds is not None
        )
        found[left[position]] = record
        if record["status"] == "ok":
            done.put(experiment, record)
        seconds["score"] += time.perf_counter() - start
        for fold in (*outcome.folds, *outcome.naive):
            seconds["fit"] += fold.fit_seconds
            seconds["score"] += fold.predict_seconds
    return [found[i] for i in range(len(experiments))], seconds


def _look_closer(
    results: Draft,
    winner: Experiment | None,
    prepared: Prepared,
    sources: Sources,
    splits: Splits,
    pooled: tuple[str, ...],
    with_curve: bool,
    workers: int,
    progress: Progress,
) -> dict[str, Any]:
    """The audit, what the winner goes by, and clips to listen to, as parts of the record."""
    clips, record, best = sources.extraction.clips, results.record, results.best
    left_out: list[str] = []
    task = sources.task
    findings = task.meant(examine(prepared.dataset.clips, prepared.measured, record["seed"]))
    parts: dict[str, Any] = dict.fromkeys(("importance", "learning_curve", "projection"))
    if winner is not None and best is not None:
        doubts = hindsight.doubtful_labels(best, clips) if task.has_classes else None
        findings += filter(None, [doubts, hindsight.cost_of_leak(best, results.metric)])
        for name, look in _insight(results, winner, sources, splits, pooled, with_curve, workers).items():
            progress(name.replace("_", " "), 0, 1, winner.title)
            try:
                parts[name] = look()
            except Exception as error:  # the scores are there, and may have taken hours
                left_out.append(f"no {name.replace('_', ' ')}, for it failed: {type(error).__name__}: {error}")
        findings.sort(key=lambda finding: finding.severity != "serious")
    told = [structs.plain(finding) for finding in findings]
    rows = [] if best is None else best["predictions"]
    by_name = {clip.name: clip for clip in (*prepared.dataset.clips, *clips)}
    chosen = [by_name[name] for name in excerpts.pick(rows, told) if name in by_name]
    return {
        **parts,
        "audit": {"findings": told, "checked": {"clips": len(prepared.dataset)}},
        "excerpts": excerpts.make_excerpts(chosen, workers=workers),
        "portraits": [],
        "left_out": left_out,
    }


def _insight(
    results: Draft,
    winner: Experiment,
    sources: Sources,
    splits: Splits,
    pooled: tuple[str, ...],
    with_curve: bool,
    workers: int,
) -> dict[str, Callable[[], dict[str, Any]]]:
    """What to call for how the clips lie in the winner's features, what it goes by, and how it learns."""
    best = results.best
    assert best is not None
    classifier = final_classifier(results, winner)
    material = sources.material(winner.extractors, winner.classifier.takes, winner.augment is not None)
    metric, seed = results.metric, results.record["seed"]
    first = [split for split in splits.splits if split.repeat == 0]

    def project() -> dict[str, Any]:
        clips = sources.extraction.clips
        heard = material if winner.augment is None else sources.material(winner.extractors, winner.classifier.takes)
        said = {row["path"]: row["predicted"] for row in best["predictions"] if row["repeat"] == 0}
        return projection(
            clips,
            heard.inputs.summary(),
            heard.task.texts(heard.truth),
            [said.get(clip.name, "") for clip in clips],
            winner.features,
            seed,
        )

    def weigh() -> dict[str, Any]:
        few = first[: _affordable_refits(classifier, material.size)]
        return permutation_importance(classifier, winner.extractors, material, few, metric, seed, workers) | {
            "augment": winner.augment
        }

    def grow() -> dict[str, Any]:
        return learning_curve(classifier, material, first, metric, seed, workers, features=winner.features) | {
            "augment": winner.augment
        }

    looks: dict[str, Callable[[], dict[str, Any]]] = {}
    if sources.task.has_classes:
        looks["projection"] = project
    if not is_baseline(best):
        looks["importance"] = weigh
    if with_curve:
        looks["learning_curve"] = grow
    return looks


def _affordable_refits(classifier: Classifier, size: int) -> int:
    """How many folds to fit the winner on once more: fewer where a fit takes long, by the size of its input."""
    seconds = classifier.effort * size / 1e6
    return int(np.clip(_REFIT_SECONDS / max(seconds, 1e-9), 1, _MOST_REFITS))


class _Checkpoints:
    """Records of finished experiments, kept on disk while a run lasts."""

    def __init__(self, folder: str | os.PathLike[str] | None, facts: list[Any], course: Course) -> None:
        self.folder = None if folder is None else Path(folder)
        divided = [(split.train.tolist(), split.test.tolist()) for split in (*course.splits, *course.naive)]
        self.facts = json.dumps([facts, divided], sort_keys=True)

    def _path(self, experiment: Experiment) -> Path:
        assert self.folder is not None
        versions = [x.version for x in experiment.extractors]
        recipe = f"{experiment.classifier!r}{experiment.candidates!r}{experiment.augment}"
        facts = f"{self.facts}{experiment.features}{versions}{recipe}"
        return self.folder / f"{hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()}.json"

    def get(self, experiment: Experiment) -> dict[str, Any] | None:
        if self.folder is None:
            return None
        try:
            return json.loads(self._path(experiment).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def put(self, experiment: Experiment, record: dict[str, Any]) -> None:
        if self.folder is not None:
            with write_whole(self._path(experiment)) as aside:
                aside.write_text(json.dumps(record), encoding="utf-8")

    def clear(self) -> None:
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
