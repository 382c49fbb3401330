"""What every registered classifier keeps to, whatever it takes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from learners import LABELS, NAMES, clips, installed, part, quick

from audioclf import plugins
from audioclf.classifier.contract import build_classifier
from audioclf.errors import SpecError
from audioclf.experiment.space import DEFAULT_BUDGET, candidates


@pytest.fixture(params=NAMES)
def classifier(request):
    return quick(request.param)


def check_answers(model, X, n_classes=3):
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (len(X), n_classes)
    assert np.isfinite(probabilities).all()
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])
    return probabilities


@pytest.mark.parametrize("name", NAMES)
def test_declaration(name):
    kind = plugins.load("classifiers", name)
    assert kind.name == name
    assert kind.takes in ("vectors", "sequences")
    assert kind.title
    assert "\n" not in kind.title
    assert all(field.metadata["doc"] for field in dataclasses.fields(kind))


def test_learns_what_is_easy(classifier):
    X, y = clips(classifier.takes, 20)
    unseen, truth = clips(classifier.takes, 10, seed=1)
    model = classifier.build(seed=0)
    assert model.fit(X, y) is model
    assert list(model.classes_) == sorted(LABELS)
    check_answers(model, unseen)
    accuracy = np.mean(model.predict(unseen) == truth)
    if classifier.name == "dummy":
        assert accuracy == pytest.approx(1 / 3)
    else:
        assert accuracy >= 0.9


def test_two_classes(classifier):
    X, y = clips(classifier.takes, 10, labels=("no", "yes"))
    check_answers(classifier.build(seed=0).fit(X, y), clips(classifier.takes, 7, labels=("a", "b"), seed=2)[0], 2)


def test_hard_classes_still_agree(classifier):
    """Where the classes are all one, probabilities are near ties: predict must not part from them."""
    X, y = clips(classifier.takes, 12)
    y = np.random.default_rng(3).permutation(y)
    check_answers(classifier.build(seed=0).fit(X, y), clips(classifier.takes, 40, seed=4)[0])


def test_one_clip_is_answered_alone_as_among_others(classifier):
    X, y = clips(classifier.takes, 8)
    model = classifier.build(seed=0).fit(X, y)
    together = model.predict_proba(X)
    for i in (0, len(y) - 1):
        np.testing.assert_allclose(model.predict_proba(part(X, [i]))[0], together[i], rtol=1e-5, atol=1e-7)


def test_same_seed_same_model(classifier):
    X, y = clips(classifier.takes, 8)
    first, second = (classifier.build(seed=3).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_fit_anew_forgets(classifier):
    X, y = clips(classifier.takes, 8)
    other, other_y = clips(classifier.takes, 6, labels=("x", "y"), n_coefficients=3, seed=5)
    again = classifier.build(seed=0).fit(other, other_y).fit(X, y)
    fresh = classifier.build(seed=0).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), fresh.predict_proba(X))


def test_fit_leaves_its_input_alone(classifier):
    X, y = clips(classifier.takes, 5)
    before = [np.array(x) for x in X]
    classifier.build(seed=0).fit(X, y).predict(X)
    for was, x in zip(before, X):
        np.testing.assert_array_equal(was, x)


@pytest.mark.parametrize("n_per_class", [1, 2])
def test_few_clips(classifier, n_per_class):
    X, y = clips(classifier.takes, n_per_class)
    check_answers(classifier.build(seed=0).fit(X, y), clips(classifier.takes, 3, seed=1)[0])


def test_one_clip_of_one_class(classifier):
    X, y = clips(classifier.takes, 6)
    chosen = [0, *range(6, 18)]
    check_answers(classifier.build(seed=0).fit(part(X, chosen), y[chosen]), X)


def test_one_feature(classifier):
    X, y = clips(classifier.takes, 6, n_coefficients=1)
    check_answers(classifier.build(seed=0).fit(X, y), X)


def test_constant_features(classifier):
    X, y = clips(classifier.takes, 6)
    for x in X:
        x[..., 2] = 7.0
        x[..., 3] = 0.0
    check_answers(classifier.build(seed=0).fit(X, y), X)


def test_nothing_varies(classifier):
    X, y = clips(classifier.takes, 4)
    for x in X:
        x[...] = 0.1
    probabilities = check_answers(classifier.build(seed=0).fit(X, y), X)
    np.testing.assert_allclose(probabilities, np.broadcast_to(probabilities[0], probabilities.shape), atol=1e-9)


def test_large_and_small_scales(classifier):
    """Feature families differ in scale by many orders of magnitude."""
    X, y = clips(classifier.takes, 10)
    scale = np.float32([1e6, 1e-6, 1.0, 1e3, 1e-3, 1.0])
    X = X * scale if classifier.takes == "vectors" else [x * scale for x in X]
    model = classifier.build(seed=0).fit(X, y)
    check_answers(model, X)
    if classifier.name != "dummy":
        assert np.mean(model.predict(X) == y) >= 0.9


def test_wrong_number_of_features_is_refused(classifier):
    if classifier.name == "dummy":
        pytest.skip("it doesn't look")
    X, y = clips(classifier.takes, 5)
    model = classifier.build(seed=0).fit(X, y)
    with pytest.raises(ValueError, match=r"features|coefficients"):
        model.predict(clips(classifier.takes, 1, n_coefficients=5)[0])


def test_no_warnings(classifier, recwarn):
    X, y = clips(classifier.takes, 12)
    classifier.build(seed=0).fit(X, y).predict_proba(X)
    assert [str(w.message) for w in recwarn] == []


def test_labels_need_no_calibration(classifier):
    X, y = clips(classifier.takes, 8)
    y = np.random.default_rng(6).permutation(y)
    whole, quick = (build(4).fit(X, y) for build in (classifier.build, classifier.build_uncalibrated))
    unseen = clips(classifier.takes, 20, seed=7)[0]
    np.testing.assert_array_equal(quick.predict(unseen), whole.predict(unseen))


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_search_space_can_be_built_and_holds_the_default(name):
    default = installed(name)
    assert bool(default.space) == (name != "dummy")
    for key, values in default.space.items():
        assert getattr(default, key) in values
        assert len(set(values)) == len(values) > 1
    whole = candidates(default, budget=10_000)
    assert len(whole) == np.prod([len(values) for values in default.space.values()])
    assert len(whole) <= DEFAULT_BUDGET, "the whole of it should be searched"
    for candidate in whole:
        assert build_classifier(candidate.spec) == candidate
        candidate.build(seed=0)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "dummy"])
def test_values_at_the_ends_of_the_search_space_can_be_fitted(name):
    whole = candidates(quick(name), budget=10_000)
    X, y = clips(whole[0].takes, 5)
    for candidate in (whole[1], whole[-1]):
        check_answers(candidate.build(seed=0).fit(X, y), X)


@pytest.mark.parametrize("name", NAMES)
def test_unknown_parameter(name):
    with pytest.raises(SpecError, match="has no parameter 'colour'"):
        build_classifier(f"{name}:colour=red")


@pytest.mark.parametrize(
    ("spec", "meant"),
    [("svm:gama=1", "gamma"), ("rf:tree=5", "trees"), ("hmm:state=3", "states")],
)
def test_mistyped_parameter_is_corrected(spec, meant):
    with pytest.raises(SpecError, match=f"Did you mean '{meant}'"):
        build_classifier(spec)


@pytest.mark.parametrize("name", NAMES)
def test_default_spec_is_the_name(name):
    built = build_classifier(name)
    assert built.spec == name
    assert built == plugins.load("classifiers", name)()


@pytest.mark.parametrize(
    "spec",
    [
        "svm:C=0.5:gamma=0.01:class_weight=balanced",
        "svm:gamma=0.3x",
        "linear_svm:C=2",
        "rf:trees=10:max_depth=4:min_leaf=3:feature_share=0.5",
        "extra_trees:class_weight=balanced",
        "gboost:rounds=7:learning_rate=0.3:max_leaves=4:min_leaf=2:feature_share=0.5",
        "knn:k=3:weights=uniform:metric=cosine",
        "logreg:C=10:class_weight=balanced",
        "hmm:states=4:mixtures=1:topology=ergodic:cmvn=clip:variance_floor=0.01:priors=empirical:iterations=3",
        "hmm:cmvn=mean:calibration_folds=0",
        "cnn:epochs=3:patience=2:batch=4:crop=6:learning_rate=0.01:weight_decay=0:class_weight=balanced:width=2:blocks=1",
        "cnn:epochs=2:optimizer=sgd:validation=0.5:jitter=0:mixup=0.1:spec_augment=0.5:cmvn=mean:device=cpu:dropout=0.5",
        "cnn1d:epochs=2:width=5:blocks=8:dropout=0.1",
        "rnn:epochs=2:validation=0:cell=gru:units=3:layers=2:bidirectional=false:pooling=mean",
    ],
)
def test_spec_round_trip_and_use(spec):
    built = installed(spec)
    assert built.spec == spec
    assert build_classifier(built.spec) == built
    X, y = clips(built.takes, 8)
    check_answers(built.build(seed=0).fit(X, y), X)


@pytest.mark.parametrize(
    "spec",
    [
        "svm:C=0", "svm:gamma=-1", "svm:gamma=-1x", "svm:gamma=x", "svm:gamma=0.3y", "svm:gamma=infx",
        "svm:class_weight=heavy", "linear_svm:C=-1", "linear_svm:class_weight=x",
        "rf:trees=0", "rf:max_depth=0", "extra_trees:min_leaf=0", "rf:class_weight=x", "rf:feature_share=0",
        "gboost:rounds=0",
        "gboost:learning_rate=0", "gboost:max_leaves=1", "gboost:min_leaf=0", "gboost:feature_share=1.5",
        "gboost:class_weight=x", "knn:k=0", "knn:weights=x", "knn:metric=x", "logreg:C=0",
        "logreg:class_weight=x", "hmm:states=0", "hmm:mixtures=0", "hmm:topology=x", "hmm:cmvn=x",
        "hmm:variance_floor=0", "hmm:priors=x", "hmm:iterations=0", "hmm:calibration_folds=-1",
        "svm:C=nan", "hmm:variance_floor=nan",
        "cnn:epochs=0", "cnn:patience=0", "cnn:batch=1", "cnn:crop=0", "cnn:learning_rate=0", "cnn:weight_decay=-1",
        "cnn:optimizer=x", "cnn:class_weight=x", "cnn:validation=0.6", "cnn:jitter=2", "cnn:mixup=-1",
        "cnn:spec_augment=0.6", "cnn:cmvn=x", "cnn:device=x", "cnn:width=0", "cnn:blocks=0", "cnn:blocks=9",
        "cnn:dropout=1", "cnn1d:width=0", "cnn1d:blocks=0", "cnn1d:dropout=-1", "rnn:cell=x", "rnn:units=0",
        "rnn:layers=3", "rnn:pooling=x", "rnn:dropout=1", "rnn:learning_rate=nan",
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused(spec):
    key = spec.split(":")[1].split("=")[0]
    with pytest.raises(SpecError, match=f"{key}="):
        build_classifier(spec)


@pytest.mark.parametrize("name", [n for n in NAMES if "class_weight" in build_classifier(n).parameters])
def test_balanced_weights_help_the_rare_class(name):
    """One clip in eleven is of the rare class, and the classes overlap."""
    rng = np.random.default_rng(0)
    y = np.array(["often"] * 200 + ["rare"] * 20)
    X = (rng.normal(size=(220, 2)) + 1.5 * (y == "rare")[:, None]).astype(np.float32)
    options = {"rf": ":min_leaf=5", "extra_trees": ":min_leaf=5"}.get(name, "")
    spec = quick(name).spec.replace(":batch=8", "") + options
    if quick(name).takes == "sequences":
        X = list(X[:, None])  # clips of one frame
    plain, balanced = (
        np.sum(build_classifier(spec + weight).build(0).fit(X, y).predict(X) == "rare")
        for weight in ("", ":class_weight=balanced")
    )
    assert balanced > plain
