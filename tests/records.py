"""Records as small as they may be, for tests that are about one part of them."""

from __future__ import annotations

from audioclf import structs
from audioclf.results.metrics import TITLES
from audioclf.results.results import Results
from audioclf.results.schema import Finished, Record


def minimal(**fields):
    """Return a whole record as a dictionary, with *fields* in place of what is empty."""
    return {
        "schema": 1,
        "audioclf": "0.1.0",
        "created": "2026-11-21T08:00:00+00:00",
        "versions": {},
        "platform": "Linux x86_64",
        "seed": 0,
        "command": "",
        "analysis": {"sample_rate": 22050, "frame_length": 0.025, "hop_length": 0.01, "window": "hamming"},
        "dataset": {"name": "demo", "n_clips": 2, "labels": ["a", "b"], "label_counts": {"a": 1, "b": 1}},
        "cv": {"kind": "stratified-k-fold", "n_splits": 2, "repeats": 1},
        "timing": {},
        "experiments": [],
        "skipped": [],
        "warnings": [],
    } | fields


def of(record):
    """Return the `Results` of a record that is a dictionary."""
    return Results(structs.convert(structs.plain(record), Record))


def results(**fields):
    """Return the `Results` of a `minimal` record."""
    return of(minimal(**fields))


def finished(features="mfcc", classifier="svm", metrics=None, **fields):
    """Return a finished experiment as a dictionary: *metrics* are names and means, 0.5 for others."""
    means = dict.fromkeys(TITLES, 0.5) | (metrics or {})
    spread = {name: {"mean": mean, "std": 0.0, "low": mean, "high": mean} for name, mean in means.items()}
    return {
        "status": "ok",
        "features": features,
        "classifier": classifier,
        "n_features": 1,
        "metrics": spread,
        "per_class": {label: {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 1} for label in "ab"},
        "confusion_matrix": [[1, 0], [0, 1]],
        "folds": [fold(**means)],
        "predictions": [],
    } | fields


def fold(**fields):
    """Return a fold as a dictionary, with *fields* in place of what is empty."""
    return {"fold": 0, "n_train": 1, "n_test": 1, "fit_seconds": 0.1, "predict_seconds": 0.1} | fields


def typed(experiment):
    """Return a dictionary of `finished` as the struct."""
    return structs.convert(structs.plain(experiment), Finished)


def plain(results):
    """Return a `Results`' record as a dictionary of dictionaries, to change and to make `Results` of again."""
    return structs.plain(results.record)


def ranked(record):
    """Return the finished experiments of a record, dictionaries to change, best first."""
    finished = {(e["features"], e["classifier"], e.get("augment")): e for e in record["experiments"] if "metrics" in e}
    return [finished[experiment.identity] for experiment in of(record).ranking()]


def timeless(record):
    """Return a record as a dictionary without what differs between two equal runs: when, and how long it took."""
    kept = structs.plain(record)
    for name in ("created", "timing"):
        kept.pop(name)
    for experiment in kept["experiments"]:
        for fold in experiment.get("folds", []):
            fold.pop("fit_seconds")
            fold.pop("predict_seconds")
        for name in ("features_ms", "classifier_ms"):
            (experiment.get("cost") or {}).pop(name, None)
    return kept
