"""Feature sets × classifiers × folds: out-of-fold predictions and scores."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
import warnings as python_warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import functionals, parallel, statistics
from audioclf._version import __version__
from audioclf.classifier import Classifier, build_classifier
from audioclf.dataset import Clip, Dataset, fingerprint, load_dataset
from audioclf.errors import DatasetError, SpecError, did_you_mean
from audioclf.extraction import Extraction, Survey, extract, select, survey
from audioclf.extractor import Extractor
from audioclf.features import HIGHEST_DEFAULT_RATE, analysis_rate, build_extractors
from audioclf.files import check_writable, write_whole
from audioclf.parallel import Progress
from audioclf.report import write_reports
from audioclf.results import FLOOR, METRICS, SCHEMA, Results, title
from audioclf.spectra import Analysis
from audioclf.store import FeatureStore
from audioclf.validation import Split, Splits, make_splits, parse_cv

_PACKAGES = ("numpy", "scipy", "scikit-learn", "hmmlearn", "librosa", "spafe", "soundfile", "soxr")


@dataclass(frozen=True)
class Experiment:
    """One feature set with one classifier."""

    features: str
    extractors: tuple[Extractor, ...]
    classifier: Classifier

    @property
    def title(self) -> str:
        """Such as ``mfcc+gfcc with svm``."""
        return title({"features": self.features, "classifier": self.classifier.spec})


class Comparison:
    """A finished comparison.

    Attributes
    ----------
    results : Results
        The record: what results.json holds.
    analysis : Analysis
        How recordings were analysed.
    extraction : Extraction
        The features of all clips, for fitting a final model.
    """

    def __init__(self, results: Results, analysis: Analysis, extraction: Extraction) -> None:
        self.results = results
        self.analysis = analysis
        self.extraction = extraction

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
        return [self.results.save(check_writable(folder)), *write_reports(self.results, folder, formats)]

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
    seed: int = 0,
    metric: str = "accuracy",
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
    progress: Progress = parallel.silent,
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
        See `audioclf.validation.make_splits`.
    repeats : int
        How often the folds are drawn anew.
    seed : int
        Of the folds and of every classifier.
    metric : str
        What ranks: "accuracy", "balanced_accuracy" or "macro_f1".
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
        Called with a stage ("headers", "features", "experiments"), how much is done, of how much, and a note.

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
    began = time.perf_counter()
    if metric not in METRICS:
        raise SpecError(f"unknown metric '{metric}'. {did_you_mean(metric, METRICS)}")
    experiments = plan(features, classifiers)
    check_options(cv, pooled, frame_length, hop_length, window, n_fft, sample_rate)
    pooled = functionals.parse(pooled)
    workers = parallel.count_workers(workers)
    dataset = data if isinstance(data, Dataset) else load_dataset(data)

    surveying = time.perf_counter()
    found = survey(dataset.clips, progress, store)
    surveyed = time.perf_counter()
    if not found.clips:
        first = found.skipped[0][1] if found.skipped else "it has no clips"
        raise DatasetError(f"none of the {len(dataset)} recordings of {dataset.name} can be read; the first: {first}")
    rate = sample_rate or analysis_rate(found.rates.values())
    analysis = Analysis(rate, frame_length, hop_length, window, n_fft)
    make_splits(found.clips, cv, repeats, seed)  # refuse what can't be divided before the work, not after

    extraction = extract(
        found.clips,
        analysis,
        vectors=[x for e in experiments if e.classifier.takes == "vectors" for x in e.extractors],
        sequences=[x for e in experiments if e.classifier.takes == "sequences" for x in e.extractors],
        pooled=pooled,
        features=store,
        workers=workers,
        progress=progress,
        facts=found.facts,
    )
    if not extraction.clips:
        raise DatasetError(
            f"none of the recordings of {dataset.name} can be analysed; the first: {extraction.skipped[0][1]}"
        )
    splits = make_splits(extraction.clips, cv, repeats, seed)
    digest = fingerprint(Dataset(dataset.name, extraction.clips), extraction.hashes)
    settings = {"analysis": analysis.as_dict(), "functionals": list(pooled)}
    done = _Checkpoints(resume, [__version__, digest, settings, seed, _versions()], splits)
    records, fitting = _run(experiments, extraction, splits, seed, workers, done, progress)
    record = {
        "schema": SCHEMA,
        "audioclf": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": _versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "seed": seed,
        "command": command,
        "metric": metric,
        "analysis": {**analysis.as_dict(), "functionals": list(pooled)},
        "dataset": _describe(dataset, extraction, found, digest),
        "cv": {"kind": splits.kind, "n_splits": splits.n_splits, "repeats": splits.repeats, "tuned": False},
        "timing": {
            **_stages(surveyed - surveying, extraction.timing, fitting),
            "total_seconds": time.perf_counter() - began,
            "workers": workers,
        },
        "experiments": records,
        "skipped": [{"path": name, "why": why} for name, why in found.skipped + extraction.skipped],
        "warnings": _warnings(found, extraction, splits, analysis, records),
    }
    done.clear()
    return Comparison(Results(record), analysis, extraction)


def _stages(headers: float, extracting: dict[str, float], fitting: dict[str, float]) -> dict[str, float]:
    """Return the seconds of each stage, summed over workers; reading headers belongs to decoding."""
    return {
        "decode_seconds": headers + extracting["decode"],
        "extract_seconds": extracting["extract"],
        "store_seconds": extracting["store"],
        "fit_seconds": fitting["fit"],
        "score_seconds": fitting["score"],
    }


def check_options(
    cv: int | str | None,
    pooled: str | Sequence[str],
    frame_length: float,
    hop_length: float,
    window: str,
    n_fft: int | None,
    sample_rate: int | None,
) -> None:
    """Raise `SpecError` for what is wrong whatever the data, before any is read."""
    functionals.parse(pooled)
    if cv is not None:
        parse_cv(cv)
    Analysis(sample_rate or HIGHEST_DEFAULT_RATE, frame_length, hop_length, window, None)
    if sample_rate is not None:
        Analysis(sample_rate, frame_length, hop_length, window, n_fft)


def plan(features: str | Sequence[str], classifiers: str | Sequence[str]) -> list[Experiment]:
    """Return the grid of experiments, each once, with the majority class as the floor at the end.

    >>> [e.title for e in plan("mfcc,zcr", "svm")]
    ['mfcc with svm', 'zcr with svm', 'mfcc with dummy']
    """
    feature_sets = {
        "+".join(x.spec for x in extractors): extractors for extractors in map(build_extractors, _listed(features))
    }
    built = [build_classifier(text) for text in _listed(classifiers)]
    if not feature_sets or not built:
        raise SpecError("give at least one feature set and one classifier")
    chosen = {classifier.spec: classifier for classifier in built if classifier.name != FLOOR}
    grid = [
        Experiment(spec, tuple(extractors), classifier)
        for spec, extractors in feature_sets.items()
        for classifier in chosen.values()
    ]
    spec, extractors = next(iter(feature_sets.items()))
    return [*grid, Experiment(spec, tuple(extractors), build_classifier(FLOOR))]


def _listed(specs: str | Sequence[str]) -> list[str]:
    if isinstance(specs, str):
        specs = specs.split(",")
    return [spec.strip() for spec in specs if spec.strip()]


def _run(
    experiments: list[Experiment],
    extraction: Extraction,
    splits: Splits,
    seed: int,
    workers: int,
    done: _Checkpoints,
    progress: Progress,
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Score all experiments over all splits; return their records in the given order, and the seconds it took."""
    labels = sorted({clip.label for clip in extraction.clips})
    records: dict[int, dict[str, Any]] = {}
    for i, experiment in enumerate(experiments):
        kept = done.get(experiment)
        if kept is not None:
            records[i] = kept
    total = len(experiments) * len(splits.splits)
    finished = len(records) * len(splits.splits)
    folds: dict[int, dict[int, _Fold]] = {i: {} for i in range(len(experiments)) if i not in records}
    seconds = {"fit": 0.0, "score": 0.0}
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as folder:
        order, calls = _calls(experiments, list(folds), extraction, splits, seed, workers, Path(folder))
        outcomes = parallel.share_out(_fit_fold, calls, workers)
        for begun in range(len(order)):
            progress("experiments", finished, total, experiments[order[begun][0]].title)
            position, fold = next(outcomes)
            i, number = order[position]
            folds[i][number] = fold
            finished += 1
            seconds["fit"] += fold.fit_seconds
            seconds["score"] += fold.predict_seconds
            if len(folds[i]) < len(splits.splits):
                continue
            start = time.perf_counter()
            in_order = [folds[i][number] for number in range(len(splits.splits))]
            records[i] = _experiment_record(experiments[i], extraction, splits, in_order, labels, seed)
            if records[i]["status"] == "ok":
                done.put(experiments[i], records[i])
            seconds["score"] += time.perf_counter() - start
        outcomes.close()
    progress("experiments", total, total, "")
    return [records[i] for i in range(len(experiments))], seconds


