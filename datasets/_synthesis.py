"""Sounds made of numbers for the demo set: voices, instruments, birds, noises and rooms.

Every function is deterministic: what varies comes from the generator it is given. Audio is float64 of shape
(n_samples,) at `SAMPLE_RATE`; its scale is arbitrary until `mix` and the recipe in demo.py set levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
Audio = NDArray[np.float64]
Generator = np.random.Generator

_FRAME, _HOP = 512, 128

# First three formants in Hz of ten American English vowels, men's averages: G. E. Peterson and H. L. Barney,
# "Control methods used in a study of the vowels", J. Acoust. Soc. Am. 24 (1952), table II.
VOWELS = np.array(
    [
        (270, 2290, 3010),
        (390, 1990, 2550),
        (530, 1840, 2480),
        (660, 1720, 2410),
        (730, 1090, 2440),
        (570, 840, 2410),
        (440, 1020, 2240),
        (300, 870, 2240),
        (640, 1190, 2390),
        (490, 1350, 1690),
    ],
    dtype=float,
)


def seconds(duration: float) -> int:
    """Return a duration's number of samples."""
    return round(duration * SAMPLE_RATE)


def rms(audio: Audio) -> float:
    """Return the root mean square, never zero."""
    return float(np.sqrt(np.mean(audio**2)) + 1e-12)


def mix(foreground: Audio, background: Audio, ratio_db: float) -> Audio:
    """Add *background* so that it is *ratio_db* decibels weaker than *foreground* (both by their RMS).

    >>> import numpy as np
    >>> tone, silence = np.ones(8), np.zeros(8)
    >>> bool(np.allclose(mix(tone, tone, 20.0), 1.1)), bool(np.allclose(mix(tone, silence, 0.0), 1.0))
    (True, True)
    """
    return foreground + background * (rms(foreground) / rms(background) * 10 ** (-ratio_db / 20))


def fade(audio: Audio, attack: float, release: float) -> Audio:
    """Ramp the first *attack* and last *release* seconds with half cosines."""
    shaped = audio.copy()
    for n, part in ((seconds(attack), slice(None, None)), (seconds(release), slice(None, None, -1))):
        n = min(n, len(audio))
        shaped[part][:n] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))
    return shaped


