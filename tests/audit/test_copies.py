"""Copies match, takes don't; and the figures behind the thresholds."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import soxr

from audioclf.audit import candidates
from audioclf.audit.candidates import find_matches
from audioclf.audit.coherence import coherence
from audioclf.audit.fingerprints import HOP, RATE, fingerprint

HIGHEST = 0.22


def notes(rng, seconds=2.0, rate=RATE):
    """A tune of decaying notes over faint noise."""
    n = int(seconds * rate)
    audio = 0.003 * rng.standard_normal(n)
    for onset in np.arange(0, seconds, 0.2):
        t = np.arange(n - int(onset * rate)) / rate
        pitch = rng.uniform(150, 900)
        note = sum(np.sin(2 * np.pi * k * pitch * t + rng.uniform(0, 6)) / k for k in range(1, 7))
        audio[int(onset * rate) :] += rng.uniform(0.05, 0.2) * note * np.exp(-t / 0.15)
    return audio.astype(np.float32).clip(-1, 1)


def hit(rng, colour, rate=RATE):
    """A drum stroke of 0.5 s: takes of one drum share pitch and decay, not the noise."""
    t = np.arange(rate // 2) / rate
    skin = np.sin(2 * np.pi * (120 + 40 * colour) * t + rng.uniform(0, 0.3))
    snares = rng.standard_normal(len(t))
    return (0.4 * (skin + snares) * np.exp(-t / (0.05 + 0.02 * colour))).astype(np.float32).clip(-1, 1)


def recoded(samples, rate, kind):
    if kind == "8k":
        return soxr.resample(samples, rate, 8000), 8000
    file = io.BytesIO()
    how = {"ogg": {"format": "OGG", "subtype": "VORBIS"}, "mp3": {"format": "MP3"}}[kind]
    soundfile.write(file, samples, rate, **how)
    file.seek(0)
    return soundfile.read(file, dtype="float32")


def pair(first, second):
    """Error of the best match of two (samples, rate), and their coherence there; None where they don't match."""
    found = find_matches([fingerprint([first[0]], first[1]), fingerprint([second[0]], second[1])], HIGHEST)
    if not found:
        return None
    a, b = (s if rate == RATE else soxr.resample(s, rate, RATE) for s, rate in (first, second))
    shift = found[0].offset * HOP
    return found[0].error, coherence(a[max(0, shift) :], b[max(0, -shift) :])


@pytest.mark.parametrize("kind", ["ogg", "mp3", "8k"])
@pytest.mark.parametrize("make", [notes, lambda rng: hit(rng, 1.0)])
@pytest.mark.parametrize("rate", [RATE, 44100])
def test_a_copy_recoded_trimmed_and_softer_matches(rng, kind, make, rate):
    original = make(rng) if rate == RATE else soxr.resample(make(rng), RATE, rate)
    for _ in range(3):
        begin, end = rng.integers(0, rate // 40), rng.integers(1, rate // 10)
        error, wave = pair((original, rate), recoded(rng.uniform(0.1, 0.8) * original[begin:-end], rate, kind))
        assert error < 0.2
        assert wave > 0.75


def test_takes_of_one_drum_are_no_copies(rng):
    strokes = [hit(rng, 1.0) for _ in range(12)]
    results = [pair((a, RATE), (b, RATE)) for i, a in enumerate(strokes) for b in strokes[:i]]
    assert max((wave for _, wave in filter(None, results)), default=0.0) < 0.6


def test_other_tunes_dont_match(rng):
    tunes = [fingerprint([notes(rng)], RATE) for _ in range(30)]
    assert find_matches(tunes, HIGHEST) == []


def test_a_turned_over_copy_is_coherent(rng):
    tune = notes(rng)
    assert coherence(tune, -tune[40:]) > 0.95


def test_a_short_stretch_is_found_where_it_lies_in_a_long_recording(rng):
    long = notes(rng, 20.0)
    begin = 8.0
    cut = long[int(begin * RATE) :][: int(1.5 * RATE)]
    [match] = find_matches([fingerprint([long], RATE), fingerprint([cut], RATE)], HIGHEST)
    assert match.offset * HOP / RATE == pytest.approx(begin, abs=0.02)
    assert match.share == 1


def test_less_than_half_in_common_is_no_match(rng):
    long = notes(rng, 6.0)
    prints = [fingerprint([long[: 3 * RATE]], RATE), fingerprint([long[2 * RATE :]], RATE)]
    assert find_matches(prints, HIGHEST) == []


def test_blocks_give_what_the_whole_gives(rng):
    tune = notes(rng)
    whole = fingerprint([tune], 22050)
    parts = fingerprint(np.array_split(tune, 7), 22050)
    differing = np.unpackbits((whole[:, 0] ^ parts[:, 0]).view(np.uint8)).mean()
    assert whole.shape == parts.shape
    assert differing < 0.001  # the resampler rounds otherwise


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(100), np.zeros(RATE), np.full(RATE, 0.5)])
def test_silence_and_scraps_match_nothing(samples, rng):
    samples = samples.astype(np.float32)
    prints = [fingerprint([samples], RATE), fingerprint([samples], RATE), fingerprint([notes(rng)], RATE)]
    assert find_matches(prints, HIGHEST) == []
    assert find_matches([], HIGHEST) == find_matches(prints[:1], HIGHEST) == []
    assert coherence(samples, samples) in (0.0, pytest.approx(1.0))


def test_many_copies_are_all_found(rng):
    tune = notes(rng)
    prints = [fingerprint([g * tune[k * 50 :]], RATE) for k, g in enumerate(np.linspace(0.2, 1, 15))]
    assert len(find_matches(prints, HIGHEST)) == 15 * 14 / 2


def test_anchors_of_very_many_clips_are_thinned_to_the_strongest(rng, monkeypatch):
    tune = notes(rng)
    prints = [fingerprint([notes(rng)], RATE) for _ in range(20)]
    prints += [fingerprint([tune], RATE), fingerprint([0.3 * tune[500:]], RATE)]
    monkeypatch.setattr(candidates, "_MOST_ANCHORS", 120)
    assert [(m.first, m.second) for m in find_matches(prints, HIGHEST)] == [(20, 21)]


def test_the_parts_of_a_long_search_add_up(rng, monkeypatch):
    tunes = [notes(rng) for _ in range(6)]
    prints = [fingerprint([g * t], RATE) for g in (0.3, 1.0) for t in tunes]
    whole = find_matches(prints, HIGHEST)
    monkeypatch.setattr(candidates, "_MOST_PAIRS", 50)
    assert find_matches(prints, HIGHEST) == whole
    assert [(m.first, m.second) for m in whole] == [(i, i + 6) for i in range(6)]


def test_a_soft_copy_of_a_tonal_call_is_coherent(shared_data):
    """Most of its bands hold the coder's noise alone, which must not choose the delay."""
    samples, rate = soundfile.read(shared_data / "speech_music_birds" / "birds" / "cuculus_canorus-3.flac")
    packed = io.BytesIO()
    soundfile.write(packed, 0.3 * samples[2000:], rate, format="OGG")
    packed.seek(0)
    copy, _ = soundfile.read(packed)
    first, second = (soxr.resample(part.astype(np.float32), rate, RATE) for part in (samples, copy))
    assert coherence(first, second) > 0.9
