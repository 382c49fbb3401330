"""Pictures of clips as numbers, and short stretches of their sound: small enough for results.json."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from audioclf.structs import Count, Finite, Positive, Struct

Some = Annotated[list[Finite], Meta(min_length=1)]
"""Numbers, at least one."""


class Picture(Struct, kw_only=True, frozen=True):
    """A two-dimensional array of levels as bytes; `audioclf.results.portrait.unpack_picture` gives it back.

    Attributes
    ----------
    rows, columns : int
    data : str
        base64 of deflated bytes, row after row, the lowest frequency first.
    low, high : float
        The levels of the bytes 0 and 255.
    max_hz : float or None
        Upper edge of the last row in Hz; None where rows aren't spaced evenly in Hz.
    seconds : float
        Length of the stretch that the columns cover.
    """

    rows: Count
    columns: Count
    data: str
    low: Finite
    high: Finite
    max_hz: Finite | None
    seconds: Finite


class Filterbank(Picture, kw_only=True, frozen=True):
    """Energies of bands over time; *centres* are the bands' in Hz."""

    centres: Some


class Cepstrogram(Picture, kw_only=True, frozen=True):
    """Coefficients over time; *first* is the number of the first row's."""

    first: Count


class Waveform(Struct, kw_only=True, frozen=True):
    """The lowest and the highest sample of equal stretches; full scale is ±1."""

    low: Some
    high: Some


class Spectrum(Struct, kw_only=True, frozen=True):
    """Levels in dB at frequencies that begin at *first_hz* and are *step_hz* apart."""

    first_hz: Finite
    step_hz: Finite
    level: Some


class Cepstrum(Struct, kw_only=True, frozen=True):
    """Values at quefrencies that begin at *first_seconds* and are *step_seconds* apart."""

    first_seconds: Finite
    step_seconds: Finite
    value: Some


class Portrait(Struct, kw_only=True, frozen=True):
    """What is drawn of one clip, at the analysis rate, over its beginning (`audioclf.results.portrait.LONGEST`).

    Attributes
    ----------
    name, label : str
        The clip's name and its class; either may be empty.
    sample_rate : int
        The analysis rate in Hz.
    duration, shown : float
        Length of the clip and of the stretch that is drawn, in seconds.
    waveform : Waveform
        Of up to 300 stretches.
    spectrum : Spectrum
        Magnitude of one FFT over the stretch without a window, in dB, 0 for a sine of full scale; each of
        up to 400 points is the highest of its bins.
    density : Spectrum
        Power spectral density in dB per Hz, 0 for a density of 1 / Hz with full scale 1 (Welch 1967, Hann windows of
        the analysis' FFT length that overlap by half); each point is the mean of its bins.
    cepstrum : Cepstrum
        The real cepstrum, the inverse Fourier transform of ln |X| (Oppenheim & Schafer, "Discrete-Time
        Signal Processing", ch. 13), as the mean over frames within 60 dB of the loudest; each point is the largest
        by magnitude of its samples. Up to 30 ms, without the 0th.
    spectrogram : Picture
        As of `audioclf.results.portrait.spectrogram`.
    filterbank : Filterbank
        Energies of 40 mel bands in dB.
    cepstrogram : Cepstrogram
        The coefficients 1 to 12 of the extractor ``mfcc`` over time (the 0th is the level), symmetric about 0. The
        first may be cut off, for it is much larger than the others, which would look empty.
    """

    name: str
    label: str
    sample_rate: Positive
    duration: Finite
    shown: Finite
    waveform: Waveform
    spectrum: Spectrum
    density: Spectrum
    cepstrum: Cepstrum
    spectrogram: Picture
    filterbank: Filterbank
    cepstrogram: Cepstrogram


class Excerpt(Struct, kw_only=True, frozen=True):
    """A stretch of a clip to listen to, with its picture.

    Attributes
    ----------
    path : str
        The clip's name.
    start : float
        Where in the clip the stretch begins, in seconds.
    seconds, shown : float
        Length of the stretch.
    duration : float
        Of the clip, in seconds.
    media_type : str
    audio : str
        A sound file, base64.
    spectrogram : Picture
    """

    path: str
    start: Finite = 0.0
    seconds: Finite | None = None
    shown: Finite
    duration: Finite
    media_type: str
    audio: str
    spectrogram: Picture
