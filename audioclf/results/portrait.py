"""The numbers of one clip's pictures: waveform, spectrum, cepstrum, spectrogram, filterbank and cepstrogram.

Small enough for results.json, so that a report can draw a clip without reading it again. It knows nothing of plotting.
"""

from __future__ import annotations

import base64
import math
import zlib

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from audioclf.audio.resample import resample
from audioclf.audio.signal import Signal
from audioclf.results.pictures import Cepstrogram, Cepstrum, Filterbank, Picture, Portrait, Spectrum, Waveform
from audioclf.spectra import filterbanks
from audioclf.spectra.analysis import Analysis, frame_starts, window
from audioclf.spectra.spectra import Spectra

LONGEST = 30.0
"""Seconds of a recording that are drawn: its beginning."""

RANGE_DB = 80.0
"""Dynamic range of spectrograms, below their loudest point."""

Floats = NDArray[np.float64]
_STRETCHES = 300
_POINTS = 400
_ROWS, _COLUMNS = 96, 200
_BANDS = 40
_MFCC_BANDS, _MFCCS = 128, 13  # the defaults of the extractor mfcc
_STEPS = 64  # steps of 1.3 dB can't be seen, and pack into two thirds of the room
_QUEFRENCY = 0.030
_HELD = 1 << 22  # values of a power spectrogram that are held at once
_SILENT = -60.0  # dB; where nothing is louder, pictures are dark rather than all of noise


def pack_picture(
    values: NDArray[np.floating],
    low: float,
    high: float,
    max_hz: float | None,
    seconds: float,
    levels: int = 256,
) -> Picture:
    """Pack a two-dimensional array of levels into a few kilobytes that JSON can hold.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
        In dB; row 0 is the lowest frequency, column 0 the beginning. What isn't a number counts as *low*.
    low, high : float
        The levels of the bytes 0 and 255; what lies beyond is cut off.
    max_hz : float or None
        Upper edge of the last row in Hz; None where rows aren't spaced evenly in Hz.
    seconds : float
        Length of the stretch that the columns cover.
    levels : int
        Steps between *low* and *high*, 2 to 256: fewer take less room.

    Raises
    ------
    ValueError
        If the array isn't two-dimensional, or *high* isn't above *low*.

    Examples
    --------
    >>> picture = pack_picture(np.array([[-80.0, -40.0], [0.0, 9.0]]), -80.0, 0.0, 8000.0, 1.0)
    >>> unpack_picture(picture).round()
    array([[-80., -40.],
           [  0.,   0.]])
    """
    if np.ndim(values) != 2:
        raise ValueError(f"a picture has two dimensions, got shape {np.shape(values)}")
    if not high > low:
        raise ValueError(f"high={high:g} isn't above low={low:g}")
    if not 2 <= levels <= 256:
        raise ValueError(f"levels={levels}; it must lie between 2 and 256")
    share = (np.nan_to_num(np.asarray(values, np.float64), nan=low, posinf=high, neginf=low) - low) / (high - low)
    steps = np.rint(np.clip(share, 0.0, 1.0) * (levels - 1))
    pixels = np.rint(steps * (255 / (levels - 1))).astype(np.uint8)
    return Picture(
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        data=base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode("ascii"),
        low=round(float(low), 3),
        high=round(float(high), 3),
        max_hz=None if max_hz is None else float(max_hz),
        seconds=round(float(seconds), 4),
    )


def unpack_picture(picture: Picture) -> Floats:
    """Return the levels of a packed picture, shape (rows, columns); see `pack_picture`."""
    pixels = np.frombuffer(zlib.decompress(base64.b64decode(picture.data)), np.uint8)
    shares = pixels.reshape(picture.rows, picture.columns) / 255
    return picture.low + shares * (picture.high - picture.low)


def spectrogram(signal: Signal, analysis: Analysis, rows: int = _ROWS, columns: int = _COLUMNS) -> Picture:
    """Return a signal's spectrogram as a picture of at most *rows* by *columns*, frequencies spaced evenly.

    Levels are in dB, 0 for a sine of full scale, from the loudest point, but -60 at least, down by `RANGE_DB`. A row
    is the loudest of its bins, so that a line keeps its level; a column is the mean power of its frames. Only the
    first `LONGEST` seconds are shown.
    """
    signal = _beginning(signal, analysis)
    return _spectrogram(_frames(signal, analysis), rows, columns)


