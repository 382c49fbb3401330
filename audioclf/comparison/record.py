"""What came of a comparison, as the plain data of results.json (docs/results.md)."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import structs
from audioclf._version import __version__
from audioclf.comparison._draft import Draft
from audioclf.dataset.clips import Clip, Dataset
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course, Fold, Outcome
from audioclf.experiment.material import Sources
from audioclf.experiment.search import Choice
from audioclf.experiment.task import Probabilities, Task, Truth
from audioclf.features.extraction import Extraction
from audioclf.features.survey import Survey
from audioclf.results.names import title
from audioclf.results.schema import SCHEMA
from audioclf.spectra.analysis import Analysis
from audioclf.statistics import reach, significance
from audioclf.validation.inner import INNER_FOLDS
from audioclf.validation.splits import Split, Splits

_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "hmmlearn", "librosa", "spafe", "soundfile", "soxr",
    "torch", "skorch", "audiomentations",
)  # fmt: skip


def heading(kind: str, seed: int, command: str) -> dict[str, Any]:
    """What every record begins with."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "audioclf": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "seed": seed,
        "command": command,
    }


def versions() -> dict[str, str]:
    """Python's version, and those of the packages that numbers depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def dataset(data: Dataset, clips: list[Clip], found: Survey, digest: str) -> dict[str, Any]:
    """Describe what was compared: the *clips* of *data* that could be analysed."""
    kept = replace(data, clips=clips)
    rates = Counter(found.rates[clip.path] for clip in clips)
    return {
        "name": data.name,
        "source": data.source,
        "n_clips": len(kept),
        "n_groups": len(set(kept.groups)) if kept.has_groups else None,
        "labels": kept.labels,
        "label_counts": kept.label_counts,
        "label_groups": _label_groups(kept) if kept.has_groups else None,
        "duration": float(sum(found.durations)),
        "sample_rates": {str(rate): rates[rate] for rate in sorted(rates)},
        "fingerprint": digest,
        "notes": data.notes,
        "licence": data.licence,
        "citation": data.citation,
    }


def _label_groups(data: Dataset) -> dict[str, int]:
    groups: dict[str, set[str]] = {label: set() for label in data.labels}
    for clip, group in zip(data, data.groups):
        for label in data.labels_of(clip):
            groups[label].add(group)
    return {label: len(names) for label, names in groups.items()}


def experiment(
    of: Experiment,
    outcome: Outcome,
    sources: Sources,
    splits: Splits,
    naive: Splits | None,
    course: Course,
    by_recording: bool = False,
) -> dict[str, Any]:
    """Return the record of one experiment; *by_recording*, also with one answer for all clips of a recording."""
    classifier, extraction, task = of.classifier, sources.extraction, sources.task
    record: dict[str, Any] = {
        **structs.plain(of.names),
        "takes": classifier.takes,
        "n_features": extraction.n_features(of.extractors, classifier.takes),
        "parameters": {
            "features": {extractor.spec: extractor.parameters for extractor in of.extractors},
            "classifier": classifier.parameters,
        },
    }
    failed = _failure(outcome)
    if failed:
        return {**record, "status": "failed", "error": failed}
    clips = extraction.clips
    truth = task.truth(clips)
    rows = np.concatenate([split.test for split in splits.splits])
    predicted = np.concatenate([fold.predicted for fold in outcome.folds])
    fold_scores = _fold_scores(task, truth, splits.splits, outcome.folds)
    scored = score(
        task,
        [clips[i] for i in rows],
        truth[rows],
        predicted,
        _stacked([fold.probabilities for fold in outcome.folds]),
        course.seed,
        np.concatenate([np.full(len(split.test), i) for i, split in enumerate(splits.splits)]),
    )
    return {
        **record,
        "status": "ok",
        "error": None,
        "warnings": sorted({warning for fold in outcome.folds for warning in fold.warnings}),
        "metrics": {
            name: {**_spread(fold_scores, name), "low": ends[0], "high": ends[1]}
            for name, ends in scored["intervals"].items()
        },
        "per_class": scored["per_class"],
        "confusion_matrix": scored["confusion_matrix"],
        "cost": _cost(outcome, splits.splits),
        "folds": [
            {
                "repeat": split.repeat,
                "fold": split.fold,
                "n_train": len(split.train),
                "n_test": len(split.test),
                **scores,
                "fit_seconds": fold.fit_seconds,
                "predict_seconds": fold.predict_seconds,
                "spec": fold.classifier.spec,
                "parameters": fold.classifier.parameters,
                "inner_score": None if fold.choice is None else fold.choice.score,
                "history": fold.history,
            }
            for split, fold, scores in zip(splits.splits, outcome.folds, fold_scores)
        ],
        "tuning": _tuning(of, outcome, course),
        "naive": None
        if naive is None
        else {
            "kind": naive.kind,
            "n_splits": naive.n_splits,
            "repeats": naive.repeats,
            "metrics": {
                name: _spread(_fold_scores(task, truth, naive.splits, outcome.naive), name) for name in task.titles
            },
            "by_recording": _by_recording(task, clips, naive.splits, outcome.naive) if by_recording else None,
        },
        "by_recording": _by_recording(task, clips, splits.splits, outcome.folds) if by_recording else None,
        "versus_best": None,
        "predictions": [
            row
            for split, fold in zip(splits.splits, outcome.folds)
            for row in predictions(
                task, [clips[i] for i in split.test], fold.predicted, fold.probabilities, split.repeat, split.fold
            )
        ],
    }


def score(
    task: Task,
    clips: Sequence[Clip],
    truth: Truth,
    predicted: Truth,
    probabilities: Probabilities | None,
    seed: int,
    folds: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Score predictions over all their clips: "values", "intervals", "per_class" and "confusion_matrix".

    *folds* says which model made each prediction, where it wasn't one for all.
    """
    units = [f"group {clip.group}" if clip.group is not None else f"clip {clip.name}" for clip in clips]
    ends = task.intervals(truth, predicted, probabilities, units, seed, folds)
    classes = task.by_label(truth, predicted, probabilities)
    matrix = task.confusion_matrix(truth, predicted)
    return {
        "values": task.scores(truth, predicted, probabilities),
        "intervals": {name: ends.metrics.get(name) or (None, None) for name in task.titles},
        "confusion_matrix": None if matrix is None else matrix.tolist(),
        "per_class": {
            label: {
                **{name: float(classes[name][i]) for name in ("precision", "recall", "f1")},
                **{
                    name: None if np.isnan(classes[name][i]) else float(classes[name][i])
                    for name in ("roc_auc", "average_precision")
                },
                "support": int(classes["support"][i]),
                "intervals": {name: _pair(values[i]) for name, values in ends.per_class.items()},
                **({"confusion": classes["confusion"][i].tolist()} if "confusion" in classes else {}),
            }
            for i, label in enumerate(task.labels)
        },
    }


