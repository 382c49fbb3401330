"""Recordings, files of sound: which they are, what a header says, a hash of the content, why one can't be used."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audioclf.errors import AudioError

SOUNDFILE_SUFFIXES = frozenset(
    {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".caf", ".w64"}
)
FFMPEG_SUFFIXES = frozenset({".m4a", ".aac", ".mp4", ".3gp", ".3gpp", ".amr", ".wma", ".webm", ".mov"})
AUDIO_SUFFIXES = SOUNDFILE_SUFFIXES | FFMPEG_SUFFIXES


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: native rate in Hz, number of channels, length in seconds."""

    sample_rate: int
    channels: int
    duration: float


def recordings_in(folder: Path) -> list[Path]:
    """Return the files in *folder*, at any depth, that are audio by their suffix, sorted.

    Names that begin with a dot are passed over, and so is what lies in a folder of such a name.
    """
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in AUDIO_SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def find_recordings(paths: Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the files among *paths*, whatever their suffix, and the recordings in the folders among them, in order."""
    recordings: list[Path] = []
    for path in map(Path, paths):
        recordings += recordings_in(path) if path.is_dir() else [path]
    return recordings


def content_hash(path: str | os.PathLike[str]) -> str:
    """Return a 128-bit hash of a file's bytes, as hexadecimal text.

    Raises
    ------
    AudioError
        If the file is missing, empty or can't be read.
    """
    path = existing(path)
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise unreadable(path, error) from error
    return digest.hexdigest()


def existing(path: str | os.PathLike[str]) -> Path:
    """Return *path* if it is a file that holds something.

    Raises
    ------
    AudioError
        If it is missing, empty, a folder, or no regular file.
    """
    path = Path(path)
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(f"{path}: no such file") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise unreadable(path, error) from error
    if stat.S_ISDIR(facts.st_mode):
        raise AudioError(f"{path}: a folder, not a recording")
    if not stat.S_ISREG(facts.st_mode):  # opening a pipe would wait for ever
        raise AudioError(f"{path}: not a regular file; save the recording to one")
    if facts.st_size == 0:
        raise AudioError(f"{path}: the file is empty (0 bytes); record or copy it again, or leave it out")
    return path


def unreadable(path: Path, error: Exception) -> AudioError:
    """Return the error of a file that the system doesn't let be read."""
    return AudioError(f"{path}: can't be read: {getattr(error, 'strerror', None) or error}")


def not_audio(path: Path, error: Exception) -> AudioError:
    """Return the error of a file that a decoder can't make sense of, with the decoder's reason."""
    try:
        with open(path, "rb"):
            pass
    except OSError as closed:
        return unreadable(path, closed)
    reason = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return AudioError(f"{path}: not audio that can be read ({reason}); convert it to WAV or FLAC, or leave it out")