def _calls(
    experiments: list[Experiment],
    waiting: list[int],
    extraction: Extraction,
    splits: Splits,
    seed: int,
    workers: int,
    folder: Path,
) -> tuple[list[tuple[int, int]], list[tuple[Any, ...]]]:
    """Return what is to be fitted, as pairs of an experiment and a fold, and `_fit_fold`'s arguments for each.

    One worker goes through the experiments as they come. For several the long fits come first.
    """
    truth = np.array([clip.label for clip in extraction.clips])
    inputs: dict[tuple[str, str], parallel.Shared] = {}
    for i in waiting:
        key = _input(experiments[i])
        if key not in inputs:
            matrix = extraction.inputs(experiments[i].extractors, experiments[i].classifier.takes)
            inputs[key] = parallel.Shared(matrix, folder)
    order = list(waiting)
    if workers > 1:
        order.sort(key=lambda i: -experiments[i].classifier.effort * inputs[_input(experiments[i])].array.size)
    pairs = [(i, fold) for i in order for fold in range(len(splits.splits))]
    lengths = {"sequences": extraction.lengths}
    calls = [
        (classifier, inputs[_input(experiments[i])], lengths.get(classifier.takes), truth, splits.splits[fold], seed)
        for i, fold in pairs
        for classifier in [experiments[i].classifier]
    ]
    return pairs, calls


