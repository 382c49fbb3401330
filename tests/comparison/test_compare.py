"""The grid: right scores, the same whatever the workers, failures contained."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
import records
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

import audioclf
from audioclf import parallel, plugins
from audioclf.classifier.contract import Classifier
from audioclf.comparison import compare
from audioclf.errors import DatasetError, SpecError
from audioclf.experiment import fitting
from audioclf.features.extraction import Extraction
from audioclf.results.results import Results
from audioclf.results.schema import Finished, Record
from audioclf.store.store import FeatureStore


@pytest.fixture(scope="module")
def done(tiny):
    return compare.compare(tiny / "clips.csv", "centroid,mfcc+zcr", "knn,hmm:states=2", cv=4, seed=3)


def test_every_experiment_once_and_the_baseline(done):
    pairs = [(e.features, e.classifier) for e in done.results.record.experiments]
    assert pairs == [
        ("centroid", "knn"),
        ("centroid", "hmm:states=2"),
        ("mfcc+zcr", "knn"),
        ("mfcc+zcr", "hmm:states=2"),
        ("centroid", "dummy"),
    ]
    assert all(isinstance(e, Finished) for e in done.results.record.experiments)
    assert done.best.metrics["accuracy"].mean > 0.8


def test_scores_are_those_of_the_predictions(done):
    """Recomputed by scikit-learn from the listed predictions."""
    for experiment in done.results.record.experiments:
        rows = experiment.predictions
        assert sorted(row.path for row in rows) == sorted(f"{c}/{i}.wav" for c in done.results.labels for i in range(8))
        per_fold = {"accuracy": [], "balanced_accuracy": [], "macro_f1": []}
        for fold in experiment.folds:
            here = [row for row in rows if row.fold == fold.fold]
            truth, predicted = [r.label for r in here], [r.predicted for r in here]
            assert fold.n_test == len(here)
            assert fold.accuracy == pytest.approx(accuracy_score(truth, predicted))
            assert fold.balanced_accuracy == pytest.approx(balanced_accuracy_score(truth, predicted))
            in_truth = sorted(set(truth))
            assert fold.macro_f1 == pytest.approx(
                f1_score(truth, predicted, average="macro", labels=in_truth, zero_division=0)
            )
            for name, values in per_fold.items():
                values.append(fold.score(name))
        for name, values in per_fold.items():
            assert experiment.metrics[name].mean == pytest.approx(np.mean(values))
            assert experiment.metrics[name].std == pytest.approx(np.std(values))
            assert experiment.metrics[name].low <= experiment.metrics[name].high
        matrix = np.array(experiment.confusion_matrix)
        labels = done.results.labels
        for i, truth in enumerate(labels):
            for j, predicted in enumerate(labels):
                count = sum(r.label == truth and r.predicted == predicted for r in rows)
                assert matrix[i, j] == count


def test_predictions_agree_with_probabilities(done):
    for experiment in done.results.record.experiments:
        for row in experiment.predictions:
            values = row.probabilities
            assert list(values) == done.results.labels
            assert sum(values.values()) == pytest.approx(1, abs=1e-5)
            assert values[row.predicted] >= max(values.values()) - 1e-6


def test_no_group_is_on_both_sides(done):
    for experiment in done.results.record.experiments:
        folds = {}
        for row in experiment.predictions:
            folds.setdefault(row.group, set()).add(row.fold)
        assert all(len(where) == 1 for where in folds.values())
    assert done.results.record.cv.kind == "stratified-group-k-fold"
    assert done.results.record.dataset.n_groups == 12


def test_same_numbers_for_any_number_of_workers_and_a_warm_store(done, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)  # so little work would start no process
    store = FeatureStore(tmp_path / "store.sqlite")
    for _ in range(2):  # cold, then warm
        again = compare.compare(
            tiny / "clips.csv", "centroid,mfcc+zcr", "knn,hmm:states=2", cv=4, seed=3, workers=2, store=store
        )
        assert records.timeless(again.results.record) == records.timeless(done.results.record)


def test_long_fits_begin_first_and_records_keep_their_order(tiny, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 1e9)  # what another process fits isn't seen here
    begun = []
    real = fitting._fit_fold
    monkeypatch.setattr(fitting, "_fit_fold", lambda *call: (begun.append(call[0].name), real(*call))[1])
    specs = "knn,logreg,gboost:rounds=2,rf:trees=3"
    found = {}
    for workers in (1, 2):
        begun.clear()
        record = compare.compare(tiny, "centroid", specs, cv=2, workers=workers).results.record
        found[workers] = begun.copy()
        assert [e.classifier for e in record.experiments] == [*specs.split(","), "dummy"]
    assert found[1] == ["knn"] * 2 + ["logreg"] * 2 + ["gboost"] * 2 + ["rf"] * 2 + ["dummy"] * 2
    assert found[2] == ["gboost"] * 2 + ["rf"] * 2 + ["logreg"] * 2 + ["knn"] * 2 + ["dummy"] * 2


def test_a_feature_sets_input_is_assembled_once(tiny, monkeypatch):
    made = []
    real = Extraction.inputs
    monkeypatch.setattr(Extraction, "inputs", lambda self, xs, takes: (made.append(takes), real(self, xs, takes))[1])
    compare.compare(tiny, "centroid,mfcc+zcr", "knn,logreg,hmm:states=2", cv=2)
    assert sorted(made) == ["sequences", "sequences", "vectors", "vectors", "vectors"]  # the last is the winner's


def test_time_record(done):
    timing = done.results.record.timing
    assert list(timing) == [
        "decode_seconds", "audit_seconds", "extract_seconds", "store_seconds", "fit_seconds", "score_seconds",
        "insight_seconds", "total_seconds", "workers",
    ]  # fmt: skip
    assert timing["workers"] == 1
    stages = sum(timing[name] for name in timing if name not in ("total_seconds", "workers"))
    assert 0 < stages <= timing["total_seconds"]
    folds = [fold for e in done.results.record.experiments for fold in e.folds]
    assert timing["fit_seconds"] == pytest.approx(sum(fold.fit_seconds for fold in folds))
    assert timing["score_seconds"] > sum(fold.predict_seconds for fold in folds)


def test_another_seed_draws_other_folds(done, tiny):
    other = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=4, seed=4)
    folds = [[p.fold for p in sorted(e.predictions, key=lambda p: p.path)] for e in (done.best, other.best)]
    assert folds[0] != folds[1]


def test_record_is_valid_json_and_complete(done, tmp_path):
    done.results.save(tmp_path)
    text = (tmp_path / "results.json").read_text()
    assert "NaN" not in text
    assert Results.load(tmp_path).record == done.results.record
    kept = json.loads(text)
    assert kept.keys() == set(Record.__struct_fields__)
    assert [e["status"] for e in kept["experiments"]] == ["ok"] * 5
    assert kept["dataset"]["label_counts"] == {"hiss": 8, "hum": 8, "sweep": 8}
    assert kept["dataset"]["duration"] == pytest.approx(24 * 0.3)
    assert kept["analysis"]["sample_rate"] == 8000


def test_no_number_of_a_record_is_numpys(done):
    def look(value):
        assert type(value) in (dict, list, str, int, float, bool, type(None)), value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(item)

    look(msgspec.to_builtins(done.results.record))


def test_repeats(tiny):
    result = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, repeats=3)
    best = result.results.record.experiments[0]
    assert len(best.folds) == 6
    assert len(best.predictions) == 72
    assert np.sum(best.confusion_matrix) == 72


class _Failing(Classifier):
    """Can't learn."""

    name = "failing"
    title = "for tests"

    def build(self, seed):
        class Estimator:
            def fit(self, X, y):
                raise ValueError("no, not these")

        return Estimator()


