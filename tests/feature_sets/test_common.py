"""What holds for every extractor, built in or another package's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audioclf import plugins
from audioclf.audio.signal import Signal
from audioclf.errors import SpecError
from audioclf.features.frames import static_frames, static_frames_of_blocks
from audioclf.features.specs import build_extractors
from audioclf.features.transformer import FeatureSet
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Spectra

RATE = 16000
NAMES = plugins.names("features")


def _signals():
    rng = np.random.default_rng(0)
    t = np.arange(RATE) / RATE
    tone = np.sin(2 * np.pi * 440 * t)
    impulse = np.zeros(RATE)
    impulse[RATE // 2] = 1
    return {
        "silence": np.zeros(RATE),
        "noise": 0.1 * rng.standard_normal(RATE),
        "tone": 0.5 * tone,
        "impulse": impulse,
        "offset": np.full(RATE, 0.7),
        "clipped": np.clip(20 * tone, -1, 1),
        "square at half the rate": np.tile([1.0, -1.0], RATE // 2),
        "near silence": 1e-9 * rng.standard_normal(RATE),
        "beyond full scale": 1000 * rng.standard_normal(RATE),
        "silence then noise": np.concatenate([np.zeros(RATE // 2), 0.1 * rng.standard_normal(RATE // 2)]),
        "one sample": np.array([0.5]),
        "one frame": 0.1 * rng.standard_normal(400),
        "one frame less a sample": 0.1 * rng.standard_normal(399),
    }


SIGNALS = _signals()


def _frames(name, samples, rate=RATE, **analysis):
    (extractor,) = build_extractors(name)
    return extractor.frames(Spectra(Signal(np.asarray(samples, np.float32), rate), Analysis(rate, **analysis)))


@pytest.mark.parametrize("name", NAMES)
class TestEveryExtractor:
    @pytest.mark.parametrize("signal", SIGNALS)
    def test_is_finite_float32_of_the_right_shape(self, name, signal):
        frames = _frames(name, SIGNALS[signal])
        (extractor,) = build_extractors(name)
        expected = max(1, 1 + (len(SIGNALS[signal]) - 400) // 160)
        assert frames.shape == (expected, len(extractor.coefficient_names))
        assert frames.dtype == np.float32
        assert np.isfinite(frames).all()

    @pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000])
    def test_works_at_every_rate(self, name, rate):
        noise = 0.1 * np.random.default_rng(1).standard_normal(rate // 2)
        assert np.isfinite(_frames(name, noise, rate)).all()

    def test_works_with_other_frames(self, name):
        noise = SIGNALS["noise"]
        analysis = {"frame_length": 0.064, "hop_length": 0.032, "window": "hann", "n_fft": 1500}
        assert np.isfinite(_frames(name, noise, **analysis)).all()

    def test_is_deterministic_and_leaves_its_input_alone(self, name):
        samples = SIGNALS["noise"].astype(np.float32)
        before = samples.copy()
        first, second = _frames(name, samples), _frames(name, samples)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(samples, before)

    def test_tells_a_tone_from_noise(self, name):
        """No extractor may return a constant: that would pass every test above."""
        tone, noise = _frames(name, SIGNALS["tone"]), _frames(name, SIGNALS["noise"])
        assert not np.allclose(tone.mean(axis=0), noise.mean(axis=0), rtol=1e-3, atol=1e-6)

    def test_is_the_same_alone_and_in_company(self, name):
        """What others compute on the shared spectra must not change it."""
        signal = Signal(SIGNALS["noise"].astype(np.float32), RATE)
        shared = Spectra(signal, Analysis(RATE))
        for other in NAMES:
            build_extractors(other)[0].frames(shared)
        np.testing.assert_array_equal(build_extractors(name)[0].frames(shared), _frames(name, SIGNALS["noise"]))

    def test_deltas_follow_the_statics(self, name):
        (plain,), (both,) = build_extractors(name), build_extractors(f"{name}:deltas=2")
        frames = _frames(f"{name}:deltas=2", SIGNALS["noise"])
        count = len(plain.coefficient_names)
        assert both.coefficient_names[:count] == plain.coefficient_names
        assert both.coefficient_names[-1] == plain.coefficient_names[-1] + "_delta2"
        np.testing.assert_array_equal(frames[:, :count], _frames(name, SIGNALS["noise"]))
        assert both.base == plain.base

    def test_names_are_unique_and_plain(self, name):
        (extractor,) = build_extractors(name)
        names = extractor.coefficient_names
        assert len(set(names)) == len(names)
        assert all(part.isidentifier() for part in names)

    def test_documents_itself_and_its_parameters(self, name):
        extractor = plugins.load("features", name)
        assert extractor.name == name
        assert extractor.title
        assert len(extractor.__doc__ or "") > 80
        for field in dataclasses.fields(extractor):
            assert field.metadata["doc"]

    def test_its_spec_makes_it_again(self, name):
        (extractor,) = build_extractors(f"{name}:deltas=1:delta_width=5")
        assert build_extractors(extractor.spec) == [extractor]

    @pytest.mark.parametrize("wrong", ["deltas=3", "deltas=-1", "delta_width=4", "deltas=many", "no_such=1", "deltas"])
    def test_refuses_wrong_parameters(self, name, wrong):
        with pytest.raises(SpecError, match=name):
            build_extractors(f"{name}:{wrong}")

    def test_takes_any_channel_count_and_rate_through_a_feature_set(self, name, tmp_path):
        soundfile = pytest.importorskip("soundfile")
        noise = 0.1 * np.random.default_rng(2).standard_normal((RATE, 2))
        soundfile.write(tmp_path / "stereo.wav", noise, 2 * RATE, subtype="FLOAT")
        soundfile.write(tmp_path / "mono.wav", noise.mean(axis=1), 2 * RATE, subtype="FLOAT")
        features = FeatureSet(name, sample_rate=RATE).fit([])
        stereo, mono = features.transform([tmp_path / "stereo.wav", tmp_path / "mono.wav"])
        np.testing.assert_allclose(stereo, mono, rtol=1e-3, atol=1e-3)
        assert stereo.dtype == np.float32


def test_all_can_be_joined():
    names = [name for name in NAMES if name not in ("flux", "rolloff", "centroid", "entropy", "spread", "flatness")]
    names = [name for name in names if name not in ("energy", "energy_entropy", "zcr")]  # spectral has them
    extractors = build_extractors("+".join(names))
    assert len(extractors) == len(names)


def test_a_coefficient_can_come_once_only():
    with pytest.raises(SpecError, match="'centroid' twice, by spectral and by centroid"):
        build_extractors("spectral+centroid")


def test_a_typo_gets_a_hint():
    with pytest.raises(SpecError, match="Did you mean 'mfcc'"):
        build_extractors("mfc")
    with pytest.raises(SpecError, match="Did you mean 'n_coeffs'"):
        build_extractors("mfcc:n_coefs=3")


@pytest.mark.parametrize(
    "spec",
    [
        "mfcc:n_coeffs=0",
        "mfcc:n_coeffs=200",
        "gfcc:n_coeffs=41",
        "bfcc:n_coeffs=25",
        "lfcc:n_coeffs=0",
        "pncc:n_coeffs=41",
        "pncc:preemphasis=2",
        "lpcc:order=0",
        "lpcc:n_coeffs=0",
        "lpcc:preemphasis=-1",
        "logmel:n_mels=0",
        "chroma:n_bands=0",
        "rolloff:percent=100",
        "energy_entropy:parts=1",
    ],
)
def test_parameters_out_of_range_are_refused(spec):
    with pytest.raises(SpecError, match=spec.partition(":")[0]):
        build_extractors(spec)


@pytest.mark.parametrize("name", ["mfcc", "gfcc", "bfcc", "lfcc", "logmel", "pncc"])
def test_band_edges_out_of_range_are_refused(name):
    with pytest.raises(SpecError, match="fmax=9000"):
        _frames(f"{name}:fmax=9000", SIGNALS["noise"])
    with pytest.raises(SpecError, match="fmin=5000"):
        _frames(f"{name}:fmin=5000:fmax=4000", SIGNALS["noise"])


@pytest.mark.parametrize("name", NAMES)
def test_clips_in_company_and_in_pieces_give_the_numbers_of_one_alone(name, monkeypatch):
    """However clips are cut and batched, another package's extractor included."""
    extractors = build_extractors(f"{name}:deltas=1")
    signals = [Signal(SIGNALS[kind].astype(np.float32), RATE) for kind in ("noise", "one frame", "tone", "one sample")]
    alone = [static_frames([signal], Analysis(RATE), extractors).rows[extractors[0].base] for signal in signals]
    monkeypatch.setattr("audioclf.features.frames.STRETCH", 50)
    together = static_frames(signals, Analysis(RATE), extractors)
    np.testing.assert_array_equal(together.rows[extractors[0].base], np.concatenate(alone, axis=1))
    pieces = np.array_split(signals[0].samples, 7)
    spool = static_frames_of_blocks(lambda: pieces, Analysis(RATE), extractors)[extractors[0].base]
    np.testing.assert_array_equal(spool.all(), alone[0])