def _cost(outcome: Outcome, splits: Sequence[Split]) -> dict[str, Any] | None:
    """What the model of the first fold holds, and how long its answers take."""
    size = outcome.folds[0].size
    if size is None:
        return None
    waits = [fold.predict_seconds / len(split.test) for fold, split in zip(outcome.folds, splits)]
    return {
        "parameters": size.parameters,
        "kilobytes": None if size.kilobytes is None else round(size.kilobytes, 3),
        "features_ms": None,
        "classifier_ms": round(1000 * float(np.median(waits)), 4),
    }


def _by_recording(
    task: Task, clips: Sequence[Clip], splits: Sequence[Split], folds: Sequence[Fold]
) -> dict[str, Any] | None:
    """Scores of one answer for all clips of a recording with the same label, by the mean of their probabilities.

    The answers of all folds of a repeat go together; figures are means over repeats.
    """
    if any(fold.probabilities is None for fold in folds):
        return None
    truth = task.truth(clips)
    _, recordings = np.unique([f"{clip.path}\0{clip.label}" for clip in clips], return_inverse=True)
    found: list[dict[str, float | None]] = []
    for repeat in sorted({split.repeat for split in splits}):
        these = [(split, fold) for split, fold in zip(splits, folds) if split.repeat == repeat]
        rows = np.concatenate([split.test for split, _ in these])
        answers = np.concatenate([fold.probabilities for _, fold in these if fold.probabilities is not None])
        _, first, of, counts = np.unique(recordings[rows], return_index=True, return_inverse=True, return_counts=True)
        sums = np.zeros((len(first), answers.shape[1]))
        np.add.at(sums, of, answers)
        means = sums / counts[:, None]
        found.append(task.scores(truth[rows[first]], task.decide(means), means))
    return {"n_recordings": int(recordings.max()) + 1, "metrics": {n: _spread(found, n)["mean"] for n in task.titles}}


def predictions(
    task: Task,
    clips: Iterable[Clip],
    predicted: Truth,
    probabilities: Probabilities | None,
    repeat: int = 0,
    fold: int | None = None,
) -> list[dict[str, Any]]:
    """Return a row per clip."""
    return [
        {
            "path": clip.name,
            "group": clip.group,
            "repeat": repeat,
            "fold": fold,
            "label": clip.label,
            "predicted": task.text(predicted[row]),
            "probabilities": None
            if probabilities is None
            else {label: round(float(p), 6) for label, p in zip(task.labels, probabilities[row])},
        }
        for row, clip in enumerate(clips)
    ]


