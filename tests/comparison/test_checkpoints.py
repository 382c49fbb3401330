"""Checkpoints: an interrupted run goes on where it stopped, and a damaged file is told and computed anew."""

from __future__ import annotations

import json
import re

import pytest
import records

from audioclf.comparison.compare import compare
from audioclf.experiment import fitting


def test_an_interrupted_run_goes_on_where_it_stopped(tiny, tmp_path, monkeypatch):
    """Stop after two experiments; the second run fits only what is missing, and its numbers are the same."""
    arguments = {"features": "centroid,zcr", "classifiers": "knn,logreg", "cv": 2, "resume": tmp_path / "resume"}
    whole = compare(tiny / "clips.csv", **{**arguments, "resume": None})

    def stop(stage, done, total, note):
        if stage == "experiments" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(tiny / "clips.csv", **arguments, progress=stop)
    assert len(list((tmp_path / "resume").glob("*.json"))) == 2
    fitted = []
    real = fitting._fit_fold
    monkeypatch.setattr(fitting, "_fit_fold", lambda *call: (fitted.append(call[0].name), real(*call))[1])
    again = compare(tiny / "clips.csv", **arguments)
    assert fitted == ["knn", "knn", "logreg", "logreg", "dummy", "dummy"]
    assert records.timeless(again.results.record) == records.timeless(whole.results.record)


@pytest.mark.parametrize("way", ["save", "report"])
def test_they_are_kept_until_the_record_is_saved(tiny, tmp_path, way):
    done = compare(tiny / "clips.csv", "centroid", "knn", cv=2, resume=tmp_path / "run" / ".resume")
    assert len(list((tmp_path / "run" / ".resume").iterdir())) == 2
    if way == "save":
        done.save(tmp_path / "run")
    else:
        done.report(tmp_path / "run", ["csv"])
    assert (tmp_path / "run" / "results.json").exists()
    assert not (tmp_path / "run" / ".resume").exists()


def test_what_was_finished_under_other_settings_is_not_taken(tiny, tmp_path):
    """The checkpoint's key holds the seed, the splits, the analysis and the data."""
    options = {"features": "centroid", "classifiers": "knn", "resume": tmp_path / "resume"}
    first = compare(tiny / "clips.csv", cv=2, **options)
    for change in ({"cv": 4}, {"seed": 1, "cv": 2}, {"cv": 2, "sample_rate": 4000}, {"cv": 2, "pooled": "mean"}):
        before = len(list((tmp_path / "resume").iterdir()))
        other = compare(tiny / "clips.csv", **{**options, **change})
        assert len(list((tmp_path / "resume").iterdir())) > before, change
        assert other.results.record.experiments != first.results.record.experiments


# ---------------------------------------------------------------- damage


def set_to(value, *path):
    """Return what replaces one field of a checkpoint."""

    def damage(text):
        data = json.loads(text)
        place = data
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        return json.dumps(data)

    return damage


def without(*path):
    """Return what removes one field of a checkpoint."""

    def damage(text):
        data = json.loads(text)
        place = data
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
        return json.dumps(data)

    return damage