def portrait(signal: Signal, analysis: Analysis, label: str = "", name: str = "") -> Portrait:
    """Compute the pictures of one clip.

    Parameters
    ----------
    signal : Signal
        Resampled to the analysis rate if it has another.
    analysis : Analysis
        How it is cut into frames for the three pictures over time.
    label, name : str
        To stand over the pictures.

    Examples
    --------
    >>> time = np.arange(16000) / 16000
    >>> tone = Signal(np.sin(2 * np.pi * 440 * time).astype(np.float32), 16000)
    >>> spectrum = portrait(tone, Analysis(16000), name="tone").spectrum
    >>> loudest = int(np.argmax(spectrum.level))
    >>> spectrum.first_hz + spectrum.step_hz * loudest, spectrum.level[loudest]
    (430.0, 0.0)
    """
    duration = signal.duration
    signal = _beginning(signal, analysis)
    spectra = _frames(signal, analysis)
    return Portrait(
        name=name,
        label=label,
        sample_rate=signal.sample_rate,
        duration=round(duration, 4),
        shown=round(signal.duration, 4),
        waveform=_waveform(signal),
        spectrum=_spectrum(signal),
        density=_density(signal, analysis),
        cepstrum=_cepstrum(signal),
        spectrogram=_spectrogram(spectra, _ROWS, _COLUMNS),
        filterbank=_filterbank(spectra),
        cepstrogram=_cepstrogram(spectra),
    )


def _beginning(signal: Signal, analysis: Analysis) -> Signal:
    most = math.ceil(LONGEST * signal.sample_rate)
    return resample(Signal(signal.samples[:most], signal.sample_rate), analysis.sample_rate)


