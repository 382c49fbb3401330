"""Networks as any other classifier: in the grid, in the record, in a model file, on the command line."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import audioclf
from audioclf import parallel
from audioclf.classifier.contract import build_classifier
from audioclf.classifier.footprint import footprint
from audioclf.cli.main import main
from audioclf.comparison import compare
from audioclf.errors import MissingExtraError
from audioclf.results.results import Results
from audioclf.results.schema import Finished
from audioclf.validation.division import make_splits

SMALL = "cnn:epochs=3:crop=16:width=4:blocks=2"


def test_without_the_packages_the_extra_is_named_before_any_work(monkeypatch, capsys):
    from audioclf.classifiers import _network

    monkeypatch.setattr(_network, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'audioclf\[deep\]'"):
        compare.compare("nowhere", "mfcc", "cnn")
    with pytest.raises(SystemExit) as ended:
        main(["train", "--data", "nowhere/", "--features", "logmel", "--clf", "rnn"])
    assert ended.value.code == 1
    assert "audioclf[deep]" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["list", "classifiers"])
    assert ended.value.code == 0
    assert "cnn1d" in capsys.readouterr().out


@pytest.fixture(scope="module")
def done(tiny):
    pytest.importorskip("torch")
    told = []
    result = compare.compare(
        tiny / "clips.csv", "zcr,mfcc:n_coeffs=5", f"{SMALL},knn", cv=2, progress=lambda *words: told.append(words)
    )
    return result, told


def test_epochs_are_told_and_kept(done):
    result, told = done
    networks = [e for e in result.results.record.experiments if e.classifier.startswith("cnn")]
    assert [e.features for e in networks] == ["zcr", "mfcc:n_coeffs=5"]  # one coefficient is enough
    for experiment in networks:
        assert isinstance(experiment, Finished)
        assert experiment.takes == "sequences"
        for fold in experiment.folds:
            assert [epoch.epoch for epoch in fold.history.epochs] == [1, 2, 3]
    heard = [words for words in told if words[0] == "epochs"]
    assert len(heard) >= 2 * 2 * 3  # and those of the folds that importance is judged on aren't told
    assert any("mfcc:n_coeffs=5 with cnn" in note and "fold 2 of 2" in note for *_, note in heard)
    knn = next(e for e in result.results.record.experiments if e.classifier == "knn")
    assert {fold.history for fold in knn.folds} == {None}


def test_every_experiment_says_what_the_model_of_its_first_fold_costs(done):
    result, _ = done
    first = make_splits(result.extraction.clips, 2).splits[0]
    for asked, experiment in zip(result.experiments, result.results.record.experiments, strict=True):
        material = result.sources.material(asked.extractors, asked.classifier.takes)
        estimator = material.fit(asked.classifier, 0, first.train)
        size = footprint(asked.classifier, estimator)
        if asked.classifier.name == "cnn":
            assert size.parameters == sum(weights.numel() for weights in estimator.module_.parameters())
        assert experiment.cost.parameters == size.parameters
        assert experiment.cost.kilobytes == pytest.approx(size.kilobytes, rel=0.01)
    times = {(e.features, e.takes): e.cost.features_ms for e in result.results.record.experiments}
    assert {e.cost.features_ms for e in result.results.record.experiments} == {*times.values()}  # timed once each
    assert all(0 < e.cost.classifier_ms < 60_000 for e in result.results.record.experiments)


def test_same_numbers_for_any_number_of_workers(done, tiny, monkeypatch):
    result, _ = done
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    again = compare.compare(tiny / "clips.csv", "mfcc:n_coeffs=5", SMALL, cv=2, workers=2)
    first, second = (
        next(e for e in run.results.record.experiments if e.classifier == SMALL and e.features != "zcr")
        for run in (result, again)
    )
    assert first.predictions == second.predictions
    assert [fold.history for fold in first.folds] == [fold.history for fold in second.folds]


def test_trained_with_copies_and_saved_without_a_pickle(tiny, tmp_path, capsys):
    pytest.importorskip("torch")
    pytest.importorskip("audiomentations")
    out = tmp_path / "run"
    words = ["train", "--data", str(tiny), "--features", "mfcc:n_coeffs=5", "--clf", SMALL, "--cv", "2", "--no-store"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--augment", "noise", "--augment-factor", "1", "--report", "markdown", "--out", str(out)])
    assert ended.value.code == 0
    shown = capsys.readouterr()
    assert f"mfcc:n_coeffs=5 with {SMALL}, augmented, fold 1 of 2" in shown.err
    assert "epoch 3 of 3" in shown.err
    with zipfile.ZipFile(out / "model.audioclf") as archive:
        assert sorted(archive.namelist()) == ["model.json", "network.json", "weights.safetensors"]
    model = audioclf.load_model(out / "model.audioclf")
    files = sorted(tiny.rglob("*.wav"))[:3]
    np.testing.assert_array_equal(
        audioclf.load_model(model.save(tmp_path / "again.audioclf")).predict_proba(files), model.predict_proba(files)
    )
    assert Results.load(out).record.experiments[0].augment == "noise"


def test_several_labels_by_one_network(tiny, tmp_path):
    pytest.importorskip("torch")
    rows = ["path,label"]
    for i in range(8):
        rows += [f"{tiny}/hum/{i}.wav,hum;steady", f"{tiny}/hiss/{i}.wav,hiss;steady", f"{tiny}/sweep/{i}.wav,sweep"]
    (tmp_path / "tags.csv").write_text("\n".join(rows) + "\n")
    model = audioclf.train(tmp_path / "tags.csv", "mfcc:n_coeffs=5", SMALL, cv=2)
    assert model.comparison.results.multilabel
    again = audioclf.load_model(model.save(tmp_path / "tags.audioclf"))
    files = [tiny / "hum" / "0.wav", tiny / "sweep" / "1.wav"]
    np.testing.assert_array_equal(again.predict_proba(files), model.predict_proba(files))
    assert again.estimator.multilabel


def test_pooled_vectors_cannot_be_asked_for():
    assert {build_classifier(name).takes for name in ("cnn", "cnn1d", "rnn")} == {"sequences"}
