"""Clips that a report lets one hear and see, and those that were most often confused."""

from __future__ import annotations

import base64
import io
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audioclf.reports.words import tags as _tags
from audioclf.results.names import is_baseline
from audioclf.results.portrait import unpack_picture
from audioclf.results.results import Results

_SHADES = 64


@dataclass
class Excerpt:
    """What a page needs to show one clip.

    Attributes
    ----------
    path : str
        The clip's name.
    name : str
        The excerpt's name within the page.
    sound : str
        A data URI; empty where there's no room for it.
    picture : str
        The spectrogram as a data URI.
    note : str
        What part of the clip it is, and the spectrogram's range.
    """

    path: str
    name: str
    sound: str
    picture: str
    note: str


@dataclass
class Shelf:
    """The excerpts of a record, each sound handed out once: a page that shows a clip twice embeds it once."""

    excerpts: dict[str, Excerpt]
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, record: dict[str, Any], room: int) -> Shelf:
        """Return the record's excerpts, with at most *room* characters of sound; what comes after is only seen."""
        found = {}
        for number, excerpt in enumerate(record.get("excerpts") or []):
            size = len(excerpt["audio"])
            fits = size <= room
            room -= size if fits else 0
            found[excerpt["path"]] = Excerpt(
                path=excerpt["path"],
                name=f"sound-{number}",
                sound=f"data:{excerpt['media_type']};base64,{excerpt['audio']}" if fits else "",
                picture=f"data:image/png;base64,{base64.b64encode(spectrogram_png(excerpt['spectrogram'])).decode()}",
                note=_note(excerpt),
            )
        return cls(found)

    def has(self, path: str) -> bool:
        """Say whether a clip can be shown."""
        return path in self.excerpts

    def left(self) -> list[Excerpt]:
        """Return the excerpts that weren't asked for yet."""
        return [excerpt for path, excerpt in self.excerpts.items() if path not in self.taken]

    def first(self, path: str) -> bool:
        """Say whether this is the first time that a clip's sound is asked for."""
        new = path not in self.taken
        self.taken.add(path)
        return new


def spectrogram_png(picture: dict[str, Any]) -> bytes:
    """Colour a record's spectrogram: a PNG with a palette, low frequencies at the bottom."""
    from matplotlib import colormaps
    from PIL import Image

    scale = max(picture["high"] - picture["low"], 1e-9)
    shares = (unpack_picture(picture) - picture["low"]) / scale
    image = Image.fromarray(np.ascontiguousarray((shares[::-1] * (_SHADES - 1)).round().astype(np.uint8)))
    colours = colormaps["viridis"](np.linspace(0, 1, _SHADES))[:, :3]
    image.putpalette((colours * 255).round().astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _note(excerpt: dict[str, Any]) -> str:
    shown, whole = excerpt["shown"], excerpt["duration"]
    part = f"{shown:.1f} s" if whole is None or whole <= shown + 0.05 else f"{shown:.1f} of {whole:.1f} s"
    top = excerpt["spectrogram"]["max_hz"]
    return part if top is None else f"{part}, 0 to {top / 1000:.3g} kHz"


@dataclass(frozen=True)
class Confused:
    """A clip that the best experiment got wrong.

    Attributes
    ----------
    path, label, predicted : str
        Its name, its class, and what it was most often taken for.
    wrong, answers : int
        How many of the best experiment's answers (one a repeat) were wrong, of how many.
    probability, of_label : float or None
        Means over those wrong answers: what the predicted class was given, and what the true one.
    others, experiments : int
        How many of the finished experiments got it wrong at least once, of how many; the floor doesn't count.
    marks : tuple of Mark
        Where clips have several labels: each label of the clip and of that answer, right, missed or too many.
    """

    path: str
    label: str
    predicted: str
    wrong: int
    answers: int
    probability: float | None
    of_label: float | None
    others: int
    experiments: int
    marks: tuple[_tags.Mark, ...] = ()

    @property
    def wrongly(self) -> str:
        """How often it was got wrong, in words; empty where it was asked once only."""
        said = []
        if self.answers > 1:
            said.append(f"{self.wrong} of {self.answers} repeats")
        if self.experiments > 1:
            said.append(f"{self.others} of {self.experiments} experiments")
        return ", ".join(said)


def most_confused(results: Results, most: int | None = None) -> list[Confused]:
    """Return the clips that the best experiment got wrong: those first that most repeats and experiments did."""
    best = results.best
    if best is None:
        return []
    heard = [e for e in results.ranking() if not is_baseline(e)] or [best]
    missed = Counter(
        path for e in heard for path in {p["path"] for p in e["predictions"] if p["predicted"] != p["label"]}
    )
    answers = Counter(p["path"] for p in best["predictions"])
    wrong: dict[str, list[dict[str, Any]]] = {}
    for p in best["predictions"]:
        if p["predicted"] != p["label"]:
            wrong.setdefault(p["path"], []).append(p)
    found = []
    for path, misses in wrong.items():
        predicted = Counter(p["predicted"] for p in misses).most_common(1)[0][0]
        said = [p for p in misses if p["predicted"] == predicted and p["probabilities"]]
        label = misses[0]["label"]
        marks: tuple[_tags.Mark, ...] = ()
        if results.multilabel:
            means = {name: _mean([p["probabilities"].get(name) for p in said]) for name in results.labels}
            marks = tuple(_tags.marks(label, predicted, means))
        found.append(
            Confused(
                path=path,
                label=label,
                predicted=predicted,
                wrong=len(misses),
                answers=answers[path],
                probability=_mean([p["probabilities"].get(predicted) for p in said]),
                of_label=_mean([p["probabilities"].get(label) for p in said]),
                others=missed[path],
                experiments=len(heard),
                marks=marks,
            )
        )
    found.sort(key=lambda c: (-c.wrong / c.answers, -c.others, -_tags.wrong(c.marks), -(c.probability or 0.0), c.path))
    return found[:most]


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