def test_a_failing_experiment_is_told_and_the_rest_go_on(tiny, monkeypatch):
    real = plugins.load
    monkeypatch.setattr(plugins, "load", lambda kind, name: _Failing if name == "failing" else real(kind, name))
    result = compare.compare(tiny / "clips.csv", "centroid", "failing,knn", cv=2)
    (failed,) = result.results.failed()
    assert failed.classifier == "failing"
    assert failed.error == "2 of 2 folds failed; the first: ValueError: no, not these"
    assert [e.classifier for e in result.ranking()] == ["knn", "dummy"]


def test_nothing_readable(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "x.wav").write_text("no audio")
    with pytest.raises(DatasetError, match="none of the 2 recordings"):
        compare.compare(tmp_path, "mfcc", "knn")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": "mfc"}, SpecError, "Did you mean 'mfcc'"),
        ({"features": ""}, SpecError, "at least one feature set"),
        ({"classifiers": "swm"}, SpecError, "Did you mean 'svm'"),
        ({"classifiers": "svm+knn"}, SpecError, "can't be joined"),
        ({"metric": "acuracy"}, SpecError, "Did you mean 'accuracy'"),
        ({"pooled": "man"}, SpecError, "Did you mean 'mean'"),
        ({"cv": 9}, DatasetError, "use --cv"),
        ({"sample_rate": 8}, SpecError, "shorter than two samples"),
        ({"window": "ham"}, SpecError, "unknown window"),
        ({"workers": 0}, ValueError, "at least 1"),
    ],
)
def test_wrong_arguments_are_refused_at_once(tiny, change, error, message):
    with pytest.raises(error, match=message):
        compare.compare(tiny, **{"features": "centroid", "classifiers": "knn", **change})


