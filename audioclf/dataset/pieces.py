"""Pieces of clips, all of one length, for recordings that are long or of very different lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from audioclf.dataset.clips import Clip
from audioclf.errors import SpecError


def cut(clips: Sequence[Clip], durations: Sequence[float], seconds: float) -> list[Clip]:
    """Cut each clip into pieces of *seconds*, grouped by the clip that they come from.

    A rest is a piece of its own if it is at least half as long; a clip that is no longer than one piece stays whole.
    A clip's group, where it has one, is that of its pieces.

    Parameters
    ----------
    clips : sequence of Clip
    durations : sequence of float
        Of each, in seconds.
    seconds : float
        Above 0.

    Raises
    ------
    SpecError
        If *seconds* isn't above 0.

    Examples
    --------
    >>> from pathlib import Path
    >>> [clip.name for clip in cut([Clip(Path("a.wav"), "wren")], [2.7], 1.0)]
    ['a.wav[0-1s]', 'a.wav[1-2s]', 'a.wav[2-2.7s]']
    """
    if not (math.isfinite(seconds) and seconds > 0):
        raise SpecError(f"--clips {seconds:g}: pieces must be longer than 0 s")
    pieces = []
    for clip, duration in zip(clips, durations):
        begin = clip.start or 0.0
        group = clip.group if clip.group is not None else clip.name
        whole = int((duration + 1e-6) // seconds)
        count = whole + (duration - whole * seconds >= seconds / 2)
        if count <= 1:
            pieces.append(replace(clip, group=group))
            continue
        for i in range(count):
            start = round(begin + i * seconds, 6)
            end = round(begin + min((i + 1) * seconds, duration), 6)
            name = f"{clip.name.partition('[')[0] if clip.start is not None else clip.name}[{start:g}-{end:g}s]"
            pieces.append(replace(clip, group=group, start=start, end=end, name=name))
    return pieces