def _input(experiment: Experiment) -> tuple[str, str]:
    """What names the array that an experiment learns from: several classifiers may share it."""
    return experiment.features, experiment.classifier.takes


@dataclass
class _Fold:
    """What came of one fold: a row per test clip, columns in the order of the sorted labels."""

    predicted: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None
    fit_seconds: float
    predict_seconds: float
    warnings: list[str]
    error: str = ""


def _fit_fold(
    classifier: Classifier,
    inputs: parallel.Shared,
    lengths: NDArray[np.int64] | None,
    truth: NDArray[np.str_],
    split: Split,
    seed: int,
) -> _Fold:
    """Fit on the split's training clips and predict its test clips."""
    labels = np.unique(truth)
    start = time.perf_counter()
    fitted: float | None = None
    try:
        with python_warnings.catch_warnings(record=True) as caught:
            python_warnings.simplefilter("always")
            estimator = classifier.build(seed)
            estimator.fit(select(inputs.array, lengths, split.train), truth[split.train])
            fitted = time.perf_counter()
            test = select(inputs.array, lengths, split.test)
            probabilities = None
            if hasattr(estimator, "predict_proba"):
                probabilities = np.zeros((len(split.test), len(labels)))
                probabilities[:, np.searchsorted(labels, estimator.classes_)] = estimator.predict_proba(test)
                predicted = probabilities.argmax(axis=1)
            else:
                predicted = np.searchsorted(labels, estimator.predict(test))
            told = {_first_line(w) for w in caught if issubclass(w.category, (UserWarning, RuntimeWarning))}
            return _Fold(predicted, probabilities, fitted - start, time.perf_counter() - fitted, sorted(told))
    except Exception as error:  # whatever a classifier raises: the other experiments go on
        failed = time.perf_counter()
        spent = (failed - start, 0.0) if fitted is None else (fitted - start, failed - fitted)
        return _Fold(np.empty(0, np.int64), None, *spent, [], f"{type(error).__name__}: {error}")


