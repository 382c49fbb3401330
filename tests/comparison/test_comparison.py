"""The grid: right scores, the same whatever the workers, failures contained, interruptions survived."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

import audioclf
from audioclf import parallel, plugins
from audioclf.classifier.contract import Classifier
from audioclf.comparison import compare
from audioclf.errors import DatasetError, SpecError
from audioclf.experiment import fitting
from audioclf.results.results import Results
from audioclf.store.store import FeatureStore


@pytest.fixture(scope="module")
def done(tiny):
    return compare.compare(tiny / "clips.csv", "centroid,mfcc+zcr", "knn,hmm:states=2", cv=4, seed=3)


def stripped(record):
    """A record without what differs between two equal runs: times."""
    text = json.dumps(record, sort_keys=True)
    clean = json.loads(text)
    for name in ("created", "timing"):
        clean.pop(name)
    for experiment in clean["experiments"]:
        for fold in experiment.get("folds", []):
            fold.pop("fit_seconds")
            fold.pop("predict_seconds")
        for name in ("features_ms", "classifier_ms"):
            (experiment.get("cost") or {}).pop(name, None)
    return clean


def test_every_experiment_once_and_the_floor(done):
    pairs = [(e["features"], e["classifier"]) for e in done.results.record["experiments"]]
    assert pairs == [
        ("centroid", "knn"),
        ("centroid", "hmm:states=2"),
        ("mfcc+zcr", "knn"),
        ("mfcc+zcr", "hmm:states=2"),
        ("centroid", "dummy"),
    ]
    assert {e["status"] for e in done.results.record["experiments"]} == {"ok"}
    assert done.best["metrics"]["accuracy"]["mean"] > 0.8


def test_scores_are_those_of_the_predictions(done):
    """Recomputed by scikit-learn from the listed predictions."""
    for experiment in done.results.record["experiments"]:
        rows = experiment["predictions"]
        assert sorted(row["path"] for row in rows) == sorted(
            f"{c}/{i}.wav" for c in done.results.labels for i in range(8)
        )
        per_fold = {"accuracy": [], "balanced_accuracy": [], "macro_f1": []}
        for fold in experiment["folds"]:
            here = [row for row in rows if row["fold"] == fold["fold"]]
            truth, predicted = [r["label"] for r in here], [r["predicted"] for r in here]
            assert fold["n_test"] == len(here)
            assert fold["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
            assert fold["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, predicted))
            in_truth = sorted(set(truth))
            assert fold["macro_f1"] == pytest.approx(
                f1_score(truth, predicted, average="macro", labels=in_truth, zero_division=0)
            )
            for name, values in per_fold.items():
                values.append(fold[name])
        for name, values in per_fold.items():
            assert experiment["metrics"][name]["mean"] == pytest.approx(np.mean(values))
            assert experiment["metrics"][name]["std"] == pytest.approx(np.std(values))
            assert experiment["metrics"][name]["low"] <= experiment["metrics"][name]["high"]
        matrix = np.array(experiment["confusion_matrix"])
        labels = done.results.labels
        for i, truth in enumerate(labels):
            for j, predicted in enumerate(labels):
                count = sum(r["label"] == truth and r["predicted"] == predicted for r in rows)
                assert matrix[i, j] == count


def test_predictions_agree_with_probabilities(done):
    for experiment in done.results.record["experiments"]:
        for row in experiment["predictions"]:
            values = row["probabilities"]
            assert list(values) == done.results.labels
            assert sum(values.values()) == pytest.approx(1, abs=1e-5)
            assert values[row["predicted"]] >= max(values.values()) - 1e-6


def test_no_group_is_on_both_sides(done):
    for experiment in done.results.record["experiments"]:
        folds = {}
        for row in experiment["predictions"]:
            folds.setdefault(row["group"], set()).add(row["fold"])
        assert all(len(where) == 1 for where in folds.values())
    assert done.results.record["cv"]["kind"] == "stratified-group-k-fold"
    assert done.results.record["dataset"]["n_groups"] == 12


def test_same_numbers_for_any_number_of_workers_and_a_warm_store(done, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)  # so little work would start no process
    store = FeatureStore(tmp_path / "store.sqlite")
    for _ in range(2):  # cold, then warm
        again = compare.compare(
            tiny / "clips.csv", "centroid,mfcc+zcr", "knn,hmm:states=2", cv=4, seed=3, workers=2, store=store
        )
        assert stripped(again.results.record) == stripped(done.results.record)


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
        assert [e["classifier"] for e in record["experiments"]] == [*specs.split(","), "dummy"]
    assert found[1] == ["knn"] * 2 + ["logreg"] * 2 + ["gboost"] * 2 + ["rf"] * 2 + ["dummy"] * 2
    assert found[2] == ["gboost"] * 2 + ["rf"] * 2 + ["logreg"] * 2 + ["knn"] * 2 + ["dummy"] * 2


def test_a_feature_sets_input_is_assembled_once(tiny, monkeypatch):
    made = []
    real = compare.Extraction.inputs
    monkeypatch.setattr(
        compare.Extraction, "inputs", lambda self, xs, takes: (made.append(takes), real(self, xs, takes))[1]
    )
    compare.compare(tiny, "centroid,mfcc+zcr", "knn,logreg,hmm:states=2", cv=2)
    assert sorted(made) == ["sequences", "sequences", "vectors", "vectors", "vectors"]  # the last is the winner's


def test_time_record(done):
    timing = done.results.record["timing"]
    assert list(timing) == [
        "decode_seconds", "audit_seconds", "extract_seconds", "store_seconds", "fit_seconds", "score_seconds",
        "insight_seconds", "total_seconds", "workers",
    ]  # fmt: skip
    assert timing["workers"] == 1
    stages = sum(timing[name] for name in timing if name not in ("total_seconds", "workers"))
    assert 0 < stages <= timing["total_seconds"]
    folds = [fold for e in done.results.record["experiments"] for fold in e["folds"]]
    assert timing["fit_seconds"] == pytest.approx(sum(fold["fit_seconds"] for fold in folds))
    assert timing["score_seconds"] > sum(fold["predict_seconds"] for fold in folds)


def test_another_seed_draws_other_folds(done, tiny):
    other = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=4, seed=4)
    folds = [[p["fold"] for p in sorted(e["predictions"], key=lambda p: p["path"])] for e in (done.best, other.best)]
    assert folds[0] != folds[1]


def test_record_is_valid_json_and_complete(done, tmp_path):
    done.results.save(tmp_path)
    text = (tmp_path / "results.json").read_text()
    assert "NaN" not in text
    loaded = Results.load(tmp_path).record
    assert loaded == json.loads(json.dumps(done.results.record))
    for key in (
        "schema",
        "audioclf",
        "created",
        "versions",
        "seed",
        "command",
        "dataset",
        "cv",
        "experiments",
        "skipped",
    ):
        assert key in loaded
    assert loaded["dataset"]["label_counts"] == {"hiss": 8, "hum": 8, "sweep": 8}
    assert loaded["dataset"]["duration"] == pytest.approx(24 * 0.3)
    assert loaded["analysis"]["sample_rate"] == 8000


def test_repeats(tiny):
    result = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, repeats=3)
    best = result.results.record["experiments"][0]
    assert len(best["folds"]) == 6
    assert len(best["predictions"]) == 72
    assert np.sum(best["confusion_matrix"]) == 72


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
    assert failed["classifier"] == "failing"
    assert failed["error"] == "2 of 2 folds failed; the first: ValueError: no, not these"
    assert [e["classifier"] for e in result.ranking()] == ["knn", "dummy"]


def test_an_interrupted_run_goes_on_where_it_stopped(tiny, tmp_path, monkeypatch):
    """Stop after two experiments; the second run fits only what is missing, and its numbers are the same."""
    arguments = {"features": "centroid,zcr", "classifiers": "knn,logreg", "cv": 2, "resume": tmp_path / "resume"}
    whole = compare.compare(tiny / "clips.csv", **{**arguments, "resume": None})

    def stop(stage, done, total, note):
        if stage == "experiments" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare.compare(tiny / "clips.csv", **arguments, progress=stop)
    assert len(list((tmp_path / "resume").glob("*.json"))) == 2
    fitted = []
    real = fitting._fit_fold
    monkeypatch.setattr(fitting, "_fit_fold", lambda *call: (fitted.append(call[0].name), real(*call))[1])
    again = compare.compare(tiny / "clips.csv", **arguments)
    assert fitted == ["knn", "knn", "logreg", "logreg", "dummy", "dummy"]
    assert stripped(again.results.record) == stripped(whole.results.record)
    assert not (tmp_path / "resume").exists()


def test_what_was_finished_under_other_settings_is_not_taken(tiny, tmp_path, monkeypatch):
    """The checkpoint's key holds the seed, the splits, the analysis and the data."""
    options = {"features": "centroid", "classifiers": "knn", "resume": tmp_path / "resume"}
    monkeypatch.setattr(compare._Checkpoints, "clear", lambda self: None)
    first = compare.compare(tiny / "clips.csv", cv=2, **options)
    for change in ({"cv": 4}, {"seed": 1, "cv": 2}, {"cv": 2, "sample_rate": 4000}, {"cv": 2, "pooled": "mean"}):
        before = len(list((tmp_path / "resume").iterdir()))
        other = compare.compare(tiny / "clips.csv", **{**options, **change})
        assert len(list((tmp_path / "resume").iterdir())) > before, change
        assert other.results.record["experiments"] != first.results.record["experiments"]


