"""What came of a comparison, as the plain data of results.json (docs/results.md)."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import significance, statistics, tuning
from audioclf._version import __version__
from audioclf.dataset import Clip, Dataset
from audioclf.extraction import Extraction, Survey
from audioclf.fitting import Course, Experiment, Fold, Outcome
from audioclf.results import SCHEMA, TITLES, Results, title
from audioclf.spectra import Analysis
from audioclf.tuning import Found
from audioclf.validation import Split, Splits

_PACKAGES = ("numpy", "scipy", "scikit-learn", "hmmlearn", "librosa", "spafe", "soundfile", "soxr")


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
    kept = Dataset(data.name, clips)
    rates = Counter(found.rates[clip.path] for clip in clips)
    return {
        "name": data.name,
        "source": data.source,
        "n_clips": len(kept),
        "n_groups": len(set(kept.groups)) if kept.has_groups else None,
        "labels": kept.labels,
        "label_counts": kept.label_counts,
        "label_groups": _label_groups(clips) if kept.has_groups else None,
        "duration": float(sum(found.durations)),
        "sample_rates": {str(rate): rates[rate] for rate in sorted(rates)},
        "fingerprint": digest,
        "notes": data.notes,
        "licence": data.licence,
        "citation": data.citation,
    }


def _label_groups(clips: list[Clip]) -> dict[str, int]:
    groups: dict[str, set[str]] = {}
    for clip in clips:
        groups.setdefault(clip.label, set()).add(clip.group if clip.group is not None else f"\0{clip.name}")
    return {label: len(groups[label]) for label in sorted(groups)}


def experiment(
    of: Experiment,
    outcome: Outcome,
    extraction: Extraction,
    splits: Splits,
    naive: Splits | None,
    course: Course,
) -> dict[str, Any]:
    """Return the record of one experiment."""
    classifier = of.classifier
    width = sum(len(extractor.coefficient_names) for extractor in of.extractors)
    if classifier.takes == "vectors":
        width = sum(extraction.vectors[extractor].shape[1] for extractor in of.extractors)
    record: dict[str, Any] = {
        "features": of.features,
        "classifier": classifier.spec,
        "takes": classifier.takes,
        "n_features": width,
        "parameters": {
            "features": {extractor.spec: extractor.parameters for extractor in of.extractors},
            "classifier": classifier.parameters,
        },
    }
    failed = _failure(outcome)
    if failed:
        return {**record, "status": "failed", "error": failed}
    clips = extraction.clips
    labels = sorted({clip.label for clip in clips})
    truth = np.array([labels.index(clip.label) for clip in clips])
    rows = np.concatenate([split.test for split in splits.splits])
    predicted = np.concatenate([fold.predicted for fold in outcome.folds])
    fold_scores = _fold_scores(truth, splits.splits, outcome.folds, len(labels))
    scored = score(
        [clips[i] for i in rows],
        truth[rows],
        predicted,
        _stacked([fold.probabilities for fold in outcome.folds]),
        labels,
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
                "inner_score": None if fold.inner is None else fold.inner.score,
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
                name: _spread(_fold_scores(truth, naive.splits, outcome.naive, len(labels)), name) for name in TITLES
            },
        },
        "versus_best": None,
        "predictions": [
            row
            for split, fold in zip(splits.splits, outcome.folds)
            for row in predictions(
                [clips[i] for i in split.test], labels, fold.predicted, fold.probabilities, split.repeat, split.fold
            )
        ],
    }


def score(
    clips: Sequence[Clip],
    truth: NDArray[np.int64],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float64] | None,
    labels: list[str],
    seed: int,
    folds: NDArray[np.int64] | None = None,
) -> dict[str, Any]:
    """Score predictions over all their clips: "values", "intervals", "per_class" and "confusion_matrix".

    *folds* says which model made each prediction, where it wasn't one for all.
    """
    units = [f"group {clip.group}" if clip.group is not None else f"clip {clip.name}" for clip in clips]
    matrix = statistics.confusion_matrix(truth, predicted, len(labels))
    ends = statistics.intervals(truth, predicted, probabilities, units, len(labels), seed, folds)
    classes = statistics.per_class(matrix)
    areas = None if probabilities is None else statistics.one_vs_rest(truth, probabilities, len(labels))
    return {
        "values": statistics.score_predictions(truth, predicted, probabilities, len(labels)),
        "intervals": {name: ends.metrics.get(name) or (None, None) for name in TITLES},
        "confusion_matrix": matrix.tolist(),
        "per_class": {
            label: {
                **{name: float(classes[name][i]) for name in ("precision", "recall", "f1")},
                **{
                    name: None if areas is None or np.isnan(areas[name][i]) else float(areas[name][i])
                    for name in ("roc_auc", "average_precision")
                },
                "support": int(classes["support"][i]),
                "intervals": {name: _pair(values[i]) for name, values in ends.per_class.items()},
            }
            for i, label in enumerate(labels)
        },
    }


def predictions(
    clips: Iterable[Clip],
    labels: list[str],
    predicted: NDArray[np.int64],
    probabilities: NDArray[np.float64] | None,
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
            "predicted": labels[predicted[row]],
            "probabilities": None
            if probabilities is None
            else {label: round(float(p), 6) for label, p in zip(labels, probabilities[row])},
        }
        for row, clip in enumerate(clips)
    ]


def compare_with_best(results: Results, splits: Splits) -> dict[str, Any] | None:
    """Test every finished experiment against the best, write "versus_best" into each, and return "tests"."""
    best = results.best
    finished = [e for e in results.record["experiments"] if e["status"] == "ok"]
    if best is None or len(finished) < 2:
        return None
    scores = np.array([[_number(fold[results.metric]) for fold in e["folds"]] for e in finished])
    rows = significance.versus_best(
        scores,
        next(i for i, e in enumerate(finished) if e is best),
        np.array([len(split.train) for split in splits.splits]),
        np.array([len(split.test) for split in splits.splits]),
        [np.array([p["label"] == p["predicted"] for p in e["predictions"] if p["repeat"] == 0]) for e in finished],
    )
    for e, row in zip(finished, rows):
        e["versus_best"] = row
    return {
        "best": {name: best[name] for name in ("features", "classifier")},
        "metric": results.metric,
        "level": significance.LEVEL,
        "decided_by": significance.decided_by(rows),
        "clips_independent": results.record["dataset"]["n_groups"] is None,
        "n_folds": len(splits.splits),
    }


def _failure(outcome: Outcome) -> str:
    folds = [*outcome.folds, *outcome.naive]
    errors = [fold.error for fold in folds if fold.error]
    if errors:
        return (f"{len(errors)} of {len(folds)} folds failed; the first: " if len(folds) > 1 else "") + errors[0]
    return f"the search over all folds failed: {outcome.outer}" if isinstance(outcome.outer, str) else ""


def _fold_scores(
    truth: NDArray[np.int64], splits: list[Split], folds: list[Fold], n_classes: int
) -> list[dict[str, float | None]]:
    return [
        statistics.score_predictions(truth[split.test], fold.predicted, fold.probabilities, n_classes)
        for split, fold in zip(splits, folds)
    ]


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
    found = [fold.inner for fold in outcome.folds if fold.inner is not None]
    if not found or not isinstance(outcome.outer, Found):
        return None
    tried: dict[str, list[Any]] = {}
    for candidate in of.candidates:
        for name, value in candidate.parameters.items():
            if value not in tried.setdefault(name, []):
                tried[name].append(value)
    return {
        "method": found[0].method,
        "metric": course.metric,
        "candidates": len(of.candidates),
        "budget": course.budget,
        "inner_folds": tuning.INNER_FOLDS,
        "fits": sum(f.fits for f in found),
        "space": {name: values for name, values in tried.items() if len(values) > 1},
        "chosen": dict(Counter(fold.classifier.spec for fold in outcome.folds).most_common()),
        "non_nested": {
            "score": outcome.outer.score,
            "spec": outcome.outer.best.spec,
            "parameters": outcome.outer.best.parameters,
        },
    }


def warnings(
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
    told_already = any(finding["kind"] == "sample-rate" for finding in findings)
    if not told_already and len({frozenset(r) for r in rates.values()}) > 1:
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
