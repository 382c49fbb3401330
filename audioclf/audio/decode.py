"""A recording to a mono `Signal`: its header, its samples in one piece, or block by block."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audio.recordings import FFMPEG_SUFFIXES, AudioInfo, existing, not_audio
from audioclf.audio.resample import resample, resample_blocks
from audioclf.audio.signal import Signal
from audioclf.errors import AudioError

_LOUDEST = 1e10  # times full scale; 32-bit integers taken for floats stay below, and their squares within float32
_LONGEST = 2**31  # frames; a header that says more, such as a streamed FLAC's, doesn't know
_BLOCK = 2**18  # frames read at a time where not all are


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Read a recording's header.

    Raises
    ------
    AudioError
        If the file is missing, empty, or not audio that can be read.
    """
    path = existing(path)
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        from audioclf.audio import ffmpeg

        return ffmpeg.probe(path)
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            frames = file.frames if file.frames < _LONGEST else sum(map(len, _blocks(file)))
            return AudioInfo(file.samplerate, file.channels, frames / file.samplerate)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise not_audio(path, error) from error


def read(
    path: str | os.PathLike[str],
    sample_rate: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Signal:
    """Decode a recording, or the stretch from *start* to *end* seconds, as mono.

    Channels are averaged. WAV, FLAC, OGG, Opus, MP3 and AIFF are decoded by libsndfile; M4A, AAC, MP4 and
    3GP by the ffmpeg program. Resampling is soxr's, in high quality.

    Parameters
    ----------
    path : str or path
    sample_rate : int, optional
        Rate wanted, in Hz; by default the native one.
    start, end : float, optional
        In seconds from the beginning of the recording.

    Raises
    ------
    AudioError
        If the file is missing, empty, not audio that can be read, holds no samples in that stretch, or
        holds samples that aren't finite numbers or lie beyond any level of audio.
    """
    path = existing(path)
    _check_stretch(path, start, end)
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        with _reader(path) as (every, native):
            parts = list(_between(every, *_stretch(native, start, end)))
        samples = np.concatenate(parts) if parts else np.empty((0, 1), np.float32)
    else:
        samples, native = _soundfile(path, start, end)
    if not len(samples):
        raise _no_samples(path, start, end)
    return resample(Signal(_mono(path, samples), native), sample_rate)


def blocks(
    path: str | os.PathLike[str],
    sample_rate: int | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Decode as `read` does, but yield the samples in blocks, so that a long recording needs little memory.

    Together they are the samples that `read` gives. Parameters and errors are those of `read`.
    """
    path = existing(path)
    _check_stretch(path, start, end)
    with _reader(path) as (parts, native):
        wanted = _between(parts, *_stretch(native, start, end))
        empty = True
        for samples in resample_blocks((_mono(path, part) for part in wanted), native, sample_rate or native):
            empty = empty and not len(samples)
            yield samples
    if empty:
        raise _no_samples(path, start, end)


def _check_stretch(path: Path, start: float | None, end: float | None) -> None:
    begin = start or 0.0
    if not begin >= 0 or (end is not None and not end > begin):
        until = "the end" if end is None else f"{end:g} s"
        raise AudioError(f"{path}: there is no clip from {begin:g} s to {until}; give 0 <= start < end")


def _no_samples(path: Path, start: float | None, end: float | None) -> AudioError:
    until = "the end" if end is None else f"{end:g} s"
    stretch = "" if start is None and end is None else f" between {start or 0:g} s and {until}"
    return AudioError(f"{path}: no samples{stretch}; leave it out")


def _mono(path: Path, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels of samples (n_samples, n_channels) that must be finite and of a level that audio has."""
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    peak = np.abs(mono).max(initial=0.0)
    if not np.isfinite(peak):
        raise AudioError(f"{path}: holds samples that aren't finite numbers; export it again or leave it out")
    if peak > _LOUDEST:
        raise AudioError(
            f"{path}: holds samples of up to {peak:.3g}, where full scale is 1; export it again or leave it out"
        )
    return np.require(mono, np.float32, ["C", "W"])


def _stretch(rate: int, start: float | None, end: float | None) -> tuple[int, int | None]:
    return round((start or 0.0) * rate), None if end is None else round(end * rate)


def _between(parts: Iterator[NDArray[np.float32]], first: int, last: int | None) -> Iterator[NDArray[np.float32]]:
    """The samples from *first* to *last* of those that come in parts."""
    at = 0
    for part in parts:
        wanted = part[max(0, first - at) : None if last is None else max(0, last - at)]
        at += len(part)
        if len(wanted):
            yield wanted
        if last is not None and at >= last:
            return


def _soundfile(path: Path, start: float | None, end: float | None) -> tuple[NDArray[np.float32], int]:
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            first, last = _stretch(file.samplerate, start, end)
            if file.frames >= _LONGEST:
                return np.concatenate([*_blocks(file)])[first:last], file.samplerate
            if first:
                file.seek(min(first, file.frames))
            frames = -1 if last is None else max(last - first, 0)
            return file.read(frames, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise not_audio(path, error) from error


def _reader(path: Path) -> AbstractContextManager[tuple[Iterator[NDArray[np.float32]], int]]:
    """Give a recording's samples in blocks (n_samples, n_channels), and their rate in Hz."""
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        from audioclf.audio import ffmpeg

        return ffmpeg.blocks(path)
    return _soundfile_blocks(path)


@contextlib.contextmanager
def _soundfile_blocks(path: Path) -> Iterator[tuple[Iterator[NDArray[np.float32]], int]]:
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            yield _blocks(file), file.samplerate
    except (soundfile.LibsndfileError, TypeError) as error:
        raise not_audio(path, error) from error


def _blocks(file: Any) -> Iterator[NDArray[np.float32]]:
    """Read an open `soundfile.SoundFile` to its end, whatever its header says; the last block may be empty."""
    file.seekable = lambda: False  # soundfile seeks after every read, which libsndfile refuses at such a file's end
    buffer = np.empty((_BLOCK, file.channels), np.float32)
    while True:
        block = file.read(out=buffer)
        yield block.copy()
        if len(block) < _BLOCK:
            return