def _first_line(warning: python_warnings.WarningMessage) -> str:
    return str(warning.message).strip().splitlines()[0]


def _experiment_record(
    experiment: Experiment,
    extraction: Extraction,
    splits: Splits,
    folds: list[_Fold],
    labels: list[str],
    seed: int,
) -> dict[str, Any]:
    classifier = experiment.classifier
    width = sum(len(extractor.coefficient_names) for extractor in experiment.extractors)
    if classifier.takes == "vectors":
        width = sum(extraction.vectors[extractor].shape[1] for extractor in experiment.extractors)
    record: dict[str, Any] = {
        "features": experiment.features,
        "classifier": classifier.spec,
        "takes": classifier.takes,
        "n_features": width,
        "parameters": {
            "features": {extractor.spec: extractor.parameters for extractor in experiment.extractors},
            "classifier": classifier.parameters,
        },
    }
    errors = [fold.error for fold in folds if fold.error]
    if errors:
        times = f"{len(errors)} of {len(folds)} folds failed; the first: " if len(folds) > 1 else ""
        return {**record, "status": "failed", "error": times + errors[0]}
    codes = np.array([labels.index(clip.label) for clip in extraction.clips])
    truth = np.concatenate([codes[split.test] for split in splits.splits])
    predicted = np.concatenate([fold.predicted for fold in folds])
    clips = [extraction.clips[i] for split in splits.splits for i in split.test]
    matrix = statistics.confusion_matrix(truth, predicted, len(labels))
    fold_scores = [
        statistics.scores(statistics.confusion_matrix(codes[split.test], fold.predicted, len(labels)))
        for split, fold in zip(splits.splits, folds)
    ]
    ends = statistics.intervals(truth, predicted, [_unit(clip) for clip in clips], len(labels), seed)
    classes = statistics.per_class(matrix)
    return {
        **record,
        "status": "ok",
        "error": None,
        "warnings": sorted({warning for fold in folds for warning in fold.warnings}),
        "metrics": {
            name: {
                "mean": float(np.mean([scores[name] for scores in fold_scores])),
                "std": float(np.std([scores[name] for scores in fold_scores])),
                "low": ends[name][0],
                "high": ends[name][1],
            }
            for name in METRICS
        },
        "per_class": {
            label: {
                **{name: float(classes[name][i]) for name in ("precision", "recall", "f1")},
                "support": int(classes["support"][i]),
            }
            for i, label in enumerate(labels)
        },
        "confusion_matrix": matrix.tolist(),
        "folds": [
            {
                "repeat": split.repeat,
                "fold": split.fold,
                "n_train": len(split.train),
                "n_test": len(split.test),
                **{name: float(value) for name, value in scores.items()},
                "fit_seconds": fold.fit_seconds,
                "predict_seconds": fold.predict_seconds,
                "parameters": classifier.parameters,
            }
            for split, fold, scores in zip(splits.splits, folds, fold_scores)
        ],
        "predictions": [
            {
                "path": extraction.clips[i].name,
                "group": extraction.clips[i].group,
                "repeat": split.repeat,
                "fold": split.fold,
                "label": labels[codes[i]],
                "predicted": labels[fold.predicted[row]],
                "probabilities": None
                if fold.probabilities is None
                else {label: round(float(p), 6) for label, p in zip(labels, fold.probabilities[row])},
            }
            for split, fold in zip(splits.splits, folds)
            for row, i in enumerate(split.test)
        ],
    }


