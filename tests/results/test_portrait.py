"""The numbers of pictures: against NumPy, SciPy and librosa, on signals whose pictures are known."""

from __future__ import annotations

import json

import librosa
import numpy as np
import pytest
import scipy.signal

from audioclf import structs
from audioclf.audio.signal import Signal
from audioclf.features.transformer import FeatureSet
from audioclf.results.pictures import Picture, Portrait
from audioclf.results.portrait import LONGEST, pack_picture, portrait, spectrogram, unpack_picture
from audioclf.spectra.analysis import WINDOWS, Analysis

RATE = 16000
TIME = np.arange(2 * RATE) / RATE


def signal(samples, rate=RATE):
    return Signal(np.asarray(samples, np.float32), rate)


def noise(seconds=2.0, level=0.1, seed=0):
    return signal(level * np.random.default_rng(seed).standard_normal(round(seconds * RATE)))


def made(samples, **options):
    given = samples if isinstance(samples, Signal) else signal(samples)
    return portrait(given, Analysis(given.sample_rate, **options))


def axis(line):
    return line.first_hz + line.step_hz * np.arange(len(line.level))


class TestPicture:
    @pytest.mark.parametrize("levels", [2, 64, 256])
    def test_comes_back_within_half_a_step(self, levels):
        values = np.random.default_rng(0).uniform(-80, 0, (7, 5))
        picture = structs.decode(structs.encode(pack_picture(values, -80.0, 0.0, 8000.0, 1.5, levels)), Picture)
        step = 80 / (levels - 1)
        np.testing.assert_allclose(unpack_picture(picture), values, atol=step / 2 + 80 / 255 / 2 + 1e-6)
        assert (picture.rows, picture.columns) == (7, 5)
        assert (picture.low, picture.high, picture.max_hz, picture.seconds) == (-80, 0, 8000, 1.5)

    def test_rows_and_columns_stay_in_their_places(self):
        values = np.arange(6.0).reshape(2, 3)
        np.testing.assert_allclose(unpack_picture(pack_picture(values, 0.0, 5.0, None, 1.0)), values)

    def test_what_is_no_number_or_beyond(self):
        values = np.array([[np.nan, -np.inf, np.inf, -99.0, 99.0]])
        np.testing.assert_allclose(unpack_picture(pack_picture(values, -1.0, 1.0, None, 1.0)), [[-1, -1, 1, -1, 1]])

    @pytest.mark.parametrize(
        ("values", "low", "high", "levels"),
        [(np.zeros(3), 0, 1, 256), (np.zeros((1, 1)), 1, 1, 256), (np.zeros((1, 1)), 0, 1, 1)],
    )
    def test_senseless_arguments(self, values, low, high, levels):
        with pytest.raises(ValueError, match=r"dimensions|above|levels"):
            pack_picture(values, low, high, None, 1.0, levels)


