"""Pieces cover a recording, and stay with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audioclf.dataset.clips import Clip
from audioclf.dataset.pieces import cut
from audioclf.errors import SpecError


def test_pieces_cover_a_recording():
    clips = [
        Clip(Path("a.wav"), "x", name="x/a.wav"),
        Clip(Path("b.wav"), "y", group="g", name="y/b.wav"),
        Clip(Path("c.wav"), "y", name="y/c.wav"),
        Clip(Path("d.wav"), "y", start=10.0, end=12.5, name="y/d.wav[10-12.5s]"),
    ]
    pieces = cut(clips, [3.0, 2.4, 0.3, 2.5], 1.0)
    assert [(p.name, p.label, p.group, p.start, p.end) for p in pieces] == [
        ("x/a.wav[0-1s]", "x", "x/a.wav", 0.0, 1.0),
        ("x/a.wav[1-2s]", "x", "x/a.wav", 1.0, 2.0),
        ("x/a.wav[2-3s]", "x", "x/a.wav", 2.0, 3.0),
        ("y/b.wav[0-1s]", "y", "g", 0.0, 1.0),
        ("y/b.wav[1-2s]", "y", "g", 1.0, 2.0),  # the rest is less than half a piece
        ("y/c.wav", "y", "y/c.wav", None, None),
        ("y/d.wav[10-11s]", "y", "y/d.wav[10-12.5s]", 10.0, 11.0),
        ("y/d.wav[11-12s]", "y", "y/d.wav[10-12.5s]", 11.0, 12.0),
        ("y/d.wav[12-12.5s]", "y", "y/d.wav[10-12.5s]", 12.0, 12.5),
    ]
    assert len(cut(clips[:1], [0.3], 0.1)) == 3  # 0.3 / 0.1 is a little less than 3 in binary
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(SpecError, match=r"--clips .*longer than 0 s"):
            cut(clips, [1.0] * 4, seconds)


def test_pieces_of_a_name_with_brackets():
    [first, _] = cut([Clip(Path("call[2].wav"), "x")], [2.0], 1.0)
    assert first.name == "call[2].wav[0-1s]"
