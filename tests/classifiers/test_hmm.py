"""Hidden Markov models: hmmlearn's numbers, its traps avoided, and the contract of a classifier of sequences."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hmmlearn.hmm import GMMHMM, GaussianHMM
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from audioclf.classifiers import _hmm_model, _hmm_training
from audioclf.classifiers._hmm import HMMClassifier
from audioclf.classifiers._hmm_model import StateModel, expand, linear_density, log_likelihoods, padded
from audioclf.classifiers._hmm_training import MixtureHMM, Plan, initial, normalised, single_gaussian, train


def random_model(rng, n_states, n_mixtures, n_coefficients=3, topology="ergodic"):
    transitions = rng.random((n_states, n_states)) + 0.05
    start = rng.random(n_states) + 0.05
    if topology == "left-right":
        transitions *= np.eye(n_states) + np.eye(n_states, k=1)
        start = np.eye(n_states)[0]
    return StateModel(
        normalised(start),
        normalised(transitions),
        normalised(rng.random((n_states, n_mixtures)) + 0.1),
        rng.normal(scale=2.0, size=(n_states, n_mixtures, n_coefficients)),
        rng.uniform(0.2, 2.0, size=(n_states, n_mixtures, n_coefficients)),
    )


def in_hmmlearn(model):
    """The same model as hmmlearn's own class."""
    states, mixtures = model.weights.shape
    if mixtures == 1:
        peer = GaussianHMM(states, covariance_type="diag")
        peer.means_, peer.covars_ = model.means[:, 0], model.variances[:, 0]
    else:
        peer = GMMHMM(states, mixtures, covariance_type="diag")
        peer.means_, peer.covars_, peer.weights_ = model.means, model.variances, model.weights
    peer.startprob_, peer.transmat_ = model.start, model.transitions
    return peer


def sequences_of(rng, lengths, n_coefficients=3, scale=2.0):
    return [rng.normal(scale=scale, size=(n, n_coefficients)) for n in lengths]


def words(n_per_class=12, seed=0, noise=0.4):
    """Two words of three sounds each, the same sounds in another order: only the order tells them apart."""
    rng = np.random.default_rng(seed)
    sounds = np.array([[3.0, 0.0], [0.0, 3.0], [-3.0, -3.0]])
    X, y = [], []
    for label, order in (("abc", [0, 1, 2]), ("cba", [2, 1, 0])):
        for _ in range(n_per_class):
            path = np.repeat(order, rng.integers(3, 8, 3))
            X.append((sounds[path] + noise * rng.normal(size=(len(path), 2))).astype(np.float32))
            y.append(label)
    return X, np.array(y)


# -- the forward recursion ---------------------------------------------------------------------------------


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
@pytest.mark.parametrize("n_mixtures", [1, 3])
def test_likelihood_equals_hmmlearns(rng, n_mixtures, topology):
    models = [random_model(rng, n, n_mixtures, topology=topology) for n in (1, 4, 6)]
    sequences = sequences_of(rng, [1, 2, 30, 7, 300, 30])
    expected = [[in_hmmlearn(model).score(s) for model in models] for s in sequences]
    np.testing.assert_allclose(log_likelihoods(padded(models), sequences), expected, rtol=1e-9)


def test_likelihood_by_enumerating_all_paths(rng):
    """The definition: the sum over every path of states."""
    from itertools import product

    from scipy.stats import norm

    model = random_model(rng, 3, 2, n_coefficients=2)
    (x,) = sequences_of(rng, [4], n_coefficients=2)
    density = norm.pdf(x[:, None, None, :], model.means, np.sqrt(model.variances)).prod(axis=3)
    emitted = (density * model.weights).sum(axis=2)
    total = 0.0
    for path in product(range(3), repeat=4):
        p = model.start[path[0]] * emitted[0, path[0]]
        for t in range(1, 4):
            p *= model.transitions[path[t - 1], path[t]] * emitted[t, path[t]]
        total += p
    assert log_likelihoods(padded([model]), [x])[0, 0] == pytest.approx(np.log(total), rel=1e-12)


def test_likelihood_far_from_every_state(rng):
    """Densities below the smallest float: nothing underflows."""
    model = random_model(rng, 4, 2, topology="left-right")
    x = 1e3 * np.ones((20, 3))
    found = log_likelihoods(padded([model]), [x])[0, 0]
    assert found < -1e6
    assert found == pytest.approx(in_hmmlearn(model).score(x), rel=1e-9)


