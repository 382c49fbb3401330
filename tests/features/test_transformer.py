"""A feature set is a scikit-learn transformer over extractors that share one analysis."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from audioclf import plugins
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioError, SpecError
from audioclf.features.functionals import pool
from audioclf.features.specs import build_extractors
from audioclf.features.transformer import FeatureSet


@pytest.fixture
def signals(rng):
    return [Signal(rng.uniform(-0.5, 0.5, n).astype(np.float32), 8000) for n in (4000, 2000, 3000)]


def test_each_extractor_stands_in_the_order_of_the_spec(signals):
    joined = FeatureSet("mfcc:n_coeffs=3+zcr").fit_transform(signals)
    mfcc = FeatureSet("mfcc:n_coeffs=3").fit_transform(signals)
    zcr = FeatureSet("zcr").fit_transform(signals)
    assert joined.dtype == np.float32
    np.testing.assert_array_equal(joined, np.hstack([mfcc, zcr]))
    np.testing.assert_array_equal(FeatureSet("zcr+mfcc:n_coeffs=3").fit_transform(signals), np.hstack([zcr, mfcc]))


def test_vectors_are_pooled_frames_under_their_names(signals):
    features = FeatureSet("mfcc:n_coeffs=3:deltas=1+zcr", functionals="mean,p95").fit(signals)
    vectors = features.transform(signals)
    names = list(features.get_feature_names_out())
    assert vectors.shape == (3, len(names)) == (3, 2 * 7)
    assert len(set(names)) == len(names)
    for signal, vector in zip(signals, vectors):
        frames = features.frames(signal.samples, 8000)
        assert frames.shape[1] == len(features.coefficient_names) == 7
        for j, coefficient in enumerate(features.coefficient_names):
            for name in ("mean", "p95"):
                expected = pool(frames[:, j : j + 1], [name])[0]
                assert vector[names.index(f"{coefficient}_{name}")] == expected


def test_sequences_are_the_frames_of_each_clip(signals):
    features = FeatureSet("mfcc:n_coeffs=3+zcr").fit(signals)
    for signal, sequence in zip(signals, features.sequences(signals)):
        np.testing.assert_array_equal(sequence, features.frames(signal.samples, 8000))


def test_clips_paths_and_signals_are_taken(tmp_path, rng):
    samples = rng.uniform(-0.5, 0.5, 8000).astype(np.float32)
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 8000, subtype="FLOAT")
    ways = [Signal(samples, 8000), path, str(path), Clip(path), Clip(path, start=0.0, end=1.0)]
    rows = FeatureSet("mfcc").fit_transform(ways)
    for row in rows[1:]:
        np.testing.assert_array_equal(row, rows[0])
    [half] = FeatureSet("mfcc").fit_transform([Clip(path, start=0.5)])
    np.testing.assert_array_equal(half, FeatureSet("mfcc").fit_transform([Signal(samples[4000:], 8000)])[0])


def test_the_rate_is_the_lowest_of_the_clips_fitted_on_or_the_one_asked_for(rng):
    high, low = (Signal(rng.uniform(-0.5, 0.5, rate).astype(np.float32), rate) for rate in (16000, 8000))
    features = FeatureSet("zcr").fit([high, low])
    assert features.analysis_.sample_rate == 8000
    assert features.transform([high]).shape == (1, len(features.get_feature_names_out()))
    assert FeatureSet("zcr", sample_rate=12000).fit([high, low]).analysis_.sample_rate == 12000
    assert FeatureSet("zcr").fit([high]).analysis_.sample_rate == 16000


def test_frames_need_no_fit_and_use_the_rate_of_the_samples(rng):
    samples = rng.uniform(-0.5, 0.5, 11025)
    assert FeatureSet("zcr").frames(samples, 11025).shape == (1 + (11025 - 276) // 110, 1)
    assert len(FeatureSet("zcr", sample_rate=8000).frames(samples, 11025)) == 1 + (8000 - 200) // 80
    with pytest.raises(ValueError, match=r"one-dimensional \(mono\), got shape \(2, 3\)"):
        FeatureSet("zcr").frames(np.zeros((2, 3)), 8000)


def test_a_clip_shorter_than_a_frame_is_warned_of(signals):
    features = FeatureSet("zcr").fit(signals)
    with pytest.warns(UserWarning, match=r"a clip of 0.005 s is shorter than one frame of 0.025 s"):
        assert np.isfinite(features.transform([Signal(np.ones(40, np.float32), 8000)])).all()


def test_no_clips_give_no_rows(signals):
    features = FeatureSet("zcr", functionals="mean,std").fit(signals)
    assert features.transform([]).shape == (0, 2)
    assert features.sequences([]) == []


def test_it_must_be_fitted_first(signals):
    with pytest.raises(NotFittedError):
        FeatureSet("mfcc").transform(signals)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"spec": "mfc"}, "unknown feature 'mfc'"),
        ({"spec": "mfcc+zcr+mfcc"}, r"'mfcc\+zcr\+mfcc' gives 'mfcc_0' twice, by mfcc and by mfcc; leave one out"),
        ({"spec": "zcr+spectral"}, "gives 'zcr' twice, by zcr and by spectral"),
        ({"spec": "mfcc:n_coeffs=3+mfcc:n_coeffs=4"}, "by mfcc:n_coeffs=3 and by mfcc:n_coeffs=4"),
        ({"spec": "mfcc:deltas=3"}, "deltas=3; it must be 0, 1 or 2"),
        ({"spec": "mfcc:delta_width=4"}, "delta_width=4; it must be odd and at least 3"),
        ({"functionals": "avg"}, "unknown functional 'avg'"),
        ({"window": "tukey"}, "unknown window 'tukey'"),
        ({"frame_length": 0.0}, "frame length"),
    ],
)
def test_a_wrong_parameter_is_refused_by_fit(signals, options, message):
    with pytest.raises(SpecError, match=message):
        FeatureSet(**options).fit(signals)


def test_a_recording_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav: no such file"):
        FeatureSet("mfcc").fit_transform([tmp_path / "gone.wav"])


def test_it_can_be_cloned_pickled_and_put_into_a_pipeline(signals):
    features = FeatureSet("mfcc:n_coeffs=3", functionals=["mean", "std"], window="hann")
    assert clone(features).get_params() == features.get_params()
    fitted = pickle.loads(pickle.dumps(features.fit(signals)))
    np.testing.assert_array_equal(fitted.transform(signals), features.transform(signals))
    loud = [Signal(20 * s.samples, s.sample_rate) for s in signals]
    pipeline = make_pipeline(clone(features), LogisticRegression())
    pipeline.fit(signals + loud, ["soft"] * 3 + ["loud"] * 3)
    assert list(pipeline.predict(signals + loud)) == ["soft"] * 3 + ["loud"] * 3


def test_every_extractor_names_each_of_its_coefficients_once(signals):
    seen = set()
    for name in plugins.names("features"):
        if name == "spectral":  # the union of others
            continue
        [extractor] = build_extractors(f"{name}:deltas=2")
        names = extractor.coefficient_names
        assert len(set(names)) == len(names)
        assert not seen & set(names)
        seen |= set(names)
        assert FeatureSet(extractor.spec).frames(signals[0].samples, 8000).shape[1] == len(names)


def test_a_third_party_can_import_it_without_the_command_line():
    code = "import audioclf, sys; audioclf.FeatureSet; print('click' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.home())
    assert done.stdout.split() == ["False", "False"]
