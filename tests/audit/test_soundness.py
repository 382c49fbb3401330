"""Measurements of sounds whose measures are known."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
import soxr

from audioclf.audit import soundness
from audioclf.audit.soundness import Meter, Sound, read_header

RATE = 44100


def measured(samples, rate=RATE, block=None, **facts):
    meter = Meter(rate)
    samples = np.asarray(samples, np.float32)
    for begin in range(0, len(samples), block or len(samples) or 1):
        meter.add(samples[begin : begin + (block or len(samples))])
    return meter.sound(**facts)


def tone(frequency=440.0, seconds=1.0, rate=RATE, level=0.5):
    return level * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


def noise(rng, seconds=2.0, rate=RATE, level=0.1):
    return (level * rng.standard_normal(int(seconds * rate))).clip(-1, 1).astype(np.float32)


def test_level_peak_and_offset():
    sound = measured(tone() + 0.1)
    assert sound.peak == pytest.approx(0.6, abs=1e-3)
    assert sound.level == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.05)
    assert sound.dc == pytest.approx(0.1, abs=1e-3)
    assert sound.duration == 1.0


def test_silence_and_zeros():
    quiet = np.zeros(RATE // 2)
    sound = measured(np.concatenate([quiet, tone(), quiet, quiet]))
    assert sound.leading == pytest.approx(0.5, abs=0.02)
    assert sound.trailing == pytest.approx(1.0, abs=0.02)
    assert sound.zeros == pytest.approx(0.6, abs=0.01)
    nothing = measured(np.zeros(1000))
    assert (nothing.level, nothing.zeros, nothing.bandwidth, nothing.leading) == (-120, 1, 0, 1000 / RATE)


def test_no_samples_and_one():
    assert measured([]).duration == 0
    assert measured([0.5]).peak == 0.5


@pytest.mark.parametrize("ceiling", [1.0, 0.7, 0.1])
@pytest.mark.parametrize("over", [1.2, 3.0])
def test_clipped_at_full_scale_or_lower(rng, ceiling, over):
    sound = 0.4 * noise(rng) + tone(180, 2.0)
    clipped = np.clip(over * ceiling * sound / np.abs(sound).max(), -ceiling, ceiling)
    share = np.mean(np.abs(clipped) >= ceiling * 0.9999)
    assert measured(clipped).clipped == pytest.approx(share, rel=0.1, abs=1e-4)
    assert measured(np.round(clipped * 32767) / 32768).clipped == pytest.approx(share, rel=0.1, abs=1e-4)


@pytest.mark.parametrize("frequency", [30, 60, 440, 3000])
@pytest.mark.parametrize("level", [0.02, 0.2, 0.999])
def test_a_waves_own_crests_are_not_clipped(rng, frequency, level):
    quantised = np.round(tone(frequency, 2.0, level=level) * 32767) / 32768
    assert measured(quantised).clipped == 0
    assert measured(noise(rng)).clipped == 0


@pytest.mark.parametrize("low", [8000, 16000, 22050])
@pytest.mark.parametrize("bits", [16, 24])
def test_a_lower_rate_shows_as_bandwidth_with_an_edge(rng, low, bits):
    samples = soxr.resample(noise(rng, rate=low), low, RATE)
    steps = 2 ** (bits - 1)
    sound = measured(np.round(samples * steps) / steps)
    assert sound.bandwidth == pytest.approx(low / 2, rel=0.06)
    assert sound.edge > 20


def test_lossy_coding_shows_as_bandwidth(rng, tmp_path):
    path = tmp_path / "a.mp3"
    soundfile.write(path, noise(rng, 3.0), RATE)
    assert 14000 < measured(soundfile.read(path)[0]).bandwidth < 20500


def test_full_and_fading_spectra_have_no_edge(rng):
    full = measured(noise(rng))
    assert (full.bandwidth, full.edge) == (RATE / 2, 0)
    spectrum = np.fft.rfft(noise(rng))
    frequencies = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    fading = np.fft.irfft(spectrum / (1 + (frequencies / 1000) ** 4))  # 24 dB an octave
    sound = measured(np.round(fading * 32768) / 32768)
    assert 2000 < sound.bandwidth < 22050
    assert sound.edge < 15


@pytest.mark.parametrize("block", [100, 4096, 50000])
def test_blocks_give_what_the_whole_gives(rng, block):
    samples = np.clip(noise(rng, 1.3, level=0.4), -0.8, 0.8)
    whole, parts = measured(samples), measured(samples, block=block)
    for name in soundness._NUMBERS:
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), rel=1e-5, abs=1e-6)
    assert parts.samples == whole.samples != measured(samples, rate=48000).samples


def test_a_row_of_the_store_holds_everything():
    sound = measured(tone(), channels=2, format="FLAC PCM_16, 2 channels", promised=1.5)
    again = Sound.from_row(sound.as_row())
    assert (again.format, again.samples, again.channels) == (sound.format, sound.samples, 2)
    assert again.missing == 0.5
    assert again.as_row().tobytes() == sound.as_row().tobytes()


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("a.wav", {"subtype": "PCM_16"}, "WAV PCM_16, 1 channel"),
        ("a.wav", {"subtype": "FLOAT"}, "WAV FLOAT, 1 channel"),
        ("a.flac", {}, "FLAC PCM_16, 1 channel"),
        ("a.ogg", {}, "OGG VORBIS, 1 channel"),
    ],
)
def test_header(tmp_path, name, how, words):
    soundfile.write(tmp_path / name, tone(), RATE, **how)
    header = read_header(tmp_path / name)
    assert (header.format, header.sample_rate, header.channels) == (words, RATE, 1)
    assert header.duration == pytest.approx(1.0, abs=0.01)


def test_a_wav_that_was_cut_off_still_promises_its_length(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE)
    path.write_bytes(path.read_bytes()[:30000])
    assert read_header(path).duration == pytest.approx(1.0, abs=0.01)
