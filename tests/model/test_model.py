"""Training, predicting, saving, and refusing what shouldn't be loaded."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from learners import quick

import audioclf
from audioclf import plugins
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError, ModelError, SpecError
from audioclf.model.model import Model, load_model
from audioclf.model.train import train

CLASSIFIERS = plugins.names("classifiers")


@pytest.fixture(scope="module")
def model(tiny):
    return train(tiny / "clips.csv", "mfcc+zcr", "svm", cv=4)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_classifier_survives_saving(name, tiny, tmp_path):
    trained = train(tiny / "clips.csv", "mfcc", quick(name).spec, cv=2)
    loaded = load_model(trained.save(tmp_path / "m.audioclf"))
    files = sorted(tiny.glob("*/*.wav"))
    np.testing.assert_array_equal(loaded.predict_proba(files), trained.predict_proba(files))
    assert loaded.facts == trained.facts
    assert loaded.comparison is None
    rows = loaded.predict_proba(files)
    assert rows.shape == (24, 3)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)
    if name != "dummy":
        assert np.mean(loaded.predict(files) == [file.parent.name for file in files]) > 0.8


def test_facts(model):
    assert model.labels == ["hiss", "hum", "sweep"]
    assert model.facts.analysis.sample_rate == 8000
    assert model.facts.metrics["accuracy"].mean == model.comparison.results.ranking()[0].metrics["accuracy"].mean
    assert model.facts.dataset.n_clips == 24
    assert model.facts.versions["scikit-learn"]
    assert repr(model) == "<Model: mfcc+zcr with svm, labels hiss, hum, sweep>"


def test_prediction_uses_the_training_rate(model, tiny, tmp_path):
    """A recording at another rate is resampled, so that the same sound gives nearly the same answer."""
    import soundfile
    import soxr

    samples, rate = soundfile.read(tiny / "sweep" / "1.wav")
    soundfile.write(tmp_path / "high.wav", soxr.resample(samples, rate, 44100), 44100, subtype="FLOAT")
    first, second = model.predict_proba([tiny / "sweep" / "1.wav", tmp_path / "high.wav"])
    np.testing.assert_allclose(first, second, atol=0.05)


def test_functionals_and_analysis_travel_with_the_model(tiny, tmp_path):
    trained = train(tiny, "zcr", "knn", cv=2, pooled="mean,p90", frame_length=0.05, window="hann", n_fft=2048)
    loaded = load_model(trained.save(tmp_path / "m.audioclf"))
    assert loaded.facts.functionals == ["mean", "p90"]
    assert loaded.analysis == trained.analysis
    assert loaded.analysis.fft_size == 2048
    files = sorted(tiny.glob("*/*.wav"))
    np.testing.assert_array_equal(loaded.predict_proba(files), trained.predict_proba(files))


def test_one_bad_file_does_not_stop_the_others(model, tiny, tmp_path):
    bad = tmp_path / "bad.wav"
    bad.write_text("no audio")
    good = tiny / "hum" / "0.wav"
    predictions = model.predict_clips([good, bad, tmp_path / "none.wav", good])
    assert [bool(p.error) for p in predictions] == [False, True, True, False]
    assert predictions[0].label == predictions[3].label == "hum"
    assert "not audio" in predictions[1].error
    assert "no such file" in predictions[2].error
    with pytest.raises(AudioError, match="not audio"):
        model.predict([good, bad])


def test_takes_one_file_clips_and_none(model, tiny):
    path = tiny / "hum" / "0.wav"
    assert list(model.predict(path)) == ["hum"]
    assert list(model.predict([Clip(path, start=0.1, end=0.2)])) == ["hum"]
    assert model.predict([]).shape == (0,)
    assert model.predict_proba([]).shape == (0, 3)


def test_same_for_two_workers(model, tiny):
    files = sorted(tiny.glob("*/*.wav")) * 3
    alone = [p.probabilities for p in model.predict_clips(files)]
    assert [p.probabilities for p in model.predict_clips(files, workers=2)] == alone


def test_training_is_deterministic(tiny, tmp_path):
    files = sorted(tiny.glob("*/*.wav"))
    one, two = (train(tiny, "mfcc", "rf:trees=10", cv=2, seed=5, workers=w).predict_proba(files) for w in (1, 2))
    np.testing.assert_array_equal(one, two)


class TestRefused:
    def test_no_file(self, tmp_path):
        with pytest.raises(ModelError, match="no such model file"):
            load_model(tmp_path / "none.audioclf")
        with pytest.raises(ModelError, match="no such model file"):
            load_model(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04 cut off"])
    def test_no_model(self, content, tmp_path):
        path = tmp_path / "m.audioclf"
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not a model file"):
            load_model(path)

    def test_another_zip(self, tmp_path):
        path = tmp_path / "m.audioclf"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "hello")
        with pytest.raises(ModelError, match="not a model file"):
            load_model(path)

    def test_later_schema(self, model, tmp_path):
        with pytest.raises(ModelError, match="later audioclf"):
            load_model(_rewritten(model, tmp_path, facts={"schema": 99}))

    def test_foreign_types_of_skops(self, model, tmp_path):
        """A file that would build anything outside the list isn't loaded, whatever it calls itself."""
        import skops.io
        from sklearn.isotonic import IsotonicRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer

        evil = make_pipeline(FunctionTransformer(func=print), IsotonicRegression())
        path = _rewritten(model, tmp_path, members={"estimator.skops": skops.io.dumps(evil)})
        assert skops.io.get_untrusted_types(data=skops.io.dumps(evil))
        with pytest.raises(ModelError, match=r"m.audioclf: holds types that are not trusted .*print.*not loaded"):
            load_model(path)

    def test_foreign_types_of_plain_data(self, model, tmp_path):
        structure = {"types": ["os.system"], "estimator": {"type": 0, "call": ["false"]}}
        members = {"estimator.json": json.dumps(structure).encode(), "estimator.npy": b""}
        with pytest.raises(ModelError, match=r"m.audioclf: holds types that are not trusted \(os.system\); it was not"):
            load_model(_rewritten(model, tmp_path, members=members))

    @pytest.mark.parametrize(
        "members",
        [
            {"estimator.skops": b"junk"},
            {"estimator.json": b"junk", "estimator.npy": b""},
            {"estimator.json": b"[]", "estimator.npy": b""},
            {"estimator.json": b'{"types": [], "estimator": {"array": 0}}', "estimator.npy": b""},
            {"estimator.json": b'{"types": [], "estimator": null}', "estimator.npy": b"junk"},
            {"estimator.json": b'{"types": [], "estimator": {"eval": "1"}}', "estimator.npy": b""},
        ],
    )
    def test_damaged_estimator(self, members, model, tmp_path):
        with pytest.raises(ModelError, match="can't be loaded"):
            load_model(_rewritten(model, tmp_path, members=members))

    @pytest.mark.parametrize("members", [{}, {"estimator.json": b"{}"}])
    def test_no_estimator(self, members, model, tmp_path):
        with pytest.raises(ModelError, match="holds no estimator"):
            load_model(_rewritten(model, tmp_path, members=members))

    def test_unknown_classifier(self, model, tmp_path):
        with pytest.raises(SpecError, match="unknown classifier"):
            load_model(_rewritten(model, tmp_path, facts={"classifier": "deepthought"}))

    def test_more_than_one(self, tiny):
        with pytest.raises(SpecError, match="one feature set and one classifier"):
            train(tiny, "mfcc,gfcc", "svm")

    def test_an_interrupted_save_leaves_the_old_file(self, model, tmp_path, monkeypatch):
        path = model.save(tmp_path / "m.audioclf")
        before = path.read_bytes()
        monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            model.save(path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]