def test_a_way_back_from_the_improbable(rng):
    """A path e^-1000 times less likely than another is not dropped: later frames may fit only it."""
    model = StateModel(
        np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]]), np.ones((2, 1)),
        np.array([[[0.0]], [[60.0]]]), np.ones((2, 1, 1)),
    )  # fmt: skip
    x = np.array([0.0, 60.0, 60.0, 0.0, 0.0, 0.0])[:, None]
    assert log_likelihoods(padded([model]), [x])[0, 0] == pytest.approx(in_hmmlearn(model).score(x), rel=1e-9)


def test_padding_changes_nothing(rng):
    small, large = random_model(rng, 2, 1), random_model(rng, 5, 3)
    sequences = sequences_of(rng, [4, 9])
    alone = log_likelihoods(padded([small]), sequences)[:, 0]
    np.testing.assert_allclose(log_likelihoods(padded([large, small]), sequences)[:, 1], alone, rtol=1e-12)


def test_linear_density(rng):
    from scipy.stats import norm

    model = random_model(rng, 2, 2)
    x = rng.normal(size=(5, 3))
    slope, offset = linear_density(model.weights, model.means, model.variances)
    expected = norm.logpdf(x[:, None, None, :], model.means, np.sqrt(model.variances)).sum(axis=3)
    expected += np.log(model.weights)
    np.testing.assert_allclose((expand(x) @ slope + offset).reshape(5, 2, 2), expected, rtol=1e-10)


# -- training ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
def test_one_iteration_equals_hmmlearns(rng, topology, monkeypatch):
    """Without our prior on transitions and with no variance at the floor, EM's step is hmmlearn's."""
    monkeypatch.setattr(_hmm_training, "PSEUDO_COUNT", 1e-12)
    model = random_model(rng, 3, 1, topology=topology)
    sequences = sequences_of(rng, [30, 50, 40, 25], scale=1.5)
    ours = MixtureHMM(model, variance_floor=1e-6, n_iter=1, tol=0.0)
    ours.fit(expand(np.concatenate(sequences)), [len(s) for s in sequences])
    peer = in_hmmlearn(model).set_params(n_iter=1, init_params="", covars_prior=0, covars_weight=0, min_covar=1e-6)
    peer.covars_prior, peer.covars_weight = 0.0, 1.0
    peer.fit(np.concatenate(sequences), [len(s) for s in sequences])
    np.testing.assert_allclose(ours.model.start, peer.startprob_, atol=1e-9)
    np.testing.assert_allclose(ours.model.transitions, peer.transmat_, atol=1e-9)
    np.testing.assert_allclose(ours.model.means[:, 0], peer.means_, rtol=1e-7)
    np.testing.assert_allclose(ours.model.variances[:, 0], peer._covars_, rtol=1e-4)


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
def test_sequences_taken_together_or_one_by_one(rng, topology, monkeypatch):
    model = random_model(rng, 3, 2, topology=topology)
    sequences = sequences_of(rng, [30, 1, 25, 7, 40], scale=1.5)
    frames, lengths = expand(np.concatenate(sequences)), [len(s) for s in sequences]
    together = MixtureHMM(model, variance_floor=0.01, n_iter=3, tol=0.0).fit(frames, lengths)
    monkeypatch.setattr(_hmm_training, "BATCH", 6 * 32)  # of 6 components: 32 frames, a stretch of one or two
    apart = MixtureHMM(model, variance_floor=0.01, n_iter=3, tol=0.0).fit(frames, lengths)
    np.testing.assert_allclose(apart.monitor_.history, together.monitor_.history, rtol=1e-10)
    for name in ("start", "transitions", "weights", "means", "variances"):
        np.testing.assert_allclose(getattr(apart.model, name), getattr(together.model, name), rtol=1e-7, atol=1e-9)


def test_log_sum_exp(rng):
    from scipy.special import logsumexp

    values = rng.normal(scale=300.0, size=(4, 3, 5))
    values[0, :, 0] = -np.inf
    values[1, 0, 1] = -np.inf
    for axis in (0, 1, 2):
        np.testing.assert_allclose(_hmm_model.log_sum_exp(values, axis), logsumexp(values, axis=axis), rtol=1e-12)


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
@pytest.mark.parametrize("mixtures", [1, 2])
def test_training_raises_the_likelihood(topology, mixtures):
    X, y = words()
    sequences = [x.astype(float) for x, label in zip(X, y) if label == "abc"]
    plan = Plan(3, mixtures, topology, 0.01, 10)
    begun = initial(sequences, plan, np.random.RandomState(0))
    trained = train(sequences, plan, "abc", np.random.RandomState(0))
    totals = log_likelihoods(padded([begun, trained]), sequences).sum(axis=0)
    assert trained.finite
    assert totals[1] > totals[0]


