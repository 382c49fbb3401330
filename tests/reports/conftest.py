"""Synthetic records: what a comparison would have written, with every figure computed from the predictions."""

from __future__ import annotations

import base64
import io
import wave
import zlib
from collections import Counter

import numpy as np
import pytest
import records

from audioclf.reports.page import charts as _charts
from audioclf.results.metrics import DETAILS, METRICS, TAG_TITLES, TITLES
from audioclf.statistics import scores, tags
from audioclf.statistics.areas import class_areas

PLAIN = ["birds", "engine", "music", "speech"]
TAGS = ["acoustic", "electronic", "live", "pop", "rock", "vocals"]
AUGMENT = "noise,pitch:semitones=3,shift"
NETWORKS = ("cnn", "rnn")
NASTY = [
    "<script>alert(1)</script>",
    "a|b",
    "ü & ö",
    "50 % of $x_1$ \\frac{1}{2} #~^{}",
    "a very long name of a class that somebody gave without thinking of tables " * 3,
    "_[link](http://example.org)_ `code`",
    "鳥の声",
    "two\nlines",
]


def _interval(values):
    known = [v for v in values if v is not None]
    if not known:
        return {"mean": None, "std": None, "low": None, "high": None}
    mean = float(np.mean(known))
    return {
        "mean": mean,
        "std": float(np.std(known)),
        "low": max(0.0, mean - 0.041),
        "high": min(max(1.0, mean), mean + 0.029),
    }


def _known(values, k):
    return None if values is None or np.isnan(values[k]) else float(values[k])