def filtered(audio: Audio, gain: NDArray[np.float64]) -> Audio:
    """Multiply short-time spectra by *gain* and overlap-add: a filter that changes with time.

    Parameters
    ----------
    audio : ndarray, shape (n_samples,)
    gain : ndarray, shape (n_frames, 257) or (257,)
        Magnitudes from 0 Hz to half the rate; frames are 8 ms apart. Missing frames repeat the last one.
    """
    n_frames = -(-len(audio) // _HOP) + _FRAME // _HOP - 1
    padded = np.zeros((n_frames - 1) * _HOP + _FRAME)
    start = _FRAME - _HOP
    padded[start : start + len(audio)] = audio
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP] * window
    if gain.ndim == 2:
        gain = gain[np.minimum(np.arange(n_frames), len(gain) - 1)]
    shaped = np.fft.irfft(np.fft.rfft(frames) * gain, _FRAME)
    out = np.zeros_like(padded)
    for i in range(_FRAME // _HOP):
        part = shaped[i :: _FRAME // _HOP].ravel()
        out[i * _HOP : i * _HOP + len(part)] += part
    return out[start : start + len(audio)] / 2


def frequencies() -> NDArray[np.float64]:
    """Return the 257 frequencies, in Hz, of the gains that `filtered` takes."""
    return np.asarray(np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE), dtype=np.float64)


def band(low: float, high: float) -> NDArray[np.float64]:
    """Return a smooth band-pass gain between *low* and *high* Hz."""
    f = frequencies()
    return 1 / np.sqrt((1 + (low / np.maximum(f, 1)) ** 6) * (1 + (f / high) ** 6))


def resonances(formants: NDArray[np.float64], bandwidths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the gain of resonators in cascade, each of unit gain at 0 Hz.

    Parameters
    ----------
    formants : ndarray, shape (n_frames, n_formants)
        Centre frequencies in Hz.
    bandwidths : ndarray, shape (n_formants,)
        In Hz.
    """
    f = frequencies()
    centres = formants[:, :, None] ** 2
    return np.prod(centres / np.sqrt((centres - f**2) ** 2 + (f * bandwidths[:, None]) ** 2), axis=1)


def glottal(pitch: Audio, rng: Generator, breath: float) -> Audio:
    """Return the derivative of a Rosenberg glottal pulse train, with breath noise in the open phase.

    Parameters
    ----------
    pitch : ndarray, shape (n_samples,)
        Fundamental frequency in Hz at each sample.
    breath : float
        Amplitude of the noise beside the pulses' 1.

    Notes
    -----
    A. E. Rosenberg, "Effect of glottal pulse shape on the quality of natural vowels", J. Acoust. Soc. Am. 49
    (1971), pulse B: flow 3 x^2 - 2 x^3 while it opens, 1 - x^2 while it closes.
    """
    phase = np.cumsum(pitch) / SAMPLE_RATE % 1
    opening, closing = phase / 0.4, (phase - 0.4) / 0.16
    flow = np.where(phase < 0.4, 6 * opening * (1 - opening) / 0.4, np.where(phase < 0.56, -2 * closing / 0.16, 0.0))
    return flow / 6 + breath * rng.standard_normal(len(pitch)) * (phase < 0.56)


def noise(n_samples: int, slope: float, rng: Generator) -> Audio:
    """Return noise whose power falls by *slope* times 3 dB an octave: 0 white, 1 pink, 2 brown."""
    spectrum = np.fft.rfft(rng.standard_normal(n_samples))
    f = np.maximum(np.fft.rfftfreq(n_samples, 1 / SAMPLE_RATE), 20.0)
    return np.fft.irfft(spectrum * (f / 1000) ** (-slope / 2), n_samples)


def gusts(n_samples: int, rng: Generator) -> Audio:
    """Return wind: brown noise in slow swells."""
    points = rng.uniform(0.1, 1, 6) ** 2
    swell = np.interp(np.arange(n_samples), np.linspace(0, n_samples, 6), points)
    return noise(n_samples, 2.2, rng) * swell


def hum(n_samples: int, mains: float, rng: Generator) -> Audio:
    """Return mains hum with falling harmonics, and a little hiss."""
    t = np.arange(n_samples) / SAMPLE_RATE
    tones = sum(np.sin(2 * np.pi * mains * k * t + rng.uniform(0, 6)) / k for k in (1, 2, 3, 5, 7, 9))
    return tones + 0.2 * rng.standard_normal(n_samples)


def crackle(n_samples: int, rng: Generator) -> Audio:
    """Return rain on leaves or a worn disc: sparse clicks over hiss."""
    clicks = np.where(rng.random(n_samples) < 0.002, rng.standard_normal(n_samples) * 20, 0.0)
    return filtered(clicks, band(800, 6000)) + 0.15 * noise(n_samples, 0.5, rng)


def room(decay: float, rng: Generator) -> Audio:
    """Return an impulse response: a direct sound and a tail that falls by 60 dB in *decay* seconds."""
    n = max(seconds(decay), 2)
    tail = rng.standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail = filtered(tail, band(100, 5000))
    tail[: seconds(0.002)] = 0
    response = 0.6 * tail / (np.sqrt(np.sum(tail**2)) + 1e-12)
    response[0] = 1
    return response


def in_room(audio: Audio, response: Audio) -> Audio:
    """Convolve *audio* with an impulse response, cut to its own length."""
    n = len(audio) + len(response) - 1
    size = 1 << (n - 1).bit_length()
    return np.fft.irfft(np.fft.rfft(audio, size) * np.fft.rfft(response, size), size)[: len(audio)]


def syllables(n_samples: int, pitch: float, tract: float, rate: float, breath: float, rng: Generator) -> Audio:
    """Return speech-like babble: consonants and vowels in phrases with falling pitch.

    Parameters
    ----------
    n_samples : int
    pitch : float
        Mean fundamental frequency in Hz.
    tract : float
        Factor on the formants of `VOWELS`: over 1 for a shorter vocal tract.
    rate : float
        Syllables a second.
    breath : float
        See `glottal`.
    """
    out = np.zeros(n_samples)
    position = seconds(rng.uniform(0, 0.15))
    left_in_phrase = 0
    while position < n_samples - seconds(0.1):
        if left_in_phrase == 0:
            left_in_phrase = int(rng.integers(3, 8))
            phrase = left_in_phrase
            position += seconds(rng.uniform(0.05, 0.25)) if position > seconds(0.2) else 0
        consonant = _consonant(int(rng.integers(5)), tract, rng)
        length = 0.7 / rate * rng.uniform(0.7, 1.5)
        fall = 1.12 - 0.25 * (phrase - left_in_phrase) / phrase
        vowel = fade(_vowel(seconds(length), pitch * fall * rng.uniform(0.93, 1.08), tract, breath, rng), 0.015, 0.04)
        sound = np.concatenate([consonant, vowel * rng.uniform(0.6, 1.1)])[: max(n_samples - position, 0)]
        out[position : position + len(sound)] += sound
        position += len(sound)
        left_in_phrase -= 1
    return out


def _vowel(n_samples: int, pitch: float, tract: float, breath: float, rng: Generator) -> Audio:
    x = np.linspace(0, 1, n_samples)
    glide = pitch * (1 + rng.uniform(-0.08, 0.06) * x + 0.01 * np.sin(2 * np.pi * rng.uniform(3, 7) * x))
    glide *= 1 + 0.01 * np.interp(x, np.linspace(0, 1, 9), rng.standard_normal(9))  # jitter
    first, second = VOWELS[rng.integers(len(VOWELS), size=2)] * tract
    n_frames = -(-n_samples // _HOP) + 3
    weight = np.linspace(0, rng.choice([0.2, 1.0]), n_frames)[:, None]
    three = first * (1 - weight) + second * weight
    formants = np.hstack([three, np.full((n_frames, 1), 3500.0 * tract)])
    return filtered(glottal(glide, rng, breath), resonances(formants, np.array([80.0, 100.0, 140.0, 250.0])))


def _consonant(kind: int, tract: float, rng: Generator) -> Audio:
    if kind == 0:  # s, sh
        low = rng.choice([2200.0, 4200.0]) * tract
        hiss = filtered(rng.standard_normal(seconds(rng.uniform(0.06, 0.13))), band(low, 7500))
        return 0.5 * fade(hiss, 0.02, 0.02)
    if kind == 1:  # f, h
        puff = filtered(rng.standard_normal(seconds(rng.uniform(0.04, 0.09))), band(600, 6000))
        return 0.15 * fade(puff, 0.02, 0.02)
    if kind == 2:  # p, t, k: silence and a burst
        burst = filtered(rng.standard_normal(seconds(0.025)), band(rng.choice([500.0, 1500.0, 3000.0]), 6500))
        return np.concatenate([np.zeros(seconds(rng.uniform(0.03, 0.07))), fade(burst, 0.001, 0.02)])
    if kind == 3:  # m, n
        n = seconds(rng.uniform(0.05, 0.08))
        murmur = filtered(glottal(np.full(n, 120.0 * tract), rng, 0.0), band(100, 450))
        return 0.8 * fade(murmur, 0.01, 0.01)
    return np.zeros(0)


def sung(n_samples: int, notes: list[tuple[float, float, float]], tract: float, rng: Generator) -> Audio:
    """Return a singing voice on (start in s, length in s, pitch in Hz) notes, with vibrato."""
    out = np.zeros(n_samples)
    for start, length, pitch in notes:
        first, n = seconds(start), min(seconds(length), n_samples - seconds(start))
        if n <= _HOP:
            continue
        t = np.arange(n) / SAMPLE_RATE
        vibrato = pitch * (1 + 0.018 * np.sin(2 * np.pi * 5.5 * t) * np.minimum(t / 0.2, 1))
        formants = np.tile(np.append(VOWELS[rng.integers(len(VOWELS))] * tract, 3300.0 * tract), (2, 1))
        voice = filtered(glottal(vibrato, rng, 0.03), resonances(formants, np.array([80.0, 100.0, 140.0, 250.0])))
        out[first : first + n] += fade(voice, 0.05, 0.08)
    return out


def partials(phase: Audio, ratio: float, damping: Audio | float, pitch: float) -> Audio:
    """Return ``sum of ratio**(k-1) * exp(-k*damping) * sin(k*phase)`` over all partials k below 0.45 of the rate.

    Notes
    -----
    The imaginary part of a finite geometric series, so that its cost doesn't depend on the number of partials.

    >>> import numpy as np
    >>> x = np.array([0.1, 0.7])
    >>> bool(np.allclose(partials(x, 0.5, 0.0, 3500.0), np.sin(x) + 0.5 * np.sin(2 * x)))
    True
    """
    count = min(15, int(0.45 * SAMPLE_RATE / pitch))
    turn = np.exp(1j * phase - damping)
    return np.imag(turn * (1 - (ratio * turn) ** count) / (1 - ratio * turn))


def plucked(n_samples: int, pitch: float, decay: float, brightness: float) -> Audio:
    """Return a plucked string, whose partials die the sooner the higher they are.

    *decay* is the time constant of the whole in seconds; *brightness* in (0, 1) is the ratio of one partial's
    amplitude to the one below.
    """
    t = np.arange(n_samples) / SAMPLE_RATE
    sound = partials(2 * np.pi * pitch * t, brightness, 0.35 * t / decay, pitch) * np.exp(-t / decay)
    return fade(sound, 0.002, 0.02)


def sustained(n_samples: int, pitch: float, brightness: float, vibrato: float) -> Audio:
    """Return a bowed or blown note: steady partials, *vibrato* as a share of the pitch."""
    t = np.arange(n_samples) / SAMPLE_RATE
    phase = 2 * np.pi * pitch * t - vibrato * pitch / 5.2 * np.cos(2 * np.pi * 5.2 * t)
    return fade(partials(phase, brightness, 0.0, pitch), 0.06, 0.08)


def beat(n_samples: int, interval: float, rng: Generator) -> Audio:
    """Return a drum kit: a low thump and a noise stroke in turn, with ticks between, *interval* seconds apart."""
    out = np.zeros(n_samples)
    for i, start in enumerate(range(0, n_samples, max(seconds(interval / 2), 1))):
        n = min(seconds(0.12), n_samples - start)
        t = np.arange(n) / SAMPLE_RATE
        if i % 4 == 0:
            stroke = 1.2 * np.sin(2 * np.pi * (55 * t - 2.5 * np.exp(-t * 30))) * np.exp(-t * 25)
        elif i % 4 == 2:
            stroke = 0.5 * rng.standard_normal(n) * np.exp(-t * 40)
        else:
            stroke = 0.15 * np.diff(rng.standard_normal(n + 1)) * np.exp(-t * 90)
        out[start : start + n] += stroke
    return out


def whistle(track: Audio, overtone: float) -> Audio:
    """Return a bird's tone that follows *track* (Hz at each sample), with a second harmonic of *overtone*."""
    phase = 2 * np.pi * np.cumsum(track) / SAMPLE_RATE
    return np.sin(phase) + overtone * np.sin(2 * phase) * (track < 0.22 * SAMPLE_RATE)


def song(
    n_samples: int, centre: float, width: float, kinds: str, overtone: float, tempo: float, rng: Generator
) -> Audio:
    """Return a bird's song.

    Parameters
    ----------
    n_samples : int
    centre, width : float
        Middle and span, in Hz, of the frequencies it sings at.
    kinds : str
        The syllables of its repertoire: ``c`` chirps (sweeps), ``t`` trills, ``w`` steady whistles, ``b`` buzzes
        (fast frequency modulation).
    overtone : float
        Amplitude of the second harmonic.
    tempo : float
        Syllables a second.
    """
    out = np.zeros(n_samples)
    position = seconds(rng.uniform(0.0, 0.3))
    while position < n_samples - seconds(0.05):
        kind = kinds[rng.integers(len(kinds))]
        f = centre + width * rng.uniform(-0.5, 0.5)
        length = {"c": 0.08, "t": 0.45, "w": 0.25, "b": 0.2}[kind] * rng.uniform(0.7, 1.5)
        n = min(seconds(length), n_samples - position)
        x = np.arange(n) / max(n, 1)
        t = np.arange(n) / SAMPLE_RATE
        if kind == "c":
            track = f + width * rng.uniform(-0.6, 0.6) * (x - 0.5) + 0.3 * width * rng.uniform(-1, 1) * (x - 0.5) ** 2
        elif kind == "t":
            track = f + 0.3 * width * np.abs(2 * (t * rng.uniform(14, 30) % 1) - 1)
        elif kind == "b":
            track = f + 0.25 * width * np.sin(2 * np.pi * rng.uniform(50, 110) * t)
        else:
            track = f * (1 + 0.01 * np.sin(2 * np.pi * 6 * t))
        tone = whistle(np.clip(track, 500, 7600), overtone)
        if kind == "t":
            tone *= 0.5 - 0.5 * np.cos(2 * np.pi * t * rng.uniform(14, 30))
        out[position : position + n] += fade(tone, 0.01, 0.02) * rng.uniform(0.5, 1)
        position += n + seconds(rng.uniform(0.3, 1.5) / tempo)
    return out
