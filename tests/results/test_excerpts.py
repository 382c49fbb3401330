"""Excerpts: the stretch worth hearing, decodable by anything, within the budget; and whose they are."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioclf import structs
from audioclf.audio.resample import resample
from audioclf.audio.signal import Signal
from audioclf.audit.finding import Finding
from audioclf.dataset.clips import Clip
from audioclf.results import excerpts, portrait
from audioclf.results.excerpts import BUDGET, clips_worth_hearing, encode_sound, make_excerpts
from audioclf.results.pictures import Excerpt
from audioclf.results.schema import Prediction

MAGIC = {"audio/mpeg": b"\xff\xf3", "audio/ogg": b"OggS", "audio/wav": b"RIFF"}
ONLY = {
    "audio/mpeg": ("MP3", "OGG", "WAV"),
    "audio/ogg": ("OGG", "WAV"),
    "audio/wav": ("WAV",),
}


def tune(seconds, rate, level=0.5):
    """A melody, so that no part of it looks like another."""
    t = np.arange(round(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * (300 * t + 40 * np.cumsum(np.sin(2 * np.pi * 0.7 * t**1.5)) / rate))


def without(monkeypatch, media_type):
    """Take from libsndfile what it would write before *media_type*."""
    known = soundfile.available_formats()
    monkeypatch.setattr(soundfile, "available_formats", lambda: {k: known[k] for k in ONLY[media_type]})


def write(folder, name, samples, rate):
    soundfile.write(folder / name, samples, rate)
    return Clip(folder / name, name=name)


def decoded(excerpt):
    data = base64.b64decode(excerpt.audio, validate=True)
    assert data.startswith(MAGIC[excerpt.media_type])
    return soundfile.read(io.BytesIO(data))


def likeness(a, b):
    """The largest correlation over shifts of up to 1200 samples: an encoder may delay."""
    count = min(len(a), len(b), 20000)
    a, b = a[1200 : count - 1200], b[:count]
    energy = np.convolve(b**2, np.ones(len(a)), "valid")
    return np.max(np.correlate(b, a, "valid") / np.sqrt(energy * np.sum(a**2)))


@pytest.mark.parametrize("media_type", list(MAGIC))
def test_sounds_as_the_original(tmp_path, monkeypatch, media_type):
    if ONLY[media_type][0] not in soundfile.available_formats():
        pytest.skip("this libsndfile doesn't write it")
    without(monkeypatch, media_type)
    clip = write(tmp_path, "a.wav", tune(2.0, 16000), 16000)
    (excerpt,) = make_excerpts([clip])
    assert excerpt.media_type == media_type
    samples, rate = decoded(excerpt)
    assert rate == 16000
    assert samples.ndim == 1
    assert len(samples) / rate == pytest.approx(2.0, abs=0.1)
    assert likeness(tune(2.0, 16000), samples) > 0.98


def test_says_what_it_is(tmp_path):
    clip = write(tmp_path, "a.wav", tune(2.0, 16000), 16000)
    (excerpt,) = make_excerpts([clip])
    assert (excerpt.path, excerpt.start, excerpt.seconds, excerpt.shown, excerpt.duration) == ("a.wav", 0, 2, 2, 2)
    assert structs.decode(structs.encode(excerpt), Excerpt) == excerpt


@pytest.mark.parametrize(("native", "given"), [(8000, 16000), (16000, 16000), (22050, 22050), (44100, 22050)])
def test_rates_are_those_that_browsers_know(tmp_path, native, given):
    clip = write(tmp_path, "a.wav", tune(1.0, native), native)
    (excerpt,) = make_excerpts([clip])
    assert decoded(excerpt)[1] == given
    assert excerpt.spectrogram.max_hz == min(native, given) / 2


def test_takes_the_loudest_stretch(tmp_path):
    samples = tune(12.0, 8000, 0.05)
    samples[7 * 8000 : 9 * 8000] *= 10
    clip = write(tmp_path, "a.wav", samples, 8000)
    (excerpt,) = make_excerpts([clip], seconds=2.0)
    assert excerpt.start == pytest.approx(7.0, abs=0.06)
    assert (excerpt.shown, excerpt.duration) == (2.0, 12.0)
    assert np.abs(decoded(excerpt)[0]).max() > 0.4


def test_keeps_to_the_clips_own_stretch_of_a_recording(tmp_path):
    samples = tune(6.0, 8000, 0.9)
    samples[16000:32000] *= 0.1
    soundfile.write(tmp_path / "a.wav", samples, 8000)
    (excerpt,) = make_excerpts([Clip(tmp_path / "a.wav", start=2.0, end=4.0, name="a.wav[2-4]")])
    assert (excerpt.path, excerpt.start, excerpt.duration) == ("a.wav[2-4]", 0.0, 2.0)
    assert np.abs(decoded(excerpt)[0]).max() < 0.2


def test_mixes_channels_and_turns_down_what_would_clip(tmp_path):
    both = np.column_stack([tune(1.0, 16000, 3.0), tune(1.0, 16000, 2.0)])
    soundfile.write(tmp_path / "a.wav", both, 16000, subtype="FLOAT")
    (excerpt,) = make_excerpts([Clip(tmp_path / "a.wav")])
    samples, _ = decoded(excerpt)
    assert samples.ndim == 1
    assert 0.8 < np.abs(samples).max() <= 1.0
    assert likeness(tune(1.0, 16000), samples) > 0.98


def test_a_quiet_clip_stays_quiet(tmp_path):
    clip = write(tmp_path, "a.wav", tune(1.0, 16000, 0.01), 16000)
    assert np.abs(decoded(make_excerpts([clip])[0])[0]).max() == pytest.approx(0.01, rel=0.2)


def test_the_picture_shows_the_sound(tmp_path):
    t = np.arange(16000) / 16000
    samples = np.where(t < 0.5, np.sin(2 * np.pi * 1000 * t), np.sin(2 * np.pi * 4000 * t)) / 2
    (excerpt,) = make_excerpts([write(tmp_path, "a.wav", samples, 16000)])
    picture = excerpt.spectrogram
    levels = portrait.unpack_picture(picture)
    assert levels.shape[0] <= 64
    assert levels.shape[1] <= 200
    row = picture.max_hz / levels.shape[0]
    loudest = (levels.argmax(axis=0) + 0.5) * row
    assert loudest[len(loudest) // 4] == pytest.approx(1000, abs=row)
    assert loudest[3 * len(loudest) // 4] == pytest.approx(4000, abs=row)


def test_what_cannot_be_read_is_left_out(tmp_path):
    good = write(tmp_path, "a.wav", tune(0.5, 8000), 8000)
    (tmp_path / "b.wav").write_bytes(b"no sound")
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), 8000, subtype="FLOAT")
    odd = [Clip(tmp_path / name) for name in ("b.wav", "missing.wav", "nan.wav")]
    beyond = Clip(tmp_path / "a.wav", start=3.0, end=4.0)
    assert [excerpt.path for excerpt in make_excerpts([*odd, good, beyond])] == ["a.wav"]


@pytest.mark.parametrize("count", [1, 20, 800])
def test_silence_and_a_handful_of_samples(tmp_path, count):
    (excerpt,) = make_excerpts([write(tmp_path, "a.wav", np.zeros(count), 8000)])
    assert not np.abs(decoded(excerpt)[0]).max(initial=0.0)


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/wav"])
def test_the_same_bytes_for_any_number_of_workers(tmp_path, monkeypatch, media_type):
    without(monkeypatch, media_type)
    clips = [write(tmp_path, f"{i}.wav", tune(0.5 + i / 4, 8000), 8000) for i in range(4)]
    assert make_excerpts(clips, workers=3) == make_excerpts(clips, workers=1)


def test_as_many_as_asked_for_in_their_order(tmp_path):
    clips = [write(tmp_path, f"{i}.wav", tune(0.2, 8000), 8000) for i in range(5)]
    assert [excerpt.path for excerpt in make_excerpts(clips[::-1], most=3)] == ["4.wav", "3.wav", "2.wav"]


@pytest.mark.parametrize("media_type", ["audio/mpeg", "audio/wav"])
def test_stays_within_the_budget(tmp_path, monkeypatch, media_type):
    """Noise in WAV is the worst there is: stretches get shorter, and none is lost."""
    without(monkeypatch, media_type)
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, 6 * 22050)
    clips = [write(tmp_path, "a.wav", noise, 22050)] * 24
    found = make_excerpts(clips)
    size = sum(len(excerpt.audio) + len(excerpt.spectrogram.data) for excerpt in found)
    assert len(found) == 24
    assert BUDGET / 3 < size <= BUDGET
    assert all(1.0 <= excerpt.shown <= 5.0 for excerpt in found)


def test_a_small_budget_costs_the_last_ones(tmp_path, monkeypatch):
    without(monkeypatch, "audio/wav")
    monkeypatch.setattr(excerpts, "BUDGET", 150_000)
    clips = [write(tmp_path, f"{i}.wav", tune(3.0, 16000), 16000) for i in range(4)]
    found = make_excerpts(clips)
    assert [excerpt.path for excerpt in found] == ["0.wav", "1.wav", "2.wav"]
    assert {excerpt.shown for excerpt in found} == {1.0}


def test_an_encoder_that_fails_gives_way_to_the_next(monkeypatch):
    written = excerpts._written

    def broken(signal, kind, subtype):
        if kind == "MP3":
            raise soundfile.LibsndfileError(1)
        return written(signal, kind, subtype)

    monkeypatch.setattr(excerpts, "_written", broken)
    data, media_type = encode_sound(Signal(tune(0.5, 22050).astype(np.float32), 22050))
    assert media_type == "audio/ogg"
    assert data.startswith(b"OggS")


def wrong(name, label, predicted, *probabilities):
    classes = ("bird", "cat", "dog")
    known = dict(zip(classes, probabilities)) if probabilities else None
    return Prediction(path=name, label=label, predicted=predicted, probabilities=known)


def finding(topic, *clips):
    return Finding(topic, "a-check", "note", "Something was found.", clips=list(clips))


def test_the_surest_mistakes_come_first():
    rows = [
        wrong("right", "bird", "bird", 0.9, 0.1, 0.0),
        wrong("close", "bird", "cat", 0.45, 0.5, 0.05),
        wrong("sure", "bird", "dog", 0.0, 0.1, 0.9),
        wrong("half", "dog", "dog", 0.0, 0.1, 0.9),  # once right, once wrong
        wrong("half", "dog", "cat", 0.0, 0.8, 0.2),
    ]
    assert clips_worth_hearing(rows) == ["sure", "half", "close"]
    assert clips_worth_hearing(rows, most=2) == ["sure", "half"]


def test_mistakes_without_probabilities_count_repeats():
    rows = [wrong("once", "bird", "cat"), wrong("twice", "bird", "cat"), wrong("twice", "bird", "dog")]
    assert clips_worth_hearing([*rows, wrong("once", "bird", "bird")]) == ["twice", "once"]


def test_suspects_and_mistakes_take_turns():
    findings = [
        finding("leakage", ["l1", "l2"], ["l3", "l4"], ["l5", "l1"]),
        finding("shortcuts", ["s1"]),
        finding("quality", ["q1"], ["m2"], ["q3"], ["q4"]),
        finding("quality"),
    ]
    rows = [wrong(name, "bird", "cat", 0.1, 0.9 - i / 10, 0.0) for i, name in enumerate(["m1", "m2", "m3"])]
    assert clips_worth_hearing(rows, findings) == ["l1", "l2", "m1", "q1", "m2", "l3", "l4", "m3", "l5", "q3", "q4"]
    assert clips_worth_hearing([], findings, most=3) == ["l1", "l2", "q1"]
    assert clips_worth_hearing([], []) == []


def test_real_recordings(shared_data):
    paths = sorted(Path(shared_data, "instruments").rglob("*.*"))[::60]
    found = make_excerpts([Clip(path) for path in paths])
    assert len(found) == len(paths)
    for path, excerpt in zip(paths, found):
        native, rate = soundfile.read(path, always_2d=True)
        samples, got = decoded(excerpt)
        stretch = Signal(native.mean(axis=1)[round(excerpt.start * rate) :].astype(np.float32), rate)
        heard = resample(stretch, got).samples[: len(samples)]
        assert likeness(heard, samples) > 0.9  # a cymbal is the worst
