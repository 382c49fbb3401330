"""Decoding by the ffmpeg program of what libsndfile can't read: M4A, AAC, MP4, 3GP ..."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import structs
from audioclf.audio.recordings import AudioInfo, not_audio
from audioclf.errors import AudioError
from audioclf.structs import Count, Struct

_BLOCK = 2**18  # frames read at a time


class _Stream(Struct, frozen=True):
    sample_rate: str = "0"
    channels: Count = 0
    duration: str = ""


class _Format(Struct, frozen=True):
    duration: str = ""


class _Header(Struct, frozen=True):
    """What ffprobe says in JSON of one sound track and of the file that it is in."""

    streams: list[_Stream] = []
    format: _Format = _Format()


def probe(path: Path) -> AudioInfo:
    """Return what the header of *path* says of its first sound track.

    Raises
    ------
    AudioError
        If it holds none, isn't audio that can be read, or ffmpeg isn't installed.
    """
    arguments = ["-v", "error", "-select_streams", "a:0", "-of", "json"]
    arguments += [
        "-show_entries",
        "stream=sample_rate,channels,duration:format=duration",
        str(path.resolve()),
    ]
    try:
        header = structs.decode(_run("ffprobe", path, arguments), _Header)
        stream = next(iter(header.streams), None)
        duration = float((stream and stream.duration) or header.format.duration or 0.0)
        sample_rate = int(stream.sample_rate) if stream else 0
    except ValueError as error:  # also `structs.DamagedError`
        raise not_audio(path, error) from error
    if stream is None:
        raise AudioError(f"{path}: holds no sound track; leave it out")
    if not (sample_rate and stream.channels):
        raise not_audio(path, AudioError("its sound track is of an unknown kind"))
    return AudioInfo(sample_rate, stream.channels, duration)


@contextlib.contextmanager
def blocks(path: Path) -> Iterator[tuple[Iterator[NDArray[np.float32]], int]]:
    """Give the samples of *path* in blocks (n_samples, n_channels), float32, and their rate in Hz; a context manager.

    Raises
    ------
    AudioError
        As `probe`; also while blocks are taken, if the file breaks off.
    """
    info = probe(path)
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


def _run(program: str, path: Path, arguments: list[str]) -> bytes:
    command = [_program(program, path), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise _failed(program, path, done.stderr)
    return done.stdout


def _program(name: str, path: Path) -> str:
    program = shutil.which(name)
    if program is None:
        raise AudioError(
            f"{path}: {path.suffix} files are decoded by the ffmpeg program, which isn't installed; "
            "install ffmpeg, or convert the file to WAV or FLAC"
        )
    return program


def _failed(program: str, path: Path, complaints: bytes) -> AudioError:
    lines = complaints.decode(errors="replace").strip().splitlines()
    return not_audio(path, AudioError(lines[-1].split(": ")[-1] if lines else f"{program} failed"))
