"""Synthetic records: what a comparison would have written, with every figure computed from the predictions."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.results import Results

PLAIN = ["birds", "engine", "music", "speech"]
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
    mean = float(np.mean(values))
    return {
        "mean": mean,
        "std": float(np.std(values)),
        "low": max(0.0, mean - 0.041),
        "high": min(1.0, mean + 0.029),
    }


def _scores(truth, predicted, n_classes):
    matrix = np.zeros((n_classes, n_classes), int)
    np.add.at(matrix, (truth, predicted), 1)
    hits = np.diag(matrix)
    support, answered = matrix.sum(axis=1), matrix.sum(axis=0)
    recall = hits / np.maximum(support, 1)
    precision = hits / np.maximum(answered, 1)
    f1 = 2 * hits / np.maximum(support + answered, 1)
    present = support > 0
    return matrix, precision, recall, f1, float(recall[present].mean()), float(f1[present].mean())


def _experiment(rng, features, classifier, labels, truth, skill, repeats, n_splits, probabilities):
    n = len(labels)
    predictions, folds, truths, guesses = [], [], [], []
    for repeat in range(repeats):
        order = rng.permutation(len(truth)) % n_splits
        if classifier == "dummy":
            answer = np.zeros(len(truth), int)
        else:
            near = np.clip(truth + rng.choice([-1, 1, 2], len(truth)), 0, n - 1)
            answer = np.where(rng.random(len(truth)) < skill, truth, near)
        for fold in range(n_splits):
            test = np.flatnonzero(order == fold)
            *_, balanced, f1 = _scores(truth[test], answer[test], n)
            folds.append(
                {
                    "repeat": repeat,
                    "fold": fold,
                    "n_train": len(truth) - len(test),
                    "n_test": len(test),
                    "accuracy": float(np.mean(truth[test] == answer[test])),
                    "balanced_accuracy": balanced,
                    "macro_f1": f1,
                    "fit_seconds": float(rng.uniform(0.01, 1.5)),
                    "predict_seconds": float(rng.uniform(0.001, 0.1)),
                    "parameters": {"C": 10.0} if classifier == "svm" else {},
                }
            )
            for i in test:
                given = None
                if probabilities and classifier != "linear_svm":
                    p = rng.dirichlet(np.ones(n))
                    swap = int(np.argmax(p))
                    p[[swap, answer[i]]] = p[[answer[i], swap]]
                    given = {label: round(float(x), 4) for label, x in zip(labels, p, strict=True)}
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
    matrix, precision, recall, f1, _, _ = _scores(np.concatenate(truths), np.concatenate(guesses), n)
    return {
        "features": features,
        "classifier": classifier,
        "takes": "sequences" if classifier == "hmm" else "vectors",
        "n_features": 41 * (features.count("+") + 1),
        "parameters": {
            "features": {name: {"n_coeffs": 20, "deltas": 2} for name in features.split("+")},
            "classifier": {"C": 10.0, "gamma": None},
        },
        "status": "ok",
        "error": None,
        "metrics": {
            name: _interval([fold[name] for fold in folds]) for name in ("accuracy", "balanced_accuracy", "macro_f1")
        },
        "per_class": {
            label: {
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "f1": float(f1[k]),
                "support": int(matrix[k].sum()),
            }
            for k, label in enumerate(labels)
        },
        "confusion_matrix": matrix.tolist(),
        "folds": folds,
        "predictions": predictions,
    }


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
    ):
        rng = np.random.default_rng(7)
        labels = list(labels)
        # the first class is the largest, so that the floor is above an even share
        truth = np.concatenate([np.arange(n_clips) % len(labels), np.zeros(n_clips // 5, int)])
        pairs = [(f, c) for f in features for c in classifiers]
        skills = np.linspace(skill, skill * 0.7, max(len(pairs), 1))
        shape = (repeats, n_splits, probabilities)
        experiments = [
            _experiment(rng, f, c, labels, truth, s, *shape) for (f, c), s in zip(pairs, skills, strict=False)
        ]
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
        return Results(
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
                    "notes": ["These clips are synthetic: a program made them, no microphone."],
                    "licence": "CC BY 4.0",
                    "citation": "A. Author (2020): A set of sounds.",
                },
                "cv": {
                    "kind": "stratified-group-k-fold" if groups else "stratified-k-fold",
                    "n_splits": n_splits,
                    "repeats": repeats,
                    "tuned": False,
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
            }
        )

    return make


@pytest.fixture(
    scope="session",
    params=[
        "plain", "two", "nasty", "fifty", "failed-only", "one", "bare", "repeats", "no-clips-wrong",
        "only-dummy",
    ],
)  # fmt: skip
def results(request, make_results):
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
    }[request.param]()