def _experiment(rng, features, classifier, labels, truth, skill, repeats, n_splits, probabilities):
    n = len(labels)
    predictions, folds, truths, guesses, chances = [], [], [], [], []
    given_any = probabilities and classifier != "linear_svm"
    for repeat in range(repeats):
        order = rng.permutation(len(truth)) % n_splits
        if classifier == "dummy":
            answer = np.zeros(len(truth), int)
        else:
            near = np.clip(truth + rng.choice([-1, 1, 2], len(truth)), 0, n - 1)
            answer = np.where(rng.random(len(truth)) < skill, truth, near)
        chance = rng.dirichlet(np.full(n, 0.7), len(truth)) * 0.6
        chance[np.arange(len(truth)), answer] += 0.4
        chance = np.round(chance, 4) + 1e-5
        chance /= chance.sum(axis=1, keepdims=True)
        for fold in range(n_splits):
            test = np.flatnonzero(order == fold)
            folds.append(
                {
                    "repeat": repeat,
                    "fold": fold,
                    "n_train": len(truth) - len(test),
                    "n_test": len(test),
                    **scores.score_predictions(truth[test], answer[test], chance[test] if given_any else None, n),
                    "fit_seconds": float(rng.uniform(0.01, 1.5)),
                    "predict_seconds": float(rng.uniform(0.001, 0.1)),
                    "spec": classifier,
                    "parameters": {"C": 10.0} if classifier == "svm" else {},
                    "history": _history(rng, len(truth) // 6) if classifier in NETWORKS else None,
                }
            )
            for i in test:
                given = None
                if given_any:
                    given = {label: float(x) for label, x in zip(labels, chance[i], strict=True)}
                predictions.append(
                    {
                        "path": f"{labels[truth[i]][:40]}/clip-{i:03d}.flac",
                        "group": f"recording-{i // 5}",
                        "repeat": repeat,
                        "fold": fold,
                        "label": labels[truth[i]],
                        "predicted": labels[answer[i]],
                        "probabilities": given,
                    }
                )
        truths.append(truth)
        guesses.append(answer)
        chances.append(chance)
    truths, guesses = np.concatenate(truths), np.concatenate(guesses)
    matrix = scores.confusion_matrix(truths, guesses, n)
    per_class = scores.per_class(matrix)
    areas = class_areas(truths, np.concatenate(chances), n) if given_any else {}
    return {
        "features": features,
        "classifier": classifier,
        "augment": None,
        "takes": "sequences" if classifier in ("hmm", *NETWORKS) else "vectors",
        "n_features": 41 * (features.count("+") + 1),
        "parameters": {
            "features": {name: {"n_coeffs": 20, "deltas": 2} for name in features.split("+")},
            "classifier": {"C": 10.0, "gamma": None},
        },
        "status": "ok",
        "error": None,
        "metrics": {name: _interval([fold[name] for fold in folds]) for name in TITLES},
        "per_class": {
            label: {
                **{name: float(per_class[name][k]) for name in ("precision", "recall", "f1")},
                "support": int(per_class["support"][k]),
                **{name: _known(areas.get(name), k) for name in ("roc_auc", "average_precision")},
                "intervals": {
                    name: [max(0.0, float(per_class[name][k]) - 0.08), min(1.0, float(per_class[name][k]) + 0.05)]
                    for name in ("precision", "recall", "f1")
                },
            }
            for k, label in enumerate(labels)
        },
        "confusion_matrix": matrix.tolist(),
        "folds": folds,
        "predictions": predictions,
        "cost": None,
        "by_recording": None,
        "tuning": None,
        "naive": None,
        "versus_best": None,
    }


def _cost(rng, classifier):
    parameters = {"dummy": 4, "hmm": 12_000, "svm": 38_400, "cnn": 1_240_000, "rnn": 310_000}.get(classifier, 900)
    return {
        "parameters": parameters,
        "kilobytes": 0.4 + parameters * 0.004,
        "features_ms": float(rng.uniform(4, 14)),
        "classifier_ms": {"cnn": 31.0, "rnn": 122.0}.get(classifier, float(rng.uniform(0.02, 0.4))),
    }


def _cut(experiment, n_recordings):
    """Fill in what whole recordings score, and what they do where pieces of them were learnt."""
    for scored, gain in ((experiment, 0.08), (experiment["naive"], 0.03)):
        if scored is not None:
            means = {name: scored["metrics"][name]["mean"] for name in METRICS}
            scored["by_recording"] = {
                "n_recordings": n_recordings,
                "metrics": {name: min(1.0, mean + gain) for name, mean in means.items()},
            }


def _history(rng, n_validation):
    """What a network tells of its training: the loss falls, that of the validation rises again."""
    length = int(rng.integers(16, 30))
    epochs = np.arange(1, length + 1)
    train = 1.3 * np.exp(-epochs / 6) + rng.normal(0, 0.02, length) + 0.08
    valid = 1.2 * np.exp(-epochs / 5) + 0.012 * epochs + rng.normal(0, 0.03, length) + 0.3
    right = 0.95 - 0.7 * np.exp(-epochs / 5) + rng.normal(0, 0.02, length)
    return {
        "epochs": [
            {"epoch": int(e), "train_loss": float(t), "valid_loss": float(v), "valid_accuracy": float(r)}
            for e, t, v, r in zip(epochs, train, valid, right, strict=True)
        ],
        "best_epoch": int(valid.argmin()) + 1,
        "n_validation": n_validation,
    }


def _tagged(rng, features, classifier, labels, truth, skill, n_splits):
    """An experiment whose clips have several labels; *truth* is a matrix, (n_clips, n_labels)."""
    chance = np.clip(rng.normal(0.5 + 0.3 * skill * (2 * truth - 1), 0.18), 0.001, 0.999).round(4)
    if classifier == "dummy":
        chance = np.tile(truth.mean(axis=0).round(4), (len(truth), 1))
    answer = chance >= 0.5
    order, folds, predictions = rng.permutation(len(truth)) % n_splits, [], []
    for fold in range(n_splits):
        test = np.flatnonzero(order == fold)
        folds.append(
            {
                "repeat": 0,
                "fold": fold,
                "n_train": len(truth) - len(test),
                "n_test": len(test),
                **tags.score_tags(truth[test], answer[test], chance[test]),
                "fit_seconds": 0.4,
                "predict_seconds": 0.01,
                "parameters": {},
                "history": _history(rng, 20) if classifier in NETWORKS else None,
            }
        )
        for i in test:
            predictions.append(
                {
                    "path": f"tags/clip-{i:03d}.flac",
                    "group": f"recording-{i // 5}",
                    "repeat": 0,
                    "fold": fold,
                    "label": ";".join(label for label, has in zip(labels, truth[i]) if has),
                    "predicted": ";".join(label for label, has in zip(labels, answer[i]) if has),
                    "probabilities": {label: float(x) for label, x in zip(labels, chance[i], strict=True)},
                }
            )
    found = tags.per_label(truth, answer, chance)
    parts = ("precision", "recall", "f1")
    return {
        "features": features,
        "classifier": classifier,
        "augment": None,
        "takes": "sequences" if classifier in NETWORKS else "vectors",
        "n_features": 41,
        "parameters": {"features": {features: {}}, "classifier": {}},
        "status": "ok",
        "error": None,
        "metrics": {name: _interval([fold[name] for fold in folds]) for name in TAG_TITLES},
        "per_class": {
            label: {
                **{name: float(found[name][k]) for name in parts},
                "support": int(found["support"][k]),
                **{name: _known(found[name], k) for name in ("roc_auc", "average_precision")},
                "intervals": {name: [max(0.0, found[name][k] - 0.1), min(1.0, found[name][k] + 0.1)] for name in parts},
                "confusion": found["confusion"][k].tolist(),
            }
            for k, label in enumerate(labels)
        },
        "confusion_matrix": None,
        "folds": folds,
        "predictions": predictions,
        "cost": _cost(rng, classifier),
        "by_recording": None,
        "tuning": None,
        "naive": None,
        "versus_best": None,
    }


def _compare(experiments, metric="accuracy"):
    """Fill in versus_best of all but the best and return the record's tests."""
    task = "multi-label" if metric == "average_precision" else "multi-class"
    ranked = records.ranked(records.minimal(experiments=experiments, metric=metric, task=task))
    if len(ranked) < 2:
        return None
    best = ranked[0]
    rights = [[p["label"] == p["predicted"] for p in e["predictions"]] for e in ranked]
    for i, (experiment, right) in enumerate(zip(ranked[1:], rights[1:], strict=True), 1):
        difference = best["metrics"][metric]["mean"] - experiment["metrics"][metric]["mean"]
        p = float(np.exp(-40 * max(difference, 0.0)))
        experiment["versus_best"] = {
            "difference": difference,
            "t": 40 * difference,
            "p": p,
            "p_holm": min(1.0, p * (len(ranked) - i)),
            "mcnemar": {
                "best_only": sum(a and not b for a, b in zip(rights[0], right)),
                "this_only": sum(b and not a for a, b in zip(rights[0], right)),
                "p": p,
                "p_holm": min(1.0, p * (len(ranked) - i)),
            },
            "distinguishable": min(1.0, p * (len(ranked) - i)) < 0.05,
        }
    return {
        "best": {name: best[name] for name in ("features", "classifier", "augment")},
        "metric": metric,
        "level": 0.05,
        "decided_by": "corrected resampled t-test",
        "clips_independent": False,
        "n_folds": len(best["folds"]),
    }


def _tune(experiment):
    specs = [f"{experiment['classifier']}:C={c}" for c in (1, 10, 100)]
    for i, fold in enumerate(experiment["folds"]):
        fold |= {
            "spec": specs[i % 2 + 1],
            "inner_score": min(1.0, fold["accuracy"] + 0.01),
            "parameters": {"C": 10 ** (i % 2 + 1)},
        }
    score = min(1.0, experiment["metrics"]["accuracy"]["mean"] + 0.015)
    experiment["tuning"] = {
        "method": "successive halving",
        "metric": "accuracy",
        "candidates": 12,
        "budget": 12,
        "inner_folds": 3,
        "fits": 234,
        "space": {"C": [1, 10, 100], "gamma": ["scale", 0.01]},
        "chosen": dict(Counter(fold["spec"] for fold in experiment["folds"])),
        "non_nested": {"score": score, "spec": specs[1], "parameters": {"C": 10}},
    }


def sound(seconds=0.3, rate=8000, hz=440.0):
    """Return a WAV file's bytes."""
    samples = 0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def picture(rng, seconds):
    """A spectrogram as it stands in a record: harmonics above a floor of noise."""
    rows, columns = 64, 200
    values = rng.normal(70, 18, (rows, columns))
    pitch = 5 + 2 * np.sin(np.arange(columns) / 18 + rng.uniform(0, 6))
    for k in range(1, 9):
        distance = np.arange(rows)[:, None] - k * pitch[None, :]
        values += (190 - 15 * k) * np.exp(-(distance**2))
    data = np.clip(values, 0, 255).astype(np.uint8)
    return {
        "rows": rows,
        "columns": columns,
        "data": base64.b64encode(zlib.compress(data.tobytes())).decode(),
        "low": -80.0,
        "high": 0.0,
        "max_hz": 11025.0,
        "seconds": seconds,
    }


def _excerpts(rng, paths):
    return [
        {
            "path": path,
            "seconds": 0.3,
            "shown": 0.3,
            "duration": 3.0,
            "media_type": "audio/wav",
            "audio": base64.b64encode(sound(hz=300 + 40 * i)).decode(),
            "spectrogram": picture(rng, 0.3),
        }
        for i, path in enumerate(paths)
    ]


def _audit(labels, paths):
    def finding(topic, kind, severity, sentence, advice="", clips=(), rows=(), score=None, chance=None):
        names = ("topic", "kind", "severity", "sentence", "advice", "clips", "rows", "score", "chance")
        values = (topic, kind, severity, sentence, advice, list(clips), list(rows), score, chance)
        return dict(zip(names, values, strict=True))

    suspicious = [
        {
            "clip": path,
            "label": labels[0],
            "suggested": labels[-1],
            "probability_of_label": 0.02,
            "probability_of_suggested": 0.91,
        }
        for path in paths[:4]
    ]
    return {
        "findings": [
            finding(
                "shortcuts", "sample-rate", "serious",
                f"The sample rate alone tells the classes apart: 0.667 balanced accuracy, against 0.333 by chance; "
                f"all 31 clips of {labels[0]} are at 48,000 Hz.",
                "Resample all recordings to the lowest rate before anything else, or record the classes alike.",
                rows=[
                    {"label": label, "22050 Hz": 40 * (k > 0), "48000 Hz": 31 * (k == 0)}
                    for k, label in enumerate(labels[:6])
                ],
                score=0.667, chance=1 / 3,
            ),
            finding(
                "leakage", "near-duplicates", "serious", "2 clips sound like another one.",
                "Give them one group, or leave one of them out.", clips=[paths[:2], paths[2:4]],
            ),
            finding(
                "quality", "likely-wrong-labels", "note",
                "4 clips are labelled otherwise than nearly all models hear them.",
                "Listen to them.", clips=[[row["clip"]] for row in suspicious], rows=suspicious,
            ),
            finding("quality", "silent", "note", "1 clip is silent.", clips=[[paths[-1]]]),
        ],
        "checked": {"clips": len(paths), "seconds": 2.1},
    }  # fmt: skip


def _projection(rng, experiment, truth, labels):
    first = {p["path"]: p for p in experiment["predictions"] if p["repeat"] == 0}
    points = rng.normal(size=(len(first), 2)) + [[labels.index(p["label"]), 0.3] for p in first.values()]
    columns = {"x": points[:, 0].tolist(), "y": points[:, 1].tolist()}
    return {
        "features": experiment["features"],
        "clips": list(first),
        "labels": [p["label"] for p in first.values()],
        "predicted": [p["predicted"] for p in first.values()],
        "pca": {**columns, "explained": [0.31, 0.12]},
        "tsne": {**columns, "perplexity": 30.0},
    }


def _importance(experiment, metric="accuracy"):
    names = experiment["features"].split("+")
    return {
        "augment": experiment["augment"],
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "metric": metric,
        "baseline": experiment["metrics"][metric]["mean"],
        "extractors": [{"name": name, "drop": 0.3 / (k + 1), "std": 0.02} for k, name in enumerate(names)],
        "coefficients": [
            {"extractor": name, "name": f"{name}_{k}_mean", "drop": 0.06 / (k + 1), "std": 0.01}
            for k in range(12)
            for name in names
        ],
    }


def _learning_curve(experiment):
    return {
        "augment": experiment["augment"],
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "metric": "accuracy",
        "points": [
            {"share": share, "n_train": 96 * share, "mean": 0.9 - 0.4 * (1 - share) ** 3, "std": 0.02}
            for share in (0.1, 0.25, 0.5, 0.75, 1.0)
        ],
    }


def _test(experiment, labels):
    half = [p for p in experiment["predictions"] if p["repeat"] == 0][::2]
    return {
        "source": "held-out.csv",
        "n_clips": len(half),
        "n_groups": len({p["group"] for p in half}),
        "augment": experiment["augment"],
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "parameters": experiment["parameters"],
        "metrics": {
            name: {
                "value": None if m["mean"] is None else m["mean"] - 0.02,
                "low": None if m["low"] is None else m["low"] - 0.04,
                "high": m["high"],
            }
            for name, m in experiment["metrics"].items()
        },
        "per_class": experiment["per_class"],
        "confusion_matrix": experiment["confusion_matrix"],
        "predictions": [p | {"fold": None, "repeat": 0} for p in half],
        "warnings": ["1 clip of the test set is a near-duplicate of one in training."],
    }


_LATER = ("tuning", "naive", "versus_best", "augment", "cost", "by_recording")


def _older(results):
    """Return the same run as version 0.1.0 wrote it down: without all that came later."""
    record = {
        key: value
        for key, value in records.plain(results).items()
        if key
        not in (
            "kind", "tests", "audit", "augmentation", "excerpts", "portraits", "importance", "learning_curve",
            "projection", "test",
        )
    }  # fmt: skip
    record["experiments"] = [
        e
        if e["status"] != "ok"
        else {key: value for key, value in e.items() if key not in _LATER}
        | {
            "metrics": {name: e["metrics"][name] for name in METRICS},
            "per_class": {
                label: {name: values[name] for name in ("precision", "recall", "f1", "support")}
                for label, values in e["per_class"].items()
            },
            "folds": [
                {k: v for k, v in f.items() if k not in (*DETAILS, "spec", "inner_score", "history")}
                for f in e["folds"]
            ],
        }
        for e in record["experiments"]
    ]
    return records.of(record)


@pytest.fixture(scope="session")
def make_results():
    """Return a function that makes `Results` of a run that never was; equal arguments, equal record."""

    def make(
        labels=PLAIN,
        features=("mfcc", "mfcc+gfcc"),
        classifiers=("svm", "hmm"),
        n_clips=120,
        n_splits=5,
        repeats=1,
        failed=(("pncc", "rf"),),
        skipped=2,
        dummy=True,
        groups=True,
        probabilities=True,
        skill=0.9,
        tuned=False,
        test=False,
        naive=False,
        excerpts=8,
        audit=True,
        augmented=False,
        pieces=False,
        costs=False,
    ):
        rng = np.random.default_rng(7)
        labels = list(labels)
        # the first class is the largest, so that the baseline is above an even share
        truth = np.concatenate([np.arange(n_clips) % len(labels), np.zeros(n_clips // 5, int)])
        pairs = [(f, c) for f in features for c in classifiers]
        skills = np.linspace(skill, skill * 0.7, max(len(pairs), 1))
        shape = (repeats, n_splits, probabilities)
        experiments = [
            _experiment(rng, f, c, labels, truth, s, *shape) for (f, c), s in zip(pairs, skills, strict=False)
        ]
        if augmented:
            for e, (f, c), s in zip(list(experiments), pairs, skills, strict=False):
                again = _experiment(rng, f, c, labels, truth, min(s * 1.06, 1.0), *shape)
                experiments.insert(experiments.index(e) + 1, again | {"augment": AUGMENT})
        if dummy:
            experiments.append(_experiment(rng, features[0], "dummy", labels, truth, 0.0, *shape))
        experiments += [
            {
                "features": f,
                "classifier": c,
                "takes": "vectors",
                "status": "failed",
                "error": "fold 2: ValueError: <b>singular</b> | matrix\nnothing can be learnt from it",
            }
            for f, c in failed
        ]
        counts = np.bincount(truth, minlength=len(labels))
        finished = [e for e in experiments if e["status"] == "ok"]
        for experiment in finished:
            if tuned and experiment["classifier"] != "dummy":
                _tune(experiment)
            if naive:
                experiment["naive"] = {
                    "kind": "stratified-k-fold",
                    "n_splits": n_splits,
                    "repeats": repeats,
                    "metrics": {
                        name: {"mean": m["mean"] and min(1.0, m["mean"] + 0.06), "std": m["std"]}
                        for name, m in experiment["metrics"].items()
                    },
                }
        for experiment in finished:
            if costs:
                experiment["cost"] = _cost(rng, experiment["classifier"])
            if pieces:
                _cut(experiment, len(truth) // 5)
        tests = _compare(experiments)
        best = next(iter(records.ranked(records.minimal(experiments=experiments))), None)
        paths = [f"{labels[truth[i]][:40]}/clip-{i:03d}.flac" for i in range(len(truth))]
        wrong = []
        if best is not None:
            wrong = list(dict.fromkeys(p["path"] for p in best["predictions"] if p["label"] != p["predicted"]))
        audible = list(dict.fromkeys([*paths[:2], *wrong]))[:excerpts]
        return records.of(
            {
                "schema": 1,
                "audioclf": "0.1.0",
                "created": "2026-11-21T08:00:00+00:00",
                "versions": {"python": "3.11.7", "numpy": "2.4.6", "scikit-learn": "1.9.1"},
                "platform": "Linux x86_64",
                "seed": 0,
                "command": "audioclf compare --data 'my recordings' --features mfcc,mfcc+gfcc --clf svm,hmm",
                "metric": "accuracy",
                "analysis": {
                    "sample_rate": 22050,
                    "frame_length": 0.025,
                    "hop_length": 0.01,
                    "window": "hamming",
                    "n_fft": 1024,
                    "functionals": ["mean", "std", "skewness"],
                },
                "dataset": {
                    "name": "demo",
                    "source": "demo",
                    "n_clips": len(truth),
                    "n_groups": len(truth) // 5 if groups else None,
                    "labels": labels,
                    "label_counts": {label: int(counts[k]) for k, label in enumerate(labels)},
                    "duration": 3.0 * len(truth),
                    "sample_rates": {"22050": len(truth) - 10, "48000": 10},
                    "fingerprint": "00ff" * 8,
                    "clip_seconds": 0.1 if pieces else None,
                    "notes": ["These clips are synthetic: a program made them, no microphone."],
                    "licence": "CC BY 4.0",
                    "citation": "A. Author (2020): A set of sounds.",
                },
                "cv": {
                    "kind": "stratified-group-k-fold" if groups else "stratified-k-fold",
                    "n_splits": n_splits,
                    "repeats": repeats,
                    "tuned": tuned,
                },
                "timing": {
                    "decode_seconds": 1.84,
                    "extract_seconds": 3.21,
                    "store_seconds": 0.12,
                    "fit_seconds": 141.9,
                    "score_seconds": 4.4,
                    "total_seconds": 80.1,
                    "workers": 2,
                },
                "experiments": experiments,
                "skipped": [{"path": f"x{i}|<i>.wav", "why": "0.02 s is short"} for i in range(skipped)],
                "warnings": ["2 clips are exact copies of another: a.wav <b>, b.wav"],
                "kind": "compare",
                "augmentation": {"spec": AUGMENT, "factor": 3, "compared": True} if augmented else None,
                "tests": tests,
                "audit": _audit(labels, paths) if audit else None,
                "excerpts": _excerpts(rng, audible),
                "portraits": [],
                "importance": None if best is None else _importance(best),
                "learning_curve": None if best is None else _learning_curve(best),
                "projection": None if best is None else _projection(rng, best, truth, labels),
                "test": _test(best, labels) if test and best is not None else None,
            }
        )

    return make


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the charts of pages undrawn, which takes most of the time, for tests of what pages say."""
    blank = "data:image/svg+xml;base64,PHN2Zy8+"
    for name in ("_lines", "_pixels"):
        monkeypatch.setattr(_charts, name, lambda picture: _charts.Chart(picture.title, blank, 100))


@pytest.fixture(scope="session")
def older():
    """Return a function that takes away from `Results` what version 0.1.0 didn't write down."""
    return _older


@pytest.fixture(scope="session")
def make_explored(make_results):
    """Return a function that makes `Results` of looking at data only; parameters as for ``make_results``."""

    def make(**options):
        record = records.plain(make_results(**options))
        record |= {
            "kind": "explore",
            "experiments": [],
            "tests": None,
            "importance": None,
            "learning_curve": None,
            "warnings": [],
            "command": "audioclf explore --data 'my recordings'",
        }
        if record["projection"] is not None:
            record["projection"]["predicted"] = None
        return records.of(record)

    return make


@pytest.fixture(scope="session")
def make_tags(make_results):
    """Return a function that makes `Results` of clips with several labels; equal arguments, equal record."""

    def make(labels=TAGS, classifiers=("svm", "cnn"), skill=0.9, n_clips=120, n_splits=4, test=False):
        rng = np.random.default_rng(5)
        labels = sorted(labels)
        truth = rng.random((n_clips, len(labels))) < np.linspace(0.5, 0.12, len(labels))
        shape = (labels, truth)
        experiments = [
            _tagged(rng, "logmel", c, *shape, skill * (0.8 if k else 1.0), n_splits) for k, c in enumerate(classifiers)
        ]
        experiments.append(_tagged(rng, "logmel", "dummy", *shape, 0.0, n_splits))
        tests = _compare(experiments, "average_precision")
        record = records.plain(make_results(n_clips=40, skill=0.5, failed=(), audit=False, excerpts=0))
        record |= {
            "task": "multi-label",
            "metric": "average_precision",
            "experiments": experiments,
            "tests": tests,
            "projection": None,
            "learning_curve": None,
            "excerpts": _excerpts(rng, [f"tags/clip-{i:03d}.flac" for i in range(0, 40, 4)]),
            "cv": record["cv"] | {"kind": "iterative-stratified-group-k-fold", "n_splits": n_splits},
        }
        best = records.ranked(record)[0]
        record["importance"] = _importance(best, "average_precision")
        record["dataset"] = record["dataset"] | {
            "n_clips": n_clips,
            "n_groups": -(-n_clips // 5),
            "labels": labels,
            "label_counts": {label: int(n) for label, n in zip(labels, truth.sum(axis=0))},
        }
        record["test"] = _test(best, labels) if test else None
        return records.of(record)

    return make


@pytest.fixture(
    scope="session",
    params=[
        "deep", "tags",
        "plain", "two", "nasty", "fifty", "failed-only", "one", "bare", "repeats", "no-clips-wrong",
        "only-dummy", "older", "tuned", "explored", "explored-nasty", "explored-quiet",
    ],
)  # fmt: skip
def results(request, make_results, make_explored, make_tags):
    """A record of each kind that a report has to bear."""
    return {
        "plain": lambda: make_results(),
        "two": lambda: make_results(labels=["no", "yes"], skill=0.4),
        "nasty": lambda: make_results(labels=NASTY, skill=0.6),
        "fifty": lambda: make_results(labels=[f"class number {k}" for k in range(50)], n_clips=400),
        "failed-only": lambda: make_results(features=(), dummy=False),
        "one": lambda: make_results(features=("mfcc",), classifiers=("svm",), failed=(), skipped=0, dummy=False),
        "bare": lambda: make_results(probabilities=False, groups=False, failed=(), skipped=0),
        "repeats": lambda: make_results(repeats=3, n_clips=60),
        "no-clips-wrong": lambda: make_results(features=("mfcc",), classifiers=("svm",), skill=1.1),
        "only-dummy": lambda: make_results(classifiers=()),
        "older": lambda: _older(make_results()),
        "tuned": lambda: make_results(tuned=True, test=True, naive=True, repeats=2),
        "deep": lambda: make_results(
            features=("logmel",), classifiers=("cnn",), augmented=True, pieces=True, naive=True, costs=True, n_clips=40
        ),
        "tags": lambda: make_tags(test=True),
        "explored": lambda: make_explored(),
        "explored-nasty": lambda: make_explored(labels=NASTY),
        "explored-quiet": lambda: make_explored(audit=False, excerpts=0),
    }[request.param]()
