"""Clips on a page, to listen to and to look at."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from audioclf.results.pictures import Excerpt, Picture
from audioclf.results.portrait import unpack_picture

_SHADES = 64


@dataclass(frozen=True)
class Shown:
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
    """The clips of a page, each sound handed out once: a page that shows a clip twice embeds it once."""

    excerpts: dict[str, Shown]
    taken: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, excerpts: Sequence[Excerpt], room: int) -> Shelf:
        """Return excerpts of clips, with at most *room* characters of sound; what comes after is only seen."""
        found = {}
        for number, excerpt in enumerate(excerpts):
            size = len(excerpt.audio)
            fits = size <= room
            room -= size if fits else 0
            found[excerpt.path] = Shown(
                path=excerpt.path,
                name=f"sound-{number}",
                sound=f"data:{excerpt.media_type};base64,{excerpt.audio}" if fits else "",
                picture=f"data:image/png;base64,{base64.b64encode(spectrogram_png(excerpt.spectrogram)).decode()}",
                note=_note(excerpt),
            )
        return cls(found)

    def has(self, path: str) -> bool:
        """Say whether a clip can be shown."""
        return path in self.excerpts

    def left(self) -> list[Shown]:
        """Return the excerpts that weren't asked for yet."""
        return [excerpt for path, excerpt in self.excerpts.items() if path not in self.taken]

    def first(self, path: str) -> bool:
        """Say whether this is the first time that a clip's sound is asked for."""
        new = path not in self.taken
        self.taken.add(path)
        return new


def spectrogram_png(picture: Picture) -> bytes:
    """Colour a record's spectrogram: a PNG with a palette, low frequencies at the bottom."""
    from matplotlib import colormaps
    from PIL import Image

    scale = max(picture.high - picture.low, 1e-9)
    shares = (unpack_picture(picture) - picture.low) / scale
    image = Image.fromarray(np.ascontiguousarray((shares[::-1] * (_SHADES - 1)).round().astype(np.uint8)))
    colours = colormaps["viridis"](np.linspace(0, 1, _SHADES))[:, :3]
    image.putpalette((colours * 255).round().astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _note(excerpt: Excerpt) -> str:
    shown, whole = excerpt.shown, excerpt.duration
    part = f"{shown:.1f} s" if whole <= shown + 0.05 else f"{shown:.1f} of {whole:.1f} s"
    top = excerpt.spectrogram.max_hz
    return part if top is None else f"{part}, 0 to {top / 1000:.3g} kHz"
