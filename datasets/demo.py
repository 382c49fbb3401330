"""demo: synthetic speech, music and birdsong, so that everything runs on a fresh machine without a download.

Three classes of eight recordings each, five clips of two seconds a recording: 120 clips at 16 kHz, made from
numbers by _synthesis.py. A recording has a voice, an ensemble or a bird of its own, and its own noise, room and
microphone; it is the clips' group. Some are made hard on purpose: speech over music, music with singing, birds
that whistle tunes, and strong noise.

The clips are made when first asked for (some seconds) and kept as 16-bit WAV. The numbers are the same on every
machine up to the last bit of its sine and Fourier transform, which rounding to 16 bits hides nearly always.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audioclf.plugin import Clip, Dataset, DatasetError, DatasetLoader, cache_folder

if TYPE_CHECKING:
    from ._synthesis import Audio, Generator

RECIPE = 1
"""Part of the folder's name: raise it with every change that changes a sample."""

CLIPS_PER_RECORDING = 5
DURATION = 2.0
CONTENTS = "contents.json"


@dataclass(frozen=True)
class Place:
    """Where and how something was recorded.

    Attributes
    ----------
    noise : str
        ``white``, ``pink``, ``wind``, ``hum``, ``crackle`` or ``babble``.
    ratio : float
        Signal to noise, in dB.
    decay : float
        Reverberation time in seconds.
    low, high : float
        Band of the microphone, in Hz.
    """

    noise: str
    ratio: float
    decay: float
    low: float = 60.0
    high: float = 7800.0


@dataclass(frozen=True)
class Voice:
    """A speaker: see `syllables`; *music* is how many dB the music behind is weaker, None for none."""

    pitch: float
    tract: float
    rate: float
    breath: float
    place: Place
    music: float | None = None


@dataclass(frozen=True)
class Ensemble:
    """A band: *instrument* is ``plucked``, ``sustained`` or ``both``; *voice* and *drums* in dB below it."""

    tonic: float
    minor: bool
    tempo: float
    instrument: str
    brightness: float
    place: Place
    voice: float | None = None
    drums: float | None = None


@dataclass(frozen=True)
class Bird:
    """A bird: see `song`; *people* is how many dB the speech behind is weaker, None for none."""

    centre: float
    width: float
    kinds: str
    overtone: float
    tempo: float
    place: Place
    people: float | None = None


RECORDINGS: dict[str, list[Voice | Ensemble | Bird]] = {
    "speech": [
        Voice(110, 1.00, 4.6, 0.02, Place("pink", 30, 0.3)),
        Voice(205, 1.16, 5.2, 0.05, Place("white", 24, 0.2)),
        Voice(92, 0.94, 3.8, 0.03, Place("hum", 18, 0.7)),
        Voice(235, 1.22, 4.2, 0.04, Place("babble", 15, 0.4), music=15),
        Voice(140, 1.05, 5.6, 0.02, Place("pink", 22, 0.2, 200, 4500)),
        Voice(180, 1.10, 4.0, 0.15, Place("crackle", 18, 0.4)),
        Voice(125, 0.97, 4.8, 0.04, Place("pink", 28, 0.5), music=7),
        Voice(260, 1.26, 3.6, 0.06, Place("wind", 12, 0.15)),
    ],
    "music": [
        Ensemble(110.0, False, 100, "plucked", 0.55, Place("pink", 32, 0.4)),
        Ensemble(146.8, True, 76, "sustained", 0.6, Place("white", 26, 1.0)),
        Ensemble(98.0, False, 128, "both", 0.5, Place("pink", 30, 0.5), drums=8),
        Ensemble(130.8, True, 92, "plucked", 0.6, Place("crackle", 20, 0.3, 100, 6500), voice=6),
        Ensemble(174.6, False, 110, "sustained", 0.65, Place("hum", 22, 0.7), voice=0),
        Ensemble(220.0, True, 140, "plucked", 0.65, Place("babble", 14, 0.5)),
        Ensemble(261.6, False, 84, "sustained", 0.45, Place("pink", 20, 0.8)),
        Ensemble(123.5, True, 116, "both", 0.5, Place("wind", 20, 0.3), voice=8, drums=10),
    ],
    "birds": [
        Bird(4200, 2400, "ct", 0.1, 5, Place("pink", 24, 0.3)),
        Bird(3100, 1200, "wc", 0.2, 3, Place("wind", 16, 0.5)),
        Bird(5200, 1800, "tb", 0.0, 4, Place("white", 14, 0.2)),
        Bird(2500, 1200, "wc", 0.3, 3, Place("pink", 20, 0.8)),
        Bird(3600, 2800, "cb", 0.15, 7, Place("crackle", 13, 0.3)),
        Bird(3300, 1500, "ctw", 0.1, 4, Place("babble", 12, 0.4), people=14),
        Bird(1900, 800, "w", 0.4, 2, Place("wind", 14, 0.6)),
        Bird(4700, 2000, "tc", 0.05, 6, Place("wind", 4, 0.3)),
    ],
}