def test_api_of_the_readme(tiny, tmp_path):
    data = audioclf.load_dataset(tiny)
    features = audioclf.FeatureSet("mfcc+gfcc")
    X = features.fit_transform(data.clips)
    assert X.shape == (24, len(features.get_feature_names_out()))
    assert X.dtype == np.float32
    result = audioclf.compare(data, features=["mfcc", "mfcc+gfcc"], classifiers=["knn"], cv=4)
    files = result.report(tmp_path / "run")
    assert files[0] == tmp_path / "run" / "results.json"
    assert all(file.exists() for file in files)
    assert repr(result).startswith("<Comparison: 3 experiments, best ")


def test_feature_matrix_is_that_of_the_feature_set(tiny):
    """The grid's extraction and the transformer are two ways to the same numbers."""
    data = audioclf.load_dataset(tiny)
    features = audioclf.FeatureSet("mfcc:deltas=1+spectral")
    expected = features.fit_transform(data.clips)
    result = compare.compare(data, "mfcc:deltas=1+spectral", "knn", cv=2)
    found = result.extraction.inputs(features_of(result), "vectors").array
    np.testing.assert_array_equal(found, expected)


def features_of(result):
    from audioclf.features.specs import build_extractors

    return build_extractors(result.best.features)


def test_every_experiment_is_tested_against_the_best(done):
    tests, record = done.results.record.tests, done.results.record
    assert tests.best.identity == done.best.identity
    assert (tests.decided_by, tests.clips_independent, tests.n_folds) == (
        "corrected resampled t-test",
        False,
        4,
    )
    for e in record.experiments:
        if e is done.best:
            assert e.versus_best is None
            continue
        assert e.versus_best.difference == pytest.approx(
            done.best.metrics["accuracy"].mean - e.metrics["accuracy"].mean
        )
        assert e.versus_best.p <= e.versus_best.p_holm <= 1
        best_right = sum(p.label == p.predicted for p in done.best.predictions)
        this_right = sum(p.label == p.predicted for p in e.predictions)
        table = e.versus_best.mcnemar
        assert table.best_only - table.this_only == best_right - this_right