def test_first_transitions_count_within_sequences_only(monkeypatch):
    """Two sequences that stay where they are: from one's end to the other's beginning nobody moved."""
    monkeypatch.setattr(_hmm_training, "PSEUDO_COUNT", 0.0)
    low, high = np.zeros((4, 1)), np.full((4, 1), 9.0)
    model = initial([low, high, low], Plan(2, 1, "ergodic", 0.1, 5), np.random.RandomState(0))
    np.testing.assert_array_equal(model.transitions, np.eye(2))


def test_left_right_finds_the_sounds_in_order():
    X, y = words()
    sequences = [x.astype(float) for x, label in zip(X, y) if label == "abc"]
    model = train(sequences, Plan(3, 1, "left-right", 0.01, 20), "abc", np.random.RandomState(0))
    np.testing.assert_allclose(model.means[:, 0], [[3, 0], [0, 3], [-3, -3]], atol=0.3)
    np.testing.assert_array_equal(model.start, [1, 0, 0])
    np.testing.assert_array_equal(model.transitions[np.tril_indices(3, -1)], 0.0)
    assert model.transitions[0, 2] == 0.0


def test_a_state_never_left_keeps_its_transitions(rng):
    """hmmlearn gives NaN or zeros for a row without counts."""
    model = random_model(rng, 3, 1, n_coefficients=1)
    model = StateModel(
        model.start, model.transitions, model.weights, np.array([[[0.0]], [[0.5]], [[1e4]]]), np.ones((3, 1, 1))
    )
    sequences = sequences_of(rng, [10, 12], n_coefficients=1, scale=1.0)
    trainer = MixtureHMM(model, variance_floor=0.01, n_iter=5, tol=0.0)
    found = trainer.fit(expand(np.concatenate(sequences)), [10, 12]).model
    assert found.finite
    assert found.means[2, 0, 0] == 1e4
    assert (found.transitions > 0).all()