def _frames(signal: Signal, analysis: Analysis) -> Spectra:
    """The spectra of a signal's frames, or of every second, third ... where they would take too much memory."""
    samples = np.ascontiguousarray(signal.samples, np.float32)
    if len(samples) < analysis.frame_samples:
        samples = np.pad(samples, (0, analysis.frame_samples - len(samples)))
    starts = frame_starts(len(samples), analysis)
    step = math.ceil(len(starts) * (analysis.fft_size // 2 + 1) / _HELD)
    return Spectra.of(samples, starts[::step].copy(), np.zeros(1, np.int64), analysis)


def _waveform(signal: Signal) -> Waveform:
    edges = _edges(len(signal.samples), _STRETCHES)[:-1]
    low, high = (ends.reduceat(signal.samples, edges) for ends in (np.minimum, np.maximum))
    return Waveform(low=_rounded(low, 4), high=_rounded(high, 4))


def _spectrum(signal: Signal) -> Spectrum:
    # No window: over a whole clip it would hide what comes at the beginning, such as the stroke of a drum.
    magnitude = np.abs(np.fft.rfft(signal.samples)) * 2 / len(signal.samples)
    magnitude[0] /= 2
    step = -(-len(magnitude) // _POINTS)
    level = 10 * np.log10(np.maximum(_blocks(np.maximum, magnitude, step) ** 2, 1e-20))
    return _line(signal.sample_rate / len(signal.samples), step, level)


def _density(signal: Signal, analysis: Analysis) -> Spectrum:
    from scipy.signal import welch

    length = min(analysis.fft_size, len(signal.samples))
    density = welch(signal.samples.astype(np.float64), signal.sample_rate, nperseg=length)[1]
    step = -(-len(density) // _POINTS)
    counts = np.diff(np.append(np.arange(0, len(density), step), len(density)))
    level = 10 * np.log10(np.maximum(_blocks(np.add, density, step) / counts, 1e-20))
    return _line(signal.sample_rate / length, step, level)


def _cepstrum(signal: Signal) -> Cepstrum:
    last = max(round(_QUEFRENCY * signal.sample_rate), 1)
    length = 1 << (2 * last).bit_length()  # a frame that holds at least two periods of the longest quefrency
    samples = np.asarray(signal.samples, np.float64)
    if len(samples) < length:
        samples = np.pad(samples, (0, length - len(samples)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 2]
    power = np.abs(np.fft.rfft(frames * window("hann", length), axis=1)) ** 2
    energy = power.sum(axis=1)
    heard = power[energy >= max(energy.max() * 1e-6, 1e-30)]
    value = np.zeros(last)
    if len(heard):
        heard = np.maximum(heard, heard.max(axis=1, keepdims=True) * 1e-12)
        value = np.fft.irfft(0.5 * np.log(heard).mean(axis=0))[1 : last + 1]
    step = -(-last // _POINTS)
    parts = np.pad(value, (0, -last % step)).reshape(-1, step)
    peaks = parts[np.arange(len(parts)), np.abs(parts).argmax(axis=1)]
    apart = 1 / signal.sample_rate
    first = (1 + (step - 1) / 2) * apart
    return Cepstrum(first_seconds=round(first, 8), step_seconds=round(step * apart, 8), value=_rounded(peaks, 4))


def _spectrogram(spectra: Spectra, rows: int, columns: int) -> Picture:
    full_scale = (float(window(spectra.analysis.window, spectra.analysis.frame_samples).sum()) / 2) ** 2
    power = spectra.power.T
    loudest = np.maximum.reduceat(power, _edges(len(power), rows)[:-1], axis=0)
    level = _decibels(_over_time(loudest, columns) / full_scale)
    return _picture(level, spectra, spectra.analysis.sample_rate / 2)


def _filterbank(spectra: Spectra) -> Filterbank:
    rate, size = spectra.analysis.sample_rate, spectra.analysis.fft_size
    bands = min(_BANDS, size // 8)
    energies = spectra.energies(filterbanks.mel, bands, 0.0, None, False).T
    peaks = filterbanks.mel(rate, size, bands, 0.0, None).argmax(axis=1) * (rate / size)
    picture = _picture(_decibels(_over_time(energies, _COLUMNS)), spectra, None)
    return Filterbank(**structs.asdict(picture), centres=_rounded(peaks, 0))


def _cepstrogram(spectra: Spectra) -> Cepstrogram:
    from scipy.fft import dct

    bands = min(_MFCC_BANDS, spectra.analysis.fft_size // 8)
    level = _decibels(spectra.energies(filterbanks.mel, bands, 0.0, None, False), lowest=1e-10)
    coefficients = dct(np.maximum(level, level.max() - 80.0), type=2, norm="ortho", axis=1)[:, 1:_MFCCS]
    values = _over_time(coefficients.T, _COLUMNS)
    most = max(float(np.quantile(np.abs(values[1:]), 0.995)), 1.0)
    picture = pack_picture(values, -most, most, None, _seconds(spectra), _STEPS)
    return Cepstrogram(**structs.asdict(picture), first=1)


def _picture(level: Floats, spectra: Spectra, max_hz: float | None) -> Picture:
    top = max(float(level.max()), _SILENT)
    return pack_picture(level, top - RANGE_DB, top, max_hz, _seconds(spectra), _STEPS)


def _seconds(spectra: Spectra) -> float:
    return len(spectra.samples) / spectra.analysis.sample_rate


def _over_time(rows: NDArray[np.floating], columns: int) -> Floats:
    """The mean of rows (n, n_frames) over at most *columns* stretches of frames, shape (n, n_columns)."""
    edges = _edges(rows.shape[1], columns)
    return np.add.reduceat(rows, edges[:-1], axis=1, dtype=np.float64) / np.diff(edges)


def _edges(length: int, most: int) -> NDArray[np.int64]:
    """Where to cut *length* values into at most *most* stretches of nearly the same length."""
    count = max(min(length, most), 1)
    return np.arange(count + 1) * length // count


def _blocks(combine: np.ufunc, values: Floats, step: int) -> Floats:
    """Each *step* values in one; the last may be of fewer."""
    return combine.reduceat(values, np.arange(0, len(values), step))


def _line(apart: float, step: int, level: Floats) -> Spectrum:
    """Levels in dB at points that are *step* bins, each *apart* Hz, from each other."""
    return Spectrum(first_hz=round((step - 1) / 2 * apart, 4), step_hz=round(step * apart, 6), level=_rounded(level, 1))


def _decibels(power: NDArray[np.floating], lowest: float = 1e-14) -> Floats:
    return 10 * np.log10(np.maximum(power, lowest, dtype=np.float64))


def _rounded(values: NDArray[np.floating], digits: int) -> list[float]:
    return [float(value) for value in np.round(np.asarray(values, np.float64), digits)]