def compare_with_best(results: Draft, splits: Splits) -> dict[str, Any] | None:
    """Test every finished experiment against the best, write "versus_best" into each, and return "tests"."""
    best = results.best
    finished = [e for e in results.record["experiments"] if e["status"] == "ok"]
    if best is None or len(finished) < 2:
        return None
    scores = np.array([[_number(fold[results.metric]) for fold in e["folds"]] for e in finished])
    n_train = np.array([len(split.train) for split in splits.splits])
    n_test = np.array([len(split.test) for split in splits.splits])
    rows = significance.versus_best(
        scores,
        next(i for i, e in enumerate(finished) if e is best),
        n_train,
        n_test,
        [np.array([p["label"] == p["predicted"] for p in e["predictions"] if p["repeat"] == 0]) for e in finished],
    )
    for e, row in zip(finished, rows):
        e["versus_best"] = None if row is None else _versus(row)
    drawn_anew = splits.n_splits if splits.kind.endswith("k-fold") else None
    reached = reach.reach(rows, results.metric, n_train, n_test, drawn_anew)
    return {
        "best": {name: best[name] for name in ("features", "classifier", "augment")},
        "metric": results.metric,
        "level": significance.LEVEL,
        "decided_by": significance.decided_by(rows),
        "clips_independent": results.record["dataset"]["n_groups"] is None,
        "n_folds": len(splits.splits),
        "smallest_p": None if reached is None else reached.smallest_p,
        "repeats_needed": None if reached is None else reached.repeats_needed,
    }


def _versus(found: significance.Versus) -> dict[str, Any]:
    pairs = found.mcnemar
    return {
        "difference": found.difference,
        "t": found.t,
        "p": found.p,
        "p_holm": found.p_holm,
        "mcnemar": None
        if pairs is None
        else {"best_only": pairs.first_only, "this_only": pairs.second_only, "p": pairs.p, "p_holm": pairs.p_holm},
        "distinguishable": found.distinguishable,
    }


def _failure(outcome: Outcome) -> str:
    folds = [*outcome.folds, *outcome.naive]
    errors = [fold.error for fold in folds if fold.error]
    if errors:
        return (f"{len(errors)} of {len(folds)} folds failed; the first: " if len(folds) > 1 else "") + errors[0]
    return f"the search over all folds failed: {outcome.choice}" if isinstance(outcome.choice, str) else ""


def _fold_scores(
    task: Task, truth: Truth, splits: Sequence[Split], folds: Sequence[Fold]
) -> list[dict[str, float | None]]:
    return [task.scores(truth[split.test], fold.predicted, fold.probabilities) for split, fold in zip(splits, folds)]


def _spread(fold_scores: list[dict[str, float | None]], name: str) -> dict[str, float | None]:
    """Mean and standard deviation over the folds in which a metric is defined."""
    values = [value for scores in fold_scores if (value := scores[name]) is not None]
    if not values:
        return {"mean": None, "std": None}
    return {"mean": float(np.mean(values)), "std": float(np.std(values))}


def _stacked(parts: list[NDArray[np.float64] | None]) -> NDArray[np.float64] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _pair(ends: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(end) else float(end) for end in ends]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _tuning(of: Experiment, outcome: Outcome, course: Course) -> dict[str, Any] | None:
    choices = [fold.choice for fold in outcome.folds if fold.choice is not None]
    if not choices or not isinstance(outcome.choice, Choice):
        return None
    tried: dict[str, list[Any]] = {}
    for candidate in of.candidates:
        for name, value in candidate.parameters.items():
            if value not in tried.setdefault(name, []):
                tried[name].append(value)
    return {
        "method": choices[0].method,
        "metric": course.metric,
        "candidates": len(of.candidates),
        "budget": course.budget,
        "inner_folds": INNER_FOLDS,
        "fits": sum(choice.fits for choice in choices),
        "space": {name: values for name, values in tried.items() if len(values) > 1},
        "chosen": dict(Counter(fold.classifier.spec for fold in outcome.folds).most_common()),
        "non_nested": {
            "score": outcome.choice.score,
            "spec": outcome.choice.best.spec,
            "parameters": outcome.choice.best.parameters,
        },
    }


def warnings(
    task: Task,
    found: Survey,
    extraction: Extraction,
    splits: Splits,
    analysis: Analysis,
    experiments: list[dict[str, Any]],
    findings: Sequence[dict[str, Any]] = (),
) -> list[str]:
    """Return what a reader of the scores should know, in sentences, apart from the audit's *findings*."""
    notes = list(splits.warnings)
    rates = found.rates_by_label()
    # Where clips have several labels each combination would count as a class, and few clips of one differ by chance.
    told_already = any(finding["kind"] == "sample-rate" for finding in findings)
    if task.has_classes and not told_already and len({frozenset(r) for r in rates.values()}) > 1:
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
    for e in experiments:
        told = e.get("warnings", [])
        if told:
            more = f" (and {len(told) - 1} more like it)" if len(told) > 1 else ""
            notes.append(f"{title(e)}: {told[0]}{more}")
    lost = found.skipped + extraction.skipped
    if lost:
        notes.append(f"{len(lost)} clip{'s' * (len(lost) > 1)} left out: they can't be read (listed under skipped)")
    return notes


def _range(rates: set[int]) -> str:
    return f"{min(rates)} Hz" if len(rates) == 1 else f"{min(rates)} to {max(rates)} Hz"
