"""Short stretches of the clips worth listening to, small enough for results.json: sound and spectrogram."""

from __future__ import annotations

import base64
import io
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from audioclf import parallel
from audioclf.audio import decode
from audioclf.audio.resample import resample
from audioclf.audio.signal import Signal
from audioclf.audit.finding import Finding
from audioclf.dataset.clips import Clip
from audioclf.results import portrait
from audioclf.results.pictures import Excerpt
from audioclf.results.schema import Prediction
from audioclf.spectra.analysis import Analysis

MOST = 24
SECONDS = 5.0
BUDGET = 2_500_000
"""Characters of base64, sounds and pictures, that all excerpts of a record take together at most."""

SEARCHED = 120.0
"""Seconds of a clip in which its loudest stretch is looked for: its beginning."""

_SHORTEST = 1.0  # second, to which stretches are cut to stay within the budget
_STEP = 0.05  # seconds between the beginnings of stretches that are compared
_PEAK = 0.9  # of full scale: a lossy encoder adds to the peaks
_RATES = (16000, 22050)  # Hz; all decoders know them, which isn't so of the lowest that MP3 has
_PICTURE = (64, 200)
_UNHEARD = ("shortcuts",)  # topics about whole classes: single clips don't tell
_FORMATS = (
    ("MP3", "MPEG_LAYER_III", "audio/mpeg"),
    ("OGG", "VORBIS", "audio/ogg"),
    ("WAV", "PCM_16", "audio/wav"),
)


def clips_worth_hearing(
    predictions: Sequence[Prediction], findings: Sequence[Finding] = (), most: int = MOST
) -> list[str]:
    """Return the names of the clips worth listening to: the audit's suspects and the surest mistakes, in turn.

    Suspects are taken from the findings one after the other and around again, so that one long finding doesn't push
    the others out; clips that belong together (two of the same sound) follow each other. A mistake's weight is
    the probability of the class predicted less that of the label, averaged over repeats; without probabilities it is
    the share of repeats in which it was made.

    Parameters
    ----------
    predictions : sequence of Prediction
        An experiment's.
    findings : sequence of Finding
        The audit's. Those about shortcuts are left aside, for they tell of classes, not of clips.
    most : int
        Names at most.

    Examples
    --------
    >>> wrong = Prediction(path="c.wav", label="cat", predicted="dog")
    >>> suspects = Finding("quality", "silent", "note", "Two clips are silent.", clips=[["a.wav"], ["b.wav"]])
    >>> clips_worth_hearing([wrong], [suspects])
    ['a.wav', 'c.wav', 'b.wav']
    """
    wrong = [(name,) for name in _mistakes(predictions)]
    chosen: dict[str, None] = {}
    for pair in zip_longest(_suspects(findings), wrong, fillvalue=()):
        for names in pair:
            chosen.update(dict.fromkeys(names))
    return list(chosen)[:most]


def _suspects(findings: Sequence[Finding]) -> Iterator[tuple[str, ...]]:
    """Clips that belong together, the first of each finding, then the second of each ..., none twice."""
    lists = [finding.clips for finding in findings if finding.topic not in _UNHEARD]
    seen: set[str] = set()
    for row in zip_longest(*lists, fillvalue=()):
        for together in row:
            new = tuple(name for name in dict.fromkeys(together) if name not in seen)
            seen.update(new)
            if new:
                yield new


def _mistakes(predictions: Sequence[Prediction]) -> list[str]:
    """Names of the clips predicted wrongly, the surest mistake first."""
    weights: dict[str, list[float]] = defaultdict(list)
    for row in predictions:
        weight = 0.0
        if row.predicted != row.label:
            known = row.probabilities or {row.predicted: 1.0}
            weight = max(known.get(row.predicted, 0.0) - known.get(row.label, 0.0), 1e-9)
        weights[row.path].append(weight)
    sure = {name: sum(each) / len(each) for name, each in weights.items() if any(each)}
    return sorted(sure, key=lambda name: -round(sure[name], 9))