class Demo(DatasetLoader):
    """120 synthetic clips of speech, music and birds in 24 recordings; made here, not downloaded."""

    name = "demo"
    title = "Synthetic speech, music and birdsong, made on this machine: 120 clips in 24 recordings"
    licence = "CC0 1.0"
    citation = ""
    size = "8 MB, made on this machine in a few seconds"

    def default_root(self) -> Path:
        """The folder of this recipe's clips in the cache."""
        return cache_folder() / "datasets" / f"demo-{RECIPE}"

    def labels(self) -> list[str]:
        """The class names."""
        return sorted(RECORDINGS)

    def load(self, root: Path | None = None) -> Dataset:
        """Return the clips, made first if they aren't there or are damaged.

        Raises
        ------
        DatasetError
            If they can't be written, or *root* holds something else.
        """
        folder = self.fetch(root)
        clips = []
        for label, recordings in sorted(RECORDINGS.items()):
            for number in range(len(recordings)):
                group = f"{label}{number + 1}"
                for take in range(CLIPS_PER_RECORDING):
                    name = _file(label, number, take)
                    clips.append(Clip(folder / name, label, group=group, name=name))
        notes = [
            "The demo's recordings are synthetic: speech-like, music-like and bird-like sounds made by a program. "
            "Scores on them say nothing about real recordings."
        ]
        return Dataset(self.name, clips, source=self.name, notes=notes, licence=self.licence)

    def fetch(self, root: Path | None = None) -> Path:
        """Make the clips, unless they are there whole, and return their folder.

        Raises
        ------
        DatasetError
            If they can't be written, or *root* holds something else.
        """
        from audioclf.dataset.download import settle, staging_beside

        folder = self.default_root() if root is None else Path(root)
        if _whole(folder):
            return folder
        ours = (folder / CONTENTS).is_file() or root is None
        if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
            raise DatasetError(f"{folder}: something else is there; name an empty or new folder with --root")
        print("making the demo's synthetic clips (once, some seconds) ...", file=sys.stderr, flush=True)
        with staging_beside(folder) as staging:
            content = staging / "content"
            _make(content)
            try:
                if folder.exists() and not _whole(folder):
                    _take_away(folder, staging)
                settle(content, folder)
            except DatasetError:
                if not _whole(folder):  # else another process made them meanwhile
                    raise
        return folder


def _file(label: str, recording: int, take: int) -> str:
    return f"{label}/{label}{recording + 1}-{take + 1}.wav"


def _files() -> set[str]:
    return {
        _file(label, number, take)
        for label, recordings in RECORDINGS.items()
        for number in range(len(recordings))
        for take in range(CLIPS_PER_RECORDING)
    }