def _unit(clip: Clip) -> str:
    """What the bootstrap draws: the clip's group, or the clip."""
    return f"group {clip.group}" if clip.group is not None else f"clip {clip.name}"


def _describe(dataset: Dataset, extraction: Extraction, found: Survey, digest: str) -> dict[str, Any]:
    kept = Dataset(dataset.name, extraction.clips)
    rates = Counter(found.rates[clip.path] for clip in extraction.clips)
    return {
        "name": dataset.name,
        "source": dataset.source,
        "n_clips": len(kept),
        "n_groups": len(set(kept.groups)) if kept.has_groups else None,
        "labels": kept.labels,
        "label_counts": kept.label_counts,
        "duration": float(sum(found.durations)),
        "sample_rates": {str(rate): rates[rate] for rate in sorted(rates)},
        "fingerprint": digest,
        "notes": dataset.notes,
        "licence": dataset.licence,
        "citation": dataset.citation,
    }


def _warnings(
    found: Survey, extraction: Extraction, splits: Splits, analysis: Analysis, records: list[dict[str, Any]]
) -> list[str]:
    notes = list(splits.warnings)
    rates = found.rates_by_label()
    if len({frozenset(r) for r in rates.values()}) > 1:
        told = "; ".join(f"{label}: {_range(r)}" for label, r in sorted(rates.items())[:8])
        more = "; ..." if len(rates) > 8 else ""
        notes.append(
            f"native sample rates differ between classes ({told}{more}), which a classifier can learn in place of "
            f"the sound; all are analysed at {analysis.sample_rate} Hz, but what was lost above a lower rate stays lost"
        )
    raised = sorted(r for rates_ in rates.values() for r in rates_ if r < analysis.sample_rate)
    if raised:
        notes.append(
            f"some recordings were raised from {raised[0]} Hz to {analysis.sample_rate} Hz; their upper band is empty"
        )
    short = [c.name for c, seconds in zip(found.clips, found.durations) if seconds < analysis.frame_length]
    if short:
        notes.append(
            f"{len(short)} clip{'s are' if len(short) > 1 else ' is'} shorter than one frame of "
            f"{analysis.frame_length * 1000:g} ms and padded with silence, for example {short[0]}; "
            "--frame-length sets a shorter one"
        )
    for record in records:
        told = record.get("warnings", [])
        if told:
            more = f" (and {len(told) - 1} more like it)" if len(told) > 1 else ""
            notes.append(f"{title(record)}: {told[0]}{more}")
    lost = found.skipped + extraction.skipped
    if lost:
        notes.append(f"{len(lost)} clip{'s' * (len(lost) > 1)} left out: they can't be read (listed under skipped)")
    return notes


def _range(rates: set[int]) -> str:
    return f"{min(rates)} Hz" if len(rates) == 1 else f"{min(rates)} to {max(rates)} Hz"


def _versions() -> dict[str, str]:
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


class _Checkpoints:
    """Records of finished experiments, kept on disk while a run lasts."""

    def __init__(self, folder: str | os.PathLike[str] | None, facts: list[Any], splits: Splits) -> None:
        self.folder = None if folder is None else Path(folder)
        divided = [(split.train.tolist(), split.test.tolist()) for split in splits.splits]
        self.facts = json.dumps([facts, divided], sort_keys=True)

    def _path(self, experiment: Experiment) -> Path:
        assert self.folder is not None
        versions = [x.version for x in experiment.extractors]
        facts = f"{self.facts}{experiment.features}{versions}{experiment.classifier!r}"
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