DAMAGES = {
    "a list": (lambda text: "[]", "$: expected an object, got a list"),
    "an empty object": (lambda text: "{}", "$.features: missing"),
    "nothing but a status": (lambda text: '{"status": "ok"}', "$.features: missing"),
    "text": (lambda text: '"x"', "$: expected an object, got text"),
    "a number": (lambda text: "5", "$: expected an object, got a whole number"),
    "null": (lambda text: "null", "$: expected an object, got null"),
    "nothing": (lambda text: "", "no JSON"),
    "cut off": (lambda text: text[: len(text) // 2], "no JSON"),
    "NaN": (lambda text: text.replace('"fit_seconds": ', '"fit_seconds": NaN, "x": ', 1), "NaN is no number"),
    "nested deep": (lambda text: "[" * 100_000, "nested too deep"),
    "not UTF-8": (lambda text: text.encode()[:-2] + b"\xff}", "no JSON"),
    "of a failure": (set_to("failed", "status"), "$.status"),
    "no folds": (without("folds"), "$.folds: missing"),
    "a number for folds": (set_to(5, "folds"), "$.folds: expected a list, got a whole number"),
    "empty folds": (set_to([], "folds"), "$.folds: expected a list of length >= 1"),
    "other folds": (set_to(99, "folds", 0, "n_test"), "$.folds: not the folds of this run"),
    "an infinite time": (
        lambda text: re.sub(r'"fit_seconds": [0-9.e-]+', '"fit_seconds": 1e999', text, count=1),
        "$.folds[0].fit_seconds",
    ),
    "no metrics": (set_to({}, "metrics"), "$.metrics.accuracy: missing"),
    "text for a mean": (
        set_to("much", "metrics", "accuracy", "mean"),
        "$.metrics.accuracy.mean: expected a number or null, got text",
    ),
    "classes as a list": (set_to([], "per_class"), "$.per_class: expected an object, got a list"),
    "a class that is missing": (without("per_class", "hum"), "$.per_class.hum: missing"),
    "a small matrix": (set_to([[1]], "confusion_matrix"), "$.confusion_matrix: not 3 rows and columns"),
    "no matrix": (set_to(None, "confusion_matrix"), "$.confusion_matrix: missing"),
    "an unknown label": (set_to("owl", "predictions", 0, "label"), "$.predictions[0].label"),
    "other probabilities": (set_to({"owl": 1.0}, "predictions", 0, "probabilities"), "$.predictions[0].probabilities"),
    "a probability of 2": (
        set_to({"hiss": 2.0, "hum": 0.0, "sweep": 0.0}, "predictions", 0, "probabilities"),
        "$.predictions[0].probabilities.hiss: expected a number <= 1.0",
    ),
    "an answer that is missing": (without("predictions", 0), "$.predictions: 23 in place of 24"),
    "other features": (set_to("mfcc", "features"), "$.features: of another experiment, 'mfcc' in place of 'centroid'"),
    "another classifier": (set_to("svm", "classifier"), "$.classifier: of another experiment"),
    "augmented": (set_to("noise", "augment"), "$.augment: of another experiment"),
    "pixels": (set_to("pixels", "takes"), "$.takes: invalid enum value 'pixels'"),
    "fewer features than none": (set_to(-1, "n_features"), "$.n_features: expected a whole number >= 0"),
    "text for a size": (set_to("big", "cost", "kilobytes"), "$.cost.kilobytes: expected a number or null, got text"),
}  # fmt: skip


@pytest.fixture(scope="module")
def whole(tiny):
    return compare(tiny / "clips.csv", "centroid", "knn,logreg", cv=2)


@pytest.mark.parametrize("first", range(0, len(DAMAGES), 3))
def test_a_damaged_one_is_told_and_computed_anew(whole, tiny, tmp_path, first):
    """Each of the three experiments' checkpoints is damaged in a way of its own."""
    arguments = {"features": "centroid", "classifiers": "knn,logreg", "cv": 2, "resume": tmp_path}
    compare(tiny / "clips.csv", **arguments)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    expected = {}
    for file, (damage, told) in zip(files, [*DAMAGES.values()][first : first + 3], strict=True):
        damaged = damage(file.read_text())
        file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
        expected[file] = told
    with pytest.warns(UserWarning, match="a damaged checkpoint") as warned:
        again = compare(tiny / "clips.csv", **arguments)
    said = {str(warning.message).partition(": ")[0]: str(warning.message) for warning in warned}
    for file, told in expected.items():
        assert f"a damaged checkpoint ({told}" in said[str(file)] or f"({told})" in said[str(file)], said[str(file)]
        assert "\n" not in said[str(file)]
        assert said[str(file)].endswith("is computed anew")
    assert records.timeless(again.results.record) == records.timeless(whole.results.record)
