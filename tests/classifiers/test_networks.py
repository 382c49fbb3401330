"""Networks: crops, what trains and what watches, copies, several labels, reproducibility, their files."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from learners import LABELS, clips, quick
from sklearn.base import clone

from audioclf.classifier.contract import build_classifier
from audioclf.errors import MissingExtraError, ModelError, SpecError
from audioclf.progress import listening_to, telling_into

NETWORKS = ("cnn", "cnn1d", "rnn")
TINY = "cnn1d:width=4:blocks=1:crop=6:epochs=4:batch=8:learning_rate=0.02:validation=0.5:jitter=0"


@pytest.fixture
def torch():
    pytest.importorskip("skorch")
    pytest.importorskip("safetensors")
    return pytest.importorskip("torch")


def tiny(**changes):
    return build_classifier(TINY).build(0).set_params(**changes)


def test_recipes_import_no_pytorch():
    code = (
        "import sys; from audioclf.classifier.contract import build_classifier as build\n"
        "for name in ('cnn', 'cnn1d', 'rnn'): build(name).parameters\n"
        "print([name for name in ('torch', 'skorch', 'safetensors', 'sklearn') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("what", ["build", "build_multilabel", "check_installed", "unpack"])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_missing_is_named(name, what, monkeypatch):
    monkeypatch.setattr("audioclf.classifiers._network.find_spec", lambda package: None)
    arguments = {"build": [0], "build_multilabel": [0], "unpack": [{}]}.get(what, [])
    with pytest.raises(MissingExtraError, match=r"need torch.*audioclf\[deep\]"):
        getattr(build_classifier(name), what)(*arguments)


def test_absent_device_is_refused_before_the_work(torch):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    classifier = build_classifier(TINY + ":device=cuda")
    with pytest.raises(SpecError, match="device=cuda"):
        classifier.check_installed()
    with pytest.raises(ValueError, match="device=cuda"):
        classifier.build(0).fit(*clips("sequences", 3))


class TestCrops:
    def test_crops_cover_the_clip_and_overlap_by_half(self):
        from audioclf.classifiers._network_crops import laid_out

        frames = np.arange(47, dtype=np.float32)[:, None]
        crops = laid_out(frames, 10)[:, :, 0]
        assert set(crops.ravel()) == set(range(47))
        assert (np.diff(crops[:, 0]) <= 5).all()
        assert crops[0, 0] == 0
        assert crops[-1, -1] == 46

    def test_long_clips_are_heard_in_part_but_to_the_end(self):
        from audioclf.classifiers._network_crops import MOST_CROPS, laid_out

        crops = laid_out(np.arange(100_000, dtype=np.float32)[:, None], 10)[:, :, 0]
        assert len(crops) == MOST_CROPS
        assert crops[-1, -1] == 99_999

    def epochs(self, versions, **options):
        from audioclf.classifiers._network_crops import Epochs

        plain = {"n_frames": 5, "batch": 4, "jitter": 0.0, "mixup": 0.0, "spec_augment": 0.0}
        targets = np.eye(2, dtype=np.float32)[np.arange(len(versions)) % 2]
        return Epochs(versions, targets, **(plain | options), random=np.random.default_rng(0))

    @pytest.mark.parametrize(("n_clips", "batch"), [(2, 32), (5, 4), (9, 4), (3, 2), (32, 32), (33, 32)])
    def test_each_clip_once_and_none_alone(self, n_clips, batch):
        epochs = self.epochs([[np.full((8, 1), i, np.float32)] for i in range(n_clips)], batch=batch)
        batches = [crops[:, 0, 0] for crops, _ in epochs]
        assert len(batches) == epochs.n_batches
        assert min(map(len, batches)) >= min(n_clips, batch)
        assert sorted(np.concatenate(batches)) == list(range(n_clips))

    def test_crops_begin_anywhere(self):
        epochs = self.epochs([[np.arange(8, dtype=np.float32)[:, None]]] * 8)
        starts = {crop[0, 0] for _ in range(20) for crops, _ in epochs for crop in crops}
        assert starts == {0, 1, 2, 3}

    def test_an_epoch_takes_one_version_of_each_clip(self):
        versions = [[np.full((8, 1), 10 * i + v, np.float32) for v in range(3)] for i in range(8)]
        epochs = self.epochs(versions)
        seen = [np.concatenate([crops[:, 0, 0] for crops, _ in epochs]) for _ in range(20)]
        assert all(sorted(numbers // 10) == list(range(8)) for numbers in seen)
        assert {number % 10 for numbers in seen for number in numbers} == {0, 1, 2}

    def test_jitter_shifts_the_level_and_stretches(self):
        ramp = np.arange(400, dtype=np.float32)[:, None] * [1, 1]
        versions = [[np.concatenate([ramp, np.zeros((1, 2))]).astype(np.float32)] for _ in range(300)]
        ((crops, _),) = self.epochs(versions, n_frames=20, batch=300, jitter=0.2)
        slopes = (crops[:, -1, 0] - crops[:, 0, 0]) / 19
        inside = slopes > 0  # and not over the end of the ramp
        assert inside.mean() > 0.8
        assert np.exp(-0.2) - 0.06 < slopes[inside].min() < 0.87
        assert 1.15 < slopes[inside].max() < np.exp(0.2) + 0.06
        np.testing.assert_array_equal(crops[:, :, 0], crops[:, :, 1])  # one number for all coefficients
        level = crops[:, 0, 0] - np.round(crops[:, 0, 0])
        assert np.std(level) > 0.1

    def test_mixup_mixes_crops_and_targets_alike(self):
        versions = [[np.full((8, 3), i % 2, np.float32)] for i in range(64)]
        ((crops, targets),) = self.epochs(versions, batch=64, mixup=1.0)
        np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(crops, np.broadcast_to(targets[:, 1, None, None], crops.shape), atol=1e-6)
        assert np.mean((targets[:, 1] > 0.05) & (targets[:, 1] < 0.95)) > 0.3

    def test_masks_hide_no_more_than_they_may(self):
        versions = [[np.ones((20, 10), np.float32)] for _ in range(200)]
        ((crops, _),) = self.epochs(versions, n_frames=20, batch=200, spec_augment=0.2)
        frames, coefficients = (crops == 0).all(axis=2).sum(axis=1), (crops == 0).all(axis=1).sum(axis=1)
        assert frames.max() <= 2 * 4
        assert coefficients.max() <= 2 * 2
        assert frames.mean() > 2
        assert coefficients.mean() > 1
        assert set(np.unique(crops)) == {0, 1}

    def test_one_coefficient_is_never_hidden(self):
        versions = [[np.ones((20, 1), np.float32)] for _ in range(100)]
        ((crops, _),) = self.epochs(versions, n_frames=10, batch=100, spec_augment=0.4)
        assert (crops != 0).any(axis=(1, 2)).all()


class TestValidationPart:
    def draw(self, y, groups, share=0.2, seed=0):
        from audioclf.classifiers._network_validation import validation_clips

        return validation_clips(np.eye(y.max() + 1)[y], groups, share, np.random.default_rng(seed))

    def test_stratified(self):
        y = np.repeat([0, 1, 2], [200, 100, 20])
        drawn = self.draw(y, np.arange(320))
        np.testing.assert_array_equal(np.bincount(y[drawn]), [40, 20, 4])

    @pytest.mark.parametrize("seed", range(5))
    def test_groups_stay_whole(self, seed):
        random = np.random.default_rng(seed)
        y, groups = random.integers(0, 4, 600), random.integers(0, 40, 600)
        drawn = self.draw(y, groups, seed=seed)
        assert not set(groups[drawn]) & set(groups[~drawn])
        assert 60 <= drawn.sum() <= 180

    def test_a_rare_class_is_left_to_learn_from(self):
        y, groups = np.repeat([0, 1, 2], [60, 60, 2]), np.arange(122)
        groups[-2:] = 1000
        for seed in range(10):
            assert not self.draw(y, groups, share=0.5, seed=seed)[-2:].any()

    def test_none_of_few_clips_or_where_a_class_is_one_group(self):
        assert self.draw(np.repeat([0, 1], 100), np.arange(200)) is None
        assert self.draw(np.repeat([0, 1], 200), np.repeat([0, 1], 200)) is None
        assert self.draw(np.repeat([0, 1], 200), np.arange(400), share=0.0) is None

    def test_labels_without_a_clip_do_no_harm(self):
        from audioclf.classifiers._network_validation import validation_clips

        targets = np.zeros((300, 3))
        targets[::3, 0] = 1
        drawn = validation_clips(targets, np.arange(300), 0.2, np.random.default_rng(0))
        assert 55 <= drawn.sum() <= 65


@pytest.fixture
def seen(torch, monkeypatch):
    """What `train` of the estimator was given, the last time."""
    from audioclf.classifiers import _network_estimator as estimator

    kept, train = {}, estimator.train

    def spy(module, criterion, epochs, watch, plan, multilabel):
        kept.update(epochs=epochs, watch=watch, plan=plan)
        return train(module, criterion, epochs, watch, plan, multilabel)

    monkeypatch.setattr(estimator, "train", spy)
    return kept


def numbered(n_clips, n_copies=0):
    """Clips of two classes whose first coefficient is their own number, and copies that have it, too, plus a half."""
    rng = np.random.default_rng(0)
    X = [np.column_stack([np.full(8, i), rng.normal(size=8)]).astype(np.float32) for i in range(n_clips)]
    X += [x + np.float32([0.5, 0.0]) for _ in range(n_copies) for x in X[:n_clips]]
    y = np.tile(np.arange(n_clips) % 2, 1 + n_copies)
    return X, y, np.tile(np.arange(n_clips), 1 + n_copies)


def numbers(frames, model):
    return round(float(frames[0, 0]) * model.scale_[0] + model.center_[0], 1)


def test_validated_clips_are_originals_of_other_groups(seen):
    X, y, clip = numbered(120, n_copies=2)
    groups = clip // 3
    model = tiny().fit(X, y, groups=groups, clips=clip)
    watched = [numbers(frames, model) for frames in seen["watch"].clips]
    learnt = [[numbers(frames, model) for frames in versions] for versions in seen["epochs"].versions]
    assert model.history_["n_validation"] == len(watched) >= 50
    assert all(number == int(number) for number in watched), "a copy is validated"
    assert all(versions == [versions[0], versions[0] + 0.5, versions[0] + 0.5] for versions in learnt)
    assert len(learnt) + len(watched) == 120
    assert not {number // 3 for number in watched} & {versions[0] // 3 for versions in learnt}


def test_copies_may_stand_anywhere(seen):
    X, y, clip = numbered(20, n_copies=1)
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(20), 2))  # each clip before its copy
    rows = np.array([i + 20 * (list(order[:k]).count(i)) for k, i in enumerate(order)])
    model = tiny(validation=0).fit([X[r] for r in rows], y[rows], clips=clip[rows] * 7)
    learnt = [[numbers(frames, model) for frames in versions] for versions in seen["epochs"].versions]
    assert sorted(learnt) == [[i, i + 0.5] for i in range(20)]


def test_an_epoch_of_copies_costs_what_one_of_originals_does(seen):
    X, y, clip = numbered(24, n_copies=3)
    tiny(epochs=None).fit(X, y, clips=clip)
    assert seen["epochs"].n_batches == 3
    with_copies = seen["plan"].epochs
    tiny(epochs=None).fit(X[:24], y[:24])
    assert seen["plan"].epochs == with_copies


def test_without_a_validation_part_all_epochs_are_trained(torch):
    X, y, _ = numbered(110)
    history = tiny(patience=1).fit(X, y, groups=y).history_
    assert [epoch["epoch"] for epoch in history["epochs"]] == [1, 2, 3, 4]
    assert history["best_epoch"] is None
    assert history["n_validation"] == 0
    assert all(epoch["valid_loss"] is epoch["valid_accuracy"] is None for epoch in history["epochs"])


def test_stops_early_and_puts_the_best_weights_back(seen):
    from audioclf.classifiers._network_answers import accuracy, clip_logits

    X, y, _ = numbered(160)
    y = np.random.default_rng(1).permutation(y)  # nothing to learn: soon the validation loss rises
    model = (
        build_classifier("cnn1d:width=8:crop=6:epochs=60:patience=3:batch=32:validation=0.4:learning_rate=0.05:mixup=0")
        .build(0)
        .fit(X, y)
    )
    told = model.history_["epochs"]
    losses = [epoch["valid_loss"] for epoch in told]
    best = model.history_["best_epoch"]
    assert len(told) == best + 3 < 60
    assert losses[best - 1] == min(losses)
    watch = seen["watch"]
    logits = clip_logits(model.module_, watch.clips, model.n_frames_, "cpu", multilabel=False)
    assert -np.mean(logits[watch.targets > 0]) == pytest.approx(losses[best - 1], rel=1e-4)
    assert accuracy(logits, watch.targets, False) == pytest.approx(told[best - 1]["valid_accuracy"])


def test_each_epoch_is_told(torch, tmp_path):
    told = []
    X, y = clips("sequences", 40)
    with (
        listening_to(tmp_path / "epochs", lambda *line: told.append(line)),
        telling_into(tmp_path / "epochs", "digits with cnn1d"),
    ):
        tiny().fit(X, y)
    assert [line[:2] for line in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert "validation loss" in told[0][2]


def test_interruption_is_not_the_end_of_training(torch, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("audioclf.classifiers._network_training.tell", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tiny().fit(*clips("sequences", 3))


def test_divergence_is_said(torch):
    with pytest.raises(ValueError, match="lower learning_rate"):
        tiny(learning_rate=1e30).fit(*clips("sequences", 10))


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_depend_on_the_seed_alone(name, torch):
    X, y = clips("sequences", 6)
    first = quick(name).build(0).fit(X, y).predict_proba(X)
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy(), torch.get_num_threads()  # noqa: NPY002
    torch.set_num_threads(2)
    second = quick(name).build(0).fit(X, y).predict_proba(X)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before[2])
    np.testing.assert_array_equal(second, first)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert not np.array_equal(quick(name).build(1).fit(X, y).predict_proba(X), first)


def test_is_a_scikit_learn_estimator(torch):
    model = tiny(mixup=0.3).fit(*clips("sequences", 4))
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "module_")
    assert copy.set_params(epochs=7).epochs == 7


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("n_coefficients", "n_frames"), [(1, 1), (1, 8), (2, 3), (13, 2), (130, 1)])
def test_any_size(name, n_coefficients, n_frames, torch):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n_frames, n_coefficients)).astype(np.float32) for _ in range(3)]
    model = build_classifier(f"{name}:epochs=1" + ":width=2" * (name != "rnn")).build(0).fit(X, ["a", "b", "b"])
    assert model.predict_proba([*X, np.concatenate(X)]).shape == (4, 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_counted(name, torch):
    model = quick(name).build(0).fit(*clips("sequences", 3))
    assert model.n_parameters_ == sum(p.numel() for p in model.module_.parameters() if p.requires_grad)


def test_temperature_suits_the_validation_part(seen):
    from scipy.special import log_softmax

    from audioclf.classifiers._network_answers import clip_logits

    X, y = clips("sequences", 60)
    y[::6] = "bird"  # a part is wrong, so that there is a best temperature
    model = tiny(epochs=8, batch=16).fit(X, y)
    watch = seen["watch"]
    logits = clip_logits(model.module_, watch.clips, model.n_frames_, "cpu", multilabel=False)

    def log_loss(temperature):
        return -np.mean(log_softmax(logits / temperature, axis=1)[watch.targets > 0])

    assert model.temperature_ != 1
    assert log_loss(model.temperature_) < min(log_loss(model.temperature_ * 2), log_loss(model.temperature_ / 2))
    assert tiny(validation=0).fit(X, y).temperature_ == 1


def test_cmvn_makes_clips_of_any_level_alike(torch):
    X, y = clips("sequences", 4)
    model = tiny(cmvn="mean").fit(X, y)
    np.testing.assert_allclose(model.predict_proba([x + np.float32(5) for x in X]), model.predict_proba(X), atol=1e-4)


class TestSeveralLabels:
    @pytest.fixture
    def data(self):
        """Each of three labels by itself puts one coefficient up; a fourth is never there."""
        rng = np.random.default_rng(0)
        Y = np.column_stack([rng.random((120, 3)) < 0.4, np.zeros(120)]).astype(bool)
        return [(rng.normal(size=(7, 4)) + 3 * labels).astype(np.float32) for labels in Y], Y

    @pytest.mark.parametrize("weight", ["", ":class_weight=balanced"])
    @pytest.mark.parametrize("name", NETWORKS)
    def test_learns_independent_labels(self, name, weight, data, torch):
        X, Y = data
        model = build_classifier(quick(name).spec + weight).build_multilabel(0).fit(X[:60], Y[:60])
        np.testing.assert_array_equal(model.classes_, np.arange(4))
        rows = model.predict_proba(X[60:])
        assert rows.shape == (60, 4)
        assert ((rows >= 0) & (rows <= 1)).all()
        predicted = model.predict(X[60:])
        assert predicted.dtype == bool
        np.testing.assert_array_equal(predicted, rows >= 0.5)
        assert np.mean(predicted[:, :3] == Y[60:, :3]) >= 0.9
        assert not predicted[:, 3].any()

    def test_watched_and_saved(self, data, torch):
        X, Y = data
        classifier = build_classifier(TINY)
        model = classifier.build_multilabel(0).fit(X, Y, groups=np.arange(120), clips=np.arange(120))
        assert model.history_["n_validation"] >= 50
        assert 0 <= model.history_["epochs"][0]["valid_accuracy"] <= 1
        loaded = classifier.unpack(classifier.pack(model))
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))

    def test_wrong_shape_is_refused(self, data, torch):
        X, Y = data
        with pytest.raises(ValueError, match="n_clips, n_labels"):
            build_classifier(TINY).build_multilabel(0).fit(X, Y[:, 0])


@pytest.fixture(scope="module")
def classifier():
    return quick("cnn")


@pytest.fixture(scope="module")
def model(classifier):
    return classifier.build(0).fit(*clips("sequences", 20))


@pytest.fixture
def members(classifier, model):
    return classifier.pack(model)


class TestFiles:
    def changed(self, members, **facts):
        return {**members, "network.json": json.dumps(json.loads(members["network.json"]) | facts).encode()}

    def test_what_is_in_it(self, members):
        assert set(members) == {"network.json", "weights.safetensors"}
        facts = json.loads(members["network.json"])
        assert facts["format"] == 1
        assert facts["architecture"] == "cnn"
        assert facts["options"] == {"width": 4, "blocks": 2, "dropout": 0.0}
        assert facts["classes"]["values"] == list(LABELS)

    def test_all_comes_back(self, classifier, model, members):
        loaded = classifier.unpack(members)
        X = clips("sequences", 5, seed=3)[0]
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
        assert loaded.classes_.dtype == model.classes_.dtype
        for name in ("temperature_", "history_", "n_parameters_", "n_frames_", "n_features_in_"):
            assert getattr(loaded, name) == getattr(model, name)
        assert classifier.pack(loaded) == members

    def test_labels_that_are_numbers(self, classifier, torch):
        X, y = clips("sequences", 3, labels=(0, 5, 9))
        loaded = classifier.unpack(classifier.pack(classifier.build(0).fit(X, y)))
        assert loaded.classes_.tolist() == [0, 5, 9]
        assert loaded.classes_.dtype == y.dtype

    def test_loading_draws_nothing(self, classifier, members, torch):
        before = torch.random.get_rng_state()
        classifier.unpack(members)
        assert torch.equal(torch.random.get_rng_state(), before)

    @pytest.mark.parametrize("name", ["network.json", "weights.safetensors"])
    def test_missing_member(self, name, classifier, members):
        del members[name]
        with pytest.raises(ModelError, match="holds no network"):
            classifier.unpack(members)

    @pytest.mark.parametrize(
        ("facts", "words"),
        [
            ({"format": 2}, "format 2"),
            ({"architecture": "transformer"}, "transformer"),
            ({"options": {"width": 8, "blocks": 2, "dropout": 0.0}}, "width"),
            ({"center": [0.0] * 5}, r"\$.scale: 6 numbers, but \$.center has 5"),
            ({"scale": [float("nan")] * 6}, "NaN is no number"),
            ({"scale": "six"}, r"network.json: \$.scale: expected a list, got text"),
            ({"n_frames": "long"}, r"\$.n_frames: expected a whole number, got text"),
            ({"n_frames": 0}, r"\$.n_frames: expected a whole number >= 1"),
            ({"cmvn": "all"}, "cmvn"),
            ({"temperature": 0}, "temperature"),
            ({"temperature": None}, r"\$.temperature: expected a number, got null"),
            ({"classes": {"dtype": "<U5", "values": ["a", "b"]}}, "doesn't fit"),
            ({"classes": {"dtype": "O", "values": ["a", "b", "c"]}}, "type object"),
            ({"classes": ["a", "b", "c"]}, r"\$.classes: expected an object, got a list"),
        ],
    )
    def test_wrong_facts(self, facts, words, classifier, members):
        with pytest.raises(ModelError, match=words):
            classifier.unpack(self.changed(members, **facts))

    def test_broken_members(self, classifier, members):
        for name, data in (("network.json", b"{"), ("network.json", b"[]"), ("weights.safetensors", b"no weights")):
            with pytest.raises(ModelError, match=name):
                classifier.unpack({**members, name: data})

    def test_wrong_weights(self, classifier, members, torch):
        from safetensors.torch import load, save

        weights = load(members["weights.safetensors"])
        name = "head.1.bias"
        for wrong in (
            {key: value for key, value in weights.items() if key != name},
            {**weights, "more": torch.zeros(1)},
            {**weights, name: torch.zeros(4)},
            {**weights, name: weights[name].double()},
            {**weights, name: torch.full((3,), float("nan"))},
        ):
            with pytest.raises(ModelError, match=f"{name}|more"):
                classifier.unpack({**members, "weights.safetensors": save(wrong)})

    def test_a_model_of_another_device_is_loaded(self, members):
        """As where it was trained on CUDA and this machine has none."""
        loaded = build_classifier(quick("cnn").spec + ":device=cuda").unpack(members)
        assert loaded.device == "cuda"
        assert loaded.predict_proba(clips("sequences", 1)[0]).shape == (3, 3)
