"""The grid of experiments."""

from __future__ import annotations

import pytest

from audioclf.errors import SpecError
from audioclf.experiment.plan import plan, with_candidates


def test_every_feature_set_with_every_classifier_and_the_baseline_at_the_end():
    planned = plan("mfcc, zcr", ["svm", "knn:k=3"])
    assert [e.title for e in planned] == [
        "mfcc with svm",
        "mfcc with knn:k=3",
        "zcr with svm",
        "zcr with knn:k=3",
        "mfcc with dummy",
    ]
    assert [e.names.is_baseline for e in planned] == [False] * 4 + [True]


def test_each_experiment_once_however_its_spec_is_written():
    planned = plan("mfcc:n_coeffs=13,mfcc", "knn:k=5,knn,dummy")
    assert len({e.names.identity for e in planned}) == len(planned)
    assert [e.classifier.name for e in planned].count("dummy") == 1


@pytest.mark.parametrize(
    ("both", "expected"),
    [(False, [("knn", "noise"), ("dummy", None)]), (True, [("knn", None), ("knn", "noise"), ("dummy", None)])],
)
def test_augmented_experiments_and_if_asked_for_the_same_without(both, expected):
    assert [(e.classifier.spec, e.augment) for e in plan("zcr", "knn", "noise", both)] == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "svm"), "at least one feature set and one classifier"),
        (("mfcc", " , "), "at least one feature set and one classifier"),
        (("mfcc", "svm", None, True), "--augment-compare goes with --augment"),
        (("mfc", "svm"), "Did you mean 'mfcc'"),
        (("mfcc", "svn"), "Did you mean 'svm'"),
    ],
)
def test_a_wrong_plan_is_refused(arguments, message):
    with pytest.raises(SpecError, match=message):
        plan(*arguments)


def test_the_device_is_for_networks_that_were_given_none():
    pytest.importorskip("torch")
    planned = plan("mfcc", "cnn,rnn:device=auto,svm", device="cpu")
    assert [e.classifier.spec for e in planned] == ["cnn:device=cpu", "rnn", "svm", "dummy"]


def test_one_without_a_choice_has_no_candidates():
    tuned = with_candidates(plan("zcr", "knn"), {"knn": {"k": [3, 5, 7]}}, budget=24, seed=0)
    assert [[c.spec for c in e.candidates] for e in tuned] == [["knn", "knn:k=3", "knn:k=7"], []]


def test_a_grid_given_as_a_file_is_read(tmp_path):
    (tmp_path / "grid.json").write_text('{"knn": {"k": [1, 5]}}', encoding="utf-8")
    tuned = with_candidates(plan("zcr", "knn"), tmp_path / "grid.json", budget=24, seed=0)
    assert [c.spec for c in tuned[0].candidates] == ["knn", "knn:k=1"]