class TestLines:
    def test_envelope_holds_every_sample(self):
        given = noise()
        waveform = made(given).waveform
        low, high = np.array(waveform.low), np.array(waveform.high)
        assert len(low) == len(high) <= 300
        assert low.min() == pytest.approx(given.samples.min(), abs=1e-4)
        assert high.max() == pytest.approx(given.samples.max(), abs=1e-4)
        middle = len(low) // 2  # of stretches of nearly equal length, this one holds the middle sample
        at = given.samples[len(given.samples) // 2]
        assert low[middle] - 1e-4 <= at <= high[middle] + 1e-4

    @pytest.mark.parametrize("hz", [440.0, 1234.5, 7000.0])
    def test_sine_of_full_scale_is_at_0_db(self, hz):
        spectrum = made(np.sin(2 * np.pi * hz * TIME)).spectrum
        assert len(spectrum.level) <= 400
        loudest = int(np.argmax(spectrum.level))
        assert spectrum.level[loudest] == pytest.approx(0.0, abs=0.2)
        assert axis(spectrum)[loudest] == pytest.approx(hz, abs=spectrum.step_hz / 2 + 0.5)

    def test_spectrum_is_the_highest_of_numpys_bins(self):
        given = noise(0.3)
        n = len(given.samples)
        level = 20 * np.log10(np.abs(np.fft.rfft(given.samples)) * 2 / n)
        hz = np.fft.rfftfreq(n, 1 / RATE)
        spectrum = made(given).spectrum
        for centre, got in list(zip(axis(spectrum), spectrum.level))[1:-1]:
            bins = np.abs(hz - centre) < spectrum.step_hz / 2
            assert got == pytest.approx(level[bins].max(), abs=0.051)

    def test_density_of_white_noise_is_its_variance_over_the_band(self):
        density = made(noise(20, 0.1)).density
        power = 10 ** (np.array(density.level) / 10)
        assert power.sum() * density.step_hz == pytest.approx(0.01, rel=0.02)
        assert np.median(density.level) == pytest.approx(10 * np.log10(0.01 / (RATE / 2)), abs=0.3)

    def test_density_is_the_mean_of_scipys_bins(self):
        given = noise(1.0)
        hz, reference = scipy.signal.welch(given.samples.astype(float), RATE, nperseg=1024)
        density = made(given).density
        for centre, got in zip(axis(density)[:-1], density.level):
            bins = np.abs(hz - centre) < density.step_hz / 2
            assert got == pytest.approx(10 * np.log10(reference[bins].mean()), abs=0.051)

    @pytest.mark.parametrize("hz", [80, 100, 200])
    def test_cepstrum_of_pulses_peaks_at_their_period(self, hz):
        pulses = np.zeros(2 * RATE)
        pulses[:: RATE // hz] = 1.0
        cepstrum = made(pulses + 1e-4 * np.random.default_rng(0).standard_normal(len(pulses))).cepstrum
        value = np.array(cepstrum.value)
        quefrency = cepstrum.first_seconds + cepstrum.step_seconds * np.arange(len(value))
        assert quefrency[-1] == pytest.approx(0.030, abs=2e-4)
        beyond = quefrency > 0.004
        peak = quefrency[beyond][np.argmax(value[beyond])]
        assert min(abs(peak - k / hz) for k in (1, 2)) < 1.5 * cepstrum.step_seconds

    def test_cepstrum_of_an_echo(self):
        """x + a x(t - T) adds a^n / n (-1)^(n+1) / 2 at nT on each side (Oppenheim & Schafer, echo detection)."""
        dry = np.random.default_rng(0).standard_normal(20 * RATE)
        delay = 80  # samples, 5 ms
        wet = dry.copy()
        wet[delay:] += 0.5 * dry[:-delay]
        cepstrum = made(0.1 * wet).cepstrum
        at = round((delay / RATE - cepstrum.first_seconds) / cepstrum.step_seconds)
        peak = max(cepstrum.value[at - 1 : at + 2])
        assert peak == pytest.approx(0.25, abs=0.03)


class TestPictures:
    def test_spectrogram_against_librosa(self):
        given = signal(np.sin(2 * np.pi * (200 + 1500 * TIME) * TIME))  # rises from 200 to 6200 Hz
        picture = spectrogram(given, Analysis(RATE), rows=513, columns=198)
        reference = np.abs(
            librosa.stft(given.samples, n_fft=1024, hop_length=160, win_length=400, window="hamming", center=False)
        )
        levels = unpack_picture(picture)
        assert levels.shape == (513, 198)
        # librosa's frames are as long as the FFT, ours as the window: the window lies in the middle of theirs
        shift = round((1024 - 400) / 2 / 160)
        rows = reference.argmax(axis=0)
        np.testing.assert_allclose(levels.argmax(axis=0)[shift : shift + len(rows)], rows, atol=2)
        assert picture.max_hz == RATE / 2
        assert picture.seconds == 2.0
        assert picture.high - picture.low == pytest.approx(80.0)

    def test_a_lines_level_survives_packing_rows_together(self):
        picture = spectrogram(signal(0.1 * np.sin(2 * np.pi * 1000 * TIME)), Analysis(RATE), 32, 20)
        levels = unpack_picture(picture)
        assert levels.max() == pytest.approx(-20.0, abs=0.1)
        assert levels.argmax(axis=0).tolist() == [1000 * 32 // 8000] * 20

    def test_filterbank_against_librosa(self):
        analysis = Analysis(RATE)
        given = noise(0.5)
        frames = librosa.util.frame(given.samples, frame_length=400, hop_length=160).T
        power = np.abs(np.fft.rfft(frames * scipy.signal.get_window("hamming", 400), 1024)) ** 2
        reference = 10 * np.log10(power @ librosa.filters.mel(sr=RATE, n_fft=1024, n_mels=40).T)
        made_of = portrait(given, analysis).filterbank
        np.testing.assert_allclose(unpack_picture(made_of), reference.T, atol=80 / 63 / 2 + 0.2)
        assert (np.diff(made_of.centres) > 0).all()

    def test_cepstrogram_is_the_mfcc_extractors(self):
        given = noise(0.5)
        made_of = made(given).cepstrogram
        reference = FeatureSet("mfcc").frames(given.samples, RATE)[:, 1:].T
        inside = np.clip(reference, made_of.low, made_of.high)
        step = (made_of.high - made_of.low) / 63
        np.testing.assert_allclose(unpack_picture(made_of), inside, atol=step / 2 + step / 4)
        assert made_of.first == 1
        assert made_of.low == -made_of.high

    def test_silence_is_dark_and_quiet_sounds_are_seen(self):
        silence = unpack_picture(made(np.zeros(RATE)).spectrogram)
        assert (silence == silence.min()).all()
        quiet = made(1e-3 * np.sin(2 * np.pi * 1000 * TIME)).spectrogram
        assert unpack_picture(quiet).max() == pytest.approx(quiet.high) == pytest.approx(-60.0, abs=0.2)

    def test_columns_are_in_the_order_of_time(self):
        samples = np.concatenate([np.zeros(RATE), np.sin(2 * np.pi * 1000 * TIME[:RATE])])
        picture = made(samples)
        for name in ("spectrogram", "filterbank"):
            levels = unpack_picture(getattr(picture, name)).max(axis=0)
            assert levels[: len(levels) // 2 - 3].max() < levels[len(levels) // 2 + 3 :].min() - 60


class TestPortrait:
    def test_json_and_back(self):
        one = portrait(noise(), Analysis(RATE), label="birds", name="a/b.wav")
        text = structs.encode(one)
        assert structs.decode(text, Portrait) == one
        assert structs.convert({**json.loads(text), "later": 1}, Portrait) == one
        assert (one.label, one.name, one.sample_rate, one.duration, one.shown) == ("birds", "a/b.wav", RATE, 2.0, 2.0)

    @pytest.mark.parametrize("seconds", [0.2, 5, 40])
    def test_is_small(self, seconds):
        moving = noise(seconds).samples * np.interp(np.arange(round(seconds * RATE)) % 4000, [0, 4000], [0.0, 1.0])
        assert len(structs.encode(made(moving))) < 45_000

    def test_a_long_recording_is_cut(self):
        quiet, loud = noise(LONGEST, 0.01).samples, np.ones(RATE, np.float32)
        long = made(np.concatenate([quiet, loud]))
        assert long.duration == LONGEST + 1
        assert long.shown == LONGEST
        assert max(long.waveform.high) < 0.1
        assert long.spectrogram.seconds == LONGEST

    def test_frames_are_left_out_where_they_would_take_too_much_memory(self):
        given = noise(4)
        dense = portrait(given, Analysis(RATE, hop_length=0.0005))
        plain = portrait(given, Analysis(RATE))
        a, b = (unpack_picture(p.spectrogram).mean() for p in (dense, plain))
        assert a == pytest.approx(b, abs=1.5)

    @pytest.mark.parametrize("samples", [np.zeros(RATE), np.zeros(1), np.ones(1), np.ones(100), np.full(RATE, 1e4)])
    @pytest.mark.filterwarnings("error")
    def test_bears_any_signal(self, samples):
        one = made(samples)
        assert structs.decode(structs.encode(one), Portrait) == one

    @pytest.mark.parametrize("rate", [4000, 8000, 48000, 96000])
    def test_rates(self, rate):
        tone = np.sin(2 * np.pi * 500 * np.arange(rate) / rate)
        one = made(signal(tone, rate))
        assert one.spectrogram.max_hz == rate / 2
        assert axis(one.spectrum)[-1] == pytest.approx(rate / 2, rel=0.02)
        assert axis(one.spectrum)[np.argmax(one.spectrum.level)] == pytest.approx(500, abs=one.spectrum.step_hz)

    @pytest.mark.parametrize("window", WINDOWS)
    def test_is_at_the_analysis_rate(self, window):
        one = portrait(signal(np.sin(2 * np.pi * 1000 * TIME)), Analysis(8000, window=window))
        assert one.sample_rate == 8000
        assert one.shown == 2.0
        assert unpack_picture(one.spectrogram).max() == pytest.approx(0.0, abs=0.5)