def test_hmmlearn_itself_falls_into_that_trap(rng):
    """Should this fail, hmmlearn has mended it, and the guards of `MixtureHMM` may go."""
    peer = GaussianHMM(3, covariance_type="diag", init_params="", n_iter=5)
    peer.startprob_, peer.transmat_ = np.full(3, 1 / 3), np.full((3, 3), 1 / 3)
    peer.means_, peer.covars_ = np.array([[0.0], [0.5], [1e4]]), np.ones((3, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            peer.fit(rng.normal(size=(22, 1)), [10, 12])
        except ValueError:
            return
    assert not np.allclose(peer.transmat_.sum(axis=1), 1.0)


def test_a_component_never_visited_stays(rng):
    model = random_model(rng, 2, 2, n_coefficients=1)
    means = np.array([[[0.0], [1e4]], [[1.0], [0.5]]])
    model = StateModel(model.start, model.transitions, model.weights, means, np.ones((2, 2, 1)))
    x = rng.normal(size=(20, 1))
    found = MixtureHMM(model, variance_floor=0.01, n_iter=3, tol=0.0).fit(expand(x), [20]).model
    assert found.finite
    assert found.weights[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert found.means[0, 1, 0] == 1e4


def test_variances_keep_to_the_floor():
    sequences = [np.zeros((20, 2)), np.zeros((15, 2))]
    for plan in (Plan(3, 2, "left-right", 0.05, 5), Plan(3, 2, "ergodic", 0.05, 5)):
        model = train(sequences, plan, "silence", np.random.RandomState(0))
        assert model.finite
        assert model.variances.min() >= 0.05


@pytest.mark.parametrize(
    ("n_frames", "longest", "states", "mixtures"),
    [(1000, 50, 8, 2), (32, 32, 8, 1), (12, 12, 3, 1), (3, 3, 1, 1), (400, 5, 5, 2), (1, 1, 1, 1)],
)
def test_few_frames_get_few_states(n_frames, longest, states, mixtures):
    plan = Plan(8, 2, "left-right", 0.1, 5).reduced(n_frames, longest)
    assert (plan.states, plan.mixtures) == (states, mixtures)


def test_failure_is_tried_again_with_fewer_states(monkeypatch, rng):
    tried = []

    def fails_above_two(sequences, model, plan):
        tried.append(plan.states)
        if plan.states > 2:
            raise ArithmeticError("the likelihood is not finite")
        return model

    monkeypatch.setattr(_hmm_training, "expectation_maximisation", fails_above_two)
    with pytest.warns(RuntimeWarning, match="class 'owl' with . states failed .the likelihood") as told:
        model = train(sequences_of(rng, [40, 40]), Plan(8, 1, "ergodic", 0.1, 5), "owl", np.random.RandomState(0))
    assert tried == [8, 4, 2]
    assert [str(warning.message).split()[-1] for warning in told] == ["4", "2"]
    assert len(model.start) == 2


@pytest.mark.parametrize("failure", ["raises", "returns NaN"])
def test_one_class_failing_leaves_the_others(monkeypatch, failure):
    X, y = words()
    good = _hmm_training.expectation_maximisation

    def fails_for_one(sequences, model, plan):
        if sequences[0][0, 0] > 0:  # the word that begins with the first sound
            if failure == "raises":
                raise ValueError("transmat_ rows must sum to 1")
            return StateModel(model.start, model.transitions * np.nan, model.weights, model.means, model.variances)
        return good(sequences, model, plan)

    monkeypatch.setattr(_hmm_training, "expectation_maximisation", fails_for_one)
    with pytest.warns(RuntimeWarning, match="class 'abc'"):
        clf = HMMClassifier(states=3, calibration_folds=0, random_state=0).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
    assert np.mean(clf.predict(X) == y) > 0.9  # one Gaussian against a good model of the other word
    frames = (np.concatenate([x for x, label in zip(X, y) if label == "abc"]) - clf.center_) / clf.scale_
    np.testing.assert_allclose(clf.means_[0, 0, 0], frames.mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(clf.start_[0], [1, 0, 0])


def test_an_error_in_the_program_is_not_swallowed(monkeypatch):
    def broken(*arguments):
        raise TypeError("a mistake of ours")

    monkeypatch.setattr(_hmm_training, "expectation_maximisation", broken)
    with pytest.raises(TypeError):
        HMMClassifier(random_state=0).fit(*words(4))


def test_hmmlearn_is_silent(caplog, capsys):
    HMMClassifier(states=4, iterations=20, random_state=0).fit(*words(4))
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


# -- the classifier ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cmvn", ["none", "mean", "clip"])
@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
def test_order_in_time_tells_words_apart(topology, cmvn):
    """Pooled over time the two words are the same."""
    clf = HMMClassifier(states=3, mixtures=1, topology=topology, cmvn=cmvn, random_state=0).fit(*words())
    unseen, truth = words(20, seed=1)
    assert np.mean(clf.predict(unseen) == truth) == 1.0


def test_probabilities_are_per_frame_and_tempered():
    X, y = words()
    clf = HMMClassifier(states=3, priors="empirical", random_state=0).fit(X[3:], y[3:])
    n_frames = np.array([len(x) for x in X])[:, None]
    joint = clf.log_likelihood(X) + np.log([9 / 21, 12 / 21])
    expected = np.exp(joint / n_frames / clf.temperature_)
    np.testing.assert_allclose(clf.predict_proba(X), expected / expected.sum(axis=1, keepdims=True), rtol=1e-9)
    np.testing.assert_array_equal(clf.predict(X), clf.classes_[joint.argmax(axis=1)])


def test_fitted_likelihood_equals_hmmlearns():
    X, y = words()
    clf = HMMClassifier(states=3, mixtures=2, random_state=0).fit(X, y)
    for k in range(2):
        model = StateModel(clf.start_[k], clf.transitions_[k], clf.weights_[k], clf.means_[k], clf.variances_[k])
        expected = [in_hmmlearn(model).score((x - clf.center_) / clf.scale_) for x in X]
        np.testing.assert_allclose(clf.log_likelihood(X)[:, k], expected, rtol=1e-8)


def test_scale_of_a_coefficient_does_not_matter():
    X, y = words(noise=2.0)
    unseen, _ = words(20, seed=1, noise=2.0)
    scale, shift = np.array([1e4, 1e-3]), np.array([-3e4, 5.0])
    plain = HMMClassifier(states=3, random_state=0).fit(X, y).predict_proba(unseen)
    scaled = HMMClassifier(states=3, random_state=0).fit([x * scale + shift for x in X], y)
    np.testing.assert_allclose(scaled.predict_proba([x * scale + shift for x in unseen]), plain, atol=1e-3)


def test_clip_normalisation_forgets_the_channel():
    """A gain or a microphone adds a constant to cepstra: with cmvn it is gone, without it is not."""
    X, y = words()
    unseen, _ = words(10, seed=1)
    moved = [x + np.float32([4.0, -4.0]) for x in unseen]
    for cmvn in ("mean", "clip"):
        clf = HMMClassifier(states=3, cmvn=cmvn, random_state=0).fit(X, y)
        np.testing.assert_allclose(clf.predict_proba(moved), clf.predict_proba(unseen), atol=1e-4)
    clf = HMMClassifier(states=3, cmvn="none", random_state=0).fit(X, y)
    assert not np.allclose(clf.predict_proba(moved), clf.predict_proba(unseen), atol=1e-2)


def test_empirical_priors_favour_the_frequent(rng):
    X = [rng.normal(size=(6, 2)) for _ in range(40)]
    y = np.array(["often"] * 30 + ["rare"] * 10)
    options = {"states": 1, "mixtures": 1, "calibration_folds": 0}
    uniform = HMMClassifier(priors="uniform", **options).fit(X, y)
    empirical = HMMClassifier(priors="empirical", **options).fit(X, y)
    np.testing.assert_allclose(empirical.log_priors_, np.log([0.75, 0.25]))
    assert (empirical.predict_proba(X)[:, 0] > uniform.predict_proba(X)[:, 0]).all()


def test_temperature_lowers_the_loss_of_new_clips():
    X, y = words(15, noise=4.0)
    unseen, truth = words(100, seed=1, noise=4.0)
    clf = HMMClassifier(states=3, random_state=0).fit(X, y)
    codes = np.searchsorted(clf.classes_, truth)

    def loss():
        return -np.mean(np.log(clf.predict_proba(unseen)[np.arange(len(codes)), codes]))

    tempered = loss()
    clf.temperature_ = 1.0
    assert tempered < loss()


def test_fewer_frames_than_states():
    X, y = words()
    clf = HMMClassifier(states=8, random_state=0).fit(X, y)
    short = [x[:n] for x, n in zip(X, [1, 2, 3] * 8)]
    assert np.isfinite(clf.predict_proba(short)).all()
    assert clf.predict([X[0][:1], X[-1][:1]]).tolist() == ["abc", "cba"]  # the first sound differs


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
@pytest.mark.parametrize("cmvn", ["none", "mean", "clip"])
def test_single_frames(rng, topology, cmvn):
    X = [rng.normal(size=(1, 3)) + k for k in (0, 5) for _ in range(6)]
    y = ["low"] * 6 + ["high"] * 6
    clf = HMMClassifier(topology=topology, cmvn=cmvn, random_state=0).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
    if cmvn == "none":
        assert clf.predict(X).tolist() == y


@pytest.mark.parametrize("topology", ["ergodic", "left-right"])
def test_digital_silence_among_the_clips(rng, topology):
    X, y = words()
    X[0] = np.full_like(X[0], -100.0)
    clf = HMMClassifier(states=3, topology=topology, random_state=0).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()


def test_constant_coefficient_does_not_count():
    X, y = words()
    plain = HMMClassifier(states=3, random_state=0).fit(X, y)
    extended = [np.column_stack([x, np.full(len(x), np.float32(0.1))]) for x in X]
    clf = HMMClassifier(states=3, random_state=0).fit(extended, y)
    assert clf.scale_[2] == 1.0
    np.testing.assert_allclose(clf.predict_proba(extended), plain.predict_proba(X), atol=1e-2)


def test_one_class_of_very_few_frames():
    X, y = words()
    clf = HMMClassifier(states=5, random_state=0).fit([*X, np.float32([[9.0, 9.0], [9.1, 9.0]])], [*y, "tick"])
    assert clf.predict([np.float32([[9.0, 9.0]])])[0] == "tick"
    assert np.mean(clf.predict(X) == y) == 1.0
    assert clf.temperature_ == 1.0  # one clip of a class can't be held out


def test_random_state_decides(rng):
    X, y = words(noise=2.0)
    fits = [HMMClassifier(topology="ergodic", random_state=s).fit(X, y).predict_proba(X) for s in (0, 0, 1)]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert not np.array_equal(fits[0], fits[2])


def test_clone_and_parameters():
    clf = HMMClassifier(states=4, topology="ergodic", random_state=3)
    assert clone(clf).get_params() == clf.get_params()
    clf.set_params(states=6, cmvn="clip")
    assert (clf.states, clf.cmvn) == (6, "clip")
    before = clf.get_params()
    assert clf.fit(*words(4)).get_params() == before
    assert not hasattr(clone(clf), "classes_")


@pytest.mark.parametrize("method", ["predict", "predict_proba", "log_likelihood"])
def test_not_fitted(method):
    with pytest.raises(NotFittedError):
        getattr(HMMClassifier(), method)([np.zeros((3, 2))])


def test_labels_keep_their_type_and_order():
    X, y = words(4)
    clf = HMMClassifier(states=2, random_state=0).fit(X, np.where(y == "abc", 7, 3))
    assert clf.classes_.tolist() == [3, 7]
    assert clf.predict(X[:1]).tolist() == [7]


@pytest.mark.parametrize(
    ("X", "says"),
    [
        ([], "no sequences given"),
        ("abc", "no sequences given"),
        (np.zeros((4, 3)), r"sequence 0 has shape \(3,\)"),
        ([np.zeros((4, 2)), np.zeros((0, 2))], r"sequence 1 has shape \(0, 2\)"),
        ([np.zeros((4, 2)), np.zeros((4, 3))], "sequence 1 has 3 coefficients; 2 expected"),
        ([np.zeros((4, 2)), np.array([[1.0, np.nan]])], "sequence 1 holds NaN"),
        ([np.zeros((4, 2)), [["x", "y"]]], "sequence 1 isn't an array of numbers"),
    ],
)
def test_wrong_sequences_are_refused(X, says):
    with pytest.raises(ValueError, match=says):
        HMMClassifier().fit(X, ["a", "b"][: len(X)])


def test_wrong_labels_are_refused():
    X = [np.zeros((4, 2)), np.ones((4, 2))]
    with pytest.raises(ValueError, match="2 sequences, but labels of shape"):
        HMMClassifier().fit(X, ["a", "b", "c"])
    with pytest.raises(ValueError, match="of one class"):
        HMMClassifier().fit(X, ["a", "a"])


def test_lists_and_integers_are_taken():
    X = [[[0, 0], [1, 0]], [[0, 1], [1, 0]], [[9, 9], [8, 9]], [[9, 8], [9, 9]]]
    clf = HMMClassifier(states=2, random_state=0).fit(X, list("aabb"))
    assert clf.predict(X).tolist() == list("aabb")


def test_single_gaussian_is_the_frames_mean_and_variance(rng):
    frames = rng.normal(size=(50, 2)) * [1.0, 0.01]
    model = single_gaussian(frames, 0.1)
    np.testing.assert_allclose(model.means[0, 0], frames.mean(axis=0))
    np.testing.assert_allclose(model.variances[0, 0], [frames[:, 0].var(), 0.1])


@pytest.mark.parametrize("topology", ["left-right", "ergodic"])
def test_scaled_and_logarithmic_recursions_agree(topology, rng):
    trained = MixtureHMM(random_model(rng, 4, 2, topology=topology), 1e-3, 1, 0.0)
    lattice = rng.normal(scale=5.0, size=(60, 4))
    lattice -= lattice.max(axis=1, keepdims=True)
    quick, slow = trained._smooth(np.exp(lattice)), trained._smooth_log(lattice)
    assert quick[0] == pytest.approx(slow[0], rel=1e-10)
    shares = quick[1] / quick[1].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, slow[1], rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(quick[2], slow[2], rtol=1e-8, atol=1e-12)


def test_what_underflows_is_done_in_logarithms(rng):
    """At first only the first state can be reached, and its density there is less than a float holds."""
    trained = MixtureHMM(random_model(rng, 3, 1, topology="left-right"), 1e-3, 1, 0.0)
    lattice = np.zeros((5, 3))
    lattice[0, 0] = -1e4
    assert trained._smooth(np.exp(lattice)) is None
    log_likelihood, posteriors, _ = trained._smooth_log(lattice)
    assert -1.1e4 < log_likelihood < -0.9e4
    np.testing.assert_allclose(posteriors[0], [1, 0, 0])
