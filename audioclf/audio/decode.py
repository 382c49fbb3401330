"""A file to a `Signal`: decode, mix down to mono, resample. Knows nothing of features."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import AudioError

SOUNDFILE_SUFFIXES = frozenset(
    {
        ".wav",
        ".wave",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aiff",
        ".aif",
        ".aifc",
        ".au",
        ".caf",
        ".w64",
    }
)
FFMPEG_SUFFIXES = frozenset({".m4a", ".aac", ".mp4", ".3gp", ".3gpp", ".amr", ".wma", ".webm", ".mov"})
AUDIO_SUFFIXES = SOUNDFILE_SUFFIXES | FFMPEG_SUFFIXES
_LOUDEST = 1e10  # times full scale; 32-bit integers taken for floats stay below, and their squares within float32
_LONGEST = 2**31  # frames; a header that says more, such as a streamed FLAC's, doesn't know
_BLOCK = 2**18  # frames read at a time where not all are


@dataclass(frozen=True)
class Signal:
    """Mono audio.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Full scale is ±1. A floating-point recording or a resampled one may go over it and isn't clipped.
    sample_rate : int
        In Hz.
    """

    samples: NDArray[np.float32]
    sample_rate: int

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: native rate in Hz, number of channels, length in seconds."""

    sample_rate: int
    channels: int
    duration: float


def probe(path: str | os.PathLike[str]) -> AudioInfo:
    """Read a recording's header.

    Raises
    ------
    AudioError
        If the file is missing, empty, or not audio that can be read.
    """
    path = _existing(path)
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        return _ffprobe(path)
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            frames = file.frames if file.frames < _LONGEST else sum(map(len, _blocks(file)))
            return AudioInfo(file.samplerate, file.channels, frames / file.samplerate)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a .raw file, which has no header
        raise _not_audio(path, error) from error


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
    path = _existing(path)
    _check_stretch(path, start, end)
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        with _ffmpeg_blocks(path) as (blocks, native):
            parts = list(_between(blocks, *_stretch(native, start, end)))
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
    path = _existing(path)
    _check_stretch(path, start, end)
    reader = _ffmpeg_blocks if path.suffix.lower() in FFMPEG_SUFFIXES else _soundfile_blocks
    with reader(path) as (parts, native):
        wanted = _between(parts, *_stretch(native, start, end))
        empty = True
        for samples in _resampled((_mono(path, part) for part in wanted), native, sample_rate or native):
            empty = empty and not len(samples)
            yield samples
    if empty:
        raise _no_samples(path, start, end)


def _resampled(parts: Iterator[NDArray[np.float32]], native: int, rate: int) -> Iterator[NDArray[np.float32]]:
    if rate == native:
        yield from parts
        return
    import soxr

    stream = soxr.ResampleStream(native, rate, 1, dtype="float32", quality="HQ")
    for part in parts:
        yield stream.resample_chunk(part)
    yield stream.resample_chunk(np.empty(0, np.float32), last=True)


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


def resample(signal: Signal, sample_rate: int | None) -> Signal:
    """Return *signal* at *sample_rate* Hz (soxr, high quality); unchanged if it has that rate already."""
    if sample_rate is None or sample_rate == signal.sample_rate:
        return signal
    import soxr

    samples = soxr.resample(signal.samples, signal.sample_rate, sample_rate, quality="HQ")
    if not len(samples):  # a few samples, brought down far
        samples = np.zeros(1, np.float32)
    return Signal(np.asarray(samples, dtype=np.float32), sample_rate)


def content_hash(path: str | os.PathLike[str]) -> str:
    """Return a 128-bit hash of a file's bytes, as hexadecimal text.

    Raises
    ------
    AudioError
        If the file is missing, empty or can't be read.
    """
    path = _existing(path)
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.hexdigest()


def _existing(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(facts.st_mode):
        raise AudioError(f"{path}: a folder, not a recording")
    if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
        raise AudioError(f"{path}: not a regular file; save the recording to one")
    if facts.st_size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes); record or copy it again, or leave it out")
    return path


