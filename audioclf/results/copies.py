"""Augmented copies of a recording, to listen to and to look at."""

from __future__ import annotations

from pathlib import Path

from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.audio.signal import Signal
from audioclf.augmentation.copies import Augmentation
from audioclf.files import write_whole
from audioclf.results.pictures import Portrait
from audioclf.results.portrait import portrait
from audioclf.spectra.analysis import Analysis
from audioclf.store.recipe import clip_key


def write_examples(
    recording: Path, augmentation: Augmentation, analysis: Analysis, folder: Path
) -> list[tuple[Path, Portrait]]:
    """Write a recording and its copies as WAV files: just what features are computed from.

    Parameters
    ----------
    recording : Path
    augmentation : Augmentation
        As many copies as its factor says. They are those of a run with the same effects, seed and analysis rate that
        takes the recording as one clip.
    analysis : Analysis
        Its rate is the files'; the rest says how the pictures are made.
    folder : Path
        Where ``original.wav``, ``copy-1.wav``, ``copy-2.wav`` ... go.

    Returns
    -------
    list of (Path, Portrait)
        The files and their pictures, the original first; the portraits' names say what was drawn for the copies.

    Raises
    ------
    AudioclfError
        If the recording can't be read, the folder can't be written to, or Audiomentations isn't installed.
    """
    original = decode.read(recording, analysis.sample_rate)
    key = clip_key(content_hash(recording), None, None)
    written = [_example(original, analysis, "original", folder / "original.wav")]
    for number in range(1, augmentation.factor + 1):
        copy = Signal(augmentation.copy(original.samples, original.sample_rate, key, number), original.sample_rate)
        title = f"copy {number}: {augmentation.describe(key, number)}"
        written.append(_example(copy, analysis, title, folder / f"copy-{number}.wav"))
    return written


def folder_for(recording: Path, parent: Path, taken: set[Path]) -> Path:
    """Name a folder for a recording's copies after its file; a number follows where *taken* has one of that name.

    The folder is added to *taken*.

    >>> taken = set()
    >>> [folder_for(Path(name), Path("out"), taken).name for name in ("a/owl.wav", "b/Owl.wav")]
    ['owl-copies', 'Owl-copies-2']
    """
    lower = {folder.name.lower() for folder in taken}
    name, number = f"{recording.stem[:60]}-copies", 1
    while (folder := parent / (name if number == 1 else f"{name}-{number}")).name.lower() in lower:
        number += 1
    taken.add(folder)
    return folder


def _example(signal: Signal, analysis: Analysis, title: str, path: Path) -> tuple[Path, Portrait]:
    import soundfile

    over = abs(signal.samples).max() > 1  # an original may be, in floating point; 16 bits would clip it
    with write_whole(path) as aside:
        soundfile.write(aside, signal.samples, signal.sample_rate, "FLOAT" if over else "PCM_16")
    return path, portrait(signal, analysis, name=title)