def make_excerpts(clips: Sequence[Clip], most: int = MOST, seconds: float = SECONDS, workers: int = 1) -> list[Excerpt]:
    """Return an excerpt of each clip, in their order, that a report can play and show by itself.

    A clip of up to *seconds* is given whole. Of a longer one it is the stretch with the most energy, the first of
    them, in its first two minutes. The sound is mono at 16,000 or 22,050 Hz. It is turned down where it peaks
    above 0.9 of full scale, never up: a quiet clip stays quiet. It is an MP3, which every browser plays, or OGG Vorbis
    or 16-bit WAV (at 16,000 Hz) where libsndfile can't write that. MP3 and WAV of the same sound are the same bytes;
    libsndfile gives each OGG file a random number.

    Together they take at most `BUDGET`: stretches get shorter to keep to it, down to a second, then the last clips are
    left out. So is a clip that can't be read.

    Parameters
    ----------
    clips : sequence of Clip
    most : int
        The first so many clips are taken.
    seconds : float
        At most 30.
    workers : int
        Threads.

    Returns
    -------
    list of Excerpt
        Its spectrogram is a picture of at most 64 x 200 of what was heard before encoding.
    """
    seconds = min(seconds, portrait.LONGEST)
    found = parallel.in_threads(_stretch, [(clip, seconds) for clip in list(clips)[:most]], workers)
    stretches = [stretch for stretch in found if stretch is not None]
    while True:
        made = parallel.in_threads(_excerpt, [(stretch, seconds) for stretch in stretches], workers)
        excerpts = [excerpt for excerpt in made if excerpt is not None]
        size = sum(map(_size, excerpts))
        if size <= BUDGET or seconds <= _SHORTEST:
            break
        seconds = max(_SHORTEST, 0.95 * seconds * BUDGET / size)
    while size > BUDGET:
        size -= _size(excerpts.pop())
    return excerpts


def _size(excerpt: Excerpt) -> int:
    return len(excerpt.audio) + len(excerpt.spectrogram.data)


@dataclass(frozen=True)
class _Stretch:
    """What is to be heard of a clip, at one of `_RATES`; *start* and *duration* in seconds of the clip."""

    name: str
    signal: Signal
    native_rate: int
    start: float
    duration: float


def _stretch(clip: Clip, seconds: float) -> _Stretch | None:
    begin = clip.start or 0.0
    try:
        info = decode.probe(clip.path)
        end = info.duration if clip.end is None else min(clip.end, info.duration)
        signal = decode.read(clip.path, None, begin, min(end, begin + SEARCHED))
        first = _loudest(signal, seconds)
        samples = signal.samples[first : first + math.ceil(seconds * signal.sample_rate)]
        rate = next((rate for rate in _RATES if rate >= signal.sample_rate), _RATES[-1])
        heard = resample(Signal(samples, signal.sample_rate), rate)
        peak = float(np.abs(heard.samples).max())
        if peak > _PEAK:
            heard = Signal(heard.samples * np.float32(_PEAK / peak), rate)
        return _Stretch(clip.name, heard, signal.sample_rate, first / signal.sample_rate, end - begin)
    except Exception:  # results must not be lost over a sound that goes with them
        return None


def _loudest(signal: Signal, seconds: float) -> int:
    """The sample at which the first stretch with the most energy begins."""
    length = math.ceil(seconds * signal.sample_rate)
    if len(signal.samples) <= length:
        return 0
    energy = np.concatenate([[0.0], np.cumsum(np.square(signal.samples, dtype=np.float64))])
    starts = np.arange(0, len(signal.samples) - length + 1, max(1, round(_STEP * signal.sample_rate)))
    return int(starts[np.argmax(energy[starts + length] - energy[starts])])


def _excerpt(stretch: _Stretch, seconds: float) -> Excerpt | None:
    rate = stretch.signal.sample_rate
    signal = Signal(stretch.signal.samples[: math.ceil(seconds * rate)], rate)
    try:
        data, media_type = encode_sound(signal)
        picture = portrait.spectrogram(signal, Analysis(min(stretch.native_rate, rate)), *_PICTURE)
    except Exception:  # as above
        return None
    shown = round(signal.duration, 3)
    return Excerpt(
        path=stretch.name,
        start=round(stretch.start, 3),
        seconds=shown,
        shown=shown,
        duration=round(stretch.duration, 3),
        media_type=media_type,
        audio=base64.b64encode(data).decode("ascii"),
        spectrogram=picture,
    )


def encode_sound(signal: Signal) -> tuple[bytes, str]:
    """Return a sound file's bytes and its media type: MP3, else OGG Vorbis, else WAV at 16,000 Hz at most.

    >>> encode_sound(Signal(np.zeros(16000, np.float32), 16000))[1] in ("audio/mpeg", "audio/ogg", "audio/wav")
    True
    """
    import soundfile

    for kind, subtype, media_type in _FORMATS:
        if kind not in soundfile.available_formats() or subtype not in soundfile.available_subtypes(kind):
            continue
        wanted = resample(signal, _RATES[0]) if kind == "WAV" else signal
        try:
            return _written(wanted, kind, subtype), media_type
        except soundfile.LibsndfileError:
            if kind == "WAV":
                raise
    raise AssertionError("libsndfile writes WAV")


def _written(signal: Signal, kind: str, subtype: str) -> bytes:
    import soundfile

    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", signal.sample_rate, 1, subtype, format=kind) as out:
        for i in range(0, len(signal.samples), signal.sample_rate):  # libsndfile's Vorbis can't take much at a time
            out.write(signal.samples[i : i + signal.sample_rate])
    return file.getvalue()
