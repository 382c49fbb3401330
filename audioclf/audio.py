"""A file to a `Signal`: decode, mix down to mono, resample. Knows nothing of features."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

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
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise _not_audio(path, error) from error
    return AudioInfo(info.samplerate, info.channels, info.frames / info.samplerate)


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
        holds samples that aren't finite numbers.
    """
    path = _existing(path)
    if path.suffix.lower() in FFMPEG_SUFFIXES:
        samples, native = _ffmpeg(path)
        first, last = _stretch(native, start, end)
        samples = samples[first:last]
    else:
        samples, native = _soundfile(path, start, end)
    if not len(samples):
        stretch = "" if start is None and end is None else f" between {start or 0:g} s and {end or 'the end'}"
        raise AudioError(f"{path}: no samples{stretch}; leave it out")
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    if not np.isfinite(mono).all():
        raise AudioError(f"{path}: holds samples that aren't finite numbers; export it again or leave it out")
    return resample(Signal(np.ascontiguousarray(mono, dtype=np.float32), native), sample_rate)


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
        If the file can't be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise AudioError(f"{path}: can't be read: {error.strerror}") from error
    return digest.hexdigest()


def _existing(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if not path.exists():
        raise AudioError(f"{path}: no such file")
    if path.is_dir():
        raise AudioError(f"{path}: a folder, not a recording")
    try:
        size = path.stat().st_size
        with open(path, "rb"):
            pass
    except OSError as error:
        raise AudioError(f"{path}: can't be read: {error.strerror}") from error
    if size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes); record or copy it again, or leave it out")
    return path


def _not_audio(path: Path, error: Exception) -> AudioError:
    reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return AudioError(f"{path}: not audio that can be read ({reason}); convert it to WAV or FLAC, or leave it out")


def _stretch(rate: int, start: float | None, end: float | None) -> tuple[int, int | None]:
    return round((start or 0.0) * rate), None if end is None else round(end * rate)


def _soundfile(path: Path, start: float | None, end: float | None) -> tuple[NDArray[np.float32], int]:
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as file:
            first, last = _stretch(file.samplerate, start, end)
            if first:
                file.seek(min(first, file.frames))
            frames = -1 if last is None else max(last - first, 0)
            return file.read(frames, dtype="float32", always_2d=True), file.samplerate
    except soundfile.LibsndfileError as error:
        raise _not_audio(path, error) from error


def _run(program: str, path: Path, arguments: list[str]) -> bytes:
    executable = shutil.which(program)
    if executable is None:
        raise AudioError(
            f"{path}: {path.suffix} files are decoded by the ffmpeg program, which isn't installed; "
            "install ffmpeg, or convert the file to WAV or FLAC"
        )
    done = subprocess.run([executable, *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise _not_audio(path, AudioError(lines[-1].split(": ")[-1] if lines else f"{program} failed"))
    return done.stdout


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
    return AudioInfo(int(stream["sample_rate"]), int(stream["channels"]), float(duration))


def _ffmpeg(path: Path) -> tuple[NDArray[np.float32], int]:
    info = _ffprobe(path)
    arguments = ["-nostdin", "-v", "error", "-i", str(path.resolve()), "-map", "0:a:0"]
    arguments += [
        "-f",
        "f32le",
        "-c:a",
        "pcm_f32le",
        "-ac",
        str(info.channels),
        "-ar",
        str(info.sample_rate),
        "-",
    ]
    samples = np.frombuffer(_run("ffmpeg", path, arguments), dtype="<f4")
    return samples.reshape(-1, info.channels), info.sample_rate