def _whole(folder: Path) -> bool:
    """Whether every clip is there with the content that was written."""
    try:
        contents = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        if contents["recipe"] != RECIPE or set(contents["files"]) != _files():
            return False
        return all(_digest((folder / name).read_bytes()) == digest for name, digest in contents["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _take_away(folder: Path, staging: Path) -> None:
    """Move a damaged copy out of the way, to be deleted with the staging folder."""
    try:
        os.replace(folder, Path(tempfile.mkdtemp(dir=staging)) / "damaged")
    except OSError as error:
        if folder.exists():
            raise DatasetError(f"{folder} is damaged and can't be replaced: {error.strerror}; delete it") from error


def _make(folder: Path) -> None:
    """Write all clips and, last, the list of their digests."""
    import numpy as np

    from ._synthesis import SAMPLE_RATE

    files = {}
    for class_number, (label, recordings) in enumerate(sorted(RECORDINGS.items())):
        (folder / label).mkdir(parents=True)
        for number, recording in enumerate(recordings):
            for take, audio in enumerate(_takes(recording, class_number, number)):
                name = _file(label, number, take)
                with wave.open(str(folder / name), "wb") as file:
                    file.setnchannels(1)
                    file.setsampwidth(2)
                    file.setframerate(SAMPLE_RATE)
                    file.writeframes(np.round(audio * 32767).astype("<i2").tobytes())
                files[name] = _digest((folder / name).read_bytes())
    (folder / CONTENTS).write_text(json.dumps({"recipe": RECIPE, "files": files}, indent=0), encoding="utf-8")


def _takes(recording: Voice | Ensemble | Bird, class_number: int, number: int) -> list[Audio]:
    """Return a recording's clips, full scale 1, peaks under 0.99."""
    import numpy as np

    from . import _synthesis as synthesis

    n = synthesis.seconds(DURATION)
    place = recording.place
    own = np.random.default_rng([RECIPE, class_number, number])
    response = synthesis.room(place.decay, own)
    loudness = own.uniform(-32, -14)
    clips = []
    for take in range(CLIPS_PER_RECORDING):
        rng = np.random.default_rng([RECIPE, class_number, number, take])
        wet = synthesis.in_room(_dry(recording, n, rng), response)
        audio = synthesis.mix(wet, _noise(place.noise, n, rng), place.ratio + rng.uniform(-2, 2))
        audio = synthesis.filtered(audio, synthesis.band(place.low, place.high))
        audio *= 10 ** ((loudness + rng.uniform(-3, 3)) / 20) / synthesis.rms(audio)
        clips.append(audio * min(1.0, 0.99 / np.max(np.abs(audio))))
    return clips


def _dry(recording: Voice | Ensemble | Bird, n: int, rng: Generator) -> Audio:
    if isinstance(recording, Voice):
        return _voice(recording, n, rng)
    if isinstance(recording, Ensemble):
        return _ensemble(recording, n, rng)
    return _bird(recording, n, rng)


def _noise(kind: str, n: int, rng: Generator) -> Audio:
    from . import _synthesis as synthesis

    if kind == "wind":
        return synthesis.gusts(n, rng)
    if kind == "hum":
        return synthesis.hum(n, 50.0, rng)
    if kind == "crackle":
        return synthesis.crackle(n, rng)
    if kind == "babble":
        talkers = [(105, 0.98, 4.5), (190, 1.12, 5.0), (225, 1.18, 4.1), (130, 1.03, 5.4)]
        voices = [synthesis.syllables(n, *talker, 0.05, rng) for talker in talkers]
        return synthesis.mix(voices[0] + voices[1] + voices[2] + voices[3], synthesis.noise(n, 1.0, rng), 3.0)
    return synthesis.noise(n, {"white": 0.0, "pink": 1.0}[kind], rng)


def _voice(speaker: Voice, n: int, rng: Generator) -> Audio:
    from . import _synthesis as synthesis

    speech = synthesis.syllables(n, speaker.pitch, speaker.tract, speaker.rate, speaker.breath, rng)
    if speaker.music is None:
        return speech
    behind = Ensemble(146.8, False, 104, "both", 0.55, speaker.place, drums=6)
    return synthesis.mix(speech, _ensemble(behind, n, rng), speaker.music)


def _ensemble(band: Ensemble, n: int, rng: Generator) -> Audio:
    """Return chords and a line over them: a bar of four beats has one chord of the key."""
    import numpy as np

    from . import _synthesis as synthesis

    out = np.zeros(n)
    scale = np.array([0, 2, 3, 5, 7, 8, 10] if band.minor else [0, 2, 4, 5, 7, 9, 11])
    beat = 60 / band.tempo
    start = -rng.uniform(0, 4) * beat  # the clip begins anywhere in a bar
    line: list[tuple[float, float, float]] = []
    root = 0
    for count in range(int((DURATION - start) / beat) + 1):
        onset = start + count * beat
        if count % 4 == 0:
            root = int(rng.choice([0, 3, 4, 5]))
        strum = band.instrument != "sustained" or count % 2 == 0
        if onset >= 0 and strum:
            for step in (0, 2, 4):
                pitch = band.tonic * 2 ** (_semitones(scale, root + step) / 12)
                _add(out, _note(band, pitch, beat * 2, rng), onset + 0.012 * step)
        for half in range(int(rng.integers(1, 3))):
            degree = root + int(rng.choice([7, 9, 11, 8]))
            pitch = band.tonic * 2 ** (_semitones(scale, degree) / 12)
            line.append((onset + half * beat / 2, beat * 0.9 / (half + 1), pitch))
    line = [note for note in line if note[0] >= 0]
    if band.voice is None:
        for onset, length, pitch in line:
            _add(out, 0.8 * _note(band, pitch, length, rng), onset)
    else:
        out = synthesis.mix(out, synthesis.sung(n, line, 1.1, rng), band.voice)
    if band.drums is not None:
        out = synthesis.mix(out, synthesis.beat(n, beat, rng), band.drums)
    return out


def _semitones(scale: Audio, degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return float(12 * octave + scale[step])


def _note(band: Ensemble, pitch: float, length: float, rng: Generator) -> Audio:
    from . import _synthesis as synthesis

    pluck = band.instrument == "plucked" or (band.instrument == "both" and rng.random() < 0.6)
    if pluck:
        return synthesis.plucked(synthesis.seconds(max(length, 0.4)), pitch, 0.8, band.brightness)
    return 0.5 * synthesis.sustained(synthesis.seconds(length), pitch, band.brightness, 0.006)


def _add(out: Audio, sound: Audio, onset: float) -> None:
    from . import _synthesis as synthesis

    first = synthesis.seconds(onset)
    part = sound[: max(len(out) - first, 0)]
    out[first : first + len(part)] += part


def _bird(bird: Bird, n: int, rng: Generator) -> Audio:
    from . import _synthesis as synthesis

    sung = synthesis.song(n, bird.centre, bird.width, bird.kinds, bird.overtone, bird.tempo, rng)
    if bird.people is None:
        return sung
    return synthesis.mix(sung, synthesis.syllables(n, 150, 1.05, 4.5, 0.05, rng), bird.people)