def test_warns_of_rates_that_differ_between_classes(tiny, tmp_path):
    import soundfile

    rows = ["path,label,group"]
    for i in range(8):
        for label, rate in (("hiss", 8000), ("hum", 16000)):
            samples, _ = soundfile.read(tiny / label / f"{i}.wav")
            soundfile.write(tmp_path / f"{label}{i}.wav", samples, rate)
            rows.append(f"{label}{i}.wav,{label},{i}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    record = compare.compare(tmp_path / "clips.csv", "centroid", "knn", cv=2).results.record
    [told] = [finding for finding in record["audit"]["findings"] if finding["kind"] == "sample-rate"]
    assert "8000 Hz" in told["sentence"]
    assert record["warnings"] == []  # the audit has said it
    assert record["analysis"]["sample_rate"] == 8000
    kept = [row for row in rows[1:] if row.split(",")[2] in "012"]
    (tmp_path / "few.csv").write_text("\n".join([rows[0], *kept]))  # too few for the audit to be sure
    record = compare.compare(tmp_path / "few.csv", "centroid", "knn", cv=2).results.record
    (warning,) = record["warnings"]
    assert "native sample rates differ between classes (hiss: 8000 Hz; hum: 16000 Hz)" in warning


def test_unreadable_and_short_clips(tiny, tmp_path):
    import shutil

    import soundfile

    root = shutil.copytree(tiny, tmp_path / "data")
    (root / "hiss" / "text.wav").write_text("this is no audio")
    (root / "hum" / "empty.wav").write_bytes(b"")
    soundfile.write(root / "sweep" / "short.wav", np.full(20, 0.1), 8000)
    record = compare.compare(root, "centroid", "knn", cv=2).results.record
    assert {s["path"] for s in record["skipped"]} == {"hiss/text.wav", "hum/empty.wav"}
    assert all(str(root) in s["why"] for s in record["skipped"])
    assert record["dataset"]["n_clips"] == 25
    assert any("1 clip is shorter than one frame of 25 ms" in w for w in record["warnings"])
    assert any("2 clips left out" in w for w in record["warnings"])
    assert any("no groups are known" in w for w in record["warnings"])


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

    return build_extractors(result.best["features"])


# ---------------------------------------------------------------- groups, pieces, leaks


def test_groups_by_pattern_are_kept_together(tiny):
    record = compare.compare(tiny, "centroid", "knn", cv=2, group_by=r"/([0-9])").results.record
    folds = {}
    for row in record["experiments"][0]["predictions"]:
        folds.setdefault(row["group"], set()).add(row["fold"])
    assert sorted(folds) == [str(i) for i in range(8)]  # the number in the name, whatever the class
    assert all(len(where) == 1 for where in folds.values())
    assert record["cv"]["kind"] == "stratified-group-k-fold"
    assert (record["dataset"]["grouped_by"], record["dataset"]["n_groups"]) == (r"/([0-9])", 8)
    with pytest.raises(DatasetError, match="matches no clip's name"):
        compare.compare(tiny, "centroid", "knn", group_by="site")


def test_recordings_are_cut_and_their_pieces_stay_together(tiny):
    record = compare.compare(tiny, "centroid", "knn", cv=2, clip_seconds=0.1).results.record
    rows = record["experiments"][0]["predictions"]
    assert (record["dataset"]["n_clips"], record["dataset"]["n_groups"]) == (72, 24)
    assert record["dataset"]["clip_seconds"] == 0.1
    assert {row["path"] for row in rows if row["group"] == "hum/3.wav"} == {
        f"hum/3.wav[{stretch}s]" for stretch in ("0-0.1", "0.1-0.2", "0.2-0.3")
    }
    for group in {row["group"] for row in rows}:
        assert len({row["fold"] for row in rows if row["group"] == group}) == 1


def test_a_leak_is_priced(tmp_path):
    """Each recording has a tone of its own, the classes have none: only who has heard the recording can know."""
    import soundfile

    rng = np.random.default_rng(0)
    time = np.arange(4000) / 8000
    for i, pitch in enumerate(rng.permutation(np.linspace(200, 3800, 20))):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        tone = 0.5 * np.sin(2 * np.pi * pitch * time) + 0.001 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{i}.wav", tone, 8000)
    options = {"features": "centroid", "classifiers": "knn:k=1", "cv": 2, "clip_seconds": 0.1}
    record = compare.compare(tmp_path, naive_split_too=True, **options).results.record
    best = next(e for e in record["experiments"] if e["classifier"] == "knn:k=1")
    assert best["metrics"]["accuracy"]["mean"] < 0.8
    assert best["naive"]["metrics"]["accuracy"]["mean"] > 0.95
    assert (best["naive"]["kind"], best["naive"]["n_splits"]) == ("stratified-k-fold", 2)
    plain = compare.compare(tmp_path, **options).results.record
    for honest, other in zip(plain["experiments"], record["experiments"]):
        assert honest["naive"] is None
        assert honest["metrics"] == other["metrics"]


def test_a_clip_that_stands_twice_is_refused(tiny, tmp_path):
    rows = [f"{tiny}/{label}/{i}.wav,{label}" for label in ("hum", "hiss") for i in range(4)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label", *rows, rows[0]]))
    with pytest.raises(DatasetError, match=r"hum/0\.wav stands twice; keep one line"):
        compare.compare(tmp_path / "clips.csv", "centroid", "knn")


# ---------------------------------------------------------------- tuned


@pytest.fixture(scope="module")
def tuned(tiny):
    grid = {"knn": {"k": [1, 3, 5]}, "hmm": {"states": [1, 2]}}
    return compare.compare(tiny / "clips.csv", "centroid", "knn,hmm,logreg:C=1", cv=3, grid=grid, repeats=2)


def test_parameters_are_chosen_within_every_fold(tuned):
    record = tuned.results.record
    assert record["cv"]["tuned"] is True
    knn, hmm, logreg, dummy = record["experiments"]
    assert {fold["spec"] for fold in knn["folds"]} <= {"knn:k=1", "knn:k=3", "knn"}
    assert knn["tuning"]["space"] == {"k": [5, 1, 3]}
    assert knn["tuning"]["chosen"] == {
        spec: sum(fold["spec"] == spec for fold in knn["folds"]) for spec in knn["tuning"]["chosen"]
    }
    assert sum(knn["tuning"]["chosen"].values()) == 6
    for fold in knn["folds"]:
        assert fold["parameters"]["k"] == int(fold["spec"].partition("=")[2] or 5)
        assert 0 <= fold["inner_score"] <= 1
    assert knn["tuning"]["candidates"] == 3
    assert hmm["tuning"]["candidates"] == 3  # the one asked for, and two states in place of it
    assert logreg["tuning"] is None is dummy["tuning"]
    assert {fold["inner_score"] for fold in logreg["folds"]} == {None}


def test_a_score_that_is_not_nested_is_that_of_the_chosen_on_the_same_folds(tuned, tiny):
    knn = tuned.results.record["experiments"][0]
    plain = compare.compare(tiny / "clips.csv", "centroid", "knn:k=1,knn:k=3,knn:k=5", cv=3, repeats=2)
    means = {e["classifier"]: e["metrics"]["accuracy"]["mean"] for e in plain.results.record["experiments"]}
    means.pop("dummy")
    assert knn["tuning"]["non_nested"]["score"] == pytest.approx(max(means.values()))
    assert means[knn["tuning"]["non_nested"]["spec"]] == pytest.approx(max(means.values()))


def test_tuned_numbers_are_the_same_for_any_number_of_workers(tuned, tiny, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    grid = {"knn": {"k": [1, 3, 5]}, "hmm": {"states": [1, 2]}}
    again = compare.compare(tiny / "clips.csv", "centroid", "knn,hmm,logreg:C=1", cv=3, grid=grid, repeats=2, workers=2)
    assert stripped(again.results.record) == stripped(tuned.results.record)


def test_tested_clips_have_no_say_in_the_parameters(tiny, monkeypatch):
    from audioclf.experiment import search

    seen = []
    real = search.search

    def spy(candidates, material, splits, *rest):
        seen.append({int(i) for split in splits for i in (*split.train, *split.test)})
        return real(candidates, material, splits, *rest)

    monkeypatch.setattr(search, "search", spy)
    monkeypatch.setattr(parallel, "PATIENCE", 1e9)
    done = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=4, grid={"knn": {"k": [1, 2]}})
    names = [clip.name for clip in done.extraction.clips]
    rows = done.results.record["experiments"][0]["predictions"]
    [whole, *inner] = seen  # the first is the search over all folds
    assert len(whole) == 24
    assert len(inner) == 4
    for fold, searched in enumerate(inner):
        tested = {names.index(row["path"]) for row in rows if row["fold"] == fold}
        assert searched
        assert not searched & tested


def test_a_model_gets_the_parameters_of_the_search_over_all_folds(tiny):
    model = audioclf.train(tiny / "clips.csv", "centroid", "knn", cv=2, grid={"knn": {"k": [1, 2]}})
    search = model.comparison.results.record["experiments"][0]["tuning"]
    assert model.facts.classifier == search["non_nested"]["spec"]
    assert model.classifier.k in (1, 2, 5)
    assert model.estimator[-1].n_neighbors == model.classifier.k


def test_wrong_grids_and_budgets(tiny, tmp_path):
    (tmp_path / "grid.json").write_text('{"knm": {"k": [1]}}')
    with pytest.raises(SpecError, match="knm"):
        compare.compare(tiny, "centroid", "knn", grid=tmp_path / "grid.json")
    with pytest.raises(SpecError, match="budget"):
        compare.compare(tiny, "centroid", "knn", tune=True, budget=0)


# ---------------------------------------------------------------- against the best, and apart


def test_every_experiment_is_tested_against_the_best(done):
    tests, record = done.results.record["tests"], done.results.record
    assert tests["best"] == {name: done.best[name] for name in ("features", "classifier", "augment")}
    assert (tests["decided_by"], tests["clips_independent"], tests["n_folds"]) == (
        "corrected resampled t-test",
        False,
        4,
    )
    for e in record["experiments"]:
        if e is done.best:
            assert e["versus_best"] is None
            continue
        assert e["versus_best"]["difference"] == pytest.approx(
            done.best["metrics"]["accuracy"]["mean"] - e["metrics"]["accuracy"]["mean"]
        )
        assert e["versus_best"]["p"] <= e["versus_best"]["p_holm"] <= 1
        best_right = sum(p["label"] == p["predicted"] for p in done.best["predictions"])
        this_right = sum(p["label"] == p["predicted"] for p in e["predictions"])
        table = e["versus_best"]["mcnemar"]
        assert table["best_only"] - table["this_only"] == best_right - this_right


@pytest.fixture(scope="module")
def apart(tiny, tmp_path_factory):
    """Six of the eight clips of each class to learn from, two kept apart."""
    folder = tmp_path_factory.mktemp("apart")
    for name, numbers in (("learn", range(6)), ("test", range(6, 8))):
        rows = [
            f"{tiny}/{label}/{i}.wav,{label},{label}{i // 2}" for label in ("hiss", "hum", "sweep") for i in numbers
        ]
        (folder / f"{name}.csv").write_text("\n".join(["path,label,group", *rows]))
    return folder


def test_clips_kept_apart_are_answered_by_the_winner(apart):
    done = compare.compare(apart / "learn.csv", "centroid,mfcc", "knn", cv=2, test=apart / "test.csv")
    test = done.results.record["test"]
    assert (test["n_clips"], test["n_groups"]) == (6, 3)
    assert (test["features"], test["classifier"]) == (done.best["features"], done.best["classifier"])
    model = audioclf.train(apart / "learn.csv", test["features"], test["classifier"], cv=2)
    for row in test["predictions"]:
        [said] = model.predict_clips([row["path"]])
        assert row["predicted"] == said.label
        assert row["probabilities"] == pytest.approx(said.probabilities, abs=2e-6)
    right = np.mean([row["label"] == row["predicted"] for row in test["predictions"]])
    assert test["metrics"]["accuracy"]["value"] == pytest.approx(right)
    assert test["metrics"]["accuracy"]["low"] <= right <= test["metrics"]["accuracy"]["high"]
    assert test["warnings"] == []
    assert np.sum(test["confusion_matrix"]) == 6
    without = compare.compare(apart / "learn.csv", "centroid,mfcc", "knn", cv=2).results.record
    assert without["test"] is None
    assert stripped({**done.results.record, "test": None}) == stripped(without)


def test_clips_that_are_not_apart_are_told(tiny, apart):
    record = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, test=apart / "test.csv").results.record
    same, shared = record["test"]["warnings"]
    assert same.startswith("6 of the test clips come from recordings that are among those to learn from")
    assert shared.startswith("3 groups have clips in both sets, for example hiss3")


def test_classes_that_cannot_have_been_learnt(tiny, apart, tmp_path):
    (tmp_path / "test.csv").write_text(f"path,label\n{tiny}/hum/0.wav,hum\n{tiny}/hiss/0.wav,hss\n")
    with pytest.raises(DatasetError, match="class 'hss' isn't among those to learn"):
        compare.compare(apart / "learn.csv", "centroid", "knn", cv=2, test=tmp_path / "test.csv")


def test_what_the_winner_goes_by(tiny):
    done = compare.compare(tiny / "clips.csv", "centroid+zcr", "knn", cv=2, with_curve=True)
    record = done.results.record
    assert {e["name"] for e in record["importance"]["extractors"]} == {"centroid", "zcr"}
    assert record["importance"]["baseline"] == pytest.approx(done.best["metrics"]["accuracy"]["mean"])
    last = record["learning_curve"]["points"][-1]
    assert (last["share"], last["mean"]) == (1.0, pytest.approx(done.best["metrics"]["accuracy"]["mean"]))
    assert record["projection"]["clips"] == [clip.name for clip in done.extraction.clips]
    said = {row["path"]: row["predicted"] for row in done.best["predictions"]}
    assert record["projection"]["predicted"] == [said[name] for name in record["projection"]["clips"]]


def test_a_look_that_fails_costs_no_scores(tiny, monkeypatch):
    def fail(*_, **__):
        raise MemoryError("too large")

    monkeypatch.setattr(compare, "permutation_importance", fail)
    record = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2).results.record
    assert record["importance"] is None
    assert record["projection"] is not None
    assert record["warnings"] == ["no importance, for it failed: MemoryError: too large"]


def test_clips_kept_apart_are_looked_at_before_the_work(tiny, tmp_path, monkeypatch):
    (tmp_path / "hum").mkdir()
    (tmp_path / "hum" / "0.wav").write_text("no sound")
    (tmp_path / "hiss").mkdir()
    (tmp_path / "hiss" / "0.wav").write_text("no sound")
    monkeypatch.setattr(fitting, "run", lambda *_, **__: pytest.fail("fitted"))
    with pytest.raises(DatasetError, match="none of the 2 recordings"):
        compare.compare(tiny / "clips.csv", "centroid", "knn", cv=2, test=tmp_path)