def _rewritten(model, folder, facts=None, members=None):
    """Save *model*, then change some facts, or replace the members that hold the estimator."""
    path = model.save(folder / "m.audioclf")
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    old = json.loads(content.pop("model.json"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps({**old, **(facts or {})}))
        for name, data in (content if members is None else members).items():
            archive.writestr(name, data)
    return path


def test_an_estimator_that_is_not_plain_data_goes_to_skops(model, tmp_path):
    """Whatever a plug-in of another package builds from scikit-learn's own types can be saved."""
    from sklearn.naive_bayes import GaussianNB

    width = model.estimator.n_features_in_
    rows = np.outer([0.0, 0.1, 1.0, 1.1, 2.0], np.ones(width))
    bayes = GaussianNB().fit(rows, ["hiss", "hiss", "hum", "hum", "sweep"])
    path = Model(bayes, model.facts).save(tmp_path / "m.audioclf")
    assert zipfile.ZipFile(path).namelist() == ["model.json", "estimator.skops"]
    X = np.outer([0.4, 0.6], np.ones(width))
    np.testing.assert_array_equal(load_model(path).estimator.predict_proba(X), bayes.predict_proba(X))


def test_a_file_written_with_skops_alone_still_loads(model, tiny, tmp_path):
    """As every model was before there were plain data."""
    import skops.io

    files = sorted(tiny.glob("*/*.wav"))
    path = _rewritten(model, tmp_path, members={"estimator.skops": skops.io.dumps(model.estimator)})
    np.testing.assert_array_equal(load_model(path).predict_proba(files), model.predict_proba(files))


def test_package_names_are_loaded_on_use():
    assert set(audioclf.__all__) <= set(dir(audioclf))
    for name in audioclf.__all__:
        assert getattr(audioclf, name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        audioclf.nonsense  # noqa: B018
