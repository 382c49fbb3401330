"""Measurements of how a clip was made: level, DC offset, clipping, silence, bandwidth, format.

Taken at the native rate from the mono mix, block by block, so that an hour of audio needs little memory.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audioclf.audio import decode
from audioclf.audio.recordings import FFMPEG_SUFFIXES

Samples = NDArray[np.float32]

VERSION = 1
"""Raise it with every change that changes a number: what the store keeps of older versions is then passed over."""

_QUIET = 1e-4  # RMS of 10 ms, -80 dBFS: silence whatever the rest is like
_SILENCE = 1e-3  # or -60 dB below the clip's loudest 10 ms
_TOP = 0.98  # of the peak: samples above are kept for the histogram
_CEILING = 0.002  # of the peak: width of the two histogram bins that tell a ceiling from a wave's crest
_FORMAT = 32  # characters of a format's name


@dataclass(frozen=True)
class Sound:
    """Measurements of one clip.

    Attributes
    ----------
    duration : float
        Of what was decoded, in seconds.
    sample_rate : int
        Native, in Hz.
    channels : int
    peak : float
        Largest absolute sample; full scale is 1.
    level : float
        RMS in dB of full scale, without the DC offset; -120 at the lowest.
    dc : float
        Mean of the samples.
    clipped : float
        Share of samples at the clip's ceiling, 0 where its peaks are those of a wave; see `measure`.
    zeros : float
        Share of samples that are exactly 0.
    leading, trailing : float
        Silence before and after the sound, in seconds.
    bandwidth : float
        Highest used frequency in Hz.
    edge : float
        By how many dB the spectrum falls there; 20 and more is the edge of a low-pass filter, a lower sampling rate or
        lossy coding. See `bandwidth_of`.
    missing : float
        Seconds that the header promises and the file doesn't hold.
    format : str
        Container, coding and channels, such as "FLAC PCM_16, 1 channel".
    samples : str
        Hash of rate and decoded samples, as hexadecimal text.
    """

    duration: float
    sample_rate: int
    channels: int
    peak: float
    level: float
    dc: float
    clipped: float
    zeros: float
    leading: float
    trailing: float
    bandwidth: float
    edge: float
    missing: float
    format: str
    samples: str

    def as_row(self) -> Samples:
        """Return the numbers as a float32 array (1, n) for the feature store; texts as small whole numbers."""
        numbers = [getattr(self, name) for name in _NUMBERS]
        digest = np.frombuffer(bytes.fromhex(self.samples), "<u2")
        text = np.frombuffer(self.format.encode("ascii", "replace")[:_FORMAT].ljust(_FORMAT), np.uint8)
        return np.concatenate([numbers, digest, text]).astype(np.float32)[None]

    @classmethod
    def from_row(cls, row: Samples) -> Sound:
        """Return what `as_row` took down."""
        values = row.ravel()
        n = len(_NUMBERS)
        facts = dict(zip(_NUMBERS, values[:n].tolist()))
        digest = values[n : n + 8].astype("<u2").tobytes().hex()
        text = values[n + 8 :].astype(np.uint8).tobytes().decode("ascii").rstrip()
        for name in ("sample_rate", "channels"):
            facts[name] = int(facts[name])
        return cls(**facts, format=text, samples=digest)


_NUMBERS = (
    "duration",
    "sample_rate",
    "channels",
    "peak",
    "level",
    "dc",
    "clipped",
    "zeros",
    "leading",
    "trailing",
    "bandwidth",
    "edge",
    "missing",
)


class Meter:
    """Takes a clip's samples block by block; `sound` returns the measurements.

    Parameters
    ----------
    sample_rate : int
        Native, in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._fft = 1 << max(6, round(np.log2(0.05 * sample_rate)))
        self._step = self._fft // 4  # about 10 ms
        self._window = np.hanning(self._fft).astype(np.float32)
        self._power = np.zeros(self._fft // 2 + 1)
        self._n_spectra = 0
        self._rest = np.empty(0, np.float32)
        self._energy: list[NDArray[np.float32]] = []
        self._length = 0
        self._sum = 0.0
        self._squares = 0.0
        self._zeros = 0
        self._peak = 0.0
        self._high = np.empty(0, np.float32)  # magnitudes near the peak, and how often each occurs
        self._times = np.empty(0, np.int64)
        self._digest = hashlib.blake2b(str(sample_rate).encode(), digest_size=16)

    def add(self, samples: Samples) -> None:
        """Take the next samples, shape (n_samples,)."""
        self._digest.update(np.ascontiguousarray(samples, "<f4").data)
        self._length += len(samples)
        self._sum += float(samples.sum(dtype=np.float64))
        self._squares += float(np.dot(samples, samples))
        self._zeros += len(samples) - int(np.count_nonzero(samples))
        self._count_high(np.abs(samples))
        whole = np.concatenate([self._rest, samples])
        cut = len(whole) // self._fft * self._fft
        self._analyse(whole[:cut])
        self._rest = whole[cut:].copy()

    def _count_high(self, magnitudes: Samples) -> None:
        self._peak = max(self._peak, float(magnitudes.max(initial=0.0)))
        threshold = np.float32(_TOP * self._peak)
        values, times = np.unique(magnitudes[magnitudes > threshold], return_counts=True)
        kept = self._high > threshold
        values, which = np.unique(np.concatenate([self._high[kept], values]), return_inverse=True)
        times = np.bincount(which, np.concatenate([self._times[kept], times]), len(values)).astype(np.int64)
        if len(values) > 1 << 16:  # floating-point samples: the bins need no finer steps
            values, which = np.unique(values.astype(np.float16).astype(np.float32), return_inverse=True)
            times = np.bincount(which, times).astype(np.int64)
        self._high, self._times = values, times

    def _analyse(self, samples: Samples) -> None:
        if not len(samples):
            return
        steps = samples.reshape(-1, self._step)
        self._energy.append(np.einsum("ij,ij->i", steps, steps) / self._step)
        self._add_spectra(samples.reshape(-1, self._fft))

    def _add_spectra(self, frames: Samples) -> None:
        import scipy.fft

        for part in np.array_split(frames, len(frames) // 256 + 1):
            spectra = scipy.fft.rfft(part * self._window, axis=1)
            self._power += (spectra.real**2 + spectra.imag**2).sum(axis=0, dtype=np.float64)
        self._n_spectra += len(frames)

    def _finish(self) -> None:
        rest, step = self._rest, self._step
        self._rest = np.empty(0, np.float32)
        if len(rest):
            padded = np.pad(rest, (0, -len(rest) % step)).reshape(-1, step)
            self._energy.append((padded**2).mean(axis=1))
            if not self._n_spectra:
                self._add_spectra(np.pad(rest, (0, self._fft - len(rest)))[None])

    def sound(self, channels: int = 1, format: str = "", promised: float = 0.0) -> Sound:
        """Return the measurements of all that was added.

        Parameters
        ----------
        channels : int
        format : str
            As the header says.
        promised : float
            Seconds that the header says there are.
        """
        self._finish()
        length = max(self._length, 1)
        mean = self._sum / length
        variance = max(self._squares / length - mean**2, 0.0)
        leading, trailing = self._silence()
        bandwidth, edge = bandwidth_of(self._power / max(self._n_spectra, 1), self._rate)
        return Sound(
            duration=self._length / self._rate,
            sample_rate=self._rate,
            channels=channels,
            peak=self._peak,
            level=max(-120.0, 10 * np.log10(variance + 1e-30)),
            dc=mean,
            clipped=self._clipped() / length,
            zeros=self._zeros / length,
            leading=leading,
            trailing=trailing,
            bandwidth=bandwidth,
            edge=edge,
            missing=max(0.0, promised - self._length / self._rate),
            format=format,
            samples=self._digest.hexdigest(),
        )

    def _silence(self) -> tuple[float, float]:
        levels = np.sqrt(np.concatenate(self._energy)) if self._energy else np.zeros(1)
        duration = self._length / self._rate
        sounding = np.flatnonzero(levels > max(_QUIET, _SILENCE * levels.max()))
        if not len(sounding):
            return duration, duration
        step = self._step / self._rate
        return sounding[0] * step, max(0.0, duration - (sounding[-1] + 1) * step)

    def _clipped(self) -> float:
        """Samples at the ceiling, if they crowd there as a wave's crests don't.

        A sine has 2.4 times as many samples in the highest 0.2 % of its range as in the 0.2 % below; other sounds
        have fewer. Where there are eight times as many, something cut the crests off.
        """
        if self._peak < 0.02:  # so few steps of 16 bits that crests are flat anyway
            return 0.0
        width = _CEILING * self._peak
        top = int(self._times[self._high > self._peak - width].sum())
        below = int(self._times[(self._high <= self._peak - width) & (self._high > self._peak - 2 * width)].sum())
        return float(top) if top >= 10 and top >= 8 * below else 0.0


def bandwidth_of(power: NDArray[np.float64], sample_rate: int) -> tuple[float, float]:
    """Return the highest used frequency in Hz of a long-term power spectrum, and by how many dB it falls there.

    The spectrum is smoothed over 150 Hz. What lies at 90 to 97 % of its range is taken for the noise floor, if it is
    50 dB or more below the highest point; else all of the range is used. The highest frequency that stands 10 dB above
    the floor, and no more than 80 dB below the highest point, is the bandwidth. The fall is that from the 450 Hz that
    end 150 Hz below it to the 450 Hz that begin 150 Hz above it; 0 below 1.5 kHz, where natural spectra are as steep.

    Parameters
    ----------
    power : ndarray, shape (n_bins,)
        From 0 Hz to half the sampling rate.
    sample_rate : int
        In Hz.

    Examples
    --------
    >>> power = np.where(np.arange(1025) < 400, 1.0, 1e-6)
    >>> bandwidth, edge = bandwidth_of(power, 44100)
    >>> round(bandwidth, -2), round(edge)
    (8700.0, 60)
    """
    n = len(power)
    step = sample_rate / 2 / (n - 1)
    if not power.max() > 0:
        return 0.0, 0.0
    width = max(1, round(150 / step))
    smooth = np.convolve(np.pad(power, (width // 2, width - 1 - width // 2), "edge"), np.ones(width) / width, "valid")
    level = 10 * np.log10(smooth + 1e-20)
    floor = float(np.median(level[round(0.9 * (n - 1)) : round(0.97 * (n - 1)) + 1]))
    if floor > level.max() - 50:
        return sample_rate / 2, 0.0
    used = np.flatnonzero(level > max(floor + 10, level.max() - 80))
    at = int(used[-1])
    gap, span = max(1, round(150 / step)), max(1, round(450 / step))
    below, above = level[max(0, at - gap - span) : at - gap], level[at + gap + 1 : at + gap + 1 + span]
    fall = below.mean() - above.mean() if len(below) and len(above) and at * step >= 1500 else 0.0
    return float(at * step), float(max(fall, 0.0))


@dataclass(frozen=True)
class Header:
    """What a file says of itself: rate in Hz, channels, seconds of audio, and its format in words."""

    sample_rate: int
    channels: int
    duration: float
    format: str


def read_header(path: Path) -> Header:
    """Return what a recording's header says.

    Raises
    ------
    AudioError
        If it can't be read.
    """
    info = decode.probe(path)
    words = path.suffix.lower().lstrip(".").upper()
    if path.suffix.lower() not in FFMPEG_SUFFIXES:
        import soundfile

        header = soundfile.info(str(path))
        words = f"{header.format} {header.subtype}"
    name = f"{words}, {info.channels} channel{'s' * (info.channels != 1)}"
    return Header(info.sample_rate, info.channels, max(info.duration, _promised_by_wav(path)), name)


def _promised_by_wav(path: Path) -> float:
    """Seconds by a RIFF header's own figures, 0 for others; libsndfile believes the file's length instead."""
    with open(path, "rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0.0
        per_second = 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"fmt " and size >= 12:
                per_second = struct.unpack("<8xI", file.read(12))[0]
                file.seek(size - 12 + size % 2, 1)
            elif name == b"data":
                unknown = size >= 0x7FFFFFFF or not per_second  # written to a pipe
                return 0.0 if unknown else size / per_second
            else:
                file.seek(size + size % 2, 1)
    return 0.0
