"""Clips with several labels, from the manifest to the model."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from sklearn.metrics import average_precision_score, f1_score

import audioclf
from audioclf.cli.main import main
from audioclf.comparison import compare
from audioclf.errors import DatasetError, SpecError
from audioclf.results.results import Results
from audioclf.results.schema import Finished

LABELS = ["beep", "hiss", "hum"]


@pytest.fixture(scope="module")
def tags(tmp_path_factory):
    """36 clips of 0.25 s in 12 groups, each with any of a hum, a beep and a hiss, or with none of them."""
    root = tmp_path_factory.mktemp("tags")
    rng = np.random.default_rng(1)
    t = np.arange(2000) / 8000
    rows = ["path,label,group"]
    for i in range(36):
        carried = [label for k, label in enumerate(LABELS) if i % 8 >> k & 1]
        sounds = {
            "hum": 0.3 * np.sign(np.sin(2 * np.pi * rng.uniform(80, 160) * t)),
            "beep": 0.3 * np.sin(2 * np.pi * rng.uniform(2000, 2600) * t),
            "hiss": 0.2 * rng.standard_normal(len(t)),
        }
        sound = 0.005 * rng.standard_normal(len(t)) + sum(sounds[label] for label in carried)
        soundfile.write(root / f"{i}.wav", np.clip(sound, -1, 1), 8000)
        rows.append(f"{i}.wav,{';'.join(carried)},g{i // 3}")
    (root / "tags.csv").write_text("\n".join(rows) + "\n")
    return root / "tags.csv"


@pytest.fixture(scope="module")
def done(tags):
    return compare.compare(tags, "mfcc:n_coeffs=8", "logreg,hmm:states=2:iterations=3", cv=3, naive_split_too=True)


def test_the_task_is_read_off_the_manifest(done):
    record = done.results.record
    assert record.task == "multi-label"
    assert record.metric == "average_precision"
    assert record.dataset.labels == LABELS
    assert record.dataset.label_counts == {"beep": 18, "hiss": 18, "hum": 16}
    assert record.cv.kind == "iterative-stratified-group-k-fold"
    assert any("no label" in note for note in record.dataset.notes)
    assert done.best.classifier == "logreg"
    assert done.best.metrics["average_precision"].mean > 0.9


def test_scores_are_those_of_the_predictions(done):
    for experiment in done.results.record.experiments:
        assert isinstance(experiment, Finished)
        assert experiment.confusion_matrix is None
        rows = experiment.predictions
        assert len(rows) == 36
        for fold in experiment.folds:
            here = [row for row in rows if row.fold == fold.fold]
            truth, predicted = (
                np.array([[label in getattr(row, key).split(";") for label in LABELS] for row in here])
                for key in ("label", "predicted")
            )
            sure = np.array([[row.probabilities[label] for label in LABELS] for row in here])
            np.testing.assert_array_equal(predicted, sure >= 0.5)
            assert fold.micro_f1 == pytest.approx(f1_score(truth, predicted, average="micro", zero_division=0))
            assert fold.subset_accuracy == pytest.approx((truth == predicted).all(axis=1).mean())
            areas = [average_precision_score(truth[:, k], sure[:, k]) for k in range(3)]
            assert fold.average_precision == pytest.approx(np.mean(areas), abs=1e-6)
        for label, found in experiment.per_class.items():
            (tn, fp), (fn, tp) = found.confusion
            assert tn + fp + fn + tp == 36
            assert found.support == fn + tp == sum(label in row.label.split(";") for row in rows)
            assert found.recall == pytest.approx(tp / (tp + fn))


def test_no_group_is_on_both_sides(done):
    folds = {}
    for row in done.best.predictions:
        folds.setdefault(row.group, set()).add(row.fold)
    assert {len(found) for found in folds.values()} == {1}


def test_tuned_and_looked_at(tags):
    record = compare.compare(
        tags, "mfcc:n_coeffs=8+zcr", "logreg", cv=3, grid={"logreg": {"C": [0.1, 1]}}, with_curve=True
    ).results.record
    experiment = record.experiments[0]
    assert experiment.tuning.metric == "average_precision"
    assert {part.name for part in record.importance.extractors} == {"mfcc:n_coeffs=8", "zcr"}
    assert record.learning_curve.points
    assert record.projection is None


def test_model_from_training_to_file_and_back(tags, tmp_path):
    model = audioclf.train(tags, "mfcc:n_coeffs=8", "svm", cv=2)
    again = audioclf.load_model(model.save(tmp_path / "tags.audioclf"))
    files = [tags.parent / f"{i}.wav" for i in (0, 7, 2)]
    np.testing.assert_array_equal(again.predict_proba(files), model.predict_proba(files))
    assert again.predict(files).tolist() == ["", "beep;hiss;hum", "hiss"]


def test_kept_apart(tags, tmp_path):
    rows = tags.read_text().splitlines()
    for name, chosen in (("train", rows[1:25]), ("test", rows[25:])):
        lines = [f"{tags.parent}/{row}" for row in chosen]
        (tmp_path / f"{name}.csv").write_text("\n".join([rows[0], *lines]) + "\n")
    record = compare.compare(
        tmp_path / "train.csv", "mfcc:n_coeffs=8", "logreg", cv=2, test=tmp_path / "test.csv"
    ).results.record
    assert record.test.metrics["average_precision"].value > 0.8
    assert set(record.test.per_class) == set(LABELS)
    with pytest.raises(DatasetError, match="several labels"):
        compare.compare("demo", "centroid", "knn", cv=2, test=tags)


def test_metric_of_the_other_kind_is_refused(tags):
    with pytest.raises(SpecError, match="can't rank"):
        compare.compare(tags, "centroid", "knn", cv=2, metric="accuracy")
    with pytest.raises(SpecError, match="can't rank"):
        compare.compare("demo", "centroid", "knn", cv=2, metric="micro_f1")


def test_command_line(tags, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", "--data", str(tags), "--clf", "logreg", "--cv", "2", "--no-store", "--out", str(tmp_path)])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert "mean average precision" in shown
    assert Results.load(tmp_path).multilabel
    with pytest.raises(SystemExit):
        main(["predict", str(tmp_path / "model.audioclf"), str(tags.parent / "0.wav"), str(tags.parent / "7.wav")])
    lines = capsys.readouterr().out.splitlines()
    assert "none" in lines[2]
    assert "beep;hiss;hum" in lines[3]
    with pytest.raises(SystemExit) as ended:
        main(["explore", "--data", str(tags), "--no-store", "--out", str(tmp_path / "look")])
    assert ended.value.code == 0
    record = Results.load(tmp_path / "look").record
    assert not {f.kind for f in record.audit.findings} & {"group-labels", "imbalance", "likely-wrong-labels"}


def test_nothing_but_the_data_need_be_said(tags, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--data", str(tags), "--clf", "logreg", "--cv", "2", "--no-store", "--out", str(tmp_path)])
    assert ended.value.code == 0
    assert "mean average precision" in capsys.readouterr().out
    tried = {e.features for e in Results.load(tmp_path).record.experiments}
    assert tried == {"mfcc", "mfcc:deltas=2+spectral"}