def _unreadable(path: Path, error: Exception) -> AudioError:
    return AudioError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}")


def _not_audio(path: Path, error: Exception) -> AudioError:
    try:
        with open(path, "rb"):
            pass
    except OSError as closed:
        return _unreadable(path, closed)
    reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return AudioError(f"{path}: not audio that can be read ({reason}); convert it to WAV or FLAC, or leave it out")


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
        raise _not_audio(path, error) from error


@contextlib.contextmanager
def _soundfile_blocks(path: Path) -> Iterator[tuple[Iterator[NDArray[np.float32]], int]]:
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            yield _blocks(file), file.samplerate
    except (soundfile.LibsndfileError, TypeError) as error:
        raise _not_audio(path, error) from error


def _blocks(file: Any) -> Iterator[NDArray[np.float32]]:
    """Read an open `soundfile.SoundFile` to its end, whatever its header says; the last block may be empty."""
    file.seekable = lambda: False  # soundfile seeks after every read, which libsndfile refuses at such a file's end
    buffer = np.empty((_BLOCK, file.channels), np.float32)
    while True:
        block = file.read(out=buffer)
        yield block.copy()
        if len(block) < _BLOCK:
            return


def _run(program: str, path: Path, arguments: list[str]) -> bytes:
    command = [_program(program, path), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise _failed(program, path, done.stderr)
    return done.stdout


def _program(name: str, path: Path) -> str:
    found = shutil.which(name)
    if found is None:
        raise AudioError(
            f"{path}: {path.suffix} files are decoded by the ffmpeg program, which isn't installed; "
            "install ffmpeg, or convert the file to WAV or FLAC"
        )
    return found


def _failed(program: str, path: Path, complaints: bytes) -> AudioError:
    lines = complaints.decode(errors="replace").strip().splitlines()
    return _not_audio(path, AudioError(lines[-1].split(": ")[-1] if lines else f"{program} failed"))


def _ffprobe(path: Path) -> AudioInfo:
    arguments = ["-v", "error", "-select_streams", "a:0", "-of", "json"]
    arguments += [
        "-show_entries",
        "stream=sample_rate,channels,duration:format=duration",
        str(path.resolve()),
    ]
    facts = json.loads(_run("ffprobe", path, arguments))
    if not facts.get("streams"):
        raise AudioError(f"{path}: holds no sound track; leave it out")
    stream = facts["streams"][0]
    duration = stream.get("duration") or facts.get("format", {}).get("duration") or 0.0
    sample_rate, channels = int(stream.get("sample_rate", 0)), int(stream.get("channels", 0))
    if not (sample_rate and channels):
        raise _not_audio(path, AudioError("its sound track is of an unknown kind"))
    return AudioInfo(sample_rate, channels, float(duration))


@contextlib.contextmanager
def _ffmpeg_blocks(path: Path) -> Iterator[tuple[Iterator[NDArray[np.float32]], int]]:
    info = _ffprobe(path)
    arguments = ["-nostdin", "-v", "error", "-i", str(path.resolve()), "-map", "0:a:0", "-f", "f32le"]
    arguments += ["-c:a", "pcm_f32le", "-ac", str(info.channels), "-ar", str(info.sample_rate), "-"]
    with tempfile.TemporaryFile() as complaints:
        program = subprocess.Popen(
            [_program("ffmpeg", path), *arguments],
            stdout=subprocess.PIPE,
            stderr=complaints,
            stdin=subprocess.DEVNULL,
        )
        assert program.stdout is not None

        def parts(pipe: Any) -> Iterator[NDArray[np.float32]]:
            while data := pipe.read(4 * info.channels * _BLOCK):
                yield np.frombuffer(data, dtype="<f4").reshape(-1, info.channels)
            if program.wait():
                complaints.seek(0)
                raise _failed("ffmpeg", path, complaints.read())

        try:
            yield parts(program.stdout), info.sample_rate
        finally:
            program.stdout.close()  # a reader that stops early stops ffmpeg, too
            program.wait()
