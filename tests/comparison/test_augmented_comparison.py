"""Augmented copies in a comparison: they train and never test, whatever learns from them."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import audioclf
from audioclf import parallel
from audioclf.cli.main import main
from audioclf.comparison import compare
from audioclf.errors import SpecError
from audioclf.results.schema import Augmentation
from audioclf.store.store import FeatureStore

pytest.importorskip("audiomentations")


@pytest.fixture(scope="module")
def random_labels(tmp_path_factory):
    """40 clips that differ much, each a group of its own, with labels that say nothing of the sound."""
    root = tmp_path_factory.mktemp("random")
    rng = np.random.default_rng(0)
    t = np.arange(2400) / 8000
    for i, label in enumerate(rng.permutation(["a", "b"] * 20)):
        (root / label).mkdir(exist_ok=True)
        sound = sum(rng.uniform(0, 0.1) * np.sin(2 * np.pi * rng.uniform(100, 3500) * t) for _ in range(6))
        soundfile.write(root / label / f"{i}.wav", sound, 8000)
    return root


@pytest.mark.parametrize("spec", ["knn:k=1", "hmm:states=1:mixtures=1:calibration_folds=0"])
def test_a_copy_of_a_clip_that_tests_never_trains(random_labels, spec):
    """With copies that are all but the clips themselves, the nearest neighbour would know every answer."""
    record = compare.compare(
        random_labels, "mfcc", spec, cv=4, augment="noise:min_snr=60:max_snr=60", augment_compare=True
    ).results.record
    without, augmented, _floor = record.experiments
    assert (without.augment, augmented.augment) == (None, "noise:min_snr=60:max_snr=60")
    for experiment in (without, augmented):
        assert experiment.metrics["accuracy"].mean < 0.8
        assert sorted(row.path for row in experiment.predictions) == sorted(
            path.relative_to(random_labels).as_posix() for path in random_labels.rglob("*.wav")
        )
    if spec == "knn:k=1":  # the copies lie where the clips do, so the answers stay
        assert [row.predicted for row in augmented.predictions] == [row.predicted for row in without.predictions]


def test_the_search_tests_no_copy_either(random_labels):
    record = compare.compare(
        random_labels,
        "mfcc",
        "knn",
        cv=2,
        grid={"knn": {"k": [1, 3]}},
        augment="noise:min_snr=60:max_snr=60",
        augment_factor=1,
    ).results.record
    assert max(fold.inner_score for fold in record.experiments[0].folds) < 0.85


def test_same_numbers_for_any_number_of_workers_and_a_warm_store(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    store = FeatureStore(tmp_path / "store.sqlite")
    runs = [
        compare.compare(
            tiny / "clips.csv",
            "mfcc",
            "svm,hmm:states=2",
            cv=2,
            augment="shift,noise",
            augment_factor=2,
            workers=workers,
            store=store,
        )
        for workers in (1, 2)
    ]
    for first, second in zip(*(run.results.record.experiments for run in runs)):
        assert first.predictions == second.predictions
    assert runs[0].best.augment == "shift,noise"
    assert [e.augment for e in runs[0].results.record.experiments] == ["shift,noise", "shift,noise", None]
    assert len(runs[0].sources.copies) == 2
    assert runs[0].results.record.augmentation == Augmentation(spec="shift,noise", factor=2)


def test_a_model_learns_from_the_copies(tiny, tmp_path):
    options = {"features": "mfcc", "classifier": "knn", "cv": 2}
    for more in ({}, {"augment_compare": True}):
        model = audioclf.train(tiny, **options, augment="noise", augment_factor=2, **more)
        assert model.facts.augment == "noise"
        assert model.estimator[-1].neighbours_.n_samples_fit_ == 3 * 24
    again = audioclf.load_model(model.save(tmp_path / "m.audioclf"))
    assert repr(again).startswith("<Model: mfcc with knn, augmented")


def test_clips_kept_apart_are_answered_by_what_learnt_from_copies(tiny):
    record = compare.compare(tiny, "mfcc", "knn", cv=2, augment="noise", augment_factor=1, test=tiny).results.record
    assert record.test.augment == "noise"
    assert record.test.n_clips == 24


def test_what_is_wrong_is_said_before_the_work(tiny, capsys):
    with pytest.raises(SpecError, match="--augment-compare goes with --augment"):
        compare.compare(tiny, "mfcc", "knn", augment_compare=True)
    with pytest.raises(SystemExit) as ended:
        main(["compare", "--data", "nowhere/", "--features", "mfcc", "--clf", "knn", "--augment", "nois"])
    assert ended.value.code == 2
    assert "Did you mean 'noise'" in capsys.readouterr().err
